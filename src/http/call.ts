import {
  ConnectionError,
  ImapError,
  ProtocolError,
  type ResponseError,
  TimeoutError,
  withoutSecrets,
} from "../errors.ts";
import { type Decision, type HttpLog, MAX_RETRY_AFTER_MS, Patience, startTimer, type Transport } from "./transport.ts";

/** Returns a signal that aborts as soon as one of two signals does. */
export function either(one: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other === undefined ? one : AbortSignal.any([one, other]);
}

/** What ends a request. */
interface RequestEnd {
  /** The signal to pass to `fetch`. */
  readonly signal: AbortSignal;
  /** Ends the request. */
  stop(): void;
}

/** Returns what ends one request: a call, or the signal of its caller. */
function endOfOne(signal: AbortSignal | undefined): RequestEnd {
  const controller = new AbortController();
  return { signal: either(controller.signal, signal), stop: () => controller.abort() };
}

/**
 * Ends requests that follow one another: all of them as soon as a signal is aborted, or only the one in progress.
 * `AbortSignal.any` for each request does the same, and takes a tenth of the time for a small file, since it needs weak
 * references.
 */
export class EndOfMany implements RequestEnd, Disposable {
  readonly #caller: AbortSignal;
  #controller = new AbortController();
  /** Rejects the promise of the last wait. */
  #onAbort = () => {};

  /** @param caller Ends all requests. */
  constructor(caller: AbortSignal) {
    this.#caller = caller;
    caller.addEventListener("abort", this.#abort);
    if (caller.aborted) this.#abort();
  }

  /** Ends the request in progress, and then the next one. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  stop(): void {
    const controller = this.#controller;
    this.#controller = new AbortController();
    controller.abort();
  }

  /**
   * Waits for work that cannot be canceled, but only until all requests are ended.
   *
   * @throws The reason of the signal.
   */
  during<T>(work: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#onAbort = () => reject(this.#caller.reason);
    if (this.#caller.aborted) this.#onAbort();
    work.then(resolve, reject);
    return promise;
  }

  readonly #abort = () => {
    this.#controller.abort(this.#caller.reason);
    this.#onAbort();
  };

  /** Lets go of the signal. */
  [Symbol.dispose](): void {
    this.#caller.removeEventListener("abort", this.#abort);
  }
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

/** How often to retry, and how. */
export interface RetryOptions {
  /** The operation, for the log. */
  readonly action: string;
  /** The maximum number of retries. */
  readonly retries: number;
  readonly log: HttpLog;
  readonly signal?: AbortSignal | undefined;
  /** Whether the last attempt made progress that is kept; the count of retries then restarts at 0. */
  readonly hasProgressed?: () => boolean;
  /** Waits. Default: a timer. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  /** Returns a number from 0 (inclusive) to 1 (exclusive). Default: `Math.random`. */
  readonly random?: () => number;
}

/** The upper bound of the first wait; it doubles with each retry. */
const FIRST_DELAY_MS = 500;
/** The upper bound of all waits, unless the server asks for a longer one. */
const MAX_DELAY_MS = 20_000;

/**
 * Returns a wait with exponential backoff and full jitter: a random time up to a bound that doubles, so that clients do
 * not retry at the same time.
 */
function backoffMs(retry: number, random: () => number): number {
  return random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (retry - 1));
}

/**
 * Returns the time to wait: what the server asks for plus up to a tenth, so that clients do not retry at the same time,
 * but at least the usual backoff. An error with `retryAfterMs: 0` is retried immediately.
 */
function waitMs(retryAfterMs: number | undefined, retry: number, random: () => number): number {
  if (retryAfterMs === 0) return 0;
  return Math.max(backoffMs(retry, random), (retryAfterMs ?? 0) * (1 + random() / 10));
}

/** Waits between two attempts. Most operations need no retry, so the timer is loaded lazily. */
async function waitFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  const { delay } = await import("@std/async");
  await delay(milliseconds, signal && { signal });
}

/**
 * Runs an operation, and retries it while its errors are retryable. The only retry loop of the library.
 *
 * @throws The operation's last error.
 */
