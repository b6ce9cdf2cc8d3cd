import { framedSvg, type LegendEntry } from "../display/picture_frame.ts";
import { textWidth } from "../display/text_width.ts";
import { dateOf, isoDay, timeTicks } from "../display/time_ticks.ts";
import {
  type Bins,
  binsOf,
  type Cell,
  cellsOf,
  type Coverage,
  coverageNotes,
  coverageTitle,
  type DayRange,
  type Product,
  type Run,
  runsOf,
} from "./coverage.ts";
import { counted, rowLabel } from "./records.ts";

/** A mark with the place at which it is drawn. */
interface DrawnMark extends Mark {
  /** Days since 1970-01-01, with parts of them. */
  readonly left: number;
  readonly right: number;
  /** Whether it is drawn weaker, since not all of its days have files. */
  readonly isPale: boolean;
}

/** No eye finds a narrower mark. */
const NARROWEST = 3;
/** A narrower mark that is pale as well looks empty. */
const NARROWEST_PALE = 6;
/** What stays of a gap between marks that are drawn wider than they are. */
const LEAST_GAP = 1;

/** How far a mark may grow into a gap, of which its neighbour may take the other half; over a mark that it touches it goes. */
function roomIn(gap: number): number {
  return gap <= 0 ? NARROWEST : Math.max(0, gap - LEAST_GAP) / 2;
}

/**
 * Where the marks of one kind are drawn: few days among many are wider than they are, so that they are seen.
 *
 * @param marks Line by line, each from left to right.
 * @param shown The days of the axis.
 * @param pixelsOfDay How wide a day is drawn.
 */
function drawnMarks(marks: readonly Mark[], shown: DayRange, pixelsOfDay: number): DrawnMark[] {
  const drawn = marks.map((mark, index) => {
    const [before, after] = [marks[index - 1], marks[index + 1]];
    const width = (mark.to - mark.from) * pixelsOfDay;
    const lacks = Math.max(0, NARROWEST - width);
    // At the ends of the axis there is nothing to keep apart from.
    const room = (neighbour: Mark | undefined, gap: number, rest: number) =>
      neighbour?.row === mark.row ? Math.min(roomIn(gap * pixelsOfDay), rest * pixelsOfDay) : rest * pixelsOfDay;
    const roomLeft = room(before, mark.from - (before?.to ?? 0), mark.from - shown.first);
    const roomRight = room(after, (after?.from ?? 0) - mark.to, shown.last + 1 - mark.to);
    const onRight = Math.min(roomRight, Math.max(lacks / 2, lacks - roomLeft));
    const onLeft = Math.min(roomLeft, lacks - onRight);
    return {
      ...mark,
      left: mark.from - onLeft / pixelsOfDay,
      right: mark.to + onRight / pixelsOfDay,
      isPale: !mark.cell.isFull && width + onLeft + onRight >= NARROWEST_PALE,
    };
  });
  // What goes over its neighbour must be drawn after it.
  const isWidened = ({ left, right, from, to }: DrawnMark) => left < from || right > to;
  return [...drawn.filter((mark) => !isWidened(mark)), ...drawn.filter(isWidened)];
}

/** The colours of a product's newest version, the one before, and all older ones; on white each reads as text, too. */
const AGES = [
  { fill: "#0b3d91", text: "newest version" },
  { fill: "#0f8577", text: "the one before" },
  { fill: "#b45309", text: "older" },
] as const;

/** The colour of what is in the data directory. */
const HERE = "#1f2328";
/** How strong a mark is where not all of its days have files. */
const SOME_DAYS_OPACITY = 0.5;

/** The colour of a version by its place among the product's, 0 for the newest. */
function versionColour(place = 0): string {
  return AGES[place]?.fill ?? AGES[2].fill;
}

/** What the picture shows, kind by kind. */
interface DrawnMarks {
  /** The newest version of each day. */
  readonly newest: readonly DrawnMark[];
  /** Older versions that are there as well. */
  readonly older: readonly DrawnMark[];
  /** What is in the data directory. */
  readonly here: readonly DrawnMark[];
}

