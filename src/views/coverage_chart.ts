import {
  CHART_PADDING,
  chartSvg,
  DAY_LABEL_PIXELS,
  type LegendEntry,
  type Mark,
  type RectMark,
  textPixels,
  topAxis,
} from "../display/chart.ts";
import { Picture } from "../display/picture.ts";
import { isoDay, type Scale, scaleOf, timeTicks } from "../display/scales.ts";
import type { FileRecord } from "../protocol/rows.ts";
import {
  type Bins,
  binsOf,
  type Cell,
  cellsOf,
  type Coverage,
  coverageNotes,
  coverageOf,
  coverageTitle,
  type DayRange,
  type Product,
  type Run,
  runsOf,
} from "./coverage.ts";
import { coverageText } from "./coverage_text.ts";
import { askedText, counted, type ResultContext, rowLabel } from "./records.ts";

/** Days with files that are drawn as one bar, in the row of a product. */
interface Span extends Run {
  /** The index of the product. */
  readonly row: number;
}

/** A span and its position. */
interface Bar extends Span {
  /** In days since 1970-01-01, with fractions. */
  readonly left: number;
  readonly right: number;
  /** Whether it is drawn paler, because not all of its days have files. */
  readonly isPale: boolean;
}

/** The layers of the chart, one over the other. */
interface Layers<Drawn> {
  /** The newest version of each day. */
  readonly newest: readonly Drawn[];
  /** Older versions of days that also have a newer one. */
  readonly older: readonly Drawn[];
  /** Files in the data directory. */
  readonly here: readonly Drawn[];
}

/** A file with more bars is slow to display. */
const MAX_SPANS = 6000;
/** A day at least this wide gets its own bar; narrower bars would merge. */
const MIN_SEPARATE_PIXELS = 4;

function spansFor(products: readonly Product[], bins: Bins, areSeparate: boolean): Layers<Span> {
  const rows = products.map((product) => [...cellsOf(product, bins)]);
  const spans = (hasIt: (cell: Cell) => boolean, isAlike: (a: Cell, b: Cell) => boolean): Span[] =>
    rows.flatMap((cells, row) =>
      runsOf(cells.filter(([, cell]) => hasIt(cell)), bins, (a, b) => !areSeparate && isAlike(a, b))
        .map((run) => ({ ...run, row }))
    );
  return {
    newest: spans(() => true, (a, b) => a.newest === b.newest && a.isFull === b.isFull),
    older: spans(({ older }) => older !== undefined, (a, b) => a.older === b.older),
    here: spans(({ isHere }) => isHere, () => true),
  };
}

/**
 * Finds the spans of a chart: one for each day if there is room, otherwise one for neighboring days that look the same,
 * in bins as long as necessary.
 *
 * @param pixels The width of the time from the first to the last day.
 */
function spansOf(products: readonly Product[], days: DayRange, pixels: number): { bins: Bins; spans: Layers<Span> } {
  const fits = ({ newest, older, here }: Layers<Span>) => newest.length + older.length + here.length <= MAX_SPANS;
  const daily = binsOf(days, pixels / MIN_SEPARATE_PIXELS);
  if (daily.days === 1) {
    const spans = spansFor(products, daily, true);
    if (fits(spans)) return { bins: daily, spans };
  }
  for (let most = pixels;; most /= 2) {
    const bins = binsOf(days, most);
    const spans = spansFor(products, bins, false);
    if (fits(spans) || most < MIN_SEPARATE_PIXELS) return { bins, spans };
  }
}

/** A narrower bar is easily overlooked. */
const MIN_BAR_PIXELS = 3;
/** A narrower bar that is pale as well looks empty. */
const MIN_PALE_PIXELS = 6;
/** The minimum gap between widened bars. */
const MIN_GAP_PIXELS = 1;

/**
 * How far a bar may be widened into a gap; the other half is for its neighbor. A bar may cover a neighbor that it
 * touches.
 */
function roomIn(gap: number): number {
  return gap <= 0 ? MIN_BAR_PIXELS : Math.max(0, gap - MIN_GAP_PIXELS) / 2;
}

/**
 * Places the spans of one layer. Short ones are widened to be visible.
 *
 * @param spans Row by row, each from left to right.
 * @param shown The days of the axis.
 * @param dayPixels The width of a day.
 */
