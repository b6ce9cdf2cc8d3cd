// The rows and the orders of an archive in PostgreSQL, which any number of archives share.
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
  type RowField,
  type RowForm,
  SAME_FILE,
  type TimeSpanRow,
} from "./catalog.ts";
import { type CatalogEntry, catalogEntry, PackedText } from "./catalog_entry.ts";
import { type Journal, type Order, readOrder } from "./orders.ts";
import {
  CREATE_TRANSACTION,
  Postgres,
  type PostgresOptions,
  type SqlRow,
  type SqlStatement,
  type SqlValue,
} from "./postgres.ts";
import { FileNameError, ImapError } from "../errors.ts";

/** The version of the schema; increase it when a table changes, and add what changes it to {@linkcode MIGRATE}. */
const SCHEMA_VERSION = 1;

/** Texts are compared by their bytes, as in SQLite: otherwise the order of rows would depend on the server's language. */
const TEXT = 'text COLLATE "C"';

/** The columns, in the order of the table. */
const COLUMN_TYPES: Readonly<Record<keyof CatalogEntry | "etag", string>> = {
  file_path: `${TEXT} PRIMARY KEY`,
  table_name: `${TEXT} NOT NULL`,
  instrument: TEXT,
  data_level: TEXT,
  descriptor: TEXT,
  start_date: TEXT,
  end_date: TEXT,
  repointing: "integer",
  cr: "integer",
  kernel_type: TEXT,
  file_root: TEXT,
  version: TEXT,
  major_version: "integer",
  minor_version: "bigint",
  extension: `${TEXT} NOT NULL`,
  released: "integer NOT NULL",
  ingestion_date: `${TEXT} NOT NULL`,
  size: "bigint NOT NULL",
  mtime: "bigint NOT NULL",
  md5: TEXT,
  // Of an object that was uploaded in parts, the ETag is not an MD5, but it changes with the bytes.
  etag: TEXT,
};

const COLUMNS = Object.keys(COLUMN_TYPES);

/**
 * The tables. `superseded` says whether a science file has a newer version: 0 for none, 1 for one with the same major
 * version, 2 for one with a higher major version. To look for it with each query would take most of the query's time.
 *
 * `files_by_start_date` is in the order of the page's list: otherwise each visit would sort all files.
 *
 * `state` has one row. Whoever changes files updates it first, and so waits for others who do: `superseded` is then right,
 * and nobody sees a new revision with old rows.
 */
const CREATE_TABLES = `
  CREATE TABLE files (
    ${Object.entries(COLUMN_TYPES).map(([name, type]) => `${name} ${type}`).join(",\n    ")},
    superseded integer NOT NULL DEFAULT 0
  );
  CREATE INDEX files_by_product ON files
    (table_name, instrument, data_level, descriptor, start_date, repointing, major_version, minor_version);
  CREATE INDEX files_by_instrument ON files (table_name, instrument, start_date);
  CREATE INDEX files_by_descriptor ON files (table_name, descriptor, start_date);
  CREATE INDEX files_by_start_date ON files (table_name, start_date DESC NULLS LAST, file_path);
  CREATE INDEX files_by_repointing ON files (repointing) WHERE repointing IS NOT NULL;
  CREATE INDEX files_by_kernel_type ON files (kernel_type, start_date) WHERE kernel_type IS NOT NULL;
  CREATE INDEX files_by_file_root ON files (file_root, minor_version) WHERE file_root IS NOT NULL;
  CREATE INDEX files_by_ingestion_date ON files (table_name, ingestion_date);
  CREATE TABLE time_spans (
    file_path ${TEXT} NOT NULL,
    size bigint NOT NULL,
    mtime bigint NOT NULL,
    time_variable ${TEXT} NOT NULL,
    is_main integer NOT NULL,
    first ${TEXT},
    last ${TEXT},
    records bigint NOT NULL,
    is_sorted integer NOT NULL,
    PRIMARY KEY (file_path, time_variable)
  );
  CREATE TABLE orders (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key ${TEXT} NOT NULL UNIQUE,
    content ${TEXT} NOT NULL
  );
  CREATE TABLE pending (
    file_path ${TEXT} PRIMARY KEY,
    signed bigint NOT NULL,
    expires bigint NOT NULL,
    next_try bigint NOT NULL,
    tries integer NOT NULL,
    is_found integer NOT NULL
  );
  CREATE INDEX pending_by_next_try ON pending (next_try);
  CREATE INDEX pending_by_signed ON pending (signed) WHERE is_found = 0;
  CREATE TABLE head_budget (tokens double precision NOT NULL, at bigint NOT NULL);
  INSERT INTO head_budget VALUES (0, 0);
  CREATE TABLE state (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    schema_version integer NOT NULL,
    revision bigint NOT NULL DEFAULT 0,
    last_sweep bigint,
    store ${TEXT}
  );
  INSERT INTO state (schema_version) VALUES (${SCHEMA_VERSION});
  ${CREATE_TRANSACTION}
`;

