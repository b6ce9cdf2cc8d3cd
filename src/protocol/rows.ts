import { type Column, type ColumnType, SDC_TABLES, type TableName } from "./tables.ts";
import { ProtocolError } from "../errors.ts";
import { bareName, parseFileName, readSpiceFile, spiceRoot } from "../names/file_name.ts";
import {
  compareVersions,
  isSpiceType,
  isVersion,
  parseVersion,
  SPICE_FOLDERS,
  type SpiceType,
  type Version,
} from "../names/fields.ts";

/**
 * One row of a query's response, whatever its table, under the SDC's own names (SDC protocol, `GET /query` and
 * `GET /spice-query`).
 *
 * Rows of older servers have different formats. The client normalizes three keys: `file_path` is always present,
 * `version` is the one in the file's name, and `ingestion_date` is `YYYY-MM-DD HH:MM:SS` in UTC. All other keys are
 * kept unchanged, including keys that the client does not know. A known key with a value of the wrong type is null. A
 * number that JavaScript does not hold, such as an integer beyond 2^53, or 1e400, is its text. `JSON.stringify` writes it
 * as it was received, and in a copy of the row (`{ ...row }`) as text.
 *
 * @category Find files
 */
export interface FileRecord {
  /** The file's path in the archive, which is also its path below the data directory. */
  readonly file_path: string;
  /** The instrument, for instance `mag`. */
  readonly instrument?: string | null;
  /** The data level, for instance `l1a`. */
  readonly data_level?: string | null;
  /** The product's name, for instance `norm-mago`. */
  readonly descriptor?: string | null;
  /** The day on which the data start, `YYYYMMDD`. */
  readonly start_date?: string | null;
  /** The last day for which an ancillary file is valid, `YYYYMMDD`, or null. */
  readonly end_date?: string | null;
  /** The number of the repointing, or null. */
  readonly repointing?: number | null;
  /** The number of the Carrington rotation, or null. */
  readonly cr?: number | null;
  /** The version in the file's name: `v001` or `v001.0002`; for a SPICE file its digits, for instance `0012`. */
  readonly version?: string | null;
  /** The version's major number. The SDC counts a file named `_v001` as major version 1; servers of 2024 send none. */
  readonly major_version?: number | null;
  /** The version's minor number. */
  readonly minor_version?: number | null;
  /** The file's extension, for instance `cdf`. */
  readonly extension?: string | null;
  /** When the archive indexed the file: `2024-07-09 15:42:23`, UTC. */
  readonly ingestion_date?: string | null;
  /** An identifier that the SDC computes from the path and the versions of a file's inputs, or null. */
  readonly crid?: string | null;
  /** Whether the file is released to the public; not sent by servers of 2024. */
  readonly released?: boolean | null;
  /** Other keys that servers may send. */
  readonly [key: string]: unknown;
}

/**
 * A row of the table of science files (SDC protocol, `GET /query`). A value that is null is taken from the file's name. It is a {@linkcode FileRecord} without unknown keys, so that a compiler finds mistyped ones.
 *
 * @category Find files
 */
export type ScienceRecord = {
  /** The file's path in the archive, which is also its path below the data directory. */
  readonly file_path: string;
  /** The instrument, for instance `mag`. */
  readonly instrument: string;
  /** The data level, for instance `l1a`. */
  readonly data_level: string;
  /** The product's name, for instance `norm-mago`. */
  readonly descriptor: string;
  /** The day on which the data start, `YYYYMMDD`. */
  readonly start_date: string;
  /** The version in the file's name: `v001` or `v001.0002`. */
  readonly version: string;
  /** The number of the repointing, or null. */
  readonly repointing?: number | null;
  /** The number of the Carrington rotation, or null. */
  readonly cr?: number | null;
  /** The version's major number. The SDC counts a file named `_v001` as major version 1; servers of 2024 send none. */
  readonly major_version?: number | null;
  /** The version's minor number. */
  readonly minor_version?: number | null;
  /** The file's extension, for instance `cdf`. */
  readonly extension?: string | null;
  /** When the archive indexed the file: `2024-07-09 15:42:23`, UTC. */
  readonly ingestion_date?: string | null;
  /** An identifier that the SDC computes from the path and the versions of a file's inputs, or null. */
  readonly crid?: string | null;
  /** Whether the file is released to the public; not sent by servers of 2024. */
  readonly released?: boolean | null;
};

