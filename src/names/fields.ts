import { InputError, shown, suggestion } from "../errors.ts";

// Words that are known: instruments, data levels, and types of SPICE files.

/** Whether a value is one of the given words. Case-sensitive. */
export function isOneOf<Word extends string>(words: readonly Word[], value: unknown): value is Word {
  return words.some((word) => word === value);
}

/**
 * The instruments and other sources of files at the SDC (SDC file-name convention).
 *
 * @example
 * ```ts
 * import { INSTRUMENTS } from "@imap-sdc/data-access";
 *
 * console.log(INSTRUMENTS.includes("glows")); // true
 * ```
 *
 * @category File names
 */
export const INSTRUMENTS = [
  "codice",
  "glows",
  "hi",
  "hit",
  "ialirt",
  "idex",
  "l1const",
  "lo",
  "mag",
  "spacecraft",
  "swapi",
  "swe",
  "ultra",
] as const;

/**
 * The name of an instrument, or of another source of files, as in file names.
 *
 * @category File names
 */
export type Instrument = typeof INSTRUMENTS[number];

/** Whether a word is the name of an instrument. Case-sensitive. */
export function isInstrument(word: string): word is Instrument {
  return isOneOf(INSTRUMENTS, word);
}

/**
 * The data levels, from raw packets (l0) to maps (l3) (SDC file-name convention).
 *
 * @example
 * ```ts
 * import { DATA_LEVELS } from "@imap-sdc/data-access";
 *
 * console.log(DATA_LEVELS[0]); // l0
 * ```
 *
 * @category File names
 */
export const DATA_LEVELS = [
  "l0",
  "l1",
  "l1a",
  "l1b",
  "l1c",
  "l1ca",
  "l1cb",
  "l1d",
  "l2",
  "l2a",
  "l2b",
  "l2c",
  "l3",
  "l3a",
  "l3b",
  "l3c",
  "l3d",
  "l3e",
] as const;

/**
 * A data level as in file names.
 *
 * @category File names
 */
export type DataLevel = typeof DATA_LEVELS[number];

/** Whether a word is the name of a data level. Case-sensitive. */
export function isDataLevel(word: string): word is DataLevel {
  return isOneOf(DATA_LEVELS, word);
}

/**
 * The types of SPICE files (SDC protocol, `GET /spice-query`): the values of a row's `kernel_type`.
 *
 * @example
 * ```ts
 * import { SPICE_TYPES } from "@imap-sdc/data-access";
 *
 * console.log(SPICE_TYPES.includes("leapseconds")); // true
 * ```
 *
 * @category File names
 */
export const SPICE_TYPES = [
  "attitude_history",
  "attitude_predict",
  "pointing_attitude",
  "lo_pivot_attitude",
  "spin",
  "repoint",
  "ephemeris_reconstructed",
  "ephemeris_nominal",
  "ephemeris_predicted",
  "ephemeris_90days",
  "ephemeris_long",
  "ephemeris_launch",
  "planetary_ephemeris",
  "lagrange_point",
  "planetary_constants",
  "leapseconds",
  "spacecraft_clock",
  "imap_frames",
  "science_frames",
  "thruster",
  "metakernel",
  "earth_attitude",
] as const;

/**
 * A type of SPICE file.
 *
 * @category File names
 */
export type SpiceType = typeof SPICE_TYPES[number];

/** Whether a value is the name of a type of SPICE file. Case-sensitive. */
export function isSpiceType(value: unknown): value is SpiceType {
  return isOneOf(SPICE_TYPES, value);
}

/** The folder of each type in the archive, below `imap/spice` (SDC folder convention). */
export const SPICE_FOLDERS: Readonly<Record<SpiceType, string>> = {
  attitude_history: "ck",
  attitude_predict: "ck",
  pointing_attitude: "ck",
  lo_pivot_attitude: "ck",
  spin: "spin",
  repoint: "repoint",
  ephemeris_reconstructed: "spk",
  ephemeris_nominal: "spk",
  ephemeris_predicted: "spk",
  ephemeris_90days: "spk",
  ephemeris_long: "spk",
  ephemeris_launch: "spk",
  planetary_ephemeris: "spk",
  lagrange_point: "spk",
  planetary_constants: "pck",
  leapseconds: "lsk",
  spacecraft_clock: "sclk",
  imap_frames: "fk",
  science_frames: "fk",
  thruster: "activities",
  metakernel: "mk",
  earth_attitude: "pck",
};

// Which known word a mistyped one may mean.

/** Longer words are not typos, and comparing them would take long. */
const MAX_WORD = 64;

/**
 * Returns the number of characters to insert, delete, or replace to turn one word into another (Levenshtein distance).
 */
