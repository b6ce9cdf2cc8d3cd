import { type ImapError, ProtocolError, ResponseError } from "../errors.ts";
import { Call } from "../http/call.ts";
import type { Transport } from "../http/transport.ts";
import { addDays, dayOf, daysBetween } from "../names/calendar_date.ts";
import type { FileRecord } from "../protocol/rows.ts";
import {
  ALL_MAJORS,
  type QueryParameterName,
  SDC_TABLES,
  type SdcTable,
  type TableName,
  type WireQuery,
} from "../protocol/tables.ts";
import { readRows, type TooLarge } from "./answer_rows.ts";
import { type DayRange, QUERY_TABLES, type QueryTable } from "./check_query.ts";
import type { QueryPlan } from "./plan_query.ts";

/** What messages about queries say, after `Cannot `. */
const ACTION = "query the archive";

/** Nearly all files are from this day or later. Older ones are found too: the first slice has no start. */
const MISSION_START = "20240101";
/** Files outside of these days cannot be told apart by day. */
const [MIN_DAY, MAX_DAY] = ["19000101", "20991231"];
/** How far to go beyond the days that nearly all files have, at first. */
const YEAR = 365;
/** How many slices a span of days is split into. Each that is still too large costs the server as much as a response. */
const SLICES = 4;

/** From a first to a last day, YYYYMMDD; undefined where there is no bound. */
type Span = readonly [first: string | undefined, last: string | undefined];

/** Both sides of a day, which belongs to the first. */
function around([first, last]: Span, day: string): Span[] {
  return [[first, day], [addDays(day, 1), last]];
}

