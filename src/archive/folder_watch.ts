import type { FileStamp } from "./catalog.ts";
import type { CatalogEntry } from "./catalog_entry.ts";
import { type FolderTimes, foundEntry, isIgnored, readFolder, STATE_FOLDER, TOP_FOLDER } from "./folders.ts";
import type { SqliteFiles } from "./sqlite_catalog.ts";
import { ImapError } from "../errors.ts";
import { delay } from "@std/async";
import { join } from "@std/path";

/** A change of an archive's folder that the archive has noticed. */
export type FolderChange =
  | { readonly type: "added" | "changed" | "removed"; readonly path: string }
  /** A new entry that does not belong to the archive. */
  | { readonly type: "skipped"; readonly path: string; readonly reason: string }
  /** The operating system sends no events, so the folders are only read from time to time. */
  | { readonly type: "no events"; readonly reason: string; readonly seconds: number };

/** When a watch looks at the folder. The defaults suit everyone except tests. */
export interface WatchTimes {
  /** Whether to use the events of the operating system. Default: true. */
  readonly events?: boolean | undefined;
  /** How often the folders are compared with the catalog, in milliseconds. */
  readonly rescanMs?: number | undefined;
  /** How long a file that may still be written must stay the same before it is listed, in milliseconds. */
  readonly settleMs?: number | undefined;
}

/** The options of a {@linkcode FolderWatch}. */
interface FolderWatchOptions extends WatchTimes {
  /** The root of the archive, an absolute path without symbolic links. */
  readonly root: string;
  readonly files: SqliteFiles;
  /** The folders when the archive was opened. */
  readonly folders: FolderTimes;
  /** The clock, for the ingestion date of files. */
  readonly now: () => Date;
  /** Called for each change. */
  readonly onChange: (change: FolderChange) => void;
  /** Called when the folder cannot be read, or the catalog cannot be written; the watch continues. */
  readonly onError: (error: unknown) => void;
}

/** How long to collect events: programs change several files at a time. */
const COLLECT_MS = 20;
/** How long a file must stay the same before it is listed, unless it is known to be complete: it may still be written. */
const SETTLE_MS = 1_000;
/** How often folders are compared when nothing happens, with events and without, and the time that this may take. */
const IDLE = { rescanMs: 10_000, rescanWithoutEventsMs: 5_000, share: 1 / 500 };
/** How often folders are compared after a change: there are often more, and their events may be lost. */
const ACTIVE = { rescanMs: 1_000, share: 1 / 4, forMs: 30_000 };
/** A folder that changed this short before it was read may have changed after that, too, within the disk's resolution. */
const RESOLUTION_MS = 2_000;
/** The number of paths handled at a time; requests are handled in between. */
const BATCH = 256;
/**
 * The number of folders that are watched from the start, those that changed last, and in all. Deno compares each event
 * with each path that was ever watched, which takes about 20 us if the event is about a file that no longer exists.
 */
const MAX_WATCHED = { first: 200, all: 400 };

/**
 * On Linux, folders are watched one by one: a recursive watch reads all files first, which takes seconds, and follows
 * symbolic links. Elsewhere the system can watch a folder with all that is in it.
 */
const WATCHES_EACH_FOLDER = Deno.build.os === "linux";

function infoOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

function isSame(a: FileStamp | undefined, b: FileStamp): boolean {
  return a?.size === b.size && a.mtime === b.mtime;
}

/** Splits a list into parts of equal length. */
function* batchesOf<T>(items: Iterable<T>): Generator<T[]> {
  const left = [...items];
  for (let start = 0; start < left.length; start += BATCH) yield left.slice(start, start + BATCH);
}

/** The folder of a path; paths use `/`. */
function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/**
 * Keeps the catalog of a running archive up to date with its folder: files that others add, replace, or remove.
 *
 * Events of the operating system say where to look at once. They are not complete: some are dropped when there are many,
 * the number of watched folders is limited, and network disks send none for changes of other machines. Therefore the
 * modification times of all folders are compared as well, more often after a change.
 */
