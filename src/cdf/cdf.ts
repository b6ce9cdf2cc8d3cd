/**
 * Reads files in NASA's Common Data Format (CDF), the format of most data of space physics. It has no dependencies, and
 * runs in Deno, Node, and browsers.
 *
 * A file is opened with {@linkcode openCdf}, from a path, a `Blob`, bytes, or anything that can read a range of bytes.
 * Only the headers are read then; {@linkcode Cdf.read} reads the values of one variable.
 *
 * What can be read: versions 2.4 to 3.9, all data types, r and z variables, all encodings except VAX floating-point
 * numbers, GZIP and RLE compression, and sparse records. See NASA's "CDF Internal Format Description" and
 * https://cdf.gsfc.nasa.gov.
 *
 * @example Print the variables of a file and the first values of one of them
 * ```ts
 * import { openCdf } from "@imap-sdc/data-access/cdf";
 *
 * const cdf = await openCdf("tests/cdf/files/example.cdf");
 * for (const { name, type, shape } of cdf.variables) console.log(name, type, shape);
 * const { values, shape } = await cdf.read("vectors", { start: 0, end: 10 });
 * console.log(shape, values);
 * ```
 *
 * @module
 */
import { decompress, RecordReader } from "./records.ts";
import {
  bytesSource,
  CdfError,
  type CdfInput,
  HeaderCache,
  type OpenSource,
  recordError,
  type Source,
  sourceOf,
} from "./source.ts";
import {
  type CdfCompression,
  type FileHeader,
  HeaderReader,
  type Layout,
  NARROW,
  readCompression,
  readHeaders,
  type VariableHeader,
  WIDE,
} from "./headers.ts";
import {
  type CdfArray,
  type CdfAttributeValue,
  type CdfPad,
  type CdfType,
  decodeValues,
  toRowMajor,
} from "./values.ts";

export { CdfError, type CdfErrorCode, type CdfPlace } from "./source.ts";
export type { CdfCompression } from "./headers.ts";
export type { CdfInput, CdfSource } from "./source.ts";
export type { CdfArray, CdfAttributeValue, CdfPad, CdfType } from "./values.ts";

export {
  type CdfTime,
  type CdfTimes,
  type CdfTimeType,
  instantToTime,
  isoToTime,
  LEAP_SECONDS_UPDATED,
  timesToMilliseconds,
  timeToDate,
  timeToInstant,
  timeToIso,
} from "./time.ts";

/**
 * A variable of a file.
 *
 * @category CDF files
 */
export interface CdfVariable {
  /** Its name. */
  readonly name: string;
  /** The type of its values. */
  readonly type: CdfType;
  /**
   * The shape of all of its values, as {@linkcode Cdf.read} returns it: the number of records, then the sizes of the
   * dimensions of a record; without the records if the variable does not vary by record. The shape of EPOCH16 times
   * ends in 2.
   */
  readonly shape: readonly number[];
  /** The sizes of the dimensions of a record; empty if a record is a single value. */
  readonly dimensions: readonly number[];
  /** The number of records. */
  readonly records: number;
  /** Whether its values vary from record to record. One that does not vary has one record, which applies to all. */
  readonly varies: boolean;
  /** The width of a text in bytes; 1 for numbers. */
  readonly elements: number;
  /** The compression of its values; undefined if they are not compressed. */
  readonly compression: CdfCompression | undefined;
  /** What records that were not written contain: the pad value, or the values of the record before. */
  readonly sparse: "none" | "pad" | "previous";
  /** The pad value that the file states; undefined if it states none, in which case the type's default counts. */
  readonly pad: CdfPad | undefined;
  /** Whether it is an r variable, which share their dimensions, or a z variable, which have their own. */
  readonly kind: "r" | "z";
  /** Its attributes: VAR_TYPE, UNITS, FILLVAL, ... */
  readonly attributes: Readonly<Record<string, CdfAttributeValue>>;
  /** The types of its attributes. */
  readonly attributeTypes: Readonly<Record<string, CdfType>>;
}

/**
 * Values of a variable.
 *
 * @category CDF files
 */
export interface CdfValues {
  /** The values in row-major order: the last index varies fastest. */
  readonly values: CdfArray;
  /**
   * The number of records, then the sizes of the dimensions of a record; without the records if the variable does not
   * vary by record. The product of these numbers is the number of values. The shape of EPOCH16 times ends in 2.
   */
  readonly shape: readonly number[];
}

