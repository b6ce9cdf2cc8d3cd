import { retry, type Transport } from "../http/transport.ts";
import { addDays, dayOf, daysBetween } from "../names/calendar_date.ts";
import type { FileRecord } from "../protocol/rows.ts";
import type { WireQuery } from "../protocol/tables.ts";
import { answerRows, perhapsTooLarge, QUERY_ACTION, TooLarge, tooLargeDay } from "./answer_rows.ts";
import { type DayRange, QUERY_TABLES, type QueryTable } from "./check_query.ts";
import type { QueryPlan } from "./plan_query.ts";

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
function emptyRequest(table: QueryTable, search: WireQuery): WireQuery {
  return within(search, table.overlaps ? table.ingestionDays : table.days, [FIRST_DAY, FIRST_DAY]);
}

/** How the requests of a query are read. */
interface PartReaderOptions {
  readonly signal: AbortSignal | undefined;
  readonly now: Date;
}

/** A request of which others took over the parts, since its answer was too large. */
class Split extends Error {
  constructor(readonly parts: readonly WireQuery[]) {
    super(`its answer is too large; it is asked for in ${parts.length} parts`);
  }
}

/** Reads single requests; knows whether the server answers at all. */
class PartReader {
  /** Whether small requests are answered. A "no" holds for those alone that wait for it: outages pass. */
  #isAlive: Promise<boolean> | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly plan: QueryPlan,
    private readonly options: PartReaderOptions,
  ) {}

  /** The rows of one request. A retry begins anew: the caller drops what it has. Throws `Split` when it is too large. */
  async *read(search: WireQuery): AsyncGenerator<FileRecord[], void> {
    const { table } = this.plan;
    const { retries, log } = this.transport;
    const { signal } = this.options;
    const ask = () => answerRows(this.transport, { table, search, signal });
    let rows = ask();
    let failures = 0;
    try {
      for (;;) {
        const step = await retry(async () => {
          try {
            return await rows.next();
          } catch (error) {
            const failure = error instanceof TooLarge ? await this.#insteadOf(search, error, failures) : error;
            failures++;
            if (!(failure instanceof Split)) rows = ask();
            else log({ type: "decision", action: QUERY_ACTION, decision: "split", reason: failure.message });
            throw failure;
          }
        }, { action: QUERY_ACTION, retries: retries - failures, log, signal });
        if (step.done) return;
        yield step.value;
      }
    } finally {
      await rows.return(undefined);
    }
  }

  /** What to throw for an answer that is too large, or may be: its parts, or why there are none. */
  async #insteadOf(search: WireQuery, { cause }: TooLarge, failures: number): Promise<Error> {
    const table = QUERY_TABLES[this.plan.table];
    const parts = splitRequest(table, search, dayOf(this.options.now));
    // A gateway says 502 too when the server behind it is down.
    const isClear = !("status" in cause) || cause.status !== 502;
    if (parts !== undefined) {
      return isClear || await this.#isAnswering(search) ? new Split(parts) : perhapsTooLarge(cause);
    }
    // It is the last word on this request, so it takes two failures, and an answer to a small request behind them.
    const isSure = isClear || (failures > 0 && await this.#answersSmall(search));
    return isSure ? tooLargeDay(table, search, cause) : perhapsTooLarge(cause);
  }

  #isAnswering(search: WireQuery): Promise<boolean> {
    return this.#isAlive ??= this.#answersSmall(search).then((isAlive) => {
      if (!isAlive) this.#isAlive = undefined;
      return isAlive;
    });
  }

  async #answersSmall(search: WireQuery): Promise<boolean> {
    const { table } = this.plan;
    const small = emptyRequest(QUERY_TABLES[table], search);
    try {
      for await (const _rows of answerRows(this.transport, { table, search: small, signal: this.options.signal }));
      return true;
    } catch {
      this.options.signal?.throwIfAborted();
      return false;
    }
  }
}

/**
 * Tells which rows have come before. Requests that share no file need that of one at a time: a part whose answer broke off
 * and that is asked for again. To keep the paths of millions of rows would take more memory than all else. Rows without a
 * day are few, and a server may count them to every day: their paths are kept.
 */
class SeenRows {
  readonly #paths = new Set<string>();
  readonly #withoutDay = new Set<string>();
  #mayOverlap: boolean;

  constructor(mayOverlap: boolean) {
    this.#mayOverlap = mayOverlap;
  }

