// What to do when another process has a partial file of the same file; partial_file.ts has the rules. Loaded lazily,
// since it is rarely needed.
import { isThere } from "./local_files.ts";
import {
  copyStart,
  createOwnFile,
  createPartialFile,
  isAt,
  isOfThisMount,
  nameOfOwn,
  ownPathOf,
  PartialFile,
  partialPathOf,
  readRecord,
  recordPathOf,
  removeRecord,
  type StoredRecord,
  tryLock,
} from "./partial_file.ts";
import { delay } from "@std/async";
import { basename, dirname, join } from "@std/path";

/** The interval at which to look at the partial file of another process. */
const LOOK_MS = 200;
/** Without a sign of life for this long, a process has ended. It gives one every 3 seconds. */
const STALE_MS = 15_000;
/** A lock outlives its process if that ran on a machine that has crashed (NFS). */
const STALE_LOCKED_MS = 60_000;
/** A partial file without a sign of life for this long is abandoned. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** How to wait for the partial file of another process. */
export interface PartialWait {
  readonly signal: AbortSignal | undefined;
  /** Called once, when the wait begins. */
  readonly onWait: () => void;
  /** The time without a sign of life after which the other process has ended, in milliseconds. */
  readonly staleMs?: number;
}

/** An open file of another process. */
interface Found {
  readonly file: Deno.FsFile;
  readonly path: string;
  readonly isWritable: boolean;
}

/**
 * Opens a file of another process; undefined if there is none, null if this process may not read it.
 *
 * @param modes Whether to open it for writing, too: the modes are tried one after another.
 */
function openFound(path: string, modes: readonly boolean[] = [true, false]): Found | undefined | null {
  try {
    // Bytes must not be taken from the target of a symbolic link.
    if (Deno.lstatSync(path).isSymlink) return void Deno.removeSync(path);
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? undefined : null;
  }
  for (const isWritable of modes) {
    try {
      return { file: Deno.openSync(path, { read: true, write: isWritable }), path, isWritable };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    }
  }
  return null;
}

/** Whether a file that this process has locked cannot be locked again: some disks grant every lock. */
function isLockExclusive({ path, isWritable }: Found): boolean {
  using again = Deno.openSync(path, { read: true, write: isWritable });
  return tryLock(again) === "taken";
}

/**
 * The number of bytes that can be relied on, from the start of a partial file. Otherwise, the length of a file says
 * nothing about its bytes: a machine that has crashed, or that still writes, may have stored the last ones first (NFS).
 */
function reliableLength({ flushed, md5, missing, own }: StoredRecord, { file, path }: Found): number {
  const { size } = file.statSync();
  const isReliable = flushed === undefined || md5 !== null ||
    (own !== undefined && isOfThisMount(join(dirname(path), own)));
  if (isReliable || (missing !== null && flushed > 0)) return size;
  return Math.min(size, flushed);
}

