import type { Catalog, FileStamp } from "./catalog.ts";
import { catalogEntry } from "./catalog_entry.ts";
import { hashFile, syncFolder } from "../disk.ts";
import { ConnectionError, ImapError } from "../errors.ts";
import { archivePath } from "../names/file_name.ts";
import { FileNameError } from "../names/file_name_error.ts";
import { ensureDir } from "@std/fs";
import { basename, dirname, join } from "@std/path";
import { createHash, randomUUID } from "node:crypto";

/**
 * Whether a path is where the SDC's convention puts the file of that name. The archive uses no other paths, so none can
 * point outside its folder or into its state folder.
 */
export function isArchivePath(path: string): boolean {
  try {
    return archivePath(basename(path)) === path;
  } catch (error) {
    if (error instanceof FileNameError) return false;
    throw error;
  }
}

/** Writing 1 KiB to a disk takes about as long as writing this much. */
const BLOCK_BYTES = 256 * 1024;

/**
 * Collects chunks into blocks of equal size; only the last one can be shorter.
 *
 * All blocks share one buffer: each is valid until the next one is requested.
 */
export async function* blocksOf(
  chunks: AsyncIterable<Uint8Array>,
  blockBytes = BLOCK_BYTES,
): AsyncGenerator<Uint8Array> {
  const block = new Uint8Array(blockBytes);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + blockBytes - filled);
      block.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < blockBytes) continue;
      yield block;
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}

/** A file that was received completely and flushed to the disk, under a temporary name. */
interface ReceivedFile {
  /** Its temporary path. */
  readonly temporary: string;
  /** In bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtime: number;
  /** Hex. */
  readonly md5: string;
}

/** The sender stopped too early, or sent more than it announced. */
export class IncompleteBodyError extends ConnectionError {
  /** The class's name, as `error.name` shows it. */
  override readonly name = "IncompleteBodyError";
}

/** The chunks of a body. A broken connection is the sender's error, not one of the disk. */
async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw new IncompleteBodyError("Cannot receive the file: the connection broke", { cause });
      });
      if (done) return;
      yield value;
    }
  } finally {
    // Releases a stream that was not read to its end; a broken one has nothing left to release.
    await reader.cancel().catch(() => {});
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += await file.write(bytes.subarray(written));
}

/** Removes a file that may not exist. */
async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Writes a body to a new file, hashes it meanwhile, and flushes the file to the disk. */
async function writeBody(path: string, body: AsyncIterable<Uint8Array>, length: number): Promise<ReceivedFile> {
  using file = await Deno.open(path, { createNew: true, write: true });
  const hash = createHash("md5");
  let size = 0;
  for await (const block of blocksOf(body)) {
    size += block.length;
    if (size > length) break;
    const writing = writeAll(file, block);
    hash.update(block); // While the disk writes.
    await writing;
  }
  if (size !== length) {
    throw new IncompleteBodyError(`Cannot receive the file: its length is not the ${length} bytes that were announced`);
  }
  await file.sync();
  const { mtime } = await file.stat();
  return { temporary: path, size, mtime: mtime?.getTime() ?? 0, md5: hash.digest("hex") };
}

/**
 * Receives a body into a new file. When anything fails, nothing is left.
 *
 * @param incoming The folder for incoming files.
 * @param body The body; null for an empty one.
 * @param length The number of bytes that the sender announced.
 * @throws {IncompleteBodyError} When there are more or fewer bytes.
 */
async function receiveFile(
  incoming: string,
  body: ReadableStream<Uint8Array> | null,
  length: number,
): Promise<ReceivedFile> {
  const temporary = join(incoming, randomUUID());
  try {
    return await writeBody(temporary, chunksOf(body), length);
  } catch (error) {
    await removeIfThere(temporary);
    throw error;
  }
}

/** Something that is not the archive's is in the place of a file or its folder. It is neither followed nor replaced. */
export class PlaceTakenError extends ImapError {
  /** The class's name, as `error.name` shows it. */
  override readonly name = "PlaceTakenError";
}

