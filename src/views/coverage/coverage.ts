import { compareVersions, isVersion, parseVersion } from "../../names/version.ts";
import type { FileRecord } from "../../protocol/file_record.ts";
import { productOf, rowLabel } from "../label.ts";
import { versionOf } from "../records_table.ts";
import { type DayCount, DayCounter } from "./day_counts.ts";
import { type DayRange, DayReader } from "./day_range.ts";
import { shownDays } from "./shown_days.ts";

/** What there is of one product: a line of the picture. */
export interface Product {
  readonly instrument: string;
  readonly level: string;
  readonly descriptor: string;
  /** The newest first. */
  readonly versions: readonly string[];
  /** By the number of the day, then by version. */
  readonly days: ReadonlyMap<number, ReadonlyMap<string, Readonly<DayCount>>>;
}

/** Which days have files, by product. */
export interface Coverage {
  readonly files: number;
  /** Files whose rows tell no day. */
  readonly undated: number;
  /** Files that are for more days than are shown. */
  readonly cut: number;
  /** Files that are for none of the days that are shown. */
  readonly elsewhere: number;
  /** The first and the last day with files; undefined when there is none. */
  readonly span: DayRange | undefined;
  /** By instrument, level and descriptor. */
  readonly products: readonly Product[];
  /** How many products there are beyond those. */
  readonly moreProducts: number;
}

/** A picture of more lines shows nothing any more. */
export const MOST_PRODUCTS = 100;

/** Kernels have plain numbers for versions. */
const BY_NUMBER = new Intl.Collator("en", { numeric: true });

function newestFirst(a: string, b: string): number {
  if (isVersion(a) && isVersion(b)) return compareVersions(parseVersion(b), parseVersion(a));
  // What is no version counts as older than all that are.
  return Number(isVersion(b)) - Number(isVersion(a)) || BY_NUMBER.compare(b, a);
}

interface Growing {
  readonly record: FileRecord;
  readonly counter: DayCounter;
}

/** Counts files by product, day and version. `here` has the archive paths of what is in the data directory. */
export function coverageOf(records: readonly FileRecord[], here: ReadonlySet<string>): Coverage {
  const reader = new DayReader();
  const dated: Array<{ readonly record: FileRecord; readonly days: DayRange }> = [];
  for (const record of records) {
    const days = reader.rangeOf(record);
    if (days !== undefined) dated.push({ record, days });
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
    const product = growing.get(key) ?? { record, counter: new DayCounter() };
    growing.set(key, product);
    product.counter.add(days, span, versionOf(record), here.has(record.file_path));
  }
  const products = [...growing].sort(([a], [b]) => a < b ? -1 : 1).map(([, product]) => product);
  return {
    files: records.length,
    undated: records.length - dated.length,
    cut,
    elsewhere,
    span,
    products: products.slice(0, MOST_PRODUCTS).map(finished),
    moreProducts: Math.max(0, products.length - MOST_PRODUCTS),
  };
}

function finished({ record, counter }: Growing): Product {
  return {
    instrument: rowLabel.instrument(record),
    level: rowLabel.level(record),
    descriptor: rowLabel.descriptor(record),
    versions: counter.versions.sort(newestFirst),
    days: counter.counts(),
  };
}
