import type { Product } from "./coverage.ts";

/** How time is cut: into pieces of so many days, from the first day to the last. */
export interface Bins {
  readonly first: number;
  readonly last: number;
  /** Days of a piece. */
  readonly days: number;
}

/** What a product has in one piece of time. */
export interface Cell {
  readonly files: number;
  /** How many of them begin in it; the others go on from the piece before. */
  readonly begin: number;
  /** The place of its newest version among the product's, 0 for the newest of all. */
  readonly newest: number;
  /** The place of the next version that is there as well, on the same day as a newer one. */
  readonly older: number | undefined;
  /** Whether each of its days has files. */
  readonly isFull: boolean;
  /** Whether the newest files of all its days are in the data directory. */
  readonly isHere: boolean;
}

/** Cuts time into at most so many pieces. */
export function binsOf({ first, last }: { readonly first: number; readonly last: number }, most: number): Bins {
  return { first, last, days: Math.ceil((last - first + 1) / Math.max(1, most)) };
}

interface Growing {
  begin: number;
  /** The first day with files, and how many of them have begun before. */
  firstDay: number;
  before: number;
  days: number;
  daysHere: number;
  newest: number;
  older: number | undefined;
}

const EMPTY = { begin: 0, firstDay: Infinity, before: 0, days: 0, daysHere: 0, older: undefined } as const;

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || (b !== undefined && b < a) ? b : a;
}

/**
 * What a product has in each piece of time that has files, by the piece's number, in order.
 *
 * @param only Count this version alone.
 */
export function cellsOf(product: Product, bins: Bins, only?: string): Map<number, Cell> {
  const places = new Map(product.versions.map((version, place) => [version, place]));
  const growing = new Map<number, Growing>();
  for (const [day, versions] of product.days) {
    const found = [...versions].filter(([version]) => only === undefined || version === only)
      .map(([version, count]) => ({ ...count, place: places.get(version) ?? 0 })).sort((a, b) => a.place - b.place);
    const [newest, older] = found;
    if (newest === undefined) continue;
    const index = Math.floor((day - bins.first) / bins.days);
    const cell = growing.get(index) ?? { ...EMPTY, newest: newest.place };
    growing.set(index, cell);
    const begin = found.reduce((sum, { begin }) => sum + begin, 0);
    cell.begin += begin;
    if (day < cell.firstDay) {
      cell.firstDay = day;
      cell.before = found.reduce((sum, { files }) => sum + files, 0) - begin;
    }
    cell.days += 1;
    cell.daysHere += newest.here === newest.files ? 1 : 0;
    cell.newest = Math.min(cell.newest, newest.place);
    cell.older = smaller(cell.older, older?.place);
  }
  return new Map([...growing].sort(([a], [b]) => a - b).map(([index, cell]) => [index, cellOf(cell, index, bins)]));
}

function cellOf({ begin, before, days, daysHere, newest, older }: Growing, index: number, bins: Bins): Cell {
  const daysOfBin = Math.min(bins.days, bins.last - bins.first - index * bins.days + 1);
  return { files: before + begin, begin, newest, older, isFull: days === daysOfBin, isHere: daysHere === days };
}

/** A piece of time with files, or neighbours that look the same. */
export interface Run {
  /** What the first of them has. */
  readonly cell: Cell;
  /** The first day. */
  readonly from: number;
  /** The day behind the last one. */
  readonly to: number;
  readonly files: number;
}

/**
 * The marks of one kind in a product's line.
 *
 * @param cells The pieces of time that have such a mark.
 * @param joins Whether the marks of neighbours become one: a picture of many days stays small so.
 */
export function runsOf(
  cells: ReadonlyArray<readonly [index: number, cell: Cell]>,
  { first, last, days }: Bins,
  joins: (before: Cell, cell: Cell) => boolean,
): Run[] {
  const runs: Run[] = [];
  for (const [index, cell] of cells) {
    const from = first + index * days;
    const to = Math.min(from + days, last + 1);
    const before = runs.at(-1);
    if (before !== undefined && before.to === from && joins(before.cell, cell)) {
      runs[runs.length - 1] = { ...before, to, files: before.files + cell.begin };
    } else runs.push({ cell, from, to, files: cell.files });
  }
  return runs;
}
