import { isoDay } from "../../display/time_ticks.ts";
import { counted } from "../label.ts";
import type { Coverage } from "./coverage.ts";

/** What there is in all, in a line. */
export function coverageTitle({ files, span, products, moreProducts }: Coverage): string {
  if (span === undefined) return `Coverage of ${counted(files, "file")}`;
  const days = span.first === span.last ? `on ${isoDay(span.first)}` : `${isoDay(span.first)} to ${isoDay(span.last)}`;
  return `Coverage of ${counted(files, "file")}: ${counted(products.length + moreProducts, "product")}, ${days}`;
}

/** What the picture leaves out, a line for each. */
export function coverageNotes({ files, undated, cut, elsewhere, moreProducts }: Coverage): string[] {
  const notes: string[] = [];
  if (files === 0) notes.push("nothing found");
  if (cut > 0) notes.push(`${counted(cut, "file")} for a longer time: cut`);
  if (elsewhere > 0) notes.push(`${counted(elsewhere, "file")} for another time: not drawn`);
  if (undated > 0) notes.push(`${counted(undated, "file")} without a day: not drawn`);
  if (moreProducts > 0) notes.push(`${counted(moreProducts, "more product")}: filter() shows them`);
  return notes;
}