/**
 * Creates the tables, completely or not at all; one process at a time. A table of the same name that belongs to something
 * else makes it fail. The lookup is a query, since the server keeps what other lookups of a table have found.
 */
const MIGRATE = `DO $migration$ BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '/schema', 0));
  IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'state' AND relnamespace = current_schema()::regnamespace) THEN ${CREATE_TABLES} END IF;
END $migration$`;

/** How many orders are kept, and their total length. When there is twice as much, the older half is removed. */
const [MIN_ORDERS, MIN_ORDERS_BYTES] = [10_000, 2 * 2 ** 20];

const DROP_OLD_ORDERS: SqlStatement = {
  sql: `DELETE FROM orders WHERE
    (SELECT count(*) >= ${2 * MIN_ORDERS} OR sum(octet_length(content)) >= ${2 * MIN_ORDERS_BYTES} FROM orders)
    AND number <= (SELECT max(number) FROM (
      SELECT number, count(*) OVER newest AS orders, sum(octet_length(content)) OVER newest AS bytes
      FROM orders WINDOW newest AS (ORDER BY number DESC)
    ) AS counted WHERE counted.orders > ${MIN_ORDERS} OR counted.bytes > ${MIN_ORDERS_BYTES})`,
  values: [],
};

/** The columns by which a science file is known apart from its version. */
const IDENTITY = ["instrument", "data_level", "descriptor", "start_date", "repointing"] as const;

/** SQL: which of the science files in a table have newer versions in it. */
function supersededIn(table: string): string {
  const same = `PARTITION BY ${IDENTITY.map((name) => `${table}.${name}`).join(", ")}`;
  return `CASE
    WHEN rank() OVER (${same} ORDER BY ${table}.major_version DESC, ${table}.minor_version DESC) = 1 THEN 0
    WHEN rank() OVER (${same} ORDER BY ${table}.major_version DESC) = 1 THEN 1
    ELSE 2 END`;
}

/** SQL: finds out anew which of the files that are versions of the same have newer ones. Its value is a JSON array of them. */
const MARK_SUPERSEDED = `
  UPDATE files SET superseded = found.superseded FROM (
    SELECT file_path, superseded AS before, ${supersededIn("files")} AS superseded
    FROM files JOIN (
      SELECT DISTINCT ${IDENTITY.join(", ")} FROM json_populate_recordset(NULL::files, CAST(? AS json))
    ) AS changed ON files.table_name = 'science' AND ${
  IDENTITY.map((name) =>
    name === "repointing" ? `files.${name} IS NOT DISTINCT FROM changed.${name}` : `files.${name} = changed.${name}`
  ).join(" AND ")
}
  ) AS found WHERE files.file_path = found.file_path AND found.before <> found.superseded`;

/**
 * SQL: inserts or updates the rows of a JSON array. A file keeps its release state when its bytes change. Of many new files,
 * most other versions are in the same array, so that there is little left to mark.
 */
const PUT = `INSERT INTO files (${COLUMNS.join(", ")}, superseded)
  SELECT ${COLUMNS.join(", ")}, CASE WHEN table_name = 'science' THEN ${supersededIn("given")} ELSE 0 END
  FROM json_populate_recordset(NULL::files, CAST(? AS json)) AS given
  ON CONFLICT (file_path) DO UPDATE SET ${
  COLUMNS.filter((name) => name !== "file_path" && name !== "released").map((name) => `${name} = excluded.${name}`)
    .join(", ")
}`;

