import { shorten } from "../display/shorten.ts";
import { printable } from "../printable.ts";
import type { FileRecord } from "../protocol/file_record.ts";
import { valueAt } from "./record_columns.ts";
import { cell } from "./records_table.ts";

/** A value of a row as a picture shows it: printable, no longer than so many characters; `–` for what is not there. */
function label(value: unknown, longest: number): string {
  const text = cell(value);
  return text === "" ? "–" : printable(shorten(text, longest));
}

/** What a row's file is: kernels have no instrument, no level and no descriptor, but a type. */
export function productOf(record: FileRecord): readonly [instrument: unknown, level: unknown, descriptor: unknown] {
  const type = valueAt(record, "kernel_type") ?? undefined;
  const instrument = record.instrument ?? (type === undefined ? undefined : "spice");
  return [instrument, record.data_level, record.descriptor ?? type];
}

/** What rows say of themselves, as pictures show it: with room for all that the SDC has, and not for more. */
export const rowLabel = {
  instrument: (record: FileRecord): string => label(productOf(record)[0], 12),
  level: ({ data_level }: FileRecord): string => label(data_level, 6),
  // The names of maps have up to 37 characters, and differ at their ends.
  descriptor: (record: FileRecord): string => label(productOf(record)[2], 44),
  version: (version: string | undefined): string => label(version, 12),
} as const;

/** `1 file`, `7 files`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
