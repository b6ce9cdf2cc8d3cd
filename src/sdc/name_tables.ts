import { InputError } from "../errors.ts";
import { ANCILLARY_EXTENSIONS } from "../names/ancillary_file.ts";
import { parseFileName } from "../names/file_name.ts";
import { isGlob } from "../names/glob.ts";
import { INSTRUMENTS, isInstrument } from "../names/instruments.ts";
import { QUICKLOOK_EXTENSIONS } from "../names/quicklook_file.ts";
import { RELEASE_EXTENSIONS } from "../names/release_file.ts";
import { SCIENCE_EXTENSIONS } from "../names/science_file.ts";
import { SPICE_FORMS } from "../names/spice_forms.ts";
import { fixedEnds, spiceTypesOf } from "../names/spice_pattern.ts";
import type { TableName } from "../protocol/query_parameters.ts";

/** Extensions of SPICE files that end like those of ancillary ones. */
const SPICE_CSV = /\.(spin|repoint)\.csv$/i;

/** What stands behind a pattern's last point, in small letters. */
function extensionOf(pattern: string): string {
  return pattern.slice(pattern.lastIndexOf(".") + 1).toLowerCase();
}

/** Refuses a pattern whose extension only files of no table have. */
function checkPattern(pattern: string): void {
  const kinds: Readonly<Record<string, readonly string[]>> = {
    quicklook: QUICKLOOK_EXTENSIONS,
    release: RELEASE_EXTENSIONS,
  };
  const extension = pattern.includes(".") ? extensionOf(pattern) : "";
  const kind = Object.keys(kinds).find((kind) => kinds[kind]?.includes(extension));
  if (kind === undefined) return;
  throw new InputError(
    `Cannot query filename "${pattern}": no table has ${kind} files; download takes their whole names`,
  );
}

/** Whether science and ancillary files may begin like a pattern: `imap_`, then an instrument. */
function mayBeginWithInstrument(pattern: string): boolean {
  const [imap = "", start, ...more] = fixedEnds(pattern)[0].split("_");
  if (start === undefined) return "imap".startsWith(imap);
  return imap === "imap" &&
    (more.length > 0 ? isInstrument(start) : INSTRUMENTS.some((instrument) => instrument.startsWith(start)));
}

/** The table that a pattern belongs to, by its beginning or its extension; science where both leave it open. */
function tableOfPattern(pattern: string): TableName {
  checkPattern(pattern);
  if (!mayBeginWithInstrument(pattern)) {
    if (spiceTypesOf(pattern).length > 0) return "spice";
    const forms = "imap_<instrument>_..., or as SPICE files are";
    throw new InputError(
      `Cannot query filename "${pattern}": no table has files that are called so; they are called ${forms}`,
    );
  }
  if (SPICE_CSV.test(pattern)) return "spice";
  const extension = extensionOf(pattern);
  const has = (extensions: readonly string[]) => extensions.includes(extension);
  if (has(SCIENCE_EXTENSIONS)) return "science";
  if (has(ANCILLARY_EXTENSIONS)) return "ancillary";
  return SPICE_FORMS.some((form) => form.extension === extension) ? "spice" : "science";
}

/** The table that a name or a pattern belongs to. */
function tableOfName(name: string): TableName {
  if (isGlob(name)) return tableOfPattern(name);
  const { kind } = parseFileName(name);
  if (kind === "science" || kind === "ancillary" || kind === "spice") return kind;
  throw new InputError(`Cannot query filename "${name}": no table has ${kind} files; download takes their names`);
}

/** Refuses whole names of files that another table has, and patterns of files that none has. */
export function checkNamesOf(table: TableName, names: readonly string[]): void {
  for (const name of names) {
    if (isGlob(name)) checkPattern(name);
    const its = isGlob(name) ? table : tableOfName(name);
    if (its === table) continue;
    throw new InputError(`Cannot query filename "${name}" in the table ${table}: it belongs to the table ${its}`);
  }
}

/** The table of all of some names. */
export function tableOfNames(names: readonly string[]): TableName {
  const tables = [...new Set(names.map(tableOfName))];
  if (tables.length <= 1) return tables[0] ?? "science";
  throw new InputError(
    `Cannot query filename "${names.join(", ")}": the names belong to the tables ${
      tables.join(" and ")
    }; ask one by one`,
  );
}