/**
 * A row of the table of quicklook files: the same columns as those of science files (SDC protocol, `GET /query`).
 *
 * @category Find files
 */
export type QuicklookRecord = ScienceRecord;

/**
 * A row of the table of ancillary files: it has no data level, and may have an end date (SDC protocol, `GET /query`).
 *
 * @category Find files
 */
export type AncillaryRecord = {
  /** The file's path in the archive, which is also its path below the data directory. */
  readonly file_path: string;
  /** The instrument, for instance `mag`. */
  readonly instrument: string;
  /** The product's name, for instance `l1-cal`. */
  readonly descriptor: string;
  /** The first day for which the file is valid, `YYYYMMDD`. */
  readonly start_date: string;
  /** The last day for which the file is valid, `YYYYMMDD`; null if it is valid until a newer file replaces it. */
  readonly end_date?: string | null;
  /** The version in the file's name, for instance `v001`. */
  readonly version: string;
  /** The file's extension, for instance `csv`. */
  readonly extension?: string | null;
  /** When the archive indexed the file: `2024-07-09 15:42:23`, UTC. */
  readonly ingestion_date?: string | null;
  /** Whether the file is released to the public; not sent by servers of 2024. */
  readonly released?: boolean | null;
};

/**
 * A row of the table of SPICE files (SDC protocol, `GET /spice-query`). The rows of spin, repoint and small-forces
 * files have `start_date` and `end_date` instead of coverage; the client fills in `kernel_type`, `min_date_datetime`,
 * and `max_date_datetime`.
 *
 * @category Find files
 */
export type SpiceRecord = {
  /** The file's path in the archive, which is also its path below the data directory. */
  readonly file_path: string;
  /** The digits of the version in the file's name, for instance `0012`. */
  readonly version?: string | null;
  /** When the archive indexed the file: `2024-07-09 15:42:23`, UTC. */
  readonly ingestion_date?: string | null;
  /** The first day of a spin or small-forces file, as {@linkcode SpiceRecord.min_date_datetime}. */
  readonly start_date?: string | null;
  /** The last day of a spin, repoint or small-forces file. */
  readonly end_date?: string | null;
  /** The name with its folder below `imap/spice`, for instance `lsk/naif0012.tls`; older servers send the bare name. */
  readonly file_name?: string | null;
  /** The name without the digits of its version. */
  readonly file_root?: string | null;
  /** The contents of the file, for instance `leapseconds`. */
  readonly kernel_type?: string | null;
  /** The start of the file's coverage: `2025-10-01, 23:00:00`, UTC, or null. */
  readonly min_date_datetime?: string | null;
  /** The end of the file's coverage, or null. */
  readonly max_date_datetime?: string | null;
  /** The start of the kernel's coverage, in TDB seconds since J2000. */
  readonly min_date_j2000?: number | null;
  /** The end of the kernel's coverage, in TDB seconds since J2000. */
  readonly max_date_j2000?: number | null;
  /** The start of the kernel's coverage, in ticks of the spacecraft clock. */
  readonly min_date_sclk?: string | null;
  /** The end of the kernel's coverage, in ticks of the spacecraft clock. */
  readonly max_date_sclk?: string | null;
  /** The intervals that the kernel covers, in TDB seconds since J2000: an array of pairs of start and end. */
  readonly file_intervals_j2000?: unknown;
  /** The intervals that the kernel covers, as ISO 8601 timestamps: an array of pairs of start and end. */
  readonly file_intervals_datetime?: unknown;
  /** The intervals that the kernel covers, in ticks of the spacecraft clock: an array of pairs of start and end. */
  readonly file_intervals_sclk?: unknown;
  /** A path on the SDC's own machine, of no use elsewhere. */
  readonly sclk_kernel?: string | null;
  /** A path on the SDC's own machine, of no use elsewhere. */
  readonly lsk_kernel?: string | null;
  /** The time of ingestion in seconds since 1970. */
  readonly timestamp?: number | null;
};

/** A JSON object with any keys. A row is changed in place: copying 100,000 rows would double the time of decoding. */
type JsonObject = Record<string, unknown>;

/** Whether a decoded JSON value is an object, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Matches every text with a number that a double may not hold, and few others. */
const MAY_LOSE_DIGITS = /\d{16}|\d[eE][+-]?\d{3}/;

/** The numbers that a double does not hold, as they were received, by the object or array with their texts, and by key. */
const keptNumbers = new WeakMap<object, Map<string, string>>();

