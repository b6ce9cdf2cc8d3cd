import { type Catalog, type CatalogEntry, catalogEntry, type FileStamp } from "./catalog.ts";
import { IncompleteBodyError, type ObjectStore } from "./object_store.ts";
import { hashFile } from "../disk.ts";
import { ImapError, InputError } from "../errors.ts";
import { archivePath } from "../names/file_name.ts";
import { FileNameError } from "../names/file_name_error.ts";
import { ensureDir } from "@std/fs";
import { basename, dirname, join } from "@std/path";

/** Why a name is none of the SDC's, in few words. */
function nameReason(error: FileNameError): string {
  return `not a name the archive knows: wrong ${error.problems.map((problem) => problem.field).join(", ")}`;
}

/** A file that was left out, and why. */
export interface SkippedFile {
  /** Relative to the folder that was looked through, with `/` between its folders. */
  readonly path: string;
  /** Why it was left out, in few words. */
  readonly reason: string;
}

/** What lies in a folder: a file, or something that is skipped. */
type WalkedEntry =
  | { readonly kind: "file"; readonly path: string; readonly name: string; readonly stamp: FileStamp }
  | ({ readonly kind: "skipped" } & SkippedFile);

/** Hidden files, among them an archive's own folder, and downloads that are not done. */
function isIgnored(name: string): boolean {
  return name.startsWith(".") || name.endsWith(".part");
}