export class FolderWatch {
  readonly #options: FolderWatchOptions;
  readonly #folders: FolderTimes;
  readonly #stop = new AbortController();
  /** Paths where something has changed, relative to the root. */
  readonly #changed = new Set<string>();
  /** Files that were renamed into place, or closed after they were written. */
  readonly #finished = new Set<string>();
  /** Folders that changed without an event. */
  readonly #unwatched = new Set<string>();
  /** Folders that were created again, or moved: the system's watch of the old one has ended. */
  readonly #replaced = new Set<string>();
  /** Files that may still be written: how they were, and since when. */
  readonly #unsettled = new Map<string, FileStamp & { readonly since: number }>();
  readonly #watchers: Deno.FsWatcher[] = [];
  #wasGone = false;
  /** The number of paths that were ever watched. */
  #watched = 0;
  #hasEvents: boolean;
  /** When the folders are compared next, and until when something is likely to change, as `performance.now()`. */
  #rescanAt = 0;
  #activeUntil = 0;
  #rescanTookMs = 0;
  /** Ends the current wait. */
  #wake: () => void = () => {};
  #running: Promise<void> | undefined;

  /** Creates a watch, which does nothing before {@linkcode start}. */
  constructor(options: FolderWatchOptions) {
    this.#options = options;
    this.#folders = new Map(options.folders);
    this.#hasEvents = options.events ?? true;
  }

