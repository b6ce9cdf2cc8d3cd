import type { FileNameProblem } from "./file_name_error.ts";
import { type ProductParts, readProductFile } from "./product_file.ts";

/**
 * The extensions of science files: CDF and CCSDS packets.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { SCIENCE_EXTENSIONS } from "@imap-sdc/data-access";
 *
 * assert(SCIENCE_EXTENSIONS.includes("cdf"));
 * ```
 */
export const SCIENCE_EXTENSIONS = ["cdf", "pkts"] as const;

/** The parts of a science file's name, under the names that the SDC's protocol gives them. */
export interface ScienceFile extends ProductParts {
  /** Which kind of file this is: the tag of the union {@linkcode ImapFile}. */
  readonly kind: "science";
  /** `cdf` or `pkts`. */
  readonly extension: typeof SCIENCE_EXTENSIONS[number];
}

/** Reads a science file's name; returns the wrong parts when it is none. */
export function readScienceFile(name: string): ScienceFile | FileNameProblem[] {
  const file = readProductFile(name, SCIENCE_EXTENSIONS);
  return Array.isArray(file) ? file : { kind: "science", ...file };
}
