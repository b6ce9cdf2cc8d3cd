import type { Settings } from "../config.ts";
import { excerpt, hideSecret, InputError } from "../errors.ts";
import { ACCESS_TOKEN_PREFIX, API_KEY_PREFIX } from "../protocol/tables.ts";

/** The credentials of a caller, if any. */
interface Credentials {
  readonly apiKey: string | undefined;
  readonly accessToken: string | undefined;
}

/** The base URL of the API for this caller, and the header with its credentials. */
export interface ApiAccess {
  /** The base URL, with the prefix for authorized callers if there are credentials. */
  readonly base: string;
  /** The environment variable of the URL. Default: `IMAP_DATA_ACCESS_URL`. */
  readonly variable?: string;
  /** The only origin that credentials are sent to. */
  readonly origin: string;
  /** The header with the credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** Texts that must never be displayed. */
  readonly secrets: readonly string[];
}

/** Names and addresses of this machine and of private networks (RFC 1918, 3927, 4193, 6762, 8375). */
const PRIVATE: readonly RegExp[] = [
  /^(localhost|[^.]+\.localhost)$/,
  /^(127|10)\.\d+\.\d+\.\d+$/,
  /^(192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))\.\d+\.\d+$/,
  /^\[(::1|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*)\]$/,
  // A name without a dot is on a private network, as `http://archive:8000` is between containers. The few top-level
  // domains that have their own address (`http://ai/`) look the same; a URL with one of them exposes the key.
  /^[^.:[\]]+$/,
  /\.(local|internal|lan|home\.arpa)$/,
];

/** Whether a URL's host is this machine or on a private network, where plain HTTP is usual. */
export function isPrivateHost(hostname: string): boolean {
  return PRIVATE.some((pattern) => pattern.test(hostname));
}

/** Appends a prefix to a URL that does not end with it yet. */
function withPrefix(url: string, prefix: string): string {
  return url.endsWith(prefix) ? url : `${url}${prefix}`;
}

/**
 * Makes sure that credentials are not sent unencrypted, and that they are never displayed.
 *
 * @param what The name of the credentials in the message.
 * @throws {InputError} When they would be sent over plain HTTP to a host on the internet.
 */
export function guardCredentials(url: string, what: string, secrets: readonly string[]): void {
  const { protocol, hostname, host } = new URL(url);
  for (const secret of secrets) hideSecret(secret);
  if (protocol !== "http:" || isPrivateHost(hostname)) return;
  throw new InputError(
    `Cannot send the ${what} to http://${host}: it would not be encrypted; use https, or take the credentials ` +
      "away",
  );
}

/**
 * Determines the base URL and the header; an API key takes precedence over an access token (SDC protocol).
 *
 * @throws {InputError} When credentials would be sent over plain HTTP to a host on the internet.
 */
export function apiAccess(url: string, { apiKey, accessToken }: Credentials): ApiAccess {
  const { origin } = new URL(url);
  const secret = apiKey ?? accessToken;
  if (secret !== undefined) guardCredentials(url, apiKey === undefined ? "access token" : "API key", [secret]);
  if (apiKey !== undefined) {
    return { base: withPrefix(url, API_KEY_PREFIX), origin, headers: { "x-api-key": apiKey }, secrets: [apiKey] };
  }
  if (accessToken !== undefined) {
    const headers = { authorization: `Bearer ${accessToken}` };
    return { base: withPrefix(url, ACCESS_TOKEN_PREFIX), origin, headers, secrets: [accessToken] };
  }
  return { base: url, origin, headers: {}, secrets: [] };
}

/** The option that names the authorities that are trusted besides Deno's, for messages. */
export interface TrustOption {
  readonly name: string;
  /** The file that it names; undefined if it is not set. */
  readonly file: string | undefined;
}

