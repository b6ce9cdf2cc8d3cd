import { ProtocolError } from "../errors.ts";

/**
 * One row of a query's answer, under the SDC's own names (SDC protocol, `GET /query`).
 * Keys that the protocol does not know yet are kept as they came.
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
  /** `v001` or `v001.0002`; newer servers send the two numbers below. */
  readonly version?: string | null;
  /** The version's major number; null where the version has none. */
  readonly major_version?: number | null;
  /** The version's minor number. */
  readonly minor_version?: number | null;
  /** For instance `cdf`. */
  readonly extension?: string | null;
  /** When the archive took the file in: `2024-07-09 15:42:23`, UTC. */
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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFileRecord(value: unknown, row: number): value is FileRecord {
  if (!isObject(value)) throw new ProtocolError(`row ${row} is no object`);
  if (typeof value.file_path !== "string" || value.file_path === "") {
    throw new ProtocolError(`row ${row} has no file_path`);
  }
  for (const key of TEXT_KEYS) {
    if (value[key] !== undefined && value[key] !== null && typeof value[key] !== "string") {
      throw new ProtocolError(`row ${row} has no text for its ${key}`);
    }
  }
  for (const key of INTEGER_KEYS) {
    if (value[key] !== undefined && value[key] !== null && !Number.isSafeInteger(value[key])) {
      throw new ProtocolError(`row ${row} has no whole number for its ${key}`);
    }
  }
  return true;
}

/**
 * Takes a decoded JSON answer for what it must be: an array of rows that each have a path.
 *
 * @throws {ProtocolError} When it is not; the message says where.
 */
export function decodeFileRecords(json: unknown): FileRecord[] {
  if (!Array.isArray(json)) throw new ProtocolError("it is no array of files");
  return json.filter((value: unknown, index): value is FileRecord => isFileRecord(value, index + 1));
}
