import { syncFolder } from "../disk.ts";
import { excerpt, FileError, fileError, InputError, printable } from "../errors.ts";
import type { HttpLog } from "../http/transport.ts";
import { ensureDirSync } from "@std/fs";
import { basename, dirname, join, relative, resolve } from "@std/path";

/**
 * Returns the absolute path of a data directory, or of a file. Without the working directory, @std/path would read it
 * from `process`, which boots the Node compatibility layer: 11 to 16 ms.
 */
export function absolutePath(path: string): string {
  return path.startsWith("/") && Deno.build.os !== "windows" ? path : resolve(Deno.cwd(), path);
}

/**
 * Returns the size of a file; undefined if it does not exist.
 *
 * @throws {FileError} When the path exists but is not a
 * file.
 */
export function sizeOf(path: string): number | undefined {
  try {
    const { isFile, size } = Deno.statSync(path);
    if (!isFile) throw new FileError(`Cannot use "${path}": it is not a file; move it out of the way`, { path });
    return size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Whether a path exists, even if it is only a symbolic link. */
export function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The folders of the data directory that one call writes to. */
export class DataFolders {
  readonly #dataDir: string;
  readonly #ready = new Set<string>();
  readonly #written = new Set<string>();
  readonly #notices = new Set<string>();
  /** The local folders of the archive's folders, with their last separator. */
  readonly #localFolders = new Map<string, string>();

  /** @param dataDir The data directory; it may itself be a symbolic link. */
  constructor(dataDir: string) {
    this.#dataDir = absolutePath(dataDir);
  }

  /**
   * Returns the path of an archive's file, as {@linkcode localPath} does: most files of a batch are in the same folders.
   *
   * @throws {InputError} When the path could lead outside the data directory.
   */
  pathOf(archivePath: string): string {
    const name = archivePath.slice(archivePath.lastIndexOf("/") + 1);
    const archiveFolder = archivePath.slice(0, archivePath.length - name.length);
    const folder = this.#localFolders.get(archiveFolder);
    if (folder !== undefined && isPlain(name)) return folder + name;
    const path = localPath(this.#dataDir, archivePath);
    this.#localFolders.set(archiveFolder, path.slice(0, path.length - name.length));
    return path;
  }

  /**
   * Makes sure that a folder exists and is inside the data directory.
   *
   * @throws {FileError} When a symbolic link points outside the data directory.
   */
  prepare(folder: string): void {
    if (this.#ready.has(folder)) return;
    ensureDirSync(this.#dataDir);
    let deepest = folder;
    while (!isThere(deepest)) deepest = dirname(deepest);
    const inside = relative(Deno.realPathSync(this.#dataDir), Deno.realPathSync(deepest));
    if (inside.startsWith("..") || inside.startsWith("/") || /^[a-z]:/i.test(inside)) {
      throw new FileError(
        `Cannot write to "${deepest}": a symbolic link points outside the data directory; link the whole data directory instead, or mount the other disk there`,
        { path: deepest },
      );
    }
    ensureDirSync(folder);
    this.#ready.add(folder);
  }

  /** Records that a folder has a new file. */
  noteFile(folder: string): void {
    this.#written.add(folder);
  }

  /** Returns the paths of the partial files, and of their records, in the folders with new files. */
  partialFiles(): string[] {
    return [...this.#written].flatMap((folder) =>
      Array.from(Deno.readDirSync(folder), ({ name }) => name)
        .filter((name) => name.startsWith(".") && /\.part(\.json(\.new)?)?$/.test(name))
        .map((name) => join(folder, name))
    );
  }

  /** Whether this call gives a notice for the first time. */
  isFirstNotice(about: string): boolean {
    const isFirst = !this.#notices.has(about);
    this.#notices.add(about);
    return isFirst;
  }

  /** Flushes the directory entries of the new files, once for each folder. The files are complete even without it. */
  async sync(): Promise<void> {
    for (const folder of this.#written) {
      await syncFolder(folder).catch((error) => {
        throw fileError(`flush the new files in "${folder}"`, folder, error);
      });
    }
  }
}

/** The folder that contains all of the archive's files (SDC folder convention). */
const TOP_FOLDER = "imap";

/** File systems allow names of 255 bytes of UTF-8 (POSIX `NAME_MAX`); the name of a partial file is longer than the file's. */
const MAX_NAME_BYTES = 225;

/** Whether the name of a folder or file stays inside its folder, is not hidden, and is safe on a terminal. */
function isPlain(segment: string): boolean {
  // A decoder writes U+FFFD in place of bytes that are not UTF-8.
  const isNamed = segment !== "" && !segment.startsWith(".") && printable(segment) === segment &&
    !segment.includes("\ufffd") &&
    // A character takes at most three bytes, or four with two of JavaScript.
    (segment.length <= MAX_NAME_BYTES / 3 || new TextEncoder().encode(segment).length <= MAX_NAME_BYTES);
  // On Windows, a colon denotes a drive or an alternate data stream.
  return isNamed && !segment.includes("\\") && !(Deno.build.os === "windows" && segment.includes(":"));
}

/**
 * The path of an archive's file in the data directory.
 *
 * @param archivePath A path from a file name or from a server's row.
 * @throws {InputError} When the path could lead outside the data directory.
 */
export function localPath(dataDir: string, archivePath: string): string {
  const segments = archivePath.split("/");
  if (segments.length < 2 || segments[0] !== TOP_FOLDER || !segments.every(isPlain)) {
    throw new InputError(
      `Cannot use the archive path "${excerpt(archivePath)}": it is not a valid path in the archive; ` +
        `expected ${TOP_FOLDER}/, more folders and a file name, none of them hidden or longer than ${MAX_NAME_BYTES} bytes`,
    );
  }
  return join(absolutePath(dataDir), ...segments);
}

/** The maximum number of folders read at a time. */
const AT_ONCE = 16;

/** Returns the names of the non-empty files in a folder: an empty file was left behind by another client. */
async function namesIn(folder: string, wanted: ReadonlyMap<string, string>): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (isFile && wanted.has(name) && (await Deno.stat(`${folder}/${name}`)).size > 0) found.push(name);
    }
  } catch {
    // A folder that does not exist or cannot be read counts as empty: a chart does not report errors of the disk.
  }
  return found;
}

/** Groups archive paths by local folder and name; paths that have no valid local path are omitted. */
function byFolder(dataDir: string, archivePaths: Iterable<string>): Map<string, Map<string, string>> {
  const folders = new Map<string, Map<string, string>>();
  for (const archivePath of archivePaths) {
    const place = placeOf(dataDir, archivePath);
    if (place === undefined) continue;
    const folder = folders.get(dirname(place)) ?? new Map<string, string>();
    folders.set(dirname(place), folder.set(basename(place), archivePath));
  }
  return folders;
}

function placeOf(dataDir: string, archivePath: string): string | undefined {
  try {
    return localPath(dataDir, archivePath);
  } catch {
    return undefined;
  }
}

/**
 * Finds which files are already in the data directory. Reads only folders: a few for many thousands of files.
 *
 * @returns The archive paths of the existing files; none without permission to read the data directory.
 */
export async function filesHere(dataDir: string, archivePaths: Iterable<string>): Promise<Set<string>> {
  const here = new Set<string>();
  const { state } = await Deno.permissions.query({ name: "read", path: dataDir });
  // The user should not be prompted for permission only for this.
  if (state !== "granted") return here;
  const waiting = byFolder(dataDir, archivePaths).entries();
  const worker = async () => {
    for (const [folder, wanted] of waiting) {
      for (const name of await namesIn(folder, wanted)) here.add(wanted.get(name) ?? "");
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return here;
}

/** Whether the Python client's default data directory has files, and ours has none. Does not prompt for permission. */
async function hasFilesOfPythonClient(dataDir: string): Promise<boolean> {
  if ((await Deno.permissions.query({ name: "read", path: dataDir })).state !== "granted") return false;
  const isThere = (path: string) => Deno.stat(`${dataDir}/${path}`).then(({ isDirectory }) => isDirectory, () => false);
  return await isThere("data/imap") && !await isThere("imap");
}

/**
 * Gives a notice if the Python client's default data directory `data` has files, before files are downloaded twice.
 *
 * @param dataDir The data directory, if it is the default.
 */
export async function tellOfPythonData(dataDir: string, log: HttpLog): Promise<void> {
  if (!await hasFilesOfPythonClient(dataDir)) return;
  const notice =
    "files of the Python client are in data/imap, but files are kept in imap here; to share them, set the " +
    "data directory to data: IMAP_DATA_DIR=data, --data-dir data or dataDir";
  log({ type: "notice", action: "choose the data directory", notice });
}
