import { InputError } from "../errors.ts";
import { excerpt } from "../printable.ts";
import { join } from "@std/path";

/** A folder's or file's name that stays where it is put, on every operating system. */
// deno-lint-ignore no-control-regex
const PLAIN_SEGMENT = /^(?!\.{1,2}$)[^/\\:\u0000-\u001f\u007f-\u009f]+$/;

/**
 * The place of an archive's file below the data directory.
 *
 * @param archivePath A path from a file name or from a server's row.
 * @throws {InputError} When the path could lead out of the data directory.
 */
export function localPath(dataDir: string, archivePath: string): string {
  const segments = archivePath.split("/");
  if (!segments.every((segment) => PLAIN_SEGMENT.test(segment))) {
    throw new InputError(
      `Cannot use the archive path "${excerpt(archivePath)}": it could lead out of the data directory; ` +
        "expected folders and a file name between slashes",
    );
  }
  return join(dataDir, ...segments);
}
