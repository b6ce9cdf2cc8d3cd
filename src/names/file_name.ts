import { InputError } from "../errors.ts";
import { isCalendarDate } from "./calendar_date.ts";
import { FileNameError, type FileNameProblem } from "./file_name_error.ts";
import { readSpiceFile, SPICE_FORMS, type SpiceFile, writeSpiceFile } from "./spice_name.ts";
import { isMinorVersion, isVersion, MINOR_VERSION_FORM, VERSION_FORMS } from "./version.ts";
import {
  DATA_LEVELS,
  type DataLevel,
  type Instrument,
  INSTRUMENTS,
  isDataLevel,
  isInstrument,
  oneOfWords,
  SPICE_FOLDERS,
} from "./vocabulary.ts";
import { printable, shown } from "../safe_text.ts";

/** What a descriptor looks like, for messages. */
export const DESCRIPTOR_FORM = "the product's name: no underscore, no slash, no control characters";

/** Whether a text can be a descriptor: anything without an underscore that is a name on a disk and safe on a terminal. */
export function isDescriptor(text: string): boolean {
  return text !== "" && !/[_/\\]/.test(text) && printable(text) === text;
}

/** Returns the file name at the end of a path, of the archive or of this machine, where Windows separates folders by `\\`. */
export function bareName(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name.slice(name.lastIndexOf("\\") + 1);
}

/** What stands behind the last underscore: `v001.0002.cdf`. */
interface Tail {
  readonly version: string;
  readonly extension: string;
}

/** Takes the last part of a name apart at its last point. */
function splitTail(tail: string): Tail {
  const point = tail.lastIndexOf(".");
  return point < 0
    ? { version: tail, extension: "" }
    : { version: tail.slice(0, point), extension: tail.slice(point + 1) };
}

/** A day and what counts behind it: `20240105-repoint00012` or `20240105-cr02345`. */
interface NameTime {
  readonly date: string;
  readonly repointing: number | null;
  readonly cr: number | null;
  /** What stands behind the day and is no counter; empty when all is well. */
  readonly odd: string;
}

/** What may stand behind the date: `-repoint00012` or `-cr02345`. */
const COUNTER = /^-(repoint|cr)(\d{5})$/;

/** Takes a day and its counter apart. */
function splitTime(time: string): NameTime {
  const dash = time.indexOf("-");
  const date = dash < 0 ? time : time.slice(0, dash);
  const counter = dash < 0 ? "" : time.slice(dash);
  const [, counted, count] = COUNTER.exec(counter) ?? [];
  return {
    date,
    repointing: counted === "repoint" ? Number(count) : null,
    cr: counted === "cr" ? Number(count) : null,
    odd: counted === undefined ? counter : "",
  };
}

/** A counter as names carry it: five digits. */
function writeCounter(word: "repoint" | "cr", count: number | null | undefined): string {
  return count === null || count === undefined ? "" : `-${word}${String(count).padStart(5, "0")}`;
}

/** Whether a word is one of some. */
function isOneOf<Word extends string>(words: readonly Word[], word: string): word is Word {
  return (words as readonly string[]).includes(word);
}

/** The wrong parts of one name, in the order in which they are looked at. */
class Problems {
  readonly list: FileNameProblem[] = [];

  add(field: string, value: string, expected: string): void {
    this.list.push({ field, value, expected });
  }

  word(field: string, value: string, words: readonly string[]): void {
    if (!words.includes(value)) this.list.push({ field, value, ...oneOfWords(value, words) });
  }

  instrument(value: string): void {
    if (!isInstrument(value)) this.word("instrument", value, INSTRUMENTS);
  }

  descriptor(value: string): void {
    if (!isDescriptor(value)) this.add("descriptor", value, DESCRIPTOR_FORM);
  }

  date(part: string, value: string): void {
    if (!isCalendarDate(value)) this.add(part, value, "a day of the calendar, YYYYMMDD");
  }

  version(value: string): void {
    if (!isVersion(value)) this.add("version", value, VERSION_FORMS);
  }

