import {
  ABSENT,
  type Catalog,
  type FilesCondition,
  type FilesQuery,
  type FilesVersions,
  type RowField,
  type RowForm,
} from "./catalog.ts";
import { pythonList, type Responses } from "./dialect.ts";
import { isCalendarDate, isDataLevel, isInstrument, isOneOf } from "../names/fields.ts";
import {
  type Column,
  columnNames,
  type Dialect,
  type Parameter,
  type ParameterKind,
  parameterNames,
  SDC_TABLES,
} from "../protocol/tables.ts";

/** A request for rows, with what is needed to respond to it. */
export interface TableRequest {
  /** The catalog of the archive. */
  readonly catalog: Catalog;
  /** The query of the URL. */
  readonly search: URLSearchParams;
  /** The maximum size of a response, in bytes; null for no limit. */
  readonly byteLimit: number | null;
  /** The dialect of the archive. */
  readonly responses: Responses;
  /** Whether the caller sees unreleased files. */
  readonly seesUnreleased: boolean;
}

/** Returns the parameters of a request. Each gateway merges repeated parameters in its own way. */
export function parametersOf({ search, responses }: Pick<TableRequest, "search" | "responses">): Map<string, string> {
  const given = new Map(search);
  if (responses.dialect === "2024") return given; // The last value is used.
  return new Map([...given.keys()].map((name) => [name, search.getAll(name).join(",")]));
}

/** Returns the parameters that a server lists in the error about an unknown parameter. The server of 2024 lists all. */
export function listedParameters(table: keyof typeof SDC_TABLES, dialect: Dialect = "now"): string[] {
  const parameters: Readonly<Record<string, Parameter>> = SDC_TABLES[table].parameters;
  return parameterNames(table, dialect).filter((name) => dialect === "2024" || !parameters[name]?.isUnlisted);
}

/** The tables of `GET /query` that have rows; each is also the name of a kind of file. */
const QUERY_TABLES = ["science", "ancillary", "quicklook"] as const;
type QueryTable = typeof QUERY_TABLES[number];

/** The tables that the SDC lists in the error about an unknown table. */
const TABLE_NAMES = ["science", "ancillary", "spice", "quicklook"];

/**
 * Answers `GET /query` (SDC protocol): 200 with rows, 400 with a JSON string, or the response of the gateway if the
 * SDC's own code crashes: without any parameters, with an invalid value, or with a response that is too large.
 */
export async function answerQuery(request: TableRequest): Promise<Response> {
  const { catalog, search, byteLimit, responses, seesUnreleased } = request;
  if (search.size === 0) return responses.crashed();
  const { dialect } = responses;
  const given = parametersOf(request);
  const name = dialect === "2024" ? "science" : given.get("table") ?? "science";
  if (name === "spice") return await answerSpiceTable(catalog, responses);
  if (!isOneOf(QUERY_TABLES, name)) {
    return responses.untypedJson(`${name} is not a valid table. Valid tables are: ${pythonList(TABLE_NAMES)}`, 400);
  }
  const query = readQuery(name, dialect, given);
  if (query === "crash") return responses.crashed();
  if ("unknown" in query) {
    const valid = listedParameters(name, dialect);
    return responses.untypedJson(responses.unknownParameter(query.unknown, valid, name), 400);
  }
  if ("problem" in query) return responses.untypedJson(query.problem, 400);
  const conditions = seesUnreleased || dialect === "2024" ? query.conditions : [...query.conditions, RELEASED];
  const found = await catalog.queryFiles(filesQuery(name, dialect, { ...query, conditions }), byteLimit);
  return found?.toResponse({ "content-type": "application/json" }) ?? responses.crashed();
}

/** The rows of `table=spice` have no start date, and the SDC's code crashes when it formats the first one. */
async function answerSpiceTable(catalog: Catalog, responses: Responses): Promise<Response> {
  const found = await catalog.rows("SELECT 1 FROM files WHERE table_name = 'spice' LIMIT 1");
  return found.length > 0 ? responses.crashed() : Response.json([]);
}

const RELEASED: FilesCondition = { column: "released", test: "= ?", value: 1 };

/** A request for rows of a table. */
interface Query {
  readonly conditions: readonly FilesCondition[];
  readonly versions: FilesVersions;
  /** The maximum number of rows; undefined for all. */
  readonly limit: number | undefined;
  /** The number of rows to skip. */
  readonly offset: number;
}

