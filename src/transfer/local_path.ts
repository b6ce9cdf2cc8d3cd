import { InputError } from "../errors.ts";
import { excerpt, printable } from "../printable.ts";
import { join } from "@std/path";

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
