import { ProtocolError } from "../errors.ts";
import { isVersion, parseVersion, type Version } from "../names/version.ts";
import type { TableName } from "./tables.ts";

/**
 * One row of a query's answer, whatever its table, under the SDC's own names (SDC protocol, `GET /query` and
 * `GET /spice-query`). Keys that the protocol does not know yet are kept as they came.
 */
export interface FileRecord {
  /** The file's path in the archive, which is also its path below the data directory. */
  readonly file_path: string;
  /** For instance `mag`. */
  readonly instrument?: string | null;
  /** For instance `l1a`. */
  readonly data_level?: string | null;
  /** The product's name. */
  readonly descriptor?: string | null;
  /** The day on which the data start, YYYYMMDD. */
  readonly start_date?: string | null;
  /** The last day for which the file is valid, YYYYMMDD: ancillary files alone have it. */
  readonly end_date?: string | null;
  /** The number of the repointing. */
  readonly repointing?: number | null;
  /** The number of the Carrington rotation. */
  readonly cr?: number | null;
  /** `v001` or `v001.0002`; newer servers send the two numbers below. A SPICE file's own digits. */
  readonly version?: string | null;
  /** The version's major number; null where the version has none. */
  readonly major_version?: number | null;
  /** The version's minor number. */
  readonly minor_version?: number | null;
  /** For instance `cdf`. */
  readonly extension?: string | null;
  /** When the archive took the file in: `2024-07-09 15:42:23`, UTC; of a SPICE file `2024-07-09, 15:42:23`. */
  readonly ingestion_date?: string | null;
  /** What a newer server may add. */
  readonly [key: string]: unknown;
}

const TEXT_KEYS = [
  "instrument",
  "data_level",
  "descriptor",
  "start_date",
  "end_date",
  "version",
  "extension",
  "ingestion_date",
] as const;
const INTEGER_KEYS = ["repointing", "cr", "major_version", "minor_version"] as const;

/** A JSON object, its keys open. */
type JsonObject = Record<string, unknown>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A row of any table: an object with a path. */
export type RowObject = JsonObject & { readonly file_path: string };

function hasPath(value: JsonObject): value is RowObject {
  return typeof value.file_path === "string" && value.file_path !== "";
}

/** Takes a value for a row of any table. */
export function decodeObject(value: unknown, row: number): RowObject {
  if (!isObject(value)) throw new ProtocolError(`row ${row} is no object`);
  if (!hasPath(value)) throw new ProtocolError(`row ${row} has no file_path`);
  return value;
}

/** Makes sure that what stands under some keys, if anything, is text. */
export function checkTexts(value: Readonly<JsonObject>, row: number, keys: readonly string[]): void {
  for (const key of keys) {
    if (value[key] !== undefined && value[key] !== null && typeof value[key] !== "string") {
      throw new ProtocolError(`row ${row} has no text for its ${key}`);
    }
  }
}

/** Makes sure that what stands under some keys, if anything, is a whole number. */
function checkIntegers(value: Readonly<JsonObject>, row: number, keys: readonly string[]): void {
  for (const key of keys) {
    if (value[key] !== undefined && value[key] !== null && !Number.isSafeInteger(value[key])) {
      throw new ProtocolError(`row ${row} has no whole number for its ${key}`);
    }
  }
}

/** Checks all that science and ancillary rows share; throws when it is something else. */
function isFileRecord(value: RowObject, row: number): value is RowObject & FileRecord {
  checkTexts(value, row, TEXT_KEYS);
  checkIntegers(value, row, INTEGER_KEYS);
  return true;
}

/**
 * Takes a value for a row of science or ancillary files.
 *
 * @param row Which row it is, for messages: 1 for the first.
 * @throws {ProtocolError} When it is none.
 */
function decodeFileRecord(value: unknown, row: number): FileRecord {
  const object = decodeObject(value, row);
  if (isFileRecord(object, row)) return object;
  throw new ProtocolError(`row ${row} is no file`);
}

/**
 * Takes a decoded JSON answer for what it must be: an array of rows that each have a path.
 *
 * @throws {ProtocolError} When it is not; the message says where.
 */
export function decodeFileRecords(json: unknown): FileRecord[] {
  if (!Array.isArray(json)) throw new ProtocolError("it is no array of files");
  return json.map((value: unknown, index) => decodeFileRecord(value, index + 1));
}

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
interface TableRecords {
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

/** A row's version, from its text or from the two numbers that newer servers send instead; undefined when it has none. */
export function recordVersion({ version, major_version, minor_version }: FileRecord): Version | undefined {
  if (typeof minor_version === "number") return { major: major_version ?? null, minor: minor_version };
  return typeof version === "string" && isVersion(version) ? parseVersion(version) : undefined;
}
