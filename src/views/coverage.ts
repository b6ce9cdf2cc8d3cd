import {
  type Chart,
  CHART_PADDING,
  chartSvg,
  colorScale,
  DAY_LABEL_PIXELS,
  dayNumber,
  type Interval,
  isoDay,
  type LegendEntry,
  type Mark,
  type Paint,
  type RectMark,
  type Scale,
  scaleOf,
  stripSvg,
  type SvgScheme,
  textPixels,
  timeTicks,
  topAxis,
} from "../display/chart.ts";
import { compareVersions, isCalendarDate, isVersion, parseVersion } from "../names/fields.ts";
import type { FileRecord } from "../protocol/tables.ts";
import {
  askedText,
  counted,
  NO_VALUE,
  productOf,
  type ResultContext,
  rowLabel,
  valueAt,
  versionText,
} from "./records.ts";
import { type Column, cutToWidth, escapeHtml, htmlTable, padToWidth, shorten, textWidth } from "../display/table.ts";
import { Picture } from "../display/notebook.ts";

// How many files of each product cover each day.

/** The number of files of one version on one day. */
interface DayCount {
  files: number;
  /** The number of files that begin on this day: a file for several days is counted once in each bar. */
  begin: number;
  /** The number of these files in the data directory. */
  here: number;
}

/** By day, then by version. */
type DayCounts = Map<number, Map<string, DayCount>>;

/** A file for several days. */
interface LongFile extends DayRange {
  /** Whether its first day is shown. */
  readonly begins: boolean;
  readonly isHere: boolean;
}

/** Counts the files of a product by day and version. */
class DayCounter {
  readonly #days: DayCounts = new Map();
  readonly #long = new Map<string, LongFile[]>();
  readonly #versions = new Set<string>();

  /** All versions found. */
  get versions(): string[] {
    return [...this.#versions];
  }

  /** Counts a file on those of its days that are shown. */
  add(days: DayRange, shown: DayRange, version: string, isHere: boolean): void {
    this.#versions.add(version);
    if (days.first === days.last) {
      this.#count(days.first, version, { files: 1, begin: 1, here: isHere ? 1 : 0 });
      return;
    }
    const [first, last] = [Math.max(days.first, shown.first), Math.min(days.last, shown.last)];
    const files = this.#long.get(version) ?? [];
    this.#long.set(version, files);
    files.push({ first, last, begins: first === days.first, isHere });
  }

  /** Returns the counts. */
  counts(): DayCounts {
    for (const [version, files] of this.#long) this.#countLong(version, files);
    this.#long.clear();
    return this.#days;
  }

  /** Visits each day once, no matter how many files it has. */
  #countLong(version: string, files: readonly LongFile[]): void {
    const changes = new Map<number, DayCount>();
    const change = (day: number, by: number, { isHere }: LongFile, begin: number) => {
      const at = changes.get(day) ?? { files: 0, begin: 0, here: 0 };
      changes.set(day, { files: at.files + by, begin: at.begin + begin, here: at.here + (isHere ? by : 0) });
    };
    for (const file of files) {
      change(file.first, 1, file, file.begins ? 1 : 0);
      change(file.last + 1, -1, file, 0);
    }
    let [now, here] = [0, 0];
    const days = [...changes.keys()].sort((a, b) => a - b);
    for (const [index, from] of days.entries()) {
      const { files = 0, begin = 0, here: hereBy = 0 } = changes.get(from) ?? {};
      [now, here] = [now + files, here + hereBy];
      if (now === 0) continue;
      for (let day = from; day < (days[index + 1] ?? from); day++) {
        this.#count(day, version, { files: now, begin: day === from ? begin : 0, here });
      }
    }
  }

  #count(day: number, version: string, { files, begin, here }: DayCount): void {
    const versions = this.#days.get(day) ?? new Map<string, DayCount>();
    if (versions.size === 0) this.#days.set(day, versions);
    const count = versions.get(version) ?? { files: 0, begin: 0, here: 0 };
    if (count.files === 0) versions.set(version, count);
    count.files += files;
    count.begin += begin;
    count.here += here;
  }
}

/** Consecutive days, counted from 1970-01-01, including the last one. */
export interface DayRange {
  readonly first: number;
  readonly last: number;
}

/** Parses the day of `20240709` or `2024-07-09, 00:00:00` (SPICE files); undefined for anything else. */
function dayIn(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const text = /^\d{4}-\d{2}-\d{2}(?!\d)/.test(value) && value.length > 10
    ? value.slice(0, 10).replaceAll("-", "")
    : value;
  return isCalendarDate(text) ? dayNumber(text) : undefined;
}

