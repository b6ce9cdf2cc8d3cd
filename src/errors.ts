// The errors of this library, and the text of messages: untrusted text made safe to show, without credentials.

/**
 * Credentials that must not appear in any output. One set per process, since the process has one terminal and one log.
 */
const secrets = new Map<string, RegExp>();
/** A shorter text is not treated as a secret: hiding it would damage ordinary words. */
const MIN_SECRET_LENGTH = 6;

/** Hides a credential in all later output, since servers may send it back. */
export function hideSecret(secret: string): void {
  if (secret.length < MIN_SECRET_LENGTH || secrets.has(secret)) return;
  // Case-insensitive, since URL parsing converts some parts to lower case.
  secrets.set(secret, new RegExp(RegExp.escape(secret), "gi"));
}

/** Replaces the hidden credentials in a text. */
export function withoutSecrets(text: string): string {
  if (secrets.size === 0) return text;
  let shown = text;
  for (const pattern of secrets.values()) shown = shown.replace(pattern, "[secret]");
  return shown;
}

/**
 * Matches characters that control a terminal or reorder a line: control characters (C0 and C1, and thus escape
 * sequences), line and paragraph separators, marks that change the writing direction, and lone surrogates.
 */
const AFTER_LINE_FEED = String
  .raw`\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]`;
const ACTING = new RegExp(String.raw`[\u0000-\u000a${AFTER_LINE_FEED}`, "gu");
const ANY_ACTING = new RegExp(ACTING.source, "u");

/** Makes untrusted text safe to print on one line: control characters become U+FFFD, and credentials are hidden. */
export function printable(text: string): string {
  const shown = withoutSecrets(text);
  return ANY_ACTING.test(shown) ? shown.replace(ACTING, "\ufffd") : shown;
}

/** JSON has line feeds only between its values: in strings they are escaped. */
const ACTING_IN_JSON = new RegExp(String.raw`[\u0000-\u0009${AFTER_LINE_FEED}`, "gu");
const ANY_ACTING_IN_JSON = new RegExp(ACTING_IN_JSON.source, "u");

/**
 * Makes JSON safe to print: in strings, each control character is replaced by its escape sequence, which is equivalent.
 *
 * @param json The output of `JSON.stringify`, for one value or for several on separate lines.
 */
export function printableJson(json: string): string {
  const open = withoutSecrets(json);
  const escape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return ANY_ACTING_IN_JSON.test(open) ? open.replace(ACTING_IN_JSON, escape) : open;
}

/** Says where bytes are not UTF-8, for a message. */
function encodingProblem(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe || first === 0xfe && second === 0xff) return "it is UTF-16; save it as UTF-8";
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.length : found;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      break;
    }
    start = end + 1;
  }
  return `line ${line} is not UTF-8; save it as UTF-8`;
}

/** Decodes the UTF-8 of a file or of standard input, or says which line is not UTF-8. A byte order mark is kept. */
export function decodeText(bytes: Uint8Array): { readonly text: string } | { readonly problem: string } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { problem: encodingProblem(bytes) };
  }
}

/** Returns the start of an untrusted text, for a message: on one line, at most `limit` characters. */
export function excerpt(text: string, limit = 200): string {
  // Secrets are hidden first, since truncation could leave half of one. Twice the limit leaves room for white space
  // that is removed.
  const folded = withoutSecrets(text.slice(0, limit * 4)).slice(0, limit * 2).replace(/\s+/g, " ").trim();
  const isCut = folded.length > limit || text.length > limit * 2;
  // Truncation may leave half of a character, so the text is made safe afterwards.
  return isCut ? `${printable(folded.slice(0, limit))}…` : printable(folded);
}

/** The maximum number of characters of a value in a message. */
const MAX_SHOWN = 60;

/** What untyped code often passes on instead of its result, as `query()` without `await` in a notebook. */
function unfinished(value: object): string | undefined {
  if (value instanceof Promise) return "a promise (write await before it)";
  return Symbol.asyncIterator in value ? "an async generator (collect it with Array.fromAsync)" : undefined;
}

