import { fileError, syncFolder } from "../disk.ts";
import { ImapError, InputError } from "../errors.ts";
import { excerpt, printable } from "../safe_text.ts";
import { dirname, join, relative } from "@std/path";

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

/** The folder in which all of the archive's files lie (SDC folder convention). */
const TOP_FOLDER = "imap";

/** Disks take names of 255 bytes of UTF-8 (POSIX `NAME_MAX`), and the part of a file has a longer one than the file. */
const LONGEST_NAME = 240;

/** Whether a folder's or file's name stays where it is put, is not hidden, and is safe on a terminal. */
function isPlain(segment: string): boolean {
  const isNamed = segment !== "" && !segment.startsWith(".") && printable(segment) === segment &&
    new TextEncoder().encode(segment).length <= LONGEST_NAME;
  // A colon names a drive or a stream on Windows, and nothing elsewhere.
  return isNamed && !segment.includes("\\") && !(Deno.build.os === "windows" && segment.includes(":"));
}

/**
 * The place of an archive's file below the data directory.
 *
 * @param archivePath A path from a file name or from a server's row.
 * @throws {InputError} When the path could lead out of the data directory.
 */
export function localPath(dataDir: string, archivePath: string): string {
  const segments = archivePath.split("/");
  if (segments.length < 2 || segments[0] !== TOP_FOLDER || !segments.every(isPlain)) {
    throw new InputError(
      `Cannot use the archive path "${excerpt(archivePath)}": a file must not get outside of the archive's folders; ` +
        `expected ${TOP_FOLDER}/, more folders and a file name, none of them hidden or longer than ${LONGEST_NAME} bytes`,
    );
  }
  return join(dataDir, ...segments);
}
