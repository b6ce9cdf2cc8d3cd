/** The types of the records that are followed. */
const TYPE = { CDR: 1, GDR: 2, ADR: 4, AgrEDR: 5, VXR: 6, VVR: 7, zVDR: 8, AzEDR: 9 } as const;

/** An attribute. */
export interface WalkedAttribute {
  readonly name: string;
  readonly scope: number;
  readonly number: number;
  /** Entry number and text of each entry. */
  readonly entries: [number, string][];
}

/** A variable. */
export interface WalkedVariable {
  readonly name: string;
  readonly number: number;
  readonly dataType: number;
  readonly lastRecord: number;
  readonly dimensions: number[];
  readonly values: DataView;
}

/** The contents of a file. */
export interface WalkedCdf {
  readonly version: string;
  readonly encoding: number;
  readonly copyright: string;
  readonly endOfFile: number;
  /** The total size of all records that were visited. */
  readonly visited: number;
  readonly attributes: WalkedAttribute[];
  readonly variables: WalkedVariable[];
}

/** Follows the offsets of a CDF from record to record; throws when one points to a record of another type. */
export function walkCdf(file: Uint8Array): WalkedCdf {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const sizes = new Map<number, number>();
  const int4 = (at: number) => view.getInt32(at);
  const int8 = (at: number) => Number(view.getBigInt64(at));
  const text = (at: number, length: number) =>
    new TextDecoder().decode(file.subarray(at, at + length)).replace(/\0+$/, "");
  /** Checks that a record of this type begins here, and returns its size. */
  const open = (at: number, type: keyof typeof TYPE): number => {
    const size = int8(at);
    if (int4(at + 8) !== TYPE[type]) throw new Error(`Type ${int4(at + 8)} stands at ${at}, not ${type}`);
    if (at + size > file.length) throw new Error(`The ${type} at ${at} goes beyond the file's end`);
    sizes.set(at, size);
    return size;
  };
  /** A linked list: the offset of the next record is 12 bytes after the start of each record. */
  const list = <T>(head: number, type: keyof typeof TYPE, read: (at: number, size: number) => T): T[] => {
    const found: T[] = [];
    for (let at = head; at !== 0; at = int8(at + 12)) found.push(read(at, open(at, type)));
    return found;
  };

  const [cdr, gdr] = [8, int8(8 + 12)];
  open(cdr, "CDR");
  open(gdr, "GDR");
  const entry = (at: number): [number, string] => [int4(at + 28), text(at + 56, int4(at + 32))];
  const attributes = list(int8(gdr + 28), "ADR", (at) => ({
    name: text(at + 68, 256),
    scope: int4(at + 28),
    number: int4(at + 32),
    entries: [...list(int8(at + 20), "AgrEDR", entry), ...list(int8(at + 48), "AzEDR", entry)],
  }));
  const variables = list(int8(gdr + 20), "zVDR", (at) => {
    const [index] = list(int8(at + 28), "VXR", (at) => ({ at, values: int8(at + 28 + 8 * int4(at + 20)) }));
    if (index === undefined || index.at !== int8(at + 36)) throw new Error(`The variable at ${at} has not one index`);
    const valueBytes = open(index.values, "VVR") - 12;
    return {
      name: text(at + 84, 256),
      number: int4(at + 68),
      dataType: int4(at + 20),
      lastRecord: int4(at + 24),
      dimensions: Array.from({ length: int4(at + 340) }, (_, dimension) => int4(at + 344 + 4 * dimension)),
      values: new DataView(file.buffer, file.byteOffset + index.values + 12, valueBytes),
    };
  });
  const counts = [int4(gdr + 48), int4(gdr + 60)];
  if (`${counts}` !== `${[attributes.length, variables.length]}`) throw new Error(`The GDR counts ${counts}`);
  return {
    version: `${int4(cdr + 20)}.${int4(cdr + 24)}.${int4(cdr + 44)}`,
    encoding: int4(cdr + 28),
    copyright: text(cdr + 56, 256),
    endOfFile: int8(gdr + 36),
    visited: [...sizes.values()].reduce((sum, size) => sum + size, 0),
    attributes,
    variables,
  };
}
