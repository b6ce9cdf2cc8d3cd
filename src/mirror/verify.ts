// Whether a data directory holds the bytes that a lock file lists.
import { hashFiles, type HashFilesOptions } from "./hash_files.ts";
import { localFiles } from "./local_directory.ts";
import { STATE_FOLDER } from "../config.ts";
import { type LockedFile, writeJsonFile } from "./lock_file.ts";
import type { ImapError } from "../errors.ts";
import { isJsonObject } from "../protocol/tables.ts";
import { absolutePath, localPath } from "../transfer/local_files.ts";
import { basename, join } from "@std/path";

/** The hashes of a file, in hex. Only lock files need the MD5, which takes twice as long as the SHA-256. */
interface FileHashes {
  readonly sha256: string;
  readonly md5?: string | undefined;
}

/** The facts about a file when its bytes were last read. */
interface KnownFile extends FileHashes {
  readonly bytes: number;
  /** When it was last written to, in milliseconds since 1970. */
  readonly modified: number;
}

/** A file that was written to this recently may be written to again without another time. */
const MIN_AGE_MS = 2_000;
/** Writing the hashes takes less. */
const MAX_WRITE_MS = 60 * 60 * 1000;
const STATE_VERSION = 1;

function decodeKnown(value: unknown): KnownFile | undefined {
  if (!isJsonObject(value)) return undefined;
  const { bytes, modified, sha256, md5 } = value;
  if (typeof bytes !== "number" || typeof modified !== "number" || typeof sha256 !== "string") return undefined;
  return { bytes, modified, sha256, md5: typeof md5 === "string" ? md5 : undefined };
}

/**
 * The hashes of the files of a data directory, as of when their bytes were last read. A file with the same size and time
 * of modification is not read again. They are kept in the state folder; without them, all files are read.
 */
export class KnownHashes {
  readonly #dataDir: string;
  readonly #known = new Map<string, KnownFile>();
  /** What this run has read. */
  readonly #news = new Map<string, KnownFile>();

