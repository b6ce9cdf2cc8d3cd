import type { Column, Table } from "../display/text_table.ts";
import { shorten } from "../display/text_width.ts";
import { dateText, isCalendarDate } from "../names/calendar_date.ts";
import { bareName } from "../names/file_name.ts";
import { formatVersion, isVersion } from "../names/version.ts";
import type { FileRecord } from "../protocol/rows.ts";
import { type Column as SdcColumn, SDC_TABLES, type SdcTableName, type TableName } from "../protocol/tables.ts";
import { printable } from "../safe_text.ts";

/** Returns the value of a row under a key, but not the inherited properties of every object, such as `toString`. */
export function valueAt(record: FileRecord, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The version of a row, as the server sent it, or from the two numbers that servers of 2025 send instead. */
export function versionOf(record: FileRecord): string {
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

/** Describes a query in a line: `instrument=mag, data_level=l2`. */
export function askedText(asked: Asked = {}): string {
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
  readonly asked?: Asked;
  /** The maximum number of columns besides those that every result of the table has. Default: 8. */
  readonly maxExtra?: number;
  /** Returns the address at which a browser gets a file, if there is one. */
  readonly linkTo?: ((record: FileRecord) => string | undefined) | undefined;
}

/** A server that sends many unknown keys must not make the table unreadable. */
const MAX_EXTRA_COLUMNS = 8;

/** `ingestion_date` -> `Ingestion Date`: the header of a key that the protocol does not know. */
function headerOf(key: string): string {
  return key.split("_").map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ");
}

/**
 * The column for a key that the protocol describes. Days are `20240723` in text, as the Python client shows them, and
 * `2024-07-23` on pages.
 */
function knownColumn(key: string, { label: header, type, form }: SdcColumn): Column<FileRecord> {
  if (key === "version") return { header, align: "left", text: versionOf };
  const text = (record: FileRecord) => cellOf(record[key]);
  const column = { header, align: type === "integer" || type === "number" ? "right" : "left", text } as const;
  return form === "day" ? { ...column, pageText: (record) => withHyphens(text(record)) } : column;
}

/** The column for a key that the protocol does not describe. */
function unknownColumn(key: string, isNumber: boolean): Column<FileRecord> {
  return { header: headerOf(key), align: isNumber ? "right" : "left", text: (record) => cellOf(valueAt(record, key)) };
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
  const { table = "science", asked, linkTo, maxExtra = MAX_EXTRA_COLUMNS } = context;
  const known = sdcColumnsOf(table);
  const columnOf = (key: string, isNumber = false) => {
    const column = known.get(key);
    return column === undefined ? unknownColumn(key, isNumber) : knownColumn(key, column);
  };
  const usual = usualKeys(table, records);
  const extra = extraKeys(records, new Set([...hiddenKeys(table), ...usual]));
  const omitted = [...extra.keys()].slice(maxExtra);
  const note = `${counted(omitted.length, "more column")}: ${omitted.join(", ")}`;
  // The file name stays: it contains most of the other columns.
  const fileName: Column<FileRecord> = { header: "Filename", align: "left", text: fileNameOf };
  const columns = [
    ...usual.map((key) => columnOf(key)),
    ...[...extra].slice(0, maxExtra).map(([key, isNumber]) => columnOf(key, isNumber)),
  ].map((column, yields) => ({ ...column, yields }));
  return {
    title: `Found [${records.length}] matching files`,
    subtitle: askedText(asked),
    ...(omitted.length === 0 ? {} : { note }),
    columns: [
      ...columns,
      linkTo === undefined ? fileName : { ...fileName, link: linkTo },
    ],
    rows: records,
  };
}

/** The file name at the end of a row's path. */
export function fileNameOf({ file_path }: FileRecord): string {
  return bareName(file_path);
}

/** Shortens a value of a row for a chart; `–` means no value. */
function labelOf(value: unknown, width: number): string {
  const text = cellOf(value);
  return text === "" ? "–" : printable(shorten(text, width));
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
