import type { CellCalls } from "./cell_call.ts";
import {
  CALL_KINDS,
  checkOptions,
  DEFAULT_CONCURRENCY,
  type Kind,
  KINDS,
  type KindsOf,
  type TransferOptions,
} from "./options.ts";
import { readyQuery } from "./query.ts";
import type { SyncReport } from "./sync_report.ts";
import type { Settings } from "../config.ts";
import { checkObject, FileError, ImapError, InputError, shown, wrongValue } from "../errors.ts";
import { Call } from "../http/call.ts";
import type { Transport } from "../http/transport.ts";
import type { DueFile, SyncChange, SyncResult } from "../mirror/sync.ts";
import { findNews, type SupersededChoice, type SyncedArchive, withoutVersion } from "../mirror/sync_plan.ts";
import { type SyncedQuery, SyncState } from "../mirror/sync_state.ts";
import { checkedConcurrency, checkedShard, isInShard, type Shard } from "../transfer/batch.ts";
import type { FileRecord, QueryParameters } from "../protocol/tables.ts";
import { checkQuery } from "../sdc/plan_query.ts";

/**
 * Options of {@linkcode sync}.
 *
 * @category Between runs
 */
export interface SyncOptions extends TransferOptions {
  /**
   * Whether to ask for all files of the query. Otherwise this happens in the first run, and when the last time was 7 days
   * ago; all other runs ask for what was ingested since the last run. Default: false.
   */
  full?: boolean | undefined;
  /** How much earlier than the last run the next one begins, in hours: clocks differ, and indexing takes time. Default: 48. */
  overlapHours?: number | undefined;
  /**
   * What to do with versions that a newer one replaces: `keep`, `move` (to `.imap-data-access/superseded` in the data
   * directory) or `remove`. With the last two, only the newest version of each file is fetched. Default: `keep`.
   */
  superseded?: SupersededChoice | undefined;
  /**
   * Whether files that the archive no longer has are removed. Not if these are more than 10 % of all files, unless
   * `force` is set. Default: false.
   */
  removeMissing?: boolean | undefined;
  /** Whether files that were changed here are fetched again, and more than 10 % of the files may be removed. Default: false. */
  force?: boolean | undefined;
  /** Whether to compare the bytes of all files here with the archive's: two requests for each. Default: false. */
  verify?: boolean | undefined;
  /** The shard of the files, if several machines divide them among themselves: all versions of a file are in one. */
  shard?: Shard | undefined;
  /**
   * Called for each new or redelivered file, one after another, once it is complete. If it throws, it is called again: up
   * to 3 times in a run, and in later runs. A file counts as handed over once the function has returned.
   */
  onFile?: ((file: NewFile) => void | Promise<void>) | undefined;
  /**
   * Returns the current time. Default: the clock of this machine.
   *
   * @ignore
   */
  now?: (() => Date) | undefined;
  /**
   * Waits, between two polls or tries. Default: a timer.
   *
   * @ignore
   */
  wait?: ((milliseconds: number, signal: AbortSignal | undefined) => Promise<void>) | undefined;
}

/**
 * A new or redelivered file of a {@linkcode sync} or a {@linkcode watch}.
 *
 * @category Between runs
 */
export type NewFile = DueFile;

/**
 * Options of {@linkcode watch}.
 *
 * @category Between runs
 */
export interface WatchOptions extends Omit<SyncOptions, "dryRun" | "onFile"> {
  /** The time between two polls, in milliseconds; at least 1,000. Default: 900,000, which is 15 minutes. */
  intervalMs?: number | undefined;
  /** Called with the report of each poll. */
  onReport?: ((report: SyncReport) => void) | undefined;
  /** Called when a poll fails, for instance without a network. The next one tries again. Default: the client's log. */
  onError?: ((error: Error) => void) | undefined;
}

const CHOICES: readonly SupersededChoice[] = ["keep", "move", "remove"];

const CHOICE_KIND: Kind = {
  expected: `one of ${CHOICES.join(", ")}`,
  accepts: (value) => CHOICES.some((choice) => choice === value),
  words: CHOICES,
};

const SYNC_KINDS: KindsOf<SyncOptions> = {
  ...CALL_KINDS,
  concurrency: KINDS.number,
  dryRun: KINDS.flag,
  progress: KINDS.flag,
  onProgress: KINDS.function,
  full: KINDS.flag,
  overlapHours: KINDS.number,
  superseded: CHOICE_KIND,
  removeMissing: KINDS.flag,
  force: KINDS.flag,
  verify: KINDS.flag,
  shard: KINDS.shard,
  onFile: KINDS.function,
  now: KINDS.clock,
  wait: KINDS.function,
};

