import { CatalogCount, type CatalogEntry, catalogTable } from "./catalog.ts";
import { CALL_KINDS, type CallOptions, checkOptions, type DownloadOptions, KINDS, type KindsOf } from "./options.ts";
import { QueryResult, type QueryResultOrigin } from "./query_result.ts";
import { RecordList } from "./record_list.ts";
import type { TransferReport } from "../views/transfers.ts";
import {
  type Column,
  formatBytes,
  type HtmlTable,
  htmlTable,
  shownTable,
  type Table,
  textTable,
} from "../display/table.ts";
import {
  JUPYTER_DISPLAY,
  type MimeBundle,
  type PendingPicture,
  type Picture,
  showBundle,
} from "../display/notebook.ts";
import { checkObject, InputError, joinInputErrors, shown, unknownParameter } from "../errors.ts";
import {
  type LocalEntry,
  type LocalFile,
  localFiles,
  type LocalPartialFile,
  type OtherEntry,
  type OtherReason,
} from "../mirror/local_directory.ts";
import { bareName, type FileKind, type ImapFile } from "../names/file_name.ts";
import { closestName, isOneOf, parseVersion } from "../names/fields.ts";
import {
  ALL_MAJORS,
  fileOf,
  type FileRecord,
  newestVersions,
  parameterNames,
  type QueryParameters,
  SDC_TABLES,
  type SdcTableName,
  type TableName,
  TABLES,
} from "../protocol/tables.ts";
import { checkQuery, isGiven, planQuery, queryTable } from "../sdc/plan_query.ts";
import { absolutePath, isThere } from "../transfer/local_files.ts";
import { counted } from "../views/records.ts";

/**
 * Which files of the data directory to list: the conditions of a query that file names can answer. Without `table`, all
 * kinds of files are searched. Without `version` and `major_version`, all versions are listed.
 *
 * @category Between runs
 */
export type LocalParameters = Pick<
  QueryParameters,
  | "table"
  | "instrument"
  | "data_level"
  | "descriptor"
  | "start_date"
  | "end_date"
  | "repointing"
  | "cr"
  | "version"
  | "major_version"
  | "minor_version"
  | "extension"
  | "type"
  | "filename"
  | "file_path"
>;

/** The parameters; the compiler checks that none is missing. */
const NAME_PARAMETERS: Readonly<Record<keyof LocalParameters, true>> = {
  table: true,
  instrument: true,
  data_level: true,
  descriptor: true,
  start_date: true,
  end_date: true,
  repointing: true,
  cr: true,
  version: true,
  major_version: true,
  minor_version: true,
  extension: true,
  type: true,
  filename: true,
  file_path: true,
};

/**
 * What there is of a file whose download has not ended.
 *
 * @category Between runs
 */
export interface PartialFileRecord {
  /** The path that the complete file will have in the archive and below the data directory. */
  readonly file_path: string;
  /** `in use` if a process may be writing to it; `abandoned` otherwise. The next download of the file resumes from it. */
  readonly state: "in use" | "abandoned";
  /** The number of bytes received. */
  readonly received: number;
  /** The size of the complete file in bytes; null if that is not known. */
  readonly size: number | null;
  /** The number of bytes that it takes on this disk. */
  readonly bytes: number;
  /** When it was last written to: `2026-01-31 12:00:00`, UTC. */
  readonly modified: string;
}

/**
 * A file or folder in the data directory that is not a file of the SDC at its place.
 *
 * @category Between runs
 */
export interface OtherFileRecord {
  /** The path relative to the data directory. */
  readonly file_path: string;
  /**
   * Why it is not one: its `name`, its `place` (another folder than in the archive), `empty`, a `link`, a `hidden` folder,
   * `special` (a socket or a device), or `unreadable`. Links are not followed, and hidden folders are not entered.
   */
  readonly reason: OtherReason;
  /** Its size in bytes. */
  readonly bytes: number;
  /** When it was last written to: `2026-01-31 12:00:00`, UTC. */
  readonly modified: string;
}

