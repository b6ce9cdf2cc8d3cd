import { pseudoRandom } from "./demo_files.ts";
import { InputError } from "../errors.ts";
import { missionSeconds } from "../mission_time.ts";

/** What {@linkcode ccsdsPackets} makes packets from. */
export interface CcsdsPacketsOptions {
  /** The application process identifier: which unit on board sends, 0 to 2047. */
  readonly apid: number;
  /** How many packets. */
  readonly count: number;
  /** When the first one was made: seconds since 2010-01-01, or a date. Each next one comes a second later. */
  readonly startTime: number | Date;
  /** How many bytes follow the time in each packet, 0 to 65532. */
  readonly payloadBytes: number;
  /** The payload's starting point: the same text gives the same bytes. */
  readonly seed: string;
}

/** Identification, sequence control and length: 2 bytes each (CCSDS 133.0-B, section 4.1.3). */
const PRIMARY_HEADER_BYTES = 6;
/** IMAP's secondary header begins with SHCOARSE, the second in which the packet was made. */
const COARSE_TIME_BYTES = 4;
/** Identification: version 0 and type 0 (telemetry) above it, the 11 bits of the APID below. */
const SECONDARY_HEADER_FLAG = 0x0800;
/** Sequence flags 3: the packet is whole, not a segment of a longer one. */
const UNSEGMENTED = 0xc000;
/** The sequence count has 14 bits and starts again at 0. */
const SEQUENCE_COUNTS = 0x4000;

function assertRange(options: { what: string; value: number; max: number }): void {
  const { what, value, max } = options;
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  throw new InputError(`Cannot make packets with ${what} "${value}": expected a whole number from 0 to ${max}`);
}

/** Space packets of one APID, one behind the other, as level 0 files hold them (CCSDS 133.0-B). */
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
    // The length field counts from 0: a packet without any data is not allowed.
    view.setUint16(at + 4, dataBytes - 1);
    view.setUint32(at + PRIMARY_HEADER_BYTES, start + packet);
    for (let byte = at + packetBytes - payloadBytes; byte < at + packetBytes; byte++) bytes[byte] = random();
  }
  return bytes;
}
