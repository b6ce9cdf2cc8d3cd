import type { Catalog, Statement } from "./catalog.ts";
import type { Responses } from "./dialect.ts";
import { isCalendarDate } from "../names/calendar_date.ts";
import {
  ANCILLARY_PARAMETERS,
  REPOINT_TABLE_PARAMETERS,
  SCIENCE_PARAMETERS,
  SPICE_PARAMETERS,
} from "../protocol/tables.ts";

const asDate = (text: string): string | undefined => isCalendarDate(text) ? text : undefined;
const asInteger = (text: string): number | undefined => /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/** `20240709` and a time of day -> the form of `ingestion_date`, which sorts as text. */
function asMoment(time: string): (text: string) => string | undefined {
  return (text) =>
    isCalendarDate(text) ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)} ${time}` : undefined;
}

/** The column has this very text. */
export function equals(column: string): Filter {
  return { condition: `${column} = ?`, value: (text) => text };
}

/** The column has this whole number. */
function equalsInteger(column: string): Filter {
  return { condition: `${column} = ?`, value: asInteger };
}

/** The column has this day or a later one. */
export function fromDay(column: string): Filter {
  return { condition: `${column} >= ?`, value: asDate };
}

/** The column has this day or an earlier one. */
export function toDay(column: string): Filter {
  return { condition: `${column} <= ?`, value: asDate };
}

/** A day's condition that holds too where a file's name has no day: it is valid at all times. */
export function orAlways({ condition, value }: Filter, column: string): Filter {
  return { condition: `(${condition} OR ${column} IS NULL)`, value };
}

/** A day of ingestion and all after it. */
const INGESTED_FROM: Filter = { condition: "ingestion_date >= ?", value: asMoment("00:00:00") };
/** All before a day of ingestion, and that whole day. */
const INGESTED_TO: Filter = { condition: "ingestion_date <= ?", value: asMoment("23:59:59") };
/** All before a day of ingestion, and its first second. */
const INGESTED_TO_START_OF: Filter = { condition: "ingestion_date <= ?", value: asMoment("00:00:00") };

/** SQL that makes a row's JSON from columns, under their own names and in their order. */
export function jsonRow(columns: readonly string[], more: Readonly<Record<string, string>> = {}): string {
  const plain = columns.map((column) => `'${column}', ${column}`);
  return `json_object(${[...plain, ...Object.entries(more).map(([key, sql]) => `'${key}', ${sql}`)].join(", ")})`;
}

/** SQL: a moment as `GET /spice-query` and `GET /repoint-table` write it, `2024-07-09, 15:42:23` (Python client). */
function commaMoment(column: string): string {
  return `replace(${column}, ' ', ', ')`;
}

/** SQL: a day, YYYYMMDD, and a time of it, written in the same way; null where there is no day. */
function commaDay(column: string, time: string): string {
  return `substr(${column}, 1, 4) || '-' || substr(${column}, 5, 2) || '-' || substr(${column}, 7) || ', ${time}'`;
}

/** SQL: the bare name, which is what stands behind the last slash of the path. */
const FILE_NAME = "replace(file_path, rtrim(file_path, replace(file_path, '/', '')), '')";

/** Ancillary files: valid from a day on, to a day or for good (SDC protocol, `GET /query`). */
export const ANCILLARY_TABLE: ArchiveTable = {
  files: "table_name = 'ancillary'",
  row: jsonRow([
    "file_path",
    "instrument",
    "descriptor",
    "start_date",
    "end_date",
    "repointing",
    "version",
    "extension",
    "ingestion_date",
  ]),
  sameFile: undefined,
  filters: new Map([
    ["instrument", equals("instrument")],
    ["descriptor", equals("descriptor")],
    ["start_date", fromDay("start_date")],
    ["end_date", toDay("start_date")],
    ["ingestion_start_date", INGESTED_FROM],
    ["ingestion_end_date", INGESTED_TO],
    ["repointing", equalsInteger("repointing")],
    ["version", equals("version")],
    ["extension", equals("extension")],
  ]),
};

/** One parameter's condition, and how its text becomes a value; undefined when the text cannot be one. */
export interface Filter {
  /** SQL with one question mark. */
  readonly condition: string;
  /** The value that stands for the question mark. */
  readonly value: (text: string) => string | number | undefined;
}

/** What can be asked of the catalog under one name, and how its rows look. */
export interface ArchiveTable {
  /** SQL: which of the catalog's files are in it. */
  readonly files: string;
  /** SQL of a row's JSON. SQLite writes it itself: half the time of objects made and turned into text. */
  readonly row: string;
  /** SQL: the columns that are the same in all versions of a file; undefined where nobody can ask for the newest. */
  readonly sameFile: string | undefined;
  /** By the parameter's name. `table` and `latest` are none: the one chooses the table, the other among its rows. */
  readonly filters: ReadonlyMap<string, Filter>;
}

/**
 * The tables of repointings, which are SPICE files too. The last day of ingestion counts from its first second alone
 * (Python client 1.3.0, which therefore asks for a day more).
 */
export const REPOINT_TABLE: ArchiveTable = {
  files: "table_name = 'spice' AND kernel_type = 'repoint'",
  row: jsonRow(["file_path", "start_date", "end_date", "version"], {
    file_name: FILE_NAME,
    ingestion_date: commaMoment("ingestion_date"),
  }),
  sameFile: undefined,
  filters: new Map([
    ["start_ingest_date", INGESTED_FROM],
    ["end_ingest_date", INGESTED_TO_START_OF],
  ]),
};

/** Science files. Both dates compare with the day on which the data start (SDC protocol, `GET /query`). */
export const SCIENCE_TABLE: ArchiveTable = {
  files: "table_name = 'science'",
  row: jsonRow([
    "file_path",
    "instrument",
    "data_level",
    "descriptor",
    "start_date",
    "repointing",
    "version",
    "major_version",
    "minor_version",
    "cr",
    "extension",
    "ingestion_date",
  ]),
  sameFile: "instrument, descriptor, data_level, start_date, repointing, cr, extension",
  filters: new Map([
    ["instrument", equals("instrument")],
    ["data_level", equals("data_level")],
    ["descriptor", equals("descriptor")],
    ["start_date", fromDay("start_date")],
    ["end_date", toDay("start_date")],
    ["ingestion_start_date", INGESTED_FROM],
    ["ingestion_end_date", INGESTED_TO],
    ["repointing", equalsInteger("repointing")],
    ["version", equals("version")],
    ["major_version", equalsInteger("major_version")],
    ["minor_version", equalsInteger("minor_version")],
    ["extension", equals("extension")],
  ]),
};

/** `v001`, `001` and `1` all mean version 1: each type of kernel writes it with digits of its own. */
const VERSION: Filter = {
  condition: "minor_version = ?",
  value: (text) => /^v?\d{1,15}$/.test(text) ? Number(text.replace("v", "")) : undefined,
};

/**
 * SPICE files. A file is found when its time and the time that is asked for have a day in common. The SDC reads that
 * time from the kernel, the archive from its name.
 */
export const SPICE_TABLE: ArchiveTable = {
  files: "table_name = 'spice'",
  row: jsonRow(["file_path", "kernel_type", "version"], {
    file_name: FILE_NAME,
    min_date_datetime: commaDay("start_date", "00:00:00"),
    max_date_datetime: commaDay("end_date", "23:59:59"),
    ingestion_date: commaMoment("ingestion_date"),
  }),
  sameFile: "file_root",
  filters: new Map([
    ["type", equals("kernel_type")],
    ["start_date", orAlways(fromDay("end_date"), "end_date")],
    ["end_date", orAlways(toDay("start_date"), "start_date")],
    ["start_ingest_date", INGESTED_FROM],
    ["end_ingest_date", INGESTED_TO],
    ["version", VERSION],
  ]),
};

/** Which rows of a table are asked for. */
interface Conditions {
  /** SQL. */
  readonly where: string;
  /** In the order of its question marks. */
  readonly values: readonly (string | number)[];
}

/** A parameter's value cannot be one, such as a date that no calendar has. */
interface BadValue {
  /** Which parameter. */
  readonly bad: string;
}

/** Newest first. To SQLite a null is less than any number, so a version without a major comes last, as it should. */
const NEWEST_FIRST = "major_version DESC, minor_version DESC";

/**
 * Turns parameters into conditions. Values never become part of the text, which has one form for each set of
 * parameters; the order in which they were given does not count. Those that are no filters are passed over.
 */
export function conditionsOf(table: ArchiveTable, parameters: ReadonlyMap<string, string>): Conditions | BadValue {
  const conditions = [table.files];
  const values: (string | number)[] = [];
  for (const [name, filter] of table.filters) {
    const text = parameters.get(name);
    if (text === undefined) continue;
    const value = filter.value(text);
    if (value === undefined) return { bad: name };
    conditions.push(filter.condition);
    values.push(value);
  }
  return { where: conditions.join(" AND "), values };
}

/** The statement for all rows that meet the conditions, by path; with `latest` the newest version of each file. */
export function tableStatement(table: ArchiveTable, { where, values }: Conditions, latest: boolean): Statement {
  const { row, sameFile } = table;
  if (!latest || sameFile === undefined) {
    return { sql: `SELECT ${row} AS row FROM files WHERE ${where} ORDER BY file_path`, values };
  }
  const ranked = `SELECT file_path, ${row} AS row,
    row_number() OVER (PARTITION BY ${sameFile} ORDER BY ${NEWEST_FIRST}) AS age
    FROM files WHERE ${where}`;
  return { sql: `SELECT row FROM (${ranked}) WHERE age = 1 ORDER BY file_path`, values };
}

/** A table, and how the SDC's code behind its route takes what is wrong. */
interface Asked {
  readonly table: ArchiveTable;
  /** What it is called in messages. */
  readonly name: string;
  readonly parameters: readonly string[];
  /** The code behind `GET /query` crashes on a date that no calendar has; the newer one says so. */
  readonly crashes: boolean;
}

const SCIENCE: Asked = { table: SCIENCE_TABLE, name: "science", parameters: SCIENCE_PARAMETERS, crashes: true };
const ANCILLARY: Asked = {
  table: ANCILLARY_TABLE,
  name: "ancillary",
  parameters: ANCILLARY_PARAMETERS,
  crashes: true,
};
const SPICE: Asked = { table: SPICE_TABLE, name: "spice", parameters: SPICE_PARAMETERS, crashes: false };
const REPOINT: Asked = {
  table: REPOINT_TABLE,
  name: "repoint-table",
  parameters: REPOINT_TABLE_PARAMETERS,
  crashes: false,
};

/** What a request for rows is answered from. */
export interface TableRequest {
  /** What the archive has. */
  readonly catalog: Catalog;
  /** The query of the address; of a parameter that is given twice the last one counts. */
  readonly search: URLSearchParams;
  /** How long the answer may be, in bytes, or null. */
  readonly byteLimit: number | null;
  /** What the archive's dialect says. */
  readonly responses: Responses;
  /** Whether the caller sees files that are not released. */
  readonly seesUnreleased: boolean;
}

function tableResponse(asked: Asked, { catalog, search, byteLimit, responses }: TableRequest): Response {
  if (search.size === 0) return responses.crashed();
  const { table, name, parameters, crashes } = asked;
  const refuse = (problem: string) => responses.untypedJson(problem, 400);
  const given = new Map(search);
  for (const parameter of given.keys()) {
    if (parameters.includes(parameter)) continue;
    return refuse(`${parameter} is not a parameter of the table ${name}; valid ones are ${parameters.join(", ")}`);
  }
  const conditions = conditionsOf(table, given);
  if ("bad" in conditions) {
    return crashes ? responses.crashed() : refuse(`Invalid value for ${conditions.bad}: ${given.get(conditions.bad)}`);
  }
  const latest = given.get("latest")?.toLowerCase() === "true";
  const rows = catalog.query(tableStatement(table, conditions, latest), byteLimit);
  return rows?.toResponse({ "content-type": "application/json" }) ?? responses.crashed();
}

/**
 * Answers `GET /query` (SDC protocol): 200 with rows, 400 with a JSON string, or the gateway's 502 where the SDC's own
 * code crashes, which is without any parameter, with a date that no calendar has and with an answer over the limit.
 */
export function answerQuery(request: TableRequest): Response {
  const name = request.search.getAll("table").at(-1) ?? "science";
  if (name === "science") return tableResponse(SCIENCE, request);
  if (name === "ancillary") return tableResponse(ANCILLARY, request);
  const place = name === "spice" ? "; SPICE files are found by /spice-query" : "";
  return request.responses.untypedJson(
    `${name} is not a table of /query; valid ones are science, ancillary${place}`,
    400,
  );
}

/** Answers `GET /spice-query` (SDC protocol). */
export function answerSpiceQuery(request: TableRequest): Response {
  return tableResponse(SPICE, request);
}

/** Answers `GET /repoint-table` (Python client 1.3.0). */
export function answerRepointTable(request: TableRequest): Response {
  return tableResponse(REPOINT, request);
}
