import { syncFolder } from "../disk.ts";
import { ImapError } from "../errors.ts";
import type { LockFile } from "./lock_file.ts";
import { delay } from "@std/async";
import { basename, dirname, join } from "@std/path";

/** Some bytes of an object that follow one another. */
export interface ByteRange {
  readonly first: number;
  /** Inclusive, as in HTTP (RFC 9110, 14.1.2). */
  readonly last: number;
}

/** How many bytes ranges hold that do not overlap. */
export function bytesIn(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/** Cuts ranges into such of `length` bytes at most. */
export function cutRanges(ranges: readonly ByteRange[], length: number): ByteRange[] {
  return ranges.flatMap(({ first, last }) =>
    Array.from({ length: Math.ceil((last - first + 1) / length) }, (_, index) => {
      const begin = first + index * length;
      return { first: begin, last: Math.min(last, begin + length - 1) };
    })
  );
}

/** The same bytes in as few ranges as there can be, in order. */
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
 * What a part file belongs to, kept beside it. A part without a readable record is of no use: nobody knows which bytes
 * it holds.
 */
export interface PartRecord {
  /** The object's full path in the archive. */
  readonly archivePath: string;
  /** The size of the whole object, in bytes. */
  readonly size: number;
  /** The object's ETag, with its quotes: what its bytes are as long as this stays. */
  readonly etag: string;
  /** Whether the object's headers say that the ETag is the MD5 of its bytes, and so what that is; hex or null. */
  readonly md5: string | null;
  /** Set once the object came over several connections: which bytes are not there, since the part's length no longer tells. */
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

/** Whether these are ranges of an object of that size, in order, with something between any two. */
function areRanges(value: unknown, size: number): value is ByteRange[] {
  return Array.isArray(value) && value.every(isRange) && value.every(({ last }) => last < size) &&
    joinRanges(value).every(({ first }, index) => first === value[index]?.first) &&
    joinRanges(value).length === value.length;
}

function isPartRecord(value: unknown): value is PartRecord {
  return isObject(value) && typeof value.archivePath === "string" && isCount(value.size) &&
    typeof value.etag === "string" && isStrongEtag(value.etag) &&
    (value.md5 === null || (typeof value.md5 === "string" && /^[0-9a-f]{32}$/.test(value.md5))) &&
    (value.missing === null || areRanges(value.missing, value.size));
}

/** Whether an ETag promises the same bytes: weak ones do not (RFC 9110, 8.8.1). */
export function isStrongEtag(etag: string): boolean {
  return /^"[\x21\x23-\x7e]*"$/.test(etag);
}

/** Reads a record; undefined when the text is none, whatever else it may be. */
export function parsePartRecord(text: string): PartRecord | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return isPartRecord(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Where the part of a file is: hidden, beside the place of the whole. */
export function partPathOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.part`);
}

/** Where the record of a part is. */
function recordPathOf(partPath: string): string {
  return `${partPath}.json`;
}

/** Where a record is while it is being written. */
function newRecordPathOf(partPath: string): string {
  return `${recordPathOf(partPath)}.new`;
}

/** The size of a file; undefined when there is none. @throws {ImapError} When something else is in its place. */
export function sizeOf(path: string): number | undefined {
  try {
    const { isFile, size } = Deno.statSync(path);
    if (!isFile) throw new ImapError(`Cannot use "${path}": it is no file; take it out of the way`);
    return size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A record is short; a longer file is none. */
const LONGEST_RECORD = 1024 * 1024;

/** What a part is made from. */
interface OpenPart {
  readonly file: Deno.FsFile;
  readonly path: string;
  readonly isNew: boolean;
  /** What keeps others away where the disk's own locks do not. */
  readonly lock?: LockFile;
}

/**
 * The part of a file on its way, locked against other processes: whoever fetches the same file waits for the lock and
 * finds the file there afterwards.
 */
export class PartFile implements Disposable {
  /** The open file, for reading and writing. */
  readonly file: Deno.FsFile;
  readonly path: string;
  /** Whether nothing was there before. */
  readonly isNew: boolean;
  readonly #lock: LockFile | undefined;
  /** Whether there may be a record. */
  #isNoted: boolean;

  /** Takes a file that is open and locked. */
  constructor({ file, path, isNew, lock }: OpenPart) {
    this.file = file;
    this.path = path;
    this.#lock = lock;
    this.isNew = isNew;
    this.#isNoted = !isNew;
  }

  /** How many bytes it is long. */
  get size(): number {
    return this.file.statSync().size;
  }

  /** What the part belongs to; undefined when that is not known. */
  async record(): Promise<PartRecord | undefined> {
    if (!this.#isNoted) return undefined;
    const path = recordPathOf(this.path);
    const size = sizeOf(path);
    return size === undefined || size > LONGEST_RECORD ? undefined : parsePartRecord(await Deno.readTextFile(path));
  }

  /** Notes what the part belongs to. In one step: a record that is cut short would cost the part. */
  async note(record: PartRecord): Promise<void> {
    this.#isNoted = true;
    // Never through a link that somebody put there: that would write to where it leads.
    await Deno.remove(newRecordPathOf(this.path)).catch(() => {});
    await Deno.writeTextFile(newRecordPathOf(this.path), JSON.stringify(record), { createNew: true });
    await Deno.rename(newRecordPathOf(this.path), recordPathOf(this.path));
  }

  /**
   * Notes that the part is about to have holes. This must be on the disk before the first byte behind a hole is: a part
   * with holes and a record that knows of none would be taken for whole up to its length.
   */
  async noteHoles(record: PartRecord): Promise<void> {
    await this.file.syncData();
    await this.note(record);
    {
      using file = await Deno.open(recordPathOf(this.path), { write: true });
      await file.sync();
    }
    await syncFolder(dirname(this.path));
  }

  /** How many bytes of the object are there that another try, or another run, can use. */
  async kept(): Promise<number> {
    const record = await this.record();
    if (record === undefined) return 0;
    return record.missing === null ? this.size : record.size - bytesIn(record.missing);
  }

  /** Empties the part: its bytes are of no use. */
  async empty(): Promise<void> {
    await this.#removeRecord();
    if (this.size > 0) await this.file.truncate(0);
  }

  /** Gives the part its final name. Its bytes must be on the disk. */
  async rename(finalPath: string): Promise<void> {
    this.#lock?.assertHeld();
    // In this order a kill in between costs one more download, but leaves no record that nobody would take away.
    await this.#removeRecord();
    Deno.renameSync(this.path, finalPath);
  }

  /** Removes part and record. */
  async remove(): Promise<void> {
    await this.#removeRecord();
    await Deno.remove(this.path).catch(() => {});
  }

  /** Lets others have it. */
  [Symbol.dispose](): void {
    this.file.close();
    this.#lock?.[Symbol.dispose]();
  }

  /** Removes the record, and what a process left that was killed while it wrote one. */
  async #removeRecord(): Promise<void> {
    if (!this.#isNoted) return;
    this.#isNoted = false;
    const paths = [recordPathOf(this.path), newRecordPathOf(this.path)];
    await Promise.all(paths.map((path) => Deno.remove(path).catch(() => {})));
  }
}

// The calls here do not go through another thread: each takes microseconds, and the way to a thread and back takes more.

/** How long to wait before another process's lock is looked at again. */
const LOCK_POLL_MS = 200;

/** How to wait for a part that another process has. */
export interface LockWait {
  readonly signal: AbortSignal | undefined;
  /** Told once, when the wait begins. */
  readonly onWait: () => void;
  /** On disks without locks: after how long without a sign a process counts as gone, in milliseconds. */
  readonly staleMs?: number;
}

/** Makes the part; undefined when something is there already. */
async function createPart(path: string): Promise<Deno.FsFile | undefined> {
  // This one may take long: a new name waits for the disk's journal, which others' bytes are on their way to.
  try {
    return await Deno.open(path, { read: true, write: true, createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return undefined;
    throw error;
  }
}

/** What stands under a path, without following a link; undefined when nothing does. */
function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch {
    return undefined;
  }
}

/** Opens the part that is there; undefined when it went away meanwhile. */
function openExisting(path: string): Deno.FsFile | undefined {
  // Bytes written to a link would go where it leads.
  if (lookAt(path)?.isSymlink) return void Deno.removeSync(path);
  try {
    return Deno.openSync(path, { read: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Tries to lock a file. Some network disks know no locks (Lustre and NFS, as they are mounted here and there). */
function tryLock(file: Deno.FsFile): "locked" | "taken" | "unsupported" {
  try {
    return file.tryLockSync(true) ? "locked" : "taken";
  } catch {
    return "unsupported";
  }
}

/** Waits until no other process has the file. @returns How that ended. */
async function lock(file: Deno.FsFile, { signal, onWait }: LockWait): Promise<"at once" | "waited" | "unsupported"> {
  for (let waits = 0;; waits++) {
    const state = tryLock(file);
    if (state === "unsupported") return state;
    if (state === "locked") return waits === 0 ? "at once" : "waited";
    if (waits === 0) onWait();
    await delay(LOCK_POLL_MS, signal && { signal });
  }
}

/** Opens a part on a disk without locks. */
async function openWithLockFile(path: string, wait: LockWait): Promise<PartFile> {
  // Loaded where it is needed, which is seldom.
  const { LockFile } = await import("./lock_file.ts");
  const lock = await LockFile.take(`${path}.lock`, wait);
  try {
    // Who held the lock may wake up and write to what it has open: that is another file from here on.
    if (lock.isInherited && sizeOf(path) !== undefined) {
      const copy = `${path}.copy`;
      await Deno.remove(copy).catch(() => {});
      await Deno.copyFile(path, copy);
      await Deno.rename(copy, path);
    }
    const file = openExisting(path) ?? Deno.openSync(path, { read: true, write: true, createNew: true });
    return new PartFile({ file, path, isNew: false, lock });
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** Whether a file is what stands under its path: who had the lock may have renamed or removed it. */
function isStillThere(file: Deno.FsFile, path: string): boolean {
  const [ours, there] = [file.statSync(), lookAt(path)];
  return there !== undefined && there.ino === ours.ino && there.dev === ours.dev;
}

/** Opens the part of a file, which is made when it is not there, and waits until no other process has it. */
export async function openPart(finalPath: string, wait: LockWait): Promise<PartFile> {
  const path = partPathOf(finalPath);
  for (let isFirst = true;; isFirst = false) {
    const made = await createPart(path);
    const file = made ?? openExisting(path);
    if (file === undefined) continue;
    let locked: Awaited<ReturnType<typeof lock>> | undefined;
    let isKept = false;
    try {
      locked = await lock(file, wait);
      isKept = locked !== "unsupported" && isStillThere(file, path);
      // Whoever had it before may have left a record, and may have brought the file itself.
      if (isKept) return new PartFile({ file, path, isNew: isFirst && made !== undefined && locked === "at once" });
    } finally {
      if (!isKept) file.close();
    }
    if (locked === "unsupported") return await openWithLockFile(path, wait);
  }
}
