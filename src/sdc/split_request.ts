import { addDays, daysBetween } from "../names/calendar_date.ts";
import type { WireQuery } from "../protocol/query_parameters.ts";
import type { DayRange, QueryTable } from "./query_tables.ts";

/** Where the days begin that nearly all files have. Those before it are found too: the first part has no start. */
const MISSION_START = "20240101";
/** No file is older or newer, or such files cannot be told apart by day. */
const [FIRST_DAY, LAST_DAY] = ["19000101", "20991231"];
/** How far to go beyond the days that nearly all files have, at first. */
const YEAR = 365;
/** How many parts a span of days is split into: each that is too large as well costs the server as much as an answer. */
const PARTS = 4;

/** From a first to a last day, YYYYMMDD; undefined where there is no bound. */
type Span = readonly [first: string | undefined, last: string | undefined];

/** Both sides of a day, which belongs to the first. */
function around([first, last]: Span, day: string): Span[] {
  return [[first, day], [addDays(day, 1), last]];
}

/** Spans that together are the same as one, in order; one alone when it cannot be split. */
function parts([first, last]: Span, today: string): Span[] {
  const beforeMission = addDays(MISSION_START, -1);
  if (first === undefined) {
    if (last === undefined || last > beforeMission) return around([first, last], beforeMission);
    // Twice as far with each step.
    const day = addDays(last, -Math.max(YEAR, daysBetween(last, MISSION_START)));
    return last <= FIRST_DAY ? [[first, last]] : around([first, last], day < FIRST_DAY ? FIRST_DAY : day);
  }
  if (last === undefined) {
    if (first <= today) return around([first, last], today);
    const day = addDays(first, Math.max(YEAR, daysBetween(today, first)));
    return first >= LAST_DAY ? [[first, last]] : around([first, last], day > LAST_DAY ? LAST_DAY : day);
  }
  const days = daysBetween(first, last) + 1;
  const count = Math.min(PARTS, days);
  const startOf = (part: number) => Math.floor(part * days / count);
  return Array.from({ length: count }, (_, part) => [
    addDays(first, startOf(part)),
    addDays(first, startOf(part + 1) - 1),
  ]);
}

/** A request for a span of days. */
function within(search: WireQuery, { from, to }: DayRange, [first, last]: Span): WireQuery {
  return {
    ...search,
    ...(first === undefined ? {} : { [from]: first }),
    ...(last === undefined ? {} : { [to]: last }),
  };
}

/**
 * Requests for the files without a day, which a server may count to no day at all: one for each type that has such files.
 * None where the parts are all parts of a span of days, or of one type: then the server has decided already.
 */
function withoutDay({ days, typesWithoutDay }: QueryTable, range: DayRange, search: WireQuery): WireQuery[] {
  if (range !== days || [days.from, days.to, "type"].some((name) => search[name] !== undefined)) return [];
  return typesWithoutDay.map((type) => ({ ...search, type }));
}

/**
 * Splits a request whose answer is too large: by the day that files have, then by the day on which they came. What has no
 * bound stays so in its first or last part, so that nothing is lost. SPICE files may have many days or none, so for them
 * the day on which they came is first. The newest versions cannot be found by parts of that: an older one may be the
 * newest of its part.
 *
 * Files without a day: all science and ancillary names have one. Should a server have rows without one and count them to
 * no day, no parameter of the protocol finds them in parts. Types of SPICE files whose names have none are asked for
 * beside the days.
 *
 * @param today YYYYMMDD.
 * @returns Its parts, older days first; undefined when there are no smaller ones.
 */
export function splitRequest(table: QueryTable, search: WireQuery, today: string): WireQuery[] | undefined {
  const ranges = table.overlaps ? [table.ingestionDays, table.days] : [table.days, table.ingestionDays];
  for (const range of ranges) {
    if (search.latest === "true" && range === table.ingestionDays) continue;
    const spans = parts([search[range.from], search[range.to]], today);
    if (spans.length > 1) {
      return [...spans.map((span) => within(search, range, span)), ...withoutDay(table, range, search)];
    }
  }
  return undefined;
}

/** A request like another one that finds nothing: whether it is answered tells a large answer from a broken server. */
export function emptyRequest(table: QueryTable, search: WireQuery): WireQuery {
  return within(search, table.overlaps ? table.ingestionDays : table.days, [FIRST_DAY, FIRST_DAY]);
}
