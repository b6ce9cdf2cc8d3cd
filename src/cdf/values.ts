import { CdfError } from "./source.ts";

/**
 * A data type of CDF, without the prefix `CDF_`: `TT2000` is CDF_TIME_TT2000. `BYTE` is the same as `INT1`, `FLOAT` as
 * `REAL4`, and `DOUBLE` as `REAL8`.
 *
 * @category CDF files
 */
export type CdfType =
  | "INT1"
  | "INT2"
  | "INT4"
  | "INT8"
  | "UINT1"
  | "UINT2"
  | "UINT4"
  | "BYTE"
  | "REAL4"
  | "REAL8"
  | "FLOAT"
  | "DOUBLE"
  | "EPOCH"
  | "EPOCH16"
  | "TT2000"
  | "CHAR"
  | "UCHAR";

/**
 * Values of a variable, in row-major order: the last index varies fastest.
 *
 * - INT1, BYTE: `Int8Array`. INT2: `Int16Array`. INT4: `Int32Array`.
 * - UINT1: `Uint8Array`. UINT2: `Uint16Array`. UINT4: `Uint32Array`.
 * - INT8, TT2000: `BigInt64Array`.
 * - REAL4, FLOAT: `Float32Array`.
 * - REAL8, DOUBLE, EPOCH: `Float64Array`.
 * - EPOCH16: `Float64Array` with pairs of seconds and picoseconds; the shape ends in 2.
 * - CHAR, UCHAR: `string[]`.
 *
 * @category CDF files
 */
export type CdfArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | string[];

/**
 * The value of an attribute entry: one value, or several. An EPOCH16 is two numbers: seconds and picoseconds.
 *
 * @category CDF files
 */
export type CdfAttributeValue =
  | string
  | number
  | bigint
  | readonly string[]
  | readonly number[]
  | readonly bigint[];

/**
 * The pad value of a variable. That of an EPOCH16 is a pair of seconds and picoseconds.
 *
 * @category CDF files
 */
export type CdfPad = string | number | bigint | readonly [seconds: number, picoseconds: number];

type NumberKind = "i1" | "i2" | "i4" | "i8" | "u1" | "u2" | "u4" | "f4" | "f8";

/** How values of a type are stored. */
export interface TypeInfo {
  readonly name: CdfType;
  /** Numbers; text is undefined. */
  readonly kind: NumberKind | undefined;
  /** The bytes of a number. */
  readonly width: number;
  /** Numbers that make up a value: 2 for EPOCH16. */
  readonly numbers: number;
  /** The value of records that were not written, where the file gives none. */
  readonly defaultPad: number | bigint | string;
}

function info(
  name: CdfType,
  kind: NumberKind | undefined,
  defaultPad: number | bigint | string,
  numbers: number = 1,
): TypeInfo {
  return { name, kind, width: kind === undefined ? 1 : Number(kind[1]), numbers, defaultPad };
}

const MIN_INT8 = -9_223_372_036_854_775_807n;

/** The data types by their codes (CDF internal format description, chapter 5.3), with their default pad values. */
export const TYPES: ReadonlyMap<number, TypeInfo> = new Map([
  [1, info("INT1", "i1", -127)],
  [2, info("INT2", "i2", -32_767)],
  [4, info("INT4", "i4", -2_147_483_647)],
  [8, info("INT8", "i8", MIN_INT8)],
  [11, info("UINT1", "u1", 254)],
  [12, info("UINT2", "u2", 65_534)],
  [14, info("UINT4", "u4", 4_294_967_294)],
  [21, info("REAL4", "f4", -1e30)],
  [22, info("REAL8", "f8", -1e30)],
  [31, info("EPOCH", "f8", -1e30)],
  [32, info("EPOCH16", "f8", -1e30, 2)],
  [33, info("TT2000", "i8", MIN_INT8)],
  [41, info("BYTE", "i1", -127)],
  [44, info("FLOAT", "f4", -1e30)],
  [45, info("DOUBLE", "f8", -1e30)],
  [51, info("CHAR", undefined, " ")],
  [52, info("UCHAR", undefined, " ")],
]);

