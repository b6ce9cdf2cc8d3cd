import { type Catalog, catalogEntry, type FileStamp } from "./catalog.ts";
import { makeFolders, PlaceTakenError } from "./folders.ts";
import { hashFile, syncFolder } from "../disk.ts";
import { ConnectionError } from "../errors.ts";
import { archivePath } from "../names/file_name.ts";
import { FileNameError } from "../names/file_name_error.ts";
import { basename, join } from "@std/path";
import { createHash, randomUUID } from "node:crypto";

/**
 * Whether a path is where the SDC's convention puts the file of that name. For the archive no other path exists, so
 * none can lead out of its folder or into its own state.
 */
export function isArchivePath(path: string): boolean {
  try {
    return archivePath(basename(path)) === path;
  } catch (error) {
    if (error instanceof FileNameError) return false;
    throw error;
  }
}

/** A write to the disk costs much the same for 1 KiB and for this much. */
const BLOCK_BYTES = 256 * 1024;

/**
 * Gathers chunks, as small as they come, into blocks of one size; the last one may be shorter.
 *
 * All blocks share one buffer: each is good until the next one is asked for.
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

/** A file that came in whole and is safe on the disk, under a name of its own, still outside the archive. */
interface ReceivedFile {
  /** Where it is. */
  readonly temporary: string;
  /** In bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtime: number;
  /** Hex. */
  readonly md5: string;
}

/** The sender stopped before the end, or sent more than it said. */
export class IncompleteBodyError extends ConnectionError {
  /** The class's name, as `error.name` shows it. */
  override readonly name = "IncompleteBodyError";
}

/** The chunks of a body; a connection that breaks is an error of the sender's, not of the disk's. */
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
    // Frees what the stream holds when it was not read to its end; one that broke has nothing left to free.
    await reader.cancel().catch(() => {});
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += await file.write(bytes.subarray(written));
}

/** Removes a file that may be gone already. */
async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Writes a body to a new file and hashes it on the way, then has the disk confirm it. */
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
 * Takes a body in, as restic's rest-server does: a new file, hashed while it is written, confirmed by the disk.
 * When anything goes wrong, nothing is left.
 *
 * @param incoming The folder for files that are not whole yet.
 * @param body What comes in; null for nothing.
 * @param length How many bytes the sender announced.
 * @throws {IncompleteBodyError} When there are more or fewer.
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

/** A file of the archive, open for reading; who opens it closes it. */
interface StoredObject {
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
interface ObjectStoreOptions {
  /** The archive's folder, absolute, with no link in it. */
  readonly root: string;
  /** Where files are written before they are whole, on the same disk. */
  readonly incoming: string;
  /** What the archive has. */
  readonly catalog: Catalog;
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

/** The archive's files on the disk, each with its row in the catalog. */
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
    if (this.#options.catalog.has(path)) return true;
    try {
      await Deno.lstat(join(this.#options.root, path));
      return true;
    } catch (error) {
      if (isNoFile(error)) return false;
      throw error;
    }
  }

  /** Opens a file that the catalog has; undefined when it has none, or a link leads elsewhere. */
  async open(path: string): Promise<StoredObject | undefined> {
    const { root, catalog } = this.#options;
    if (!isArchivePath(path)) return undefined;
    const place = join(root, path);
    // Before the file is opened: a row of that moment is of these bytes, or of older ones.
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
   * Takes a file in: whole, confirmed by the disk, in its place and in the catalog, or not at all.
   * A file under the same path is replaced in one step, as S3 does. What lies there and is none of the archive's stays: a
   * folder, a link, or a file whose name differs in its case alone, on a disk that takes both for one.
   *
   * @param path A path for which {@linkcode isArchivePath} holds.
   * @param body The bytes; null for none.
   * @param length How many there must be.
   * @param isReleased Whether the file is released to the public. Default: as its kind is in the SDC.
   * @returns The MD5 of the bytes, in hex.
   * @throws {IncompleteBodyError} When there are more or fewer. {PlaceTakenError} When something else lies there.
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
      // Both in one synchronous step, so that of two uploads of one name the file and the row are the same one's.
      const isKnown = catalog.has(path);
      catalog.put(entry, () => {
        if (!isKnown) checkFree(place);
        Deno.renameSync(temporary, place);
        moved = true;
      });
      for (const folder of folders) await syncFolder(folder);
      return md5;
    } catch (error) {
      // The row may have failed last of all, on a full disk: no file without one.
      if (!moved) await removeIfThere(temporary);
      else if (!catalog.has(path)) await removeIfThere(place);
      throw error;
    }
  }

  /** The MD5 of an open file: remembered, or else computed now and remembered. The file stands at its start after it. */
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
