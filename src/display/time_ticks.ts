/** Milliseconds of a day: days are counted from 1970-01-01, UTC. */
const DAY_MS = 86_400_000;

/** A day of the calendar on an axis of time. */
export interface TimeTick {
  /** Days since 1970-01-01. */
  readonly day: number;
  /** `2026-01-05`, `2026-01` or `2026`, as fine as the ticks are. */
  readonly label: string;
}

/** The date of a day that is counted from 1970-01-01. */
export function dateOf(day: number): Date {
  return new Date(day * DAY_MS);
}

/** The number of a day, `YYYYMMDD`, counted from 1970-01-01; the text is a day of the calendar. */
export function dayNumber(yyyymmdd: string): number {
  const [year, month, day] = [yyyymmdd.slice(0, 4), yyyymmdd.slice(4, 6), yyyymmdd.slice(6, 8)].map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day) / DAY_MS;
}

/** `2026-01-05`. */
export function isoDay(day: number): string {
  return dateOf(day).toISOString().slice(0, 10);
}

/** Steps of an axis, from fine to coarse: so many days, so many months. Those of months begin with a year. */
const DAY_STEPS = [1, 2, 7, 14];
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120, 600, 1200, 6000, 12_000, 120_000];

/** The first days of the months from a day on, every `step` months, counted from the year 0. */
function monthTicks(first: number, last: number, step: number): TimeTick[] {
  const start = dateOf(first);
  let month = Math.floor((start.getUTCFullYear() * 12 + start.getUTCMonth()) / step) * step;
  const ticks: TimeTick[] = [];
  for (let day = 0; day <= last; month += step) {
    // Date.UTC takes years below 100 for 19xx; no date of a file lies there.
    day = Date.UTC(Math.floor(month / 12), month % 12, 1) / DAY_MS;
    if (day >= first && day <= last) ticks.push({ day, label: isoDay(day).slice(0, step >= 12 ? 4 : 7) });
  }
  return ticks;
}

function dayTicks(first: number, last: number, step: number): TimeTick[] {
  const ticks: TimeTick[] = [];
  for (let day = first; day <= last; day += step) ticks.push({ day, label: isoDay(day) });
  return ticks;
}

/**
 * Round dates to write at an axis of time, as many as fit.
 *
 * @param first The first day on it, counted from 1970-01-01.
 * @param last The last one.
 * @param most How many dates there is room for.
 */
export function timeTicks(first: number, last: number, most: number): TimeTick[] {
  const days = last - first + 1;
  const dayStep = DAY_STEPS.find((step) => days / step <= most);
  if (dayStep !== undefined) return dayTicks(first, last, dayStep);
  const monthStep = MONTH_STEPS.find((step) => days / 30.4 / step <= most) ?? 120_000;
  const ticks = monthTicks(first, last, monthStep);
  return ticks.length > 0 ? ticks : dayTicks(first, first, 1);
}