/** Whether a double holds a number without losing digits, except those of a fraction. */
function isHeld(number: number, source: string): boolean {
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(number);
  return Number.isFinite(number) && (number !== 0 || /^[-0.]+(?:e|$)/i.test(source));
}

/** `toJSON` of an object or array with kept numbers: JSON has numbers of any length, so it gets them as the server sent them. */
function withKeptNumbers(this: object): unknown {
  const kept = keptNumbers.get(this);
  // Missing in TypeScript's types (ECMAScript 2026).
  const rawJson: unknown = Reflect.get(JSON, "rawJSON");
  const entries = Object.entries(this).map(([key, value]: [string, unknown]): [string, unknown] => {
    const isKept = value !== undefined && kept?.get(key) === value && typeof rawJson === "function";
    return [key, isKept ? Reflect.apply(rawJson, JSON, [value]) : value];
  });
  return Array.isArray(this) ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}

function keepNumber(holder: object, key: string, source: string): void {
  const kept = keptNumbers.get(holder) ?? new Map<string, string>();
  kept.set(key, source);
  if (keptNumbers.has(holder)) return;
  keptNumbers.set(holder, kept);
  Object.defineProperty(holder, "toJSON", { value: withKeptNumbers, configurable: true, writable: true });
}

/**
 * Parses JSON as `JSON.parse` does, and keeps the digits of numbers that a double does not hold, such as integers beyond
 * 2^53 and 1e400: they become their texts, which `JSON.stringify` writes as they were received. A bigint would do so too,
 * but `JSON.stringify` would throw for a copy of the object.
 *
 * @throws {SyntaxError} When the text is not JSON.
 */
export function parseJson(text: string): unknown {
  if (!MAY_LOSE_DIGITS.test(text)) return JSON.parse(text);
  try {
    return JSON.parse(text, function (this: object, key: string, value: unknown, context?: { source?: string }) {
      const source = context?.source;
      if (typeof value !== "number" || source === undefined || isHeld(value, source)) return value;
      keepNumber(this, key, source);
      return source;
    });
  } catch (error) {
    // Values that are nested too deeply for a reviver.
    if (error instanceof RangeError) return JSON.parse(text);
    throw error;
  }
}

const { science, ancillary, spice, spin } = SDC_TABLES;

/** A known key, and the `typeof` of its values; undefined for nested values. */
interface KnownKey {
  readonly name: string;
  readonly type: ColumnType;
  readonly typeOf: "string" | "number" | "boolean" | undefined;
}

const TYPE_OF = { text: "string", integer: "number", number: "number", boolean: "boolean", json: undefined } as const;

function knownKeys(columns: Readonly<Record<string, Column>>): readonly KnownKey[] {
  return Object.entries(columns).map(([name, { type, decoded = type }]) => ({
    name,
    type: decoded,
    typeOf: TYPE_OF[decoded],
  }));
}

/** The possible keys of rows of `GET /query`. */
const FILE_KEYS = knownKeys({ ...science.columns, ...ancillary.columns });
/** The possible keys of rows of `GET /spice-query`. */
const SPICE_KEYS = knownKeys({ ...science.columns, ...spin.columns, ...spice.columns });

/** Converts a value to a type; null if that is not possible. */
function ofType(type: ColumnType, value: unknown): unknown {
  switch (type) {
    case "text":
      return typeof value === "string" ? value : typeof value === "number" ? String(value) : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "json":
      return value;
  }
  const number = typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  const isRight = type === "integer" ? Number.isSafeInteger(number) : Number.isFinite(number);
  return isRight ? number : null;
}

/**
 * Makes sure that the values of known keys have the right types: one wrong value must not make the whole response
 * unusable.
 */
function normalizeTypes(row: JsonObject, keys: readonly KnownKey[]): void {
  const kept = keptNumbers.get(row);
  for (const { name, type, typeOf } of keys) {
    const value = row[name];
    // Of a column of texts, the text of a number is the value.
    kept?.delete(name);
    if (value === undefined || value === null || (typeof value === typeOf && type !== "integer")) continue;
    const right = ofType(type, value);
    if (right !== value) row[name] = right;
  }
}

/** Matches ISO 8601 without a time zone or in UTC, and similar formats. */
const MOMENT = /^(\d{4})-?(\d\d)-?(\d\d)(?:,? |T)(\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-]00:?00)?$/;

/** The SDC's format today. */
const TODAYS_MOMENT = /^\d{8} \d\d:\d\d:\d\d$/;

