import type { FileStamp } from "./catalog.ts";
import { type CatalogEntry, catalogEntry } from "./catalog_entry.ts";
import { IncompleteBodyError, type ObjectStore } from "./object_store.ts";
import type { SqliteFiles } from "./sqlite_catalog.ts";
import { hashFile } from "../disk.ts";
import { FileNameError, InputError } from "../errors.ts";
import { archivePath } from "../names/file_name.ts";
import { ensureDir } from "@std/fs";
import { basename, dirname, join } from "@std/path";

/** Says in a few words why a name does not follow the SDC's convention. */
function nameReason(error: FileNameError): string {
  return `not a name the archive knows: wrong ${error.problems.map((problem) => problem.field).join(", ")}`;
}

/** A file that was skipped, and why. */
export interface SkippedFile {
  /** The path relative to the folder, with `/` between its folders. */
  readonly path: string;
  /** Why it was skipped, in a few words. */
  readonly reason: string;
}

/** An entry of a folder: a file, or an entry to skip. */
type WalkedEntry =
  | { readonly kind: "file"; readonly path: string; readonly name: string; readonly stamp: FileStamp }
  | ({ readonly kind: "skipped" } & SkippedFile);

/** Hidden files, including an archive's state folder, and partial files of downloads. */
export function isIgnored(name: string): boolean {
  return name.startsWith(".") || name.endsWith(".part");
}

/** Returns the entries of a folder that are not ignored, sorted by name. */
export async function readFolder(folder: string): Promise<Deno.DirEntry[]> {
  const entries: Deno.DirEntry[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (!isIgnored(entry.name)) entries.push(entry);
  }
  return entries.sort((a, b) => a.name < b.name ? -1 : 1);
}

/**
 * Returns the size and modification time of a file, or of the link itself. For many files, synchronous calls are five
 * times as fast.
 */
function stampOf(path: string): FileStamp {
  const { size, mtime } = Deno.lstatSync(path);
  return { size, mtime: mtime?.getTime() ?? 0 };
}

/**
 * Walks through a folder and its subfolders, sorted by name. Symbolic links are not followed: they could point outside
 * the folder, or form a cycle. Unreadable entries are skipped.
 *
 * @param root The folder that paths are relative to.
 * @param start Where to start, relative to the root.
 * @param folders Receives the modification time of each folder.
 */
async function* walkFiles(root: string, start = "", folders?: FolderTimes): AsyncGenerator<WalkedEntry> {
  let entries: Deno.DirEntry[];
  try {
    // Noted before the folder is read: a later change is then a change since this time.
    folders?.set(start, stampOf(join(root, start)).mtime);
    entries = await readFolder(join(root, start));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    yield { kind: "skipped", path: start, reason: `cannot be read (${error.name})` };
    return;
  }
  for (const { name, isDirectory, isFile, isSymlink } of entries) {
    const path = start === "" ? name : `${start}/${name}`;
    // Deno replaces bytes that are not UTF-8, and cannot open such a name.
    if (name.includes("\ufffd")) yield { kind: "skipped", path, reason: "its name is not UTF-8" };
    else if (isDirectory) yield* walkFiles(root, path, folders);
    else if (isSymlink) yield { kind: "skipped", path, reason: "a symbolic link, which is not followed" };
    else if (!isFile) yield { kind: "skipped", path, reason: "not a regular file" };
    else {
      try {
        yield { kind: "file", path, name, stamp: stampOf(join(root, path)) };
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        yield { kind: "skipped", path, reason: `cannot be read (${error.name})` };
      }
    }
  }
}

/** The modification time of each folder, by path relative to the root, in milliseconds since 1970. */
export type FolderTimes = Map<string, number>;

/** The result of importing a folder. */
export interface ImportReport {
  /** The number of files that were copied into the archive. */
  readonly copied: number;
  /** The number of files that were already in the archive, with identical bytes. */
  readonly present: number;
  /** Paths, relative to the folder, of files that the archive has with different bytes. The archive keeps its own. */
  readonly conflicts: readonly string[];
  /** Entries that are not files of the SDC. */
  readonly skipped: readonly SkippedFile[];
}

/** The result of importing one file. */
type Outcome = "copied" | "present" | "conflict" | { readonly skipped: string };

