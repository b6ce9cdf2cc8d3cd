import { basename, dirname, join } from "@std/path";
import { replaceFile } from "../disk.ts";
import { decodeText, FileError, fileError, ImapError, shown } from "../errors.ts";
import { bareName, type ImapFile, tryParseFileName } from "../names/file_name.ts";
import { fileOf, type FileRecord, isJsonObject, newestVersions, type TableName, TABLES } from "../protocol/tables.ts";
import { localPath } from "../transfer/local_files.ts";

/**
 * A file of a lock file.
 *
 * @category Between runs
 */
export interface LockedFile {
  /** The path in the archive, which is also its path below the data directory. */
  readonly path: string;
  /** The version in the file's name: `v001`, `v001.0002`, or the digits of a SPICE file. Undefined if it has none. */
  readonly version: string | undefined;
  /** The size in bytes. */
  readonly bytes: number;
  /** The SHA-256 of the bytes, in hex. */
  readonly sha256: string;
  /** The MD5 of the bytes, in hex, which is also the ETag of most objects of the archive. */
  readonly md5: string;
  /** When the archive indexed it, `2026-01-31 15:42:23` in UTC; undefined if that was not known. */
  readonly ingestion_date: string | undefined;
}

/**
 * A query in a lock file: its parameters, with days in place of `today` and `7d`.
 *
 * @category Between runs
 */
export type LockedQuery = Readonly<Record<string, string | readonly string[]>>;

/**
 * What a lock file says.
 *
 * @category Between runs
 */
export interface LockContents {
  /** The name of the data set: letters, digits, `-`, `_`, `.`. */
  readonly name: string;
  /** When it was written: `2026-01-31T12:00:00Z`. */
  readonly created: string;
  /** The URL of the archive; empty if the origin of the files is not known, as for a whole data directory. */
  readonly archive: string;
  /** The program that wrote it, and its version. */
  readonly program: string;
  /** The query that found the files; undefined if they were named. */
  readonly query: LockedQuery | undefined;
  /** The files, sorted by path. */
  readonly files: readonly LockedFile[];
}

/** The version of the format that this program writes, and the newest that it reads. */
const LOCK_VERSION = 1;
const PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json";
/** A lock file of 150,000 files is shorter. */
const MAX_LOCK_BYTES = 64 * 1024 * 1024;
/** The maximum number of problems of a lock file that one message lists. */
const MAX_PROBLEMS = 5;

/** Returns the name of a data set for the path of its lock file: `mag` for `data/mag.lock.json`. */
export function nameOfLock(path: string): string {
  return asName(basename(path).replace(/\.json$/i, "").replace(/\.lock$/i, "")) || "imap-data";
}

/** The names of a Data Package and its resources are in lower case, without spaces. */
function asName(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9._-]+/g, "-").replace(/^[-.]+/, "");
}

/** Returns the version in a file's name; undefined if it has none, or is not of the SDC's form. */
export function versionInName(path: string): string | undefined {
  const { version }: { version?: string | null | undefined } = tryParseFileName(bareName(path)) ?? {};
  return version ?? undefined;
}

function byPath(a: LockedFile, b: LockedFile): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** Returns the text of a lock file. The same contents give the same text. */
export function lockText({ name, created, archive, program, query, files }: LockContents): string {
  const names = new Set<string>();
  const resources = [...files].sort(byPath).map(({ path, version, bytes, sha256, md5, ingestion_date }) => {
    const base = asName(bareName(path));
    let name = base;
    for (let count = 2; names.has(name); count++) name = `${base}-${count}`;
    names.add(name);
    return { name, path, type: "file", bytes, hash: `sha256:${sha256}`, md5, version, ingestion_date };
  });
  const sorted = query === undefined
    ? undefined
    : Object.fromEntries(Object.entries(query).sort(([a], [b]) => a < b ? -1 : 1));
  const imap = { lockVersion: LOCK_VERSION, archive: archive === "" ? undefined : archive, program, query: sorted };
  return `${JSON.stringify({ $schema: PROFILE, name, created, imap, resources }, null, 2)}\n`;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Whether a path can only lead to a file below the data directory. */
function isInside(path: string): boolean {
  try {
    localPath("/", path);
    return true;
  } catch (error) {
    if (!(error instanceof ImapError)) throw error;
    return false;
  }
}

/** Says what is wrong with the SHA-256 of a resource; undefined if nothing is. */
function hashProblem(hash: unknown): string | undefined {
  if (!isText(hash)) return "it has no hash";
  if (/^sha256:[0-9a-f]{64}$/.test(hash)) return undefined;
  // In a Data Package, a hash without the name of an algorithm is an MD5.
  const algorithm = hash.includes(":") ? hash.slice(0, hash.indexOf(":")) : "md5";
  return algorithm === "sha256"
    ? `its hash is "${shown(hash)}"; expected sha256: and 64 digits of hexadecimal`
    : `its hash is of the algorithm "${shown(algorithm)}"; expected sha256`;
}

/** Decodes a resource. @returns What is wrong with it, as a text, if anything is. */
function decodeResource(value: unknown, count: number): LockedFile | string {
  const path = isJsonObject(value) ? value.path : undefined;
  if (!isJsonObject(value) || !isText(path)) return `resource ${count} has no path`;
  const about = `"${shown(path)}"`;
  if (!isInside(path)) return `${about} is not a path of the archive, imap/..., without .. and hidden folders`;
  const { bytes, hash, md5, ingestion_date } = value;
  if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 0) return `${about} has no size ("bytes")`;
  const problem = hashProblem(hash);
  if (problem !== undefined) return `of ${about}: ${problem}`;
  if (!isText(md5) || !/^[0-9a-f]{32}$/.test(md5)) return `${about} has no MD5 ("md5")`;
  return {
    path,
    version: versionInName(path),
    bytes,
    sha256: String(hash).slice("sha256:".length),
    md5,
    ingestion_date: isText(ingestion_date) ? ingestion_date : undefined,
  };
}

