import { didYouMean } from "../names/closest_word.ts";
import { DATA_LEVELS } from "../names/data_levels.ts";
import { DESCRIPTOR_FORM, isDescriptor } from "../names/descriptor.ts";
import { INSTRUMENTS } from "../names/instruments.ts";
import { SPICE_TYPES } from "../names/spice_types.ts";
import { isMinorVersion, isVersion, MINOR_VERSION_FORM, VERSION_FORMS } from "../names/version.ts";
import { type QueryParameterName, type TableName, TABLES } from "../protocol/query_parameters.ts";
import { printable } from "../printable.ts";
import { QUERY_TABLES } from "./query_tables.ts";
import { DAY_FORMS, readDay, readTime, TIME_FORMS } from "./read_day.ts";

/** Where a value stands. */
interface Place {
  readonly table: TableName;
  readonly now: Date;
}

/** Says what was expected when a value is wrong; undefined when it is right. */
type Check = (value: string, place: Place) => string | undefined;

function wrongWord(value: string, words: readonly string[]): string | undefined {
  return words.includes(value) ? undefined : `one of ${words.join(", ")}${didYouMean(value, words)}`;
}

function oneOf(words: readonly string[]): Check {
  return (value) => wrongWord(value, words);
}

function matching(pattern: RegExp, expected: string): Check {
  return (value) => pattern.test(value) ? undefined : expected;
}

const day: Check = (value, { now }) => readDay(value, now) === undefined ? DAY_FORMS : undefined;
const time: Check = (value, { now }) => readTime(value, now) === undefined ? TIME_FORMS : undefined;
const wholeNumber = matching(/^\d{1,9}$/, "a whole number");

/** Each table's files have versions of their own form. */
const version: Check = (value, { table }) => {
  if (value === "latest") return undefined;
  if (table === "science") return isVersion(value) ? undefined : `${VERSION_FORMS}, or latest`;
  if (table === "ancillary") return isMinorVersion(value) ? undefined : `${MINOR_VERSION_FORM}, or latest`;
  return /^v?\d{1,9}$/.test(value) ? undefined : "a number such as v001, or latest";
};

const CHECKS: Readonly<Record<QueryParameterName, Check>> = {
  table: oneOf(TABLES),
  instrument: oneOf(INSTRUMENTS),
  data_level: oneOf(DATA_LEVELS),
  descriptor: (value) => isDescriptor(value) ? undefined : DESCRIPTOR_FORM,
  type: oneOf(SPICE_TYPES),
  start_date: day,
  end_date: day,
  ingestion_start_date: time,
  ingestion_end_date: time,
  today: oneOf(["true"]),
  days_ago: matching(/^\d{1,5}$/, "a whole number of days"),
  repointing: matching(/^(repoint\d{5}|\d{1,5})$/, "a number up to 99999, or repointNNNNN such as repoint00012"),
  version,
  major_version: wholeNumber,
  minor_version: wholeNumber,
  extension: (value, { table }) => wrongWord(value, QUERY_TABLES[table].extensions),
  filename: (value) =>
    value !== "" && !/[/\\]/.test(value) && printable(value) === value
      ? undefined
      : "a bare file name, or a pattern such as *_l1a_*",
};

/** Says what was expected of a parameter's value in a table when it is wrong; undefined when it is right. */
export function checkValue(table: TableName, name: QueryParameterName, value: string, now: Date): string | undefined {
  return CHECKS[name](value, { table, now });
}
