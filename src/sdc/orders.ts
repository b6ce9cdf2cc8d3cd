import { ConnectionError, InputError, joinInputErrors, unknownParameter, wrongValue } from "../errors.ts";
import { Call } from "../http/call.ts";
import type { Transport } from "../http/transport.ts";
import { isGlob } from "../names/glob.ts";
import { closestWord } from "../names/vocabulary.ts";
import { RELEASE_ROUTE, REPROCESS_ROUTE } from "../protocol/routes.ts";
import type { WireQuery } from "../protocol/tables.ts";
import { shown } from "../safe_text.ts";
import { checkValue, endBeforeStart, type Expected, readDay } from "./check_query.ts";
import { readJson } from "./read_json.ts";

/** What to release, under the SDC's own names. */
export interface ReleaseOrder {
  readonly release_type: string;
  /** The bare name of the manifest. */
  readonly manifest_file: string;
}

/**
 * Requests the release of what a manifest says once (SDC protocol, `GET /release`).
 *
 * @returns The SDC's response, as JSON has it.
 * @throws {ResponseError} When it refuses; 404 while it has not indexed the manifest.
 */
export async function release(transport: Transport, order: ReleaseOrder, signal?: AbortSignal): Promise<unknown> {
  const { release_type, manifest_file } = order;
  const call = new Call(transport, { action: `release "${manifest_file}"`, signal });
  return await readJson(await call.getApi(call.apiUrl(RELEASE_ROUTE, { release_type, manifest_file })), (json) => json);
}

/**
 * Requests a reprocessing once (SDC protocol, `POST /reprocess`). It is never retried: when no response comes, the request
 * may have arrived all the same, and would run twice.
 *
 * @returns The SDC's response, as JSON has it.
 * @throws {ResponseError} When it refuses, for instance without credentials.
 */
export async function reprocess(transport: Transport, query: WireQuery, signal?: AbortSignal): Promise<unknown> {
  const call = new Call(transport, { action: "trigger the reprocessing", signal });
  const url = call.apiUrl(REPROCESS_ROUTE, { ...query, reprocessing: "True" });
  const reply = await call.postApi(url).catch((error: unknown) => {
    if (!(error instanceof ConnectionError)) throw error;
    throw new ConnectionError(`${error.message}; the request may have arrived all the same`, { retryable: false });
  });
  return await readJson(reply, (json) => json);
}

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
function expectedOf(name: Name, value: unknown, now: Date): Expected | undefined {
  if (!isText(value)) return { expected: "one text, not several" };
  const isPattern = name === "descriptor" && isGlob(String(value));
  return isPattern ? { expected: "one product's name, no pattern" } : checkValue("science", name, String(value), now);
}

/** An error about a parameter that is given without others that it needs. */
function lacking(parameter: Name, value: string, needed: readonly Name[]): InputError {
  return new InputError(
    (nameOf) => `Cannot reprocess ${nameOf(parameter)} "${value}": it needs ${needed.map(nameOf).join(" and ")} too`,
    { problems: [{ parameter, value, expected: `${needed.join(" and ")} too` }] },
  );
}

/** The error about a parameter without those that it needs; undefined when none are missing. */
function missing({ instrument, data_level, descriptor }: Partial<ReprocessParameters>): InputError | undefined {
  if (data_level !== undefined && (instrument === undefined || descriptor === undefined)) {
    return lacking("data_level", data_level, ["instrument", "descriptor"]);
  }
  if (descriptor !== undefined && instrument === undefined) return lacking("descriptor", descriptor, ["instrument"]);
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
      return [unknownParameter("reprocess", name, { known: NAMES, closest: closestWord(name, NAMES) })];
    }
    const expected = expectedOf(name, value, now);
    return expected === undefined
      ? []
      : [wrongValue("reprocess", { parameter: name, value: shown(value), ...expected })];
  });
  const values = Object.fromEntries(given.flatMap(([name, value]) => isText(value) ? [[name, String(value)]] : []));
  const absent = REQUIRED.filter((name) => !given.some(([there]) => there === name));
  if (absent.length > 0) {
    problems.push(
      new InputError(
        (nameOf) => `Cannot reprocess without ${absent.map(nameOf).join(" and ")}: give the first and the last day`,
        { problems: absent.map((parameter) => ({ parameter, expected: "a day" })) },
      ),
    );
  }
  const lacks = missing(values);
  if (lacks !== undefined) problems.push(lacks);
  if (problems.length > 0) throw joinInputErrors(problems);
  const [start_date, end_date] = REQUIRED.map((name) => readDay(values[name] ?? "", now)?.day ?? "");
  if (start_date === undefined || end_date === undefined || start_date > end_date) {
    throw endBeforeStart("reprocess", [
      { parameter: "start_date", value: values.start_date },
      { parameter: "end_date", value: values.end_date },
    ]);
  }
  return { ...values, start_date, end_date };
}
