import { ANCILLARY_EXTENSIONS } from "../names/ancillary_file.ts";
import { addDays, isCalendarDate } from "../names/calendar_date.ts";
import { isDataLevel } from "../names/data_levels.ts";
import { parseFileName } from "../names/file_name.ts";
import { isGlob } from "../names/glob.ts";
import { isInstrument } from "../names/instruments.ts";
import { SCIENCE_EXTENSIONS } from "../names/science_file.ts";
import { fixedEnds, spiceTypesOf } from "../names/spice_pattern.ts";
import type { QueryParameterName, TableName } from "../protocol/query_parameters.ts";

/** Conditions that a server can look for. */
export type NameConditions = Readonly<Partial<Record<QueryParameterName, string>>>;

/** How many types of SPICE files are asked for one by one; of more, all are asked for at once. */
const MOST_TYPES = 4;

/** What a whole name says that every server can look for; the rest of it is compared here. */
function conditionsOfName(name: string): NameConditions {
  const file = parseFileName(name);
  if (file.kind === "spice") return { type: file.kernel_type };
  const { instrument, descriptor, start_date } = file;
  const conditions = { instrument, descriptor, start_date, end_date: start_date };
  return "data_level" in file ? { ...conditions, data_level: file.data_level } : conditions;
}

/** The days with which a part of a name begins: `20260131*`, `202601*`, `2026*`. */
function daysOf(part: string | undefined): NameConditions {
  const [year, month, day] = /^(\d{4})(\d\d)?(\d\d)?/.exec(fixedEnds(part ?? "")[0])?.slice(1) ?? [];
  const start_date = `${year}${month ?? "01"}${day ?? "01"}`;
  if (!isCalendarDate(start_date)) return {};
  if (day !== undefined) return { start_date, end_date: start_date };
  if (month === undefined) return { start_date, end_date: `${year}1231` };
  const nextMonth = addDays(start_date, 31);
  return { start_date, end_date: addDays(`${nextMonth.slice(0, 6)}01`, -1) };
}

/** `imap_mag_l1a_*`: each part before the first star or question mark has its place. */
function conditionsOfStart(parts: readonly string[], table: TableName): NameConditions {
  const firstOpen = parts.findIndex(isGlob);
  const [imap, instrument, level, descriptor] = parts.slice(0, firstOpen);
  if (imap !== "imap" || instrument === undefined || !isInstrument(instrument)) return {};
  if (table === "ancillary") {
    return level === undefined ? { instrument } : { instrument, descriptor: level, ...daysOf(parts[3]) };
  }
  if (level === undefined || !isDataLevel(level)) return { instrument };
  if (descriptor === undefined) return { instrument, data_level: level };
  return { instrument, data_level: level, descriptor, ...daysOf(parts[4]) };
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
  if (table === "spice") {
    const types = spiceTypesOf(name);
    return types.length === 0 || types.length > MOST_TYPES ? [{}] : types.map((type) => ({ type }));
  }
  const parts = name.split("_");
  const start = conditionsOfStart(parts, table);
  const extension = name.slice(name.lastIndexOf(".") + 1);
  const extensions: readonly string[] = table === "science" ? SCIENCE_EXTENSIONS : ANCILLARY_EXTENSIONS;
  const end = name.includes(".") && extensions.includes(extension) ? { extension } : {};
  const middle = table === "science" && start.instrument === undefined ? conditionsOfMiddle(parts) : [{}];
  return middle.map((conditions) => ({ ...start, ...end, ...conditions }));
}

/**
 * Whether it may depend on a file's version whether it has a name, or the form of a pattern. A version stands behind the
 * last underscore: what ends with one, or has too few of them, ends before it.
 */
export function mayTellVersion(name: string): boolean {
  const head = name.replace(/\.[a-z]+$/, "");
  if (!head.endsWith("*")) return true;
  const start = head.replace(/\*+$/, "");
  return start !== "" && !start.endsWith("_") && (isGlob(start) || start.split("_").length > 5);
}
