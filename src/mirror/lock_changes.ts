// What has changed in the archive since a lock file was written.
import type { LockContents, LockedFile, LockedQuery } from "./lock_file.ts";
import { bareName, type ImapFile, tryParseFileName } from "../names/file_name.ts";
import { fileOf, type FileRecord, newestVersions, type TableName, TABLES } from "../protocol/tables.ts";

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
