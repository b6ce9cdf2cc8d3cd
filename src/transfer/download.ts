import { fileError, ResponseError } from "../errors.ts";
import { Call, type EndOfMany } from "../http/call.ts";
import type { Transport } from "../http/transport.ts";
import { bareName } from "../names/file_name.ts";
import { checkedConcurrency, type DownloadPlan, forEachOf, type OnProgress, type Outcome } from "./batch.ts";
import { DataFolders, sizeOf } from "./local_files.ts";
import { compareObject, isRefusedUrl, lookUpObject, retryableRefusal, type UrlSource } from "./objects.ts";
import { createPartialFile, type PartialFile, partialPathOf } from "./partial_file.ts";
import { ConnectionSlots, FileConnection, Receiver } from "./receive.ts";
import { dirname } from "@std/path";

/** The files on disk for a file of the archive. */
interface DiskState {
  /** The size of the file at its final path; undefined if it does not exist. */
  readonly size: number | undefined;
  /** The size of the partial file of an earlier attempt; undefined if it does not exist. */
  readonly partialSize: number | undefined;
}

/**
 * How to treat an existing file: accept it, compare it with the archive, or fetch it again.
 *
 * @category Download and upload
 */
export type IfPresent = "skip" | "verify" | "fetch";

/**
 * Decides what to do for a file; has no side effects.
 *
 * An existing file is complete, since only complete files get their final name; an empty one was left behind by another
 * client.
 */
export function planDownload({ size, partialSize }: DiskState, ifPresent: IfPresent): DownloadPlan {
  const isThere = size !== undefined && size > 0;
  if (isThere && ifPresent !== "fetch") return ifPresent;
  return partialSize !== undefined && partialSize > 0 ? "resume" : "fetch";
}

/** The minimum number of new bytes that count as progress: with a few bytes per minute, a download would never end. */
const MIN_PROGRESS = 500;

/** The progress of a download across attempts. */
export class Progress {
  /** The number of bytes kept when it last made progress. */
  #most: number;
  #hasProgressed = false;
  #isRefused = false;
  #resumedFrom: number | undefined;

  /** @param kept The number of bytes kept from earlier runs. */
  constructor(kept: number) {
    this.#most = kept;
  }

  /**
   * The number of bytes that did not have to be transferred in this call: 0 once an attempt had to start from the
   * beginning.
   */
  get resumedFrom(): number {
    return this.#resumedFrom ?? 0;
  }

  /**
   * Whether the last attempt got further than all earlier ones. Discarded bytes do not count: otherwise a server that
   * always sends wrong bytes would be retried forever.
   */
  get hasProgressed(): boolean {
    return this.#hasProgressed;
  }

  /** Called when an attempt starts. */
  begin(): void {
    this.#hasProgressed = false;
  }

  /** Called when the store sends what follows the first `bytes`. */
  resume(bytes: number): void {
    this.#resumedFrom = Math.min(bytes, this.#resumedFrom ?? bytes);
  }

