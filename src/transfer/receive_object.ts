import { ConnectionError } from "../errors.ts";
import { getObject } from "../http/call.ts";
import { connectionError } from "../http/connection_error.ts";
import { timeoutError } from "../http/exchange.ts";
import { readText } from "../http/read_text.ts";
import { statusError } from "../http/status_error.ts";
import type { Transport } from "../http/transport.ts";
import { fileError } from "./file_error.ts";
import { lengthOfHeaders } from "./whole_object.ts";

/** An object to receive. */
export interface Receiving {
  /** How messages begin, behind `Cannot `. */
  readonly action: string;
  readonly url: URL;
  /** The open file that takes the bytes, and its path for messages. */
  readonly file: Deno.FsFile;
  readonly path: string;
  readonly signal: AbortSignal | undefined;
}

const ERROR_BYTES = 16 * 1024;

/**
 * Gets an object from its presigned URL into an open file, once, and checks its length. The bytes stay in native code.
 *
 * @returns The headers of the answer.
 * @throws {ConnectionError} When it breaks off or stalls. {ResponseError} When the answer is no.
 */
export async function receiveObject(transport: Transport, receiving: Receiving): Promise<Headers> {
  const { action, url, file, path, signal } = receiving;
  const stalled = new AbortController();
  const either = AbortSignal.any(signal === undefined ? [stalled.signal] : [stalled.signal, signal]);
  const response = await getObject(transport, { action, url, signal: either });
  const { timeoutMs } = transport;
  if (response.status !== 200 || response.body === null) {
    const reading = { action, host: url.host, timeoutMs, limit: ERROR_BYTES, beyond: "cut", signal } as const;
    throw statusError(action, response, await readText(response, reading), transport.api);
  }
  const stop = watchGrowth(file, timeoutMs, () => stalled.abort());
  try {
    await response.body.pipeTo(file.writable, { preventClose: true, signal: either });
  } catch (error) {
    signal?.throwIfAborted();
    if (stalled.signal.aborted) throw timeoutError(action, url.host, timeoutMs);
    // A body that breaks is a TypeError of fetch's; everything else comes from the disk.
    throw error instanceof TypeError ? connectionError(action, url.host, error) : fileError(action, path, error);
  } finally {
    stop();
  }
  const expected = lengthOfHeaders(response.headers);
  const { size } = await file.stat();
  if (expected !== undefined && size !== expected) {
    throw new ConnectionError(`Cannot ${action}: ${url.host} sent ${size} of ${expected} bytes`);
  }
  return response.headers;
}

/** Calls `stalled` when a file has not grown for a while. Watching the file leaves the bytes alone. */
function watchGrowth(file: Deno.FsFile, timeoutMs: number, stalled: () => void): () => void {
  let size = -1;
  let since = performance.now();
  const timer = setInterval(() => {
    const now = file.statSync().size;
    if (now !== size) [size, since] = [now, performance.now()];
    else if (performance.now() - since >= timeoutMs) stalled();
  }, Math.min(1000, timeoutMs / 4));
  return () => clearInterval(timer);
}
