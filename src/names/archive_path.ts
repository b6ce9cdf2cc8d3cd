import { type FileNameParts, formatFileName, type ImapFile, parseFileName } from "./file_name.ts";
import { SPICE_FOLDERS } from "./spice_types.ts";

/** The folder of a file of any kind (SDC folder convention). */
function folderOf(file: ImapFile): string {
  switch (file.kind) {
    case "science":
    case "quicklook":
    case "dependency": {
      const root = file.kind === "science" ? "imap" : `imap/${file.kind}`;
      const month = `${file.start_date.slice(0, 4)}/${file.start_date.slice(4, 6)}`;
      return `${root}/${file.instrument}/${file.data_level}/${month}`;
    }
    case "ancillary":
    case "release":
      return `imap/${file.kind}/${file.instrument}`;
    case "spice":
      return `imap/spice/${SPICE_FOLDERS[file.kernel_type]}`;
  }
}

/**
 * The path of a file in the archive, which is also its path below the data directory (SDC folder convention).
 *
 * @param file A bare file name, or its parts.
 * @returns The path with `/` between its folders, whatever the operating system.
 * @throws {FileNameError} When the name is wrong.
 * @throws {InputError} When it is neither text nor parts, which untyped code may give.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { archivePath } from "@imap-sdc/data-access";
 *
 * const path = archivePath("imap_swe_l0_sci_20240105_v001.pkts");
 * assert(path === "imap/swe/l0/2024/01/imap_swe_l0_sci_20240105_v001.pkts");
 * assert(archivePath("naif0012.tls") === "imap/spice/lsk/naif0012.tls");
 * ```
 */
export function archivePath(file: string | FileNameParts): string {
  // Untyped code may give what is neither: that is no name, as parseFileName() says.
  const name = typeof file === "object" && file !== null ? formatFileName(file) : file;
  return `${folderOf(parseFileName(name))}/${name}`;
}
