import { syncFolder } from "../disk.ts";
import { isStrongEtag } from "../http/call.ts";
import { sizeOf } from "./local_files.ts";
import type { LockFile, LockWait } from "./lock_file.ts";
import { delay } from "@std/async";
import { basename, dirname, join } from "@std/path";

/** A range of an object's bytes. */
export interface ByteRange {
  readonly first: number;
  /** Inclusive, as in HTTP (RFC 9110, 14.1.2). */
  readonly last: number;
}

/** Returns the total number of bytes in ranges that do not overlap. */
export function bytesIn(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/** Splits ranges into ranges of at most `length` bytes. */
export function cutRanges(ranges: readonly ByteRange[], length: number): ByteRange[] {
  return ranges.flatMap(({ first, last }) =>
    Array.from({ length: Math.ceil((last - first + 1) / length) }, (_, index) => {
      const begin = first + index * length;
      return { first: begin, last: Math.min(last, begin + length - 1) };
    })
  );
}

/** Merges ranges into as few as possible, in order. */
export function joinRanges(ranges: readonly ByteRange[]): ByteRange[] {
  const joined: ByteRange[] = [];
  for (const { first, last } of ranges.filter(({ first, last }) => first <= last).sort((a, b) => a.first - b.first)) {
    const before = joined.at(-1);
    if (before !== undefined && first <= before.last + 1) {
      joined[joined.length - 1] = { first: before.first, last: Math.max(last, before.last) };
    } else joined.push({ first, last });
  }
  return joined;
}

/**
 * The object that a partial file belongs to; stored next to it. A partial file without a readable record is useless:
 * its contents are unknown.
 */
export interface PartialRecord {
  /** The object's full path in the archive. */
  readonly archivePath: string;
  /** The size of the whole object, in bytes. */
  readonly size: number;
  /** The object's ETag, including the quotes. If the ETag is unchanged, so are the bytes. */
  readonly etag: string;
  /** The MD5 of the object's bytes in hex, if its headers say that the ETag is one; null otherwise. */
  readonly md5: string | null;
  /** The missing bytes, if the object is received over several connections: the file's length does not show them. */
  readonly missing: readonly ByteRange[] | null;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isRange(value: unknown): value is ByteRange {
  return isObject(value) && isCount(value.first) && isCount(value.last) && value.first <= value.last;
}

/** Whether a value is a list of ranges of an object of this size, in order, with a gap between any two. */
function areRanges(value: unknown, size: number): value is ByteRange[] {
  return Array.isArray(value) && value.every(isRange) && value.every(({ last }) => last < size) &&
    joinRanges(value).every(({ first }, index) => first === value[index]?.first) &&
    joinRanges(value).length === value.length;
}

function isRecord(value: unknown): value is PartialRecord {
  return isObject(value) && typeof value.archivePath === "string" && isCount(value.size) &&
    typeof value.etag === "string" && isStrongEtag(value.etag) &&
    (value.md5 === null || (typeof value.md5 === "string" && /^[0-9a-f]{32}$/.test(value.md5))) &&
    (value.missing === null || areRanges(value.missing, value.size));
}

/** Parses a record; undefined when the text is anything else. */
export function parseRecord(text: string): PartialRecord | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return isRecord(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the path of a file's partial file: hidden, in the same folder. */
export function partialPathOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.part`);
}

/** Returns the path of a partial file's record. */
function recordPathOf(path: string): string {
  return `${path}.json`;
}

/** Returns the temporary path of a record while it is written. */
function newRecordPathOf(path: string): string {
  return `${recordPathOf(path)}.new`;
}

/** A longer file is not a record. */
const MAX_RECORD_LENGTH = 1024 * 1024;

/** What a partial file is created from. */
interface OpenFile {
  readonly file: Deno.FsFile;
  readonly path: string;
  readonly isNew: boolean;
  /** Locks out other processes on disks without file locks. */
  readonly lock?: LockFile;
}

/**
 * A file that is being downloaded, locked against other processes: a process that downloads the same file waits for the lock
 * and finds the complete file afterwards.
 */
export class PartialFile implements Disposable {
  /** The open file, for reading and writing. */
  readonly file: Deno.FsFile;
  readonly path: string;
  /** Whether the file was created. */
  readonly isNew: boolean;
  readonly #lock: LockFile | undefined;
  /** Whether there may be a record. */
  #isNoted: boolean;

  /** Wraps a file that is open and locked. */
  constructor({ file, path, isNew, lock }: OpenFile) {
    this.file = file;
    this.path = path;
    this.#lock = lock;
    this.isNew = isNew;
    this.#isNoted = !isNew;
  }

  /** Its length in bytes. */
  get size(): number {
    return this.file.statSync().size;
  }

  /** The object that it belongs to; undefined if unknown. */
  async record(): Promise<PartialRecord | undefined> {
    if (!this.#isNoted) return undefined;
    const path = recordPathOf(this.path);
    const size = sizeOf(path);
    return size === undefined || size > MAX_RECORD_LENGTH ? undefined : parseRecord(await Deno.readTextFile(path));
  }

  /**
   * Records which object it belongs to. The record is renamed into place atomically: a truncated record would make the
   * file useless.
   */
  async note(record: PartialRecord): Promise<void> {
    this.#isNoted = true;
    // Removed first, so that nothing is written through a symbolic link.
    await Deno.remove(newRecordPathOf(this.path)).catch(() => {});
    await Deno.writeTextFile(newRecordPathOf(this.path), JSON.stringify(record), { createNew: true });
    await Deno.rename(newRecordPathOf(this.path), recordPathOf(this.path));
  }

  /**
   * Records the missing ranges before the file gets holes. The record must be flushed before the first byte after a
   * hole is written: otherwise the file would count as complete up to its length.
   */
  async noteHoles(record: PartialRecord): Promise<void> {
    await this.file.syncData();
    await this.note(record);
    {
      using file = await Deno.open(recordPathOf(this.path), { write: true });
      await file.sync();
    }
    await syncFolder(dirname(this.path));
  }

  /** The number of bytes that another attempt, or another run, can use. */
  async kept(): Promise<number> {
    const record = await this.record();
    if (record === undefined) return 0;
    return record.missing === null ? this.size : record.size - bytesIn(record.missing);
  }

  /** Empties the file: its bytes are useless. */
  async empty(): Promise<void> {
    await this.#removeRecord();
    if (this.size > 0) await this.file.truncate(0);
  }

  /** Renames the file into place. Its bytes must have been flushed. */
  async rename(finalPath: string): Promise<void> {
    this.#lock?.assertHeld();
    // In this order, a process that is killed in between causes another download, but leaves no orphaned record.
    await this.#removeRecord();
    Deno.renameSync(this.path, finalPath);
  }

  /** Removes the file and its record. */
  async remove(): Promise<void> {
    await this.#removeRecord();
    await Deno.remove(this.path).catch(() => {});
  }

  /** Closes and unlocks it. */
  [Symbol.dispose](): void {
    this.file.close();
    this.#lock?.[Symbol.dispose]();
  }

  /** Removes the record, and an incomplete one left by a killed process. */
  async #removeRecord(): Promise<void> {
    if (!this.#isNoted) return;
    this.#isNoted = false;
    const paths = [recordPathOf(this.path), newRecordPathOf(this.path)];
    await Promise.all(paths.map((path) => Deno.remove(path).catch(() => {})));
  }
}

// Most calls below are synchronous: each takes microseconds, less than a round trip to another thread.

/** The interval at which to check the lock of another process. */
const LOCK_POLL_MS = 200;

/** Creates the file; undefined if the path exists. */
async function create(path: string): Promise<Deno.FsFile | undefined> {
  // Asynchronous, since it may take long: a new directory entry waits for the file system's journal, which may be busy
  // with other files.
  try {
    return await Deno.open(path, { read: true, write: true, createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return undefined;
    throw error;
  }
}

/** Returns information about a path, without following symbolic links; undefined if it does not exist. */
function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch {
    return undefined;
  }
}

/** Opens the existing file; undefined if it has been removed in the meantime. */
function openExisting(path: string): Deno.FsFile | undefined {
  // Bytes written to a symbolic link would end up in its target.
  if (lookAt(path)?.isSymlink) return void Deno.removeSync(path);
  try {
    return Deno.openSync(path, { read: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Tries to lock a file. Some network file systems have no locks (Lustre and NFS, depending on how they are mounted).
 */
function tryLock(file: Deno.FsFile): "locked" | "taken" | "unsupported" {
  try {
    return file.tryLockSync(true) ? "locked" : "taken";
  } catch {
    return "unsupported";
  }
}

/** Waits until no other process has locked the file. @returns The result of the wait. */
async function lock(file: Deno.FsFile, { signal, onWait }: LockWait): Promise<"at once" | "waited" | "unsupported"> {
  for (let waits = 0;; waits++) {
    const state = tryLock(file);
    if (state === "unsupported") return state;
    if (state === "locked") return waits === 0 ? "at once" : "waited";
    if (waits === 0) onWait();
    await delay(LOCK_POLL_MS, signal && { signal });
  }
}

/** Opens a partial file on a disk without file locks. */
async function openWithLockFile(path: string, wait: LockWait): Promise<PartialFile> {
  // Loaded lazily, since it is rarely needed.
  const { LockFile } = await import("./lock_file.ts");
  const lock = await LockFile.take(`${path}.lock`, wait);
  try {
    // The former holder may resume and write to the file that it has open. After this, it is a different file.
    if (lock.isInherited && sizeOf(path) !== undefined) {
      const copy = `${path}.copy`;
      await Deno.remove(copy).catch(() => {});
      await Deno.copyFile(path, copy);
      await Deno.rename(copy, path);
    }
    const file = openExisting(path) ?? Deno.openSync(path, { read: true, write: true, createNew: true });
    return new PartialFile({ file, path, isNew: false, lock });
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** Whether an open file is still the one at its path: the former holder of the lock may have renamed or removed it. */
function isStillThere(file: Deno.FsFile, path: string): boolean {
  const [ours, there] = [file.statSync(), lookAt(path)];
  return there !== undefined && there.ino === ours.ino && there.dev === ours.dev;
}

/** Opens the partial file of a file, creating it if necessary, and waits until no other process has it locked. */
export async function openPartialFile(finalPath: string, wait: LockWait): Promise<PartialFile> {
  const path = partialPathOf(finalPath);
  for (let isFirst = true;; isFirst = false) {
    const created = await create(path);
    const file = created ?? openExisting(path);
    if (file === undefined) continue;
    let locked: Awaited<ReturnType<typeof lock>> | undefined;
    let isKept = false;
    try {
      locked = await lock(file, wait);
      isKept = locked !== "unsupported" && isStillThere(file, path);
      // A former holder may have left a record, and may have completed the file itself.
      if (isKept) {
        return new PartialFile({ file, path, isNew: isFirst && created !== undefined && locked === "at once" });
      }
    } finally {
      if (!isKept) file.close();
    }
    if (locked === "unsupported") return await openWithLockFile(path, wait);
  }
}
