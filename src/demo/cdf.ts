import { InputError } from "../errors.ts";

/**
 * A field of a record. Records are big-endian, regardless of the encoding of the values (CDF internal format
 * description 3.x, chapter 2).
 */
type CdfField =
  | { readonly int4: number }
  | { readonly int8: bigint }
  /** The offset of another record, or 0 for none. */
  | { readonly link: CdfRecord | undefined }
  /** The offset of the end of the file. */
  | { readonly endOfFile: true }
  /** Text, padded with zero bytes. */
  | { readonly text: string; readonly length: number }
  /** Values as the file stores them. */
  | { readonly bytes: Uint8Array };

/** A record: its size, which is computed, its type, and its fields. */
interface CdfRecord {
  /** The number of the record's type: 1 CDR, 2 GDR, 4 ADR, 5 AgrEDR, 6 VXR, 7 VVR, 8 zVDR, 9 AzEDR. */
  readonly type: number;
  readonly fields: readonly CdfField[];
}

/** Consecutive 4-byte fields. */
function int4(...values: number[]): CdfField[] {
  return values.map((value) => ({ int4: value }));
}

/** A CDF of version 3, not compressed: the two magic numbers. */
const MAGIC = Uint8Array.of(0xcd, 0xf3, 0x00, 0x01, 0x00, 0x00, 0xff, 0xff);
/** A record begins with its size (8 bytes) and its type (4 bytes). */
const RECORD_HEADER_BYTES = 12;

function fieldBytes(field: CdfField): number {
  if ("int4" in field) return 4;
  if ("text" in field) return field.length;
  if ("bytes" in field) return field.bytes.length;
  return 8;
}

function recordBytes(record: CdfRecord): number {
  return record.fields.reduce((sum, field) => sum + fieldBytes(field), RECORD_HEADER_BYTES);
}

/** Assigns an offset to each record that is reachable from the first one. Any order will do: readers follow the links. */
function placeRecords(first: CdfRecord): { offsets: Map<CdfRecord, number>; end: number } {
  const offsets = new Map<CdfRecord, number>();
  let end = MAGIC.length;
  const place = (record: CdfRecord): void => {
    if (offsets.has(record)) return;
    offsets.set(record, end);
    end += recordBytes(record);
    for (const field of record.fields) if ("link" in field && field.link !== undefined) place(field.link);
  };
  place(first);
  return { offsets, end };
}

/** Writes a file: the magic numbers, then the first record and all records that are reachable from it. */
function writeCdfRecords(first: CdfRecord): Uint8Array<ArrayBuffer> {
  const { offsets, end } = placeRecords(first);
  const bytes = new Uint8Array(end);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  for (const [record, offset] of offsets) {
    view.setBigInt64(offset, BigInt(recordBytes(record)));
    view.setInt32(offset + 8, record.type);
    let at = offset + RECORD_HEADER_BYTES;
    for (const field of record.fields) {
      if ("int4" in field) view.setInt32(at, field.int4);
      else if ("int8" in field) view.setBigInt64(at, field.int8);
      else if ("text" in field) new TextEncoder().encodeInto(field.text, bytes.subarray(at, at + field.length));
      else if ("bytes" in field) bytes.set(field.bytes, at);
      else if ("link" in field) view.setBigInt64(at, BigInt(field.link ? offsets.get(field.link) ?? 0 : 0));
      else view.setBigInt64(at, BigInt(end));
      at += fieldBytes(field);
    }
  }
  return bytes;
}

/** The attributes of the file, by name: a text, or several. */
type GlobalAttributes = Readonly<Record<string, string | readonly string[]>>;
/** The attributes of a variable, by name: texts, and numbers of the variable's type. */
type VariableAttributes = Readonly<Record<string, string | number | bigint>>;

/** The value of an attribute, as the file stores it. */
interface Entry {
  /** Of the file: counted from 0. Of a variable: the number of the variable. */
  readonly number: number;
  readonly value: EncodedValues;
}

/** An attribute of the file, or of variables. */
interface Attribute {
  readonly name: string;
  readonly scope: "global" | "variable";
  readonly entries: readonly Entry[];
}

/** Codes of data types (CDF internal format description 3.x). */
const CDF_INT4 = 4;
const CDF_REAL4 = 21;
const CDF_DOUBLE = 45;
const CDF_TIME_TT2000 = 33;
const CDF_CHAR = 51;

/** Values as the file stores them: in IBMPC encoding, which is little-endian. */
interface EncodedValues {
  readonly dataType: number;
  /** How many characters a text has; 1 for a number. */
  readonly elements: number;
  readonly bytes: Uint8Array;
}

function encodeText(text: string): EncodedValues {
  // Values cannot be empty: CDF writers use a blank instead.
  const bytes = new TextEncoder().encode(text === "" ? " " : text);
  return { dataType: CDF_CHAR, elements: bytes.length, bytes };
}

/** Encodes texts, which all have the length of the longest one. */
function encodeTexts(texts: readonly string[]): EncodedValues {
  const encoded = texts.map((text) => encodeText(text).bytes);
  const elements = Math.max(...encoded.map(({ length }) => length));
  const bytes = new Uint8Array(texts.length * elements).fill(0x20);
  encoded.forEach((text, index) => bytes.set(text, index * elements));
  return { dataType: CDF_CHAR, elements, bytes };
}

