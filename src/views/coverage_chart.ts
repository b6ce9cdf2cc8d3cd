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
  dayTotals,
  MAX_PRODUCTS,
  type Product,
  type ProductName,
  type Run,
  runsOf,
  type UndatedProduct,
  versionRange,
} from "./coverage.ts";
import {
  type Chart,
  CHART_PADDING,
  chartSvg,
  DAY_LABEL_PIXELS,
  type LegendEntry,
  type Mark,
  type Paint,
  type RectMark,
  stripSvg,
  type SvgScheme,
  textPixels,
  topAxis,
} from "../display/chart.ts";
import { htmlTable } from "../display/html_table.ts";
import { Picture } from "../display/picture.ts";
import { type Interval, isoDay, type Scale, scaleOf, timeTicks } from "../display/scales.ts";
import { type Column, cutToWidth, padToWidth, shorten, textWidth } from "../display/text_table.ts";
import type { FileRecord } from "../protocol/rows.ts";
import { escapeHtml } from "../safe_text.ts";
import { askedText, counted, NO_VALUE, type ResultContext, rowLabel } from "./records.ts";

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

/** The opacity of bars in which not all days have files. */
const SOME_DAYS_OPACITY = 0.5;

/** The colors and positions of the layers in a row: each has a place of its own, so that no color must be recognized. */
interface LayerLook {
  readonly top: number;
  readonly height: number;
  readonly fill: Paint;
}

/** The sizes of the rows of a chart. */
interface RowLook {
  /** The height of a row. */
  readonly row: number;
  readonly newest: LayerLook;
  readonly older: LayerLook;
  readonly here: LayerLook;
}

const WIDE_ROWS: RowLook = {
  row: 24,
  newest: { top: 4, height: 11, fill: "newest" },
  older: { top: 16, height: 3, fill: "superseded" },
  here: { top: 20.5, height: 2, fill: "here" },
};
/** For many products: twice as many fit on a screen. */
const NARROW_ROWS: RowLook = {
  row: 16,
  newest: { top: 2, height: 7, fill: "newest" },
  older: { top: 9.5, height: 2, fill: "superseded" },
  here: { top: 12, height: 2, fill: "here" },
};
/** The number of products from which rows are narrow, and the axis is repeated at the bottom. */
const MANY_PRODUCTS = 30;

/** The words of the legend. */
const WORDS = {
  newest: "newest version",
  older: "superseded version too",
  here: "downloaded",
  some: "on some of the days",
} as const;

/** Returns the legend for the signs in the chart. */
function legendOf({ newest, older, here }: Layers<Bar>, coverage: Coverage): LegendEntry[] {
  const entries: LegendEntry[] = [{ fill: "newest", height: 10, text: WORDS.newest }];
  if (newest.some(({ isPale }) => isPale)) {
    entries.push({ fill: "newest", height: 10, opacity: SOME_DAYS_OPACITY, text: WORDS.some });
  }
  if (older.length > 0) entries.push({ fill: "superseded", height: 3, text: WORDS.older });
  if (here.length > 0) {
    const text = `${WORDS.here}: ${coverage.here} of ${counted(coverage.files, "file")}`;
    entries.push({ fill: "here", height: 2, text });
  }
  return entries;
}

/** The width of a chart whose names are not too long. */
const USUAL_WIDTH = 860;
/** The minimum width of the time axis: with long names, the chart becomes wider instead. */
const MIN_TIME_PIXELS = 440;
const INSTRUMENT_FONT = { size: 12, isBold: true } as const;

/** The labels of the rows, and their positions. */
interface Names {
  readonly instruments: readonly string[];
  /** Level and descriptor. */
  readonly products: readonly string[];
  readonly versions: readonly string[];
  /** Where the level and the descriptor begin. */
  readonly productLeft: number;
  /** Where the time axis begins, and its width. */
  readonly timeLeft: number;
  readonly timePixels: number;
  /** The width of the whole chart. */
  readonly width: number;
}

