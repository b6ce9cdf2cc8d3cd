import { isCalendarDate } from "../names/calendar_date.ts";
import { WIRE_PARAMETERS, type WireParameter, type WireQuery } from "../protocol/query_parameters.ts";

/** A query for the catalogue: fixed text, and what its question marks stand for. */
export interface QueryStatement {
  /** With a question mark for each value. */
  readonly sql: string;
  /** In the order of the question marks. */
  readonly values: readonly (string | number)[];
}

/** One parameter's condition, and how its text becomes a value; undefined when the text cannot be one. */
interface Filter {
  readonly condition: string;
  readonly value: (text: string) => string | number | undefined;
}

const asText = (text: string): string => text;
const asDate = (text: string): string | undefined => isCalendarDate(text) ? text : undefined;
const asInteger = (text: string): number | undefined => /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/** `20240709` and a time of day -> the form of `ingestion_date`, which sorts as text. */
function asMoment(time: string): (text: string) => string | undefined {
  return (text) =>
    isCalendarDate(text) ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)} ${time}` : undefined;
}

/** `start_date` and `end_date` both compare with the day on which the data start (SDC protocol, `GET /query`). */
const FILTERS: Readonly<Record<Exclude<WireParameter, "latest">, Filter>> = {
  table: { condition: "table_name = ?", value: asText },
  instrument: { condition: "instrument = ?", value: asText },
  data_level: { condition: "data_level = ?", value: asText },
  descriptor: { condition: "descriptor = ?", value: asText },
  start_date: { condition: "start_date >= ?", value: asDate },
  end_date: { condition: "start_date <= ?", value: asDate },
  ingestion_start_date: { condition: "ingestion_date >= ?", value: asMoment("00:00:00") },
  ingestion_end_date: { condition: "ingestion_date <= ?", value: asMoment("23:59:59") },
  repointing: { condition: "repointing = ?", value: asInteger },
  version: { condition: "version = ?", value: asText },
  major_version: { condition: "major_version = ?", value: asInteger },
  minor_version: { condition: "minor_version = ?", value: asInteger },
  extension: { condition: "extension = ?", value: asText },
};

/** The keys of a row, in order. SQLite writes the JSON itself: half the time of objects made and turned into text. */
const ROW_KEYS = [
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
];
const ROW = `json_object(${ROW_KEYS.map((key) => `'${key}', ${key}`).join(", ")})`;

/** What makes two files versions of one another. */
const SAME_FILE = "instrument, descriptor, data_level, start_date, repointing, cr, extension";
/** Newest first. To SQLite a null is less than any number, so a version without a major comes last, as it should. */
const NEWEST_FIRST = "major_version DESC, minor_version DESC";

/**
 * Turns a query into SQL. Values never become part of the text, which has one form for each set of parameters.
 * Its one column, `row`, is the JSON of a row.
 *
 * @returns Undefined when a value cannot be one, such as a date that no calendar has.
 */
export function queryStatement(query: WireQuery): QueryStatement | undefined {
  const asked: WireQuery = { table: "science", ...query };
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  for (const parameter of WIRE_PARAMETERS) {
    const text = asked[parameter];
    if (parameter === "latest" || text === undefined) continue;
    const value = FILTERS[parameter].value(text);
    if (value === undefined) return undefined;
    conditions.push(FILTERS[parameter].condition);
    values.push(value);
  }
  const where = conditions.join(" AND ");
  const plain = `SELECT ${ROW} AS row FROM files WHERE ${where} ORDER BY file_path`;
  const newest = `SELECT row FROM (
    SELECT file_path, ${ROW} AS row, row_number() OVER (PARTITION BY ${SAME_FILE} ORDER BY ${NEWEST_FIRST}) AS age
    FROM files WHERE ${where}
  ) WHERE age = 1 ORDER BY file_path`;
  return { sql: asked.latest === "true" ? newest : plain, values };
}
