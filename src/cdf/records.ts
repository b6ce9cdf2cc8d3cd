import { CdfError, nodeModule, type OpenSource, recordError } from "./source.ts";
import { type CdfCompression, headerBytes, type HeaderReader, type VariableHeader } from "./headers.ts";
import { defaultPadBytes } from "./values.ts";

/** The entries of an index record (VXR): blocks of records, or further index records. */
interface Index {
  readonly firsts: readonly number[];
  readonly lasts: readonly number[];
  readonly offsets: readonly number[];
  /** The entry that follows. */
  at: number;
  /** The offset of the next index record; 0 or -1 if there is none. */
  readonly next: number;
}

/** A block of consecutive records. */
interface Block {
  readonly first: number;
  /** The record after the last one. */
  readonly end: number;
  /** Fills the target with the records from this one on. Records are asked for in ascending order. */
  readInto(target: Uint8Array, record: number): Promise<void> | void;
  close?(): Promise<void>;
}

/** Bytes that were read ahead: several blocks with one read. */
interface Run {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Small blocks that follow each other are read together, up to so many bytes. */
const MAX_RUN = 1024 * 1024;
/** Plain blocks of this size are read straight into the values. */
const MIN_DIRECT = 128 * 1024;
/** Compressed blocks that are larger when decompressed are decompressed piece by piece. */
const MAX_DECOMPRESSED = 4 * 1024 * 1024;
/** How much is read at once of a compressed block that is decompressed piece by piece. */
const PIECE = 256 * 1024;
/** Index records that lead to each other must not be deeper: each level multiplies the number of blocks. */
const MAX_DEPTH = 32;

/** What the values of a variable are read from. */
export interface RecordSource {
  readonly headers: HeaderReader;
  readonly open: OpenSource;
  readonly variable: VariableHeader;
  /** How many bytes of records may be missing that should be there: a damaged file can claim any number. */
  readonly maxGapBytes: number;
}

/** Reads records of a variable as bytes, in ascending order. */
export class RecordReader {
  readonly #source: RecordSource;
  readonly #variable: VariableHeader;
  readonly #headers: HeaderReader;
  readonly #open: OpenSource;
  /** The index records on the way to the current block. */
  readonly #path: Index[] = [];
  #hasStarted = false;
  #block: Block | undefined;
  #run: Run | undefined;
  #runMemory: Uint8Array = new Uint8Array(0);
  /** The record after the last one of all blocks so far. */
  #blocksEnd = 0;
  /** The record before the gap, with sparse records that repeat it; null if there is none. */
  #previous: Uint8Array | null | undefined;
  /** The bytes of records that are not in the file. */
  #gapBytes = 0;
  #pad: Uint8Array | undefined;
  /** Where reading stops: blocks behind it are not read ahead. */
  readonly #end: number;

  constructor(source: RecordSource, end: number) {
    this.#source = source;
    this.#variable = source.variable;
    this.#headers = source.headers;
    this.#open = source.open;
    this.#end = end;
  }

