/**
 * Bytes that are read only where they are needed: a file behind HTTP, an archive, a disk image.
 *
 * The reader asks for few and short ranges: usually some kilobytes for all headers, then the values that were asked for.
 *
 * @category CDF files
 */
export interface CdfSource {
  /** The number of bytes. */
  readonly size: number;
  /**
   * Reads a range.
   *
   * @param offset The offset of the first byte; the range never goes beyond `size`.
   * @param length The number of bytes, at least 1.
   * @returns Exactly `length` bytes.
   */
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
}

/**
 * What {@linkcode openCdf} reads from: a path, a `file:` URL, a `Blob` (or `File`), bytes, or a {@linkcode CdfSource}.
 *
 * @category CDF files
 */
export type CdfInput = string | URL | Blob | Uint8Array | ArrayBuffer | CdfSource;

/** A source that is open for the duration of a call. */
export interface OpenSource {
  /** Fills the target with the bytes from this offset on. */
  readInto(offset: number, target: Uint8Array): Promise<void>;
  close(): void | Promise<void>;
}

/** A source as the reader uses it. */
export interface Source {
  readonly size: number;
  /** How many bytes are read at least when a header is needed: much where that is cheap. */
  readonly readAhead: number;
  /** All bytes, if they are in memory. */
  readonly bytes?: Uint8Array;
  open(): Promise<OpenSource>;
}

function truncated(offset: number, wanted: number, received: number): CdfError {
  return new CdfError(
    "truncated",
    `Cannot read ${wanted} bytes at byte ${offset}: the source returned ${received}`,
    { offset },
  );
}

/** Bytes in memory. */
export function bytesSource(bytes: Uint8Array): Source {
  const open: OpenSource = {
    readInto(offset, target) {
      target.set(bytes.subarray(offset, offset + target.length));
      return Promise.resolve();
    },
    close() {},
  };
  return { size: bytes.length, readAhead: bytes.length, bytes, open: () => Promise.resolve(open) };
}

/** Bytes that a function returns. */
function readSource(
  size: number,
  readAhead: number,
  read: (offset: number, length: number) => Uint8Array | Promise<Uint8Array>,
): Source {
  const open: OpenSource = {
    async readInto(offset, target) {
      const bytes = await read(offset, target.length);
      if (bytes.length !== target.length) throw truncated(offset, target.length, bytes.length);
      target.set(bytes);
    },
    close() {},
  };
  return { size, readAhead, open: () => Promise.resolve(open) };
}

/** A file that Deno or Node has open. */
interface OpenFile {
  readonly size: number;
  readonly modified: number;
  /** Reads at most as many bytes as the target has, and returns how many. */
  read(offset: number, target: Uint8Array): Promise<number>;
  close(): void | Promise<void>;
}

/** Shorter reads are not worth the way to another thread and back, which takes long on a busy machine. */
const MIN_ASYNC = 64 * 1024;