function namesOf(rows: ReadonlyArray<Product | UndatedProduct>): Names {
  const widest = (texts: readonly string[], font = {}) => Math.max(0, ...texts.map((text) => textPixels(text, font)));
  const instruments = rows.map(({ instrument }) => instrument);
  const products = rows.map(({ level, descriptor }) => `${level} ${descriptor}`);
  const versions = rows.map(({ versions }) => versionRange(versions));
  const productLeft = CHART_PADDING + widest(instruments, INSTRUMENT_FONT) + 12;
  const timeLeft = productLeft + widest(products) + 12;
  const right = widest(versions) + 28;
  const timePixels = Math.max(MIN_TIME_PIXELS, USUAL_WIDTH - timeLeft - right);
  return { instruments, products, versions, productLeft, timeLeft, timePixels, width: timeLeft + timePixels + right };
}

const AXIS = 26;
/** Bars of narrower bins touch. */
const MIN_APART_PIXELS = 4;
/** On an axis with fewer days, a single day would look like a wall. */
const MIN_AXIS_DAYS = 14;

/** The days of the axis: those with files, and some around them when there are few. */
function axisDays({ first, last }: DayRange): DayRange {
  const around = Math.max(0, MIN_AXIS_DAYS - (last - first + 1));
  return { first: first - Math.floor(around / 2), last: last + Math.ceil(around / 2) };
}

/** The bars of all products on a time axis. */
interface Timeline {
  readonly time: Scale;
  readonly bins: Bins;
  readonly bars: Layers<Bar>;
  /** The gap on each side of a bar. */
  readonly inset: number;
  readonly ticks: ReadonlyArray<{ readonly x: number; readonly label: string }>;
}

/** Places the bars of products between two positions. */
function timelineOf(products: readonly Product[], span: DayRange, [left, right]: Interval): Timeline {
  const pixels = right - left;
  const shown = axisDays(span);
  const time = scaleOf("linear", [shown.first, shown.last + 1], [left, right]);
  const dayPixels = pixels / (shown.last - shown.first + 1);
  const { bins, spans } = spansOf(products, span, (span.last - span.first + 1) * dayPixels);
  return {
    time,
    bins,
    bars: {
      newest: barsOf(spans.newest, shown, dayPixels),
      older: barsOf(spans.older, shown, dayPixels),
      here: barsOf(spans.here, shown, dayPixels),
    },
    inset: bins.days * dayPixels >= MIN_APART_PIXELS ? 0.5 : 0,
    ticks: timeTicks(shown.first, shown.last, Math.floor(pixels / DAY_LABEL_PIXELS))
      .map(({ value, label }) => ({ x: time.at(value), label })),
  };
}

function tooltipOf({ versions }: Product, { cell, from, to, files }: Span, bins: Bins): string {
  const days = to - from === 1 ? isoDay(from) : `${isoDay(from)} to ${isoDay(to - 1)}`;
  const isOneBin = to - from <= bins.days;
  const older = isOneBin && cell.older !== undefined ? `; ${rowLabel.version(versions[cell.older])} superseded` : "";
  const here = isOneBin && cell.isHere ? "; downloaded" : "";
  return `${days}: ${rowLabel.version(versions[cell.newest])}, ${counted(files, "file")}${older}${here}`;
}

/** Draws the bars of products. `y` returns the top of a product's row. */
function barMarks(products: readonly Product[], timeline: Timeline, look: RowLook, y: (row: number) => number): Mark[] {
  const { time, bars, bins, inset } = timeline;
  const rectOf = ({ row, left, right }: Bar, { top, height, fill }: LayerLook, inset = 0): RectMark => {
    const [x, end] = [time.at(left) + inset, time.at(right) - inset];
    return { kind: "rect", x, y: y(row) + top, width: end - x, height, fill };
  };
  return [
    ...bars.newest.flatMap((bar): Mark[] => {
      const product = products[bar.row];
      if (product === undefined) return [];
      const tooltip = tooltipOf(product, bar, bins);
      return [{ ...rectOf(bar, look.newest, inset), opacity: bar.isPale ? SOME_DAYS_OPACITY : 1, tooltip }];
    }),
    ...bars.older.map((bar) => rectOf(bar, look.older, inset)),
    ...bars.here.map((bar) => rectOf(bar, look.here)),
  ];
}

/** Says why the files of a product are not on the time axis. */
function undatedText({ files, isSpice }: UndatedProduct): string {
  return `${counted(files, "file")} without dates${isSpice ? ": valid at any time" : ""}`;
}

