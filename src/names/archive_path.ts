import { formatFileName, type ImapFile, parseFileName } from "./file_name.ts";

/**
 * The path of a file in the archive, which is also its path below the data directory (SDC folder convention).
 *
 * @param file A bare file name, or its parts.
 * @returns The path with `/` between its folders, whatever the operating system.
 * @throws {FileNameError} When the name is wrong.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { archivePath } from "@imap-sdc/data-access";
 *
 * const path = archivePath("imap_swe_l0_sci_20240105_v001.pkts");
 * assert(path === "imap/swe/l0/2024/01/imap_swe_l0_sci_20240105_v001.pkts");
 * ```
 */
export function archivePath(file: string | ImapFile): string {
  const parts = typeof file === "string" ? parseFileName(file) : file;
  const name = typeof file === "string" ? file : formatFileName(file);
  const { instrument, data_level, start_date } = parts;
  return `imap/${instrument}/${data_level}/${start_date.slice(0, 4)}/${start_date.slice(4, 6)}/${name}`;
}
