import {
  ABSENT,
  type Catalog,
  type FileChanges,
  type FilesCondition,
  type FilesQuery,
  type FileStamp,
  IS_PUBLIC,
  noNewerVersion,
  type ReleaseSelection,
  releaseStatements,
  type Row,
  type RowField,
  type RowForm,
  SAME_FILE,
  type TimeSpanRow,
} from "./catalog.ts";
import { type CatalogEntry, catalogEntry, type PackedText, packRows } from "./catalog_entry.ts";
import { FileNameError } from "../errors.ts";
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

/** The last row of a page, where the next page can start. */
interface Cursor {
  /** The revision of the catalog; the cursor is invalid after a change. */
  readonly revision: number;
  /** The number of rows before this one. */
  readonly index: number;
  readonly path: string;
}

/** The SQL of a query of files. */
interface FilesSql {
  /** The JSON of a row, including its `file_path`. */
  readonly row: string;
  /** The conditions on the table `files`, with a question mark for each value. */
  readonly where: string;
  /** In the order of the question marks. */
  readonly values: readonly (string | number)[];
}

/** Returns a condition as SQL about one of the two tables of a query. */
function sqlOf({ column, test }: FilesCondition, table: "files" | "newer"): string {
  return `${ABSENT.includes(column) ? "NULL" : `${table}.${column}`} ${test}`;
}

/**
 * Returns the SQL of a query. Values are never part of the SQL text, which is the same for each set of parameters.
 *
 * @param isLargePart Whether to read all files in the order of their paths rather than to find them with an index.
 */
export function filesSql({ table, fields, conditions, versions }: FilesQuery, isLargePart: boolean): FilesSql {
  // A plus sign keeps SQLite from using an index of the column.
  const plus = isLargePart ? "+" : "";
  const where = [
    `${plus}files.table_name = '${table}'`,
    ...conditions.map((condition) => plus + sqlOf(condition, "files")),
  ];
  const values = conditions.map(({ value }) => value);
  if (versions !== "all") {
    // All versions of a file have the same values in the columns that identify it.
    const differing = conditions.filter(({ column }) => !SAME_FILE.includes(column));
    const compared = versions === "newest" ? "major and minor" : "major";
    // The index of products finds the newer versions; without the plus sign, SQLite may use another condition's index.
    where.push(noNewerVersion(compared, differing.map((condition) => `+${sqlOf(condition, "newer")}`)));
    values.push(...differing.map(({ value }) => value));
  }
  return { row: rowSql(fields), where: where.join(" AND "), values };
}

/** The printf format of each form of a field, and the value for it. */
const FORMS: Readonly<Record<RowForm, (column: string) => readonly [format: string, value: string]>> = {
  word: (column) => ['"%s"', column],
  text: (column) => ["%s", `json_quote(${column})`],
  integer: (column) => ["%d", column],
  "integer or null": (column) => ["%s", `coalesce(${column}, 'null')`],
  boolean: (column) => ["%s", `iif(${column}, 'true', 'false')`],
  "both version numbers": () => ['"%s"', "printf('v%03d.%04d', major_version, minor_version)"],
  "moment without hyphens": (column) => ['"%s"', `replace(${column}, '-', '')`],
  null: () => ["%s", "'null'"],
};

/** Returns SQL for the JSON of a row. A single call of printf takes two thirds of the time of json_object. */
function rowSql(fields: readonly RowField[]): string {
  const parts = fields.map(({ column, form }) => FORMS[form](column));
  const text = fields.map(({ name }, index) => `"${name}":${parts[index]?.[0]}`).join(",");
  return `printf('{${text}}', ${parts.map(([, value]) => value).join(", ")})`;
}

/** The columns by which an index finds rows. */
const INDEXED: readonly string[] = [
  "file_path",
  "instrument",
  "descriptor",
  "start_date",
  "repointing",
  "ingestion_date",
];

/** In a smaller archive every strategy is fast. */
const MIN_FILES = 5_000;

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

/**
 * The rows of an archive in SQLite, for what deals with its folder. All calls are synchronous, so that nothing else happens
 * between looking at the disk and writing its row.
 */
