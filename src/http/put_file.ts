import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { ClientRequest, IncomingMessage } from "node:http";
import { pipeline } from "node:stream/promises";
import { connectionError } from "./connection_error.ts";
import { shownUrl, timeoutError } from "./exchange.ts";
import { statusError } from "./status_error.ts";
import type { Transport } from "./transport.ts";

/** A file to send to a presigned URL. */
export interface FilePut {
  /** How messages about it begin, behind `Cannot `. */
  readonly action: string;
  readonly url: URL;
  /** The file on disk. */
  readonly path: string;
  /** How many bytes it has. */
  readonly size: number;
  /** Told how many bytes have been handed over. */
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What was sent, and what the server says it has. */
export interface FilePutResult {
  /** The MD5 of the bytes that were sent, in hex. */
  readonly md5: string;
  readonly headers: Headers;
}

/** Enough of an answer to tell what went wrong. */
const ANSWER_BYTES = 16 * 1024;

/**
 * Streams a file to a presigned URL, bare, in constant memory. S3 wants the length ahead, which `fetch` drops from a
 * stream, so this goes through `node:https`.
 *
 * @throws {ConnectionError} When the connection fails. {ResponseError} When the answer is no.
 */
export async function putFile(transport: Transport, put: FilePut): Promise<FilePutResult> {
  const { action, url, path, size, signal } = put;
  signal?.throwIfAborted();
  const started = performance.now();
  let status: number | undefined;
  const request = await openPut(url, size);
  const answered = answerOf(request, transport.timeoutMs, () => timeoutError(action, url.host, transport.timeoutMs));
  const hash = createHash("md5");
  const file = createReadStream(path, { highWaterMark: 1024 * 1024, end: size - 1 });
  file.on("data", (chunk) => {
    hash.update(chunk);
    put.onBytes?.(file.bytesRead);
  });
  const stop = () => request.destroy(new Error("aborted"));
  signal?.addEventListener("abort", stop, { once: true });
  // A server that refuses answers before the file is through: its answer counts, not the pipe that broke.
  const sent = pipeline(file, request).catch((error: unknown) => error);
  try {
    const { response, body } = await answered;
    status = response.status;
    if (!response.ok) throw statusError(action, response, body, transport.api);
    const broke = await sent;
    if (broke !== undefined) throw broke;
    return { md5: hash.digest("hex"), headers: response.headers };
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof Error && error.name.endsWith("Error") && "retryable" in error
      ? error
      : connectionError(action, url.host, error);
  } finally {
    signal?.removeEventListener("abort", stop);
    request.destroy();
    file.destroy();
    const milliseconds = Math.round(performance.now() - started);
    transport.log({ type: "request", method: "PUT", url: shownUrl(url, false), status, milliseconds });
  }
}

async function openPut(url: URL, size: number): Promise<ClientRequest> {
  const { request } = url.protocol === "https:" ? await import("node:https") : await import("node:http");
  // The empty content type is part of what the SDC signs.
  return request(url, { method: "PUT", headers: { "content-length": size, "content-type": "" } });
}

/** Waits for the whole answer; rejects when nothing moves in either direction for too long. */
function answerOf(
  request: ClientRequest,
  timeoutMs: number,
  timedOut: () => Error,
): Promise<{ response: Response; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ response: Response; body: string }>();
  request.setTimeout(timeoutMs, () => request.destroy(timedOut()));
  request.once("error", reject);
  request.once("response", (message: IncomingMessage) => {
    const pieces: string[] = [];
    let length = 0;
    message.setEncoding("utf8");
    message.on("data", (piece: string) => {
      if (length < ANSWER_BYTES) pieces.push(piece);
      length += piece.length;
    });
    message.once("error", reject);
    message.once("end", () => resolve({ response: toResponse(message), body: pieces.join("") }));
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
