import {
  checkObject,
  ConnectionError,
  InputError,
  joinInputErrors,
  printable,
  ProtocolError,
  ResponseError,
  shown,
  unknownParameter,
  wrongValue,
} from "../errors.ts";
import { Call } from "../http/call.ts";
import { serverTime, type Transport } from "../http/transport.ts";
import {
  closestName,
  type DataLevel,
  dateText,
  type DayLike,
  type Instrument,
  isGlob,
  isOneOf,
  oneOfWords,
  readMoment,
} from "../names/fields.ts";
import {
  gatewayMessage,
  isJsonObject,
  PROCESSING_JOBS_ROUTE,
  PROCESSING_LOGS_ROUTE,
  RELEASE_ROUTE,
  REPROCESS_PARAMETERS,
  REPROCESS_ROUTE,
  type WireQuery,
  type WordOrText,
} from "../protocol/tables.ts";
import { checkValue, endBeforeStart, type Expected, inLowerCase, readDay } from "./plan_query.ts";
import { isNotFound, readJson } from "./replies.ts";

/** The maximum size of an error body to read. */
const MAX_REFUSAL = { limit: 16 * 1024, beyond: "cut" } as const;

/** What to release, under the SDC's own names. */
export interface ReleaseOrder {
  readonly release_type: string;
  /** The bare name of the manifest. */
  readonly manifest_file: string;
}

/**
 * Requests the release of the files in a manifest, without retries (SDC protocol, `GET /release`).
 *
 * @returns The SDC's response as parsed JSON; undefined if it does not have the manifest, for example before it is
 * indexed.
 * @throws {ResponseError} When the server rejects it.
 */
export async function release(call: Call, order: ReleaseOrder): Promise<{ readonly answer: unknown } | undefined> {
  const { release_type, manifest_file } = order;
  const reply = await call.getApi(call.apiUrl(RELEASE_ROUTE, { release_type, manifest_file }));
  if (reply.ok) return { answer: await readJson(reply, (json) => json) };
  const text = await reply.text(MAX_REFUSAL);
  if (isNotFound(reply.status, text)) return undefined;
  throw await reply.refusal(text);
}

/** Called with the time of the server's clock when it responds; undefined if the response does not state it. */
type OnServerTime = (time: Date | undefined) => void;

const MAY_BE_RECEIVED = "the request may have been received anyway";

/**
 * Requests reprocessing (SDC protocol, `POST /reprocess`). It is never retried: without a response, the request may
 * have been received anyway, and would run twice.
 *
 * @returns The SDC's response as parsed JSON.
 * @throws {ResponseError} When the server rejects it, for instance without credentials.
 */
export async function reprocess(call: Call, query: WireQuery, onServerTime: OnServerTime): Promise<unknown> {
  const url = call.apiUrl(REPROCESS_ROUTE, { ...query, reprocessing: "True" });
  const reply = await call.postApi(url).catch((error: unknown) => {
    if (!(error instanceof ConnectionError)) throw error;
    throw new ConnectionError(`${error.message}; ${MAY_BE_RECEIVED}`, { retryable: false });
  });
  onServerTime(serverTime(reply.headers));
  if (reply.status !== 503 && reply.status !== 504) return await readJson(reply, (json) => json);
  // The gateway gives up after 30 s, which does not stop the SDC's code.
  const { reason, status, serverText } = await reply.refusal();
  throw new ResponseError(`${reason}; ${MAY_BE_RECEIVED}; jobs lists what ran`, {
    action: call.action,
    status,
    serverText,
  });
}

/**
 * What to reprocess, under the SDC's own names (SDC protocol, `POST /reprocess`).
 *
 * @category Processing and release
 */