/** Whether a value is a promise or an async generator, which {@linkcode shown} says how to use. */
export function isUnfinished(value: unknown): boolean {
  return typeof value === "object" && value !== null && unfinished(value) !== undefined;
}

/**
 * Formats a value of any type for a message. Untyped code, as in notebooks, may pass a value that cannot be converted
 * to a string.
 */
export function shown(value: unknown): string {
  try {
    if (typeof value !== "object" || value === null) return excerpt(String(value), MAX_SHOWN);
    const state = unfinished(value);
    if (state !== undefined) return state;
    // An invalid one is null in JSON.
    if (value instanceof Date && Number.isNaN(value.getTime())) return String(value);
    const json = JSON.stringify(value);
    // A Date or a URL is text in JSON; messages quote it themselves.
    return excerpt(json.startsWith('"') ? json.slice(1, -1) : json, MAX_SHOWN);
  } catch {
    return `an ${typeof value}`;
  }
}

/** The method that Deno's Jupyter kernel looks for on the last value of a cell. */
export const JUPYTER_DISPLAY: unique symbol = Symbol.for("Jupyter.display");

/** The functions of Deno's Jupyter kernel; undefined outside a notebook, where accessing them throws. */
export function notebookKernel(): typeof Deno.jupyter | undefined {
  try {
    return Deno.jupyter.broadcast === undefined ? undefined : Deno.jupyter;
  } catch {
    return undefined;
  }
}

/**
 * Removes the frames of this library from an error's stack: a notebook prints the whole stack below the cell, which
 * would hide the message. Outside notebooks the stack is unchanged.
 *
 * @param name The name of the error's class: `error.name` is not set yet in the constructor that calls this.
 */
function shortenStack(error: Error, name: string): void {
  if (notebookKernel() === undefined) return;
  const ownCode = new URL(".", import.meta.url).href;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^ {4}at /.test(line));
  const own = frames.filter((frame) => !frame.includes(ownCode) && !/\b(ext|node):|\(<anonymous>\)$/.test(frame));
  error.stack = [`${name}: ${error.message}`, ...own].join("\n");
}

/**
 * The options of {@linkcode ImapError}'s constructor.
 *
 * @category Errors
 */
export interface ImapErrorOptions {
  /** What failed, as it follows `Cannot ` in messages: `download "imap_..."`. The message then says only why. */
  action?: string;
  /** The error that caused this one, for developers. Its text never contains a secret. */
  cause?: unknown;
  /** Whether the same call may succeed if it is retried. Default: false. */
  retryable?: boolean;
  /** How long the server asks to wait before a retry, in milliseconds (`Retry-After`, RFC 9110). */
  retryAfterMs?: number | undefined;
}

/** A message may quote any text, so it is made safe for terminals. */
function safeLines(message: string): string {
  return message.split("\n").map(printable).join("\n");
}

/** Composes the message of an error: what failed, if given, and why. */
function wholeMessage(action: string | undefined, reason: string): string {
  return safeLines(action === undefined ? reason : `Cannot ${action}: ${reason}`);
}

/**
 * The base class of all errors that this library throws on purpose.
 *
 * Messages have the form `Cannot <verb> "<value>": <state>`, followed by what to do about it.
 *
 * @example
 * ```ts
 * import { ImapError, parseFileName } from "@imap-sdc/data-access";
 *
 * try {
 *   parseFileName("notes.txt");
 * } catch (error) {
 *   if (!(error instanceof ImapError)) throw error;
 * }
 * ```
 *
 * @category Errors
 */
