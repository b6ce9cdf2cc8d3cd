/** Eight digits, year, month and day: `20240105`. */
const DATE_PATTERN = /^(\d{4})(\d{2})(\d{2})$/;
/** Milliseconds of a day without leap seconds. */
const DAY_MS = 86_400_000;

/**
 * Whether a text is a real calendar date written YYYYMMDD, the only form that the SDC knows.
 *
 * `20240229` is one, `20240230` and `2024-01-05` are not.
 */
export function isCalendarDate(text: string): boolean {
  const match = DATE_PATTERN.exec(text);
  if (match === null) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  // Date.UTC takes years below 100 for 19xx, and no calendar has a year 0.
  if (year < 100) return false;
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** The day of a moment in UTC, YYYYMMDD. */
export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10).replaceAll("-", "");
}

/** The start of a day in UTC. */
export function startOfDay(day: string): Date {
  return new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6, 8))));
}

/** The day that is some days after another, or before it. */
export function addDays(day: string, days: number): string {
  return dayOf(new Date(startOfDay(day).getTime() + days * DAY_MS));
}

/** How many days lie between two days; 0 when they are the same. */
export function daysBetween(first: string, last: string): number {
  return Math.round((startOfDay(last).getTime() - startOfDay(first).getTime()) / DAY_MS);
}

/** `2024_060` -> `20240229`; undefined when the year has no such day. */
export function fromDayOfYear(text: string): string | undefined {
  const [year = "", day = ""] = text.split("_");
  if (!isCalendarDate(`${year}0101`) || Number(day) < 1) return undefined;
  const date = addDays(`${year}0101`, Number(day) - 1);
  return date.startsWith(year) ? date : undefined;
}

/** `20240229` -> `2024_060`. */
export function toDayOfYear(day: string): string {
  const year = day.slice(0, 4);
  return `${year}_${String(daysBetween(`${year}0101`, day) + 1).padStart(3, "0")}`;
}

/** `240229` -> `20240229`; from 69 on the years are those of the last century (POSIX `%y`). */
export function fromShortDate(text: string): string | undefined {
  const day = `${Number(text.slice(0, 2)) < 69 ? "20" : "19"}${text}`;
  return isCalendarDate(day) ? day : undefined;
}
