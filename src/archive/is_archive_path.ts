import { archivePath } from "../names/archive_path.ts";
import { FileNameError } from "../names/file_name_error.ts";
import { basename } from "@std/path";

/**
 * Whether a path is where the SDC's convention puts the file of that name. For the archive no other path exists, so
 * none can lead out of its folder or into its own state.
 */
export function isArchivePath(path: string): boolean {
  try {
    return archivePath(basename(path)) === path;
  } catch (error) {
    if (error instanceof FileNameError) return false;
    throw error;
  }
}