  minorVersion(value: string): void {
    if (!isMinorVersion(value)) this.add("version", value, MINOR_VERSION_FORM);
  }

  extension(value: string, extensions: readonly string[]): void {
    if (!extensions.includes(value)) this.add("extension", value, extensions.join(" or "));
  }
}

/** What the names of science, quicklook and dependency files say alike, under the names that the SDC's protocol gives it. */
export interface ProductParts {
  /** The instrument, for instance `swe`. */
  readonly instrument: Instrument;
  /** The data level, for instance `l1a`. */
  readonly data_level: DataLevel;
  /** The product's name, without an underscore, for instance `hist`. */
  readonly descriptor: string;
  /** The day on which the data start, YYYYMMDD. */
  readonly start_date: string;
  /** The number of the repointing, 0 to 99999, or null. */
  readonly repointing: number | null;
  /** The number of the Carrington rotation, 0 to 99999, or null. A name has this or a repointing, never both. */
  readonly cr: number | null;
  /** `v001` or `v001.0002`. */
  readonly version: string;
}

/** The form of such a name, for messages. */
const PRODUCT_FORM = "imap_<instrument>_<level>_<descriptor>_<YYYYMMDD>[-repointNNNNN|-crNNNNN]_<version>.<extension>";

/** The parts with an extension of some. */
type ProductWithExtension<Extension extends string> = ProductParts & { readonly extension: Extension };

/** Reads a name of this form; returns the wrong parts, all of them, when it is none. Pure, linear. */
export function readProductFile<Extension extends string>(
  name: string,
  extensions: readonly Extension[],
): ProductWithExtension<Extension> | FileNameProblem[] {
  const parts = name.split("_");
  if (parts.length !== 6 || parts[0] !== "imap") return [{ field: "name", value: name, expected: PRODUCT_FORM }];
  const [, instrument = "", level = "", descriptor = "", time = "", tail = ""] = parts;
  const { date, repointing, cr, odd } = splitTime(time);
  const { version, extension } = splitTail(tail);

  const problems = new Problems();
  problems.instrument(instrument);
  problems.word("data level", level, DATA_LEVELS);
  problems.descriptor(descriptor);
  problems.date("start date", date);
  if (odd !== "") problems.add("counter", odd, "-repointNNNNN, -crNNNNN or nothing");
  problems.version(version);
  problems.extension(extension, extensions);

  const isWhole = problems.list.length === 0 && isInstrument(instrument) && isDataLevel(level);
  if (!isWhole || !isOneOf(extensions, extension)) return problems.list;
  return { instrument, data_level: level, descriptor, start_date: date, repointing, cr, version, extension };
}

/** Parts to make a name of; counters may be left out. */
type WritableProduct = Omit<ProductWithExtension<string>, "repointing" | "cr"> & {
  readonly repointing?: number | null | undefined;
  readonly cr?: number | null | undefined;
};

/** Puts the parts together again; the caller checks the result by reading it back. */
function writeProductFile(file: WritableProduct): string {
  const { instrument, data_level, descriptor, start_date, repointing, cr, version, extension } = file;
  const time = `${start_date}${writeCounter("repoint", repointing)}${writeCounter("cr", cr)}`;
  return `imap_${instrument}_${data_level}_${descriptor}_${time}_${version}.${extension}`;
}

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

/** What the names of ancillary and release files say alike: something that counts from one day on. */
export interface ValidityParts {
  /** The instrument, for instance `mag`. */
  readonly instrument: Instrument;
  /** What it is, without an underscore, for instance `l1b-rotation-calibration`. */
  readonly descriptor: string;
  /** The first day for which it counts, YYYYMMDD. */
  readonly start_date: string;
  /** The last day for which it counts, YYYYMMDD; null when it counts until a newer one comes. */
  readonly end_date: string | null;
  /** The number of the repointing, 0 to 99999, or null. A name has this or an end date, never both. */
  readonly repointing: number | null;
  /** `v001`. */
  readonly version: string;
}