/** Normalizes the time of ingestion to `YYYY-MM-DD HH:MM:SS`, UTC, which can be sorted as text. */
function normalizeIngestion(row: JsonObject): void {
  const { ingestion_date: text } = row;
  // Nearly all rows have `2026-04-20 03:04:05` or `20260420 03:04:05`.
  if (typeof text !== "string" || (text.length === 19 && text[4] === "-" && text[10] === " ")) return;
  if (TODAYS_MOMENT.test(text)) {
    row.ingestion_date = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
    return;
  }
  const [, year, month, day, time] = MOMENT.exec(text) ?? [];
  if (time !== undefined) row.ingestion_date = `${year}-${month}-${day} ${time}`;
}

/** Takes the version from the file's name: for `_v001.cdf`, the SDC's row contains `v001.0001`. */
function normalizeVersion(row: JsonObject, path: string): void {
  const { version } = row;
  if (version === undefined && row.minor_version === undefined) return;
  const [start, end] = [path.lastIndexOf("_") + 1, path.lastIndexOf(".")];
  // In nearly all rows, the version is the one in the name.
  if (typeof version === "string" && end - start === version.length && path.startsWith(version, start)) return;
  const named = path.slice(start, end);
  if (isVersion(named)) row.version = named;
}

/** The values that rows of product files must have (SDC protocol: the columns cannot be null). */
const REQUIRED = ["instrument", "data_level", "descriptor", "start_date", "version"] as const;

/** Takes values that are null, or had the wrong type, from the file's name; a name of another form leaves them null. */
function fillFromName(row: JsonObject, path: string): void {
  const { instrument, data_level, descriptor, start_date, version } = row;
  // Nearly all rows have all values.
  if (instrument !== null && data_level !== null && descriptor !== null && start_date !== null && version !== null) {
    return;
  }
  const lacking = REQUIRED.filter((key) => row[key] === null);
  try {
    const named: JsonObject = { ...parseFileName(bareName(path)) };
    for (const key of lacking) if (typeof named[key] === "string") row[key] = named[key];
  } catch {
    // The path is all that is known of the file.
  }
}

/** Folders of SPICE files that determine the type. Small-forces files have been stored in three of them. */
const TYPE_OF_FOLDER: ReadonlyMap<string, SpiceType> = new Map<string, SpiceType>([
  ["spin", "spin"],
  ["repoint", "repoint"],
  ["activities", "thruster"],
  ["small-forces", "thruster"],
  ["thruster", "thruster"],
]);

/** Returns the path of a kernel whose row has only a name: with its folder, as today, or bare, as on older servers. */
function kernelPath({ file_name, kernel_type }: JsonObject): string | undefined {
  if (typeof file_name !== "string" || file_name === "") return undefined;
  if (file_name.startsWith("imap/")) return file_name;
  if (file_name.includes("/")) return `imap/spice/${file_name}`;
  const file = readSpiceFile(file_name);
  const type = Array.isArray(file) ? kernel_type : file.kernel_type;
  return `imap/spice/${isSpiceType(type) ? `${SPICE_FOLDERS[type]}/` : ""}${file_name}`;
}

/**
 * Fills in keys that rows of `GET /spice-query` omit: the type and coverage of spin, repoint, and small-forces files.
 */
function normalizeSpice(row: JsonObject, path: string): void {
  const file = readSpiceFile(bareName(path));
  if (Array.isArray(file)) {
    const type = TYPE_OF_FOLDER.get(path.split("/").at(-2) ?? "");
    if (type !== undefined) row.kernel_type ??= type;
  } else {
    row.kernel_type ??= file.kernel_type;
    if (file.version !== null && row.version !== undefined) row.version = file.version;
  }
  const { start_date, end_date } = row;
  if (start_date !== undefined) row.min_date_datetime ??= start_date;
  if (end_date !== undefined) row.max_date_datetime ??= end_date;
}

/** Converts a received object to a row, or throws a ProtocolError that says why it is not one. */
function normalize(row: JsonObject, table: TableName, count: number): asserts row is JsonObject & FileRecord {
  const path = row.file_path ?? (table === "spice" ? kernelPath(row) : undefined);
  if (typeof path !== "string" || path === "") throw new ProtocolError(`row ${count} has no file_path`);
  row.file_path = path;
  normalizeTypes(row, table === "spice" ? SPICE_KEYS : FILE_KEYS);
  normalizeIngestion(row);
  if (table === "spice") normalizeSpice(row, path);
  else {
    normalizeVersion(row, path);
    fillFromName(row, path);
  }
}

