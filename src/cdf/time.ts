import { CdfError } from "./source.ts";

/**
 * A time as CDF stores it:
 *
 * - TT2000, a `bigint`: nanoseconds since 2000-01-01T12:00:00 Terrestrial Time (J2000), leap seconds included.
 * - EPOCH, a `number`: milliseconds since 0000-01-01T00:00:00, without leap seconds.
 * - EPOCH16, a pair: seconds since 0000-01-01T00:00:00, without leap seconds, and picoseconds.
 *
 * @category CDF files
 */
export type CdfTime = bigint | number | readonly [seconds: number, picoseconds: number];

/**
 * The data types of times.
 *
 * @category CDF files
 */
export type CdfTimeType = "TT2000" | "EPOCH" | "EPOCH16";

/**
 * The time that each type turns into.
 *
 * @category CDF files
 */
export interface CdfTimes {
  /** Nanoseconds since J2000. */
  readonly TT2000: bigint;
  /** Milliseconds since the year 0. */
  readonly EPOCH: number;
  /** Seconds since the year 0, and picoseconds. */
  readonly EPOCH16: readonly [seconds: number, picoseconds: number];
}

/**
 * The day of the newest leap second that the conversions know, as in {@linkcode Cdf.leapSecondsUpdated}.
 *
 * @category CDF files
 */
export const LEAP_SECONDS_UPDATED = 20170101;

const DAY_MS = 86_400_000;

/** The number of days from 1970-01-01 on. */
const dayNumber = (year: number, month: number): number => Date.UTC(year, month - 1) / DAY_MS;

/**
 * The difference between Atomic Time and UTC in seconds, from each month on; the latest first (US Naval Observatory,
 * tai-utc.dat). Until 1972 UTC drifted: by so many seconds a day, counted from a Modified Julian Date.
 */
const TAI_MINUS_UTC: ReadonlyArray<readonly [since: number, seconds: number, base: number, drift: number]> = [
  ...([
    [2017, 1],
    [2015, 7],
    [2012, 7],
    [2009, 1],
    [2006, 1],
    [1999, 1],
    [1997, 7],
    [1996, 1],
    [1994, 7],
    [1993, 7],
    [1992, 7],
    [1991, 1],
    [1990, 1],
    [1988, 1],
    [1985, 7],
    [1983, 7],
    [1982, 7],
    [1981, 7],
    [1980, 1],
    [1979, 1],
    [1978, 1],
    [1977, 1],
    [1976, 1],
    [1975, 1],
    [1974, 1],
    [1973, 1],
    [1972, 7],
    [1972, 1],
  ] as const).map(([year, month], index) => [dayNumber(year, month), 37 - index, 0, 0] as const),
  [dayNumber(1968, 2), 4.213_17, 39_126, 0.002_592],
  [dayNumber(1966, 1), 4.313_17, 39_126, 0.002_592],
  [dayNumber(1965, 9), 3.840_13, 38_761, 0.001_296],
  [dayNumber(1965, 7), 3.740_13, 38_761, 0.001_296],
  [dayNumber(1965, 3), 3.640_13, 38_761, 0.001_296],
  [dayNumber(1965, 1), 3.540_13, 38_761, 0.001_296],
  [dayNumber(1964, 9), 3.440_13, 38_761, 0.001_296],
  [dayNumber(1964, 4), 3.340_13, 38_761, 0.001_296],
  [dayNumber(1964, 1), 3.240_13, 38_761, 0.001_296],
  [dayNumber(1963, 11), 1.945_858, 37_665, 0.001_123_2],
  [dayNumber(1962, 1), 1.845_858, 37_665, 0.001_123_2],
  [dayNumber(1961, 8), 1.372_818, 37_300, 0.001_296],
  [dayNumber(1961, 1), 1.422_818, 37_300, 0.001_296],
  [dayNumber(1960, 1), 1.417_818, 37_300, 0.001_296],
];

/** The Modified Julian Date of the noon of 1970-01-01: the drift of a day is that at its noon, as in NASA's library. */
const MJD_1970_NOON = 40_587.5;

