import { FileError, fileError } from "./errors.ts";

/** The number of bytes hashed at a time: large enough to be fast, small enough to let other work run in between. */
const BLOCK_LENGTH = 512 * 1024;

/** How to hash a file. */
interface HashOptions {
  /** Cancels it: a large file takes seconds. */
  readonly signal?: AbortSignal | undefined;
  /** The number of bytes to hash. Default: all up to the end of the file. */
  readonly length?: number;
  /** Called before each block, which waits for it, so that other work comes first. */
  readonly pause?: () => Promise<void> | void;
}

/** Computes the MD5 of chunks, in hex, in constant memory. Web Crypto does not support MD5. */
export async function hashChunks(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  // Loaded lazily: loading takes longer than a whole small download.
  const { createHash } = await import("node:crypto");
  const hash = createHash("md5");
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}

/** Computes the MD5 of an open file from its position, in hex, in constant memory. */
export function hashFile(file: Deno.FsFile, options: HashOptions = {}): Promise<string> {
  return hashChunks(blocksOf(file, options));
}

/** Reads an open file from its position. While one block is used, the next one is read. */
async function* blocksOf(file: Deno.FsFile, options: HashOptions): AsyncGenerator<Uint8Array> {
  const { signal, length = Infinity, pause } = options;
  const most = Math.min(length, file.statSync().size) || 1;
  // A small file is read at once; then the second buffer only finds its end.
  let block = new Uint8Array(Math.min(BLOCK_LENGTH, most));
  let next = new Uint8Array(most <= BLOCK_LENGTH ? 1 : BLOCK_LENGTH);
  let count = await file.read(block);
  for (let left = length; count !== null && left > 0;) {
    await pause?.();
    signal?.throwIfAborted();
    const reading = file.read(next);
    const bytes = block.subarray(0, Math.min(count, left));
    yield bytes;
    left -= bytes.length;
    count = await reading;
    [block, next] = [next, block];
  }
}

/** The name of the workers that run this module to hash a file; elsewhere it is only a module. */
const WORKER_NAME = "imap-hash";
const WORKER_URL = new URL("./disk.ts", import.meta.url);
/** How much the thread gives way: it takes what sending the file leaves, and still gets its share of a busy machine. */
const NICENESS = 10;

/** What to hash. */
interface HashTask {
  readonly path: string;
  /** The number of bytes from the start of the file. */
  readonly length: number;
  /** Whether the thread may give way to others. */
  readonly isNice: boolean;
}

/** The MD5 of the file, in hex; undefined if it could not be read. */
interface HashAnswer {
  readonly md5: string | undefined;
}

/** Whether another thread may load this module. Where it may not, Deno would print that, too. */
function mayStartThread(): boolean {
  if (WORKER_URL.protocol !== "file:") return true;
  return Deno.permissions.querySync({ name: "read", path: WORKER_URL }).state === "granted";
}

/** Whether a thread may change its own priority; elsewhere than on Linux, that of the whole program would change. */
function mayBeNice(): boolean {
  if (Deno.build.os !== "linux") return false;
  const kinds = ["getPriority", "setPriority"] as const;
  return kinds.every((kind) => Deno.permissions.querySync({ name: "sys", kind }).state === "granted");
}

/**
 * Computes the MD5 of a file, in hex, in another thread.
 *
 * @returns The MD5; undefined if another thread cannot do it; this one will find the reason.
 */
export async function hashInThread(path: string, length: number, signal: AbortSignal): Promise<string | undefined> {
  signal.throwIfAborted();
  if (!mayStartThread()) return undefined;
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const worker = new Worker(WORKER_URL.href, { type: "module", name: WORKER_NAME });
  const { port1, port2 } = new MessageChannel();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    port1.onmessage = ({ data }: MessageEvent<HashAnswer>) => resolve(data.md5);
    worker.onerror = (event) => {
      // Otherwise the program would end.
      event.preventDefault();
      resolve(undefined);
    };
    const task: HashTask = { path, length, isNice: mayBeNice() };
    worker.postMessage(task, [port2]);
    return await promise;
  } finally {
    signal.removeEventListener("abort", abort);
    port1.close();
    worker.terminate();
  }
}

async function hashOf({ path, length, isNice }: HashTask): Promise<string | undefined> {
  try {
    if (isNice) {
      const { getPriority, setPriority } = await import("node:os");
      setPriority(0, Math.min(19, getPriority(0) + NICENESS));
    }
    using file = await Deno.open(path, { read: true });
    return await hashFile(file, { length });
  } catch {
    // An error does not keep its class on its way to another thread: the other thread tries again, and reports it.
    return undefined;
  }
}

if (Reflect.get(globalThis, "name") === WORKER_NAME) {
  globalThis.addEventListener("message", async (event) => {
    if (!(event instanceof MessageEvent)) return;
    const task: HashTask = event.data;
    const answer: HashAnswer = { md5: await hashOf(task) };
    event.ports[0]?.postMessage(answer);
  });
}

/** Writes all bytes at the position of an open file: a single `write` may write only some of them. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
}

/**
 * The error codes of file systems that cannot flush: EINVAL, ENOSYS and EOPNOTSUPP (SMB, and some in user space), and
 * EBADF for folders.
 */
const UNSUPPORTED = Deno.build.os === "darwin" ? /\(os error (9|22|45|78|102)\)/ : /\(os error (9|22|38|95)\)/;

function isUnsupported(error: unknown): boolean {
  return error instanceof Error && UNSUPPORTED.test(error.message);
}

/** Flushes a file's bytes and its length. @returns Whether the file system supports that. */
export async function flushFile(file: Deno.FsFile): Promise<boolean> {
  try {
    await file.sync();
    return true;
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    return false;
  }
}

/** Flushes a folder's entries: without it a power failure can undo a rename (fsync(2)). Windows has no such call. */
export async function syncFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  let opened: Deno.FsFile;
  try {
    opened = await Deno.open(folder, { read: true });
  } catch (error) {
    // A folder that has been removed in the meantime, or that may not be read, cannot be flushed.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return;
    throw error;
  }
  using handle = opened;
  await handle.sync().catch((error) => {
    if (!isUnsupported(error)) throw error;
  });
}

/**
 * Writes a file piece by piece under another name, then renames it: at its path is all of it, or what was there before. A
 * pipe or a device is written to as it is.
 *
 * @throws {ImapError} When it cannot be written. What the pieces throw, unchanged.
 */
export async function replaceFile(
  action: string,
  path: string,
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  const failed = (error: unknown): never => {
    throw fileError(action, path, error);
  };
  const there = await Deno.stat(path).catch((error) =>
    error instanceof Deno.errors.NotFound ? undefined : failed(error)
  );
  if (there?.isDirectory) throw new FileError(`"${path}" is a folder; add the name of a file`, { action, path });
  const isReplaced = there?.isFile !== false;
  const target = isReplaced ? `${path}.${crypto.randomUUID().slice(0, 8)}.part` : path;
  const file = await Deno.open(target, isReplaced ? { write: true, createNew: true } : { write: true }).catch(failed);
  try {
    try {
      for await (const piece of pieces) await writeAll(file, piece).catch(failed);
      if (isReplaced) await flushFile(file).catch(failed);
    } finally {
      file.close();
    }
    if (isReplaced) await Deno.rename(target, path).catch(failed);
  } catch (error) {
    if (isReplaced) await Deno.remove(target).catch(() => {});
    throw error;
  }
  if (isReplaced) await syncFolder(path.replace(/[^/\\]*$/, "") || ".");
}
