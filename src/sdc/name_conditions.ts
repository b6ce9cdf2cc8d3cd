import { InputError } from "../errors.ts";
import { ANCILLARY_EXTENSIONS } from "../names/ancillary_file.ts";
import { isDataLevel } from "../names/data_levels.ts";
import { parseFileName } from "../names/file_name.ts";
import { isGlob } from "../names/glob.ts";
import { isInstrument } from "../names/instruments.ts";
import { SCIENCE_EXTENSIONS } from "../names/science_file.ts";
import { SPICE_FORMS } from "../names/spice_forms.ts";
import type { QueryParameterName, TableName } from "../protocol/query_parameters.ts";

/** Conditions that a server can look for. */
export type NameConditions = Readonly<Partial<Record<QueryParameterName, string>>>;

/** Beginnings and ends that SPICE names alone have (SDC file names); their extensions other tables have, too. */
const SPICE_PATTERN =
  /^(naif|pck|de\d|l1_|earth_|imap_(sclk|dps|sdc|science|lopivot|recon|nom|pred|90days|long|launch))|\.(spin|repoint)\.csv$/i;

/** The table that a name belongs to, or a pattern by its beginning or its extension. */
function tableOfName(name: string): TableName {
  if (isGlob(name)) {
    if (SPICE_PATTERN.test(name)) return "spice";
    const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
    const has = (extensions: readonly string[]) => extensions.includes(extension);
    if (has(SCIENCE_EXTENSIONS)) return "science";
    if (has(ANCILLARY_EXTENSIONS)) return "ancillary";
    return SPICE_FORMS.some((form) => form.extension === extension) ? "spice" : "science";
  }
  const { kind } = parseFileName(name);
  if (kind === "science" || kind === "ancillary" || kind === "spice") return kind;
  throw new InputError(`Cannot query filename "${name}": no table has ${kind} files; download takes their names`);
}

/** Refuses whole names of files that another table has. */
export function checkNamesOf(table: TableName, names: readonly string[]): void {
  for (const name of names) {
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

/** What a whole name says that every server can look for; the rest of it is compared here. */
function conditionsOfName(name: string): NameConditions {
  const file = parseFileName(name);
  if (file.kind === "spice") return { type: file.kernel_type };
  const { instrument, descriptor, start_date } = file;
  const conditions = { instrument, descriptor, start_date, end_date: start_date };
  return "data_level" in file ? { ...conditions, data_level: file.data_level } : conditions;
}

/** `imap_mag_l1a_*`: each part before the first star or question mark has its place. */
function conditionsOfStart(parts: readonly string[], table: TableName): NameConditions {
  const firstOpen = parts.findIndex(isGlob);
  const [imap, instrument, level, descriptor] = parts.slice(0, firstOpen);
  if (imap !== "imap" || instrument === undefined || !isInstrument(instrument)) return {};
  if (table === "ancillary") return level === undefined ? { instrument } : { instrument, descriptor: level };
  if (level === undefined || !isDataLevel(level)) return { instrument };
  return { instrument, data_level: level, ...(descriptor === undefined ? {} : { descriptor }) };
}

/** `*_l1a_*`: a level between underscores is the file's level, or a product that is called so. */
function conditionsOfMiddle(parts: readonly string[]): readonly NameConditions[] {
  const inside = parts.slice(1, -1);
  const level = inside.find(isDataLevel);
  if (level !== undefined) return [{ data_level: level }, { descriptor: level }];
  const instrument = inside.find(isInstrument);
  return instrument === undefined ? [{}] : [{ instrument }, { descriptor: instrument }];
}

/**
 * Conditions of which every file with such a name meets at least one, so that servers can do most of the work. What they
 * find is compared with the name itself.
 */
export function nameConditions(name: string, table: TableName): readonly NameConditions[] {
  if (!isGlob(name)) return [conditionsOfName(name)];
  if (table === "spice") return [{}];
  const parts = name.split("_");
  const start = conditionsOfStart(parts, table);
  const extension = name.slice(name.lastIndexOf(".") + 1);
  const extensions: readonly string[] = table === "science" ? SCIENCE_EXTENSIONS : ANCILLARY_EXTENSIONS;
  const end = name.includes(".") && extensions.includes(extension) ? { extension } : {};
  const middle = table === "science" && start.instrument === undefined ? conditionsOfMiddle(parts) : [{}];
  return middle.map((conditions) => ({ ...start, ...end, ...conditions }));
}