export interface ReprocessParameters {
  /** The first day: `20260131`, `2026-01-31`, `today`, `yesterday` or `7d`, in UTC. */
  start_date: DayLike;
  /** The last day, inclusive, in the same forms. */
  end_date: DayLike;
  /** The instrument, for example `mag`. Default: all instruments. */
  instrument?: WordOrText<Instrument> | undefined;
  /** The data level, for example `l1a`. Requires `instrument` and `descriptor`. Default: all levels. */
  data_level?: WordOrText<DataLevel> | undefined;
  /** The name of the product. Requires `instrument`. Default: all products. */
  descriptor?: string | undefined;
}

/** The parameters that a caller may give: the value of `reprocessing` is always the same. */
const NAMES = REPROCESS_PARAMETERS.filter((name) => name !== "reprocessing");
const REQUIRED = NAMES.slice(0, 2);

type Name = typeof NAMES[number];

function isText(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

/** Returns a value as text, if it is a day or a word whose case does not matter; other values are unchanged. */
function plainText(name: string, value: unknown): unknown {
  const text = dateText(value);
  return typeof text === "string" ? inLowerCase(name, text) : text;
}

/** What was expected instead of a wrong value; undefined when the value is right. */
function expectedOf(name: Name, value: unknown, now: Date): Expected | undefined {
  if (!isText(value)) return { expected: "a single text, not several" };
  const isPattern = name === "descriptor" && isGlob(String(value));
  return isPattern
    ? { expected: "the name of one product, not a pattern" }
    : checkValue("science", name, String(value), now);
}

/** Creates the error about a parameter that is given without others that it requires. */
function lacking(parameter: Name, value: string, needed: readonly Name[]): InputError {
  return new InputError(
    (nameOf) => `Cannot reprocess ${nameOf(parameter)} "${value}": it requires ${needed.map(nameOf).join(" and ")}`,
    { problems: [{ parameter, value, expected: `${needed.join(" and ")} as well` }] },
  );
}

/** Returns the error about a parameter without those that it requires; undefined if none are missing. */
function missing({ instrument, data_level, descriptor }: Partial<ReprocessParameters>): InputError | undefined {
  if (data_level !== undefined && (instrument === undefined || descriptor === undefined)) {
    return lacking("data_level", data_level, ["instrument", "descriptor"]);
  }
  if (descriptor !== undefined && instrument === undefined) return lacking("descriptor", descriptor, ["instrument"]);
  return undefined;
}

/**
 * Checks a request to reprocess before it is sent.
 *
 * @param now The current time, for `today`, `yesterday` and `7d`.
 * @returns What is sent: days are YYYYMMDD.
 * @throws {InputError} When a parameter is wrong, or another one that it requires is missing; with a line for each
 * problem.
 */
export function checkReprocess(parameters: ReprocessParameters, now: Date = new Date()): WireQuery {
  checkObject("reprocess by", parameters);
  const all = Object.entries<unknown>({ ...parameters }).map(([name, value]) =>
    [name, plainText(name, value)] as const
  );
  const given = all.filter(([, value]) => value !== undefined && value !== null && value !== "");
  const problems = given.flatMap(([name, value]) => {
    if (!isOneOf(NAMES, name)) {
      return [unknownParameter("reprocess", name, { known: NAMES, closest: closestName(name, NAMES) })];
    }
    const expected = expectedOf(name, value, now);
    return expected === undefined
      ? []
      : [wrongValue("reprocess", { parameter: name, value: shown(value), ...expected })];
  });
  const values = Object.fromEntries(given.flatMap(([name, value]) => isText(value) ? [[name, String(value)]] : []));
  const absent = REQUIRED.filter((name) => !given.some(([there]) => there === name));
  if (absent.length > 0) {
    problems.push(
      new InputError(
        (nameOf) => `Cannot reprocess without ${absent.map(nameOf).join(" and ")}: give the first and the last day`,
        { problems: absent.map((parameter) => ({ parameter, expected: "a day" })) },
      ),
    );
  }
  const lacks = missing(values);
  if (lacks !== undefined) problems.push(lacks);
  if (problems.length > 0) throw joinInputErrors(problems);
  const [start_date, end_date] = REQUIRED.map((name) => readDay(values[name] ?? "", now)?.day ?? "");
  if (start_date === undefined || end_date === undefined || start_date > end_date) {
    throw endBeforeStart("reprocess", [
      { parameter: "start_date", value: values.start_date },
      { parameter: "end_date", value: values.end_date },
    ]);
  }
  return { ...values, start_date, end_date };
}

/** The states of jobs (SDC protocol, `GET /processing-jobs`). */
export const JOB_STATES: readonly JobState[] = ["INPROGRESS", "SUCCEEDED", "FAILED"];

/**
 * The state of a job.
 *
 * @category Processing and release
 */
export type JobState = "INPROGRESS" | "SUCCEEDED" | "FAILED";

/**
 * Which jobs to list, under the SDC's own names (SDC protocol, `GET /processing-jobs`). All are compared for equality.
 *
 * @category Processing and release
 */
export interface JobParameters {
  /** `INPROGRESS`, `SUCCEEDED` or `FAILED`, in any case. */
  status?: WordOrText<JobState> | undefined;
  /** The instrument, for example `mag`. */
  instrument?: WordOrText<Instrument> | undefined;
  /** The data level of the job's product, for example `l1a`. */
  data_level?: WordOrText<DataLevel> | undefined;
  /** The name of the job's product. */
  descriptor?: string | undefined;
  /** The day of the job's product: `20260131`, `2026-01-31`, `today`, `yesterday` or `7d`, in UTC. */
  start_date?: DayLike | undefined;
  /** The number of a repointing, or `repoint00012`. */
  repointing?: string | number | undefined;
  /** The major version of the job's product. */
  major_version?: string | number | undefined;
  /** The minor version of the job's product. */
  minor_version?: string | number | undefined;
  /** The identifier of the job's log. */
  job_log_stream_id?: string | undefined;
  /** The hash of the job's inputs, which is part of the name of its dependency file. */
  dependency_hash?: string | undefined;
  /** The name of the job's definition at AWS, for example `ProcessingJob-mag`. */
  job_definition?: string | undefined;
  /** The container image that ran. */
  container_image?: string | undefined;
  /** The digest of the container image. */
  container_image_digest?: string | undefined;
  /** The command that ran, as older servers call it; today's send it as `job_command`. */
  container_command?: string | undefined;
  /** When the job started, exactly: a time such as `2026-01-31 12:00:00`, UTC, or a `Date`. A day means its midnight. */
  started_at?: DayLike | undefined;
  /** When the job ended, in the same forms. */
  stopped_at?: DayLike | undefined;
}

/**
 * A job of the SDC's processing (SDC protocol, `GET /processing-jobs`). Days are `YYYYMMDD` and times
 * `YYYY-MM-DD HH:MM:SS` in UTC, whatever the server sends; all other keys are kept as they are received.
 *
 * @category Processing and release
 */
export interface JobRecord {
  /** `INPROGRESS`, `SUCCEEDED` or `FAILED`. */
  readonly status: string | null;
  /** The instrument, for example `mag`. */
  readonly instrument: string | null;
  /** The data level of its product. */
  readonly data_level: string | null;
  /** The name of its product. */
  readonly descriptor: string | null;
  /** The day of its product, `YYYYMMDD`. */
  readonly start_date: string | null;
  /** The number of the repointing, or null. */
  readonly repointing: number | null;
  /** The major version of its product. */
  readonly major_version: number | null;
  /** The minor version of its product. */
  readonly minor_version: number | null;
  /** The command that ran. Older servers call it `container_command`. */
  readonly job_command: string | null;
  /** The identifier of its log; null if it does not have one yet. */
  readonly job_log_stream_id: string | null;
  /** When it started: `2026-01-31 12:00:00`, UTC. */
  readonly started_at: string | null;
  /** When it ended. */
  readonly stopped_at: string | null;
  /** Other keys that the server sends. */
  readonly [key: string]: unknown;
}

const JOB_NAMES = [
  "status",
  "instrument",
  "data_level",
  "descriptor",
  "start_date",
  "repointing",
  "major_version",
  "minor_version",
  "job_log_stream_id",
  "dependency_hash",
  "job_definition",
  "container_image",
  "container_image_digest",
  "container_command",
  "started_at",
  "stopped_at",
] as const;

type JobName = typeof JOB_NAMES[number];

/** What was expected instead of a wrong value; undefined when the value is right. */
function expectedOfJobs(name: JobName, value: unknown, now: Date): Expected | undefined {
  if (!isText(value)) return { expected: "a single text, not several" };
  const text = String(value);
  switch (name) {
    case "status":
      return isOneOf(JOB_STATES, text.toUpperCase()) ? undefined : oneOfWords(text, JOB_STATES);
    case "descriptor":
      return expectedOf(name, value, now);
    case "major_version":
      // The list contains the jobs of every version anyway.
      return /^\d{1,9}$/.test(text) ? undefined : { expected: "a whole number" };
    case "job_log_stream_id":
      return isLogStream(text) ? undefined : { expected: LOG_STREAM_FORM };
    case "dependency_hash":
    case "job_definition":
    case "container_image":
    case "container_image_digest":
    case "container_command":
      return printable(text) === text ? undefined : { expected: "text without control characters" };
    case "started_at":
    case "stopped_at":
      return momentOf(text) === undefined
        ? { expected: "a time (UTC) such as 2026-01-31T12:00:00, or a day" }
        : undefined;
    default:
      return checkValue("science", name, text, now);
  }
}

/** A day or a time in UTC, with fractions of a second. */
const MOMENT_TEXT = /^(\d{4}-?\d\d-?\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(?:Z|[+-]00:?00)?)?$/;

/** Returns a time as the SDC compares it, `2026-01-31T12:00:00`; undefined if the text is none. */
function momentOf(text: string): string | undefined {
  const [, day, time = "00:00:00"] = MOMENT_TEXT.exec(text) ?? [];
  const moment = readMoment(text.replace(" ", "T"));
  if (day === undefined || moment === undefined) return undefined;
  const { day: digits } = moment;
  const iso = `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`;
  return `${iso}T${time.length === 5 ? `${time}:00` : time.replace(/\.0+$/, "")}`;
}

/** A checked value, as it is sent. */
function wireValue(name: JobName, text: string, now: Date): string {
  if (name === "started_at" || name === "stopped_at") return momentOf(text) ?? text;
  if (name === "status") return text.toUpperCase();
  if (name === "start_date") return readDay(text, now)?.day ?? text;
  return name === "repointing" ? String(Number(text.replace(/^repoint/, ""))) : text;
}

/**
 * Checks which jobs to list before anything is sent.
 *
 * @param now The current time, for `today`, `yesterday` and `7d`.
 * @returns What is sent.
 * @throws {InputError} When a parameter is wrong; with a line for each.
 */
export function checkJobs(parameters: JobParameters, now: Date = new Date()): WireQuery {
  checkObject("list jobs by", parameters);
  const query: Record<string, string> = {};
  const problems: InputError[] = [];
  for (const [name, given] of Object.entries<unknown>({ ...parameters })) {
    const value = plainText(name, given);
    if (value === undefined || value === null || value === "") continue;
    if (!isOneOf(JOB_NAMES, name)) {
      const closest = closestName(name, JOB_NAMES);
      problems.push(unknownParameter("list jobs", name, { known: JOB_NAMES, closest }));
      continue;
    }
    const expected = expectedOfJobs(name, value, now);
    if (expected === undefined) query[name] = wireValue(name, String(value), now);
    else problems.push(wrongValue("list jobs with", { parameter: name, value: shown(value), ...expected }));
  }
  if (problems.length > 0) throw joinInputErrors(problems);
  return query;
}

/** ISO 8601 without a time zone, or in UTC. */
const JOB_MOMENT = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-]00:?00)?$/;