function encodeValues(values: CdfVariable["values"]): EncodedValues {
  if (!ArrayBuffer.isView(values)) return encodeTexts(values);
  const bytes = new Uint8Array(values.byteLength);
  const view = new DataView(bytes.buffer);
  if (values instanceof BigInt64Array) {
    values.forEach((value, index) => view.setBigInt64(index * 8, value, true));
    return { dataType: CDF_TIME_TT2000, elements: 1, bytes };
  }
  if (values instanceof Int32Array) {
    values.forEach((value, index) => view.setInt32(index * 4, value, true));
    return { dataType: CDF_INT4, elements: 1, bytes };
  }
  if (values instanceof Float64Array) {
    values.forEach((value, index) => view.setFloat64(index * 8, value, true));
    return { dataType: CDF_DOUBLE, elements: 1, bytes };
  }
  values.forEach((value, index) => view.setFloat32(index * 4, value, true));
  return { dataType: CDF_REAL4, elements: 1, bytes };
}

/** Encodes the value of a variable's attribute: by ISTP, numbers such as FILLVAL have the type of the variable. */
function encodeAttribute({ name, values }: CdfVariable, value: string | number | bigint): EncodedValues {
  if (typeof value === "string") return encodeText(value);
  if (values instanceof BigInt64Array) return encodeValues(BigInt64Array.of(BigInt(value)));
  if (values instanceof Int32Array) return encodeValues(Int32Array.of(Number(value)));
  if (values instanceof Float64Array) return encodeValues(Float64Array.of(Number(value)));
  if (values instanceof Float32Array) return encodeValues(Float32Array.of(Number(value)));
  throw new InputError(`Cannot write an attribute of "${name}": its values are texts, but ${value} is a number`);
}

/** An attribute entry (AgrEDR of the file, AzEDR of a variable) (CDF internal format description 3.x). */
function entryRecord(
  options: { attribute: Attribute; attributeNumber: number; entry: Entry; next: CdfRecord | undefined },
): CdfRecord {
  const { attribute, attributeNumber, entry: { number, value: { dataType, elements, bytes } }, next } = options;
  const strings = attribute.scope === "variable" && dataType === CDF_CHAR ? 1 : 0;
  return {
    type: attribute.scope === "global" ? 5 : 9,
    fields: [
      { link: next },
      ...int4(attributeNumber, dataType, number, elements, strings),
      // Reserved.
      ...int4(0, 0, -1, -1),
      { bytes },
    ],
  };
}

/** An attribute (ADR), which links to the list of its entries. */
function attributeRecord(options: { attribute: Attribute; number: number; next: CdfRecord | undefined }): CdfRecord {
  const { attribute, number, next } = options;
  const { name, scope, entries } = attribute;
  const head = entries.reduceRight<CdfRecord | undefined>(
    (next, entry) => entryRecord({ attribute, attributeNumber: number, entry, next }),
    undefined,
  );
  // The number of entries, and the highest entry number.
  const counts = int4(entries.length, Math.max(...entries.map((entry) => entry.number)));
  const none = int4(0, -1);
  const isGlobal = scope === "global";
  return {
    type: 4,
    fields: [
      { link: next },
      { link: isGlobal ? head : undefined },
      ...int4(isGlobal ? 1 : 2, number),
      ...(isGlobal ? counts : none),
      // Reserved.
      { int4: 0 },
      { link: isGlobal ? undefined : head },
      ...(isGlobal ? none : counts),
      // Reserved.
      { int4: -1 },
      { text: name, length: 256 },
    ],
  };
}

/** The list of all attributes: those of the file, then those of its variables. */
function attributeRecords(
  global: GlobalAttributes,
  variables: readonly CdfVariable[],
): { head: CdfRecord | undefined; count: number } {
  const names = new Set(variables.flatMap(({ attributes }) => Object.keys(attributes)));
  const attributes: Attribute[] = [
    ...Object.entries(global).map(([name, texts]) => ({
      name,
      scope: "global" as const,
      entries: [texts].flat().map((text, number) => ({ number, value: encodeText(text) })),
    })),
    ...[...names].map((name) => ({
      name,
      scope: "variable" as const,
      entries: variables.flatMap((variable, number) => {
        const value = variable.attributes[name];
        return value === undefined ? [] : [{ number, value: encodeAttribute(variable, value) }];
      }),
    })),
  ];
  const head = attributes.reduceRight<CdfRecord | undefined>(
    (next, attribute, number) => attributeRecord({ attribute, number, next }),
    undefined,
  );
  return { head, count: attributes.length };
}

/** A variable with its values. */
export interface CdfVariable {
  /** Its name. */
  readonly name: string;
  /** The values of all records. The type of the array is that of the variable: TT2000 time, INT4, REAL4, DOUBLE, or CHAR. */
  readonly values: BigInt64Array | Int32Array | Float32Array | Float64Array | readonly string[];
  /** The sizes of the dimensions of a record; empty if a record is a single value. */
  readonly recordShape: readonly number[];
  /** Whether it has a value for each record; otherwise it has one record for all. Default: true. */
  readonly varies?: boolean;
  /** Its attributes: VAR_TYPE, UNITS, DEPEND_0, ... */
  readonly attributes: VariableAttributes;
}

