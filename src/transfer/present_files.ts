import { basename, dirname } from "@std/path";
import { sizeOf } from "./part_paths.ts";

/** Of a folder of which so many files are asked for, all names are read. */
const OFTEN = 16;
/** How long names that were read count: others may bring files meanwhile. */
const FRESH_MS = 1_000;

/** What is known of one folder. */
interface Folder {
  asked: number;
  names: ReadonlySet<string>;
  readAt: number;
}

/**
 * Which files are there. To look for one that is not costs an error, which takes longer than all names of its folder do
 * when many are looked for.
 */
export class PresentFiles {
  readonly #folders = new Map<string, Folder>();

  /** The size of a file; undefined when there is none. @throws {ImapError} When something else is in its place. */
  sizeOf(path: string): number | undefined {
    const place = dirname(path);
    const folder = this.#folders.get(place) ?? { asked: 0, names: new Set(), readAt: -Infinity };
    this.#folders.set(place, folder);
    folder.asked += 1;
    if (folder.asked <= OFTEN) return sizeOf(path);
    if (performance.now() - folder.readAt > FRESH_MS) {
      folder.names = namesIn(place);
      folder.readAt = performance.now();
    }
    return folder.names.has(basename(path)) ? sizeOf(path) : undefined;
  }
}

function namesIn(folder: string): ReadonlySet<string> {
  try {
    return new Set(Array.from(Deno.readDirSync(folder), ({ name }) => name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Set();
    throw error;
  }
}