export async function retry<T>(operation: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { action, retries, log, signal, random = Math.random } = options;
  const sleep = options.sleep ?? waitFor;
  for (let retry = 0;;) {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof ImapError) || !error.retryable) throw error;
      if (options.hasProgressed?.()) retry = 0;
      if (retry >= retries) throw error;
      if ((error.retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS) throw error;
      retry += 1;
      const delayMs = Math.round(waitMs(error.retryAfterMs, retry, random));
      log({ type: "retry", action, reason: error.message, retry, retries, delayMs });
      await sleep(delayMs, signal);
    }
  }
}

/** A request to send. */
interface OutgoingRequest {
  /** Default: `GET`. */
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** The body. Sending it may take longer than a response, so whoever provides it limits the time. */
  readonly body?: Blob | Uint8Array<ArrayBuffer>;
  /** Whether a log may show the URL's query, which is secret in a presigned URL. */
  readonly showQuery: boolean;
}

/** More redirects than this count as a loop. */
const MAX_REDIRECTS = 5;

/** The result of visiting a URL: the final value, or the next URL. */
type Visit<T> = { readonly done: T } | { readonly next: URL };

/** Two clocks that differ by more than this are not both right. */
const MAX_CLOCK_DIFFERENCE_MS = 60_000;

/** Returns the UTC day of a time: `2026-01-31`. */
export const shownDay = (time: Date): string => time.toISOString().slice(0, 10);

/** What ends a call. */
export interface CallEnd {
  readonly signal?: AbortSignal | undefined;
  /** What ends its requests, if none of them starts before the one before it has ended. Its caller is the signal. */
  readonly end?: EndOfMany | undefined;
}

/** The options of a {@linkcode Call}. */
interface CallOptions extends CallEnd {
  /** The purpose of the call, as it follows `Cannot ` in messages: `download "imap_..."`. */
  readonly action: string;
}

/**
 * A call to a server: its purpose, its credentials, and the signal that cancels it. It may take several requests; this
 * object sends, retries, and logs all of them.
 */
export class Call {
  readonly transport: Transport;
  /** The purpose of the call, as it follows `Cannot ` in messages. */
  readonly action: string;
  readonly signal: AbortSignal | undefined;
  readonly end: EndOfMany | undefined;

  /** Creates a call; nothing is sent yet. */
  constructor(transport: Transport, { action, signal, end }: CallOptions) {
    this.transport = transport;
    this.action = action;
    this.signal = signal;
    this.end = end;
  }

  /** Returns what ends its next request, or the one in progress. */
  endOfRequest(): RequestEnd {
    return this.end ?? endOfOne(this.signal);
  }

  /** Returns the same call, which another signal can also cancel. */
  endedBy(stop: AbortSignal): Call {
    return new Call(this.transport, { action: this.action, signal: either(stop, this.signal) });
  }

  /** Runs an operation, and retries it while its errors are retryable. @throws The last error. */
  retry<T>(
    operation: () => Promise<T>,
    options: Pick<RetryOptions, "hasProgressed"> & { readonly retries?: number } = {},
  ): Promise<T> {
    const { action, signal, transport: { retries, log, random } } = this;
    return retry(operation, { action, retries, log, signal, random, ...options });
  }

  /** Logs a decision to deviate from a plain transfer, and the reason. */
  decide(decision: Decision, reason: string): void {
    this.transport.log({ type: "decision", action: this.action, decision, reason });
  }

  /**
   * Says that the archive's clock says another day than the one that relative days were computed from.
   *
   * @param used The time whose day was used.
   * @param time The time of the archive's clock.
   * @param consequence What follows.
   */
  noteOtherDay(used: Date, time: Date, consequence: string): void {
    // Around midnight, two right clocks say different days, too.
    const isWrong = Math.abs(Date.now() - time.getTime()) > MAX_CLOCK_DIFFERENCE_MS;
    const notice = `the clock of this machine says ${shownDay(used)}, that of the archive ${shownDay(time)} (UTC): ` +
      `${consequence}${isWrong ? "; check the clock" : ""}`;
    this.transport.log({ type: "notice", action: this.action, notice });
  }

