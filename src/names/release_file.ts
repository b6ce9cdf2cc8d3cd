import type { FileNameProblem } from "./file_name_error.ts";
import { readValidityFile, type ValidityParts } from "./validity_file.ts";

/** The extension of release manifests. */
export const RELEASE_EXTENSIONS = ["txt"] as const;

/** The parts of a release manifest's name: the list of the files that are made public. */
export interface ReleaseFile extends ValidityParts {
  /** Which kind of file this is: the tag of the union {@linkcode ImapFile}. */
  readonly kind: "release";
  /** `txt`. */
  readonly extension: "txt";
}

/** Reads a release manifest's name; returns the wrong parts when it is none. */
export function readReleaseFile(name: string): ReleaseFile | FileNameProblem[] {
  const file = readValidityFile(name, RELEASE_EXTENSIONS);
  return Array.isArray(file) ? file : { kind: "release", ...file };
}
