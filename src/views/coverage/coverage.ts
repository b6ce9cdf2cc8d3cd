import { dayNumber } from "../../display/time_ticks.ts";
import { isCalendarDate } from "../../names/calendar_date.ts";
import { compareVersions, isVersion, parseVersion } from "../../names/version.ts";
import type { FileRecord } from "../../protocol/file_record.ts";
import { rowLabel } from "../label.ts";
import { cell, versionOf } from "../records_table.ts";

/** The files of one version on one day. */
export interface DayCount {
  files: number;
  /** How many of them are in the data directory. */
  here: number;
}

/** What there is of one product: a line of the picture. */
export interface Product {
  readonly instrument: string;
  readonly level: string;
  readonly descriptor: string;
  /** The newest first. */
  readonly versions: readonly string[];
  /** By the number of the day, then by version. */
  readonly days: ReadonlyMap<number, ReadonlyMap<string, DayCount>>;
}

/** Which days have files, by product. */
export interface Coverage {
  readonly files: number;
  /** Files whose rows tell no day. */
  readonly undated: number;
  /** The first and the last day with files; undefined when there is none. */
  readonly span: { readonly first: number; readonly last: number } | undefined;
  /** By instrument, level and descriptor. */
  readonly products: readonly Product[];
  /** How many products there are beyond those. */
  readonly moreProducts: number;
}

/** A picture of more lines shows nothing any more. */
const MOST_PRODUCTS = 100;

function newestFirst(a: string, b: string): number {
  if (isVersion(a) && isVersion(b)) return compareVersions(parseVersion(b), parseVersion(a));
  // What is no version counts as older than all that are.
  return Number(isVersion(b)) - Number(isVersion(a)) || (a < b ? 1 : a > b ? -1 : 0);
}

interface Growing {
  readonly record: FileRecord;
  readonly versions: Set<string>;
  readonly days: Map<number, Map<string, DayCount>>;
}

/** The entry of a map, made when it is not there. */
function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

/** Counts files by product, day and version. `here` has the archive paths of what is in the data directory. */
export function coverageOf(records: readonly FileRecord[], here: ReadonlySet<string>): Coverage {
  const growing = new Map<string, Growing>();
  // Many files share few days.
  const dayNumbers = new Map<string, number | undefined>();
  let [undated, first, last] = [0, Infinity, -Infinity];
  for (const record of records) {
    const date = cell(record.start_date);
    const day = entry(dayNumbers, date, () => isCalendarDate(date) ? dayNumber(date) : undefined);
    if (day === undefined) {
      undated += 1;
      continue;
    }
    [first, last] = [Math.min(first, day), Math.max(last, day)];
    const key = JSON.stringify([record.instrument, record.data_level, record.descriptor]);
    const product = entry(growing, key, () => ({ record, versions: new Set<string>(), days: new Map() }));
    const version = versionOf(record);
    product.versions.add(version);
    const count = entry(entry(product.days, day, () => new Map()), version, () => ({ files: 0, here: 0 }));
    count.files += 1;
    if (here.has(record.file_path)) count.here += 1;
  }
  const keys = [...growing.keys()].sort();
  return {
    files: records.length,
    undated,
    span: last === -Infinity ? undefined : { first, last },
    products: keys.slice(0, MOST_PRODUCTS).flatMap((key) => {
      const product = growing.get(key);
      return product === undefined ? [] : [finished(product)];
    }),
    moreProducts: Math.max(0, keys.length - MOST_PRODUCTS),
  };
}

function finished({ record, versions, days }: Growing): Product {
  return {
    instrument: rowLabel.instrument(record),
    level: rowLabel.level(record),
    descriptor: rowLabel.descriptor(record),
    versions: [...versions].sort(newestFirst),
    days,
  };
}
