import type { QueryOptions } from "./options.ts";
import type { Transport } from "../http/transport.ts";
import type { FileRecord } from "../protocol/rows.ts";
import type { QueryParameters, TableName } from "../protocol/tables.ts";
import { checkQuery } from "../sdc/check_query.ts";
import { newestVersions, planQuery, type QueryPlan } from "../sdc/plan_query.ts";
import { queryRows } from "../sdc/run_query.ts";
import { localPath } from "../transfer/local_files.ts";
import { basename, dirname } from "@std/path";

/** A query that is checked and can be sent. */
export interface ReadyQuery {
  readonly table: TableName;
  /** The rows as they come, in pieces. */
  pieces(transport: Transport): AsyncGenerator<FileRecord[]>;
  /** All rows, by path. */
  all(transport: Transport): Promise<FileRecord[]>;
}

function byPath(a: FileRecord, b: FileRecord): number {
  return a.file_path < b.file_path ? -1 : a.file_path > b.file_path ? 1 : 0;
}

/**
 * Checks a query; nothing is sent yet.
 *
 * @throws {InputError} When a condition is wrong.
 */
export function readyQuery(parameters: QueryParameters, options: QueryOptions): ReadyQuery {
  const now = options.now?.() ?? new Date();
  const plan: QueryPlan = planQuery(checkQuery(parameters, now));
  const { table, newest } = plan;
  const onProgress = options.onProgress ?? (() => {});
  const rows = (transport: Transport) => queryRows(transport, plan, { signal: options.signal, now, onProgress });
  const all = async (transport: Transport) => {
    const all: FileRecord[] = [];
    let isSorted = true;
    for await (const piece of rows(transport)) {
      for (const row of piece) {
        const last = all.at(-1);
        isSorted &&= last === undefined || last.file_path <= row.file_path;
        all.push(row);
      }
    }
    if (!isSorted) all.sort(byPath);
    return newest ? newestVersions(table, all) : all;
  };
  return {
    table,
    all,
    pieces: async function* (transport) {
      // Which version is the newest shows when all have come.
      if (newest) yield await all(transport);
      else yield* rows(transport);
    },
  };
}

/** How many folders are read at once. */
const AT_ONCE = 16;

/** The names of the files in a folder that are not empty: an empty file is what other clients leave of a download. */
async function namesIn(folder: string, wanted: ReadonlyMap<string, string>): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (isFile && wanted.has(name) && (await Deno.stat(`${folder}/${name}`)).size > 0) found.push(name);
    }
  } catch {
    // A folder that is not there or cannot be read shows nothing: a picture is no check of the disk.
  }
  return found;
}

/** The archive paths by the folder and the name of their places on this machine; a path that has no place is left out. */
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
 * Which files are in the data directory already. Reads folders, not files: few for many thousand files.
 *
 * @returns The archive paths of those that are there; none where the data directory may not be read.
 */
export async function filesHere(dataDir: string, archivePaths: Iterable<string>): Promise<Set<string>> {
  const here = new Set<string>();
  const { state } = await Deno.permissions.query({ name: "read", path: dataDir });
  // To look is worth no question to the user.
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
