import { METAKERNEL_CATEGORIES, readSpiceFile, writeKernelsToLoad } from "../names/file_name.ts";
import type { Catalog } from "./catalog.ts";
import { formatTimestamp, packRows } from "./catalog_entry.ts";
import type { Responses } from "./dialect.ts";
import { listedParameters, parametersOf, type TableRequest } from "./tables.ts";
import {
  dateOfTdbSeconds,
  dayOf,
  isCalendarDate,
  missionSeconds,
  SPICE_FOLDERS,
  startOfDay,
  tdbSeconds,
} from "../names/fields.ts";
import { columnNames, type SDC_TABLES } from "../protocol/tables.ts";

/**
 * The tables of SPICE files that are not kernels: `GET /spice-query` returns their rows for the `type` of the same
 * name.
 */
const SPAN_TABLES = ["spin", "repoint", "thruster"] as const;
/** One of these tables. */
type SpanTable = typeof SPAN_TABLES[number];

/** The SDC's code behind these routes sets the content type of every response. */
function badRequest(problem: string): Response {
  return Response.json(problem, { status: 400 });
}

function rowsResponse(rows: Iterable<object>, { byteLimit, responses }: TableRequest): Response {
  const text = packRows(jsonOf(rows), byteLimit);
  return text?.toResponse({ "content-type": "application/json" }) ?? responses.crashed();
}

function* jsonOf(rows: Iterable<object>): Generator<string> {
  for (const row of rows) yield JSON.stringify(row);
}

/** Whether a flag is set. */
function isTrue(text: string | undefined): boolean {
  return text?.toLowerCase() === "true";
}

/** Answers `GET /spice-query` (SDC protocol): kernels, or the rows of one of the other tables of SPICE files. */
export async function answerSpiceQuery(request: TableRequest): Promise<Response> {
  const { catalog, search, responses } = request;
  if (search.size === 0) return responses.crashed();
  const given = parametersOf(request);
  const table = SPAN_TABLES.find((name) => name === given.get("type"));
  if (table !== undefined) {
    const parameters = spanParameters(given);
    return parameters === undefined ? responses.crashed() : await answerSpans(table, parameters, request);
  }
  const query = readKernelQuery(given, responses);
  return typeof query === "string" ? badRequest(query) : rowsResponse(await kernelRows(catalog, query), request);
}

/** Answers `GET /spin-table`, `GET /repoint-table`, and `GET /small-forces-table` (SDC protocol). */
export async function answerSpanTable(table: SpanTable, request: TableRequest): Promise<Response> {
  return await answerSpans(table, parametersOf(request), request);
}

/** The names of the parameters of `GET /spice-query` in the other tables. */
const SPAN_NAMES: ReadonlyMap<string, string> = new Map([
  ["file_name", "file_path"],
  ["start_time", "start_date"],
  ["end_time", "end_date"],
]);

/**
 * Converts the parameters to the names of the other tables, with times as days. Undefined if a time is not a number,
 * which makes the SDC crash.
 */
function spanParameters(given: ReadonlyMap<string, string>): Map<string, string> | undefined {
  const parameters = new Map<string, string>();
  for (const [name, text] of given) {
    if (name === "type") continue;
    const isTime = name === "start_time" || name === "end_time";
    const value = isTime ? dayOfTime(text) : text;
    if (value === undefined) return undefined;
    parameters.set(SPAN_NAMES.get(name) ?? name, value);
  }
  return parameters;
}

function dayOfTime(text: string): string | undefined {
  const date = dateOfTdbSeconds(secondsOf(text) ?? NaN);
  return date === undefined ? undefined : dayOf(date);
}

/**
 * SQL for each parameter of the other tables, with a question mark for its value. The days of a file must be within the
 * bounds.
 */
const SPAN_CONDITIONS: ReadonlyMap<string, string> = new Map([
  ["file_path", "file_path = ?"],
  ["start_date", "start_date >= ?"],
  ["end_date", "end_date <= ?"],
  ["start_ingest_date", "ingestion_date >= ?"],
  ["end_ingest_date", "ingestion_date <= ?"],
]);