const DROP = ["files", "time_spans"].map((table) =>
  `DELETE FROM ${table} WHERE file_path IN (SELECT json_array_elements_text(CAST(? AS json)))`
);

const INCREASE_REVISION: SqlStatement = { sql: "UPDATE state SET revision = revision + 1", values: [] };

/** Returns what a science file is a version of; undefined for a file of another kind. */
function identityOf(path: string): Partial<CatalogEntry> | undefined {
  try {
    const entry = catalogEntry(path.slice(path.lastIndexOf("/") + 1), {
      size: 0,
      mtime: 0,
      md5: null,
      ingested: new Date(0),
    });
    if (entry.table_name !== "science") return undefined;
    const { instrument, data_level, descriptor, start_date, repointing } = entry;
    return { instrument, data_level, descriptor, start_date, repointing };
  } catch (error) {
    if (error instanceof FileNameError) return undefined;
    throw error;
  }
}

/** Returns a condition as SQL about one of the two tables of a query. */
function sqlOf({ column, test }: FilesCondition, table: "files" | "newer"): string {
  return ABSENT.includes(column) ? `CAST(NULL AS text) ${test}` : `${table}.${column} ${test}`;
}

/** Returns the conditions of a query as SQL, with their values. */
function whereOf({ table, conditions, versions }: FilesQuery): SqlStatement {
  const where = [`files.table_name = '${table}'`, ...conditions.map((condition) => sqlOf(condition, "files"))];
  const values = conditions.map(({ value }) => value);
  if (versions !== "all") {
    const hasNoNewer = versions === "newest" ? "files.superseded = 0" : "files.superseded < 2";
    // All versions of a file have the same values in the columns that identify it. A newer one that does not meet the other
    // conditions does not count; it is looked for only where there is one.
    const differing = conditions.filter(({ column }) => !SAME_FILE.includes(column));
    if (differing.length === 0) {
      where.push(hasNoNewer);
    } else {
      const compared = versions === "newest" ? "major and minor" : "major";
      const newer = noNewerVersion(compared, differing.map((condition) => sqlOf(condition, "newer")));
      where.push(`(${hasNoNewer} OR ${newer})`);
      values.push(...differing.map(({ value }) => value));
    }
  }
  return { sql: where.join(" AND "), values };
}

/** Writes the value of a column into the JSON of a row, byte for byte as SQLite does. */
const FORMS: Readonly<Record<RowForm, (value: SqlValue | undefined) => string>> = {
  word: (value) => `"${value}"`,
  text: (value) => JSON.stringify(value),
  integer: String,
  "integer or null": String,
  boolean: (value) => value === 1 ? "true" : "false",
  "both version numbers": () => "",
  "moment without hyphens": (value) => `"${String(value).replaceAll("-", "")}"`,
  null: () => "null",
};

/** Writes rows as JSON. */
class RowWriter {
  /** The columns that rows consist of. */
  readonly columns: readonly string[];
  /** The fewest bytes of a row. */
  readonly #minBytes: number;
  readonly #parts: ReadonlyArray<readonly [before: string, column: number, form: RowForm]>;
  readonly #major: number;
  readonly #minor: number;