/**
 * The files of a product in the data directory.
 *
 * @category Between runs
 */
export interface LocalProduct extends CatalogEntry {
  /** The size of its files, in bytes. */
  readonly bytes: number;
  /** The number of superseded versions among its files. */
  readonly superseded: number;
}

/**
 * What to remove from the data directory. Without `superseded`, `partial` and `files`: all superseded versions, and all
 * partial files that no process writes to.
 *
 * @category Between runs
 */
export interface PruneOptions extends CallOptions {
  /** Whether to remove superseded versions: files that have a newer version in the data directory. */
  superseded?: boolean | undefined;
  /** Whether to remove partial files that no process writes to. */
  partial?: boolean | undefined;
  /**
   * Names, or paths relative to the data directory: only these are removed. It is the only way to remove files that are not the
   * SDC's. The newest version of a file is never removed.
   */
  files?: readonly string[] | undefined;
  /** Whether to only say what would be removed. Default: false. */
  dryRun?: boolean | undefined;
}

const PRUNE_KINDS: KindsOf<PruneOptions> = {
  ...CALL_KINDS,
  superseded: KINDS.flag,
  partial: KINDS.flag,
  files: KINDS.texts,
  dryRun: KINDS.flag,
};

/**
 * What became of a file that was to be removed.
 *
 * @category Between runs
 */
export interface PrunedFile {
  /** The path relative to the data directory; of a partial file, that of the complete file. */
  readonly file_path: string;
  /** What it is: a superseded version, a partial file, or a file that is not the SDC's. */
  readonly what: "superseded" | "partial" | "other";
  /** Its size in bytes. */
  readonly bytes: number;
  /** `removed`; `planned` in a dry run; `kept` if it is in use, locked, or has changed; `failed` if it cannot be removed. */
  readonly outcome: "removed" | "planned" | "kept" | "failed";
  /** Why it was kept, or could not be removed; empty otherwise. */
  readonly reason: string;
}

/** `2026-01-31 12:00:00`; empty for 0. */
function momentText(milliseconds: number): string {
  return milliseconds === 0 ? "" : new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ");
}

/** `20260131` -> `2026-01-31, 00:00:00`, as in rows of SPICE files. */
function startOf(day: string | null): string | null {
  return day === null ? null : `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}, 00:00:00`;
}

/** Returns the numbers of a version. As at the SDC, `v001` is a version of major version 1. */
function numbersOf(version: string) {
  const { major, minor } = parseVersion(version);
  return { major_version: major ?? 1, minor_version: minor };
}

/** Returns what a query's row says about a file, as far as its name does, with its size and the time of its last change. */
function rowOf({ file, path, size, modified }: LocalFile): FileRecord {
  const here = { size, modified: momentText(modified) };
  if (file.kind === "spice") {
    const { kernel_type, version, start_date, end_date } = file;
    return {
      file_path: path,
      file_name: path.slice("imap/spice/".length),
      kernel_type,
      version,
      min_date_datetime: startOf(start_date),
      max_date_datetime: startOf(end_date),
      ...here,
    };
  }
  const { instrument, descriptor, start_date, repointing, version, extension } = file;
  if (!("data_level" in file)) {
    const { end_date } = file;
    return { file_path: path, instrument, descriptor, start_date, end_date, version, extension, ...here };
  }
  const { data_level, cr } = file;
  const product = { file_path: path, instrument, data_level, descriptor, start_date, repointing, version };
  return { ...product, ...numbersOf(version), cr, extension, ...here };
}

/** The table of the SDC whose rows have the fields of a kind of file. */
const TABLE_OF: Readonly<Record<FileKind, TableName>> = {
  science: "science",
  dependency: "science",
  quicklook: "quicklook",
  ancillary: "ancillary",
  release: "ancillary",
  spice: "spice",
};

/** A file of the data directory, and its row. */
interface FileHere {
  readonly entry: LocalFile;
  readonly row: FileRecord;
}

/** The kind of a file: only files of the same kind can be versions of one file. Files with other extensions are other files. */
function groupOf({ entry: { file }, row }: FileHere): string {
  return [file.kind, row.extension, row.cr].join(" ");
}

