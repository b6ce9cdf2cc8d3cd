import type { Instrument } from "../names/vocabulary.ts";

/** The folder of packets at webpoda, packets on demand, whose origin is `https://lasp.colorado.edu` (SDC protocol). */
const WEBPODA_ROUTE = "/ops/imap/poda/dap2/apids/SID1";

/** The purpose of a request to webpoda. */
export interface PacketRoute {
  /** The application process identifier of the packets. */
  readonly apid: number;
  /** `bin` for packets, `txt` for their times. */
  readonly form: "bin" | "txt";
}

/** Returns the path of the packets of an APID, or of their times. */
export function packetRoute({ apid, form }: PacketRoute): string {
  return `${WEBPODA_ROUTE}/apid_${apid}.${form}`;
}

/** Parses the path of a request; undefined if it is not for packets. An APID has eleven bits (CCSDS 133.0-B). */
export function readPacketRoute(pathname: string): PacketRoute | undefined {
  const [, apid, form] = /^\/apid_(\d{1,4})\.(bin|txt)$/.exec(pathname.replace(WEBPODA_ROUTE, "")) ?? [];
  if (!pathname.startsWith(`${WEBPODA_ROUTE}/`) || apid === undefined || Number(apid) > 0x7ff) return undefined;
  return { apid: Number(apid), form: form === "bin" ? "bin" : "txt" };
}

/** What follows the time span in a request: the packets themselves, or their times as text (DAP2). */
export const PROJECTIONS = {
  bin: "project(packet)",
  txt: `project(time)&formatTime("yyyy-MM-dd'T'HH:mm:ss")`,
} as const;

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/**
 * The application process identifiers (APIDs) whose packets make up an instrument's level 0 file, in their order in the
 * file (SDC protocol, "webpoda").
 */
export const INSTRUMENT_APIDS: ReadonlyMap<Instrument, readonly number[]> = new Map<Instrument, readonly number[]>([
  ["codice", [1136, 1152, 1153, ...range(1155, 1162), ...range(1168, 1174)]],
  ["glows", [1480, 1481]],
  ["hi", [740, 754, 769, 770, 772, 804, 818, 833, 834, 836]],
  ["hit", range(1251, 1253)],
  ["idex", [1418, 1419, 1424]],
  ["lo", [673, 676, 677, ...range(705, 708)]],
  ["mag", [1052, 1068]],
  ["swapi", [1184, 1188]],
  ["swe", [1330, 1334, 1344]],
  [
    "ultra",
    [
      ...range(865, 877),
      ...range(880, 889),
      ...range(896, 901),
      ...range(929, 941),
      ...range(944, 953),
      ...range(960, 965),
    ],
  ],
  ["spacecraft", [594]],
  ["ialirt", [478]],
]);

/**
 * The two ways to select packets: `ert` by the time of reception on Earth, `sct` by the time of creation on board.
 *
 * @example
 * ```ts
 * import { QUERY_MODES } from "@imap-sdc/data-access";
 *
 * console.log(QUERY_MODES.includes("ert")); // true
 * ```
 *
 * @category Real-time data and packets
 */
export const QUERY_MODES = ["ert", "sct"] as const;

/**
 * A way to select packets.
 *
 * @category Real-time data and packets
 */
export type QueryMode = typeof QUERY_MODES[number];