/** What all calls of one client share. */
export interface Transport {
  readonly api: ApiAccess;
  /** How long to wait for the headers of a response, and for each chunk of its body. */
  readonly timeoutMs: number;
  /** How often to retry an operation after a transient failure. */
  readonly retries: number;
  readonly log: HttpLog;
  /** Returns a number from 0 (inclusive) to 1 (exclusive), for the random part of the wait before a retry. */
  readonly random: () => number;
  /** The client that sends requests, if it is not Deno's own: one that trusts further certificates. */
  readonly http?: Deno.HttpClient | undefined;
  /** The option for these certificates. Default: Deno's own settings. */
  readonly trust?: TrustOption | undefined;
}

/** The options of a client that are not settings. */
interface TransportOptions {
  /** Default: nothing is logged. */
  readonly log?: HttpLog | undefined;
  /** Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** Creates a transport from settings. Nothing is sent. */
export function createTransport(settings: Settings, options: TransportOptions = {}): Transport {
  const { log = () => {}, random = Math.random } = options;
  const { url, timeoutMs, retries } = settings;
  return { api: apiAccess(url, settings), timeoutMs, retries, log, random };
}

/** If a server asks for a longer wait than this, its response is an error instead. */
export const MAX_RETRY_AFTER_MS = 120_000;

/** Parses an HTTP date, in milliseconds since 1970; NaN if it is malformed. */
function parseHttpDate(text: string): number {
  // It begins with the name of a day; Date.parse would accept far more.
  return /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : NaN;
}

/**
 * Returns what a server's clock said when its response was received: its `Date`, and its `Age` in caches (RFC 9110,
 * 6.6.1; RFC 9111, 5.1).
 *
 * @returns Undefined if it does not state the date.
 */
export function serverTime(headers: Headers): Date | undefined {
  const time = parseHttpDate(headers.get("date")?.trim() ?? "");
  const age = headers.get("age") ?? "";
  return Number.isNaN(time) ? undefined : new Date(time + (/^\d{1,9}$/.test(age) ? Number(age) * 1000 : 0));
}

/**
 * Parses a `Retry-After` header: seconds, or a date (RFC 9110, 10.2.3).
 *
 * @param header The header's text; null if there is none.
 * @param now The current time, in milliseconds since 1970: the response's own, if it states it, since the clock of this
 *   machine may be wrong.
 * @returns Milliseconds to wait; undefined if the header is missing, malformed, or names a time in the past.
 */
export function parseRetryAfter(header: string | null, now: number = Date.now()): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000 || undefined;
  const waitMs = parseHttpDate(text) - now;
  return waitMs > 0 ? waitMs : undefined;
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

/**
 * An event of a call, for a log. URLs do not contain their query if that contains a signature.
 *
 * @category Settings
 */
export type HttpEvent =
  | {
    readonly type: "request";
    readonly method: string;
    readonly url: string;
    /** The status code of the response; undefined if there was none. */
    readonly status: number | undefined;
    /** The time from sending the request to receiving the headers of the response, in milliseconds. */
    readonly milliseconds: number;
  }
  | {
    readonly type: "retry";
    /** What is retried, for example `download "imap_..."`. */
    readonly action: string;
    /** Why the last attempt failed. */
    readonly reason: string;
    /** 1 for the first retry. */
    readonly retry: number;
    /** The maximum number of retries. */
    readonly retries: number;
    /** The wait before the retry, in milliseconds. */
    readonly delayMs: number;
  }
  | {
    readonly type: "decision";
    /** What it is about, for example `download "imap_..."`. */
    readonly action: string;
    readonly decision: Decision;
    /** Why. */
    readonly reason: string;
  }
  | {
    readonly type: "notice";
    /** What it is about, for example `query the archive`. */
    readonly action: string;
    /** Something that the caller should know, although nothing failed. */
    readonly notice: string;
  };

/**
 * A decision of a transfer to deviate from a plain transfer of the whole file.
 *
 * @category Settings
 */
export type Decision = "wait" | "skip" | "resume" | "restart" | "split";

/**
 * Called for each event as it happens.
 *
 * @category Settings
 */
export type HttpLog = (event: HttpEvent) => void;

/** The maximum time between two looks at the timers. */
const LOOK_MS = 250;

/** A function to call at a time of `performance.now()`. */
interface Timer {
  readonly end: number;
  readonly onTime: () => void;
}

const timers = new Set<Timer>();
/** The next look at all timers; undefined if there is none. */
let look: { readonly signal: AbortSignal; readonly at: number } | undefined;

/** Makes sure that there is a look at a time, or earlier. */
function lookBy(end: number): void {
  const now = performance.now();
  if (look !== undefined && !look.signal.aborted && look.at > now && look.at <= end) {
    // The first timer after a moment without any.
    if (timers.size === 1) look.signal.addEventListener("abort", onLook);
    return;
  }
  look?.signal.removeEventListener("abort", onLook);
  const delayMs = Math.ceil(Math.min(LOOK_MS, Math.max(0, end - now)));
  look = { signal: AbortSignal.timeout(delayMs), at: now + delayMs };
  look.signal.addEventListener("abort", onLook);
}

function onLook(): void {
  look = undefined;
  const now = performance.now();
  const due: Timer[] = [];
  let next = Infinity;
  for (const timer of timers) {
    if (timer.end <= now) due.push(timer);
    else next = Math.min(next, timer.end);
  }
  if (timers.size > due.length) lookBy(next);
  for (const timer of due) {
    // One that is due may stop another one.
    if (stopTimer(timer)) timer.onTime();
  }
}

/**
 * Calls a function after a delay, unless it is stopped earlier.
 *
 * The first `setTimeout` of a program loads Node's timers, which takes 3 to 5 ms. `AbortSignal.timeout` loads nothing,
 * but it cannot be cleared, so all timers share a short one: a transfer of many files starts several for each of them.
 *
 * @returns A function that stops the timer.
 */
export function startTimer(delayMs: number, onTime: () => void): () => void {
  const timer = { end: performance.now() + delayMs, onTime };
  timers.add(timer);
  lookBy(timer.end);
  return () => void stopTimer(timer);
}

/** Stops a timer. @returns Whether it was running. */
function stopTimer(timer: Timer): boolean {
  if (!timers.delete(timer)) return false;
  // Without a listener, the program may end before the next look.
  if (timers.size === 0) look?.signal.removeEventListener("abort", onLook);
  return true;
}

/**
 * Calls a function at intervals until it is stopped, as `setInterval` does, without Node's timers.
 *
 * @returns A function that stops it.
 */
export function startInterval(intervalMs: number, onTime: () => void): () => void {
  let stop = startTimer(intervalMs, again);
  function again(): void {
    stop = startTimer(intervalMs, again);
    onTime();
  }
  return () => stop();
}

/**
 * A time limit that depends on throughput. Waiting uses it up, and transferred bytes restore it: a peer that stays
 * below a minimum speed for too long times out; a faster one never does, no matter how much is transferred.
 */
export class Patience {
  readonly #maxMs: number;
  readonly #msPerByte: number;
  #leftMs: number;

