import type { FileNameProblem } from "./file_name_error.ts";
import { readValidityFile, type ValidityParts } from "./validity_file.ts";

/**
 * The extensions of ancillary files (SDC file-name convention).
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { ANCILLARY_EXTENSIONS } from "@imap-sdc/data-access";
 *
 * assert(ANCILLARY_EXTENSIONS.includes("csv"));
 * ```
 */
export const ANCILLARY_EXTENSIONS = ["cdf", "csv", "dat", "json", "zip", "tsv", "pgm", "xlsx"] as const;

/** The parts of an ancillary file's name: what processing needs besides the data, a calibration for instance. */
export interface AncillaryFile extends ValidityParts {
  /** Which kind of file this is: the tag of the union {@linkcode ImapFile}. */
  readonly kind: "ancillary";
  /** For instance `csv`. */
  readonly extension: typeof ANCILLARY_EXTENSIONS[number];
}

/** Reads an ancillary file's name; returns the wrong parts when it is none. */
export function readAncillaryFile(name: string): AncillaryFile | FileNameProblem[] {
  const file = readValidityFile(name, ANCILLARY_EXTENSIONS);
  return Array.isArray(file) ? file : { kind: "ancillary", ...file };
}