  /** Called when an attempt has failed; `kept` bytes are kept. */
  end(kept: number): void {
    this.#hasProgressed = kept >= this.#most + MIN_PROGRESS;
    if (!this.#hasProgressed) return;
    this.#most = kept;
    this.#isRefused = false;
  }

  /**
   * Handles a rejected presigned URL: it may have expired, so another one is requested. If that is rejected too, the
   * cause is not expiry.
   *
   * @returns The error, retryable if another URL may help.
   */
  judge(error: unknown): unknown {
    if (!isRefusedUrl(error) || this.#isRefused) return error;
    this.#isRefused = true;
    return retryableRefusal(error);
  }
}

/** If more files of a folder than this are looked up, the whole folder is read. */
const MAX_SINGLE_LOOKS = 16;
/** How long the names stay valid, in milliseconds: other processes may add files in the meantime. */
const FRESH_MS = 1_000;

/** The known contents of one folder. */
interface Folder {
  looks: number;
  names: ReadonlySet<string>;
  readAt: number;
}

function namesIn(folder: string): ReadonlySet<string> {
  try {
    return new Set(Array.from(Deno.readDirSync(folder), ({ name }) => name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Set();
    throw error;
  }
}

/**
 * Looks up which files exist. For a missing file, Deno throws an error internally; if many are missing, reading the
 * names in their folder is faster.
 */
export class PresentFiles {
  readonly #folders = new Map<string, Folder>();

  /**
   * Returns the size of a file; undefined if it does not exist.
   *
   * @throws {FileError} When the path exists but is not a file.
   */
  sizeOf(path: string): number | undefined {
    const name = bareName(path);
    const parent = path.slice(0, path.length - name.length);
    const folder = this.#folders.get(parent) ?? { looks: 0, names: new Set(), readAt: -Infinity };
    this.#folders.set(parent, folder);
    folder.looks += 1;
    if (folder.looks <= MAX_SINGLE_LOOKS) return sizeOf(path);
    if (performance.now() - folder.readAt > FRESH_MS) {
      folder.names = namesIn(parent);
      folder.readAt = performance.now();
    }
    return folder.names.has(name) ? sizeOf(path) : undefined;
  }
}

/** The maximum number of files whose sizes a dry run requests. */
const MAX_SIZES = 100;

/** Chooses the files whose sizes a dry run requests: all, or of many files a sample. */
class SizeLookUps {
  readonly #sample: ReadonlySet<string>;
  #isStopped = false;

  constructor(archivePaths: readonly string[]) {
    const step = Math.ceil(archivePaths.length / MAX_SIZES);
    this.#sample = new Set(archivePaths.filter((_, index) => index % step === 0));
  }

  takes(archivePath: string): boolean {
    return !this.#isStopped && this.#sample.has(archivePath);
  }

  stop(): void {
    this.#isStopped = true;
  }
}

/** What the files of a download must be, as a lock file says. */
export interface ExpectedFiles {
  /** Whether a file is already there with its bytes. All others are fetched. */
  isHere(archivePath: string): boolean;
  /** Checks the bytes that were received. @throws When they are others. */
  check(archivePath: string, path: string): Promise<void>;
}

/** How to download. */
export interface DownloadSettings {
  /** The data directory. */
  readonly dataDir: string;
  /** What to do with existing files. */
  readonly ifPresent: IfPresent;
  /** Only report what would be done. */
  readonly dryRun: boolean;
  /** The bytes that files must have, whatever the archive has now. */
  readonly expected?: ExpectedFiles | undefined;
  /** The files whose sizes a dry run requests. Default: none. */
  readonly lookUps?: SizeLookUps;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
  /** Ends the requests of this file, when the signal does. */
  readonly end: EndOfMany;
  /** The connections of all files. */
  readonly slots: ConnectionSlots;
  /** The connection of this file. */
  readonly connection: FileConnection;
  /** The folders that are written to; the creator of this object flushes them. */
  readonly folders: DataFolders;
  readonly present: PresentFiles;
}

/** The download of one file. */
class Download {
  readonly #call: Call;
  readonly #urls: UrlSource;
  readonly #archivePath: string;
  /** The file's final path. */
  readonly #path: string;
  readonly #folder: string;
  readonly #settings: DownloadSettings;
  /**
   * Local to this download: if a store turns out not to support segments, no further connections are opened for this
   * file.
   */
  #slots: ConnectionSlots;

  constructor(transport: Transport, urls: UrlSource, archivePath: string, settings: DownloadSettings) {
    this.#path = settings.folders.pathOf(archivePath);
    this.#folder = dirname(this.#path);
    const { signal, end } = settings;
    this.#call = new Call(transport, { action: `download "${bareName(archivePath)}"`, signal, end });
    this.#urls = urls;
    this.#archivePath = archivePath;
    this.#settings = settings;
    this.#slots = settings.slots;
  }

  async run(): Promise<Outcome> {
    const path = this.#path;
    const { dryRun, expected, present } = this.#settings;
    const ifPresent = expected === undefined
      ? this.#settings.ifPresent
      : expected.isHere(this.#archivePath)
      ? "skip"
      : "fetch";
    try {
      const partialSize = dryRun ? sizeOf(partialPathOf(path)) : undefined;
      const size = present.sizeOf(path);
      const plan = planDownload({ size, partialSize }, ifPresent);
      if (dryRun) return await this.#planned(plan, partialSize ?? 0);
      if (plan === "skip") return this.#skip(`"${path}" exists`, size);
      if (plan === "verify") {
        if (await this.#isSame()) return this.#skip(`"${path}" is the same as in the archive`, size);
        this.#call.decide("restart", `"${path}" differs from the archive's`);
      }
      return await this.#obtain({ canSkip: plan !== "verify" && ifPresent !== "fetch" });
    } catch (error) {
      this.#call.signal?.throwIfAborted();
      throw fileError(this.#call.action, path, error);
    }
  }

  async #planned(plan: DownloadPlan, kept: number): Promise<Outcome> {
    const { lookUps } = this.#settings;
    const outcome = { state: "planned", plan, file: this.#archivePath, path: this.#path, bytes: 0 } as const;
    if (plan === "skip" || !lookUps?.takes(this.#archivePath)) return outcome;
    try {
      const { size, isPacked } = await lookUpObject(
        this.#call,
        await this.#urls.downloadUrl(this.#archivePath, this.#call),
      );
      return size === undefined || isPacked
        ? outcome
        : { ...outcome, size: Math.max(0, size - (plan === "resume" ? kept : 0)) };
    } catch (error) {
      this.#call.signal?.throwIfAborted();
      // The plan needs no server. One that does not respond is not asked again.
      if (!(error instanceof ResponseError)) lookUps.stop();
      return outcome;
    }
  }

  async #isSame(): Promise<boolean> {
    const { isSame } = await compareObject(this.#call, this.#urls, {
      archivePath: this.#archivePath,
      path: this.#path,
    });
    return isSame;
  }

  #skip(reason: string, size = sizeOf(this.#path)): Outcome {
    this.#call.decide("skip", reason);
    const outcome = { state: "skipped", file: this.#archivePath, path: this.#path, bytes: 0 } as const;
    return size === undefined ? outcome : { ...outcome, size };
  }

  /** Fetches the file. With `canSkip`, skips it if another process has completed it in the meantime. */
  async #obtain({ canSkip }: { readonly canSkip: boolean }): Promise<Outcome> {
    const { action, signal } = this.#call;
    const path = this.#path;
    this.#settings.folders.prepare(this.#folder);
    using file = await this.#openPartialFile().catch((error) => {
      signal?.throwIfAborted();
      throw fileError(action, partialPathOf(path), error);
    });
    if (canSkip && !file.isNew && (sizeOf(path) ?? 0) > 0) {
      await file.remove();
      return this.#skip(`another process has downloaded "${path}"`);
    }
    try {
      return await this.#receive(file);
    } catch (error) {
      // The error of a full disk must not replace the original error.
      await file.release().catch(() => {});
      // In a folder with the sticky bit, a file that another user has completed in the meantime cannot be replaced.
      const isOfOthers = error instanceof Deno.errors.PermissionDenied;
      if (canSkip && isOfOthers && (sizeOf(path) ?? 0) > 0) {
        return this.#skip(`another process has downloaded "${path}"`);
      }
      throw error;
    }
  }

  async #openPartialFile(): Promise<PartialFile> {
    const path = this.#path;
    const created = await createPartialFile(path);
    if (created !== undefined) return created;
    const { takeOver } = await import("./takeover.ts");
    const onWait = () => {
      this.#call.decide("wait", "another process is downloading it");
      this.#notice("wait", `another process is downloading "${bareName(path)}"; waiting for it`);
    };
    return await takeOver(path, { signal: this.#call.signal, onWait });
  }

  /** Gives a notice, once for all files. */
  #notice(about: string, notice: string): void {
    const { action, transport } = this.#call;
    if (this.#settings.folders.isFirstNotice(about)) transport.log({ type: "notice", action, notice });
  }

  /** Receives the object into its partial file, with retries, and renames the partial file into place. */
  async #receive(file: PartialFile): Promise<Outcome> {
    const path = this.#path;
    const progress = new Progress(file.kept);
    const size = await this.#call.retry(() => this.#try(file, progress), {
      hasProgressed: () => progress.hasProgressed,
    });
    this.#reportBytes(size, size);
    await this.#settings.expected?.check(this.#archivePath, file.path).catch(async (error) => {
      await file.empty();
      throw error;
    });
    await file.rename(path);
    this.#settings.folders.noteFile(this.#folder);
    if (file.isUnflushable) {
      const risk = "a power failure may damage files that were just downloaded";
      this.#notice("flush", `the disk of "${this.#settings.dataDir}" cannot flush files (fsync); ${risk}`);
    }
    const from = progress.resumedFrom;
    return { state: from > 0 ? "resumed" : "fetched", file: this.#archivePath, path, bytes: size - from };
  }

  async #try(file: PartialFile, progress: Progress): Promise<number> {
    progress.begin();
    const { connection } = this.#settings;
    if (!connection.isTaken) await connection.take();
    const url = await this.#urls.downloadUrl(this.#archivePath, this.#call);
    const receiver = new Receiver(this.#call, {
      archivePath: this.#archivePath,
      url,
      file,
      slots: this.#slots,
      onBytes: (bytes, size) => this.#reportBytes(bytes, size),
      onReceived: () => connection.give(),
      onResume: (bytes, size) => {
        progress.resume(bytes);
        if (bytes > 0) this.#call.decide("resume", `${bytes} of ${size ?? "an unknown number of"} bytes are there`);
        this.#reportBytes(bytes, size);
      },
    });
    try {
      return await receiver.receive();
    } catch (error) {
      if (receiver.isUnsplittable) this.#slots = new ConnectionSlots(0);
      progress.end(file.kept);
      throw progress.judge(error);
    }
  }

  #reportBytes(bytes: number, size: number | undefined): void {
    this.#settings.onProgress({ type: "bytes", file: this.#archivePath, bytes, size });
  }
}

