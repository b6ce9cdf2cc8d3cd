import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { ImapError } from "../errors.ts";
import { Patience } from "../http/patience.ts";
import { delay } from "@std/async";
import {
  BUFFER_BYTES,
  type ConnectionLimits,
  HEAD_MS,
  IDLE_MS,
  LEAST_SPEED,
  LINGER_MS,
  MOST_CONNECTIONS,
  MOST_HEAD_BYTES,
  PATIENCE_MS,
  TAKING_FACTOR,
} from "./connections/limits.ts";
import { readRequest } from "./connections/read_request.ts";
import { sendResponse } from "./connections/send_response.ts";
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
}

/** A server that listens. */
export interface RunningServer {
  /** Where it listens. */
  readonly port: number;
  /** Ends it: answers under way have so many milliseconds to finish, then their connections are cut. */
  close(graceMs: number): Promise<void>;
}

/** The address to listen on. Node's server looks up and asks for leave where no error of it can be caught; so that is done here. */
async function addressOf({ host, port }: ServeHandlerOptions): Promise<string> {
  const address = isIP(host) === 0 ? (await lookup(host)).address : host;
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

/** Takes the rest of a body that the answer did not need, for a moment, so that the caller comes to read the answer. */
async function endBody(incoming: IncomingMessage): Promise<void> {
  const { socket } = incoming;
  if (incoming.complete || socket.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  incoming.once("end", resolve).resume();
  socket.once("close", resolve);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  await promise;
  clearTimeout(timer);
  socket.off("close", resolve);
}

/**
 * Serves a handler on a port, within limits: `Deno.serve` would take any number of connections, wait for each as long as
 * it pleases its caller, and end the process when no more files can be opened. So this is Node's server.
 *
 * @throws {ImapError} When the port cannot be had.
 */
export async function serveHandler(options: ServeHandlerOptions): Promise<RunningServer> {
  const { connections = MOST_CONNECTIONS, patienceMs = PATIENCE_MS, headMs = HEAD_MS } = options.limits ?? {};
  const answering = new Set<Promise<void>>();
  let closing = false;

  const exchange = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const request = readRequest(incoming, new Patience(patienceMs, LEAST_SPEED));
    const response = request instanceof Response ? request : await options.handler(request);
    await sendResponse(response, outgoing, new Patience(patienceMs * TAKING_FACTOR, LEAST_SPEED));
    await endBody(incoming);
  };
  const server = createServer({
    maxHeaderSize: MOST_HEAD_BYTES,
    highWaterMark: BUFFER_BYTES,
    headersTimeout: headMs,
    requestTimeout: 0, // A large file takes its time; who sends it too slowly is given up.
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: Math.min(headMs, 1_000),
  }, (incoming, outgoing) => {
    if (closing) return void outgoing.writeHead(503, { connection: "close" }).end();
    const settled = exchange(incoming, outgoing).catch(() => void incoming.socket.destroy())
      .finally(() => answering.delete(settled));
    answering.add(settled);
  });
  server.maxConnections = connections;
  const port = await listen(server, options);
  return {
    port,
    async close(graceMs) {
      closing = true;
      const patience = new AbortController();
      const spent = delay(graceMs, { signal: patience.signal }).then(() => {}, () => {});
      await Promise.race([Promise.all(answering), spent]);
      patience.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([closed, ...answering]); // Handlers whose connection is gone tidy up.
    },
  };
}
