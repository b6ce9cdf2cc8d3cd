import { type Catalog, formatTimestamp, packRows } from "./catalog.ts";
import { listedParameters, parametersOf, type TableRequest } from "./tables.ts";
import { dateOfTdbSeconds, missionSeconds, tdbSeconds } from "../mission_time.ts";
import { dayOf, isCalendarDate, startOfDay } from "../names/calendar_date.ts";
import { readSpiceFile } from "../names/spice_name.ts";
import { SPICE_FOLDERS } from "../names/vocabulary.ts";
import { columnNames, type SDC_TABLES } from "../protocol/tables.ts";

/** The tables of SPICE files that are not kernels: `GET /spice-query` has their rows under the `type` of the same name. */
const SPAN_TABLES = ["spin", "repoint", "thruster"] as const;
/** One of these tables. */
export type SpanTable = typeof SPAN_TABLES[number];

/** JSON with its own content type, which the SDC's code behind these routes names in every response. */
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

/** Whether the value of a flag is the one that counts. */
function isTrue(text: string | undefined): boolean {
  return text?.toLowerCase() === "true";
}

/**
 * Answers `GET /spice-query` (SDC protocol): kernels, or the rows of another table of SPICE files, of which the SDC's
 * times are cut to their days.
 */
export function answerSpiceQuery(request: TableRequest): Response {
  const { catalog, search, responses } = request;
  if (search.size === 0) return responses.crashed();
  const given = parametersOf(request);
  const table = SPAN_TABLES.find((name) => name === given.get("type"));
  if (table !== undefined) {
    const parameters = spanParameters(given);
    return parameters === undefined ? responses.crashed() : answerSpans(table, parameters, request);
  }
  const query = readKernelQuery(given);
  return typeof query === "string" ? badRequest(query) : rowsResponse(kernelRows(catalog, query), request);
}

/** Answers `GET /spin-table`, `GET /repoint-table` and `GET /small-forces-table` (SDC protocol): without parameters, all. */
export function answerSpanTable(table: SpanTable, request: TableRequest): Response {
  return answerSpans(table, parametersOf(request), request);
}

/** The names that parameters of `GET /spice-query` have in the other tables. */
const SPAN_NAMES: Readonly<Record<string, string>> = {
  file_name: "file_path",
  start_time: "start_date",
  end_time: "end_date",
};

/** The parameters for the other tables; undefined when a time is none, which makes the SDC crash. */
function spanParameters(given: ReadonlyMap<string, string>): Map<string, string> | undefined {
  const parameters = new Map<string, string>();
  for (const [name, text] of given) {
    if (name === "type") continue;
    const isTime = name === "start_time" || name === "end_time";
    const value = isTime ? dayOfTime(text) : text;
    if (value === undefined) return undefined;
    parameters.set(SPAN_NAMES[name] ?? name, value);
  }
  return parameters;
}

function dayOfTime(text: string): string | undefined {
  const date = dateOfTdbSeconds(secondsOf(text) ?? NaN);
  return date === undefined ? undefined : dayOf(date);
}

/** SQL for each parameter of the other tables, with a question mark for a day. A file must lie within the days. */
const SPAN_CONDITIONS: Readonly<Record<string, string>> = {
  file_path: "file_path = ?",
  start_date: "start_date >= ?",
  end_date: "end_date <= ?",
  start_ingest_date: "ingestion_date >= ?",
  end_ingest_date: "ingestion_date <= ?",
};

function answerSpans(table: SpanTable, given: ReadonlyMap<string, string>, request: TableRequest): Response {
  const conditions = ["kernel_type = ?"];
  const values: string[] = [table];
  for (const [name, text] of given) {
    const condition = SPAN_CONDITIONS[name];
    if (condition === undefined && name !== "latest") {
      return badRequest(request.responses.unknownParameter(name, listedParameters(table)));
    }
    // A repoint file has everything from the start of the mission on.
    if (condition === undefined || (table === "repoint" && name === "start_date")) continue;
    if (name !== "file_path" && !isCalendarDate(text)) return badRequest(`Invalid value for ${name}: ${text}`);
    conditions.push(condition);
    values.push(name.endsWith("_ingest_date") ? formatTimestamp(startOfDay(text)) : text);
  }
  // The SDC's code asks for rows in a form that its database does not have.
  if (isTrue(given.get("latest"))) return request.responses.crashed();
  const sql = `SELECT file_path, start_date, end_date, version, ingestion_date FROM files
    WHERE ${conditions.join(" AND ")} ORDER BY file_path`;
  return rowsResponse(request.catalog.rows(sql, values).map((row) => spanRow(table, row)), request);
}

/** A row in the form of its table: its columns, with `2025-06-01, 00:00:00` for days and moments. */
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

/** `2025-06-01 01:02:03` -> `2025-06-01, 01:02:03`, as everything about SPICE files has it. */
function withComma(timestamp: unknown): string {
  return String(timestamp).replace(" ", ", ");
}

/** Which kernels are asked for. */
export interface KernelQuery {
  /** Undefined for all types. */
  readonly type?: string | undefined;
  /** The bare name. */
  readonly fileName?: string | undefined;
  /** Kernels that cover this time or a later one, in TDB seconds since J2000. */
  readonly start?: number | undefined;
  /** Kernels that cover this time or an earlier one. */
  readonly end?: number | undefined;
  /** Only the highest version of each kernel, found before everything else is asked for. */
  readonly isLatest?: boolean | undefined;
  /** Kernels that came in at this moment or later, `2025-06-01 01:02:03`. */
  readonly ingestedFrom?: string | undefined;
  /** Kernels that came in at this moment or earlier. */
  readonly ingestedTo?: string | undefined;
}