export class SqliteFiles {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #cursors = new Map<string, Cursor>();
  readonly #isShared: boolean;
  #revision = 0;
  /** SQLite's number of changes by other connections. */
  #othersVersion = 0;
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
   * @param options `unreleased`: files that are present when the archive first opens are not released. `isShared`: other
   * processes change the rows, too.
   */
  constructor(
    path: string,
    { unreleased = false, isShared = false }: {
      readonly unreleased?: boolean | undefined;
      readonly isShared?: boolean | undefined;
    } = {},
  ) {
    this.#isShared = isShared;
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
    const { revision } = this;
    if (this.#counted?.revision !== revision) {
      const files = Number(this.#prepared("SELECT count(*) AS files FROM files").get()?.files);
      this.#counted = { revision, files };
    }
    return this.#counted.files;
  }

  /** The number of changes since the catalog was opened. Values derived from the rows are valid until it changes. */
  get revision(): number {
    const version = this.#isShared ? Number(this.#prepared("PRAGMA data_version").get()?.data_version) : 0;
    if (version !== this.#othersVersion) this.#revision++;
    this.#othersVersion = version;
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
  update(changes: FileChanges): void {
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
      for (const { sql, values } of selections.flatMap(releaseStatements)) this.#prepared(sql).run(...values);
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
    const { limit, offset } = query;
    const { revision } = this;
    const { row, where, values } = filesSql(query, this.#findsLargePart(query));
    const key = JSON.stringify([where, values]);
    const cursor = this.#cursors.get(key);
    const isUsable = cursor?.revision === revision && cursor.index <= offset;
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
      this.#cursors.set(key, { revision, index: offset + count - 1, path: String(file_path) });
    }
    return text;
  }

  /**
   * Whether a query matches so many files that it is faster to read all files in the order of their paths. Otherwise an
   * index finds the files, which are then sorted; for a page of a large result this takes six times as long.
   */
  #findsLargePart({ table, conditions }: FilesQuery): boolean {
    const { size } = this;
    if (size < MIN_FILES) return false;
    const hasInstrument = conditions.some(({ column }) => column === "instrument");
    const indexed = conditions.filter(({ column }) =>
      // An index has the data levels of each instrument, and none has those of all.
      INDEXED.includes(column) || (column === "data_level" && hasInstrument)
    );
    const where = [`table_name = '${table}'`, ...indexed.map((condition) => sqlOf(condition, "files"))].join(" AND ");
    const part = Math.ceil(size / 8);
    const sql = `SELECT count(*) AS rows FROM (SELECT 1 FROM files WHERE ${where} LIMIT ?)`;
    return Number(this.#prepared(sql).get(...indexed.map(({ value }) => value), part)?.rows) === part;
  }

  /** Returns the rows of a statement. */
  rows(sql: string, values: readonly (string | number)[] = []): Row[] {
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

/** The catalog of an archive in SQLite, for what answers requests. */
export class SqliteCatalog implements Catalog {
  readonly #files: SqliteFiles;

  /** Creates the catalog of rows, which the caller closes. */
  constructor(files: SqliteFiles) {
    this.#files = files;
  }

  revision(): Promise<string> {
    return Promise.resolve(String(this.#files.revision));
  }

  has(path: string): Promise<boolean> {
    return Promise.try(() => this.#files.has(path));
  }

  isPublic(path: string): Promise<boolean> {
    return Promise.try(() => this.#files.isPublic(path));
  }

  stamp(path: string): Promise<FileStamp | undefined> {
    return Promise.try(() => this.#files.stamp(path));
  }

  update(changes: FileChanges): Promise<void> {
    return Promise.try(() => this.#files.update(changes));
  }

  release(selections: readonly ReleaseSelection[]): Promise<void> {
    return Promise.try(() => this.#files.release(selections));
  }

  keepTimeSpans(path: string, read: FileStamp, spans: readonly TimeSpanRow[]): Promise<void> {
    return Promise.try(() => this.#files.keepTimeSpans(path, read, spans));
  }

  queryFiles(query: FilesQuery, maxBytes: number | null): Promise<PackedText | undefined> {
    return Promise.try(() => this.#files.queryFiles(query, maxBytes));
  }

  rows(sql: string, values: readonly (string | number)[] = []): Promise<Row[]> {
    return Promise.try(() => this.#files.rows(sql, values));
  }
}
