import type { Column, Table } from "../display/text_table.ts";
import { shorten } from "../display/text_width.ts";
import { isCalendarDate } from "../names/calendar_date.ts";
import { formatVersion, isVersion } from "../names/version.ts";
import type { FileRecord } from "../protocol/rows.ts";
import type { TableName } from "../protocol/tables.ts";
import { printable } from "../safe_text.ts";

/** A column of a table of rows, by the key whose value it shows. `version` and `filename` are worked out. */
interface RecordColumn {
  readonly header: string;
  readonly key: string;
  /** Whether it holds days, YYYYMMDD. */
  readonly isDay?: boolean;
  /** Whether it holds numbers. */
  readonly isNumber?: boolean;
}

/** The columns that every result of a table has, in the order that users of the Python client know; the name comes last. */
const RECORD_COLUMNS: Readonly<Record<TableName, readonly RecordColumn[]>> = {
  science: [
    { header: "Instrument", key: "instrument" },
    { header: "Data Level", key: "data_level" },
    { header: "Descriptor", key: "descriptor" },
    { header: "Start Date", key: "start_date", isDay: true },
    { header: "Repointing", key: "repointing", isNumber: true },
    { header: "Version", key: "version" },
  ],
  ancillary: [
    { header: "Instrument", key: "instrument" },
    { header: "Descriptor", key: "descriptor" },
    { header: "Start Date", key: "start_date", isDay: true },
    { header: "End Date", key: "end_date", isDay: true },
    { header: "Version", key: "version" },
  ],
  spice: [
    { header: "Kernel Type", key: "kernel_type" },
    { header: "Min Date", key: "min_date_datetime" },
    { header: "Max Date", key: "max_date_datetime" },
    { header: "Version", key: "version" },
  ],
};

/** The keys of a table's rows (SDC protocol). */
const KEYS: Readonly<Record<TableName, readonly string[]>> = {
  science: [
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
  ],
  ancillary: [
    "file_path",
    "instrument",
    "descriptor",
    "start_date",
    "end_date",
    "repointing",
    "version",
    "extension",
    "ingestion_date",
  ],
  spice: [
    "file_path",
    "file_name",
    "kernel_type",
    "version",
    "min_date_datetime",
    "max_date_datetime",
    "ingestion_date",
  ],
};

/** What a table's own columns show already, or its names do: no column of its own is needed for it. */
function shownKeys(table: TableName): ReadonlySet<string> {
  const always = ["file_path", "file_name", "major_version", "minor_version", "extension"];
  return new Set([...always, ...RECORD_COLUMNS[table].map(({ key }) => key)]);
}

