import { ConnectionError, ResponseError, TimeoutError } from "../errors.ts";
import { excerpt, withoutSecrets } from "../safe_text.ts";
import { type ApiAccess, MAX_RETRY_AFTER_MS, parseRetryAfter } from "./transport.ts";
import { STATUS_TEXT } from "@std/http";

/** Messages of the operating system or TLS, the text to show after the host's name, and whether a retry may help. */
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
  [/certificate|UnknownIssuer|tls handshake/i, "has no trusted TLS certificate", false],
  [/network is unreachable|no route to host|ENETUNREACH|EHOSTUNREACH/i, "cannot be reached; is there a network?", true],
  [
    /too many open files|os error 24\)|EMFILE/i,
    "was not called: too many files are open; use a lower concurrency",
    true,
  ],
  [/are blocked/i, "is at a port that is blocked for HTTP", false],
  [
    /invalid (http|content-length|header)|head is too large|parse error|HPE_/i,
    "sent something that is not HTTP",
    true,
  ],
  [/gzip|deflate|brotli|decompress/i, "sent a body that is not compressed as its headers say", true],
  [
    /reset|broken pipe|hang up|aborted|ECONNRESET|EPIPE|closed before|unexpected eof|incomplete|reading a body/i,
    "broke the connection",
    true,
  ],
];

/** Removes URLs from an error's text, since presigned URLs are secret. */
function withoutUrls(text: string): string {
  return text.replace(/\bhttps?:\/\/\S+/gi, "");
}

function causeText(cause: unknown): string {
  return cause instanceof Error ? cause.message : "";
}

/**
 * Converts an error of `fetch` or a socket into an error for the user. The original is not kept as `cause`, since its
 * text may contain a presigned URL.
 *
 * @param action What failed, as it follows `Cannot ` in messages: `download "imap_..."`.
 * @param host The host that the request was sent to.
 */
export function connectionError(action: string, host: string, thrown: unknown): ConnectionError {
  const text = thrown instanceof Error ? `${thrown.name} ${thrown.message} ${causeText(thrown.cause)}` : String(thrown);
  if (thrown instanceof Error && thrown.name === "NotCapable") {
    return new ConnectionError(`Deno may not reach ${host}; run it with --allow-net`, { action, retryable: false });
  }
  const known = KNOWN.find(([pattern]) => pattern.test(text));
  if (known !== undefined) {
    const [, words, retryable] = known;
    return new ConnectionError(`${host} ${words}`, { action, retryable });
  }
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  return new ConnectionError(`no response from ${host}: ${excerpt(withoutUrls(said))}`, { action });
}

/** Creates the error for a server that sends nothing for too long. */
export function timeoutError(action: string, host: string, timeoutMs: number): TimeoutError {
  return new TimeoutError(`${host} sent nothing for ${timeoutMs / 1000} s`, { action });
}

/**
 * The minimum speed of a body, in bytes per second. A slower one times out eventually; otherwise it could keep its
 * reader waiting forever.
 */
export const MIN_SPEED = 100;

/** Creates the error for a body that stalls, or stays below {@linkcode MIN_SPEED} for too long. */
export function stallError(action: string, host: string, timeoutMs: number): TimeoutError {
  return new TimeoutError(`${host} sent next to nothing for ${timeoutMs / 1000} s`, { action });
}

/** Formats a URL for a log, without its query if that is secret. */
export function shownUrl(url: URL, showQuery: boolean): string {
  return withoutSecrets(showQuery || url.search === "" ? url.href : `${url.origin}${url.pathname}?…`);
}

/**
 * Overload, timeouts, and internal errors of the server may be temporary; errors of the caller, and unsupported
 * operations, are not.
 */
