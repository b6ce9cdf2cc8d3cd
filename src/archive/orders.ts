import { isCalendarDate, isDataLevel, isInstrument, isOneOf } from "../names/fields.ts";
import { isJsonObject, readManifestLine, RELEASE_PARAMETERS, RELEASE_TYPES } from "../protocol/tables.ts";
import type { Catalog, ReleaseSelection } from "./catalog.ts";
import { pythonList, type Responses } from "./dialect.ts";
import type { ObjectStore } from "./object_store.ts";
import { FileNameError, ImapError } from "../errors.ts";
import { archivePath, parseFileName } from "../names/file_name.ts";

/** A request to `/release`, with what is needed to respond to it. */
interface ReleaseRequest {
  readonly search: URLSearchParams;
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  readonly responses: Responses;
}

/** The maximum size of a manifest. One line can release all files of an instrument, so this is enough. */
const MAX_MANIFEST_BYTES = 2 ** 20;

/** The contents of a manifest's name. */
interface Manifest {
  /** Its path in the archive. */
  readonly path: string;
  /** The first day, YYYYMMDD. */
  readonly start: string;
  /** The last day. */
  readonly end: string;
}

/**
 * Answers `GET /release` (SDC protocol): releases the files that the lines of an uploaded manifest select.
 *
 * @param note Called with the parameters of a successful release.
 * @throws {ImapError} When the SDC's code would crash: the manifest is missing or invalid.
 */
export async function answerRelease(
  { search, catalog, store, responses }: ReleaseRequest,
  note: (parameters: Readonly<Record<string, string>>) => Promise<void>,
): Promise<Response> {
  const given = new Map(search);
  const refuse = (problem: string) => responses.untypedJson(problem, 400);
  for (const name of given.keys()) {
    if (isOneOf(RELEASE_PARAMETERS, name)) continue;
    return refuse(responses.unknownParameter(`'${name}'`, RELEASE_PARAMETERS));
  }
  const type = given.get("release_type");
  if (type === undefined) throw new ImapError("Cannot release: there is no release_type");
  switch (RELEASE_TYPES.find((known) => known === type)) {
    case undefined:
      return refuse(`'${type}' is not a valid release_type. Valid options are: ${pythonList(RELEASE_TYPES)}`);
    case "early-release":
      return responses.untypedText("Early release operation not supported yet.", 501);
    case "unrelease":
      return responses.untypedText("Unrelease operation not supported yet.", 501);
    case "release":
  }
  const name = given.get("manifest_file");
  if (!name) return refuse("Missing required query parameter 'manifest_file' for release operation.");
  await catalog.release(await readManifest(name, store));
  await note(Object.fromEntries(given));
  return responses.untypedJson(`Successfully released data per specification in ${name}`);
}

/** Parses an uploaded manifest. All lines are parsed before any of them takes effect. */
async function readManifest(name: string, store: ObjectStore): Promise<ReleaseSelection[]> {
  const { path, start, end } = manifestNamed(name);
  // A manifest that was stored a moment ago is listed now.
  const object = await store.has(path) ? await store.open(path) : undefined;
  if (object === undefined) throw new ImapError(`Cannot release by "${name}": it was not uploaded`);
  if (object.size > MAX_MANIFEST_BYTES) {
    object.close();
    throw new ImapError(`Cannot release by "${name}": it has ${object.size} bytes, ${MAX_MANIFEST_BYTES} are allowed`);
  }
  const bytes = await new Response(object.stream()).arrayBuffer();
  // The SDC's code crashes on other encodings, and does not skip a byte order mark.
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw new ImapError(`Cannot release by "${name}": it is not text in UTF-8`);
  }
  return text.split(/\r?\n/).flatMap((line) => {
    const selection = readLine(line, name);
    return selection === undefined ? [] : [{ ...selection, start, end }];
  });
}

function manifestNamed(name: string): Manifest {
  try {
    const file = parseFileName(name);
    if (file.kind === "release" && file.start_date !== null && file.end_date !== null) {
      return { path: archivePath(name), start: file.start_date, end: file.end_date };
    }
  } catch (error) {
    if (!(error instanceof FileNameError)) throw error;
  }
  throw new ImapError(
    `Cannot release by "${name}": expected a name such as imap_mag_data-release-001_20260101_20260131_v001.txt`,
  );
}

/** Returns the selection of a line; undefined for a comment, the header, or a line with `false`. */
function readLine(
  line: string,
  name: string,
): Pick<ReleaseSelection, "instrument" | "dataType" | "descriptor"> | undefined {
  const read = readManifestLine(line);
  if (read === undefined) {
    throw new ImapError(
      `Cannot release by "${name}": expected "instrument, data_type, descriptor, true" in the line "${line.trim()}"`,
    );
  }
  if (read === null || !read.released) return undefined;
  const { instrument, data_type: dataType, descriptor } = read;
  return { instrument, dataType, descriptor };
}

