import { dayNumber, isoDay } from "../display/scales.ts";
import { isCalendarDate } from "../names/calendar_date.ts";
import { compareVersions, isVersion, parseVersion } from "../names/version.ts";
import type { FileRecord } from "../protocol/rows.ts";
import { counted, productOf, rowLabel, valueAt, versionOf } from "./records.ts";

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

/** What a row of the chart is about. */
export interface ProductName {
  readonly instrument: string;
  readonly level: string;
  readonly descriptor: string;
}

/** The files of a product that have no days, such as SPICE kernels that are valid at any time. */
export interface UndatedProduct extends ProductName {
  readonly files: number;
  /** The number of files in the data directory. */
  readonly here: number;
  /** From the newest to the oldest. */
  readonly versions: readonly string[];
  /** Whether they are SPICE files: a kernel without coverage is valid at any time. */
  readonly isSpice: boolean;
}

/** The files of a product: a row of the chart. */
export interface Product extends ProductName {
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
    product.versions.add(versionOf(record));
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
    product.counter.add(days, span, versionOf(record), here.has(record.file_path));
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

/** Time divided into bins of equal length, from the first day to the last. */
export interface Bins {
  readonly first: number;
  readonly last: number;
  /** The number of days in a bin. */
  readonly days: number;
}

/** The files of a product in one bin. */
export interface Cell {
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
export function binsOf({ first, last }: { readonly first: number; readonly last: number }, most: number): Bins {
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
export function cellsOf(product: Product, bins: Bins, only?: string): Map<number, Cell> {
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
export interface Run {
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
export function dayTotals(product: Product): DayTotals {
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
export function versionRange(versions: readonly string[]): string {
  const [newest, oldest] = [rowLabel.version(versions[0]), rowLabel.version(versions.at(-1))];
  return versions.length === 1 ? newest : `${oldest} to ${newest}`;
}

/** Says what the chart shows, in a line. */
export function coverageTitle({ files, span, products, moreProducts }: Coverage): string {
  if (span === undefined) return `Coverage of ${counted(files, "file")}`;
  const days = span.first === span.last ? `on ${isoDay(span.first)}` : `${isoDay(span.first)} to ${isoDay(span.last)}`;
  return `Coverage of ${counted(files, "file")}: ${counted(products.length + moreProducts, "product")}, ${days}`;
}

/** Says what the chart leaves out, in one line each. */
export function coverageNotes({ files, undated, cut, elsewhere, moreProducts }: Coverage): string[] {
  const notes: string[] = [];
  if (files === 0) notes.push("nothing found");
  if (cut > 0) notes.push(`${counted(cut, "file")} for a longer time: cut`);
  if (elsewhere > 0) notes.push(`${counted(elsewhere, "file")} for another time: not drawn`);
  if (undated > 0) notes.push(`${counted(undated, "file")} without a day: not drawn`);
  if (moreProducts > 0) notes.push(`${counted(moreProducts, "more product")}: filter() shows them`);
  return notes;
}