/** Flag bit 0 of a variable: its values vary from record to record. */
const RECORDS_VARY = 1;

/** The index (VXR) with a single entry: all records are in one block of values (VVR). */
function indexRecord(options: { bytes: Uint8Array; lastRecord: number }): CdfRecord {
  const { bytes, lastRecord } = options;
  const values: CdfRecord = { type: 7, fields: [{ bytes }] };
  return {
    type: 6,
    fields: [
      { link: undefined },
      // The number of entries, of entries in use, and the first and last record of each entry.
      ...int4(1, 1, 0, lastRecord),
      { link: values },
    ],
  };
}

/** A variable (zVDR), which links to its index. */
function variableRecord(
  options: { variable: CdfVariable; number: number; next: CdfRecord | undefined },
): CdfRecord {
  const { variable: { name, values, recordShape, varies = true }, number, next } = options;
  const records = values.length / recordShape.reduce((product, size) => product * size, 1);
  if (!Number.isInteger(records) || records < 1 || (!varies && records > 1)) {
    const shape = `records of [${recordShape.join(", ")}]`;
    throw new InputError(`Cannot write the variable "${name}": ${values.length} values do not make up ${shape}`);
  }
  const { dataType, elements, bytes } = encodeValues(values);
  const lastRecord = records - 1;
  const index = indexRecord({ bytes, lastRecord });
  return {
    type: 8,
    fields: [
      { link: next },
      ...int4(dataType, lastRecord),
      // First and last index.
      { link: index },
      { link: index },
      // Flags, no sparse records, reserved fields, elements per value, the number of the variable.
      ...int4(varies ? RECORDS_VARY : 0, 0, 0, -1, -1, elements, number),
      // No compression.
      { int8: -1n },
      // Blocking factor: space is allocated for one record at a time.
      { int4: 1 },
      { text: name, length: 256 },
      // The number of dimensions, their sizes, and that values vary along each of them (-1).
      ...int4(recordShape.length, ...recordShape, ...recordShape.map(() => -1)),
    ],
  };
}

/** The list of all variables. */
function variableRecords(variables: readonly CdfVariable[]): CdfRecord | undefined {
  return variables.reduceRight<CdfRecord | undefined>(
    (next, variable, number) => variableRecord({ variable, number, next }),
    undefined,
  );
}

/** The contents of the file that {@linkcode minimalCdf} makes. */
export interface MinimalCdfOptions {
  /** The global attributes: Logical_source, Logical_file_id, Data_version, Parents, ... */
  readonly attributes: GlobalAttributes;
  /** The variables. By ISTP convention one of them is `epoch`, to which the others refer in DEPEND_0. */
  readonly variables: readonly CdfVariable[];
}

/** The version that IMAP's files state: 3.9.0. */
const [VERSION, RELEASE, INCREMENT] = [3, 9, 0] as const;
/** Values little-endian, as in IMAP's files. */
const IBMPC_ENCODING = 6;
/** Flag bit 0: the last index of an array varies fastest; bit 1: single file. */
const ROW_MAJOR_SINGLE_FILE = 0b11;
/** The date of the newest leap second in TT2000 times, as a number of eight digits. */
const LEAP_SECONDS_UPDATED = 20170101;
/** The notice that every CDF file contains. */
const COPYRIGHT = "\nCommon Data Format (CDF)\nhttps://cdf.gsfc.nasa.gov\nSpace Physics Data Facility\n" +
  "NASA/Goddard Space Flight Center\nGreenbelt, Maryland 20771 USA\n";

/**
 * Makes a file in NASA's Common Data Format, version 3 (CDF internal format description 3.x): texts and numbers, without
 * compression and checksum.
 */
export function minimalCdf(options: MinimalCdfOptions): Uint8Array<ArrayBuffer> {
  const { attributes: global, variables } = options;
  const attributes = attributeRecords(global, variables);
  const globalDescriptor: CdfRecord = {
    type: 2,
    fields: [
      // No r-variables: they are obsolete.
      { link: undefined },
      { link: variableRecords(variables) },
      { link: attributes.head },
      { endOfFile: true },
      // r-variables, attributes, highest record and dimensions of r-variables, z-variables.
      ...int4(0, attributes.count, -1, 0, variables.length),
      // No unused records.
      { link: undefined },
      // Reserved, leap seconds, reserved.
      ...int4(0, LEAP_SECONDS_UPDATED, -1),
    ],
  };
  return writeCdfRecords({
    type: 1,
    fields: [
      { link: globalDescriptor },
      ...int4(VERSION, RELEASE, IBMPC_ENCODING, ROW_MAJOR_SINGLE_FILE),
      // Two reserved fields, the third number of the version, no identifier of the writer, reserved.
      ...int4(0, 0, INCREMENT, -1, -1),
      { text: COPYRIGHT, length: 256 },
    ],
  });
}
