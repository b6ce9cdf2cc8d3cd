import { fromDayOfYear, fromShortDate, isCalendarDate, toDayOfYear } from "./calendar_date.ts";
import type { FileNameProblem } from "../errors.ts";
import { isGlob, type SpiceType } from "./vocabulary.ts";

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

/** The fields of templates, by name. */
const SPICE_FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
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

  /** What follows the template's last dot. */
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
    (_, field: string) => `(?<${field}>${SPICE_FIELDS.get(field)?.pattern ?? ""})`,
  );
  return new RegExp(`^${groups}$`, exactCase ? "" : "i");
}

function form(type: SpiceType, template: string, exactCase = false): SpiceForm {
  return new SpiceForm(type, template, exactCase);
}

function ephemeris(type: SpiceType, word: string): SpiceForm {
  return form(type, `imap_${word}_[od<orbit>_]<start_yyyymmdd>_<end_yyyymmdd>[_v<version>].bsp`);
}

/** All forms (SDC file-name convention). No name matches two of them. */
export const SPICE_FORMS: readonly SpiceForm[] = [
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

/** The extensions of SPICE files, in lower case. */
export const SPICE_EXTENSIONS: readonly string[] = [...new Set(SPICE_FORMS.map(({ extension }) => extension))];

/** Fields to fill a template with. Nullable fields may be omitted. */
type GivenFields = { readonly [Key in keyof SpiceParts]?: SpiceParts[Key] | undefined };

/** Formats a name of this form; undefined if a field is missing, or is not in the template. */
function fillForm({ template }: SpiceForm, fields: GivenFields): string | undefined {
  const places = new Set([...template.matchAll(/<(\w+)>/g)].map(([, field = ""]) => SPICE_FIELDS.get(field)?.key));
  const hasPlace = (key: string) => [...places].some((place) => place === key);
  const given = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  if (given.some(([key]) => !hasPlace(key))) return undefined;
  const fill = (text: string): string | undefined => {
    let isWhole = true;
    const filled = text.replace(/<(\w+)>/g, (_, name: string) => {
      const field = SPICE_FIELDS.get(name);
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
  /** What follows the last dot, in lower case, for instance `bsp`. */
  readonly extension: string;
  /** The whole name as it was read. In most of these names, case is ignored. */
  readonly name: string;
}

/** The forms of names with an extension, for messages. */
function formsOf(extension: string): string {
  const forms = SPICE_FORMS.filter((form) => form.extension === extension);
  const shown = (forms.length > 0 ? forms : SPICE_FORMS).slice(0, 4).map(({ template }) => template);
  return `the form of a SPICE file's name, such as ${shown.join(" or ")}`;
}

/** Returns the form of a name; undefined if it does not have any. */
function formOf(name: string): SpiceForm | undefined {
  return SPICE_FORMS.find(({ pattern }) => pattern.test(name));
}

/** Parses the fields of a name of a given form. */
function readFields(texts: Readonly<Record<string, string | undefined>>): SpiceParts | FileNameProblem[] {
  const problems: FileNameProblem[] = [];
  const values = new Map<keyof SpiceParts, string | number>();
  for (const [name, text] of Object.entries(texts)) {
    const field = SPICE_FIELDS.get(name);
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
export function writeSpiceFile(file: Writable): string | undefined {
  const { kernel_type, extension, name } = file;
  if (name !== undefined && readsAs(name, file)) return name;
  const formRead = name === undefined ? undefined : formOf(name);
  const forms = formRead === undefined ? SPICE_FORMS : [formRead, ...SPICE_FORMS];
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
  return [...new Set(SPICE_FORMS.filter((form) => mayHave(form, start, end)).map(({ type }) => type))];
}

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
