import {
  CALL_KINDS,
  type CallOptions,
  checkOptions,
  DEFAULT_CONCURRENCY,
  DOWNLOAD_KINDS,
  type DownloadOptions,
  isList,
  KINDS,
  type KindsOf,
  type QueryOptions,
  type TransferOptions,
} from "./options.ts";
import { readyQuery } from "./query.ts";
import { RecordList } from "./record_list.ts";
import { downloadAll, type DownloadContext, pathOf, urlSource } from "./transfers.ts";
import type { TransferReport } from "../views/transfers.ts";
import { checkedPath } from "../config.ts";
import { type Column, formatBytes, htmlTable, shownTable, type Table, textTable } from "../display/table.ts";
import { JUPYTER_DISPLAY, type MimeBundle, showBundle } from "../display/notebook.ts";
import { FileError, ImapError, InputError, shown } from "../errors.ts";
import { Call } from "../http/call.ts";
import { hashFiles } from "../mirror/hash_files.ts";
import { localFiles } from "../mirror/local_directory.ts";
import {
  type ArchiveChange,
  changesSince,
  type LockContents,
  type LockedFile,
  type LockedQuery,
  lockText,
  nameOfLock,
  productQueries,
  readLockFile,
  treeHash,
  versionInName,
  writeJsonFile,
} from "../mirror/lock_file.ts";
import {
  type FileDifference,
  hashLocalFiles,
  KnownHashes,
  verifyFiles,
  type VerifyProgress,
} from "../mirror/verify.ts";
import { bareName } from "../names/file_name.ts";
import type { FileRecord, QueryParameters } from "../protocol/tables.ts";
import { checkQuery, inLowerCase, isGiven } from "../sdc/plan_query.ts";
import type { ExpectedFiles } from "../transfer/download.ts";
import { checkedConcurrency } from "../transfer/batch.ts";
import { absolutePath, isThere, localPath, sizeOf } from "../transfer/local_files.ts";
import { lookUpObject } from "../transfer/objects.ts";
import { VERSION } from "../version.ts";
import { withHyphens } from "../views/records.ts";
import { join } from "@std/path";
export type { ArchiveChange, ArchiveChangeState, LockContents, LockedFile, LockedQuery } from "../mirror/lock_file.ts";
export type { DifferenceState, FileDifference, VerifyProgress } from "../mirror/verify.ts";

/**
 * Options of `lock`.
 *
 * @category Between runs
 */
export interface LockOptions extends Omit<TransferOptions, "dryRun"> {
  /** Whether files that are here are compared with the archive, and downloaded again if they differ. Default: false. */
  verify?: boolean | undefined;
  /** Whether a lock file that exists is overwritten; otherwise that is an error. Default: false. */
  force?: boolean | undefined;
  /**
   * Returns the current time, for the date of the lock file, and for `today`, `yesterday` and `7d`. Default: the clock of
   * this machine.
   *
   * @ignore
   */
  now?: (() => Date) | undefined;
}

const { dryRun: _dryRun, ifPresent: _ifPresent, shard: _shard, ...FETCH_KINDS } = DOWNLOAD_KINDS;
const LOCK_KINDS: KindsOf<LockOptions> = {
  ...FETCH_KINDS,
  verify: KINDS.flag,
  force: KINDS.flag,
  now: KINDS.clock,
};

/**
 * Options of {@linkcode LockFile.update}.
 *
 * @category Between runs
 */
export interface LockUpdateOptions extends Omit<LockOptions, "verify" | "force"> {
  /** Called with what has changed in the archive, before anything is downloaded or written; not if nothing has. */
  onChanges?: ((changes: RecordList<ArchiveChange>) => void | Promise<void>) | undefined;
}

const { verify: _verify, force: _force, ...LOCKING_KINDS } = LOCK_KINDS;
const UPDATE_KINDS: KindsOf<LockUpdateOptions> = { ...LOCKING_KINDS, onChanges: KINDS.function };

/**
 * Options of {@linkcode LockFile.verify}.
 *
 * @category Between runs
 */