/**
 * Values of consecutive records.
 *
 * @category CDF files
 */
export interface CdfChunk extends CdfValues {
  /** The number of the first record. */
  readonly start: number;
  /** The number of the record after the last one. */
  readonly end: number;
}

/**
 * Which records to read, by their numbers.
 *
 * @category CDF files
 */
export interface CdfReadOptions {
  /** The first record (default: 0). */
  readonly start?: number | undefined;
  /** The record after the last one (default: the number of records). A number beyond is the same as the default. */
  readonly end?: number | undefined;
  /** Cancels reading. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * How {@linkcode Cdf.chunks} divides the records.
 *
 * @category CDF files
 */
export interface CdfChunkOptions extends CdfReadOptions {
  /** The maximum number of records of a chunk (default: as many as take about 256 kB). */
  readonly records?: number | undefined;
}

/**
 * How a file is opened.
 *
 * @category CDF files
 */
export interface CdfOptions {
  /**
   * The maximum number of bytes of values that one call may return, and of a file that is compressed as a whole. It protects against
   * files that claim to be huge (default: 128 times the size of the file, at least 32 MB). Texts count 32 bytes more
   * each. To read more than fits into memory, use {@linkcode Cdf.chunks}.
   */
  readonly maxBytes?: number | undefined;
}

const MIN_MAX_BYTES = 32 * 1024 * 1024;
const MAX_EXPANSION = 128;
/** How many bytes of records may be missing in any file. */
const MAX_GAP_BYTES = 16 * 1024 * 1024;
/** The bytes of a chunk. */
const CHUNK_BYTES = 256 * 1024;
/** A text takes more memory than its bytes. */
const TEXT_BYTES = 32;

/**
 * An open file: its variables and attributes, and their values on request. It does not need to be closed.
 *
 * @category CDF files
 */
export class Cdf {
  readonly #file: OpenedFile;
  readonly #headers = new Map<string, VariableHeader>();

  /** The variables, in the order of the file. */
  readonly variables: readonly CdfVariable[];
  /** The global attributes: the values of each, in the order of their entry numbers. */
  readonly attributes: Readonly<Record<string, readonly CdfAttributeValue[]>>;
  /** The types of the values of the global attributes. */
  readonly attributeTypes: Readonly<Record<string, readonly CdfType[]>>;
  /** The version of the CDF library that the file is written for: `3.9.0`. */
  readonly version: string;
  /** The name of the encoding of the values: `IBMPC`, `NETWORK`, ... */
  readonly encoding: string;
  /** How the file stores arrays; {@linkcode Cdf.read} always returns them row by row. */
  readonly majority: "row" | "column";
  /** The compression of the file as a whole; undefined if it is not compressed. Variables have their own. */
  readonly compression: CdfCompression | undefined;
  /** Whether the file ends in an MD5 checksum, which {@linkcode Cdf.verifyChecksum} verifies. */
  readonly hasChecksum: boolean;
  /**
   * The day of the newest leap second that the writer of the file knew, as eight digits: 20170101. Undefined if the file
   * does not state it. TT2000 times after a leap second that the writer did not know are off by a second.
   */
  readonly leapSecondsUpdated: number | undefined;

  /** Use {@linkcode openCdf}. */
  private constructor(file: OpenedFile) {
    const { header } = file;
    this.#file = file;
    for (const variable of header.variables) {
      if (!this.#headers.has(variable.name)) this.#headers.set(variable.name, variable);
    }
    this.variables = header.variables.map(describe);
    this.attributes = header.attributes;
    this.attributeTypes = header.attributeTypes;
    this.version = header.version;
    this.encoding = header.encoding;
    this.majority = header.isRowMajor ? "row" : "column";
    this.compression = file.compression;
    this.hasChecksum = header.hasChecksum;
    this.leapSecondsUpdated = header.leapSecondsUpdated;
  }

  /** Opens a file; the same as {@linkcode openCdf}. */
  static async open(input: CdfInput, options: CdfOptions = {}): Promise<Cdf> {
    return new Cdf(await openFile(input, options));
  }

  /**
   * Returns a variable.
   *
   * @param name Its exact name.
   * @throws {CdfError} If the file does not have it.
   */
  variable(name: string): CdfVariable {
    const found = this.variables.find((variable) => variable.name === name);
    if (found === undefined) throw this.#unknown(name);
    return found;
  }

  #unknown(name: string): CdfError {
    const names = this.variables.map((variable) => variable.name);
    const closest = names.find((known) => known.toLowerCase() === name.toLowerCase());
    const hint = closest !== undefined
      ? `did you mean "${closest}"?`
      : `it has ${names.length === 0 ? "no variables" : names.slice(0, 20).join(", ")}${
        names.length > 20 ? ", ..." : ""
      }`;
    return new CdfError("argument", `Cannot read the variable "${name}": the file does not have it; ${hint}`);
  }