export class ImapError extends Error {
  /** The name of the class. */
  override readonly name: string = "ImapError";
  /** Why it failed: the message without the `Cannot <action>: ` that it may begin with. */
  readonly reason: string;
  /** Whether the same call may succeed if it is retried. The code that throws decides, not the retry loop. */
  readonly retryable: boolean;
  /** How long the server asks to wait before a retry, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  /** Creates an error with a message. */
  constructor(message: string, options: ImapErrorOptions = {}) {
    super(wholeMessage(options.action, message), options.cause === undefined ? undefined : { cause: options.cause });
    shortenStack(this, new.target.name);
    this.reason = safeLines(message);
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/**
 * A problem with the input of a call.
 *
 * @category Errors
 */
export interface InputProblem {
  /** The wrong parameter, option or setting, under its name in code: `data_level`. */
  readonly parameter?: string;
  /** The wrong field of a file name: `data level`. */
  readonly field?: string;
  /** The given value; undefined if it is missing. */
  readonly value?: string;
  /** What was expected instead. */
  readonly expected: string;
  /** The valid value that is closest to the given one, if one is close. */
  readonly closest?: string;
}

/** Returns the name of a parameter for a message: `data_level` in code, `--data-level` on the command line. */
type NameOf = (parameter: string) => string;

/**
 * The options of {@linkcode InputError}'s constructor.
 *
 * @category Errors
 */
export interface InputErrorOptions extends ImapErrorOptions {
  /** What is wrong, as data. Default: none. */
  problems?: readonly InputProblem[];
}

/**
 * The input of a call is wrong: a file name, a parameter, a setting, a local file. Thrown before anything is sent or
 * written.
 *
 * @example
 * ```ts
 * import { InputError, query } from "@imap-sdc/data-access";
 *
 * const error = await query({ instrument: "glow" }).catch((error) => error);
 * if (error instanceof InputError) console.log(error.message); // ... (did you mean "glows"?)
 * console.log(error.problems[0].closest); // glows
 * ```
 *
 * @category Errors
 */
export class InputError extends ImapError {
  /** The name of the class. */
  override readonly name: string = "InputError";
  /** What is wrong, as data: one entry for each parameter or field, in the order of the message. May be empty. */
  readonly problems: readonly InputProblem[];
  readonly #action: string | undefined;
  readonly #compose: (nameOf: NameOf) => string;

  /**
   * Creates an error with a message.
   *
   * @param message The message, or a function that composes it with the names of parameters that the user knows.
   */
  constructor(message: string | ((nameOf: (parameter: string) => string) => string), options: InputErrorOptions = {}) {
    const compose = typeof message === "string" ? () => message : message;
    super(compose((parameter) => parameter), options);
    this.#action = options.action;
    this.#compose = compose;
    this.problems = options.problems ?? [];
  }

  /**
   * Composes the message for users who know parameters by other names, for example as command-line options.
   *
   * @param nameOf Returns the name of a parameter that the user knows.
   *
   * @example
   * ```ts
   * import { InputError, query } from "@imap-sdc/data-access";
   *
   * const error = await query({ data_level: "l9" }).catch((error) => error);
   * const message = error instanceof InputError ? error.messageFor((parameter) => `--${parameter}`) : "";
   * console.log(message); // Cannot query --data_level "l9": ...
   * ```
   */
  messageFor(nameOf: (parameter: string) => string): string {
    return wholeMessage(this.#action, this.#compose(nameOf));
  }
}

/** Returns ` (did you mean "glows"?)`, to append to what was expected; empty if no valid value is close. */
export function suggestion(closest: string | undefined): string {
  return closest === undefined ? "" : ` (did you mean "${closest}"?)`;
}

/** Creates an error about one parameter's value: `Cannot query data_level "l9": expected ...`. */
export function wrongValue(action: string, problem: InputProblem & { readonly parameter: string }): InputError {
  const { parameter, value, expected, closest } = problem;
  const given = value === undefined ? "" : ` "${value}"`;
  return new InputError(
    (nameOf) => `Cannot ${action} ${nameOf(parameter)}${given}: expected ${expected}${suggestion(closest)}`,
    { problems: [problem] },
  );
}

/** Creates an error about a parameter that does not exist: `Cannot query by "dataLevel": expected one of ...`. */
export function unknownParameter(
  action: string,
  parameter: string,
  { known, closest }: { readonly known: readonly string[]; readonly closest: string | undefined },
): InputError {
  const expected = `one of ${known.join(", ")}`;
  return new InputError(
    (nameOf) =>
      `Cannot ${action} by "${parameter}": expected one of ${known.map(nameOf).join(", ")}${suggestion(closest)}`,
    { problems: [{ parameter, expected, ...(closest === undefined ? {} : { closest }) }] },
  );
}

/**
 * Checks that parameters or options are an object, since untyped code, in a notebook for example, may pass anything.
 *
 * @param action What they are for, in the words after `Cannot `: `query by`.
 * @throws {InputError} When they are not. Lists, maps and dates are not, whatever JavaScript says.
 */
export function checkObject(action: string, value: unknown, expected = "an object with parameters"): void {
  if (Object.prototype.toString.call(value) === "[object Object]") return;
  const given = shown(value);
  throw new InputError(`Cannot ${action} "${given}": expected ${expected}`, { problems: [{ value: given, expected }] });
}

/** The maximum number of errors listed for a batch of files. */
const MAX_LISTED = 5;

/**
 * Joins errors about the same call into one, with one or more lines for each.
 *
 * @param consequence For a batch of files: the consequence of the errors, appended to the list, which is then limited.
 */
export function joinInputErrors(errors: readonly ImapError[], consequence?: string): InputError {
  const [first] = errors;
  if (errors.length === 1 && consequence === undefined && first instanceof InputError) return first;
  const listed = consequence === undefined ? errors : errors.slice(0, MAX_LISTED);
  const more = errors.length > listed.length ? [`and ${errors.length - listed.length} more`] : [];
  const compose = (nameOf: NameOf) =>
    [
      ...listed.map((error) => error instanceof InputError ? error.messageFor(nameOf) : error.message),
      ...more,
      ...(consequence === undefined ? [] : [consequence]),
    ].join("\n");
  const problems = errors.flatMap((error) => error instanceof InputError ? error.problems : []);
  return new InputError(compose, { problems });
}

/**
 * The server rejected a request.
 *
 * @example
 * ```ts
 * import { download, ResponseError } from "@imap-sdc/data-access";
 *
 * const error = await download("imap_mag_l0_raw_19990101_v001.pkts").catch((error) => error);
 * if (error instanceof ResponseError) console.log(error.status); // 404
 * ```
 *
 * @category Errors
 */
export class ResponseError extends ImapError {
  /** The name of the class. */
  override readonly name: string = "ResponseError";
  /** The HTTP status code of the response. */
  readonly status: number;
  /** The server's own message, on one line, shortened and without secrets; empty if it sent none. */
  readonly serverText: string;
  /**
   * Whether the archive says that it has no such file. A 404 of a gateway, or of an object store that does not have what the
   * archive lists, says something else.
   */
  readonly isMissing: boolean;

  /** Creates an error with a status code and a message. */
  constructor(
    message: string,
    options: ImapErrorOptions & { status: number; serverText?: string; isMissing?: boolean },
  ) {
    super(message, options);
    this.status = options.status;
    this.serverText = options.serverText ?? "";
    this.isMissing = options.isMissing ?? false;
  }
}

/**
 * The server sent a response that does not follow the SDC's protocol, for example a login page instead of JSON.
 *
 * @example
 * ```ts
 * import { ImapClient, ProtocolError } from "@imap-sdc/data-access";
 *
 * const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => new Response("<h1>Log in</h1>"));
 * const client = new ImapClient({ url: `http://127.0.0.1:${server.addr.port}` });
 * const error = await client.query({ instrument: "mag" }).catch((error) => error);
 * if (error instanceof ProtocolError) console.log(error.message); // ...<h1>Log in...
 * await server.shutdown();
 * ```
 *
 * @category Errors
 */
export class ProtocolError extends ImapError {
  /** The name of the class. */
  override readonly name: string = "ProtocolError";
}

/**
 * No response, or only part of one: no network, a refused or broken connection, a timeout. It can be retried.
 *
 * @example
 * ```ts
 * import { ConnectionError, ImapClient } from "@imap-sdc/data-access";
 *
 * const nobody = new ImapClient({ url: "http://127.0.0.1:2", retries: 0 });
 * const error = await nobody.query({ instrument: "mag" }).catch((error) => error);
 * if (error instanceof ConnectionError) console.log(error.retryable); // true
 * ```
 *
 * @category Errors
 */
export class ConnectionError extends ImapError {
  /** The name of the class. */
  override readonly name: string = "ConnectionError";

  /** Creates an error that can be retried, unless `options` says otherwise. */
  constructor(message: string, options: ImapErrorOptions = {}) {
    super(message, { retryable: true, ...options });
  }
}

/**
 * The server sent nothing, or almost nothing, for the client's `timeoutMs`. A subclass of {@linkcode ConnectionError},
 * for callers that need to distinguish a slow server from one that refuses connections.
 *
 * @example
 * ```ts
 * import { ImapClient, TimeoutError } from "@imap-sdc/data-access";
 *
 * using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const url = `http://127.0.0.1:${silent.addr.port}`;
 * const client = new ImapClient({ url, retries: 0, timeoutMs: 100 });
 * const error = await client.query({ instrument: "mag" }).catch((error) => error);
 * if (error instanceof TimeoutError) console.log(error.retryable); // true
 * ```
 *
 * @category Errors
 */
export class TimeoutError extends ConnectionError {
  /** The name of the class. */
  override readonly name: string = "TimeoutError";
}

/**
 * A file or folder on this machine cannot be read or written: the disk is full, there is no permission, or the path is
 * something else.
 *
 * @example
 * ```ts
 * import { download, FileError, ImapClient } from "@imap-sdc/data-access";
 *
 * const file = await Deno.makeTempFile();
 * const client = new ImapClient({ dataDir: file }); // a file where a folder should be
 * const error = await client.download("imap_mag_l0_raw_20260101_v001.pkts").catch((error) => error);
 * if (error instanceof FileError) console.log(error.code, error.path);
 * await Deno.remove(file);
 * ```
 *
 * @category Errors
 */
export class FileError extends ImapError {
  /** The name of the class. */
  override readonly name: string = "FileError";
  /** The file or folder that cannot be used. */
  readonly path: string;
  /** The operating system's code, for example `ENOSPC` when the disk is full; undefined if it gave none. */
  readonly code: string | undefined;

  /** Creates an error for a path; its `code` is that of `options.cause`. */
  constructor(message: string, options: ImapErrorOptions & { path: string }) {
    super(message, options);
    this.path = options.path;
    const { cause } = options;
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    this.code = typeof code === "string" ? code : undefined;
  }
}

/** Returns the operating system's message, without "(os error N)" and without Deno's additions. */
function reason(error: Error): string {
  return error.message.replace(/ \(os error \d+\).*$/s, "").replace(
    /^Writable stream is closed or errored\.?$/,
    "broken",
  );
}

/**
 * Creates the error for a file or folder that cannot be read or written. An error of this library is returned
 * unchanged.
 *
 * @param action What failed, as it follows `Cannot ` in messages.
 * @param path The file or folder.
 */
export function fileError(action: string, path: string, thrown: unknown): ImapError {
  if (thrown instanceof ImapError) return thrown;
  const options = { path, cause: thrown };
  if (thrown instanceof Deno.errors.NotCapable) {
    const advice = "run it with --allow-read and --allow-write";
    return new FileError(`Deno may not use "${path}"; ${advice}`, { ...options, action });
  }
  if (thrown instanceof Error && /os error 24\)|EMFILE/.test(thrown.message)) {
    const advice = "use a lower concurrency, or raise the limit (ulimit -n)";
    return new FileError(`too many files are open; ${advice}`, { ...options, action });
  }
  const state = thrown instanceof Error ? reason(thrown) : String(thrown);
  return new FileError(`"${path}" cannot be used: ${state}`, { ...options, action });
}

/**
 * A time that SPICE kernels of a category do not cover.
 *
 * @category SPICE kernels
 */
export interface CoverageGap {
  /** The category of the missing kernels, for example `spacecraft_attitude`. */
  readonly category: string;
  /** The start of the gap: `2026-01-31 12:00:00`, UTC. */
  readonly start: string;
  /** The end of the gap, in the same format. */
  readonly end: string;
  /** The start of the gap, in TDB seconds since J2000. */
  readonly start_j2000: number;
  /** The end of the gap, in TDB seconds since J2000. */
  readonly end_j2000: number;
}

/**
 * SPICE kernels do not cover the whole time span of a metakernel.
 *
 * @example
 * ```ts
 * import { CoverageError, metakernel } from "@imap-sdc/data-access";
 *
 * const days = { start_date: "2031-01-01", end_date: "2031-01-02" };
 * const error = await metakernel(days, { requireCoverage: true }).catch((error) => error);
 * if (error instanceof CoverageError) console.log(error.gaps[0]?.category);
 * ```
 *
 * @category Errors
 */
export class CoverageError extends ImapError {
  /** The name of the class. */
  override readonly name: string = "CoverageError";
  /** What no kernel covers. */
  readonly gaps: readonly CoverageGap[];

  /** Creates an error with the gaps, which its message lists. */
  constructor(gaps: readonly CoverageGap[], options: ImapErrorOptions = {}) {
    const lines = gaps.slice(0, MAX_LISTED_GAPS).map(({ category, start, end }) =>
      `  ${category}: ${start} to ${end} (UTC)`
    );
    if (gaps.length > lines.length) lines.push(`  and ${gaps.length - lines.length} more`);
    super(`Cannot make a metakernel: kernels do not cover the whole time span\n${lines.join("\n")}`, options);
    this.gaps = gaps;
  }
}

/** More gaps than these are only counted in a message. */
const MAX_LISTED_GAPS = 50;

/**
 * One wrong field of a file name.
 *
 * @category Errors
 */
export interface FileNameProblem extends InputProblem {
  /** The name of the field: "instrument", "data level", "start date", ... */
  readonly field: string;
  /** The text of that field. */
  readonly value: string;
}

/** The maximum length of a name in a message, since a hostile name may be very long. */
const MAX_QUOTED = 200;

function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);
}

