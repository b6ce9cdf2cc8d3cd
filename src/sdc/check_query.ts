import { InputError } from "../errors.ts";
import { isCalendarDate } from "../names/calendar_date.ts";
import { didYouMean } from "../names/closest_word.ts";
import { DATA_LEVELS } from "../names/data_levels.ts";
import { DESCRIPTOR_FORM, isDescriptor } from "../names/descriptor.ts";
import { INSTRUMENTS } from "../names/instruments.ts";
import { SCIENCE_EXTENSIONS } from "../names/science_file.ts";
import { isVersion, VERSION_FORMS } from "../names/version.ts";
import {
  isWireParameter,
  type QueryParameters,
  WIRE_PARAMETERS,
  type WireQuery,
} from "../protocol/query_parameters.ts";

/** Says what was expected when a value is wrong; undefined when it is right. */
type Check = (value: string) => string | undefined;

/** The tables that can be asked for. */
const TABLES = ["science"] as const;

function oneOf(words: readonly string[]): Check {
  return (value) => words.includes(value) ? undefined : `one of ${words.join(", ")}${didYouMean(value, words)}`;
}

function matching(pattern: RegExp, expected: string): Check {
  return (value) => pattern.test(value) ? undefined : expected;
}

const date: Check = (value) => isCalendarDate(value) ? undefined : "a day of the calendar, YYYYMMDD, such as 20260131";
const wholeNumber = matching(/^\d{1,9}$/, "a whole number");

const CHECKS: Readonly<Record<keyof QueryParameters, Check>> = {
  table: oneOf(TABLES),
  instrument: oneOf(INSTRUMENTS),
  data_level: oneOf(DATA_LEVELS),
  descriptor: (value) => isDescriptor(value) ? undefined : DESCRIPTOR_FORM,
  start_date: date,
  end_date: date,
  ingestion_start_date: date,
  ingestion_end_date: date,
  repointing: matching(/^(repoint\d{5}|\d{1,5})$/, "a number up to 99999, or repointNNNNN such as repoint00012"),
  version: (value) => isVersion(value) || value === "latest" ? undefined : `${VERSION_FORMS}, or latest`,
  major_version: wholeNumber,
  minor_version: wholeNumber,
  extension: oneOf(SCIENCE_EXTENSIONS),
};

const NAMES = WIRE_PARAMETERS.filter((name) => name !== "latest");

function isParameterName(name: string): name is keyof QueryParameters {
  return isWireParameter(name) && name !== "latest";
}

/** Why one parameter cannot be used; undefined when it can. */
function problemWith(name: string, value: string): string | undefined {
  if (!isParameterName(name)) {
    return `Cannot query by "${name}": expected one of ${NAMES.join(", ")}${didYouMean(name, NAMES)}`;
  }
  const expected = CHECKS[name](value);
  return expected === undefined ? undefined : `Cannot query ${name} "${value}": expected ${expected}`;
}

/** A pair of dates that leaves no day between them. */
function problemWithOrder(query: WireQuery, startName: keyof WireQuery, endName: keyof WireQuery): string | undefined {
  const [start, end] = [query[startName], query[endName]];
  if (start === undefined || end === undefined || start <= end) return undefined;
  return `Cannot query ${startName} "${start}" with ${endName} "${end}": the end lies before the start`;
}

/**
 * Checks a query before anything is sent and brings it into the form of the wire.
 *
 * `table: "science"` is left out, since the SDC's older server refuses it and both take it for granted (SDC protocol).
 *
 * @throws {InputError} When a parameter is wrong or none is given; one line for each, with what was expected.
 */
export function checkQuery(parameters: QueryParameters): WireQuery {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null);
  const query: Record<string, string> = {};
  const problems: string[] = [];
  for (const [name, value] of given) {
    const text = String(value);
    const problem = problemWith(name, text);
    if (problem !== undefined) problems.push(problem);
    else query[name] = text;
  }
  if (problems.length === 0) {
    for (const [start, end] of [["start_date", "end_date"], ["ingestion_start_date", "ingestion_end_date"]] as const) {
      const problem = problemWithOrder(query, start, end);
      if (problem !== undefined) problems.push(problem);
    }
  }
  if (problems.length > 0) throw new InputError(problems.join("\n"));

  delete query.table;
  if (query.repointing !== undefined) query.repointing = String(Number(query.repointing.replace("repoint", "")));
  const { version, ...rest } = query;
  if (Object.keys(rest).length === 0 && (version === undefined || version === "latest")) {
    throw new InputError(
      "Cannot query everything: give at least one of " + NAMES.filter((name) => name !== "table").join(", ") +
        (version === "latest" ? " besides the version" : ""),
    );
  }
  return version === "latest" ? { ...rest, latest: "true" } : query;
}
