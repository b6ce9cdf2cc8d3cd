import { FileNameError, type FileNameProblem, InputError, printable, shown } from "../errors.ts";
import {
  DATA_LEVELS,
  type DataLevel,
  type DayLike,
  fromDayOfYear,
  fromShortDate,
  type Instrument,
  INSTRUMENTS,
  isCalendarDate,
  isDataLevel,
  isGlob,
  isInstrument,
  isMinorVersion,
  isOneOf,
  isVersion,
  MINOR_VERSION_FORM,
  oneOfWords,
  readMoment,
  SPICE_FOLDERS,
  type SpiceType,
  toDayOfYear,
  VERSION_FORMS,
} from "./fields.ts";

// The kinds of files, and the fields of their names.

/**
 * The extensions of science files: CDF and CCSDS packets.
 *
 * @example
 * ```ts
 * import { SCIENCE_EXTENSIONS } from "@imap-sdc/data-access";
 *
 * console.log(SCIENCE_EXTENSIONS.join(", ")); // cdf, pkts
 * ```
 *
 * @category File names
 */
export const SCIENCE_EXTENSIONS = ["cdf", "pkts"] as const;

/**
 * The extensions of ancillary files (SDC file-name convention).
 *
 * @example
 * ```ts
 * import { ANCILLARY_EXTENSIONS } from "@imap-sdc/data-access";
 *
 * console.log(ANCILLARY_EXTENSIONS.includes("csv")); // true
 * ```
 *
 * @category File names
 */
export const ANCILLARY_EXTENSIONS = ["cdf", "csv", "dat", "json", "zip", "tsv", "pgm", "xlsx"] as const;

/**
 * The extensions of quicklook files, which are images (SDC file-name convention).
 *
 * @example
 * ```ts
 * import { QUICKLOOK_EXTENSIONS } from "@imap-sdc/data-access";
 *
 * console.log(QUICKLOOK_EXTENSIONS.includes("png")); // true
 * ```
 *
 * @category File names
 */
export const QUICKLOOK_EXTENSIONS = ["jpg", "pdf", "png"] as const;

/** The extension of release manifests. */
export const RELEASE_EXTENSIONS = ["txt"] as const;

/**
 * The fields that the names of science, quicklook and dependency files have in common, under the SDC's own names.
 *
 * @category File names
 */
export interface ProductParts {
  /** The instrument, for instance `swe`. */
  readonly instrument: Instrument;
  /** The data level, for instance `l1a`. */
  readonly data_level: DataLevel;
  /** The product's name, without an underscore, for instance `hist`. */
  readonly descriptor: string;
  /** The day on which the data start, `YYYYMMDD`. */
  readonly start_date: string;
  /** The number of the repointing, 0 to 99999, or null. */
  readonly repointing: number | null;
  /** The number of the Carrington rotation, 0 to 99999, or null. A name has either this or a repointing, or neither. */
  readonly cr: number | null;
  /** The version: `v001` or `v001.0002`. */
  readonly version: string;
}

/**
 * The fields that the names of ancillary and release files have in common: files that are valid from one day on.
 *
 * @category File names
 */
export interface ValidityParts {
  /** The instrument, for instance `mag`. */
  readonly instrument: Instrument;
  /** What the file is, without an underscore, for instance `l1b-rotation-calibration`. */
  readonly descriptor: string;
  /** The first day for which the file is valid, `YYYYMMDD`. */
  readonly start_date: string;
  /** The last day for which the file is valid, `YYYYMMDD`; null if it is valid until a newer file replaces it. */
  readonly end_date: string | null;
  /** The number of the repointing, 0 to 99999, or null. A name has either this or an end date, or neither. */
  readonly repointing: number | null;
  /** The version: `v001`. */
  readonly version: string;
}

/**
 * The fields of a science file's name.
 *
 * @category File names
 */
export interface ScienceFile extends ProductParts {
  /** The kind of file: the tag of the union {@linkcode ImapFile}. */
  readonly kind: "science";
  /** `cdf` or `pkts`. */
  readonly extension: typeof SCIENCE_EXTENSIONS[number];
}

/**
 * The fields of an ancillary file's name. Ancillary files are further inputs of the processing, for instance
 * calibrations.
 *
 * @category File names
 */
export interface AncillaryFile extends ValidityParts {
  /** The kind of file: the tag of the union {@linkcode ImapFile}. */
  readonly kind: "ancillary";
  /** The extension, for instance `csv`. */
  readonly extension: typeof ANCILLARY_EXTENSIONS[number];
}

/**
 * The fields of a quicklook file's name. Quicklook files are images of a science file's data.
 *
 * @category File names
 */
export interface QuicklookFile extends ProductParts {
  /** The kind of file: the tag of the union {@linkcode ImapFile}. */
  readonly kind: "quicklook";
  /** `jpg`, `pdf` or `png`. */
  readonly extension: typeof QUICKLOOK_EXTENSIONS[number];
}

/**
 * The fields of a dependency file's name. Dependency files list the inputs that a science file was made from.
 *
 * @category File names
 */
export interface DependencyFile extends ProductParts {
  /** The kind of file: the tag of the union {@linkcode ImapFile}. */
  readonly kind: "dependency";
  /** `json`. */
  readonly extension: "json";
}

/**
 * The fields of a release manifest's name. Release manifests list the data to release.
 *
 * @category File names
 */
export interface ReleaseFile extends ValidityParts {
  /** The kind of file: the tag of the union {@linkcode ImapFile}. */
  readonly kind: "release";
  /** `txt`. */
  readonly extension: "txt";
}

/**
 * The fields of a file name, as a union tagged by `kind`.
 *
 * @category File names
 */