/** What the signs in the picture mean: those that are in it. */
function legendOf({ newest, older, here }: DrawnMarks): LegendEntry[] {
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

/** A mark of the picture, in the line of a product. */
interface Mark extends Run {
  /** The place of the product among all. */
  readonly row: number;
}

/** What is drawn of all products. */
interface Marks {
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
function marksOf(
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

/** How wide a picture is whose names are not too long. */
const USUAL_WIDTH = 860;
/** Long names make the picture wider rather than time shorter than so many pixels. */
const LEAST_TIME = 440;
/** The space between the frame and what stands in it. */
const EDGE = 16;
/** About how wide a character of the names is. */
const CHARACTER = 6.4;
const BOLD_CHARACTER = 8;

/** What is written beside the lines, product by product, and how much room it takes, in pixels. */
interface ProductNames {
  readonly instruments: readonly string[];
  /** Level and descriptor. */
  readonly names: readonly string[];
  /** The newest version, and how many there are besides. */
  readonly versions: readonly string[];
  /** Where the names begin. */
  readonly nameLeft: number;
  /** Where time begins. */
  readonly left: number;
  /** How much is to the right of time. */
  readonly right: number;
  /** How wide time is. */
  readonly pixels: number;
}

function widest(texts: readonly string[], character = CHARACTER): number {
  return Math.ceil(Math.max(...texts.map(textWidth)) * character);
}

/** Finds the names of products and room for them. */
function productNames(products: readonly Product[]): ProductNames {
  const instruments = products.map(({ instrument }) => instrument);
  const names = products.map(({ level, descriptor }) => `${level} ${descriptor}`);
  const versions = products.map(({ versions }) =>
    rowLabel.version(versions[0]) + (versions.length > 1 ? ` +${versions.length - 1}` : "")
  );
  const nameLeft = EDGE + widest(instruments, BOLD_CHARACTER) + 12;
  const [left, right] = [nameLeft + widest(names) + 12, widest(versions) + 28];
  const pixels = Math.max(LEAST_TIME, USUAL_WIDTH - left - right);
  return { instruments, names, versions, nameLeft, left, right, pixels };
}

const LINE = 24;
const AXIS = 26;
/** What a line has where nothing is: gaps show as gaps. */
const TRACK = "#eceff2";
const DATE_PIXELS = 72;
/** Narrower pieces of time are not kept apart by a line. */
const LEAST_APART = 4;
/** A single day should be a mark, not a wall. */
const FEWEST_DAYS = 14;

/** The days that the axis shows: those with files, and some around them when they are few. */
function axisSpan({ first, last }: DayRange): DayRange {
  const around = Math.max(0, FEWEST_DAYS - (last - first + 1));
  return { first: first - Math.floor(around / 2), last: last + Math.ceil(around / 2) };
}

function titleOf(products: readonly Product[], { row, cell, from, to, files }: DrawnMark): string {
  const days = to - from === 1 ? isoDay(from) : `${isoDay(from)} to ${isoDay(to - 1)}`;
  return `${days}: ${rowLabel.version(products[row]?.versions[cell.newest])}, ${counted(files, "file")}`;
}

/** Draws which days have files, as an SVG file. `asked` says what was asked for. */
export async function coverageSvg(coverage: Coverage, asked: string): Promise<string> {
  const { products, span } = coverage;
  const title = coverageTitle(coverage);
  const said = [asked, ...coverageNotes(coverage)].filter((text) => text !== "");
  if (span === undefined) {
    const subtitle = said.join(" · ");
    return framedSvg({
      title,
      width: USUAL_WIDTH,
      subtitle,
      description: subtitle,
      legend: [],
      body: "",
      bodyHeight: 0,
    });
  }
  const names = productNames(products);
  const shown = axisSpan(span);
  const pixelsOfDay = names.pixels / (shown.last - shown.first + 1);
  const { bins, ...marks } = marksOf(products, span, (span.last - span.first + 1) * pixelsOfDay);
  if (bins.days > 1) said.push(`time is cut into pieces of ${bins.days} days`);
  const drawn: DrawnMarks = {
    newest: drawnMarks(marks.newest, shown, pixelsOfDay),
    older: drawnMarks(marks.older, shown, pixelsOfDay),
    here: drawnMarks(marks.here, shown, pixelsOfDay),
  };
  const lines = products.map(({ instrument }, row) => `${instrument} ${names.names[row]} ${names.versions[row]}`);
  return framedSvg({
    title,
    width: names.left + names.pixels + names.right,
    subtitle: said.join(" · "),
    description: `Time from left to right, a line for each product with its newest version: ${lines.join("; ")}`,
    legend: legendOf(drawn),
    body: await linesSvg(products, names, shown, { ...drawn, areApart: bins.days * pixelsOfDay >= LEAST_APART }),
    bodyHeight: AXIS + LINE * products.length,
  });
}

async function linesSvg(
  products: readonly Product[],
  { instruments, names, versions, nameLeft, left, right, pixels }: ProductNames,
  shown: DayRange,
  { newest, older, here, areApart }: DrawnMarks & { readonly areApart: boolean },
): Promise<string> {
  const Plot = await import("../display/plot_library.ts");
  const rows = [...products.keys()];
  const domain = [dateOf(shown.first), dateOf(shown.last + 1)] as const;
  const ticks = timeTicks(shown.first, shown.last, Math.floor(pixels / DATE_PIXELS));
  const labels = new Map(ticks.map(({ day, label }) => [dateOf(day).getTime(), label]));
  const inset = areApart ? { insetLeft: 0.5, insetRight: 0.5 } : {};
  const place = {
    x1: ({ left }: DrawnMark) => dateOf(left),
    x2: ({ right }: DrawnMark) => dateOf(right),
    y: ({ row }: DrawnMark) => row,
  };
  const y = (row: number) => row;
  const beside = { y, frameAnchor: "left", textAnchor: "start", fontSize: 11 } as const;
  return Plot.plot({
    document: Plot.parseHTML("<html></html>").document,
    // Without a name of its own it gets one by chance.
    className: "imap-coverage",
    width: left + pixels + right,
    height: AXIS + LINE * rows.length,
    marginTop: AXIS,
    marginRight: right,
    marginBottom: 0,
    marginLeft: left,
    x: { type: "utc", domain },
    y: { type: "band", domain: rows, axis: null, padding: 0 },
    color: { type: "identity" },
    marks: [
      Plot.barX(rows, { x1: () => domain[0], x2: () => domain[1], y, fill: TRACK, insetTop: 4, insetBottom: 9 }),
      Plot.ruleX(ticks, { x: ({ day }) => dateOf(day), stroke: "#c4cbd3" }),
      Plot.axisX({
        anchor: "top",
        ticks: ticks.map(({ day }) => dateOf(day)),
        tickFormat: (tick) => labels.get(tick.getTime()) ?? "",
        tickSize: 4,
        label: null,
        fontSize: 11,
      }),
      Plot.barX(newest, {
        ...place,
        ...inset,
        fill: ({ cell }) => versionColour(cell.newest),
        fillOpacity: ({ isPale }) => isPale ? SOME_DAYS_OPACITY : 1,
        title: (mark) => titleOf(products, mark),
        insetTop: 4,
        insetBottom: 9,
      }),
      Plot.barX(older, {
        ...place,
        ...inset,
        fill: ({ cell }) => versionColour(cell.older),
        insetTop: 16,
        insetBottom: 5,
      }),
      Plot.barX(here, { ...place, fill: HERE, insetTop: 20.5, insetBottom: 1.5 }),
      Plot.text(rows.filter((row) => instruments[row] !== instruments[row - 1]), {
        ...beside,
        text: (row) => instruments[row],
        dx: EDGE - left,
        fontSize: 12,
        fontWeight: "600",
      }),
      Plot.text(rows, { ...beside, text: (row) => names[row], dx: nameLeft - left }),
      Plot.text(rows, { ...beside, text: (row) => versions[row], frameAnchor: "right", dx: 10, fill: versionColour() }),
    ],
  }).outerHTML;
}
