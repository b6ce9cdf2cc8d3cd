import { type ImapError, ProtocolError, ResponseError } from "../errors.ts";
import { BrokenBody, Call, type Reply } from "../http/call.ts";
import { serverTime, type Transport } from "../http/transport.ts";
import { addDays, dayOf, daysBetween } from "../names/fields.ts";
import {
  ALL_MAJORS,
  decodeRow,
  type FileRecord,
  newestMajorVersions,
  parseJson,
  type QueryParameterName,
  refusedParameter,
  SDC_TABLES,
  type SdcTable,
  type TableName,
  type WireQuery,
} from "../protocol/tables.ts";
import { type DayParameters, type QueryPlan, type QueryTable, queryTable } from "./plan_query.ts";
import { unexpectedReply } from "./replies.ts";

/** The action in messages about queries, after `Cannot `. */
const ACTION = "query the archive";

/** Nearly all files start on this day or later. Older files are also found: the first slice has no start. */
const MISSION_START = "20240101";
/** Files outside these days cannot be split by day. */
const [MIN_DAY, MAX_DAY] = ["19000101", "20991231"];
/** The first step beyond the days of nearly all files. */
const YEAR = 365;
/**
 * The number of slices that a span of days is split into. A slice that is still too large costs the server as much as a
 * response.
 */
const SLICES = 4;

// Smaller requests instead of one whose response is too large.

/** A span from the first to the last day, YYYYMMDD; undefined where it has no bound. */
type Span = readonly [first: string | undefined, last: string | undefined];

/** Splits a span after a day. */
function around([first, last]: Span, day: string): Span[] {
  return [[first, day], [addDays(day, 1), last]];
}