function barsOf(spans: readonly Span[], shown: DayRange, dayPixels: number): Bar[] {
  const bars = spans.map((span, index): Bar => {
    const [before, after] = [spans[index - 1], spans[index + 1]];
    const width = (span.to - span.from) * dayPixels;
    const lacking = Math.max(0, MIN_BAR_PIXELS - width);
    // At the end of the axis there is no neighbor, so no gap is needed.
    const room = (neighbor: Span | undefined, gap: number, rest: number) =>
      neighbor?.row === span.row ? Math.min(roomIn(gap * dayPixels), rest * dayPixels) : rest * dayPixels;
    const roomLeft = room(before, span.from - (before?.to ?? 0), span.from - shown.first);
    const roomRight = room(after, (after?.from ?? 0) - span.to, shown.last + 1 - span.to);
    const onRight = Math.min(roomRight, Math.max(lacking / 2, lacking - roomLeft));
    const onLeft = Math.min(roomLeft, lacking - onRight);
    return {
      ...span,
      left: span.from - onLeft / dayPixels,
      right: span.to + onRight / dayPixels,
      isPale: !span.cell.isFull && width + onLeft + onRight >= MIN_PALE_PIXELS,
    };
  });
  // A bar that covers its neighbor must be drawn after it.
  const isWidened = ({ left, right, from, to }: Bar) => left < from || right > to;
  return [...bars.filter((bar) => !isWidened(bar)), ...bars.filter(isWidened)];
}

/** The colors of a product's newest version, the previous one, and all others; each is readable as text on white. */
const AGES = [
  { fill: "#0b3d91", text: "newest version" },
  { fill: "#0f8577", text: "previous version" },
  { fill: "#b45309", text: "older" },
] as const;

/** The color of files in the data directory. */
const HERE = "#1f2328";
/** The opacity of bars in which not all days have files. */
const SOME_DAYS_OPACITY = 0.5;

/** Returns the color of a version by its index among the product's versions, 0 for the newest. */
function versionColor(index = 0): string {
  return AGES[index]?.fill ?? AGES[2].fill;
}

/** Returns the legend for the signs in the chart. */
function legendOf({ newest, older, here }: Layers<Bar>): LegendEntry[] {
  const strips = older.map(({ cell }) => cell.older ?? 0);
  const fills = new Set([...newest.map(({ cell }) => cell.newest), ...strips].map(versionColor));
  const entries: LegendEntry[] = AGES.filter(({ fill }) => fills.has(fill)).map((age) => ({ ...age, height: 10 }));
  const newestStrip = strips.reduce((least, index) => Math.min(least, index), Infinity);
  if (older.length > 0) entries.push({ fill: versionColor(newestStrip), height: 3, text: "older versions exist too" });
  if (here.length > 0) entries.push({ fill: HERE, height: 2, text: "in the data directory" });
  if (newest.some(({ isPale }) => isPale)) {
    entries.push({ fill: AGES[0].fill, height: 10, opacity: SOME_DAYS_OPACITY, text: "on some of the days" });
  }
  return entries;
}

/** The width of a chart whose names are not too long. */
const USUAL_WIDTH = 860;
/** The minimum width of the time axis: with long names, the chart becomes wider instead. */
const MIN_TIME_PIXELS = 440;
const INSTRUMENT_FONT = { size: 12, isBold: true } as const;

/** The labels of the rows, by product, and their positions. */
interface Names {
  readonly instruments: readonly string[];
  /** Level and descriptor. */
  readonly products: readonly string[];
  /** The newest version, and the number of other versions. */
  readonly versions: readonly string[];
  /** Where the level and the descriptor begin. */
  readonly productLeft: number;
  /** Where the time axis begins, and its width. */
  readonly timeLeft: number;
  readonly timePixels: number;
  /** The width of the whole chart. */
  readonly width: number;
}

function namesOf(products: readonly Product[]): Names {
  const widest = (texts: readonly string[], font = {}) => Math.max(...texts.map((text) => textPixels(text, font)));
  const instruments = products.map(({ instrument }) => instrument);
  const names = products.map(({ level, descriptor }) => `${level} ${descriptor}`);
  const versions = products.map(({ versions }) =>
    rowLabel.version(versions[0]) + (versions.length > 1 ? ` +${versions.length - 1}` : "")
  );
  const productLeft = CHART_PADDING + widest(instruments, INSTRUMENT_FONT) + 12;
  const timeLeft = productLeft + widest(names) + 12;
  const right = widest(versions) + 28;
  const timePixels = Math.max(MIN_TIME_PIXELS, USUAL_WIDTH - timeLeft - right);
  return {
    instruments,
    products: names,
    versions,
    productLeft,
    timeLeft,
    timePixels,
    width: timeLeft + timePixels + right,
  };
}

const ROW = 24;
const AXIS = 26;
/** The background of a row, which makes gaps visible. */
const TRACK = "#eceff2";
/** Bars of narrower bins touch. */
const MIN_APART_PIXELS = 4;
/** On an axis with fewer days, a single day would look like a wall. */
const MIN_AXIS_DAYS = 14;

/** The vertical position of each layer in a row. */
const BAR = { top: 4, height: 11 } as const;
const OLDER_BAR = { top: 16, height: 3 } as const;
const HERE_BAR = { top: 20.5, height: 2 } as const;

/** The days of the axis: those with files, and some around them when there are few. */
function axisDays({ first, last }: DayRange): DayRange {
  const around = Math.max(0, MIN_AXIS_DAYS - (last - first + 1));
  return { first: first - Math.floor(around / 2), last: last + Math.ceil(around / 2) };
}