/** Decimals as Python reads them. */
function secondsOf(text: string): number | undefined {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : undefined;
}

/** Reads the parameters, or says what is wrong with the first that is. */
function readKernelQuery(given: ReadonlyMap<string, string>): KernelQuery | string {
  const query: { -readonly [Name in keyof KernelQuery]: KernelQuery[Name] } = {};
  for (const [name, text] of given) {
    const seconds = secondsOf(text);
    const midnight = isCalendarDate(text) ? formatTimestamp(startOfDay(text)) : undefined;
    const invalid = `Invalid value for ${name}: ${text}`;
    switch (name) {
      case "type":
        query.type = text === "kernels" ? undefined : text;
        break;
      case "file_name":
        query.fileName = text;
        break;
      case "latest":
        query.isLatest = isTrue(text);
        break;
      case "start_time":
        if (seconds === undefined) return invalid;
        query.start = seconds;
        break;
      case "end_time":
        if (seconds === undefined) return invalid;
        query.end = seconds;
        break;
      case "start_ingest_date":
        if (midnight === undefined) return invalid;
        query.ingestedFrom = midnight;
        break;
      case "end_ingest_date":
        if (midnight === undefined) return invalid;
        query.ingestedTo = midnight;
        break;
      default:
        return `${name} is not a valid query parameter. Valid query parameters are: [${
          listedParameters("spice").map((valid) => `'${valid}'`).join(", ")
        }]`;
    }
  }
  return query;
}

/** A kernel of the archive, with the time that it covers. */
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

/** The time that a kernel covers. The archive goes by names: it does not read what is in a kernel. */
interface Coverage {
  readonly from: Date;
  readonly to: Date;
  /** Whether the kernel is valid at all times. */
  readonly isStatic: boolean;
}

/** What the SDC takes for the time of kernels that have none of their own: leap seconds, clock, frames, constants. */
export const STATIC_COVERAGE: Coverage = {
  from: new Date("2010-01-01T00:00:00Z"),
  to: new Date("2145-01-01T00:00:00Z"),
  isStatic: true,
};

/** The time that a name says: whole days, from the first second of the first to the last second of the last. */
function coverageOf(startDate: unknown, endDate: unknown): Coverage {
  if (typeof startDate !== "string" && typeof endDate !== "string") return STATIC_COVERAGE;
  const from = typeof startDate === "string" ? startOfDay(startDate) : STATIC_COVERAGE.from;
  const to = typeof endDate === "string" ? new Date(startOfDay(endDate).getTime() + 86_399_000) : STATIC_COVERAGE.to;
  return { from, to, isStatic: false };
}

const SPICE_FOLDER = "imap/spice/";

/** A kernel has no newer version in the whole archive. Names without a version have no other one. */
const IS_LATEST = `NOT EXISTS (SELECT 1 FROM files AS newer WHERE newer.file_root = files.file_root
  AND newer.minor_version > files.minor_version)`;

/** Where the archive has a file of this name; empty when it can have none. */
function spicePath(name: string): string {
  const file = readSpiceFile(name);
  return Array.isArray(file) ? "" : `${SPICE_FOLDER}${SPICE_FOLDERS[file.kernel_type]}/${name}`;
}

/** Finds kernels, in the order of their paths. */
export function* findKernels(catalog: Catalog, query: KernelQuery): Generator<Kernel> {
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
  for (const row of catalog.rows(sql, values)) {
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
    if (kernel.end >= start && kernel.start <= end) yield kernel;
  }
}

/** The columns of a kernel's row. */
type KernelRow = Readonly<Record<keyof typeof SDC_TABLES.spice.columns, unknown>>;

/** The rows of kernels, in the form of the SDC. */
function* kernelRows(catalog: Catalog, query: KernelQuery): Generator<KernelRow> {
  const newest = (type: string, name: string) =>
    [...findKernels(catalog, { type, isLatest: true })].at(-1)?.fileName.split("/").at(-1) ?? name;
  // The SDC's code has the two the wrong way round: paths on its own machine, of no use to anyone.
  const sclk_kernel = `/tmp/${newest("leapseconds", "naif0012.tls")}`;
  const lsk_kernel = `/tmp/${newest("spacecraft_clock", "imap_sclk_0000.tsc")}`;
  for (const kernel of findKernels(catalog, query)) {
    const { start, end, coverage: { from, to, isStatic } } = kernel;
    const [firstTick, lastTick] = [ticks(from), ticks(to)];
    yield {
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
  }
}

/** The spacecraft clock in the form of SPICE: partition, seconds, ticks. */
function ticks(date: Date): string {
  return `1/${String(Math.max(0, missionSeconds(date))).padStart(10, "0")}:00000`;
}

/** `2025-10-01T23:00:00+00:00`; the SDC leaves the zone out for static kernels. */
function isoTime(date: Date, isStatic: boolean): string {
  return `${date.toISOString().slice(0, 19)}${isStatic ? "" : "+00:00"}`;
}