/** Returns the rows that are the newest version of their file. */
function newestOf(files: readonly FileHere[]): Set<FileRecord> {
  const groups = new Map<string, { readonly table: TableName; readonly rows: FileRecord[] }>();
  for (const file of files) {
    const group = groups.get(groupOf(file)) ?? { table: TABLE_OF[file.entry.file.kind], rows: [] };
    groups.set(groupOf(file), group);
    group.rows.push(file.row);
  }
  return new Set([...groups.values()].flatMap(({ table, rows }) => newestVersions(table, rows)));
}

/** Returns the rows of superseded versions, each with the newest version of its file. */
function supersededOf(files: readonly FileHere[]): Map<FileRecord, LocalFile> {
  const newest = newestOf(files);
  const fileKey = (file: FileHere) => `${groupOf(file)}\n${fileOf(TABLE_OF[file.entry.file.kind], file.row)}`;
  const newestByFile = new Map(files.filter(({ row }) => newest.has(row)).map((file) => [fileKey(file), file.entry]));
  // In file names `v005` is older than `v001.0002`, for the SDC's server it is newer: then neither is superseded.
  const byName = files.map(({ entry, row }) => ({ entry, row: { ...row, minor_version: null } }));
  const newestByName = newestOf(byName);
  const superseded = files.filter(({ row }, index) => {
    const named = byName[index]?.row;
    return !newest.has(row) && (named === undefined || !newestByName.has(named));
  });
  return new Map(superseded.flatMap((file): Array<[FileRecord, LocalFile]> => {
    const newer = newestByFile.get(fileKey(file));
    return newer === undefined ? [] : [[file.row, newer]];
  }));
}

/** All parameters that servers know: without them, a plan of a query compares everything in the client. */
const SERVER_PARAMETERS: ReadonlySet<string> = new Set(
  Object.keys(SDC_TABLES).flatMap((table) => parameterNames(table as SdcTableName)),
);

/** What a list of files is restricted to. */
interface Selection {
  /** Whether nothing is left out. */
  readonly isAll: boolean;
  readonly isLatest: boolean;
  /** Whether a file is selected. A partial file has the row of the complete file. */
  keep(file: ImapFile, row: FileRecord): boolean;
}

/** Rejects parameters that no table has, or that only the archive knows. @throws {InputError} */
function checkNames(names: readonly string[]): void {
  const known = Object.keys(NAME_PARAMETERS);
  const problems = names.filter((name) => !known.includes(name)).map((name) => {
    const isOfArchive = TABLES.some((table) => isOneOf(queryTable(table).parameters, name));
    if (!isOfArchive) {
      return unknownParameter("list local files", name, { known, closest: closestName(name, known) });
    }
    return new InputError(
      (nameOf) =>
        `Cannot list local files by ${nameOf(name)}: only the archive knows it; expected one of ${
          known.map(nameOf).join(", ")
        }`,
      { problems: [{ parameter: name, expected: `one of ${known.join(", ")}` }] },
    );
  });
  if (problems.length > 0) throw joinInputErrors(problems);
}

