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

/** The form that a name has; undefined when it has none. */
function formOf(name: string): SpiceForm | undefined {
  return SPICE_FORMS.find(({ pattern }) => pattern.test(name));
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
  const form = formOf(name);
  if (form === undefined) {
    const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
    return [{ part: "name", value: name, expected: formsOf(extension) }];
  }
  const parts = readParts(form.pattern.exec(name)?.groups ?? {});
  if (Array.isArray(parts)) return parts;
  return { kind: "spice", kernel_type: form.type, ...parts, extension: form.extension, name };
}

/** Parts to make a name of; what may be null, the extension and the name as it was read may be left out. */
type Writable = GivenParts & {
  readonly kernel_type: SpiceType;
  readonly extension?: string | undefined;
  readonly name?: string | undefined;
};

/** The parts that a form is filled with. */
function partsOf(file: Writable): Required<GivenParts> {
  const { start_date, end_date, prediction_date, repointing, detail, version } = file;
  return { start_date, end_date, prediction_date, repointing, detail, version };
}

/** Whether a name reads as these parts. */
function readsAs(name: string, file: Writable): boolean {
  const read = readSpiceFile(name);
  if (Array.isArray(read) || read.kernel_type !== file.kernel_type) return false;
  const partsRead: Readonly<Record<string, unknown>> = { ...read };
  return read.extension === (file.extension ?? read.extension) &&
    Object.entries(partsOf(file)).every(([part, value]) => (value ?? null) === partsRead[part]);
}

/**
 * Makes a name of its parts. The name as it was read counts as long as it says the same; else its form comes before the
 * other forms of the type.
 *
 * @returns Undefined when no form has these parts; a name that reads as something else when none can hold their values.
 */
export function writeSpiceFile(file: Writable): string | undefined {
  const { kernel_type, extension, name } = file;
  if (name !== undefined && readsAs(name, file)) return name;
  const formRead = name === undefined ? undefined : formOf(name);
  const forms = formRead === undefined ? SPICE_FORMS : [formRead, ...SPICE_FORMS];
  const filled = forms
    .filter((form) => form.type === kernel_type && form.extension === (extension ?? form.extension))
    .map((form) => fillForm(form, partsOf(file)))
    .filter((text) => text !== undefined);
  return filled.find((text) => readsAs(text, file)) ?? filled[0];
}