/** Whether a folder exists; a file or a symbolic link in its place is an error. */
async function hasFolder(folder: string): Promise<boolean> {
  try {
    const { isDirectory } = await Deno.lstat(folder);
    if (isDirectory) return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  throw new PlaceTakenError(`Cannot write below "${folder}": it is a file, or a symbolic link, which is not followed`);
}

/**
 * Creates the folders of a path in the archive, without following a symbolic link that could point outside it.
 *
 * @returns The folders whose entries change, the innermost first: each has to be flushed.
 */
async function makeFolders(root: string, path: string): Promise<string[]> {
  const changed: string[] = [];
  let folder = root;
  for (const part of dirname(path).split("/")) {
    const parent = folder;
    folder = join(folder, part);
    if (await hasFolder(folder)) continue;
    await ensureDir(folder); // Another upload may have created it meanwhile.
    changed.unshift(parent);
  }
  return [folder, ...changed];
}

/** A file of the archive, open for reading. The caller closes it. */
interface StoredObject {
  /** Positioned at its start. */
  readonly file: Deno.FsFile;
  /** In bytes. */
  readonly size: number;
  /** When it was last modified. */
  readonly modified: Date;
  /** Hex. */
  readonly md5: string;
}

/** What an {@linkcode ObjectStore} works with. */
interface ObjectStoreOptions {
  /** The root of the archive, an absolute path without symbolic links. */
  readonly root: string;
  /** The folder for incoming files, on the same disk. */
  readonly incoming: string;
  /** What the archive has. */
  readonly catalog: Catalog;
  /** The clock, for the ingestion date of files. */
  readonly now: () => Date;
}

/** Whether an error says that there is no file at a path. */
function isNoFile(error: unknown): boolean {
  const { FilesystemLoop, NotADirectory, NotFound } = Deno.errors;
  return [FilesystemLoop, NotADirectory, NotFound].some((kind) => error instanceof kind);
}

/** Checks that there is nothing at a path. */
function checkFree(place: string): void {
  try {
    Deno.lstatSync(place);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  throw new PlaceTakenError(`Cannot write "${place}": something is there that is not a file of the archive`);
}

/** The files of an archive on the disk, each with its row in the catalog. */
export class ObjectStore {
  readonly #options: ObjectStoreOptions;
  /** Hashes being computed: many callers can request segments of a large file at once, and it is read only once. */
  readonly #hashing = new Map<string, Promise<string>>();

  /** Makes a store over a folder. */
  constructor(options: ObjectStoreOptions) {
    this.#options = options;
  }

  /** Whether there is a file under a path, in the catalog or only on the disk. */
  async has(path: string): Promise<boolean> {
    if (this.#options.catalog.has(path)) return true;
    try {
      await Deno.lstat(join(this.#options.root, path));
      return true;
    } catch (error) {
      if (isNoFile(error)) return false;
      throw error;
    }
  }

  /** Opens a file of the catalog; undefined when there is none, or a symbolic link is in its path. */
  async open(path: string): Promise<StoredObject | undefined> {
    const { root, catalog } = this.#options;
    if (!isArchivePath(path)) return undefined;
    const place = join(root, path);
    // Read before the file is opened, so that the row describes these bytes or older ones.
    const seen = catalog.stamp(path);
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
   * Stores a file: complete, flushed to the disk, in its place and in the catalog, or not at all. A file of the archive
   * under the same path is replaced atomically, as in S3. Anything else there is kept: a folder, a symbolic link, or a file
   * whose name differs only in case on a disk that ignores case.
   *
   * @param path A path for which {@linkcode isArchivePath} holds.
   * @param body The bytes; null for none.
   * @param length The number of bytes.
   * @param isReleased Whether the file is released to the public. Default: as its kind is in the SDC.
   * @returns The MD5 of the bytes, in hex.
   * @throws {IncompleteBodyError} When there are more or fewer bytes. {PlaceTakenError} When something else is there.
   */
  async put(
    path: string,
    body: ReadableStream<Uint8Array> | null,
    length: number,
    isReleased?: boolean,
  ): Promise<string> {
    const { root, incoming, catalog, now } = this.#options;
    const { temporary, size, mtime, md5 } = await receiveFile(incoming, body, length);
    const place = join(root, path);
    let moved = false;
    try {
      const folders = await makeFolders(root, path);
      const entry = catalogEntry(basename(path), { size, mtime, md5, ingested: now(), isReleased });
      // One synchronous step, so that with two uploads of the same name the file and the row belong to the same one.
      const isKnown = catalog.has(path);
      catalog.put(entry, () => {
        if (!isKnown) checkFree(place);
        Deno.renameSync(temporary, place);
        moved = true;
      });
      for (const folder of folders) await syncFolder(folder);
      return md5;
    } catch (error) {
      // On a full disk the row may fail last: there must be no file without a row.
      if (!moved) await removeIfThere(temporary);
      else if (!catalog.has(path)) await removeIfThere(place);
      throw error;
    }
  }

  /** The MD5 of an open file, from the catalog or computed and stored there. The file is at its start afterwards. */
  async #md5(path: string, file: Deno.FsFile, seen: FileStamp, read: FileStamp): Promise<string> {
    const { catalog } = this.#options;
    const { size, mtime } = read;
    const known = catalog.md5(path, size, mtime);
    if (known !== undefined) return known;
    const key = `${path} ${size} ${mtime}`;
    const underWay = this.#hashing.get(key);
    if (underWay !== undefined) return await underWay;
    const hashing = hashFile(file).finally(() => this.#hashing.delete(key));
    this.#hashing.set(key, hashing);
    const md5 = await hashing;
    catalog.keepMd5(path, md5, seen, read);
    await file.seek(0, Deno.SeekMode.Start);
    return md5;
  }
}