/** The form of such a name, for messages. */
const VALIDITY_FORM = "imap_<instrument>_<descriptor>_<YYYYMMDD>[_<YYYYMMDD>|-repointNNNNN]_vNNN.<extension>";

/** The parts with an extension of some. */
type ValidityWithExtension<Extension extends string> = ValidityParts & { readonly extension: Extension };

/** Reads a name of this form; returns the wrong parts, all of them, when it is none. Pure, linear. */
export function readValidityFile<Extension extends string>(
  name: string,
  extensions: readonly Extension[],
): ValidityWithExtension<Extension> | FileNameProblem[] {
  const parts = name.split("_");
  if ((parts.length !== 5 && parts.length !== 6) || parts[0] !== "imap") {
    return [{ field: "name", value: name, expected: VALIDITY_FORM }];
  }
  const [, instrument = "", descriptor = "", start = ""] = parts;
  const end_date = parts.length === 6 ? parts[4] ?? "" : null;
  const { version, extension } = splitTail(parts.at(-1) ?? "");
  const { date, repointing, cr, odd } = splitTime(start);

  const problems = new Problems();
  problems.instrument(instrument);
  problems.descriptor(descriptor);
  problems.date("start date", date);
  if (odd !== "" || cr !== null) problems.add("counter", start.slice(date.length), "-repointNNNNN or nothing");
  if (end_date !== null) problems.date("end date", end_date);
  if (end_date !== null && repointing !== null) {
    problems.add("end date", end_date, "none behind a repointing");
  }
  problems.minorVersion(version);
  problems.extension(extension, extensions);

  const isWhole = problems.list.length === 0 && isInstrument(instrument);
  if (!isWhole || !isOneOf(extensions, extension)) return problems.list;
  return { instrument, descriptor, start_date: date, end_date, repointing, version, extension };
}

/** Parts to make a name of; what may be null may be left out. */
type WritableValidity = Omit<ValidityWithExtension<string>, "end_date" | "repointing"> & {
  readonly end_date?: string | null | undefined;
  readonly repointing?: number | null | undefined;
};

/** Puts the parts together again; the caller checks the result by reading it back. */
function writeValidityFile(file: WritableValidity): string {
  const { instrument, descriptor, start_date, end_date, repointing, version, extension } = file;
  const start = `${start_date}${writeCounter("repoint", repointing)}`;
  const time = end_date === null || end_date === undefined ? start : `${start}_${end_date}`;
  return `imap_${instrument}_${descriptor}_${time}_${version}.${extension}`;
}

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
function readAncillaryFile(name: string): AncillaryFile | FileNameProblem[] {
  const file = readValidityFile(name, ANCILLARY_EXTENSIONS);
  return Array.isArray(file) ? file : { kind: "ancillary", ...file };
}

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
function readQuicklookFile(name: string): QuicklookFile | FileNameProblem[] {
  const file = readProductFile(name, QUICKLOOK_EXTENSIONS);
  return Array.isArray(file) ? file : { kind: "quicklook", ...file };
}

/** The extension of dependency files. */
const DEPENDENCY_EXTENSIONS = ["json"] as const;

/** The parts of a dependency file's name: the list of what a science file was made from. */
export interface DependencyFile extends ProductParts {
  /** Which kind of file this is: the tag of the union {@linkcode ImapFile}. */
  readonly kind: "dependency";
  /** `json`. */
  readonly extension: "json";
}

/** Reads a dependency file's name; returns the wrong parts when it is none. */
function readDependencyFile(name: string): DependencyFile | FileNameProblem[] {
  const file = readProductFile(name, DEPENDENCY_EXTENSIONS);
  return Array.isArray(file) ? file : { kind: "dependency", ...file };
}

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
function readReleaseFile(name: string): ReleaseFile | FileNameProblem[] {
  const file = readValidityFile(name, RELEASE_EXTENSIONS);
  return Array.isArray(file) ? file : { kind: "release", ...file };
}

/** Parts that cannot be those of a product: `imap_mag_x_20260101_20260201_v001.csv` has two days. */
function hasTwoDays(parts: readonly string[]): boolean {
  return parts.slice(3, 5).every((part) => /^\d/.test(part));
}

