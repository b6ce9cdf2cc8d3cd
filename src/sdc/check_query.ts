import { InputError } from "../errors.ts";
import { addDays, dayOf } from "../names/calendar_date.ts";
import { didYouMean } from "../names/closest_word.ts";
import type { QueryParameterName, QueryParameters, TableName } from "../protocol/query_parameters.ts";
import { TABLES } from "../protocol/query_parameters.ts";
import { checkValue } from "./check_value.ts";
import { givenValues } from "./given_values.ts";
import { checkNamesOf, tableOfNames } from "./name_tables.ts";
import { QUERY_TABLES } from "./query_tables.ts";
import { type Day, readTime } from "./read_day.ts";

/** A query that can be sent. */
export interface CheckedQuery {
  readonly table: TableName;
  /** What a file must have one of each, as text. Patterns of descriptors are among them. */
  readonly lists: ReadonlyMap<QueryParameterName, readonly string[]>;
  /** The days and times that bound what is found. */
  readonly days: ReadonlyMap<QueryParameterName, Day>;
  readonly latest: boolean;
  /** Names and patterns; none stands for all files. */
  readonly fileNames: readonly string[];
}

const DAY_NAMES: readonly QueryParameterName[] = [
  "start_date",
  "end_date",
  "ingestion_start_date",
  "ingestion_end_date",
];
/** What servers compare as numbers: `01` and `1` are the same. */
const NUMBERS: readonly QueryParameterName[] = ["repointing", "major_version", "minor_version"];
/** What by itself is no condition. */
const NO_CONDITION: ReadonlySet<string> = new Set(["table", "version"]);

/** The table that is asked for, or that the names belong to. */
function tableOf(values: ReadonlyMap<string, readonly string[]>): TableName {
  const [given, second] = values.get("table") ?? [];
  const table = TABLES.find((name) => name === given);
  if (table !== undefined && second === undefined) {
    checkNamesOf(table, values.get("filename") ?? []);
    return table;
  }
  if (given === undefined) return tableOfNames(values.get("filename") ?? []);
  const value = second === undefined ? given : `${given}, ${second}`;
  throw new InputError(
    `Cannot query table "${value}": expected one of ${TABLES.join(", ")}${didYouMean(value, TABLES)}`,
  );
}

function isParameter(name: string, names: readonly QueryParameterName[]): name is QueryParameterName {
  return names.some((known) => known === name);
}

/** Why a parameter's values cannot be used; undefined when they can. */
function problemWith(table: TableName, name: string, values: readonly string[], now: Date): string | undefined {
  const { parameters } = QUERY_TABLES[table];
  if (!isParameter(name, parameters)) {
    const tables = TABLES.filter((other) => isParameter(name, QUERY_TABLES[other].parameters));
    const of = tables.length === 0
      ? ""
      : ` in the table ${table}: only ${tables.join(" and ")} ${tables.length === 1 ? "has" : "have"} it`;
    if (of !== "") return `Cannot query ${name}${of}; ${table} has ${parameters.join(", ")}`;
    return `Cannot query by "${name}": expected one of ${parameters.join(", ")}${didYouMean(name, parameters)}`;
  }
  if (values.length === 0) return `Cannot query ${name}: the list of values is empty`;
  const single = DAY_NAMES.includes(name) || name === "days_ago" || name === "today";
  if (values.length > 1 && (single || values.includes("latest"))) {
    return `Cannot query ${name} "${values.join(", ")}": expected one value`;
  }
  for (const value of values) {
    const expected = checkValue(table, name, value, now);
    if (expected !== undefined) return `Cannot query ${name} "${value}": expected ${expected}`;
  }
  return undefined;
}

/** `today` and `days_ago` as the day of ingestion that they stand for. */
function ingestedSince(values: Map<string, string[]>, now: Date): void {
  const [days = values.has("today") ? "0" : undefined] = values.get("days_ago") ?? [];
  if (days === undefined) return;
  const names = ["today", "days_ago", "ingestion_start_date"].filter((name) => values.has(name));
  if (names.length > 1) throw new InputError(`Cannot query ${names.join(" and ")} at once: give one of them`);
  values.set("ingestion_start_date", [addDays(dayOf(now), -Number(days))]);
  for (const name of names) values.delete(name);
}

function moment({ day, time }: Day, otherwise: string): string {
  return `${day} ${time ?? otherwise}`;
}

/** Two bounds that leave nothing between them. */
function checkOrder(values: ReadonlyMap<string, readonly string[]>, days: ReadonlyMap<string, Day>): void {
  for (const [first, last] of [["start_date", "end_date"], ["ingestion_start_date", "ingestion_end_date"]] as const) {
    const [start, end] = [days.get(first), days.get(last)];
    if (start === undefined || end === undefined || moment(start, "00:00:00") <= moment(end, "23:59:59")) continue;
    const [from, to] = [values.get(first)?.[0], values.get(last)?.[0]];
    throw new InputError(`Cannot query ${first} "${from}" with ${last} "${to}": the end lies before the start`);
  }
}

/**
 * Checks a query before anything is sent.
 *
 * @param now What `today` and its like mean.
 * @throws {InputError} When a parameter is wrong, its table does not know it, or none is given; one line for each, with
 *   what was expected.
 */
export function checkQuery(parameters: QueryParameters, now: Date = new Date()): CheckedQuery {
  const values = givenValues(parameters);
  const table = tableOf(values);
  const problems = [...values].flatMap(([name, list]) => problemWith(table, name, list, now) ?? []);
  if (problems.length > 0) throw new InputError(problems.join("\n"));
  const latest = values.get("version")?.[0] === "latest";
  if (![...values.keys()].some((name) => !NO_CONDITION.has(name)) && (latest || !values.has("version"))) {
    const names = QUERY_TABLES[table].parameters.filter((name) => name !== "table");
    throw new InputError(
      `Cannot query everything: give at least one of ${names.join(", ")}${latest ? " besides the version" : ""}`,
    );
  }
  ingestedSince(values, now);
  const days = new Map(DAY_NAMES.flatMap((name) => {
    const day = readTime(values.get(name)?.[0] ?? "", now);
    return day === undefined ? [] : [[name, day] as const];
  }));
  checkOrder(values, days);
  if (latest && table === "spice" && [...days.values()].some(({ time }) => time !== undefined)) {
    throw new InputError('Cannot query version "latest" of SPICE files with times of ingestion: give days');
  }
  const lists = new Map<QueryParameterName, readonly string[]>();
  for (const [name, list] of values) {
    const isList = name !== "table" && name !== "filename" && !(name === "version" && latest);
    if (isList && isParameter(name, QUERY_TABLES[table].parameters) && !DAY_NAMES.includes(name)) {
      const isNumber = NUMBERS.includes(name);
      const same = isNumber ? list.map((value) => String(Number(value.replace("repoint", "")))) : list;
      lists.set(name, [...new Set(same)]);
    }
  }
  return { table, lists, days, latest, fileNames: values.get("filename") ?? [] };
}
