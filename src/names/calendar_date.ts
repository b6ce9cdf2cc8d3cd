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

/**
 * A value of Temporal: `Temporal.PlainDate`, `Temporal.ZonedDateTime`, and others that contain a date. It is identified
 * by its tag, since older versions of Deno do not declare Temporal.
 *
 * @category Find files
 */
export interface TemporalDay {
  /** The name of its class. */
  readonly [Symbol.toStringTag]: `Temporal.${"PlainDate" | "PlainDateTime" | "ZonedDateTime" | "Instant"}`;
  /** Its text in ISO 8601. */
  toString(): string;
}

/**
 * A day, in one of the formats that all parameters for days accept: `20260131`; `2026-01-31`, or `2026-031` with the
 * day of the year (ISO 8601); `today`, `yesterday`, or `7d` for seven days ago; a `Date`, or a value of `Temporal`.
 *
 * All days are days in UTC. A time, such as a `Date` or `2026-01-31T23:30:00.5-07:00`, means its day in UTC, unless the
 * parameter accepts times. A text without an offset is in UTC.
 *
 * @category Find files
 */
export type DayLike = string | Date | TemporalDay;

/** Returns the text of a Date or of a value of Temporal; other values are returned unchanged. */
export function dateText(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? value : value.toISOString();
  if (!Object.prototype.toString.call(value).startsWith("[object Temporal.")) return value;
  // `2026-01-31T00:00:00-07:00[America/Denver]`: the offset is sufficient.
  return String(value).replace(/\[.*$/, "");
}

/** A day, and a time of day if one is given. All in UTC. */
export interface Moment {
  /** YYYYMMDD. */
  readonly day: string;
  /** `12:00:00`, if there is a time. Fractions of a second are dropped. */
  readonly time?: string;
}

/** A date, optionally with a time: seconds, their fraction and the offset are optional. */
const MOMENT = new RegExp(
  String.raw`^(\d{8}|\d{4}-\d\d-\d\d|\d{4}-\d{3})` +
    String.raw`(?:(?:T|,? )([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,]\d+)?)?` +
    String.raw`(?:Z| ?([+-])([01]\d|2[0-3])(?::?([0-5]\d))?)?)?$`,
  "i",
);

/**
 * Parses a day or a time in one of the formats of {@linkcode DayLike}, except relative ones. Undefined if it is
 * invalid.
 */
export function readMoment(value: unknown): Moment | undefined {
  const text = dateText(value);
  const [match, date = "", hours, minutes, seconds = 0, sign, ...offset] =
    MOMENT.exec(typeof text === "string" ? text : "") ?? [];
  if (match === undefined) return undefined;
  const day = date.length === 8 && date[4] === "-" ? fromDayOfYear(date.replace("-", "_")) : date.replaceAll("-", "");
  if (day === undefined || !isCalendarDate(day)) return undefined;
  if (hours === undefined) return { day };
  const [offsetHours = 0, offsetMinutes = 0] = offset.map((part = "0") => Number(part));
  const east = (sign === "-" ? -1 : 1) * (60 * offsetHours + offsetMinutes);
  const inUtc = new Date(
    startOfDay(day).getTime() + ((60 * Number(hours) + Number(minutes) - east) * 60 + Number(seconds)) * 1000,
  );
  const utcDay = dayOf(inUtc);
  return isCalendarDate(utcDay) ? { day: utcDay, time: inUtc.toISOString().slice(11, 19) } : undefined;
}

/** `240229` -> `20240229`; years from 69 on are 1969 to 1999 (POSIX `%y`). */
export function fromShortDate(text: string): string | undefined {
  const day = `${Number(text.slice(0, 2)) < 69 ? "20" : "19"}${text}`;
  return isCalendarDate(day) ? day : undefined;
}

/** Nanoseconds in a second. */
const SECOND = 1_000_000_000n;
/** Nanoseconds in a millisecond. */
const MILLISECOND = 1_000_000n;
/** 2000-01-01 12:00, the epoch J2000, as if it were UTC. */
const J2000 = Date.UTC(2000, 0, 1, 12);
/** Terrestrial Time is 32.184 s ahead of International Atomic Time. */
const TT_MINUS_TAI = 32_184_000_000n;
/** The difference between Atomic Time and UTC from each day on, in seconds (IERS Bulletin C); the latest day first. */
const LEAP_SECONDS: readonly (readonly [since: number, seconds: bigint])[] = [
  [Date.UTC(2017, 0, 1), 37n],
  [Date.UTC(2015, 6, 1), 36n],
  [Date.UTC(2012, 6, 1), 35n],
  [Date.UTC(2009, 0, 1), 34n],
  [Date.UTC(2006, 0, 1), 33n],
];
/** The epoch of IMAP's clock on board. */
const MISSION_EPOCH = new Date("2010-01-01T00:00:00Z");

/** Converts to CDF_TIME_TT2000: nanoseconds since J2000 in Terrestrial Time, with leap seconds. Valid from 1999 on. */
export function tt2000(date: Date): bigint {
  const [, ahead] = LEAP_SECONDS.find(([since]) => date.getTime() >= since) ?? [0, 32n];
  return BigInt(date.getTime() - J2000) * MILLISECOND + ahead * SECOND + TT_MINUS_TAI;
}

/** Converts to the time of IMAP's packets (SHCOARSE): whole seconds since 2010-01-01, with leap seconds. */
export function missionSeconds(date: Date): number {
  return Number((tt2000(date) - tt2000(MISSION_EPOCH)) / SECOND);
}

/** Converts from the time of IMAP's packets: the inverse of {@linkcode missionSeconds}. */
export function dateOfMissionSeconds(seconds: number): Date {
  // Leap seconds are rare, so two corrections of an estimate without them suffice.
  let date = new Date(MISSION_EPOCH.getTime() + seconds * 1000);
  for (let round = 0; round < 2; round++) date = new Date(date.getTime() + (seconds - missionSeconds(date)) * 1000);
  return date;
}

/**
 * Returns the difference between Barycentric Dynamical Time and Terrestrial Time in seconds, up to 1.7 ms (NAIF,
 * naif0012.tls).
 */
function tdbMinusTt(seconds: number): number {
  const anomaly = 6.239996 + 1.99096871e-7 * seconds;
  return 1.657e-3 * Math.sin(anomaly + 1.671e-2 * Math.sin(anomaly));
}

/** Converts to SPICE's ephemeris time: TDB seconds since J2000, with leap seconds. Valid from 1999 on. */
export function tdbSeconds(date: Date): number {
  const seconds = Number(tt2000(date) / MILLISECOND) / 1000;
  return seconds + tdbMinusTt(seconds);
}

/**
 * Converts from TDB seconds since J2000, rounded to milliseconds: the inverse of {@linkcode tdbSeconds}.
 *
 * @returns Undefined if a `Date` cannot represent it.
 */
export function dateOfTdbSeconds(seconds: number): Date | undefined {
  let date = new Date(J2000 + seconds * 1000);
  for (let round = 0; round < 2; round++) {
    if (Number.isNaN(date.getTime())) return undefined;
    date = new Date(Math.round(date.getTime() + (seconds - tdbSeconds(date)) * 1000));
  }
  return date;
}