/** A reprocessing or release request. The archive does not reprocess anything; it only records the request. */
export interface Order {
  /** The time in UTC: `2024-07-09 15:42:23`. */
  readonly time: string;
  /** The route. */
  readonly order: "reprocess" | "release";
  /** The parameters, under their names on the wire. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The `reprocess_id` that was returned to the caller of `/reprocess`. */
  readonly id?: string;
}

/** Parses the JSON of a request; undefined if it is invalid, for instance a line that a crash truncated. */
export function readOrder(line: string): Order | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (!isJsonObject(value) || typeof value.time !== "string" || !isJsonObject(value.parameters)) return undefined;
    if (value.order !== "reprocess" && value.order !== "release") return undefined;
    const parameters = Object.entries(value.parameters).map(([name, text]) => [name, String(text)]);
    const order: Order = { time: value.time, order: value.order, parameters: Object.fromEntries(parameters) };
    return typeof value.id === "string" ? { ...order, id: value.id } : order;
  } catch {
    return undefined;
  }
}

/** Returns the size of a file; 0 if it does not exist. */
function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** The newest reprocessing and release requests. */
export interface Journal {
  /** Writes a request; it is kept when this returns. */
  append(order: Order): Promise<void>;
  /** Returns the requests, oldest first. */
  orders(): Promise<Order[]>;
}

/** A journal in a file, one JSON line for each request, oldest first. It is independent of the catalog. */
export class FileJournal implements Journal {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #isShared: boolean;

