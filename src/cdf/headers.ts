import { type CdfError, type HeaderCache, type OpenSource, recordError } from "./source.ts";
import {
  type CdfAttributeValue,
  type CdfPad,
  type CdfType,
  checkedName,
  decodeEntry,
  decodeText,
  type Storage,
  type TypeInfo,
  TYPES,
} from "./values.ts";

/** The types of the internal records (CDF internal format description, table 2.1). */
const RECORDS: Readonly<Record<string, number>> = {
  CDR: 1,
  GDR: 2,
  rVDR: 3,
  ADR: 4,
  AgrEDR: 5,
  VXR: 6,
  VVR: 7,
  zVDR: 8,
  AzEDR: 9,
  CCR: 10,
  CPR: 11,
  CVVR: 13,
};

/** How the records of a version are laid out. */
export interface Layout {
  /** Whether sizes and offsets take 8 bytes, as since version 3; before, 4. */
  readonly isWide: boolean;
  /** The bytes of the name of a variable or attribute. */
  readonly nameBytes: number;
}

/** Version 3. */
export const WIDE: Layout = { isWide: true, nameBytes: 256 };
/** Version 2. */
export const NARROW: Layout = { isWide: false, nameBytes: 64 };

/** The bytes of a record's size and type. */
export const headerBytes = ({ isWide }: Layout): number => isWide ? 12 : 8;

/** Reads the fields of an internal record one after the other. They are big-endian, whatever the encoding of the values. */
export class Fields {
  readonly record: string;
  readonly offset: number;
  /** The size that the record states. */
  readonly size: number;
  readonly #view: DataView;
  readonly #layout: Layout;
  #at: number;

  constructor(record: string, offset: number, view: DataView, layout: Layout) {
    this.record = record;
    this.offset = offset;
    this.size = view.byteLength;
    this.#view = view;
    this.#layout = layout;
    this.#at = headerBytes(layout);
  }

  /** An error in this record. */
  error(state: string, code: "format" | "unsupported" | "limit" = "format"): CdfError {
    return recordError(code, this.record, this.offset, state);
  }

