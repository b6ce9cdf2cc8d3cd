import type { Duplex } from "node:stream";
import { STATUS_TEXT } from "@std/http";
import { refusal, type ServeLog } from "./served_request.ts";
import type { Turns } from "./turns.ts";

/** Node's errors of heads that are too long or too slow, and their statuses; everything else is no HTTP. */
const STATUSES: ReadonlyMap<string, number> = new Map([
  ["HPE_HEADER_OVERFLOW", 431],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", 413],
  ["ERR_HTTP_REQUEST_TIMEOUT", 408],
]);

/** Whether one of the requests under way is not whole: then what cannot be read is part of its body. */
function isInBody(turns: Turns, socket: Duplex): boolean {
  return turns.waiting(socket).some(({ complete }) => !complete);
}

/**
 * Makes what ends a connection on which something came that is no request. Requests that came whole before it are
 * answered first: who reads 400 must not find that the upload counts.
 */
export function refuseConnections(turns: Turns, log: ServeLog): (error: Error, socket: Duplex) => Promise<void> {
  const refused = new WeakSet<Duplex>();
  return async (error, socket) => {
    // It is told again of what still comes.
    if (refused.has(socket)) return;
    refused.add(socket);
    const code = "code" in error ? String(error.code) : "";
    const cutsBody = isInBody(turns, socket);
    if (!cutsBody) await turns.over(socket);
    if (!socket.writable || cutsBody) return void socket.destroy();
    const status = STATUSES.get(code) ?? 400;
    log(refusal(status, "it sent no request that can be read"));
    socket.end(`HTTP/1.1 ${status} ${STATUS_TEXT[status]}\r\nConnection: close\r\n\r\n`, () => socket.destroy());
  };
}