const { dryRun: _dryRun, onFile: _onFile, ...POLL_KINDS } = SYNC_KINDS;
const WATCH_KINDS: KindsOf<WatchOptions> = {
  ...POLL_KINDS,
  intervalMs: KINDS.milliseconds,
  onReport: KINDS.function,
  onError: KINDS.function,
};

/** The default of `overlapHours`. */
export const DEFAULT_OVERLAP_HOURS = 48;
const MAX_OVERLAP_HOURS = 24 * 366;
const HOUR_MS = 60 * 60 * 1000;
/** All files are asked for when the last time is longer ago. */
const FULL_AFTER_MS = 7 * 24 * HOUR_MS;
const DEFAULT_INTERVAL_MS = 15 * 60 * 1000;
const MIN_INTERVAL_MS = 1_000;

/** The parameters for days of ingestion: sync chooses these days itself. */
const INGESTION = ["ingestion_start_date", "ingestion_end_date", "today", "days_ago"] as const;

/** The parts of the client that a sync needs. */
export interface SyncContext {
  readonly settings: Settings;
  readonly transport: Transport;
  readonly cell?: CellCalls | undefined;
  /** Whether nothing else runs in this process. Default: false. */
  readonly ownsProcess?: boolean;
}

/** A checked sync that can run. */
interface ReadySync {
  readonly parameters: QueryParameters;
  readonly options: SyncOptions;
  readonly shard: Shard | undefined;
  readonly table: string;
  readonly overlapHours: number;
}

/** Checks a sync; nothing is sent or written yet. @throws {InputError} */
function readySync(parameters: QueryParameters, options: SyncOptions): ReadySync {
  checkObject("sync by", parameters);
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  if (given.length === 0) {
    throw new InputError("Cannot sync: no filter is given, and the archive has millions of files");
  }
  for (const parameter of INGESTION) {
    if (parameters[parameter] === undefined) continue;
    throw wrongValue("sync by", {
      parameter,
      value: shown(parameters[parameter]),
      expected: "no days of ingestion: sync chooses them itself",
    });
  }
  const { overlapHours = DEFAULT_OVERLAP_HOURS, concurrency = DEFAULT_CONCURRENCY, shard } = options;
  if (!(overlapHours >= 0 && overlapHours <= MAX_OVERLAP_HOURS)) {
    throw wrongValue("sync with", {
      parameter: "overlapHours",
      value: String(overlapHours),
      expected: `a number of hours from 0 to ${MAX_OVERLAP_HOURS}`,
    });
  }
  checkedConcurrency(concurrency);
  const { table } = checkQuery(parameters, options.now?.(), { verb: "sync", except: INGESTION });
  return {
    parameters: { ...parameters },
    options,
    table,
    overlapHours,
    shard: shard === undefined ? undefined : checkedShard(shard),
  };
}

function queryOptions({ signal, now }: SyncOptions): { signal?: AbortSignal; now?: () => Date } {
  return { ...(signal === undefined ? {} : { signal }), ...(now === undefined ? {} : { now }) };
}

/** Writes a value of a parameter as text; the order of a list means nothing. */
function valueText(value: unknown): string {
  return Array.isArray(value) ? value.map(String).sort().join(",") : String(value);
}

/** Returns what the state belongs to: the same for all spellings of a query that are easily told. */
function syncedQuery({ parameters, shard, table }: ReadySync, { transport }: SyncContext): SyncedQuery {
  const entries = Object.entries({ ...parameters, table }).filter(([, value]) => value !== undefined);
  // With credentials, it has another path, and more files.
  const { origin, pathname } = new URL(transport.api.base);
  return {
    url: `${origin}${pathname}`,
    query: Object.fromEntries(entries.map(([name, value]) => [name, valueText(value)] as const).sort()),
    shard: shard === undefined ? "" : `${shard.part}/${shard.of}`,
  };
}

/** Which versions a sync wants. */
function versionsOf({ parameters, table, options }: ReadySync): "all" | "newest major" | "newest" {
  const { version, major_version, filename, file_path } = parameters;
  const isLatest = valueText(version ?? "").split(",").includes("latest");
  if (isLatest || (options.superseded ?? "keep") !== "keep") return "newest";
  const isChosen = [version, major_version, filename, file_path].some((value) => value !== undefined);
  return table === "science" && !isChosen ? "newest major" : "all";
}

