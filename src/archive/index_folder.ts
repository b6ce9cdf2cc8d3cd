import { FileNameError } from "../names/file_name_error.ts";
import { InputError } from "../errors.ts";
import { basename, dirname, join } from "@std/path";
import type { Catalogue } from "./catalogue.ts";
import { type CatalogueEntry, catalogueEntry } from "./catalogue_entry.ts";
import { nameReason } from "./name_reason.ts";
import { type SkippedFile, walkFiles } from "./walk_files.ts";

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
 * Makes the catalogue agree with the folder: new files are added, changed ones (size, time) refreshed, rows whose file
 * is gone dropped. So it heals whatever a crash left undone. A file that lies elsewhere than its name says is skipped.
 */
export async function indexFolder(root: string, catalogue: Catalogue, signal?: AbortSignal): Promise<IndexReport> {
  const known = catalogue.stamps();
  const changed: CatalogueEntry[] = [];
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
        const found = catalogueEntry(name, { ...stamp, md5: null, ingested: new Date(stamp.mtime) });
        if (found.file_path === path) changed.push(found);
        else skipped.push({ path, reason: `its name belongs at ${found.file_path}` });
      } catch (error) {
        if (!(error instanceof FileNameError)) throw error;
        skipped.push({ path, reason: nameReason(error) });
      }
    }
  }
  catalogue.update({ changed, gone: known.keys() });
  return { files: catalogue.size, skipped };
}
