import { ImapError } from "../errors.ts";
import { delay } from "@std/async";
import type { Handler } from "./handler.ts";

/** What a server is started with. */
export interface ServeHandlerOptions {
  /** What answers. */
  readonly handler: Handler;
  /** The name or address to listen on. */
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
}

/** A server that listens. */
export interface RunningServer {
  /** Where it listens. */
  readonly port: number;
  /** Ends it: answers under way have so many milliseconds to finish, then their connections are cut. */
  close(graceMs: number): Promise<void>;
}

function listen(
  options: ServeHandlerOptions,
  signal: AbortSignal,
  handler: Deno.ServeHandler,
): Deno.HttpServer<Deno.NetAddr> {
  const { host, port } = options;
  try {
    return Deno.serve({ hostname: host, port, signal, onListen() {} }, handler);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ImapError(`Cannot listen on ${host}:${port}: ${reason}`, { cause: error });
  }
}

/**
 * Serves a handler on a port.
 *
 * `Deno.HttpServer.shutdown` cuts uploads that are under way, so the server counts its answers itself.
 *
 * @throws {ImapError} When the port cannot be had.
 */
export function serveHandler(options: ServeHandlerOptions): RunningServer {
  const answering = new Set<Promise<unknown>>();
  const controller = new AbortController();
  let closing = false;

  /** Keeps a promise until it is settled, however it is. */
  const track = (promise: Promise<unknown>) => {
    const settled = promise.catch(() => {}).finally(() => answering.delete(settled));
    answering.add(settled);
  };
  const server = listen(options, controller.signal, (request, info) => {
    if (closing) return new Response(null, { status: 503, headers: { connection: "close" } });
    const answer = options.handler(request);
    track(answer);
    track(info.completed); // Until the last byte is sent, or the caller has gone.
    return answer;
  });
  return {
    port: server.addr.port,
    async close(graceMs) {
      closing = true;
      const patience = new AbortController();
      const spent = delay(graceMs, { signal: patience.signal }).then(() => "spent", () => "spent");
      const inTime = await Promise.race([Promise.all(answering), spent]) !== "spent";
      if (inTime) {
        // The last bytes of an answer may not have left yet; nothing new can be cut.
        await Promise.race([server.shutdown(), spent]);
      } else {
        controller.abort();
        await server.finished;
        await Promise.all(answering); // Handlers whose connection is gone tidy up.
      }
      patience.abort();
    },
  };
}