function decodeJob(json: unknown, count: number): JobRecord {
  if (!isJsonObject(json)) throw new ProtocolError(`job ${count} is not an object`);
  const text = (name: string) => {
    const value = json[name];
    return typeof value === "string" ? value : null;
  };
  const number = (name: string) => {
    const value = json[name];
    return typeof value === "number" ? value : null;
  };
  const moment = (name: string) => text(name)?.replace(JOB_MOMENT, "$1 $2") ?? null;
  // A copy would not keep the digits of large numbers in JSON.
  return Object.assign(json, {
    status: text("status"),
    instrument: text("instrument"),
    data_level: text("data_level"),
    descriptor: text("descriptor"),
    start_date: text("start_date")?.replace(/^(\d{4})-(\d\d)-(\d\d)(T.*)?$/, "$1$2$3") ?? null,
    repointing: number("repointing"),
    major_version: number("major_version"),
    minor_version: number("minor_version"),
    job_command: text("job_command") ?? text("container_command"),
    job_log_stream_id: text("job_log_stream_id"),
    started_at: moment("started_at"),
    stopped_at: moment("stopped_at"),
  });
}

/** The maximum number of jobs that the SDC lists (SDC protocol). */
export const MAX_JOBS = 500;

/** Lists jobs, the newest first (SDC protocol, `GET /processing-jobs`). @throws {ResponseError} When the server rejects the request. */
export async function findJobs(call: Call, query: WireQuery, onServerTime: OnServerTime): Promise<JobRecord[]> {
  return await call.retry(async () => {
    const reply = await call.getApi(call.apiUrl(PROCESSING_JOBS_ROUTE, query));
    onServerTime(serverTime(reply.headers));
    return await readJson(reply, (json) => {
      if (!Array.isArray(json)) throw new ProtocolError("it is not an array of jobs");
      return json.map((job: unknown, index) => decodeJob(job, index + 1));
    });
  });
}