/** Decodes the query. @throws {ImapError} When it is not parameters with texts. */
function decodeQuery(query: unknown): LockedQuery | undefined {
  if (query === undefined) return undefined;
  const expected = "expected parameters whose values are texts, or lists of texts";
  if (!isJsonObject(query)) throw new ImapError(`its query is wrong: ${expected}`);
  const entries = Object.entries(query).map(([name, value]): [string, string | readonly string[]] => {
    if (isText(value)) return [name, value];
    if (Array.isArray(value) && value.every(isText)) return [name, value];
    throw new ImapError(`in its query, the value of "${shown(name)}" is wrong: ${expected}`);
  });
  return Object.fromEntries(entries);
}

/** Decodes the files. @throws {ImapError} With what is wrong with the first few. */
function decodeFiles(resources: readonly unknown[]): LockedFile[] {
  const files: LockedFile[] = [];
  const problems: string[] = [];
  const paths = new Set<string>();
  for (const [index, resource] of resources.entries()) {
    const file = decodeResource(resource, index + 1);
    if (isText(file)) problems.push(file);
    else if (paths.has(file.path)) problems.push(`"${shown(file.path)}" is in it twice`);
    else {
      paths.add(file.path);
      files.push(file);
    }
  }
  const more = problems.length > MAX_PROBLEMS ? `; and ${problems.length - MAX_PROBLEMS} more problems` : "";
  if (problems.length > 0) throw new ImapError(problems.slice(0, MAX_PROBLEMS).join("; ") + more);
  return files.sort(byPath);
}

/**
 * Reads the text of a lock file.
 *
 * @throws {ImapError} When it is not one, or of a newer version; or when it names files outside the data directory, a file
 *   twice, or other hashes.
 */
function parseLock(text: string): LockContents {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ImapError(`it is not JSON, or not all of it is there (${shown(why)})`, { cause: error });
  }
  if (!isJsonObject(json)) throw new ImapError("it is not a lock file: expected a Data Package, a JSON object");
  const { name, created, imap, resources } = json;
  if (!isJsonObject(imap) || typeof imap.lockVersion !== "number") {
    throw new ImapError(
      'it is not a lock file: it has no "imap" with a "lockVersion"; the command lock writes lock files',
    );
  }
  if (imap.lockVersion > LOCK_VERSION) {
    const versions = `format ${imap.lockVersion}, and this program reads up to ${LOCK_VERSION}`;
    throw new ImapError(`it was written by a newer version of this program (${versions}); update the program`);
  }
  if (!Number.isSafeInteger(imap.lockVersion) || imap.lockVersion < 1) {
    throw new ImapError(`its "lockVersion" is ${imap.lockVersion}; expected a whole number from 1`);
  }
  if (!Array.isArray(resources) || resources.length === 0) throw new ImapError("it lists no files");
  const { archive, program, query } = imap;
  return {
    name: isText(name) ? name : "imap-data",
    created: isText(created) ? created : "",
    archive: isText(archive) ? archive : "",
    program: isText(program) ? program : "",
    query: decodeQuery(query),
    files: decodeFiles(resources),
  };
}

/** Reads a lock file. @throws {FileError} When it cannot be read, or is not a lock file. */
export async function readLockFile(path: string): Promise<LockContents> {
  const action = `read the lock file "${path}"`;
  let bytes: Uint8Array;
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) throw new FileError("it is not a file", { action, path });
    if (size > MAX_LOCK_BYTES) {
      throw new FileError(`it is longer than ${MAX_LOCK_BYTES / 1024 / 1024} MiB`, { action, path });
    }
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new FileError("there is no such file", { action, path, cause: error });
    }
    throw fileError(action, path, error);
  }
  try {
    const decoded = decodeText(bytes);
    if ("problem" in decoded) throw new ImapError(decoded.problem);
    return parseLock(decoded.text);
  } catch (error) {
    if (!(error instanceof ImapError)) throw error;
    throw new FileError(error.message, { action, path, cause: error });
  }
}