export type ImapFile = ScienceFile | AncillaryFile | SpiceFile | QuicklookFile | DependencyFile | ReleaseFile;

/**
 * A kind of file.
 *
 * @category File names
 */
export type FileKind = ImapFile["kind"];

/**
 * The fields to format a name from: those of {@linkcode ImapFile}. Nullable fields may be omitted.
 *
 * @category File names
 */
export type FileNameParts = ImapFile extends infer File ? File extends SpiceFile ?
      & { readonly [Field in "kind" | "kernel_type"]: File[Field] }
      & { readonly [Field in keyof Omit<File, "kind" | "kernel_type">]?: File[Field] | undefined }
  :
    & { readonly [Field in keyof File as null extends File[Field] ? never : Field]: File[Field] }
    & { readonly [Field in keyof File as null extends File[Field] ? Field : never]?: File[Field] | undefined }
  : never;

// The names of SPICE files: a list of forms.

/**
 * The fields of a SPICE file's name besides its type.
 *
 * @category File names
 */
export interface SpiceParts {
  /** The first day, `YYYYMMDD`, or null if the name has none. */
  readonly start_date: string | null;
  /** The last day, `YYYYMMDD`, or null if the name has none. */
  readonly end_date: string | null;
  /** The day from which the rotation of the Earth is predicted, `YYYYMMDD`. Only `earth_attitude` has it. */
  readonly prediction_date: string | null;
  /** The number of the repointing. Only `lo_pivot_attitude` has it. */
  readonly repointing: number | null;
  /** Other contents of the name: the text of `thruster`, or the number of the orbit determination of an ephemeris. */
  readonly detail: string | null;
  /** The digits of the version, for instance `0012`, or null if the name has none. */
  readonly version: string | null;
}

/** How a field is written in a name. */
interface Field {
  readonly key: keyof SpiceParts;
  /** A regular expression without groups that takes linear time. */
  readonly pattern: string;
  /** The format, for messages. */
  readonly form: string;
  /** Returns undefined if the value does not exist, for instance for February 30. */
  readonly read: (text: string) => string | number | undefined;
  readonly write: (value: string | number) => string;
}

const same = (text: string): string => text;
const asText = (value: string | number): string => String(value);
const asDate = (text: string): string | undefined => isCalendarDate(text) ? text : undefined;
const asYear = (text: string): string | undefined => asDate(`${text}0101`);

function dayOfYear(key: keyof SpiceParts): Field {
  const write = (value: string | number) => isCalendarDate(String(value)) ? toDayOfYear(String(value)) : String(value);
  return { key, pattern: "\\d{4}_\\d{3}", form: "a day of a year, YYYY_DDD", read: fromDayOfYear, write };
}

function fullDate(key: keyof SpiceParts): Field {
  return { key, pattern: "\\d{8}", form: "a day of the calendar, YYYYMMDD", read: asDate, write: asText };
}

function shortDate(key: keyof SpiceParts): Field {
  const write = (value: string | number) => String(value).slice(2);
  return { key, pattern: "\\d{6}", form: "a day of the calendar, YYMMDD", read: fromShortDate, write };
}

function digits(key: keyof SpiceParts, count: number | undefined): Field {
  const pattern = count === undefined ? "\\d+" : `\\d{${count}}`;
  return { key, pattern, form: count === undefined ? "digits" : `${count} digits`, read: same, write: asText };
}

let spiceFieldsByName: ReadonlyMap<string, Field> | undefined;

/** The fields of templates, by name. Only names of SPICE files need them, so they do not take time in each start. */
function spiceFields(): ReadonlyMap<string, Field> {
  return spiceFieldsByName ??= new Map<string, Field>([
    ["start_yyyy_ddd", dayOfYear("start_date")],
    ["end_yyyy_ddd", dayOfYear("end_date")],
    ["start_yyyymmdd", fullDate("start_date")],
    ["end_yyyymmdd", fullDate("end_date")],
    ["start_yymmdd", shortDate("start_date")],
    ["end_yymmdd", shortDate("end_date")],
    ["prediction_yymmdd", shortDate("prediction_date")],
    ["yyyy", {
      key: "start_date",
      pattern: "\\d{4}",
      form: "a year",
      read: asYear,
      write: (value) => String(value).slice(0, 4),
    }],
    ["version", digits("version", undefined)],
    ["NN", digits("version", 2)],
    ["NNN", digits("version", 3)],
    ["orbit", digits("detail", 3)],
    ["text", { key: "detail", pattern: "[A-Za-z0-9_-]+", form: "letters and digits", read: same, write: asText }],
    ["NNNNN", {
      key: "repointing",
      pattern: "\\d{5}",
      form: "5 digits",
      read: Number,
      write: (value) => String(value).padStart(5, "0"),
    }],
  ]);
}

/** The form of the names of one type of SPICE file. Reading, writing and messages all use its template. */
class SpiceForm {
  readonly type: SpiceType;
  /** Fixed text, fields in angle brackets, and optional text in square brackets. */
  readonly template: string;
  readonly #exactCase: boolean;
  #pattern: RegExp | undefined;

  constructor(type: SpiceType, template: string, exactCase: boolean) {
    this.type = type;
    this.template = template;
    this.#exactCase = exactCase;
  }

  /** The text after the template's last dot. */
  get extension(): string {
    return this.template.slice(this.template.lastIndexOf(".") + 1);
  }

  /** Matches names of this form, with a named group for each field. Compiled when it is first used. */
  get pattern(): RegExp {
    return this.#pattern ??= patternOf(this.template, this.#exactCase);
  }
}

