// What a data directory holds: one linear walk, from folder to folder, that never follows a link.
import { STATE_FOLDER } from "../config.ts";
import { fileError } from "../errors.ts";
import { archivePath, type ImapFile, tryParseFileName } from "../names/file_name.ts";
import { absolutePath } from "../transfer/local_files.ts";
import { bytesIn, nameOfOwn, partialPathOf, readRecord } from "../transfer/partial_file.ts";
import { basename, join } from "@std/path";

/** The folder below a data directory with the archive's files (SDC folder convention). */
const TOP_FOLDER = "imap";

/** The fields of every entry of a data directory. */
interface Entry {
  /** The path relative to the data directory, with `/` between its folders. Of an archive's file: its archive path. */
  readonly path: string;
  /** The absolute path on this disk. */
  readonly localPath: string;
  /** The size in bytes; 0 for what is not a regular file. */
  readonly size: number;
  /** When it was last written to, in milliseconds since 1970; 0 if unknown. */
  readonly modified: number;
}

/** A complete file of the SDC at its place. */
export interface LocalFile extends Entry {
  readonly kind: "file";
  /** The bare name. */
  readonly name: string;
  /** The fields of the name. */
  readonly file: ImapFile;
}

/** A partial file of an unfinished download: `path` is that of the complete file. */
export interface LocalPartialFile extends Entry {
  readonly kind: "partial";
  /** The bare name of the complete file. */
  readonly name: string;
  /** The fields of the name; undefined if it is not of the SDC's form. */
  readonly file: ImapFile | undefined;
  /** The absolute paths of all that there is of it: partial files and their records. `localPath` is the first of them. */
  readonly localPaths: readonly string[];
  /** The number of bytes received, as far as a record says what they are; 0 without a record. */
  readonly received: number;
  /** The size of the complete file, in bytes; undefined without a record. */
  readonly expected: number | undefined;
}

/**
 * Why an entry is not a file of the SDC:
 *
 * - `name`: its name does not follow the SDC's convention.
 * - `place`: its name does, but it is not in the folder where the archive has it.
 * - `empty`: it has no bytes: an interrupted download of another client.
 * - `link`: a symbolic link, which is not followed.
 * - `hidden`: a hidden folder, which is not entered.
 * - `special`: neither a file nor a folder: a socket, a device.
 * - `unreadable`: a folder or file that cannot be read. What it holds is unknown.
 *
 * @category Between runs
 */
export type OtherReason = "name" | "place" | "empty" | "link" | "hidden" | "special" | "unreadable";

/** An entry that is not a file of the SDC. */
export interface OtherEntry extends Entry {
  readonly kind: "other";
  readonly reason: OtherReason;
}

/** An entry of a data directory. */
export type LocalEntry = LocalFile | LocalPartialFile | OtherEntry;

/** Options of {@linkcode localFiles}. */
export interface LocalFilesOptions {
  /** Whether to walk all of the data directory, not only its folder `imap` with the archive's files. Default: false. */
  readonly isEverywhere?: boolean | undefined;
  /** Cancels the walk. */
  readonly signal?: AbortSignal | undefined;
}

/** Names of partial files, of their records, and of records while they are written. */
const PARTIAL_NAME = /^\.(.+)\.part(?:\.json(?:\.new)?)?$/;

/** Returns the name of the complete file that a partial file or a record belongs to; undefined for other names. */
function completeName(name: string): string | undefined {
  const complete = PARTIAL_NAME.exec(name)?.[1];
  return complete === undefined ? undefined : nameOfOwn(`.${complete}.part`) ?? complete;
}

/** Whether the archive has a file of this name at this path. */
function isAtItsPlace(path: string, name: string, file: ImapFile): boolean {
  // The SDC has moved files between the folders of SPICE files.
  return archivePath(name) === path || (file.kind === "spice" && /^imap\/spice\/[^/]+\/[^/]+$/.test(path));
}

/** Walks one data directory. */
class Walk {
  readonly #root: string;
  readonly #signal: AbortSignal | undefined;

  constructor(root: string, signal: AbortSignal | undefined) {
    this.#root = root;
    this.#signal = signal;
  }