export interface VerifyOptions extends CallOptions {
  /**
   * Whether the bytes of all files are read. Otherwise only those of files whose size or time of modification is not that of
   * when they were last read. Default: false.
   */
  bytes?: boolean | undefined;
  /** Whether files in the folder `imap` of the data directory that are not in the lock file count. Default: true. */
  extra?: boolean | undefined;
  /** The number of files that are read at a time. Default: one for each core, at most 8. */
  jobs?: number | undefined;
  /** Called after each file whose bytes were checked. */
  onProgress?: ((progress: VerifyProgress) => void) | undefined;
}

const VERIFY_KINDS: KindsOf<VerifyOptions> = {
  ...CALL_KINDS,
  bytes: KINDS.flag,
  extra: KINDS.flag,
  jobs: KINDS.number,
  onProgress: KINDS.function,
};

/**
 * Options of {@linkcode LockFile.download}.
 *
 * @category Between runs
 */
export interface LockDownloadOptions extends Omit<DownloadOptions, "ifPresent"> {
  /**
   * Whether nothing is written unless all files can be: the archive is first asked for the size and the MD5 of each file to
   * download. Default: false, each file is treated separately.
   */
  frozen?: boolean | undefined;
}

const { ifPresent: _present, ...LOCK_DOWNLOAD_KINDS_BASE } = DOWNLOAD_KINDS;
const LOCK_DOWNLOAD_KINDS: KindsOf<LockDownloadOptions> = { ...LOCK_DOWNLOAD_KINDS_BASE, frozen: KINDS.flag };

/**
 * The format of a citation: BibTeX, or plain text.
 *
 * @category Between runs
 */
export type CitationFormat = "bibtex" | "text";

/** The formats of citations. */
export const CITATION_FORMATS: readonly CitationFormat[] = ["bibtex", "text"];

/** A call that was started, until it is disposed of. */
interface LockCall<Options> extends AsyncDisposable {
  readonly options: Options;
  readonly context: () => DownloadContext;
}

/** Begins a call of the client that a lock file belongs to. */
type BeginCall = <Options extends CallOptions>(
  name: "lock file" | "check of files" | "comparison with the archive" | "download",
  options: Options,
) => Promise<LockCall<Options>>;

/**
 * Returns the path of a lock file. A bare name that is not in the working directory is in the data directory: where lock
 * files are by default.
 */
function pathOfLock(dataDir: string, file: string): string {
  if (typeof file !== "string") {
    const expected = "the path of a lock file, such as mag.lock.json";
    throw new InputError(`Cannot use the lock file "${shown(file)}": expected ${expected}`, {
      problems: [{ value: shown(file), expected }],
    });
  }
  const path = checkedPath("use the lock file", file);
  const here = absolutePath(path);
  return /[/\\]/.test(path) || isThere(here) ? here : join(absolutePath(dataDir), path);
}

/** Makes sure that a lock file can have this path. @throws {InputError} */
function checkTarget(path: string, file: string, force: boolean): void {
  if (!/\.json$/i.test(file)) {
    const expected = "a name that ends with .json, such as mag.lock.json";
    throw new InputError(`Cannot write the lock file "${file}": expected ${expected}`, {
      problems: [{ value: file, expected }],
    });
  }
  if (force || !isThere(path)) return;
  throw new InputError(
    (nameOf) => `Cannot write the lock file "${path}": it exists; use ${nameOf("force")} to overwrite it`,
    { problems: [{ parameter: "force", expected: "true, to overwrite a lock file" }] },
  );
}

const DAYS: ReadonlySet<string> = new Set(["start_date", "end_date", "ingestion_start_date", "ingestion_end_date"]);

/** Returns a query in the form of a lock file: `today` and `7d` are replaced by days, so that it means the same later. */
function lockedQuery(parameters: QueryParameters, now: Date): LockedQuery {
  const { table, days } = checkQuery(parameters, now, { verb: "lock", except: [] });
  const entries = Object.entries(parameters).flatMap(([name, value]): Array<[string, string | string[]]> => {
    if (!isGiven(name, value) || DAYS.has(name) || name === "today" || name === "days_ago") return [];
    const texts = (isList(value) ? [...value] : [value]).map((value) => inLowerCase(name, String(value)));
    return [[name, texts.length === 1 ? texts[0] ?? "" : texts]];
  });
  for (const [name, { day, time }] of days) {
    entries.push([name, time === undefined ? day : `${withHyphens(day)}T${time}`]);
  }
  return { ...Object.fromEntries(entries), table };
}

/** The files of a lock file before their bytes are known: when the archive indexed each, by path. */
type Wanted = ReadonlyMap<string, string | undefined>;

