import type { FileRecord } from "../protocol/file_record.ts";
import type { TableName } from "../protocol/query_parameters.ts";

/** A column of a table of rows, by the key whose value it shows. `version` and `filename` are worked out. */
export interface RecordColumn {
  readonly header: string;
  readonly key: string;
  /** Whether it holds days, YYYYMMDD. */
  readonly isDay?: boolean;
  /** Whether it holds numbers. */
  readonly isNumber?: boolean;
}

/** The columns that every result of a table has, in the order that users of the Python client know; the name comes last. */
export const RECORD_COLUMNS: Readonly<Record<TableName, readonly RecordColumn[]>> = {
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
export function shownKeys(table: TableName): ReadonlySet<string> {
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
