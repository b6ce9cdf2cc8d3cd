import type { CatalogEntry, PackedText } from "./catalog_entry.ts";
import { SDC_TABLES } from "../protocol/tables.ts";

/** The tables that queries find files in; each is also the name of a kind of file. */
export type FilesTable = "science" | "ancillary" | "quicklook";

/** Columns that are null in every row: the archive does not compute the identifiers of a file's inputs. */
export const ABSENT: readonly string[] = ["crid"];

/** A condition on files: a column, how it is compared, and with what. */
export interface FilesCondition {
  /** A column of the catalog, or one of {@linkcode ABSENT}. */
  readonly column: string;
  /** The SQL behind the column. */
  readonly test: "= ?" | ">= ?" | "<= ?";
  readonly value: string | number;
}

/** How the JSON of a row contains a column. */
export type RowForm =
  /** A text that needs no escapes: the words of a vocabulary, or digits. */
  | "word"
  /** A text with any characters, or null. */
  | "text"
  /** A number, which is never null. */
  | "integer"
  | "integer or null"
  /** `true` or `false`, for 1 or 0. */
  | "boolean"
  /** `"v001.0002"` of the columns `major_version` and `minor_version`: three and four digits at least. */
  | "both version numbers"
  /** `"20240709 15:42:23"` of `2024-07-09 15:42:23`. */
  | "moment without hyphens"
  /** Null in every row. */
  | "null";

/** A field of the JSON of a row. */
export interface RowField {
  /** Its name, which needs no escapes. */
  readonly name: string;
  /** The column that it contains. */
  readonly column: string;
  readonly form: RowForm;
}

/** Which versions of a file are found (SDC protocol, `GET /query`). */
export type FilesVersions = "all" | "newest" | "newest major";

/** A query of files. The rows are sorted by path. */
export interface FilesQuery {
  readonly table: FilesTable;
  /** The fields of a row's JSON, in this order, without white space. One of them is `file_path`. */
  readonly fields: readonly RowField[];
  /**
   * All of them must hold, in the order of their columns and tests: the same for each set of parameters, regardless of
   * their order.
   */
  readonly conditions: readonly FilesCondition[];
  readonly versions: FilesVersions;
  /** The maximum number of rows; undefined for all. */
  readonly limit: number | undefined;
  /** The number of rows to skip. */
  readonly offset: number;
}

/** The columns that all versions of a file have in common (SDC protocol, `GET /query`). */
export const SAME_FILE: readonly string[] = SDC_TABLES.science.sameFile;

