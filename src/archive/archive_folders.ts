import { ImapError } from "../errors.ts";
import { dirname, join } from "@std/path";

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
    await Deno.mkdir(folder, { recursive: true }); // Another upload may have made it meanwhile.
    changed.unshift(parent);
  }
  return [folder, ...changed];
}
