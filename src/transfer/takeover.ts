// What to do when another process has a partial file of the same file; partial_file.ts has the rules. Loaded lazily,
// since it is rarely needed.
import {
  copyStart,
  createFile,
  isAt,
  mountOf,
  moveAway,
  moveRecord,
  OWN_NAME,
  ownPathOf,
  PartialFile,
  partialPathOf,
  readRecord,
  recordPathOf,
  removeRecord,
  type StoredRecord,
  tryLock,
} from "./partial_file.ts";
import { isThere } from "./local_files.ts";
import { delay } from "@std/async";
import { basename, dirname, join } from "@std/path";

/** The interval at which to look at the partial file of another process. */
const LOOK_MS = 200;
/** Without a sign of life for this long, a process has ended. It gives one every 3 seconds. */
const STALE_MS = 15_000;
/** A lock outlives its process if that ran on a machine that has crashed (NFS). */
const STALE_LOCKED_MS = 60_000;
/** A younger file that is empty may not have been locked yet by its writer. */
const YOUNG_MS = 2_000;

/** How to wait for the partial file of another process. */
export interface PartialWait {
  readonly signal: AbortSignal | undefined;
  /** Called once, when the wait begins. */
  readonly onWait: () => void;
  /** The time without a sign of life after which the other process has ended, in milliseconds. */
  readonly staleMs?: number;
}

/** The partial file of another process. */
interface Found {
  readonly file: Deno.FsFile;
  readonly isWritable: boolean;
}

/** Opens the partial file of another process; undefined if there is none, null if this process may not read it. */
function openFound(path: string): Found | undefined | null {
  try {
    // Bytes must not be taken from the target of a symbolic link.
    if (Deno.lstatSync(path).isSymlink) return void Deno.removeSync(path);
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? undefined : null;
  }
  for (const isWritable of [true, false]) {
    try {
      return { file: Deno.openSync(path, { read: true, write: isWritable }), isWritable };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    }
  }
  return null;
}

/** Whether a file that this process has locked cannot be locked again: some disks grant every lock. */
function isLockExclusive(path: string): boolean {
  using again = Deno.openSync(path, { read: true, write: true });
  return tryLock(again) === "taken";
}

/**
 * The number of bytes that can be relied on, from the start of a partial file. Otherwise, the length of a file says
 * nothing about its bytes: a machine that has crashed, or that still writes, may have stored the last ones first (NFS).
 */
function reliableLength(record: StoredRecord, { size, dev }: Deno.FileInfo): number {
  const { flushed, md5, missing, mount } = record;
  const isReliable = flushed === undefined || md5 !== null || (typeof mount === "string" && mount === mountOf(dev));
  if (isReliable || (missing !== null && flushed > 0)) return size;
  return Math.min(size, flushed);
}

/** Returns when a path was last written to, by the clock of its disk; 0 if it does not exist. */
function writtenAt(path: string): number {
  try {
    // Opened, since NFS then asks the server.
    using file = Deno.openSync(path, { read: true });
    return file.statSync().mtime?.getTime() ?? 0;
  } catch {
    return 0;
  }
}

/** Watches for signs of life of the process that writes a partial file. */
class Watch {
  readonly #path: string;
  #seen = "";
  #seenAt = performance.now();

  constructor(path: string) {
    this.#path = path;
  }

