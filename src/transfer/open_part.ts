import { delay } from "@std/async";
import { PartFile } from "./part_file.ts";
import { partPathOf, sizeOf } from "./part_paths.ts";

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