/** The difference between Atomic Time and UTC on a day, in nanoseconds. */
function leapNanoseconds(day: number): number {
  const entry = TAI_MINUS_UTC.find(([since]) => day >= since);
  if (entry === undefined) return 0;
  const [, seconds, base, drift] = entry;
  return Math.trunc((drift === 0 ? seconds : seconds + (day + MJD_1970_NOON - base) * drift) * 1e9);
}

const SECOND = 1_000_000_000n;
const DAY_SECONDS = 86_400;
const DAY = 86_400n * SECOND;
const DAY_NS = 86_400e9;
/** 2000-01-01T12:00, the epoch J2000, in days since 1970-01-01. */
const J2000_DAY = 10_957;
/** From midnight to noon, without the 32.184 s by which Terrestrial Time is ahead of Atomic Time. */
const J2000_MIDNIGHT = DAY / 2n - 32_184_000_000n;
/** 1970-01-01 in days since 0000-01-01. */
const DAYS_TO_1970 = 719_528;
/** 10000-01-01 in days since 1970-01-01. */
const DAY_10000 = 2_932_897;
/** Fill and pad values of TT2000 (CDF user's guide). */
const FILL_TT2000 = -9_223_372_036_854_775_808n;
const PAD_TT2000 = -9_223_372_036_854_775_807n;

/** A time in UTC. A leap second is the second 86,400 of its day. */
interface Utc {
  /** Days since 1970-01-01. */
  readonly day: number;
  /** Seconds since the start of the day. */
  readonly second: number;
  readonly picosecond: number;
}

/** The start of a day as TT2000. */
const startOfDay = (day: number): bigint =>
  BigInt(day - J2000_DAY) * DAY - J2000_MIDNIGHT + BigInt(leapNanoseconds(day));

/** The day of the newest leap second, after which all days have the same length. */
const REGULAR_DAY = TAI_MINUS_UTC[0]?.[0] ?? 0;
const REGULAR_START = startOfDay(REGULAR_DAY);

function utcOfTt2000(time: bigint): Utc | undefined {
  if (time === FILL_TT2000 || time === PAD_TT2000) return undefined;
  let [day, start] = [0, 0n];
  if (time >= REGULAR_START) {
    const days = (time - REGULAR_START) / DAY;
    day = REGULAR_DAY + Number(days);
    start = REGULAR_START + days * DAY;
  } else {
    // Leap seconds amount to less than a day, so this is the day, or the one after it.
    day = J2000_DAY + Math.floor(Number((time + J2000_MIDNIGHT) / SECOND) / DAY_SECONDS) + 1;
    start = startOfDay(day);
    while (start > time) start = startOfDay(--day);
  }
  // A day has fewer nanoseconds than numbers can count.
  const nanoseconds = Number(time - start);
  const second = Math.floor(nanoseconds / 1e9);
  return { day, second, picosecond: (nanoseconds - second * 1e9) * 1000 };
}

function utcOfEpoch(time: number): Utc | undefined {
  const day = Math.floor(time / DAY_MS);
  if (!(time >= 0) || day - DAYS_TO_1970 >= DAY_10000) return undefined;
  const milliseconds = time - day * DAY_MS;
  const second = Math.floor(milliseconds / 1000);
  return { day: day - DAYS_TO_1970, second, picosecond: Math.trunc((milliseconds - 1000 * second) * 1e9) };
}

function utcOfEpoch16([seconds, picoseconds]: readonly [number, number]): Utc | undefined {
  const whole = Math.floor(seconds) + Math.floor(picoseconds / 1e12);
  const day = Math.floor(whole / DAY_SECONDS);
  if (!(seconds >= 0) || !(picoseconds >= 0) || day - DAYS_TO_1970 >= DAY_10000) return undefined;
  return { day: day - DAYS_TO_1970, second: whole - day * DAY_SECONDS, picosecond: Math.trunc(picoseconds % 1e12) };
}

function utcOf(time: CdfTime): Utc | undefined {
  if (typeof time === "bigint") return utcOfTt2000(time);
  return typeof time === "number" ? utcOfEpoch(time) : utcOfEpoch16(time);
}

