import { InputError } from "../errors.ts";
import { missionSeconds, startOfDay } from "../names/fields.ts";
import type { ScienceFile } from "../names/file_name.ts";

/** The contents of the packets that {@linkcode ccsdsPackets} makes. */
export interface CcsdsPacketsOptions {
  /** The application process identifier, which identifies the source of the packets on board: 0 to 2047. */
  readonly apid: number;
  /** The number of packets. */
  readonly count: number;
  /** The time of the first packet, in seconds since 2010-01-01 or as a date. Each further packet is a second later. */
  readonly startTime: number | Date;
  /** The number of bytes after the time in each packet: 0 to 65532. */
  readonly payloadBytes: number;
  /** The seed of the payload: equal seeds give equal bytes. */
  readonly seed: string;
}

/** Identification, sequence control and length: 2 bytes each (CCSDS 133.0-B, section 4.1.3). */
const PRIMARY_HEADER_BYTES = 6;
/** IMAP's secondary header begins with SHCOARSE, the time of the packet in seconds. */
const COARSE_TIME_BYTES = 4;
/** Identification: above this bit, version 0 and type 0 (telemetry); below it, the 11 bits of the APID. */
const SECONDARY_HEADER_FLAG = 0x0800;
/** Sequence flags 3: the packet is not a segment of a longer one. */
const UNSEGMENTED = 0xc000;
/** The sequence count has 14 bits and wraps around. */
const SEQUENCE_COUNTS = 0x4000;

function assertRange(options: { what: string; value: number; max: number }): void {
  const { what, value, max } = options;
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  throw new InputError(`Cannot make packets with ${what} "${value}": expected an integer from 0 to ${max}`);
}

/**
 * A generator of integers from 0 to 2^32 - 1 that is deterministic for each seed. Demo files must be the same in each
 * run: documentation and tests contain their sizes and checksums.
 *
 * The seed is hashed with FNV-1a; the numbers come from Marsaglia's 32-bit xorshift (13, 17, 5).
 */
export function pseudoRandom(seed: string): () => number {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(seed)) state = Math.imul(state ^ byte, 0x01000193);
  // Zero is the one state that xorshift never leaves.
  if (state === 0) state = 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Makes space packets of one APID, concatenated as in level 0 files (CCSDS 133.0-B). */
export function ccsdsPackets(options: CcsdsPacketsOptions): Uint8Array<ArrayBuffer> {
  const { apid, count, startTime, payloadBytes, seed } = options;
  const start = typeof startTime === "number" ? startTime : missionSeconds(startTime);
  assertRange({ what: "APID", value: apid, max: 0x7ff });
  assertRange({ what: "count", value: count, max: 0xffff });
  assertRange({ what: "payload length", value: payloadBytes, max: 0x10000 - COARSE_TIME_BYTES });
  assertRange({ what: "start time", value: start, max: 0xffffffff - count });

  const dataBytes = COARSE_TIME_BYTES + payloadBytes;
  const packetBytes = PRIMARY_HEADER_BYTES + dataBytes;
  const bytes = new Uint8Array(count * packetBytes);
  const view = new DataView(bytes.buffer);
  const random = pseudoRandom(seed);
  for (let packet = 0; packet < count; packet++) {
    const at = packet * packetBytes;
    view.setUint16(at, SECONDARY_HEADER_FLAG | apid);
    view.setUint16(at + 2, UNSEGMENTED | packet % SEQUENCE_COUNTS);
    // The length field contains the length minus one: packets without data are not allowed.
    view.setUint16(at + 4, dataBytes - 1);
    view.setUint32(at + PRIMARY_HEADER_BYTES, start + packet);
    for (let byte = at + packetBytes - payloadBytes; byte < at + packetBytes; byte++) bytes[byte] = random();
  }
  return bytes;
}

/** The packets of one APID in a demo file. */
interface PacketPlan {
  readonly apid: number;
  /** The average number of packets; a file has up to a quarter more or less. */
  readonly count: number;
  readonly payloadBytes: number;
}

/** The APIDs are IMAP's, in the order in which the SDC concatenates them; counts and lengths are plausible. */
const PACKET_PLANS: Readonly<Record<string, readonly PacketPlan[]>> = {
  "codice hskp": [{ apid: 1136, count: 720, payloadBytes: 108 }],
  "glows raw": [{ apid: 1480, count: 24, payloadBytes: 3640 }, { apid: 1481, count: 120, payloadBytes: 320 }],
  "mag raw": [{ apid: 1052, count: 300, payloadBytes: 208 }, { apid: 1068, count: 120, payloadBytes: 496 }],
};

/** Makes a level 0 file: packets of the instrument from midnight on. */
export function demoPackets(options: { name: string; file: ScienceFile }): Uint8Array<ArrayBuffer> {
  const { name, file } = options;
  const plans = PACKET_PLANS[`${file.instrument} ${file.descriptor}`];
  if (plans === undefined) {
    throw new InputError(`Cannot make "${name}": packets exist for ${Object.keys(PACKET_PLANS).join(", ")}`);
  }
  const startTime = startOfDay(file.start_date);
  const parts = plans.map(({ apid, count, payloadBytes }) => {
    const seed = `${name} ${apid}`;
    const share = 0.75 + pseudoRandom(seed)() / 2 ** 33;
    return ccsdsPackets({ apid, count: Math.round(count * share), startTime, payloadBytes, seed });
  });
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
