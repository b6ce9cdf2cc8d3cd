/** A packet as level 0 files hold it. */
export interface SpacePacket {
  /** Which unit on board sent it. */
  readonly apid: number;
  /** When it was made, in the seconds of the clock on board (SHCOARSE). */
  readonly seconds: number;
  /** All of it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Identification, sequence control and length: 2 bytes each (CCSDS 133.0-B, section 4.1.3). */
const PRIMARY_HEADER_BYTES = 6;
/** IMAP's secondary header begins with SHCOARSE, the second in which the packet was made. */
const COARSE_TIME_BYTES = 4;

/** Takes a level 0 file apart. What follows the last whole packet, and packets too short for a time, are left out. */
export function* splitPackets(file: Uint8Array<ArrayBuffer>): Generator<SpacePacket> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at + PRIMARY_HEADER_BYTES <= file.length;) {
    const end = at + PRIMARY_HEADER_BYTES + view.getUint16(at + 4) + 1; // The length field counts from 0.
    if (end > file.length) return;
    if (end - at >= PRIMARY_HEADER_BYTES + COARSE_TIME_BYTES) {
      const seconds = view.getUint32(at + PRIMARY_HEADER_BYTES);
      yield { apid: view.getUint16(at) & 0x7ff, seconds, bytes: file.subarray(at, end) };
    }
    at = end;
  }
}
