import { RecordList } from "./record_list.ts";
import { type Mark, stripSvg } from "../display/chart.ts";
import type { HtmlTable } from "../display/html_table.ts";
import { dayNumber } from "../display/scales.ts";
import type { Column } from "../display/text_table.ts";
import { isCalendarDate } from "../names/calendar_date.ts";
import type { FileRecord } from "../protocol/rows.ts";
import type { QueryParameters, TableName } from "../protocol/tables.ts";
import { isGiven } from "../sdc/check_query.ts";
import { type DayRange, DayReader } from "../views/coverage.ts";
import { withHyphens } from "../views/records.ts";

/**
 * One product of a catalog.
 *
 * @category Find files
 */
export interface CatalogEntry {
  /** The instrument, for instance `mag`; null for SPICE files. */
  readonly instrument: string | null;
  /** The data level, for instance `l1a`; null for ancillary and SPICE files. */
  readonly data_level: string | null;
  /** The product's name; for SPICE files their type. */
  readonly descriptor: string;
  /** The number of files. Default: all minor versions of the newest major version; `major_version` selects others. */
  readonly files: number;
  /** The first day, `YYYYMMDD`, or null if the files have none. */
  readonly first_date: string | null;
  /** The last start date, `YYYYMMDD`, or null; for SPICE files without a start, the last end of their coverage. */
  readonly last_date: string | null;
}

/** Returns the day of a row: for a SPICE file the first day that it covers, or the last if it has no start. */
function dayOfRow({ start_date, min_date_datetime, max_date_datetime }: FileRecord): string | null {
  const moment = start_date ?? min_date_datetime ?? max_date_datetime;
  // `20260924`, or `2026-09-24, 00:00:00` of SPICE files.
  return typeof moment === "string" ? moment.slice(0, 10).replaceAll("-", "") : null;
}

function earlier(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && b < a) ? b : a;
}

function later(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && b > a) ? b : a;
}

/** The days of a product's files: for each first day, the last day of the longest file, counted from 1970-01-01. */
type ProductDays = ReadonlyMap<number, number>;

/** The days of products; what a catalog draws, but not part of its entries. */
const daysOf = new WeakMap<CatalogEntry, ProductDays>();

interface Growing {
  readonly entry: { -readonly [Key in keyof CatalogEntry]: CatalogEntry[Key] };
  readonly days: Map<number, number>;
}

/** Counts rows as they are received. Memory grows with the number of products and their days, not of files. */
export class CatalogCount {
  readonly #reader = new DayReader();
  readonly #products = new Map<string, Growing>();
  /** The number of rows counted so far. */
  rows = 0;

  /** Counts further rows. */
  add(rows: readonly FileRecord[]): void {
    this.rows += rows.length;
    for (const row of rows) {
      const { instrument = null, data_level = null } = row;
      const descriptor = String(row.kernel_type ?? row.descriptor ?? "");
      const key = JSON.stringify([instrument, data_level, descriptor]);
      const product = this.#products.get(key) ?? {
        entry: { instrument, data_level, descriptor, files: 0, first_date: null, last_date: null },
        days: new Map(),
      };
      this.#products.set(key, product);
      const { entry } = product;
      const day = dayOfRow(row);
      entry.files += 1;
      entry.first_date = earlier(entry.first_date, day);
      entry.last_date = later(entry.last_date, day);
      const range = this.#reader.rangeOf(row);
      if (range !== undefined) {
        product.days.set(range.first, Math.max(range.last, product.days.get(range.first) ?? range.first));
      }
    }
  }

  /**
   * The products, sorted by instrument, data level and descriptor.
   *
   * @param context `url`: the URL of the API, which the products in web pages link to. `table`: the table of the rows.
   */
  entries(context: CatalogContext = {}): RecordList<CatalogEntry> {
    const entries = [...this.#products].toSorted(([a], [b]) => a < b ? -1 : 1).map(([, { entry, days }]) => {
      daysOf.set(entry, days);
      return entry;
    });
    return RecordList.fromRecords(entries, (rows, isPage) => catalogTable(rows, { ...context, isPage }));
  }
}

/** What a table of products shows besides them. */
interface CatalogContext {
  readonly url?: string;
  readonly table?: TableName;
  /** Whether it is for a web page, where the last columns may be out of sight. Default: false. */
  readonly isPage?: boolean;
}

/** The number of bins of a product's strip, in text and in pages. */
const TEXT_BINS = 16;
const PAGE_BINS = 80;
/** The size of a strip in a page, in pixels. */
const STRIP = { width: 160, height: 10 } as const;

