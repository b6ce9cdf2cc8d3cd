import { exchange } from "./exchange.ts";
import { followRedirects, isRedirect, redirectTarget } from "./redirect.ts";
import type { Transport } from "./transport.ts";

/** A call to the API. */
export interface ApiCall {
  /** How messages about it begin, behind `Cannot `. */
  readonly action: string;
  /** Behind the base address, from its slash on. */
  readonly route: string;
  readonly search?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** A call to a presigned URL. */
export interface ObjectCall {
  readonly action: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** The address of an API call. */
export function apiUrl(transport: Transport, route: string, search: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(`${transport.api.base}${route}`);
  url.search = new URLSearchParams(search).toString();
  return url;
}

/** A request for a URL. */
export interface UrlCall {
  readonly action: string;
  readonly url: URL;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Gets from the API once, or from where it led, and follows no redirect: an answer of `/download` is one. Credentials go
 * to the API's origin alone.
 */
export function getApiOnce(transport: Transport, { action, url, signal }: UrlCall): Promise<Response> {
  const atHome = url.origin === transport.api.origin;
  const headers = { accept: "application/json", ...(atHome ? transport.api.headers : {}) };
  return exchange(transport, { action, method: "GET", url, headers, showQuery: atHome, signal });
}

/** Gets from `url` and goes where redirects lead. */
function following(action: string, url: URL, get: (url: URL) => Promise<Response>): Promise<Response> {
  return followRedirects(action, url, async (url) => {
    const answer = await get(url);
    return isRedirect(answer) ? { next: await redirectTarget(action, answer, url) } : { done: answer };
  });
}

/** Gets from the API once and follows redirects; credentials go along for as long as they stay on the API's origin. */
export function getApi(transport: Transport, call: ApiCall): Promise<Response> {
  const { action, signal } = call;
  return following(
    action,
    apiUrl(transport, call.route, call.search),
    (url) => getApiOnce(transport, { action, url, signal }),
  );
}

/** Gets an object from its presigned URL once: bare, and without compression on the way. */
export function getObject(transport: Transport, call: ObjectCall): Promise<Response> {
  const { action, signal } = call;
  const headers = { "accept-encoding": "identity", ...call.headers };
  return following(
    action,
    call.url,
    (url) => exchange(transport, { action, method: "GET", url, headers, showQuery: false, signal }),
  );
}