/**
 * Returns which files the lock files in a data directory list, by path, with the name of the lock file.
 *
 * @throws {FileError} When one cannot be read, so that its files are not known.
 */
export async function lockedFiles(dataDir: string): Promise<Map<string, string>> {
  const locked = new Map<string, string>();
  for await (const { name, isDirectory } of Deno.readDir(dataDir)) {
    // It may be a link to a file in a Git checkout.
    if (isDirectory || !name.endsWith(".lock.json")) continue;
    for (const { path } of (await readLockFile(join(dataDir, name))).files) locked.set(path, name);
  }
  return locked;
}

/** Writes a JSON file, and creates its folder. The file is replaced atomically. */
export async function writeJsonFile(path: string, text: string): Promise<void> {
  const action = `write "${basename(path)}"`;
  await Deno.mkdir(dirname(path), { recursive: true }).catch((error) => {
    throw fileError(action, path, error);
  });
  await replaceFile(action, path, ReadableStream.from([new TextEncoder().encode(text)]));
}

/** Returns the SHA-256 of all files together, in hex: that of the list that `sha256sum` prints for them, sorted by path. */
export async function treeHash(files: readonly LockedFile[]): Promise<string> {
  const list = [...files].sort(byPath).map(({ path, sha256 }) => `${sha256}  ${path}\n`).join("");
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(list))).toHex();
}

/**
 * What has happened to a file of a lock file in the archive: there is a newer version (`superseded`), or other bytes under the
 * same name (`redelivered`), or it is `gone`. A file that the lock file's query finds now, and did not then, is `new`.
 *
 * @category Between runs
 */
export type ArchiveChangeState = "new" | "superseded" | "redelivered" | "gone";

/**
 * A change in the archive since a lock file was written.
 *
 * @category Between runs
 */
export interface ArchiveChange {
  /** The path of the file in the lock file; for a new file its path in the archive. */
  readonly path: string;
  /** What has happened. */
  readonly state: ArchiveChangeState;
  /** The path of the newest version, if the file is superseded. */
  readonly newer: string | undefined;
  /** When the archive indexed what is new, `2026-01-31 15:42:23` in UTC; undefined if nothing is, or it is not known. */
  readonly ingestion_date: string | undefined;
}

/** Returns the table that lists a file; undefined if none does. */
function tableOf(file: ImapFile | undefined): TableName | undefined {
  return TABLES.find((table) => table === file?.kind);
}

/** The span of days of the files of a product. */
interface Product {
  readonly query: Readonly<Record<string, string>>;
  first: string;
  last: string;
}

/** Returns queries that find all versions of files: one for each product, and its days. */
export function productQueries(files: readonly LockedFile[]): LockedQuery[] {
  const products = new Map<string, Product>();
  for (const { path } of files) {
    const file = tryParseFileName(bareName(path));
    if (file === undefined) continue;
    const query = productOf(file);
    if (query === undefined) continue;
    const day = "start_date" in file && file.start_date !== null ? file.start_date : "";
    const key = JSON.stringify(query);
    const product = products.get(key) ?? { query, first: day, last: day };
    if (day < product.first) product.first = day;
    if (day > product.last) product.last = day;
    products.set(key, product);
  }
  return [...products.values()].map(({ query, first, last }) =>
    query.table === "spice" || first === "" ? query : { ...query, start_date: first, end_date: last }
  );
}

/** Returns the query that finds all versions of a file and others of its product; undefined if no table lists it. */
function productOf(file: ImapFile): Record<string, string> | undefined {
  switch (file.kind) {
    case "science":
    case "quicklook":
      return {
        table: file.kind,
        instrument: file.instrument,
        data_level: file.data_level,
        descriptor: file.descriptor,
        major_version: "all",
      };
    case "ancillary":
      return { table: file.kind, instrument: file.instrument, descriptor: file.descriptor };
    case "spice":
      return { table: file.kind, type: file.kernel_type };
    default:
      return undefined;
  }
}

/** All that is known of one file: the versions that are locked, and those that the archive has. */
interface Versions {
  readonly table: TableName;
  readonly rows: FileRecord[];
  readonly locked: LockedFile[];
}

/** What has changed, and the files that the lock file would list now, with the time when each was indexed. */
export interface ChangesSince {
  readonly changes: ArchiveChange[];
  readonly next: ReadonlyMap<string, string | undefined>;
}

