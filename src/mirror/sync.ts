// One run of a sync that has something to do. sync_plan.ts has found out what is new; this file acts on it, file by file.
// Each completed file is recorded at once (sync_state.ts), so that a run that is killed is
// continued by the next one.
import { STATE_FOLDER } from "../config.ts";
import { fileError, ImapError } from "../errors.ts";
import { absolutePath, DataFolders, isThere, localPath } from "../transfer/local_files.ts";
import type { Outcome } from "../transfer/batch.ts";
import {
  type ComparedFile,
  isSameStamp,
  type News,
  type PlannedFile,
  planSync,
  type SupersededFile,
  type SyncedArchive,
  type SyncParts,
  type SyncPlan,
  type SyncSettings,
} from "./sync_plan.ts";
import type { DamagedJournal, RememberedFile, SyncState } from "./sync_state.ts";
import { dirname, join } from "@std/path";

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

/** One run. */
class SyncRun {
  readonly #state: SyncState;
  readonly #archive: SyncedArchive;
  readonly #settings: SyncSettings;
  readonly #look: News["look"];
  readonly #folders: DataFolders;
  readonly #changes: SyncChange[] = [];
  #unchanged: string[] = [];
  /** The lock files that list a file, if files are moved or removed. */
  #locked: ReadonlyMap<string, string> = new Map();

  constructor({ state, archive, settings }: SyncParts, look: News["look"]) {
    [this.#state, this.#archive, this.#settings, this.#look] = [state, archive, settings, look];
    this.#folders = new DataFolders(settings.dataDir);
  }

  /** @returns Undefined if another process has changed the state in the meantime. */
  async run(listing: News["listing"]): Promise<SyncResult | undefined> {
    const { isDryRun } = this.#settings;
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
      this.#state.noteResponse(listing.time, listing.from === undefined);
      await this.#folders.sync();
      if (this.#state.wasStopped) await this.#removeRemains();
      await this.#state.save();
    }
    return {
      changes: this.#changes,
      unchanged: this.#countUnchanged(),
      isFull: listing.from === undefined,
      refusal,
      damage: this.#state.damage,
    };
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
 * @param news What the archive listed, and what was found here.
 * @returns Undefined if another process has changed the state in the meantime: nothing was done.
 */
export async function runSync(parts: SyncParts, { listing, look }: News): Promise<SyncResult | undefined> {
  return await new SyncRun(parts, look).run(listing);
}

// New files are handed over one after another: to a program, a function, or a loop. A file counts as handed over once that
// has ended well, which is recorded at once: after a kill, at most one file is handed over again.

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
