import { CdfError, nodeModule } from "./source.ts";
import type { CdfCompression } from "./headers.ts";

/** The part of Node's `node:zlib` that is used. */
interface Zlib {
  gunzipSync(bytes: Uint8Array, options: { readonly chunkSize: number; readonly maxOutputLength: number }): Uint8Array;
}

function isZlib(module: unknown): module is Zlib {
  return typeof module === "object" && module !== null && "gunzipSync" in module;
}

let zlib: Zlib | null | undefined;

/** Node's zlib, which is faster than streams; browsers have none. */
function nodeZlib(): Zlib | null {
  if (zlib !== undefined) return zlib;
  const module = nodeModule("node:zlib");
  return zlib = isZlib(module) ? module : null;
}

/** Compressed bytes cannot grow more: RLE turns 2 bytes into 256, GZIP a bit into 258. */
const MAX_GROWTH: Readonly<Partial<Record<CdfCompression, number>>> = { RLE: 128, GZIP: 1040 };

/** Where compressed bytes are, for messages. */
export interface CompressedPlace {
  readonly record: string;
  readonly offset: number;
}

function wrong(place: CompressedPlace, compression: CdfCompression, state: string, cause?: unknown): CdfError {
  const { record, offset } = place;
  const message = `Cannot read the ${record} at byte ${offset}: its ${compression} data ${state}`;
  return new CdfError("format", message, { record, offset, cause });
}

/** Checks that bytes can be decompressed, before memory is allocated for them. */
function checkGrowth(
  compression: CdfCompression,
  compressed: number,
  expected: number,
  place: CompressedPlace,
): "RLE" | "GZIP" {
  if (compression !== "RLE" && compression !== "GZIP") {
    const { record, offset } = place;
    throw new CdfError(
      "unsupported",
      `Cannot read the ${record} at byte ${offset}: it is compressed with ${compression}, which cannot be read`,
      place,
    );
  }
  if (expected > 1024 + compressed * (MAX_GROWTH[compression] ?? 1)) {
    throw wrong(place, compression, `of ${compressed} bytes cannot be ${expected} bytes in full`);
  }
  return compression;
}

/**
 * Decompresses bytes whose size is known.
 *
 * @param compression How they are compressed.
 * @param bytes The compressed bytes.
 * @param expected The number of bytes that they must turn into.
 * @param place Where they are, for messages.
 */
export async function decompress(
  compression: CdfCompression,
  bytes: Uint8Array,
  expected: number,
  place: CompressedPlace,
): Promise<Uint8Array> {
  const known = checkGrowth(compression, bytes.length, expected, place);
  if (known === "RLE") return decodeRuns(bytes, expected, place);
  const node = nodeZlib();
  if (node === null) {
    const output = new Uint8Array(expected);
    const stream = new GzipReader(single(bytes), place);
    try {
      await stream.readInto(output);
      await stream.expectEnd();
    } finally {
      await stream.cancel();
    }
    return output;
  }
  let output: Uint8Array;
  try {
    // One more byte, so that the output fits into one chunk, and too much of it is noticed.
    output = node.gunzipSync(bytes, { chunkSize: Math.max(64, expected + 1), maxOutputLength: expected + 1 });
  } catch (error) {
    throw wrong(place, known, "cannot be decompressed", error);
  }
  if (output.length !== expected) throw wrong(place, known, `has ${output.length} bytes, not ${expected}`);
  return output;
}

/** Decodes CDF's run-length encoding: a zero byte and a count stand for one more zeros than the count. */
function decodeRuns(bytes: Uint8Array, expected: number, place: CompressedPlace): Uint8Array {
  const output = new Uint8Array(expected);
  let at = 0;
  let index = 0;
  for (; index < bytes.length && at <= expected; index++) {
    const byte = bytes[index] ?? 0;
    if (byte !== 0) output[at++] = byte;
    else at += 1 + (bytes[++index] ?? expected);
  }
  if (at !== expected || index !== bytes.length) throw wrong(place, "RLE", `does not have ${expected} bytes`);
  return output;
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Decompresses GZIP data as it is read, in little memory. */
export class GzipReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #place: CompressedPlace;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>, place: CompressedPlace) {
    this.#place = place;
    const iterator = chunks[Symbol.asyncIterator]();
    const compressed = new ReadableStream<BufferSource>({
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (done) controller.close();
        // The stream may not share memory with others.
        else controller.enqueue(value.slice());
      },
      async cancel() {
        await iterator.return?.();
      },
    }, { highWaterMark: 0 });
    this.#reader = compressed.pipeThrough(new DecompressionStream("gzip")).getReader();
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#rest.length > 0) return this.#rest;
    try {
      const { value } = await this.#reader.read();
      return value;
    } catch (error) {
      if (error instanceof CdfError) throw error;
      throw wrong(this.#place, "GZIP", "cannot be decompressed", error);
    }
  }

  /** Fills the target with the bytes that follow. */
  async readInto(target: Uint8Array): Promise<void> {
    for (let at = 0; at < target.length;) {
      const chunk = await this.#next();
      if (chunk === undefined) throw wrong(this.#place, "GZIP", "ends too early");
      const count = Math.min(chunk.length, target.length - at);
      target.set(chunk.subarray(0, count), at);
      this.#rest = chunk.subarray(count);
      at += count;
    }
  }

  /** Passes over bytes. */
  async skip(bytes: number): Promise<void> {
    for (let left = bytes; left > 0;) {
      const chunk = await this.#next();
      if (chunk === undefined) throw wrong(this.#place, "GZIP", "ends too early");
      const count = Math.min(chunk.length, left);
      this.#rest = chunk.subarray(count);
      left -= count;
    }
  }

  /** Checks that nothing follows. */
  async expectEnd(): Promise<void> {
    for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) {
      if (chunk.length > 0) throw wrong(this.#place, "GZIP", "has more bytes than expected");
    }
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }
}
