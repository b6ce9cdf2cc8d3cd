// The functions of @std/fs that are in use, with its signatures and behavior: the npm build of the standard library does not
// have this package. Where JSR is reachable, deno.json maps "@std/fs" to "jsr:@std/fs@^1" and nothing else changes.
import { basename, fromFileUrl, join } from "@std/path";

function checkIsDirectory({ isDirectory, isFile, isSymlink }: Deno.FileInfo): void {
  if (isDirectory) return;
  const type = isFile ? "file" : isSymlink ? "symlink" : undefined;
  throw new Error(`Failed to ensure directory exists: expected 'dir', got '${type}'`);
}

/**
 * Creates a directory, with its parents, unless it exists.
 *
 * @throws {Error} When a file is in its place.
 */
export async function ensureDir(dir: string | URL): Promise<void> {
  try {
    return checkIsDirectory(await Deno.stat(dir));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  try {
    await Deno.mkdir(dir, { recursive: true });
  } catch (error) {
    // Another program may have created it in the meantime.
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    checkIsDirectory(await Deno.stat(dir));
  }
}

/** {@linkcode ensureDir}, synchronously. */
export function ensureDirSync(dir: string | URL): void {
  try {
    return checkIsDirectory(Deno.statSync(dir));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  try {
    Deno.mkdirSync(dir, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    checkIsDirectory(Deno.statSync(dir));
  }
}

/** Options of {@linkcode exists}. */
export interface ExistsOptions {
  /** Whether the path must be readable by the user. Default: false. */
  isReadable?: boolean;
  /** Whether it must be a directory. Default: false. */
  isDirectory?: boolean;
  /** Whether it must be a file. Default: false. */
  isFile?: boolean;
}

function isReadable({ mode, uid, gid }: Deno.FileInfo): boolean {
  if (mode === null) return true; // Windows
  if (Deno.uid() === uid) return (mode & 0o400) !== 0;
  if (Deno.gid() === gid) return (mode & 0o040) !== 0;
  return (mode & 0o004) !== 0;
}

/**
 * Tests whether a path exists. Symbolic links are followed.
 *
 * @throws {TypeError} When both `isFile` and `isDirectory` are set.
 * @throws {Deno.errors.PermissionDenied} When the operating system denies access, unless the result is known anyway.
 */
export async function exists(path: string | URL, options: ExistsOptions = {}): Promise<boolean> {
  if (options.isDirectory && options.isFile) {
    throw new TypeError("ExistsOptions.isDirectory and ExistsOptions.isFile must not be true together");
  }
  try {
    const info = await Deno.stat(path);
    if (options.isDirectory && !info.isDirectory || options.isFile && !info.isFile) return false;
    return !options.isReadable || isReadable(info);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (error instanceof Deno.errors.PermissionDenied) {
      const { state } = await Deno.permissions.query({ name: "read", path });
      if (state === "granted") return !options.isReadable;
    }
    throw error;
  }
}

/** Options of {@linkcode walk}. */
export interface WalkOptions {
  /** The maximum depth of visited directories; 0 visits only the root. Default: Infinity. */
  maxDepth?: number;
  /** Whether files are yielded. Default: true. */
  includeFiles?: boolean;
  /** Whether directories are yielded. Default: true. */
  includeDirs?: boolean;
  /** Whether symbolic links that are not followed are yielded. Default: true. */
  includeSymlinks?: boolean;
  /** Whether symbolic links are followed. Default: false. */
  followSymlinks?: boolean;
  /** Whether the path of a followed link is that of its target. Default: true. */
  canonicalize?: boolean;
  /** Yields only paths that end with one of these extensions. Default: any. */
  exts?: string[];
  /** Yields only paths that match one of these patterns. Default: any. */
  match?: RegExp[];
  /** Neither yields nor enters paths that match one of these patterns. Default: none. */
  skip?: RegExp[];
}

/** An entry that {@linkcode walk} yields. */
export interface WalkEntry extends Deno.DirEntry {
  /** The path of the entry, beginning with the root. */
  path: string;
}

function isIncluded(path: string, exts?: string[], match?: RegExp[], skip?: RegExp[]): boolean {
  return (exts === undefined || exts.some((ext) => path.endsWith(ext))) &&
    (match === undefined || match.some((pattern) => pattern.test(path))) &&
    !skip?.some((pattern) => pattern.test(path));
}

/**
 * Yields the files and directories below a root, the root first.
 *
 * @throws {Deno.errors.NotFound} When the root does not exist.
 */
export async function* walk(root: string | URL, options: WalkOptions = {}): AsyncIterableIterator<WalkEntry> {
  const { maxDepth = Infinity, match, skip } = options;
  const { includeFiles = true, includeDirs = true, includeSymlinks = true } = options;
  const { followSymlinks = false, canonicalize = true } = options;
  if (maxDepth < 0) return;
  const folder = root instanceof URL ? fromFileUrl(root) : root;
  const exts = options.exts?.map((ext) => ext.startsWith(".") ? ext : `.${ext}`);
  if (includeDirs && isIncluded(folder, exts, match, skip)) {
    const path = join(folder);
    const { isFile, isDirectory, isSymlink } = await Deno.stat(path);
    yield { path, name: basename(path), isFile, isDirectory, isSymlink };
  }
  if (maxDepth < 1 || !isIncluded(folder, undefined, undefined, skip)) return;
  for await (const entry of Deno.readDir(folder)) {
    let path = join(folder, entry.name);
    let { isSymlink, isDirectory } = entry;
    if (isSymlink) {
      if (!followSymlinks) {
        if (includeSymlinks && isIncluded(path, exts, match, skip)) yield { path, ...entry };
        continue;
      }
      const target = await Deno.realPath(path);
      if (canonicalize) path = target;
      // The target of a link is not a link itself; its type determines whether it is entered.
      ({ isSymlink, isDirectory } = await Deno.lstat(target));
    }
    if (isSymlink || isDirectory) yield* walk(path, { ...options, maxDepth: maxDepth - 1 });
    else if (includeFiles && isIncluded(path, exts, match, skip)) yield { path, ...entry };
  }
}