  #take(length: number): number {
    const at = this.#at;
    if (length < 0 || at + length > this.#view.byteLength) {
      throw this.error(`its size is ${this.#view.byteLength} bytes, less than its fields take`);
    }
    this.#at = at + length;
    return at;
  }

  int4(): number {
    return this.#view.getInt32(this.#take(4));
  }

  /** An offset or a size. Larger ones than a number can hold are rounded; no file is as large. */
  offset8(): number {
    return this.#layout.isWide ? Number(this.#view.getBigInt64(this.#take(8))) : this.#view.getInt32(this.#take(4));
  }

  ints(count: number): number[] {
    if (count < 0 || count * 4 > this.#view.byteLength) throw this.error(`it announces ${count} numbers`);
    return Array.from({ length: count }, () => this.int4());
  }

  skip(bytes: number): void {
    this.#take(bytes);
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, length);
  }

  name(): string {
    return checkedName(decodeText(this.bytes(this.#layout.nameBytes)), this.record, this.offset);
  }
}

/** All headers together may take as much, whatever a file states. */
const MAX_HEADER_BYTES = 256 * 1024 * 1024;

/**
 * Reads internal records of a file, each at most once, so that records that point to each other end in an error. Only
 * records of compression (CPR) may be shared; they lead to no others.
 */
export class HeaderReader {
  readonly layout: Layout;
  readonly size: number;
  readonly #cache: HeaderCache;
  readonly #open: OpenSource;
  readonly #areFew: boolean;
  readonly #visited = new Set<number>();
  #remaining: number;

  /** `areFew` is for headers that values surround: less is read ahead then. */
  constructor(options: { cache: HeaderCache; open: OpenSource; size: number; layout: Layout; areFew?: boolean }) {
    this.layout = options.layout;
    this.size = options.size;
    this.#cache = options.cache;
    this.#open = options.open;
    this.#areFew = options.areFew ?? false;
    this.#remaining = Math.min(options.size, MAX_HEADER_BYTES);
  }

  /** A reader of the same file that has not read any record yet. */
  again(): HeaderReader {
    const { size, layout } = this;
    return new HeaderReader({ cache: this.#cache, open: this.#open, size, layout, areFew: this.#areFew });
  }

  /** Returns bytes of the file that were read with a header; undefined if they were not. */
  cached(offset: number, length: number): Uint8Array | undefined {
    const view = this.#cache.find(offset, length);
    return view === undefined ? undefined : new Uint8Array(view.buffer, view.byteOffset, length);
  }

  #bytes(offset: number, length: number): DataView | Promise<DataView> {
    return this.#cache.find(offset, length) ?? this.#cache.load(this.#open, offset, length, this.#areFew);
  }

  /** Reads the size and the type of the record at an offset that another record states. */
  async peek(offset: number, expected: string): Promise<{ readonly size: number; readonly type: number }> {
    const header = headerBytes(this.layout);
    if (offset < 8 || offset + header > this.size) {
      throw recordError("truncated", expected, offset, `the file has ${this.size} bytes`);
    }
    const { isWide } = this.layout;
    const found = this.#bytes(offset, header);
    const view = found instanceof DataView ? found : await found;
    const size = isWide ? Number(view.getBigInt64(0)) : view.getInt32(0);
    return { size, type: view.getInt32(isWide ? 8 : 4) };
  }

  /** Reads the record of this type at an offset that another record states. */
  async record(record: string, offset: number): Promise<Fields> {
    return (await this.recordStart(record, offset)).fields;
  }

  /** Reads a record, or only so many bytes of it. */
  async recordStart(record: string, offset: number, most = Infinity): Promise<{ fields: Fields; size: number }> {
    const { size, type } = await this.peek(offset, record);
    if (type !== RECORDS[record]) throw recordError("format", record, offset, `the record there has the type ${type}`);
    if (size < headerBytes(this.layout)) throw recordError("format", record, offset, `its size is ${size} bytes`);
    if (offset + size > this.size) {
      throw recordError("truncated", record, offset, `it has ${size} bytes, and the file ${this.size}`);
    }
    if (this.#visited.has(offset) && record !== "CPR") {
      throw recordError("format", record, offset, "several records lead to it");
    }
    this.#visited.add(offset);
    // Records do not overlap, so together they are never larger than the file.
    this.#remaining -= Math.min(size, most);
    if (this.#remaining < 0) throw recordError("limit", record, offset, "the headers take more bytes than they may");
    const found = this.#bytes(offset, Math.min(size, most));
    return { fields: new Fields(record, offset, found instanceof DataView ? found : await found, this.layout), size };
  }

  /** Reads a linked list of records: `read` returns the offset of the next one. */
  async list(
    record: string,
    head: number,
    count: number,
    read: (fields: Fields) => number | Promise<number>,
  ): Promise<void> {
    let offset = head;
    // The last record states 0; some writers -1.
    for (let index = 0; index < count && offset > 0; index++) {
      const next = read(await this.record(record, offset));
      offset = typeof next === "number" ? next : await next;
    }
  }
}

/**
 * The compression of a variable or of a file. Only GZIP and RLE can be read.
 *
 * @category CDF files
 */
export type CdfCompression = "RLE" | "Huffman" | "adaptive Huffman" | "GZIP";

const COMPRESSIONS: ReadonlyMap<number, CdfCompression | undefined> = new Map([
  [0, undefined],
  [1, "RLE"],
  [2, "Huffman"],
  [3, "adaptive Huffman"],
  [5, "GZIP"],
]);

/** Reads the compression from the record of its parameters (CPR). */
export async function readCompression(reader: HeaderReader, offset: number): Promise<CdfCompression | undefined> {
  const fields = await reader.record("CPR", offset);
  const code = fields.int4();
  if (!COMPRESSIONS.has(code)) throw fields.error(`its compression is ${code}, which is not known`, "unsupported");
  return COMPRESSIONS.get(code);
}

/** What a file states about itself. */
export interface FileHeader {
  readonly version: string;
  readonly encoding: string;
  readonly isLittleEndian: boolean;
  readonly isRowMajor: boolean;
  readonly hasChecksum: boolean;
  readonly leapSecondsUpdated: number | undefined;
  readonly variables: readonly VariableHeader[];
  readonly attributes: Readonly<Record<string, readonly CdfAttributeValue[]>>;
  readonly attributeTypes: Readonly<Record<string, readonly CdfType[]>>;
}

/** A variable, and where its values are. */
export interface VariableHeader extends Storage {
  readonly name: string;
  readonly isZ: boolean;
  readonly number: number;
  readonly type: TypeInfo;
  readonly dimensions: readonly number[];
  /** The bytes of a record. */
  readonly recordBytes: number;
  readonly records: number;
  readonly varies: boolean;
  readonly sparse: "none" | "pad" | "previous";
  readonly compression: CdfCompression | undefined;
  readonly pad: CdfPad | undefined;
  /** The bytes of the pad value as the file stores them; undefined for the default one. */
  readonly padBytes: Uint8Array | undefined;
  /** The offset of the first index record (VXR); 0 or -1 if there is none. */
  readonly indexOffset: number;
  /** The offset of the variable's record. */
  readonly offset: number;
  readonly attributes: Record<string, CdfAttributeValue>;
  readonly attributeTypes: Record<string, CdfType>;
}

/** The name of an encoding, and whether it is little-endian; undefined for VAX floating-point numbers. */
const ENCODINGS: ReadonlyMap<number, readonly [name: string, isLittleEndian: boolean | undefined]> = new Map([
  [1, ["NETWORK", false]],
  [2, ["SUN", false]],
  [3, ["VAX", undefined]],
  [4, ["DECSTATION", true]],
  [5, ["SGi", false]],
  [6, ["IBMPC", true]],
  [7, ["IBMRS", false]],
  [9, ["PPC", false]],
  [11, ["HP", false]],
  [12, ["NeXT", false]],
  [13, ["ALPHAOSF1", true]],
  [14, ["ALPHAVMSd", undefined]],
  [15, ["ALPHAVMSg", undefined]],
  [16, ["ALPHAVMSi", true]],
  [17, ["ARM_LITTLE", true]],
  [18, ["ARM_BIG", false]],
  [19, ["IA64VMSi", true]],
  [20, ["IA64VMSd", undefined]],
  [21, ["IA64VMSg", undefined]],
]);

/** The maximum number of dimensions of a variable (CDF_MAX_DIMS). */
const MAX_DIMENSIONS = 10;
/** The parts of a record of a variable that follow the name must not be larger. */
const MAX_RECORD_BYTES = 2 ** 40;

/** What the records of variables and attributes refer to. */
interface Context {
  readonly reader: HeaderReader;
  readonly isLittleEndian: boolean;
  /** The sizes of the dimensions of all r variables. */
  readonly dimensionsOfR: readonly number[];
  /** Bytes of each variable that nobody uses, before version 2.5. */
  readonly unusedBytes: number;
}

/** Reads all headers, beginning with the CDF descriptor record (CDR) at byte 8; values are not read. */
export async function readHeaders(reader: HeaderReader): Promise<FileHeader> {
  const cdr = await reader.record("CDR", 8);
  const globalOffset = cdr.offset8();
  const [version, release, encodingCode, flags] = [cdr.int4(), cdr.int4(), cdr.int4(), cdr.int4()];
  cdr.skip(8);
  const increment = cdr.int4();
  const [encoding, isLittleEndian] = ENCODINGS.get(encodingCode) ?? [];
  if (encoding === undefined) throw cdr.error(`its encoding is ${encodingCode}, which is not known`);
  if (isLittleEndian === undefined) {
    throw cdr.error(`the encoding ${encoding} has VAX floating-point numbers, which cannot be read`, "unsupported");
  }
  if ((flags & 0b10) === 0) {
    throw cdr.error("the values are in other files (multi-file format), which cannot be read", "unsupported");
  }

  const gdr = await reader.record("GDR", globalOffset);
  const [rHead, zHead, attributeHead] = [gdr.offset8(), gdr.offset8(), gdr.offset8()];
  gdr.offset8(); // The end of the file.
  const [rCount, attributeCount] = [gdr.int4(), gdr.int4()];
  gdr.skip(4); // The highest record of r variables.
  const [rDimensionCount, zCount] = [gdr.int4(), gdr.int4()];
  gdr.offset8(); // Unused records.
  gdr.skip(4);
  const leapSecondsUpdated = gdr.int4();
  gdr.skip(4);
  if (rDimensionCount < 0 || rDimensionCount > MAX_DIMENSIONS) throw gdr.error(`it has ${rDimensionCount} dimensions`);
  const dimensionsOfR = gdr.ints(rDimensionCount);

  const unusedBytes = version < 2 || (version === 2 && release < 5) ? 128 : 0;
  const context: Context = { reader, isLittleEndian, dimensionsOfR, unusedBytes };
  const ofR = await readVariables(context, "rVDR", rHead, rCount);
  const ofZ = await readVariables(context, "zVDR", zHead, zCount);
  const { attributes, attributeTypes } = await readAttributes(context, attributeHead, attributeCount, { ofR, ofZ });
  return {
    version: `${version}.${release}.${increment}`,
    encoding,
    isLittleEndian,
    isRowMajor: (flags & 0b1) !== 0,
    hasChecksum: (flags & 0b1100) === 0b1100,
    leapSecondsUpdated: reader.layout.isWide && leapSecondsUpdated > 0 ? leapSecondsUpdated : undefined,
    variables: [...ofR.values(), ...ofZ.values()],
    attributes,
    attributeTypes,
  };
}

/** The variables of a kind by their numbers. */
type Variables = Map<number, VariableHeader>;

async function readVariables(
  context: Context,
  record: "rVDR" | "zVDR",
  head: number,
  count: number,
): Promise<Variables> {
  const variables: Variables = new Map();
  await context.reader.list(record, head, count, async (fields) => {
    const { next, variable } = await readVariable(context, fields);
    if (variables.has(variable.number)) throw fields.error(`its number is ${variable.number}, as that of another one`);
    variables.set(variable.number, variable);
    return next;
  });
  return variables;
}

const SPARSE = ["none", "pad", "previous"] as const;

async function readVariable(
  context: Context,
  fields: Fields,
): Promise<{ next: number; variable: VariableHeader }> {
  const { reader, isLittleEndian, dimensionsOfR, unusedBytes } = context;
  const isZ = fields.record === "zVDR";
  const next = fields.offset8();
  const [typeCode, lastRecord, indexOffset] = [fields.int4(), fields.int4(), fields.offset8()];
  fields.offset8(); // The last index record.
  const [flags, sparseCode] = [fields.int4(), fields.int4()];
  fields.skip(12 + unusedBytes);
  const [elements, number, compressionOffset] = [fields.int4(), fields.int4(), fields.offset8()];
  fields.skip(4); // The blocking factor.
  const name = fields.name();
  const dimensionCount = isZ ? fields.int4() : dimensionsOfR.length;
  if (dimensionCount < 0 || dimensionCount > MAX_DIMENSIONS) throw fields.error(`it has ${dimensionCount} dimensions`);
  const sizes = isZ ? fields.ints(dimensionCount) : dimensionsOfR;
  const varies = fields.ints(dimensionCount);
  // Along a dimension that does not vary, a single value is stored.
  const dimensions = sizes.filter((_, dimension) => varies[dimension] !== 0);

  const type = TYPES.get(typeCode);
  const sparse = SPARSE[sparseCode];
  if (type === undefined) throw fields.error(`its data type is ${typeCode}, which is not known`);
  if (sparse === undefined) throw fields.error(`its kind of sparse records is ${sparseCode}, which is not known`);
  if (elements < 1 || (type.kind !== undefined && elements !== 1)) {
    throw fields.error(`its values have ${elements} elements of the type ${type.name}`);
  }
  if (lastRecord < -1) throw fields.error(`its last record is ${lastRecord}`);
  const negative = dimensions.find((size) => size < 0);
  if (negative !== undefined) throw fields.error(`one of its dimensions has the size ${negative}`);
  const valueBytes = elements * type.width * type.numbers;
  const recordBytes = dimensions.reduce((product, size) => product * size, valueBytes);
  if (recordBytes > MAX_RECORD_BYTES) throw fields.error(`each record takes ${recordBytes} bytes`);

  const hasPad = (flags & 0b10) !== 0;
  const padBytes = hasPad ? fields.bytes(valueBytes).slice() : undefined;
  const isCompressed = (flags & 0b100) !== 0 && compressionOffset > 0;
  const recordVaries = (flags & 0b1) !== 0;
  const storage: Storage = { type, elements, isLittleEndian };
  const variable: VariableHeader = {
    ...storage,
    name,
    isZ,
    number,
    dimensions,
    recordBytes,
    records: recordVaries ? lastRecord + 1 : Math.min(1, lastRecord + 1),
    varies: recordVaries,
    sparse,
    compression: isCompressed ? await readCompression(reader, compressionOffset) : undefined,
    pad: padBytes === undefined ? undefined : padOf(padBytes, storage),
    padBytes,
    indexOffset,
    offset: fields.offset,
    attributes: Object.create(null),
    attributeTypes: Object.create(null),
  };
  return { next, variable };
}

function padOf(bytes: Uint8Array, storage: Storage): CdfPad {
  const value = decodeEntry(bytes, storage);
  if (typeof value !== "object") return value;
  return [Number(value[0]), Number(value[1])];
}

interface Entry {
  readonly number: number;
  readonly type: CdfType;
  readonly value: CdfAttributeValue;
}

/** Several texts in one entry are separated by this (CDF internal format description, chapter 2.5). */
const TEXT_SEPARATOR = "\\N ";

async function readAttributes(
  context: Context,
  head: number,
  count: number,
  variables: { readonly ofR: Variables; readonly ofZ: Variables },
): Promise<Pick<FileHeader, "attributes" | "attributeTypes">> {
  const { reader } = context;
  const attributes: Record<string, readonly CdfAttributeValue[]> = Object.create(null);
  const attributeTypes: Record<string, readonly CdfType[]> = Object.create(null);
  await reader.list("ADR", head, count, async (fields) => {
    const next = fields.offset8();
    const firstHead = fields.offset8();
    const scope = fields.int4();
    fields.skip(4); // The number of the attribute.
    const firstCount = fields.int4();
    fields.skip(8);
    const [zHead, zCount] = [fields.offset8(), fields.int4()];
    fields.skip(8);
    const name = fields.name();
    // 3 and 4 are scopes that were assumed, not stated: global and variable.
    if (scope < 1 || scope > 4) throw fields.error(`its scope is ${scope}`);
    const entries = await readEntries(context, "AgrEDR", firstHead, firstCount);
    if (scope === 1 || scope === 3) {
      if (entries.length === 0) return next;
      entries.sort((a, b) => a.number - b.number);
      attributes[name] = entries.map(({ value }) => value);
      attributeTypes[name] = entries.map(({ type }) => type);
      return next;
    }
    assignEntries(name, entries, variables.ofR);
    assignEntries(name, await readEntries(context, "AzEDR", zHead, zCount), variables.ofZ);
    return next;
  });
  return { attributes, attributeTypes };
}

function assignEntries(name: string, entries: readonly Entry[], variables: Variables): void {
  for (const { number, type, value } of entries) {
    const variable = variables.get(number);
    if (variable === undefined) continue;
    variable.attributes[name] = value;
    variable.attributeTypes[name] = type;
  }
}

async function readEntries(
  { reader, isLittleEndian }: Context,
  record: "AgrEDR" | "AzEDR",
  head: number,
  count: number,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  await reader.list(record, head, count, (fields) => {
    const next = fields.offset8();
    fields.skip(4); // The number of the attribute.
    const [typeCode, number, elements, texts] = [fields.int4(), fields.int4(), fields.int4(), fields.int4()];
    fields.skip(16);
    const type = TYPES.get(typeCode);
    if (type === undefined) throw fields.error(`its data type is ${typeCode}, which is not known`);
    const bytes = fields.bytes(elements * type.width * type.numbers);
    const value = decodeEntry(bytes, { type, elements, isLittleEndian });
    const isList = typeof value === "string" && texts > 1;
    entries.push({ number, type: type.name, value: isList ? value.split(TEXT_SEPARATOR) : value });
    return next;
  });
  return entries;
}