/** The digits of a second that a type has. */
function defaultDigits(time: CdfTime): number {
  return typeof time === "bigint" ? 9 : typeof time === "number" ? 3 : 12;
}

const pad = (value: number, digits: number): string => String(value).padStart(digits, "0");

/**
 * Converts a time to UTC in ISO 8601: `2017-01-01T00:00:00.000000000Z`. A leap second has the second 60.
 *
 * @param time The time: a `bigint` is TT2000, a `number` EPOCH, and a pair EPOCH16.
 * @param digits The digits of the fraction of a second, 0 to 12; further ones are cut (default: 9 for TT2000, 3 for
 * EPOCH, 12 for EPOCH16).
 * @returns Undefined for fill and pad values, and for times that are not between the years 0 and 9999.
 *
 * @example
 * ```ts
 * import { timeToIso } from "@imap-sdc/data-access/cdf";
 *
 * console.log(timeToIso(536500868684000000n)); // 2016-12-31T23:59:60.500000000Z
 * console.log(timeToIso(63_650_448_000_000)); // 2017-01-01T00:00:00.000Z
 * ```
 *
 * @category CDF files
 */
export function timeToIso(time: CdfTime, digits: number = defaultDigits(time)): string | undefined {
  const utc = utcOf(time);
  if (utc === undefined) return undefined;
  const date = new Date(utc.day * DAY_MS).toISOString().slice(0, -13);
  // A leap second belongs to the last minute of its day.
  const minutes = Math.min(Math.floor(utc.second / 60), 24 * 60 - 1);
  const fraction = digits > 0 ? `.${pad(utc.picosecond, 12).slice(0, digits)}` : "";
  const [hour, minute, second] = [Math.floor(minutes / 60), minutes % 60, utc.second - 60 * minutes];
  return `${date}${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}${fraction}Z`;
}

/** What `Temporal.Instant` and `Date` can represent: a leap second counts as the second before it. */
function withoutLeapSecond(utc: Utc): Utc {
  return utc.second < DAY_SECONDS ? utc : { ...utc, second: DAY_SECONDS - 1 };
}

function temporal(): typeof Temporal {
  if (typeof Temporal === "undefined") {
    throw new CdfError("argument", "Cannot convert to Temporal.Instant: Temporal is not available here");
  }
  return Temporal;
}

/**
 * Converts a time to a `Temporal.Instant`, which has nanoseconds. A leap second becomes the second before it, as
 * `Temporal.Instant.from()` does it.
 *
 * @param time The time: a `bigint` is TT2000, a `number` EPOCH, and a pair EPOCH16.
 * @returns Undefined for fill and pad values, and for times that are not between the years 0 and 9999.
 * @throws {CdfError} Where `Temporal` does not exist.
 *
 * @example
 * ```ts
 * import { timeToInstant } from "@imap-sdc/data-access/cdf";
 *
 * console.log(String(timeToInstant(536500869184000001n))); // 2017-01-01T00:00:00.000000001Z
 * ```
 *
 * @category CDF files
 */
export function timeToInstant(time: CdfTime): Temporal.Instant | undefined {
  const { Instant } = temporal();
  const utc = utcOf(time);
  if (utc === undefined) return undefined;
  const { day, second, picosecond } = withoutLeapSecond(utc);
  const nanosecond = BigInt(Math.trunc(picosecond / 1000));
  return new Instant((BigInt(day) * 86_400n + BigInt(second)) * SECOND + nanosecond);
}

/**
 * Converts a time to a `Date`, which has milliseconds. A leap second becomes the second before it.
 *
 * @param time The time: a `bigint` is TT2000, a `number` EPOCH, and a pair EPOCH16.
 * @returns Undefined for fill and pad values, and for times that are not between the years 0 and 9999.
 *
 * @example
 * ```ts
 * import { timeToDate } from "@imap-sdc/data-access/cdf";
 *
 * console.log(timeToDate(536500869184000000n)?.toISOString()); // 2017-01-01T00:00:00.000Z
 * ```
 *
 * @category CDF files
 */
