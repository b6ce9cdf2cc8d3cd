import { type CatalogEntry, catalogEntry } from "./catalog_entry.ts";
import type { SkippedFile } from "./folders.ts";
import { isCanonicalPath } from "./object_store.ts";
import type { PostgresCatalog } from "./postgres_catalog.ts";
import { pause, type SqlRow } from "./postgres.ts";
import { HiddenObjectError, type ListedObject, type ObjectFacts, type S3Client } from "./s3.ts";
import { FileNameError, ImapError, ProtocolError } from "../errors.ts";

/**
 * SQL: now, in milliseconds since 1970. Only the database's clock counts, so that replicas with different clocks agree.
 */
const NOW = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)";

/** When an upload is looked for, and how often. All times are in milliseconds. */
export interface IndexerTimes {
  /** The wait after the URL was signed. Default: 100. */
  readonly firstWait: number;
  /** The longest wait between two looks. Default: 57 s. With 10,000 unused URLs it is a minute. */
  readonly longestWait: number;
  /** The wait after the end of a URL: the store's clock may differ from the database's. Default: 1 s. */
  readonly afterEnd: number;
  /** The wait for a transfer that began shortly before the end of its URL. Default: 1 hour. */
  readonly lastTransfer: number;
  /** The wait between two sweeps of the whole store. Default: one day. */
  readonly sweep: number;
  /** The wait after the first sweep of a process has failed; it doubles each time. Default: 5 s. */
  readonly failedSweep: number;
}

const DEFAULT_TIMES: IndexerTimes = {
  firstWait: 100,
  longestWait: 57_000,
  afterEnd: 1_000,
  lastTransfer: 3_600_000,
  sweep: 86_400_000,
  failedSweep: 5_000,
};

/** Each wait is this many times as long as the one before: an upload that took some time is listed after at most a third of it. */
const WAIT_FACTOR = 1.3;

/**
 * How many looks for objects that are not there all replicas together may make in a second, and how many may be saved up. It is
 * at most 200 in any second, even if two busy replicas send late what they have taken.
 */
const LOOKS_PER_SECOND = 170;
const MAX_SAVED_LOOKS = 10;

/**
 * SQL: takes uploads to look for, at most as many as the common budget allows, and says when the next one is due. Half of
 * them are those whose URLs were signed last: many URLs that nobody uses must not delay the others. The next try is set at
 * once, so that it does not depend on this process. The values are the times.
 */
const CLAIM = `
  WITH clock AS MATERIALIZED (SELECT ${NOW} AS now),
  saved AS MATERIALIZED (SELECT tokens, at FROM head_budget FOR UPDATE),
  budget AS MATERIALIZED (
    SELECT least(${MAX_SAVED_LOOKS}, tokens + greatest(0, now - at) * ${LOOKS_PER_SECOND / 1000}) AS tokens
    FROM saved, clock
  ),
  fresh AS (
    SELECT file_path FROM pending WHERE is_found = 0 AND next_try <= (SELECT now FROM clock) ORDER BY signed DESC
    LIMIT (SELECT CAST(ceil(floor(tokens) / 2) AS integer) FROM budget) FOR UPDATE SKIP LOCKED
  ),
  oldest AS (
    SELECT file_path FROM pending WHERE next_try <= (SELECT now FROM clock) ORDER BY next_try
    LIMIT (SELECT CAST(floor(floor(tokens) / 2) AS integer) FROM budget) FOR UPDATE SKIP LOCKED
  ),
  claimed AS (
    UPDATE pending SET tries = tries + 1,
      next_try = now + CAST(least(CAST(? AS float8), CAST(? AS float8) * power(${WAIT_FACTOR}, least(tries + 1, 50))) AS bigint)
    FROM clock WHERE file_path IN (SELECT file_path FROM fresh UNION SELECT file_path FROM oldest)
    RETURNING file_path, expires
  ),
  spent AS (
    UPDATE head_budget SET tokens = budget.tokens - (SELECT count(*) FROM claimed), at = greatest(at, now)
    FROM budget, clock WHERE EXISTS (SELECT FROM claimed)
  )
  SELECT now, (SELECT min(next_try) FROM pending WHERE next_try > now) AS next,
    (SELECT EXISTS (SELECT FROM pending WHERE next_try <= now)) AS is_due, file_path, expires
  FROM clock LEFT JOIN claimed ON true`;

