// Changes CDF files of version 3 byte by byte, for tests of damaged files and of what no writer at hand writes.

/** An internal record of a file. */
interface Placed {
  readonly offset: number;
  readonly size: number;
  readonly type: number;
}

/** A copy of a file that can be changed. */
export class Patch {
  bytes: Uint8Array<ArrayBuffer>;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes.slice();
  }

  get view(): DataView {
    return new DataView(this.bytes.buffer);
  }

  /** The internal records, which follow each other. */
  records(): Placed[] {
    const { view } = this;
    const records: Placed[] = [];
    for (let offset = 8; offset + 12 <= this.bytes.length;) {
      const size = Number(view.getBigInt64(offset));
      if (size < 12) break;
      records.push({ offset, size, type: view.getInt32(offset + 8) });
      offset += size;
    }
    return records;
  }

  /** The offset of the record of a type: the first one, or the one with this index. */
  offsetOf(type: number, index = 0): number {
    const found = this.records().filter((record) => record.type === type)[index];
    if (found === undefined) throw new Error(`The file has no record ${index} of the type ${type}`);
    return found.offset;
  }

  int4(offset: number, value: number): this {
    this.view.setInt32(offset, value);
    return this;
  }

  int8(offset: number, value: bigint | number): this {
    this.view.setBigInt64(offset, BigInt(value));
    return this;
  }

  /** Appends bytes. @returns Their offset. */
  append(...parts: readonly (Uint8Array | readonly number[])[]): number {
    const offset = this.bytes.length;
    const added = parts.flatMap((part) => part instanceof Uint8Array ? [part] : [Uint8Array.from(part)]);
    const bytes = new Uint8Array(offset + added.reduce((sum, part) => sum + part.length, 0));
    bytes.set(this.bytes);
    let at = offset;
    for (const part of added) {
      bytes.set(part, at);
      at += part.length;
    }
    this.bytes = bytes;
    return offset;
  }

  /** Appends a record. @returns Its offset. */
  appendRecord(type: number, content: Uint8Array): number {
    const header = new DataView(new ArrayBuffer(12));
    header.setBigInt64(0, BigInt(12 + content.length));
    header.setInt32(8, type);
    return this.append(new Uint8Array(header.buffer), content);
  }
}

/** The internal records that are changed. */
export const CDR = 1, GDR = 2, ADR = 4, AgrEDR = 5, VXR = 6, zVDR = 8, CPR = 11, CVVR = 13;

/** Compresses bytes. */
export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
}

/** Replaces the only block of the first variable by a compressed one, whose content may be anything. */
export function compressFirst(file: Uint8Array, compressed: Uint8Array, compression = 5): Uint8Array<ArrayBuffer> {
  const patch = new Patch(file);
  const [variable, index] = [patch.offsetOf(zVDR), patch.offsetOf(VXR)];
  const parameters = new DataView(new ArrayBuffer(16));
  parameters.setInt32(0, compression);
  parameters.setInt32(8, 1);
  parameters.setInt32(12, 6);
  const place = patch.appendRecord(CPR, new Uint8Array(parameters.buffer));
  const content = new Uint8Array(12 + compressed.length);
  new DataView(content.buffer).setBigInt64(4, BigInt(compressed.length));
  content.set(compressed, 12);
  const block = patch.appendRecord(CVVR, content);
  patch.int8(variable + 72, place).int4(variable + 44, patch.view.getInt32(variable + 44) | 0b100);
  const entries = patch.view.getInt32(index + 20);
  return patch.int8(index + 28 + 8 * entries, block).bytes;
}
