import type { Instrument } from "../names/instruments.ts";

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/**
 * The application process identifiers (APIDs) whose packets make up an instrument's level 0 file, in the order in which
 * they stand in it (SDC protocol, "webpoda").
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