/** SQL: gives looks back to the budget: those that have found an object do not count. */
const GIVE_BACK = `UPDATE head_budget SET tokens = least(${MAX_SAVED_LOOKS}, tokens + CAST(? AS float8))`;

// JSON is cast from a text: otherwise the package would encode it once more.

/** SQL: a URL was signed: its upload is looked for from now on. The values are the path, the lifetime, and the first wait. */
const EXPECT = `
  INSERT INTO pending (file_path, signed, expires, next_try, tries, is_found)
  SELECT ?, now, now + CAST(? AS bigint), now + CAST(? AS bigint), 0, 0 FROM (SELECT ${NOW} AS now) AS clock
  ON CONFLICT (file_path) DO UPDATE SET signed = excluded.signed, expires = greatest(pending.expires, excluded.expires),
    next_try = least(pending.next_try, excluded.next_try), tries = 0, is_found = 0`;

/**
 * SQL: somebody says that objects have changed: they are looked for now, and no more later if there is no URL for them. The
 * values are how long ago a URL would have ended, and a JSON array of paths.
 */
const WAKE = `
  INSERT INTO pending (file_path, signed, expires, next_try, tries, is_found)
  SELECT path, now, now - CAST(? AS bigint), now, 0, 0 FROM (SELECT ${NOW} AS now) AS clock,
    json_array_elements_text(CAST(CAST(? AS text) AS json)) AS paths (path)
  ON CONFLICT (file_path) DO UPDATE SET next_try = least(pending.next_try, excluded.next_try)`;

/** SQL: sets when to look again, unless another URL was signed in the meantime. The value is a JSON array. */
const LOOK_AGAIN = `
  UPDATE pending SET next_try = plan.next_try, is_found = plan.is_found FROM
    json_to_recordset(CAST(CAST(? AS text) AS json)) AS plan (file_path text, expires bigint, next_try bigint, is_found integer)
  WHERE pending.file_path = plan.file_path AND pending.expires = plan.expires`;

/** SQL: forgets uploads, unless another URL was signed in the meantime. The value is a JSON array. */
const FORGET = `
  DELETE FROM pending USING json_to_recordset(CAST(CAST(? AS text) AS json)) AS plan (file_path text, expires bigint)
  WHERE pending.file_path = plan.file_path AND pending.expires = plan.expires`;

/** SQL: the rows of files, from a JSON array of their paths. */
const ROWS = `SELECT file_path, size, mtime, md5, etag, ingestion_date FROM files
  WHERE file_path IN (SELECT json_array_elements_text(CAST(CAST(? AS text) AS json)))`;

/**
 * SQL: the differences between a page of a list and the rows in the same range of paths. The values are the page as JSON, the
 * path before it, and its last path.
 */
const DIFFERENCES = (hasEnd: boolean) => `
  SELECT listed.path, files.file_path FROM
    json_to_recordset(CAST(CAST(? AS text) AS json)) AS listed (path text, size bigint, mtime bigint, etag text)
    FULL JOIN (SELECT file_path, size, mtime, etag FROM files WHERE file_path > ?${hasEnd ? " AND file_path <= ?" : ""})
      AS files ON files.file_path = listed.path COLLATE "C"
  WHERE files.file_path IS NULL OR listed.path IS NULL OR files.size <> listed.size
    OR files.mtime / 1000 <> listed.mtime / 1000
    OR files.etag IS DISTINCT FROM listed.etag`;

/** The row of a file in an archive whose objects are in a store. */
export interface StoredEntry extends CatalogEntry {
  /** The ETag that the object had, without quotes; null if it had none. */
  readonly etag: string | null;
}

/** An upload that was taken to look for. */
interface Claim {
  readonly path: string;
  /** When its URL ends. */
  readonly expires: number;
  /** When it was taken. */
  readonly now: number;
}

/** The result of looking for an upload. */
interface ClaimedLook {
  readonly claim: Claim;
  /** Null if there is no such object; undefined if the store did not say. */
  readonly facts?: ObjectFacts | null;
}