function openInDeno(path: string | URL): OpenFile {
  const file = Deno.openSync(path);
  try {
    const { size, mtime } = file.statSync();
    return {
      size,
      modified: mtime?.getTime() ?? 0,
      async read(offset, target) {
        file.seekSync(offset, Deno.SeekMode.Start);
        return (target.length < MIN_ASYNC ? file.readSync(target) : await file.read(target)) ?? 0;
      },
      close: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The part of Node's `node:fs/promises` that is used. */
interface NodeFiles {
  open(path: string | URL, flags: "r"): Promise<{
    stat(): Promise<{ readonly size: number; readonly mtimeMs: number }>;
    read(target: Uint8Array, at: number, length: number, offset: number): Promise<{ readonly bytesRead: number }>;
    close(): Promise<void>;
  }>;
}

/** Returns one of Node's modules, where there are any: without an import, which browsers could not resolve. */
export function nodeModule(name: string): unknown {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  return process?.getBuiltinModule?.(name);
}

function isNodeFiles(module: unknown): module is NodeFiles {
  return typeof module === "object" && module !== null && "open" in module;
}

async function openInNode(path: string | URL): Promise<OpenFile> {
  const files = nodeModule("node:fs/promises");
  if (!isNodeFiles(files)) {
    throw new CdfError("argument", `Cannot open "${path}": there are no files here; pass a Blob, a File, or bytes`);
  }
  const file = await files.open(path, "r");
  try {
    const { size, mtimeMs } = await file.stat();
    return {
      size,
      modified: mtimeMs,
      read: async (offset, target) => (await file.read(target, 0, target.length, offset)).bytesRead,
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openFile(path: string | URL): Promise<OpenFile> {
  return typeof Deno === "undefined" ? await openInNode(path) : openInDeno(path);
}

/** Local files are read in large pages. */
const FILE_READ_AHEAD = 64 * 1024;
/** Other sources may be remote: the headers of a variable seldom take more. */
const REMOTE_READ_AHEAD = 4 * 1024;

/** Ranges of this size are read in two halves at once: it takes half as long to fill fresh memory. */
const MIN_HALVED = 8 * 1024 * 1024;

async function fill(file: OpenFile, offset: number, target: Uint8Array): Promise<void> {
  for (let done = 0; done < target.length;) {
    const count = await file.read(offset + done, done === 0 ? target : target.subarray(done));
    if (count === 0) throw truncated(offset, target.length, done);
    done += count;
  }
}

/** A file, which is open only while a call runs, so that nobody needs to close it. */
async function fileSource(path: string | URL): Promise<Source> {
  const first = await openFile(path);
  await first.close();
  const { size, modified } = first;
  const openAgain = async () => {
    const file = await openFile(path);
    if (file.size === size && file.modified === modified) return file;
    await file.close();
    throw new CdfError("changed", `Cannot read "${path}": the file has changed since it was opened`);
  };
  return {
    size,
    readAhead: FILE_READ_AHEAD,
    async open() {
      const file = await openAgain();
      return {
        async readInto(offset, target) {
          if (target.length < MIN_HALVED) return await fill(file, offset, target);
          const other = await openAgain();
          const half = target.length >> 1;
          // Both must have ended before the file is closed.
          const halves = await Promise.allSettled([
            fill(file, offset, target.subarray(0, half)),
            fill(other, offset + half, target.subarray(half)),
          ]);
          await other.close();
          for (const result of halves) if (result.status === "rejected") throw result.reason;
        },
        close: () => file.close(),
      };
    },
  };
}

/** Prepares what the caller has for reading. */
export async function sourceOf(input: CdfInput): Promise<Source> {
  if (typeof input === "string" || input instanceof URL) return await fileSource(input);
  if (input instanceof Uint8Array) return bytesSource(input);
  if (input instanceof ArrayBuffer) return bytesSource(new Uint8Array(input));
  if (input instanceof Blob) {
    return readSource(
      input.size,
      FILE_READ_AHEAD,
      async (offset, length) => new Uint8Array(await input.slice(offset, offset + length).arrayBuffer()),
    );
  }
  const { size } = input;
  if (!Number.isSafeInteger(size) || size < 0 || typeof input.read !== "function") {
    throw new CdfError(
      "argument",
      "Cannot open the source: expected a path, a URL, a Blob, bytes, or an object with size and read()",
    );
  }
  return readSource(size, REMOTE_READ_AHEAD, (offset, length) => input.read(offset, length));
}

/** Part of a source. */
interface Window {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** How far before a header other ones may be: writers put the record of the compression before that of the variable. */
const READ_BEFORE = 64;
const MAX_READ_AHEAD = 64 * 1024;
/** Files up to this size are read at once. */
const SMALL = 96 * 1024;
/** The parts of the source that are kept. */
const MAX_CACHED = 4 * 1024 * 1024;

/** Reads headers, which are small and close to each other: in windows, which are kept. */
export class HeaderCache {
  readonly #source: Source;
  /** The most recently read window is the last one. */
  readonly #windows: Window[] = [];
  #cached = 0;
  #ahead: number;

  constructor(source: Source) {
    this.#source = source;
    this.#ahead = source.readAhead;
    if (source.bytes !== undefined) this.#keep(0, source.bytes);
  }

  #keep(offset: number, bytes: Uint8Array): Window {
    const window = { offset, bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
    this.#windows.push(window);
    this.#cached += bytes.length;
    while (this.#cached > MAX_CACHED && this.#windows.length > 1) {
      this.#cached -= this.#windows.shift()?.bytes.length ?? 0;
    }
    return window;
  }

  /** Returns bytes that are in memory, or undefined. */
  find(offset: number, length: number): DataView | undefined {
    for (let index = this.#windows.length - 1; index >= 0; index--) {
      const window = this.#windows[index];
      if (window === undefined) continue;
      const at = offset - window.offset;
      if (at >= 0 && at + length <= window.bytes.length) {
        return new DataView(window.view.buffer, window.view.byteOffset + at, length);
      }
    }
    return undefined;
  }

  /**
   * Reads bytes, and some of those that follow; the range must be inside of the source.
   *
   * @param areFew Whether no other headers are expected there, because values surround them.
   */
  async load(open: OpenSource, offset: number, length: number, areFew: boolean): Promise<DataView> {
    const { size, readAhead } = this.#source;
    const last = this.#windows.at(-1);
    const end = last === undefined ? -1 : last.offset + last.bytes.length;
    // Reads that directly follow the last window, or nearly so, use larger and larger windows.
    const follows = last !== undefined && offset >= last.offset && offset <= end + last.bytes.length / 2;
    const most = areFew ? REMOTE_READ_AHEAD : Math.max(MAX_READ_AHEAD, readAhead);
    this.#ahead = Math.min(follows ? 2 * this.#ahead : readAhead, most);
    const from = size <= SMALL ? 0 : Math.max(0, offset - READ_BEFORE);
    let to = Math.min(size, Math.max(from + (size <= SMALL ? size : this.#ahead), offset + length));
    // Bytes in memory are not read again.
    for (const { offset: start } of this.#windows) if (start >= offset + length && start < to) to = start;
    const bytes = new Uint8Array(to - from);
    await open.readInto(from, bytes);
    const window = this.#keep(from, bytes);
    return new DataView(window.bytes.buffer, offset - from, length);
  }
}

/**
 * What a {@linkcode CdfError} is about:
 *
 * - `format`: the file contradicts the CDF format, or itself.
 * - `truncated`: the file ends before what it announces.
 * - `unsupported`: the file uses a part of the format that this reader does not know, such as Huffman compression.
 * - `limit`: the values would take more memory than allowed.
 * - `checksum`: the MD5 checksum does not match.
 * - `argument`: the caller asked for something that the file does not have, or that does not exist.
 * - `changed`: the file changed while it was read.
 *
 * @category Errors
 */
export type CdfErrorCode = "format" | "truncated" | "unsupported" | "limit" | "checksum" | "argument" | "changed";

/**
 * Where in the file an error is: the type of the internal record (`zVDR`, `VXR`, ...) and its offset in bytes.
 *
 * @category Errors
 */
export interface CdfPlace {
  /** The type of the internal record, as in the CDF internal format description. */
  readonly record?: string | undefined;
  /** The offset of the record from the start of the file, in bytes; of the uncompressed file, if it is compressed as a whole. */
  readonly offset?: number | undefined;
}

/**
 * An error of the CDF reader. Whatever a file contains, reading it either succeeds or fails with this error.
 *
 * @example
 * ```ts
 * import { CdfError, openCdf } from "@imap-sdc/data-access/cdf";
 *
 * try {
 *   await openCdf(new TextEncoder().encode("not a CDF file"));
 * } catch (error) {
 *   if (error instanceof CdfError) console.log(error.code, error.message);
 * }
 * ```
 *
 * @category Errors
 */
export class CdfError extends Error implements CdfPlace {
  /** `CdfError` */
  override readonly name = "CdfError";
  /** What the error is about. */
  readonly code: CdfErrorCode;
  /** The type of the internal record, such as `zVDR`, if the error is in one. */
  readonly record: string | undefined;
  /** The offset of the record from the start of the file, in bytes, if the error is in one. */
  readonly offset: number | undefined;

  /**
   * Makes an error.
   *
   * @param code What it is about.
   * @param message What cannot be done, and why.
   * @param place Where in the file the error is, and what caused it.
   */
  constructor(code: CdfErrorCode, message: string, place: CdfPlace & { readonly cause?: unknown } = {}) {
    super(message, place.cause === undefined ? undefined : { cause: place.cause });
    this.code = code;
    this.record = place.record;
    this.offset = place.offset;
  }
}

/** An error in an internal record: `Cannot read the zVDR at byte 320: ...`. */
export function recordError(
  code: CdfErrorCode,
  record: string,
  offset: number,
  state: string,
  cause?: unknown,
): CdfError {
  return new CdfError(code, `Cannot read the ${record} at byte ${offset}: ${state}`, { record, offset, cause });
}
