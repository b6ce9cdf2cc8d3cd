import { ProtocolError } from "../errors.ts";
import {
  checkTexts,
  decodeFileRecord,
  decodeObject,
  type FileRecord,
  isFileRecord,
  type RowObject,
} from "./file_record.ts";
import type { TableName } from "./query_parameters.ts";

/** A row of the table of science files (SDC protocol, `GET /query`). */
export type ScienceRecord = FileRecord;

/** A row of the table of ancillary files: it has no data level, and may have an end (SDC protocol, `GET /query`). */
export interface AncillaryRecord extends FileRecord {
  /** The last day for which the file is valid, YYYYMMDD; null when it is until a newer one comes. */
  readonly end_date?: string | null;
}

/** A row of the table of SPICE files (SDC protocol, `GET /spice-query`). */
export interface SpiceRecord extends FileRecord {
  /** The bare name. */
  readonly file_name?: string | null;
  /** What it holds, for instance `leapseconds`. */
  readonly kernel_type?: string | null;
  /** From when on it counts: `2024-07-09, 00:00:00`, or null. */
  readonly min_date_datetime?: string | null;
  /** Until when it counts, or null. */
  readonly max_date_datetime?: string | null;
}

/** The rows of each table. */
export interface TableRecords {
  /** Of science files. */
  readonly science: ScienceRecord;
  /** Of ancillary files. */
  readonly ancillary: AncillaryRecord;
  /** Of SPICE files. */
  readonly spice: SpiceRecord;
}

/** Takes a value for a row, or throws a ProtocolError that says what is wrong with it. */
type Decode<Row> = (value: unknown, row: number) => Row;

function isSpiceRecord(value: RowObject, row: number): value is RowObject & SpiceRecord {
  checkTexts(value, row, ["file_name", "kernel_type", "min_date_datetime", "max_date_datetime"]);
  return isFileRecord(value, row);
}

function decodeSpiceRecord(value: unknown, row: number): SpiceRecord {
  const object = decodeObject(value, row);
  // A kernel's version is digits, which a server may take for a number.
  const { version } = object;
  const record = typeof version === "number" ? { ...object, version: String(version) } : object;
  if (isSpiceRecord(record, row)) return record;
  throw new ProtocolError(`row ${row} is no SPICE file`);
}

/** How each table's rows are taken from JSON. */
export const DECODE: { readonly [Table in TableName]: Decode<TableRecords[Table]> } = {
  science: decodeFileRecord,
  ancillary: decodeFileRecord,
  spice: decodeSpiceRecord,
};
