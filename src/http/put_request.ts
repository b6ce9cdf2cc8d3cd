import type { ClientRequest, IncomingMessage } from "node:http";
import { putWay } from "./put_way.ts";

/** The answer to a PUT: its head, and the start of its body. */
export interface PutAnswer {
  readonly response: Response;
  readonly body: string;
}

/** Enough of an answer to tell what went wrong. */
const ANSWER_BYTES = 16 * 1024;

/** Opens a PUT of so many bytes; they are the caller's to write. */
export async function openPut(url: URL, size: number): Promise<ClientRequest> {
  const { request } = url.protocol === "https:" ? await import("node:https") : await import("node:http");
  // The empty content type is part of what the SDC signs.
  return request(url, {
    method: "PUT",
    headers: { "content-length": size, "content-type": "" },
    ...await putWay(url),
  });
}

/** How long an answer is waited for. */
export interface AnswerWait {
  readonly timeoutMs: number;
  /** Settles when the whole request is on its way: from then on the answer, all of it, has that time. */
  readonly sent: Promise<unknown>;
  /** The error when nothing moved in either direction. */
  readonly silent: () => Error;
  /** The error when something came, and no end of it. */
  readonly stalled: () => Error;
}

/**
 * Waits for the answer of a request, as much of it as counts; rejects when nothing moves in either direction for too
 * long, and when an answer drips, in its head, its body or in answers before it (`102 Processing`).
 */
export function answerOf(
  request: ClientRequest,
  { timeoutMs, sent, silent, stalled }: AnswerWait,
): Promise<PutAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PutAnswer>();
  request.setTimeout(timeoutMs, () => request.destroy(silent()));
  let isOver = false;
  let stopWaiting = () => {};
  const giveUp = () => request.destroy((request.socket?.bytesRead ?? 0) > 0 ? stalled() : silent());
  void sent.then(() => {
    if (isOver) return;
    const timer = setTimeout(giveUp, timeoutMs);
    stopWaiting = () => clearTimeout(timer);
  });
  request.once("close", () => {
    isOver = true;
    stopWaiting();
  });
  request.once("error", reject);
  request.once("response", (message: IncomingMessage) => {
    const pieces: string[] = [];
    let length = 0;
    const done = () => resolve({ response: toResponse(message), body: pieces.join("") });
    message.setEncoding("utf8");
    message.on("data", (piece: string) => {
      pieces.push(piece);
      length += piece.length;
      // An answer without end would hold the caller for ever.
      if (length >= ANSWER_BYTES) done();
    });
    message.once("error", reject);
    message.once("end", done);
  });
  return promise;
}

/** The head of a `node:http` answer in the shape that the rest of the library knows. */
function toResponse(message: IncomingMessage): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers)) {
    if (typeof value === "string") headers.set(name, value);
  }
  return new Response(null, { status: message.statusCode ?? 500, headers });
}