async function answerSpans(
  table: SpanTable,
  given: ReadonlyMap<string, string>,
  request: TableRequest,
): Promise<Response> {
  const conditions = ["kernel_type = ?"];
  const values: string[] = [table];
  for (const [name, text] of given) {
    const condition = SPAN_CONDITIONS.get(name);
    if (condition === undefined && name !== "latest") {
      return badRequest(request.responses.unknownParameter(name, listedParameters(table)));
    }
    // Every repoint file starts with the mission.
    if (condition === undefined || (table === "repoint" && name === "start_date")) continue;
    if (name !== "file_path" && !isCalendarDate(text)) return badRequest(`Invalid value for ${name}: ${text}`);
    conditions.push(condition);
    values.push(name.endsWith("_ingest_date") ? midnightOf(text) ?? "" : text);
  }
  // The SDC's code crashes when it reads the rows of its own statement for the latest files.
  if (isTrue(given.get("latest"))) return request.responses.crashed();
  const sql = `SELECT file_path, start_date, end_date, version, ingestion_date FROM files
    WHERE ${conditions.join(" AND ")} ORDER BY file_path`;
  const rows = await request.catalog.rows(sql, values);
  return rowsResponse(rows.map((row) => spanRow(table, row)), request);
}

/** Converts a row to the columns of its table, with days and times as `2025-06-01, 00:00:00`. */
function spanRow(table: SpanTable, row: Readonly<Record<string, unknown>>): object {
  const values: Readonly<Record<string, unknown>> = {
    ...row,
    start_date: midnight(row.start_date),
    end_date: midnight(row.end_date),
    ingestion_date: withComma(row.ingestion_date),
  };
  return Object.fromEntries(columnNames(table).map((name) => [name, values[name]]));
}

function midnight(day: unknown): string | null {
  return typeof day === "string" ? withComma(formatTimestamp(startOfDay(day))) : null;
}

/** `2025-06-01 01:02:03` -> `2025-06-01, 01:02:03`, the format in all tables of SPICE files. */
function withComma(timestamp: unknown): string {
  return String(timestamp).replace(" ", ", ");
}

/** The conditions of a query for kernels. */
interface KernelQuery {
  /** Undefined for all types. */
  readonly type?: string | undefined;
  /** The bare name. */
  readonly fileName?: string | undefined;
  /** Kernels that cover this time or a later one, in TDB seconds since J2000. */
  readonly start?: number | undefined;
  /** Kernels that cover this time or an earlier one. */
  readonly end?: number | undefined;
  /** Whether to find only the highest version of each kernel, before all other conditions are applied. */
  readonly isLatest?: boolean | undefined;
  /** Kernels that were ingested at this time or later, `2025-06-01 01:02:03`. */
  readonly ingestedFrom?: string | undefined;
  /** Kernels that were ingested at this time or earlier. */
  readonly ingestedTo?: string | undefined;
}

/** Parses a decimal number as Python does; undefined if the text is not one. */
function secondsOf(text: string): number | undefined {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : undefined;
}

/** Returns the condition of a parameter; undefined if its value is invalid. */
type ReadKernelParameter = (text: string) => KernelQuery | undefined;

/** The parameters of `GET /spice-query`. */
const KERNEL_PARAMETERS: ReadonlyMap<string, ReadKernelParameter> = new Map<string, ReadKernelParameter>([
  ["type", (text) => ({ type: text === "kernels" ? undefined : text })],
  ["file_name", (text) => ({ fileName: text })],
  ["latest", (text) => ({ isLatest: isTrue(text) })],
  ["start_time", (text) => when(secondsOf(text), (start) => ({ start }))],
  ["end_time", (text) => when(secondsOf(text), (end) => ({ end }))],
  ["start_ingest_date", (text) => when(midnightOf(text), (ingestedFrom) => ({ ingestedFrom }))],
  ["end_ingest_date", (text) => when(midnightOf(text), (ingestedTo) => ({ ingestedTo }))],
]);

function when<Value>(value: Value | undefined, make: (value: Value) => KernelQuery): KernelQuery | undefined {
  return value === undefined ? undefined : make(value);
}

/** `20250601` -> `2025-06-01 00:00:00`. */
function midnightOf(day: string): string | undefined {
  return isCalendarDate(day) ? formatTimestamp(startOfDay(day)) : undefined;
}