/** Describes the query, and what a chart leaves out or adds. */
function notesOf(coverage: Coverage, asked: string, bins?: Bins): string[] {
  const { undated } = coverage;
  return [
    asked,
    ...coverageNotes({ ...coverage, undated: 0 }),
    ...(undated > 0 ? [`${counted(undated, "file")} without a day`] : []),
    ...(bins !== undefined && bins.days > 1 ? [`each bar covers ${bins.days} days`] : []),
  ].filter((text) => text !== "");
}

function rowMarks({ instruments, products, versions, productLeft, timeLeft, timePixels }: Names, row: number): Mark[] {
  return products.flatMap((product, index): Mark[] => {
    const y = AXIS + row * (index + 0.5);
    const instrument = instruments[index] ?? "";
    const isFirst = instrument !== instruments[index - 1];
    return [
      ...(isFirst ? [{ kind: "text", x: CHART_PADDING, y, text: instrument, ...INSTRUMENT_FONT } as const] : []),
      { kind: "text", x: productLeft, y, text: product },
      { kind: "text", x: timeLeft + timePixels + 10, y, text: versions[index] ?? "", fill: "quiet" },
    ];
  });
}

/** Makes the chart of the days that have files. `asked` describes the query. */
function coverageChart(coverage: Coverage, asked: string): Chart {
  const { products, span, undatedProducts } = coverage;
  const title = coverageTitle(coverage);
  const rows = [...products, ...undatedProducts].slice(0, MAX_PRODUCTS);
  const isTall = rows.length > MANY_PRODUCTS;
  const look = isTall ? NARROW_ROWS : WIDE_ROWS;
  const names = namesOf(rows);
  const { timeLeft, timePixels } = names;
  const timeline = span === undefined ? undefined : timelineOf(products, span, [timeLeft, timeLeft + timePixels]);
  const top = (row: number) => AXIS + look.row * row;
  const bottom = top(products.length);
  const undated = rows.slice(products.length).flatMap((product, index): Mark[] => {
    if (!("isSpice" in product)) return [];
    const y = top(products.length + index) + look.row / 2;
    return [{ kind: "text", x: timeLeft, y, text: undatedText(product), fill: "quiet" }];
  });
  const tracks = products.map((_, row): Mark => {
    return {
      kind: "rect",
      x: timeLeft,
      y: top(row) + look.newest.top,
      width: timePixels,
      height: look.newest.height,
      fill: "track",
    };
  });
  const axes = timeline === undefined ? [] : [
    ...topAxis(timeline.ticks, { y: AXIS, bottom }),
    ...(isTall ? bottomLabels(timeline.ticks, top(rows.length)) : []),
  ];
  const texts = rows.map((_, row) => `${names.instruments[row]} ${names.products[row]} ${names.versions[row]}`);
  const subtitle = notesOf(coverage, asked, timeline?.bins).join(" · ");
  return {
    title,
    subtitle,
    description: rows.length === 0
      ? subtitle
      : `Time from left to right, a row for each product with its versions: ${texts.join("; ")}`,
    width: Math.max(USUAL_WIDTH, names.width),
    height: rows.length === 0 ? 0 : top(rows.length) + (isTall && timeline !== undefined ? AXIS : 0),
    legend: timeline === undefined ? [] : legendOf(timeline.bars, coverage),
    marks: [
      ...tracks,
      ...axes,
      ...(timeline === undefined ? [] : barMarks(products, timeline, look, top)),
      ...undated,
      ...rowMarks(names, look.row),
    ],
  };
}

/** The labels of the axis again, below a chart that is taller than a screen. */
function bottomLabels(ticks: Timeline["ticks"], y: number): Mark[] {
  return ticks.map(({ x, label }): Mark => ({ kind: "text", x, y: y + 13, text: label, anchor: "middle" }));
}

/**
 * Draws the days that have files, as an SVG file.
 *
 * @param asked Describes the query.
 */
export function coverageSvg(coverage: Coverage, asked: string, scheme: SvgScheme = "light"): string {
  return chartSvg(coverageChart(coverage, asked), scheme);
}

