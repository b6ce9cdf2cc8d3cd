import { InputError } from "../errors.ts";
import { archivePath } from "../names/archive_path.ts";
import { FileNameError } from "../names/file_name_error.ts";
import { join } from "@std/path";
import { hashFile } from "../disk/hash_file.ts";
import { nameReason } from "./name_reason.ts";
import type { ObjectStore } from "./object_store.ts";
import { IncompleteBodyError } from "./receive_file.ts";
import { type SkippedFile, walkFiles } from "./walk_files.ts";

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

async function importFile(store: ObjectStore, name: string, source: string): Promise<Outcome> {
  try {
    const path = archivePath(name);
    using file = await openSource(source);
    if (file === undefined) return { skipped: "cannot be read" };
    const { size } = await file.stat();
    const same = await isSame(store, path, file, size);
    if (same !== undefined) return same ? "present" : "conflict";
    await store.put(path, file.readable, size); // Which closes the file.
    return "copied";
  } catch (error) {
    if (error instanceof FileNameError) return { skipped: nameReason(error) };
    if (error instanceof IncompleteBodyError) return { skipped: "changed while it was read" };
    throw error;
  }
}

/**
 * Copies the files of a folder, and of those in it, into the archive by their names, wherever they lie. The folder
 * itself stays as it is.
 *
 * @throws {InputError} When the folder cannot be read.
 */
export async function importFolder(
  folder: string,
  store: ObjectStore,
  signal?: AbortSignal,
): Promise<ImportReport> {
  const counts = { copied: 0, present: 0 };
  const conflicts: string[] = [];
  const skipped: SkippedFile[] = [];
  for await (const entry of walkFiles(folder)) {
    signal?.throwIfAborted();
    const { path } = entry;
    if (entry.kind === "skipped" && path === "") throw new InputError(`Cannot import "${folder}": it ${entry.reason}`);
    const outcome: Outcome = entry.kind === "skipped"
      ? { skipped: entry.reason }
      : await importFile(store, entry.name, join(folder, path));
    if (typeof outcome === "object") skipped.push({ path, reason: outcome.skipped });
    else if (outcome === "conflict") conflicts.push(path);
    else counts[outcome]++;
  }
  return { ...counts, conflicts, skipped };
}
