const EIGHT_DIGITS = /^\d{8}$/;
/** A day in milliseconds, without leap seconds. */
const DAY_MS = 86_400_000;

/**
 * Whether a text is an existing date in the SDC's format, `YYYYMMDD`.
 *
 * `20240229` is a date; `20240230` and `2024-01-05` are not.
 */
export function isCalendarDate(text: string): boolean {
  // Date.UTC maps years below 100 to 19xx, and no file is that old.
  if (!EIGHT_DIGITS.test(text) || Number(text.slice(0, 4)) < 100) return false;
  // Date.UTC turns a nonexistent day into another one.
  return dayOf(startOfDay(text)) === text;
}

/** Formats the UTC day of a moment as YYYYMMDD. */
export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10).replaceAll("-", "");
}

/** Returns the start of a day, `YYYYMMDD`, in UTC. */
export function startOfDay(day: string): Date {
  return new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6, 8))));
}

/** Adds a number of days to a day; the number may be negative. */
export function addDays(day: string, days: number): string {
  return dayOf(new Date(startOfDay(day).getTime() + days * DAY_MS));
}

/** Returns the number of days from one day to another; 0 if they are the same. */
export function daysBetween(first: string, last: string): number {
  return Math.round((startOfDay(last).getTime() - startOfDay(first).getTime()) / DAY_MS);
}

/** `2024_060` -> `20240229`; undefined if the year has no such day. */
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

/** `240229` -> `20240229`; years from 69 on are 1969 to 1999 (POSIX `%y`). */
export function fromShortDate(text: string): string | undefined {
  const day = `${Number(text.slice(0, 2)) < 69 ? "20" : "19"}${text}`;
  return isCalendarDate(day) ? day : undefined;
}
