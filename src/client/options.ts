import type { ClientOptions } from "../config.ts";
import { checkObject, InputError, joinInputErrors, shown, suggestion, wrongValue } from "../errors.ts";
import type { OnProgress, Shard } from "../transfer/batch.ts";
import { closestName, closestWord, isOneOf } from "../names/fields.ts";
import type { QueryProgress } from "../sdc/run_query.ts";
import type { IfPresent } from "../transfer/download.ts";

/**
 * Options of every call.
 *
 * @category Find files
 */
export interface CallOptions {
  /** Cancels the call: its promise rejects with the signal's reason. The next download of the same file resumes. */
  signal?: AbortSignal | undefined;
}

/**
 * Options of a query.
 *
 * @category Find files
 */
export interface QueryOptions extends CallOptions {
  /** Called with the progress of the query each time that rows are received. */
  onProgress?: ((progress: QueryProgress) => void) | undefined;
  /**
   * Returns the current time, for `today`, `yesterday` and `7d`. Default: the clock of this machine.
   *
   * @ignore
   */
  now?: (() => Date) | undefined;
}

/**
 * Options of downloads and uploads.
 *
 * @category Download and upload
 */
export interface TransferOptions extends CallOptions {
  /** The maximum number of files transferred at a time, and of connections in total: 1 to 256. Default: 8. */
  concurrency?: number | undefined;
  /**
   * Whether to only report what would be done: the state of each outcome is `planned`, and nothing is transferred or
   * written. Of files to download, the sizes of at most 100 are requested. Default: false.
   */
  dryRun?: boolean | undefined;
  /** Whether a notebook shows the progress and the outcome of each file. It has no effect elsewhere. Default: true. */
  progress?: boolean | undefined;
  /** Called for each event as it happens, independently of what a notebook shows. */
  onProgress?: OnProgress | undefined;
}

/**
 * Options of a download.
 *
 * @category Download and upload
 */
export interface DownloadOptions extends TransferOptions {
  /**
   * What to do with existing files: `skip` keeps them without a request; `verify` compares them with the archive and
   * downloads those that differ; `fetch` downloads all of them again. Empty files are always downloaded. Default:
   * `skip`.
   */
  ifPresent?: IfPresent | undefined;
  /** The shard of the files to download, if several machines divide a list among themselves. Default: all files. */
  shard?: Shard | undefined;
}

/**
 * Options of an upload.
 *
 * @category Download and upload
 */
export interface UploadOptions extends TransferOptions {
  /** Whether a file that the archive already has is skipped, instead of being an error. Default: false. */
  skipExisting?: boolean | undefined;
}

/** The default of `concurrency`. */
export const DEFAULT_CONCURRENCY = 8;

/** The valid values of an option. Ranges of numbers and formats of texts are checked where they are used. */
export interface Kind {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  /** The valid words, if there are only a few. */
  readonly words?: readonly string[];
  /** Whether its value must not be shown. */
  readonly isSecret?: boolean;
}

/** Describes an option with one of a few words. */
function oneOf<Word extends string>(...words: Word[]): Kind {
  return { expected: `one of ${words.join(", ")}`, accepts: (value) => isOneOf(words, value), words };
}

function isFunction(value: unknown): value is () => unknown {
  return typeof value === "function";
}

/** Whether a value is a function that returns the time. */
function isClock(value: unknown): boolean {
  if (!isFunction(value)) return false;
  try {
    const now = value();
    return now instanceof Date && !Number.isNaN(now.getTime());
  } catch {
    return false;
  }
}

function isShard(value: unknown): boolean {
  return typeof value === "object" && value !== null && "part" in value && "of" in value &&
    typeof value.part === "number" &&
    typeof value.of === "number";
}

/** The types of options' values. */
export const KINDS = {
  flag: { expected: "true or false", accepts: (value) => typeof value === "boolean" },
  number: { expected: "a number", accepts: (value) => typeof value === "number" },
  milliseconds: {
    expected: "a number of milliseconds, 0 or more",
    accepts: (value) => typeof value === "number" && value >= 0 && Number.isFinite(value),
  },
  text: { expected: "text", accepts: (value) => typeof value === "string" },
  secret: { expected: "text", accepts: (value) => typeof value === "string", isSecret: true },
  texts: {
    expected: "a list of texts",
    accepts: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
  },
  function: { expected: "a function", accepts: isFunction },
  day: { expected: "a day or a time, such as 2026-01-31 or 2026-01-31T12:00", accepts: (value) => value !== null },
  clock: { expected: "a function that returns a valid Date", accepts: isClock },
  signal: { expected: "an AbortSignal", accepts: (value) => value instanceof AbortSignal },
  shard: { expected: "{ part: K, of: N } with K from 1 to N", accepts: isShard },
} as const satisfies Readonly<Record<string, Kind>>;