/** The size of the bars of a product in a web page, in pixels. */
const STRIP = { width: 480, height: 20 } as const;
const STRIP_ROWS: RowLook = {
  row: STRIP.height,
  newest: { top: 1, height: 10, fill: "newest" },
  older: { top: 12, height: 3, fill: "superseded" },
  here: { top: 17, height: 2, fill: "here" },
};
/** The width of the narrowest axis, and of a label on it with its gap, in pixels. */
const MIN_STRIP_PIXELS = 280;
const labelShare = (label: string) => (textPixels(label) + 8) / MIN_STRIP_PIXELS;

const STRIP_COLORS = ["newest", "superseded", "here", "track", "grid"] as const;
const STRIP_STYLE = [
  "coverage",
  [
    `& td svg,& .imap-axis{display:block;width:clamp(${MIN_STRIP_PIXELS}px,36vw,500px);height:20px}`,
    "& .imap-axis{position:relative;height:1.5em;font-weight:400;font-size:11px}",
    "& .imap-axis span{position:absolute;padding-left:3px;border-left:1px solid var(--imap-text)}",
    "& td,& th{padding-top:2px;padding-bottom:2px}",
    "& .imap-legend{display:flex;flex-wrap:wrap;gap:2px 16px;padding-top:4px;white-space:normal}",
    "& .imap-legend span{font-weight:400}& .imap-legend svg{vertical-align:middle;margin-right:5px}",
  ].join(""),
] as const;

/** A row of the table in a web page: a product, and its place in the chart. */
interface CoverageRow {
  readonly product: Product | UndatedProduct;
  readonly index: number;
}

/** `mag l1a norm-mago`; `spice leapseconds`, which has no level. */
function productText({ instrument, level, descriptor }: ProductName): string {
  return [instrument, level, descriptor].filter((part) => part !== NO_VALUE).join(" ");
}

/**
 * Draws the days that have files for a web page: a table with a row for each product, whose bars are inline SVG in the
 * colors of the page's theme. Without them, the table still says how many days have files.
 */
export function coverageHtml(coverage: Coverage, asked: string): string {
  const { products, span, undatedProducts } = coverage;
  const rows = [...products, ...undatedProducts].slice(0, MAX_PRODUCTS).map((product, index) => ({ product, index }));
  const timeline = span === undefined ? undefined : timelineOf(products, span, [0, STRIP.width]);
  const legend = timeline === undefined ? [] : legendOf(timeline.bars, coverage);
  const totals = new Map(products.map((product) => [product, dayTotals(product)]));
  const daysOf = ({ product }: CoverageRow) => "days" in product ? totals.get(product) : undefined;
  const dayCount = (count = 0) => count === 0 ? "" : counted(count, "day");
  const columns: Column<CoverageRow>[] = [
    { header: "Product", align: "left", text: ({ product }) => productText(product) },
    {
      header: "",
      align: "left",
      text: ({ product }) => "isSpice" in product ? undatedText(product) : "",
      markup: (row) => stripHtml(row, products, timeline),
      ...(timeline === undefined ? {} : { headMarkup: axisHtml(timeline) }),
    },
    { header: "Files", align: "right", text: ({ product }) => String(product.files) },
    { header: "Days", align: "right", text: (row) => dayCount(daysOf(row)?.days) },
    {
      header: "Downloaded",
      align: "right",
      text: (row) => "here" in row.product ? hereText(row.product) : dayCount(daysOf(row)?.here),
    },
    { header: "Superseded", align: "right", text: (row) => dayCount(daysOf(row)?.superseded) },
    { header: "Versions", align: "left", text: ({ product }) => versionRange(product.versions) },
  ];
  return htmlTable({
    title: coverageTitle(coverage),
    subtitle: notesOf(coverage, asked, timeline?.bins).join(" · "),
    ...(legend.length === 0 ? {} : { legend: legendHtml(legend) }),
    style: STRIP_STYLE,
    colors: STRIP_COLORS,
    columns: columns.filter((column) => column.markup !== undefined || rows.some((row) => column.text(row) !== "")),
    rows,
  });
}

function hereText({ here, files }: UndatedProduct): string {
  return here === 0 ? "" : here === files ? counted(here, "file") : `${here} of ${counted(files, "file")}`;
}

