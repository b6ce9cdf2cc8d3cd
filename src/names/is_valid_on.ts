import { InputError } from "../errors.ts";
import { shown } from "../printable.ts";
import { isCalendarDate } from "./calendar_date.ts";
import { type FileNameParts, parseFileName } from "./file_name.ts";

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