/** The result of looking for uploads. */
interface Look {
  readonly path: string;
  /** Undefined if there is no such object. */
  readonly facts: ObjectFacts | undefined;
  /** Whether a new file is released. Default: as for its kind at the SDC. */
  readonly isReleased?: boolean | undefined;
}

/** The result of a sweep. */
export interface SweepReport {
  /** The number of objects in the store. */
  readonly objects: number;
  /** The number of files that were added to the catalog, updated in it, and removed from it. */
  readonly added: number;
  readonly updated: number;
  readonly removed: number;
  /** Objects that are not files of the SDC, which no sweep of this process has reported before; not more than a limit. */
  readonly skipped: readonly SkippedFile[];
}

/** The options of an {@linkcode Indexer}. */
export interface IndexerOptions {
  readonly catalog: PostgresCatalog;
  readonly client: S3Client;
  /** Whether the files that the first sweep of all finds are released. Default: true. */
  readonly releasesFoundFiles?: boolean | undefined;
  /** The clock, for the ingestion date of files. Default: the database's. */
  readonly now?: (() => Date) | undefined;
  readonly times?: Partial<IndexerTimes> | undefined;
  /** Called with each failure; the work continues. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** How many groups of uploads are looked for at the same time. */
const MAX_GROUPS = 4;
/** The longest time without asking for uploads that other replicas have left. */
const MAX_IDLE_MS = 500;
/** The wait for a budget that is spent. */
const SPENT_MS = 30;
/** The wait after a failure of the database or the store. */
const FAILURE_MS = 500;
/** The longest wait between two times that it is asked whether a sweep is due. */
const MAX_SWEEP_WAIT_MS = 3_600_000;
/** How long the same failure is not reported again. */
const REPORT_MS = 60_000;
/** How many objects are asked for at the same time. */
const MAX_REQUESTS = 16;
/** If more rows than this, and most of all, have no object, the store may be the wrong one. */
const MIN_DOUBTFUL = 10;
/** How many names that do not follow the convention are kept and reported. */
const MAX_SKIPPED = 1_000;
/** The maximum number of rows that are written at once. */
const MAX_ROWS = 1_000;
/** How many objects of an event are looked for. */
const MAX_EVENT_KEYS = 1_000;

/**
 * Keeps the catalog in accord with the store, together with the indexers of other replicas. An upload goes directly to the
 * store, so each signed URL is recorded in the database, and its object is looked for: soon at first, then less and less often, and
 * once more after the URL has ended, since its bytes may be replaced until then. A sweep compares the whole store with the
 * catalog. A process that ends at any moment loses nothing.
 */
export class Indexer {
  readonly #options: IndexerOptions;
  readonly #times: IndexerTimes;
  readonly #closing = new AbortController();
  readonly #alarm = new Alarm();
  /** Uploads that this process is looking for. */
  readonly #underWay = new Set<string>();
  /** Looks that callers wait for, by path. */
  readonly #checks = new Map<string, Promise<boolean>>();
  readonly #groups = new Set<Promise<void>>();
  readonly #skipped = new Set<string>();
  /** The last failure that was reported. */
  #reported: { readonly text: string; readonly at: number } | undefined;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: IndexerOptions) {
    this.#options = options;
    this.#times = { ...DEFAULT_TIMES, ...options.times };
  }

  /**
   * Starts to look for uploads, and to sweep.
   *
   * @param onSweep Called after each sweep.
   */
  start(onSweep: (report: SweepReport) => void = () => {}): void {
    this.#loops = Promise.all([this.#lookForUploads(), this.#sweepAgainAndAgain(onSweep)]);
  }

  /** Stops. The catalog is no longer used when this returns. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#alarm.ring();
    await this.#loops;
    await Promise.all(this.#groups);
  }

  /**
   * Notes that an object may be uploaded. This must be done before the caller gets the URL.
   *
   * @param lifetimeSeconds The lifetime of the URL.
   */
  async expect(path: string, lifetimeSeconds: number): Promise<void> {
    const { firstWait } = this.#times;
    await this.#database.rows(EXPECT, [path, Math.ceil(lifetimeSeconds * 1000), firstWait]);
    this.#alarm.set(firstWait);
  }