function tooltipOf(products: readonly Product[], { row, cell, from, to, files }: Span): string {
  const days = to - from === 1 ? isoDay(from) : `${isoDay(from)} to ${isoDay(to - 1)}`;
  return `${days}: ${rowLabel.version(products[row]?.versions[cell.newest])}, ${counted(files, "file")}`;
}

/** Draws a bar as a rectangle. `inset` is the space on each side that separates it from its neighbors. */
function rectOf(
  { row, left, right }: Bar,
  time: Scale,
  { top, height, inset = 0, fill }: { top: number; height: number; inset?: number; fill: string },
): RectMark {
  const [x, end] = [time.at(left) + inset, time.at(right) - inset];
  return { kind: "rect", x, y: AXIS + ROW * row + top, width: end - x, height, fill };
}

function rowMarks(names: Names): Mark[] {
  const { instruments, products, versions, productLeft, timeLeft, timePixels } = names;
  return products.flatMap((product, row): Mark[] => {
    const y = AXIS + ROW * (row + 0.5);
    const instrument = instruments[row] ?? "";
    const isFirst = instrument !== instruments[row - 1];
    return [
      ...(isFirst ? [{ kind: "text", x: CHART_PADDING, y, text: instrument, ...INSTRUMENT_FONT } as const] : []),
      { kind: "text", x: productLeft, y, text: product },
      { kind: "text", x: timeLeft + timePixels + 10, y, text: versions[row] ?? "", fill: versionColor() },
    ];
  });
}

/** Draws the days that have files, as an SVG file. `asked` describes the query. */
export function coverageSvg(coverage: Coverage, asked: string): string {
  const { products, span } = coverage;
  const title = coverageTitle(coverage);
  const notes = [asked, ...coverageNotes(coverage)].filter((text) => text !== "");
  if (span === undefined) {
    const subtitle = notes.join(" · ");
    return chartSvg({ title, subtitle, description: subtitle, width: USUAL_WIDTH, height: 0, legend: [], marks: [] });
  }
  const names = namesOf(products);
  const { timeLeft, timePixels } = names;
  const shown = axisDays(span);
  const time = scaleOf("linear", [shown.first, shown.last + 1], [timeLeft, timeLeft + timePixels]);
  const dayPixels = timePixels / (shown.last - shown.first + 1);
  const { bins, spans } = spansOf(products, span, (span.last - span.first + 1) * dayPixels);
  if (bins.days > 1) notes.push(`each bar covers ${bins.days} days`);
  const bars: Layers<Bar> = {
    newest: barsOf(spans.newest, shown, dayPixels),
    older: barsOf(spans.older, shown, dayPixels),
    here: barsOf(spans.here, shown, dayPixels),
  };
  const height = AXIS + ROW * products.length;
  const inset = bins.days * dayPixels >= MIN_APART_PIXELS ? 0.5 : 0;
  const ticks = timeTicks(shown.first, shown.last, Math.floor(timePixels / DAY_LABEL_PIXELS));
  const rows = products.map((_, row) => `${names.instruments[row]} ${names.products[row]} ${names.versions[row]}`);
  return chartSvg({
    title,
    subtitle: notes.join(" · "),
    description: `Time from left to right, a row for each product with its newest version: ${rows.join("; ")}`,
    width: names.width,
    height,
    legend: legendOf(bars),
    marks: [
      ...products.map((_, row): Mark => {
        return {
          kind: "rect",
          x: timeLeft,
          y: AXIS + ROW * row + BAR.top,
          width: timePixels,
          height: BAR.height,
          fill: TRACK,
        };
      }),
      ...topAxis(ticks.map(({ value, label }) => ({ x: time.at(value), label })), { y: AXIS, bottom: height }),
      ...bars.newest.map((bar): Mark => ({
        ...rectOf(bar, time, { ...BAR, inset, fill: versionColor(bar.cell.newest) }),
        opacity: bar.isPale ? SOME_DAYS_OPACITY : 1,
        tooltip: tooltipOf(products, bar),
      })),
      ...bars.older.map((bar) => rectOf(bar, time, { ...OLDER_BAR, inset, fill: versionColor(bar.cell.older) })),
      ...bars.here.map((bar) => rectOf(bar, time, { ...HERE_BAR, fill: HERE })),
      ...rowMarks(names),
    ],
  });
}

/** The input of a coverage chart besides the rows. */
interface CoverageContext extends Pick<ResultContext, "asked"> {
  /** The archive paths of the files in the data directory. */
  readonly here?: ReadonlySet<string>;
}

/** Makes a chart of the days that have files: a row for each product. */
export function coveragePicture(records: readonly FileRecord[], { asked, here }: CoverageContext = {}): Picture {
  const coverage = coverageOf(records, here ?? new Set());
  return new Picture({
    text: (columns) => coverageText(coverage, columns),
    svg: () => Promise.resolve(coverageSvg(coverage, askedText(asked))),
  });
}
