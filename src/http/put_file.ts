import { ImapError } from "../errors.ts";
import { connectionError } from "./connection_error.ts";
import { shownUrl, stallError, timeoutError } from "./exchange.ts";
import { answerOf, openPut, type PutAnswer } from "./put_request.ts";
import { followRedirects, isRedirect, redirectTarget } from "./redirect.ts";
import { sendFile } from "./send_file.ts";
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

/**
 * Streams a file to a presigned URL, bare, in constant memory. S3 wants the length ahead, which `fetch` drops from a
 * stream, so this goes through `node:https`. A redirect, as S3 sends it for new buckets, is followed.
 *
 * @returns The headers of the answer.
 * @throws {ConnectionError} When the connection fails. {ResponseError} When the answer is no.
 *   {ImapError} When the file cannot be read, or becomes shorter while it is sent.
 */
export function putFile(transport: Transport, put: FilePut): Promise<Headers> {
  const { action } = put;
  return followRedirects(action, put.url, async (url) => {
    const { response, body } = await putOnce(transport, { ...put, url });
    // Nothing else says that the store has the file (S3, PutObject).
    if (response.status === 200) return { done: response.headers };
    if (!isRedirect(response)) throw statusError({ action, url, response, body, api: transport.api });
    return { next: await redirectTarget(action, response, url) };
  });
}

/** One PUT. */
async function putOnce(transport: Transport, put: FilePut): Promise<PutAnswer> {
  const { action, url, path, size, onBytes = () => {}, signal } = put;
  signal?.throwIfAborted();
  const started = performance.now();
  const { timeoutMs } = transport;
  let status: number | undefined;
  using file = await Deno.open(path, { read: true }).catch((error: Error) => {
    throw new ImapError(`Cannot ${action}: "${path}" cannot be read: ${error.message}`, { cause: error });
  });
  const request = await openPut(url, size);
  const stalled = () => stallError(action, url.host, timeoutMs);
  const stop = () => request.destroy(new Error("aborted"));
  signal?.addEventListener("abort", stop, { once: true });
  // A server that refuses answers before the file is through: its answer counts, not the connection that broke. A file
  // that cannot be read ends the request.
  const sent = sendFile(file, request, { action, path, size, onBytes, timeoutMs, stalled }).catch((error: Error) => {
    if (error instanceof ImapError) request.destroy(error);
    return error;
  });
  const silent = () => timeoutError(action, url.host, timeoutMs);
  try {
    const answer = await answerOf(request, { timeoutMs, sent, silent, stalled });
    status = answer.response.status;
    const broke = answer.response.ok ? await sent : undefined;
    if (broke !== undefined) throw broke;
    return answer;
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof ImapError ? error : connectionError(action, url.host, error);
  } finally {
    signal?.removeEventListener("abort", stop);
    request.destroy();
    await sent;
    const milliseconds = Math.round(performance.now() - started);
    transport.log({ type: "request", method: "PUT", url: shownUrl(url, false), status, milliseconds });
  }
}