/** Spans that cover a span, in order; only one when it cannot be split. */
function splitSpan([first, last]: Span, today: string): Span[] {
  const beforeMission = addDays(MISSION_START, -1);
  if (first === undefined) {
    if (last === undefined || last > beforeMission) return around([first, last], beforeMission);
    // Twice as far with each step.
    const day = addDays(last, -Math.max(YEAR, daysBetween(last, MISSION_START)));
    return last <= MIN_DAY ? [[first, last]] : around([first, last], day < MIN_DAY ? MIN_DAY : day);
  }
  if (last === undefined) {
    if (first <= today) return around([first, last], today);
    const day = addDays(first, Math.max(YEAR, daysBetween(today, first)));
    return first >= MAX_DAY ? [[first, last]] : around([first, last], day > MAX_DAY ? MAX_DAY : day);
  }
  const days = daysBetween(first, last) + 1;
  const count = Math.min(SLICES, days);
  const startOf = (slice: number) => Math.floor(slice * days / count);
  return Array.from({ length: count }, (_, slice) => [
    addDays(first, startOf(slice)),
    addDays(first, startOf(slice + 1) - 1),
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
 * Splits a request whose response is too large: by the files' start dates, then by the days of their ingestion. A span
 * without a bound stays so in its first or last slice, so that no file is lost.
 *
 * SPICE files are split by the day of ingestion alone, as no other date selects all of them. Their server takes a day for
 * its midnight, so each slice ends where the next one begins, and a file may be in both.
 *
 * @param today YYYYMMDD.
 * @returns The slices, older days first; undefined when there are no smaller ones.
 */
export function splitRequest(table: QueryTable, search: WireQuery, today: string): WireQuery[] | undefined {
  const { days, ingestionDays } = table;
  for (const range of table.overlaps ? [ingestionDays] : [days, ingestionDays]) {
    if (search.latest === "true" && range === ingestionDays && !table.overlaps) continue;
    const last = search[range.to];
    // The last day is taken for its midnight.
    const lastDay = table.overlaps && last !== undefined ? addDays(last, -1) : last;
    const spans = splitSpan([search[range.from], lastDay], today);
    if (spans.length < 2) continue;
    const ending = ([from, to]: Span): Span => [from, table.overlaps && to !== undefined ? addDays(to, 1) : to];
    return spans.map((span) => within(search, range, ending(span)));
  }
  return undefined;
}

/** How many rows are requested at once where the server has pages: 6 MB hold about 15,000. */
const MAX_PAGE_ROWS = 10_000;
/** A page of so few rows is never too large. */
const MIN_PAGE_ROWS = 1_000;
/** How often pages are requested again since the archive changed in between. */
const MAX_RETURNS = 3;
/** How many pages are requested at once, as soon as a result turns out to be long. */
const MAX_PAGES = 4;

/** What the pages of one request share. */
interface PageRun {
  /** How many pages to request next. */
  count: number;
  /** How often one was requested again since it did not follow from the page before it; begins anew when one does. */
  returns: number;
  /** Whether that has happened. */
  isShifted: boolean;
}

/** A page of a request whose rows the server sorts by path. */
interface Page {
  readonly offset: number;
  readonly limit: number;
  readonly run: PageRun;
  /** Whether the page after it is already in the queue. */
  readonly isFollowed?: boolean;
}

/** The newest major version among the rows of a request that names none. Its pages share one of these. */
interface Survey {
  newest: number | undefined;
}

/** The rows of slices of one request, from which older major versions have to be removed: see `#byDate`. */
class Merge {
  readonly #rows: FileRecord[] = [];

  constructor(readonly sameFile: readonly string[]) {}

  add(rows: readonly FileRecord[]): void {
    for (const row of rows) this.#rows.push(row);
  }

  /** Rows of the newest major version of each file. Servers whose rows have no such number send all versions. */
  newestMajors(): FileRecord[] {
    const fileOf = (row: FileRecord) => JSON.stringify(this.sameFile.map((key) => row[key] ?? null));
    const newest = new Map<string, number>();
    for (const row of this.#rows) {
      const file = fileOf(row);
      newest.set(file, Math.max(newest.get(file) ?? -1, row.major_version ?? -1));
    }
    return this.#rows.filter((row) =>
      typeof row.major_version !== "number" || row.major_version === newest.get(fileOf(row))
    );
  }
}

/** Hands rows over to whoever takes them, one chunk at a time. A stream would take longer for the same. */
class RowChannel {
  #offer: { readonly rows: FileRecord[]; readonly settle: (isTaken: boolean) => void } | undefined;
  #wake: (() => void) | undefined;
  #isCanceled = false;
  #end: { readonly error?: unknown } | undefined;

  /** Resolves when the rows are taken; to `false` when nobody wants them anymore. */
  give(rows: FileRecord[]): Promise<boolean> {
    if (this.#isCanceled) return Promise.resolve(false);
    return new Promise((settle) => {
      this.#offer = { rows, settle };
      this.#wake?.();
    });
  }

  /** No more rows come. The error, if there is one, is thrown where they are taken. */
  end(outcome: { readonly error?: unknown }): void {
    this.#end = outcome;
    this.#wake?.();
  }

  /** No more rows are wanted. */
  cancel(): void {
    this.#isCanceled = true;
    this.#offer?.settle(false);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FileRecord[], void> {
    for (;;) {
      if (this.#offer !== undefined) {
        const { rows, settle } = this.#offer;
        this.#offer = undefined;
        settle(true);
        yield rows;
      } else if (this.#end !== undefined) {
        if ("error" in this.#end) throw this.#end.error;
        return;
      } else {
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    }
  }
}

/**
 * A row's path as a number of 53 bits (cyrb53). The paths of pages are kept as numbers, since they would take a hundred
 * times as much memory. That a new row among a million is taken for one of the 20,000 before it has a chance of 1 in 400,000,
 * and needs an archive that changes, or a connection that breaks.
 */
function hashOf(path: string): number {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < path.length; at++) {
    const code = path.charCodeAt(at);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}

/** Rows that were given out: their paths, or the hashes of these. */
type GivenRows = readonly (string | number)[];

/** How a slice begins, besides its request. */
interface SliceStart {
  readonly page?: Page | undefined;
  readonly survey?: Survey | undefined;
  readonly merge?: Merge | undefined;
  /** Why the request that it is a part of cannot be answered at once. */
  readonly problem?: TooLarge | undefined;
  /** Rows that were given out before and may be in this slice too. */
  readonly given?: readonly GivenRows[];
  /** The same of the two pages before this one. */
  readonly before?: readonly GivenRows[];
}

/** One request of a query, and the rows that it brings. */
class Slice {
  readonly #start: SliceStart;
  /** The rows, in chunks. The next chunk is not read until this one is taken: it waits on the wire. */
  readonly rows = new RowChannel();
  page: Page | undefined;
  /** The page before this one, with whose last row it must begin. Otherwise the archive has changed in between. */
  previous: Slice | undefined;
  isSent = false;
  /** Whether the first rows came, or it ended. */
  isUnderWay = false;
  tries = 0;
  /** What the latest try brought: how many rows, and the path of the last one. */
  received = 0;
  last: string | undefined;
  /** Whether the latest try was a page that does not begin where the one before it ended. */
  isShifted = false;
  readonly #ended = Promise.withResolvers<void>();
  /** Whether this page begins where the one before it ended, and no page of its request did otherwise. */
  isJoined = false;
  /** The rows that were given out, or that an earlier slice gave out. */
  readonly #rows: (string | number)[] = [];
  /** What must not be given out again; undefined until the first rows of a try come. */
  #known: ReadonlySet<string | number> | undefined;

  constructor(readonly search: WireQuery, start: SliceStart = {}) {
    this.#start = start;
    this.page = start.page;
  }

  get survey(): Survey | undefined {
    return this.#start.survey;
  }

  get merge(): Merge | undefined {
    return this.#start.merge;
  }

  get problem(): TooLarge | undefined {
    return this.#start.problem;
  }

  /** What is sent. */
  get request(): WireQuery {
    const { major_version, ...search } = this.search;
    const page: WireQuery = this.page === undefined
      ? {}
      : { limit: String(this.page.limit), offset: String(this.page.offset) };
    return { ...(major_version === ALL_MAJORS ? search : this.search), ...page };
  }

  /** Resolves when its rows are known, or will never be. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Begins a try. Rows that an earlier one gave out are not given out again. */
  begin(): void {
    this.tries++;
    [this.received, this.last, this.isShifted, this.#known] = [0, undefined, false, undefined];
  }

  /** Whether a row was not given out yet. */
  isNew({ file_path }: FileRecord): boolean {
    const { given = [], before = [] } = this.#start;
    this.#known ??= new Set([...given, ...(this.isJoined ? [] : before), this.#rows].flat());
    return this.#known.size === 0 || !(this.#known.has(file_path) || this.#known.has(hashOf(file_path)));
  }

  /** Notes that rows need not be given out again. */
  note(rows: readonly FileRecord[]): void {
    for (const { file_path } of rows) this.#rows.push(this.page === undefined ? file_path : hashOf(file_path));
  }

  /** A smaller slice of this one. */
  part(search: WireQuery, start: SliceStart): Slice {
    const { given = [], before = [], page: _page, ...inherited } = this.#start;
    const known = [...given, ...before, this.#rows].filter((rows) => rows.length > 0);
    return new Slice(search, { ...inherited, given: known, ...start });
  }

  /** The next page of the same request. Of all rows given out so far, only those of the last two pages may come again. */
  nextPage(page: Page): Slice {
    const { before = [] } = this.#start;
    const next = new Slice(this.search, { ...this.#start, page, before: [...before.slice(-1), this.#rows] });
    next.previous = this;
    return next;
  }

  /** The page before this one, of which no row was given out. */
  previousPage(page: Page): Slice {
    return new Slice(this.search, { ...this.#start, page });
  }

  /** Ends it. The error, if there is one, is thrown where its rows are taken. */
  end(outcome: { readonly error?: unknown } = {}): void {
    this.#ended.resolve();
    // Otherwise the last page of a long result would keep all others in memory.
    this.previous = undefined;
    this.rows.end(outcome);
  }
}

/** How far a query is. */
export interface QueryProgress {
  /** How many rows were received that meet the query. */
  readonly rows: number;
  /** How many responses were received completely. */
  readonly answers: number;
  /** How many are known to be still to come. Large ones turn out to be several. */
  readonly waiting: number;
}

/** How to query. */
interface QueryRowsOptions {
  readonly signal: AbortSignal | undefined;
  readonly now: Date;
  readonly onProgress: (progress: QueryProgress) => void;
}

/** How many requests wait for the server at once. */
const MAX_CONCURRENT = 4;
/** How many slices at the head of the queue may be sent. The later ones wait on the wire for their turn. */
const MAX_OPEN = 5;

/**
 * A query on its way: a queue of slices in the order of the result. A slice whose response is too large for the SDC's
 * gateway is replaced by smaller ones: by pages where the server has them, otherwise by start date, then by the day of
 * ingestion.
 */
class QueryRun {
  readonly #call: Call;
  readonly #plan: QueryPlan;
  readonly #table: QueryTable;
  readonly #options: QueryRowsOptions;
  readonly #stop = new AbortController();
  readonly #queue: Slice[];
  readonly #receiving = new Set<Promise<void>>();
  /** How many slices wait for the server. */
  #waiting = 0;
  #rows = 0;
  #responses = 0;
  /** Whether the server has pages; undefined until it is known. */
  #hasPages: boolean | undefined;
  #pageRows = MAX_PAGE_ROWS;
  /** Whether small requests are answered. A "no" holds only for those who wait for it: outages pass. */
  #isAlive: Promise<boolean> | undefined;
  /** Paths of rows that may be in any slice: all where requests overlap, otherwise those without a day, which are few. */
  readonly #seen = new Set<string>();

  constructor(transport: Transport, plan: QueryPlan, options: QueryRowsOptions) {
    this.#call = new Call(transport, { action: ACTION, signal: options.signal }).endedBy(this.#stop.signal);
    [this.#plan, this.#options, this.#table] = [plan, options, QUERY_TABLES[plan.table]];
    this.#queue = plan.requests.map((search) =>
      new Slice(search, { survey: search.major_version === ALL_MAJORS ? { newest: undefined } : undefined })
    );
  }

  /** All rows, in the order of the slices. */
  async *rows(): AsyncGenerator<FileRecord[], void> {
    try {
      for (let slice = this.#queue[0]; slice !== undefined; slice = this.#queue[0]) {
        const { merge } = slice;
        this.#send();
        // When its rows have ended, what follows from it has taken its place in the queue.
        for await (const rows of slice.rows) {
          if (merge === undefined) yield this.#counted(rows);
          else merge.add(rows);
        }
        const isMerged = merge !== undefined && !this.#queue.some((other) => other.merge === merge);
        if (isMerged) yield this.#counted(merge.newestMajors());
      }
    } finally {
      this.#stop.abort();
      for (const slice of this.#queue.splice(0)) slice.rows.cancel();
      await Promise.all(this.#receiving);
    }
  }

  #counted(rows: FileRecord[]): FileRecord[] {
    this.#rows += rows.length;
    this.#tell();
    return rows;
  }

  #tell(): void {
    this.#options.onProgress({ rows: this.#rows, answers: this.#responses, waiting: this.#queue.length });
  }

  /** Sends as many slices as may be on their way. */
  #send(): void {
    for (const slice of this.#queue.slice(0, MAX_OPEN)) {
      if (this.#waiting >= MAX_CONCURRENT) return;
      if (slice.isSent) continue;
      slice.isSent = true;
      this.#waiting++;
      const receiving = this.#receive(slice).finally(() => this.#receiving.delete(receiving));
      this.#receiving.add(receiving);
    }
  }

  /** Notes that the server has answered a slice, so that another one can be sent. */
  #noteUnderWay(slice: Slice): void {
    if (slice.isUnderWay) return;
    slice.isUnderWay = true;
    this.#waiting--;
    this.#send();
  }

  /** Receives a slice, and puts what follows from it in its place. Never rejects: whoever takes the rows gets the error. */
  async #receive(slice: Slice): Promise<void> {
    try {
      const following = await this.#call.retry(() => this.#try(slice));
      const place = this.#queue.indexOf(slice);
      // A slice that was dropped, or whose query is over, has no place.
      if (place >= 0) {
        this.#queue.splice(place, 1, ...following);
        this.#tell();
      }
      slice.end();
    } catch (error) {
      slice.end({ error });
    }
    this.#noteUnderWay(slice);
  }

  /** Sends a slice once and gives out its rows. Returns the slices that follow from it. */
  async #try(slice: Slice): Promise<Slice[]> {
    slice.begin();
    const request = { table: this.#plan.table, search: slice.request };
    let problem: TooLarge | undefined;
    try {
      problem = await readRows(this.#call, request, (rows) => this.#take(slice, rows));
    } catch (error) {
      const isRefused = error instanceof ResponseError && error.status === 400;
      if (!isRefused || slice.page === undefined || slice.problem === undefined || this.#hasPages === true) throw error;
      // Servers that have no pages refuse the parameters. The same request without them was not refused.
      this.#hasPages = false;
      slice.page = undefined;
      problem = slice.problem;
    }
    if (!this.#queue.includes(slice)) return [];
    if (problem !== undefined) return await this.#replace(slice, problem);
    if (slice.isShifted) return this.#turnBack(slice);
    this.#responses++;
    return this.#next(slice);
  }

  /** Gives out the rows of a slice that are asked for and new. Returns whether more of them are wanted. */
  async #take(slice: Slice, rows: FileRecord[]): Promise<boolean> {
    const { page, previous, survey } = slice;
    this.#noteUnderWay(slice);
    const isFirst = slice.received === 0 && previous !== undefined;
    if (isFirst) {
      await previous.ended;
      slice.isShifted = rows[0]?.file_path !== previous.last;
      if (slice.isShifted) return false;
      slice.isJoined = page?.run.isShifted === false;
    }
    slice.received += rows.length;
    slice.last = rows.at(-1)?.file_path;
    const fresh = (isFirst ? rows.slice(1) : rows).filter((row) => {
      if (survey !== undefined && typeof row.major_version === "number") {
        survey.newest = Math.max(survey.newest ?? 0, row.major_version);
        return false;
      }
      return this.#plan.keep(row) && slice.isNew(row) && this.#isFirst(row);
    });
    const isWanted = fresh.length === 0 || await slice.rows.give(fresh);
    slice.note(survey === undefined ? rows : fresh);
    return isWanted;
  }

  /** Whether no other slice brought a row that several may bring. */
  #isFirst({ file_path, start_date }: FileRecord): boolean {
    const mayRepeat = this.#plan.mayOverlap || start_date === undefined || start_date === null;
    if (!mayRepeat) return true;
    const isFirst = !this.#seen.has(file_path);
    this.#seen.add(file_path);
    return isFirst;
  }

  /** What follows a complete slice: further pages, or each major version up to the newest that was seen. */
  #next(slice: Slice): Slice[] {
    const { page, survey, search } = slice;
    const pages = page === undefined ? [] : this.#nextPages(slice, page);
    if (pages.length > 0 || page?.isFollowed || survey?.newest === undefined) return pages;
    return Array.from({ length: survey.newest + 1 }, (_, major) => {
      return slice.part({ ...search, major_version: String(major) }, { survey: undefined });
    });
  }

  /** The pages after a complete one. Each begins with the last row of the page before it. */
  #nextPages(slice: Slice, { offset, limit, run, isFollowed }: Page): Slice[] {
    const { received, previous } = slice;
    this.#hasPages = true;
    if (previous !== undefined) run.returns = 0;
    // A page of fewer rows need not be the last one: the server may have limits of its own.
    const isLast = received <= (previous === undefined ? 0 : 1) || received > limit;
    if (isLast || isFollowed) return [];
    const count = received < limit ? 1 : run.count;
    run.count = Math.min(2 * count, MAX_PAGES);
    const pages: Slice[] = [];
    for (let last = slice; pages.length < count;) {
      const start = offset + received - 1 + pages.length * (this.#pageRows - 1);
      const isFollowed = pages.length < count - 1;
      last = last.nextPage({ offset: start, limit: this.#pageRows, run, isFollowed });
      pages.push(last);
    }
    return pages;
  }

  /** Takes the pages after one out of the queue, since they no longer follow from it. */
  #dropPagesAfter(slice: Slice): void {
    const place = this.#queue.indexOf(slice);
    const dropped = this.#queue.filter((other, at) => at > place && other.page?.run === slice.page?.run);
    for (const other of dropped) {
      this.#queue.splice(this.#queue.indexOf(other), 1);
      other.rows.cancel();
    }
  }

  /** The archive changed between two pages: the page before is requested again, and rows that are known are left out. */
  #turnBack(slice: Slice): Slice[] {
    const { page } = slice;
    if (page === undefined) return [];
    const { offset, limit, run } = page;
    this.#dropPagesAfter(slice);
    const before = Math.max(0, offset - limit);
    [run.count, run.isShifted] = [1, true];
    if (run.returns++ < MAX_RETURNS) return [slice.previousPage({ offset: before, limit, run })];
    // A server that ignores `offset` never gets beyond its first page.
    this.#hasPages = false;
    const slices = before === 0 ? this.#byDate(slice) : undefined;
    if (slices !== undefined) return slices;
    throw new ProtocolError(
      `the pages of a long result do not fit together, since the archive changes too quickly; ` +
        "ask for less, for instance by date",
      { action: ACTION },
    );
  }

  /**
   * Finds what to request instead of a slice whose response is too large, or may be.
   *
   * @throws {ImapError} When the server is broken, or nothing smaller is left.
   */
  async #replace(slice: Slice, problem: TooLarge): Promise<Slice[]> {
    const { cause, isCertain } = problem;
    // Where other pages were received, one that breaks off is not too large: the connection is bad.
    if (slice.page !== undefined && this.#hasPages === true && isCertain && cause.retryable) throw cause;
    if (!isCertain && !await this.#isAnswering(slice.search)) throw perhapsTooLarge(cause);
    const smaller = this.#smaller(slice, problem);
    if (smaller !== undefined) {
      const reason = smaller[0]?.page === undefined
        ? `its response is too large; it is requested in ${smaller.length} slices`
        : `its response is too large; it is requested in pages of ${this.#pageRows.toLocaleString("en")} rows`;
      this.#call.decide("split", reason);
      return smaller;
    }
    // This is the last word on a request, so it takes two failures, and an answer to a small request after them.
    const isSure = isCertain || (slice.tries > 1 && await this.#answersSmall(slice.search));
    throw isSure ? tooLargeDay(this.#table, slice.search, cause) : perhapsTooLarge(cause);
  }

  #smaller(slice: Slice, problem: TooLarge): Slice[] | undefined {
    const { page, search } = slice;
    if (page === undefined) {
      if (this.#hasPages === false || !hasParameter(this.#plan.table, "limit")) return this.#byDate(slice);
      const run = { count: 1, returns: 0, isShifted: false };
      return [slice.part(search, { page: { offset: 0, limit: this.#pageRows, run }, problem })];
    }
    this.#dropPagesAfter(slice);
    if (page.limit > MIN_PAGE_ROWS) {
      this.#pageRows = MIN_PAGE_ROWS;
      page.run.count = 1;
      const smaller = slice.part(search, { page: { ...page, limit: MIN_PAGE_ROWS, isFollowed: false }, problem });
      smaller.previous = slice.previous;
      return [smaller];
    }
    // A server that has sent other pages is broken. One that has not may ignore the parameters.
    if (this.#hasPages === true) return undefined;
    this.#hasPages = false;
    return this.#byDate(slice);
  }

  /**
   * Splits a slice by date. When it names no major version, the SDC sends the newest of each file among all that match. By
   * start date that stays the same. By the day of ingestion, older ones would be the newest of their slice: so the rows
   * of such slices are merged, which are of one start date.
   */
  #byDate(slice: Slice): Slice[] | undefined {
    const { table } = this.#plan;
    const { search, merge } = slice;
    const { ingestionDays: { from, to } } = this.#table;
    const slices = splitRequest(this.#table, search, dayOf(this.#options.now));
    if (slices === undefined) return undefined;
    const isByIngestion = slices.some((one) => one[from] !== search[from] || one[to] !== search[to]);
    const namesMajor = search.major_version !== undefined || !hasParameter(table, "major_version");
    const merged = !isByIngestion || namesMajor ? merge : merge ?? new Merge(SDC_TABLES[table].sameFile);
    return slices.map((one) => {
      const survey = slice.survey === undefined ? undefined : { newest: undefined };
      return slice.part(one, { survey, merge: merged, problem: undefined });
    });
  }

  #isAnswering(search: WireQuery): Promise<boolean> {
    return this.#isAlive ??= this.#answersSmall(search).then((isAlive) => {
      if (!isAlive) this.#isAlive = undefined;
      return isAlive;
    });
  }

  /** Whether a request like another one that finds nothing is answered: it tells a large response from a broken server. */
  async #answersSmall({ major_version, ...search }: WireQuery): Promise<boolean> {
    const { days, ingestionDays, overlaps } = this.#table;
    const major: WireQuery = major_version === undefined || major_version === ALL_MAJORS ? {} : { major_version };
    const small = within({ ...search, ...major }, overlaps ? ingestionDays : days, [MIN_DAY, MIN_DAY]);
    try {
      return await readRows(this.#call, { table: this.#plan.table, search: small }, () => true) === undefined;
    } catch {
      this.#call.signal?.throwIfAborted();
      return false;
    }
  }
}

/** Whether requests for a table may have a parameter, in today's dialect. */
function hasParameter(table: TableName, name: string): boolean {
  const { parameters }: SdcTable = SDC_TABLES[table];
  return Object.hasOwn(parameters, name);
}

/** What makes a response smaller besides days; what helps most comes first. */
const FILTERS: readonly QueryParameterName[] = ["instrument", "data_level", "descriptor", "type"];

/** The advice when nobody knows whether a response was too large. */
const PERHAPS = "; a response of over 6 MB (about 15,000 files) fails the same way: ask for less, for instance by date";

/** The error of a request whose response is perhaps too large, perhaps not: its server does not answer small ones either. */
function perhapsTooLarge(cause: ImapError): ImapError {
  return withAdvice(cause, PERHAPS, true);
}

/** `20260131`, or `20260101 to 20260131`; empty where there is no bound. */
function shownSpan(first: string | undefined, last: string | undefined): string {
  if (first === last) return first ?? "";
  return `${first ?? "the first"} to ${last ?? "the last"}`;
}

/**
 * The error of a request whose response is too large and that has no smaller slices: a retry would not help. It names the
 * request's day, and what else would make the response smaller.
 */
function tooLargeDay({ days, ingestionDays, parameters }: QueryTable, search: WireQuery, cause: ImapError): ImapError {
  const day = shownSpan(search[days.from], search[days.to]);
  const came = shownSpan(search[ingestionDays.from], search[ingestionDays.to]);
  const which = `${day === "" ? "" : ` of ${day}`}${came === "" ? "" : ` ingested on ${came}`}`;
  const filters = FILTERS.filter((name) => parameters.includes(name) && search[name] === undefined);
  const advice = filters.length === 0 ? "" : `: ask for fewer of them, by ${filters.join(" or ")}`;
  return withAdvice(cause, `; the files${which} alone are too many for one response${advice}`, false);
}

function withAdvice(cause: ImapError, advice: string, mayPass: boolean): ImapError {
  if (!(cause instanceof ResponseError)) return cause;
  const { status, retryable, retryAfterMs } = cause;
  return new ResponseError(cause.message + advice, { status, retryable: retryable && mayPass, retryAfterMs });
}

/**
 * Requests all rows of a plan and gives them out as they are received, each once: in the order of its requests, those of
 * each by path; of a response that was too large by its slices, older days first. At most {@linkcode MAX_CONCURRENT}
 * requests are on their way.
 *
 * @throws {ConnectionError} When no complete response is received. {ResponseError} When it is a refusal.
 *   {ProtocolError} When it is not the SDC's.
 */
export function queryRows(
  transport: Transport,
  plan: QueryPlan,
  options: QueryRowsOptions,
): AsyncGenerator<FileRecord[], void> {
  return new QueryRun(transport, plan, options).rows();
}
