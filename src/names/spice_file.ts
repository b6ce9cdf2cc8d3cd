import type { FileNameProblem } from "./file_name_error.ts";
import { SPICE_FIELDS, type SpiceParts } from "./spice_fields.ts";
import { fillForm, type GivenParts, SPICE_FORMS, type SpiceForm } from "./spice_forms.ts";
import type { SpiceType } from "./spice_types.ts";

/** The parts of a SPICE file's name: where the spacecraft was, where it looked, and what time it was. */
export interface SpiceFile extends SpiceParts {
  /** Which kind of file this is: the tag of the union {@linkcode ImapFile}. */
  readonly kind: "spice";
  /** What it holds, for instance `leapseconds`. */
  readonly kernel_type: SpiceType;
  /** What stands behind the last point, in small letters, for instance `bsp`. */
  readonly extension: string;
  /** The whole name as it was read: in most of these names case does not count. */
  readonly name: string;
}

/** The forms of names that have an extension, for messages. */
function formsOf(extension: string): string {
  const forms = SPICE_FORMS.filter((form) => form.extension === extension);
  const shown = (forms.length > 0 ? forms : SPICE_FORMS).slice(0, 4).map(({ template }) => template);
  return `the form of a SPICE file's name, such as ${shown.join(" or ")}`;
}

/** Reads the parts of a name that has a form. */
function readParts(fields: Readonly<Record<string, string | undefined>>): SpiceParts | FileNameProblem[] {
  const problems: FileNameProblem[] = [];
  const values = new Map<keyof SpiceParts, string | number>();
  for (const [name, text] of Object.entries(fields)) {
    const field = SPICE_FIELDS.get(name);
    if (field === undefined || text === undefined) continue;
    const value = field.read(text);
    if (value === undefined) problems.push({ part: field.part.replace("_", " "), value: text, expected: field.form });
    else values.set(field.part, value);
  }
  const text = (part: keyof SpiceParts) => values.has(part) ? String(values.get(part)) : null;
  return problems.length > 0 ? problems : {
    start_date: text("start_date"),
    end_date: text("end_date"),
    prediction_date: text("prediction_date"),
    repointing: values.has("repointing") ? Number(values.get("repointing")) : null,
    detail: text("detail"),
    version: text("version"),
  };
}

/** Reads a SPICE file's name; returns what is wrong when it is none. Pure, linear. */
export function readSpiceFile(name: string): SpiceFile | FileNameProblem[] {
  let found: { form: SpiceForm; groups: Record<string, string | undefined> } | undefined;
  for (const form of SPICE_FORMS) {
    const match = form.pattern.exec(name);
    if (match !== null) found ??= { form, groups: match.groups ?? {} };
  }
  if (found === undefined) {
    const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
    return [{ part: "name", value: name, expected: formsOf(extension) }];
  }
  const { form, groups } = found;
  const parts = readParts(groups);
  if (Array.isArray(parts)) return parts;
  return { kind: "spice", kernel_type: form.type, ...parts, extension: form.extension, name };
}

/** Parts to make a name of; what may be null, the extension and the name as it was read may be left out. */
type Writable = GivenParts & {
  readonly kernel_type: SpiceType;
  readonly extension?: string | undefined;
  readonly name?: string | undefined;
};

/** Makes a name of its parts; the name as it was read counts as long as it says the same. Undefined when none fits. */
export function writeSpiceFile(file: Writable): string | undefined {
  const { kernel_type, extension, name, start_date, end_date, prediction_date, repointing, detail, version } = file;
  const parts = { start_date, end_date, prediction_date, repointing, detail, version };
  const read = name === undefined ? [] : readSpiceFile(name);
  if (!Array.isArray(read) && read.kernel_type === kernel_type && read.extension === (extension ?? read.extension)) {
    const partsRead: Readonly<Record<string, unknown>> = { ...read };
    if (Object.entries(parts).every(([part, value]) => (value ?? null) === partsRead[part])) return name;
  }
  for (const form of SPICE_FORMS) {
    if (form.type !== kernel_type || (extension !== undefined && extension !== form.extension)) continue;
    const filled = fillForm(form, parts);
    if (filled !== undefined) return filled;
  }
  return undefined;
}