  /** Returns the URL of a route of the API. */
  apiUrl(route: string, search?: Readonly<Record<string, string>>): URL {
    const query = search === undefined ? "" : new URLSearchParams(search).toString();
    return new URL(`${this.transport.api.base}${route}${query === "" ? "" : `?${query}`}`);
  }

  /** GETs from the API and follows redirects. Credentials are sent only to the API's origin. @throws {ConnectionError} */
  getApi(url: URL): Promise<Reply> {
    return this.#follow(url, (url) => this.getApiOnce(url));
  }

  /** GETs from the API, or from a URL that it redirected to. Credentials are sent only to the API's origin. */
  getApiOnce(url: URL): Promise<Reply> {
    return this.#sendToApi("GET", url);
  }

  /** POSTs to the API, without a body. Credentials are sent only to the API's origin. */
  postApi(url: URL): Promise<Reply> {
    return this.#sendToApi("POST", url);
  }

  /** GETs an object from its presigned URL, without credentials and without compression, and follows redirects. */
  getObject(url: URL, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    const all = { "accept-encoding": "identity", ...headers };
    return this.#follow(url, (url) => this.send({ url, headers: all, showQuery: false }));
  }

  /** Follows redirects until a visit returns a value. The only redirect loop of the library. */
  async followRedirects<T>(start: URL, visit: (url: URL) => Promise<Visit<T>>): Promise<T> {
    let url = start;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const visited = await visit(url);
      if ("done" in visited) return visited.done;
      url = visited.next;
    }
    throw new ProtocolError(`${url.host} redirects in circles`, { action: this.action });
  }

  /**
   * Sends one request and returns the response, whatever its status, without following redirects. Only uploads
   * call `fetch` themselves (`put_file.ts`).
   *
   * @throws {ConnectionError} When no response arrives; a {@linkcode TimeoutError} when the server sends nothing for
   * too long.
   */
  async send({ method = "GET", url, headers, body, showQuery }: OutgoingRequest): Promise<Reply> {
    const { action, signal, transport: { timeoutMs, log, http } } = this;
    signal?.throwIfAborted();
    const end = this.endOfRequest();
    let isLate = false;
    const onTime = () => {
      isLate = true;
      end.stop();
    };
    const stopTimer = body === undefined ? startTimer(timeoutMs, onTime) : () => {};
    const started = performance.now();
    let status: number | undefined;
    try {
      const init: RequestInit & { client?: Deno.HttpClient } = {
        method,
        headers,
        redirect: "manual",
        signal: end.signal,
      };
      if (body !== undefined) init.body = body;
      if (http !== undefined) init.client = http;
      const response = await fetch(url, init);
      status = response.status;
      return new Reply(this, url, response);
    } catch (error) {
      signal?.throwIfAborted();
      if (isLate) {
        const { silenceError } = await import("./failures.ts");
        throw await silenceError({ action, url, api: this.transport.api }, timeoutMs);
      }
      throw await this.failure(url, error);
    } finally {
      stopTimer();
      const milliseconds = Math.round(performance.now() - started);
      log({ type: "request", method, url: shownUrl(url, showQuery), status, milliseconds });
    }
  }

  /**
   * Converts an error of `fetch`, or of a socket, into one that names its cause. Few calls fail, so what this takes is
   * loaded when one does.
   */
  async failure(url: URL, thrown: unknown): Promise<ConnectionError> {
    const { connectionError } = await import("./failures.ts");
    const { api, trust } = this.transport;
    return await connectionError({ action: this.action, url, api, trust }, thrown);
  }

  #sendToApi(method: "GET" | "POST", url: URL): Promise<Reply> {
    const { api } = this.transport;
    const isApi = url.origin === api.origin;
    const headers = { accept: "application/json", ...(isApi ? api.headers : {}) };
    return this.send({ method, url, headers, showQuery: isApi });
  }

  #follow(url: URL, get: (url: URL) => Promise<Reply>): Promise<Reply> {
    return this.followRedirects<Reply>(url, async (url) => {
      const reply = await get(url);
      return reply.isRedirect ? { next: await reply.redirectTarget() } : { done: reply };
    });
  }
}

