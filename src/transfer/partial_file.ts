// How processes, on one machine or on several, share a folder. Right results depend only on what POSIX and NFS
// guarantee: O_EXCL and rename are atomic. They depend neither on locks nor on inodes, which some disks make up (FUSE).
//
// - The bytes are in a file at its own path (`.NAME.ID.part`), which its process creates with O_EXCL. Nobody else writes
//   to it, or puts another file at its path. So what is renamed into place is what this process has verified.
//   The file of a process that has ended is copied. It is adopted only with proof that nobody writes to it: its ID says
//   that it is on the same mounted disk of the same running kernel, and its lock, which works there, is free.
// - A hard link to it at the shared path (`.NAME.part`) tells others that a download is in progress, and a record
//   (`.NAME.part.json`) which bytes it has. Others may replace both: whoever loses them only cannot be resumed.
// - The record counts bytes only if their MD5 will be checked, if they were flushed before, or if the kernel that has
//   them in memory is still running.
// - Locks and signs of life (the record is rewritten regularly) only avoid that a file is fetched twice. Locks that
//   fail, are granted to everyone, or hold only on one machine cost a second transfer, never wrong bytes.
//
// takeover.ts has the rest: what to do when another process has a partial file.
import { flushFile, syncFolder, writeAll } from "../disk.ts";
import { isStrongEtag } from "../http/call.ts";
import { startInterval } from "../http/transport.ts";
import { bareName } from "../names/file_name.ts";
import { basename, dirname } from "@std/path";

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
  /** The name of the partial file at its own path. */
  readonly own?: string;
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

function isRecord(value: unknown): value is StoredRecord {
  return isObject(value) && (value.own === undefined || (typeof value.own === "string" && OWN_NAME.test(value.own))) &&
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
  const name = bareName(path);
  return `${path.slice(0, path.length - name.length)}.${name}.part`;
}

/** The names of partial files at a process's own path: the name of the file, a mount, and random digits. */
const OWN_NAME = /^\.([^/\\]+)\.([0-9a-f]{8})[0-9a-f]{8}\.part$/;

/** Returns the name of the file that a partial file at its own path belongs to; undefined for other names. */
export function nameOfOwn(name: string): string | undefined {
  return OWN_NAME.exec(name)?.[1];
}

/** Returns a path next to a shared path that no other process uses. */
export function ownPathOf(sharedPath: string): string {
  const folder = sharedPath.slice(0, -bareName(sharedPath).length);
  const id = `${mountOf(folder || ".") ?? UNKNOWN_MOUNT}${crypto.randomUUID().slice(0, 8)}`;
  return `${sharedPath.slice(0, -"part".length)}${id}.part`;
}

/** Whether a partial file at its own path was written on this mount: see {@linkcode mountOf}. */
export function isOfThisMount(ownPath: string): boolean {
  const mount = mountOf(dirname(ownPath));
  return mount !== undefined && OWN_NAME.exec(basename(ownPath))?.[2] === mount;
}

/** Returns the path of a partial file's record. */
export function recordPathOf(sharedPath: string): string {
  return `${sharedPath}.json`;
}

/** A longer file is not a record. */
const MAX_RECORD_LENGTH = 1024 * 1024;

/**
 * Reads a record; undefined if there is none. It is opened each time: only then does NFS show what another machine has
 * written (close-to-open consistency).
 */
export function readRecord(sharedPath: string): StoredRecord | undefined {
  try {
    using file = Deno.openSync(recordPathOf(sharedPath), { read: true });
    const bytes = new Uint8Array(Math.min(file.statSync().size, MAX_RECORD_LENGTH));
    return parseRecord(new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0)));
  } catch {
    return undefined;
  }
}

/** Removes a record, and an incomplete one left by an earlier version. */
export async function removeRecord(sharedPath: string): Promise<void> {
  const path = recordPathOf(sharedPath);
  await Promise.all([path, `${path}.new`].map((path) => Deno.remove(path).catch(() => {})));
}

