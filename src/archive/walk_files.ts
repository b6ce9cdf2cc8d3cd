import { join } from "@std/path";
import type { FileStamp } from "./catalogue.ts";

/** A file that was left out, and why. */
export interface SkippedFile {
  /** Relative to the folder that was looked through, with `/` between its folders. */
  readonly path: string;
  /** Why it was left out, in few words. */
  readonly reason: string;
}

/** What lies in a folder: a file, or something that is skipped. */
export type WalkedEntry =
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
export async function* walkFiles(root: string, start = ""): AsyncGenerator<WalkedEntry> {
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
