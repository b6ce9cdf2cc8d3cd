import type { LegendEntry } from "../../display/picture_frame.ts";
import type { DrawnMark } from "./drawn_marks.ts";

/** The colours of a product's newest version, the one before, and all older ones; on white each reads as text, too. */
const AGES = [
  { fill: "#0b3d91", text: "newest version" },
  { fill: "#0f8577", text: "the one before" },
  { fill: "#b45309", text: "older" },
] as const;

/** The colour of what is in the data directory. */
export const HERE = "#1f2328";
/** How strong a mark is where not all of its days have files. */
export const SOME_DAYS_OPACITY = 0.5;

/** The colour of a version by its place among the product's, 0 for the newest. */
export function versionColour(place = 0): string {
  return AGES[place]?.fill ?? AGES[2].fill;
}

/** What the picture shows, kind by kind. */
export interface DrawnMarks {
  /** The newest version of each day. */
  readonly newest: readonly DrawnMark[];
  /** Older versions that are there as well. */
  readonly older: readonly DrawnMark[];
  /** What is in the data directory. */
  readonly here: readonly DrawnMark[];
}

/** What the signs in the picture mean: those that are in it. */
export function legendOf({ newest, older, here }: DrawnMarks): LegendEntry[] {
  const strips = older.map(({ cell }) => cell.older ?? 0);
  const fills = new Set([...newest.map(({ cell }) => cell.newest), ...strips].map(versionColour));
  const entries: LegendEntry[] = AGES.filter(({ fill }) => fills.has(fill)).map((age) => ({ ...age, height: 10 }));
  const strip = strips.reduce((least, place) => Math.min(least, place), Infinity);
  if (older.length > 0) entries.push({ fill: versionColour(strip), height: 3, text: "older version as well" });
  if (here.length > 0) entries.push({ fill: HERE, height: 2, text: "in the data directory" });
  if (newest.some(({ isPale }) => isPale)) {
    entries.push({ fill: AGES[0].fill, height: 10, opacity: SOME_DAYS_OPACITY, text: "on some of the days" });
  }
  return entries;
}
