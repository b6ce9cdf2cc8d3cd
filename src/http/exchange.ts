import { ConnectionError } from "../errors.ts";
import { connectionError } from "./connection_error.ts";
import { withoutSecrets } from "../secrets.ts";
import type { Transport } from "./transport.ts";

/** One request, as it goes out. */
export interface Exchange {
  /** How messages about it begin, behind `Cannot `: `download "imap_..."`. */
  readonly action: string;
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the URL's query may be shown: that of a presigned URL may not. */
  readonly showQuery: boolean;
  readonly signal: AbortSignal | undefined;
}

/** A URL for a log: without its query where that is secret. */
export function shownUrl(url: URL, showQuery: boolean): string {
  return withoutSecrets(showQuery || url.search === "" ? url.href : `${url.origin}${url.pathname}?…`);
}

/** The error of a server that does not answer for too long. */
export function timeoutError(action: string, host: string, timeoutMs: number): ConnectionError {
  return new ConnectionError(`Cannot ${action}: ${host} sent nothing for ${timeoutMs / 1000} s`);
}

/** Bytes a second. A body that comes more slowly for too long would hold its reader for ever. */
export const LEAST_SPEED = 100;

/** The error of a body of which nothing comes for too long, or less than {@linkcode LEAST_SPEED}. */
export function stallError(action: string, host: string, timeoutMs: number): ConnectionError {
  return new ConnectionError(`Cannot ${action}: ${host} sent next to nothing for ${timeoutMs / 1000} s`);
}

/**
 * Sends one request and returns the answer, whatever its status. Follows no redirect. The only `fetch` of the library.
 *
 * @throws {ConnectionError} When no answer comes.
 */
export async function exchange(transport: Transport, request: Exchange): Promise<Response> {
  const { action, method, url, headers, signal } = request;
  signal?.throwIfAborted();
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), transport.timeoutMs);
  const started = performance.now();
  let status: number | undefined;
  try {
    const signals = signal === undefined ? [deadline.signal] : [deadline.signal, signal];
    const response = await fetch(url, { method, headers, redirect: "manual", signal: AbortSignal.any(signals) });
    status = response.status;
    return response;
  } catch (error) {
    signal?.throwIfAborted();
    if (deadline.signal.aborted) throw timeoutError(action, url.host, transport.timeoutMs);
    throw connectionError(action, url.host, error);
  } finally {
    clearTimeout(timer);
    const milliseconds = Math.round(performance.now() - started);
    transport.log({ type: "request", method, url: shownUrl(url, request.showQuery), status, milliseconds });
  }
}
