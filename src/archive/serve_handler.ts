import { createServer, type Server } from "node:http";
import { lookup } from "node:dns/promises";
import { isIP, type Socket } from "node:net";
import { ImapError } from "../errors.ts";
import { delay } from "@std/async";
import { exchange } from "./connections/exchange.ts";
import {
  BUFFER_BYTES,
  type ConnectionLimits,
  HEAD_MS,
  IDLE_MS,
  MOST_CONNECTIONS,
  MOST_HEAD_BYTES,
  PATIENCE_MS,
  TIDY_MS,
} from "./connections/limits.ts";
import { refuseConnections } from "./connections/refuse_connection.ts";
import { refusal, type ServeLog } from "./connections/served_request.ts";
import { Turns } from "./connections/turns.ts";
import type { Handler } from "./handler.ts";

/** What a server is started with. */
export interface ServeHandlerOptions {
  /** What answers. */
  readonly handler: Handler;
  /** The name or address to listen on. */
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** What it takes from callers. */
  readonly limits?: ConnectionLimits | undefined;
  /** Told what became of each request. */
  readonly log?: ServeLog | undefined;
}

/** A server that listens. */
export interface RunningServer {
  /** Where it listens. */
  readonly port: number;
  /** Ends it: answers under way have so many milliseconds to finish, then their connections are cut. */
  close(graceMs: number): Promise<void>;
}

/** The address of a name. */
async function lookUp(host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) throw error;
    throw new Deno.errors.NotCapable(`run again with --allow-net=${host}`);
  }
}

/** The address to listen on. Node's server looks up and asks for leave where no error of it can be caught; so that is done here. */
async function addressOf({ host, port }: ServeHandlerOptions): Promise<string> {
  const address = isIP(host) === 0 ? await lookUp(host) : host;
  const leave = { name: "net", host: `${isIP(address) === 6 ? `[${address}]` : address}:${port}` } as const;
  if ((await Deno.permissions.request(leave)).state === "granted") return address;
  throw new Deno.errors.NotCapable(`run again with --allow-net=${address}`);
}

/** Takes the port. */
async function listen(server: Server, options: ServeHandlerOptions): Promise<number> {
  const { host, port } = options;
  try {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject).listen(port, await addressOf(options), resolve);
    await promise;
    server.off("error", reject);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ImapError(`Cannot listen on ${host}:${port}: ${reason}`, { cause: error });
  }
  const address = server.address();
  if (address === null || typeof address === "string") throw new ImapError(`Cannot listen on ${host}: it has no port`);
  return address.port;
}

/** Waits for something, and not longer. */
async function within(milliseconds: number, waiting: Promise<unknown>): Promise<void> {
  const patience = new AbortController();
  const spent = delay(milliseconds, { signal: patience.signal }).catch(() => {});
  await Promise.race([waiting, spent]);
  patience.abort();
}

/** What a server answers that is about to end, or has its hands full. */
function refuse(): Promise<Response> {
  return Promise.resolve(new Response(null, { status: 503, headers: { connection: "close" } }));
}

/**
 * Serves a handler on a port, within limits: `Deno.serve` would take any number of connections, wait for each as long as
 * it pleases its caller, and end the process when no more files can be opened. So this is Node's server.
 *
 * @throws {ImapError} When the port cannot be had.
 */
export async function serveHandler(options: ServeHandlerOptions): Promise<RunningServer> {
  const { connections = MOST_CONNECTIONS, patienceMs = PATIENCE_MS, headMs = HEAD_MS } = options.limits ?? {};
  const { handler, log = () => {} } = options;
  const answering = new Set<Promise<void>>();
  const sockets = new Set<Socket>();
  const turns = new Turns();
  let working = 0;
  let closing = false;

  const server = createServer({
    maxHeaderSize: MOST_HEAD_BYTES,
    highWaterMark: BUFFER_BYTES,
    headersTimeout: headMs,
    requestTimeout: 0, // A large file takes its time; who sends it too slowly is given up.
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: Math.min(headMs, 1_000),
  }, (incoming, outgoing) => {
    const settled = turns.take(incoming, async () => {
      if (incoming.socket.destroyed) return;
      // Callers who leave may leave a handler behind that has yet to let go of its file.
      const answer = closing || working >= connections ? refuse : handler;
      working++;
      log(await exchange({ incoming, outgoing, handler: answer, patienceMs }).finally(() => working--));
    });
    if (settled === undefined) return void incoming.socket.destroy();
    answering.add(settled);
    void settled.finally(() => answering.delete(settled));
  });
  server.maxConnections = connections;
  server.on("connection", (socket) => {
    sockets.add(socket.once("close", () => sockets.delete(socket)));
  });
  server.on("drop", () => log(refusal(null, "too many connections are open")));
  server.on("clientError", refuseConnections(turns, log));
  const port = await listen(server, options);
  return {
    port,
    async close(graceMs) {
      closing = true;
      await within(graceMs, Promise.all(answering));
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      // Handlers whose connection is gone tidy up. One that does not end must not keep the program from it.
      await within(TIDY_MS, Promise.all([closed, ...answering]));
    },
  };
}
