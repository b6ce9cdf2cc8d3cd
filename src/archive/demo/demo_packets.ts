import { InputError } from "../../errors.ts";
import type { ScienceFile } from "../../names/science_file.ts";
import { ccsdsPackets } from "./ccsds_packets.ts";
import { startOfDay } from "../mission_time.ts";
import { pseudoRandom } from "./pseudo_random.ts";

/** What one unit on board sends in a demo file. */
interface PacketPlan {
  readonly apid: number;
  /** The usual number of packets; a file has up to a quarter more or less. */
  readonly count: number;
  readonly payloadBytes: number;
}

/**
 * Who sends what: the APIDs are IMAP's, in the order in which the SDC puts them one behind the other;
 * numbers and lengths are plausible.
 */
const PLANS: Readonly<Record<string, readonly PacketPlan[]>> = {
  "codice hskp": [{ apid: 1136, count: 720, payloadBytes: 108 }],
  "glows raw": [{ apid: 1480, count: 24, payloadBytes: 3640 }, { apid: 1481, count: 120, payloadBytes: 320 }],
  "mag raw": [{ apid: 1052, count: 300, payloadBytes: 208 }, { apid: 1068, count: 120, payloadBytes: 496 }],
};

/** A made-up level 0 file: the packets that the named instrument sends from midnight on. */
export function demoPackets(options: { name: string; file: ScienceFile }): Uint8Array<ArrayBuffer> {
  const { name, file } = options;
  const plans = PLANS[`${file.instrument} ${file.descriptor}`];
  if (plans === undefined) {
    throw new InputError(`Cannot make up "${name}": packets exist for ${Object.keys(PLANS).join(", ")}`);
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