  constructor(fields: readonly RowField[]) {
    const names = fields.flatMap(({ column, form }) =>
      form === "null" ? [] : form === "both version numbers" ? ["major_version", "minor_version"] : [column]
    );
    this.columns = [...new Set([...names, "file_path"])];
    this.#major = this.columns.indexOf("major_version");
    this.#minor = this.columns.indexOf("minor_version");
    this.#parts = fields.map(({ name, column, form }, index) =>
      [`${index === 0 ? "{" : ","}"${name}":`, this.columns.indexOf(column), form] as const
    );
    this.#minBytes = this.#parts.reduce((sum, [before]) => sum + before.length + 1, 1);
  }

  /** Returns how many rows are longer than a response may be: one that is too long is not read to its end. */
  mostRows(maxBytes: number): number {
    return Math.ceil(maxBytes / this.#minBytes) + 1;
  }

  write(row: readonly SqlValue[]): string {
    let text = "";
    for (const [before, column, form] of this.#parts) {
      text += before;
      if (form === "both version numbers") {
        const [major, minor] = [String(row[this.#major]), String(row[this.#minor])];
        text += `"v${major.padStart(3, "0")}.${minor.padStart(4, "0")}"`;
      } else {
        text += FORMS[form](row[column]);
      }
    }
    return `${text}}`;
  }
}

/** Collects the JSON of rows as one array, up to a maximum length. */
class RowArray {
  readonly #text = new PackedText();
  readonly #maxBytes: number | null;
  /** The number of rows. */
  count = 0;

  constructor(maxBytes: number | null) {
    this.#maxBytes = maxBytes;
  }

  get #isTooLong(): boolean {
    return this.#maxBytes !== null && this.#text.length >= this.#maxBytes; // Leaves room for the closing bracket.
  }

  add(row: string): void {
    if (!this.#isTooLong) this.#text.add((this.count === 0 ? "[" : ",") + row);
    this.count++;
  }

  /** Returns the array; undefined if it is too long. */
  end(): PackedText | undefined {
    if (this.#isTooLong) return undefined;
    this.#text.add(this.count === 0 ? "[]" : "]");
    return this.#text;
  }
}

/** Where a page of a query ended. */
interface PageEnd {
  readonly revision: SqlValue;
  /** The number of rows before its last one. */
  readonly index: number;
  /** The path of its last row. */
  readonly path: string;
}

/** The maximum number of queries whose last page is known. */
const MAX_PAGE_ENDS = 200;

/** The rows of an archive in PostgreSQL. */
export class PostgresCatalog implements Catalog {
  /** The database, for tables that are not the catalog's. */
  readonly database: Postgres;
  readonly #writers = new Map<readonly RowField[], RowWriter>();
  readonly #pageEnds = new Map<string, PageEnd>();
  #counted: { readonly revision: SqlValue; readonly files: number } | undefined;

  private constructor(database: Postgres) {
    this.database = database;
  }

  /**
   * Opens the catalog in a database, and creates its tables if there are none.
   *
   * @throws {InputError} When the URL is not valid. {ImapError} When the database cannot be used.
   */
  static async open(
    url: string,
    options: PostgresOptions = {},
  ): Promise<PostgresCatalog> {
    const database = await Postgres.open(url, options);
    try {
      await createTables(database);
      return new PostgresCatalog(database);
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.database.close();
  }

  async revision(): Promise<string> {
    return String(await this.#one("SELECT revision FROM state"));
  }

  /** Returns the number of files, which are counted once after each change. */
  async size(): Promise<number> {
    const [row] = await this.database.rows(
      `SELECT revision, CASE WHEN revision = ? THEN NULL ELSE (SELECT count(*) FROM files) END AS files FROM state`,
      [this.#counted?.revision ?? -1],
    );
    if (this.#counted === undefined || row?.files !== null) {
      this.#counted = { revision: row?.revision ?? -1, files: Number(row?.files) };
    }
    return this.#counted.files;
  }

  async has(path: string): Promise<boolean> {
    return await this.#one("SELECT 1 AS found FROM files WHERE file_path = ?", [path]) !== undefined;
  }

  async isPublic(path: string): Promise<boolean> {
    return await this.#one(`SELECT 1 AS found FROM files WHERE file_path = ? AND ${IS_PUBLIC}`, [path]) !== undefined;
  }

  async stamp(path: string): Promise<FileStamp | undefined> {
    const [row] = await this.database.rows("SELECT size, mtime FROM files WHERE file_path = ?", [path]);
    return row === undefined ? undefined : { size: Number(row.size), mtime: Number(row.mtime) };
  }

  async update({ changed, gone }: FileChanges): Promise<void> {
    const entries = [...new Map(changed.map((entry) => [entry.file_path, entry])).values()];
    const paths = [...gone];
    if (entries.length === 0 && paths.length === 0) return;
    const science = entries.filter(({ table_name }) => table_name === "science");
    const versions = [...science, ...paths.map(identityOf).filter((identity) => identity !== undefined)];
    const [json, dropped, marked] = [entries, paths, versions].map((list) => JSON.stringify(list));
    await this.database.transaction([
      INCREASE_REVISION,
      ...(paths.length === 0 ? [] : DROP.map((sql) => ({ sql, values: [dropped ?? ""] }))),
      ...(entries.length === 0 ? [] : [{ sql: PUT, values: [json ?? ""] }]),
      ...(versions.length === 0 ? [] : [{ sql: MARK_SUPERSEDED, values: [marked ?? ""] }]),
    ]);
  }

  async release(selections: readonly ReleaseSelection[]): Promise<void> {
    await this.database.transaction([INCREASE_REVISION, ...selections.flatMap(releaseStatements)]);
  }

  async keepTimeSpans(path: string, read: FileStamp, spans: readonly TimeSpanRow[]): Promise<void> {
    const { size, mtime } = read;
    // The row without a variable comes first, so that two processes that read the same file wait for each other.
    const rows = [
      { time_variable: "", is_main: 0, first: null, last: null, records: 0, is_sorted: 1 },
      ...spans.map(({ variable, isMain, isSorted, first, last, records }) => {
        return { time_variable: variable, is_main: Number(isMain), first, last, records, is_sorted: Number(isSorted) };
      }),
    ].map((row) => ({ file_path: path, size, mtime, ...row }));
    const columns = ["size", "mtime", "is_main", "first", "last", "records", "is_sorted"];
    await this.database.transaction([
      { sql: "DELETE FROM time_spans WHERE file_path = ?", values: [path] },
      {
        sql: `INSERT INTO time_spans SELECT * FROM json_populate_recordset(NULL::time_spans, CAST(? AS json))
          ON CONFLICT (file_path, time_variable) DO UPDATE SET ${
          columns.map((name) => `${name} = excluded.${name}`).join(", ")
        }`,
        values: [JSON.stringify(rows)],
      },
    ]);
  }

  async queryFiles(query: FilesQuery, maxBytes: number | null): Promise<PackedText | undefined> {
    const { limit, offset } = query;
    if (limit === undefined && offset === 0) return await this.#queryAll(query, maxBytes);
    return await this.#queryPage(query, maxBytes);
  }

  /** Returns all rows, which are written as they arrive. */
  async #queryAll(query: FilesQuery, maxBytes: number | null): Promise<PackedText | undefined> {
    const writer = this.#writerOf(query);
    const { sql, values } = whereOf(query);
    const most = maxBytes === null ? "" : ` LIMIT ${writer.mostRows(maxBytes)}`;
    let rows = new RowArray(maxBytes);
    await this.database.each(
      `SELECT ${writer.columns.join(", ")} FROM files WHERE ${sql} ORDER BY file_path${most}`,
      values,
      () => {
        const array = rows = new RowArray(maxBytes);
        return (row) => array.add(writer.write(row));
      },
    );
    return rows.end();
  }

  /**
   * Returns a page. One that follows another one starts where that one ended, if the files are still the same, so that
   * reading all pages takes no longer than reading all rows at once.
   */
  async #queryPage(query: FilesQuery, maxBytes: number | null): Promise<PackedText | undefined> {
    const { limit = Number.MAX_SAFE_INTEGER, offset } = query;
    const { sql, values } = whereOf(query);
    const key = JSON.stringify([sql, values]);
    const known = this.#pageEnds.get(key);
    if (known !== undefined && known.index <= offset) {
      const from = `${sql} AND files.file_path >= ? AND (SELECT revision FROM state) = ?`;
      const start = { sql: from, values: [...values, known.path, known.revision], offset: offset - known.index };
      const { rows, end } = await this.#readPage(query, { ...start, limit }, maxBytes);
      if (end !== undefined) return this.#pageEnd(key, rows, { ...end, index: end.index + known.index });
      // There are no such rows, or the files have changed.
    }
    const { rows, end } = await this.#readPage(query, { sql, values, offset, limit }, maxBytes);
    return this.#pageEnd(key, rows, end);
  }

  async #readPage(
    query: FilesQuery,
    { sql, values, limit, offset }: SqlStatement & { readonly limit: number; readonly offset: number },
    maxBytes: number | null,
  ): Promise<{ readonly rows: RowArray; readonly end: PageEnd | undefined }> {
    const writer = this.#writerOf(query);
    const path = writer.columns.indexOf("file_path");
    let rows = new RowArray(maxBytes);
    let last: readonly SqlValue[] = [];
    await this.database.each(
      `SELECT ${writer.columns.join(", ")}, (SELECT revision FROM state) AS revision FROM files
      WHERE ${sql} ORDER BY file_path LIMIT ? OFFSET ?`,
      [...values, maxBytes === null ? limit : Math.min(limit, writer.mostRows(maxBytes)), offset],
      () => {
        const array = rows = new RowArray(maxBytes);
        return (row) => {
          last = row;
          array.add(writer.write(row));
        };
      },
    );
    const end = { revision: last.at(-1) ?? null, index: offset + rows.count - 1, path: String(last[path]) };
    return { rows, end: rows.count === 0 ? undefined : end };
  }

  #pageEnd(key: string, rows: RowArray, end: PageEnd | undefined): PackedText | undefined {
    if (end !== undefined) {
      if (this.#pageEnds.size >= MAX_PAGE_ENDS) this.#pageEnds.clear();
      this.#pageEnds.set(key, end);
    }
    return rows.end();
  }

  async rows(sql: string, values: readonly (string | number)[] = []): Promise<SqlRow[]> {
    return [...await this.database.rows(sql, values)];
  }

  #writerOf({ fields }: FilesQuery): RowWriter {
    const known = this.#writers.get(fields);
    if (known !== undefined) return known;
    const writer = new RowWriter(fields);
    this.#writers.set(fields, writer);
    return writer;
  }

  /** Returns the only value of the only row; undefined if there is no row. */
  async #one(sql: string, values: readonly SqlValue[] = []): Promise<SqlValue | undefined> {
    const [row] = await this.database.rows(sql, values);
    return row === undefined ? undefined : Object.values(row)[0];
  }
}

/** Creates the tables if there are none, and checks that they are those of this program. */
async function createTables(database: Postgres): Promise<void> {
  const refuse = (reason: string) => new ImapError(`Cannot use the database "${database.text}": ${reason}`);
  const [found] = await database.rows(
    `SELECT current_schema() AS schema, current_setting('server_encoding') AS encoding,
    to_regclass(quote_ident(current_schema()) || '.state') IS NOT NULL AS has_state,
    to_regclass(quote_ident(current_schema()) || '.files') IS NOT NULL AS has_files,
    (SELECT count(*) FROM pg_attribute WHERE attname = 'schema_version' AND NOT attisdropped
      AND attrelid = to_regclass(quote_ident(current_schema()) || '.state')) AS has_version`,
  );
  if (found?.encoding !== "UTF8") throw refuse(`its encoding is ${found?.encoding}; create one with the encoding UTF8`);
  if (found.schema === null) {
    throw refuse(
      "none of the schemas in its search_path exists, or the user may use none of them; create one, GRANT USAGE ON SCHEMA " +
        "to the user, or correct the URL",
    );
  }
  const isForeign = found.has_state === 1 ? found.has_version === 0 : found.has_files === 1;
  if (isForeign) {
    throw refuse(
      `the schema "${found.schema}" has tables of something else; choose another one with ?options=-csearch_path%3DNAME`,
    );
  }
  if (found.has_state === 0) await database.rows(MIGRATE);
  const [state] = await database.rows("SELECT schema_version FROM state");
  if (state?.schema_version !== SCHEMA_VERSION) {
    const version = state?.schema_version ?? "none";
    throw refuse(
      `its tables have version ${version}, and this program knows version ${SCHEMA_VERSION}; use the same version of this ` +
        "program for all archives that share it",
    );
  }
}

/** The reprocessing and release requests in PostgreSQL. */
export class PostgresJournal implements Journal {
  readonly #database: Postgres;

  constructor(database: Postgres) {
    this.#database = database;
  }

  async append(order: Order): Promise<void> {
    // The key makes it do no harm if the server has run the statement, and the connection broke before it could say so.
    await this.#database.transaction([
      {
        sql: "INSERT INTO orders (key, content) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
        values: [crypto.randomUUID(), JSON.stringify(order)],
      },
      DROP_OLD_ORDERS,
    ]);
  }

  async orders(): Promise<Order[]> {
    const rows = await this.#database.rows("SELECT content FROM orders ORDER BY number");
    return rows.map(({ content }) => readOrder(String(content))).filter((order) => order !== undefined);
  }
}