/** Turns `imap_<start>[_v<version>].bsp` into a regular expression. Case is ignored unless the SDC's convention says otherwise. */
function patternOf(template: string, exactCase: boolean): RegExp {
  const groups = template.replaceAll(".", "\\.").replaceAll("[", "(?:").replaceAll("]", ")?").replace(
    /<(\w+)>/g,
    (_, field: string) => `(?<${field}>${spiceFields().get(field)?.pattern ?? ""})`,
  );
  return new RegExp(`^${groups}$`, exactCase ? "" : "i");
}

function form(type: SpiceType, template: string, exactCase = false): SpiceForm {
  return new SpiceForm(type, template, exactCase);
}

function ephemeris(type: SpiceType, word: string): SpiceForm {
  return form(type, `imap_${word}_[od<orbit>_]<start_yyyymmdd>_<end_yyyymmdd>[_v<version>].bsp`);
}

let allSpiceForms: readonly SpiceForm[] | undefined;

/** Returns all forms (SDC file-name convention). No name matches two of them. */
export function spiceForms(): readonly SpiceForm[] {
  return allSpiceForms ??= [
    form("attitude_history", "imap_<start_yyyy_ddd>_<end_yyyy_ddd>_<version>.ah.bc"),
    form("attitude_predict", "imap_<start_yyyy_ddd>_<end_yyyy_ddd>_<version>.ap.bc"),
    form("pointing_attitude", "imap_dps_<start_yyyy_ddd>_<end_yyyy_ddd>_<version>.ah.bc"),
    form("lo_pivot_attitude", "imap_lopivot-repoint<NNNNN>_<start_yyyy_ddd>_<end_yyyy_ddd>_<version>.bc"),
    form("spin", "imap_<start_yyyy_ddd>_<end_yyyy_ddd>_<version>.spin"),
    form("spin", "imap_<start_yyyy_ddd>_<end_yyyy_ddd>_<version>.spin.csv"),
    form("repoint", "imap_<end_yyyy_ddd>_<version>.repoint"),
    form("repoint", "imap_<end_yyyy_ddd>_<version>.repoint.csv"),
    ephemeris("ephemeris_reconstructed", "recon"),
    ephemeris("ephemeris_nominal", "nom"),
    ephemeris("ephemeris_predicted", "pred"),
    ephemeris("ephemeris_90days", "90days"),
    ephemeris("ephemeris_long", "long"),
    ephemeris("ephemeris_launch", "launch"),
    form("planetary_ephemeris", "de<version>.bsp"),
    form("lagrange_point", "L1_de<version>.bsp"),
    form("planetary_constants", "pck<version>.tpc"),
    form("leapseconds", "naif<version>.tls"),
    form("spacecraft_clock", "imap_sclk_<version>.tsc"),
    form("imap_frames", "imap_<version>.tf"),
    form("science_frames", "imap_science_<version>.tf"),
    form("thruster", "imap_<start_yyyy_ddd>_<end_yyyy_ddd>_<text>_<NN>.sff"),
    form("metakernel", "imap_sdc_metakernel_<yyyy>_v<NNN>.tm", true),
    form("metakernel", "imap_<start_yyyy_ddd>_a<NN>.spice.mk"),
    form("metakernel", "IMAP_<start_yyyy_ddd>_e<NN>.mk"),
    form("earth_attitude", "earth_<start_yymmdd>_<end_yymmdd>_<prediction_yymmdd>.bpc"),
  ];
}

/** Returns the extensions of SPICE files, in lower case. */
function spiceExtensions(): readonly string[] {
  return [...new Set(spiceForms().map(({ extension }) => extension))];
}

/** Fields to fill a template with. Nullable fields may be omitted. */
type GivenFields = { readonly [Key in keyof SpiceParts]?: SpiceParts[Key] | undefined };

/** Formats a name of this form; undefined if a field is missing, or is not in the template. */
function fillForm({ template }: SpiceForm, fields: GivenFields): string | undefined {
  const places = new Set([...template.matchAll(/<(\w+)>/g)].map(([, field = ""]) => spiceFields().get(field)?.key));
  const hasPlace = (key: string) => [...places].some((place) => place === key);
  const given = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  if (given.some(([key]) => !hasPlace(key))) return undefined;
  const fill = (text: string): string | undefined => {
    let isWhole = true;
    const filled = text.replace(/<(\w+)>/g, (_, name: string) => {
      const field = spiceFields().get(name);
      const value = field === undefined ? undefined : fields[field.key];
      if (field === undefined || value === undefined || value === null) isWhole = false;
      else return field.write(value);
      return "";
    });
    return isWhole ? filled : undefined;
  };
  return fill(template.replace(/\[([^\]]*)\]/g, (_, optional: string) => fill(optional) ?? ""));
}

/**
 * The fields of a SPICE file's name. SPICE files describe the position, the attitude, and the clock of the spacecraft.
 *
 * @category File names
 */
export interface SpiceFile extends SpiceParts {
  /** The kind of file: the tag of the union {@linkcode ImapFile}. */
  readonly kind: "spice";
  /** What the file contains, for instance `leapseconds`. */
  readonly kernel_type: SpiceType;
  /** The text after the last dot, in lower case, for instance `bsp`. */
  readonly extension: string;
  /** The whole name as it was read. In most of these names, case is ignored. */
  readonly name: string;
}

/** The forms of names with an extension, for messages. */
function formsOf(extension: string): string {
  const forms = spiceForms().filter((form) => form.extension === extension);
  const shown = (forms.length > 0 ? forms : spiceForms()).slice(0, 4).map(({ template }) => template);
  return `the form of a SPICE file's name, such as ${shown.join(" or ")}`;
}