/**
 * A file name that does not follow the SDC's convention. It lists all wrong fields at once.
 *
 * @example
 * ```ts
 * import { FileNameError, parseFileName } from "@imap-sdc/data-access";
 *
 * try {
 *   parseFileName("imap_xyz_l9_sci_20240105_v001.pkts");
 * } catch (error) {
 *   if (!(error instanceof FileNameError)) throw error;
 *   console.log(error.problems.map((problem) => problem.field)); // [ "instrument", "data level" ]
 * }
 * ```
 *
 * @category Errors
 */
export class FileNameError extends InputError {
  /** The class's name, as `error.name` shows it. */
  override readonly name = "FileNameError";
  /** The name as it was given. */
  readonly fileName: string;
  /** The wrong fields, in the order of the name. */
  override readonly problems: readonly FileNameProblem[];

  /** Creates an error from the name and its wrong fields. */
  constructor(fileName: string, problems: readonly FileNameProblem[]) {
    const lines = problems.map(({ field, value, expected, closest }) =>
      `\n  ${field} ${quoted(value)}: expected ${expected}${suggestion(closest)}`
    );
    super(`Cannot read the file name ${quoted(fileName)}:${lines.join("")}`, { problems });
    this.fileName = fileName;
    this.problems = problems;
  }
}