  /**
   * Looks for an object that is not listed, and lists it.
   *
   * @returns Whether it exists.
   */
  async check(path: string): Promise<boolean> {
    const begun = this.#checks.get(path);
    // A look that has already begun may have missed an upload that has just ended. All who waited for it share the next one.
    if (begun !== undefined && await begun) return true;
    const known = this.#checks.get(path);
    if (known !== undefined) return await known;
    const checking = this.#check(path).finally(() => {
      if (this.#checks.get(path) === checking) this.#checks.delete(path);
    });
    this.#checks.set(path, checking);
    return await checking;
  }

  async #check(path: string): Promise<boolean> {
    // Callers give up after half a minute.
    const facts = await this.#options.client.head(path, { retries: 1 });
    if (facts !== undefined) await writeLooks(this.#options, [{ path, facts }]);
    return facts !== undefined;
  }

  /** Lists an object that this archive has stored itself. */
  async list(path: string, isReleased: boolean | undefined): Promise<ObjectFacts | undefined> {
    const facts = await this.#options.client.head(path);
    if (facts !== undefined) await writeLooks(this.#options, [{ path, facts, isReleased }]);
    return facts;
  }

  /**
   * Looks for objects at once, because a store has sent an event. The event is only a hint: whoever sends it can make the
   * archive look, and nothing else.
   *
   * @param event JSON as S3 and stores like it send it; anything else is ignored.
   */
  async wake(event: unknown): Promise<void> {
    const { client } = this.#options;
    const paths = keysOf(event).map((key) => client.pathOf(key)).filter((path) => path !== undefined);
    const known = [...new Set(paths)].filter(isCanonicalPath);
    if (known.length > 0) {
      await this.#database.rows(WAKE, [this.#times.lastTransfer + this.#times.afterEnd, JSON.stringify(known)]);
    }
    this.#alarm.ring();
  }

  /**
   * Sweeps the store before the archive is served for the first time; otherwise there is nothing to wait for. Another replica
   * may do it.
   *
   * @returns The report; undefined if the store has been swept before, or by another replica.
   */
  async sweepFirst(signal?: AbortSignal): Promise<SweepReport | undefined> {
    for (;;) {
      signal?.throwIfAborted();
      const [state] = await this.#database.rows("SELECT last_sweep FROM state");
      if (state?.last_sweep !== null) return undefined;
      const report = await this.sweep({ isFirst: true, ...(signal && { signal }) });
      if (report !== undefined) return report;
      await pause(FAILURE_MS, this.#closing.signal);
    }
  }

  /**
   * Compares the whole store with the catalog, and updates the catalog. Rows are removed only after the list is complete, and the
   * store has said for each of them that it has no such object.
   *
   * @returns Undefined if another process is doing it.
   * @throws {ImapError} When the store or the database fails. What was added until then is right, and nothing is removed.
   */
  async sweep(
    options: { readonly isFirst?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<SweepReport | undefined> {
    return await this.#database.exclusively("sweep", async () => {
      const [state] = await this.#database.rows("SELECT last_sweep FROM state");
      if (options.isFirst && state?.last_sweep !== null) return undefined;
      const sweep = new Sweep(this.#options, { ...options, reported: this.#skipped });
      const report = await sweep.run();
      await this.#database.rows(`UPDATE state SET last_sweep = ${NOW}`);
      return report;
    });
  }

  get #database(): PostgresCatalog["database"] {
    return this.#options.catalog.database;
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #lookForUploads(): Promise<void> {
    while (!this.#isClosed) {
      try {
        const { claims, waitMs } = await this.#claim();
        const group = this.#lookFor(claims.filter(({ path }) => !this.#underWay.has(path))).catch((error) =>
          this.#report(error)
        ).finally(() => this.#groups.delete(group));
        this.#groups.add(group);
        if (this.#groups.size >= MAX_GROUPS) await Promise.race(this.#groups);
        else if (claims.length === 0) await this.#alarm.wait(waitMs);
      } catch (error) {
        this.#report(error);
        await pause(FAILURE_MS, this.#closing.signal);
      }
    }
  }

  /** Reports a failure, unless it has just been reported: while a server is away, every look fails. */
  #report(error: unknown): void {
    // Each failure may name another file, so the reasons are compared.
    const text = error instanceof ImapError ? error.reason : String(error);
    const now = performance.now();
    if (this.#isClosed || (this.#reported?.text === text && now < this.#reported.at + REPORT_MS)) return;
    this.#reported = { text, at: now };
    this.#options.onError?.(error);
  }

  /** Takes uploads to look for. */
  async #claim(): Promise<{ readonly claims: readonly Claim[]; readonly waitMs: number }> {
    const { longestWait, firstWait } = this.#times;
    const rows = await this.#database.rows(CLAIM, [longestWait, firstWait]);
    const [first] = rows;
    const now = Number(first?.now);
    const claims = rows.flatMap(({ file_path, expires }) =>
      typeof file_path === "string" ? [{ path: file_path, expires: Number(expires), now }] : []
    );
    const next = first?.next === null ? Infinity : Number(first?.next) - now;
    return { claims, waitMs: first?.is_due === 1 ? SPENT_MS : Math.min(next, MAX_IDLE_MS) };
  }

  /** Looks for uploads, lists those that are there, and decides when to look again. */
  async #lookFor(claims: readonly Claim[]): Promise<void> {
    if (claims.length === 0) return;
    for (const { path } of claims) this.#underWay.add(path);
    try {
      const failures: unknown[] = [];
      const looks = await inParallel(claims, async (claim): Promise<ClaimedLook> => {
        try {
          const facts = await this.#options.client.head(claim.path, { signal: this.#closing.signal, retries: 0 });
          return { claim, facts: facts ?? null };
        } catch (error) {
          failures.push(error);
          return { claim };
        }
      });
      if (this.#isClosed) return;
      await writeLooks(
        this.#options,
        looks.flatMap(({ claim: { path }, facts }) => facts === undefined ? [] : [{ path, facts: facts ?? undefined }]),
        this.#closing.signal,
      );
      await this.#planNext(looks);
      // One of them says what is wrong.
      if (failures.length > 0) throw failures[0];
    } finally {
      for (const { path } of claims) this.#underWay.delete(path);
    }
  }

  /** Decides when uploads are looked for again. */
  async #planNext(looks: readonly ClaimedLook[]): Promise<void> {
    const { afterEnd, lastTransfer } = this.#times;
    const again: { file_path: string; expires: number; next_try: number; is_found: number }[] = [];
    const done: { file_path: string; expires: number }[] = [];
    let found = 0;
    for (const { claim: { path, expires, now }, facts } of looks) {
      const plan = (next_try: number) => again.push({ file_path: path, expires, next_try, is_found: facts ? 1 : 0 });
      const end = expires + afterEnd;
      if (facts) found++;
      if (facts === undefined) plan(now + FAILURE_MS);
      else if (now >= Math.max(end, expires + lastTransfer)) done.push({ file_path: path, expires });
      else if (facts !== null) plan(now < end ? end : expires + lastTransfer);
    }
    if (found + again.length + done.length === 0) return;
    await this.#database.transaction([
      ...(found === 0 ? [] : [{ sql: GIVE_BACK, values: [String(found)] }]),
      ...(again.length === 0 ? [] : [{ sql: LOOK_AGAIN, values: [JSON.stringify(again)] }]),
      ...(done.length === 0 ? [] : [{ sql: FORGET, values: [JSON.stringify(done)] }]),
    ]);
  }

  /** Sweeps at the start, and then daily, whichever replica does it. */
  async #sweepAgainAndAgain(onSweep: (report: SweepReport) => void): Promise<void> {
    const longest = Math.min(this.#times.sweep / 10, MAX_SWEEP_WAIT_MS);
    let isFirst = true;
    let wait = 0;
    while (!this.#isClosed) {
      try {
        const [state] = await this.#database.rows(`SELECT ${NOW} - last_sweep AS age FROM state`);
        const age = state?.age === null ? Infinity : Number(state?.age);
        if (isFirst || age >= this.#times.sweep) {
          const report = await this.sweep({ signal: this.#closing.signal });
          if (report !== undefined) onSweep(report);
        }
        isFirst = false;
        wait = longest;
      } catch (error) {
        this.#report(error);
        // The failure may last, and each attempt may list the whole store.
        wait = Math.min(isFirst ? Math.max(wait * 2, this.#times.failedSweep) : longest, longest);
      }
      await pause(wait, this.#closing.signal);
    }
  }
}

/** Ends a wait at the earliest of several times. */
class Alarm {
  #at = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onTime: (() => void) | undefined;

  /** Ends the wait, or the next one, after so many milliseconds, if it does not end before. */
  set(milliseconds: number): void {
    const at = performance.now() + milliseconds;
    if (at >= this.#at) return;
    this.#at = at;
    this.#start();
  }

  /** Ends the wait, or the next one, now. */
  ring(): void {
    this.set(0);
  }

  /** Waits for so many milliseconds at most. */
  async wait(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onTime = resolve;
    this.set(milliseconds);
    this.#start();
    await promise;
    clearTimeout(this.#timer);
    this.#onTime = undefined;
    this.#at = Infinity;
  }

  #start(): void {
    clearTimeout(this.#timer);
    if (this.#onTime === undefined) return;
    this.#timer = setTimeout(this.#onTime, Math.max(0, this.#at - performance.now()));
  }
}

/** Calls a function for each item, a few at a time. @returns The results, in order. */
async function inParallel<Thing, Result>(
  things: readonly Thing[],
  act: (thing: Thing) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = things.entries();
  const workers = Array.from({ length: Math.min(MAX_REQUESTS, things.length) }, async () => {
    for (const [index, thing] of left) results[index] = await act(thing);
  });
  await Promise.all(workers);
  return results;
}

/** Returns the keys in an event of S3, or of Amazon EventBridge; none if it is something else. */
function keysOf(event: unknown): string[] {
  if (!isObject(event)) return [];
  if (isObject(event.detail)) return keyOf(event.detail);
  const records = Array.isArray(event.Records) ? event.Records.slice(0, MAX_EVENT_KEYS) : [];
  return records.flatMap((record: unknown) => isObject(record) ? keyOf(record.s3) : []);
}

/** Returns the key of the object in a part of an event. */
function keyOf(part: unknown): string[] {
  const object = isObject(part) ? part.object : undefined;
  const key = isObject(object) ? object.key : undefined;
  if (typeof key !== "string") return [];
  // S3 encodes keys, others do not. Keys of the archive have no character that needs it.
  try {
    return [decodeURIComponent(key.replaceAll("+", "%20"))];
  } catch {
    return [key];
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

type WriteOptions = Pick<IndexerOptions, "catalog" | "client" | "now">;

/**
 * Returns the date of ingestion of files that arrive now. It is the database's, since callers ask for what arrived after a
 * moment: those of all replicas must be in order.
 */
async function timeOf({ catalog, now }: Pick<WriteOptions, "catalog" | "now">): Promise<Date> {
  if (now !== undefined) return now();
  const [row] = await catalog.database.rows(`SELECT ${NOW} AS now`);
  return new Date(Number(row?.now));
}

/**
 * Makes the rows of files agree with their objects. A row whose object is as it says stays as it is.
 *
 * @returns How many rows were written and removed.
 */
async function writeLooks(
  options: WriteOptions,
  looks: readonly Look[],
  signal?: AbortSignal,
): Promise<{ readonly updated: number; readonly removed: number }> {
  if (looks.length === 0) return { updated: 0, removed: 0 };
  const { catalog, client } = options;
  const known = new Map<unknown, SqlRow>();
  const paths = looks.map(({ path }) => path);
  for (const row of await catalog.database.rows(ROWS, [JSON.stringify(paths)])) known.set(row.file_path, row);
  const ingested = await timeOf(options);
  const changed: StoredEntry[] = [];
  const missing: string[] = [];
  for (const { path, facts, isReleased } of looks) {
    const row = known.get(path);
    if (facts === undefined) {
      if (row !== undefined) missing.push(path);
    } else {
      const entry = changedEntry(path, facts, row, { now: ingested, isReleased });
      if (entry !== undefined) changed.push(entry);
    }
  }
  // A response to HEAD does not say whether the object or the whole bucket is missing.
  const gone = (await inParallel(missing, async (path) => await client.isMissing(path, signal) ? [path] : [])).flat();
  await catalog.update({ changed, gone });
  return { updated: changed.length, removed: gone.length };
}

/**
 * Returns the row of a file that has changed; undefined if it has not. Other bytes count as a new file, except for its
 * release state, which the catalog keeps.
 *
 * A store gives times in whole seconds. A file of the same size and second with another ETag gets the next millisecond, so
 * that what is remembered about a file of some size and time, such as its times of HAPI, is never taken for that of another.
 */
function changedEntry(
  path: string,
  facts: ObjectFacts,
  row: SqlRow | undefined,
  { now, isReleased }: { readonly now: Date; readonly isReleased: boolean | undefined },
): StoredEntry | undefined {
  const { size, mtime, md5 = null } = facts;
  const etag = facts.etag === "" ? null : facts.etag;
  const before = Number(row?.mtime);
  const isSameSecond = row !== undefined && Math.floor(before / 1000) * 1000 === mtime;
  const isSame = row !== undefined && row.size === size && row.etag === etag && (etag !== null || isSameSecond);
  if (isSame && isSameSecond && (md5 === null || row.md5 === md5)) return undefined;
  const time = !isSameSecond ? mtime : isSame ? before : before + 1;
  const ingested = isSame ? new Date(`${String(row.ingestion_date).replace(" ", "T")}Z`) : now;
  const known = isSame && typeof row.md5 === "string" ? row.md5 : null;
  return { ...catalogEntry(nameOf(path), { size, mtime: time, md5: md5 ?? known, ingested, isReleased }), etag };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

const HIDDEN = "the store does not show it; is it encrypted with a key of its own (SSE-C)?";

/** The paths of the archive. */
const PLAIN = /^[\x20-\x7e]+$/;

/** One comparison of the whole store with the catalog. */
class Sweep {
  readonly #options: IndexerOptions;
  readonly #isFirst: boolean;
  readonly #signal: AbortSignal | undefined;
  /** The names that were reported before. */
  readonly #reported: Set<string>;
  readonly #skipped: SkippedFile[] = [];
  readonly #missing: string[] = [];
  #counts = { objects: 0, added: 0, updated: 0, removed: 0 };
  /**
   * Whether the ETags of a page are MD5s, which a list does not say: those of objects that the store encrypts are not. The
   * first object of a page is enough, since the setting of a bucket rarely changes.
   */
  #hasMd5: boolean | undefined;

  constructor(
    options: IndexerOptions,
    { isFirst = false, signal, reported }: {
      readonly isFirst?: boolean;
      readonly signal?: AbortSignal;
      readonly reported: Set<string>;
    },
  ) {
    this.#options = options;
    this.#isFirst = isFirst;
    this.#signal = signal;
    this.#reported = reported;
  }

  async run(): Promise<SweepReport> {
    const known = await this.#options.catalog.size();
    const pages = this.#options.client.list(this.#signal);
    // The next page is read while this one is compared.
    let reading = pages.next();
    let from = "";
    for (let page = await reading; !page.done; page = await reading) {
      reading = pages.next();
      reading.catch(() => {}); // It is awaited below.
      from = await this.#compare(page.value, from, false);
    }
    await this.#compare([], from, true);
    this.#checkStore(known);
    // The list is complete. Files that arrived after their page was read are still there.
    for (let at = 0; at < this.#missing.length; at += MAX_ROWS) {
      const looks = this.#missing.slice(at, at + MAX_ROWS).map((path) => ({ path, facts: undefined }));
      this.#signal?.throwIfAborted();
      const { removed } = await writeLooks(this.#options, looks, this.#signal);
      this.#counts.removed += removed;
    }
    return { ...this.#counts, skipped: this.#skipped };
  }

  /**
   * Checks that this may be the store that the catalog is about: otherwise a wrong bucket or prefix would remove all rows, with the
   * release states that nothing else knows.
   *
   * @param files The number of files in the catalog when the sweep began.
   */
  #checkStore(files: number): void {
    const { client } = this.#options;
    const gone = this.#missing.length;
    if (gone < MIN_DOUBTFUL || gone <= files / 2) return;
    throw new ImapError(
      `Cannot sweep "${client.name}": ${gone} of the ${files} files in the catalog are not there, and none of them was ` +
        "removed from the catalog; check the bucket and the prefix, or use an empty database if these files are really gone",
    );
  }

  /**
   * Compares a page with the rows in its range.
   *
   * @param from The last path of the page before.
   * @param isLast Whether its range has no end.
   * @returns The last path of this page.
   */
  async #compare(page: readonly ListedObject[], from: string, isLast: boolean): Promise<string> {
    const { catalog } = this.#options;
    this.#hasMd5 = undefined;
    // All paths of the archive consist of ASCII, whose order is the same everywhere.
    const plain = page.filter(({ path }) => PLAIN.test(path));
    for (const { path } of page) {
      // The object that marks the prefix as a folder has no path.
      if (path !== "" && !PLAIN.test(path)) this.#skip(path, "its name contains characters other than printable ASCII");
    }
    let to = from;
    for (const { path } of plain) {
      if (path <= to) throw new ProtocolError(`Cannot sweep "${this.#options.client.name}": its list is not in order`);
      to = path;
    }
    this.#counts.objects += page.length;
    const listed = JSON.stringify(
      plain.map((object) => ({ ...object, etag: object.etag === "" ? null : object.etag })),
    );
    const rows = await catalog.database.rows(DIFFERENCES(!isLast), isLast ? [listed, from] : [listed, from, to]);
    const objects = new Map(plain.map((object) => [object.path, object]));
    const added: StoredEntry[] = [];
    const changed: string[] = [];
    const ingested = this.#isFirst || rows.length === 0 ? undefined : await timeOf(this.#options);
    for (const { path, file_path } of rows) {
      const object = objects.get(String(path));
      if (object === undefined) this.#missing.push(String(file_path));
      else if (file_path !== null) changed.push(object.path);
      else {
        const entry = await this.#foundEntry(object, ingested);
        if (entry !== undefined) added.push(entry);
      }
    }
    await catalog.update({ changed: added, gone: [] });
    // The list may be older than what an indexer has just written, so these are looked at again.
    const looks = (await inParallel(changed, (path) => this.#look(path))).flat();
    const { updated, removed } = await writeLooks(this.#options, looks, this.#signal);
    this.#counts.added += added.length;
    this.#counts.updated += updated;
    this.#counts.removed += removed;
    return to;
  }

  /** Creates the row of an object that has none; undefined if it is not a file of the SDC. */
  async #foundEntry(object: ListedObject, ingested: Date | undefined): Promise<StoredEntry | undefined> {
    const { releasesFoundFiles = true, client } = this.#options;
    const { path, size, mtime } = object;
    try {
      // The files of the first sweep were ingested before this archive existed.
      const facts = { size, mtime, md5: null, ingested: ingested ?? new Date(mtime) };
      const isReleased = this.#isFirst ? releasesFoundFiles : undefined;
      if (path.endsWith("/")) return undefined;
      const entry = catalogEntry(nameOf(path), { ...facts, isReleased });
      if (entry.file_path !== path) return this.#skip(path, `its name belongs at ${entry.file_path}`);
      this.#hasMd5 ??= object.md5 !== undefined &&
        (await client.head(path, { signal: this.#signal }))?.md5 !== undefined;
      const md5 = this.#hasMd5 ? object.md5 ?? null : null;
      return { ...entry, md5, etag: object.etag === "" ? null : object.etag };
    } catch (error) {
      if (error instanceof HiddenObjectError) return this.#skip(path, HIDDEN);
      if (!(error instanceof FileNameError)) throw error;
      const fields = error.problems.map((problem) => problem.field).join(", ");
      return this.#skip(path, `not a name the archive knows: wrong ${fields}`);
    }
  }

  /** Looks for a file whose object has changed. */
  async #look(path: string): Promise<Look[]> {
    try {
      return [{ path, facts: await this.#options.client.head(path, { signal: this.#signal }) }];
    } catch (error) {
      if (!(error instanceof HiddenObjectError)) throw error;
      this.#skip(path, HIDDEN);
      return [];
    }
  }

  /** Reports a name once. */
  #skip(path: string, reason: string): undefined {
    if (this.#reported.has(path) || this.#reported.size >= MAX_SKIPPED) return;
    this.#reported.add(path);
    this.#skipped.push({ path, reason });
  }
}