/** Parses the parameters, or returns what is wrong with the first invalid one. */
function readKernelQuery(given: ReadonlyMap<string, string>, responses: Responses): KernelQuery | string {
  let query: KernelQuery = {};
  for (const [name, text] of given) {
    const read = KERNEL_PARAMETERS.get(name);
    if (read === undefined) return responses.unknownParameter(name, listedParameters("spice"));
    const part = read(text);
    if (part === undefined) return `Invalid value for ${name}: ${text}`;
    query = { ...query, ...part };
  }
  return query;
}

/** A kernel of the archive, with its coverage. */
export interface Kernel {
  /** Below `imap/spice`, for instance `lsk/naif0012.tls`. */
  readonly fileName: string;
  readonly fileRoot: string;
  readonly type: string;
  readonly version: number | null;
  /** TDB seconds since J2000. */
  readonly start: number;
  /** TDB seconds since J2000. */
  readonly end: number;
  /** `2024-07-09 15:42:23`, UTC. */
  readonly ingested: string;
  readonly coverage: Coverage;
}

/** The coverage of a kernel, derived from its name: the archive does not read kernels. */
interface Coverage {
  readonly from: Date;
  readonly to: Date;
  /** Whether the kernel is static, without coverage dates in its name. */
  readonly isStatic: boolean;
}

/** The coverage that the SDC assigns to static kernels: leap seconds, clock, frames, constants. */
export const STATIC_COVERAGE: Coverage = {
  from: new Date("2010-01-01T00:00:00Z"),
  to: new Date("2145-01-01T00:00:00Z"),
  isStatic: true,
};

/** Returns the time from the start of the first to the end of the last day in a name. */
function coverageOf(startDate: unknown, endDate: unknown): Coverage {
  if (typeof startDate !== "string" && typeof endDate !== "string") return STATIC_COVERAGE;
  const from = typeof startDate === "string" ? startOfDay(startDate) : STATIC_COVERAGE.from;
  const to = typeof endDate === "string" ? new Date(startOfDay(endDate).getTime() + 86_399_000) : STATIC_COVERAGE.to;
  return { from, to, isStatic: false };
}

const SPICE_FOLDER = "imap/spice/";

/** SQL: the archive has no newer version of the kernel. */
const IS_LATEST = `NOT EXISTS (SELECT 1 FROM files AS newer WHERE newer.file_root = files.file_root
  AND newer.minor_version > files.minor_version)`;

/** Returns the path of a SPICE file in the archive; empty if the name is not that of a SPICE file. */
function spicePath(name: string): string {
  const file = readSpiceFile(name);
  return Array.isArray(file) ? "" : `${SPICE_FOLDER}${SPICE_FOLDERS[file.kernel_type]}/${name}`;
}

/** Finds kernels, sorted by path. */
export async function findKernels(catalog: Catalog, query: KernelQuery): Promise<Kernel[]> {
  const { type, fileName, isLatest = false, ingestedFrom, ingestedTo, start = -Infinity, end = Infinity } = query;
  const conditions = [`table_name = 'spice' AND kernel_type NOT IN ('${SPAN_TABLES.join("', '")}')`];
  const values: string[] = [];
  const add = (condition: string, value: string | undefined) => {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  };
  add("kernel_type = ?", type);
  add("file_path = ?", fileName === undefined ? undefined : spicePath(fileName));
  add("ingestion_date >= ?", ingestedFrom);
  add("ingestion_date <= ?", ingestedTo);
  if (isLatest) conditions.push(IS_LATEST);
  const sql = `SELECT file_path, file_root, kernel_type, minor_version, start_date, end_date, ingestion_date FROM files
    WHERE ${conditions.join(" AND ")} ORDER BY file_path`;
  const kernels: Kernel[] = [];
  for (const row of await catalog.rows(sql, values)) {
    const coverage = coverageOf(row.start_date, row.end_date);
    const kernel: Kernel = {
      fileName: String(row.file_path).slice(SPICE_FOLDER.length),
      fileRoot: String(row.file_root),
      type: String(row.kernel_type),
      version: row.minor_version === null ? null : Number(row.minor_version),
      start: tdbSeconds(coverage.from),
      end: tdbSeconds(coverage.to),
      ingested: String(row.ingestion_date),
      coverage,
    };
    if (kernel.end >= start && kernel.start <= end) kernels.push(kernel);
  }
  return kernels;
}