/** Returns the form of a name; undefined if it does not have any. */
function formOf(name: string): SpiceForm | undefined {
  return spiceForms().find(({ pattern }) => pattern.test(name));
}

/** Parses the fields of a name of a given form. */
function readFields(texts: Readonly<Record<string, string | undefined>>): SpiceParts | FileNameProblem[] {
  const problems: FileNameProblem[] = [];
  const values = new Map<keyof SpiceParts, string | number>();
  for (const [name, text] of Object.entries(texts)) {
    const field = spiceFields().get(name);
    if (field === undefined || text === undefined) continue;
    const value = field.read(text);
    if (value === undefined) problems.push({ field: field.key.replace("_", " "), value: text, expected: field.form });
    else values.set(field.key, value);
  }
  const text = (key: keyof SpiceParts) => values.has(key) ? String(values.get(key)) : null;
  return problems.length > 0 ? problems : {
    start_date: text("start_date"),
    end_date: text("end_date"),
    prediction_date: text("prediction_date"),
    repointing: values.has("repointing") ? Number(values.get("repointing")) : null,
    detail: text("detail"),
    version: text("version"),
  };
}

/** Parses a SPICE file's name in linear time; returns all wrong fields if it is not one. */
export function readSpiceFile(name: string): SpiceFile | FileNameProblem[] {
  const form = formOf(name);
  if (form === undefined) {
    const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
    return [{ field: "name", value: name, expected: formsOf(extension) }];
  }
  const fields = readFields(form.pattern.exec(name)?.groups ?? {});
  if (Array.isArray(fields)) return fields;
  return { kind: "spice", kernel_type: form.type, ...fields, extension: form.extension, name };
}

/** Fields to format a name from. Nullable fields, the extension, and the original name may be omitted. */
type Writable = GivenFields & {
  readonly kernel_type: SpiceType;
  readonly extension?: string | undefined;
  readonly name?: string | undefined;
};

/** Returns the fields to fill a template with. */
function fieldsOf(file: Writable): GivenFields {
  const { start_date, end_date, prediction_date, repointing, detail, version } = file;
  return { start_date, end_date, prediction_date, repointing, detail, version };
}

/** Whether a name is parsed as these fields. */
function readsAs(name: string, file: Writable): boolean {
  const read = readSpiceFile(name);
  if (Array.isArray(read) || read.kernel_type !== file.kernel_type) return false;
  const fieldsRead: Readonly<Record<string, unknown>> = { ...read };
  return read.extension === (file.extension ?? read.extension) &&
    Object.entries(fieldsOf(file)).every(([key, value]) => (value ?? null) === fieldsRead[key]);
}

/**
 * Formats a name from fields. If they include the name that they were parsed from, and it still matches them, it is
 * returned. Otherwise the form of that name is tried before the other forms of the type.
 *
 * @returns Undefined if no form has these fields; a name that is parsed differently if no form can represent their
 * values.
 */
function writeSpiceFile(file: Writable): string | undefined {
  const { kernel_type, extension, name } = file;
  if (name !== undefined && readsAs(name, file)) return name;
  const formRead = name === undefined ? undefined : formOf(name);
  const forms = formRead === undefined ? spiceForms() : [formRead, ...spiceForms()];
  const filled = forms
    .filter((form) => form.type === kernel_type && form.extension === (extension ?? form.extension))
    .map((form) => fillForm(form, fieldsOf(file)))
    .filter((text) => text !== undefined);
  return filled.find((text) => readsAs(text, file)) ?? filled[0];
}

/** Returns the usual spelling of a parsed name: most of these names are case-insensitive. */
export function formatSpiceName(file: SpiceFile): string | undefined {
  return writeSpiceFile({ ...file, name: undefined });
}

/** Returns a text that is the same for all versions of a file; undefined if the name is not that of a SPICE file. */
export function spiceRoot(name: string): string | undefined {
  const file = readSpiceFile(name);
  if (Array.isArray(file)) return undefined;
  const { name: _name, version: _version, ...root } = file;
  // `.spin` and `.repoint` became `.spin.csv` and `.repoint.csv`.
  const isRenamed = root.kernel_type === "spin" || root.kernel_type === "repoint";
  return JSON.stringify(isRenamed ? { ...root, extension: null } : root);
}

/** Returns the text before a pattern's first wildcard, and the text after its last one. */
export function fixedEnds(pattern: string): readonly [start: string, end: string] {
  if (!isGlob(pattern)) return [pattern, pattern];
  return [
    pattern.slice(0, pattern.search(/[*?]/)),
    pattern.slice(Math.max(...["*", "?"].map((glob) => pattern.lastIndexOf(glob))) + 1),
  ];
}