  /**
   * Reads values of a variable into memory.
   *
   * @param name The name of the variable.
   * @param options Which records to read (default: all). They have no effect on a variable that does not vary by record.
   * @returns The values in row-major order, and their shape.
   * @throws {CdfError} If the file does not have the variable, if it is damaged, or if the values take more memory than
   * allowed.
   *
   * @example
   * ```ts
   * import { openCdf } from "@imap-sdc/data-access/cdf";
   *
   * const cdf = await openCdf("tests/cdf/files/example.cdf");
   * const { values, shape } = await cdf.read("vectors", { start: 2, end: 4 });
   * console.log(shape); // [ 2, 3 ]
   * ```
   */
  async read(name: string, options: CdfReadOptions = {}): Promise<CdfValues> {
    const { variable, start, end } = this.#range(name, options);
    const open = await this.#file.source.open();
    const reader = this.#recordReader(variable, open, end);
    try {
      return await this.#values(reader, variable, start, end, options.signal);
    } finally {
      await reader.close();
      await open.close();
    }
  }

  /**
   * Reads values of a variable in chunks of consecutive records, in little memory. A variable that does not vary by
   * record is one chunk.
   *
   * @param name The name of the variable.
   * @param options Which records to read (default: all), and how many at once.
   * @throws {CdfError} As {@linkcode Cdf.read}.
   *
   * @example
   * ```ts
   * import { openCdf } from "@imap-sdc/data-access/cdf";
   *
   * const cdf = await openCdf("tests/cdf/files/example.cdf");
   * for await (const { start, end, values } of cdf.chunks("vectors", { records: 4 })) {
   *   console.log(`records ${start} to ${end}: ${values.length} values`);
   * }
   * ```
   */
  async *chunks(name: string, options: CdfChunkOptions = {}): AsyncGenerator<CdfChunk> {
    const { variable, start, end } = this.#range(name, options);
    const most = options.records ?? Math.floor(CHUNK_BYTES / Math.max(1, memoryPerRecord(variable)));
    if (options.records !== undefined && (!Number.isSafeInteger(most) || most < 1)) {
      throw new CdfError("argument", `Cannot read chunks of ${most} records: expected a whole number from 1 on`);
    }
    const step = Math.max(1, most);
    const open = await this.#file.source.open();
    const reader = this.#recordReader(variable, open, end);
    try {
      for (let from = start; from < end; from += step) {
        const to = Math.min(end, from + step);
        yield { start: from, end: to, ...await this.#values(reader, variable, from, to, options.signal) };
      }
    } finally {
      await reader.close();
      await open.close();
    }
  }

  /**
   * Verifies the MD5 checksum, for which the whole file is read.
   *
   * @returns Whether the file has a checksum, which then matches.
   * @throws {CdfError} With the code `checksum` if it does not match.
   *
   * @example
   * ```ts
   * import { openCdf } from "@imap-sdc/data-access/cdf";
   *
   * const cdf = await openCdf("tests/cdf/files/example.cdf");
   * console.log(await cdf.verifyChecksum() ? "intact" : "the file has no checksum");
   * ```
   */
  async verifyChecksum(): Promise<boolean> {
    if (!this.hasChecksum) return false;
    const { md5 } = await import("./md5.ts");
    const { original } = this.#file;
    const { size } = original;
    const open = await original.open();
    try {
      const stated = new Uint8Array(16);
      await open.readInto(Math.max(0, size - 16), stated);
      const actual = await md5(size - 16, (offset, target) => open.readInto(offset, target));
      if (stated.some((byte, index) => byte !== actual[index])) {
        throw new CdfError("checksum", "Cannot verify the file: its content does not match its MD5 checksum", {
          offset: size - 16,
        });
      }
      return true;
    } finally {
      await open.close();
    }
  }

  #recordReader(variable: VariableHeader, open: OpenSource, end: number): RecordReader {
    const { source, cache, layout, maxGapBytes } = this.#file;
    const headers = new HeaderReader({ cache, open, size: source.size, layout, areFew: true });
    return new RecordReader({ headers, open, variable, maxGapBytes }, end);
  }

