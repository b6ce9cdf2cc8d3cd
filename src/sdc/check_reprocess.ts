import { InputError } from "../errors.ts";
import { didYouMean } from "../names/closest_word.ts";
import { isGlob } from "../names/glob.ts";
import { shown } from "../printable.ts";
import type { WireQuery } from "../protocol/query_parameters.ts";
import { checkValue } from "./check_value.ts";
import { readDay } from "./read_day.ts";

/** What to make again, under the SDC's own names (SDC protocol, `POST /reprocess`). */
export interface ReprocessParameters {
  /** The first day: `20260131`, `2026-01-31`, `today`, `yesterday` or `7d`, in UTC. */
  start_date: string;
  /** The last day, inclusive. */
  end_date: string;
  /** For instance `mag`. Default: all. */
  instrument?: string | undefined;
  /** For instance `l1a`; needs `instrument` and `descriptor`. Default: all. */
  data_level?: string | undefined;
  /** The product's name; needs `instrument`. Default: all. */
  descriptor?: string | undefined;
}

const NAMES = ["start_date", "end_date", "instrument", "data_level", "descriptor"] as const;
const REQUIRED = NAMES.slice(0, 2);

type Name = typeof NAMES[number];

function isName(name: string): name is Name {
  return NAMES.some((known) => known === name);
}

function isText(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

/** Says what was expected when a value is wrong; undefined when it is right. */
function expectedOf(name: Name, value: unknown, now: Date): string | undefined {
  if (!isText(value)) return "one text, not several";
  const isPattern = name === "descriptor" && isGlob(String(value));
  return isPattern ? "one product's name, no pattern" : checkValue("science", name, String(value), now);
}

/** What stands beside a parameter that needs it. */
function missing({ instrument, data_level, descriptor }: Partial<ReprocessParameters>): string | undefined {
  if (data_level !== undefined && (instrument === undefined || descriptor === undefined)) {
    return `Cannot reprocess data_level "${data_level}": it needs instrument and descriptor too`;
  }
  if (descriptor !== undefined && instrument === undefined) {
    return `Cannot reprocess descriptor "${descriptor}": it needs instrument too`;
  }
  return undefined;
}

/**
 * Checks what to make again before anything is sent.
 *
 * @param now What `today` and its like mean.
 * @returns What goes over the wire.
 * @throws {InputError} When a parameter is wrong or lacks another; one line for each.
 */
export function checkReprocess(parameters: ReprocessParameters, now: Date = new Date()): WireQuery {
  // Untyped code, a notebook's say, may give anything.
  if (typeof parameters !== "object" || parameters === null) {
    throw new InputError(`Cannot reprocess by "${shown(parameters)}": expected an object with parameters`);
  }
  const all: [string, unknown][] = Object.entries(parameters);
  const given = all.filter(([, value]) => value !== undefined && value !== null && value !== "");
  const problems = given.flatMap(([name, value]) => {
    if (!isName(name)) {
      return [`Cannot reprocess by "${name}": expected one of ${NAMES.join(", ")}${didYouMean(name, NAMES)}`];
    }
    const expected = expectedOf(name, value, now);
    return expected === undefined ? [] : [`Cannot reprocess ${name} "${shown(value)}": expected ${expected}`];
  });
  const values = Object.fromEntries(given.flatMap(([name, value]) => isText(value) ? [[name, String(value)]] : []));
  const absent = REQUIRED.filter((name) => !given.some(([there]) => there === name));
  if (absent.length > 0) {
    problems.push(`Cannot reprocess without ${absent.join(" and ")}: give the first and the last day`);
  }
  const lacks = missing(values);
  if (lacks !== undefined) problems.push(lacks);
  if (problems.length > 0) throw new InputError(problems.join("\n"));
  const [start_date, end_date] = REQUIRED.map((name) => readDay(values[name] ?? "", now)?.day ?? "");
  if (start_date === undefined || end_date === undefined || start_date > end_date) {
    throw new InputError(
      `Cannot reprocess start_date "${values.start_date}" with end_date "${values.end_date}": the end lies before the start`,
    );
  }
  return { ...values, start_date, end_date };
}
