import { dirname } from "@std/path";
import { bytesIn } from "./byte_ranges.ts";
import type { LockFile } from "./lock_file.ts";
import { parsePartRecord, type PartRecord } from "./part_record.ts";
import { newRecordPathOf, recordPathOf, sizeOf } from "./part_paths.ts";
import { syncFolder } from "../disk/sync_folder.ts";

/** A record is short; a longer file is none. */
const LONGEST_RECORD = 1024 * 1024;

/** What a part is made from. */
export interface OpenPart {
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