/** Whether names of a form may have this beginning and this end, in lower case. */
function mayHave({ template }: SpiceForm, start: string, end: string): boolean {
  const name = template.toLowerCase();
  const [head = ""] = name.split(/[<[]/);
  const tail = name.slice(Math.max(name.lastIndexOf(">"), name.lastIndexOf("]")) + 1);
  const begins = start.startsWith(head) || head.startsWith(start);
  // A date or a number follows, unless it is optional.
  const next = start.slice(head.length);
  const goesOn = next === "" || name[head.length] !== "<" || /^\d/.test(next);
  return begins && goesOn && (end.endsWith(tail) || tail.endsWith(end));
}

/** Returns the types of SPICE files whose names may match a pattern, judging by its fixed beginning and end. */
export function spiceTypesOf(pattern: string): SpiceType[] {
  const [start, end] = fixedEnds(pattern.toLowerCase());
  return [...new Set(spiceForms().filter((form) => mayHave(form, start, end)).map(({ type }) => type))];
}

// The lists of kernels in metakernels.

/**
 * The types of kernels that a metakernel loads, by category (SDC protocol, `GET /metakernel`). Categories are in the
 * order of loading. Within a category, the best type is listed first; the others only fill its gaps.
 */
export const METAKERNEL_CATEGORIES = {
  leapseconds: ["leapseconds"],
  planetary_constants: ["planetary_constants"],
  imap_frames: ["imap_frames"],
  science_frames: ["science_frames"],
  spacecraft_clock: ["spacecraft_clock"],
  earth_attitude: ["earth_attitude"],
  planetary_ephemeris: ["planetary_ephemeris"],
  spacecraft_ephemeris: [
    "ephemeris_reconstructed",
    "ephemeris_nominal",
    "ephemeris_predicted",
    "ephemeris_90days",
    "ephemeris_long",
    "ephemeris_launch",
  ],
  spacecraft_attitude: ["attitude_history", "attitude_predict"],
  pointing_attitude: ["pointing_attitude"],
} as const satisfies Readonly<Record<string, readonly SpiceType[]>>;

/** SPICE reads strings of up to 80 characters; one that ends with a plus sign continues in the next string. */
const MAX_PATH_PART = 79;

/** Writes a path as quoted strings that SPICE can read. Doubled quotes count, since SPICE reads short lines only. */
function stringsOf(path: string): string[] {
  const parts = [""];
  for (const character of path) {
    const quoted = character === "'" ? "''" : character;
    const part = `${parts.at(-1)}${quoted}`;
    if (part.length <= MAX_PATH_PART) parts[parts.length - 1] = part;
    else parts.push(quoted);
  }
  return parts.map((part, index) => `'${part}${index === parts.length - 1 ? "" : "+"}'`);
}

/** Formats the assignment in a metakernel that lists its kernels, in the SDC's layout. */
export function writeKernelsToLoad(paths: readonly string[]): string {
  const quoted = paths.flatMap(stringsOf);
  return `  KERNELS_TO_LOAD = ( ${quoted.join(`,\n${" ".repeat(22)}`) || "''"}\n${" ".repeat(20)})\n`;
}

/** Parses the paths of the kernels in a metakernel; undefined if the text is not a metakernel. */
export function readKernelsToLoad(text: string): string[] | undefined {
  const [assignment] = /KERNELS_TO_LOAD\s*=\s*\(/.exec(text) ?? [];
  if (assignment === undefined) return undefined;
  const string = /[\s,]*'((?:[^'\n]|'')*)'/y;
  string.lastIndex = text.indexOf(assignment) + assignment.length;
  const paths: string[] = [];
  let path = "";
  for (let match = string.exec(text); match !== null; match = string.exec(text)) {
    const part = (match[1] ?? "").replaceAll("''", "'");
    path += part.endsWith("+") ? part.slice(0, -1) : part;
    if (part.endsWith("+")) continue;
    if (path !== "") paths.push(path);
    path = "";
  }
  return paths;
}

// All kinds of names: how each is read and written.

/** A kind of file: its folder in the archive, and the format of its names. */
interface Kind {
  readonly kind: FileKind;
  /** The folder in the archive that holds the files of this kind. */
  readonly root: string;
  /** The form of its names: names of a `product` have a data level, names of a `validity` may have an end date. */
  readonly form: "product" | "validity" | "SPICE";
  readonly extensions: readonly string[];
  /** Parses a name in linear time; returns all wrong fields if it is not of this kind. */
  readonly read: (name: string) => ImapFile | FileNameProblem[];
}

/**
 * The kinds of files, in the order in which the SDC tries them: a name belongs to the first kind that accepts it. A new
 * kind needs an entry here, an interface above, and the export of the interface in mod.ts.
 */
const KINDS: readonly Kind[] = [
  product("science", "imap", SCIENCE_EXTENSIONS),
  validity("ancillary", "imap/ancillary", ANCILLARY_EXTENSIONS),
  {
    kind: "spice",
    root: "imap/spice",
    form: "SPICE",
    get extensions() {
      return spiceExtensions();
    },
    read: readSpiceFile,
  },
  product("quicklook", "imap/quicklook", QUICKLOOK_EXTENSIONS),
  product("dependency", "imap/dependency", ["json"]),
  validity("release", "imap/release", RELEASE_EXTENSIONS),
];

/** The kinds of files, in the order in which a name is tried. */
export const FILE_KINDS: readonly FileKind[] = KINDS.map(({ kind }) => kind);

/** Creates a kind of file whose names have the form of a product. */
function product<const Name extends string, const Extension extends string>(
  kind: Name,
  root: string,
  extensions: readonly Extension[],
) {
  const read = (name: string): ProductParts & Tag<Name, Extension> | FileNameProblem[] => {
    const fields = readProduct(name, extensions);
    return Array.isArray(fields) ? fields : { kind, ...fields };
  };
  return { kind, root, form: "product", extensions, read } as const;
}

/** Creates a kind of file whose names contain the days on which the file is valid. */
function validity<const Name extends string, const Extension extends string>(
  kind: Name,
  root: string,
  extensions: readonly Extension[],
) {
  const read = (name: string): ValidityParts & Tag<Name, Extension> | FileNameProblem[] => {
    const fields = readValidity(name, extensions);
    return Array.isArray(fields) ? fields : { kind, ...fields };
  };
  return { kind, root, form: "validity", extensions, read } as const;
}

interface Tag<Name, Extension> extends Ending<Extension> {
  readonly kind: Name;
}