function wantedOf(rows: Iterable<FileRecord>): Wanted {
  return new Map(Array.from(rows, ({ file_path, ingestion_date }) => [file_path, ingestion_date ?? undefined]));
}

/** Returns the paths of named files. @throws {InputError} When a name is wrong. */
function wantedOfList(files: Iterable<unknown>): Wanted {
  const wanted = new Map<string, string | undefined>();
  for (const file of files) {
    const isRow = typeof file === "object" && file !== null && "file_path" in file;
    const date = isRow && "ingestion_date" in file ? file.ingestion_date : undefined;
    const path = pathOf(
      isRow ? { file_path: String(file.file_path) } : typeof file === "string" ? file : shown(file),
      "lock",
    );
    wanted.set(path, typeof date === "string" ? date : undefined);
  }
  return wanted;
}

/** Returns the files of a data directory. A notice says how many others there are, which `verify` calls extra. */
async function wantedHere(
  { settings: { dataDir }, transport }: DownloadContext,
  signal: AbortSignal | undefined,
): Promise<Wanted> {
  const wanted = new Map<string, undefined>();
  const others: string[] = [];
  for await (const { kind, path } of localFiles(dataDir, { signal })) {
    if (kind === "file") wanted.set(path, undefined);
    else if (kind === "other" && !bareName(path).startsWith(".")) others.push(path);
  }
  if (others.length > 0) {
    const what = others.length === 1 ? `"${others[0]}" is` : `${others.length} files, such as "${others[0]}", are`;
    const notice = `${what} not of the archive's form, and not in the lock file`;
    transport.log({ type: "notice", action: "write a lock file", notice });
  }
  return wanted;
}

/** How to get and hash the files of a lock file. */
interface LockFetch extends TransferOptions {
  /** The files that are compared with the archive even if they are here. */
  readonly toVerify: ReadonlySet<string>;
}

/** Downloads files that are not here, or no longer as the archive has them. @throws {ImapError} When one fails. */
async function fetchMissing(
  context: DownloadContext,
  wanted: Wanted,
  { toVerify, ...options }: LockFetch,
): Promise<void> {
  const { dataDir } = context.settings;
  const missing = [...wanted.keys()].filter((path) =>
    !toVerify.has(path) && (sizeOf(localPath(dataDir, path)) ?? 0) === 0
  );
  for (const [paths, ifPresent] of [[missing, "skip"], [[...toVerify], "verify"]] as const) {
    if (paths.length === 0) continue;
    const { failed } = await downloadAll(context, paths, { ...options, ifPresent });
    if (failed.length === 0) continue;
    const reasons = failed.slice(0, MAX_LISTED).map(({ error }) => `\n  ${error.message}`).join("");
    const more = failed.length > MAX_LISTED ? `\n  and ${failed.length - MAX_LISTED} more` : "";
    throw new ImapError(
      `Cannot write the lock file: ${failed.length} of ${wanted.size} files could not be downloaded${reasons}${more}`,
    );
  }
}

/** The maximum number of files that one message lists. */
const MAX_LISTED = 10;

/** Hashes the files of a lock file. */
async function lockedFiles(dataDir: string, wanted: Wanted, signal: AbortSignal | undefined): Promise<LockedFile[]> {
  const known = await KnownHashes.of(dataDir);
  const options = { algorithms: ["sha256", "md5"], known, signal } as const;
  const files: LockedFile[] = [];
  for await (const hashed of hashLocalFiles(dataDir, wanted.keys(), options)) {
    if (hashed.error !== undefined) throw hashed.error;
    const { path, bytes, sha256, md5 = "" } = hashed;
    files.push({ path, version: versionInName(path), bytes, sha256, md5, ingestion_date: wanted.get(path) });
  }
  await known.save();
  return files.sort((a, b) => a.path < b.path ? -1 : 1);
}

/** How to write a lock file. */
interface LockWriting extends Pick<LockContents, "name" | "archive" | "query"> {
  readonly dataDir: string;
  readonly wanted: Wanted;
  readonly created: Date;
  readonly signal: AbortSignal | undefined;
}