/**
 * Checks a URL from a redirect, or a presigned URL from the API.
 *
 * @param location The URL, absolute or relative to `from`.
 * @throws {ProtocolError} When the URL is missing, malformed, not HTTP, or redirects from HTTPS to HTTP.
 */
export function checkedTarget(action: string, location: string | null, from: URL): URL {
  // Without a base, Deno parses a URL three times as fast.
  const base = location !== null && /^https?:\/\//.test(location) ? undefined : from;
  const target = location === null ? null : URL.parse(location, base);
  if (target === null) throw new ProtocolError(`${from.host} redirects to an invalid URL`, { action });
  if (target.protocol !== "https:" && target.protocol !== "http:") {
    throw new ProtocolError(`${from.host} redirects to a ${target.protocol} URL`, { action });
  }
  if (from.protocol === "https:" && target.protocol === "http:") {
    throw new ProtocolError(`${from.host} redirects from https to unprotected http`, { action });
  }
  if (target.username !== "" || target.password !== "") {
    throw new ProtocolError(`${from.host} redirects to a URL with a password`, { action });
  }
  return target;
}

/** The statuses that redirect with the same method (RFC 9110, 15.4). */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** The maximum size of an error body to read, enough for a message. */
const MAX_REFUSAL_BYTES = 16 * 1024;

/** Limits for reading a body as text. */
interface TextOptions {
  /** The maximum number of bytes to read. */
  readonly limit: number;
  /** What to do with a longer body: truncate it, or fail. */
  readonly beyond: "cut" | "fail";
  /** Whether bytes that are not UTF-8 are an error, as in data; U+FFFD replaces them in what only people read. */
  readonly isStrict?: boolean;
}

/** A body that broke off, as happens when it is too large for the SDC's gateway. */
export class BrokenBody extends ConnectionError {
}

/** A response, with its call and its URL. */
export class Reply {
  readonly call: Call;
  /** The URL of the response: the last one after redirects. */
  readonly url: URL;
  readonly response: Response;

  /** Wraps a response whose body has not been read yet. */
  constructor(call: Call, url: URL, response: Response) {
    this.call = call;
    this.url = url;
    this.response = response;
  }

  /** The HTTP status code. */
  get status(): number {
    return this.response.status;
  }

  /** Whether the status is 200 to 299. */
  get ok(): boolean {
    return this.response.ok;
  }

  /** The response's headers. */
  get headers(): Headers {
    return this.response.headers;
  }

  /** The body, for native streaming; {@linkcode Reply.chunks} reads it with time limits. */
  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.response.body;
  }

  /** Whether it is a redirect. */
  get isRedirect(): boolean {
    return REDIRECTS.has(this.status);
  }

  /** Returns the target of a redirect, and discards the body. @throws {ProtocolError} When the URL cannot be used. */
  async redirectTarget(): Promise<URL> {
    await this.body?.cancel();
    return checkedTarget(this.call.action, this.headers.get("location"), this.url);
  }

  /** Discards the body, and frees the connection. */
  async discard(): Promise<void> {
    await this.response.body?.cancel();
  }

  /**
   * Reads the body chunk by chunk, in bounded time. Frees the connection in any case.
   *
   * @throws {BrokenBody} When it breaks off. {TimeoutError} When it stalls or is far too slow.
   */
  async *chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    if (this.body === null) return;
    const { action, signal, transport: { timeoutMs } } = this.call;
    const reader = this.body.getReader();
    const patience = new Patience(timeoutMs, MIN_SPEED);
    const next = () => {
      const { promise, reject } = Promise.withResolvers<never>();
      const giveUp = () => reject(stallError(action, this.url.host, timeoutMs));
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
      const { message, retryable } = await this.call.failure(this.url, error);
      throw new BrokenBody(message, { retryable });
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  /**
   * Reads the body as text, in bounded time and memory.
   *
   * @throws {ConnectionError} When it breaks off, stalls, or is too long and must not be truncated. {ProtocolError} When
   * it is data that is not UTF-8.
   */
  async text({ limit, beyond, isStrict = false }: TextOptions): Promise<string> {
    const decoder = new TextDecoder("utf-8", { fatal: isStrict });
    const decode = (chunk?: Uint8Array): string => {
      try {
        return decoder.decode(chunk, { stream: chunk !== undefined });
      } catch (cause) {
        const reason = `the response of ${this.url.host} is not UTF-8 after ${bytes} bytes`;
        throw new ProtocolError(reason, { action: this.call.action, cause });
      }
    };
    const texts: string[] = [];
    let bytes = 0;
    for await (const chunk of this.chunks()) {
      texts.push(decode(chunk));
      bytes += chunk.byteLength;
      if (bytes < limit) continue;
      if (beyond === "cut") return texts.join("");
      throw new ConnectionError(
        `${this.url.host} sent more than ${limit} bytes; ask for less at once`,
        { action: this.call.action, retryable: false },
      );
    }
    return texts.join("") + decode();
  }

  /**
   * Creates the error of a response with an error status.
   *
   * @param body The start of its body, if it has been read already. The error is created even if the body breaks off.
   */
  async refusal(body?: string): Promise<ResponseError> {
    const { call: { action, transport: { api } }, url, response } = this;
    const said = body ?? await this.text({ limit: MAX_REFUSAL_BYTES, beyond: "cut" }).catch((error: unknown) => {
      if (error instanceof ConnectionError) return "";
      throw error;
    });
    const { statusError } = await import("./failures.ts");
    return statusError({ action, url, response, body: said, api });
  }
}

