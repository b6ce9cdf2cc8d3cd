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

/** Takes the whole packets of some bytes. @returns What follows the last of them. */
function* packetsOf(bytes: Uint8Array<ArrayBuffer>): Generator<SpacePacket, Uint8Array<ArrayBuffer>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0;;) {
    if (at + PRIMARY_HEADER_BYTES > bytes.length) return bytes.subarray(at);
    const end = at + PRIMARY_HEADER_BYTES + view.getUint16(at + 4) + 1; // The length field counts from 0.
    if (end > bytes.length) return bytes.subarray(at);
    if (end - at >= PRIMARY_HEADER_BYTES + COARSE_TIME_BYTES) {
      const seconds = view.getUint32(at + PRIMARY_HEADER_BYTES);
      yield { apid: view.getUint16(at) & 0x7ff, seconds, bytes: bytes.subarray(at, end) };
    }
    at = end;
  }
}

/**
 * Takes a level 0 file apart as it is read: a file may be larger than the memory. What follows the last whole packet, and
 * packets too short for a time, are left out.
 */
export async function* splitPackets(pieces: AsyncIterable<Uint8Array<ArrayBuffer>>): AsyncGenerator<SpacePacket> {
  let rest = new Uint8Array();
  for await (const piece of pieces) {
    const bytes = new Uint8Array(rest.length + piece.length);
    bytes.set(rest);
    bytes.set(piece, rest.length);
    rest = yield* packetsOf(bytes);
  }
}
