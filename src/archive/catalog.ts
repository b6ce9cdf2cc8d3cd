import { archivePath, parseFileName } from "../names/file_name.ts";
import type { SpiceFile } from "../names/spice_name.ts";
import { parseVersion } from "../names/version.ts";
import { Buffer } from "node:buffer";
import { DatabaseSync, type SQLOutputValue, type StatementSync } from "node:sqlite";
import { deflateRawSync, inflateRawSync } from "node:zlib";

/** Counts up when the table changes. */
const SCHEMA_VERSION = 2;

/** The table of files. */
const FILES_TABLE = "files";

/** The columns in the order of the table. Values are bound by place: by name takes SQLite's binding three times as long. */
const FILE_COLUMNS = [
  "file_path",
  "table_name",
  "instrument",
  "data_level",
  "descriptor",
  "start_date",
  "end_date",
  "repointing",
  "cr",
  "kernel_type",
  "file_root",
  "version",
  "major_version",
  "minor_version",
  "extension",
  "ingestion_date",
  "size",
  "mtime",
  "md5",
] as const;

/**
 * One row a file, of every kind. The indexes serve the filters that narrow most: a product's days, a day, what came in
 * lately. `WITHOUT ROWID` keeps the rows in the order of their paths, the order of every answer.
 */
const CREATE = `
  CREATE TABLE files (
    file_path TEXT PRIMARY KEY,
    table_name TEXT NOT NULL,
    instrument TEXT,
    data_level TEXT,
    descriptor TEXT,
    start_date TEXT,
    end_date TEXT,
    repointing INTEGER,
    cr INTEGER,
    kernel_type TEXT,
    file_root TEXT,
    version TEXT,
    major_version INTEGER,
    minor_version INTEGER,
    extension TEXT NOT NULL,
    ingestion_date TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime INTEGER NOT NULL,
    md5 TEXT
  ) STRICT, WITHOUT ROWID;
`;
const INDEXES = `
  CREATE INDEX files_by_product ON files (table_name, instrument, data_level, descriptor, start_date);
  CREATE INDEX files_by_instrument ON files (table_name, instrument, start_date);
  CREATE INDEX files_by_descriptor ON files (table_name, descriptor, start_date);
  CREATE INDEX files_by_start_date ON files (table_name, start_date);
  CREATE INDEX files_by_repointing ON files (repointing) WHERE repointing IS NOT NULL;
  CREATE INDEX files_by_kernel_type ON files (kernel_type, start_date) WHERE kernel_type IS NOT NULL;
  CREATE INDEX files_by_ingestion_date ON files (table_name, ingestion_date);
`;

/** What the first schema knew of a file: it had science files alone. */
const FROM_VERSION_1 = `
  INSERT INTO files (file_path, table_name, instrument, data_level, descriptor, start_date, repointing, cr,
    version, major_version, minor_version, extension, ingestion_date, size, mtime, md5)
  SELECT file_path, table_name, instrument, data_level, descriptor, start_date, repointing, cr,
    version, major_version, minor_version, extension, ingestion_date, size, mtime, md5
  FROM files_of_version_1;
`;

/**
 * Brings a catalog of another version to this one, all of it or nothing. From version 1 the rows come along, for
 * files do not tell when they came in; of any other, indexing makes it anew.
 *
 * @param version The version that it has: 0 for a new file.
 */
function migrate(database: DatabaseSync, version: number): void {
  const keeps = version === 1;
  database.exec(`
    BEGIN IMMEDIATE;
    DROP TABLE IF EXISTS files_of_version_1;
    ${keeps ? "ALTER TABLE files RENAME TO files_of_version_1;" : "DROP TABLE IF EXISTS files;"}
    ${CREATE}
    ${keeps ? FROM_VERSION_1 : ""}
    DROP TABLE IF EXISTS files_of_version_1;
    ${INDEXES}
    PRAGMA user_version = ${SCHEMA_VERSION};
    COMMIT;
  `);
}

/** SQLITE_NOTADB and SQLITE_CORRUPT in SQLite's words: Deno's errors carry no result code. */
const BROKEN = /file is not a database|database disk image is malformed/;

