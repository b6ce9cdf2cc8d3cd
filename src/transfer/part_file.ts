import { basename, dirname, join } from "@std/path";
import { ImapError } from "../errors.ts";
import { delay } from "@std/async";
import { bytesIn } from "./byte_ranges.ts";
import { parsePartRecord, type PartRecord } from "./part_record.ts";
import { syncFolder } from "../disk/sync_folder.ts";

/** How long to wait before another process's lock is looked at again. */
const LOCK_POLL_MS = 200;
/** A record is short; a longer file is none. */
const LONGEST_RECORD = 1024 * 1024;

/** Where the part of a file is: hidden, beside the place of the whole. */
export function partPathOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.part`);
}

function recordPathOf(partPath: string): string {
  return `${partPath}.json`;
}

function newRecordPathOf(recordPath: string): string {
  return `${recordPath}.new`;
}

/**
 * Removes the record of a part, and what a process left that was killed while it wrote one. Without its part a record is
 * of no use: one stays behind when a process is killed right after it gave the part its final name.
 */
async function removeRecord(partPath: string): Promise<void> {
  const path = recordPathOf(partPath);
  await Promise.all([path, newRecordPathOf(path)].map((path) => Deno.remove(path).catch(() => {})));
}

/** The size of a file; undefined when there is none. @throws {ImapError} When something else is in its place. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) throw new ImapError(`Cannot use "${path}": it is no file; take it out of the way`);
    return size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Tries to lock a file. Some network disks know no locks (Lustre and NFS, as they are mounted here and there). */
async function tryLock(file: Deno.FsFile): Promise<"locked" | "taken" | "unsupported"> {
  try {
    return await file.tryLock(true) ? "locked" : "taken";
  } catch {
    return "unsupported";
  }
}

/**
 * The part of a file on its way, locked against other processes: whoever fetches the same file waits for the lock and
 * finds the file there afterwards.
 */
export class PartFile implements Disposable {
  /** The open file, for reading and writing. */
  readonly file: Deno.FsFile;
  readonly path: string;
  /** Whether it is this call's alone, and of no use to a later one. */
  readonly isPrivate: boolean;

  private constructor(file: Deno.FsFile, path: string, isPrivate: boolean) {
    this.file = file;
    this.path = path;
    this.isPrivate = isPrivate;
  }

  /** Opens the part of a file, which is made when it is not there, and waits until no other process has it. */
  static async open(finalPath: string, signal: AbortSignal | undefined): Promise<PartFile> {
    const path = partPathOf(finalPath);
    await Deno.mkdir(dirname(path), { recursive: true });
    // Bytes written to a link would go where it leads.
    if ((await Deno.lstat(path).catch(() => undefined))?.isSymlink) await Deno.remove(path);
    for (;;) {
      const file = await Deno.open(path, { read: true, write: true, create: true });
      try {
        for (let lock = await tryLock(file); lock !== "locked"; lock = await tryLock(file)) {
          if (lock === "unsupported") {
            file.close();
            return await PartFile.#openPrivate(path);
          }
          await delay(LOCK_POLL_MS, signal && { signal });
        }
        // Who had the lock may have given the file its final name, or removed it: then this is not the part any more.
        const [ours, there] = [await file.stat(), await Deno.stat(path).catch(() => undefined)];
        if (there !== undefined && there.ino === ours.ino && there.dev === ours.dev) {
          return new PartFile(file, path, false);
        }
      } catch (error) {
        file.close();
        throw error;
      }
      file.close();
    }
  }

  /** Opens a part under a name that no other call uses, for disks without locks: it cannot be gone on with. */
  static async #openPrivate(path: string): Promise<PartFile> {
    if (await sizeOf(path) === 0) await Deno.remove(path);
    const own = path.replace(/part$/, `${crypto.randomUUID().slice(0, 8)}.part`);
    return new PartFile(await Deno.open(own, { read: true, write: true, createNew: true }), own, true);
  }

  /** What the part belongs to; undefined when that is not known. */
  async record(): Promise<PartRecord | undefined> {
    const path = recordPathOf(this.path);
    const size = await sizeOf(path);
    return size === undefined || size > LONGEST_RECORD ? undefined : parsePartRecord(await Deno.readTextFile(path));
  }

  /** Notes what the part belongs to. In one step: a record that is cut short would cost the part. */
  async note(record: PartRecord): Promise<void> {
    const path = recordPathOf(this.path);
    await Deno.writeTextFile(newRecordPathOf(path), JSON.stringify(record));
    await Deno.rename(newRecordPathOf(path), path);
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
    return record.missing === null ? (await this.file.stat()).size : record.size - bytesIn(record.missing);
  }

  /** Empties the part: its bytes are of no use. */
  async empty(): Promise<void> {
    await removeRecord(this.path);
    await this.file.truncate(0);
    await this.file.seek(0, Deno.SeekMode.Start);
  }

  /** Gives the part its final name. Its bytes must be on the disk. */
  async rename(finalPath: string): Promise<void> {
    // In this order a kill in between costs one more download, but leaves no record that nobody would take away.
    await removeRecord(this.path);
    await Deno.rename(this.path, finalPath);
  }

  /** Removes part and record. */
  async remove(): Promise<void> {
    await removeRecord(this.path);
    await Deno.remove(this.path).catch(() => {});
  }

  /** Lets others have it. */
  [Symbol.dispose](): void {
    this.file.close();
  }
}