function indexed({ ingestion_date }: FileRecord): string | undefined {
  return ingestion_date ?? undefined;
}

/** Compares a lock file with the rows of the archive. */
class Comparison {
  readonly #lock: Pick<LockContents, "files" | "created" | "query">;
  /** The rows that the lock file's query finds now; undefined if it has none. */
  readonly #found: readonly FileRecord[] | undefined;
  /** The rows of the archive, by path. */
  readonly #rows: ReadonlyMap<string, FileRecord>;
  readonly #locked: ReadonlySet<string>;
  readonly #changes: ArchiveChange[] = [];
  readonly #next = new Map<string, string | undefined>();

  constructor(
    lock: Pick<LockContents, "files" | "created" | "query">,
    found: readonly FileRecord[] | undefined,
    rows: readonly FileRecord[],
  ) {
    this.#lock = lock;
    this.#found = found;
    this.#rows = new Map([...rows, ...found ?? []].map((row) => [row.file_path, row]));
    this.#locked = new Set(lock.files.map(({ path }) => path));
  }

  run(): ChangesSince {
    for (const versions of this.#groups().values()) this.#compare(versions);
    for (const row of this.#found ?? []) this.#next.set(row.file_path, indexed(row));
    this.#changes.sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
    return { changes: this.#changes, next: this.#next };
  }

  /** Groups what is locked, and what the archive has, by file. */
  #groups(): Map<string, Versions> {
    const groups = new Map<string, Versions>();
    const groupOf = (table: TableName, row: FileRecord) => {
      const key = `${table} ${fileOf(table, row)}`;
      const group = groups.get(key) ?? { table, rows: [], locked: [] };
      groups.set(key, group);
      return group;
    };
    for (const file of this.#lock.files) {
      const table = tableOf(tryParseFileName(bareName(file.path)));
      // No table lists it, so nothing is known of it.
      if (table === undefined) this.#next.set(file.path, file.ingestion_date);
      else groupOf(table, this.#rowOf(file)).locked.push(file);
    }
    for (const row of this.#found ?? this.#rows.values()) {
      const table = tableOf(tryParseFileName(bareName(row.file_path)));
      if (table !== undefined) groupOf(table, row).rows.push(row);
    }
    return groups;
  }

  /** Returns the row of a locked file; if the archive has none, what the name says. */
  #rowOf({ path }: LockedFile): FileRecord {
    return this.#rows.get(path) ?? { ...tryParseFileName(bareName(path)), file_path: path };
  }

  #compare({ table, rows, locked }: Versions): void {
    if (locked.length === 0) {
      // Without a query, these are files of a product that were not named.
      if (this.#found !== undefined) { for (const row of rows) this.#add(row.file_path, "new", { row }); }
      return;
    }
    const [last] = newestVersions(table, locked.map((file) => this.#rowOf(file)));
    const [newest] = newestVersions(table, last === undefined ? rows : [last, ...rows]);
    const newer = newest === undefined || this.#locked.has(newest.file_path) ? undefined : newest;
    if (newer !== undefined) {
      this.#add(last?.file_path ?? "", "superseded", { row: newer, newer: newer.file_path });
      if (this.#found === undefined) this.#next.set(newer.file_path, indexed(newer));
    }
    for (const file of locked) this.#compareFile(file, newer !== undefined);
  }

  #compareFile(file: LockedFile, isSuperseded: boolean): void {
    const row = this.#rows.get(file.path);
    if (row === undefined) {
      if (!isSuperseded) this.#add(file.path, "gone");
      return;
    }
    if (this.#isRedelivered(file, row)) this.#add(file.path, "redelivered", { row });
    if (this.#found === undefined && !isSuperseded) this.#next.set(file.path, indexed(row));
  }

  /** Whether the archive has indexed a file again since it was locked. */
  #isRedelivered({ ingestion_date }: LockedFile, row: FileRecord): boolean {
    const now = indexed(row);
    if (now === undefined) return false;
    if (ingestion_date !== undefined) return now !== ingestion_date;
    return now > this.#lock.created.replace("T", " ").replace("Z", "");
  }

  #add(
    path: string,
    state: ArchiveChangeState,
    { row, newer }: { readonly row?: FileRecord; readonly newer?: string } = {},
  ): void {
    this.#changes.push({ path, state, newer, ingestion_date: row === undefined ? undefined : indexed(row) });
  }
}

/**
 * Finds what has changed in the archive since a lock file was written.
 *
 * @param found The rows that the lock file's query finds now; undefined if it has none.
 * @param rows The rows of the products of files that the query does not find.
 */
export function changesSince(
  lock: Pick<LockContents, "files" | "created" | "query">,
  found: readonly FileRecord[] | undefined,
  rows: readonly FileRecord[],
): ChangesSince {
  return new Comparison(lock, found, rows).run();
}
