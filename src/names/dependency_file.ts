import type { FileNameProblem } from "./file_name_error.ts";
import { type ProductParts, readProductFile } from "./product_file.ts";

/** The extension of dependency files. */
export const DEPENDENCY_EXTENSIONS = ["json"] as const;

/** The parts of a dependency file's name: the list of what a science file was made from. */
export interface DependencyFile extends ProductParts {
  /** Which kind of file this is: the tag of the union {@linkcode ImapFile}. */
  readonly kind: "dependency";
  /** `json`. */
  readonly extension: "json";
}

/** Reads a dependency file's name; returns the wrong parts when it is none. */
export function readDependencyFile(name: string): DependencyFile | FileNameProblem[] {
  const file = readProductFile(name, DEPENDENCY_EXTENSIONS);
  return Array.isArray(file) ? file : { kind: "dependency", ...file };
}
