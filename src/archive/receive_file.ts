import { createHash, randomUUID } from "node:crypto";
import { ConnectionError } from "../errors.ts";
import { join } from "@std/path";
import { blocksOf } from "./blocks_of.ts";

/** A file that came in whole and is safe on the disk, under a name of its own, still outside the archive. */
export interface ReceivedFile {
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
export async function removeIfThere(path: string): Promise<void> {
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
export async function receiveFile(
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