/** The columns of a kernel's row. */
type KernelRow = Readonly<Record<keyof typeof SDC_TABLES.spice.columns, unknown>>;

/** The SDC's rows of kernels. */
async function kernelRows(catalog: Catalog, query: KernelQuery): Promise<KernelRow[]> {
  const newest = async (type: string, name: string) =>
    (await findKernels(catalog, { type, isLatest: true })).at(-1)?.fileName.split("/").at(-1) ?? name;
  // Paths on the SDC's own machine. The SDC's code has swapped the two.
  const sclk_kernel = `/tmp/${await newest("leapseconds", "naif0012.tls")}`;
  const lsk_kernel = `/tmp/${await newest("spacecraft_clock", "imap_sclk_0000.tsc")}`;
  return (await findKernels(catalog, query)).map((kernel) => {
    const { start, end, coverage: { from, to, isStatic } } = kernel;
    const [firstTick, lastTick] = [ticks(from), ticks(to)];
    return {
      file_name: kernel.fileName,
      file_root: kernel.fileRoot,
      kernel_type: kernel.type,
      version: kernel.version,
      min_date_j2000: start,
      max_date_j2000: end,
      file_intervals_j2000: [[start, end]],
      min_date_datetime: withComma(formatTimestamp(from)),
      max_date_datetime: withComma(formatTimestamp(to)),
      file_intervals_datetime: [[isoTime(from, isStatic), isoTime(to, isStatic)]],
      min_date_sclk: firstTick,
      max_date_sclk: lastTick,
      file_intervals_sclk: [[firstTick, lastTick]],
      sclk_kernel,
      lsk_kernel,
      ingestion_date: withComma(kernel.ingested),
      timestamp: Date.parse(`${kernel.ingested.replace(" ", "T")}Z`) / 1000,
    };
  });
}

/** Formats a time of the spacecraft clock as SPICE does: partition, seconds, ticks. */
function ticks(date: Date): string {
  return `1/${String(Math.max(0, missionSeconds(date))).padStart(10, "0")}:00000`;
}

/** `2025-10-01T23:00:00+00:00`; times of static kernels have no time zone in the SDC's rows. */
function isoTime(date: Date, isStatic: boolean): string {
  return `${date.toISOString().slice(0, 19)}${isStatic ? "" : "+00:00"}`;
}

/** A request for a metakernel, with what is needed to respond to it. */
interface MetakernelRequest {
  /** The catalog of the archive. */
  readonly catalog: Catalog;
  /** The query of the URL. */
  readonly search: URLSearchParams;
  /** The dialect of the archive. */
  readonly responses: Responses;
  /** The clock. */
  readonly now: () => Date;
}

/**
 * Answers `GET /metakernel` (SDC protocol): 200 with the text of a metakernel or, with `list_files`, the names of its
 * kernels; 404 if that list is empty; 422 with the gaps of each category if `require_coverage` is set and there are
 * gaps.
 */
export async function answerMetakernel(
  { catalog, search, responses, now }: MetakernelRequest,
): Promise<Response> {
  const isTrue = (name: string) => search.get(name)?.toLowerCase() === "true";
  const start = timeOf(search.get("start_time"), STATIC_COVERAGE.from);
  const end = timeOf(search.get("end_time"), STATIC_COVERAGE.to);
  if (start === undefined || end === undefined) return responses.crashed();
  const types = (search.get("file_types") || undefined)?.split(",").map((type) => type.trim().toLowerCase());
  const kernels: Kernel[] = [];
  const gaps: Record<string, Interval[]> = {};
  for (const [category, categoryTypes] of Object.entries(METAKERNEL_CATEGORIES)) {
    const choice = new KernelChoice([start, end]);
    for (const type of categoryTypes) {
      if (types !== undefined && !types.includes(type)) continue;
      choice.fillWith(await findKernels(catalog, { type, isLatest: true, start, end }));
    }
    kernels.push(...choice.kernels);
    gaps[`${category}_category`] = choice.gaps;
  }
  if (isTrue("require_coverage") && Object.values(gaps).some(({ length }) => length > 0)) {
    return responses.untypedJson(gaps, 422);
  }
  if (isTrue("list_files")) {
    if (kernels.length === 0) return responses.untypedText("No files found.", 404);
    return responses.untypedJson(kernels.map(({ fileName }) => fileName.slice(fileName.lastIndexOf("/") + 1)));
  }
  const paths = kernels.map(({ fileName }) => join(search.get("spice_path") ?? "", fileName));
  return responses.untypedText(metakernelText({ paths, start, end, now: now() }), 200);
}

