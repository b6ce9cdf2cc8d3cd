import { ResponseError } from "../errors.ts";
import type { QueryParameterName, WireQuery } from "../protocol/query_parameters.ts";
import type { QueryTable } from "./query_tables.ts";

/** What makes an answer smaller besides days, what helps most first. */
const FILTERS: readonly QueryParameterName[] = ["instrument", "data_level", "descriptor", "type"];

/** An answer that did not come, or not whole, because it is too large: only parts of what was asked for will. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";

  /** Keeps the error that is thrown when there are no smaller parts. */
  constructor(override readonly cause: Error) {
    super(cause.message);
  }
}

/** The advice behind an answer that may have been too large, when nobody knows whether it was. */
const PERHAPS = "; a result of over 6 MB (about 20,000 files) ends so too: ask for less, for instance by date";

/** The error of a request whose answer is perhaps too large, perhaps not: its server answers small ones no better. */
export function perhapsTooLarge(cause: Error): Error {
  return withAdvice(cause, PERHAPS, true);
}

/** `20260131`, or `20260101 to 20260131`; empty where there is no bound. */
function span(first: string | undefined, last: string | undefined): string {
  if (first === last) return first ?? "";
  return `${first ?? "the first"} to ${last ?? "the last"}`;
}

/**
 * The error of a request whose answer is too large, and that has no smaller parts: another try would not help. It names
 * the request's day, and what else would make it smaller.
 */
export function tooLargeDay({ days, ingestionDays, parameters }: QueryTable, search: WireQuery, cause: Error): Error {
  const day = span(search[days.from], search[days.to]);
  const came = span(search[ingestionDays.from], search[ingestionDays.to]);
  const which = `${day === "" ? "" : ` of ${day}`}${came === "" ? "" : ` that came in on ${came}`}`;
  const filters = FILTERS.filter((name) => parameters.includes(name) && search[name] === undefined);
  const advice = filters.length === 0 ? "" : `: ask for less of them, by ${filters.join(" or ")}`;
  return withAdvice(cause, `; the files${which} alone are too many for one answer${advice}`, false);
}

function withAdvice(cause: Error, advice: string, mayPass: boolean): Error {
  if (!(cause instanceof ResponseError)) return cause;
  const { status, retryable, retryAfterMs } = cause;
  return new ResponseError(cause.message + advice, { status, retryable: retryable && mayPass, retryAfterMs });
}