/** Whether the days of a query move on with the time, such as `7d`. */
function isMoving(parameters: QueryParameters): boolean {
  const daysAt = (time: Date) => JSON.stringify([...checkQuery(parameters, time).days]);
  return daysAt(new Date(0)) !== daysAt(new Date(1000 * HOUR_MS));
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

/** Returns the newest time of ingestion; undefined if no row has one. */
function newestIngestion(rows: readonly FileRecord[]): Date | undefined {
  let newest = "";
  for (const { ingestion_date } of rows) if (ingestion_date && ingestion_date > newest) newest = ingestion_date;
  const time = Date.parse(`${newest.replace(" ", "T")}Z`);
  return Number.isNaN(time) ? undefined : new Date(time);
}

/** The archive, as one run uses it. */
class Archive implements SyncedArchive {
  readonly #sync: ReadySync;
  readonly #context: SyncContext;
  readonly #before: Date | undefined;

  /** @param before When the archive was asked the last time. */
  constructor(sync: ReadySync, context: SyncContext, before: Date | undefined) {
    [this.#sync, this.#context, this.#before] = [sync, context, before];
  }

  async list(from: string | undefined): Promise<Awaited<ReturnType<SyncedArchive["list"]>>> {
    const { parameters, options, shard } = this.#sync;
    let time: Date | undefined;
    // Of several responses the first one counts: files may be indexed in the meantime.
    const onServerTime = (serverTime: Date) => time ??= serverTime;
    const asked = from === undefined ? parameters : { ...parameters, ingestion_start_date: from };
    const rows = await readyQuery(asked, { ...queryOptions(options), onServerTime }).all(this.#context.transport);
    time ??= newestIngestion(rows) ?? this.#before ??
      new Date((options.now?.() ?? new Date()).getTime() - 24 * HOUR_MS);
    const files: Array<{ readonly path: string; readonly ingested: string }> = [];
    for (const { file_path: path, ingestion_date } of rows) {
      // All versions of a file are in one shard, so that a new one replaces the others.
      if (shard === undefined || isInShard(withoutVersion(path), shard)) {
        files.push({ path, ingested: ingestion_date ?? "" });
      }
    }
    return { files, from: from === undefined ? undefined : `${from} 00:00:00`, time };
  }

  async isSame(file: string, path: string): Promise<boolean> {
    const { transport } = this.#context;
    const [{ urlSource }, { compareObject }] = await Promise.all([
      import("./transfers.ts"),
      import("../transfer/objects.ts"),
    ]);
    const call = new Call(transport, { action: `compare "${path}"`, signal: this.#sync.options.signal });
    return (await compareObject(call, urlSource(transport), { archivePath: file, path })).isSame;
  }

  async fetch(
    files: readonly string[],
    onOutcome: Parameters<SyncedArchive["fetch"]>[1],
  ): ReturnType<SyncedArchive["fetch"]> {
    const { concurrency, dryRun, progress, onProgress = () => {}, signal } = this.#sync.options;
    const { downloadAll } = await import("./transfers.ts");
    const rows = files.map((file_path) => ({ file_path }));
    const report = await downloadAll(this.#context, rows, {
      concurrency,
      dryRun,
      progress,
      signal,
      ifPresent: "fetch",
      onProgress: (event) => {
        if (event.type === "outcome") onOutcome(event.outcome);
        onProgress(event);
      },
    });
    return report.outcomes;
  }
}

/** Opens the state of a sync. */
async function openState(sync: ReadySync, context: SyncContext): Promise<SyncState> {
  const { transport, settings } = context;
  const notice = "another process is syncing the same query in this data directory; waiting for it";
  return await SyncState.open(settings.dataDir, syncedQuery(sync, context), {
    isReadOnly: sync.options.dryRun === true,
    signal: sync.options.signal,
    onWait: () => transport.log({ type: "notice", action: "sync", notice }),
  });
}

/** Runs a sync with an open state, if no other process changes that in the meantime. */
async function tryOnce(sync: ReadySync, context: SyncContext, state: SyncState): Promise<SyncResult | undefined> {
  const { options, overlapHours } = sync;
  const { asked, askedForAll } = state;
  const now = options.now?.() ?? new Date();
  // Files that were gone last time may be back: only a list of all files shows it, and nothing is removed without one.
  const mayRemove = options.removeMissing === true && [...state.files.values()].some(({ isGone }) => isGone);
  const isFull = options.full === true || mayRemove || asked === undefined || askedForAll === undefined ||
    Math.abs(now.getTime() - askedForAll.getTime()) >= FULL_AFTER_MS;
  // By the server's clock: that of this machine may be wrong.
  const from = isFull ? undefined : dayOf(new Date(asked.getTime() - overlapHours * HOUR_MS));
  const archive = new Archive(sync, context, asked);
  const settings = {
    from,
    superseded: options.superseded ?? "keep",
    isVerifying: options.verify ?? false,
    isDryRun: options.dryRun ?? false,
    ownsProcess: context.ownsProcess ?? false,
    signal: options.signal,
  };
  const news = await findNews({ state, archive, settings });
  if (news?.same !== undefined) {
    return { changes: [], unchanged: news.same, isFull: false, refusal: undefined, damage: undefined };
  }
  if (news === undefined) return undefined;
  // Loaded lazily: nearly all runs of a mirror end without news.
  const { runSync } = await import("../mirror/sync.ts");
  const all = {
    ...settings,
    dataDir: context.settings.dataDir,
    versions: versionsOf(sync),
    isMoving: isMoving(sync.parameters),
    isForced: options.force ?? false,
    isRemovingMissing: options.removeMissing ?? false,
    concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
  };
  return await runSync({ state, archive, settings: all }, news);
}

/** Runs a sync with an open state. */
async function runOnce(sync: ReadySync, context: SyncContext, state: SyncState): Promise<SyncResult> {
  for (;;) {
    const result = await tryOnce(sync, context, state);
    if (result !== undefined) return result;
  }
}

/** Waits with a timer. */
async function timer(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  const { delay } = await import("@std/async");
  await delay(milliseconds, signal && { signal });
}

/** Adds the files that could not be handed over to a result. */
function withFailed(result: SyncResult, failed: ReadonlyMap<string, Error>): SyncResult {
  const known = new Map(result.changes.map((change) => [change.file, change]));
  const changes = [...failed].map(([file, error]): SyncChange => ({
    bytes: 0,
    path: "",
    ...known.get(file),
    state: "failed",
    file,
    done: "not handed over",
    error,
  }));
  return { ...result, changes: [...result.changes.filter(({ file }) => !failed.has(file)), ...changes] };
}

/**
 * Brings the data directory up to date with a query.
 *
 * @throws {InputError} When a parameter or an option is wrong. {FileError} When its state is damaged.
 */
export async function syncFiles(
  context: SyncContext,
  parameters: QueryParameters,
  options: SyncOptions,
): Promise<SyncResult> {
  checkOptions("sync", SYNC_KINDS, options);
  const sync = readySync(parameters, options);
  const { dryRun = false, onFile, signal, wait = timer } = options;
  await using state = await openState(sync, context);
  if (onFile !== undefined && !dryRun) {
    await state.claim();
    state.beginHandingOver();
  }
  const result = await runOnce(sync, context, state);
  if (onFile === undefined || dryRun) return result;
  const { handOverAll } = await import("../mirror/sync.ts");
  const failed = await handOverAll(state, { dataDir: context.settings.dataDir, onFile, wait, signal });
  await state.save();
  return withFailed(result, failed);
}

/** Brings the data directory up to date with a query, as {@linkcode syncFiles} does. */
export async function syncReport(
  context: SyncContext,
  parameters: QueryParameters,
  options: SyncOptions,
): Promise<SyncReport> {
  const result = await syncFiles(context, parameters, options);
  const { SyncReport } = await import("./sync_report.ts");
  return new SyncReport(result, { isPlan: options.dryRun ?? false });
}

/** Whether polling again cannot help. */
function isLasting(error: unknown): boolean {
  return !(error instanceof ImapError) || error instanceof InputError || error instanceof FileError;
}

/**
 * Polls the archive, and yields each new file.
 *
 * @throws {InputError} When a parameter or an option is wrong. {FileError} When its state is damaged.
 */
export async function* watchFiles(
  context: SyncContext,
  parameters: QueryParameters,
  options: WatchOptions,
): AsyncGenerator<NewFile> {
  checkOptions("watch", WATCH_KINDS, options);
  const { intervalMs = DEFAULT_INTERVAL_MS, onReport, onError, wait = timer, signal, ...others } = options;
  if (intervalMs < MIN_INTERVAL_MS) {
    const expected = `at least ${MIN_INTERVAL_MS} milliseconds`;
    throw wrongValue("watch with", { parameter: "intervalMs", value: String(intervalMs), expected });
  }
  const sync = readySync(parameters, { ...others, signal });
  const [{ SyncReport }, { dueFiles, noteHandedOver }] = await Promise.all([
    import("./sync_report.ts"),
    import("../mirror/sync.ts"),
  ]);
  for (;;) {
    {
      await using state = await openState(sync, context);
      await state.claim();
      state.beginHandingOver();
      try {
        const result = await runOnce(sync, context, state);
        onReport?.(new SyncReport(result, { isPlan: false }));
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof Error) || isLasting(error)) throw error;
        const log = () => context.transport.log({ type: "notice", action: "watch", notice: error.message });
        (onError ?? log)(error);
      }
      try {
        for (const file of dueFiles(state, context.settings.dataDir)) {
          signal?.throwIfAborted();
          try {
            yield file;
          } finally {
            noteHandedOver(state, file);
          }
        }
      } finally {
        await state.save();
      }
    }
    await wait(intervalMs, signal);
  }
}
