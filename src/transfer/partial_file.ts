// How processes, on one machine or on several, share a folder. Right results depend only on what POSIX and NFS
// guarantee: O_EXCL and rename are atomic, and an open file stays the same file, whatever happens to its path.
//
// - A file has one writer: the process that created it with O_EXCL. Others only read it, and copy what they need.
//   Exception: a file is adopted if it is proven that nobody writes to it. Its writer has released it, or it is on the
//   same mounted disk of the same running kernel, and its lock, which works there, is free.
// - The shared path (`.NAME.part`) tells others that a download is in progress. Any process may take away what is at
//   this path. So its writer renames its file first to a path that only this process uses, then checks that it has moved
//   its own file, and renames that one into place. If its file has been taken away, it completes a copy of it.
// - A record (`.NAME.part.json`) belongs to one inode. It counts bytes only if their MD5 will be checked, if they were
//   flushed before, or if the kernel that has them in memory is still running.
// - Locks and signs of life (the record is rewritten regularly) only avoid that a file is fetched twice. Locks that
//   fail, are granted to everyone, or hold on one machine alone cost a second transfer, never wrong bytes.
//
// takeover.ts has the rest: what to do when another process has a partial file.
import { FileError } from "../errors.ts";
import { flushFile, syncFolder, writeAll } from "../disk.ts";
import { isStrongEtag } from "../http/call.ts";
import { isThere } from "./local_files.ts";
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

