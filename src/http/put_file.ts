import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { ImapError } from "../errors.ts";
import { connectionError } from "./connection_error.ts";
import { shownUrl, timeoutError } from "./exchange.ts";
import { answerOf, openPut, type PutAnswer } from "./put_request.ts";
import { followRedirects, isRedirect, redirectTarget } from "./redirect.ts";
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

/** How much is read and sent at a time. */
const PIECE_LENGTH = 256 * 1024;

/**
 * Streams a file to a presigned URL, bare, in constant memory. S3 wants the length ahead, which `fetch` drops from a
 * stream, so this goes through `node:https`. A redirect, as S3 sends it for new buckets, is followed.
 *
 * @throws {ConnectionError} When the connection fails. {ResponseError} When the answer is no.
 *   {ImapError} When the file cannot be read, or changes while it is sent.
 */
export function putFile(transport: Transport, put: FilePut): Promise<FilePutResult> {
  const { action } = put;
  return followRedirects(action, put.url, async (url) => {
    const { md5, answer } = await putOnce(transport, { ...put, url });
    const { response, body } = answer;
    if (response.ok && md5 !== undefined) return { done: { md5, headers: response.headers } };
    if (!isRedirect(response)) throw statusError({ action, url, response, body, api: transport.api });
    return { next: await redirectTarget(action, response, url) };
  });
}

/** One PUT; `md5` is undefined when the answer came before all was sent, as that of a refusal may. */
async function putOnce(
  transport: Transport,
  { action, url, path, size, onBytes, signal }: FilePut,
): Promise<{ md5: string | undefined; answer: PutAnswer }> {
  signal?.throwIfAborted();
  const started = performance.now();
  const { timeoutMs } = transport;
  let status: number | undefined;
  let fault: ImapError | undefined;
  const request = await openPut(url, size);
  const answered = answerOf(request, timeoutMs, () => timeoutError(action, url.host, timeoutMs));
  const hash = createHash("md5");
  const file = createReadStream(path, { highWaterMark: PIECE_LENGTH, end: size - 1 });
  file.on("data", (piece) => {
    hash.update(piece);
    onBytes?.(file.bytesRead);
  });
  file.once("error", (error) => {
    fault = new ImapError(`Cannot ${action}: "${path}" cannot be read: ${error.message}`, { cause: error });
  });
  file.once("end", () => {
    if (file.bytesRead === size) return;
    fault = new ImapError(`Cannot ${action}: "${path}" became shorter while it was sent`);
    request.destroy(fault);
  });
  const stop = () => request.destroy(new Error("aborted"));
  signal?.addEventListener("abort", stop, { once: true });
  // A server that refuses answers before the file is through: its answer counts, not the pipe that broke.
  const sent = pipeline(file, request).then(() => true, (error: unknown) => error);
  try {
    const answer = await answered;
    status = answer.response.status;
    if (!answer.response.ok) return { md5: undefined, answer };
    const broke = await sent;
    if (broke !== true) throw broke;
    return { md5: hash.digest("hex"), answer };
  } catch (error) {
    signal?.throwIfAborted();
    throw fault ?? (error instanceof ImapError ? error : connectionError(action, url.host, error));
  } finally {
    signal?.removeEventListener("abort", stop);
    request.destroy();
    file.destroy();
    const milliseconds = Math.round(performance.now() - started);
    transport.log({ type: "request", method: "PUT", url: shownUrl(url, false), status, milliseconds });
  }
}
