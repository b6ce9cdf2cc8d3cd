import type { IncomingMessage, ServerResponse } from "node:http";
import { Patience } from "../../http/patience.ts";
import type { Handler } from "../handler.ts";
import { LEAST_SPEED, LINGER_MS, TAKING_FACTOR } from "./limits.ts";
import { readRequest } from "./read_request.ts";
import { sendResponse } from "./send_response.ts";
import type { ServedRequest } from "./served_request.ts";

/** A request as Node has it, and where its answer goes. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly handler: Handler;
  /** For how long the caller may be slow. */
  readonly patienceMs: number;
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

/** The path of an address as it came, without the query, where the archive's own signatures stand. */
function pathOf(target = ""): string {
  return target.startsWith("/") ? target.replace(/[?#].*/s, "") : URL.parse(target)?.pathname ?? "";
}

/** Reads a request, answers it, and tells what became of it. A connection on which something fails is over. */
export async function exchange({ incoming, outgoing, handler, patienceMs }: Exchange): Promise<ServedRequest> {
  const started = performance.now();
  const { socket, method, url } = incoming;
  const giving = new Patience(patienceMs, LEAST_SPEED);
  const taking = new Patience(patienceMs * TAKING_FACTOR, LEAST_SPEED);
  try {
    const request = readRequest(incoming, giving);
    const response = request instanceof Response ? request : await handler(request);
    if (socket.destroyed) await response.body?.cancel();
    else await sendResponse(response, outgoing, taking);
    await endBody(incoming);
  } catch {
    socket.destroy();
  }
  const isSlow = giving.isSpent || taking.isSpent;
  return {
    method,
    path: pathOf(url),
    status: outgoing.headersSent ? outgoing.statusCode : null,
    milliseconds: Math.round(performance.now() - started),
    dropped: outgoing.writableFinished ? undefined : isSlow ? "the caller is too slow" : "the connection broke",
  };
}
