import type { FileNameError } from "../names/file_name_error.ts";

/** Why a name is none of the SDC's, in few words. */
export function nameReason(error: FileNameError): string {
  return `not a name the archive knows: wrong ${error.problems.map((problem) => problem.part).join(", ")}`;
}