/** Whether an ETag is strong and guarantees identical bytes (RFC 9110, 8.8.1). */
export function isStrongEtag(etag: string): boolean {
  return /^"[\x21\x23-\x7e]*"$/.test(etag);
}

/** An ETag that may be an MD5, in quotes, or without them as some stores send it. */
const MD5_TAG = /^("?)([0-9a-f]{32})\1$/i;

/**
 * Returns the MD5 that an ETag has the form of, which says nothing about encryption.
 *
 * @returns Lower-case hex; undefined for another ETag, as that of an object that was uploaded in parts, which contains a
 * dash (S3, "Object", ETag).
 */
export function md5OfEtag(etag: string): string | undefined {
  return MD5_TAG.exec(etag)?.[2]?.toLowerCase();
}

/**
 * Returns the MD5 of an object, if its headers contain it.
 *
 * @returns Lower-case hex; undefined if the ETag is not an MD5. It is one only if the object is not encrypted, or with
 * S3's own key (AES256): not with a key of KMS, nor with one of the caller (S3, "Object", ETag).
 */
export function md5OfHeaders(headers: Headers): string | undefined {
  const hasOtherKey = (headers.get("x-amz-server-side-encryption") ?? "AES256") !== "AES256" ||
    headers.has("x-amz-server-side-encryption-customer-algorithm");
  return hasOtherKey ? undefined : md5OfEtag(headers.get("etag") ?? "");
}

/** Returns the length of a body; undefined if the headers do not state it. */
export function lengthOfHeaders(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Whether a body consists of the object's own bytes: false if a server compressed it contrary to the request. */
export function isPlainBody(headers: Headers): boolean {
  return ["", "identity"].includes(headers.get("content-encoding")?.trim().toLowerCase() ?? "");
}

/**
 * Whether a body is a web page, such as a login page, instead of an object: the store sends an ETag with every object
 * (S3).
 */
export function isPage(headers: Headers): boolean {
  if (headers.has("etag")) return false;
  return /^(text\/(html|xml)|application\/(xhtml\+xml|xml|json))\b/i.test(headers.get("content-type") ?? "");
}

/** Returns the ETag if it is a strong one, which guarantees identical bytes. */
export function strongEtag(headers: Headers): string | undefined {
  const etag = headers.get("etag");
  return etag !== null && isStrongEtag(etag) ? etag : undefined;
}

/** Which bytes of an object a response contains: `bytes 5-9/10` (RFC 9110, 14.4). */
interface ContentRange {
  readonly first: number;
  readonly last: number;
  readonly size: number;
}

/** Parses `Content-Range`; undefined when it is missing or malformed. */
export function contentRange(headers: Headers): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(headers.get("content-range") ?? "");
  if (match === null) return undefined;
  const [first = 0, last = 0, size = 0] = match.slice(1).map(Number);
  return first <= last && last < size ? { first, last, size } : undefined;
}
