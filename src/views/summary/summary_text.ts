import { textTable } from "../../display/text_table.ts";
import { counted } from "../label.ts";
import type { Counts } from "./counts.ts";

/** What the picture shows, in a line. */
export function summaryTitle({ files, more }: Counts): string {
  const title = `${counted(files, "file")} by instrument and data level`;
  if (more === 0) return title;
  return `${title}; ${more === 1 ? "1 more row or column is" : `${more} more rows and columns are`} not drawn`;
}

/** The heading of sums. */
export const ALL = "all";

/** A number, or a point for none, which lets the numbers stand out. */
export function countText(count: number): string {
  return count === 0 ? "·" : String(count);
}

/** How many files there are of each instrument and level, as a table of text. */
export function summaryText(counts: Counts): string {
  const { instruments, levels, count } = counts;
  /** A row of the table: an instrument, or undefined for the sums of all. */
  type Row = string | undefined;
  const number = (header: string, of: (instrument: Row) => number) => ({
    header,
    align: "right" as const,
    text: (instrument: Row) => countText(of(instrument)),
  });
  return textTable({
    title: summaryTitle(counts),
    columns: [
      { header: "Instrument", align: "left", text: (instrument: Row) => instrument ?? ALL },
      ...levels.map((level) => number(level, (instrument) => count({ instrument, level }))),
      number(ALL, (instrument) => count({ instrument })),
    ],
    rows: instruments.length === 0 ? [] : [...instruments, undefined],
  });
}
