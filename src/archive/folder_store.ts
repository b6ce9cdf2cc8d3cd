import type { FileStamp } from "./catalog.ts";
import { catalogEntry } from "./catalog_entry.ts";
import {
  IncompleteBodyError,
  isCanonicalPath,
  type ObjectStore,
  PlaceTakenError,
  type PresignedAccess,
  type StoredObject,
} from "./object_store.ts";
import type { UrlSigner } from "./objects.ts";
import type { SqliteFiles } from "./sqlite_catalog.ts";
import { hashChunks, hashFile, syncFolder, writeAll } from "../disk.ts";
import { ensureDir } from "@std/fs";
import { basename, dirname, join } from "@std/path";
import { randomUUID } from "node:crypto";

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
  let size = 0;
  const writtenBlocks = async function* () {
    for await (const block of blocksOf(body)) {
      size += block.length;
      if (size > length) break;
      const writing = writeAll(file, block);
      yield block; // It is hashed while the disk writes.
      await writing;
    }
  };
  const md5 = await hashChunks(writtenBlocks());
  if (size !== length) {
    throw new IncompleteBodyError(`Cannot receive the file: its length is not the ${length} bytes that were announced`);
  }
  await file.sync();
  const { mtime } = await file.stat();
  return { temporary: path, size, mtime: mtime?.getTime() ?? 0, md5 };
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

/** The size of chunks: reading 1 KiB from disk takes about as long as reading this many bytes. */
const CHUNK_BYTES = 256 * 1024;
/** Shorter reads are not worth the way to another thread and back. */
const MIN_ASYNC = 64 * 1024;

/** Streams bytes of an open file as they are consumed, and closes the file at the end. */
function streamBytes(file: Deno.FsFile, position: number, length: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  file.seekSync(position, Deno.SeekMode.Start);
  let left = length;
  return new ReadableStream({
    async pull(controller) {
      const chunk = new Uint8Array(Math.min(left, CHUNK_BYTES));
      const read = await file.read(chunk).catch((error) => {
        file.close();
        throw error;
      });
      if (read !== null) controller.enqueue(chunk.subarray(0, read));
      left -= read ?? left;
      if (left > 0) return;
      file.close();
      controller.close();
    },
    cancel: () => file.close(),
  });
}

/** Reads bytes of an open file; fewer at its end. */
async function readBytes(file: Deno.FsFile, position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  file.seekSync(position, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const rest = bytes.subarray(at);
    const count = rest.length < MIN_ASYNC ? file.readSync(rest) : await file.read(rest);
    if (count === null) return bytes.subarray(0, at);
    at += count;
  }
  return bytes;
}

/** The options of a {@linkcode FolderStore}. */
interface FolderStoreOptions {
  /** The root of the archive, an absolute path without symbolic links. */
  readonly root: string;
  /** The folder for incoming files, on the same file system. */
  readonly incoming: string;
  /** The rows of the archive. */
  readonly files: SqliteFiles;
  /** Signs the URLs of the objects. */
  readonly signer: UrlSigner;
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
export class FolderStore implements ObjectStore {
  readonly #options: FolderStoreOptions;
  /**
   * The hashes being computed: if many callers request segments of a large file at the same time, it is read only once.
   */
  readonly #hashing = new Map<string, Promise<string>>();

  /** Creates a store for a folder. */
  constructor(options: FolderStoreOptions) {
    this.#options = options;
  }

  /** Whether a file exists at a path, in the catalog or only on disk. */
  async has(path: string): Promise<boolean> {
    if (this.#options.files.has(path)) return true;
    try {
      await Deno.lstat(join(this.#options.root, path));
      return true;
    } catch (error) {
      if (isNoFile(error)) return false;
      throw error;
    }
  }

  /** Returns where a file of the catalog is on disk; undefined if it does not exist, or its path contains a symbolic link. */
  async placeOf(path: string): Promise<{ readonly path: string } | undefined> {
    const { root, files } = this.#options;
    if (!isCanonicalPath(path) || !files.has(path)) return undefined;
    const place = join(root, path);
    try {
      return await Deno.realPath(place) === place && (await Deno.stat(place)).isFile ? { path: place } : undefined;
    } catch (error) {
      if (isNoFile(error)) return undefined;
      throw error;
    }
  }

  /** Opens a file of the catalog; undefined if it does not exist, or its path contains a symbolic link. */
  async open(path: string): Promise<StoredObject | undefined> {
    const { root, files } = this.#options;
    // The row is read before the file is opened, so that it describes these bytes or older ones.
    const seen = isCanonicalPath(path) ? files.stamp(path) : undefined;
    if (seen === undefined) return undefined;
    const place = join(root, path);
    try {
      if (await Deno.realPath(place) !== place) return undefined;
      const file = await Deno.open(place);
      try {
        const { size, mtime, isFile } = await file.stat();
        if (!isFile) throw new Deno.errors.NotFound();
        const modified = mtime ?? new Date(0);
        return {
          size,
          modified,
          md5: () => this.#md5(path, file, seen, { size, mtime: modified.getTime() }),
          read: (position, length) => readBytes(file, position, length),
          stream: (position = 0, length = size - position) => streamBytes(file, position, length),
          close: () => file.close(),
        };
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
   * Stores a file, flushed to disk. A file of the archive at the same path is replaced atomically, as in S3. Anything else
   * at that path is kept: a folder, a symbolic link, or on a case-insensitive file system a file whose name differs only in
   * case.
   */
  async put(
    path: string,
    body: ReadableStream<Uint8Array> | null,
    length: number,
    isReleased?: boolean,
  ): Promise<string> {
    const { root, incoming, files, now } = this.#options;
    const { temporary, size, mtime, md5 } = await receiveFile(incoming, body, length);
    const place = join(root, path);
    let moved = false;
    try {
      const folders = await makeFolders(root, path);
      const entry = catalogEntry(basename(path), { size, mtime, md5, ingested: now(), isReleased });
      // A single synchronous step, so that after two uploads of the same name the file and the row are of the same
      // upload.
      const isKnown = files.has(path);
      files.put(entry, () => {
        if (!isKnown) checkFree(place);
        Deno.renameSync(temporary, place);
        moved = true;
      });
      for (const folder of folders) await syncFolder(folder);
      return md5;
    } catch (error) {
      // On a full disk, writing the row may fail last; a file must not exist without a row.
      if (!moved) await removeIfThere(temporary);
      else if (!files.has(path)) await removeIfThere(place);
      throw error;
    }
  }

  /** Returns a URL to read or write an object on the archive's own port. */
  presign(access: PresignedAccess): Promise<string> {
    return Promise.resolve(this.#options.signer.sign(access));
  }

  /** Returns the MD5 of an open file, from the catalog, or computed and stored there. */
  async #md5(path: string, file: Deno.FsFile, seen: FileStamp, read: FileStamp): Promise<string> {
    const { files } = this.#options;
    const { size, mtime } = read;
    const known = files.md5(path, size, mtime);
    if (known !== undefined) return known;
    const key = `${path} ${size} ${mtime}`;
    const underWay = this.#hashing.get(key);
    if (underWay !== undefined) return await underWay;
    file.seekSync(0, Deno.SeekMode.Start);
    const hashing = hashFile(file).finally(() => this.#hashing.delete(key));
    this.#hashing.set(key, hashing);
    const md5 = await hashing;
    files.keepMd5(path, md5, seen, read);
    return md5;
  }
}
