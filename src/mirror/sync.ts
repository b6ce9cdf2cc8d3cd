// One run of a sync: asks the archive, decides (sync_plan.ts), and does it, file by file. After each file it is noted what
// is here (sync_state.ts), so that a run that is killed is continued by the next one.
import { fileError } from "../disk.ts";
import { ImapError } from "../errors.ts";
import { absolutePath, DataFolders, isThere, localPath } from "../transfer/local_files.ts";
import { STATE_FOLDER } from "./local_directory.ts";
import type { Outcome } from "../transfer/batch.ts";
import {
  type ComparedFile,
  isSameStamp,
  type Listing,
  type PlanInput,
  type PlannedFile,
  planSync,
  type SupersededFile,
  type SyncPlan,
} from "./sync_plan.ts";
import type { DamagedJournal, RememberedFile, Stamp, SyncState } from "./sync_state.ts";
import { dirname, join } from "@std/path";

/**
 * What to do with versions that a newer one replaces: keep them, move them to the folder
 * `.imap-data-access/superseded` of the data directory, or remove them.
 *
 * @category Between runs
 */
export type SupersededChoice = "keep" | "move" | "remove";

/**
 * What a sync found, or did, for one file.
 *
 * @category Between runs
 */
export interface SyncChange {
  /**
   * `new`: it was not here. `redelivered`: the archive has another delivery of it. `superseded`: a newer version replaces
   * it. `gone`: the archive no longer has it. `local change`: somebody has changed it here, and it was not touched.
   * `failed`: it could not be brought up to date; the next run tries it again.
   */
  readonly state: "new" | "redelivered" | "superseded" | "gone" | "local change" | "failed";
  /** Its path in the archive. */
  readonly file: string;
  /** Its path on this machine: of a file that was moved, where it is now. */
  readonly path: string;
  /** The number of bytes that were transferred. */
  readonly bytes: number;
  /** The size of a file to fetch, in a dry run; undefined if it is not known. */
  readonly size?: number | undefined;
  /** What was done: `fetched`, `same bytes`, `kept`, `moved`, `removed`, or in a dry run what would be done. */
  readonly done: string;
  /** The archive path of the version that replaces it. */
  readonly by?: string | undefined;
  /** The name of the lock file in the data directory that lists it: such a file is neither moved nor removed. */
  readonly lockFile?: string | undefined;
  /** Why it failed. */
  readonly error?: Error | undefined;
}

/** How a sync works. */
export interface SyncSettings {
  readonly dataDir: string;
  readonly superseded: SupersededChoice;
  readonly versions: PlanInput["versions"];
  readonly isMoving: boolean;
  readonly isForced: boolean;
  readonly isVerifying: boolean;
  readonly isRemovingMissing: boolean;
  readonly isDryRun: boolean;
  /** How many files are compared at a time. */
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
}

/** A list of files, and the server's time when it was asked. */
type TimedListing = Listing & { readonly time: Date };

/** The archive, as a sync uses it. */
export interface SyncedArchive {
  /** Lists the files of the query: those indexed from a day on, `YYYY-MM-DD`, or all. */
  list(from: string | undefined): Promise<TimedListing>;
  /** Whether a file here has the same bytes as the archive's. */
  isSame(file: string, path: string): Promise<boolean>;
  /** Fetches files, whatever is here, and calls `onOutcome` after each one. */
  fetch(files: readonly string[], onOutcome: (outcome: Outcome) => void): Promise<readonly Outcome[]>;
}

/** What a run did. */
export interface SyncResult {
  readonly changes: readonly SyncChange[];
  /** The number of files that were as they should be. */
  readonly unchanged: number;
  /** Whether the archive was asked for all files, and not only for those indexed lately. */
  readonly isFull: boolean;
  /** Why files that are gone were not removed although that was asked for. */
  readonly refusal: string | undefined;
  /** The journal of the run before, if it was damaged. */
  readonly damage: DamagedJournal | undefined;
}

/** More than this share of the files must not be removed at once. */
const MAX_REMOVED_SHARE = 0.1;

