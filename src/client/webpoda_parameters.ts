import { InputError } from "../errors.ts";
import { didYouMean } from "../names/closest_word.ts";
import { type Instrument, isInstrument } from "../names/instruments.ts";
import { INSTRUMENT_APIDS } from "../protocol/apids.ts";
import { DAY_FORMS, readDay } from "../sdc/read_day.ts";

/**
 * The two ways to say which packets are meant: `ert`, those that Earth received in a time; `sct`, those made on board in a
 * time.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { QUERY_MODES } from "@imap-sdc/data-access";
 *
 * assert(QUERY_MODES.includes("ert"));
 * ```
 */
export const QUERY_MODES = ["ert", "sct"] as const;

/** A way to say which packets are meant. */
export type QueryMode = typeof QUERY_MODES[number];

/** Which packets to fetch, under the Python client's names. */
export interface WebpodaParameters {
  /** For instance `mag`. */
  instrument: string;
  /** The first day: `20260131`, `2026-01-31`, `today`, `yesterday` or `7d`, in UTC. */
  start_date: string;
  /** The last day, inclusive. Default: `start_date`. */
  end_date?: string | undefined;
  /** `ert`: days on which Earth received packets; `sct`: days of spacecraft time. Default: `ert`. */
  query_mode?: string | undefined;
}

/** What was asked for, checked. */
export interface CheckedWebpoda {
  readonly instrument: Instrument;
  readonly apids: readonly number[];
  /** The first and the last day, YYYYMMDD. */
  readonly days: readonly [first: string, last: string];
  readonly mode: QueryMode;
}

const NAMES = ["instrument", "start_date", "end_date", "query_mode"];
const WITH_PACKETS = [...INSTRUMENT_APIDS.keys()];

function wrongWord(what: string, value: unknown, words: readonly string[]): string {
  return `Cannot fetch packets of ${what} "${value}": expected one of ${words.join(", ")}${
    didYouMean(String(value), words)
  }`;
}

/**
 * Checks what is asked of webpoda before anything is sent.
 *
 * @param now What `today` and its like mean.
 * @throws {InputError} When a parameter is wrong; one line for each.
 */
export function checkWebpoda(parameters: WebpodaParameters, now: Date): CheckedWebpoda {
  const { instrument, start_date, end_date = start_date, query_mode = "ert" } = parameters;
  const problems = Object.keys(parameters).filter((name) => !NAMES.includes(name)).map((name) =>
    `Cannot fetch packets by "${name}": expected one of ${NAMES.join(", ")}${didYouMean(name, NAMES)}`
  );
  const apids = isInstrument(instrument) ? INSTRUMENT_APIDS.get(instrument) : undefined;
  if (apids === undefined) problems.push(wrongWord("instrument", instrument, WITH_PACKETS));
  const mode = QUERY_MODES.find((known) => known === query_mode);
  if (mode === undefined) problems.push(wrongWord("query_mode", query_mode, QUERY_MODES));
  const [first, last] = ([["start_date", start_date], ["end_date", end_date]] as const).map(([name, text]) => {
    const day = readDay(String(text), now)?.day;
    if (day === undefined && !(name === "end_date" && text === start_date)) {
      problems.push(`Cannot fetch packets of ${name} "${text}": expected ${DAY_FORMS}`);
    }
    return day;
  });
  if (first !== undefined && last !== undefined && first > last) {
    problems.push(
      `Cannot fetch packets of start_date "${start_date}" with end_date "${end_date}": the end lies before the start`,
    );
  }
  const isWhole = problems.length === 0 && isInstrument(instrument) && first !== undefined && last !== undefined;
  if (!isWhole || apids === undefined || mode === undefined) throw new InputError(problems.join("\n"));
  return { instrument, apids, days: [first, last], mode };
}