/** Draws the bars of a product; for one without days, a text. */
function stripHtml({ product, index }: CoverageRow, products: readonly Product[], timeline?: Timeline): string {
  if ("isSpice" in product || timeline === undefined) {
    return `<i>${escapeHtml("isSpice" in product ? undatedText(product) : "")}</i>`;
  }
  const only = (bars: readonly Bar[]) => bars.filter(({ row }) => row === index);
  const { newest, older, here } = timeline.bars;
  const own = { ...timeline, bars: { newest: only(newest), older: only(older), here: only(here) } };
  const marks: Mark[] = [
    {
      kind: "rect",
      x: 0,
      y: STRIP_ROWS.newest.top,
      width: STRIP.width,
      height: STRIP_ROWS.newest.height,
      fill: "track",
    },
    ...timeline.ticks.map(({ x }): Mark => ({ kind: "line", points: [[x, 0], [x, STRIP.height]], stroke: "grid" })),
    ...barMarks(products, own, STRIP_ROWS, () => 0),
  ];
  return stripSvg(marks, { ...STRIP, label: `Days of ${productText(product)}` });
}

/** Draws the axis above the bars: labels that begin at their day. */
function axisHtml({ ticks }: Timeline): string {
  const labels: string[] = [];
  let free = 0;
  for (const { x, label } of ticks) {
    const at = x / STRIP.width;
    if (at < free || at + labelShare(label) > 1) continue;
    free = at + labelShare(label);
    labels.push(`<span style="left:${Math.round(at * 1000) / 10}%">${label}</span>`);
  }
  return `<span class="imap-axis">${labels.join(" ")}</span>`;
}

function legendHtml(entries: readonly LegendEntry[]): string {
  const signs = entries.map(({ fill, height, opacity = 1, text }) => {
    const mark: Mark = { kind: "rect", x: 0, y: 5 - height / 2, width: 14, height, fill, opacity };
    return `<span>${stripSvg([mark], { width: 14, height: 10, label: "" })}${escapeHtml(text)}</span>`;
  });
  return `<div class="imap-legend">${signs.join(" ")}</div>`;
}

/** The input of a coverage chart besides the rows. */
interface CoverageContext extends Pick<ResultContext, "asked"> {
  /** The archive paths of the files in the data directory. */
  readonly here?: ReadonlySet<string>;
}

/** Makes a chart of the days that have files: a row for each product. */
export function coveragePicture(records: readonly FileRecord[], { asked, here }: CoverageContext = {}): Picture {
  const coverage = coverageOf(records, here ?? new Set());
  const query = askedText(asked);
  return new Picture({
    text: (columns) => coverageText(coverage, columns),
    svg: () => Promise.resolve(coverageSvg(coverage, query)),
    html: () => Promise.resolve(coverageHtml(coverage, query)),
  });
}

const GAP = "·";
/**
 * The characters by where the files are, and by whether some or all days have files. Each `no` removes half a block.
 */
const BLOCKS = { archive: ["▘", "▀"], here: ["▌", "█"] } as const;
/** Only the newest versions get their own line. */
const MAX_VERSIONS = 3;
/** The maximum width of a day. */
const MAX_CHARACTERS = 4;
const DATE_WIDTH = "2026-01-05 ".length;

function block({ isFull, isHere }: Cell): string {
  return BLOCKS[isHere ? "here" : "archive"][isFull ? 1 : 0];
}

interface Line {
  readonly name: string;
  readonly cells: ReadonlyMap<number, Cell>;
}

/** Makes a line for the product and, if it has several versions, one line for each of the newest ones. */
function linesOf(product: Product, bins: Bins): Line[] {
  const name = [product.instrument, product.level, product.descriptor].join(" ");
  const { versions } = product;
  const [newest] = versions;
  if (versions.length === 1) return [{ name: `${name} ${rowLabel.version(newest)}`, cells: cellsOf(product, bins) }];
  const each = versions.slice(0, MAX_VERSIONS).map((version) => ({
    name: `  ${rowLabel.version(version)}${version === newest ? " newest" : ""}`,
    cells: cellsOf(product, bins, version),
  }));
  const older = versions.length - MAX_VERSIONS;
  const more = older > 0 ? ` (${older} older)` : "";
  return [{ name: `${name}${more}`, cells: cellsOf(product, bins) }, ...each];
}