/** Makes a table of the products of a catalog, each with a strip of the days that have files. */
export function catalogTable(
  rows: readonly CatalogEntry[],
  { url, table = "science", isPage = false }: CatalogContext = {},
): HtmlTable<CatalogEntry> {
  const files = rows.reduce((sum, { files }) => sum + files, 0);
  const first = rows.reduce<string | null>((first, row) => earlier(first, row.first_date), null);
  const last = rows.reduce<string | null>((last, row) => later(last, row.last_date), null);
  const span = first === null || last === null || !isCalendarDate(first) || !isCalendarDate(last)
    ? undefined
    : { first: dayNumber(first), last: dayNumber(last) };
  const column = (
    header: string,
    text: (row: CatalogEntry) => string | null,
    more: Partial<Column<CatalogEntry>> = {},
  ): Column<CatalogEntry> => ({ header, align: "left", text: (row) => text(row) ?? "", ...more });
  const day = (text: (row: CatalogEntry) => string | null) => (row: CatalogEntry) => withHyphens(text(row) ?? "");
  const strip = span === undefined || !rows.some((row) => daysOf.has(row))
    ? []
    : [column("Coverage", (row) => stripText(binsOf(row, span, TEXT_BINS)), {
      markup: (row) => stripHtml(binsOf(row, span, PAGE_BINS), textOfDays(row, span)),
      yields: 2,
    })];
  return {
    title: `Found [${rows.length}] products with ${files} files`,
    columns: [
      column("Instrument", ({ instrument }) => instrument),
      column("Data Level", ({ data_level }) => data_level),
      column("Descriptor", ({ descriptor }) => descriptor, {
        ...(url === undefined ? {} : { link: (row) => productLink(url, table, row) }),
      }),
      ...(isPage ? strip : []),
      column("Files", ({ files }) => String(files), { align: "right" }),
      column("First Date", ({ first_date }) => first_date, {
        pageText: day(({ first_date }) => first_date),
        yields: 1,
      }),
      column("Last Date", ({ last_date }) => last_date, {
        pageText: day(({ last_date }) => last_date),
        yields: 0,
      }),
      ...(isPage ? [] : strip),
    ],
    rows,
    colors: ["newest", "track"],
  };
}

/** The address at which the API lists the files of a product. */
function productLink(url: string, table: TableName, { instrument, data_level, descriptor }: CatalogEntry): string {
  const conditions = table === "spice" ? { type: descriptor } : { table, instrument, data_level, descriptor };
  const given = Object.entries(conditions).filter(([name, value]) =>
    value !== null && !(name === "table" && value === "science")
  );
  return `${url}${table === "spice" ? "/spice-query" : "/query"}?${new URLSearchParams(
    given.map(([name, value]) => [name, String(value)]),
  )}`;
}

/** The share of days with files in each of at most `most` bins, from 0 to 1. */
function binsOf(row: CatalogEntry, { first, last }: DayRange, most: number): number[] {
  const days = last - first + 1;
  const size = days / Math.min(most, days);
  const covered = new Set<number>();
  for (const [from, to] of daysOf.get(row) ?? []) {
    for (let day = Math.max(from, first); day <= Math.min(to, last); day++) covered.add(day);
  }
  const counts = Array.from({ length: Math.min(most, days) }, () => 0);
  for (const day of covered) {
    const bin = Math.min(counts.length - 1, Math.floor((day - first) / size));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  // A bin of 1.5 days has one or two days.
  return counts.map((count) => Math.min(1, count / Math.floor(size)));
}

/** Draws a strip with block characters. */
function stripText(shares: readonly number[]): string {
  return shares.map((share) => share === 0 ? "·" : share === 1 ? "▀" : "▘").join("");
}

function textOfDays(row: CatalogEntry, span: DayRange): string {
  const days = binsOf(row, span, Infinity).filter((share) => share > 0).length;
  return `${days} of ${span.last - span.first + 1} days`;
}

/** Draws a strip as a small chart, with `title` as its tooltip and as what is left of it where charts are removed. */
function stripHtml(shares: readonly number[], title: string): string {
  const { width, height } = STRIP;
  const step = width / shares.length;
  const bars = shares.flatMap((share, index): Mark[] =>
    share === 0
      ? []
      : [{ kind: "rect", x: index * step, y: 0, width: step, height, fill: "newest", opacity: share === 1 ? 1 : 0.5 }]
  );
  const track: Mark = { kind: "rect", x: 0, y: 0, width, height, fill: "track" };
  const cover: Mark = { ...track, opacity: 0, tooltip: title };
  return stripSvg([track, ...bars, cover], { ...STRIP, label: title });
}

/** Matches all files: a query requires a condition, a catalog does not. */
const EVERYTHING: QueryParameters = { filename: "*" };

/** The query whose rows are counted. */
export function catalogQuery(parameters: QueryParameters): QueryParameters {
  // Untyped callers may pass anything: the query rejects it.
  if (typeof parameters !== "object" || parameters === null) return parameters;
  const given = Object.entries(parameters).filter(([name, value]) => isGiven(name, value));
  const names = given.map(([name]) => name);
  return names.some((name) => name !== "table" && name !== "version") ? parameters : { ...parameters, ...EVERYTHING };
}