/** Why a request is rejected: a parameter that the table does not have, or a text for the caller. */
type Problem = { readonly unknown: string } | { readonly problem: string };

/** Parameters that are not conditions on files. */
const NOT_FILTERS: readonly string[] = ["table", "latest", "limit", "offset"];

/** Parses the parameters in the order of the SDC's code, which stops at the first invalid one. */
function readQuery(table: QueryTable, dialect: Dialect, given: ReadonlyMap<string, string>): Query | Problem | "crash" {
  const values = new Map(given);
  const parameters: Readonly<Record<string, Parameter>> = SDC_TABLES[table].parameters;
  const known = new Set(parameterNames(table, dialect));
  const hasNumbers = table === "science" && dialect === "now";
  if (hasNumbers && !splitVersion(values)) {
    return { problem: "Invalid 'version' value. Use format 'vMMM.mmmm' or 'vXXX'." };
  }
  const page = readPage(known.has("limit") ? values : new Map());
  if (typeof page === "string") return { problem: page };
  const conditions: FilesCondition[] = [];
  let isPossible = true;
  for (const [name, text] of values) {
    const parameter = parameters[name];
    if (parameter === undefined || !known.has(name)) return { unknown: name };
    if (NOT_FILTERS.includes(name)) continue;
    const value = valueOf(parameter.kind, text, table, dialect);
    // The SDC's code parses dates itself, and passes all other values to the database.
    if (value === undefined && parameter.kind === "day") return "crash";
    if (value === undefined) isPossible = false;
    else conditions.push(conditionOf(name, value));
  }
  if (!isPossible) return "crash";
  return { conditions, versions: hasNumbers ? versionsOf(values) : "all", ...page };
}

function versionsOf(values: ReadonlyMap<string, string>): FilesVersions {
  if (values.has("major_version")) return "all";
  return values.get("latest")?.toLowerCase() === "true" ? "newest" : "newest major";
}

/** `v001.0002`, `v001`, or without the letter. */
const VERSION = /^[vV]*(?:(\d{1,9})\.)?(\d{1,9})$/;

/** Replaces `version` by the two numbers that the SDC compares. @returns False if it is not a version. */
function splitVersion(values: Map<string, string>): boolean {
  const text = values.get("version");
  if (text === undefined) return true;
  const [, major, minor] = VERSION.exec(text) ?? [];
  if (minor === undefined) return false;
  values.delete("version");
  if (major !== undefined) values.set("major_version", major);
  values.set("minor_version", minor);
  return true;
}

/** Parses the page, or returns what is wrong with it. */
function readPage(values: ReadonlyMap<string, string>): Pick<Query, "limit" | "offset"> | string {
  const [limit, offset] = ["limit", "offset"].map((name) =>
    values.has(name) ? integerOf(values.get(name) ?? "") : null
  );
  if (limit === undefined || offset === undefined) return "'offset' and 'limit' must be integers.";
  if (offset !== null && offset < 0) return "'offset' must be greater than or equal to 0.";
  if (limit !== null && limit <= 0) return "'limit' must be greater than 0.";
  return { limit: limit ?? undefined, offset: offset ?? 0 };
}

/** Parses a whole number that fits into the SDC's columns. */
function integerOf(text: string): number | undefined {
  const number = /^\s*[+-]?\d{1,10}\s*$/.test(text) ? Number(text) : NaN;
  return Math.abs(number) < 2 ** 31 ? number : undefined;
}

const FLAGS: ReadonlyMap<string, number> = new Map([["true", 1], ["false", 0]]);

/** Matches `20260420 03:04:05`, `2026-04-20 03:04:05`, or a day, which means its midnight. */
const MOMENT = /^(\d{4})-?(\d\d)-?(\d\d)(?:[ T](\d\d:\d\d:\d\d))?$/;