/** Hashes the files of a lock file, and writes it. */
async function write(
  path: string,
  { dataDir, wanted, created, signal, ...contents }: LockWriting,
): Promise<LockContents> {
  const all: LockContents = {
    ...contents,
    created: created.toISOString().replace(/\.\d+Z$/, "Z"),
    program: `@imap-sdc/data-access ${VERSION}`,
    files: await lockedFiles(dataDir, wanted, signal),
  };
  await writeJsonFile(path, lockText(all));
  return all;
}

/** What `lock` locks: the files of a query, named files, or undefined for all files of the data directory. */
type Lockable = QueryParameters | string | Iterable<string | FileRecord> | undefined;

/** Writes a lock file, as the function `lock` does. */
export async function makeLock(
  begin: BeginCall,
  file: string,
  what: Lockable,
  options: LockOptions,
): Promise<LockFile> {
  checkOptions("lock", LOCK_KINDS, options);
  await using call = await begin("lock file", options);
  const { verify = false, force = false, now = () => new Date(), ...transfer } = call.options;
  const context = call.context();
  const { dataDir, url } = context.settings;
  const path = pathOfLock(dataDir, file);
  checkTarget(path, file, force);
  const created = now();
  const list = isList(what) ? wantedOfList(what) : typeof what === "string" ? wantedOfList([what]) : undefined;
  const isQuery = what !== undefined && typeof what !== "string" && !isList(what);
  const query = isQuery ? lockedQuery(what, created) : undefined;
  const wanted = list ??
    (query === undefined
      ? await wantedHere(context, transfer.signal)
      : wantedOf(await readyQuery(query, queryOptions(transfer)).all(context.transport)));
  if (wanted.size === 0) {
    const state = query === undefined
      ? list === undefined ? `the data directory "${dataDir}" has no files` : "no file is named"
      : "no file matches the query";
    throw new ImapError(`Cannot write the lock file "${path}": ${state}`);
  }
  const isLocal = list === undefined && query === undefined;
  const toVerify = new Set(verify ? wanted.keys() : []);
  if (!isLocal || verify) await fetchMissing(context, wanted, { ...transfer, toVerify });
  const { signal } = transfer;
  const archive = isLocal ? "" : url;
  const contents = await write(path, { name: nameOfLock(path), archive, query, dataDir, wanted, created, signal });
  return new LockFile(begin, path, contents);
}

function queryOptions({ signal }: CallOptions): QueryOptions {
  return { signal };
}

/** Reads a lock file, as the function `readLock` does. */
export async function readLock(begin: BeginCall, dataDir: string, file: string): Promise<LockFile> {
  const path = pathOfLock(dataDir, file);
  return new LockFile(begin, path, await readLockFile(path));
}

/** The contents of the file. */
export interface LockFile extends LockContents {}

/**
 * A lock file: the exact files of a data set, with their sizes and hashes. It checks a data directory, downloads the same
 * files on another machine, says what is newer in the archive, and cites the data. It displays itself as a table of its
 * files.
 *
 * @example
 * ```ts
 * import * as imap from "@imap-sdc/data-access";
 *
 * const lock = await imap.lock("glows.lock.json", { instrument: "glows", data_level: "l1b" });
 * const differences = await lock.verify(); // an empty list: everything is as it was locked
 * console.log(differences.length);
 * console.log(await lock.citation("text"));
 * ```
 *
 * @category Between runs
 */
export class LockFile {
  /** The path of the lock file on this machine. */
  readonly path: string;
  readonly #begin: BeginCall;

  /** Creates a lock file from its contents. */
  constructor(begin: BeginCall, path: string, contents: LockContents) {
    this.#begin = begin;
    this.path = path;
    Object.assign(this, contents);
  }

