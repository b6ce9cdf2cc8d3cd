import type { Column, Table } from "../display/table.ts";
import { formatVersion, isVersion } from "../names/version.ts";
import type { FileRecord } from "../protocol/file_record.ts";

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

/** The columns that every result has, in the order that users of the Python client know. */
const USUAL: readonly Column<FileRecord>[] = [
  column("Instrument", (record) => cell(record.instrument)),
  column("Data Level", (record) => cell(record.data_level)),
  column("Descriptor", (record) => cell(record.descriptor)),
  column("Start Date", (record) => cell(record.start_date)),
  column("Repointing", (record) => cell(record.repointing), "right"),
  column("Version", versionOf),
];
const FILENAME = column("Filename", fileNameOf);

/** What the usual columns show already. */
const SHOWN: ReadonlySet<string> = new Set([
  "file_path",
  "instrument",
  "data_level",
  "descriptor",
  "start_date",
  "repointing",
  "version",
  "major_version",
  "minor_version",
  "extension",
]);

/** `ingestion_date` -> `Ingestion Date`; `cr` -> `CR`. */
function headerOf(key: string): string {
  if (key === "cr") return "CR";
  return key.split("_").map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ");
}

/** A server that sends many new keys must not make the table unreadable. */
const MOST_EXTRA_COLUMNS = 8;

/** Columns for what the rows have more than usual, in the order in which it first comes up. */
function extraColumns(records: readonly FileRecord[]): Column<FileRecord>[] {
  const keys = new Set<string>();
  for (const record of records) {
    for (const key in record) {
      if (!SHOWN.has(key) && record[key] !== null && record[key] !== undefined) keys.add(key);
    }
  }
  return [...keys].slice(0, MOST_EXTRA_COLUMNS).map((key) =>
    column(headerOf(key), (record) => cell(record[key]), key === "cr" ? "right" : "left")
  );
}

/** The rows of a query as a table: the usual columns, what the rows have more, and the file's name. */
export function recordsTable(records: readonly FileRecord[]): Table<FileRecord> {
  return {
    title: `Found [${records.length}] matching files`,
    columns: [...USUAL, ...extraColumns(records), FILENAME],
    rows: records,
  };
}
