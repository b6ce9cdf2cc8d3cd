import { localPath } from "../transfer/local_path.ts";
import { basename, dirname } from "@std/path";

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
