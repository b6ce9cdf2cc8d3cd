import { type CatalogEntry, catalogEntry, type PackedText, packRows } from "./catalog_entry.ts";
import { FileNameError } from "../errors.ts";
import { SDC_TABLES } from "../protocol/tables.ts";
import { DatabaseSync, type SQLOutputValue, type StatementSync } from "node:sqlite";

/** The version of the schema; increase it when a table changes. */
const SCHEMA_VERSION = 4;

/**
 * The columns, in the order of the table. Values are bound by position, which takes a third of the time of binding by
 * name.
 */
const COLUMN_TYPES: Readonly<Record<keyof CatalogEntry, string>> = {
  file_path: "TEXT PRIMARY KEY",
  table_name: "TEXT NOT NULL",
  instrument: "TEXT",
  data_level: "TEXT",
  descriptor: "TEXT",
  start_date: "TEXT",
  end_date: "TEXT",
  repointing: "INTEGER",
  cr: "INTEGER",
  kernel_type: "TEXT",
  file_root: "TEXT",
  version: "TEXT",
  major_version: "INTEGER",
  minor_version: "INTEGER",
  extension: "TEXT NOT NULL",
  released: "INTEGER NOT NULL",
  ingestion_date: "TEXT NOT NULL",
  size: "INTEGER NOT NULL",
  mtime: "INTEGER NOT NULL",
  md5: "TEXT",
};

function isColumn(name: string): name is keyof CatalogEntry {
  return name in COLUMN_TYPES;
}

const COLUMNS = Object.keys(COLUMN_TYPES).filter(isColumn);

/** One row per file, of every kind. `WITHOUT ROWID` keeps the rows in the order of their paths, the order of responses. */
const CREATE_TABLE = `CREATE TABLE files (
  ${Object.entries(COLUMN_TYPES).map(([name, type]) => `${name} ${type}`).join(",\n  ")}
) STRICT, WITHOUT ROWID;`;

/**
 * The indexes serve the most selective filters: a product's days, a day, the newest files. The first index also finds
 * the other versions of a file.
 */
const CREATE_INDEXES = `
  CREATE INDEX files_by_product ON files
    (table_name, instrument, data_level, descriptor, start_date, repointing, major_version, minor_version);
  CREATE INDEX files_by_instrument ON files (table_name, instrument, start_date);
  CREATE INDEX files_by_descriptor ON files (table_name, descriptor, start_date);
  CREATE INDEX files_by_start_date ON files (table_name, start_date);
  CREATE INDEX files_by_repointing ON files (repointing) WHERE repointing IS NOT NULL;
  CREATE INDEX files_by_kernel_type ON files (kernel_type, start_date) WHERE kernel_type IS NOT NULL;
  CREATE INDEX files_by_file_root ON files (file_root, minor_version) WHERE file_root IS NOT NULL;
  CREATE INDEX files_by_ingestion_date ON files (table_name, ingestion_date);
`;

/**
 * The spans of time of files whose content was read, one row for each variable of times; the row with the name `""` says
 * that a file was read. A row counts while the file has this size and modification time.
 */
const CREATE_SPANS = `
  DROP TABLE IF EXISTS time_spans;
  CREATE TABLE time_spans (
    file_path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime INTEGER NOT NULL,
    time_variable TEXT NOT NULL,
    is_main INTEGER NOT NULL,
    first TEXT,
    last TEXT,
    records INTEGER NOT NULL,
    is_sorted INTEGER NOT NULL,
    PRIMARY KEY (file_path, time_variable)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER time_spans_of_gone AFTER DELETE ON files
    BEGIN DELETE FROM time_spans WHERE file_path = old.file_path; END;
`;

const PUT = `INSERT INTO files (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map(() => "?").join(", ")})
  ON CONFLICT (file_path) DO UPDATE SET ${
  // A file keeps its release state when its bytes change.
  COLUMNS.filter((name) => name !== "file_path" && name !== "released").map((name) => `${name} = excluded.${name}`)
    .join(", ")}`;