/** Whether an open file is the one at a path; always false on disks that make up inodes for each path. */
export function isAt(file: Deno.FsFile, path: string): boolean {
  try {
    const [ours, there] = [file.statSync(), Deno.lstatSync(path)];
    return ours.ino === there.ino && ours.dev === there.dev;
  } catch {
    return false;
  }
}

/** The state of a lock. Some network file systems have none (Lustre and NFS, depending on how they are mounted). */
export type LockState = "locked" | "taken" | "unsupported";

/** Tries to lock a file. */
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

const UNKNOWN_MOUNT = "00000000";
const mounts = new Map<string, string | undefined>();

/**
 * Identifies the running kernel and the mounted disk of a folder, in eight hexadecimal digits; undefined if unknown.
 * Within it, a process sees the bytes that another one has written even if they were not flushed, and locks hold if they
 * work at all.
 */
function mountOf(folder: string): string | undefined {
  if (!mounts.has(folder)) {
    const boot = bootId();
    mounts.set(folder, boot === undefined ? undefined : hashOf(`${boot}/${Deno.statSync(folder).dev}`));
  }
  return mounts.get(folder);
}

/** A hash of 32 bits (FNV-1a). */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** Copies bytes from the start of an open file to the position of another one. @returns The number of bytes copied. */
export async function copyStart(from: Deno.FsFile, to: Deno.FsFile, length: number): Promise<number> {
  from.seekSync(0, Deno.SeekMode.Start);
  const block = new Uint8Array(1024 * 1024);
  for (let copied = 0;;) {
    const count = copied === length
      ? null
      : await from.read(block.subarray(0, Math.min(block.length, length - copied)));
    if (count === null) return copied;
    await writeAll(to, block.subarray(0, count));
    copied += count;
  }
}

/** The interval at which a record is written again: a sign of life. */
const BEAT_MS = 3_000;

/** The parts that a partial file object is created from. */
interface OpenFile {
  /** The open file; no other process writes to it. */
  readonly file: Deno.FsFile;
  /** Its own path. */
  readonly path: string;
  /** Whether the file was created, and no other process was waited for. */
  readonly isNew: boolean;
  /** Whether nothing has been written to it. Default: false. */
  readonly isBlank?: boolean;
  /** What is known about its bytes; undefined if they are useless. */
  readonly record?: StoredRecord | undefined;
}

/** A file that is being downloaded. Only this process writes to it. */
export class PartialFile implements Disposable {
  readonly isNew: boolean;
  readonly #file: Deno.FsFile;
  /** Where others look for it. */
  readonly #sharedPath: string;
  #path: string;
  #record: StoredRecord | undefined;
  /** Whether others find it at the shared path, unless they have replaced it. */
  #isClaimed = false;
  /** The name of the file that this one has replaced. */
  #replaced: string | undefined;
  /** Open for its lock, on disks without hard links. */
  #claim: Deno.FsFile | undefined;
  /** Whether there may be a record on disk. */
  #isNoted: boolean;
  #writing: Promise<void> | undefined;
  #stopBeating: (() => void) | undefined;
  #isUnflushable = false;
  /** Whether nobody has written to it since it was created: its length need not be looked up. */
  #isBlank: boolean;

  /** @param sharedPath Where others look for it. */
  constructor(sharedPath: string, { file, path, isNew, isBlank = false, record }: OpenFile) {
    this.#file = file;
    this.isNew = isNew;
    this.#sharedPath = sharedPath;
    this.#path = path;
    this.#record = record;
    this.#isNoted = !isNew;
    this.#isBlank = isBlank;
  }

  /** The open file, for reading and writing. */
  get file(): Deno.FsFile {
    this.#isBlank = false;
    return this.#file;
  }