  /** The time since the last sign of life, in milliseconds. */
  async silence(file: Deno.FsFile, limit: number): Promise<number> {
    const { size, mtime } = file.statSync();
    const last = Math.max(mtime?.getTime() ?? 0, writtenAt(recordPathOf(this.#path)));
    if (`${size} ${last}` !== this.#seen) {
      this.#seen = `${size} ${last}`;
      this.#seenAt = performance.now();
    }
    const watched = performance.now() - this.#seenAt;
    if (watched >= limit || Date.now() - last < limit) return watched;
    // The clocks of machines that share a disk may differ; a new file has the time of the disk.
    const path = ownPathOf(this.#path);
    using now = await createFile(path);
    const age = (now?.statSync().mtime?.getTime() ?? 0) - last;
    await Deno.remove(path);
    return Math.max(watched, age);
  }
}

/** How it is known that nobody writes to a partial file: by proof, or by silence. */
type End = "proven" | "assumed";

/** Takes over the partial file of another process, or waits for its end. */
class Takeover {
  readonly #path: string;
  readonly #wait: PartialWait;
  readonly #watch: Watch;
  #hasWaited = false;

  constructor(finalPath: string, wait: PartialWait) {
    this.#path = partialPathOf(finalPath);
    this.#wait = wait;
    this.#watch = new Watch(this.#path);
  }

  /** Returns a partial file that only this process writes to. */
  async run(): Promise<PartialFile> {
    for (;;) {
      const found = openFound(this.#path);
      if (found === null) return await this.#createOwn();
      if (found !== undefined) {
        const taken = await this.#take(found);
        if (taken?.file !== found.file) found.file.close();
        if (taken !== undefined) return taken;
      }
      const file = await createFile(this.#path);
      if (file === undefined) continue;
      if (tryLock(file) !== "taken") return new PartialFile(this.#path, { file, path: this.#path, isNew: false });
      file.close();
    }
  }

  /** Takes what it can from the file of another process; undefined if there is nothing at the shared path then. */
  async #take(found: Found): Promise<PartialFile | undefined> {
    const { file } = found;
    const end = await this.#waitForEnd(file);
    if (end === undefined) return undefined;
    const info = file.statSync();
    const record = readRecord(this.#path, info);
    try {
      if (record === undefined || reliableLength(record, info) === 0) return void await this.#discard(file);
      if (end === "proven" && found.isWritable) return await this.#adopt(file, record);
    } catch (error) {
      // In a folder with the sticky bit, only its owner may rename a file.
      if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    }
    return record === undefined ? await this.#createOwn() : await this.#copy(file, record);
  }

  /** Waits until nobody writes to a file; undefined if it is no longer at the shared path. */
  async #waitForEnd(file: Deno.FsFile): Promise<End | undefined> {
    const { signal, onWait, staleMs = STALE_MS } = this.#wait;
    for (let looks = 0;; looks++) {
      const lock = tryLock(file);
      if (!isAt(file, this.#path)) return undefined;
      const info = file.statSync();
      const record = readRecord(this.#path, info);
      if (lock !== "taken" && record !== undefined) {
        if (record.isReleased !== false) return "proven";
        const isSameMount = typeof record.mount === "string" && record.mount === mountOf(info.dev);
        if (isSameMount && lock === "locked" && isLockExclusive(this.#path)) return "proven";
      }
      const limit = lock === "taken" ? Math.max(staleMs, STALE_LOCKED_MS) : staleMs;
      const isYoung = looks === 0 && info.size === 0 && Math.abs(Date.now() - (info.mtime?.getTime() ?? 0)) < YOUNG_MS;
      if (lock === "locked" && record === undefined && !isYoung) return "assumed";
      if (await this.#watch.silence(file, limit) >= limit) return "assumed";
      if (!this.#hasWaited && !(lock === "locked" && record === undefined)) {
        this.#hasWaited = true;
        onWait();
      }
      // Its writer may be about to lock it.
      if (lock === "locked") file.unlockSync();
      await delay(Math.min(LOOK_MS, staleMs / 4), signal && { signal });
    }
  }

  /** Removes a file from the shared path, with its record. */
  async #discard(file: Deno.FsFile): Promise<void> {
    const path = moveAway(this.#path, file);
    if (path === undefined) return;
    Deno.removeSync(path);
    await removeRecord(this.#path);
  }

  /** Continues with a file to which nobody else writes. */
  async #adopt(file: Deno.FsFile, record: StoredRecord): Promise<PartialFile | undefined> {
    const info = file.statSync();
    const path = moveAway(this.#path, file);
    if (path === undefined) return undefined;
    moveRecord(this.#path, path);
    const length = reliableLength(record, info);
    if (length < info.size) file.truncateSync(length);
    return await this.#begin(file, path, record);
  }

  /** Copies a file to which somebody may still write. */
  async #copy(file: Deno.FsFile, record: StoredRecord): Promise<PartialFile | undefined> {
    const path = ownPathOf(this.#path);
    const own = await Deno.open(path, { read: true, write: true, createNew: true });
    tryLock(own);
    const isCopied = await this.#copyBytes(file, own, record).catch((error) => {
      own.close();
      Deno.removeSync(path);
      throw error;
    });
    try {
      await this.#discard(file);
    } catch (error) {
      if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    }
    return await this.#begin(own, path, isCopied ? record : undefined);
  }

  /** @returns Whether the bytes are what the record says. */
  async #copyBytes(from: Deno.FsFile, to: Deno.FsFile, record: StoredRecord): Promise<boolean> {
    const info = from.statSync();
    const length = reliableLength(record, info);
    const copied = await copyStart(from, to, length);
    // Its writer removes the record before it empties the file.
    const now = readRecord(this.#path, info);
    const isSame = now !== undefined && now.etag === record.etag && now.size === record.size &&
      now.archivePath === record.archivePath;
    if (isSame && copied === length && reliableLength(now, info) >= length) return true;
    await to.truncate(0);
    return false;
  }

  /** Makes a file at an own path the one that others wait for. */
  async #begin(file: Deno.FsFile, path: string, record: StoredRecord | undefined): Promise<PartialFile> {
    const partial = new PartialFile(this.#path, { file, path, isNew: false, record });
    // The record of the other process must not be taken for that of the new file.
    if (record !== undefined) await partial.note(record);
    partial.share();
    return partial;
  }

  /** Creates a file at an own path, next to one that cannot be taken away. */
  async #createOwn(): Promise<PartialFile> {
    const path = ownPathOf(this.#path);
    const file = await Deno.open(path, { read: true, write: true, createNew: true });
    tryLock(file);
    return new PartialFile(this.#path, { file, path, isNew: false });
  }
}

/** Takes over the partial file of another process, or waits for its end, and returns one for this process. */
export async function takeOver(finalPath: string, wait: PartialWait): Promise<PartialFile> {
  return await new Takeover(finalPath, wait).run();
}

/** A partial file without a sign of life for this long is abandoned. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Whether nobody needs a partial file any more. */
async function isAbandoned(path: string, file: Deno.FsFile): Promise<boolean> {
  const lock = tryLock(file);
  if (lock === "taken") return false;
  if (await new Watch(path).silence(file, ABANDONED_MS) >= ABANDONED_MS) return true;
  if (!OWN_NAME.test(basename(path))) return false;
  const info = file.statSync();
  const record = readRecord(path, info);
  const isElsewhere = record !== undefined && (record.mount ?? null) !== mountOf(info.dev);
  return lock === "locked" && isLockExclusive(path) && !isElsewhere;
}

/**
 * Removes the partial files that killed processes left behind and that no run will use again. A process that is still
 * alive would complete a copy.
 *
 * @param paths The partial files and records in some folders.
 */
export async function removeAbandoned(paths: readonly string[]): Promise<void> {
  for (const path of paths.filter((path) => path.endsWith(".part"))) {
    // A run that needs the file resumes what is at its shared path.
    const isShared = !OWN_NAME.test(basename(path));
    if (isShared && !isThere(join(dirname(path), basename(path).slice(1, -".part".length)))) continue;
    const found = openFound(path);
    if (found === undefined || found === null) continue;
    using file = found.file;
    if (!await isAbandoned(path, file) || !isAt(file, path)) continue;
    await Deno.remove(path).catch(() => {});
    await removeRecord(path);
  }
  const now = Date.now();
  for (const path of paths.filter((path) => /\.json(\.new)?$/.test(path))) {
    const isOrphan = !isThere(path.replace(/\.json(\.new)?$/, ""));
    if (isOrphan && now - writtenAt(path) > ABANDONED_MS) await Deno.remove(path).catch(() => {});
  }
}