/** A record as it is stored. The records of earlier versions have none of these fields. */
export interface StoredRecord extends PartialRecord {
  /** The inode of the partial file; null if the system has none. */
  readonly inode?: number | null;
  /** The running kernel and the mounted disk of its writer, see {@linkcode mountOf}; null if unknown. */
  readonly mount?: string | null;
  /** Whether its writer has stopped writing to it. */
  readonly isReleased?: boolean;
  /** The number of bytes from the start that were flushed before the record was written. */
  readonly flushed?: number;
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

function isOptional(value: unknown, type: "string" | "number"): boolean {
  return value === undefined || value === null || typeof value === type;
}

function isRecord(value: unknown): value is StoredRecord {
  return isObject(value) && isOptional(value.inode, "number") && isOptional(value.mount, "string") &&
    (value.isReleased === undefined || typeof value.isReleased === "boolean") &&
    (value.flushed === undefined || isCount(value.flushed)) && typeof value.archivePath === "string" &&
    isCount(value.size) &&
    typeof value.etag === "string" && isStrongEtag(value.etag) &&
    (value.md5 === null || (typeof value.md5 === "string" && /^[0-9a-f]{32}$/.test(value.md5))) &&
    (value.missing === null || areRanges(value.missing, value.size));
}

/** Parses a record; undefined when the text is anything else. */
export function parseRecord(text: string): StoredRecord | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return isRecord(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the shared path of a file's partial file: hidden, in the same folder. */
export function partialPathOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.part`);
}

/** Returns a path next to a partial file that no other process uses. */
export function ownPathOf(partialPath: string): string {
  return partialPath.replace(/part$/, `${crypto.randomUUID().slice(0, 8)}.part`);
}

/** The names of the partial files at own paths. */
export const OWN_NAME = /^\.(.+)\.[0-9a-f]{8}\.part$/;

/** Returns the path of a partial file's record. */
export function recordPathOf(partialPath: string): string {
  return `${partialPath}.json`;
}

/** A longer file is not a record. */
const MAX_RECORD_LENGTH = 1024 * 1024;

/**
 * Reads the record of an open partial file; undefined if there is none, or if it belongs to another inode. The record
 * is opened each time: only then does NFS show what another machine has written (close-to-open consistency).
 */
export function readRecord(partialPath: string, { ino }: Deno.FileInfo): StoredRecord | undefined {
  let text: string;
  try {
    using file = Deno.openSync(recordPathOf(partialPath), { read: true });
    const bytes = new Uint8Array(Math.min(file.statSync().size, MAX_RECORD_LENGTH));
    text = new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0));
  } catch {
    return undefined;
  }
  const record = parseRecord(text);
  return record?.inode === undefined || record.inode === ino ? record : undefined;
}

/** Creates a file; undefined if the path exists. */
export async function createFile(path: string): Promise<Deno.FsFile | undefined> {
  // Asynchronous, since it may take long: a new directory entry waits for the file system's journal, which may be busy
  // with other files.
  try {
    return await Deno.open(path, { read: true, write: true, createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return undefined;
    throw error;
  }
}

/** Whether information about an open file and about a path is about the same file. */
function isSameFile(one: Deno.FileInfo, other: Deno.FileInfo): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

/** Whether an open file is the one at a path. */
export function isAt(file: Deno.FsFile, path: string): boolean {
  try {
    return isSameFile(file.statSync(), Deno.lstatSync(path));
  } catch {
    return false;
  }
}

/**
 * Whether an open file to which nobody writes is the one at a path. Its size and its time are compared, too: a server
 * may use the inode of a file again that was removed on another machine.
 */
function isUnchangedAt(file: Deno.FsFile, path: string): boolean {
  const [ours, there] = [file.statSync(), Deno.lstatSync(path)];
  return isSameFile(ours, there) && ours.size === there.size && ours.mtime?.getTime() === there.mtime?.getTime();
}

/** The state of a lock. Some network file systems have none (Lustre and NFS, depending on how they are mounted). */
export type LockState = "locked" | "taken" | "unsupported";

/** Tries to lock a file. The lock is only a hint for other processes. */
export function tryLock(file: Deno.FsFile): LockState {
  try {
    return file.tryLockSync(true) ? "locked" : "taken";
  } catch {
    return "unsupported";
  }
}

/** Identifies the running kernel; undefined if unknown, as without permission to read it. */
function bootId(): string | undefined {
  const path = "/proc/sys/kernel/random/boot_id";
  try {
    if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
    return Deno.readTextFileSync(path).trim();
  } catch {
    return undefined;
  }
}

let boot: string | undefined | null = null;

/**
 * Identifies the running kernel and a mounted disk; null if unknown. Within it, a process sees the bytes that another
 * one has written even if they were not flushed, and locks hold if they work at all.
 */
export function mountOf(dev: number): string | null {
  if (boot === null) boot = bootId();
  return boot === undefined ? null : `${boot}/${dev}`;
}

/** Moves a file to a path that is free. @returns Whether it was free. */
export function moveIfFree(from: string, to: string): boolean {
  try {
    // Unlike a rename, a link never replaces a file.
    Deno.linkSync(from, to);
    Deno.removeSync(from);
    return true;
  } catch (error) {
    // Some disks have no hard links. A file that is replaced is completed by its writer.
    if (error instanceof Deno.errors.AlreadyExists || isThere(to)) return false;
    Deno.renameSync(from, to);
    return true;
  }
}

/**
 * Moves a file away from the shared path.
 *
 * @param file The open file that is expected there.
 * @returns Its new path; undefined if another file is there, or none.
 */
export function moveAway(sharedPath: string, file: Deno.FsFile): string | undefined {
  const path = ownPathOf(sharedPath);
  try {
    Deno.renameSync(sharedPath, path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  if (isUnchangedAt(file, path)) return path;
  // It belongs to a process that has taken the path over.
  if (!moveIfFree(path, sharedPath)) Deno.removeSync(path);
  return undefined;
}

/** Moves the record of a partial file, if it has one. */
export function moveRecord(from: string, to: string): void {
  try {
    Deno.renameSync(recordPathOf(from), recordPathOf(to));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Removes the record of a partial file, and an incomplete one left by a killed process. */
export async function removeRecord(partialPath: string): Promise<void> {
  const path = recordPathOf(partialPath);
  await Promise.all([path, `${path}.new`].map((path) => Deno.remove(path).catch(() => {})));
}

/** Copies bytes from the start of an open file to the position of another one. @returns The number of bytes copied. */
export async function copyStart(from: Deno.FsFile, to: Deno.FsFile, length: number): Promise<number> {
  from.seekSync(0, Deno.SeekMode.Start);
  const block = new Uint8Array(1024 * 1024);
  for (let copied = 0;;) {
    const count = await from.read(block.subarray(0, Math.min(block.length, length - copied)));
    if (count === null || copied === length) return copied;
    await writeAll(to, block.subarray(0, count));
    copied += count;
  }
}

/** The interval at which the record of a partial file is written again: a sign of life. */
const BEAT_MS = 3_000;

/** What a partial file is made of. */
interface OpenFile {
  /** The open file; no other process writes to it. */
  readonly file: Deno.FsFile;
  readonly path: string;
  /** Whether the file was created, and no other process was waited for. */
  readonly isNew: boolean;
  /** What is known about its bytes; undefined if they are useless. */
  readonly record?: StoredRecord | undefined;
}

/** A file that is being downloaded. Only this process writes to it. */
export class PartialFile implements Disposable {
  /** The open file, for reading and writing. */
  readonly file: Deno.FsFile;
  readonly isNew: boolean;
  /** Where others look for it. */
  readonly #sharedPath: string;
  #path: string;
  #record: StoredRecord | undefined;
  /** Whether there may be a record on disk. */
  #isNoted = false;
  #writing: Promise<void> | undefined;
  #beats: ReturnType<typeof setInterval> | undefined;
  #isUnflushable = false;

  /** @param sharedPath Where others look for it; it may be at another path. */
  constructor(sharedPath: string, { file, path, isNew, record }: OpenFile) {
    this.file = file;
    this.isNew = isNew;
    this.#sharedPath = sharedPath;
    this.#path = path;
    this.#record = record;
    this.#isNoted = !isNew;
  }

  /** Its path. */
  get path(): string {
    return this.#path;
  }

  /** Its length in bytes. */
  get size(): number {
    return this.file.statSync().size;
  }

  /** The object that it belongs to; undefined if unknown. */
  get record(): PartialRecord | undefined {
    return this.#record;
  }

  /** Whether the disk turned out not to support flushing. */
  get isUnflushable(): boolean {
    return this.#isUnflushable;
  }

  /** Whether another process has taken it away. It still exists as long as it is open. */
  get isLost(): boolean {
    return !isAt(this.file, this.#path);
  }

  /** Opens it once more. @throws {FileError} When another process has taken it away. */
  openAgain(options: Deno.OpenOptions): Deno.FsFile {
    const file = Deno.openSync(this.#path, options);
    if (isSameFile(this.file.statSync(), file.statSync())) return file;
    file.close();
    const state = "another process has taken it over; try again";
    throw new FileError(`Cannot continue with "${this.#path}": ${state}`, { path: this.#path, retryable: true });
  }

  /** Flushes its bytes, if the disk supports that. */
  async flush(): Promise<void> {
    if (!await flushFile(this.file)) this.#isUnflushable = true;
  }

  /** Records which object it belongs to. From then on, the record is rewritten regularly. */
  async note(record: PartialRecord): Promise<void> {
    const { ino, dev } = this.file.statSync();
    // The ranges are noted after a flush.
    const flushed = record.missing === null || this.#isUnflushable ? this.#record?.flushed ?? 0 : record.size;
    this.#record = { ...record, inode: ino, mount: mountOf(dev), isReleased: false, flushed };
    this.#isNoted = true;
    this.#beats ??= setInterval(() => this.#beat().catch(() => {}), BEAT_MS);
    await this.#write();
  }

  /**
   * Records the missing ranges before the file gets holes. The record must be flushed before the first byte after a
   * hole is written: otherwise the file would count as complete up to its length.
   */
  async noteHoles(record: PartialRecord): Promise<void> {
    await this.flush();
    await this.note(record);
    {
      using file = await Deno.open(recordPathOf(this.#path), { write: true });
      await flushFile(file);
    }
    await syncFolder(dirname(this.#path));
  }

  /** The number of bytes that another attempt, or another run, can use. */
  get kept(): number {
    const record = this.#record;
    if (record === undefined) return 0;
    return record.missing === null ? this.size : record.size - bytesIn(record.missing);
  }

  /** Empties the file: its bytes are useless. */
  async empty(): Promise<void> {
    await this.#forget();
    if (this.size > 0) await this.file.truncate(0);
  }

  /** Renames the file into place. Its bytes must have been flushed. */
  async rename(finalPath: string): Promise<void> {
    // In this order, a process that is killed in between causes another download, but leaves no orphaned record.
    await this.#forget();
    if (this.#path === this.#sharedPath) this.#path = moveAway(this.#path, this.file) ?? await this.#copy();
    for (;;) {
      try {
        return Deno.renameSync(this.#path, finalPath);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
      // Another process has removed it, since it saw no sign of life.
      this.#path = await this.#copy();
    }
  }

  /** Moves it to the shared path, where other processes and the next run look for it. @returns Whether it is there. */
  share(): boolean {
    if (this.#path === this.#sharedPath) return !this.isLost;
    if (!moveIfFree(this.#path, this.#sharedPath)) return false;
    moveRecord(this.#path, this.#sharedPath);
    this.#path = this.#sharedPath;
    return true;
  }

  /** Leaves it to the next run if that can use its bytes, and removes it otherwise. */
  async release(): Promise<void> {
    if (this.kept === 0 || !this.share()) return await this.remove();
    this.#stopBeats();
    if (this.#record !== undefined) this.#record = { ...this.#record, isReleased: true };
    await this.#write();
  }

  /** Removes the file and its record. */
  async remove(): Promise<void> {
    await this.#forget();
    if (!this.isLost) await Deno.remove(this.#path).catch(() => {});
  }

  /** Closes and unlocks it. */
  [Symbol.dispose](): void {
    this.#stopBeats();
    this.file.close();
  }

  #stopBeats(): void {
    clearInterval(this.#beats);
    this.#beats = undefined;
  }

  /** Shows that this process is alive, and records the bytes received so far. */
  async #beat(): Promise<void> {
    const { size } = this;
    if (this.#record?.missing === null && this.#record.md5 === null) {
      await this.flush();
      if (this.#record !== undefined && !this.#isUnflushable) this.#record = { ...this.#record, flushed: size };
    }
    await this.#write();
  }

  /** Writes the record, one time after another. */
  async #write(): Promise<void> {
    const write = (this.#writing ?? Promise.resolve()).then(() => this.#writeNow());
    this.#writing = write.catch(() => {});
    await write;
  }

  /** The record is renamed into place atomically: a truncated record would make the file useless. */
  async #writeNow(): Promise<void> {
    // Another process that has taken the path over has its own record there.
    if (this.#record === undefined || this.isLost) return;
    const path = recordPathOf(this.#path);
    // Removed first, so that nothing is written through a symbolic link.
    await Deno.remove(`${path}.new`).catch(() => {});
    await Deno.writeTextFile(`${path}.new`, JSON.stringify(this.#record), { createNew: true });
    await Deno.rename(`${path}.new`, path);
  }

  /** Removes the record. */
  async #forget(): Promise<void> {
    this.#record = undefined;
    if (!this.#isNoted) return;
    this.#stopBeats();
    this.#isNoted = false;
    await this.#writing;
    if (!this.isLost) await removeRecord(this.#path);
  }

  /** Copies its bytes to an own path. @returns That path. */
  async #copy(): Promise<string> {
    const path = ownPathOf(this.#sharedPath);
    using copy = await Deno.open(path, { write: true, createNew: true });
    tryLock(copy);
    await copyStart(this.file, copy, this.size);
    await flushFile(copy);
    return path;
  }
}

/** Creates the partial file of a file; undefined if there is one already, see {@linkcode takeOver} in takeover.ts. */
export async function createPartialFile(finalPath: string): Promise<PartialFile | undefined> {
  const path = partialPathOf(finalPath);
  const file = await createFile(path);
  if (file === undefined) return undefined;
  // A process that has just found the file may have locked it.
  if (tryLock(file) !== "taken") return new PartialFile(path, { file, path, isNew: true });
  file.close();
  return undefined;
}
