import type { QueryOptions } from "./options.ts";
import { readyQuery } from "./query.ts";
import { RecordList } from "./record_list.ts";
import { dayNumber, isoDay, type Mark, stripSvg } from "../display/chart.ts";
import type { Column, HtmlTable } from "../display/table.ts";
import type { Transport } from "../http/transport.ts";
import { closestWord, dateText, isCalendarDate, matchesGlob } from "../names/fields.ts";
import type { FileRecord, QueryParameters, TableName } from "../protocol/tables.ts";
import { isGiven } from "../sdc/plan_query.ts";
import { type DayRange, DayReader } from "../views/coverage.ts";
import { counted, withHyphens } from "../views/records.ts";

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
  /** The last start date, `YYYYMMDD`, or null; for SPICE files, the last day that they cover. */
  readonly last_date: string | null;
}

/** `20260924`, or `2026-09-24, 00:00:00` of SPICE files, as `20260924`. */
function dayIn(moment: unknown): string | null {
  return typeof moment === "string" ? moment.slice(0, 10).replaceAll("-", "") : null;
}

/** Returns the first and the last day of a row. A file that is not a SPICE file counts on its first day. */
function daysOfRow({ start_date, min_date_datetime, max_date_datetime }: FileRecord) {
  const first = dayIn(start_date ?? min_date_datetime ?? max_date_datetime);
  return { first, last: dayIn(max_date_datetime) ?? first };
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
      const { first, last } = daysOfRow(row);
      entry.files += 1;
      entry.first_date = earlier(entry.first_date, first);
      entry.last_date = later(entry.last_date, last);
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
/** The least width of a mark in a strip, and of a mark that can be paler than others, in pixels. */
const [MIN_MARK, MIN_PALE] = [3, 6];

/**
 * Returns the first and the last day on which files start. Kernels without a time of their own are valid for more than a
 * century, in which all other days would be too narrow to see.
 */
function spanOf(rows: readonly CatalogEntry[]): DayRange | undefined {
  let [first, last] = [Infinity, -Infinity];
  for (const row of rows) {
    const named = [row.first_date, row.last_date].filter((day) => day !== null);
    if (!named.every((day) => isCalendarDate(day))) return undefined;
    const days = daysOf.get(row)?.keys() ?? named.map(dayNumber);
    for (const day of days) [first, last] = [Math.min(first, day), Math.max(last, day)];
  }
  return first > last ? undefined : { first, last };
}

/** Makes a table of the products of a catalog, each with a strip of the days that have files. */
export function catalogTable(
  rows: readonly CatalogEntry[],
  { url, table = "science", isPage = false }: CatalogContext = {},
): HtmlTable<CatalogEntry> {
  const files = rows.reduce((sum, { files }) => sum + files, 0);
  const span = spanOf(rows);
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
    title: isPage
      ? `${counted(rows.length, "product")} with ${counted(files, "file")}`
      : `Found [${rows.length}] product${rows.length === 1 ? "" : "s"} with ${counted(files, "file")}`,
    ...(span === undefined ? {} : { subtitle: `${isoDay(span.first)} to ${isoDay(span.last)}` }),
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
    share === 0 ? [] : [{
      kind: "rect",
      // A single day in many years must not be overlooked.
      x: Math.min(index * step, width - MIN_MARK),
      y: 0,
      width: Math.max(step, MIN_MARK),
      height,
      fill: "newest",
      opacity: share === 1 || step < MIN_PALE ? 1 : 0.5,
    }]
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

/** The limits of the query that says what there is in place of what was not found. */
export const MAX_HINT_MS = 5_000;
const MAX_HINT_ROWS = 20_000;

/** Counts products for a display: for a few seconds, and up to a number of files. */
export async function countProducts(
  transport: Transport,
  parameters: QueryParameters,
  options: QueryOptions = { signal: AbortSignal.timeout(MAX_HINT_MS) },
): ReturnType<CountProducts> {
  const count = new CatalogCount();
  const query = readyQuery(catalogQuery(parameters), options);
  let isComplete = true;
  for await (const rows of query.chunks(transport)) {
    count.add(rows);
    isComplete = count.rows < MAX_HINT_ROWS;
    if (!isComplete) break;
  }
  return { products: count.entries(), isComplete };
}

/** Counts the products that meet conditions, or those of the first rows of a large response. */
export type CountProducts = (parameters: QueryParameters) => Promise<{
  readonly products: readonly CatalogEntry[];
  /** Whether all files were counted. */
  readonly isComplete: boolean;
}>;

/** The maximum number of names in a sentence. */
const MAX_NAMES = 8;

/** A condition of a query that names something a product has. */
interface NameCondition {
  readonly parameter: "instrument" | "data_level" | "type" | "descriptor";
  readonly values: readonly string[];
  readonly nameOf: (product: CatalogEntry) => string;
}

function valuesOf(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((item) => typeof item === "string" && item !== "").map(String);
}

/** The conditions by name of a query, from the most general to the most specific. */
function nameConditions(table: TableName, asked: QueryParameters): NameCondition[] {
  const conditions: NameCondition[] = table === "spice"
    ? [{ parameter: "type", values: valuesOf(asked.type), nameOf: ({ descriptor }) => descriptor }]
    : [
      { parameter: "instrument", values: valuesOf(asked.instrument), nameOf: ({ instrument }) => instrument ?? "" },
      { parameter: "data_level", values: valuesOf(asked.data_level), nameOf: ({ data_level }) => data_level ?? "" },
      { parameter: "descriptor", values: valuesOf(asked.descriptor), nameOf: ({ descriptor }) => descriptor },
    ];
  return conditions.filter(({ values }) => values.length > 0);
}

/**
 * The query that is asked instead: with the instrument as its only condition, with the days if there is no instrument, or
 * without conditions. Undefined if no query helps, because the one that found nothing was as general.
 */
function generalQuery(table: TableName, asked: QueryParameters): QueryParameters | undefined {
  const { instrument, start_date, end_date, filename } = asked;
  if (filename !== undefined) return undefined;
  const days = { ...(start_date === undefined ? {} : { start_date }), ...(end_date === undefined ? {} : { end_date }) };
  const general = table === "spice" ? {} : instrument === undefined ? days : { instrument };
  const given = Object.entries(asked).filter(([name, value]) => name !== "table" && value !== undefined);
  if (given.length > Object.keys(general).length) return { table, ...general };
  // There is nothing of an instrument at all: which ones are there?
  return instrument === undefined || table === "spice" ? undefined : { table };
}

/** `l1a (40), l1b (40)`: names with the number of files of each; those that are close to the given name come first. */
function listed(products: readonly CatalogEntry[], { nameOf, values }: NameCondition): string {
  const files = new Map<string, number>();
  for (const product of products) files.set(nameOf(product), (files.get(nameOf(product)) ?? 0) + product.files);
  const names = [...files.keys()].filter((name) => name !== "").sort();
  const closest = values.flatMap((value) => closestWord(value, names) ?? []);
  const ordered = [...new Set([...closest, ...names])];
  const shown = ordered.slice(0, MAX_NAMES).map((name) => `${name} (${files.get(name)})`);
  const more = ordered.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Describes the conditions that the query has besides those by name. */
function otherConditions(asked: QueryParameters, names: readonly NameCondition[]): string {
  const known = new Set<string>(["table", ...names.map(({ parameter }) => parameter)]);
  return Object.entries(asked).filter(([name, value]) => !known.has(name) && value !== undefined)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join("|") : dateText(value)}`).join(", ");
}

/** Describes products that meet all conditions by name: how many files they have, and from when. */
function described(products: readonly CatalogEntry[]): string {
  const files = products.reduce((sum, product) => sum + product.files, 0);
  const days = products.flatMap(({ first_date, last_date }) => [first_date, last_date]).filter((day) => day !== null)
    .sort();
  const [first, last] = [days[0], days.at(-1)];
  return `has ${counted(files, "file")}${
    first === undefined || last === undefined ? "" : `, ${withHyphens(first)} to ${withHyphens(last)}`
  }`;
}

/**
 * Says what there is in place of what a query did not find: `mag has l1a (40), l1b (40)`. It sends one query, with fewer
 * conditions.
 *
 * @returns Empty if that query would not help, fails, or finds nothing either.
 */
export async function whatThereIs(table: TableName, asked: QueryParameters, count: CountProducts): Promise<string> {
  // A display must not fail because of a hint.
  return await sentenceOf(table, asked, count).catch(() => "");
}

async function sentenceOf(table: TableName, asked: QueryParameters, count: CountProducts): Promise<string> {
  const general = generalQuery(table, asked);
  if (general === undefined) return "";
  const { products, isComplete } = await count(general);
  if (products.length === 0) return "";
  const atLeast = isComplete ? "" : " (of the first files that the archive lists)";
  const conditions = nameConditions(table, asked);
  let kept = products;
  let subject = general.start_date === undefined && general.end_date === undefined
    ? "the archive"
    : "the archive, for these days,";
  const names: string[] = [];
  for (const condition of conditions) {
    const { values, nameOf, parameter } = condition;
    const next = kept.filter((product) =>
      values.some((value) => matchesGlob(nameOf(product).toLowerCase(), value.toLowerCase()) || value === "kernels")
    );
    if (next.length === 0) return `${subject} has ${listed(kept, condition)}${atLeast}`;
    kept = next;
    names.push(parameter === "type" ? `SPICE files of type ${values.join("|")}` : values.join("|"));
    subject = names.join(" ");
  }
  const others = otherConditions(asked, conditions);
  if (others === "" || names.length === 0) return "";
  return `${subject} ${described(kept)}${atLeast}; none meets ${others}`;
}