/** Returns when a file was last written to, by the clock of its disk; 0 if it does not exist. */
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
  readonly #sharedPath: string;
  #seen = "";
  #seenAt = performance.now();

  constructor(sharedPath: string) {
    this.#sharedPath = sharedPath;
  }

  /** The time since the last sign of life, in milliseconds; it is exact only if it is longer than the limit. */
  async silence(file: Deno.FsFile, limit: number, { isReadOnly = false } = {}): Promise<number> {
    const { size, mtime } = file.statSync();
    const last = Math.max(mtime?.getTime() ?? 0, writtenAt(recordPathOf(this.#sharedPath)));
    if (`${size} ${last}` !== this.#seen) {
      this.#seen = `${size} ${last}`;
      this.#seenAt = performance.now();
    }
    const watched = performance.now() - this.#seenAt;
    if (watched >= limit || Date.now() - last < limit) return watched;
    if (isReadOnly) return Date.now() - last;
    // The clocks of machines that share a disk may differ; a new file has the time of the disk.
    using now = createOwnFile(this.#sharedPath);
    const age = (now.file.statSync().mtime?.getTime() ?? 0) - last;
    await now.remove();
    return Math.max(watched, age);
  }
}

/** The files of another process. */
class Remains implements Disposable {
  /** The entry at the shared path. */
  readonly claim: Found;
  /** The file with the bytes: the same, or at its writer's own path. */
  readonly data: Found;
  /** What is known about the bytes; undefined if they are useless. */
  readonly record: StoredRecord | undefined;
  #isKept = false;

  constructor(claim: Found, data: Found, record: StoredRecord | undefined) {
    this.claim = claim;
    this.data = data;
    this.record = record;
  }

  /** Opens what is there; undefined if there is nothing, null if this process may not read it. */
  static open(sharedPath: string): Remains | undefined | null {
    const claim = openFound(sharedPath);
    if (claim === undefined || claim === null) return claim;
    const record = readRecord(sharedPath);
    // Records of earlier versions, and of released files, are about the file at the shared path.
    const own = record?.own === undefined ? undefined : openFound(join(dirname(sharedPath), basename(record.own)));
    if (own !== undefined && own !== null) return new Remains(claim, own, record);
    const isUsable = record?.own === undefined || record.isReleased === true;
    return new Remains(claim, claim, isUsable ? record : undefined);
  }

  /** Leaves the file with the bytes open. */
  keep(): void {
    this.#isKept = true;
  }

  [Symbol.dispose](): void {
    if (this.claim !== this.data) this.claim.file.close();
    if (!this.#isKept) this.data.file.close();
  }
}

/** Takes over the partial file of another process, or waits for its end. */
class Takeover {
  readonly #finalPath: string;
  readonly #sharedPath: string;
  readonly #wait: PartialWait;
  readonly #watch: Watch;
  #hasWaited = false;

  constructor(finalPath: string, wait: PartialWait) {
    this.#finalPath = finalPath;
    this.#sharedPath = partialPathOf(finalPath);
    this.#wait = wait;
    this.#watch = new Watch(this.#sharedPath);
  }

  /** Returns a partial file that only this process writes to. */
  async run(): Promise<PartialFile> {
    for (;;) {
      using remains = Remains.open(this.#sharedPath);
      if (remains === null) return createOwnFile(this.#sharedPath);
      const taken = remains === undefined
        ? await createPartialFile(this.#finalPath, { isNew: false })
        : await this.#take(remains).catch((error) => {
          // The other process has just removed its file, as it does when the file is complete.
          if (!(error instanceof Deno.errors.NotFound)) throw error;
        });
      if (taken !== undefined) return taken;
      const { signal, staleMs = STALE_MS } = this.#wait;
      await delay(Math.min(LOOK_MS, staleMs / 4), signal && { signal });
    }
  }

  /** Takes what can be used; undefined if the other process may be alive, or if nothing is left. */
  async #take(remains: Remains): Promise<PartialFile | undefined> {
    const { data, record } = remains;
    const lock = tryLock(data.file);
    const isExclusive = lock === "locked" && isLockExclusive(data);
    const isProven = isExclusive && record?.own !== undefined &&
      isOfThisMount(join(dirname(this.#sharedPath), record.own));
    if (!isProven && !await this.#hasEnded(remains, lock)) {
      if (lock === "locked") data.file.unlockSync();
      return undefined;
    }
    try {
      if (record !== undefined && reliableLength(record, data) > 0) {
        const adopted = isProven && data.isWritable ? await this.#adopt(remains, record) : undefined;
        return adopted ?? await this.#copy(remains, record);
      }
      Deno.removeSync(this.#sharedPath);
    } catch (error) {
      // In a folder with the sticky bit, only its owner may remove a file.
      if (error instanceof Deno.errors.PermissionDenied) return createOwnFile(this.#sharedPath);
      throw error;
    }
    await removeRecord(this.#sharedPath);
    if (isExclusive) await this.#removeOwnPaths(remains);
    return await createPartialFile(this.#finalPath, { isNew: false });
  }

  /** Whether the process that writes to it has ended, as far as can be seen. */
  async #hasEnded({ claim, record }: Remains, lock: ReturnType<typeof tryLock>): Promise<boolean> {
    const { onWait, staleMs = STALE_MS } = this.#wait;
    // Earlier versions write nothing of that into a record.
    if (lock !== "taken" && record !== undefined && record.isReleased !== false) return true;
    // A file is locked before it is at the shared path.
    if (lock === "locked" && record === undefined) return true;
    const limit = lock === "taken" ? Math.max(staleMs, STALE_LOCKED_MS) : staleMs;
    if (await this.#watch.silence(claim.file, limit) >= limit) return true;
    if (!this.#hasWaited) onWait();
    this.#hasWaited = true;
    return false;
  }

  /** Continues with a file to which nobody writes: its lock excludes every process that could conclude the same. */
  async #adopt(remains: Remains, record: StoredRecord): Promise<PartialFile | undefined> {
    const { claim, data } = remains;
    let { path } = data;
    if (data === claim) {
      path = ownPathOf(this.#sharedPath);
      try {
        Deno.linkSync(this.#sharedPath, path);
      } catch {
        return undefined;
      }
      if (!isAt(data.file, path)) return void await Deno.remove(path);
    }
    // The temporary file of a process that was killed while it wrote a record.
    await removeRecord(path);
    remains.keep();
    const partial = new PartialFile(this.#sharedPath, { file: data.file, path, isNew: false, record });
    partial.inheritClaim(record.own);
    await partial.note(record);
    return partial;
  }

  /** Copies a file to which somebody may still write. */
  async #copy(remains: Remains, record: StoredRecord): Promise<PartialFile> {
    const path = ownPathOf(this.#sharedPath);
    const file = await Deno.open(path, { read: true, write: true, createNew: true });
    tryLock(file);
    try {
      const isCopied = await this.#copyBytes(remains, file, record);
      const known = isCopied ? record : undefined;
      const partial = new PartialFile(this.#sharedPath, { file, path, isNew: false, record: known });
      try {
        partial.replaceClaim(record.own);
      } catch (error) {
        if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
        return partial;
      }
      if (known !== undefined) await partial.note(known);
      if (record.isReleased === true && remains.data !== remains.claim) await Deno.remove(remains.data.path);
      return partial;
    } catch (error) {
      file.close();
      await Deno.remove(path).catch(() => {});
      throw error;
    }
  }

  /** @returns Whether the bytes are what the record says. */
  async #copyBytes({ data }: Remains, to: Deno.FsFile, record: StoredRecord): Promise<boolean> {
    const length = reliableLength(record, data);
    const copied = await copyStart(data.file, to, length);
    // Its writer removes the record before it empties the file.
    const now = readRecord(this.#sharedPath);
    const isSame = now !== undefined && now.own === record.own && now.etag === record.etag &&
      now.size === record.size && now.archivePath === record.archivePath;
    if (isSame && copied === length && reliableLength(now, data) >= length) return true;
    await to.truncate(0);
    to.seekSync(0, Deno.SeekMode.Start);
    return false;
  }

  /** Removes the files that ended processes on this mount have left at their own paths. */
  async #removeOwnPaths({ claim }: Remains): Promise<void> {
    const folder = dirname(this.#sharedPath);
    for (const { name } of Deno.readDirSync(folder)) {
      const path = join(folder, name);
      if (nameOfOwn(name) === basename(this.#finalPath) && isOfThisMount(path) && isAt(claim.file, path)) {
        await Deno.remove(path).catch(() => {});
        await removeRecord(path);
      }
    }
  }
}

/** Takes over the partial file of another process, or waits for its end, and returns one for this process. */
export async function takeOver(finalPath: string, wait: PartialWait): Promise<PartialFile> {
  return await new Takeover(finalPath, wait).run();
}

/** Whether a living process may write to an open partial file, as far as can be seen without waiting. */
async function mayBeAlive(found: Found, sharedPath: string): Promise<boolean> {
  const lock = tryLock(found.file);
  if (lock === "taken") return true;
  const record = readRecord(sharedPath);
  const recorded = record?.own === undefined ? undefined : join(dirname(sharedPath), record.own);
  const own = nameOfOwn(basename(found.path)) === undefined ? recorded : found.path;
  if (lock === "locked" && own !== undefined && isOfThisMount(own) && isLockExclusive(found)) return false;
  if (record?.isReleased === true && own === recorded) return false;
  const watch = new Watch(sharedPath);
  return await watch.silence(found.file, STALE_LOCKED_MS, { isReadOnly: !found.isWritable }) < STALE_LOCKED_MS;
}

/**
 * Whether a living process may write to what there is of a file, as far as can be seen without waiting. Files that may not be
 * read count as in use.
 *
 * @param paths The partial files of one file, and their records.
 */
export async function areInUse(paths: readonly string[]): Promise<boolean> {
  for (const path of paths.filter((path) => path.endsWith(".part"))) {
    const own = nameOfOwn(basename(path));
    const finalPath = join(dirname(path), own ?? basename(path).slice(1, -".part".length));
    // A list of files needs no permission to write.
    const { state } = await Deno.permissions.query({ name: "write", path });
    const found = openFound(path, state === "granted" ? [true, false] : [false]);
    if (found === undefined) continue;
    if (found === null) return true;
    using _ = found.file;
    if (await mayBeAlive(found, partialPathOf(finalPath))) return true;
  }
  // A record without its partial file, which may be about to be renamed into place.
  return paths.every((path) => !path.endsWith(".part")) &&
    paths.some((path) => Date.now() - writtenAt(path) < STALE_LOCKED_MS);
}

/** Whether a partial file is no longer needed. */
async function isAbandoned(found: Found, sharedPath: string): Promise<boolean> {
  const lock = tryLock(found.file);
  if (lock === "taken") return false;
  if (await new Watch(sharedPath).silence(found.file, ABANDONED_MS) >= ABANDONED_MS) return true;
  return found.path !== sharedPath && isOfThisMount(found.path) && lock === "locked" && isLockExclusive(found);
}

/**
 * Removes the partial files that killed processes left behind and that no run will use again.
 *
 * @param paths The partial files and records in some folders.
 */
export async function removeAbandoned(paths: readonly string[]): Promise<void> {
  for (const path of paths.filter((path) => path.endsWith(".part"))) {
    const own = nameOfOwn(basename(path));
    const finalPath = join(dirname(path), own ?? basename(path).slice(1, -".part".length));
    // A run that needs the file resumes what is at its shared path.
    if (!isThere(finalPath)) continue;
    const found = openFound(path);
    if (found === undefined || found === null) continue;
    using _ = found.file;
    // The other process may complete it at any moment.
    if (!await isAbandoned(found, partialPathOf(finalPath)).catch(() => false)) continue;
    await Deno.remove(path).catch(() => {});
    await removeRecord(path);
  }
  for (const path of paths.filter((path) => /\.json(\.new)?$/.test(path))) {
    const isOrphan = !isThere(path.replace(/\.json(\.new)?$/, ""));
    if (isOrphan && Date.now() - writtenAt(path) > ABANDONED_MS) await Deno.remove(path).catch(() => {});
  }
}