  private constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** Reads the known hashes of a data directory. */
  static async of(dataDir: string): Promise<KnownHashes> {
    const hashes = new KnownHashes(absolutePath(dataDir));
    for (const [path, known] of await hashes.#read() ?? []) hashes.#known.set(path, known);
    return hashes;
  }

  /** Returns the hashes of a file that has this size and time; undefined if its bytes must be read. */
  get(path: string, { size, mtime }: Deno.FileInfo): FileHashes | undefined {
    const known = this.#known.get(path);
    return known?.bytes === size && known.modified === mtime?.getTime() ? known : undefined;
  }

  /** Notes the hashes of a file. `info` is from before its bytes were read. */
  note(path: string, { size, mtime }: Deno.FileInfo, { sha256, md5 }: FileHashes): void {
    const modified = mtime?.getTime();
    if (modified === undefined || Date.now() - modified < MIN_AGE_MS) return;
    const before = this.#known.get(path);
    const same = before?.sha256 === sha256 ? before.md5 : undefined;
    this.#news.set(path, { bytes: size, modified, sha256, md5: md5 ?? same });
  }

  /** Keeps the hashes for the next run, if the data directory can be written to. */
  async save(): Promise<void> {
    if (this.#news.size === 0) return;
    // Another program may have recorded other files in the meantime.
    const known = await this.#read();
    if (known === undefined) return;
    for (const [path, file] of this.#news) known.set(path, file);
    const files = Object.fromEntries([...known].sort(([a], [b]) => a < b ? -1 : 1));
    const text = `${JSON.stringify({ version: STATE_VERSION, files }, null, 1)}\n`;
    // The user should not be prompted for permission only for this.
    const { state } = await Deno.permissions.query({ name: "write", path: this.#path() });
    if (state !== "granted") return;
    await writeJsonFile(this.#path(), text).then(() => this.#removeUnfinished()).catch(() => {});
  }

  /** Removes what a process left behind that was killed while it wrote the hashes. */
  async #removeUnfinished(): Promise<void> {
    const folder = join(this.#dataDir, STATE_FOLDER);
    for (const { name } of Deno.readDirSync(folder)) {
      if (!/^hashes\.json\.[0-9a-f]{8}\.part$/.test(name)) continue;
      const { mtime } = await Deno.lstat(join(folder, name));
      if (Date.now() - (mtime?.getTime() ?? 0) > MAX_WRITE_MS) await Deno.remove(join(folder, name));
    }
  }

  #path(): string {
    return join(this.#dataDir, STATE_FOLDER, "hashes.json");
  }

  /** Reads what is on disk; nothing if it is damaged. @returns Undefined if a newer version of this program wrote it. */
  async #read(): Promise<Map<string, KnownFile> | undefined> {
    const known = new Map<string, KnownFile>();
    try {
      const json: unknown = JSON.parse(await Deno.readTextFile(this.#path()));
      if (!isJsonObject(json) || !isJsonObject(json.files)) return known;
      if (json.version !== STATE_VERSION) return undefined;
      for (const [path, value] of Object.entries(json.files)) {
        const file = decodeKnown(value);
        if (file !== undefined) known.set(path, file);
      }
    } catch {
      // It is missing or damaged: all files are read again.
    }
    return known;
  }
}

/** A local file, and its hashes or why it cannot be read. */
type HashedLocalFile =
  | { readonly path: string; readonly bytes: number; readonly error?: undefined } & FileHashes
  | { readonly path: string; readonly error: ImapError };

/** How to hash the files of a data directory. */
interface HashLocalOptions extends HashFilesOptions {
  /** Whether to read the bytes even of files whose hashes are known. Default: false. */
  readonly isThorough?: boolean;
  readonly known: KnownHashes;
}

/** Hashes files of a data directory, by archive path, unless their hashes are known. Yields them in any order. */
export async function* hashLocalFiles(
  dataDir: string,
  paths: Iterable<string>,
  { isThorough = false, known, ...options }: HashLocalOptions,
): AsyncGenerator<HashedLocalFile> {
  const toRead = new Map<string, { readonly path: string; readonly info: Deno.FileInfo | undefined }>();
  for (const path of paths) {
    const local = localPath(dataDir, path);
    const info = statOf(local);
    const hashes = isThorough || info === undefined ? undefined : known.get(path, info);
    const hasAll = hashes !== undefined && options.algorithms.every((name) => hashes[name] !== undefined);
    if (info !== undefined && hasAll) yield { path, bytes: info.size, ...hashes };
    else toRead.set(local, { path, info });
  }
  for await (const result of hashFiles(toRead.keys(), options)) {
    const { path = "", info } = toRead.get(result.path) ?? {};
    if (result.error !== undefined) {
      yield { path, error: result.error };
      continue;
    }
    const { size, sha256 = "", md5 } = result;
    if (info?.size === size) known.note(path, info, { sha256, md5 });
    yield { path, bytes: size, sha256, md5 };
  }
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}

/**
 * How a file of a data directory differs from a lock file: it is `missing`, or `changed`, or cannot be read
 * (`unreadable`), or is `extra`: not in the lock file.
 *
 * @category Between runs
 */
export type DifferenceState = "missing" | "changed" | "unreadable" | "extra";

/**
 * A file of a data directory that is not as a lock file says.
 *
 * @category Between runs
 */
export interface FileDifference {
  /** The path in the archive, and below the data directory. */
  readonly path: string;
  /** How it differs. */
  readonly state: DifferenceState;
  /** Why, in words: `120 bytes instead of 121`. Empty if there is no more to say. */
  readonly reason: string;
}

/**
 * The progress of a check of files.
 *
 * @category Between runs
 */
export interface VerifyProgress {
  /** The number of files that were checked. */
  readonly files: number;
  /** The number of files to check. */
  readonly allFiles: number;
  /** The size in bytes of the files that were checked. */
  readonly bytes: number;
  /** The size in bytes of the files to check. */
  readonly allBytes: number;
}

/** How to verify files. */
interface VerifySettings extends Pick<HashFilesOptions, "jobs" | "signal"> {
  readonly onProgress: (progress: VerifyProgress) => void;
  /** Whether to read all bytes, not only those of files whose size or time is not that of the last time. */
  readonly bytes: boolean;
  /** Whether files that are not in the lock file count. */
  readonly extra: boolean;
}

/** Verifies the files of one lock file. */
class Verification {
  readonly #dataDir: string;
  readonly #settings: VerifySettings;
  readonly #differences: FileDifference[] = [];

  constructor(dataDir: string, settings: VerifySettings) {
    this.#dataDir = absolutePath(dataDir);
    this.#settings = settings;
  }

  async run(files: readonly LockedFile[]): Promise<FileDifference[]> {
    const known = await KnownHashes.of(this.#dataDir);
    // Sizes first: a file of another size need not be read.
    const locked = new Map(files.filter((file) => this.#hasItsSize(file)).map((file) => [file.path, file]));
    await this.#readBytes(locked, known);
    if (this.#settings.extra) await this.#findExtra(new Set(files.map(({ path }) => path)));
    return this.#differences.sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
  }

  #add(path: string, state: DifferenceState, reason = ""): void {
    this.#differences.push({ path, state, reason });
  }

  #hasItsSize({ path, bytes }: LockedFile): boolean {
    try {
      const { isFile, size } = Deno.statSync(localPath(this.#dataDir, path));
      if (isFile && size === bytes) return true;
      this.#add(path, "changed", isFile ? `${size} bytes instead of ${bytes}` : "it is not a file");
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) this.#add(path, "missing");
      else this.#add(path, "unreadable", error instanceof Error ? error.message : String(error));
    }
    return false;
  }

  async #readBytes(locked: ReadonlyMap<string, LockedFile>, known: KnownHashes): Promise<void> {
    const { bytes, jobs, signal } = this.#settings;
    const options = { algorithms: ["sha256"], isThorough: bytes, known, jobs, signal } as const;
    const allBytes = locked.values().reduce((sum, { bytes }) => sum + bytes, 0);
    const checked = { files: 0, bytes: 0 };
    for await (const hashed of hashLocalFiles(this.#dataDir, locked.keys(), options)) {
      checked.files += 1;
      checked.bytes += locked.get(hashed.path)?.bytes ?? 0;
      this.#settings.onProgress({ ...checked, allFiles: locked.size, allBytes });
      if (hashed.error !== undefined) this.#add(hashed.path, "unreadable", hashed.error.message);
      else if (hashed.sha256 !== locked.get(hashed.path)?.sha256) {
        this.#add(hashed.path, "changed", "other bytes (SHA-256)");
      }
    }
    await known.save();
  }

  /** Finds files in the folder with the archive's files that are not in the lock file. Hidden ones do not count. */
  async #findExtra(locked: ReadonlySet<string>): Promise<void> {
    try {
      for await (const entry of localFiles(this.#dataDir, { signal: this.#settings.signal })) {
        const { kind, path } = entry;
        if (kind === "partial" || locked.has(path) || basename(path).startsWith(".")) continue;
        const reason = kind === "other" ? entry.reason : undefined;
        if (reason === "unreadable") this.#add(path, "unreadable", "it may have files that are not in the lock file");
        // A folder on another disk: its files were checked.
        else if (reason === "link" && locked.values().some((file) => file.startsWith(`${path}/`))) continue;
        else this.#add(path, "extra");
      }
    } catch (error) {
      // If the data directory does not exist, all files are missing.
      if (!(error instanceof Error && error.cause instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/**
 * Compares the files of a data directory with those of a lock file: first their sizes, then the time of modification with
 * that of when they were last read, and the bytes of those that are not known, or of all.
 *
 * @returns How files differ, by path; none if the data directory has exactly the files of the lock file.
 */
export async function verifyFiles(
  dataDir: string,
  files: readonly LockedFile[],
  settings: VerifySettings,
): Promise<FileDifference[]> {
  return await new Verification(dataDir, settings).run(files);
}