  /** Yields the entries of the folder with the archive's files; none if there is none yet. */
  async *top(): AsyncGenerator<LocalEntry> {
    const info = await Deno.lstat(join(this.#root, TOP_FOLDER)).catch(() => undefined);
    if (info?.isDirectory === true) yield* this.entries(TOP_FOLDER);
    else if (info !== undefined) yield this.#other(TOP_FOLDER, info.isSymlink ? "link" : "name");
  }

  /** Yields the entries of a folder, and of its subfolders, sorted by name. */
  async *entries(folder: string): AsyncGenerator<LocalEntry> {
    this.#signal?.throwIfAborted();
    const found: Deno.DirEntry[] = [];
    try {
      for await (const entry of Deno.readDir(join(this.#root, folder))) found.push(entry);
    } catch (error) {
      // Another program has removed it.
      if (folder !== "" && error instanceof Deno.errors.NotFound) return;
      if (folder === "" || !(error instanceof Error)) throw error;
      return yield this.#other(folder, "unreadable");
    }
    found.sort((a, b) => a.name < b.name ? -1 : 1);
    const partials = new Map<string, string[]>();
    for (const { name, isDirectory, isFile, isSymlink } of found) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const complete = isFile ? completeName(name) : undefined;
      if (complete !== undefined) partials.set(complete, [...partials.get(complete) ?? [], name]);
      else if (isSymlink) yield this.#other(path, "link");
      // Deno replaces bytes that are not UTF-8, and cannot open such a name.
      else if (name.includes("\ufffd")) yield this.#other(path, isDirectory ? "unreadable" : "name");
      else if (!isDirectory) yield isFile ? this.#file(path, name) : this.#other(path, "special");
      else if (!name.startsWith(".")) yield* this.entries(path);
      else if (path !== STATE_FOLDER) yield this.#other(path, "hidden");
    }
    for (const [name, names] of partials) yield this.#partial(folder, name, names);
  }

  #other(path: string, reason: OtherReason): OtherEntry {
    return { kind: "other", path, reason, ...this.#stamp(path) };
  }

  /** Synchronous calls are five times as fast for many files. */
  #stamp(path: string): Omit<Entry, "path"> {
    const localPath = join(this.#root, path);
    try {
      const { isFile, size, mtime } = Deno.lstatSync(localPath);
      return { localPath, size: isFile ? size : 0, modified: mtime?.getTime() ?? 0 };
    } catch {
      return { localPath, size: 0, modified: 0 };
    }
  }

  #file(path: string, name: string): LocalFile | OtherEntry {
    const file = tryParseFileName(name);
    if (file === undefined) return this.#other(path, "name");
    if (!isAtItsPlace(path, name, file)) return this.#other(path, "place");
    const stamp = this.#stamp(path);
    return stamp.size === 0
      ? { kind: "other", path, reason: "empty", ...stamp }
      : { kind: "file", path, name, file, ...stamp };
  }

  #partial(folder: string, name: string, names: readonly string[]): LocalPartialFile {
    const path = folder === "" ? name : `${folder}/${name}`;
    const sharedPath = partialPathOf(join(this.#root, path));
    const record = readRecord(sharedPath);
    const sizes = new Map<string, number>();
    let modified = 0;
    for (const name of names) {
      try {
        const { dev, ino, size, mtime } = Deno.lstatSync(join(this.#root, folder, name));
        // The partial file at its own path and at the shared path is one.
        if (name.endsWith(".part")) sizes.set(ino === null ? "" : `${dev} ${ino}`, size);
        modified = Math.max(modified, mtime?.getTime() ?? 0);
      } catch {
        // Another process has removed it.
      }
    }
    const localPaths = names.map((name) => join(this.#root, folder, name));
    localPaths.sort((a, b) => Number(b === sharedPath) - Number(a === sharedPath));
    const size = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    const received = record === undefined
      ? 0
      : record.missing === null
      ? Math.min(Math.max(0, ...sizes.values()), record.size)
      : record.size - bytesIn(record.missing);
    return {
      kind: "partial",
      path,
      name: basename(path),
      file: tryParseFileName(name),
      localPath: localPaths[0] ?? sharedPath,
      localPaths,
      size,
      modified,
      received,
      expected: record?.size,
    };
  }
}

/**
 * Walks through a data directory, and yields what it holds: complete files of the SDC, partial files, and everything
 * else. Sorted by path within each folder; the partial files of a folder come last. Links are not followed, hidden
 * folders are not entered, and the state folder is not part of it.
 *
 * @param dataDir The data directory; it may itself be a symbolic link.
 * @throws {FileError} When the data directory does not exist (its `cause` is then a `Deno.errors.NotFound`) or cannot be
 * read. An unreadable folder in it is an entry.
 */
export async function* localFiles(
  dataDir: string,
  { isEverywhere = false, signal }: LocalFilesOptions = {},
): AsyncGenerator<LocalEntry> {
  const root = absolutePath(dataDir);
  try {
    if (!(await Deno.stat(root)).isDirectory) throw new Error("it is not a folder");
  } catch (error) {
    throw fileError(`read the data directory "${dataDir}"`, root, error);
  }
  const walk = new Walk(root, signal);
  if (isEverywhere) return yield* walk.entries("");
  yield* walk.top();
}