async function readFolder(folder: string): Promise<Deno.DirEntry[]> {
  const entries: Deno.DirEntry[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (!isIgnored(entry.name)) entries.push(entry);
  }
  return entries.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Size and time, of the link itself where it is one. Synchronous: five times as fast for many small questions. */
function stampOf(path: string): FileStamp {
  const { size, mtime } = Deno.lstatSync(path);
  return { size, mtime: mtime?.getTime() ?? 0 };
}

/**
 * Goes through a folder and those in it, in the order of names. Symbolic links are not followed: they may lead out of
 * the folder, or round in a circle. What cannot be read is skipped.
 *
 * @param root The folder that paths are relative to.
 * @param start Where to begin, relative to the root.
 */
async function* walkFiles(root: string, start = ""): AsyncGenerator<WalkedEntry> {
  let entries: Deno.DirEntry[];
  try {
    entries = await readFolder(join(root, start));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    yield { kind: "skipped", path: start, reason: `cannot be read (${error.name})` };
    return;
  }
  for (const { name, isDirectory, isFile, isSymlink } of entries) {
    const path = start === "" ? name : `${start}/${name}`;
    if (isDirectory) yield* walkFiles(root, path);
    else if (isSymlink) yield { kind: "skipped", path, reason: "a symbolic link, which is not followed" };
    else if (!isFile) yield { kind: "skipped", path, reason: "no regular file" };
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

/** What became of the files of a folder that was imported. */
export interface ImportReport {
  /** How many were copied into the archive. */
  readonly copied: number;
  /** How many it had already, byte for byte. */
  readonly present: number;
  /** Files under whose name the archive has other bytes; it keeps its own. Relative to the folder. */
  readonly conflicts: readonly string[];
  /** What is no file of the SDC's. */
  readonly skipped: readonly SkippedFile[];
}

/** What became of one file. */
type Outcome = "copied" | "present" | "conflict" | { readonly skipped: string };

/** Opens a file to read; undefined when it is gone by now, or not for us to read. */
async function openSource(path: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}

/** Whether the archive's file has the same bytes; undefined when it has none under this path. */
async function isSame(
  store: ObjectStore,
  path: string,
  source: Deno.FsFile,
  size: number,
): Promise<boolean | undefined> {
  const object = await store.open(path);
  object?.file.close();
  return object && object.size === size && object.md5 === await hashFile(source);
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
    await store.put(path, file.readable, size, isReleased); // Which closes the file.
    return "copied";
  } catch (error) {
    if (error instanceof FileNameError) return { skipped: nameReason(error) };
    if (error instanceof IncompleteBodyError) return { skipped: "changed while it was read" };
    throw error;
  }
}

/** Where files are imported to. */
export interface ImportOptions {
  /** The archive's files. */
  readonly store: ObjectStore;
  /** Whether the files are released to the public. */
  readonly isReleased: boolean;
  /** Ends the import early. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Copies the files of a folder, and of those in it, into the archive by their names, wherever they lie. The folder
 * itself stays as it is.
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

/** What was found in an archive's folder. */
export interface IndexReport {
  /** How many files the archive has. */
  readonly files: number;
  /** What lies there but is no part of the archive. */
  readonly skipped: readonly SkippedFile[];
}

/** The folder below the root in which all of the SDC's files lie (SDC folder convention). */
const TOP_FOLDER = "imap";

async function isFolder(path: string): Promise<boolean> {
  try {
    const { isDirectory, isSymlink } = await Deno.lstat(path);
    if (isDirectory) return true;
    const what = isSymlink ? "a symbolic link; serve the folder that it leads into" : "no folder";
    throw new InputError(`Cannot serve "${dirname(path)}": its "${basename(path)}" is ${what}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Makes the catalog agree with the folder: new files are added, changed ones (size, time) refreshed, rows whose file
 * is gone dropped. So it heals whatever a crash left undone. A file that lies elsewhere than its name says is skipped.
 */
export async function indexFolder(root: string, catalog: Catalog, signal?: AbortSignal): Promise<IndexReport> {
  const known = catalog.stamps();
  const changed: CatalogEntry[] = [];
  const skipped: SkippedFile[] = [];
  if (await isFolder(join(root, TOP_FOLDER))) {
    for await (const entry of walkFiles(root, TOP_FOLDER)) {
      signal?.throwIfAborted();
      if (entry.kind === "skipped") {
        skipped.push({ path: entry.path, reason: entry.reason });
        continue;
      }
      const { path, name, stamp } = entry;
      const before = known.get(path);
      known.delete(path);
      if (before?.size === stamp.size && before.mtime === stamp.mtime) continue;
      try {
        const ingested = new Date(stamp.mtime);
        const found = catalogEntry(name, { ...stamp, md5: null, ingested, isReleased: catalog.releasesFoundFiles });
        if (found.file_path === path) changed.push(found);
        else skipped.push({ path, reason: `its name belongs at ${found.file_path}` });
      } catch (error) {
        if (!(error instanceof FileNameError)) throw error;
        skipped.push({ path, reason: nameReason(error) });
      }
    }
  }
  catalog.update({ changed, gone: known.keys() });
  return { files: catalog.size, skipped };
}

/** Something lies where a file or its folder belongs, and the archive neither follows nor replaces it. */
export class PlaceTakenError extends ImapError {
  /** The class's name, as `error.name` shows it. */
  override readonly name = "PlaceTakenError";
}

/** Whether a folder is there; a file or a link in its place is an error. */
async function isThere(folder: string): Promise<boolean> {
  try {
    const { isDirectory } = await Deno.lstat(folder);
    if (isDirectory) return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  throw new PlaceTakenError(`Cannot write below "${folder}": it is no folder, or a link to one, which is not followed`);
}

/**
 * Makes the folders of a path in the archive, without going through a symbolic link that may lead out of it.
 *
 * @returns The folders whose entries changed or are about to, the innermost first: each is to be synced.
 */
export async function makeFolders(root: string, path: string): Promise<string[]> {
  const changed: string[] = [];
  let folder = root;
  for (const part of dirname(path).split("/")) {
    const parent = folder;
    folder = join(folder, part);
    if (await isThere(folder)) continue;
    await ensureDir(folder); // Another upload may have made it meanwhile.
    changed.unshift(parent);
  }
  return [folder, ...changed];
}

/** The archive's own folder below its root: hidden, so that neither indexing nor an import looks into it. */
const STATE_FOLDER = ".imap-archive";

/** What the archive keeps beside the files. */
interface StateFolder {
  /** The catalog's database. */
  readonly catalog: string;
  /** What the archive was asked to do besides. */
  readonly journal: string;
  /** Where files are written before they are whole. On the same disk as the archive, so that a rename moves them. */
  readonly incoming: string;
  /** Lets another archive have the folder. */
  close(): void;
}

/** All that the archive opens in its folder, SQLite's own files too. */
const STATE_FILES = [
  "lock",
  "orders.ndjson",
  "orders.ndjson.new",
  "catalogue.sqlite",
  "catalogue.sqlite-wal",
  "catalogue.sqlite-shm",
  "catalogue.sqlite-journal",
];

/** Refuses a link: what is written or removed through it would be somebody else's. */
async function checkPlace(path: string, kind: "file" | "folder"): Promise<void> {
  const found = await Deno.lstat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (found === undefined || (kind === "file" ? found.isFile : found.isDirectory)) return;
  const what = found.isSymlink ? "a symbolic link, which is not followed" : `no ${kind}`;
  throw new InputError(`Cannot serve with "${path}": it is ${what}; remove it`);
}

/** Makes the folder, and makes sure that all of it is the archive's own. */
async function makeOwnFolder(folder: string, incoming: string): Promise<void> {
  await checkPlace(folder, "folder");
  await ensureDir(folder);
  await checkPlace(incoming, "folder");
  await ensureDir(incoming);
  for (const name of STATE_FILES) await checkPlace(join(folder, name), "file");
}

/** A lock that ends with the process, however that ends. */
async function lock(path: string, root: string): Promise<Deno.FsFile> {
  const file = await Deno.open(path, { create: true, write: true });
  if (await file.tryLock(true)) return file;
  file.close();
  throw new InputError(`Cannot serve "${root}": another archive serves it already; stop that one first`);
}

/** The names that the archive gives to files which are not whole yet (RFC 9562). */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Removes what a crash left half written, and nothing that somebody else put there. */
async function empty(folder: string): Promise<void> {
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile && UUID.test(name)) await Deno.remove(join(folder, name));
  }
}

/**
 * Opens the state below an archive's root, which is created when it is not there.
 * What a crash left half written in `incoming` is removed.
 *
 * @throws {InputError} When the folder cannot be used, leads elsewhere, or another archive uses it.
 */
export async function openStateFolder(root: string): Promise<StateFolder> {
  const folder = join(root, STATE_FOLDER);
  const incoming = join(folder, "incoming");
  try {
    await makeOwnFolder(folder, incoming);
    const file = await lock(join(folder, "lock"), root);
    await empty(incoming).catch((error) => {
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
