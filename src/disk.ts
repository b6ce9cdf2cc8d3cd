import { FileError, ImapError } from "./errors.ts";

/** How much is hashed at a time: long enough to be fast, short enough to let other work run in between. */
const BLOCK_LENGTH = 1024 * 1024;

/**
 * The MD5 of an open file, from its position to its end, in constant memory and in hex. Web Crypto has no MD5. While one
 * block is hashed, the next one is read.
 *
 * @param signal Cancels it: a large file takes seconds.
 */
export async function hashFile(file: Deno.FsFile, signal?: AbortSignal): Promise<string> {
  // Loaded when needed: it takes longer than all of a small download.
  const { createHash } = await import("node:crypto");
  const hash = createHash("md5");
  const length = Math.min(BLOCK_LENGTH, (await file.stat()).size || 1);
  let [block, next] = [new Uint8Array(length), new Uint8Array(length)];
  let count = await file.read(block);
  while (count !== null) {
    signal?.throwIfAborted();
    const reading = file.read(next);
    hash.update(block.subarray(0, count));
    count = await reading;
    [block, next] = [next, block];
  }
  return hash.digest("hex");
}

/** The error codes of disks that cannot flush folders: CIFS, and some in user space (EBADF, EINVAL, EOPNOTSUPP). */
const UNSUPPORTED = /\(os error (9|22|95)\)/;

/** Flushes a folder's entries: without it a power failure can undo a rename (fsync(2)). Windows has no such call. */
export async function syncFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  let opened: Deno.FsFile;
  try {
    opened = await Deno.open(folder, { read: true });
  } catch (error) {
    // A folder that was removed meanwhile, or that may not be read, has nothing that could be flushed.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return;
    throw error;
  }
  using handle = opened;
  await handle.sync().catch((error) => {
    if (!(error instanceof Error && UNSUPPORTED.test(error.message))) throw error;
  });
}

/** The operating system's words, without "(os error N)" and without what Deno adds. */
function reason(error: Error): string {
  return error.message.replace(/ \(os error \d+\).*$/s, "").replace(
    /^Writable stream is closed or errored\.?$/,
    "broken",
  );
}

/**
 * The error of a file or folder that cannot be read or written. An error of this library is returned as it is.
 *
 * @param action How the message begins, after `Cannot `.
 * @param path What could not be used.
 */
export function fileError(action: string, path: string, thrown: unknown): ImapError {
  if (thrown instanceof ImapError) return thrown;
  const options = { path, cause: thrown };
  if (thrown instanceof Deno.errors.NotCapable) {
    const advice = "run it with --allow-read and --allow-write";
    return new FileError(`Deno may not use "${path}"; ${advice}`, { ...options, action });
  }
  if (thrown instanceof Error && /os error 24\)|EMFILE/.test(thrown.message)) {
    const advice = "use a lower concurrency, or raise the limit (ulimit -n)";
    return new FileError(`too many files are open; ${advice}`, { ...options, action });
  }
  const state = thrown instanceof Error ? reason(thrown) : String(thrown);
  return new FileError(`"${path}" cannot be used: ${state}`, { ...options, action });
}
