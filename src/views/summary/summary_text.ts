import { textTable } from "../../display/text_table.ts";
import { counted } from "../label.ts";
import type { Counts } from "./counts.ts";

/** What the picture shows, in a line. */
export function summaryTitle({ files, more }: Counts): string {
  const title = `${counted(files, "file")} by instrument and data level`;
  return more === 0 ? title : `${title}; ${counted(more, "more row")} and columns are not drawn`;
}

/** A number, or a point for none, which lets the numbers stand out. */
export function countText(count: number): string {
  return count === 0 ? "·" : String(count);
}

/** How many files there are of each instrument and level, as a table of text. */
export function summaryText(counts: Counts): string {
  const { instruments, levels, count } = counts;
  const number = (header: string, of: (instrument: string) => number) => ({
    header,
    align: "right" as const,
    text: (instrument: string) => countText(of(instrument)),
  });
  return textTable({
    title: summaryTitle(counts),
    columns: [
      { header: "Instrument", align: "left", text: (instrument: string) => instrument },
      ...levels.map((level) => number(level, (instrument) => count({ instrument, level }))),
      number("all", (instrument) => count({ instrument })),
    ],
    rows: instruments,
  });
}
