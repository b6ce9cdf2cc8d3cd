/**
 * One field of a record. What describes the file is big-endian, whatever the encoding of the values
 * (CDF internal format description 3.x, chapter 2).
 */
export type CdfField =
  | { readonly int4: number }
  | { readonly int8: bigint }
  /** The offset of another record, or 0 for none. */
  | { readonly link: CdfRecord | undefined }
  /** The offset of the file's end. */
  | { readonly endOfFile: true }
  /** Text, filled up with zero bytes. */
  | { readonly text: string; readonly length: number }
  /** Values, as they stand in the file. */
  | { readonly bytes: Uint8Array };

/** A record: size and type, which are written by themselves, then the fields. */
export interface CdfRecord {
  /** The number of the record's type: 1 CDR, 2 GDR, 4 ADR, 5 AgrEDR, 6 VXR, 7 VVR, 8 zVDR, 9 AzEDR. */
  readonly type: number;
  readonly fields: readonly CdfField[];
}

/** Several 4-byte fields in a row. */
export function int4(...values: number[]): CdfField[] {
  return values.map((value) => ({ int4: value }));
}

/** A CDF of version 3, not compressed: the two magic numbers. */
const MAGIC = Uint8Array.of(0xcd, 0xf3, 0x00, 0x01, 0x00, 0x00, 0xff, 0xff);
/** A record begins with its size in 8 bytes and its type in 4. */
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

/** Gives each record that can be reached from the first one its place; the links alone say where to look for it. */
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

/** The file: the magic numbers, then the first record and all that it links to. */
export function writeCdfRecords(first: CdfRecord): Uint8Array<ArrayBuffer> {
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
