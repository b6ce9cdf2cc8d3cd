import { CALL_KINDS, type CallOptions, checkOptions, KINDS, type KindsOf } from "./options.ts";
import { RecordList } from "./record_list.ts";
import { uploadOne, urlSource } from "./transfers.ts";
import { checkedPath, type Settings } from "../config.ts";
import type { Table } from "../display/table.ts";
import {
  checkObject,
  decodeText,
  excerpt,
  fileError,
  FileNameError,
  ImapError,
  InputError,
  type InputProblem,
  joinInputErrors,
  ResponseError,
  shown,
  suggestion,
  unknownParameter,
  wrongValue,
} from "../errors.ts";
import { Call } from "../http/call.ts";
import type { Transport } from "../http/transport.ts";
import {
  asWord,
  closestName,
  closestWord,
  DATA_LEVELS,
  type DayLike,
  formatVersion,
  type Instrument,
  INSTRUMENTS,
  isGlob,
  isInstrument,
  isMinorVersion,
  isOneOf,
  oneOfWords,
} from "../names/fields.ts";
import { archivePath, DESCRIPTOR_FORM, formatFileName, isDescriptor, parseFileName } from "../names/file_name.ts";
import {
  readManifestLine,
  RELEASE_DATA_TYPES,
  RELEASE_TYPES,
  type WireQuery,
  type WordOrText,
} from "../protocol/tables.ts";
import { DAY_FORMS, endBeforeStart, readDay } from "../sdc/plan_query.ts";
import {
  checkJobs,
  checkReprocess,
  findJobs,
  getJobLog,
  JOB_STATES,
  type JobParameters,
  type JobRecord,
  MAX_JOBS,
  release,
  type ReleaseOrder,
  reprocess,
  type ReprocessParameters,
} from "../sdc/orders.ts";
import { findObject } from "../sdc/replies.ts";
import { compareObject, type UrlSource } from "../transfer/objects.ts";
import { checkUploads } from "../transfer/upload.ts";
import { delay } from "@std/async";
import { basename, join } from "@std/path";

/**
 * What to release, under the SDC's own names (SDC protocol, `GET /release`).
 *
 * @category Processing and release
 */
export interface ReleaseParameters {
  /**
   * `release`, `early-release` or `unrelease`. The SDC responds with 501 to types that it does not support, currently
   * the last two.
   */
  release_type: WordOrText<"release" | "early-release" | "unrelease">;
  /** The local path of the manifest: `imap_<instrument>_data-release-<number>_<start>_<end>_<version>.txt`. */
  manifest_file: string;
}

/**
 * Options of a release.
 *
 * @category Processing and release
 */
export interface ReleaseOptions extends CallOptions {
  /** Whether to only check the input: nothing is sent. Default: false. */
  dryRun?: boolean | undefined;
  /** How long to wait until the archive has indexed the manifest, in milliseconds. Default: 120,000. */
  indexTimeoutMs?: number | undefined;
}

const RELEASE_KINDS: KindsOf<ReleaseOptions> = {
  ...CALL_KINDS,
  dryRun: KINDS.flag,
  indexTimeoutMs: KINDS.milliseconds,
};
const RELEASE_PARAMETER_KINDS: KindsOf<ReleaseParameters> = { release_type: KINDS.text, manifest_file: KINDS.text };

/**
 * The outcome of a release.
 *
 * @category Processing and release
 */
export interface ReleaseReport {
  /** The manifest's path in the archive. */
  readonly file_path: string;
  /** The SDC's text about the release; undefined when it sends none, or when nothing was sent. */
  readonly message: string | undefined;
  /** The SDC's response, decoded from JSON; undefined when nothing was sent. */
  readonly answer: unknown;
}

/** The parts of a client that a release uses. */
interface ReleaseContext {
  readonly settings: Settings;
  readonly transport: Transport;
}

const INDEX_TIMEOUT_MS = 120_000;
const MIN_WAIT_MS = 250;
const MAX_WAIT_MS = 10_000;