  isNew({ file_path, start_date }: FileRecord): boolean {
    const paths = start_date === undefined || start_date === null ? this.#withoutDay : this.#paths;
    if (paths.has(file_path)) return false;
    paths.add(file_path);
    return true;
  }

  /** A part has come whole: nothing of it comes again, unless parts overlap. */
  endPart(): void {
    if (!this.#mayOverlap) this.#paths.clear();
  }

  /** A part is asked for again in smaller ones, over which what has come of it is spread. */
  splitPart(): void {
    this.#mayOverlap ||= this.#paths.size > 0;
  }
}

/** How far a query is. */
export interface QueryProgress {
  /** How many rows have come that were asked for. */
  readonly rows: number;
  /** How many answers have come whole. */
  readonly answers: number;
  /** How many are known to be still to come; large ones turn out to be several. */
  readonly waiting: number;
}

/** How to query. */
interface QueryRowsOptions {
  readonly signal: AbortSignal | undefined;
  readonly now: Date;
  readonly onProgress: (progress: QueryProgress) => void;
}

/** How many answers the server works at, at once. */
const AT_ONCE = 4;
/** How many answers may have come, or begun to, before their turn. */
const MOST_OPEN = 5;

/** A request, and what has come of it. */
class Part {
  /** Undefined until it is sent. */
  rows: AsyncGenerator<FileRecord[], void> | undefined;
  readonly #first = Promise.withResolvers<IteratorResult<FileRecord[], void>>();

  constructor(readonly search: WireQuery) {}

  /** The start of the answer. The rest of it waits on the wire for its turn, where it takes no memory. */
  get first(): Promise<IteratorResult<FileRecord[], void>> {
    return this.#first.promise;
  }

  /** Sends it. */
  send(rows: AsyncGenerator<FileRecord[], void>): void {
    this.rows = rows;
    this.#first.resolve(rows.next());
  }

  /** The rows that come, in pieces. */
  async *pieces(): AsyncGenerator<FileRecord[], void> {
    const { done, value } = await this.first;
    if (done) return;
    yield value;
    if (this.rows !== undefined) yield* this.rows;
  }
}

/**
 * Asks for all rows of a plan and gives them out as they come: in the order of its requests, each by path; what is too
 * large in the order of its days. No row comes twice. An answer too large to leave the server (502, 413, or one that
 * breaks off) is asked for again in parts, split by date; at most {@linkcode AT_ONCE} are on their way.
 *
 * @throws {ConnectionError} When no whole answer comes. {ResponseError} When the answer is no.
 *   {ProtocolError} When it is not the SDC's.
 */
export async function* queryRows(
  transport: Transport,
  plan: QueryPlan,
  options: QueryRowsOptions,
): AsyncGenerator<FileRecord[]> {
  const ended = new AbortController();
  const signal = options.signal === undefined ? ended.signal : AbortSignal.any([ended.signal, options.signal]);
  const queue: Part[] = plan.requests.map((search) => new Part(search));
  const reader = new PartReader(transport, plan, { ...options, signal });
  const seen = new SeenRows(plan.mayOverlap);
  let [rows, answers] = [0, 0];
  let asking = 0;
  const start = () => {
    for (const [place, part] of queue.entries()) {
      if (asking >= AT_ONCE || place >= MOST_OPEN) return;
      if (part.rows !== undefined) continue;
      asking++;
      part.send(reader.read(part.search));
      part.first.catch((error: unknown) => replace(part, error)).finally(() => {
        asking--;
        start();
      });
    }
  };
  /** Puts the parts of a large answer in its place, so that they are on their way before their turn. */
  const replace = (part: Part, error: unknown) => {
    const place = queue.indexOf(part);
    if (error instanceof Split && place >= 0) queue.splice(place, 1, ...error.parts.map((search) => new Part(search)));
  };
  try {
    for (let head = queue[0]; head !== undefined; head = queue[0]) {
      start();
      try {
        for await (const piece of head.pieces()) {
          const fresh = piece.filter((row) => seen.isNew(row) && plan.keep(row));
          rows += fresh.length;
          options.onProgress({ rows, answers, waiting: queue.length });
          if (fresh.length > 0) yield fresh;
        }
      } catch (error) {
        if (!(error instanceof Split)) throw error;
        replace(head, error);
        seen.splitPart();
        continue;
      }
      queue.shift();
      answers++;
      seen.endPart();
      options.onProgress({ rows, answers, waiting: queue.length });
    }
  } finally {
    ended.abort();
    const left = queue.splice(0);
    await Promise.all(left.map((part) => part.rows?.return().catch(() => {})));
  }
}
