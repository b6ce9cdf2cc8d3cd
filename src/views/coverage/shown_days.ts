import type { DayRange } from "./day_range.ts";

/** A file for so many times the days of all shorter ones would squeeze them to nothing. */
const MOST_TIMES = 4;
/** Shorter times than this are no reason to cut anything. */
const YEAR = 366;
/** How much of what is cut is shown on each side: a part of the other files' days, and at least so many. */
const SHARE_AROUND = 0.1;
const LEAST_AROUND = 7;

function lengthOf({ first, last }: DayRange): number {
  return last - first + 1;
}

function joined(a: DayRange | undefined, b: DayRange): DayRange {
  return a === undefined ? b : { first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}

/**
 * The days that a picture of files shows: all of theirs, but for the ends of files that are for many times longer than the
 * others, as kernels that hold for a century. Undefined when there is no file.
 */
export function shownDays(ranges: readonly DayRange[]): DayRange | undefined {
  let shown: DayRange | undefined;
  const long: DayRange[] = [];
  for (const range of ranges) {
    if (range.first === range.last) shown = joined(shown, range);
    else long.push(range);
  }
  long.sort((a, b) => lengthOf(a) - lengthOf(b));
  const tooLong = long.findIndex((range) => {
    if (shown !== undefined && lengthOf(range) > MOST_TIMES * Math.max(YEAR, lengthOf(shown))) return true;
    shown = joined(shown, range);
    return false;
  });
  if (shown === undefined || tooLong < 0) return shown;
  const around = Math.max(LEAST_AROUND, Math.ceil(lengthOf(shown) * SHARE_AROUND));
  const reach = long.slice(tooLong).reduce(joined, shown);
  return { first: Math.max(reach.first, shown.first - around), last: Math.min(reach.last, shown.last + around) };
}