/** Parses the days of rows. Many rows share a few days, each of which is parsed only once. */
export class DayReader {
  readonly #days = new Map<unknown, number | undefined>();

  /**
   * Returns the days that a row's file is for: from its start to its end, which SPICE and ancillary files may have; otherwise
   * the first day. Undefined for a row without days.
   */
  rangeOf(record: FileRecord): DayRange | undefined {
    const first = this.#day(record.start_date) ?? this.#day(valueAt(record, "min_date_datetime"));
    if (first === undefined) return undefined;
    const last = this.#day(record.end_date) ?? this.#day(valueAt(record, "max_date_datetime")) ?? first;
    return { first, last: Math.max(first, last) };
  }

  #day(value: unknown): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (!this.#days.has(value)) this.#days.set(value, dayIn(value));
    return this.#days.get(value);
  }
}

/** A file this many times longer than all shorter ones together would make them too narrow to see. */
const MAX_TIMES_LONGER = 4;
/** Charts shorter than this are never cut, in days. */
const YEAR = 366;
/** How much of a cut file is shown on each side: a share of the other files' days, but at least a week. */
const SHARE_AROUND = 0.1;
const MIN_AROUND = 7;

function lengthOf({ first, last }: DayRange): number {
  return last - first + 1;
}

function joined(a: DayRange | undefined, b: DayRange): DayRange {
  return a === undefined ? b : { first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}

/**
 * Chooses the days that a chart shows: all days of the files, except for the ends of files many times longer than the others,
 * such as SPICE kernels that are valid for a century. Undefined when there is no file.
 */
function shownDays(ranges: readonly DayRange[]): DayRange | undefined {
  let shown: DayRange | undefined;
  const long: DayRange[] = [];
  for (const range of ranges) {
    if (range.first === range.last) shown = joined(shown, range);
    else long.push(range);
  }
  long.sort((a, b) => lengthOf(a) - lengthOf(b));
  const tooLong = long.findIndex((range) => {
    if (shown !== undefined && lengthOf(range) > MAX_TIMES_LONGER * Math.max(YEAR, lengthOf(shown))) return true;
    shown = joined(shown, range);
    return false;
  });
  if (shown === undefined || tooLong < 0) return shown;
  const around = Math.max(MIN_AROUND, Math.ceil(lengthOf(shown) * SHARE_AROUND));
  const reach = long.slice(tooLong).reduce(joined, shown);
  return { first: Math.max(reach.first, shown.first - around), last: Math.min(reach.last, shown.last + around) };
}

/** The subject of a row of the chart. */
export interface ProductName {
  readonly instrument: string;
  readonly level: string;
  readonly descriptor: string;
}

/** The files of a product that have no days, such as SPICE kernels that are valid at any time. */
interface UndatedProduct extends ProductName {
  readonly files: number;
  /** The number of files in the data directory. */
  readonly here: number;
  /** From the newest to the oldest. */
  readonly versions: readonly string[];
  /** Whether they are SPICE files: a kernel without coverage is valid at any time. */
  readonly isSpice: boolean;
}

/** The files of a product: a row of the chart. */
interface Product extends ProductName {
  /** The number of its files. */
  readonly files: number;
  /** From the newest to the oldest. */
  readonly versions: readonly string[];
  /** By day, then by version. */
  readonly days: ReadonlyMap<number, ReadonlyMap<string, Readonly<DayCount>>>;
}

/** The days that have files, by product. */
export interface Coverage {
  readonly files: number;
  /** The number of files in the data directory. */
  readonly here: number;
  /** The number of files without a day. */
  readonly undated: number;
  /** The products of the files without a day, up to a limit. */
  readonly undatedProducts: readonly UndatedProduct[];
  /** The number of files for more days than are shown. */
  readonly cut: number;
  /** The number of files for none of the shown days. */
  readonly elsewhere: number;
  /** The first and the last shown day; undefined when there is no file with a day. */
  readonly span: DayRange | undefined;
  /** Sorted by instrument, level and descriptor. */
  readonly products: readonly Product[];
  /** The number of products that are not shown. */
  readonly moreProducts: number;
}

/** A chart with more rows is unreadable. */
export const MAX_PRODUCTS = 100;

/** The versions of SPICE files are plain numbers. */
const BY_NUMBER = new Intl.Collator("en", { numeric: true });

function newestFirst(a: string, b: string): number {
  if (isVersion(a) && isVersion(b)) return compareVersions(parseVersion(b), parseVersion(a));
  // Anything else is older than all versions.
  return Number(isVersion(b)) - Number(isVersion(a)) || BY_NUMBER.compare(b, a);
}

interface Growing {
  readonly record: FileRecord;
  readonly counter: DayCounter;
  files: number;
}

/** Counts the files without days by product. */
function undatedOf(records: readonly FileRecord[], here: ReadonlySet<string>): UndatedProduct[] {
  const growing = new Map<
    string,
    { readonly record: FileRecord; files: number; here: number; versions: Set<string> }
  >();
  for (const record of records) {
    const key = JSON.stringify(productOf(record));
    const product = growing.get(key) ?? { record, files: 0, here: 0, versions: new Set() };
    growing.set(key, product);
    product.files += 1;
    product.here += here.has(record.file_path) ? 1 : 0;
    product.versions.add(versionText(record));
  }
  return [...growing].sort(([a], [b]) => a < b ? -1 : 1).slice(0, MAX_PRODUCTS).map(([, { record, ...product }]) => ({
    ...nameOf(record),
    ...product,
    versions: [...product.versions].sort(newestFirst),
    isSpice: typeof valueAt(record, "kernel_type") === "string",
  }));
}

function nameOf(record: FileRecord): ProductName {
  return {
    instrument: rowLabel.instrument(record),
    level: rowLabel.level(record),
    descriptor: rowLabel.descriptor(record),
  };
}

/** Counts files by product, day and version. `here` contains the archive paths of the files in the data directory. */
export function coverageOf(records: readonly FileRecord[], here: ReadonlySet<string>): Coverage {
  const reader = new DayReader();
  const dated: Array<{ readonly record: FileRecord; readonly days: DayRange }> = [];
  const undated: FileRecord[] = [];
  for (const record of records) {
    const days = reader.rangeOf(record);
    if (days !== undefined) dated.push({ record, days });
    else undated.push(record);
  }
  const span = shownDays(dated.map(({ days }) => days));
  const growing = new Map<string, Growing>();
  let [cut, elsewhere] = [0, 0];
  for (const { record, days } of dated) {
    if (span === undefined || days.last < span.first || days.first > span.last) {
      elsewhere += 1;
      continue;
    }
    if (days.first < span.first || days.last > span.last) cut += 1;
    const key = JSON.stringify(productOf(record));
    const product = growing.get(key) ?? { record, counter: new DayCounter(), files: 0 };
    growing.set(key, product);
    product.files += 1;
    product.counter.add(days, span, versionText(record), here.has(record.file_path));
  }
  const products = [...growing].sort(([a], [b]) => a < b ? -1 : 1).map(([, product]) => product);
  return {
    files: records.length,
    here: here.size === 0 ? 0 : records.filter(({ file_path }) => here.has(file_path)).length,
    undated: undated.length,
    undatedProducts: undatedOf(undated, here),
    cut,
    elsewhere,
    span,
    products: products.slice(0, MAX_PRODUCTS).map(finished),
    moreProducts: Math.max(0, products.length - MAX_PRODUCTS),
  };
}

function finished({ record, counter, files }: Growing): Product {
  return {
    ...nameOf(record),
    files,
    versions: counter.versions.sort(newestFirst),
    days: counter.counts(),
  };
}

// Days grouped into bins, for texts and charts.

/** Time divided into bins of equal length, from the first day to the last. */
interface Bins {
  readonly first: number;
  readonly last: number;
  /** The number of days in a bin. */
  readonly days: number;
}

/** The files of a product in one bin. */
interface Cell {
  readonly files: number;
  /** The number of files that begin in it; the others continue from the previous bin. */
  readonly begin: number;
  /** The index of its newest version among the product's versions, 0 for the newest. */
  readonly newest: number;
  /** The index of the newest version on any day that also has a newer one. */
  readonly older: number | undefined;
  /** Whether every day has files. */
  readonly isFull: boolean;
  /** Whether the newest files of every day with files are in the data directory. */
  readonly isHere: boolean;
}

/** Divides time into at most `most` bins. */
function binsOf({ first, last }: { readonly first: number; readonly last: number }, most: number): Bins {
  return { first, last, days: Math.ceil((last - first + 1) / Math.max(1, most)) };
}

interface GrowingBin {
  begin: number;
  /** The first day with files, and the number of files that began earlier. */
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
 * Summarizes the files of a product by bin. Returns the bins with files, by index, in order.
 *
 * @param only The only version to count. Default: all versions.
 */
function cellsOf(product: Product, bins: Bins, only?: string): Map<number, Cell> {
  const indexes = new Map(product.versions.map((version, index) => [version, index]));
  const growing = new Map<number, GrowingBin>();
  for (const [day, versions] of product.days) {
    const found = [...versions].filter(([version]) => only === undefined || version === only)
      .map(([version, count]) => ({ ...count, age: indexes.get(version) ?? 0 })).sort((a, b) => a.age - b.age);
    const [newest, older] = found;
    if (newest === undefined) continue;
    const index = Math.floor((day - bins.first) / bins.days);
    const cell = growing.get(index) ?? { ...EMPTY, newest: newest.age };
    growing.set(index, cell);
    const begin = found.reduce((sum, { begin }) => sum + begin, 0);
    cell.begin += begin;
    if (day < cell.firstDay) {
      cell.firstDay = day;
      cell.before = found.reduce((sum, { files }) => sum + files, 0) - begin;
    }
    cell.days += 1;
    cell.daysHere += newest.here === newest.files ? 1 : 0;
    cell.newest = Math.min(cell.newest, newest.age);
    cell.older = smaller(cell.older, older?.age);
  }
  return new Map([...growing].sort(([a], [b]) => a - b).map(([index, cell]) => [index, cellOf(cell, index, bins)]));
}

function cellOf({ begin, before, days, daysHere, newest, older }: GrowingBin, index: number, bins: Bins): Cell {
  const daysOfBin = Math.min(bins.days, bins.last - bins.first - index * bins.days + 1);
  return { files: before + begin, begin, newest, older, isFull: days === daysOfBin, isHere: daysHere === days };
}

/** A bin with files, or neighboring bins that look the same. */
interface Run {
  /** The files of the first bin. */
  readonly cell: Cell;
  /** The first day. */
  readonly from: number;
  /** The day after the last one. */
  readonly to: number;
  readonly files: number;
}

/**
 * Joins neighboring bins that look the same, which keeps a chart of many days small.
 *
 * @param cells Some bins of a product, in order.
 * @param joins Whether two neighbors become one run.
 */
function runsOf(
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

/** The number of days of a product. */
interface DayTotals {
  /** With files. */
  readonly days: number;
  /** Whose newest files are in the data directory. */
  readonly here: number;
  /** With superseded versions besides the newest one. */
  readonly superseded: number;
}

/** Counts the days of a product. */
function dayTotals(product: Product): DayTotals {
  const indexes = new Map(product.versions.map((version, index) => [version, index]));
  let [here, superseded] = [0, 0];
  for (const versions of product.days.values()) {
    if (versions.size > 1) superseded += 1;
    let newest: { readonly age: number; readonly isHere: boolean } | undefined;
    for (const [version, count] of versions) {
      const age = indexes.get(version) ?? 0;
      if (newest === undefined || age < newest.age) newest = { age, isHere: count.here === count.files };
    }
    if (newest?.isHere) here += 1;
  }
  return { days: product.days.size, here, superseded };
}

/** `v001`, or `v001 to v003` for several versions. */
function versionRange(versions: readonly string[]): string {
  const [newest, oldest] = [rowLabel.version(versions[0]), rowLabel.version(versions.at(-1))];
  return versions.length === 1 ? newest : `${oldest} to ${newest}`;
}

/** Says what the chart shows, in a line. */
function coverageTitle({ files, span, products, moreProducts }: Coverage): string {
  if (span === undefined) return `Coverage of ${counted(files, "file")}`;
  const days = span.first === span.last ? `on ${isoDay(span.first)}` : `${isoDay(span.first)} to ${isoDay(span.last)}`;
  return `Coverage of ${counted(files, "file")}: ${counted(products.length + moreProducts, "product")}, ${days}`;
}

/** Says what the chart leaves out, in one line each. */
function coverageNotes({ files, undated, cut, elsewhere, moreProducts }: Coverage): string[] {
  const notes: string[] = [];
  if (files === 0) notes.push("nothing found");
  if (cut > 0) notes.push(`${counted(cut, "file")} for a longer time: cut`);
  if (elsewhere > 0) notes.push(`${counted(elsewhere, "file")} for another time: not drawn`);
  if (undated > 0) notes.push(`${counted(undated, "file")} without a day: not drawn`);
  if (moreProducts > 0) notes.push(`${counted(moreProducts, "more product")}: filter() shows them`);
  return notes;
}

// The chart.

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

// The table with a strip for each product, for narrow pages.

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

// The chart as text.

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

// The summary of a result: a tile for each instrument and data level.

/** The number of files by instrument and level. */
export interface Counts {
  readonly files: number;
  readonly instruments: readonly string[];
  /** From raw packets up; unknown levels come last. */
  readonly levels: readonly string[];
  /** The number of instruments and levels that are not shown. */
  readonly more: number;
  /** Returns the number of files of an instrument and a level; of all instruments or levels if undefined. */
  readonly count: (of: { readonly instrument?: string | undefined; readonly level?: string }) => number;
}

/** The words of the chart, which are those of the text. */
interface Words {
  readonly title: string;
  /** The conditions of the query; empty if there are none. */
  readonly asked: string;
  /** The heading of the sums. */
  readonly all: string;
  /** Formats a number of files. */
  readonly countText: (count: number) => string;
}

/** From few files to many. */
const SHADES = ["shade1", "shade2", "shade3", "shade4", "shade5"] as const;
/** The shades that need the other color of text. */
const HIGH: ReadonlySet<string> = new Set(SHADES.slice(3));

const COLUMN = 58;
const ROW = 32;
const TILE_GAP = 1;
const HEADING = { size: 12 } as const;
const ROW_HEADING = { size: 12, isBold: true } as const;
/** The minimum width, for the title. */
const MIN_WIDTH = 480;

/** Makes the chart of the number of files by instrument and level. */
export function summaryChart(counts: Counts, words: Words): Chart {
  const { files, instruments, levels, count } = counts;
  const { title, asked, all } = words;
  const subtitle = [asked, ...(files === 0 ? ["nothing found"] : [])].filter((text) => text !== "").join(" · ");
  const left = CHART_PADDING + Math.max(...[all, ...instruments].map((text) => textPixels(text, ROW_HEADING))) + 8;
  const rows = instruments.map((instrument) => `${instrument} ${count({ instrument })}`);
  return {
    title,
    subtitle,
    description: files === 0 ? subtitle : `A row for each instrument, a column for each level: ${rows.join("; ")}`,
    width: Math.max(MIN_WIDTH, left + COLUMN * (levels.length + 1) + CHART_PADDING),
    height: files === 0 ? 0 : AXIS + ROW * (instruments.length + 1),
    legend: [],
    marks: files === 0 ? [] : summaryMarks(counts, words, left),
  };
}

/** Draws the cells of the chart with their numbers, and the sums in a separate row and column. */
function summaryMarks({ instruments, levels, count }: Counts, { all, countText }: Words, left: number): Mark[] {
  const most = Math.max(...instruments.flatMap((instrument) => levels.map((level) => count({ instrument, level }))));
  // The shade follows the square root of the count, so that small counts next to large ones remain visible.
  const shadeOf = colorScale({ type: "sqrt", domain: [0, most], colors: SHADES, isBanded: true });
  const middle = (column: number) => left + COLUMN * (column + 0.5);
  const number = (row: number, column: number, of: number, fill: Paint): Mark => {
    const y = AXIS + ROW * (row + 0.5);
    return { kind: "text", x: middle(column), y, text: countText(of), anchor: "middle", size: 12, fill };
  };
  const cells = instruments.flatMap((instrument, row) =>
    levels.flatMap((level, column): Mark[] => {
      const files = count({ instrument, level });
      const fill = files === 0 ? "track" : shadeOf(files) ?? "track";
      const [x, y] = [left + COLUMN * column + TILE_GAP, AXIS + ROW * row + TILE_GAP];
      const size = { width: COLUMN - 2 * TILE_GAP, height: ROW - 2 * TILE_GAP, radius: 3 };
      const text = files === 0 ? "quiet" : HIGH.has(fill) ? "onHigh" : "onLow";
      return [
        { kind: "rect", x, y, ...size, fill, tooltip: `${instrument} ${level}: ${files}` },
        number(row, column, files, text),
      ];
    })
  );
  const sums = [
    ...instruments.map((instrument, row) => number(row, levels.length, count({ instrument }), "quiet")),
    ...[...levels, undefined].map((level, column) =>
      number(instruments.length, column, count(level === undefined ? {} : { level }), "quiet")
    ),
  ];
  const headings = [
    ...[...levels, all].map((text, column): Mark => {
      return { kind: "text", x: middle(column), y: AXIS - 8, text, anchor: "middle", ...HEADING };
    }),
    ...[...instruments, all].map((text, row): Mark => {
      return { kind: "text", x: CHART_PADDING, y: AXIS + ROW * (row + 0.5), text, ...ROW_HEADING };
    }),
  ];
  return [...cells, ...sums, ...headings];
}