export function timeToDate(time: CdfTime): Date | undefined {
  const utc = utcOf(time);
  if (utc === undefined) return undefined;
  const { day, second, picosecond } = withoutLeapSecond(utc);
  return new Date(day * DAY_MS + second * 1000 + Math.trunc(picosecond / 1e9));
}

/**
 * Converts many times to milliseconds since 1970-01-01 UTC, as `Date` and the axes of charts use them, quickly. Microseconds
 * are kept as a fraction.
 *
 * @param times The values of a variable of the type TT2000 (`BigInt64Array`), EPOCH, or EPOCH16 (`Float64Array`).
 * @param type The type of the variable.
 * @returns One number for each time; NaN for fill and pad values, and for times that are not between the years 0 and 9999.
 *
 * @example
 * ```ts
 * import { openCdf, timesToMilliseconds } from "@imap-sdc/data-access/cdf";
 *
 * const cdf = await openCdf("tests/cdf/files/example.cdf");
 * const { values } = await cdf.read("epoch");
 * console.log(timesToMilliseconds(values, "TT2000"));
 * ```
 *
 * @category CDF files
 */
export function timesToMilliseconds(times: Iterable<unknown>, type: CdfTimeType): Float64Array {
  if (type === "TT2000" && times instanceof BigInt64Array) return millisecondsOfTt2000(times);
  if (type !== "TT2000" && times instanceof Float64Array) {
    return type === "EPOCH" ? millisecondsOfEpoch(times) : millisecondsOfEpoch16(times);
  }
  throw new CdfError("argument", `Cannot convert the times: they are not the values of a variable of the type ${type}`);
}

/** The first time that is too late for EPOCH, 10000-01-01. */
const END_OF_EPOCH = (DAY_10000 + DAYS_TO_1970) * DAY_MS;

function millisecondsOfEpoch(times: Float64Array): Float64Array {
  return times.map((time) => time >= 0 && time < END_OF_EPOCH ? time - DAYS_TO_1970 * DAY_MS : NaN);
}

function millisecondsOfEpoch16(times: Float64Array): Float64Array {
  return Float64Array.from({ length: times.length / 2 }, (_, index) => {
    const utc = utcOfEpoch16([times[2 * index] ?? NaN, times[2 * index + 1] ?? NaN]);
    return utc === undefined ? NaN : utc.day * DAY_MS + utc.second * 1000 + utc.picosecond / 1e9;
  });
}

function millisecondsOfTt2000(times: BigInt64Array): Float64Array {
  const result = new Float64Array(times.length);
  // Most times are of the same day as the one before.
  let [from, to, base, baseMs] = [0n, 0n, 0n, 0];
  for (let index = 0; index < times.length; index++) {
    const time = times[index] ?? FILL_TT2000;
    if (time < from || time >= to) {
      const utc = utcOfTt2000(time);
      if (utc === undefined) {
        result[index] = NaN;
        continue;
      }
      from = base = startOfDay(utc.day);
      to = startOfDay(utc.day + 1);
      baseMs = utc.day * DAY_MS;
    }
    const nanoseconds = Number(time - base);
    const ms = baseMs + nanoseconds / 1e6;
    // Not by the milliseconds: the last nanoseconds of a day are rounded up to the next one.
    result[index] = nanoseconds < DAY_NS ? ms : ms - 1000;
  }
  return result;
}

/** The parts of a time in ISO 8601: `2017-01-01`, `2017-01-01T12:00`, `2017-01-01T12:00:00.5Z`. */
const ISO =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<date>\d\d)(?:[T ](?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:\.(?<fraction>\d{1,12}))?)?Z?)?$/;