/** The properties that reveal that a file has changed. */
export interface FileStamp {
  /** In bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtime: number;
}

/** The span of time of the records that belong to a variable of times. */
export interface TimeSpanRow {
  /** The name of the variable. */
  readonly variable: string;
  /** Whether most of the file's data belong to it. */
  readonly isMain: boolean;
  /** The earliest time, `2026-01-01T00:00:00.000000000Z`; null if there is none. Such texts are in the order of their times. */
  readonly first: string | null;
  /** The latest time. */
  readonly last: string | null;
  /** The number of records. */
  readonly records: number;
  /** Whether the times are in ascending order. */
  readonly isSorted: boolean;
}

/** Which files are released together (SDC protocol, `GET /release`). */
export interface ReleaseSelection {
  /** For instance `mag`. */
  readonly instrument: string;
  /** `all`, `ancillary`, or a data level. `all` includes ancillary files. */
  readonly dataType: string;
  /** `all`, or one descriptor. */
  readonly descriptor: string;
  /** The first day, `YYYYMMDD`. Science files start between the two days; ancillary files are valid on one of them. */
  readonly start: string;
  /** The last day. */
  readonly end: string;
}

/** Changes of files: their new rows, and the paths of those that are gone. */
export interface FileChanges {
  readonly changed: readonly CatalogEntry[];
  readonly gone: Iterable<string>;
}

/** A row of a statement: its columns are texts, numbers, or null. */
export type Row = Readonly<Record<string, unknown>>;

/** An SQL statement: fixed text with a question mark for each value, and the values in their order. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/**
 * The files of an archive: one row per file, of every kind. Several processes may use the same catalog.
 *
 * Statements are written in the SQL that SQLite and PostgreSQL share: question marks for values, aliases for subqueries,
 * `CASE` and no `iif`, numbers for booleans in the result, `NULLS FIRST` or `NULLS LAST` where a column that may be null is
 * sorted, and no negative limit. Texts are compared by their bytes.
 */
export interface Catalog {
  /**
   * Returns a text that changes with every change of the files. Values that were derived from the rows after the revision
   * was read are valid until it changes ({@linkcode PerRevision}).
   */
  revision(): Promise<string>;
  /** Whether the archive has a file with this path. */
  has(path: string): Promise<boolean>;
  /** Whether the archive has a file with this path that everyone may see. */
  isPublic(path: string): Promise<boolean>;
  /** Returns the size and modification time in a file's row; undefined if there is none. */
  stamp(path: string): Promise<FileStamp | undefined>;
  /** Updates the rows, in one transaction. A file that has a row keeps its release state. */
  update(changes: FileChanges): Promise<void>;
  /**
   * Releases the newest version of each selected science file, and the ancillary files that are valid on the days of
   * the release; all of them or none.
   */
  release(selections: readonly ReleaseSelection[]): Promise<void>;
  /**
   * Stores the spans of time of a file.
   *
   * @param read The size and modification time of the file when it was read.
   * @param spans Empty for a file without data in time, or one that cannot be read.
   */
  keepTimeSpans(path: string, read: FileStamp, spans: readonly TimeSpanRow[]): Promise<void>;
  /**
   * Returns the JSON array of files, sorted by path.
   *
   * @param maxBytes The longest text that is allowed, or null for any length.
   * @returns Undefined when the text would be longer.
   */
  queryFiles(query: FilesQuery, maxBytes: number | null): Promise<PackedText | undefined>;
  /** Returns the rows of a statement, which must limit their number. */
  rows(sql: string, values?: readonly (string | number)[]): Promise<Row[]>;
}

/**
 * SQL: everyone may see the file: a SPICE file always, a science or ancillary file when it is released, and files of other
 * kinds never (SDC protocol, `GET /download`).
 */
export const IS_PUBLIC = "(table_name = 'spice' OR (table_name IN ('science', 'ancillary') AND released = 1))";

/**
 * SQL: the catalog has no newer version of the file. All versions of a file have the same instrument, data level,
 * descriptor, start date, and repointing (SDC protocol, `GET /query`). An index finds the newer version of each row:
 * unlike a window function, this does not read all rows for a single page.
 *
 * @param version What to compare: the major version, or both numbers.
 * @param conditions Conditions on the newer version, as SQL about the table `newer`.
 */
export function noNewerVersion(version: "major" | "major and minor", conditions: readonly string[] = []): string {
  const isNewer = version === "major"
    ? "newer.major_version > files.major_version"
    : "(newer.major_version, newer.minor_version) > (files.major_version, files.minor_version)";
  return `NOT EXISTS (SELECT 1 FROM files AS newer WHERE ${
    [...["table_name", ...SAME_FILE].map(isSame), isNewer, ...conditions].join(" AND ")
  })`;
}

/** SQL: a newer version has the same value. Of the columns that identify a file, only the repointing may be null. */
function isSame(column: string): string {
  return column === "repointing"
    ? `newer.${column} IS NOT DISTINCT FROM files.${column}`
    : `newer.${column} = files.${column}`;
}

/** Returns the statements that release the selected files. */
export function releaseStatements(selection: ReleaseSelection): Statement[] {
  const { dataType } = selection;
  return [
    ...(dataType === "ancillary" ? [] : [releaseScience(selection)]),
    ...(dataType === "ancillary" || dataType === "all" ? [releaseAncillary(selection)] : []),
  ];
}

/** SQL for a value that `all` does not restrict, with a question mark in each case. */
function isWord(column: string, word: string): string {
  return word === "all" ? "? = 'all'" : `${column} = ?`;
}

function releaseScience({ instrument, dataType, descriptor, start, end }: ReleaseSelection): Statement {
  return {
    sql: `UPDATE files SET released = 1 WHERE table_name = 'science' AND instrument = ?
      AND ${isWord("descriptor", descriptor)} AND start_date BETWEEN ? AND ? AND ${isWord("data_level", dataType)}
      AND ${noNewerVersion("major and minor")}`,
    values: [instrument, descriptor, start, end, dataType],
  };
}

/**
 * The newest version of each ancillary file that is valid on one of the days. One without an end date is valid until the
 * next one without an end date starts.
 */
function releaseAncillary({ instrument, descriptor, start, end }: ReleaseSelection): Statement {
  return {
    sql: `UPDATE files SET released = 1 WHERE file_path IN (
      SELECT file_path FROM (
        SELECT file_path, start_date, end_date, lead(start_date) OVER (
          PARTITION BY instrument, descriptor, end_date IS NULL ORDER BY start_date
        ) AS next_start FROM (
          SELECT file_path, instrument, descriptor, start_date, end_date, row_number() OVER (
            PARTITION BY instrument, descriptor, start_date, end_date ORDER BY version DESC
          ) AS age FROM files WHERE table_name = 'ancillary' AND instrument = ? AND ${isWord("descriptor", descriptor)}
        ) AS versions WHERE age = 1
      ) AS spans WHERE start_date <= ? AND CASE WHEN end_date IS NULL
        THEN next_start IS NULL OR next_start > ? ELSE end_date >= ? END
    )`,
    values: [instrument, descriptor, end, start, start],
  };
}

/**
 * Values that are derived from the rows, each for a key. A value counts while the catalog has the revision that was read
 * before it was made: what changed while it was made is then in the next one.
 */
export class PerRevision<Value> {
  readonly #values = new Map<string, { readonly revision: string; readonly value: Value }>();
  readonly #most: number;

  /** @param most The maximum number of values. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Returns the value of a key, if it was made at this revision. */
  get(revision: string, key: string): Value | undefined {
    const known = this.#values.get(key);
    return known?.revision === revision ? known.value : undefined;
  }

  set(revision: string, key: string, value: Value): void {
    if (this.#values.size >= this.#most) this.#values.clear();
    this.#values.set(key, { revision, value });
  }

  /** Forgets a value, unless another one has taken its place. */
  drop(key: string, value: Value): void {
    if (this.#values.get(key)?.value === value) this.#values.delete(key);
  }
}