  /** Fills the target with records. Ranges are asked for in ascending order; those without a block get pad values. */
  async read(target: Uint8Array, start: number, end: number, signal: AbortSignal | undefined): Promise<void> {
    const { recordBytes, sparse } = this.#variable;
    if (recordBytes === 0) return;
    if (sparse !== "none") this.#gapBytes = 0;
    for (let record = start; record < end;) {
      signal?.throwIfAborted();
      const block = await this.#blockFor(record);
      if (block === undefined || block.first > record) {
        const gapEnd = Math.min(end, block?.first ?? end);
        await this.#fillGap(target.subarray((record - start) * recordBytes, (gapEnd - start) * recordBytes), record);
        record = gapEnd;
        continue;
      }
      const until = Math.min(end, block.end);
      const part = target.subarray((record - start) * recordBytes, (until - start) * recordBytes);
      await block.readInto(part, record);
      if (this.#variable.sparse === "previous") this.#previous = part.slice(part.length - recordBytes);
      record = until;
    }
  }

  /** Stops what runs. */
  async close(): Promise<void> {
    await this.#block?.close?.();
    this.#block = undefined;
  }

  /** Returns the block of this record or the next one after it; undefined if there are no more. */
  async #blockFor(record: number): Promise<Block | undefined> {
    if (this.#block !== undefined && this.#block.end > record) return this.#block;
    await this.close();
    return this.#block = await this.#nextBlock(record);
  }

  async #nextBlock(record: number): Promise<Block | undefined> {
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      const { indexOffset } = this.#variable;
      if (indexOffset > 0 && this.#variable.records > 0) this.#path.push(await this.#index(indexOffset));
    }
    for (let index = this.#path.at(-1); index !== undefined; index = this.#path.at(-1)) {
      const entry = index.at++;
      const [first, last, offset] = [index.firsts[entry], index.lasts[entry], index.offsets[entry]];
      if (first === undefined || last === undefined || offset === undefined) {
        this.#path.pop();
        if (index.next > 0) this.#path.push(await this.#index(index.next));
        continue;
      }
      if (last < record) continue;
      // Only what is requested is read.
      if (first >= this.#end) {
        index.at--;
        return undefined;
      }
      const found = await this.#openEntry(index, entry, { first, last, offset });
      if (found === undefined) continue;
      if (first < this.#blocksEnd) {
        throw recordError("format", "VXR", this.#variable.indexOffset, `its record ${first} is in two blocks`);
      }
      this.#blocksEnd = last + 1;
      return found;
    }
    return undefined;
  }

  /** Reads an index record. */
  async #index(offset: number): Promise<Index> {
    if (this.#path.length >= MAX_DEPTH) throw recordError("format", "VXR", offset, "too many index records lead to it");
    const fields = await this.#headers.record("VXR", offset);
    const next = fields.offset8();
    const [count, used] = [fields.int4(), fields.int4()];
    if (used < 0 || used > count) throw fields.error(`it uses ${used} of ${count} entries`);
    const firsts = fields.ints(count);
    const lasts = fields.ints(count);
    const offsets: number[] = [];
    for (let entry = 0; entry < used; entry++) {
      const [first = 0, last = 0] = [firsts[entry], lasts[entry]];
      if (first < 0 || last < first) throw fields.error(`one of its entries is for the records ${first} to ${last}`);
      offsets.push(fields.offset8());
    }
    return { firsts, lasts, offsets, at: 0, next };
  }

  /** Opens the block of an entry; undefined if the entry leads to an index record, which is then the current one. */
  async #openEntry(
    index: Index,
    entry: number,
    { first, last, offset }: { first: number; last: number; offset: number },
  ): Promise<Block | undefined> {
    const { recordBytes, compression } = this.#variable;
    const bytes = (last - first + 1) * recordBytes;
    const header = headerBytes(this.#headers.layout);
    const isLarge = bytes > (compression === undefined ? MIN_DIRECT : MAX_DECOMPRESSED);
    const ahead = isLarge ? undefined : await this.#readAhead(index, entry, offset);
    const { size, type } = ahead === undefined
      ? await this.#peek(offset)
      : this.#parse(new DataView(ahead.buffer, ahead.byteOffset, header));
    if (type === 6) {
      this.#path.push(await this.#index(offset));
      return undefined;
    }
    const record = type === 7 ? "VVR" : type === 13 ? "CVVR" : undefined;
    if (record === undefined) throw recordError("format", "VVR", offset, `the record there has the type ${type}`);
    if (!Number.isSafeInteger(size) || size < header) {
      throw recordError("format", record, offset, `its size is ${size} bytes`);
    }
    if (offset + size > this.#headers.size) {
      const state = `it has ${size} bytes, and the file ${this.#headers.size}`;
      throw recordError("truncated", record, offset, state);
    }
    const stored = { first, end: last + 1, offset, size, bytes, ahead };
    return record === "VVR" ? this.#plainBlock(stored) : await this.#compressedBlock(stored);
  }

  #plainBlock(stored: StoredBlock): Block {
    const { first, end, offset, size, bytes, ahead } = stored;
    const { recordBytes } = this.#variable;
    const header = headerBytes(this.#headers.layout);
    if (size - header < bytes) {
      throw recordError("format", "VVR", offset, `it has ${size - header} bytes, and its records take ${bytes}`);
    }
    return {
      first,
      end,
      readInto: async (target, record) => {
        const at = header + (record - first) * recordBytes;
        if (ahead !== undefined && at + target.length <= ahead.length) {
          target.set(ahead.subarray(at, at + target.length));
        } else await this.#open.readInto(offset + at, target);
      },
    };
  }

  async #compressedBlock(stored: StoredBlock): Promise<Block> {
    const { first, end, offset, size, bytes, ahead } = stored;
    const { recordBytes, compression } = this.#variable;
    const place = { record: "CVVR", offset };
    if (compression === undefined) {
      throw recordError("format", "CVVR", offset, `it is compressed, but not the variable "${this.#variable.name}"`);
    }
    const { isWide } = this.#headers.layout;
    const header = isWide ? 24 : 16;
    if (size < header) throw recordError("format", "CVVR", offset, `its size is ${size} bytes`);
    const head = ahead !== undefined && ahead.length >= header ? ahead : await this.#bytes(offset, header);
    const view = new DataView(head.buffer, head.byteOffset, header);
    const compressed = isWide ? Number(view.getBigInt64(16)) : view.getInt32(12);
    if (compressed < 0 || compressed > size - header) {
      throw recordError("format", "CVVR", offset, `it has ${size - header} bytes, and its values take ${compressed}`);
    }
    if (bytes > MAX_DECOMPRESSED && compression === "GZIP") {
      return this.#streamedBlock({ ...stored, offset: offset + header, size: compressed }, place);
    }
    const whole = ahead !== undefined && header + compressed <= ahead.length
      ? ahead.subarray(header, header + compressed)
      : await this.#bytes(offset + header, compressed);
    const values = await decompress(compression, whole, bytes, place);
    return {
      first,
      end,
      readInto(target, record) {
        const at = (record - first) * recordBytes;
        target.set(values.subarray(at, at + target.length));
      },
    };
  }