/** The type of value of each option; the compiler checks that none is missing. */
export type KindsOf<Options> = { readonly [Name in keyof Options]-?: Kind };

/** The options of every call. */
export const CALL_KINDS: KindsOf<CallOptions> = { signal: KINDS.signal };

const TRANSFER_KINDS: KindsOf<TransferOptions> = {
  ...CALL_KINDS,
  concurrency: KINDS.number,
  dryRun: KINDS.flag,
  progress: KINDS.flag,
  onProgress: KINDS.function,
};

/** The options of a download. */
export const DOWNLOAD_KINDS: KindsOf<DownloadOptions> = {
  ...TRANSFER_KINDS,
  ifPresent: oneOf<IfPresent>("skip", "verify", "fetch"),
  shard: KINDS.shard,
};

/** The options of an upload. */
export const UPLOAD_KINDS: KindsOf<UploadOptions> = { ...TRANSFER_KINDS, skipExisting: KINDS.flag };

/** The options of a query. */
export const QUERY_KINDS: KindsOf<QueryOptions> = { ...CALL_KINDS, onProgress: KINDS.function, now: KINDS.clock };

/** The settings of a client. */
export const SETTING_KINDS: KindsOf<ClientOptions> = {
  url: KINDS.text,
  dataDir: KINDS.text,
  apiKey: KINDS.secret,
  accessToken: KINDS.secret,
  webpodaToken: KINDS.secret,
  webpodaUrl: KINDS.text,
  ialirtUrl: KINDS.text,
  timeoutMs: KINDS.number,
  retries: KINDS.number,
};

/** Creates an error about an unknown option, which may be the name of a setting. */
function unknownOption(action: string, name: string, known: readonly string[]): InputError {
  const closest = closestName(name, known);
  const setting = closest === undefined ? closestName(name, Object.keys(SETTING_KINDS)) : undefined;
  const expected = `one of ${known.join(", ")}`;
  const advice = setting === undefined
    ? `expected ${expected}${suggestion(closest)}`
    : `${setting} is a setting of the client: configure({ ${setting}: ... }) or new ImapClient({ ${setting}: ... })`;
  return new InputError(`Cannot ${action} with "${shown(name)}": ${advice}`, {
    problems: [{ parameter: name, expected, ...(closest === undefined ? {} : { closest }) }],
  });
}

/**
 * Checks the options of a call, since notebooks are not type-checked. Options of `undefined` count as omitted.
 *
 * @param action What the options are for, as it follows `Cannot ` in messages.
 * @throws {InputError} With a line for each wrong name or value.
 */
export function checkOptions<Options extends object>(action: string, kinds: KindsOf<Options>, options: Options): void {
  checkObject(`${action} with`, options, "an object with options");
  const known = new Map(Object.entries<Kind>(kinds));
  const problems: InputError[] = [];
  // Options may be inherited from another object.
  for (const name of new Set([...Object.keys(options), ...known.keys()])) {
    const value: unknown = Reflect.get(options, name);
    if (value === undefined) continue;
    const kind = known.get(name);
    if (kind === undefined) problems.push(unknownOption(action, name, [...known.keys()]));
    if (kind === undefined || kind.accepts(value)) continue;
    const closest = closestWord(shown(value), kind.words ?? []);
    problems.push(wrongValue(`${action} with`, {
      parameter: name,
      ...(kind.isSecret ? {} : { value: shown(value) }),
      expected: kind.expected,
      ...(closest === undefined ? {} : { closest }),
    }));
  }
  if (problems.length > 0) throw joinInputErrors(problems);
}

/** Whether a value is iterable, but not a string. */
export function isList(value: unknown): value is Iterable<unknown> & object {
  return typeof value === "object" && value !== null && Symbol.iterator in value &&
    typeof value[Symbol.iterator] === "function";
}