  /**
   * Starts with the full time limit.
   *
   * @param maxMs The maximum time without any transferred bytes, in milliseconds.
   * @param minSpeed The minimum speed, in bytes per second.
   */
  constructor(maxMs: number, minSpeed: number) {
    this.#maxMs = maxMs;
    this.#msPerByte = 1000 / minSpeed;
    this.#leftMs = maxMs;
  }

  /** Whether none is left. */
  get isSpent(): boolean {
    return this.#leftMs <= 0;
  }

  /** Deducts time that was spent waiting. */
  waited(milliseconds: number): void {
    this.#leftMs -= milliseconds;
  }

  /** Credits bytes that were transferred. */
  moved(bytes: number): void {
    this.#leftMs = Math.min(this.#maxMs, this.#leftMs + bytes * this.#msPerByte);
  }

  /**
   * Waits for a promise. Only this time counts as waiting, not what the caller does between two calls.
   *
   * @param giveUp Called when no patience is left; it must end the wait.
   */
  async during<Value>(waiting: Promise<Value>, giveUp: () => void): Promise<Value> {
    const begun = performance.now();
    const stop = startTimer(this.#leftMs, giveUp);
    try {
      return await waiting;
    } finally {
      stop();
      this.waited(performance.now() - begun);
    }
  }
}
