import { ImapError } from "../errors.ts";
import { dirname, relative } from "@std/path";
import { syncFolder } from "../disk/sync_folder.ts";
import { fileError } from "./file_error.ts";

/** Whether something is there, if only a link. */
function isThere(path: string): boolean {
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

  /** @param dataDir The data directory; it may itself be a link. */
  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /**
   * Makes a folder ready for files.
   *
   * @throws {ImapError} When a link below the data directory leads out of it.
   */
  prepare(folder: string): void {
    if (this.#ready.has(folder)) return;
    Deno.mkdirSync(this.#dataDir, { recursive: true });
    let deepest = folder;
    while (!isThere(deepest)) deepest = dirname(deepest);
    const way = relative(Deno.realPathSync(this.#dataDir), Deno.realPathSync(deepest));
    if (way.startsWith("..") || way.startsWith("/") || /^[a-z]:/i.test(way)) {
      throw new ImapError(
        `Cannot write to "${deepest}": a link leads out of the data directory; take the place itself as data directory`,
      );
    }
    Deno.mkdirSync(folder, { recursive: true });
    this.#ready.add(folder);
  }

  /** Notes that a folder got a file. */
  noteFile(folder: string): void {
    this.#written.add(folder);
  }

  /** Brings the names of the new files to the disk. Once a folder, not once a file: what is whole is whole without it. */
  async sync(): Promise<void> {
    for (const folder of this.#written) {
      await syncFolder(folder).catch((error) => {
        throw fileError(`bring the new files in "${folder}" to the disk`, folder, error);
      });
    }
  }
}
