import { fromDayOfYear, fromShortDate, isCalendarDate, toDayOfYear } from "./calendar_date.ts";

/** The parts of a SPICE file's name that are not fixed by its type. */
export interface SpiceParts {
  /** The first day, YYYYMMDD, or null where the name has none. */
  readonly start_date: string | null;
  /** The last day, YYYYMMDD, or null where the name has none. */
  readonly end_date: string | null;
  /** The day from which on the rotation of the Earth is predicted, YYYYMMDD: `earth_attitude` alone. */
  readonly prediction_date: string | null;
  /** The number of the repointing: `lo_pivot_attitude` alone. */
  readonly repointing: number | null;
  /** What else the name says: the text of `thruster`, the number of the orbit determination of an ephemeris. */
  readonly detail: string | null;
  /** Its digits as the name has them, for instance `0012`, or null where the name has none. */
  readonly version: string | null;
}

/** A part's value as its text in a name. */
interface Field {
  readonly part: keyof SpiceParts;
  /** A pattern that takes linear time, without groups. */
  readonly pattern: string;
  /** What it is, for messages. */
  readonly form: string;
  /** Undefined when there is no such thing, a 30th of February for instance. */
  readonly read: (text: string) => string | number | undefined;
  readonly write: (value: string | number) => string;
}

const same = (text: string): string => text;
const asText = (value: string | number): string => String(value);
const asDate = (text: string): string | undefined => isCalendarDate(text) ? text : undefined;
const asYear = (text: string): string | undefined => asDate(`${text}0101`);

function dayOfYear(part: keyof SpiceParts): Field {
  const write = (value: string | number) => isCalendarDate(String(value)) ? toDayOfYear(String(value)) : String(value);
  return { part, pattern: "\\d{4}_\\d{3}", form: "a day of a year, YYYY_DDD", read: fromDayOfYear, write };
}

function fullDate(part: keyof SpiceParts): Field {
  return { part, pattern: "\\d{8}", form: "a day of the calendar, YYYYMMDD", read: asDate, write: asText };
}

function shortDate(part: keyof SpiceParts): Field {
  const write = (value: string | number) => String(value).slice(2);
  return { part, pattern: "\\d{6}", form: "a day of the calendar, YYMMDD", read: fromShortDate, write };
}

function digits(part: keyof SpiceParts, count: number | undefined): Field {
  const pattern = count === undefined ? "\\d+" : `\\d{${count}}`;
  return { part, pattern, form: count === undefined ? "digits" : `${count} digits`, read: same, write: asText };
}

/** The fields that forms are made of, by the names that stand in their angle brackets. */
export const SPICE_FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ["start_yyyy_ddd", dayOfYear("start_date")],
  ["end_yyyy_ddd", dayOfYear("end_date")],
  ["start_yyyymmdd", fullDate("start_date")],
  ["end_yyyymmdd", fullDate("end_date")],
  ["start_yymmdd", shortDate("start_date")],
  ["end_yymmdd", shortDate("end_date")],
  ["prediction_yymmdd", shortDate("prediction_date")],
  ["yyyy", {
    part: "start_date",
    pattern: "\\d{4}",
    form: "a year",
    read: asYear,
    write: (value) => String(value).slice(0, 4),
  }],
  ["version", digits("version", undefined)],
  ["NN", digits("version", 2)],
  ["NNN", digits("version", 3)],
  ["orbit", digits("detail", 3)],
  ["text", { part: "detail", pattern: "[A-Za-z0-9_-]+", form: "letters and digits", read: same, write: asText }],
  ["NNNNN", {
    part: "repointing",
    pattern: "\\d{5}",
    form: "5 digits",
    read: Number,
    write: (value) => String(value).padStart(5, "0"),
  }],
]);
