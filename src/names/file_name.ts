import { InputError } from "../errors.ts";
import { printable, shown } from "../printable.ts";
import { type AncillaryFile, readAncillaryFile } from "./ancillary_file.ts";
import { type DependencyFile, readDependencyFile } from "./dependency_file.ts";
import { FileNameError, type FileNameProblem } from "./file_name_error.ts";
import { kindMeant } from "./kind_meant.ts";
import { writeProductFile } from "./product_file.ts";
import { type QuicklookFile, readQuicklookFile } from "./quicklook_file.ts";
import { readReleaseFile, type ReleaseFile } from "./release_file.ts";
import { readScienceFile, type ScienceFile } from "./science_file.ts";
import { readSpiceFile, type SpiceFile, writeSpiceFile } from "./spice_file.ts";
import { writeValidityFile } from "./validity_file.ts";

/** What a file name says, as a union tagged by `kind`. */
export type ImapFile = ScienceFile | AncillaryFile | SpiceFile | QuicklookFile | DependencyFile | ReleaseFile;

/** The tag of a kind of file. */
export type FileKind = ImapFile["kind"];

/** The parts to make a name of: those of {@linkcode ImapFile}, where what may be null may be left out. */
export type FileNameParts = ImapFile extends infer File ? File extends SpiceFile ?
      & { readonly [Part in "kind" | "kernel_type"]: File[Part] }
      & { readonly [Part in keyof Omit<File, "kind" | "kernel_type">]?: File[Part] | undefined }
  :
    & { readonly [Part in keyof File as null extends File[Part] ? never : Part]: File[Part] }
    & { readonly [Part in keyof File as null extends File[Part] ? Part : never]?: File[Part] | undefined }
  : never;

/** Reads a name of one kind; returns what is wrong with it when it is none. */
type Reader = (name: string) => ImapFile | FileNameProblem[];

/** The kinds in the order in which the SDC tries them: a name belongs to the first that takes it. */
const READERS: ReadonlyMap<FileKind, Reader> = new Map<FileKind, Reader>([
  ["science", readScienceFile],
  ["ancillary", readAncillaryFile],
  ["spice", readSpiceFile],
  ["quicklook", readQuicklookFile],
  ["dependency", readDependencyFile],
  ["release", readReleaseFile],
]);

/** The kinds of files, in the order in which a name is tried. */
export const FILE_KINDS: readonly FileKind[] = [...READERS.keys()];

/** The longest name that disks and object stores take, in bytes of UTF-8 (POSIX `NAME_MAX`). */
const LONGEST_NAME = 255;

/** What no kind's name may be: a path, something that acts on a terminal, longer than a disk takes. */
function problemWithAny(name: string): FileNameProblem | undefined {
  // No character is less than a byte, and what is far too long need not be looked through.
  const bytes = name.length > LONGEST_NAME ? name.length : new TextEncoder().encode(name).length;
  if (bytes > LONGEST_NAME) {
    return { part: "length", value: `${bytes} bytes or more`, expected: `at most ${LONGEST_NAME} bytes` };
  }
  if (!/[/\\]/.test(name) && printable(name) === name) return undefined;
  return { part: "name", value: name, expected: "a bare name, without folders and control characters" };
}

/** Refuses what untyped code, a notebook's say, may give for a name. */
function checkText(name: unknown): void {
  if (typeof name === "string") return;
  throw new InputError(`Cannot read the file name "${shown(name)}": expected text`);
}

/** Refuses what untyped code may give for the parts of a name. */
function checkParts(parts: unknown): void {
  const isPart = (value: unknown) => value === null || ["string", "number", "undefined"].includes(typeof value);
  if (typeof parts === "object" && parts !== null && Object.values(parts).every(isPart)) return;
  throw new InputError(`Cannot make a file name of "${shown(parts)}": expected its parts, each a text or a number`);
}

/**
 * Reads a bare file name of any kind (SDC file-name convention).
 *
 * @param name The name alone, without folders.
 * @returns Its parts, tagged by `kind`.
 * @throws {FileNameError} When it is no name of the SDC's; the error names every wrong part and what was expected of a
 *   name of the kind that it looks most like.
 * @throws {InputError} When it is no text, which untyped code may give.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { parseFileName } from "@imap-sdc/data-access";
 *
 * const file = parseFileName("imap_swe_l0_sci_20240105_v001.pkts");
 * assert(file.kind === "science" && file.instrument === "swe" && file.start_date === "20240105");
 * assert(parseFileName("naif0012.tls").kind === "spice");
 * ```
 */
export function parseFileName(name: string): ImapFile {
  checkText(name);
  const problem = problemWithAny(name);
  if (problem !== undefined) throw new FileNameError(name, [problem]);
  const problems = new Map<FileKind, FileNameProblem[]>();
  for (const [kind, read] of READERS) {
    const file = read(name);
    if (!Array.isArray(file)) return file;
    problems.set(kind, file);
  }
  throw new FileNameError(name, problems.get(kindMeant(name)) ?? []);
}

function write(parts: FileNameParts): string | undefined {
  switch (parts.kind) {
    case "ancillary":
    case "release":
      return writeValidityFile(parts);
    case "spice":
      return writeSpiceFile(parts);
    default:
      return writeProductFile(parts);
  }
}

/**
 * Makes a file name from its parts, with the checks of {@linkcode parseFileName}.
 *
 * @param parts The parts, as `parseFileName` returns them; what may be null may be left out.
 * @returns The bare name.
 * @throws {FileNameError} When a part is wrong, or when the name would read as something else.
 * @throws {InputError} When they are no parts at all, which untyped code may give.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { formatFileName, parseFileName } from "@imap-sdc/data-access";
 *
 * const file = parseFileName("imap_swe_l0_sci_20240105_v001.pkts");
 * assert(formatFileName({ ...file, version: "v002" }) === "imap_swe_l0_sci_20240105_v002.pkts");
 *
 * const parts = { kind: "ancillary", instrument: "mag", descriptor: "offsets", start_date: "20260101" } as const;
 * assert(formatFileName({ ...parts, version: "v001", extension: "csv" }) === "imap_mag_offsets_20260101_v001.csv");
 * ```
 */
export function formatFileName(parts: FileNameParts): string {
  checkParts(parts);
  const name = write(parts);
  if (name === undefined) {
    const value = Object.entries(parts).map(([part, value]) => `${part} ${value}`).join(", ");
    const expected = "all the parts that a name of this type has, and no other";
    throw new FileNameError("", [{ part: "parts", value, expected }]);
  }
  const read: Readonly<Record<string, unknown>> = { ...parseFileName(name) };
  // A number too long for its digits, both counters, or the words of another kind would read back as something else.
  const problems = Object.entries(parts)
    .filter(([part, value]) => part !== "name" && value !== undefined && (value ?? null) !== (read[part] ?? null))
    .map(([part, value]) => ({
      part,
      value: String(value),
      expected: `what a name can hold; it reads as ${read[part]}`,
    }));
  if (problems.length > 0) throw new FileNameError(name, problems);
  return name;
}