  /** Whether it was created, and there is nothing in it. */
  get isBlank(): boolean {
    return this.#isBlank && !this.#isNoted;
  }

  /** Its own path. */
  get path(): string {
    return this.#path;
  }

  /** Its length in bytes. */
  get size(): number {
    return this.#isBlank ? 0 : this.#file.statSync().size;
  }

  /** The object that it belongs to; undefined if unknown. */
  get record(): PartialRecord | undefined {
    return this.#record;
  }

  /** Whether the disk turned out not to support flushing. */
  get isUnflushable(): boolean {
    return this.#isUnflushable;
  }

  /** The number of bytes that another attempt, or another run, can use. */
  get kept(): number {
    const record = this.#record;
    if (record === undefined) return 0;
    return record.missing === null ? this.size : record.size - bytesIn(record.missing);
  }

  /** Lets others find it at the shared path. @returns Whether nothing was there. */
  claim(): boolean {
    try {
      Deno.linkSync(this.#path, this.#sharedPath);
      return this.#isClaimed = true;
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return false;
    }
    // Some disks have no hard links.
    try {
      this.#claim = Deno.openSync(this.#sharedPath, { read: true, write: true, createNew: true });
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return false;
      throw error;
    }
    tryLock(this.#claim);
    return this.#isClaimed = true;
  }

  /**
   * Replaces what another process has at the shared path.
   *
   * @param replaced The name of its file in its record.
   * @throws {Deno.errors.PermissionDenied} In a folder with the sticky bit, if it belongs to another user.
   */
  replaceClaim(replaced: string | undefined): void {
    this.#replaced = replaced;
    const path = ownPathOf(this.#sharedPath);
    try {
      Deno.linkSync(this.#path, path);
    } catch {
      Deno.removeSync(this.#sharedPath);
      this.claim();
      return;
    }
    try {
      Deno.renameSync(path, this.#sharedPath);
    } catch (error) {
      Deno.removeSync(path);
      throw error;
    }
    this.#isClaimed = true;
  }

  /** Takes over what is at the shared path. @param replaced The name of the file in its record. */
  inheritClaim(replaced: string | undefined): void {
    this.#replaced = replaced;
    this.#isClaimed = true;
  }

  /** Moves the position of the open file to its end. @returns That position. */
  seekEnd(): number {
    return this.#isBlank ? 0 : this.#file.seekSync(0, Deno.SeekMode.End);
  }

  /** Flushes its bytes, if the disk supports that. */
  async flush(): Promise<void> {
    if (!await flushFile(this.#file)) this.#isUnflushable = true;
  }

  /** Records which object it belongs to. From then on, the record is rewritten regularly. */
  async note(record: PartialRecord): Promise<void> {
    // The ranges are recorded after a flush.
    const flushed = record.missing === null || this.#isUnflushable ? this.#record?.flushed ?? 0 : record.size;
    const own = basename(this.#path);
    this.#record = { ...record, own, isReleased: false, flushed };
    this.#isNoted = true;
    this.#stopBeating ??= startInterval(BEAT_MS, () => this.#beat().catch(() => {}));
    await this.#write();
  }

  /**
   * Records the missing ranges before the file gets holes. The record must be flushed before the first byte after a
   * hole is written: otherwise the file would count as complete up to its length.
   */
  async noteHoles(record: PartialRecord): Promise<void> {
    await this.flush();
    await this.note(record);
    if (!this.#isClaimed) return;
    {
      using file = await Deno.open(recordPathOf(this.#sharedPath), { write: true });
      await flushFile(file);
    }
    await syncFolder(dirname(this.#path));
  }

  /** Empties the file: its bytes are useless. */
  async empty(): Promise<void> {
    await this.#forget();
    if (this.size > 0) await this.#file.truncate(0);
  }

  /** Renames the file into place. Its bytes must have been flushed. */
  async rename(finalPath: string): Promise<void> {
    // In this order, a process that is killed in between causes another download, but leaves no orphaned record, and
    // nothing at the shared path that is the complete file.
    if (this.#isNoted) await this.#forget();
    this.#removeClaim();
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

  /** Keeps it if the next run can use its bytes, and removes it otherwise. */
  async release(): Promise<void> {
    if (this.kept === 0 || !this.#isClaimed || this.#isReplaced()) return await this.remove();
    this.#stopBeats();
    if (this.#record !== undefined) this.#record = { ...this.#record, isReleased: true };
    try {
      await this.#write();
    } catch (error) {
      // Without a record, as on a full disk, the bytes are useless.
      if (readRecord(this.#sharedPath) === undefined) return await this.remove();
      throw error;
    }
    // The next run looks at the shared path.
    if (isAt(this.#file, this.#sharedPath)) await Deno.remove(this.#path);
  }

  /** Removes the file and its record. */
  async remove(): Promise<void> {
    await this.#forget();
    this.#removeClaim();
    await Deno.remove(this.#path).catch(() => {});
  }

  /** Closes and unlocks it. */
  [Symbol.dispose](): void {
    this.#stopBeats();
    this.#claim?.close();
    this.#file.close();
  }

  #stopBeats(): void {
    this.#stopBeating?.();
    this.#stopBeating = undefined;
  }

  /** Whether another process has replaced its record, since it saw no sign of life. */
  #isReplaced(): boolean {
    const own = readRecord(this.#sharedPath)?.own;
    return own !== undefined && own !== basename(this.#path) && own !== this.#replaced;
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
    if (this.#record === undefined || !this.#isClaimed || this.#isReplaced()) return;
    const path = recordPathOf(this.#path);
    try {
      await Deno.writeTextFile(path, JSON.stringify(this.#record), { createNew: true });
      await Deno.rename(path, recordPathOf(this.#sharedPath));
    } catch (error) {
      await Deno.remove(path).catch(() => {});
      throw error;
    }
    this.#replaced = undefined;
  }

  /** Removes the record. */
  async #forget(): Promise<void> {
    this.#record = undefined;
    if (!this.#isNoted) return;
    this.#stopBeats();
    this.#isNoted = false;
    await this.#writing;
    if (!this.#isClaimed) return;
    if (this.#isReplaced()) this.#isClaimed = false;
    else await removeRecord(this.#sharedPath);
  }

  #removeClaim(): void {
    if (!this.#isClaimed) return;
    this.#isClaimed = false;
    try {
      Deno.removeSync(this.#sharedPath);
    } catch {
      // Another process has removed it.
    }
  }

  /** Copies its bytes to another own path. @returns That path. */
  async #copy(): Promise<string> {
    const path = ownPathOf(this.#sharedPath);
    using copy = await Deno.open(path, { write: true, createNew: true });
    tryLock(copy);
    await copyStart(this.#file, copy, this.size);
    await flushFile(copy);
    return path;
  }
}

/** Creates a file at its own path. */
export function createOwnFile(sharedPath: string, { isNew = false } = {}): PartialFile {
  const path = ownPathOf(sharedPath);
  const file = Deno.openSync(path, { read: true, write: true, createNew: true });
  // Locked before others can find it.
  tryLock(file);
  return new PartialFile(sharedPath, { file, path, isNew, isBlank: true });
}

/**
 * Creates the partial file of a file; undefined if another process has one, see `takeOver` in takeover.ts.
 *
 * @param options `isNew`: whether no other process was waited for.
 */
export async function createPartialFile(
  finalPath: string,
  options: { readonly isNew: boolean } = { isNew: true },
): Promise<PartialFile | undefined> {
  const created = createOwnFile(partialPathOf(finalPath), options);
  try {
    if (created.claim()) return created;
  } catch (error) {
    using _ = created;
    await created.remove();
    throw error;
  }
  using _ = created;
  await created.remove();
  return undefined;
}