interface Ending<Extension> {
  readonly extension: Extension;
}

/** The format of a descriptor, for messages. */
export const DESCRIPTOR_FORM = "the product's name: no underscore, no slash, no control characters";

/** Whether a text can be a descriptor: it has no underscore, can be part of a file name, and is safe on a terminal. */
export function isDescriptor(text: string): boolean {
  return text !== "" && !/[_/\\]/.test(text) && printable(text) === text;
}

/** Returns the file name at the end of an archive path or a local path, which has `\\` as a separator on Windows. */
export function bareName(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name.slice(name.lastIndexOf("\\") + 1);
}

/** The wrong fields of one name, in the order in which they are checked. */
class Problems {
  readonly list: FileNameProblem[] = [];

  add(field: string, value: string, expected: string): void {
    this.list.push({ field, value, expected });
  }

  word(field: string, value: string, words: readonly string[]): void {
    if (!words.includes(value)) this.list.push({ field, value, ...oneOfWords(value, words) });
  }

  descriptor(value: string): void {
    if (!isDescriptor(value)) this.add("descriptor", value, DESCRIPTOR_FORM);
  }

  date(field: string, value: string): void {
    if (!isCalendarDate(value)) this.add(field, value, "a day of the calendar, YYYYMMDD");
  }

  extension(value: string, extensions: readonly string[]): void {
    if (!extensions.includes(value)) this.add("extension", value, extensions.join(" or "));
  }
}

/** What follows the last underscore: `v001.0002.cdf`. */
function splitEnd(end: string): { readonly version: string; readonly extension: string } {
  const dot = end.lastIndexOf(".");
  return dot < 0 ? { version: end, extension: "" } : { version: end.slice(0, dot), extension: end.slice(dot + 1) };
}

/** A day with a counter: `20240105-repoint00012` or `20240105-cr02345`. */
interface Time {
  readonly date: string;
  readonly repointing: number | null;
  readonly cr: number | null;
  /** Text after the day that is not a counter; empty for valid names. */
  readonly rest: string;
}

/** The counters that may follow the day. */
const COUNTER = /^-(repoint|cr)(\d{5})$/;

function splitTime(time: string): Time {
  const dash = time.indexOf("-");
  const date = dash < 0 ? time : time.slice(0, dash);
  const counter = dash < 0 ? "" : time.slice(dash);
  const [, word, count] = COUNTER.exec(counter) ?? [];
  return {
    date,
    repointing: word === "repoint" ? Number(count) : null,
    cr: word === "cr" ? Number(count) : null,
    rest: word === undefined ? counter : "",
  };
}

/** Formats a counter with five digits, as in names. */
function formatCounter(word: "repoint" | "cr", count: number | null | undefined): string {
  return count === null || count === undefined ? "" : `-${word}${String(count).padStart(5, "0")}`;
}

const PRODUCT_FORM = "imap_<instrument>_<level>_<descriptor>_<YYYYMMDD>[-repointNNNNN|-crNNNNN]_<version>.<extension>";

/** Parses a name in the form of a product, in linear time; returns all wrong fields if it does not have that form. */
export function readProduct<Extension extends string>(
  name: string,
  extensions: readonly Extension[],
): ProductParts & Ending<Extension> | FileNameProblem[] {
  const fields = name.split("_");
  if (fields.length !== 6 || fields[0] !== "imap") return [{ field: "name", value: name, expected: PRODUCT_FORM }];
  const [, instrument = "", data_level = "", descriptor = "", time = "", end = ""] = fields;
  const { date: start_date, repointing, cr, rest } = splitTime(time);
  const { version, extension } = splitEnd(end);

  const problems = new Problems();
  problems.word("instrument", instrument, INSTRUMENTS);
  problems.word("data level", data_level, DATA_LEVELS);
  problems.descriptor(descriptor);
  problems.date("start date", start_date);
  if (rest !== "") problems.add("counter", rest, "-repointNNNNN, -crNNNNN or nothing");
  if (!isVersion(version)) problems.add("version", version, VERSION_FORMS);
  problems.extension(extension, extensions);

  const isValid = problems.list.length === 0 && isInstrument(instrument) && isDataLevel(data_level);
  if (!isValid || !isOneOf(extensions, extension)) return problems.list;
  return { instrument, data_level, descriptor, start_date, repointing, cr, version, extension };
}

const VALIDITY_FORM = "imap_<instrument>_<descriptor>_<YYYYMMDD>[_<YYYYMMDD>|-repointNNNNN]_vNNN.<extension>";

/** Parses a name in the form of a validity, in linear time; returns all wrong fields if it does not have that form. */
export function readValidity<Extension extends string>(
  name: string,
  extensions: readonly Extension[],
): ValidityParts & Ending<Extension> | FileNameProblem[] {
  const fields = name.split("_");
  if ((fields.length !== 5 && fields.length !== 6) || fields[0] !== "imap") {
    return [{ field: "name", value: name, expected: VALIDITY_FORM }];
  }
  const [, instrument = "", descriptor = "", time = ""] = fields;
  const end_date = fields.length === 6 ? fields[4] ?? "" : null;
  const { version, extension } = splitEnd(fields.at(-1) ?? "");
  const { date: start_date, repointing, cr, rest } = splitTime(time);

  const problems = new Problems();
  problems.word("instrument", instrument, INSTRUMENTS);
  problems.descriptor(descriptor);
  problems.date("start date", start_date);
  if (rest !== "" || cr !== null) problems.add("counter", time.slice(start_date.length), "-repointNNNNN or nothing");
  if (end_date !== null) problems.date("end date", end_date);
  if (end_date !== null && repointing !== null) problems.add("end date", end_date, "none behind a repointing");
  if (!isMinorVersion(version)) problems.add("version", version, MINOR_VERSION_FORM);
  problems.extension(extension, extensions);

  const isValid = problems.list.length === 0 && isInstrument(instrument);
  if (!isValid || !isOneOf(extensions, extension)) return problems.list;
  return { instrument, descriptor, start_date, end_date, repointing, version, extension };
}