  #range(name: string, { start = 0, end }: CdfReadOptions): { variable: VariableHeader; start: number; end: number } {
    const variable = this.#headers.get(name);
    if (variable === undefined) throw this.#unknown(name);
    const { records, varies } = variable;
    if (!varies) return { variable, start: 0, end: records };
    const until = Math.min(records, end ?? records);
    if (!Number.isSafeInteger(start) || start < 0 || !Number.isSafeInteger(until) || until < Math.min(start, records)) {
      throw new CdfError(
        "argument",
        `Cannot read the records from ${start} to ${
          end ?? records
        } of "${name}": expected whole numbers from 0 on, the first not above the second`,
      );
    }
    return { variable, start: Math.min(start, until), end: until };
  }

  async #values(
    reader: RecordReader,
    variable: VariableHeader,
    start: number,
    end: number,
    signal: AbortSignal | undefined,
  ): Promise<CdfValues> {
    const needed = (end - start) * memoryPerRecord(variable);
    const { maxBytes, header } = this.#file;
    if (needed > maxBytes) {
      throw new CdfError(
        "limit",
        `Cannot read ${
          end - start
        } records of "${variable.name}": they take ${needed} bytes, more than the limit of ${maxBytes}; read fewer records, read chunks, or raise maxBytes`,
        { record: variable.isZ ? "zVDR" : "rVDR", offset: variable.offset },
      );
    }
    const { dimensions, type, recordBytes, varies, records } = variable;
    const bytes = new Uint8Array((end - start) * recordBytes);
    await reader.read(bytes, start, end, signal);
    if (!header.isRowMajor) toRowMajor(bytes, dimensions, variable.elements * type.width * type.numbers);
    const shape = shapeOf(variable, varies ? end - start : records);
    return { values: decodeValues(bytes, variable), shape };
  }
}

/**
 * Opens a file: reads its headers, not its values.
 *
 * @param input A path, a `file:` URL, a `Blob`, bytes, or an object with `size` and `read(offset, length)`. A file is
 * open only while a call runs, so it does not need to be closed.
 * @param options How it is opened.
 * @throws {CdfError} If it is not a CDF file, if it is damaged, or if it uses what cannot be read. Errors of the file
 * system and of your `read()` are passed on.
 *
 * @example From a URL, with HTTP ranges
 * ```ts
 * import { type Cdf, openCdf } from "@imap-sdc/data-access/cdf";
 *
 * async function openRemote(url: string): Promise<Cdf> {
 *   const { headers } = await fetch(url, { method: "HEAD" });
 *   return await openCdf({
 *     size: Number(headers.get("content-length")),
 *     async read(offset, length) {
 *       const range = `bytes=${offset}-${offset + length - 1}`;
 *       const response = await fetch(url, { headers: { range } });
 *       return new Uint8Array(await response.arrayBuffer());
 *     },
 *   });
 * }
 * ```
 *
 * @category CDF files
 */
export function openCdf(input: CdfInput, options: CdfOptions = {}): Promise<Cdf> {
  return Cdf.open(input, options);
}

function shapeOf({ varies, dimensions, type }: VariableHeader, records: number): number[] {
  const shape = varies ? [records, ...dimensions] : records === 0 ? [0, ...dimensions] : [...dimensions];
  return type.numbers > 1 ? [...shape, type.numbers] : shape;
}

/** The bytes that the values of a record take in memory. */
function memoryPerRecord({ type, elements, recordBytes }: VariableHeader): number {
  return type.kind === undefined ? recordBytes + (recordBytes / elements) * TEXT_BYTES : recordBytes;
}

function describe(variable: VariableHeader): CdfVariable {
  const { name, type, dimensions, records, varies, elements, compression, sparse, pad } = variable;
  const { attributes, attributeTypes, isZ } = variable;
  return {
    name,
    type: type.name,
    shape: shapeOf(variable, records),
    dimensions,
    records,
    varies,
    elements,
    compression,
    sparse,
    pad,
    kind: isZ ? "z" : "r",
    attributes,
    attributeTypes,
  };
}

