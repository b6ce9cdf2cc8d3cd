import { FileNameError } from "./file_name_error.ts";
import { readScienceFile, type ScienceFile, writeScienceFile } from "./science_file.ts";

/** What a file name says, as a union tagged by `kind`. */
export type ImapFile = ScienceFile;

/**
 * Reads a bare file name (SDC file-name convention).
 *
 * @param name The name alone, without folders.
 * @returns Its parts, tagged by `kind`.
 * @throws {FileNameError} When it is no name of the SDC's; the error names every wrong part and what was expected.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { parseFileName } from "@imap-sdc/data-access";
 *
 * const file = parseFileName("imap_swe_l0_sci_20240105_v001.pkts");
 * assert(file.instrument === "swe" && file.start_date === "20240105");
 * ```
 */
export function parseFileName(name: string): ImapFile {
  const file = readScienceFile(name);
  if (Array.isArray(file)) throw new FileNameError(name, file);
  return file;
}

/**
 * Makes a file name from its parts, with the checks of {@linkcode parseFileName}.
 *
 * @param file The parts, as `parseFileName` returns them.
 * @returns The bare name.
 * @throws {FileNameError} When a part is wrong.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { formatFileName, parseFileName } from "@imap-sdc/data-access";
 *
 * const file = parseFileName("imap_swe_l0_sci_20240105_v001.pkts");
 * assert(formatFileName({ ...file, version: "v002" }) === "imap_swe_l0_sci_20240105_v002.pkts");
 * ```
 */
export function formatFileName(file: ImapFile): string {
  const name = writeScienceFile(file);
  const read = parseFileName(name);
  // A number too long for its digits, or both counters, would read back as something else.
  if (read.repointing !== file.repointing || read.cr !== file.cr) {
    const value = `repointing ${file.repointing}, cr ${file.cr}`;
    throw new FileNameError(name, [{ part: "counter", value, expected: "one whole number from 0 to 99999, or none" }]);
  }
  return name;
}