/**
 * Downloads one file, unless it exists already. A file at its final path is always complete: its bytes are written to a
 * partial file in the same folder, verified, and flushed; only then is that file renamed into place. The bytes received
 * so far are kept for the next attempt, and for the next run.
 *
 * @param archivePath The file's full path in the archive.
 */
export async function downloadFile(
  transport: Transport,
  urls: UrlSource,
  archivePath: string,
  settings: DownloadSettings,
): Promise<Outcome> {
  return await new Download(transport, urls, archivePath, settings).run();
}

/**
 * How many files may be flushed while other files use the connections: a disk flushes many files in not much more time than
 * one (ext4).
 */
const MAX_FLUSHED = 48;

/** How to download many files. */
interface DownloadManySettings
  extends Omit<DownloadSettings, "end" | "slots" | "connection" | "folders" | "present" | "lookUps"> {
  /** The maximum number of connections at a time. */
  readonly concurrency: number;
}

/**
 * Downloads several files at a time. A failure becomes the outcome of its file and does not stop the others.
 *
 * @param archivePaths The full paths of the files in the archive; duplicates are fetched once.
 * @returns An outcome for each file, in order.
 */
export async function downloadFiles(
  transport: Transport,
  urls: UrlSource,
  archivePaths: readonly string[],
  settings: DownloadManySettings,
): Promise<Outcome[]> {
  const { concurrency, signal, onProgress, dataDir } = settings;
  const paths = [...new Set(archivePaths)];
  const slots = new ConnectionSlots(checkedConcurrency(concurrency));
  const folders = new DataFolders(dataDir);
  const present = new PresentFiles();
  const one = { ...settings, slots, folders, present, ...(settings.dryRun ? { lookUps: new SizeLookUps(paths) } : {}) };
  const pathOf = (archivePath: string) => {
    try {
      return folders.pathOf(archivePath);
    } catch {
      return "";
    }
  };
  const outcomes = await forEachOf(
    paths,
    { concurrency: concurrency + MAX_FLUSHED, signal, onProgress, fileOf: (archivePath) => archivePath, pathOf },
    async (archivePath, running) => {
      using connection = new FileConnection(slots);
      await connection.take();
      running.signal.throwIfAborted();
      running.onProgress({ type: "file", file: archivePath });
      return await downloadFile(transport, urls, archivePath, { ...one, ...running, connection });
    },
  );
  await folders.sync();
  const left = folders.partialFiles();
  // If this fails, a later run does it.
  if (left.length > 0) await (await import("./takeover.ts")).removeAbandoned(left).catch(() => {});
  return outcomes;
}
