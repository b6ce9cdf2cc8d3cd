// Decides what a sync does, from what is remembered, what the archive lists, and what is here. Nothing happens yet. A run
// without news ends here, without what others need (sync.ts).
import { bareName, readSpiceFile, spiceRoot } from "../names/file_name.ts";
import { compareVersions, type Version } from "../names/fields.ts";
import type { QuietLines, RememberedFile, Stamp, SyncState } from "./sync_state.ts";
import type { Outcome } from "../transfer/batch.ts";

/** A file in the archive's list. */
export interface ListedFile {
  readonly path: string;
  /** When the archive indexed it: `YYYY-MM-DD HH:MM:SS`, UTC; empty if unknown. */
  readonly ingested: string;
}

/** What the archive was asked for. */
interface Listing {
  readonly files: readonly ListedFile[];
  /** The first moment of ingestion that was asked for; undefined for all files. */
  readonly from: string | undefined;
}

/** What a plan depends on. */
interface PlanInput {
  readonly listing: Listing;
  readonly remembered: ReadonlyMap<string, RememberedFile>;
  /** Returns the size and time of the file at a path here; undefined if there is none. */
  readonly look: (path: string) => Stamp | undefined;
  /**
   * Which versions of a file are wanted: all that are listed; those of its newest major version; or only the newest.
   */
  readonly versions: "all" | "newest major" | "newest";
  /** Whether the days of the query move on, so that a file may leave it although the archive still has it. */
  readonly isMoving: boolean;
  /** Whether files that somebody has changed here are fetched again. */
  readonly isForced: boolean;
  /** Whether the bytes of all files here are compared with the archive's. */
  readonly isVerifying: boolean;
}

/** A file to fetch. */
export interface PlannedFile extends ListedFile {
  /** `redelivered` if another delivery of it is here. */
  readonly state: "new" | "redelivered";
  /** The newer version that replaces it, if old versions are wanted, too. */
  readonly superseded?: string | undefined;
}

/** A file to compare with the archive's before anything else. */
export interface ComparedFile extends PlannedFile {
  /** What to do if it differs. A file that is the same is only remembered. */
  readonly ifDifferent: "fetch" | "report";
  /** Whether it may have been fetched by a run that was killed. */
  readonly isFetching: boolean;
}

/** A version of a file that a newer one replaces. */
export interface SupersededFile {
  readonly path: string;
  readonly by: string;
  /** Whether this was not known before. */
  readonly isNew: boolean;
}

/** What a sync does. */
export interface SyncPlan {
  readonly fetch: PlannedFile[];
  readonly compare: ComparedFile[];
  /** Files that somebody has changed here. */
  readonly changed: string[];
  readonly superseded: SupersededFile[];
  /** Files here that the archive no longer has. */
  readonly gone: string[];
  /** Files that were gone or superseded, and are wanted again. */
  readonly regained: string[];
  /** The files that can be forgotten. */
  readonly forgotten: string[];
  /** Files that are here as they should be. */
  readonly unchanged: string[];
}

/** The version in a name of a science, quicklook or ancillary file. */
const VERSION = /_v(\d{3})(?:\.(\d{4}))?(?=\.[^./]+$)/;

/** A file without its version, and the version. */
interface Versioned {
  /** A text that is the same for all versions of a file. */
  readonly file: string;
  readonly version: Version;
}

function versionedOf(path: string): Versioned {
  if (path.startsWith("imap/spice/")) {
    const name = bareName(path);
    const read = readSpiceFile(name);
    const digits = Array.isArray(read) ? undefined : read.version;
    return { file: spiceRoot(name) ?? path, version: { major: null, minor: Number(digits ?? 0) } };
  }
  const [text, first = "0", second] = VERSION.exec(path) ?? [];
  if (text === undefined) return { file: path, version: { major: null, minor: 0 } };
  const version = second === undefined
    ? { major: null, minor: Number(first) }
    : { major: Number(first), minor: Number(second) };
  return { file: path.replace(VERSION, ""), version };
}

/** Returns a text that is the same for all versions of a file, from its archive path. */
export function withoutVersion(path: string): string {
  return versionedOf(path).file;
}

/** Whether two files have the same size and time. */
export function isSameStamp(a: Stamp | undefined, b: Stamp | undefined): boolean {
  return a !== undefined && b !== undefined && a.size === b.size && a.modified === b.modified;
}