/**
 * Formats a name from fields; the caller verifies it by parsing it again. Undefined if the fields do not fit a SPICE
 * name.
 */
function write(fields: FileNameParts): string | undefined {
  if ("kernel_type" in fields) return writeSpiceFile(fields);
  const { instrument, descriptor, start_date, repointing, version, extension } = fields;
  const start = `${start_date}${formatCounter("repoint", repointing)}`;
  const end = `${version}.${extension}`;
  if ("data_level" in fields) {
    return `imap_${instrument}_${fields.data_level}_${descriptor}_${start}${formatCounter("cr", fields.cr)}_${end}`;
  }
  const { end_date } = fields;
  const time = end_date === null || end_date === undefined ? start : `${start}_${end_date}`;
  return `imap_${instrument}_${descriptor}_${time}_${end}`;
}

/** Guesses the intended kind of a wrong name, so that a message can say what is wrong with it. */
function kindMeant(name: string): Kind | undefined {
  const extension = name.slice(name.lastIndexOf(".") + 1);
  const fields = name.split("_");
  // imap_mag_x_20260101_20260201_v001.csv has two days.
  const hasTwoDays = fields.slice(3, 5).every((field) => /^\d/.test(field));
  const isValidity = fields.length === 5 || (fields.length === 6 && hasTwoDays);
  const form = isValidity ? "validity" : fields.length === 6 ? "product" : undefined;
  // Any text file may end with .txt; ancillary files and some SPICE files end with .csv.
  const may = ({ kind, extensions }: Kind) =>
    kind === "spice"
      ? extension !== "csv" && isOneOf(extensions, extension.toLowerCase())
      : isOneOf(extensions, extension) && (kind !== "release" || name.startsWith("imap_"));
  const candidates = KINDS.filter(may);
  return candidates.find((kind) => kind.form === form) ?? candidates[0] ??
    KINDS.find((kind) => kind.form === (form ?? "product"));
}

// Reading and writing any name, and its path in the archive.

/** The maximum length of a name in file systems and object stores, in bytes of UTF-8 (POSIX `NAME_MAX`). */
const MAX_NAME_BYTES = 255;

/**
 * Checks what is wrong with a name regardless of its kind: it is a path, has control characters, or is too long for
 * file systems.
 */
function problemWithAny(name: string): FileNameProblem | undefined {
  // Each character takes at least one byte and at most three, so few names need to be encoded.
  const isEncoded = name.length > MAX_NAME_BYTES / 3 && name.length <= MAX_NAME_BYTES;
  const bytes = isEncoded ? new TextEncoder().encode(name).length : name.length;
  if (bytes > MAX_NAME_BYTES) {
    return { field: "length", value: `${bytes} bytes or more`, expected: `at most ${MAX_NAME_BYTES} bytes` };
  }
  if (!/[/\\]/.test(name) && printable(name) === name) return undefined;
  return { field: "name", value: name, expected: "a bare name, without folders and control characters" };
}

/** Determines the kind of a name, and parses it. @throws {FileNameError} When it is not of any kind. */
function readName(name: string): { readonly kind: Kind; readonly file: ImapFile } {
  // Untyped callers may pass anything.
  if (typeof name !== "string") throw new InputError(`Cannot read the file name "${shown(name)}": expected text`);
  const problem = problemWithAny(name);
  if (problem !== undefined) throw new FileNameError(name, [problem]);
  const problems = new Map<Kind | undefined, FileNameProblem[]>();
  for (const kind of KINDS) {
    const file = kind.read(name);
    if (!Array.isArray(file)) return { kind, file };
    problems.set(kind, file);
  }
  throw new FileNameError(name, problems.get(kindMeant(name)) ?? []);
}

/** Rejects values that untyped callers may pass as the fields of a name. */
function checkFields(fields: unknown): void {
  const isField = (value: unknown) => value === null || ["string", "number", "undefined"].includes(typeof value);
  if (typeof fields === "object" && fields !== null && Object.values(fields).every(isField)) return;
  throw new InputError(
    `Cannot format a file name from "${shown(fields)}": expected its fields, each a string or a number`,
  );
}

/**
 * Parses a bare file name of any kind (SDC file-name convention).
 *
 * @param name The bare name, without folders.
 * @returns Its fields, tagged by `kind`.
 * @throws {FileNameError} When the name does not follow the convention. The error lists every wrong field, compared
 *   with the most similar kind.
 * @throws {InputError} When it is not a string, which untyped callers may pass.
 *
 * @example
 * ```ts
 * import { parseFileName } from "@imap-sdc/data-access";
 *
 * const file = parseFileName("imap_swe_l0_sci_20240105_v001.pkts");
 * if (file.kind === "science") console.log(file.instrument, file.start_date);
 * console.log(parseFileName("naif0012.tls").kind); // spice
 * ```
 *
 * @category File names
 */
export function parseFileName(name: string): ImapFile {
  return readName(name).file;
}

/** Parses the bare name of a file; undefined if it does not follow the SDC's convention. */
export function tryParseFileName(name: string): ImapFile | undefined {
  try {
    return parseFileName(name);
  } catch (error) {
    if (!(error instanceof FileNameError)) throw error;
    return undefined;
  }
}

