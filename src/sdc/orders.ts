import { ConnectionError, InputError, joinInputErrors, unknownParameter, wrongValue } from "../errors.ts";
import { Call } from "../http/call.ts";
import type { Transport } from "../http/transport.ts";
import { isGlob } from "../names/glob.ts";
import { closestWord } from "../names/vocabulary.ts";
import { RELEASE_ROUTE, REPROCESS_ROUTE } from "../protocol/routes.ts";
import type { WireQuery } from "../protocol/tables.ts";
import { shown } from "../safe_text.ts";
import { checkValue, endBeforeStart, type Expected, readDay } from "./check_query.ts";
import { isNotFound } from "./presigned_url.ts";
import { readJson } from "./read_json.ts";

/** How much of a refusal to read. */
const MAX_REFUSAL = { limit: 16 * 1024, beyond: "cut" } as const;

/** What to release, under the SDC's own names. */
export interface ReleaseOrder {
  readonly release_type: string;
  /** The bare name of the manifest. */
  readonly manifest_file: string;
}

/**
 * Requests the release of what a manifest says once (SDC protocol, `GET /release`).
 *
 * @returns The SDC's response, as JSON has it; undefined when it has no such manifest, as before it has indexed it.
 * @throws {ResponseError} When it refuses.
 */
export async function release(call: Call, order: ReleaseOrder): Promise<{ readonly answer: unknown } | undefined> {
  const { release_type, manifest_file } = order;
  const reply = await call.getApi(call.apiUrl(RELEASE_ROUTE, { release_type, manifest_file }));
  if (reply.ok) return { answer: await readJson(reply, (json) => json) };
  const text = await reply.text(MAX_REFUSAL);
  if (isNotFound(reply.status, text)) return undefined;
  throw await reply.refusal(text);
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

/** What to reprocess, under the SDC's own names (SDC protocol, `POST /reprocess`). */
export interface ReprocessParameters {
  /** The first day: `20260131`, `2026-01-31`, `today`, `yesterday` or `7d`, in UTC. */
  start_date: string;
  /** The last day, inclusive, in the same forms. */
  end_date: string;
  /** The instrument, for example `mag`. Default: all instruments. */
  instrument?: string | undefined;
  /** The data level, for example `l1a`. Requires `instrument` and `descriptor`. Default: all levels. */
  data_level?: string | undefined;
  /** The name of the product. Requires `instrument`. Default: all products. */
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

/** What was expected instead of a wrong value; undefined when the value is right. */
function expectedOf(name: Name, value: unknown, now: Date): Expected | undefined {
  if (!isText(value)) return { expected: "a single text, not several" };
  const isPattern = name === "descriptor" && isGlob(String(value));
  return isPattern
    ? { expected: "the name of one product, not a pattern" }
    : checkValue("science", name, String(value), now);
}

/** The error about a parameter that is given without others that it requires. */
function lacking(parameter: Name, value: string, needed: readonly Name[]): InputError {
  return new InputError(
    (nameOf) => `Cannot reprocess ${nameOf(parameter)} "${value}": it requires ${needed.map(nameOf).join(" and ")}`,
    { problems: [{ parameter, value, expected: `${needed.join(" and ")} as well` }] },
  );
}

/** The error about a parameter without those that it requires; undefined when none are missing. */
function missing({ instrument, data_level, descriptor }: Partial<ReprocessParameters>): InputError | undefined {
  if (data_level !== undefined && (instrument === undefined || descriptor === undefined)) {
    return lacking("data_level", data_level, ["instrument", "descriptor"]);
  }
  if (descriptor !== undefined && instrument === undefined) return lacking("descriptor", descriptor, ["instrument"]);
  return undefined;
}

/**
 * Checks a request to reprocess before it is sent.
 *
 * @param now The current time, for `today`, `yesterday` and `7d`.
 * @returns What is sent: days are YYYYMMDD.
 * @throws {InputError} When a parameter is wrong or lacks another one; with a line for each.
 */
export function checkReprocess(parameters: ReprocessParameters, now: Date = new Date()): WireQuery {
  // Untyped code, in a notebook for example, may pass anything.
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