/** The first four bytes of version 3, of 2.6 and 2.7, and of older versions. */
const MAGIC_3 = 0xcdf3_0001;
const MAGIC_2_6 = 0xcdf2_6002;
const MAGIC_OLD = 0x0000_ffff;
/** The second four bytes, of plain files and of those that are compressed as a whole. */
const PLAIN = 0x0000_ffff;
const COMPRESSED = 0xcccc_0001;

/**
 * A file whose headers are read.
 *
 * @category CDF files
 */
interface OpenedFile {
  /** What offsets refer to: the file, or its decompressed contents. */
  readonly source: Source;
  /** The file itself. */
  readonly original: Source;
  readonly layout: Layout;
  readonly cache: HeaderCache;
  readonly header: FileHeader;
  readonly compression: CdfCompression | undefined;
  readonly maxBytes: number;
  /** How many bytes of records may be missing that should be in the file. */
  readonly maxGapBytes: number;
}

async function openFile(input: CdfInput, options: CdfOptions): Promise<OpenedFile> {
  const original = await sourceOf(input);
  const { size } = original;
  const maxBytes = options.maxBytes ?? Math.max(MIN_MAX_BYTES, MAX_EXPANSION * size);
  const maxGapBytes = options.maxBytes ?? Math.max(MAX_GAP_BYTES, 2 * size);
  const cache = new HeaderCache(original);
  const open = await original.open();
  try {
    const { layout, isCompressed } = await readMagic(cache, open, size);
    const reader = new HeaderReader({ cache, open, size, layout });
    const file = { original, layout, maxBytes, maxGapBytes };
    if (!isCompressed) {
      return { ...file, source: original, cache, header: await readHeaders(reader), compression: undefined };
    }
    const { bytes, compression } = await decompressFile(reader, open, maxBytes);
    const source = bytesSource(bytes);
    const inside = { cache: new HeaderCache(source), open: await source.open(), size: source.size, layout };
    const header = await readHeaders(new HeaderReader(inside));
    return { ...file, source, cache: inside.cache, header, compression };
  } finally {
    await open.close();
  }
}

async function readMagic(
  cache: HeaderCache,
  open: OpenSource,
  size: number,
): Promise<{ layout: Layout; isCompressed: boolean }> {
  if (size < 8) throw new CdfError("format", `Cannot read the file: it has ${size} bytes, so it is not a CDF file`);
  const view = cache.find(0, 8) ?? await cache.load(open, 0, 8, false);
  const [first, second] = [view.getUint32(0), view.getUint32(4)];
  const layout = first === MAGIC_3 ? WIDE : first === MAGIC_2_6 || first === MAGIC_OLD ? NARROW : undefined;
  if (layout === undefined || (second !== PLAIN && second !== COMPRESSED)) {
    throw new CdfError("format", "Cannot read the file: it does not begin as a CDF file does", { offset: 0 });
  }
  return { layout, isCompressed: second === COMPRESSED };
}

/** Decompresses a file that is compressed as a whole (CCR at byte 8). */
async function decompressFile(
  reader: HeaderReader,
  open: OpenSource,
  maxBytes: number,
): Promise<{ bytes: Uint8Array; compression: CdfCompression }> {
  const { isWide } = reader.layout;
  const header = isWide ? 32 : 20;
  const { fields, size } = await reader.recordStart("CCR", 8, header);
  const [parameters, uncompressed] = [fields.offset8(), fields.offset8()];
  const compression = await readCompression(reader, parameters);
  if (compression === undefined) throw fields.error("the file is marked as compressed, and states no compression");
  if (uncompressed < 0) throw fields.error("the size of the uncompressed file is not a possible one");
  if (uncompressed > maxBytes) {
    throw recordError(
      "limit",
      "CCR",
      8,
      `the uncompressed file takes ${uncompressed} bytes, more than the limit of ${maxBytes}; raise maxBytes`,
    );
  }
  const compressed = new Uint8Array(size - header);
  await open.readInto(8 + header, compressed);
  const content = await decompress(compression, compressed, uncompressed, { record: "CCR", offset: 8 });
  // Offsets count from the start of an uncompressed file, which begins with eight more bytes.
  const bytes = new Uint8Array(8 + content.length);
  bytes.set(content, 8);
  return { bytes, compression };
}
