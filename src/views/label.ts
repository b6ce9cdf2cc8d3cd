import { printable } from "../printable.ts";
import type { FileRecord } from "../protocol/file_record.ts";
import { cell } from "./records_table.ts";

/** A value of a row as a picture shows it: printable, no longer than so many characters; `–` for what is not there. */
function label(value: unknown, longest: number): string {
  const text = cell(value);
  if (text === "") return "–";
  return printable(text.length > longest ? `${text.slice(0, longest - 1)}…` : text);
}

/** What rows say of themselves, as pictures show it: with room for all that the SDC has, and not for more. */
export const rowLabel = {
  instrument: ({ instrument }: FileRecord): string => label(instrument, 12),
  level: ({ data_level }: FileRecord): string => label(data_level, 6),
  descriptor: ({ descriptor }: FileRecord): string => label(descriptor, 28),
  version: (version: string | undefined): string => label(version, 12),
} as const;

/** `1 file`, `7 files`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