  /** Starts to watch, in the background. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Stops watching; the catalog is no longer used when this returns. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    this.#closeWatchers();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    await delay(0); // The archive is ready first.
    this.#watchFirst();
    // The first comparison is made now, since something may have changed between the index and the watch.
    while (!signal.aborted) {
      const isRescan = performance.now() >= this.#rescanAt;
      if (isRescan) await this.#attempt(() => this.#rescan());
      const started = performance.now();
      await this.#attempt(() => this.#look());
      if (isRescan) {
        this.#rescanTookMs += performance.now() - started;
        this.#rescanAt = performance.now() + this.#rescanAfter(this.#rescanTookMs);
      }
      const untilRescan = this.#rescanAt - performance.now();
      const wait = this.#unsettled.size > 0 ? Math.min(this.#settleMs / 2, untilRescan) : untilRescan;
      if (this.#changed.size === 0) await this.#wait(wait);
      await delay(COLLECT_MS, { signal }).catch(() => {});
    }
  }

  /** Waits for some time, or until there is an event. */
  async #wait(milliseconds: number): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
  }

  get #settleMs(): number {
    return this.#options.settleMs ?? SETTLE_MS;
  }

  /** Returns how long to wait before the folders are compared again, if that takes `tookMs` milliseconds. */
  #rescanAfter(tookMs: number): number {
    const { rescanMs = this.#hasEvents ? IDLE.rescanMs : IDLE.rescanWithoutEventsMs } = this.#options;
    const isActive = performance.now() < this.#activeUntil;
    return isActive
      ? Math.max(Math.min(rescanMs, ACTIVE.rescanMs), tookMs / ACTIVE.share)
      : Math.max(rescanMs, tookMs / IDLE.share);
  }

  /** Compares the folders more often for a while. */
  #activate(): void {
    this.#activeUntil = performance.now() + ACTIVE.forMs;
    this.#rescanAt = Math.min(this.#rescanAt, performance.now() + this.#rescanAfter(this.#rescanTookMs));
  }

  /** Runs a step. The watch survives errors, such as those of a full disk. */
  async #attempt(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#options.onError(error);
    }
  }

  /** Watches the folders that changed last. */
  #watchFirst(): void {
    const { root } = this.#options;
    if (!WATCHES_EACH_FOLDER) return this.#watch([root], true);
    const newest = [...this.#folders].sort(([, a], [, b]) => b - a).map(([path]) => path);
    // Deno compares in this order, and the root is the folder of all events.
    const all = ["", TOP_FOLDER, ...newest.filter((path) => path !== TOP_FOLDER)].slice(0, MAX_WATCHED.first);
    this.#watch(all.map((path) => join(root, path)), false);
  }

  #watch(paths: readonly string[], recursive: boolean): void {
    if (!this.#hasEvents || this.#stop.signal.aborted || this.#watched >= MAX_WATCHED.all) return;
    const existing = paths.filter((path) => infoOf(path)?.isDirectory);
    if (existing.length === 0) return;
    this.#watched += existing.length;
    try {
      const watcher = Deno.watchFs(existing, { recursive });
      this.#watchers.push(watcher);
      void this.#listen(watcher);
    } catch (error) {
      // If one was removed in this moment, changes in the others are found by comparing.
      if (!(error instanceof Deno.errors.NotFound)) this.#loseEvents(error);
    }
  }

  /** Takes the events of a watcher until it is closed. */
  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    try {
      for await (const { kind, paths, flag } of watcher) {
        for (const path of paths) this.#note(path, kind);
        if (flag !== "rescan" && this.#changed.size === 0) continue;
        this.#activate();
        this.#wake();
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#loseEvents(error);
    }
  }

  /** Notes where something has changed; ignores everything outside of the files' folder, and partial files. */
  #note(absolute: string, kind: Deno.FsEvent["kind"]): void {
    const { root } = this.#options;
    // Deno passes on the removal of any file that anything in this process watches.
    if (!absolute.startsWith(root)) return;
    const segments = absolute.slice(root.length).replaceAll("\\", "/").split("/").filter((name) => name !== "");
    if (segments[0] !== TOP_FOLDER || segments.some(isIgnored)) return;
    const path = segments.join("/");
    this.#changed.add(path);
    if (this.#folders.has(parentOf(path))) this.#folders.set(parentOf(path), NaN); // It changed with its entry.
    // On Linux, access is the end of writing (IN_CLOSE_WRITE).
    if (kind === "rename" || kind === "access") this.#finished.add(path);
    if (kind !== "modify" && this.#folders.has(path)) this.#replaced.add(path);
  }

  #loseEvents(error: unknown): void {
    if (!this.#hasEvents) return;
    this.#hasEvents = false;
    this.#closeWatchers();
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.onChange({ type: "no events", reason, seconds: this.#rescanAfter(0) / 1_000 });
    this.#wake();
  }

  #closeWatchers(): void {
    for (const watcher of this.#watchers.splice(0)) {
      try {
        watcher.close();
      } catch {
        // It has been closed already.
      }
    }
  }

  /** Finds the folders that have changed since they were read. */
  async #rescan(): Promise<void> {
    const { root } = this.#options;
    this.#rescanTookMs = 0;
    for (const batch of batchesOf(new Set([TOP_FOLDER, ...this.#folders.keys()]))) {
      this.#stop.signal.throwIfAborted();
      const started = performance.now();
      for (const folder of batch) {
        const info = infoOf(join(root, folder));
        const mtime = info?.isDirectory ? info.mtime?.getTime() ?? 0 : undefined;
        const known = this.#folders.get(folder);
        if (mtime === known) continue;
        this.#changed.add(folder);
        if (Number.isNaN(known)) continue;
        // There was no event: the folder is not watched, or is no longer.
        this.#unwatched.add(folder);
        this.#activeUntil = performance.now() + ACTIVE.forMs;
      }
      this.#rescanTookMs += performance.now() - started;
      await delay(0);
    }
  }

  /** Looks at the paths where something has changed, and at the files that may still be written. */
  async #look(): Promise<void> {
    const { root, files: rows } = this.#options;
    const paths = new Set([...this.#changed, ...this.#unsettled.keys()]);
    this.#changed.clear();
    const finished = new Set(this.#finished);
    if (paths.size > 0 && this.#isGone()) return;
    const files: string[] = [];
    for (const path of paths) {
      this.#stop.signal.throwIfAborted();
      const isFolder = infoOf(join(root, path))?.isDirectory === true;
      if (this.#folders.has(path) && (!isFolder || this.#replaced.delete(path))) await this.#dropFolder(path);
      if (isFolder) await this.#readFolder(path);
      else if (rows.has(path) || infoOf(join(root, path)) !== undefined) files.push(path);
      else this.#unsettled.delete(path);
    }
    await this.#update(files);
    for (const path of finished) this.#finished.delete(path);
  }

  /** Whether the whole archive is gone, for example because its disk is no longer mounted: its files do not count as removed. */
  #isGone(): boolean {
    const { root, onError } = this.#options;
    const isGone = infoOf(join(root, STATE_FOLDER)) === undefined;
    if (isGone && !this.#wasGone) {
      onError(
        new ImapError(`Cannot read the archive "${root}": its folder ${STATE_FOLDER} is gone; is a disk missing?`),
      );
    }
    this.#wasGone = isGone;
    return isGone;
  }

  /** Compares a folder with the catalog, and reads its new subfolders. */
  async #readFolder(folder: string): Promise<void> {
    const { root, files: rows } = this.#options;
    // Before it is read, so that nothing is missed.
    if (WATCHES_EACH_FOLDER && (!this.#folders.has(folder) || this.#unwatched.delete(folder))) {
      this.#watch([join(root, folder)], false);
    }
    const mtime = infoOf(join(root, folder))?.mtime?.getTime() ?? NaN;
    // The rows before the files: a file that is uploaded meanwhile must not look like a removed one.
    const known = rows.stampsBelow(folder, false);
    const entries = await readFolder(join(root, folder)).catch((error: unknown) => {
      // One that was removed meanwhile is noticed in its own turn; others are tried again when they change.
      if (!(error instanceof Deno.errors.NotFound)) this.#options.onError(error);
    });
    this.#folders.set(folder, Date.now() - mtime < RESOLUTION_MS ? NaN : mtime);
    if (entries === undefined) return;
    const [files, subfolders] = [new Array<string>(), new Set<string>()];
    for (const { name, isDirectory, isFile } of entries) {
      const path = `${folder}/${name}`;
      if (isDirectory) subfolders.add(path);
      const before = known.get(path);
      const info = isFile ? infoOf(join(root, path)) : undefined;
      if (info === undefined) continue;
      known.delete(path);
      if (!isSame(before, { size: info.size, mtime: info.mtime?.getTime() ?? 0 })) files.push(path);
    }
    await this.#update([...files, ...known.keys()]);
    for (const path of this.#folders.keys()) {
      const isChild = path.startsWith(`${folder}/`) && !path.includes("/", folder.length + 1);
      if (isChild && !subfolders.has(path)) await this.#dropFolder(path);
    }
    for (const path of subfolders) {
      this.#stop.signal.throwIfAborted();
      if (!this.#folders.has(path)) await this.#readFolder(path);
    }
  }

  /** Forgets a folder, and removes the rows of those of its files that no longer exist. */
  async #dropFolder(folder: string): Promise<void> {
    for (const path of this.#folders.keys()) {
      if (path === folder || path.startsWith(`${folder}/`)) this.#folders.delete(path);
    }
    await this.#update([...this.#options.files.stampsBelow(folder, true).keys()]);
  }

  /** Updates the rows of files to match the disk. */
  async #update(files: readonly string[]): Promise<void> {
    for (const batch of batchesOf(files)) {
      this.#stop.signal.throwIfAborted();
      this.#updateNow(batch);
      await delay(0);
    }
  }

  /** Updates the rows of a few files. In one step, so that no upload can happen between reading the disk and writing. */
  #updateNow(files: readonly string[]): void {
    const { root, files: rows, now, onChange } = this.#options;
    const [changed, gone, changes] = [new Array<CatalogEntry>(), new Array<string>(), new Array<FolderChange>()];
    for (const path of files) {
      const info = infoOf(join(root, path));
      const row = rows.stamp(path);
      if (info?.isFile !== true) {
        this.#unsettled.delete(path);
        if (row !== undefined) gone.push(path);
        continue;
      }
      const stamp = { size: info.size, mtime: info.mtime?.getTime() ?? 0 };
      if (isSame(row, stamp)) this.#unsettled.delete(path);
      else if (this.#isSettled(path, stamp)) {
        const found = foundEntry({ path, stamp, ingested: now(), isReleased: undefined });
        if ("reason" in found) changes.push({ type: "skipped", ...found });
        else {
          changed.push(found);
          changes.push({ type: row === undefined ? "added" : "changed", path });
        }
      }
    }
    if (changed.length > 0 || gone.length > 0) rows.update({ changed, gone });
    for (const change of changes) onChange(change);
    for (const path of gone) onChange({ type: "removed", path });
  }

  /** Whether a file seems to be complete: only the program that writes it knows for certain. */
  #isSettled(path: string, stamp: FileStamp): boolean {
    const before = this.#unsettled.get(path);
    const isStill = before !== undefined && isSame(before, stamp);
    if (this.#finished.has(path) || isStill && performance.now() - before.since >= this.#settleMs) {
      this.#unsettled.delete(path);
      return true;
    }
    if (!isStill) this.#unsettled.set(path, { ...stamp, since: performance.now() });
    return false;
  }
}