  /** The total size of the files in bytes. */
  get bytes(): number {
    return this.files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Returns the SHA-256 of all files together, in hex: that of the list that `sha256sum` prints for them, sorted by path.
   * Two lock files with the same hash list the same bytes under the same paths.
   */
  async hash(): Promise<string> {
    return await treeHash(this.files);
  }

  /**
   * Compares the data directory with the lock file, without the network: first sizes, then the bytes of files that were
   * modified since they were last read, or of all with `bytes: true`.
   *
   * @returns The files that are missing, changed or extra: an empty list if the data directory is as it was locked.
   */
  async verify(options: VerifyOptions = {}): Promise<RecordList<FileDifference>> {
    checkOptions("verify", VERIFY_KINDS, options);
    await using call = await this.#begin("check of files", options);
    const { bytes = false, extra = true, jobs, onProgress = () => {}, signal } = call.options;
    checkJobs(jobs);
    const { dataDir } = call.context().settings;
    const found = await verifyFiles(dataDir, this.files, { bytes, extra, jobs, onProgress, signal });
    return RecordList.fromRecords(found, (rows) => differencesTable(rows, this));
  }

  /**
   * Downloads exactly these files, verified by their SHA-256. Files that are here with the right bytes are skipped, others
   * are replaced. A file that is gone from the archive, or has other bytes there, fails.
   *
   * @throws {ImapError} With `frozen: true`, when the archive does not have all files with these bytes. Nothing is written
   *   then.
   */
  async download(options: LockDownloadOptions = {}): Promise<TransferReport> {
    checkOptions("download", LOCK_DOWNLOAD_KINDS, options);
    await using call = await this.#begin("download", options);
    const { frozen = false, ...transfer } = call.options;
    const context = call.context();
    const { dataDir } = context.settings;
    const differences = await verifyFiles(dataDir, this.files, { ...QUIET_CHECK, signal: transfer.signal });
    const isWrong = new Set(differences.map(({ path }) => path));
    if (frozen) await this.#checkArchive(context, this.files.filter(({ path }) => isWrong.has(path)), transfer);
    const hashes = new Map(this.files.map(({ path, sha256 }) => [path, sha256]));
    const expected: ExpectedFiles = {
      isHere: (path) => !isWrong.has(path),
      check: (path, received) => checkReceived(path, received, hashes.get(path)),
    };
    return await downloadAll({ ...context, expected }, this.files.map(({ path }) => path), transfer);
  }

  /** Makes sure that the archive has files with these bytes, as far as its responses say. @throws {ImapError} */
  async #checkArchive(
    context: DownloadContext,
    files: readonly LockedFile[],
    { signal, concurrency = DEFAULT_CONCURRENCY }: TransferOptions,
  ): Promise<void> {
    const urls = context.urls ?? urlSource(context.transport);
    const problems: Array<readonly [path: string, problem: string]> = [];
    const waiting = files.values();
    const worker = async () => {
      for (const file of waiting) {
        const problem = await archiveProblem(context, urls, file, signal);
        if (problem !== undefined) problems.push([file.path, problem]);
      }
    };
    await Promise.all(Array.from({ length: Math.min(checkedConcurrency(concurrency), files.length) }, worker));
    if (problems.length === 0) return;
    problems.sort(([a], [b]) => a < b ? -1 : 1);
    const lines = problems.slice(0, MAX_LISTED).map(([path, problem]) => `\n  ${path}: ${problem}`).join("");
    const more = problems.length > MAX_LISTED ? `\n  and ${problems.length - MAX_LISTED} more` : "";
    const count = `${problems.length} of ${this.files.length} files`;
    throw new ImapError(
      `Cannot download the files of "${this.path}": the archive does not have ${count} as locked; nothing was written${lines}${more}`,
    );
  }

  /**
   * Finds what has changed in the archive since: newer versions of the files, files that were delivered again under the same
   * name, files that are gone, and, if the lock file has a query, new files that it finds.
   *
   * @returns The changes; an empty list if the archive still has the same files, and none that is newer.
   */
  async diff(options: CallOptions = {}): Promise<RecordList<ArchiveChange>> {
    checkOptions("compare a lock file with the archive", CALL_KINDS, options);
    await using call = await this.#begin("comparison with the archive", options);
    const { changes } = await this.#changes(call.context(), call.options);
    return RecordList.fromRecords(changes, (rows) => changesTable(rows, this));
  }