class Planner {
  readonly #input: PlanInput;
  readonly #listed: ReadonlyMap<string, string>;
  /** The newest version of each file. */
  readonly #newest = new Map<string, { readonly path: string; readonly version: Version }>();
  readonly #plan: SyncPlan = {
    fetch: [],
    compare: [],
    changed: [],
    superseded: [],
    gone: [],
    regained: [],
    forgotten: [],
    unchanged: [],
  };

  constructor(input: PlanInput) {
    this.#input = input;
    this.#listed = new Map(input.listing.files.map(({ path, ingested }) => [path, ingested]));
  }

  plan(): SyncPlan {
    const { remembered } = this.#input;
    const hasVersions = this.#input.versions === "newest" || this.#hasNews();
    if (hasVersions) this.#findNewest();
    for (const [path, ingested] of this.#listed) {
      const file = remembered.get(path);
      const newer = hasVersions ? this.#newerOf(path) : file?.superseded;
      this.#planListed({ path, ingested }, file, newer);
    }
    for (const [path, file] of remembered) {
      if (this.#listed.has(path)) continue;
      const newer = hasVersions ? this.#newerOf(path) : file.superseded;
      if (newer !== undefined) this.#planSuperseded(path, file, newer);
      else if (file.isGone || this.#isMissing(file)) this.#planGone(path, file);
      else {
        // The version that replaced it is gone.
        if (file.superseded !== undefined) this.#plan.regained.push(path);
        this.#planFile({ path, ingested: file.fetching ?? file.ingested }, file);
      }
    }
    return this.#plan;
  }

  /** Whether the list has a new file, or lacks one: otherwise the newest versions are the ones that are remembered. */
  #hasNews(): boolean {
    const { remembered } = this.#input;
    for (const path of this.#listed.keys()) {
      const file = remembered.get(path);
      if (file === undefined || file.isGone) return true;
    }
    for (const [path, file] of remembered) {
      if (file.superseded === undefined && !this.#listed.has(path) && this.#isMissing(file)) return true;
    }
    return false;
  }

  /** Whether a file that is not listed should have been. */
  #isMissing({ ingested, fetching }: RememberedFile): boolean {
    const { from } = this.#input.listing;
    return from === undefined || (fetching ?? ingested) >= from;
  }

  #findNewest(): void {
    const consider = (path: string) => {
      const { file, version } = versionedOf(path);
      const best = this.#newest.get(file);
      if (best === undefined || compareVersions(version, best.version) > 0) this.#newest.set(file, { path, version });
    };
    for (const path of this.#listed.keys()) consider(path);
    for (const [path, file] of this.#input.remembered) {
      if (!this.#listed.has(path) && !file.isGone && !this.#isMissing(file)) consider(path);
    }
  }

  /** Returns the path of the newest version, if a file is an older one. */
  #newerOf(path: string): string | undefined {
    const { file, version } = versionedOf(path);
    const newest = this.#newest.get(file);
    return newest !== undefined && compareVersions(newest.version, version) > 0 ? newest.path : undefined;
  }

  /** Plans a file that the archive lists. */
  #planListed(listed: ListedFile, file: RememberedFile | undefined, newer: string | undefined): void {
    const { path } = listed;
    if (newer === undefined) {
      if (file?.superseded !== undefined || file?.isGone) this.#plan.regained.push(path);
      return this.#planFile(listed, file);
    }
    const isHere = file !== undefined && file.fetching === undefined;
    if (isHere) this.#noteSuperseded(path, file, newer);
    if (this.#wants(path, newer)) {
      // An old version that was removed here is not fetched again.
      if (isHere && this.#input.look(path) === undefined) return;
      return this.#planFile(listed, file, newer);
    }
    if (isHere) this.#count(path, file);
    else if (file !== undefined) this.#plan.forgotten.push(path);
  }

  /** Whether an older version is wanted, too. */
  #wants(path: string, newer: string): boolean {
    const { versions } = this.#input;
    if (versions !== "newest major") return versions === "all";
    return versionedOf(path).version.major === versionedOf(newer).version.major;
  }

  /** Plans an older version that is not listed: it is outside the days that were asked for, or of an older major version. */
  #planSuperseded(path: string, file: RememberedFile, newer: string): void {
    if (file.fetching !== undefined) {
      if (this.#isMissing(file) || this.#input.versions === "newest") this.#plan.forgotten.push(path);
      else this.#planFile({ path, ingested: file.fetching }, file, newer);
      return;
    }
    this.#noteSuperseded(path, file, newer);
    this.#count(path, file);
  }

  #noteSuperseded(path: string, file: RememberedFile, by: string): void {
    this.#plan.superseded.push({ path, by, isNew: file.superseded === undefined });
  }

  /** Counts a file that nothing is done for, unless somebody has changed it. */
  #count(path: string, file: RememberedFile): void {
    const stamp = this.#input.look(path);
    if (stamp === undefined) return;
    if (isSameStamp(stamp, file)) this.#plan.unchanged.push(path);
    else this.#plan.changed.push(path);
  }

  #planGone(path: string, file: RememberedFile): void {
    const { isMoving, look, listing } = this.#input;
    if (look(path) === undefined || file.fetching !== undefined) this.#plan.forgotten.push(path);
    else if (!isMoving) this.#plan.gone.push(path);
    else if (listing.from === undefined) this.#plan.forgotten.push(path);
    else this.#count(path, file);
  }

  /** Plans a file that is wanted. */
  #planFile({ path, ingested }: ListedFile, file: RememberedFile | undefined, superseded?: string): void {
    const { isForced, isVerifying, look } = this.#input;
    const stamp = look(path);
    // Nearly all files.
    if (file !== undefined && file.fetching === undefined && file.ingested === ingested && !isVerifying) {
      if (isSameStamp(stamp, file)) return void this.#plan.unchanged.push(path);
    }
    // Another client leaves an empty file behind when it is interrupted.
    const isHere = stamp !== undefined && (stamp.size > 0 || file?.size === 0);
    const wasHere = file !== undefined && file.modified > 0;
    const state = wasHere && isHere ? "redelivered" : "new";
    const planned = { path, ingested, state, superseded } as const;
    if (!isHere) return void this.#plan.fetch.push(planned);
    const ifDifferent = isForced ? "fetch" : "report";
    if (file === undefined) {
      return void this.#plan.compare.push({ ...planned, ifDifferent, isFetching: false });
    }
    if (file.fetching !== undefined) {
      if (isSameStamp(stamp, file)) return void this.#plan.fetch.push(planned);
      // Either the run that was killed has fetched it, or somebody has changed it since: only its bytes show which.
      return void this.#plan.compare.push({ ...planned, ifDifferent, isFetching: true });
    }
    const isSameDelivery = ingested === file.ingested;
    if (isSameStamp(stamp, file)) {
      return void this.#plan.compare.push({ ...planned, ifDifferent: "fetch", isFetching: false });
    }
    const isKnown = isSameStamp(stamp, file.changed) || (isSameDelivery && stamp.size !== file.size);
    if (isKnown && !isForced) return void this.#plan.changed.push(path);
    this.#plan.compare.push({ ...planned, ifDifferent, isFetching: false });
  }
}

