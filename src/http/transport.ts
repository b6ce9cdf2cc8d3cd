import type { Settings } from "../config.ts";
import { ImapError, InputError } from "../errors.ts";
import { isPrivateHost } from "./request.ts";
import { ACCESS_TOKEN_PREFIX, API_KEY_PREFIX } from "../protocol/routes.ts";
import { keepSecret } from "../safe_text.ts";
import { delay } from "@std/async";

/** The credentials of a caller, if any. */
interface Credentials {
  readonly apiKey: string | undefined;
  readonly accessToken: string | undefined;
}

/** Where the API is for this caller, and what shows who calls. */
export interface ApiAccess {
  /** The base address, with the prefix of authorised callers where credentials are given. */
  readonly base: string;
  /** The one origin that may see the credentials. */
  readonly origin: string;
  /** The header that carries them. */
  readonly headers: Readonly<Record<string, string>>;
  /** What must never be shown. */
  readonly secrets: readonly string[];
}

/** Adds a prefix to an address that does not end with it yet. */
function withPrefix(url: string, prefix: string): string {
  return url.endsWith(prefix) ? url : `${url}${prefix}`;
}

/**
 * Makes sure that credentials are not sent in the clear, and that they are shown nowhere.
 *
 * @param what They are called in the message.
 * @throws {InputError} When they would go over plain HTTP to a host of the open internet.
 */
export function guardCredentials(url: string, what: string, secrets: readonly string[]): void {
  const { protocol, hostname, host } = new URL(url);
  for (const secret of secrets) keepSecret(secret);
  if (protocol !== "http:" || isPrivateHost(hostname)) return;
  throw new InputError(
    `Cannot send the ${what} to http://${host}: everyone on the way could read it; use https, or take the credentials ` +
      "away",
  );
}

/**
 * Works out address and header; an API key goes before an access token (SDC protocol).
 *
 * @throws {InputError} When credentials would go over plain HTTP to a host of the open internet.
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

/** What every request of one client shares. */
export interface Transport {
  readonly api: ApiAccess;
  /** How long to wait for the head of an answer, and for each further piece of it. */
  readonly timeoutMs: number;
  /** How often an operation that failed for a passing reason is tried again. */
  readonly retries: number;
  readonly log: HttpLog;
}

/** Makes a transport from settings. Nothing is sent. */
export function createTransport(settings: Settings, log: HttpLog = () => {}): Transport {
  return { api: apiAccess(settings.url, settings), timeoutMs: settings.timeoutMs, retries: settings.retries, log };
}

/** A server that asks for more patience than this gets its answer shown instead. */
export const LONGEST_RETRY_AFTER_MS = 120_000;

/**
 * Reads a `Retry-After` header: seconds, or a date (RFC 9110, 10.2.3).
 *
 * @param header The header's text, or null where there is none.
 * @param now The current time, in milliseconds since 1970.
 * @returns Milliseconds to wait; undefined when the header is missing or says nothing of use, as a time that has passed.
 */
export function parseRetryAfter(header: string | null, now: number = Date.now()): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000 || undefined;
  // An HTTP date begins with the day's name; Date.parse alone would take far more for a date.
  const date = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : NaN;
  return date > now ? date - now : undefined;
}

/** How and how often to try again. */
export interface RetryOptions {
  /** What is tried, for the log. */
  readonly action: string;
  /** The most retries after the first try. */
  readonly retries: number;
  readonly log: HttpLog;
  readonly signal?: AbortSignal | undefined;
  /** Whether the last try brought something that stays: then the count of retries begins anew. */
  readonly progressed?: () => boolean;
  /** Waits; tests put a clock of their own here. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  /** From 0 to below 1. */
  readonly random?: () => number;
}

/** The longest first wait; it doubles with each retry. */
const FIRST_DELAY_MS = 500;
/** No wait of our own choosing is longer. */
const LONGEST_DELAY_MS = 20_000;

/** Exponential backoff with full jitter: any time up to a bound that doubles, so that clients do not come back in step. */
function backoffMs(retry: number, random: () => number): number {
  return random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (retry - 1));
}

/**
 * The server's own wish, spread a little among all who were told the same, but no sooner than without it: a server whose
 * wish lies in the past, since a clock is wrong, is not to be asked without a pause. Only what throws 0 needs none.
 */
function waitMs(retryAfterMs: number | undefined, retry: number, random: () => number): number {
  if (retryAfterMs === 0) return 0;
  return Math.max(backoffMs(retry, random), (retryAfterMs ?? 0) * (1 + random() / 10));
}

/**
 * Runs an operation again for as long as it throws errors that say of themselves that they can be retried.
 * The only retry loop of the library.
 *
 * @throws The operation's last error.
 */
export async function retry<T>(operation: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { action, retries, log, signal, random = Math.random } = options;
  const sleep = options.sleep ?? ((milliseconds, signal) => delay(milliseconds, signal && { signal }));
  for (let retry = 0;;) {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof ImapError) || !error.retryable) throw error;
      if (options.progressed?.()) retry = 0;
      if (retry >= retries) throw error;
      if ((error.retryAfterMs ?? 0) > LONGEST_RETRY_AFTER_MS) throw error;
      retry += 1;
      const delayMs = Math.round(waitMs(error.retryAfterMs, retry, random));
      log({ type: "retry", action, reason: error.message, retry, retries, delayMs });
      await sleep(delayMs, signal);
    }
  }
}

/** What happens on the wire, for a log. URLs come without their query where it holds a signature. */
export type HttpEvent =
  | {
    readonly type: "request";
    readonly method: string;
    readonly url: string;
    /** The answer's status code; undefined when none came. */
    readonly status: number | undefined;
    /** From sending the request to the head of the answer. */
    readonly milliseconds: number;
  }
  | {
    readonly type: "retry";
    /** What is tried again, for instance `download "imap_..."`. */
    readonly action: string;
    /** Why the last try failed. */
    readonly reason: string;
    /** 1 for the first retry. */
    readonly retry: number;
    /** The most retries there will be. */
    readonly retries: number;
    /** How long is waited before it. */
    readonly delayMs: number;
  }
  | {
    readonly type: "decision";
    /** What it is about, for instance `download "imap_..."`. */
    readonly action: string;
    readonly decision: Decision;
    /** Why. */
    readonly reason: string;
  };

/** What a transfer does instead of sending a file from its first byte to its last. */
export type Decision = "wait" | "skip" | "resume" | "restart" | "split";

/** Is told of each event as it happens. */
export type HttpLog = (event: HttpEvent) => void;