/** The columns of earlier schemas that cannot be derived from a file's name. */
const EARLIER_ROWS = "SELECT file_path, ingestion_date, size, mtime, md5 FROM files";

/** The application_id of a database that replaced a damaged one: which files had been released is lost. */
const REPLACES_DAMAGED = 1;

/** Converts the rows of an earlier schema. Names that are no longer valid are omitted; indexing reports them. */
function* earlierEntries(database: DatabaseSync, isReleased: boolean): Generator<CatalogEntry> {
  for (const { file_path, ingestion_date, size, mtime, md5 } of database.prepare(EARLIER_ROWS).all()) {
    const path = String(file_path);
    try {
      const entry = catalogEntry(path.slice(path.lastIndexOf("/") + 1), {
        size: Number(size),
        mtime: Number(mtime),
        md5: typeof md5 === "string" ? md5 : null,
        ingested: new Date(`${String(ingestion_date).replace(" ", "T")}Z`),
        isReleased,
      });
      if (entry.file_path === path) yield entry;
    } catch (error) {
      if (!(error instanceof FileNameError)) throw error;
    }
  }
}

/**
 * Migrates a database to this schema, completely or not at all. The rows of earlier schemas are kept, since the
 * ingestion dates cannot be derived from the files. A database with an unknown schema is emptied, and indexing fills
 * it.
 */