/**
 * Formats a file name from its fields, with the checks of {@linkcode parseFileName}.
 *
 * @param fields The fields, as `parseFileName` returns them. Nullable fields may be omitted.
 * @returns The bare name.
 * @throws {FileNameError} When a field is wrong, or the name would be parsed differently.
 * @throws {InputError} When `fields` is not an object with fields, which untyped callers may pass.
 *
 * @example
 * ```ts
 * import { formatFileName, parseFileName } from "@imap-sdc/data-access";
 *
 * const file = parseFileName("imap_swe_l0_sci_20240105_v001.pkts");
 * console.log(formatFileName({ ...file, version: "v002" })); // imap_swe_l0_sci_20240105_v002.pkts
 *
 * const fields = { kind: "ancillary", instrument: "mag", descriptor: "offsets", start_date: "20260101" } as const;
 * const name = formatFileName({ ...fields, version: "v001", extension: "csv" });
 * console.log(name); // imap_mag_offsets_20260101_v001.csv
 * ```
 *
 * @category File names
 */
export function formatFileName(fields: FileNameParts): string {
  checkFields(fields);
  const name = write(fields);
  if (name === undefined) {
    const value = Object.entries(fields).map(([field, value]) => `${field} ${value}`).join(", ");
    const expected = "all the fields that a name of this type has, and no others";
    throw new FileNameError("", [{ field: "fields", value, expected }]);
  }
  const read: Readonly<Record<string, unknown>> = { ...parseFileName(name) };
  // A number with too many digits, both counters, or the fields of another kind would be parsed differently.
  const problems = Object.entries(fields)
    .filter(([field, value]) => field !== "name" && value !== undefined && (value ?? null) !== (read[field] ?? null))
    .map(([field, value]) => ({
      field,
      value: String(value),
      expected: `what a name can hold; it reads as ${read[field]}`,
    }));
  if (problems.length > 0) throw new FileNameError(name, problems);
  return name;
}

/**
 * Returns the path of a file in the archive, which is also its path below the data directory (SDC folder convention).
 *
 * @param file A bare file name, or its fields.
 * @returns The path, with `/` between folders on every operating system.
 * @throws {FileNameError} When the name does not follow the convention.
 * @throws {InputError} When it is neither a string nor fields, which untyped callers may pass.
 *
 * @example
 * ```ts
 * import { archivePath } from "@imap-sdc/data-access";
 *
 * const path = archivePath("imap_swe_l0_sci_20240105_v001.pkts");
 * console.log(path); // imap/swe/l0/2024/01/imap_swe_l0_sci_20240105_v001.pkts
 * console.log(archivePath("naif0012.tls")); // imap/spice/lsk/naif0012.tls
 * ```
 *
 * @category File names
 */
export function archivePath(file: string | FileNameParts): string {
  // Untyped callers may pass anything else, which readName() rejects.
  const name = typeof file === "object" && file !== null ? formatFileName(file) : file;
  const { kind: { root }, file: fields } = readName(name);
  if ("kernel_type" in fields) return `${root}/${SPICE_FOLDERS[fields.kernel_type]}/${name}`;
  if (!("data_level" in fields)) return `${root}/${fields.instrument}/${name}`;
  const { instrument, data_level, start_date } = fields;
  return `${root}/${instrument}/${data_level}/${start_date.slice(0, 4)}/${start_date.slice(4, 6)}/${name}`;
}

/**
 * Whether a text can be a path in the archive: below `imap/`, without empty folders or names, and without `..`. The
 * name need not follow the SDC's convention.
 */
export function isArchivePath(text: string): boolean {
  const [root, ...segments] = text.split("/");
  return root === "imap" && segments.length > 0 && segments.every((segment) => !/^\.{0,2}$|\\/.test(segment));
}

/**
 * Whether a file is valid on a day (SDC file-name convention; Python client 1.3.0, `is_valid_for_start_date`): an ancillary
 * file, and a release manifest, from its start date to its end date, both inclusive, or without an end if its name has no end
 * date; a science, quicklook or dependency file on its start date. A SPICE file counts as valid on every day, as in Python:
 * its name does not say what it covers.
 *
 * @param file The name, or its fields; an end date of null may be omitted.
 * @param date The day, in any format except relative ones.
 * @throws {FileNameError} When the name does not follow the SDC's convention.
 * @throws {InputError} When the day does not exist.
 *
 * @example
 * ```ts
 * import { isValidOn } from "@imap-sdc/data-access";
 *
 * console.log(isValidOn("imap_mag_offsets_20260101_20260131_v001.csv", "2026-01-31")); // true
 * console.log(isValidOn("imap_mag_offsets_20260101_20260131_v001.csv", "20260201")); // false
 * console.log(isValidOn("imap_mag_offsets_20260101_v001.csv", "20300101")); // true
 * console.log(isValidOn("imap_mag_l1a_norm-magi_20260101_v001.cdf", "20260102")); // false
 * ```
 *
 * @category File names
 */
export function isValidOn(file: string | FileNameParts, date: DayLike): boolean {
  const day = readMoment(date)?.day;
  if (day === undefined) {
    throw new InputError(
      `Cannot check what is valid on "${
        shown(date)
      }": expected a day of the calendar, YYYYMMDD, YYYY-MM-DD or YYYY-DDD`,
    );
  }
  const fields = typeof file === "object" && file !== null ? file : parseFileName(file);
  if (fields.kind === "spice") return true;
  if (fields.kind !== "ancillary" && fields.kind !== "release") return fields.start_date === day;
  const { start_date, end_date = null } = fields;
  return start_date <= day && (end_date === null || day <= end_date);
}