/** What stands under a key in a row: nothing where only JavaScript's own objects have it, as `toString`. */
export function valueAt(record: FileRecord, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The keys of a table, and behind them what rows have more, in the order in which it first comes up. */
export function recordKeys(table: TableName, records: readonly FileRecord[]): string[] {
  const keys = new Set<string>(KEYS[table]);
  for (const record of records) for (const key in record) keys.add(key);
  return [...keys];
}

/** The conditions of a query by their names, as the caller gave them. */
type Asked = Readonly<Record<string, unknown>>;

/** What a page shows of a result besides its rows. */
export interface ResultContext {
  /** The table that was asked; it decides the columns. Default: science. */
  readonly table?: TableName;
  readonly asked?: Asked;
  /** How many columns there may be besides those that every result of the table has. Default: 8. */
  readonly mostExtra?: number;
  /** Where a file can be fetched with a browser; undefined where nobody can tell. */
  readonly linkTo?: ((record: FileRecord) => string | undefined) | undefined;
}

/** `instrument=mag, data_level=l2`: what was asked for, in a line. */
export function askedText(asked: Asked = {}): string {
  const given = Object.entries(asked).filter(([, value]) => value !== undefined && value !== null);
  return given.map(([name, value]) => `${name}=${Array.isArray(value) ? value.join("|") : cell(value)}`).join(", ");
}

/** `20240723` -> `2024-07-23`; what is no day stays as it is. */
function withHyphens(text: string): string {
  return isCalendarDate(text) ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}` : text;
}

/** A value as a cell shows it: nothing for what is not there. */
function cell(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The bare name at the end of a row's path. */
export function fileNameOf(record: FileRecord): string {
  return record.file_path.slice(record.file_path.lastIndexOf("/") + 1);
}

/** A row's version: as sent, or from the two numbers that newer servers send instead (SDC protocol). */
export function versionOf(record: FileRecord): string {
  const { version, major_version: major = null, minor_version: minor } = record;
  if (typeof version === "string" && (isVersion(version) || minor === undefined)) return version;
  if (minor === undefined || minor === null) return "";
  const numbers = { major, minor };
  const fits = minor >= 0 && minor <= (major === null ? 999 : 9999) && (major === null || (major >= 0 && major <= 999));
  return fits ? formatVersion(numbers) : `${cell(major)}.${minor}`;
}

function column(header: string, text: (record: FileRecord) => string, align: "left" | "right" = "left") {
  return { header, align, text };
}

/** A column of days: YYYYMMDD in text, as users of the Python client know it, with hyphens on pages. */
function dayColumn(header: string, text: (record: FileRecord) => string): Column<FileRecord> {
  return { ...column(header, text), pageText: (record) => withHyphens(text(record)) };
}

/** A column that every result of a table has. */
function usualColumn({ header, key, isDay, isNumber }: RecordColumn): Column<FileRecord> {
  if (key === "version") return column(header, versionOf);
  const text = (record: FileRecord) => cell(valueAt(record, key));
  return isDay ? dayColumn(header, text) : column(header, text, isNumber ? "right" : "left");
}

/** `ingestion_date` -> `Ingestion Date`; `cr` -> `CR`. */
function headerOf(key: string): string {
  if (key === "cr") return "CR";
  return key.split("_").map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ");
}

/** A server that sends many new keys must not make the table unreadable. */
const MOST_EXTRA_COLUMNS = 8;

/** A column for a key that the rows have more than usual. */
function extraColumn(key: string, isNumeric: boolean): Column<FileRecord> {
  const text = (record: FileRecord) => cell(valueAt(record, key));
  return key === "end_date"
    ? dayColumn(headerOf(key), text)
    : column(headerOf(key), text, isNumeric ? "right" : "left");
}

/** The keys of what the rows have more than usual, in the order in which it first comes up, and whether they are numbers. */
function extraKeys(records: readonly FileRecord[], shown: ReadonlySet<string>): Array<readonly [string, boolean]> {
  const numeric = new Map<string, boolean>();
  for (const record of records) {
    for (const key in record) {
      const value = record[key];
      if (shown.has(key) || value === null || value === undefined) continue;
      if (typeof value !== "number") numeric.set(key, false);
      else if (!numeric.has(key)) numeric.set(key, true);
    }
  }
  return [...numeric];
}

/** `2 more columns: mode, quality`: which keys have no column; undefined when all have one. */
function leftOut(keys: ReadonlyArray<readonly [string, boolean]>): string | undefined {
  if (keys.length === 0) return undefined;
  return `${keys.length} more column${keys.length === 1 ? "" : "s"}: ${keys.map(([key]) => key).join(", ")}`;
}

/** The rows of a query as a table: the columns of what was asked, what the rows have more, and the file's name. */
export function recordsTable(records: readonly FileRecord[], context: ResultContext = {}): Table<FileRecord> {
  const { table = "science", asked, linkTo, mostExtra = MOST_EXTRA_COLUMNS } = context;
  const extra = extraKeys(records, shownKeys(table));
  const note = leftOut(extra.slice(mostExtra));
  const fileName = column("Filename", fileNameOf);
  return {
    title: `Found [${records.length}] matching files`,
    subtitle: askedText(asked),
    ...(note === undefined ? {} : { note }),
    columns: [
      ...RECORD_COLUMNS[table].map(usualColumn),
      ...extra.slice(0, mostExtra).map(([key, isNumeric]) => extraColumn(key, isNumeric)),
      linkTo === undefined ? fileName : { ...fileName, link: linkTo },
    ],
    rows: records,
  };
}

/** A value of a row as a picture shows it: printable, no longer than so many characters; `–` for what is not there. */
function label(value: unknown, longest: number): string {
  const text = cell(value);
  return text === "" ? "–" : printable(shorten(text, longest));
}

/** What a row's file is: kernels have no instrument, no level and no descriptor, but a type. */
export function productOf(record: FileRecord): readonly [instrument: unknown, level: unknown, descriptor: unknown] {
  const type = valueAt(record, "kernel_type") ?? undefined;
  const instrument = record.instrument ?? (type === undefined ? undefined : "spice");
  return [instrument, record.data_level, record.descriptor ?? type];
}

/** What rows say of themselves, as pictures show it: with room for all that the SDC has, and not for more. */
export const rowLabel = {
  instrument: (record: FileRecord): string => label(productOf(record)[0], 12),
  level: ({ data_level }: FileRecord): string => label(data_level, 6),
  // The names of maps have up to 37 characters, and differ at their ends.
  descriptor: (record: FileRecord): string => label(productOf(record)[2], 44),
  version: (version: string | undefined): string => label(version, 12),
} as const;

/** `1 file`, `7 files`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