/** Checks the parameters, the manifest's name, and its lines. @returns The parameters to send. */
async function checkRelease({ settings }: ReleaseContext, parameters: ReleaseParameters): Promise<ReleaseOrder> {
  checkOptions("release", RELEASE_PARAMETER_KINDS, parameters);
  const { release_type, manifest_file } = parameters;
  const type = RELEASE_TYPES.find((known) => known === release_type);
  if (type === undefined) {
    const value = String(release_type);
    const closest = closestWord(value, RELEASE_TYPES);
    throw wrongValue("release with", {
      parameter: "release_type",
      value,
      expected: `one of ${RELEASE_TYPES.join(", ")}`,
      ...(closest === undefined ? {} : { closest }),
    });
  }
  if (!manifest_file) {
    throw new InputError(
      (nameOf) => `Cannot release without ${nameOf("manifest_file")}: give the path of the manifest`,
      {
        problems: [{ parameter: "manifest_file", expected: "the path of the manifest" }],
      },
    );
  }
  const name = basename(manifest_file);
  const [manifest] = await checkUploads([manifest_file]).catch((error: unknown) => {
    if (error instanceof FileNameError) return [];
    throw error;
  });
  const file = manifest && parseFileName(name);
  const isManifest = file?.kind === "release" && file.end_date !== null;
  if (manifest === undefined || !isManifest || file.start_date > (file.end_date ?? "")) {
    const expected = isManifest
      ? "a name whose first day is not after its last day"
      : "the name of a manifest with both days, for example imap_hit_data-release-001_20260101_20260131_v001.txt";
    throw new InputError(`Cannot release "${manifest_file}": expected ${expected}`, {
      problems: [{ parameter: "manifest_file", value: manifest_file, expected }],
    });
  }
  await checkManifest(manifest.path);
  if (settings.apiKey === undefined) {
    throw new InputError(`Cannot release "${name}": it needs an API key; set IMAP_API_KEY or use --api-key`);
  }
  return { release_type: type, manifest_file: name };
}

/** Returns the text of a response: today a JSON string, formerly a JSON object with a message. */
function messageOf(answer: unknown): string | undefined {
  return typeof answer === "string" ? answer : textUnder(answer, "message");
}

/** Returns the text for a key of a JSON object, if present. */
function textUnder(json: unknown, key: string): string | undefined {
  const value: unknown = typeof json === "object" && json !== null
    ? Object.entries(json).find(([name]) => name === key)?.[1]
    : undefined;
  return typeof value === "string" ? value : undefined;
}

/** A release: the manifest is uploaded, the archive indexes it, and the listed data are released. */
class Release {
  readonly #call: Call;
  readonly #urls: UrlSource;
  readonly #order: ReleaseOrder;
  /** The manifest on this machine, and in the archive. */
  readonly #manifest: { readonly path: string; readonly archivePath: string };
  /** Creates the error for an archive that already has a manifest of that name. */
  #refusal: ResponseError | undefined;

  constructor(transport: Transport, order: ReleaseOrder, path: string, signal: AbortSignal | undefined) {
    this.#call = new Call(transport, { action: `release "${order.manifest_file}"`, signal });
    this.#urls = urlSource(transport);
    this.#order = order;
    this.#manifest = { path, archivePath: archivePath(order.manifest_file) };
  }