function migrate(database: DatabaseSync, version: number, isReleased: boolean): void {
  // Version 3 has the same table of files, with the release states, which only the database knows.
  if (version === 3) {
    database.exec(`BEGIN IMMEDIATE; ${CREATE_SPANS} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
    return;
  }
  const entries = version === 1 || version === 2 ? [...earlierEntries(database, isReleased)] : [];
  database.exec(`BEGIN IMMEDIATE; DROP TABLE IF EXISTS files; ${CREATE_TABLE}`);
  const put = database.prepare(PUT);
  for (const entry of entries) put.run(...COLUMNS.map((column) => entry[column]));
  database.exec(`${CREATE_INDEXES} ${CREATE_SPANS} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
}

/** Matches the messages of SQLITE_NOTADB and SQLITE_CORRUPT: Deno's errors do not contain the result code. */
const DAMAGED = /file is not a database|database disk image is malformed/;

/** Opens or creates the database; throws when it cannot be read. */
function connect(path: string, isReleased: boolean): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  try {
    // NORMAL may lose the last rows in a power failure but never corrupts the database: indexing at the next start
    // finds the files. Callers are promised only the file, which was flushed.
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;");
    const version = pragma(database, "user_version");
    if (version !== SCHEMA_VERSION) migrate(database, version, isReleased);
    database.prepare("SELECT count(*) FROM files").get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

/** Opens the database. A damaged one is replaced: everything except the release states is read from the files again. */
function openDatabase(path: string, isReleased: boolean): DatabaseSync {
  try {
    return connect(path, isReleased);
  } catch (error) {
    if (!(error instanceof Error && DAMAGED.test(error.message))) throw error;
    for (const file of [path, `${path}-wal`, `${path}-shm`]) {
      try {
        Deno.removeSync(file);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    const database = connect(path, isReleased);
    database.exec(`PRAGMA application_id = ${REPLACES_DAMAGED}`);
    return database;
  }
}

/** An SQL statement for the catalog: fixed text, and the values for its question marks. */
interface Statement {
  /** The SQL, with a question mark for each value. Its rows have one column, `row`, the JSON of a row. */
  readonly sql: string;
  /** In the order of the question marks. */
  readonly values: readonly (string | number)[];
}

/** A query of files. The rows are sorted by path. */
export interface FilesQuery {
  /** SQL for the JSON of a row, including its `file_path`. */
  readonly row: string;
  /** SQL for the conditions on the table `files`, with a question mark for each value. */
  readonly where: string;
  /** In the order of the question marks. */
  readonly values: readonly (string | number)[];
  /** The maximum number of rows; undefined for all. */
  readonly limit?: number | undefined;
  /** The number of rows to skip. Default: 0. */
  readonly offset?: number | undefined;
}

/** The last row of a page, where the next page can start. */
interface Cursor {
  /** The revision of the catalog; the cursor is invalid after a change. */
  readonly revision: number;
  /** The number of rows before this one. */
  readonly index: number;
  readonly path: string;
}

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
  /** Whether no time is before the one in front of it. */
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
    [
      ...["table_name", ...SDC_TABLES.science.sameFile].map((column) => `newer.${column} IS files.${column}`),
      isNewer,
      ...conditions,
    ].join(" AND ")
  })`;
}

/** The first two values of a release: the instrument, and the descriptor or `all`. The next two are its days. */
const HAS_DESCRIPTOR = "instrument = ?1 AND (?2 = 'all' OR descriptor = ?2)";

const RELEASE_SCIENCE = `UPDATE files SET released = 1 WHERE table_name = 'science' AND ${HAS_DESCRIPTOR}
  AND start_date BETWEEN ?3 AND ?4 AND (?5 = 'all' OR data_level = ?5) AND ${noNewerVersion("major and minor")}`;

/**
 * The newest version of each ancillary file that is valid on one of the days. One without an end date is valid until the
 * next one without an end date starts.
 */
const RELEASE_ANCILLARY = `UPDATE files SET released = 1 WHERE file_path IN (
  SELECT file_path FROM (
    SELECT file_path, start_date, end_date, lead(start_date) OVER (
      PARTITION BY instrument, descriptor, end_date IS NULL ORDER BY start_date
    ) AS next_start FROM (
      SELECT *, row_number() OVER (
        PARTITION BY instrument, descriptor, start_date, end_date ORDER BY version DESC
      ) AS age FROM files WHERE table_name = 'ancillary' AND ${HAS_DESCRIPTOR}
    ) WHERE age = 1
  ) WHERE start_date <= ?4 AND iif(end_date IS NULL, coalesce(next_start > ?3, 1), end_date >= ?3)
)`;

/**
 * The maximum number of cached statements: there is one for each set of parameters, and a caller who tries all sets
 * must not exhaust the memory.
 */
const MAX_STATEMENTS = 200;
/** The maximum number of cursors: there is one for each query that is read page by page. */
const MAX_CURSORS = 200;

/** Makes room in a cache for one more entry. */
function makeRoom(cache: Map<string, unknown>, most: number): void {
  if (cache.size >= most) cache.clear();
}

/** The files of an archive: one row per file, in SQLite. All calls are synchronous, so that each one is atomic. */
export class Catalog {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #cursors = new Map<string, Cursor>();
  #revision = 0;
  #counted: { readonly revision: number; readonly files: number } | undefined;

  /**
   * Whether files that are found in the folder are released. Set when the archive is opened for the first time; later,
   * the default of each kind applies.
   */
  readonly releasesFoundFiles: boolean | undefined;

  /**
   * Opens the catalog in a file, which is created if it does not exist.
   *
   * @param path The database.
   * @param options `unreleased`: files that are present when the archive first opens are not released.
   */
  constructor(path: string, { unreleased = false }: { readonly unreleased?: boolean | undefined } = {}) {
    this.#database = openDatabase(path, !unreleased);
    const isFirstOpening = this.size === 0 && pragma(this.#database, "application_id") !== REPLACES_DAMAGED;
    this.releasesFoundFiles = isFirstOpening ? !unreleased : undefined;
  }

  /** Closes the database. */
  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  /** The number of files. SQLite does not store a count: the files are counted once after each change. */
  get size(): number {
    if (this.#counted?.revision !== this.#revision) {
      const files = Number(this.#prepared("SELECT count(*) AS files FROM files").get()?.files);
      this.#counted = { revision: this.#revision, files };
    }
    return this.#counted.files;
  }

  /** The number of changes since the catalog was opened. Values derived from the rows are valid until it changes. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether the archive has a file with this path. */
  has(path: string): boolean {
    return this.#prepared("SELECT 1 FROM files WHERE file_path = ?").get(path) !== undefined;
  }

  /** Whether everyone may see a file. */
  isPublic(path: string): boolean {
    return this.#prepared(`SELECT 1 FROM files WHERE file_path = ? AND ${IS_PUBLIC}`).get(path) !== undefined;
  }

  /** The size and modification time of every file, by path. */
  stamps(): Map<string, FileStamp> {
    const stamps = new Map<string, FileStamp>();
    for (const row of this.#prepared("SELECT file_path, size, mtime FROM files").iterate()) {
      stamps.set(String(row.file_path), { size: Number(row.size), mtime: Number(row.mtime) });
    }
    return stamps;
  }

  /**
   * The size and modification time of the files below a folder, by path.
   *
   * @param isDeep Whether files in subfolders count, too.
   */
  stampsBelow(folder: string, isDeep: boolean): Map<string, FileStamp> {
    const stamps = new Map<string, FileStamp>();
    const [start, end] = [`${folder}/`, `${folder}0`]; // 0 follows / in ASCII.
    const sql = "SELECT file_path, size, mtime FROM files WHERE file_path > ? AND file_path < ?";
    for (const row of this.#prepared(sql).iterate(start, end)) {
      const path = String(row.file_path);
      if (isDeep || !path.includes("/", start.length)) {
        stamps.set(path, { size: Number(row.size), mtime: Number(row.mtime) });
      }
    }
    return stamps;
  }

  /** Writes a row and calls `act`, which moves the file into place: both happen, or neither if `act` throws. */
  put(entry: CatalogEntry, act: () => void): void {
    this.#transaction(() => {
      this.#put(entry);
      act();
    });
  }

  /** Updates the rows to match the disk, in one transaction. */
  update(changes: { readonly changed: readonly CatalogEntry[]; readonly gone: Iterable<string> }): void {
    this.#transaction(() => {
      const drop = this.#prepared("DELETE FROM files WHERE file_path = ?");
      for (const path of changes.gone) drop.run(path);
      for (const entry of changes.changed) this.#put(entry);
    });
  }

  /**
   * Releases the newest version of each selected science file, and the ancillary files that are valid on the days of
   * the release.
   */
  release(selections: readonly ReleaseSelection[]): void {
    this.#transaction(() => {
      for (const { instrument, dataType, descriptor, start, end } of selections) {
        const values = [instrument, descriptor, start, end];
        if (dataType !== "ancillary") this.#prepared(RELEASE_SCIENCE).run(...values, dataType);
        if (dataType === "ancillary" || dataType === "all") this.#prepared(RELEASE_ANCILLARY).run(...values);
      }
    });
  }

  /** Returns the MD5 of a file if it is known for this size and modification time; otherwise undefined. */
  md5(path: string, size: number, mtime: number): string | undefined {
    const sql = "SELECT md5 FROM files WHERE file_path = ? AND size = ? AND mtime = ?";
    const md5 = this.#prepared(sql).get(path, size, mtime)?.md5;
    return typeof md5 === "string" ? md5 : undefined;
  }

  /**
   * Stores the MD5 of a file, unless the file was replaced while the MD5 was computed.
   *
   * @param seen The state of the row before the computation; if it has changed, the row describes newer bytes and is
   * not updated.
   * @param read The size and modification time of the bytes that the MD5 was computed from.
   */
  keepMd5(path: string, md5: string, seen: FileStamp, read: FileStamp): void {
    this.#prepared("UPDATE files SET size = ?, mtime = ?, md5 = ? WHERE file_path = ? AND size = ? AND mtime = ?")
      .run(read.size, read.mtime, md5, path, seen.size, seen.mtime);
  }

  /**
   * Stores the spans of time of a file.
   *
   * @param read The size and modification time of the file when it was read.
   * @param spans Empty for a file without data in time, or one that cannot be read.
   */
  keepTimeSpans(path: string, read: FileStamp, spans: readonly TimeSpanRow[]): void {
    this.#atomically(() => {
      this.#prepared("DELETE FROM time_spans WHERE file_path = ?").run(path);
      const put = this.#prepared("INSERT INTO time_spans VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
      const none = { variable: "", isMain: false, first: null, last: null, records: 0, isSorted: true };
      for (const { variable, isMain, first, last, records, isSorted } of [none, ...spans]) {
        put.run(path, read.size, read.mtime, variable, Number(isMain), first, last, records, Number(isSorted));
      }
    });
  }

  /** Returns the size and modification time in a file's row. */
  stamp(path: string): FileStamp | undefined {
    const row = this.#prepared("SELECT size, mtime FROM files WHERE file_path = ?").get(path);
    return row === undefined ? undefined : { size: Number(row.size), mtime: Number(row.mtime) };
  }

  /**
   * Returns the JSON array of files, sorted by path. A page that follows another one starts where that one ended, so
   * that reading all pages takes no longer than reading all rows at once.
   *
   * @param maxBytes The longest text that is allowed, or null for any length.
   * @returns Undefined when the text would be longer.
   */
  queryFiles(query: FilesQuery, maxBytes: number | null): PackedText | undefined {
    const { row, where, values, limit, offset = 0 } = query;
    const key = JSON.stringify([where, values]);
    const cursor = this.#cursors.get(key);
    const isUsable = cursor?.revision === this.#revision && cursor.index <= offset;
    const [start, from] = isUsable ? [cursor.index, [cursor.path]] : [0, []];
    const conditions = isUsable ? `${where} AND files.file_path >= ?` : where;
    const sql = `SELECT ${row} AS row FROM files WHERE ${conditions} ORDER BY file_path LIMIT ? OFFSET ?`;
    const found = this.#prepared(sql).iterate(...values, ...from, limit ?? -1, offset - start);
    let count = 0;
    let last = "";
    const rows = jsonOf(found, (row) => {
      count++;
      last = row;
    });
    const text = packRows(rows, maxBytes);
    if (text !== undefined && count > 0 && limit !== undefined) {
      makeRoom(this.#cursors, MAX_CURSORS);
      const { file_path } = Object(JSON.parse(last));
      this.#cursors.set(key, { revision: this.#revision, index: offset + count - 1, path: String(file_path) });
    }
    return text;
  }

  /**
   * Returns the JSON array of a statement's rows.
   *
   * @param maxBytes The longest text that is allowed, or null for any length.
   * @returns Undefined when the text would be longer.
   */
  query({ sql, values }: Statement, maxBytes: number | null): PackedText | undefined {
    return packRows(jsonOf(this.#prepared(sql).iterate(...values)), maxBytes);
  }

  /**
   * Returns the rows of a statement, for callers that do not need JSON. The statement must limit their number.
   *
   * @param sql Fixed text with a question mark for each value.
   */
  rows(sql: string, values: readonly (string | number)[] = []): Record<string, SQLOutputValue>[] {
    return this.#prepared(sql).all(...values);
  }

  #put(entry: CatalogEntry): void {
    this.#prepared(PUT).run(...COLUMNS.map((column) => entry[column]));
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    makeRoom(this.#statements, MAX_STATEMENTS);
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** Changes the files. */
  #transaction(act: () => void): void {
    this.#atomically(act);
    this.#revision++;
  }

  #atomically(act: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      act();
      this.#database.exec("COMMIT");
    } catch (error) {
      // SQLite has already rolled back after some errors, such as a full disk.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

/** Yields the only column of each row, its JSON. */
function* jsonOf(
  rows: Iterable<Record<string, SQLOutputValue>>,
  onRow?: (row: string) => void,
): Generator<string> {
  for (const { row } of rows) {
    if (typeof row !== "string") continue;
    onRow?.(row);
    yield row;
  }
}