/** Checks what to list. @throws {InputError} */
function selectionOf(parameters: LocalParameters): Selection {
  checkObject("list local files by", parameters);
  const given = Object.entries(parameters).filter(([name, value]) => isGiven(name, value));
  checkNames(given.map(([name]) => name));
  const isWord = (name: string, word: string) => (entry: readonly [string, unknown]) =>
    entry[0] === name && String(entry[1]).toLowerCase() === word;
  const isLatest = given.some(isWord("version", "latest"));
  const isAllMajors = isWord("major_version", ALL_MAJORS);
  const conditions = given.filter((entry) =>
    entry[0] !== "table" && !isAllMajors(entry) && !isWord("version", "latest")(entry)
  );
  const wanted = Object.fromEntries(conditions);
  const { table } = parameters;
  if (conditions.length === 0) {
    const only = table === undefined ? undefined : checkQuery({ table, filename: "*" }).table;
    return {
      isAll: only === undefined && !isLatest,
      isLatest,
      keep: ({ kind }) => only === undefined || kind === only,
    };
  }
  const keeps = new Map<TableName, (row: FileRecord) => boolean>();
  const problems: InputError[] = [];
  for (const name of table === undefined ? TABLES : [table]) {
    try {
      const query = checkQuery({ ...wanted, table: name });
      keeps.set(query.table, planQuery(query, SERVER_PARAMETERS).keep);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(error);
    }
  }
  if (keeps.size === 0) {
    // The checks of the table that the names belong to.
    checkQuery({ ...wanted, ...(table === undefined ? {} : { table }) });
    throw joinInputErrors(problems.slice(0, 1));
  }
  return {
    isAll: false,
    isLatest,
    keep: ({ kind }, row) => (table === undefined || kind === table) && keeps.get(TABLE_OF[kind])?.(row) === true,
  };
}

function column<Row>(header: string, text: (row: Row) => string, more: Partial<Column<Row>> = {}): Column<Row> {
  return { header, align: "left", text, ...more };
}

function bytesColumn<Row>(header: string, bytesOf: (row: Row) => number | null): Column<Row> {
  return column(header, (row) => {
    const bytes = bytesOf(row);
    return bytes === null ? "" : formatBytes(bytes);
  }, { align: "right" });
}

function sumOf(rows: Iterable<{ readonly bytes: number }>): number {
  let sum = 0;
  for (const { bytes } of rows) sum += bytes;
  return sum;
}

function sizeOf(rows: Iterable<FileRecord>): number {
  let sum = 0;
  for (const { size } of rows) if (typeof size === "number") sum += size;
  return sum;
}

function partialTable(rows: readonly PartialFileRecord[]): Table<PartialFileRecord> {
  return {
    title: `Found [${rows.length}] partial file${rows.length === 1 ? "" : "s"}`,
    subtitle: formatBytes(sumOf(rows)),
    columns: [
      column("Filename", ({ file_path }) => bareName(file_path)),
      column("State", ({ state }) => state),
      bytesColumn("Received", ({ received }) => received),
      bytesColumn("Size", ({ size }) => size),
      bytesColumn("On Disk", ({ bytes }) => bytes),
      column("Modified", ({ modified }) => modified, { yields: 0 }),
    ],
    rows,
  };
}

/** The reasons in words. */
const REASONS: Readonly<Record<OtherReason, string>> = {
  name: "not a name of the SDC",
  place: "in another folder than in the archive",
  empty: "empty",
  link: "a link, not followed",
  hidden: "a hidden folder, not entered",
  special: "neither a file nor a folder",
  unreadable: "cannot be read",
};

function othersTable(rows: readonly OtherFileRecord[]): Table<OtherFileRecord> {
  return {
    title: `Found [${rows.length}] other file${rows.length === 1 ? "" : "s"}`,
    subtitle: formatBytes(sumOf(rows)),
    columns: [
      column("Path", ({ file_path }) => file_path),
      column("What", ({ reason }) => REASONS[reason]),
      bytesColumn("Size", ({ bytes }) => bytes),
      column("Modified", ({ modified }) => modified, { yields: 0 }),
    ],
    rows,
  };
}

function prunedTable(rows: readonly PrunedFile[]): Table<PrunedFile> {
  const states = (["removed", "planned", "kept", "failed"] as const).map((state) =>
    [state, rows.filter(({ outcome }) => outcome === state)] as const
  ).filter(([, some]) => some.length > 0);
  const words = { removed: "removed", planned: "to remove", kept: "kept", failed: "failed" } as const;
  return {
    title: states.length === 0
      ? "nothing to remove"
      : states.map(([state, some]) => `${some.length} ${words[state]} (${formatBytes(sumOf(some))})`).join(", "),
    columns: [
      column("File", ({ file_path }) => bareName(file_path)),
      column("What", ({ what }) => what),
      column("Outcome", ({ outcome }) => outcome === "planned" ? "would remove" : outcome),
      bytesColumn("Size", ({ bytes }) => bytes),
      ...(rows.some(({ reason }) => reason !== "")
        ? [column<PrunedFile>("Reason", ({ reason }) => reason, { isLong: true })]
        : []),
      column("Folder", ({ file_path }) => file_path.slice(0, Math.max(0, file_path.lastIndexOf("/"))), { yields: 0 }),
    ],
    isFailed: ({ outcome }) => outcome === "failed",
    rows,
  };
}