/** The kind that a wrong name was most likely meant to be, so that a message can say what is wrong with it. */
function kindMeant(name: string): FileKind {
  const extension = name.slice(name.lastIndexOf(".") + 1);
  if (SPICE_FORMS.some((form) => form.extension === extension.toLowerCase() && form.extension !== "csv")) {
    return "spice";
  }
  if (isOneOf(QUICKLOOK_EXTENSIONS, extension)) return "quicklook";
  if (isOneOf(RELEASE_EXTENSIONS, extension) && name.startsWith("imap_")) return "release";
  const parts = name.split("_");
  const isValidity = parts.length === 5 || (parts.length === 6 && hasTwoDays(parts));
  if (isOneOf(DEPENDENCY_EXTENSIONS, extension) && parts.length === 6 && !isValidity) return "dependency";
  if (isOneOf(ANCILLARY_EXTENSIONS, extension) && (isValidity || extension !== "cdf")) return "ancillary";
  return isValidity ? "ancillary" : "science";
}

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
    return { field: "length", value: `${bytes} bytes or more`, expected: `at most ${LONGEST_NAME} bytes` };
  }
  if (!/[/\\]/.test(name) && printable(name) === name) return undefined;
  return { field: "name", value: name, expected: "a bare name, without folders and control characters" };
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
    throw new FileNameError("", [{ field: "parts", value, expected }]);
  }
  const read: Readonly<Record<string, unknown>> = { ...parseFileName(name) };
  // A number too long for its digits, both counters, or the words of another kind would read back as something else.
  const problems = Object.entries(parts)
    .filter(([part, value]) => part !== "name" && value !== undefined && (value ?? null) !== (read[part] ?? null))
    .map(([part, value]) => ({
      field: part,
      value: String(value),
      expected: `what a name can hold; it reads as ${read[part]}`,
    }));
  if (problems.length > 0) throw new FileNameError(name, problems);
  return name;
}

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

/**
 * Whether a text can be a path in the archive: below `imap/`, its folders and its name not empty and not `..`. The name
 * need not be one of the SDC's.
 */
export function isArchivePath(text: string): boolean {
  const [root, ...segments] = text.split("/");
  return root === "imap" && segments.length > 0 && segments.every((segment) => !/^\.{0,2}$|\\/.test(segment));
}

/**
 * Whether an ancillary file counts on a day: from its start date on, and no longer than to its end date where it has one
 * (SDC file-name convention).
 *
 * @param file The name, or its parts; an end date of null may be left out.
 * @param date The day, YYYYMMDD or YYYY-MM-DD.
 * @throws {InputError} When the file is no ancillary one, or the date is none of the calendar.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isValidOn } from "@imap-sdc/data-access";
 *
 * assert(isValidOn("imap_mag_offsets_20260101_20260131_v001.csv", "2026-01-31"));
 * assert(!isValidOn("imap_mag_offsets_20260101_20260131_v001.csv", "20260201"));
 * assert(isValidOn("imap_mag_offsets_20260101_v001.csv", "20300101"));
 * ```
 */
export function isValidOn(
  file: string | Extract<FileNameParts, { readonly kind: "ancillary" }>,
  date: string,
): boolean {
  // Untyped code may give a Date.
  const day = typeof date === "string" ? date.replace(/^(\d{4})-(\d{2})-(\d{2})$/, "$1$2$3") : "";
  if (!isCalendarDate(day)) {
    throw new InputError(
      `Cannot tell what is valid on "${shown(date)}": expected a day of the calendar, YYYYMMDD or YYYY-MM-DD`,
    );
  }
  const parts = typeof file === "object" && file !== null ? file : parseFileName(file);
  if (parts.kind !== "ancillary") {
    const which = typeof file === "string" ? `"${file}"` : "the file";
    throw new InputError(`Cannot tell when ${which} is valid: it is a ${parts.kind} file; ancillary ones alone say so`);
  }
  const { start_date, end_date = null } = parts;
  return start_date <= day && (end_date === null || day <= end_date);
}
