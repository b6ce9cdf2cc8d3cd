import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { CatalogueEntry } from "./catalogue_entry.ts";
import { openDatabase } from "./open_database.ts";
import { PackedText } from "./packed_text.ts";
import { FILE_COLUMNS } from "./schema.ts";
import type { Statement } from "./tables/table_statement.ts";

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

/** What the archive has: one row a file, in SQLite. All calls are synchronous, so none sees another's half. */
export class Catalogue {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #revision = 0;

  /** Opens the catalogue in a file, which is created when there is none. */
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

  /** The size and time of every file, by its path. */
  stamps(): Map<string, FileStamp> {
    const stamps = new Map<string, FileStamp>();
    for (const row of this.#prepared("SELECT file_path, size, mtime FROM files").iterate()) {
      stamps.set(String(row.file_path), { size: Number(row.size), mtime: Number(row.mtime) });
    }
    return stamps;
  }

  /** Writes a row together with `act`, which puts the file into its place: both happen, or neither when `act` throws. */
  put(entry: CatalogueEntry, act: () => void): void {
    this.#transaction(() => {
      this.#put(entry);
      act();
    });
  }

  /** Brings the rows up to date with the disk, all at once. */
  update(changes: { readonly changed: readonly CatalogueEntry[]; readonly gone: Iterable<string> }): void {
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

  #put(entry: CatalogueEntry): void {
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