function utcOfIso(text: string): Utc {
  const parts = ISO.exec(text)?.groups;
  const wrong = () =>
    new CdfError(
      "argument",
      `Cannot convert ${JSON.stringify(text)}: expected a time in UTC, 2017-01-01T00:00:00.000Z`,
    );
  if (parts === undefined) throw wrong();
  const { year, month, date, hour = "0", minute = "0", second = "0", fraction = "" } = parts;
  const midnight = new Date(`${year}-${month}-${date}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.getUTCDate() !== Number(date)) throw wrong();
  const [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second)];
  const day = midnight.getTime() / DAY_MS;
  const isLeapSecond = seconds === 60 && hours === 23 && minutes === 59 && startOfDay(day + 1) - startOfDay(day) > DAY;
  if (hours > 23 || minutes > 59 || (seconds > 59 && !isLeapSecond)) throw wrong();
  return { day, second: hours * 3600 + minutes * 60 + seconds, picosecond: Number(fraction.padEnd(12, "0")) };
}

function tt2000OfUtc({ day, second, picosecond }: Utc): bigint {
  const time = startOfDay(day) + BigInt(second) * SECOND + BigInt(Math.trunc(picosecond / 1000));
  if (time <= PAD_TT2000 || time > -FILL_TT2000 - 1n) {
    throw new CdfError("argument", "Cannot convert to TT2000: it holds times from 1707-09-22 to 2292-04-11 only");
  }
  return time;
}

function timeOfUtc<Type extends CdfTimeType>(utc: Utc, type: Type): CdfTimes[Type];
function timeOfUtc(utc: Utc, type: CdfTimeType): CdfTime {
  if (type === "TT2000") return tt2000OfUtc(utc);
  const { day, second, picosecond } = withoutLeapSecond(utc);
  if (day < -DAYS_TO_1970 || day >= DAY_10000) {
    throw new CdfError("argument", `Cannot convert to ${type}: it holds times between the years 0 and 9999 only`);
  }
  if (type === "EPOCH") return (day + DAYS_TO_1970) * DAY_MS + second * 1000 + picosecond / 1e9;
  return [(day + DAYS_TO_1970) * DAY_SECONDS + second, picosecond];
}

/**
 * Converts a time in UTC, in ISO 8601, to a time as CDF stores it.
 *
 * @param text The time: `2017-01-01`, `2017-01-01T12:00`, or with up to 12 digits of a second, `2017-01-01T12:00:00.5Z`.
 * The second 60 is accepted where there was a leap second; EPOCH and EPOCH16 turn it into the second before it.
 * @param type The type of the result: `TT2000`, `EPOCH`, or `EPOCH16`.
 * @throws {CdfError} If the text is not a time, or the type cannot hold it.
 *
 * @example
 * ```ts
 * import { isoToTime } from "@imap-sdc/data-access/cdf";
 *
 * console.log(isoToTime("2016-12-31T23:59:60.5Z", "TT2000")); // 536500868684000000n
 * ```
 *
 * @category CDF files
 */
export function isoToTime<Type extends CdfTimeType>(text: string, type: Type): CdfTimes[Type] {
  return timeOfUtc(utcOfIso(text), type);
}

/**
 * Converts a `Temporal.Instant` or a `Date` to a time as CDF stores it.
 *
 * @param instant The time; neither can represent a leap second.
 * @param type The type of the result: `TT2000`, `EPOCH`, or `EPOCH16`.
 * @throws {CdfError} If the type cannot hold it, or if it is an invalid `Date`.
 *
 * @example
 * ```ts
 * import { instantToTime } from "@imap-sdc/data-access/cdf";
 *
 * console.log(instantToTime(new Date("2017-01-01T00:00:00Z"), "TT2000")); // 536500869184000000n
 * ```
 *
 * @category CDF files
 */
export function instantToTime<Type extends CdfTimeType>(
  instant: Temporal.Instant | Date,
  type: Type,
): CdfTimes[Type] {
  if (instant instanceof Date && Number.isNaN(instant.getTime())) {
    throw new CdfError("argument", "Cannot convert the Date: it is invalid");
  }
  const nanoseconds = instant instanceof Date ? BigInt(instant.getTime()) * 1_000_000n : instant.epochNanoseconds;
  // BigInt division rounds towards zero.
  const day = nanoseconds / DAY - (nanoseconds % DAY < 0n ? 1n : 0n);
  const inDay = nanoseconds - day * DAY;
  const utc = { day: Number(day), second: Number(inDay / SECOND), picosecond: Number(inDay % SECOND) * 1000 };
  return timeOfUtc(utc, type);
}
