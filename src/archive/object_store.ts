import { basename, join } from "@std/path";
import { makeFolders, PlaceTakenError } from "./archive_folders.ts";
import type { Catalogue, FileStamp } from "./catalogue.ts";
import { catalogueEntry } from "./catalogue_entry.ts";
import { hashFile } from "../disk/hash_file.ts";
import { syncFolder } from "../disk/sync_folder.ts";
import { isArchivePath } from "./is_archive_path.ts";
import { receiveFile, removeIfThere } from "./receive_file.ts";

/** A file of the archive, open for reading; who opens it closes it. */
export interface StoredObject {
  /** Stands at its start. */
  readonly file: Deno.FsFile;
  /** In bytes. */
  readonly size: number;
  /** When it last changed. */
  readonly modified: Date;
  /** Hex. */
  readonly md5: string;
}

/** What an {@linkcode ObjectStore} works with. */
export interface ObjectStoreOptions {
  /** The archive's folder, absolute, with no link in it. */
  readonly root: string;
  /** Where files are written before they are whole, on the same disk. */
  readonly incoming: string;
  /** What the archive has. */
  readonly catalogue: Catalogue;
  /** The clock, for the time at which a file came in. */
  readonly now: () => Date;
}

/** Whether an error of the disk says that nothing lies at a path, or only what no file of the archive can be. */
function isNoFile(error: unknown): boolean {
  const { FilesystemLoop, NotADirectory, NotFound } = Deno.errors;
  return [FilesystemLoop, NotADirectory, NotFound].some((kind) => error instanceof kind);
}

/** Makes sure that nothing lies at a place. */
function checkFree(place: string): void {
  try {
    Deno.lstatSync(place);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  throw new PlaceTakenError(`Cannot write "${place}": something lies there that is no file of the archive`);
}

/** The archive's files on the disk, each with its row in the catalogue. */
export class ObjectStore {
  readonly #options: ObjectStoreOptions;
  /** Hashing under way: many may ask for parts of one large file at once, and it is read once for all. */
  readonly #hashing = new Map<string, Promise<string>>();

  /** Makes a store over a folder. */
  constructor(options: ObjectStoreOptions) {
    this.#options = options;
  }

  /** Whether the archive has a file under this path, or one lies there that has come in since it was indexed. */
  async has(path: string): Promise<boolean> {
    if (this.#options.catalogue.has(path)) return true;
    try {
      await Deno.lstat(join(this.#options.root, path));
      return true;
    } catch (error) {
      if (isNoFile(error)) return false;
      throw error;
    }
  }

  /** Opens a file that the catalogue has; undefined when it has none, or a link leads elsewhere. */
  async open(path: string): Promise<StoredObject | undefined> {
    const { root, catalogue } = this.#options;
    if (!isArchivePath(path)) return undefined;
    const place = join(root, path);
    // Before the file is opened: a row of that moment is of these bytes, or of older ones.
    const seen = catalogue.stamp(path);
    if (seen === undefined) return undefined;
    try {
      if (await Deno.realPath(place) !== place) return undefined;
      const file = await Deno.open(place);
      try {
        const { size, mtime, isFile } = await file.stat();
        if (!isFile) throw new Deno.errors.NotFound();
        const modified = mtime ?? new Date(0);
        const read = { size, mtime: modified.getTime() };
        return { file, size, modified, md5: await this.#md5(path, file, seen, read) };
      } catch (error) {
        file.close();
        throw error;
      }
    } catch (error) {
      if (isNoFile(error)) return undefined;
      throw error;
    }
  }

  /**
   * Takes a file in: whole, confirmed by the disk, in its place and in the catalogue, or not at all.
   * A file under the same path is replaced in one step, as S3 does. What lies there and is none of the archive's stays: a
   * folder, a link, or a file whose name differs in its case alone, on a disk that takes both for one.
   *
   * @param path A path for which {@linkcode isArchivePath} holds.
   * @param body The bytes; null for none.
   * @param length How many there must be.
   * @returns The MD5 of the bytes, in hex.
   * @throws {IncompleteBodyError} When there are more or fewer. {PlaceTakenError} When something else lies there.
   */
  async put(path: string, body: ReadableStream<Uint8Array> | null, length: number): Promise<string> {
    const { root, incoming, catalogue, now } = this.#options;
    const { temporary, size, mtime, md5 } = await receiveFile(incoming, body, length);
    const place = join(root, path);
    let moved = false;
    try {
      const folders = await makeFolders(root, path);
      const entry = catalogueEntry(basename(path), { size, mtime, md5, ingested: now() });
      // Both in one synchronous step, so that of two uploads of one name the file and the row are the same one's.
      const isKnown = catalogue.has(path);
      catalogue.put(entry, () => {
        if (!isKnown) checkFree(place);
        Deno.renameSync(temporary, place);
        moved = true;
      });
      for (const folder of folders) await syncFolder(folder);
      return md5;
    } catch (error) {
      // The row may have failed last of all, on a full disk: no file without one.
      if (!moved) await removeIfThere(temporary);
      else if (!catalogue.has(path)) await removeIfThere(place);
      throw error;
    }
  }

  /** The MD5 of an open file: remembered, or else computed now and remembered. The file stands at its start after it. */
  async #md5(path: string, file: Deno.FsFile, seen: FileStamp, read: FileStamp): Promise<string> {
    const { catalogue } = this.#options;
    const { size, mtime } = read;
    const known = catalogue.md5(path, size, mtime);
    if (known !== undefined) return known;
    const key = `${path} ${size} ${mtime}`;
    const underWay = this.#hashing.get(key);
    if (underWay !== undefined) return await underWay;
    const hashing = hashFile(file).finally(() => this.#hashing.delete(key));
    this.#hashing.set(key, hashing);
    const md5 = await hashing;
    catalogue.keepMd5(path, md5, seen, read);
    await file.seek(0, Deno.SeekMode.Start);
    return md5;
  }
}