const LOG_STREAM_FORM = "the job_log_stream_id of a job, for example ProcessingJob-mag/default/0123456789abcdef";

/** Whether a text can identify a log: it has no spaces or control characters. */
function isLogStream(text: string): boolean {
  return /^[\x21-\x7e]{1,512}$/.test(text);
}

/** The SDC sends up to 1 MB of a log. */
const MAX_LOG_BYTES = 8 * 1024 * 1024;

/**
 * Gets the log of a job (SDC protocol, `GET /processing-logs`).
 *
 * @param stream The job's `job_log_stream_id`.
 * @returns The text as the server sends it.
 * @throws {InputError} When it cannot identify a log. {ResponseError} When there is no such log.
 */
export async function getJobLog(transport: Transport, stream: string, signal?: AbortSignal): Promise<string> {
  if (typeof stream !== "string" || !isLogStream(stream)) {
    throw new InputError(`Cannot get the log "${shown(stream)}": expected ${LOG_STREAM_FORM}`, {
      problems: [{ parameter: "job_log_stream_id", value: shown(stream), expected: LOG_STREAM_FORM }],
    });
  }
  const call = new Call(transport, { action: `get the log "${stream}"`, signal });
  return await call.retry(async () => {
    const reply = await call.getApi(call.apiUrl(`${PROCESSING_LOGS_ROUTE}/job`, { job_log_stream_id: stream }));
    if (reply.ok) return await reply.text({ limit: MAX_LOG_BYTES, beyond: "fail" });
    const text = await reply.text(MAX_REFUSAL);
    const { action } = call;
    const { reason, status, serverText, retryable, retryAfterMs } = await reply.refusal(text);
    // The SDC's own code responds with 500 if the log does not exist, so a retry does not help.
    const isFinal = status === 500 && gatewayMessage(text) === undefined;
    throw new ResponseError(reason, {
      action,
      status,
      serverText,
      retryable: retryable && !isFinal,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  });
}
