import type { ServerResponse } from "node:http";
import type { Patience } from "../../http/patience.ts";

/** Until something happens to an answer, or its connection is gone: an answer that is none's yet does not hear of that. */
function until(outgoing: ServerResponse, event: "drain" | "finish"): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { socket } = outgoing.req;
  const done = () => {
    outgoing.off(event, done).off("close", done);
    socket.off("close", done);
    resolve();
  };
  outgoing.on(event, done).on("close", done);
  socket.on("close", done);
  if (socket.destroyed) done();
  return promise;
}

/** What has been read of a body, and the rest. */
interface BegunBody {
  readonly pieces: readonly Uint8Array[];
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Whether the pieces are all of it. */
  readonly isWhole: boolean;
}

/** Reads the first two pieces: a text comes in one, so that its length can be told. */
async function begin(body: ReadableStream<Uint8Array>): Promise<BegunBody> {
  const reader = body.getReader();
  const pieces: Uint8Array[] = [];
  while (pieces.length < 2) {
    const { done, value } = await reader.read();
    if (done) return { pieces, reader, isWhole: true };
    pieces.push(value);
  }
  return { pieces, reader, isWhole: false };
}

/** Sends a body as fast as the caller takes it; lets go of it when the caller has gone. */
async function sendBody({ pieces, reader }: BegunBody, outgoing: ServerResponse, patience: Patience): Promise<void> {
  const begun = [...pieces];
  const { socket } = outgoing.req;
  try {
    for (;;) {
      const piece = begun.shift() ?? (await reader.read()).value;
      if (piece === undefined || socket.destroyed) return;
      if (!outgoing.write(piece)) await patience.during(until(outgoing, "drain"), () => void socket.destroy());
      patience.moved(piece.length);
    }
  } finally {
    await reader.cancel();
  }
}

/** Statuses whose answers have no body, and say nothing of its length (RFC 9110). */
const BODILESS = [204, 304];

/** Sends an answer; returns when all of it has left, or the caller has gone. */
export async function sendResponse(response: Response, outgoing: ServerResponse, patience: Patience): Promise<void> {
  const { status, headers } = response;
  const body = response.body === null ? undefined : await begin(response.body);
  if ((body === undefined || body.isWhole) && !headers.has("content-length") && !BODILESS.includes(status)) {
    const length = body?.pieces.reduce((sum, { length }) => sum + length, 0) ?? 0;
    outgoing.setHeader("content-length", length);
  }
  outgoing.writeHead(status, Object.fromEntries(headers));
  if (body !== undefined) await sendBody(body, outgoing, patience);
  const { socket } = outgoing.req;
  if (socket.destroyed) return;
  const finished = until(outgoing, "finish");
  outgoing.end();
  await patience.during(finished, () => void socket.destroy());
}