  /**
   * Opens the journal in a file, which may not exist yet.
   *
   * @param maxBytes When the file is larger, the older half of the requests is dropped. 4 MiB hold about 20,000
   * requests.
   * @param isShared Whether other processes write to it, too.
   */
  constructor(path: string, maxBytes = 4 * 2 ** 20, isShared = false) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#isShared = isShared;
  }

  /** Writes a request, and flushes it to disk. */
  append(order: Order): Promise<void> {
    // Synchronously: two requests at a time do not mix.
    return Promise.try(() => {
      using lock = this.#isShared ? Deno.openSync(`${this.#path}.lock`, { create: true, write: true }) : undefined;
      lock?.lockSync(true);
      this.#trim();
      this.#write(this.#path, [order], { append: true });
    });
  }

  /** Drops the older half of a full journal: callers of an archive without a key could fill the disk with requests. */
  #trim(): void {
    if (sizeOf(this.#path) < this.#maxBytes) return;
    const kept = this.#read();
    const half = `${this.#path}.new`;
    this.#write(half, kept.slice(-Math.ceil(kept.length / 2)), { truncate: true });
    Deno.renameSync(half, this.#path);
  }

  #write(path: string, orders: readonly Order[], how: { append: true } | { truncate: true }): void {
    using file = Deno.openSync(path, { create: true, write: true, ...how });
    const bytes = new TextEncoder().encode(orders.map((order) => `${JSON.stringify(order)}\n`).join(""));
    for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
    file.syncSync();
  }

  orders(): Promise<Order[]> {
    return Promise.try(() => this.#read());
  }

  #read(): Order[] {
    try {
      return Deno.readTextFileSync(this.#path).split("\n").map(readOrder).filter((order) => order !== undefined);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }
}

/** A request for jobs or their logs, with what is needed to respond to it. */
interface JobsRequest {
  /** The query of the URL. */
  readonly search: URLSearchParams;
  /** The requests in the journal, the oldest first. */
  readonly orders: readonly Order[];
  /** The dialect of the archive. */
  readonly responses: Responses;
}

/** A row of `GET /processing-jobs` (SDC protocol). */
interface Job {
  readonly job_command: string;
  readonly status: "SUCCEEDED";
  readonly instrument: string | null;
  readonly data_level: string | null;
  readonly descriptor: string | null;
  readonly start_date: string | null;
  readonly major_version: number;
  readonly minor_version: number;
  readonly repointing: null;
  readonly dependency_hash: null;
  readonly job_definition: null;
  readonly job_log_stream_id: string | null;
  readonly container_image: null;
  readonly container_image_digest: null;
  readonly started_at: string;
  readonly stopped_at: string;
}

/** The maximum number of jobs in a response (SDC protocol). */
const MAX_JOBS = 500;

const STATUSES: readonly string[] = ["INPROGRESS", "SUCCEEDED", "FAILED"];

/** The parameters, each with a check of its value. Most invalid values make the SDC crash. */
const FILTERS: ReadonlyMap<string, (text: string) => boolean> = new Map<string, (text: string) => boolean>([
  ["status", (text) => STATUSES.includes(text)],
  ["instrument", isInstrument],
  ["data_level", isDataLevel],
  ["descriptor", isAnything],
  ["start_date", isCalendarDate],
  ["major_version", isInteger],
  ["minor_version", isInteger],
  ["repointing", isInteger],
  ["dependency_hash", isAnything],
  ["job_definition", isAnything],
  ["job_log_stream_id", isAnything],
  ["container_image", isAnything],
  ["container_image_digest", isAnything],
  ["container_command", isAnything],
  ["started_at", isMoment],
  ["stopped_at", isMoment],
]);

function isAnything(): boolean {
  return true;
}

function isInteger(text: string): boolean {
  return /^[+-]?\d{1,9}$/.test(text);
}

/** Matches ISO 8601, at least a date. */
function isMoment(text: string): boolean {
  return /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text));
}

/**
 * Answers `GET /processing-jobs` (SDC protocol), the newest job first. The archive does not process anything: each
 * reprocessing request is listed as a job that succeeded immediately.
 */
export function answerJobs({ search, orders, responses }: JobsRequest): Response {
  let isPossible = true;
  for (const [name, text] of search) {
    const isValid = FILTERS.get(name);
    if (isValid === undefined) return responses.untypedJson({ error: `Invalid parameter: ${name}` }, 400);
    if (isValid(text)) continue;
    if (name === "start_date") {
      return responses.untypedJson({ error: "Invalid date format for start_date. Expected YYYYMMDD." }, 400);
    }
    isPossible = false;
  }
  if (!isPossible) return responses.crashed();
  const jobs = jobsOf(orders).filter((job) => [...search].every(([name, text]) => isEqual(job, name, text)));
  return responses.untypedJson(jobs.slice(0, MAX_JOBS));
}

function isEqual(job: Job, name: string, text: string): boolean {
  const value = new Map<string, unknown>(Object.entries(job)).get(name);
  if (typeof value === "number") return value === Number(text);
  if (name === "start_date") return value === dateTime(text);
  return name.endsWith("_at") ? Date.parse(String(value)) === Date.parse(text) : value === text;
}

/** The options of a job's command, by the parameters of the request. */
const COMMAND_WORDS: readonly (readonly [parameter: string, word: string])[] = [
  ["instrument", "--instrument"],
  ["data_level", "--data-level"],
  ["descriptor", "--descriptor"],
  ["start_date", "--start-date"],
  ["end_date", "--end-date"],
];

/** Returns the jobs of requests, the newest first. */
function jobsOf(orders: readonly Order[]): Job[] {
  return orders.filter(({ order }) => order === "reprocess").map(jobOf).toReversed();
}

function jobOf({ time, parameters, id }: Order): Job {
  const { instrument = null, data_level = null, descriptor = null, start_date = "" } = parameters;
  const words = COMMAND_WORDS.flatMap(([name, word]) => {
    const value = parameters[name];
    return value === undefined ? [] : [`${word} ${value}`];
  });
  const moment = `${time.replace(" ", "T")}+00:00`;
  return {
    job_command: `imap_cli ${words.join(" ")}`,
    status: "SUCCEEDED",
    instrument,
    data_level,
    descriptor,
    start_date: isCalendarDate(start_date) ? dateTime(start_date) : null,
    major_version: 1,
    minor_version: 1,
    repointing: null,
    dependency_hash: null,
    job_definition: null,
    job_log_stream_id: id === undefined ? null : `ProcessingJob-${instrument ?? "all"}/default/${id}`,
    container_image: null,
    container_image_digest: null,
    started_at: moment,
    stopped_at: moment,
  };
}

/** `20260102` -> `2026-01-02T00:00:00`. */
function dateTime(day: string): string {
  return `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00`;
}

/** Answers `GET /processing-logs/{any}` (SDC protocol): the log of a job, which has a single line here. */
export function answerJobLog({ search, orders, responses }: JobsRequest): Response {
  const stream = search.get("job_log_stream_id");
  if (!stream) {
    return responses.untypedText(
      "Required Batch job log stream ID. Please provide 'job_log_stream_id'. " +
        "Eg. job_log_stream_id=ProcessingJob-codice-l3/default/0123456789abcdef0123456789abcdef",
      400,
    );
  }
  const job = jobsOf(orders).find(({ job_log_stream_id }) => job_log_stream_id === stream);
  if (job === undefined) {
    return responses.untypedJson({
      error: "Could not fetch logs: An error occurred (ResourceNotFoundException) when calling the GetLogEvents " +
        "operation: The specified log stream does not exist.",
    }, 500);
  }
  return responses.untypedText(
    `A local archive does not process anything. Recorded at ${job.started_at}: ${job.job_command}`,
    200,
  );
}