/** Opens a file for reading; undefined if it no longer exists, or may not be read. */
async function openSource(path: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}

/** Whether the file in the archive has the same bytes; undefined if it does not exist. */
async function isSame(
  store: ObjectStore,
  path: string,
  source: Deno.FsFile,
  size: number,
): Promise<boolean | undefined> {
  const object = await store.open(path);
  if (object === undefined) return undefined;
  try {
    return object.size === size && await object.md5() === await hashFile(source);
  } finally {
    object.close();
  }
}

async function importFile(
  name: string,
  source: string,
  { store, isReleased }: Pick<ImportOptions, "store" | "isReleased">,
): Promise<Outcome> {
  try {
    const path = archivePath(name);
    using file = await openSource(source);
    if (file === undefined) return { skipped: "cannot be read" };
    const { size } = await file.stat();
    const same = await isSame(store, path, file, size);
    if (same !== undefined) return same ? "present" : "conflict";
    await store.put(path, file.readable, size, isReleased); // The stream closes the file.
    return "copied";
  } catch (error) {
    if (error instanceof FileNameError) return { skipped: nameReason(error) };
    if (error instanceof IncompleteBodyError) return { skipped: "changed while it was read" };
    throw error;
  }
}

/** The destination of an import. */
interface ImportOptions {
  /** The archive's files. */
  readonly store: ObjectStore;
  /** Whether the files are released to the public. */
  readonly isReleased: boolean;
  /** Ends the import early. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Copies the files of a folder and its subfolders into the archive. Their paths in the archive depend only on their
 * names. The folder itself is not changed.
 *
 * @throws {InputError} When the folder cannot be read.
 */
export async function importFolder(folder: string, options: ImportOptions): Promise<ImportReport> {
  const { signal } = options;
  const counts = { copied: 0, present: 0 };
  const conflicts: string[] = [];
  const skipped: SkippedFile[] = [];
  for await (const entry of walkFiles(folder)) {
    signal?.throwIfAborted();
    const { path } = entry;
    if (entry.kind === "skipped" && path === "") throw new InputError(`Cannot import "${folder}": it ${entry.reason}`);
    const outcome: Outcome = entry.kind === "skipped"
      ? { skipped: entry.reason }
      : await importFile(entry.name, join(folder, path), options);
    if (typeof outcome === "object") skipped.push({ path, reason: outcome.skipped });
    else if (outcome === "conflict") conflicts.push(path);
    else counts[outcome]++;
  }
  return { ...counts, conflicts, skipped };
}

/** The result of indexing the folder of an archive. */
export interface IndexReport {
  /** The number of files in the archive. */
  readonly files: number;
  /** Entries that do not belong to the archive. */
  readonly skipped: readonly SkippedFile[];
}

/** The folder below the root that contains all files (SDC folder convention). */
export const TOP_FOLDER = "imap";

async function isFolder(path: string): Promise<boolean> {
  try {
    const { isDirectory, isSymlink } = await Deno.lstat(path);
    if (isDirectory) return true;
    const what = isSymlink ? "a symbolic link; serve the folder that it points to" : "not a folder";
    throw new InputError(`Cannot serve "${dirname(path)}": its "${basename(path)}" is ${what}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What the archive found at a path. */
interface FoundFile {
  readonly path: string;
  readonly stamp: FileStamp;
  readonly ingested: Date;
  /** Default: as for its kind at the SDC. */
  readonly isReleased: boolean | undefined;
}

/** Creates the row of a file that was found in the folder, or says in a few words why it does not belong there. */
export function foundEntry({ path, stamp, ...facts }: FoundFile): CatalogEntry | SkippedFile {
  try {
    const found = catalogEntry(basename(path), { ...stamp, ...facts, md5: null });
    return found.file_path === path ? found : { path, reason: `its name belongs at ${found.file_path}` };
  } catch (error) {
    if (!(error instanceof FileNameError)) throw error;
    return { path, reason: nameReason(error) };
  }
}

/** What an index has found. */
interface FoundFolder {
  /** Entries that do not belong to the archive. */
  readonly skipped: readonly SkippedFile[];
  /** All folders that were read. */
  readonly folders: FolderTimes;
}

/**
 * Updates the catalog to match the folder: new files are added, changed files (by size or modification time) are
 * updated, and rows without a file are removed. This also repairs what a crash left behind. Files in the wrong folder
 * are skipped.
 */
export async function indexFolder(root: string, files: SqliteFiles, signal?: AbortSignal): Promise<FoundFolder> {
  const known = files.stamps();
  const folders: FolderTimes = new Map();
  const changed: CatalogEntry[] = [];
  const skipped: SkippedFile[] = [];
  if (await isFolder(join(root, TOP_FOLDER))) {
    for await (const entry of walkFiles(root, TOP_FOLDER, folders)) {
      signal?.throwIfAborted();
      if (entry.kind === "skipped") {
        skipped.push({ path: entry.path, reason: entry.reason });
        continue;
      }
      const { path, stamp } = entry;
      const before = known.get(path);
      known.delete(path);
      if (before?.size === stamp.size && before.mtime === stamp.mtime) continue;
      const ingested = new Date(stamp.mtime);
      const found = foundEntry({ path, stamp, ingested, isReleased: files.releasesFoundFiles });
      if ("reason" in found) skipped.push(found);
      else changed.push(found);
    }
  }
  files.update({ changed, gone: known.keys() });
  return { skipped, folders };
}

/** The state folder below the root of an archive; hidden, so that indexing and imports ignore it. */
export const STATE_FOLDER = ".imap-archive";

/** The state of an archive besides its files. */
interface StateFolder {
  /** The database of the catalog. */
  readonly catalog: string;
  /** The journal of reprocessing and release requests. */
  readonly journal: string;
  /** The folder for incoming files, on the same file system as the archive, so that they can be renamed into place. */
  readonly incoming: string;
  /** Unlocks the folder. */
  close(): void;
}

/** All files that the archive opens in its state folder, including those of SQLite. */
const STATE_FILES = [
  "lock",
  "orders.ndjson",
  "orders.ndjson.new",
  "catalogue.sqlite",
  "catalogue.sqlite-wal",
  "catalogue.sqlite-shm",
  "catalogue.sqlite-journal",
];

/** Rejects symbolic links: writing or removing through one would change files outside the archive. */
async function checkPlace(path: string, kind: "file" | "folder"): Promise<void> {
  const found = await Deno.lstat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (found === undefined || (kind === "file" ? found.isFile : found.isDirectory)) return;
  const what = found.isSymlink ? "a symbolic link, which is not followed" : `not a ${kind}`;
  throw new InputError(`Cannot serve with "${path}": it is ${what}; remove it`);
}

/** Creates the state folder, and checks that everything in it belongs to the archive. */
async function makeStateFolder(folder: string, incoming: string): Promise<void> {
  await checkPlace(folder, "folder");
  await ensureDir(folder);
  await checkPlace(incoming, "folder");
  await ensureDir(incoming);
  for (const name of STATE_FILES) await checkPlace(join(folder, name), "file");
}

/** Locks the folder until the process ends for any reason. */
async function lock(path: string, root: string): Promise<Deno.FsFile> {
  const file = await Deno.open(path, { create: true, write: true });
  if (await file.tryLock(true)) return file;
  file.close();
  throw new InputError(`Cannot serve "${root}": another archive serves it already; stop that one first`);
}

/** Matches the names of incoming files, which are UUIDs (RFC 9562). */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Removes incoming files that a crash left behind, and nothing else. */
async function removeLeftovers(folder: string): Promise<void> {
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile && UUID.test(name)) await Deno.remove(join(folder, name));
  }
}

/**
 * Opens the state folder below the root of an archive, creating both if necessary. Incoming files that a crash left
 * behind are removed.
 *
 * @throws {InputError} When the folder cannot be used, is a symbolic link, or is used by another archive.
 */
export async function openStateFolder(root: string): Promise<StateFolder> {
  const folder = join(root, STATE_FOLDER);
  const incoming = join(folder, "incoming");
  try {
    await makeStateFolder(folder, incoming);
    const file = await lock(join(folder, "lock"), root);
    await removeLeftovers(incoming).catch((error) => {
      file.close();
      throw error;
    });
    const [catalog, journal] = [join(folder, "catalogue.sqlite"), join(folder, "orders.ndjson")];
    return { catalog, journal, incoming, close: () => file.close() };
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(`Cannot serve "${root}": its folder cannot be written (${reason})`, { cause: error });
  }
}