function editDistance(from: string, to: string): number {
  const target = [...to];
  let distances = [0, ...target.keys()].map((_, index) => index);
  for (const [index, character] of [...from].entries()) {
    let last = index + 1;
    distances = distances.map((above, column) => {
      if (column === 0) return last;
      const diagonal = distances[column - 1] ?? 0;
      last = Math.min(above + 1, last + 1, diagonal + (target[column - 1] === character ? 0 : 1));
      return last;
    });
  }
  return distances.at(-1) ?? 0;
}

/** Whether two words begin alike and have at least two thirds of their letters in common: `mgs` and `mag`. */
function areAlike(word: string, other: string): boolean {
  const left = [...other];
  const common = [...word].filter((letter) => {
    const at = left.indexOf(letter);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
  return word[0] === other[0] && common.length * 3 >= Math.max(word.length, other.length) * 2;
}

/** Returns the valid word that is closest to a mistyped one; undefined if none is close. */
export function closestWord(word: string, validWords: readonly string[]): string | undefined {
  if (word === "" || word.length > MAX_WORD || validWords.length === 0) return undefined;
  let [closest = "", typos] = ["", Infinity];
  for (const valid of validWords) {
    const distance = editDistance(word.toLowerCase(), valid.toLowerCase());
    if (distance < typos) [closest, typos] = [valid, distance];
  }
  // Of two-letter words, every other word is one typo away.
  const forgiven = closest.length < 3 ? 0 : Math.max(1, Math.round(closest.length / 3));
  const isClose = typos <= forgiven || (closest.length > 2 && areAlike(word.toLowerCase(), closest.toLowerCase()));
  return isClose ? closest : undefined;
}

/** Fewer letters may be the beginning of anything. */
const MIN_BEGINNING = 3;

/** Returns the parts of a name: `data_level` and `--data-level` have the parts `data` and `level`. */
function partsOf(name: string): string[] {
  return name.toLowerCase().split(/[-_]+/).filter((part) => part.length > 2);
}

/**
 * Returns the name of an option or a parameter that is meant: the only one that begins with the word, since the Python
 * client accepts `--instr`; if several do, the closest of them if it is close; otherwise the closest one, or one that has
 * the word as a part, `data_level` for `level`.
 */
export function closestName(word: string, names: readonly string[]): string | undefined {
  const begun = word.length < MIN_BEGINNING ? [] : names.filter((name) => name.startsWith(word.toLowerCase()));
  if (begun.length === 1) return begun[0];
  if (begun.length > 1) return closestWord(word, begun);
  const [part, second] = partsOf(word);
  const isPart = part !== undefined && second === undefined;
  return closestWord(word, names) ?? (isPart ? names.find((name) => partsOf(name).includes(part)) : undefined);
}

/** Returns a word in lower case, since `MAG` can only mean `mag`. Other values are unchanged. */
export function asWord<Value>(value: Value): Value | string {
  return typeof value === "string" ? value.toLowerCase() : value;
}

/** Returns ` (did you mean "glows"?)` to append to a message; empty if no valid word is close. */
export function didYouMean(word: string, validWords: readonly string[]): string {
  return suggestion(closestWord(word, validWords));
}

/** Returns the words that were expected, and the closest of them. */
export function oneOfWords(word: string, words: readonly string[]): { expected: string; closest?: string } {
  const closest = closestWord(word, words);
  return { expected: `one of ${words.join(", ")}`, ...(closest === undefined ? {} : { closest }) };
}

// Patterns with `*` and `?`.

/** Whether a text is a pattern: `*` matches any text, `?` matches one character. */
export function isGlob(text: string): boolean {
  return /[*?]/.test(text);
}

/** Whether a text matches a pattern. Takes time proportional to at most the product of both lengths. */
export function matchesGlob(text: string, pattern: string): boolean {
  let [at, place] = [0, 0];
  /** The position of the last star, and the end of the text that it matches. */
  let [star, taken] = [-1, 0];
  while (at < text.length) {
    if (pattern[place] === "*") {
      star = place++;
      taken = at;
    } else if (place < pattern.length && (pattern[place] === "?" || pattern[place] === text[at])) {
      place++;
      at++;
    } else if (star >= 0) {
      place = star + 1;
      at = ++taken;
    } else return false;
  }
  while (pattern[place] === "*") place++;
  return place === pattern.length;
}

// Versions.

/**
 * A file's version: major and minor number (`v001.0002`), or in older names only a minor number (`v001`).
 *
 * @category File names
 */
export interface Version {
  /** The major number, 0 to 999, or null if the name has none. */
  readonly major: number | null;
  /** The minor number: 0 to 9999 with a major number, otherwise 0 to 999. */
  readonly minor: number;
}

/** `v001.0002`: three digits, a dot, four digits. */
const MAJOR_MINOR = /^v(\d{3})\.(\d{4})$/;
/** `v001`: three digits. */
const MINOR_ONLY = /^v(\d{3})$/;

/** The formats of a version, for messages. */
export const VERSION_FORMS = "vNNN or vMMM.mmmm, for instance v001 or v001.0002";

/** The format of an ancillary file's version, for messages. */
export const MINOR_VERSION_FORM = "vNNN, for instance v001";

/** Whether a text is a version in one of the two forms. */
export function isVersion(text: string): boolean {
  return MAJOR_MINOR.test(text) || MINOR_ONLY.test(text);
}

/** Whether a text is a version without a major number, the only form that ancillary files have. */
export function isMinorVersion(text: string): boolean {
  return MINOR_ONLY.test(text);
}

/**
 * Parses a version in one of its two forms, `vNNN` or `vMMM.mmmm` (SDC file-name convention).
 *
 * @param text The version, as in file names.
 * @returns Its numbers.
 * @throws {InputError} When the text has neither form.
 *
 * @example
 * ```ts
 * import { parseVersion } from "@imap-sdc/data-access";
 *
 * console.log(parseVersion("v001.0012")); // { major: 1, minor: 12 }
 * console.log(parseVersion("v003")); // { major: null, minor: 3 }
 * ```
 *
 * @category File names
 */
export function parseVersion(text: string): Version {
  const both = typeof text === "string" ? MAJOR_MINOR.exec(text) : null;
  if (both !== null) return { major: Number(both[1]), minor: Number(both[2]) };
  const minorOnly = typeof text === "string" ? MINOR_ONLY.exec(text) : null;
  if (minorOnly !== null) return { major: null, minor: Number(minorOnly[1]) };
  const value = typeof text === "string" ? text : shown(text);
  throw new InputError(`Cannot read the version "${value}": expected ${VERSION_FORMS}`, {
    problems: [{ parameter: "version", value, expected: VERSION_FORMS }],
  });
}

/** Checks that a version has numbers: untyped code may pass its text. @throws {InputError} */
function checkNumbers(action: string, version: Version): void {
  if (typeof version?.minor === "number" && (version.major === null || typeof version.major === "number")) return;
  const [value, expected] = [shown(version), "its numbers, as parseVersion returns them"];
  throw new InputError(`Cannot ${action} the version "${value}": expected ${expected}`, {
    problems: [{ parameter: "version", value, expected }],
  });
}

/**
 * Formats a version as in file names (SDC file-name convention).
 *
 * @param version Its numbers: integers that fit the digits of the form.
 * @returns `v001.0002`, or `v001` without a major number.
 * @throws {InputError} When a number does not fit.
 *
 * @example
 * ```ts
 * import { formatVersion } from "@imap-sdc/data-access";
 *
 * console.log(formatVersion({ major: 1, minor: 2 })); // v001.0002
 * console.log(formatVersion({ major: null, minor: 2 })); // v002
 * ```
 *
 * @category File names
 */
export function formatVersion(version: Version): string {
  checkNumbers("write", version);
  const { major, minor } = version;
  const text = major === null
    ? `v${String(minor).padStart(3, "0")}`
    : `v${String(major).padStart(3, "0")}.${String(minor).padStart(4, "0")}`;
  if (!isVersion(text)) {
    throw new InputError(`Cannot write the version "${text}": expected ${VERSION_FORMS}`, {
      problems: [{ parameter: "version", value: text, expected: VERSION_FORMS }],
    });
  }
  return text;
}

/**
 * Compares two versions, for sorting: versions without a major number come first, then versions are ordered by major
 * and minor number.
 *
 * @returns A negative number if `a` is older, 0 if both are the same, a positive number if `a` is newer.
 * @throws {InputError} When one of them has no numbers, since it is a text for example.
 *
 * @example
 * ```ts
 * import { compareVersions, formatVersion, parseVersion } from "@imap-sdc/data-access";
 *
 * const newestLast = ["v002.0001", "v010", "v001.0010", "v001.0009"].map(parseVersion).sort(compareVersions);
 * console.log(newestLast.map(formatVersion)); // [ "v010", "v001.0009", "v001.0010", "v002.0001" ]
 * ```
 *
 * @category File names
 */
export function compareVersions(a: Version, b: Version): number {
  checkNumbers("compare", a);
  checkNumbers("compare", b);
  return (a.major ?? -1) - (b.major ?? -1) || a.minor - b.minor;
}

// Days, and days with a time, in UTC.

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

// Times of files and packets, which count leap seconds.

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