/** Splits a span into spans, in order; returns only one if it cannot be split. */
function splitSpan([first, last]: Span, today: string): Span[] {
  const beforeMission = addDays(MISSION_START, -1);
  if (first === undefined) {
    if (last === undefined || last > beforeMission) return around([first, last], beforeMission);
    // Each step is twice as long as the one before.
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

/** Creates a request for a span of days. */
function within(search: WireQuery, { from, to }: DayParameters, [first, last]: Span): WireQuery {
  return {
    ...search,
    ...(first === undefined ? {} : { [from]: first }),
    ...(last === undefined ? {} : { [to]: last }),
  };
}

/**
 * Splits a request whose response is too large: by the files' start dates, then by the days of their ingestion. If a
 * span has no bound, its first or last slice has none either, so that no file is missed.
 *
 * SPICE files are split only by the day of ingestion, as no other date selects all of them. For them the server
 * interprets a day as its midnight, so each slice ends where the next one begins, and a file may be in both.
 *
 * @param today YYYYMMDD.
 * @param hasIngestionDays Whether the server selects files by their day of ingestion, too. Default: true.
 * @returns The slices, older days first; undefined if the request cannot be split further.
 */
export function splitRequest(
  table: QueryTable,
  search: WireQuery,
  today: string,
  hasIngestionDays = true,
): WireQuery[] | undefined {
  const { days, ingestionDays } = table;
  for (const range of table.overlaps ? [ingestionDays] : hasIngestionDays ? [days, ingestionDays] : [days]) {
    if (search.latest === "true" && range === ingestionDays && !table.overlaps) continue;
    const last = search[range.to];
    // The server interprets the last day as its midnight.
    const lastDay = table.overlaps && last !== undefined ? addDays(last, -1) : last;
    const spans = splitSpan([search[range.from], lastDay], today);
    if (spans.length < 2) continue;
    const ending = ([from, to]: Span): Span => [from, table.overlaps && to !== undefined ? addDays(to, 1) : to];
    return spans.map((span) => within(search, range, ending(span)));
  }
  return undefined;
}

// Pages, and slices of days that are read at once but yielded in order.

/** The number of rows per page, if the server supports pages: a response of 6 MB holds about 15,000. */
const MAX_PAGE_ROWS = 10_000;
/** A page with this number of rows is never too large. */
const MIN_PAGE_ROWS = 1_000;
/** How often to request a page again because the archive has changed in between. */
const MAX_RETURNS = 3;
/** The maximum number of pages requested at a time, once a result turns out to be long. */
const MAX_PAGES = 4;

/** The state that the pages of one request share. */
interface PageRun {
  /** The number of pages to request next. */
  count: number;
  /** How many times in a row a page was requested again because it did not continue the page before it. */
  returns: number;
  /** Whether this has happened at all. */
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

/** The newest major version among the rows of a request without a major version. Its pages share one survey. */
interface Survey {
  newest: number | undefined;
}

/** The maximum major version: file names have three digits for it, and a wrong row must not cause more requests. */
const MAX_MAJOR = 999;

/** Returns the major version that a request needs to find a row again; undefined if it has none. */
function majorOf({ major_version }: FileRecord): number | undefined {
  const isMajor = typeof major_version === "number" && major_version >= 0 && major_version <= MAX_MAJOR;
  return isMajor ? major_version : undefined;
}

/** The rows of slices of one request, from which older major versions have to be removed: see `#byDate`. */
type Merge = FileRecord[];

/** Passes rows from the receiver to the consumer, one chunk at a time. Faster than a stream. */
class RowChannel {
  #offer: { readonly rows: FileRecord[]; readonly settle: (isTaken: boolean) => void } | undefined;
  #wake: (() => void) | undefined;
  #isCanceled = false;
  #end: { readonly error?: unknown } | undefined;

  /** Resolves to `true` when the rows have been consumed, or to `false` if no more rows are needed. */
  give(rows: FileRecord[]): Promise<boolean> {
    if (this.#isCanceled) return Promise.resolve(false);
    return new Promise((settle) => {
      this.#offer = { rows, settle };
      this.#wake?.();
    });
  }

  /** Ends the channel. The error, if any, is thrown to the consumer. */
  end(outcome: { readonly error?: unknown }): void {
    this.#end = outcome;
    this.#wake?.();
  }

  /** Called when no more rows are needed. */
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
 * Returns a 53-bit hash of a row's path (cyrb53). The paths of pages and slices are kept as hashes, since strings take ten
 * times as much memory. In a result of a million rows, the probability that a new row is mistaken for one of the
 * preceding 20,000 is 1 in 400,000, and only if the archive changes or a connection breaks.
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

/** Rows that were passed on: their paths, or the hashes of their paths. */
type GivenRows = readonly (string | number)[];

/** The initial state of a slice, besides its request. */
interface SliceStart {
  readonly page?: Page | undefined;
  readonly survey?: Survey | undefined;
  readonly merge?: Merge | undefined;
  /** Why the original request cannot be answered in one response. */
  readonly problem?: TooLarge | undefined;
  /** The slice that was split into slices by the day of ingestion, of which this is one. */
  readonly whole?: Slice | undefined;
  /** Rows that were passed on before and may also be in this slice. */
  readonly given?: readonly GivenRows[];
  /** Rows that were passed on from the two pages before this one. */
  readonly before?: readonly GivenRows[];
}

/** One request of a query, and the rows of its response. */
class Slice {
  /** The conditions that its rows meet. */
  readonly search: WireQuery;
  readonly #start: SliceStart;
  /** The rows, in chunks. The next chunk is not read from the network until this one has been consumed. */
  readonly rows = new RowChannel();
  page: Page | undefined;
  /** The page before this one. This page must begin with its last row; otherwise the archive has changed in between. */
  previous: Slice | undefined;
  isSent = false;
  /** Whether the first rows have been received, or the slice has ended. */
  isUnderWay = false;
  tries = 0;
  /** The number of rows in the latest attempt, and the path of the last one. */
  received = 0;
  last: string | undefined;
  /** Whether the page received in the latest attempt does not begin where the page before it ended. */
  isShifted = false;
  readonly #ended = Promise.withResolvers<void>();
  /** Whether this page, like all pages of its request so far, begins where the page before it ended. */
  isJoined = false;
  /** The rows that this slice or an earlier one has passed on. */
  readonly #rows: (string | number)[] = [];
  /** The rows that must not be passed on again; undefined until the first rows of an attempt are received. */
  #known: ReadonlySet<string | number> | undefined;

  constructor(search: WireQuery, start: SliceStart = {}) {
    this.search = search;
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

  get whole(): Slice | undefined {
    return this.#start.whole;
  }

  /** The request that is sent. */
  get request(): WireQuery {
    const { major_version, ...search } = this.search;
    const page: WireQuery = this.page === undefined
      ? {}
      : { limit: String(this.page.limit), offset: String(this.page.offset) };
    return { ...(major_version === ALL_MAJORS ? search : this.search), ...page };
  }

  /** Resolves when all its rows have been received, or it has failed. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Starts an attempt. Rows that were passed on in an earlier attempt are not passed on again. */
  begin(): void {
    this.tries++;
    [this.received, this.last, this.isShifted, this.#known] = [0, undefined, false, undefined];
  }

  /** Whether a row has not been passed on yet. */
  isNew({ file_path }: FileRecord): boolean {
    const { given = [], before = [] } = this.#start;
    this.#known ??= new Set([...given, ...(this.isJoined ? [] : before), this.#rows].flat());
    return this.#known.size === 0 || !(this.#known.has(file_path) || this.#known.has(hashOf(file_path)));
  }

  /** Records that rows have been passed on. */
  note(rows: readonly FileRecord[]): void {
    const isDerived = this.#start.given !== undefined;
    for (const { file_path } of rows) this.#rows.push(isDerived ? hashOf(file_path) : file_path);
  }

  /** Creates a slice that takes over rows of this one. */
  derive(search: WireQuery, start: SliceStart): Slice {
    const { given = [], before = [], page: _page, ...inherited } = this.#start;
    const known = [...given, ...before, this.#rows].filter((rows) => rows.length > 0);
    return new Slice(search, { ...inherited, given: known, ...start });
  }

  /**
   * Creates the next page of the same request. Of all rows passed on so far, only those of the last two pages can be
   * received again.
   */
  nextPage(page: Page): Slice {
    const { before = [] } = this.#start;
    const next = new Slice(this.search, { ...this.#start, page, before: [...before.slice(-1), this.#rows] });
    next.previous = this;
    return next;
  }

  /** Creates the page before this one. */
  previousPage(page: Page): Slice {
    return new Slice(this.search, { ...this.#start, page });
  }

  /** Ends the slice. The error, if any, is thrown to the consumer of its rows. */
  end(outcome: { readonly error?: unknown } = {}): void {
    this.#ended.resolve();
    // Otherwise the last page of a long result would keep all earlier pages in memory.
    this.previous = undefined;
    this.rows.end(outcome);
  }
}

/**
 * The progress of a query.
 *
 * @category Find files
 */
export interface QueryProgress {
  /** The number of matching rows received so far. */
  readonly rows: number;
  /** The number of responses received completely. */
  readonly answers: number;
  /**
   * The number of responses that are still needed, as far as known. A response that is too large is replaced by
   * several.
   */
  readonly waiting: number;
}

/** How to query. */
interface QueryRowsOptions {
  readonly signal: AbortSignal | undefined;
  readonly now: Date;
  readonly onProgress: (progress: QueryProgress) => void;
  /** Called with the time of the server's clock before the rows of each response; what it throws ends the query. */
  readonly onServerTime?: ((time: Date) => void) | undefined;
}

/** The maximum number of requests that wait for a response at a time. */
const MAX_CONCURRENT = 4;
/**
 * The maximum number of slices at the head of the queue that are sent. Their rows are read in the order of the queue.
 */
const MAX_OPEN = 5;

/**
 * A running query: a queue of slices, in the order of the result. A slice whose response is too large for the SDC's
 * gateway is replaced by smaller ones: by pages if the server supports them, otherwise by start date, then by the day
 * of ingestion.
 */
class QueryRun {
  readonly #call: Call;
  readonly #plan: QueryPlan;
  readonly #table: QueryTable;
  readonly #options: QueryRowsOptions;
  readonly #stop = new AbortController();
  readonly #queue: Slice[];
  readonly #receiving = new Set<Promise<void>>();
  /** The number of slices that wait for a response. */
  #waiting = 0;
  #rows = 0;
  #responses = 0;
  /** Whether the server supports pages; undefined if unknown. */
  #hasPages: boolean | undefined;
  #pageRows = MAX_PAGE_ROWS;
  /** Whether the server selects files by their day of ingestion; servers of 2024 do not. */
  #hasIngestionDays = true;
  /**
   * Whether the server responds to small requests, by their conditions. `dead` applies only to the slices that are
   * waiting for it, since outages are temporary.
   */
  readonly #health = new Map<string, Promise<Health>>();
  /**
   * Paths of rows that may be in several slices: all rows if requests overlap, otherwise the few rows without a day.
   */
  readonly #seen = new Set<string>();

  constructor(transport: Transport, plan: QueryPlan, options: QueryRowsOptions) {
    this.#call = new Call(transport, { action: ACTION, signal: options.signal }).endedBy(this.#stop.signal);
    [this.#plan, this.#options, this.#table] = [plan, options, queryTable(plan.table)];
    this.#queue = plan.requests.map((search) =>
      new Slice(search, { survey: search.major_version === ALL_MAJORS ? { newest: undefined } : undefined })
    );
  }

  /** Yields all rows, in the order of the slices. */
  async *rows(): AsyncGenerator<FileRecord[], void> {
    try {
      for (let slice = this.#queue[0]; slice !== undefined; slice = this.#queue[0]) {
        const { merge } = slice;
        this.#send();
        // When the rows of a slice end, its successors have replaced it in the queue.
        for await (const rows of slice.rows) {
          if (merge === undefined) yield this.#counted(rows);
          else for (const row of rows) merge.push(row);
        }
        const isMerged = merge !== undefined && !this.#queue.some((other) => other.merge === merge);
        if (isMerged) yield this.#counted(newestMajorVersions(this.#plan.table, merge));
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

  /** Sends as many slices as the limits allow. */
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

  /** Records that the server has responded to a slice, so that another one can be sent. */
  #noteUnderWay(slice: Slice): void {
    if (slice.isUnderWay) return;
    slice.isUnderWay = true;
    this.#waiting--;
    this.#send();
  }

  /**
   * Receives a slice, and replaces it by its successors. Never rejects: the error is thrown to the consumer of the
   * rows.
   */
  async #receive(slice: Slice): Promise<void> {
    try {
      const following = await this.#call.retry(() => this.#try(slice));
      const place = this.#queue.indexOf(slice);
      // A slice that was dropped, or whose query has ended, is not in the queue.
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

  /** Sends a slice once and passes on its rows. Returns its successors. */
  async #try(slice: Slice): Promise<Slice[]> {
    slice.begin();
    const { onServerTime } = this.#options;
    const request = { table: this.#plan.table, search: slice.request, onServerTime };
    let problem: TooLarge | undefined;
    try {
      problem = await readRows(this.#call, request, (rows) => this.#take(slice, rows));
    } catch (error) {
      const isRefused = error instanceof ResponseError && error.status === 400;
      const following = isRefused ? this.#withoutIngestionDays(slice, error) : undefined;
      if (following !== undefined) return following;
      if (!isRefused || slice.page === undefined || slice.problem === undefined || this.#hasPages === true) throw error;
      // Servers without pages reject the parameters of pages; the same request without them was not rejected.
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

  /** Passes on the rows of a slice that match the query and are new. Returns whether more rows are needed. */
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
      const major = survey && majorOf(row);
      if (survey !== undefined && major !== undefined) {
        survey.newest = Math.max(survey.newest ?? 0, major);
        return false;
      }
      return this.#plan.keep(row) && slice.isNew(row) && this.#isFirst(row);
    });
    const isWanted = fresh.length === 0 || await slice.rows.give(fresh);
    slice.note(survey === undefined ? rows : fresh);
    return isWanted;
  }

  /** Whether a row that may be in several slices is received for the first time. */
  #isFirst({ file_path, start_date }: FileRecord): boolean {
    const mayRepeat = this.#plan.mayOverlap || start_date === undefined || start_date === null;
    if (!mayRepeat) return true;
    const isFirst = !this.#seen.has(file_path);
    this.#seen.add(file_path);
    return isFirst;
  }

  /**
   * Returns the successors of a complete slice: further pages, or a slice for each major version up to the newest one.
   */
  #next(slice: Slice): Slice[] {
    const { page, survey, search } = slice;
    const pages = page === undefined ? [] : this.#nextPages(slice, page);
    if (pages.length > 0 || page?.isFollowed || survey?.newest === undefined) return pages;
    return Array.from({ length: survey.newest + 1 }, (_, major) => {
      return slice.derive({ ...search, major_version: String(major) }, { survey: undefined });
    });
  }

  /** Returns the pages after a complete one. Each begins with the last row of the page before it. */
  #nextPages(slice: Slice, { offset, limit, run, isFollowed }: Page): Slice[] {
    const { received, previous } = slice;
    this.#hasPages = true;
    if (previous !== undefined) run.returns = 0;
    // A page with fewer rows is not necessarily the last one: the server may have its own limits.
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

  /** Removes the pages after a slice from the queue, since they no longer continue it. */
  #dropPagesAfter(slice: Slice): void {
    const place = this.#queue.indexOf(slice);
    const dropped = this.#queue.filter((other, at) => at > place && other.page?.run === slice.page?.run);
    for (const other of dropped) {
      this.#queue.splice(this.#queue.indexOf(other), 1);
      other.rows.cancel();
    }
  }

  /**
   * Handles an archive that has changed between two pages: the page before is requested again, and known rows are
   * omitted.
   */
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
      `the pages of a long result are inconsistent, since the archive changes too quickly; ` +
        "ask for less, for instance by date",
      { action: ACTION },
    );
  }

  /**
   * Finds the requests that replace a slice whose response is too large, or may be.
   *
   * @throws {ImapError} When the server is broken, or the slice cannot be split further.
   */
  async #replace(slice: Slice, problem: TooLarge): Promise<Slice[]> {
    const { cause, isCertain } = problem;
    // If other pages were received, a page that breaks off is not too large: the connection is bad.
    if (slice.page !== undefined && this.#hasPages === true && isCertain && cause.retryable) throw cause;
    const health = isCertain ? "alive" : await this.#healthFor(slice);
    if (health === "dead") throw perhapsTooLarge(cause);
    if (health !== "alive") throw failsFor(health, slice.search, cause);
    const smaller = this.#smaller(slice, problem);
    if (smaller !== undefined) {
      const reason = smaller[0]?.page === undefined
        ? `its response is too large; it is requested in ${smaller.length} slices`
        : `its response is too large; it is requested in pages of ${this.#pageRows.toLocaleString("en")} rows`;
      this.#call.decide("split", reason);
      return smaller;
    }
    // To report that a response is too large, two attempts must have failed, followed by a response to a small request.
    const isSure = isCertain || (slice.tries > 1 && await this.#answersSmall(slice.search));
    throw isSure ? tooLargeDay(this.#table, slice.search, cause) : perhapsTooLarge(cause);
  }

  /**
   * Returns the slice to request again if the server has rejected the split of a slice by the day of ingestion;
   * undefined if that is not why it has rejected a request.
   */
  #withoutIngestionDays(slice: Slice, { serverText }: ResponseError): Slice[] | undefined {
    const { from, to } = this.#table.ingestionDays;
    const { whole } = slice;
    const isOwn = [from, to].includes(refusedParameter(serverText) ?? "");
    if (whole === undefined || !isOwn || whole.search[from] !== undefined || whole.search[to] !== undefined) return;
    if (!this.#queue.includes(slice)) return [];
    this.#hasIngestionDays = false;
    for (const other of this.#queue.filter((other) => other !== slice && other.whole === whole)) {
      this.#queue.splice(this.#queue.indexOf(other), 1);
      other.rows.cancel();
    }
    return [whole.derive(whole.search, { whole: undefined })];
  }

  #smaller(slice: Slice, problem: TooLarge): Slice[] | undefined {
    const { page, search } = slice;
    if (page === undefined) {
      if (this.#hasPages === false || !hasParameter(this.#plan.table, "limit")) return this.#byDate(slice);
      const run = { count: 1, returns: 0, isShifted: false };
      return [slice.derive(search, { page: { offset: 0, limit: this.#pageRows, run }, problem })];
    }
    this.#dropPagesAfter(slice);
    if (page.limit > MIN_PAGE_ROWS) {
      this.#pageRows = MIN_PAGE_ROWS;
      page.run.count = 1;
      const smaller = slice.derive(search, { page: { ...page, limit: MIN_PAGE_ROWS, isFollowed: false }, problem });
      smaller.previous = slice.previous;
      return [smaller];
    }
    // If the server has sent other pages, it is broken. Otherwise it may have ignored the parameters.
    if (this.#hasPages === true) return undefined;
    this.#hasPages = false;
    return this.#byDate(slice);
  }

  /**
   * Splits a slice by date. Without a major version, the SDC sends the newest major version of each file among all
   * matches. Splitting by start date does not change that. In a split by the day of ingestion, an older version could
   * be the newest one of its slice. The rows of such slices, which all have the same start date, are therefore merged.
   */
  #byDate(slice: Slice): Slice[] | undefined {
    const { table } = this.#plan;
    const { search, merge } = slice;
    const { ingestionDays: { from, to } } = this.#table;
    const slices = splitRequest(this.#table, search, dayOf(this.#options.now), this.#hasIngestionDays);
    if (slices === undefined) return undefined;
    const isByIngestion = slices.some((one) => one[from] !== search[from] || one[to] !== search[to]);
    // Only for science files, the SDC sends just the newest major version.
    const hasNewest = table === "science" && search.major_version === undefined;
    const merged = isByIngestion && hasNewest ? merge ?? [] : merge;
    return slices.map((one) => {
      const survey = slice.survey === undefined ? undefined : { newest: undefined };
      const whole = isByIngestion ? slice.whole ?? slice : undefined;
      return slice.derive(one, { survey, merge: merged, problem: undefined, whole });
    });
  }

  #healthFor(slice: Slice): Promise<Health> {
    const key = JSON.stringify(this.#filtersOf(slice.search).map((name) => slice.search[name]));
    const known = this.#health.get(key);
    if (known !== undefined) return known;
    const health = this.#examine(slice).then((health) => {
      if (health === "dead") this.#health.delete(key);
      return health;
    });
    this.#health.set(key, health);
    return health;
  }

  /**
   * Finds out why a request has failed: its response is too large, the server is down, or its database fails for one of
   * the conditions, as those of 2024 did for a word that they did not know. In the last case, two attempts fail, and so
   * do small requests, but only those with the condition.
   */
  async #examine({ search, tries }: Slice): Promise<Health> {
    const filters = this.#filtersOf(search);
    if (tries === 2 && filters.length > 0) {
      if (!await this.#answersSmall(without(search, filters))) return "dead";
      if (await this.#answersSmall(search)) return "alive";
      const guilty: string[] = [];
      for (const name of filters.length === 1 ? [] : filters) {
        if (await this.#answersSmall(without(search, [name]))) guilty.push(name);
      }
      return guilty.length === 0 ? { names: filters, joint: " or " } : { names: guilty, joint: " with " };
    }
    return await this.#answersSmall(search) ? "alive" : "dead";
  }

  /** The parameters of a request that compare values, other than days. */
  #filtersOf(search: WireQuery): readonly string[] {
    const { always, days, ingestionDays } = this.#table;
    const others = [days.from, days.to, ingestionDays.from, ingestionDays.to, ...Object.keys(always), ...NO_FILTERS];
    return Object.keys(search).filter((name) => !others.includes(name));
  }

  /**
   * Whether the server responds to a similar request without results, which distinguishes a large response from a
   * broken server.
   */
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

// Conditions that the SDC cannot answer, and advice on them.

/** Conditions for which the server fails, by parameter. */
interface FailingCondition {
  readonly names: readonly string[];
  /** `with` if the server fails for all of them together, `or` if it is not known for which. */
  readonly joint: " with " | " or ";
}

/** The state of the server, as small requests show it. */
type Health = "alive" | "dead" | FailingCondition;

/** Parameters of requests that do not compare a value of the caller. */
const NO_FILTERS: readonly string[] = ["table", "latest", "major_version", "limit", "offset"];

function without(search: WireQuery, names: readonly string[]): WireQuery {
  return Object.fromEntries(Object.entries(search).filter(([name]) => !names.includes(name)));
}

/** Whether requests for a table may contain a parameter, in today's dialect. */
function hasParameter(table: TableName, name: string): boolean {
  const { parameters }: SdcTable = SDC_TABLES[table];
  return Object.hasOwn(parameters, name);
}

/** Parameters that make a response smaller, besides days; the most effective ones first. */
const FILTERS: readonly QueryParameterName[] = ["instrument", "data_level", "descriptor", "type"];

/** The advice if it is unknown whether a response was too large. */
const PERHAPS = "; a response of over 6 MB (about 15,000 files) fails the same way: ask for less, for instance by date";

/**
 * Creates the error for a request with a condition for which the server fails. The other values of a list do not count
 * without it: the server may have files of that value, after all.
 */
function failsFor({ names, joint }: FailingCondition, search: WireQuery, cause: ImapError): ImapError {
  const conditions = names.map((name) => `${name} "${search[name]}"`).join(joint);
  const advice =
    `; it fails for ${conditions}, and responds without: its database may not know the value; leave it out`;
  return withAdvice(cause, advice, false);
}

/**
 * Creates the error for a request whose response may be too large: the server does not respond to small requests
 * either.
 */
function perhapsTooLarge(cause: ImapError): ImapError {
  return withAdvice(cause, PERHAPS, true);
}

/** `20260131`, or `20260101 to 20260131`; empty where there is no bound. */
function shownSpan(first: string | undefined, last: string | undefined): string {
  if (first === last) return first ?? "";
  return `${first ?? "the first"} to ${last ?? "the last"}`;
}

/**
 * Creates the error for a request whose response is too large and that cannot be split: a retry would not help. It
 * names the request's day, and further parameters that would make the response smaller.
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
 * Requests all rows of a plan and yields them as they are received, each once. The rows are in the order of the plan's
 * requests, and sorted by path within each; if a response was too large, they are in the order of its slices, older
 * days first. At most {@linkcode MAX_CONCURRENT} requests wait for a response at a time.
 *
 * @throws {ConnectionError} When no complete response is received. {ResponseError} When the server rejects a request.
 *   {ProtocolError} When a response does not follow the SDC's protocol.
 */
export function queryRows(
  transport: Transport,
  plan: QueryPlan,
  options: QueryRowsOptions,
): AsyncGenerator<FileRecord[], void> {
  return new QueryRun(transport, plan, options).rows();
}

// The rows of a response, read as it arrives.

/** Thrown for a text that is not a JSON array. */
export class NoJsonArray extends Error {
  override readonly name = "NoJsonArray";
}

/** The maximum length of a row, in characters. */
const MAX_VALUE_LENGTH = 512 * 1024;
/** Chunks shorter than this are scanned character by character, which is fast enough. */
const MIN_FAST_LENGTH = 4 * 1024;

const code = (character: string): number => character.charCodeAt(0);
const [QUOTE, BACKSLASH, COMMA] = [code('"'), code("\\"), code(",")];
const [ARRAY, ARRAY_END, OBJECT, OBJECT_END] = [code("["), code("]"), code("{"), code("}")];

/**
 * Parses a JSON array while it is received: each value is returned as soon as it is complete. A response of any length
 * takes little memory, and its first rows are available before the last ones arrive.
 */
export class JsonArrayReader {
  /** The text received so far, without the values that were returned. */
  #text = "";
  /** The start of the first value in it. */
  #start = 0;
  /** The position up to which it has been scanned. */
  #at = 0;
  /** The number of open brackets: 1 between the array's values. */
  #depth = 0;
  #inString = false;
  #isBehindComma = false;
  #isDone = false;
  /** Whether the values seem to be flat objects, so that the text can be cut after a `}`. */
  #isFlat = true;

  /** Whether the array's end has been received. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /**
   * Adds the next chunk of the text.
   *
   * @returns The values that it completes.
   * @throws {NoJsonArray} When the text is not an array. {SyntaxError} When a value is not JSON.
   */
  push(chunk: string): unknown[] {
    const isLong = this.#isFlat && this.#depth > 0 && chunk.length >= MIN_FAST_LENGTH;
    const values = isLong ? this.#cut(chunk) : undefined;
    if (values === undefined) {
      this.#text += chunk;
      return this.#scan();
    }
    // The rest is the start of a value, unless it ends the array.
    if (!this.#text.includes("]")) return values;
    const more = this.#scan();
    return more.length === 0 ? values : [...values, ...more];
  }

  /**
   * Takes all values up to the last `},` without scanning each character. JSON.parse accepts only a list of complete
   * values, so a cut within a string or a nested value is detected; then the scanner takes over.
   */
  #cut(chunk: string): unknown[] | undefined {
    const end = chunk.lastIndexOf("},");
    if (end < 0) return undefined;
    try {
      const values = parseList(this.#text.slice(this.#start), chunk.slice(0, end + 1));
      this.#text = chunk.slice(end + 2);
      [this.#start, this.#at, this.#depth, this.#inString, this.#isBehindComma] = [0, 0, 1, false, true];
      return values;
    } catch {
      this.#isFlat = false;
      return undefined;
    }
  }

  #scan(): unknown[] {
    const end = this.#isDone ? -1 : this.#findEnd();
    if (this.#isDone && this.#text.slice(this.#at).trim() !== "") throw new NoJsonArray("more follows the array");
    if (end < 0) {
      if (this.#text.length > MAX_VALUE_LENGTH) throw new NoJsonArray("a value is too long");
      return [];
    }
    const text = this.#text.slice(this.#start, end);
    // Without this check, whether a superfluous comma is accepted would depend on the boundaries of chunks.
    if (text.trim() === "" && (this.#isBehindComma || !this.#isDone)) throw new SyntaxError("a value is missing");
    this.#isBehindComma = !this.#isDone;
    const values = parseList(text);
    this.#text = this.#text.slice(end + 1);
    this.#at -= end + 1;
    this.#start = 0;
    return values;
  }

  /** Scans the new text. Returns the end of the last complete value, or -1. */
  #findEnd(): number {
    const text = this.#text;
    let end = -1;
    while (this.#at < text.length && !this.#isDone) {
      if (this.#inString) {
        this.#inString = !this.#passString();
        continue;
      }
      const character = text.charCodeAt(this.#at++);
      if (this.#depth === 0) this.#open(character);
      else if (character === QUOTE) this.#inString = true;
      else if (character === ARRAY || character === OBJECT) this.#depth++;
      else if (character === ARRAY_END || character === OBJECT_END) this.#isDone = --this.#depth === 0;
      if (this.#isDone && character === OBJECT_END) throw new NoJsonArray("it is not an array");
      if (this.#isDone || (character === COMMA && this.#depth === 1)) end = this.#at - 1;
    }
    return end;
  }

  /** Only white space may precede the array. */
  #open(character: number): void {
    if (character === ARRAY) {
      this.#depth = 1;
      this.#start = this.#at;
    } else if (character > 0x20 && character !== 0xfeff) throw new NoJsonArray("it is not an array");
  }

  /** Skips the rest of a string. Returns whether its end has been received. */
  #passString(): boolean {
    const quote = this.#text.indexOf('"', this.#at);
    if (quote < 0) {
      this.#at = this.#text.length;
      return false;
    }
    this.#at = quote + 1;
    let backslashes = 0;
    while (this.#text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
    return backslashes % 2 === 0;
  }
}

/**
 * Parses the values of a list without its brackets. The two texts are joined only once, since copying long texts takes
 * time.
 */
function parseList(text: string, more = ""): unknown[] {
  const values = parseJson(`[${text}${more}]`);
  return Array.isArray(values) ? values : [];
}

/** The maximum length of a quoted response in a message. */
const MAX_START_LENGTH = 64 * 1024;
/**
 * The maximum size of a response, about 700,000 files. The SDC sends at most 6 MB; a longer response could exhaust the
 * memory.
 */
const MAX_RESPONSE_LENGTH = 256 * 1024 * 1024;

/**
 * The statuses with which a gateway responds if a response is too large or took too long, or its server is broken (SDC
 * protocol, "Gateway").
 */
const TOO_LARGE_OR_BROKEN: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** A response that was not received completely because it is too large, and has to be split. */
interface TooLarge {
  /** The error to report if it cannot be split. */
  readonly cause: ImapError;
  /** Whether the response is known to be too large. Otherwise the server may be broken. */
  readonly isCertain: boolean;
}

/** One request to a table. */
interface RowRequest {
  readonly table: TableName;
  readonly search: WireQuery;
  /** Called with the time of the server's clock before the rows of a response; what it throws ends the request. */
  readonly onServerTime?: ((time: Date) => void) | undefined;
}

/**
 * Called with each chunk of rows. The next chunk is read when the promise has resolved; none is read after it resolved
 * to `false`.
 */
type TakeRows = (rows: FileRecord[]) => boolean | Promise<boolean>;

/** Tells the time of the server's clock. If that ends the request, the connection is freed. */
async function noteServerTime(reply: Reply, onServerTime: RowRequest["onServerTime"]): Promise<void> {
  const time = onServerTime && serverTime(reply.headers);
  if (time === undefined) return;
  try {
    onServerTime?.(time);
  } catch (error) {
    await reply.discard();
    throw error;
  }
}

/**
 * Requests rows of a table, without retries (SDC protocol, `GET /query` and `GET /spice-query`), and passes them on as
 * they are received.
 *
 * @returns Undefined when all rows were received, or no more are needed. A {@linkcode TooLarge} for a response that is
 *   or may be too large: one that broke off, or has the status 413, 500, 502, 503, or 504.
 * @throws {ConnectionError} When there is no response. {ResponseError} When the server rejects the request.
 *   {ProtocolError} When the response does not follow the SDC's protocol.
 */
async function readRows(
  call: Call,
  { table, search, onServerTime }: RowRequest,
  take: TakeRows,
): Promise<TooLarge | undefined> {
  const reply = await call.getApi(call.apiUrl(queryTable(table).route, search));
  if (!reply.ok) {
    const cause = await reply.refusal();
    if (cause.status === 413) return { cause, isCertain: true };
    // A server that sends `Retry-After` is busy, not broken.
    if (TOO_LARGE_OR_BROKEN.has(cause.status) && cause.retryAfterMs === undefined) return { cause, isCertain: false };
    throw cause;
  }
  await noteServerTime(reply, onServerTime);
  const reader = new JsonArrayReader();
  const decoder = new TextDecoder();
  let start = "";
  let [length, count] = [0, 0];
  const unclean = new UncleanRows(call);
  const decode = (chunk: string): FileRecord[] => {
    try {
      return reader.push(chunk).map((value) => decodeRow(table, value, ++count));
    } catch (error) {
      if (error instanceof ProtocolError) throw unexpectedReply(reply, start, error.message);
      throw unexpectedReply(reply, start, isJson(start) ? "it is not an array of files" : "it is not JSON");
    }
  };
  try {
    for await (const bytes of reply.chunks()) {
      const chunk = decoder.decode(bytes, { stream: true });
      if (start.length < MAX_START_LENGTH) start += chunk.slice(0, MAX_START_LENGTH);
      length += chunk.length;
      if (length > MAX_RESPONSE_LENGTH) {
        throw unexpectedReply(reply, start, "it is larger than 256 MB; ask for less, for instance by date");
      }
      const rows = decode(chunk);
      unclean.look(chunk, rows, count);
      if (rows.length > 0 && !await take(rows)) return undefined;
    }
  } catch (error) {
    if (error instanceof BrokenBody) return { cause: error, isCertain: true };
    throw error;
  }
  decode(decoder.decode());
  if (reader.isDone) return undefined;
  if (start.trim() === "") throw unexpectedReply(reply, start, "it is not JSON");
  return { cause: unexpectedReply(reply, start, "it is not JSON, since it breaks off"), isCertain: true };
}

/** The character that a decoder writes in place of bytes that are not UTF-8. */
const REPLACED = "\ufffd";

/** Finds the first row with bytes that are not UTF-8, and reports it: one odd field does not make the whole response useless. */
class UncleanRows {
  readonly #call: Call;
  #isExpected = false;
  #isTold = false;

  constructor(call: Call) {
    this.#call = call;
  }

  /** @param count The number of rows so far, including `rows`. */
  look(chunk: string, rows: readonly FileRecord[], count: number): void {
    this.#isExpected ||= chunk.includes(REPLACED);
    if (!this.#isExpected || this.#isTold) return;
    const index = rows.findIndex((row) => JSON.stringify(row).includes(REPLACED));
    if (index < 0) return;
    this.#isTold = true;
    const row = count - rows.length + index + 1;
    const notice = `row ${row} of the response has bytes that are not UTF-8, which are replaced by ${REPLACED}`;
    this.#call.transport.log({ type: "notice", action: this.#call.action, notice });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