/** Whether this machine stores the low byte first, as almost all do. */
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Reverses the bytes of each number. */
function swapBytes(bytes: Uint8Array, width: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length;
  if (width === 2) {
    for (let at = 0; at < end; at += 2) view.setUint16(at, view.getUint16(at), true);
  } else if (width === 4) {
    for (let at = 0; at < end; at += 4) view.setUint32(at, view.getUint32(at), true);
  } else if (width === 8) {
    for (let at = 0; at < end; at += 8) {
      const high = view.getUint32(at);
      view.setUint32(at, view.getUint32(at + 4), true);
      view.setUint32(at + 4, high, true);
    }
  }
}

function numbersOf(kind: NumberKind, bytes: Uint8Array): Exclude<CdfArray, string[]> {
  const { buffer, byteOffset: at, byteLength } = bytes;
  switch (kind) {
    case "i1":
      return new Int8Array(buffer, at, byteLength);
    case "i2":
      return new Int16Array(buffer, at, byteLength / 2);
    case "i4":
      return new Int32Array(buffer, at, byteLength / 4);
    case "i8":
      return new BigInt64Array(buffer, at, byteLength / 8);
    case "u1":
      return bytes;
    case "u2":
      return new Uint16Array(buffer, at, byteLength / 2);
    case "u4":
      return new Uint32Array(buffer, at, byteLength / 4);
    case "f4":
      return new Float32Array(buffer, at, byteLength / 4);
    case "f8":
      return new Float64Array(buffer, at, byteLength / 8);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const windows1252 = new TextDecoder("windows-1252");

/** Decodes text: UTF-8; what is not UTF-8 is taken for Latin-1, which older files use. Ends at the first NUL. */
export function decodeText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const text = end === -1 ? bytes : bytes.subarray(0, end);
  try {
    return utf8.decode(text);
  } catch {
    return windows1252.decode(text);
  }
}

/** Decodes texts of a fixed width. */
function decodeTexts(bytes: Uint8Array, width: number): string[] {
  const texts: string[] = [];
  for (let at = 0; at + width <= bytes.length && width > 0; at += width) {
    texts.push(decodeText(bytes.subarray(at, at + width)));
  }
  return texts;
}

/** How values are stored in a file. */
export interface Storage {
  readonly type: TypeInfo;
  /** The number of elements of a value: the width of a text in bytes; 1 for numbers. */
  readonly elements: number;
  readonly isLittleEndian: boolean;
}

/** Turns bytes of a file into values. The bytes must begin at a multiple of 8 in their buffer; numbers share it. */
export function decodeValues(bytes: Uint8Array, { type, elements, isLittleEndian }: Storage): CdfArray {
  if (type.kind === undefined) return decodeTexts(bytes, elements);
  if (isLittleEndian !== IS_LITTLE_ENDIAN) swapBytes(bytes, type.width);
  return numbersOf(type.kind, bytes);
}

/** Decodes the value of an attribute entry, or of a pad value. */
export function decodeEntry(bytes: Uint8Array, storage: Storage): CdfAttributeValue {
  if (storage.type.kind === undefined) return decodeText(bytes);
  const values = decodeValues(bytes.slice(), storage);
  const [first] = values;
  if (values.length === 1 && first !== undefined) return first;
  return values instanceof BigInt64Array ? [...values] : Array.from(values, Number);
}

/** Returns the bytes of the default pad value, as the file would store it. */
export function defaultPadBytes({ type, elements, isLittleEndian }: Storage): Uint8Array {
  const { kind, width, numbers, defaultPad } = type;
  if (kind === undefined) return new Uint8Array(elements).fill(0x20);
  const bytes = new Uint8Array(width * numbers);
  const values = numbersOf(kind, bytes);
  if (values instanceof BigInt64Array) values.fill(BigInt(defaultPad));
  else values.fill(Number(defaultPad));
  if (isLittleEndian !== IS_LITTLE_ENDIAN) swapBytes(bytes, width);
  return bytes;
}

/**
 * Puts the values of each record from column-major into row-major order.
 *
 * @param bytes The records, which are replaced.
 * @param dimensions The sizes of the dimensions of a record.
 * @param valueBytes The bytes of a value.
 */
export function toRowMajor(bytes: Uint8Array, dimensions: readonly number[], valueBytes: number): void {
  const count = dimensions.reduce((product, size) => product * size, 1);
  // With fewer than two dimensions longer than 1, both orders are the same.
  if (count === 0 || dimensions.filter((size) => size > 1).length < 2) return;
  const from = storedPositions(dimensions, count);
  const recordBytes = count * valueBytes;
  const copy = new Uint8Array(recordBytes);
  for (let record = 0; record < bytes.length; record += recordBytes) {
    copy.set(bytes.subarray(record, record + recordBytes));
    const target = bytes.subarray(record, record + recordBytes);
    if (valueBytes % 8 === 0) moveWords(copy, target, from, valueBytes / 4);
    else if (valueBytes === 4) moveValues(Uint32Array, copy, target, from);
    else if (valueBytes === 2) moveValues(Uint16Array, copy, target, from);
    else if (valueBytes === 1) moveValues(Uint8Array, copy, target, from);
    else {
      for (let index = 0; index < count; index++) {
        const at = (from[index] ?? 0) * valueBytes;
        target.set(copy.subarray(at, at + valueBytes), index * valueBytes);
      }
    }
  }
}

/** For each value in row-major order: its position in column-major order. */
function storedPositions(dimensions: readonly number[], count: number): Uint32Array {
  const strides: number[] = [];
  let stride = 1;
  for (const size of dimensions) {
    strides.push(stride);
    stride *= size;
  }
  const positions = new Uint32Array(count);
  const indices = dimensions.map(() => 0);
  let position = 0;
  for (let index = 0; index < count; index++) {
    positions[index] = position;
    for (let dimension = dimensions.length - 1; dimension >= 0; dimension--) {
      const [next, size, step] = [(indices[dimension] ?? 0) + 1, dimensions[dimension] ?? 0, strides[dimension] ?? 0];
      if (next < size) {
        indices[dimension] = next;
        position += step;
        break;
      }
      indices[dimension] = 0;
      position -= (size - 1) * step;
    }
  }
  return positions;
}

interface ArrayType {
  new (buffer: ArrayBufferLike, offset: number, length: number): { [index: number]: number; readonly length: number };
  readonly BYTES_PER_ELEMENT: number;
}

function moveValues(type: ArrayType, from: Uint8Array, to: Uint8Array, positions: Uint32Array): void {
  const source = new type(from.buffer, from.byteOffset, positions.length);
  const target = new type(to.buffer, to.byteOffset, positions.length);
  for (let index = 0; index < positions.length; index++) target[index] = source[positions[index] ?? 0] ?? 0;
}

/** Moves values of several 4-byte words. As floating-point numbers, some NaNs would not keep their bits. */
function moveWords(from: Uint8Array, to: Uint8Array, positions: Uint32Array, words: number): void {
  const source = new Uint32Array(from.buffer, from.byteOffset, positions.length * words);
  const target = new Uint32Array(to.buffer, to.byteOffset, positions.length * words);
  let at = 0;
  for (let index = 0; index < positions.length; index++) {
    const start = (positions[index] ?? 0) * words;
    for (let word = 0; word < words; word++) target[at++] = source[start + word] ?? 0;
  }
}

/** Checks that a name from the file can be shown: names with control characters are a sign of a damaged file. */
export function checkedName(name: string, record: string, offset: number): string {
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
      throw new CdfError("format", `Cannot read the ${record} at byte ${offset}: its name has a control character`, {
        record,
        offset,
      });
    }
  }
  return name.trimEnd();
}
