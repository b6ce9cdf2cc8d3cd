import { ConnectionError, ProtocolError, ResponseError } from "../errors.ts";
import { Patience } from "./patience.ts";
import { type ApiAccess, LONGEST_RETRY_AFTER_MS, parseRetryAfter, type Transport } from "./transport.ts";
import { excerpt, withoutSecrets } from "../safe_text.ts";
import { STATUS_TEXT } from "@std/http";

/** What the operating system or TLS says, in words that go on behind the host's name, and whether it may pass. */
const KNOWN: ReadonlyArray<readonly [pattern: RegExp, words: string, retryable: boolean]> = [
  [/connection refused|ECONNREFUSED/i, "refused the connection; is the server running?", true],
  [
    /name or service not known|no such host|nodename nor servname/i,
    "cannot be found; is the name right, and is there a network?",
    true,
  ],
  [
    /dns error|temporary failure in name resolution|ENOTFOUND|EAI_AGAIN/i,
    "could not be looked up; is there a network?",
    true,
  ],
  [/certificate|UnknownIssuer|tls handshake/i, "has no TLS certificate that is trusted here", false],
  [/network is unreachable|no route to host|ENETUNREACH|EHOSTUNREACH/i, "cannot be reached; is there a network?", true],
  [
    /too many open files|os error 24\)|EMFILE/i,
    "was not called: too many files are open; use a lower concurrency",
    true,
  ],
  [/are blocked/i, "is at a port that is blocked for HTTP", false],
  [
    /invalid (http|content-length|header)|head is too large|parse error|HPE_/i,
    "sent something that is no HTTP",
    true,
  ],
  [/gzip|deflate|brotli|decompress/i, "sent a body that is not compressed the way it says", true],
  [
    /reset|broken pipe|hang up|aborted|ECONNRESET|EPIPE|closed before|unexpected eof|incomplete|reading a body/i,
    "broke the connection",
    true,
  ],
];

/** Takes the URL out of an error's text: a presigned one is a secret. */
function withoutUrls(text: string): string {
  return text.replace(/\bhttps?:\/\/\S+/gi, "");
}

/**
 * Turns what `fetch` or a socket threw into an error for the reader. The original is not kept as `cause`, since its text
 * may hold a presigned URL.
 *
 * @param action What failed, as messages begin: `download "imap_..."`.
 * @param host Where the request went.
 */
export function connectionError(action: string, host: string, thrown: unknown): ConnectionError {
  const text = thrown instanceof Error ? `${thrown.name} ${thrown.message} ${causeText(thrown.cause)}` : String(thrown);
  if (thrown instanceof Error && thrown.name === "NotCapable") {
    return new ConnectionError(`Cannot ${action}: Deno may not reach ${host}; run it with --allow-net`, {
      retryable: false,
    });
  }
  const known = KNOWN.find(([pattern]) => pattern.test(text));
  if (known !== undefined) {
    const [, words, retryable] = known;
    return new ConnectionError(`Cannot ${action}: ${host} ${words}`, { retryable });
  }
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  return new ConnectionError(`Cannot ${action}: no answer from ${host}: ${excerpt(withoutUrls(said))}`);
}

function causeText(cause: unknown): string {
  return cause instanceof Error ? cause.message : "";
}

/** One request, as it goes out. */
interface Exchange {
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

/** The statuses that send a caller elsewhere with the same method (RFC 9110, 15.4). */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Whether an answer sends its caller elsewhere. */
export function isRedirect(response: Response): boolean {
  return REDIRECTS.has(response.status);
}

/**
 * Where an answer or a presigned URL sends its caller.
 *
 * @param location The address, absolute or relative to `from`.
 * @throws {ProtocolError} When it leads nowhere that a file could come from, or from https to http.
 */
export function checkedTarget(action: string, location: string | null, from: URL): URL {
  if (location === null || !URL.canParse(location, from)) {
    throw new ProtocolError(`Cannot ${action}: ${from.host} redirects to no usable address`);
  }
  const target = new URL(location, from);
  if (target.protocol !== "https:" && target.protocol !== "http:") {
    throw new ProtocolError(`Cannot ${action}: ${from.host} redirects to a ${target.protocol} address`);
  }
  if (from.protocol === "https:" && target.protocol === "http:") {
    throw new ProtocolError(`Cannot ${action}: ${from.host} redirects from https to unprotected http`);
  }
  if (target.username !== "" || target.password !== "") {
    throw new ProtocolError(`Cannot ${action}: ${from.host} redirects to an address with a password`);
  }
  return target;
}

/** What a visit ended in: what was looked for, or another address. */
type Visit<T> = { readonly done: T } | { readonly next: URL };

/** More redirects than this are a loop. */
const MOST_REDIRECTS = 5;

/** Goes from address to address until a visit is done. The only redirect loop of the library. */
export async function followRedirects<T>(
  action: string,
  start: URL,
  visit: (url: URL) => Promise<Visit<T>>,
): Promise<T> {
  let at = start;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const visited = await visit(at);
    if ("done" in visited) return visited.done;
    at = visited.next;
  }
  throw new ProtocolError(`Cannot ${action}: ${at.host} redirects in circles`);
}