  /** A large block, which is decompressed as far as needed. */
  #streamedBlock(stored: StoredBlock, place: { record: string; offset: number }): Block {
    const { first, end, offset, size } = stored;
    const { recordBytes } = this.#variable;
    const readBytes = (at: number, length: number) => this.#bytes(at, length);
    const reader = new GzipReader(
      async function* () {
        for (let at = 0; at < size; at += PIECE) yield await readBytes(offset + at, Math.min(PIECE, size - at));
      }(),
      place,
    );
    let position = 0;
    return {
      first,
      end,
      async readInto(target, record) {
        const at = (record - first) * recordBytes;
        await reader.skip(at - position);
        await reader.readInto(target);
        position = at + target.length;
      },
      close: () => reader.cancel(),
    };
  }

  async #bytes(offset: number, length: number): Promise<Uint8Array> {
    const cached = this.#headers.cached(offset, length);
    if (cached !== undefined) return cached;
    const bytes = new Uint8Array(length);
    if (length > 0) await this.#open.readInto(offset, bytes);
    return bytes;
  }

  #parse(view: DataView): { size: number; type: number } {
    return this.#headers.layout.isWide
      ? { size: Number(view.getBigInt64(0)), type: view.getInt32(8) }
      : { size: view.getInt32(0), type: view.getInt32(4) };
  }

  /** Reads the size and type of a record, and no more. */
  async #peek(offset: number): Promise<{ size: number; type: number }> {
    const header = headerBytes(this.#headers.layout);
    if (offset < 8 || offset + header > this.#headers.size) {
      throw recordError("truncated", "VVR", offset, `the file has ${this.#headers.size} bytes`);
    }
    const bytes = await this.#bytes(offset, header);
    return this.#parse(new DataView(bytes.buffer, bytes.byteOffset, header));
  }

  /** Reads a small block together with those that follow it in the file, and returns all bytes from its offset on. */
  async #readAhead(index: Index, entry: number, offset: number): Promise<Uint8Array> {
    const header = headerBytes(this.#headers.layout);
    const run = this.#run;
    if (run !== undefined && offset >= run.offset) {
      const rest = run.bytes.subarray(Math.min(run.bytes.length, offset - run.offset));
      if (rest.length >= header) {
        const { size } = this.#parse(new DataView(rest.buffer, rest.byteOffset, header));
        if (size <= rest.length) return rest;
      }
    }
    let end = offset + await this.#sizeOf(index, entry, true);
    for (let next = entry + 1; next < index.offsets.length; next++) {
      const [first, at] = [index.firsts[next], index.offsets[next]];
      if (first === undefined || at === undefined || first >= this.#end) break;
      // A gap is small: it may hold an index record.
      if (at < end || at - end > 1024 || end - offset >= MAX_RUN) break;
      end = at + await this.#sizeOf(index, next, end - offset < MAX_RUN);
    }
    end = Math.min(end, this.#headers.size);
    if (offset < 8 || offset + header > end) {
      throw recordError("truncated", "VVR", offset, `the file has ${this.#headers.size} bytes`);
    }
    const cached = this.#headers.cached(offset, end - offset);
    if (cached !== undefined) return cached;
    // The memory is used again for the next run: collecting it would take longer than reading.
    if (this.#runMemory.length < end - offset) this.#runMemory = new Uint8Array(end - offset);
    const bytes = this.#runMemory.subarray(0, end - offset);
    this.#run = undefined;
    await this.#open.readInto(offset, bytes);
    this.#run = { offset, bytes };
    return bytes;
  }

  /** How many bytes the block of an entry takes in the file, as far as that is known without reading it. */
  async #sizeOf(index: Index, entry: number, mayPeek: boolean): Promise<number> {
    const { recordBytes, compression } = this.#variable;
    const [first = 0, last = 0, offset = 0] = [index.firsts[entry], index.lasts[entry], index.offsets[entry]];
    const plain = headerBytes(this.#headers.layout) + (last - first + 1) * recordBytes;
    if (compression === undefined) return plain;
    // Compressed blocks take at most a little more than plain ones, and blocks that follow each other have no gaps.
    const following = (index.offsets[entry + 1] ?? 0) - offset;
    if (following > 0 && following <= plain + 1024) return following;
    if (!mayPeek) return 0;
    const { size } = await this.#peek(offset);
    return size > 0 && size <= plain + 1024 ? size : headerBytes(this.#headers.layout);
  }

  /** Fills a target with the values of records that were not written. */
  async #fillGap(target: Uint8Array, record: number): Promise<void> {
    const { sparse, padBytes, name, offset, isZ } = this.#variable;
    this.#gapBytes += target.length;
    // Sparse records have gaps on purpose, so only the records of one call are counted.
    if (this.#gapBytes > (sparse === "none" ? 1 : 2) * this.#source.maxGapBytes) {
      const state = `${this.#gapBytes} bytes of "${name}" are missing in the file, more than its size explains`;
      throw recordError("limit", isZ ? "zVDR" : "rVDR", offset, `${state}; read chunks, or raise maxBytes`);
    }
    if (sparse === "previous") {
      if (this.#previous === undefined) this.#previous = await this.#recordBefore(record) ?? null;
      if (this.#previous !== null) return repeat(target, this.#previous);
    }
    this.#pad ??= padBytes ?? defaultPadBytes(this.#variable);
    repeat(target, this.#pad);
  }

  /** Returns the bytes of the last record that was written before this one. */
  async #recordBefore(record: number): Promise<Uint8Array | undefined> {
    const { headers, variable } = this.#source;
    const again = () => ({ ...this.#source, headers: headers.again() });
    const last = await new RecordReader(again(), record).#lastRecord(record);
    if (last === undefined) return undefined;
    const bytes = new Uint8Array(variable.recordBytes);
    const reader = new RecordReader(again(), last + 1);
    try {
      const block = await reader.#blockFor(last);
      if (block === undefined || block.first > last) return undefined;
      await block.readInto(bytes, last);
    } finally {
      await reader.close();
    }
    return bytes;
  }

  /** Returns the last record of the last entry that ends before a record. */
  async #lastRecord(before: number): Promise<number | undefined> {
    let found: number | undefined;
    for (let offset = this.#variable.indexOffset; offset > 0;) {
      const { lasts, offsets, next } = await this.#index(offset);
      for (const [entry, last] of lasts.entries()) {
        if (entry < offsets.length && last < before && (found === undefined || last > found)) found = last;
      }
      offset = next;
    }
    return found;
  }
}

interface StoredBlock {
  readonly first: number;
  readonly end: number;
  /** Where it is in the file, and how many bytes it takes there. */
  readonly offset: number;
  readonly size: number;
  /** The bytes of its records when decompressed. */
  readonly bytes: number;
  /** The bytes from its offset on that were read already. */
  readonly ahead: Uint8Array | undefined;
}

/** Fills the target with copies of a pattern. */
function repeat(target: Uint8Array, pattern: Uint8Array): void {
  if (target.length === 0) return;
  target.set(pattern.subarray(0, target.length));
  for (let done = pattern.length; done < target.length; done *= 2) {
    target.copyWithin(done, 0, Math.min(done, target.length - done));
  }
}

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
class GzipReader {
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