  async #changes(
    { transport }: DownloadContext,
    options: CallOptions,
  ): Promise<{ readonly changes: ArchiveChange[]; readonly next: Wanted }> {
    const all = async (query: LockedQuery) => await readyQuery(query, queryOptions(options)).all(transport);
    const found = this.query === undefined ? undefined : await all(this.query);
    const isFound = new Set(found?.map(({ file_path }) => file_path));
    // Rows of the products of files that the query does not find say whether they are gone.
    const rows: FileRecord[] = [];
    for (const query of productQueries(this.files.filter(({ path }) => !isFound.has(path)))) {
      rows.push(...await all(query));
    }
    return changesSince(this, found, rows);
  }

  /**
   * Takes what has changed in the archive: downloads newer versions, and writes the lock file again. Files that are gone from
   * the archive, or no longer found by its query, are dropped from the lock file; nothing is removed from the disk. Files that
   * are here, but not with the locked bytes, are downloaded again.
   *
   * @returns The new lock file; this one if nothing has changed.
   */
  async update(options: LockUpdateOptions = {}): Promise<LockFile> {
    checkOptions("update a lock file", UPDATE_KINDS, options);
    await using call = await this.#begin("lock file", options);
    const { now = () => new Date(), onChanges, ...transfer } = call.options;
    const context = call.context();
    const { changes, next } = await this.#changes(context, transfer);
    if (changes.length === 0) return this;
    await onChanges?.(RecordList.fromRecords(changes, (rows) => changesTable(rows, this)));
    if (next.size === 0) throw new ImapError(`Cannot update the lock file "${this.path}": all of its files are gone`);
    const { dataDir, url } = context.settings;
    const isRedelivered = new Set(changes.filter(({ state }) => state === "redelivered").map(({ path }) => path));
    const kept = this.files.filter(({ path }) => next.has(path) && !isRedelivered.has(path));
    // Otherwise the new lock file would list bytes that are damaged, or were changed here.
    const damaged = (await verifyFiles(dataDir, kept, { ...QUIET_CHECK, signal: transfer.signal }))
      .filter(({ state }) => state !== "missing").map(({ path }) => path);
    await fetchMissing(context, next, { ...transfer, toVerify: new Set([...isRedelivered, ...damaged]) });
    const { path, name, query } = this;
    const [wanted, created] = [next, now()];
    const contents = await write(path, {
      name,
      archive: url,
      query,
      dataDir,
      wanted,
      created,
      signal: transfer.signal,
    });
    return new LockFile(this.#begin, this.path, contents);
  }

  /**
   * Cites the data: their names, versions, days, archive, and hash. What CDF files of the data directory say of their source
   * (`PI_name`, `Acknowledgement`, `Rules_of_use`, and others of the ISTP guidelines) is quoted.
   *
   * @param format `bibtex`, or `text` for a sentence and a list.
   */
  async citation(format: CitationFormat = "text"): Promise<string> {
    if (!CITATION_FORMATS.includes(format)) {
      const expected = `one of ${CITATION_FORMATS.join(", ")}`;
      throw new InputError(`Cannot cite in the format "${shown(format)}": expected ${expected}`, {
        problems: [{ parameter: "format", value: shown(format), expected }],
      });
    }
    const { citationOf } = await import("../mirror/lock_citation.ts");
    await using call = await this.#begin("check of files", {});
    return await citationOf(this, call.context().settings.dataDir, format);
  }

  /** The files as a text table. */
  toText(): string {
    return textTable(lockedTable(this));
  }

  /** The files as an HTML table; everything in it is escaped. */
  toHtml(): string {
    return htmlTable(lockedTable(this));
  }

  /** Shows the table: in a notebook as an output of the running cell, otherwise as text on standard output. */
  async show(): Promise<void> {
    await showBundle(this[JUPYTER_DISPLAY]());
  }

  /** Returns what a notebook shows for the lock file. */
  [JUPYTER_DISPLAY](): MimeBundle {
    return { "text/plain": shownTable(lockedTable(this)), "text/html": this.toHtml() };
  }

  /** Returns what `console.log` and the REPL show for the lock file. */
  [Symbol.for("Deno.customInspect")](): string {
    return shownTable(lockedTable(this)).trimEnd();
  }
}

/** A check of the files that a lock file lists, without a display. */
const QUIET_CHECK = { bytes: false, extra: false, onProgress: () => {} } as const;

/** More threads than this help no disk. */
const MAX_JOBS = 256;

function checkJobs(jobs: number | undefined): void {
  if (jobs === undefined || (Number.isSafeInteger(jobs) && jobs >= 1 && jobs <= MAX_JOBS)) return;
  const expected = `a whole number from 1 to ${MAX_JOBS}`;
  throw new InputError((nameOf) => `Cannot verify with ${nameOf("jobs")} "${jobs}": expected ${expected}`, {
    problems: [{ parameter: "jobs", value: String(jobs), expected }],
  });
}