/** Opens or creates the file; throws when it is no catalog that can be read. */
function connect(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  try {
    // NORMAL may lose the last rows in a power cut, never the order of things: the files are the truth, and indexing
    // at the next start finds them. What a caller was promised is the file, and that was fsynced.
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;");
    const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
    if (version !== SCHEMA_VERSION) migrate(database, version);
    database.prepare(`SELECT count(*) FROM ${FILES_TABLE}`).get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function removeDatabase(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    try {
      Deno.removeSync(file);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Opens the catalog's database. One that is damaged is begun anew: all that it held is read from the files again. */
function openDatabase(path: string): DatabaseSync {
  try {
    return connect(path);
  } catch (error) {
    if (!(error instanceof Error && BROKEN.test(error.message))) throw error;
    removeDatabase(path);
    return connect(path);
  }
}

/** How much of a text lies in memory as it is. */
const PIECE_BYTES = 256 * 1024;
/** Rows are much alike: the least effort makes them a tenth of what they were. */
const EFFORT = { level: 1 };

const encoder = new TextEncoder();

/**
 * A long text that many callers may take slowly: but for the last piece it is kept compressed, so that hundreds of answers
 * fit into memory, and each piece becomes itself when its turn comes.
 */
class PackedText {
  readonly #packed: Uint8Array[] = [];
  #rest: string[] = [];
  #restLength = 0;
  #length = 0;

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  /** Adds text at the end. */
  add(text: string): void {
    const length = Buffer.byteLength(text);
    this.#rest.push(text);
    this.#restLength += length;
    this.#length += length;
    if (this.#restLength < PIECE_BYTES) return;
    this.#packed.push(deflateRawSync(encoder.encode(this.#rest.join("")), EFFORT));
    this.#rest = [];
    this.#restLength = 0;
  }

  /** The whole text, for who wants it at once. */
  toString(): string {
    const decoder = new TextDecoder();
    return [...this.#packed.map((piece) => decoder.decode(inflateRawSync(piece))), ...this.#rest].join("");
  }

  /** An answer with the text, piece by piece as it is taken. */
  toResponse(headers: Readonly<Record<string, string>>): Response {
    const packed = this.#packed.values();
    let rest: string | undefined = this.#rest.join("");
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        const { done, value } = packed.next();
        if (!done) return controller.enqueue(new Uint8Array(inflateRawSync(value)));
        if (rest !== undefined && rest !== "") controller.enqueue(encoder.encode(rest));
        rest = undefined;
        controller.close();
      },
    }, { highWaterMark: 0 });
    return new Response(body, { headers: { ...headers, "content-length": String(this.#length) } });
  }
}

const PUT = `INSERT OR REPLACE INTO files (${FILE_COLUMNS.join(", ")}) VALUES (${
  FILE_COLUMNS.map(() => "?").join(", ")
})`;

/** By what one sees that a file has changed. */
export interface FileStamp {
  /** In bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtime: number;
}

/** A statement for the catalog: fixed text, and what its question marks stand for. */
export interface Statement {
  /** With a question mark for each value. Its rows have one column, `row`, the JSON of a row. */
  readonly sql: string;
  /** In the order of the question marks. */
  readonly values: readonly (string | number)[];
}

/** Which files are released together (SDC protocol, `GET /release`). */
export interface ReleaseSelection {
  /** For instance `mag`. */
  readonly instrument: string;
  /** `all`, `ancillary`, or a data level. `all` takes ancillary files too. */
  readonly dataType: string;
  /** `all`, or one descriptor. */
  readonly descriptor: string;
  /** The first day, YYYYMMDD. Science files start between the two days; ancillary files are valid on one of them. */
  readonly start: string;
  /** The last day. */
  readonly end: string;
}

/** What the archive has: one row a file, in SQLite. All calls are synchronous, so none sees another's half. */
export class Catalog {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #revision = 0;

  /** Opens the catalog in a file, which is created when there is none. */
  constructor(path: string) {
    this.#database = openDatabase(path);
  }

  /** Closes the database. */
  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  /** How many files there are. */
  get size(): number {
    return Number(this.#prepared("SELECT count(*) AS files FROM files").get()?.files);
  }

  /** Counts the changes since it was opened: what was made from the rows is good as long as this stays. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether the archive has a file under this path. */
  has(path: string): boolean {
    return this.#prepared("SELECT 1 FROM files WHERE file_path = ?").get(path) !== undefined;
  }

  /** Whether a file is released to the public. */
  isReleased(path: string): boolean {
    return this.has(path);
  }

  /** Releases the newest version of each science file that is selected, and the ancillary files that are valid then. */
  release(_selections: readonly ReleaseSelection[]): void {}

  /** The size and time of every file, by its path. */
  stamps(): Map<string, FileStamp> {
    const stamps = new Map<string, FileStamp>();
    for (const row of this.#prepared("SELECT file_path, size, mtime FROM files").iterate()) {
      stamps.set(String(row.file_path), { size: Number(row.size), mtime: Number(row.mtime) });
    }
    return stamps;
  }

  /** Writes a row together with `act`, which puts the file into its place: both happen, or neither when `act` throws. */
  put(entry: CatalogEntry, act: () => void): void {
    this.#transaction(() => {
      this.#put(entry);
      act();
    });
  }

  /** Brings the rows up to date with the disk, all at once. */
  update(changes: { readonly changed: readonly CatalogEntry[]; readonly gone: Iterable<string> }): void {
    this.#transaction(() => {
      const drop = this.#prepared("DELETE FROM files WHERE file_path = ?");
      for (const path of changes.gone) drop.run(path);
      for (const entry of changes.changed) this.#put(entry);
    });
  }

  /** The MD5 of a file's bytes, when it is known for a file of this size and time; else undefined. */
  md5(path: string, size: number, mtime: number): string | undefined {
    const sql = "SELECT md5 FROM files WHERE file_path = ? AND size = ? AND mtime = ?";
    const md5 = this.#prepared(sql).get(path, size, mtime)?.md5;
    return typeof md5 === "string" ? md5 : undefined;
  }

  /**
   * Keeps the MD5 of a file's bytes that was computed while others may have put new ones there.
   *
   * @param seen What the row said before; one that says something else by now is of newer bytes and stays.
   * @param read The size and time of the bytes that it was computed from.
   */
  keepMd5(path: string, md5: string, seen: FileStamp, read: FileStamp): void {
    this.#prepared("UPDATE files SET size = ?, mtime = ?, md5 = ? WHERE file_path = ? AND size = ? AND mtime = ?")
      .run(read.size, read.mtime, md5, path, seen.size, seen.mtime);
  }

  /** The size and time that a file's row has. */
  stamp(path: string): FileStamp | undefined {
    const row = this.#prepared("SELECT size, mtime FROM files WHERE file_path = ?").get(path);
    return row === undefined ? undefined : { size: Number(row.size), mtime: Number(row.mtime) };
  }

  /**
   * Answers a query: the JSON of an array of rows.
   *
   * @param byteLimit How long the answer may be, or null.
   * @returns Undefined when the answer would be longer.
   */
  query(statement: Statement, byteLimit: number | null): PackedText | undefined {
    const text = new PackedText();
    let separator = "[";
    for (const { row } of this.#prepared(statement.sql).iterate(...statement.values)) {
      if (typeof row !== "string") continue;
      text.add(separator + row);
      separator = ",";
      if (byteLimit !== null && text.length >= byteLimit) return undefined; // A bracket is still to come.
    }
    text.add(separator === "[" ? "[]" : "]");
    return text;
  }

  /**
   * The rows of a statement, for callers who make something else than JSON of them. They say how many at most.
   *
   * @param sql Fixed text with a question mark for each value.
   */
  rows(sql: string, values: readonly (string | number)[] = []): Record<string, SQLOutputValue>[] {
    return this.#prepared(sql).all(...values);
  }

  #put(entry: CatalogEntry): void {
    this.#prepared(PUT).run(...FILE_COLUMNS.map((column) => entry[column]));
  }

  /** There are as many texts as sets of parameters, so that keeping the statements is bounded. */
  #prepared(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #transaction(act: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      act();
      this.#database.exec("COMMIT");
      this.#revision++;
    } catch (error) {
      // SQLite rolls back by itself after some errors, a full disk among them.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

/** What a file's name says, as the catalog keeps it. What the names of a kind do not say is null. */
interface NameColumns {
  /** The kind of file, which is also the table in which it is found. */
  readonly table_name: string;
  /** For instance `mag`. */
  readonly instrument: string | null;
  /** For instance `l1a`. */
  readonly data_level: string | null;
  /** The product's name. */
  readonly descriptor: string | null;
  /** The first day, YYYYMMDD. */
  readonly start_date: string | null;
  /** The last day, YYYYMMDD. */
  readonly end_date: string | null;
  /** The repointing's number. */
  readonly repointing: number | null;
  /** The number of the Carrington rotation. */
  readonly cr: number | null;
  /** The type of a SPICE file. */
  readonly kernel_type: string | null;
  /** What the names of all versions of a SPICE file have in common. */
  readonly file_root: string | null;
  /** As the name carries it: `v001` or `v001.0002`, of a SPICE file its digits. */
  readonly version: string | null;
  /** Null where the version has none. */
  readonly major_version: number | null;
  /** Null where there is no version. */
  readonly minor_version: number | null;
  /** For instance `cdf`. */
  readonly extension: string;
}

const NOTHING = {
  instrument: null,
  data_level: null,
  descriptor: null,
  start_date: null,
  end_date: null,
  repointing: null,
  cr: null,
  kernel_type: null,
  file_root: null,
  version: null,
  major_version: null,
  minor_version: null,
} as const;

function spiceColumns(file: SpiceFile): NameColumns {
  const { kernel_type, start_date, end_date, prediction_date, repointing, detail, version, extension } = file;
  return {
    ...NOTHING,
    table_name: file.kind,
    start_date,
    end_date,
    repointing,
    kernel_type,
    file_root: JSON.stringify([kernel_type, start_date, end_date, prediction_date, repointing, detail, extension]),
    version,
    // Digits beyond those that a number holds exactly are no version that anyone counts.
    minor_version: version === null ? null : Math.min(Number(version), Number.MAX_SAFE_INTEGER),
    extension,
  };
}

/**
 * Reads a name into columns.
 *
 * @throws {FileNameError} When the name is none of the SDC's.
 */
function nameColumns(name: string): NameColumns {
  const file = parseFileName(name);
  if (file.kind === "spice") return spiceColumns(file);
  const { kind: table_name, ...parts } = file;
  const { major: major_version, minor: minor_version } = parseVersion(file.version);
  return { ...NOTHING, table_name, ...parts, major_version, minor_version };
}

/** What the archive knows of one file: what its name says, and what the disk said when it was looked at. */
export interface CatalogEntry extends NameColumns, FactColumns {
  /** The path in the archive, with `/` between its folders; the key. */
  readonly file_path: string;
}

/** What the disk said. */
interface FactColumns {
  /** `2024-07-09 15:42:23`, UTC. */
  readonly ingestion_date: string;
  /** In bytes. */
  readonly size: number;
  /** When the file last changed, in milliseconds since 1970. */
  readonly mtime: number;
  /** Hex, of the bytes that had this size and mtime; null while nobody has asked for it. */
  readonly md5: string | null;
}

/** What a name does not say of a file. */
interface FileFacts {
  /** In bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtime: number;
  /** Hex; null when it is not known yet. */
  readonly md5: string | null;
  /** When the archive took the file in. */
  readonly ingested: Date;
}

/** A moment as the SDC's rows carry it: `2024-07-09 15:42:23`, UTC (SDC protocol). */
export function formatTimestamp(date: Date): string {
  return date.toISOString().slice(0, 19).replace("T", " ");
}

/**
 * Joins what a name says to what is known besides.
 *
 * @throws {FileNameError} When the name is none of the SDC's.
 */
export function catalogEntry(name: string, facts: FileFacts): CatalogEntry {
  return {
    file_path: archivePath(name),
    ...nameColumns(name),
    ingestion_date: formatTimestamp(facts.ingested),
    size: facts.size,
    mtime: facts.mtime,
    md5: facts.md5,
  };
}