/** Parses a time as `YYYYMMDD` or in TDB seconds since J2000; undefined if it is neither. */
function timeOf(text: string | null, otherwise: Date): number | undefined {
  if (text === null) return tdbSeconds(otherwise);
  if (isCalendarDate(text)) return tdbSeconds(startOfDay(text));
  const seconds = text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(seconds) ? seconds : undefined;
}

/** Start and end, in TDB seconds since J2000. */
type Interval = readonly [start: number, end: number];

/**
 * Shorter gaps are ignored: a kernel covers its last day to the last second, and the next kernel starts one second
 * later.
 */
const MIN_GAP_SECONDS = 1;

/** Chooses the kernels of a category that cover a time span. */
class KernelChoice {
  readonly #kernels: Kernel[] = [];
  /** The intervals that no kernel covers, in chronological order. */
  readonly #gaps: Interval[];

  /** Starts with an interval that no kernel covers. */
  constructor(interval: Interval) {
    this.#gaps = [interval];
  }

  /** Adds the kernels that cover a part of a gap; the newest ones are tried first. */
  fillWith(kernels: Iterable<Kernel>): void {
    const newestFirst = [...kernels].sort((a, b) => a.ingested < b.ingested ? 1 : a.ingested > b.ingested ? -1 : 0);
    for (const kernel of newestFirst) {
      const first = this.#countGaps(([, to]) => to <= kernel.start);
      const end = this.#countGaps(([from]) => from < kernel.end);
      if (first >= end) continue;
      this.#kernels.push(kernel);
      this.#gaps.splice(first, end - first, ...this.#gaps.slice(first, end).flatMap((gap) => without(gap, kernel)));
    }
  }

  /** Returns the number of gaps at the start of the list for which a predicate holds, by binary search. */
  #countGaps(holds: (gap: Interval) => boolean): number {
    let [low, high] = [0, this.#gaps.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const gap = this.#gaps[middle];
      if (gap !== undefined && holds(gap)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Returns the chosen kernels in the order of loading: if two overlap, SPICE uses the one that was loaded later, so
   * the best kernel is last.
   */
  get kernels(): Kernel[] {
    return this.#kernels.toReversed();
  }

  /** Returns the intervals that no kernel covers, in whole seconds. */
  get gaps(): Interval[] {
    return this.#gaps.map(([start, end]) => [Math.trunc(start), Math.trunc(end)]);
  }
}

/** Returns the rest of a gap that a kernel covers partly. */
function without([from, to]: Interval, { start, end }: Kernel): Interval[] {
  const rest: Interval[] = [[from, start], [end, to]];
  return rest.filter(([from, to]) => to - from > MIN_GAP_SECONDS);
}

/** Joins paths as the SDC's code does. */
function join(folder: string, path: string): string {
  return folder === "" ? path : `${folder.replace(/\/+$/, "")}/${path}`;
}

/** Formats a number as Python prints a float. */
function asFloat(seconds: number): string {
  return Number.isInteger(seconds) ? seconds.toFixed(1) : String(seconds);
}

/** Returns the text of a metakernel, in the SDC's layout. */
function metakernelText(
  { paths, start, end, now }: { paths: readonly string[]; start: number; end: number; now: Date },
): string {
  return `
\\begintext

This is the most up to date Metakernel as of
${now.toISOString().replace("T", " ").replace("Z", "000+00:00")}.

This attempts to cover data from
${asFloat(start)} to ${asFloat(end)}
seconds since J2000.

        
\\begindata

${writeKernelsToLoad(paths)}
\\begintext
`;
}