/** Checks the bytes of a received file. @throws {FileError} When they are not those that were locked. */
async function checkReceived(path: string, received: string, sha256: string | undefined): Promise<void> {
  for await (const hashed of hashFiles([received], { algorithms: ["sha256"], jobs: 1 })) {
    if (hashed.error !== undefined) throw hashed.error;
    if (hashed.sha256 === sha256) return;
    const reason = "the archive now has other bytes than the lock file says (SHA-256 mismatch)";
    throw new FileError(`Cannot download "${bareName(path)}": ${reason}`, { path });
  }
}

/** Says how the archive's object differs from a locked file, as far as the store says; undefined if it does not. */
async function archiveProblem(
  { transport }: DownloadContext,
  urls: ReturnType<typeof urlSource>,
  { path, bytes, md5 }: LockedFile,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const call = new Call(transport, { action: `download "${bareName(path)}"`, signal });
  try {
    const found = await call.retry(async () => await lookUpObject(call, await urls.downloadUrl(path, call)));
    if (found.isPacked) return undefined;
    if (found.size !== undefined && found.size !== bytes) return `${found.size} bytes instead of ${bytes}`;
    return found.md5 === undefined || found.md5 === md5 ? undefined : "other bytes (MD5)";
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof ImapError)) throw error;
    return error.reason;
  }
}

// Lock files as tables: their files, how a data directory differs, and what has changed in the archive.

/** A lock file, and where it is. */
type ShownLock = Pick<LockContents, "files" | "created"> & { readonly path: string };

function files(count: number): string {
  return `${count} file${count === 1 ? "" : "s"}`;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/** The name of a file, and the folder, which a narrow terminal leaves out. */
function pathColumns(): Column<{ readonly path: string }>[] {
  return [
    { header: "File", align: "left", text: ({ path }) => bareName(path) },
    { header: "Folder", align: "left", yields: 2, text: ({ path }) => folderOf(path) },
  ];
}

/** Returns counts in words: `1 missing, 2 changed`. */
function counts(rows: ReadonlyArray<{ readonly state: string }>, states: readonly string[]): string {
  return states.map((state) => [state, rows.filter((row) => row.state === state).length] as const)
    .filter(([, count]) => count > 0).map(([state, count]) => `${count} ${state}`).join(", ");
}

/** Makes the table of the files of a lock file. */
function lockedTable(lock: ShownLock): Table<LockedFile> {
  const size = lock.files.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    title: `Locked [${lock.files.length}] files, ${formatBytes(size)}, in ${lock.path}`,
    columns: [
      ...pathColumns(),
      { header: "Size", align: "right", yields: 1, text: ({ bytes }) => formatBytes(bytes) },
      { header: "SHA-256", align: "left", yields: 3, text: ({ sha256 }) => sha256.slice(0, 12) },
    ],
    rows: lock.files,
  };
}

/** Makes the table of how a data directory differs from a lock file. */
function differencesTable(rows: readonly FileDifference[], lock: ShownLock): Table<FileDifference> {
  const count = files(lock.files.length);
  const title = rows.length === 0
    ? `All ${count} are as ${lock.path} says`
    : `Not as ${lock.path} says: ${counts(rows, ["missing", "changed", "unreadable", "extra"])}; it lists ${count}`;
  return {
    title,
    columns: rows.length === 0 ? [] : [
      { header: "State", align: "left", text: ({ state }) => state },
      ...pathColumns(),
      { header: "Reason", align: "left", isLong: true, text: ({ reason }) => reason },
    ],
    rows,
  };
}

/** Makes the table of what has changed in the archive since a lock file was written. */
function changesTable(rows: readonly ArchiveChange[], lock: ShownLock): Table<ArchiveChange> {
  const title = rows.length === 0
    ? `The archive has nothing newer than ${lock.path} (${lock.created})`
    : `Changed in the archive since ${lock.created}: ${counts(rows, ["new", "superseded", "redelivered", "gone"])}`;
  return {
    title,
    columns: rows.length === 0 ? [] : [
      { header: "State", align: "left", text: ({ state }) => state },
      ...pathColumns(),
      { header: "Newer version", align: "left", text: ({ newer }) => newer === undefined ? "" : bareName(newer) },
      { header: "Ingested", align: "left", yields: 1, text: ({ ingestion_date }) => ingestion_date ?? "" },
    ],
    rows,
  };
}