function isTransient(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/** Extracts the server's explanation from the body of an error: a JSON string, a JSON message, S3's XML, or text. */
function explanation(body: string): string {
  try {
    const json: unknown = JSON.parse(body);
    if (typeof json === "string") return json;
    if (typeof json === "object" && json !== null) {
      if ("message" in json) return String(json.message);
      if ("error" in json) return String(json.error);
    }
  } catch {
    // Not JSON.
  }
  const code = /<Code>([^<]*)<\/Code>/.exec(body)?.[1];
  const message = /<Message>([^<]*)<\/Message>/.exec(body)?.[1];
  return code === undefined ? body : [code, message].filter(Boolean).join(": ");
}

/** Matches the query of a URL, even with escaped slashes. */
const URL_QUERY = /(https?:[^\s"'<>?]+)\?[^\s"'<>]*/gi;
/** Matches a parameter of a presigned URL anywhere in a text (S3: signature versions 4 and 2). */
const SIGNED_PARAMETER = /\b(X-Amz-[\w-]+|Signature|AWSAccessKeyId)(=|%3D)[^\s"'<>&]*/gi;

/** Prepares a server's text for a message: on one line, shortened, and without credentials or signatures. */
export function safeWords(text: string, api: ApiAccess): string {
  const open = api.secrets.reduce((text, secret) => text.replaceAll(secret, "[secret]"), text);
  return excerpt(open.replace(URL_QUERY, "$1?…").replace(SIGNED_PARAMETER, "$1=…"));
}

/** A response with an error status. */
interface Refusal {
  /** What failed, as it follows `Cannot ` in messages. */
  readonly action: string;
  /** The host that the request was sent to. */
  readonly url: URL;
  readonly response: Response;
  /** The start of its body. */
  readonly body: string;
  readonly api: ApiAccess;
}

/**
 * Whether a body was sent by the gateway itself: a JSON object with a `message`. The services behind it send strings,
 * text, or an `error`.
 */
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

/** Whether the gateway has no such route: 404 today; in 2024 it was 403 with this message (SDC protocol, "Gateway"). */
function isUnknownRoute(status: number, body: string): boolean {
  const message = gatewayMessage(body);
  return (status === 404 && message !== undefined) || (status === 403 && message === "Missing Authentication Token");
}

/** The settings that grant access, by name. */
const API_KEY = "an API key (IMAP_API_KEY)";
const CREDENTIALS = `${API_KEY} or an access token (IMAP_ACCESS_TOKEN)`;

/**
 * Returns what to do about a rejected request, judging by the status, the route, and the form of the body (SDC
 * protocol).
 */
function advice({ url, response: { status }, body, api }: Refusal): string {
  if (url.origin !== api.origin) return "";
  const caller = api.secrets.length === 0 ? "anyone" : "x-api-key" in api.headers ? "key" : "token";
  const route = /\/(download|upload|release|reprocess)(?=\/|$)/.exec(url.pathname)?.[1];
  if (isUnknownRoute(status, body)) return unknownRouteAdvice(route, caller);
  if (status !== 401 && status !== 403) return "";
  if (caller === "anyone") {
    const isUnreleased = status === 403 && route === "download" && !isGatewayBody(body);
    if (isUnreleased) return `; the file exists, but is not released to the public yet: it requires ${CREDENTIALS}`;
    return status === 401 ? `; it needs ${CREDENTIALS}` : `; it may require ${CREDENTIALS}`;
  }
  if (caller === "token") {
    return `; check the access token: it ${
      status === 401 ? "is invalid or has expired" : "has insufficient permissions"
    }`;
  }
  // The gateway rejects unknown keys and keys without the required permissions in the same way. If a service behind it
  // responds, the key is known.
  const isKnown = body !== "" && !isGatewayBody(body);
  return `; check the API key: it ${
    isKnown ? "" : "is unknown, or "
  }has insufficient permissions; a read key only reads`;
}

/** Without the path prefix for a key, the routes that require a key do not exist; `/reprocess` also accepts a token. */
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

/** The error of a response whose status says no. */
export function statusError(refusal: Refusal): ResponseError {
  const { action, url, response, body, api } = refusal;
  const { status } = response;
  const said = safeWords(explanation(body), api);
  const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"));
  const later = (retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS
    ? `; it asks to retry in ${Math.ceil((retryAfterMs ?? 0) / 60_000)} minutes`
    : "";
  const name = `${status} ${STATUS_TEXT[status] ?? ""}`.trim();
  return new ResponseError(
    `${url.host} answered ${name}${said === "" ? "" : ` (${said})`}` +
      advice(refusal) + later,
    { action, status, serverText: said, retryable: isTransient(status), retryAfterMs },
  );
}
