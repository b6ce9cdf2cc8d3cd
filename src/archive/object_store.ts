import type { Catalog, FileStamp } from "./catalog.ts";
import { catalogEntry } from "./catalog_entry.ts";
import { hashFile, syncFolder, writeAll } from "../disk.ts";
import { ConnectionError, FileNameError, ImapError } from "../errors.ts";
import { archivePath } from "../names/file_name.ts";
import { ensureDir } from "@std/fs";
import { basename, dirname, join } from "@std/path";
import { createHash, randomUUID } from "node:crypto";

/**
 * Whether a path follows the SDC's convention for the file name at its end. The archive uses no other paths, so a path
 * cannot point outside its folder or into its state folder.
 */
export function isCanonicalPath(path: string): boolean {
  try {
    return archivePath(basename(path)) === path;
  } catch (error) {
    if (error instanceof FileNameError) return false;
    throw error;
  }
}

/** The size of blocks: writing 1 KiB to disk takes about as long as writing this many bytes. */
const BLOCK_BYTES = 256 * 1024;

/**
 * Combines chunks into blocks of equal size; only the last one may be shorter.
 *
 * All blocks share one buffer, so each is valid only until the next one is requested.
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

/** A file that was received completely and flushed to disk, under a temporary name. */
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

/** Thrown when a sender sent fewer or more bytes than it announced. */
export class IncompleteBodyError extends ConnectionError {
  /** The class's name, as `error.name` shows it. */
  override readonly name = "IncompleteBodyError";
}

/** Yields the chunks of a body. A broken connection is reported as an error of the sender, not of the disk. */
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
    // Releases a stream that was not read to its end; a broken one needs no release.
    await reader.cancel().catch(() => {});
  }
}

/** Removes a file that may not exist. */
async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Writes a body to a new file, hashing it at the same time, and flushes the file to disk. */
async function writeBody(path: string, body: AsyncIterable<Uint8Array>, length: number): Promise<ReceivedFile> {
  using file = await Deno.open(path, { createNew: true, write: true });
  const hash = createHash("md5");
  let size = 0;
  for await (const block of blocksOf(body)) {
    size += block.length;
    if (size > length) break;
    const writing = writeAll(file, block);
    hash.update(block); // Hashes while the disk writes.
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
 * Receives a body into a new file. On failure, the file is removed.
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

/**
 * Thrown when the path of a file or its folder is taken by something that does not belong to the archive. It is neither
 * followed nor replaced.
 */
export class PlaceTakenError extends ImapError {
  /** The class's name, as `error.name` shows it. */
  override readonly name = "PlaceTakenError";
}

/** Whether a folder exists; throws if the path is a file or a symbolic link. */
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
 * @returns The folders whose entries have changed and must be flushed, the innermost first.
 */
async function makeFolders(root: string, path: string): Promise<string[]> {
  const changed: string[] = [];
  let folder = root;
  for (const part of dirname(path).split("/")) {
    const parent = folder;
    folder = join(folder, part);
    if (await hasFolder(folder)) continue;
    await ensureDir(folder); // Another upload may have created it in the meantime.
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

/** The options of an {@linkcode ObjectStore}. */
interface ObjectStoreOptions {
  /** The root of the archive, an absolute path without symbolic links. */
  readonly root: string;
  /** The folder for incoming files, on the same file system. */
  readonly incoming: string;
  /** The catalog of the archive. */
  readonly catalog: Catalog;
  /** The clock, for the ingestion date of files. */
  readonly now: () => Date;
}

/** Whether an error means that a path does not exist. */
function isNoFile(error: unknown): boolean {
  const { FilesystemLoop, NotADirectory, NotFound } = Deno.errors;
  return [FilesystemLoop, NotADirectory, NotFound].some((kind) => error instanceof kind);
}

/** Checks that a path does not exist. */
function checkFree(place: string): void {
  try {
    Deno.lstatSync(place);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  throw new PlaceTakenError(
    `Cannot write "${place}": the path is taken by something that is not a file of the archive`,
  );
}

/** The files of an archive on disk, each with its row in the catalog. */
export class ObjectStore {
  readonly #options: ObjectStoreOptions;
  /**
   * The hashes being computed: if many callers request segments of a large file at the same time, it is read only once.
   */
  readonly #hashing = new Map<string, Promise<string>>();

  /** Creates a store for a folder. */
  constructor(options: ObjectStoreOptions) {
    this.#options = options;
  }

  /** Whether a file exists at a path, in the catalog or only on disk. */
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

  /** Returns where a file of the catalog is on disk; undefined if it does not exist, or its path contains a symbolic link. */
  async placeOf(path: string): Promise<string | undefined> {
    const { root, catalog } = this.#options;
    if (!isCanonicalPath(path) || !catalog.has(path)) return undefined;
    const place = join(root, path);
    try {
      return await Deno.realPath(place) === place && (await Deno.stat(place)).isFile ? place : undefined;
    } catch (error) {
      if (isNoFile(error)) return undefined;
      throw error;
    }
  }

  /** Opens a file of the catalog; undefined if it does not exist, or its path contains a symbolic link. */
  async open(path: string): Promise<StoredObject | undefined> {
    // The row is read before the file is opened, so that it describes these bytes or older ones.
    const seen = this.#options.catalog.stamp(path);
    const opened = seen === undefined ? undefined : await this.openToRead(path);
    if (seen === undefined || opened === undefined) return undefined;
    const { file, size, modified } = opened;
    try {
      return { file, size, modified, md5: await this.#md5(path, file, seen, { size, mtime: modified.getTime() }) };
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** The same, without its MD5, for which the whole file may have to be read. */
  async openToRead(path: string): Promise<Omit<StoredObject, "md5"> | undefined> {
    const { root, catalog } = this.#options;
    if (!isCanonicalPath(path) || !catalog.has(path)) return undefined;
    const place = join(root, path);
    try {
      if (await Deno.realPath(place) !== place) return undefined;
      const file = await Deno.open(place);
      try {
        const { size, mtime, isFile } = await file.stat();
        if (!isFile) throw new Deno.errors.NotFound();
        return { file, size, modified: mtime ?? new Date(0) };
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
   * Stores a file atomically: either it is complete, flushed to disk, in its place, and in the catalog, or nothing is
   * stored. A file of the archive at the same path is replaced atomically, as in S3. Anything else at that path is
   * kept: a folder, a symbolic link, or on a case-insensitive file system a file whose name differs only in case.
   *
   * @param path A path for which {@linkcode isCanonicalPath} holds.
   * @param body The bytes; null for an empty file.
   * @param length The number of bytes.
   * @param isReleased Whether the file is released to the public. Default: as for its kind at the SDC.
   * @returns The MD5 of the bytes, in hex.
   * @throws {IncompleteBodyError} When there are more or fewer bytes. {PlaceTakenError} When something else exists at
   * the path.
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
      // A single synchronous step, so that after two uploads of the same name the file and the row are of the same
      // upload.
      const isKnown = catalog.has(path);
      catalog.put(entry, () => {
        if (!isKnown) checkFree(place);
        Deno.renameSync(temporary, place);
        moved = true;
      });
      for (const folder of folders) await syncFolder(folder);
      return md5;
    } catch (error) {
      // On a full disk, writing the row may fail last; a file must not exist without a row.
      if (!moved) await removeIfThere(temporary);
      else if (!catalog.has(path)) await removeIfThere(place);
      throw error;
    }
  }

  /** Returns the MD5 of an open file, from the catalog, or computed and stored there. Rewinds the file. */
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
