import type { FileNameProblem } from "./file_name_error.ts";
import { type ProductParts, readProductFile } from "./product_file.ts";

/** The extensions of quicklook files: pictures. */
export const QUICKLOOK_EXTENSIONS = ["jpg", "pdf", "png"] as const;

/** The parts of a quicklook file's name: a picture of a science file's data. */
export interface QuicklookFile extends ProductParts {
  /** Which kind of file this is: the tag of the union {@linkcode ImapFile}. */
  readonly kind: "quicklook";
  /** `jpg`, `pdf` or `png`. */
  readonly extension: "jpg" | "pdf" | "png";
}

/** Reads a quicklook file's name; returns the wrong parts when it is none. */
export function readQuicklookFile(name: string): QuicklookFile | FileNameProblem[] {
  const file = readProductFile(name, QUICKLOOK_EXTENSIONS);
  return Array.isArray(file) ? file : { kind: "quicklook", ...file };
}
