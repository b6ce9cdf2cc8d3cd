import { type Column, shorten, type Table } from "../display/table.ts";
import { dateText, formatVersion, isCalendarDate, isVersion } from "../names/fields.ts";
import { bareName } from "../names/file_name.ts";
import {
  type Column as SdcColumn,
  type FileRecord,
  SDC_TABLES,
  type SdcTableName,
  type TableName,
} from "../protocol/tables.ts";
import { printable } from "../errors.ts";

/** Returns the value of a row under a key, but not the inherited properties of every object, such as `toString`. */
export function valueAt(record: FileRecord, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The version of a row, as the server sent it, or from the two numbers that servers of 2025 send instead. */
export function versionText(record: FileRecord): string {
  const { version, major_version: major = null, minor_version: minor } = record;
  if (typeof version === "string" && (minor === undefined || isVersion(version))) return version;
  if (minor === undefined || minor === null) return "";
  const isValid = minor >= 0 && minor <= (major === null ? 999 : 9999) &&
    (major === null || (major >= 0 && major <= 999));
  return isValid ? formatVersion({ major, minor }) : `${cellOf(major)}.${minor}`;
}

/** `1 file`, `7 files`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The conditions of a query by name, as the caller passed them. */
type Asked = Readonly<Record<string, unknown>>;

/** Describes a query in a line: `instrument=mag, data_level=l2`. A description is returned unchanged. */
export function askedText(asked: Asked | string = {}): string {
  if (typeof asked === "string") return asked;
  const given = Object.entries(asked).filter(([, value]) => value !== undefined && value !== null);
  return given.map(([name, value]) => `${name}=${Array.isArray(value) ? value.join("|") : textOf(dateText(value))}`)
    .join(", ");
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Formats a value for a cell; empty for none. */
function cellOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  return typeof value === "boolean" ? (value ? "yes" : "no") : textOf(value);
}

/** `20240723` -> `2024-07-23`; other texts are unchanged. */
export function withHyphens(text: string): string {
  return isCalendarDate(text) ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}` : text;
}

/**
 * Determines the table of the SDC that rows belong to. Spin, repoint, and small-forces files have their own tables,
 * unless the rows include kernels.
 */
function sdcTableOf(table: TableName, records: readonly FileRecord[]): SdcTableName {
  const isSpan = (record: FileRecord) => Object.hasOwn(record, "end_date");
  if (table !== "spice" || records.length === 0 || !records.every(isSpan)) return table;
  return records.some((record) => Object.hasOwn(record, "start_date")) ? "spin" : "repoint";
}

/** The columns of a table of the SDC, by key, as described in `protocol/tables.ts`. */
function sdcColumnsOf(table: SdcTableName): Map<string, SdcColumn> {
  return new Map(Object.entries<SdcColumn>(SDC_TABLES[table].columns));
}

/** Returns the keys of a table's rows: those of the SDC's table, then further ones in the order of their first row. */
export function recordKeys(table: TableName, records: readonly FileRecord[]): string[] {
  const keys = new Set<string>(["file_path", ...sdcColumnsOf(sdcTableOf(table, records)).keys()]);
  for (const record of records) for (const key in record) keys.add(key);
  return [...keys];
}

/** The keys of the columns that every table of rows has. Repoint files have no start. */
function usualKeys(table: TableName, records: readonly FileRecord[]): string[] {
  const always = [...sdcColumnsOf(table)].filter(([, { display }]) => display === "always").map(([key]) => key);
  const isRepoint = sdcTableOf(table, records) === "repoint";
  // The version is the last column before the file name, which contains it.
  return [
    ...always.filter((key) => key !== "version" && !(isRepoint && key === "min_date_datetime")),
    ...always.filter((key) => key === "version"),
  ];
}

/** The keys without a column: those that the file name shows, and for SPICE files the days that the coverage shows. */
function hiddenKeys(table: TableName): string[] {
  const never = [...sdcColumnsOf(table)].filter(([, { display }]) => display === "never").map(([key]) => key);
  const days = table === "spice" ? ["start_date", "end_date"] : [];
  return ["file_path", "file_name", "major_version", "minor_version", "extension", ...days, ...never];
}

/** What a table or a chart of a result shows besides its rows. */
export interface ResultContext {
  /** The table that was searched. Default: science. */
  readonly table?: TableName;
  /** The conditions of the query, or a description of them. */
  readonly asked?: Asked | string;
  /** Says what left rows of the query out; empty if nothing did. */
  readonly selection?: string;
  /**
   * Whether the table is for a web page: the file name comes first, and empty columns are left out, because on a narrow page
   * the last columns are out of sight. Default: the columns of the Python client.
   */
  readonly isPage?: boolean;
  /** The keys of the columns to show. Default: those that every result of the table has, and further ones. */
  readonly columns?: readonly string[];
  /** The maximum number of columns besides those that every result of the table has. Default: 8. */
  readonly maxExtra?: number;
  /** Returns the address at which a browser gets a file, if there is one. */
  readonly linkTo?: ((record: FileRecord) => string | undefined) | undefined;
}

/** A server that sends many unknown keys must not make the table unreadable. */
const MAX_EXTRA_COLUMNS = 8;

/** `ingestion_date` -> `Ingestion Date`: the header of a key that the protocol does not know. */
function unknownHeader(key: string): string {
  return key.split("_").map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ");
}

/** The header of a key in tables. */
export function headerOf(table: TableName, key: string): string {
  return key === "file_name" ? "Filename" : sdcColumnsOf(table).get(key)?.label ?? unknownHeader(key);
}

/**
 * The column for a key that the protocol describes. Days are `20240723` in text, as the Python client shows them, and
 * `2024-07-23` on pages.
 */
function knownColumn(key: string, { label: header, type, form }: SdcColumn): Column<FileRecord> {
  if (key === "version") return { header, align: "left", text: versionText };
  const text = (record: FileRecord) => cellOf(record[key]);
  const column = { header, align: type === "integer" || type === "number" ? "right" : "left", text } as const;
  return form === "day" ? { ...column, pageText: (record) => withHyphens(text(record)) } : column;
}

/** The column for a key that the protocol does not describe. */
function unknownColumn(key: string, isNumber: boolean): Column<FileRecord> {
  return {
    header: unknownHeader(key),
    align: isNumber ? "right" : "left",
    text: (record) => cellOf(valueAt(record, key)),
  };
}

/** Whether a value deserves its own column. Most files are released, so only exceptions are shown. */
function isWorthShowing(key: string, value: unknown): boolean {
  return value !== null && value !== undefined && !(key === "released" && value === true);
}

/** The keys that rows have values for, except those in `shown`; and whether all of the values are numbers. */
function extraKeys(records: readonly FileRecord[], shown: ReadonlySet<string>): Map<string, boolean> {
  const areNumbers = new Map<string, boolean>();
  for (const record of records) {
    for (const key in record) {
      if (shown.has(key)) continue;
      const value = record[key];
      if (!isWorthShowing(key, value)) continue;
      if (typeof value !== "number") areNumbers.set(key, false);
      else if (!areNumbers.has(key)) areNumbers.set(key, true);
    }
  }
  return areNumbers;
}

/**
 * Makes a table of the rows of a query: the columns that every result of the searched table has, columns for further
 * keys of the rows, and the file name.
 */
export function recordsTable(records: readonly FileRecord[], context: ResultContext = {}): Table<FileRecord> {
  const { table = "science", asked, selection = "", isPage = false, linkTo, maxExtra = MAX_EXTRA_COLUMNS } = context;
  const known = sdcColumnsOf(table);
  const columnOf = (key: string, isNumber = false) => {
    const column = known.get(key);
    return column === undefined ? unknownColumn(key, isNumber) : knownColumn(key, column);
  };
  // The file name stays: it contains most of the other columns.
  const fileName: Column<FileRecord> = {
    header: "Filename",
    align: "left",
    text: fileNameOf,
    ...(linkTo === undefined ? {} : { link: linkTo }),
  };
  const { keys, omitted } = chosenKeys(records, context, table, maxExtra);
  const notes = [
    ...(selection === "" ? [] : [selection]),
    ...(omitted.length === 0 ? [] : [`${counted(omitted.length, "more column")}: ${omitted.join(", ")}`]),
  ];
  const columns = [...keys].map(([key, isNumber], yields) =>
    key === "file_name" ? fileName : { ...columnOf(key, isNumber), yields }
  );
  return {
    title: isPage
      ? `${records.length.toLocaleString("en")} matching file${records.length === 1 ? "" : "s"}`
      : `Found [${records.length}] matching files`,
    subtitle: askedText(asked),
    ...(notes.length === 0 ? {} : { note: notes.join("; ") }),
    columns: isPage && context.columns === undefined
      ? [fileName, ...columns.filter((column) => column !== fileName && records.some((row) => column.text(row) !== ""))]
      : columns,
    rows: records,
  };
}

/** The keys of the columns, in order, each with whether all of its values are numbers; and those left out. */
function chosenKeys(
  records: readonly FileRecord[],
  { columns }: ResultContext,
  table: TableName,
  maxExtra: number,
): { readonly keys: ReadonlyMap<string, boolean>; readonly omitted: readonly string[] } {
  if (columns !== undefined) {
    const others = new Set(recordKeys(table, records).filter((key) => !columns.includes(key)));
    const found = extraKeys(records, others);
    return { keys: new Map(columns.map((key) => [key, found.get(key) ?? false])), omitted: [] };
  }
  const usual = usualKeys(table, records);
  const extra = [...extraKeys(records, new Set([...hiddenKeys(table), ...usual]))];
  return {
    keys: new Map([
      ...usual.map((key): [string, boolean] => [key, false]),
      ...extra.slice(0, maxExtra),
      ["file_name", false],
    ]),
    omitted: extra.slice(maxExtra).map(([key]) => key),
  };
}

/** Rows that have something in common, and what that is. */
type RowGroup = readonly [name: string, rows: readonly FileRecord[]];

/** Makes a table of groups of rows: the number of files of each, and its days. */
export function groupsTable(groups: readonly RowGroup[], header: string): Table<RowGroup> {
  const days = new Map(groups.map((group) => [group, daysOf(group[1])]));
  return {
    title: counted(groups.length, "group"),
    columns: [
      { header, align: "left", text: ([name]) => name === "" ? "(none)" : name },
      { header: "Files", align: "right", text: ([, rows]) => String(rows.length) },
      { header: "First Date", align: "left", text: (group) => days.get(group)?.[0] ?? "" },
      { header: "Last Date", align: "left", text: (group) => days.get(group)?.[1] ?? "" },
    ],
    rows: groups,
  };
}

/** The first and the last day on which files of rows start. */
function daysOf(rows: readonly FileRecord[]): readonly [first: string, last: string] {
  let [first, last] = ["", ""];
  for (const row of rows) {
    const day = dayText(row);
    if (day === "") continue;
    if (first === "" || day < first) first = day;
    if (day > last) last = day;
  }
  return [withHyphens(first), withHyphens(last)];
}

/** The day on which a row's file starts, `YYYYMMDD`; empty for none. */
function dayText(row: FileRecord): string {
  const moment = row.start_date ?? valueAt(row, "min_date_datetime");
  const day = typeof moment === "string" ? moment.slice(0, 10).replaceAll("-", "") : "";
  return isCalendarDate(day) ? day : "";
}

const NEEDS_QUOTES = /[",\r\n]/;

/** Writes a field as RFC 4180 does: in quotes where necessary, with its own quotes doubled. */
export function csvField(value: unknown): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The number of rows per text: a compromise between speed and memory. */
const ROWS_AT_ONCE = 200;

/**
 * Writes rows as CSV with a header (RFC 4180): the keys of the table, then further ones.
 *
 * @param options `columns`: the only keys to write. `safe`: what is applied to each field. Default: nothing.
 */
export function* csvChunks(
  table: TableName,
  rows: readonly FileRecord[],
  { columns, safe = (text) => text }: {
    readonly columns?: readonly string[];
    readonly safe?: (text: string) => string;
  } = {},
): Generator<string> {
  const line = (fields: readonly unknown[]) => `${fields.map((field) => safe(csvField(field))).join(",")}\r\n`;
  const keys = columns ?? recordKeys(table, rows);
  // The name in the path is a column only when asked for: rows of SPICE files have a key of that name.
  const valueOf = (row: FileRecord, key: string) =>
    key === "file_name" && columns !== undefined ? fileNameOf(row) : valueAt(row, key);
  yield line(keys);
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    yield rows.slice(at, at + ROWS_AT_ONCE).map((row) => line(keys.map((key) => valueOf(row, key)))).join("");
  }
}

/** The file name at the end of a row's path. */
export function fileNameOf({ file_path }: FileRecord): string {
  return bareName(file_path);
}

/** What a chart shows where there is no value. */
export const NO_VALUE = "–";

/** Shortens a value of a row for a chart. */
function labelOf(value: unknown, width: number): string {
  const text = cellOf(value);
  return text === "" ? NO_VALUE : printable(shorten(text, width));
}

/** Returns what a row's file contains. SPICE files have a type instead of an instrument, level, and descriptor. */
export function productOf(record: FileRecord): readonly [instrument: unknown, level: unknown, descriptor: unknown] {
  const { instrument, data_level, descriptor } = record;
  const type = valueAt(record, "kernel_type") ?? undefined;
  return [instrument ?? (type === undefined ? undefined : "spice"), data_level, descriptor ?? type];
}

/** The widths of row labels in charts, enough for everything at the SDC. */
export const rowLabel = {
  instrument: (record: FileRecord): string => labelOf(productOf(record)[0], 12),
  level: ({ data_level }: FileRecord): string => labelOf(data_level, 6),
  // The names of maps have up to 37 characters and differ at their ends.
  descriptor: (record: FileRecord): string => labelOf(productOf(record)[2], 44),
  version: (version: string | undefined): string => labelOf(version, 12),
} as const;