/** Converts a text to a value of a kind; undefined if it is invalid. */
function valueOf(
  kind: ParameterKind,
  text: string,
  table: QueryTable,
  dialect: Dialect,
): string | number | undefined {
  // How the server of 2024 handled unknown words is not known.
  const oneOf = (isKnown: boolean) => isKnown || dialect === "2024" ? text : undefined;
  switch (kind) {
    case "day":
      return isCalendarDate(text) ? text : undefined;
    case "moment": {
      const [, year, month, day, time = "00:00:00"] = MOMENT.exec(text) ?? [];
      return isCalendarDate(`${year}${month}${day}`) ? `${year}-${month}-${day} ${time}` : undefined;
    }
    case "integer":
      return integerOf(text);
    case "flag":
      return FLAGS.get(text.toLowerCase());
    case "instrument":
      return oneOf(isInstrument(text));
    case "data level":
      return oneOf(isDataLevel(text));
    case "extension":
      return oneOf(table !== "science" || SDC_TABLES.science.extensions.some((extension) => extension === text));
    default:
      return text;
  }
}

/** Combines `20240709` and a time of day, in the format of the catalog. */
function momentOf(day: string | number, time: string): string {
  return String(day).replace(/^(\d{4})(\d\d)(\d\d)$/, `$1-$2-$3 ${time}`);
}

/** Returns the condition of a parameter. Both dates are compared with the start date of a file. */
function conditionOf(name: string, value: string | number): FilesCondition {
  switch (name) {
    case "start_date":
      return { column: "start_date", test: ">= ?", value };
    case "end_date":
      return { column: "start_date", test: "<= ?", value };
    case "ingestion_start_date":
      return { column: "ingestion_date", test: ">= ?", value: momentOf(value, "00:00:00") };
    case "ingestion_end_date":
      return { column: "ingestion_date", test: "<= ?", value: momentOf(value, "23:59:59") };
    default:
      return { column: name, test: "= ?", value };
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Returns the query of files for a request. It is the same for parameters in any order. */
export function filesQuery(table: QueryTable, dialect: Dialect, query: Query): FilesQuery {
  const conditions = query.conditions.toSorted((a, b) => compare(a.column, b.column) || compare(a.test, b.test));
  return { ...query, table, conditions, fields: FIELDS[dialect][table] };
}

/** Text columns that can contain any character. All others contain words of a vocabulary, or digits. */
const FREE_TEXT: readonly string[] = ["file_path", "descriptor"];

/** Returns the fields of a row. */
function rowFields(table: QueryTable, dialect: Dialect): RowField[] {
  const isProduct = dialect === "now" && table !== "ancillary";
  return rowColumns(table, dialect).map(([name, column]) => ({
    name,
    column: name,
    // A file named `_v001` has the version `v001.0001` (SDC protocol).
    form: isProduct && name === "version"
      ? "both version numbers"
      : dialect === "now" && name === "ingestion_date"
      ? "moment without hyphens"
      : formOf(name, column),
  }));
}

function formOf(name: string, { type, nullable }: Column): RowForm {
  if (ABSENT.includes(name)) return "null";
  if (type === "boolean") return "boolean";
  if (type === "integer") return nullable ? "integer or null" : "integer";
  return nullable || FREE_TEXT.includes(name) ? "text" : "word";
}

/** The keys of today's rows of products, in the order of the SDC's database. */
const PRODUCT_KEYS = [
  "extension",
  "file_path",
  "instrument",
  "data_level",
  "descriptor",
  "start_date",
  "repointing",
  "major_version",
  "minor_version",
  "ingestion_date",
  "cr",
  "crid",
  "released",
  "version",
];

/** The columns of a row, in the SDC's order. */
function rowColumns(table: QueryTable, dialect: Dialect): [name: string, column: Column][] {
  const columns: Readonly<Record<string, Column>> = SDC_TABLES[table].columns;
  const names = columnNames(table, dialect);
  if (dialect === "now" && table !== "ancillary") {
    names.sort((a, b) => PRODUCT_KEYS.indexOf(a) - PRODUCT_KEYS.indexOf(b));
  }
  return names.flatMap((name) => columns[name] === undefined ? [] : [[name, columns[name]]]);
}

/** The fields of the rows of each table. */
const FIELDS: Readonly<Record<Dialect, Readonly<Record<QueryTable, readonly RowField[]>>>> = {
  now: fieldsOf("now"),
  "2024": fieldsOf("2024"),
};

function fieldsOf(dialect: Dialect): Record<QueryTable, RowField[]> {
  return {
    science: rowFields("science", dialect),
    ancillary: rowFields("ancillary", dialect),
    quicklook: rowFields("quicklook", dialect),
  };
}