/** The share of a line for names; larger where names would otherwise look the same. */
const NAME_SHARES = [0.45, 0.6, 0.75] as const;

/** Chooses the width of the names. */
function nameWidthOf(names: readonly string[], width: number): number {
  const different = new Set(names).size;
  const widths = NAME_SHARES.map((share) => Math.floor(width * share));
  const least = widths.find((room) => new Set(names.map((name) => shorten(name, room))).size === different);
  return Math.min(least ?? Math.max(...widths), Math.max(...names.map(textWidth)));
}

/** Chooses the width of a bin: a few days have wide marks with a gap after each. */
function charactersOf(bins: Bins, room: number): number {
  return Math.max(1, Math.min(MAX_CHARACTERS, Math.floor(room / countOf(bins))));
}

function countOf({ first, last, days }: Bins): number {
  return Math.ceil((last - first + 1) / days);
}

function axisLine(bins: Bins, width: number): string {
  const characters = charactersOf(bins, width);
  const most = Math.max(1, Math.floor(countOf(bins) * characters / DATE_WIDTH));
  let line = "";
  for (const { value: day, label } of timeTicks(bins.first, bins.last, most)) {
    const column = Math.floor((day - bins.first) / bins.days) * characters;
    if (column < line.length || column + label.length > width) continue;
    line = `${line.padEnd(column)}${label} `;
  }
  return line.trimEnd();
}

function blocksLine(cells: ReadonlyMap<number, Cell>, bins: Bins, room: number): string {
  const characters = charactersOf(bins, room);
  const blocks = Array.from({ length: countOf(bins) }, (_, index) => {
    const cell = cells.get(index);
    if (cell === undefined) return GAP.padEnd(characters);
    return characters === 1 ? block(cell) : block(cell).repeat(characters - 1).padEnd(characters);
  });
  return blocks.join("");
}

/** Explains the characters, in one line if it fits. */
function legend(cells: readonly Cell[], { days }: Bins, width: number): string[] {
  const isShown = (where: keyof typeof BLOCKS) => cells.some(({ isHere }) => isHere === (where === "here"));
  const words = isShown("archive") ? [`${BLOCKS.archive[1]} at the archive`] : [];
  if (isShown("here")) words.push(`${BLOCKS.here[1]} in the data directory${isShown("archive") ? " too" : ""}`);
  if (cells.some(({ isFull }) => !isFull)) {
    const halves = (["archive", "here"] as const).filter(isShown).map((where) => BLOCKS[where][0]);
    words.push(`${halves.join(" ")} on some of the days`);
  }
  const line = words.join(", ");
  return [...(line.length > width ? words : [line]), ...(days > 1 ? [`each character covers ${days} days`] : [])];
}

/** Draws the days that have files with block characters, in lines of at most `columns` terminal columns. */
export function coverageText(coverage: Coverage, columns: number): string {
  const width = Math.max(20, columns);
  const { span, products } = coverage;
  // Kernels that are valid at any time have no place on the axis, but are what a SPICE query is often about.
  const kernels = coverage.undatedProducts.filter(({ isSpice }) => isSpice).map(({ descriptor, versions, files }) =>
    `${descriptor} ${versionRange(versions)}: ${counted(files, "file")}, valid at any time`
  );
  const ends = [...coverageNotes(coverage), ...kernels, ""];
  const title = coverageTitle(coverage);
  if (span === undefined) return [title, ...ends].join("\n");
  const names = products.flatMap((product) => linesOf(product, binsOf(span, 1)).map(({ name }) => name));
  const nameWidth = nameWidthOf(names, width);
  const room = width - nameWidth - 1;
  const bins = binsOf(span, room);
  const lines = products.flatMap((product) => linesOf(product, bins));
  const drawn = lines.map(({ name, cells }) =>
    `${padToWidth(shorten(name, nameWidth), nameWidth)} ${blocksLine(cells, bins, room)}`
  );
  const cells = lines.flatMap(({ cells }) => [...cells.values()]);
  const axis = `${" ".repeat(nameWidth)} ${axisLine(bins, room)}`;
  return [title, axis, ...drawn, ...legend(cells, bins, width), ...ends].map((line) =>
    cutToWidth(line, width).trimEnd()
  )
    .join(
      "\n",
    );
}