  /** Uploads the manifest. The archive may have it from an earlier call that was interrupted. */
  async upload(): Promise<void> {
    const { transport, signal } = this.#call;
    try {
      await uploadOne({ transport }, this.#manifest.path, { signal, progress: false });
    } catch (error) {
      if (!(error instanceof ResponseError && error.status === 409)) throw error;
      this.#refusal = error;
    }
  }

  /** Requests the release as soon as the archive has indexed the manifest. @returns The SDC's response. */
  async requestWhenIndexed(timeoutMs: number): Promise<unknown> {
    const { action, signal } = this.#call;
    const end = performance.now() + timeoutMs;
    for (let waitMs = MIN_WAIT_MS;; waitMs = Math.min(2 * waitMs, MAX_WAIT_MS)) {
      const released = await this.#call.retry(() => this.#request());
      if (released !== undefined) return released.answer;
      const leftMs = end - performance.now();
      if (leftMs <= 0) {
        throw new ImapError(
          `Cannot ${action}: the archive did not index the manifest within ${timeoutMs / 1000} s; ` +
            "it was uploaded: make the same call again later to continue",
          { retryable: true },
        );
      }
      await delay(Math.min(waitMs, leftMs), signal && { signal });
    }
  }

  /** Requests the release once. @returns Undefined if the archive has not indexed the manifest yet. */
  async #request(): Promise<{ readonly answer: unknown } | undefined> {
    // Checking for the file costs the SDC little; requesting a release too early may cost more.
    if (await findObject(this.#call, this.#manifest.archivePath) === undefined) return undefined;
    if (this.#refusal !== undefined) {
      const { isSame } = await compareObject(this.#call, this.#urls, this.#manifest);
      if (!isSame) throw this.#refusal;
    }
    return await release(this.#call, this.#order);
  }
}

/** Uploads a manifest, waits until the archive has indexed it, and requests the release. */
export async function releaseData(
  context: ReleaseContext,
  parameters: ReleaseParameters,
  options: ReleaseOptions,
): Promise<ReleaseReport> {
  checkOptions("release", RELEASE_KINDS, options);
  const { signal, dryRun = false, indexTimeoutMs = INDEX_TIMEOUT_MS } = options;
  const order = await checkRelease(context, parameters);
  const file_path = archivePath(order.manifest_file);
  if (dryRun) return { file_path, message: undefined, answer: undefined };
  const release = new Release(context.transport, order, parameters.manifest_file, signal);
  await release.upload();
  const answer = await release.requestWhenIndexed(indexTimeoutMs);
  return { file_path, message: messageOf(answer), answer };
}

/**
 * The maximum size of a manifest: the SDC's own code reads it as a whole, and one line can release all files of an
 * instrument.
 */
const MAX_MANIFEST_BYTES = 2 ** 20;
const LINE_FORM = "instrument, data_type, descriptor, true|false";
const DATA_TYPES: readonly string[] = [...RELEASE_DATA_TYPES, ...DATA_LEVELS];

/** Returns what is wrong with a line of a manifest; undefined if it is valid. */
function problemOfLine(line: string): InputProblem | undefined {
  const read = readManifestLine(line);
  if (read === null) return undefined;
  if (line.startsWith("\ufeff")) return { value: line.slice(1).trim(), expected: "UTF-8 without a byte order mark" };
  if (read === undefined) return { value: line.trim(), expected: LINE_FORM };
  const { instrument, data_type, descriptor } = read;
  if (!isInstrument(instrument)) {
    return { parameter: "instrument", value: instrument, ...oneOfWords(instrument, INSTRUMENTS) };
  }
  if (!DATA_TYPES.includes(data_type)) {
    return { parameter: "data_type", value: data_type, ...oneOfWords(data_type, DATA_TYPES) };
  }
  return isDescriptor(descriptor) && !isGlob(descriptor)
    ? undefined
    : { parameter: "descriptor", value: descriptor, expected: `all, or ${DESCRIPTOR_FORM}` };
}

/**
 * Checks the lines of a manifest: the SDC responds to a wrong line with 500, and does not say which line it is.
 *
 * @throws {InputError} With a line for each problem.
 */
async function checkManifest(path: string): Promise<void> {
  const name = basename(path);
  let bytes: Uint8Array;
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_MANIFEST_BYTES) {
      throw new InputError(
        `Cannot release "${name}": it has ${size} bytes; a manifest has ${MAX_MANIFEST_BYTES} at most`,
      );
    }
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw fileError(`release "${name}"`, path, error);
  }
  const decoded = decodeText(bytes);
  if ("problem" in decoded) {
    throw new InputError(`Cannot release "${name}": expected text in UTF-8, but ${decoded.problem}`);
  }
  const errors = decoded.text.split(/\r?\n/).flatMap((line, index) => {
    const problem = problemOfLine(line);
    if (problem === undefined) return [];
    const { parameter = "line", value = "", expected, closest } = problem;
    const what = parameter === "line" ? "" : `${parameter} `;
    return new InputError(
      `Cannot release "${name}": line ${index + 1}: ${what}"${excerpt(value)}": expected ${expected}${
        suggestion(closest)
      }`,
      { problems: [problem] },
    );
  });
  if (errors.length > 0) throw joinInputErrors(errors, "Nothing was sent");
}

/**
 * A release manifest to write (SDC protocol, `GET /release`).
 *
 * @category Processing and release
 */
export interface ManifestParameters {
  /** The instrument, for example `mag`. */
  instrument: WordOrText<Instrument>;
  /** The number of the data release, 1 to 999. */
  release_number: number | string;
  /** The first day of the release: `20260131`, `2026-01-31`, `today`, `yesterday` or `7d`, in UTC. */
  start_date: DayLike;
  /** The last day, inclusive, in the same forms. */
  end_date: DayLike;
  /** The version of the manifest. Default: `v001`. */
  version?: string | undefined;
  /**
   * What to release: a data level, `ancillary`, or `all`, each with all products or with a single one: `l1a/norm-mago`.
   */
  products: readonly string[];
}

/**
 * Options of a manifest.
 *
 * @category Processing and release
 */
export interface ManifestOptions {
  /** The folder to write it to. Default: the working directory. */
  folder?: string | undefined;
  /**
   * Returns the current time, for `today`, `yesterday` and `7d`. Default: the clock of this machine.
   *
   * @ignore
   */
  now?: (() => Date) | undefined;
}

const MANIFEST_KINDS: KindsOf<ManifestOptions> = { folder: KINDS.text, now: KINDS.clock };
const MANIFEST_NAMES = ["instrument", "release_number", "start_date", "end_date", "version", "products"] as const;
const WRITE = "write a manifest with";

/**
 * Checks the contents of a manifest.
 *
 * @returns Its name and its text.
 * @throws {InputError} With a line for each problem.
 */
function composeManifest(parameters: ManifestParameters, now: Date): { readonly name: string; readonly text: string } {
  checkObject("write a manifest of", parameters);
  const { release_number, start_date, end_date, version = "v001", products } = parameters;
  const instrument = asWord(parameters.instrument);
  const errors = Object.keys(parameters).filter((name) => !isOneOf(MANIFEST_NAMES, name)).map((name) =>
    unknownParameter("write a manifest", name, { known: MANIFEST_NAMES, closest: closestName(name, MANIFEST_NAMES) })
  );
  const reject = (parameter: string, value: unknown, expected: { expected: string; closest?: string }) => {
    const given = value === undefined || value === "" ? {} : { value: shown(value) };
    errors.push(wrongValue(WRITE, { parameter, ...given, ...expected }));
  };
  if (!isInstrument(instrument)) reject("instrument", instrument, oneOfWords(shown(instrument ?? ""), INSTRUMENTS));
  const number = /^\d{1,3}$/.test(shown(release_number)) ? Number(release_number) : 0;
  if (number === 0) reject("release_number", release_number, { expected: "a whole number from 1 to 999" });
  const [first, last] = ([["start_date", start_date], ["end_date", end_date]] as const).map(([parameter, value]) => {
    const day = readDay(value, now)?.day;
    if (day === undefined) reject(parameter, value, { expected: DAY_FORMS });
    return day;
  });
  if (typeof version !== "string" || !isMinorVersion(version)) reject("version", version, { expected: "vNNN" });
  const list: readonly unknown[] = Array.isArray(products) ? products : [];
  if (list.length === 0) reject("products", undefined, { expected: "at least one product, such as l1a/norm-mago" });
  const lines = list.map((product) => {
    const [data_type = "", descriptor = "all", ...more] = shown(product).trim().split("/");
    const line = `${instrument}, ${data_type}, ${descriptor}, true`;
    const problem = data_type !== "" && descriptor !== "" && more.length === 0 && !shown(product).includes(",")
      // A wrong instrument is reported separately.
      ? problemOfLine(isInstrument(instrument) ? line : `${INSTRUMENTS[0]}, ${data_type}, ${descriptor}, true`)
      : { expected: "a data type, or a data type and a descriptor, such as l1a/norm-mago" };
    if (problem !== undefined) {
      const { expected, closest } = problem;
      reject("products", product, { expected, ...(closest === undefined ? {} : { closest }) });
    }
    return line;
  });
  if (errors.length > 0 || first === undefined || last === undefined || !isInstrument(instrument)) {
    throw joinInputErrors(errors);
  }
  if (first > last) {
    throw endBeforeStart(WRITE, [
      { parameter: "start_date", value: start_date },
      { parameter: "end_date", value: end_date },
    ]);
  }
  const name = formatFileName({
    kind: "release",
    instrument,
    descriptor: `data-release-${String(number).padStart(3, "0")}`,
    start_date: first,
    end_date: last,
    repointing: null,
    version,
    extension: "txt",
  });
  return { name, text: ["instrument,data_type,descriptor,release", ...lines, ""].join("\n") };
}

/** Writes a release manifest. An existing file with different contents is never replaced. @returns Its path. */
export async function writeManifest(
  parameters: ManifestParameters,
  options: ManifestOptions,
): Promise<string> {
  checkOptions("write a manifest", MANIFEST_KINDS, options);
  const { folder = "", now = () => new Date() } = options;
  const { name, text } = composeManifest(parameters, now());
  const path = folder === "" ? name : join(checkedPath("write the manifest to", folder, "folder"), name);
  try {
    await Deno.writeTextFile(path, text, { createNew: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw fileError("write the manifest", path, error);
    if (await Deno.readTextFile(path) === text) return path;
    throw new InputError(
      `Cannot write the manifest "${path}": there is another one; give the new one a higher version`,
    );
  }
  return path;
}

/**
 * Options of a reprocessing request.
 *
 * @category Processing and release
 */
export interface ReprocessOptions extends CallOptions {
  /** Whether to only check the input: nothing is sent. Default: false. */
  dryRun?: boolean | undefined;
  /**
   * Returns the current time, for `today`, `yesterday` and `7d`. Default: the clock of this machine.
   *
   * @ignore
   */
  now?: (() => Date) | undefined;
}

const REPROCESS_KINDS: KindsOf<ReprocessOptions> = { ...CALL_KINDS, dryRun: KINDS.flag, now: KINDS.clock };

/**
 * The outcome of a request to reprocess.
 *
 * @category Processing and release
 */
export interface ReprocessReport {
  /** The parameters as sent: days are YYYYMMDD. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The identifier of the request from the SDC; undefined if it sent none, or nothing was sent. */
  readonly reprocess_id: string | undefined;
  /** The SDC's response, decoded from JSON; undefined when nothing was sent. */
  readonly answer: unknown;
}

/**
 * Whether the days of a checked request would be others by the server's clock, since they were given relative to today.
 *
 * @param checkAt Checks the request at another time.
 */
function isOtherDay(query: WireQuery, checkAt: (time: Date) => WireQuery, time: Date | undefined): time is Date {
  if (time === undefined) return false;
  try {
    return JSON.stringify(checkAt(time)) !== JSON.stringify(query);
  } catch {
    return true; // On the other day, the range would end before it starts.
  }
}

/** Checks a request to reprocess, and sends it. */
export async function triggerReprocessing(
  transport: () => Transport,
  order: ReprocessParameters,
  options: ReprocessOptions,
): Promise<ReprocessReport> {
  checkOptions("reprocess", REPROCESS_KINDS, options);
  const { signal, dryRun = false, now } = options;
  const used = now?.() ?? new Date();
  const parameters = checkReprocess(order, used);
  const send = async () => {
    const call = new Call(transport(), { action: "trigger the reprocessing", signal });
    return await reprocess(call, parameters, (time) => {
      // A request to reprocess is sent once, whatever the response says.
      if (now !== undefined || !isOtherDay(parameters, (now) => checkReprocess(order, now), time)) return;
      call.noteOtherDay(used, time, `the request is for ${parameters.start_date} to ${parameters.end_date}`);
    });
  };
  const answer = dryRun ? undefined : await send();
  return { parameters, reprocess_id: textUnder(answer, "reprocess_id"), answer };
}

/**
 * Options of a list of jobs.
 *
 * @category Processing and release
 */
export interface JobsOptions extends CallOptions {
  /**
   * Returns the current time, for `today`, `yesterday` and `7d`. Default: the clock of this machine.
   *
   * @ignore
   */
  now?: (() => Date) | undefined;
}

const JOBS_KINDS: KindsOf<JobsOptions> = { ...CALL_KINDS, now: KINDS.clock };

/** `v001.0002` of a job's product; the row's own text if it has no numbers, as on older servers. */
function versionOfJob({ major_version, minor_version, version }: JobRecord): string {
  if (minor_version !== null) return formatVersion({ major: major_version, minor: minor_version });
  return typeof version === "string" ? version : "";
}

/** Creates a table of jobs. */
function jobsTable(jobs: readonly JobRecord[]): Table<JobRecord> {
  const column = (header: string, text: (job: JobRecord) => string | number | null) => ({
    header,
    align: "left" as const,
    text: (job: JobRecord) => String(text(job) ?? ""),
  });
  const counts = JOB_STATES.flatMap((state) => {
    const count = jobs.filter(({ status }) => status === state).length;
    return count === 0 ? [] : [`${count} ${state}`];
  });
  return {
    title: `Found [${jobs.length}] jobs${counts.length === 0 ? "" : `: ${counts.join(", ")}`}`,
    isFailed: ({ status }) => status === "FAILED",
    ...(jobs.length < MAX_JOBS ? {} : { note: `The SDC lists only the newest ${MAX_JOBS} jobs that match.` }),
    columns: [
      column("Status", ({ status }) => status),
      column("Instrument", ({ instrument }) => instrument),
      column("Data Level", ({ data_level }) => data_level),
      column("Descriptor", ({ descriptor }) => descriptor),
      column("Start Date", ({ start_date }) => start_date),
      ...(jobs.some(({ repointing }) => repointing !== null)
        ? [column("Repointing", ({ repointing }) => repointing)]
        : []),
      column("Version", versionOfJob),
      column("Started At", ({ started_at }) => started_at),
      column("Stopped At", ({ stopped_at }) => stopped_at),
      column("Log", ({ job_log_stream_id }) => job_log_stream_id),
    ],
    rows: jobs,
  };
}

/** Checks the conditions, and lists the jobs. */
export async function listJobs(
  transport: () => Transport,
  parameters: JobParameters,
  options: JobsOptions,
): Promise<RecordList<JobRecord>> {
  checkOptions("list jobs", JOBS_KINDS, options);
  const { signal, now } = options;
  const used = now?.() ?? new Date();
  const query = checkJobs(parameters, used);
  const call = new Call(transport(), { action: "list jobs", signal });
  let time: Date | undefined;
  const jobs = await findJobs(call, query, (serverTime) => time = serverTime);
  const there = time;
  if (now === undefined && isOtherDay(query, (now) => checkJobs(parameters, now), there)) {
    call.noteOtherDay(used, there, "the jobs are listed again for the archive's day");
    return await listJobs(transport, parameters, { ...options, now: () => there });
  }
  return RecordList.fromRecords(jobs, jobsTable);
}

/** Gets the log of a job, which is given as a row or by the identifier of its log. */
export async function readJobLog(
  transport: Transport,
  job: JobRecord | string,
  options: CallOptions,
): Promise<string> {
  checkOptions("get the log of a job", CALL_KINDS, options);
  const stream = typeof job === "object" && job !== null ? job.job_log_stream_id : job;
  if (stream === null) {
    throw new InputError("Cannot get the log of a job that has none yet: list the jobs again when it has started");
  }
  return await getJobLog(transport, stream, options.signal);
}
