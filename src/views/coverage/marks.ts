import { type Bins, binsOf, type Cell, cellsOf, type Run, runsOf } from "./bins.ts";
import type { Product } from "./coverage.ts";

/** A mark of the picture, in the line of a product. */
export interface Mark extends Run {
  /** The place of the product among all. */
  readonly row: number;
}

/** What is drawn of all products. */
export interface Marks {
  readonly bins: Bins;
  /** The newest version of each day. */
  readonly newest: readonly Mark[];
  /** Older versions that are there as well. */
  readonly older: readonly Mark[];
  /** What is in the data directory. */
  readonly here: readonly Mark[];
}

/** More marks than this make a file that is slow to show. */
const MOST_MARKS = 6000;
/** A mark of so many pixels stands for itself; narrower ones run into one another anyway. */
const PIXELS_APART = 4;

function marksFor(products: readonly Product[], bins: Bins, areApart: boolean): Marks {
  const lines = products.map((product) => [...cellsOf(product, bins)]);
  const marks = (shows: (cell: Cell) => boolean, alike: (a: Cell, b: Cell) => boolean): Mark[] =>
    lines.flatMap((cells, row) =>
      runsOf(cells.filter(([, cell]) => shows(cell)), bins, (a, b) => !areApart && alike(a, b))
        .map((run) => ({ ...run, row }))
    );
  return {
    bins,
    newest: marks(() => true, (a, b) => a.newest === b.newest && a.isFull === b.isFull),
    older: marks(({ older }) => older !== undefined, (a, b) => a.older === b.older),
    here: marks(({ isHere }) => isHere, () => true),
  };
}

/**
 * The marks of a picture: one for each day where there is room for it, else for days in a row that look the same, else for
 * pieces of time as long as they must be.
 *
 * @param pixels How wide the time between the first and the last day is drawn.
 */
export function marksOf(
  products: readonly Product[],
  span: { readonly first: number; readonly last: number },
  pixels: number,
): Marks {
  const fits = ({ newest, older, here }: Marks) => newest.length + older.length + here.length <= MOST_MARKS;
  const apart = marksFor(products, binsOf(span, pixels / PIXELS_APART), true);
  if (apart.bins.days === 1 && fits(apart)) return apart;
  for (let most = pixels;; most /= 2) {
    const marks = marksFor(products, binsOf(span, most), false);
    if (fits(marks) || most < PIXELS_APART) return marks;
  }
}