/** The time after which a long piece of work lets other work come first. */
const TURN_MS = 4;
/** The number of looks between two looks at the clock. */
const LOOKS_PER_TURN = 50;
/** The number of turns of the event loop in which a request is usually sent. */
const SENDING_TURNS = 6;

/** Returns what the system knows of a file; undefined if there is no file at a path. */
function infoOf(path: string): Deno.FileInfo | undefined {
  try {
    const info = Deno.statSync(path);
    return info.isFile ? info : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

/** Whether a file is as it is remembered. */
function isAsRemembered({ path, size, modified }: Stamp & { readonly path: string }): boolean {
  const info = infoOf(path);
  return info !== undefined && info.size === size && (info.mtime?.getTime() ?? 0) === modified;
}

/** Looks at the files of a data directory. */
class LocalLook {
  readonly #root: string;
  readonly #signal: AbortSignal | undefined;
  /** The names in folders where a file was missing: a failed look takes ten times as long as a successful one. */
  readonly #names = new Map<string, ReadonlySet<string>>();
  readonly #seen = new Map<string, Stamp | undefined>();

  constructor({ dataDir, signal }: Pick<SyncSettings, "dataDir" | "signal">) {
    [this.#root, this.#signal] = [absolutePath(dataDir), signal];
  }

  /** Returns the size and time of a file; undefined if there is none. */
  stamp(path: string): Stamp | undefined {
    if (this.#seen.has(path)) return this.#seen.get(path);
    const slash = path.lastIndexOf("/");
    if (this.#names.size > 0 && this.#names.get(path.slice(0, slash))?.has(path.slice(slash + 1)) === false) {
      return undefined;
    }
    return this.stampNow(path) ?? this.#noteNames(path.slice(0, slash));
  }

  /**
   * Counts the files of a state if they all are as remembered, and nothing has to be done for any of them; undefined
   * otherwise.
   *
   * @param before The moment before which all of them must have been ingested.
   */
  async countSame(state: SyncState, before: string): Promise<number | undefined> {
    const lines = state.quietLines(this.#root, before);
    if (lines === undefined) return undefined;
    let turn = performance.now();
    for (let count = 0;; count++) {
      const next = lines.next();
      if (next !== "file") return next === "end" ? count : undefined;
      if (!isAsRemembered(lines)) return undefined;
      if (count % LOOKS_PER_TURN > 0 || performance.now() - turn < TURN_MS) continue;
      await this.giveWay();
      turn = performance.now();
    }
  }

  /** Looks at many files in advance, in turns with other work. */
  async lookAhead(paths: Iterable<string>): Promise<void> {
    let turn = performance.now();
    for (const path of paths) {
      this.#seen.set(path, this.stamp(path));
      if (performance.now() - turn < TURN_MS) continue;
      await this.giveWay();
      turn = performance.now();
    }
  }

  /**
   * Lets other work come first. A timer would take 1 to 2 ms, and the first one of a program 3 ms more; a look that the
   * event loop waits for takes 0.1 ms.
   *
   * @throws The reason of the signal when it is aborted: all looks may take long.
   */
  async giveWay(): Promise<void> {
    await Deno.stat(this.#root).catch(() => {});
    this.#signal?.throwIfAborted();
  }

  /** The same as `stamp`, whatever was seen before. */
  stampNow(path: string): Stamp | undefined {
    const info = infoOf(`${this.#root}/${path}`);
    return info && { size: info.size, modified: info.mtime?.getTime() ?? 0 };
  }

  #noteNames(folder: string): undefined {
    if (this.#names.has(folder)) return;
    try {
      this.#names.set(folder, new Set(Array.from(Deno.readDirSync(`${this.#root}/${folder}`), ({ name }) => name)));
    } catch {
      this.#names.set(folder, new Set());
    }
  }
}

/** One run. */
class SyncRun {
  readonly #state: SyncState;
  readonly #archive: SyncedArchive;
  readonly #settings: SyncSettings;
  readonly #look: LocalLook;
  readonly #folders: DataFolders;
  readonly #changes: SyncChange[] = [];
  #unchanged: string[] = [];
  /** The lock files that list a file, if files are moved or removed. */
  #locked: ReadonlyMap<string, string> = new Map();

  constructor(state: SyncState, archive: SyncedArchive, settings: SyncSettings) {
    [this.#state, this.#archive, this.#settings] = [state, archive, settings];
    this.#look = new LocalLook(settings);
    this.#folders = new DataFolders(settings.dataDir);
  }

  /** @returns Undefined if another process has changed the state in the meantime. */
  async run(from: string | undefined): Promise<SyncResult | undefined> {
    const { isDryRun, isVerifying, superseded } = this.#settings;
    const isQuick = from !== undefined && !isVerifying && superseded === "keep";
    if (!isQuick && !await this.#state.claim()) return undefined;
    const { listing, same } = await this.#list(from, isQuick);
    if (same !== undefined && listing.files.length === 0) {
      // Nothing has to be written, and no other process to be waited for.
      const result = { changes: [], unchanged: same, isFull: false, refusal: undefined, damage: undefined };
      if (isDryRun || !this.#state.isNewDay(listing.time)) return result;
      if (!await this.#state.claim()) return undefined;
      this.#state.noteResponse(listing.time, false);
      await this.#state.save();
      return result;
    }
    if (!await this.#state.claim()) return undefined;
    const plan = planSync({
      ...this.#settings,
      listing,
      remembered: this.#state.files,
      look: (path) => this.#look.stamp(path),
    });
    this.#unchanged = plan.unchanged;
    if (this.#takesAway(plan)) {
      // Before anything is written: a lock file that cannot be read is an error.
      this.#locked = await (await import("./lock_file.ts")).lockedFiles(this.#settings.dataDir);
    }
    if (!isDryRun) this.#begin(plan);
    const compared = await this.#compare(plan.compare);
    await this.#fetch([...plan.fetch, ...compared]);
    for (const path of plan.changed) this.#report({ state: "local change", file: path, done: "kept" });
    for (const file of plan.superseded) await this.#supersede(file);
    const refusal = await this.#removeGone(plan.gone);
    if (!isDryRun) {
      this.#state.noteResponse(listing.time, from === undefined);
      await this.#folders.sync();
      if (this.#state.wasStopped) await this.#removeRemains();
      await this.#state.save();
    }
    return {
      changes: this.#changes,
      unchanged: this.#countUnchanged(),
      isFull: from === undefined,
      refusal,
      damage: this.#state.damage,
    };
  }

  /**
   * Asks the archive. While it responds, what is remembered is read, and the files here are looked at.
   *
   * @returns The response, and if that was asked for, the number of files here if they are all as they should be, and
   * nothing has to be done for them but what the response says.
   */
  async #list(
    from: string | undefined,
    isQuick: boolean,
  ): Promise<{ readonly listing: TimedListing; readonly same: number | undefined }> {
    const listing = this.#archive.list(from);
    let isHere = false;
    const noteEnd = () => isHere = true;
    listing.then(noteEnd, noteEnd);
    try {
      for (let turn = 0; turn < SENDING_TURNS && !isHere; turn++) await this.#look.giveWay();
      const same = isQuick && from !== undefined
        ? await this.#look.countSame(this.#state, `${from} 00:00:00`)
        : undefined;
      if (same === undefined) await this.#look.lookAhead(this.#state.files.keys());
      return { listing: await listing, same };
    } catch (error) {
      await listing.catch(() => {});
      throw error;
    }
  }

  /** Removes partial files that runs left behind which were killed, in folders that this run may have nothing to do in. */
  async #removeRemains(): Promise<void> {
    const folders = new DataFolders(this.#settings.dataDir);
    const oneOfEach = new Map(Array.from(this.#state.files.keys(), (path) => [dirname(path), path]));
    const paths = [this.#state.path, ...Array.from(oneOfEach.values(), (path) => this.#pathOf(path))];
    for (const path of paths) if (path !== "" && isThere(dirname(path))) folders.noteFile(dirname(path));
    const left = folders.partialFiles();
    // If this fails, a later download does it.
    if (left.length > 0) await (await import("../transfer/takeover.ts")).removeAbandoned(left).catch(() => {});
  }

  #countUnchanged(): number {
    if (this.#changes.length === 0) return this.#unchanged.length;
    const changed = new Set(this.#changes.map(({ file }) => file));
    return this.#unchanged.filter((path) => !changed.has(path)).length;
  }

  /** Whether files may be moved or removed. */
  #takesAway({ superseded, gone }: SyncPlan): boolean {
    const { superseded: choice, isRemovingMissing } = this.#settings;
    return (choice !== "keep" && superseded.length > 0) || (isRemovingMissing && gone.length > 0);
  }

  /** Notes what the plan says of files that are not fetched. */
  #begin({ forgotten, regained, superseded, gone }: SyncPlan): void {
    const { files } = this.#state;
    const changed: Array<[string, RememberedFile | undefined]> = forgotten.map((path) => [path, undefined]);
    const change = (path: string, change: Partial<RememberedFile>) => {
      const file = files.get(path);
      if (file !== undefined) changed.push([path, { ...file, ...change }]);
    };
    for (const path of regained) change(path, { superseded: undefined, isGone: undefined });
    for (const { path, by, isNew } of superseded) if (isNew) change(path, { superseded: by });
    for (const path of gone) if (files.get(path)?.isGone !== true) change(path, { isGone: true });
    this.#state.noteAll(changed);
  }

  #report(change: Partial<SyncChange> & Pick<SyncChange, "state" | "file" | "done">): void {
    this.#changes.push({ bytes: 0, path: this.#pathOf(change.file), ...change });
  }

  #pathOf(file: string): string {
    try {
      return localPath(this.#settings.dataDir, file);
    } catch {
      return "";
    }
  }

  /** Compares files with the archive's. @returns Those to fetch. */
  async #compare(files: readonly ComparedFile[]): Promise<PlannedFile[]> {
    const { concurrency, signal } = this.#settings;
    const wanted: PlannedFile[] = [];
    const waiting = files.values();
    const worker = async () => {
      for (const file of waiting) {
        try {
          const isSame = await this.#archive.isSame(file.path, localPath(this.#settings.dataDir, file.path));
          if (isSame) this.#noteSame(file);
          else if (file.ifDifferent === "fetch") wanted.push({ ...file, state: "redelivered" });
          else this.#noteChanged(file);
        } catch (error) {
          signal?.throwIfAborted();
          if (!(error instanceof ImapError)) throw error;
          this.#report({ state: "failed", file: file.path, done: "kept", error });
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, files.length) }, worker));
    return wanted.sort((a, b) => a.path < b.path ? -1 : 1);
  }

  /** A file here has the archive's bytes. */
  #noteSame({ path, ingested, state, superseded, isFetching }: ComparedFile): void {
    const stamp = this.#look.stampNow(path);
    if (stamp === undefined) return;
    const before = this.#state.files.get(path);
    // A run that was killed had fetched it, and has not reported it.
    const isNews = isFetching || (before !== undefined && before.ingested !== ingested);
    if (isNews) {
      const isRedelivered = before !== undefined && before.modified > 0;
      this.#report({ state: isRedelivered ? state : "new", file: path, done: isFetching ? "fetched" : "same bytes" });
    } else this.#unchanged.push(path);
    if (this.#settings.isDryRun) return;
    const isDue = before?.isDue || (isFetching && this.#state.isHandingOver) || undefined;
    this.#state.note(path, { ingested, ...stamp, isDue, superseded });
  }

  /** A file here has other bytes than the archive's, and no run of sync has left it so. */
  #noteChanged({ path, ingested }: ComparedFile): void {
    this.#report({ state: "local change", file: path, done: "kept" });
    const changed = this.#look.stampNow(path);
    if (this.#settings.isDryRun || changed === undefined) return;
    const before = this.#state.files.get(path) ?? { ingested, size: 0, modified: 0 };
    this.#state.note(path, { ...before, fetching: undefined, changed });
  }

  async #fetch(files: readonly PlannedFile[]): Promise<void> {
    if (files.length === 0) return;
    const planned = new Map(files.map((file) => [file.path, file]));
    const { isDryRun } = this.#settings;
    // Noted before anything is written: what is found at these paths after a kill, or a power failure, was fetched by
    // this run.
    if (!isDryRun) {
      this.#state.noteAll(files.map(({ path, ingested }) => {
        const before = this.#state.files.get(path) ?? { ingested: "", size: 0, modified: 0 };
        return [path, { ...before, fetching: ingested, isGone: undefined }] as const;
      }));
      await this.#state.flush();
    }
    const outcomes = await this.#archive.fetch([...planned.keys()], (outcome) => {
      const file = planned.get(outcome.file);
      if (!isDryRun && file !== undefined) this.#noteFetched(file, outcome);
    });
    for (const outcome of outcomes) {
      const { file, bytes } = outcome;
      const state = planned.get(file)?.state ?? "new";
      if (outcome.state === "failed") {
        this.#report({ state: "failed", file, bytes, done: "not fetched", error: outcome.error });
      } else if (outcome.state === "planned") {
        this.#report({ state, file, size: outcome.size, done: `would ${outcome.plan ?? "fetch"}` });
      } else this.#report({ state, file, bytes, done: outcome.state });
    }
  }

  #noteFetched({ path, ingested, superseded }: PlannedFile, { state }: Outcome): void {
    const stamp = state === "failed" ? undefined : this.#look.stampNow(path);
    if (stamp === undefined) return;
    this.#state.note(path, { ingested, ...stamp, superseded, isDue: this.#state.isHandingOver || undefined });
  }

  /** Does what was chosen for superseded versions, once the newer version is here. */
  async #supersede({ path, by, isNew }: SupersededFile): Promise<void> {
    const { superseded: choice, isDryRun } = this.#settings;
    const file = this.#state.files.get(path);
    const stamp = this.#look.stampNow(path);
    if (file === undefined || stamp === undefined) {
      // Somebody has removed it here.
      if (file !== undefined && choice !== "keep" && !isDryRun) this.#state.note(path, undefined);
      return;
    }
    if (choice === "keep") {
      if (isNew) this.#report({ state: "superseded", file: path, done: "kept", by });
      return;
    }
    const lockFile = this.#locked.get(path);
    if (lockFile !== undefined) {
      if (isNew) this.#report({ state: "superseded", file: path, done: "kept", by, lockFile });
      return;
    }
    const newer = this.#state.files.get(by);
    const isHere = newer !== undefined && newer.fetching === undefined && this.#look.stampNow(by) !== undefined;
    const isMine = isSameStamp(stamp, file) && file.fetching === undefined;
    if (isDryRun && isMine) return this.#report({ state: "superseded", file: path, done: `would ${choice}`, by });
    if (!isHere || !isMine) {
      if (isNew) this.#report({ state: "superseded", file: path, done: "kept", by });
      return;
    }
    await this.#away({ state: "superseded", file: path, by }, choice);
  }

  /** Removes what is gone, if that was asked for. @returns Why not. */
  async #removeGone(paths: readonly string[]): Promise<string | undefined> {
    const { isRemovingMissing, isForced, isDryRun } = this.#settings;
    const { files } = this.#state;
    const mayRemove = (path: string) =>
      isSameStamp(this.#look.stampNow(path), files.get(path)) && !this.#locked.has(path);
    const mine = new Set(paths.filter(mayRemove));
    const isTooMuch = mine.size > MAX_REMOVED_SHARE * files.size;
    const removes = isRemovingMissing && (!isTooMuch || isForced);
    for (const path of paths) {
      const change = { state: "gone", file: path, lockFile: this.#locked.get(path) } as const;
      if (!removes || !mine.has(path)) this.#report({ ...change, done: "kept" });
      else if (isDryRun) this.#report({ ...change, done: "would remove" });
      else await this.#away(change, "remove");
    }
    if (!isRemovingMissing || removes || mine.size === 0) return undefined;
    return `${mine.size} of ${files.size} files would be removed, more than ${100 * MAX_REMOVED_SHARE} %`;
  }

  /** Removes a file, or moves it out of the way, and forgets it. */
  async #away(
    change: Pick<SyncChange, "state" | "file" | "by">,
    how: "move" | "remove",
  ): Promise<void> {
    const { dataDir } = this.#settings;
    const path = this.#pathOf(change.file);
    try {
      this.#folders.prepare(dirname(path));
      if (how === "remove") {
        await Deno.remove(path);
        this.#report({ ...change, done: "removed" });
      } else {
        const target = join(absolutePath(dataDir), STATE_FOLDER, "superseded", change.file);
        this.#folders.prepare(dirname(target));
        await Deno.rename(path, target);
        this.#folders.noteFile(dirname(target));
        this.#report({ ...change, path: target, done: "moved" });
      }
      this.#folders.noteFile(dirname(path));
      this.#state.note(change.file, undefined);
    } catch (error) {
      this.#report({ state: "failed", file: change.file, done: "kept", error: fileError(`${how} it`, path, error) });
    }
  }
}

/**
 * Brings a data directory up to date with a query.
 *
 * @param from The first day of ingestion to ask for, `YYYY-MM-DD`; undefined for all files.
 * @returns Undefined if another process has changed the state in the meantime: nothing was done.
 */
export async function runSync(
  state: SyncState,
  archive: SyncedArchive,
  settings: SyncSettings & { readonly from: string | undefined },
): Promise<SyncResult | undefined> {
  return await new SyncRun(state, archive, settings).run(settings.from);
}

// New files are handed over one after another: to a program, a function, or a loop. A file counts as handed over once that
// has ended well, which is noted at once: after a kill, at most one file is handed over again.

/** A file that has not been handed over yet. */
export interface DueFile {
  /** Its path in the archive. */
  readonly file: string;
  /** Its path on this machine. */
  readonly path: string;
}

/** How often a file is handed over within a run if that fails. Later runs try it again. */
const TRIES = 3;
/** The wait before the second try, in milliseconds; it doubles with each one. */
const FIRST_WAIT_MS = 1_000;

/** Returns the files that have not been handed over, those that the archive indexed first before others. */
export function dueFiles(state: SyncState, dataDir: string): DueFile[] {
  const due = [...state.files].filter(([, file]) => file.isDue && file.fetching === undefined);
  due.sort(([a, { ingested: first }], [b, { ingested: second }]) => {
    if (first !== second) return first < second ? -1 : 1;
    return a < b ? -1 : 1;
  });
  return due.map(([file]) => ({ file, path: localPath(dataDir, file) }));
}

/** Notes that a file was handed over. */
export function noteHandedOver(state: SyncState, { file }: DueFile): void {
  const known = state.files.get(file);
  if (known !== undefined) state.note(file, { ...known, isDue: undefined });
}

/** How to hand files over. */
interface HandOver {
  readonly dataDir: string;
  readonly onFile: (file: DueFile) => void | Promise<void>;
  readonly wait: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  readonly signal: AbortSignal | undefined;
}

/** Hands over all files that are due. @returns Why some of them could not be handed over. */
export async function handOverAll(
  state: SyncState,
  { dataDir, onFile, wait, signal }: HandOver,
): Promise<ReadonlyMap<string, Error>> {
  const failed = new Map<string, Error>();
  for (const due of dueFiles(state, dataDir)) {
    for (let tried = 1;; tried++) {
      signal?.throwIfAborted();
      try {
        await onFile(due);
        noteHandedOver(state, due);
        break;
      } catch (error) {
        signal?.throwIfAborted();
        const reason = error instanceof Error ? error.message : String(error);
        if (tried === TRIES) {
          const text = `Cannot hand over "${due.path}" (tried ${TRIES} times): ${reason}`;
          failed.set(due.file, error instanceof ImapError ? error : new ImapError(text, { cause: error }));
          break;
        }
        await wait(FIRST_WAIT_MS * 2 ** (tried - 1), signal);
      }
    }
  }
  return failed;
}