/** Everything that was found. */
interface Found {
  readonly files: readonly FileHere[];
  /** The newest version of each superseded one. */
  readonly superseded: ReadonlyMap<FileRecord, LocalFile>;
  readonly partials: ReadonlyArray<{ readonly entry: LocalPartialFile; readonly record: PartialFileRecord }>;
  readonly others: readonly OtherEntry[];
}

/** Whether a file is still as it was found, and was not replaced, for example by a link. */
function isUnchanged({ localPath, size, modified }: LocalEntry): boolean {
  const info = Deno.lstatSync(localPath);
  return info.isFile && info.size === size && (info.mtime?.getTime() ?? 0) === modified;
}

/** What can be removed. */
interface Removable extends Pick<PrunedFile, "file_path" | "what" | "bytes"> {
  /** Removes it; returns why it was kept, or undefined. */
  remove(): Promise<string | undefined>;
}

/** Why a version is kept that was superseded when it was listed. */
const GONE = "the newer version is no longer here";

/** Removes a file unless it has changed. */
async function removeFile(entry: LocalEntry): Promise<string | undefined> {
  if (!isUnchanged(entry)) return "it has changed since it was listed";
  await Deno.remove(entry.localPath);
  return undefined;
}

async function removePartial({ localPaths }: LocalPartialFile): Promise<string | undefined> {
  const { areInUse } = await import("../transfer/takeover.ts");
  if (await areInUse(localPaths)) return "a process may be writing to it";
  for (const path of localPaths) {
    await Deno.remove(path).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  return undefined;
}

/**
 * What is in the data directory, as {@linkcode local} found it. It displays itself as a table of products with their sizes, and
 * says what else is there.
 *
 * @example
 * ```ts
 * import { download, local } from "@imap-sdc/data-access";
 *
 * await download("imap_glows_l1a_hist_20110921_v001.cdf");
 * const here = await local({ instrument: "glows" });
 * await here.show();
 * for (const { descriptor, files, bytes } of here.products) console.log(descriptor, files, bytes);
 * await here.coverage().show();
 * ```
 *
 * @category Between runs
 */
export class LocalDirectory {
  /** The absolute path of the data directory. */
  readonly dataDir: string;
  /** The complete files, all versions, as a result of a query; `size` is in bytes. `download()` can compare them. */
  readonly files: QueryResult;
  /** The files that have a newer version in the data directory. */
  readonly superseded: QueryResult;
  /** The partial files of unfinished downloads. */
  readonly partial: RecordList<PartialFileRecord>;
  /** What is not a file of the SDC; none if only some files are listed. */
  readonly others: RecordList<OtherFileRecord>;
  /** The products with the number and size of their files. */
  readonly products: RecordList<LocalProduct>;
  readonly #found: Found;

  /** Use {@linkcode local}. @ignore */
  constructor(
    dataDir: string,
    found: Found,
    { asked, download }: {
      readonly asked: LocalParameters;
      readonly download: (rows: readonly FileRecord[], options: DownloadOptions) => Promise<TransferReport>;
    },
  ) {
    this.dataDir = dataDir;
    this.#found = found;
    const [first, ...more] = new Set(found.files.map(({ entry }) => TABLE_OF[entry.file.kind]));
    const rows = found.files.map(({ row }) => row);
    const places = new Map(found.files.map(({ entry, row }) => [row.file_path, entry]));
    const origin: QueryResultOrigin = {
      download,
      filesHere: (paths) => Promise.resolve(new Set(paths.filter((path) => places.has(path)))),
      table: more.length === 0 ? first ?? "science" : "science",
      asked,
      localFile: ({ file_path }) => {
        const { localPath: path = "", size } = places.get(file_path) ?? {};
        return Promise.resolve({ path, size });
      },
    };
    const { superseded } = found;
    this.files = QueryResult.fromRows(rows, origin);
    this.superseded = QueryResult.fromRows(rows.filter((row) => superseded.has(row)), origin);
    this.partial = RecordList.fromRecords(found.partials.map(({ record }) => record), partialTable);
    this.others = RecordList.fromRecords(
      found.others.map(({ path, reason, size, modified }) => ({
        file_path: path,
        reason,
        bytes: size,
        modified: momentText(modified),
      })),
      othersTable,
    );
    this.products = this.#countProducts();
  }

  /** The size of all complete files, in bytes. */
  get bytes(): number {
    return sizeOf(this.files);
  }

  #countProducts(): RecordList<LocalProduct> {
    const count = new CatalogCount();
    const sizes = new Map<string, { bytes: number; superseded: number }>();
    const keyOf = ({ instrument, data_level, descriptor, kernel_type }: FileRecord) =>
      JSON.stringify([instrument ?? null, data_level ?? null, kernel_type ?? descriptor]);
    for (const row of this.files) {
      const size = sizes.get(keyOf(row)) ?? { bytes: 0, superseded: 0 };
      sizes.set(keyOf(row), size);
      size.bytes += Number(row.size);
      if (this.#found.superseded.has(row)) size.superseded += 1;
    }
    count.add(this.files);
    // The same objects: the catalog's table knows their days.
    const products = count.entries().map((entry) =>
      Object.assign(entry, sizes.get(keyOf({ ...entry, file_path: "" })) ?? { bytes: 0, superseded: 0 })
    );
    return RecordList.fromRecords(products, (rows, isPage) => this.#table(rows, isPage));
  }

  /** Says what else is there, in a line; empty for nothing. */
  notes(): string {
    const { superseded, partial, others } = this;
    const parts = [
      ...(superseded.length === 0
        ? []
        : [`${counted(superseded.length, "superseded version")} (${formatBytes(sizeOf(superseded))})`]),
      ...(partial.length === 0 ? [] : [`${counted(partial.length, "partial file")} (${formatBytes(sumOf(partial))})`]),
      ...(others.length === 0 ? [] : [`${counted(others.length, "other file")} (${formatBytes(sumOf(others))})`]),
    ];
    return parts.join(", ");
  }

  #table(products: readonly LocalProduct[], isPage: boolean): HtmlTable<LocalProduct> {
    const table = catalogTable(products, { isPage });
    const files = products.reduce((sum, product) => sum + product.files, 0);
    const at = table.columns.findIndex(({ header }) => header === "Files") + 1;
    // The columns of a catalog need no more than an entry of it.
    const columns: readonly Column<LocalProduct>[] = table.columns;
    const more: Column<LocalProduct>[] = [
      bytesColumn("Size", ({ bytes }) => bytes),
      column("Superseded", ({ superseded }) => superseded === 0 ? "" : String(superseded), {
        align: "right",
        yields: 3,
      }),
    ];
    const notes = this.notes();
    return {
      title: `${counted(files, "file")} of ${counted(products.length, "product")}, ${formatBytes(sumOf(products))}`,
      subtitle: this.dataDir,
      ...(notes === "" ? {} : { note: `with ${notes}` }),
      columns: [
        ...columns.slice(0, at),
        ...more.filter(({ text }) => products.some((product) => text(product) !== "")),
        ...columns.slice(at),
      ],
      rows: products,
      colors: ["newest", "track"],
    };
  }

  /** Makes a chart of the days that have files, as {@linkcode QueryResult.coverage} does. */
  coverage(): PendingPicture {
    return this.files.coverage();
  }

  /** Makes a chart of the number of files by instrument and data level, as {@linkcode QueryResult.summary} does. */
  summary(): Picture {
    return this.files.summary();
  }

  /**
   * Removes superseded versions and abandoned partial files, or what the options say. A partial file that a process writes to,
   * a file that has changed since it was listed, a version whose newer version is no longer here, and a file that a lock file
   * (`*.lock.json` in the data directory) lists are kept.
   *
   * @param options What to remove; `dryRun` removes nothing.
   * @returns What became of each file: an array that displays itself as a table.
   * @throws {InputError} When an option is wrong, or a file is named that cannot be removed. Nothing was removed.
   * @throws {FileError} When a lock file in the data directory cannot be read. Nothing was removed.
   *
   * @example
   * ```ts
   * import { local } from "@imap-sdc/data-access";
   *
   * const here = await local();
   * const planned = await here.prune({ superseded: true, dryRun: true });
   * await planned.show();
   * ```
   */
  async prune(options: PruneOptions = {}): Promise<RecordList<PrunedFile>> {
    checkOptions("remove local files", PRUNE_KINDS, options);
    const { dryRun = false, signal } = options;
    const pruned: PrunedFile[] = [];
    const chosen = this.#toRemove(options);
    const locked = chosen.some(({ what }) => what !== "partial")
      ? await (await import("../mirror/lock_file.ts")).lockedFiles(this.dataDir)
      : new Map<string, string>();
    for (const { remove, ...file } of chosen) {
      signal?.throwIfAborted();
      const lock = file.what === "partial" ? undefined : locked.get(file.file_path);
      if (lock !== undefined) {
        pruned.push({ ...file, outcome: "kept", reason: `${lock} lists it` });
        continue;
      }
      if (dryRun) {
        pruned.push({ ...file, outcome: "planned", reason: "" });
        continue;
      }
      try {
        const reason = await remove();
        pruned.push({ ...file, outcome: reason === undefined ? "removed" : "kept", reason: reason ?? "" });
      } catch (error) {
        const isGone = error instanceof Deno.errors.NotFound;
        const reason = isGone ? "it is gone already" : error instanceof Error ? error.message : String(error);
        pruned.push({ ...file, outcome: isGone ? "kept" : "failed", reason });
      }
    }
    return RecordList.fromRecords(pruned, prunedTable);
  }

  /** Chooses what to remove. @throws {InputError} When a named file cannot be removed. */
  #toRemove({ superseded, partial, files }: PruneOptions): Removable[] {
    const isDefault = superseded === undefined && partial === undefined;
    const found = this.#found;
    const all: Removable[] = [
      ...(superseded ?? isDefault
        ? found.files.flatMap(({ entry, row }): Removable[] => {
          const newer = found.superseded.get(row);
          const remove = async () => newer !== undefined && isThere(newer.localPath) ? await removeFile(entry) : GONE;
          return newer === undefined ? [] : [{ file_path: entry.path, what: "superseded", bytes: entry.size, remove }];
        })
        : []),
      ...(partial ?? isDefault
        ? found.partials.filter(({ record }) => record.state === "abandoned").map(({ entry }): Removable => ({
          file_path: entry.path,
          what: "partial",
          bytes: entry.size,
          remove: () => removePartial(entry),
        }))
        : []),
    ];
    if (files === undefined) return all;
    const named = new Set(files);
    // Only an entry that is a file can be removed; a link is not a file, and a folder may hold anything.
    const others = found.others.filter(({ reason }) => isOneOf(["name", "place", "empty"], reason)).map((
      entry,
    ): Removable => ({ file_path: entry.path, what: "other", bytes: entry.size, remove: () => removeFile(entry) }));
    const isNamed = ({ file_path }: Removable) => named.has(file_path) || named.has(bareName(file_path));
    const wanted = [...all, ...others].filter(isNamed);
    const known = new Set(wanted.flatMap(({ file_path }) => [file_path, bareName(file_path)]));
    const problems = [...named].filter((name) => !known.has(name)).map((name) => this.#cannotRemove(name));
    if (problems.length > 0) throw joinInputErrors(problems, "Nothing was removed");
    return wanted;
  }

  #cannotRemove(name: string): InputError {
    const { files, partials, others } = this.#found;
    const is = (path: string) => path === name || bareName(path) === name;
    const other = others.find(({ path }) => is(path));
    const why = files.some(({ entry }) => is(entry.path))
      ? "it is the newest version here, or superseded versions were not chosen"
      : partials.some(({ entry }) => is(entry.path))
      ? "a process may be writing to it, or partial files were not chosen"
      : other !== undefined
      ? REASONS[other.reason]
      : "there is no such file in the data directory, or it was not listed";
    return new InputError(`Cannot remove "${shown(name)}": ${why}`, {
      problems: [{ parameter: "files", value: name, expected: "a file that can be removed" }],
    });
  }

  /** Returns the products as a text table, with what else is there. */
  toText(): string {
    return textTable(this.#table(this.products, false));
  }

  /** Returns the products as an HTML table, with what else is there. All text in it is escaped. */
  toHtml(): string {
    return htmlTable(this.#table(this.products, true));
  }

  /** Shows the table: in a notebook as an output of the running cell, otherwise as text on standard output. */
  async show(): Promise<void> {
    await showBundle(this[JUPYTER_DISPLAY]());
  }

  /** Returns what a notebook shows for the data directory. */
  [JUPYTER_DISPLAY](): MimeBundle {
    return { "text/plain": shownTable(this.#table(this.products, false)), "text/html": this.toHtml() };
  }

  /** Returns what `console.log` and the REPL show for the data directory. */
  [Symbol.for("Deno.customInspect")](): string {
    return shownTable(this.#table(this.products, false)).trimEnd();
  }
}

/** The row of the complete file that a partial file belongs to; undefined if its name is not of the SDC's form. */
function rowOfPartial(entry: LocalPartialFile): FileHere | undefined {
  const { file, name, path, localPath, expected = 0, modified } = entry;
  if (file === undefined) return undefined;
  const complete: LocalFile = { kind: "file", file, name, path, localPath, size: expected, modified };
  return { entry: complete, row: rowOf(complete) };
}

/** Looks into the data directory. */
export async function listLocal(
  dataDir: string,
  parameters: LocalParameters,
  { signal, download }: CallOptions & {
    readonly download: (rows: readonly FileRecord[], options: DownloadOptions) => Promise<TransferReport>;
  },
): Promise<LocalDirectory> {
  const { isAll, isLatest, keep } = selectionOf(parameters);
  const all: FileHere[] = [];
  const partials: LocalPartialFile[] = [];
  const others: OtherEntry[] = [];
  for await (const entry of localFiles(dataDir, { signal })) {
    if (entry.kind === "file") all.push({ entry, row: rowOf(entry) });
    else if (entry.kind === "other") others.push(entry);
    else partials.push(entry);
  }
  const superseded = supersededOf(all);
  const kept = all.filter(({ entry, row }) => keep(entry.file, row));
  const newest = isLatest ? newestOf(kept) : undefined;
  const files = newest === undefined ? kept : kept.filter(({ row }) => newest.has(row));
  const wanted = partials.filter((entry) => {
    const complete = rowOfPartial(entry);
    return isAll || (complete !== undefined && keep(complete.entry.file, complete.row));
  });
  const found = { files, superseded, partials: await statesOf(wanted), others: isAll ? others : [] };
  return new LocalDirectory(absolutePath(dataDir), found, { asked: parameters, download });
}

/** Finds out which partial files are in use. */
async function statesOf(partials: readonly LocalPartialFile[]): Promise<Found["partials"]> {
  if (partials.length === 0) return [];
  const { areInUse } = await import("../transfer/takeover.ts");
  const found: Array<Found["partials"][number]> = [];
  for (const entry of partials) {
    const { path, size, expected, received, modified, localPaths } = entry;
    const state = await areInUse(localPaths) ? "in use" : "abandoned";
    const record = {
      file_path: path,
      state,
      received,
      size: expected ?? null,
      bytes: size,
      modified: momentText(modified),
    } as const;
    found.push({ entry, record });
  }
  return found;
}
