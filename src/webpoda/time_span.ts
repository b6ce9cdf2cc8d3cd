import type { Instrument } from "../names/instruments.ts";

/** A time from its first moment up to one that is no part of it. Moments are UTC, `2026-01-31T00:00:00.000000`. */
export interface TimeSpan {
  readonly from: string;
  readonly to: string;
}

/** How many minutes a day's file reaches into the days beside it, so that groups of packets stay whole (SDC protocol). */
const MARGIN_MINUTES: ReadonlyMap<Instrument, number> = new Map<Instrument, number>([
  ["hit", 20],
  ["mag", 30],
  ["swapi", 1],
  ["swe", 1],
  ["codice", 7],
]);

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

function moment(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace("Z", "000");
}

function midnight(day: string): number {
  return Date.UTC(Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6, 8)));
}

/** From the start of the first day to the end of the last one; both YYYYMMDD. */
export function spanOfDays(first: string, last: string): TimeSpan {
  return { from: moment(midnight(first)), to: moment(midnight(last) + DAY_MS) };
}

/** The time whose packets a day's file has: the day, and the instrument's margin on both sides. */
export function spanOfFile(instrument: Instrument, day: string): TimeSpan {
  const margin = (MARGIN_MINUTES.get(instrument) ?? 0) * MINUTE_MS;
  return { from: moment(midnight(day) - margin), to: moment(midnight(day) + DAY_MS + margin) };
}