/**
 * Decodes a row of a table, and normalizes it: see {@linkcode FileRecord}.
 *
 * @param value The result of `JSON.parse`; it is changed in place.
 * @param count The number of the row, for messages: 1 for the first.
 * @throws {ProtocolError} When it is not an object, or does not contain the path of the file.
 */
export function decodeRow(table: TableName, value: unknown, count: number): FileRecord {
  if (!isJsonObject(value)) throw new ProtocolError(`row ${count} is not an object`);
  normalize(value, table, count);
  return value;
}

/**
 * Decodes an array of rows.
 *
 * @throws {ProtocolError} When it is not an array of rows; the message names the wrong row.
 */
export function decodeFileRecords(json: unknown, table: TableName = "science"): FileRecord[] {
  if (!Array.isArray(json)) throw new ProtocolError("it is not an array of files");
  return json.map((value: unknown, index) => decodeRow(table, value, index + 1));
}

/** Returns a row's version as numbers, which the server sends or the text contains; undefined if it has none. */
export function recordVersion({ version, major_version, minor_version }: FileRecord): Version | undefined {
  if (typeof minor_version === "number") return { major: major_version ?? null, minor: minor_version };
  return typeof version === "string" && isVersion(version) ? parseVersion(version) : undefined;
}

/** The names of ancillary files may contain a repointing that the SDC's rows do not. */
const REPOINTING = /-repoint(\d{5})_/;
/** The names of science files may contain a Carrington rotation that the rows of servers of 2024 do not. */
const ROTATION = /-cr(\d{5})_/;

/** Returns a row's own number, or else the one in the file's name. */
export function numberOf(row: FileRecord, key: "repointing" | "cr"): number | null {
  const own = row[key];
  if (own !== undefined && own !== null) return own;
  const digits = (key === "cr" ? ROTATION : REPOINTING).exec(bareName(row.file_path))?.[1];
  return digits === undefined ? null : Number(digits);
}

/**
 * Returns a row's version as numbers; undefined if it has none. The number of digits depends on the type of SPICE file:
 * `01`, `001`.
 */
export function versionOf(table: TableName, row: FileRecord): Version | undefined {
  if (table !== "spice") return recordVersion(row);
  const digits = /^v?(\d{1,15})$/.exec(row.version ?? "")?.[1];
  return digits === undefined ? undefined : { major: null, minor: Number(digits) };
}

/** Returns a text that is the same for all versions of a file. */
export function fileOf(table: TableName, row: FileRecord): string {
  if (table === "spice") {
    const root = typeof row.file_root === "string" ? row.file_root : spiceRoot(bareName(row.file_path));
    return root ?? JSON.stringify([row.kernel_type, row.start_date, row.end_date, row.max_date_datetime]);
  }
  // Joined, since this runs for each of maybe 100,000 rows.
  return SDC_TABLES[table].sameFile.map((key) => key === "repointing" ? numberOf(row, key) : row[key] ?? "").join("\0");
}

/** Returns the newest version of each file, in the same order. */
export function newestVersions<Row extends FileRecord>(table: TableName, rows: readonly Row[]): Row[] {
  const newest = new Map<string, { readonly row: Row; readonly version: Version | undefined }>();
  for (const row of rows) {
    const file = fileOf(table, row);
    const version = versionOf(table, row);
    const best = newest.get(file);
    const isNewer = best?.version === undefined ||
      (version !== undefined && compareVersions(version, best.version) > 0);
    if (isNewer) newest.set(file, { row, version });
  }
  const kept = new Set([...newest.values()].map(({ row }) => row));
  return rows.filter((row) => kept.has(row));
}

/**
 * Returns all versions of the newest major version of each file, in the same order. Rows without major versions, from
 * older servers, are all kept: those servers send all versions.
 */
export function newestMajorVersions<Row extends FileRecord>(table: TableName, rows: readonly Row[]): Row[] {
  const newest = new Map<string, number>();
  for (const row of rows) {
    if (typeof row.major_version !== "number") continue;
    const file = fileOf(table, row);
    newest.set(file, Math.max(newest.get(file) ?? row.major_version, row.major_version));
  }
  return rows.filter((row) =>
    typeof row.major_version !== "number" || row.major_version === newest.get(fileOf(table, row))
  );
}