/** Decides what a sync does; has no side effects but those of `look`. */
export function planSync(input: PlanInput): SyncPlan {
  return new Planner(input).plan();
}

/**
 * What to do with versions that a newer one replaces: keep them, move them to the folder
 * `.imap-data-access/superseded` of the data directory, or remove them.
 *
 * @category Between runs
 */
export type SupersededChoice = "keep" | "move" | "remove";

/** How a sync finds out whether there is anything to do. */
interface FindSettings {
  /** The first day of ingestion to ask for, `YYYY-MM-DD`; undefined for all files. */
  readonly from: string | undefined;
  readonly superseded: SupersededChoice;
  readonly isVerifying: boolean;
  readonly isDryRun: boolean;
  /** Whether nothing else runs in this process, so that its working directory may change for a moment. */
  readonly ownsProcess: boolean;
  readonly signal: AbortSignal | undefined;
}

/** How a sync works. */
export interface SyncSettings extends FindSettings {
  readonly dataDir: string;
  readonly versions: PlanInput["versions"];
  readonly isMoving: boolean;
  readonly isForced: boolean;
  readonly isRemovingMissing: boolean;
  /** How many files are compared at a time. */
  readonly concurrency: number;
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

/** The time after which long work lets other work run. */
const TURN_MS = 4;
/** The number of looks between two looks at the clock. */
const LOOKS = 50;
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

/**
 * Where the files of a data directory are looked at: by their absolute paths, or from their own folder, where a look takes
 * five sixths of the time because the system does not walk through the folders above. What happens between
 * {@linkcode begin} and {@linkcode end} must be synchronous: the working directory is that of the whole process.
 */
class LookPlace {
  readonly #root: string;
  readonly #ownsProcess: boolean;
  /** The working directory to return to; undefined if it does not change. */
  #back: string | undefined;
  #folder = "";
  /** What is before the name of a file in its path. */
  #prefix = "";