/** Where an answer that {@linkcode isRedirect} leads; its body is let go. */
export async function redirectTarget(action: string, response: Response, from: URL): Promise<URL> {
  await response.body?.cancel();
  return checkedTarget(action, response.headers.get("location"), from);
}

/** A call to the API. */
interface ApiCall {
  /** How messages about it begin, behind `Cannot `. */
  readonly action: string;
  /** Behind the base address, from its slash on. */
  readonly route: string;
  readonly search?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** A call to a presigned URL. */
interface ObjectCall {
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

/** How to read a body. */
export interface BodyReading {
  /** How messages begin, behind `Cannot `. */
  readonly action: string;
  /** Where the body comes from. */
  readonly host: string;
  /** How long nothing may come. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A body that broke off before its end, as one does that is too large for the server in front of the archive. */
export class BrokenBody extends ConnectionError {
}

/**
 * Reads a body, piece by piece as it comes, in bounded time. The connection is let go, whatever ends it.
 *
 * @throws {BrokenBody} When it breaks off. {ConnectionError} When it stalls, or nearly so.
 */
export async function* bodyPieces(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  { action, host, timeoutMs, signal }: BodyReading,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  if (body === null) return;
  const reader = body.getReader();
  const patience = new Patience(timeoutMs, LEAST_SPEED);
  const next = () => {
    const { promise, reject } = Promise.withResolvers<never>();
    const giveUp = () => reject(stallError(action, host, timeoutMs));
    return patience.during(Promise.race([reader.read(), promise]), giveUp);
  };
  try {
    for (;;) {
      const { done, value } = await next();
      if (done) return;
      patience.moved(value.byteLength);
      yield value;
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ConnectionError) throw error;
    const { message, retryable } = connectionError(action, host, error);
    throw new BrokenBody(message, { retryable });
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** What reading a body needs to know. */
interface ReadTextOptions extends BodyReading {
  /** The most bytes to take. */
  readonly limit: number;
  /** What to do with a longer body: keep its start, or fail. */
  readonly beyond: "cut" | "fail";
}

/**
 * Reads a body as text, in bounded time and memory.
 *
 * @throws {ConnectionError} When it breaks off, stalls, or is too long and must not be cut.
 */
export async function readText(response: Response, options: ReadTextOptions): Promise<string> {
  const { action, host, limit, beyond } = options;
  const decoder = new TextDecoder();
  const texts: string[] = [];
  let bytes = 0;
  for await (const piece of bodyPieces(response.body, options)) {
    bytes += piece.byteLength;
    texts.push(decoder.decode(piece, { stream: true }));
    if (bytes < limit) continue;
    if (beyond === "cut") return texts.join("");
    throw new ConnectionError(`Cannot ${action}: ${host} sent more than ${limit} bytes; ask for less at once`, {
      retryable: false,
    });
  }
  return texts.join("") + decoder.decode();
}

/** Overload, time-outs and the server's own faults may pass; what the caller did wrong, or the server cannot do, does not. */
function mayPass(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/** What a server says in the body of an error: a JSON string, a JSON message, S3's XML, or text. */
function words(body: string): string {
  try {
    const json: unknown = JSON.parse(body);
    if (typeof json === "string") return json;
    if (typeof json === "object" && json !== null && "message" in json) return String(json.message);
  } catch {
    // Not JSON.
  }
  const code = /<Code>([^<]*)<\/Code>/.exec(body)?.[1];
  const message = /<Message>([^<]*)<\/Message>/.exec(body)?.[1];
  return code === undefined ? body : [code, message].filter(Boolean).join(": ");
}

/** The query of a URL, however its slashes are written. */
const URL_QUERY = /(https?:[^\s"'<>?]+)\?[^\s"'<>]*/gi;
/** A parameter of a signed URL, wherever it stands (S3: signature versions 4 and 2). */
const SIGNED_PARAMETER = /\b(X-Amz-[\w-]+|Signature|AWSAccessKeyId)(=|%3D)[^\s"'<>&]*/gi;

/** A server's text for a message: on one line, short, and without credentials or what makes a URL valid. */
export function safeWords(text: string, api: ApiAccess): string {
  const open = api.secrets.reduce((text, secret) => text.replaceAll(secret, "[secret]"), text);
  return excerpt(open.replace(URL_QUERY, "$1?…").replace(SIGNED_PARAMETER, "$1=…"));
}

/** A refusal, and where it comes from. */
interface Refusal {
  /** What failed, as messages begin behind `Cannot `. */
  readonly action: string;
  /** Where the request went. */
  readonly url: URL;
  readonly response: Response;
  /** The start of its body. */
  readonly body: string;
  readonly api: ApiAccess;
}

/** Whether a body is the gateway's own: a JSON object with a message. What is behind it sends strings, text, or an `error`. */
export function isGatewayBody(body: string): boolean {
  return gatewayMessage(body) !== undefined;
}

function gatewayMessage(body: string): string | undefined {
  try {
    const json: unknown = JSON.parse(body);
    if (typeof json !== "object" || json === null || "error" in json || !("message" in json)) return undefined;
    return typeof json.message === "string" ? json.message : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the gateway has no such route: 404 today; in 2024 it was 403, told apart by its message (SDC protocol, "Gateway"). */
function isUnknownRoute(status: number, body: string): boolean {
  const message = gatewayMessage(body);
  return (status === 404 && message !== undefined) || (status === 403 && message === "Missing Authentication Token");
}

/** What gives access, in the words of the settings. */
const API_KEY = "an API key (IMAP_API_KEY)";
const CREDENTIALS = `${API_KEY} or an access token (IMAP_ACCESS_TOKEN)`;

/** What to do about a refusal by the API, where its status, its route and the form of its body tell (SDC protocol). */
function advice({ url, response: { status }, body, api }: Refusal): string {
  if (url.origin !== api.origin) return "";
  const caller = api.secrets.length === 0 ? "anyone" : "x-api-key" in api.headers ? "key" : "token";
  const route = /\/(download|upload|release|reprocess)(?=\/|$)/.exec(url.pathname)?.[1];
  if (isUnknownRoute(status, body)) return unknownRouteAdvice(route, caller);
  if (status !== 401 && status !== 403) return "";
  if (caller === "anyone") {
    const isUnreleased = status === 403 && route === "download" && !isGatewayBody(body);
    if (isUnreleased) return `; the file exists, but is not released to the public yet: it takes ${CREDENTIALS}`;
    return status === 401 ? `; it needs ${CREDENTIALS}` : `; it may ask for ${CREDENTIALS}`;
  }
  if (caller === "token") {
    return `; check the access token: it ${status === 401 ? "is invalid or has expired" : "has too few rights"}`;
  }
  // The gateway does not tell an unknown key from one with too few rights. What stands behind it knows the key.
  const isKnown = body !== "" && !isGatewayBody(body);
  return `; check the API key: it ${isKnown ? "" : "is unknown, or "}has too few rights; a read key only reads`;
}

/** Without the prefix of a key, the routes that need one do not exist; `/reprocess` also takes a token. */
function unknownRouteAdvice(route: string | undefined, caller: "anyone" | "token" | "key"): string {
  const checkUrl = "check the URL of the API";
  if (caller === "key") return `; it has no such route: ${checkUrl}`;
  if (route === "upload" || route === "release") {
    return `; it needs ${API_KEY}${caller === "token" ? ": an access token is not enough" : ""}`;
  }
  if (caller === "token") return `; it has no such route: ${checkUrl}`;
  return route === "reprocess"
    ? `; it needs ${CREDENTIALS}`
    : `; it has no such route for callers without ${API_KEY}: ${checkUrl}, or set a key`;
}

/** The error of an answer whose status says no. */
export function statusError(refusal: Refusal): ResponseError {
  const { action, url, response, body, api } = refusal;
  const { status } = response;
  const said = safeWords(words(body), api);
  const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"));
  const later = (retryAfterMs ?? 0) > LONGEST_RETRY_AFTER_MS
    ? `; it asks to come back in ${Math.ceil((retryAfterMs ?? 0) / 60_000)} minutes`
    : "";
  const name = `${status} ${STATUS_TEXT[status] ?? ""}`.trim();
  return new ResponseError(
    `Cannot ${action}: ${url.host} answered ${name}${said === "" ? "" : ` (${said})`}` +
      advice(refusal) + later,
    {
      status,
      retryable: mayPass(status),
      retryAfterMs,
    },
  );
}

/** Enough of a refusal to show. */
const ERROR_BYTES = 16 * 1024;

/**
 * The error of an answer whose status says no; the start of its body is read for the server's words. The status counts
 * even when they break off.
 */
export async function refusalOf(transport: Transport, call: UrlCall, response: Response): Promise<ResponseError> {
  const { action, url, signal } = call;
  const { timeoutMs, api } = transport;
  const reading = { action, host: url.host, timeoutMs, limit: ERROR_BYTES, beyond: "cut", signal } as const;
  const body = await readText(response, reading).catch((error: unknown) => {
    if (error instanceof ConnectionError) return "";
    throw error;
  });
  return statusError({ action, url, response, body, api });
}

/** Names and addresses that lead to this machine, or to one of the own network (RFC 1918, 3927, 4193, 6762, 8375). */
const PRIVATE: readonly RegExp[] = [
  /^(localhost|[^.]+\.localhost)$/,
  /^(127|10)\.\d+\.\d+\.\d+$/,
  /^(192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))\.\d+\.\d+$/,
  /^\[(::1|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*)\]$/,
  // A name without a dot is one of the own network, as `http://archive:8000` is between containers. The few top-level
  // domains that have an address of their own (`http://ai/`) cannot be told from it: who writes one gives the key away.
  /^[^.:[\]]+$/,
  /\.(local|internal|lan|home\.arpa)$/,
];

/** Whether a URL's host is this machine or one of the own network, where plain HTTP is usual. */
export function isPrivateHost(hostname: string): boolean {
  return PRIVATE.some((pattern) => pattern.test(hostname));
}
