/** The header fields of a packet. */
export interface WalkedPacket {
  readonly version: number;
  readonly type: number;
  readonly hasSecondaryHeader: boolean;
  readonly apid: number;
  readonly sequenceFlags: number;
  readonly sequenceCount: number;
  readonly bytes: number;
  readonly coarseTime: number;
}

/** Reads CCSDS space packets by their primary headers; throws when the last one does not end with the file. */
export function walkPackets(file: Uint8Array): WalkedPacket[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const packets: WalkedPacket[] = [];
  for (let at = 0; at < file.length;) {
    const identification = view.getUint16(at);
    const sequence = view.getUint16(at + 2);
    const bytes = 6 + view.getUint16(at + 4) + 1;
    if (at + bytes > file.length) throw new Error(`The packet at ${at} goes beyond the file's end`);
    packets.push({
      version: identification >> 13,
      type: (identification >> 12) & 1,
      hasSecondaryHeader: ((identification >> 11) & 1) === 1,
      apid: identification & 0x7ff,
      sequenceFlags: sequence >> 14,
      sequenceCount: sequence & 0x3fff,
      bytes,
      coarseTime: view.getUint32(at + 6),
    });
    at += bytes;
  }
  return packets;
}