  constructor(root: string, ownsProcess: boolean) {
    [this.#root, this.#ownsProcess] = [root, ownsProcess];
  }

  begin(): void {
    this.#back = this.#ownsProcess ? placeToReturnTo() : undefined;
  }

  /** @throws An error of the system if the working directory has been removed in the meantime. */
  end(): void {
    if (this.#back !== undefined) Deno.chdir(this.#back);
    this.#back = undefined;
    this.#folder = "";
  }

  /** Counts the next files that are as they are remembered, up to {@linkcode LOOKS}. */
  countSome(lines: QuietLines): number {
    for (let count = 0; count < LOOKS; count++) {
      if (!lines.next()) return count;
      if (lines.folder !== this.#folder) this.#enter(lines.folder);
      const info = infoOf(this.#prefix + lines.name);
      if (info?.size !== lines.size || (info.mtime?.getTime() ?? 0) !== lines.modified) return count;
    }
    return LOOKS;
  }

  #enter(folder: string): void {
    this.#folder = folder;
    this.#prefix = `${this.#root}/${folder}/`;
    if (this.#back === undefined) return;
    try {
      Deno.chdir(this.#prefix);
      this.#prefix = "";
    } catch {
      // A look at a file tells what is wrong.
    }
  }
}

/** Returns the working directory if it may be left and can be entered again. Does not prompt for permission. */
function placeToReturnTo(): string | undefined {
  if (Deno.build.os === "windows" || Deno.permissions.querySync({ name: "read" }).state !== "granted") return undefined;
  try {
    const place = Deno.cwd();
    Deno.chdir(place);
    return place;
  } catch {
    // It has been removed, or its folders may not be entered.
    return undefined;
  }
}

/** Looks at the files of a data directory. */
class LocalLook {
  readonly #root: string;
  readonly #signal: AbortSignal | undefined;
  readonly #ownsProcess: boolean;
  /** The names in folders where a file was missing: a failed look takes ten times as long as a successful one. */
  readonly #names = new Map<string, ReadonlySet<string>>();
  readonly #seen = new Map<string, Stamp | undefined>();

  /** @param root The absolute path of the data directory. */
  constructor(root: string, { signal, ownsProcess }: FindSettings) {
    [this.#root, this.#signal, this.#ownsProcess] = [root, signal, ownsProcess];
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
    const lines = state.quietLines(before);
    if (lines === undefined) return undefined;
    const place = new LookPlace(this.#root, this.#ownsProcess);
    for (let count = 0;; await this.giveWay()) {
      place.begin();
      try {
        // Short functions are compiled sooner than a long loop.
        for (const turn = performance.now(); performance.now() - turn < TURN_MS;) {
          const same = place.countSome(lines);
          count += same;
          if (same < LOOKS) return lines.isAtEnd ? count : undefined;
        }
      } finally {
        place.end();
      }
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
   * Lets other work run first. A timer would take 1 to 2 ms, and the first one of a program 3 ms more; a look that the
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

/** What a run works with. */
export interface SyncParts<Settings = SyncSettings> {
  readonly state: SyncState;
  readonly archive: SyncedArchive;
  readonly settings: Settings;
}

/** What a run found before it did anything. */
export interface News {
  readonly listing: TimedListing;
  /** The number of files here, if all are as they should be and there is no news; undefined if anything has to be done. */
  readonly same: number | undefined;
  readonly look: LocalLook;
}

/**
 * Asks the archive. While it responds, what is remembered is read, and the files here are looked at.
 *
 * @param isQuick Whether to only compare all files with what is remembered, as long as nothing has to be done for any.
 */
async function listAndLook({ state, archive, settings }: SyncParts<FindSettings>, isQuick: boolean): Promise<News> {
  const { from } = settings;
  const look = new LocalLook(state.root, settings);
  const listing = archive.list(from);
  let isHere = false;
  const noteEnd = () => isHere = true;
  listing.then(noteEnd, noteEnd);
  try {
    for (let turn = 0; turn < SENDING_TURNS && !isHere; turn++) await look.giveWay();
    const same = isQuick && from !== undefined ? await look.countSame(state, `${from} 00:00:00`) : undefined;
    if (same === undefined) await look.lookAhead(state.files.keys());
    const listed = await listing;
    return { listing: listed, same: listed.files.length === 0 ? same : undefined, look };
  } catch (error) {
    await listing.catch(() => {});
    throw error;
  }
}

/**
 * Asks the archive, and looks at the files here. If there is nothing to do, at most the day is recorded.
 *
 * @returns Undefined if another process has changed the state in the meantime.
 */
export async function findNews(parts: SyncParts<FindSettings>): Promise<News | undefined> {
  const { state, settings: { from, isDryRun, isVerifying, superseded } } = parts;
  const isQuick = from !== undefined && !isVerifying && superseded === "keep";
  if (!isQuick && !await state.claim()) return undefined;
  const news = await listAndLook(parts, isQuick);
  // Nothing has to be written, and no other process to be waited for, but once a day.
  if (news.same === undefined || isDryRun || !state.isNewDay(news.listing.time)) return news;
  if (!await state.claim()) return undefined;
  state.noteResponse(news.listing.time, false);
  await state.save();
  return news;
}
