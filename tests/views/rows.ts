import type { FileRecord } from "../../src/protocol/tables.ts";

/** The fields of a row that a test sets. */
export interface RowOptions {
  readonly instrument?: string;
  readonly data_level?: string;
  readonly descriptor?: string;
  readonly version?: string;
}

/** The day that is `days` after `20250501`. */
export function dayAfter(days: number): string {
  return new Date(Date.UTC(2025, 4, 1 + days)).toISOString().slice(0, 10).replaceAll("-", "");
}

/** The row of a file for a day, counted from 2025-05-01. */
export function rowOf(days: number, options: RowOptions = {}): FileRecord {
  const { instrument = "mag", data_level = "l1a", descriptor = "norm-mago", version = "v001" } = options;
  const start_date = dayAfter(days);
  const folder = `imap/${instrument}/${data_level}/${start_date.slice(0, 4)}/${start_date.slice(4, 6)}`;
  const file_path = `${folder}/imap_${instrument}_${data_level}_${descriptor}_${start_date}_${version}.cdf`;
  return { file_path, instrument, data_level, descriptor, start_date, version, repointing: null, extension: "cdf" };
}

/** Rows of consecutive days. */
export function rowsOf(from: number, days: number, options: RowOptions = {}): FileRecord[] {
  return Array.from({ length: days }, (_, index) => rowOf(from + index, options));
}
