// Decides what a sync does, from what is remembered, what the archive lists, and what is here. Nothing happens yet.
import { bareName } from "../names/file_name.ts";
import { readSpiceFile, spiceRoot } from "../names/spice_name.ts";
import { compareVersions, type Version } from "../names/version.ts";
import type { RememberedFile, Stamp } from "./sync_state.ts";

/** A file in the archive's list. */
export interface ListedFile {
  readonly path: string;
  /** When the archive indexed it: `YYYY-MM-DD HH:MM:SS`, UTC; empty if unknown. */
  readonly ingested: string;
}

/** What the archive was asked for. */
export interface Listing {
  readonly files: readonly ListedFile[];
  /** The first moment of ingestion that was asked for; undefined for all files. */
  readonly from: string | undefined;
}

/** What a plan depends on. */
export interface PlanInput {
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
  /** What need not be remembered any longer. */
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
      // Whoever removes an old version does not want it back.
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
      // Either the run that was killed has fetched it, or somebody has changed it since: only its bytes can tell.
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
