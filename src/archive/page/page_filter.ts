import { FILE_KINDS } from "../../names/file_name.ts";
import type { Catalogue } from "../catalogue.ts";
import { ANCILLARY_TABLE } from "../tables/ancillary_table.ts";
import type { ArchiveTable, Filter } from "../tables/archive_table.ts";
import { equals, fromDay, orAlways, toDay } from "../tables/filters.ts";
import { jsonRow } from "../tables/json_row.ts";
import { SCIENCE_TABLE } from "../tables/science_table.ts";
import { SPICE_TABLE } from "../tables/spice_table.ts";
import { conditionsOf } from "../tables/table_statement.ts";

/** What a reader of the front page looks for: texts, empty where nothing was chosen. */
export interface PageFilter {
  /** The kind of file. */
  readonly kind: string;
  /** For instance `mag`. */
  readonly instrument: string;
  /** For instance `l1a`. */
  readonly data_level: string;
  /** The product's name, whole. */
  readonly descriptor: string;
  /** The first day of the data, `2026-01-31` as browsers send it. */
  readonly from: string;
  /** The last day. */
  readonly to: string;
  /** Which page of the rows, from 1. */
  readonly page: number;
}

/** What was found. */
export interface FoundPage {
  /** JSON of the rows of this page. */
  readonly rows: string;
  /** How many there are on all pages. */
  readonly count: number;
  /** Which page it is, from 1. */
  readonly page: number;
  /** What cannot be read of the filter. */
  readonly problem: string | undefined;
}

/** How many rows a page has: as many as a table draws. */
export const PAGE_ROWS = 100;
/** Nobody turns more pages, and the last ones would take long to find. */
export const MOST_PAGES = 1_000;

/** Reads the filter from the page's address. */
export function readPageFilter(search: URLSearchParams): PageFilter {
  const text = (name: string) => (search.get(name) ?? "").trim().slice(0, 200);
  const page = /^\d{1,5}$/.test(text("page")) ? Number(text("page")) : 1;
  return {
    kind: text("kind") || "science",
    instrument: text("instrument"),
    data_level: text("data_level"),
    descriptor: text("descriptor"),
    from: text("from"),
    to: text("to"),
    page: Math.min(Math.max(page, 1), MOST_PAGES),
  };
}

/** Writes a filter as the page's address; the inverse of {@linkcode readPageFilter}. */
export function writePageFilter(filter: Partial<PageFilter>): string {
  const pairs = Object.entries(filter).filter(([name, value]) => value !== "" && !(name === "page" && value === 1));
  return `/?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}#files`;
}

/** The row of a kind that no query finds, in the words of the SDC's protocol. */
const OTHER_ROW = jsonRow([
  "file_path",
  "instrument",
  "data_level",
  "descriptor",
  "start_date",
  "version",
  "ingestion_date",
]);

const ROWS: ReadonlyMap<string, string> = new Map([
  ["science", SCIENCE_TABLE.row],
  ["ancillary", ANCILLARY_TABLE.row],
  ["spice", SPICE_TABLE.row],
]);

const WORDS = [
  ["kind", equals("table_name")],
  ["instrument", equals("instrument")],
  ["data_level", equals("data_level")],
  ["descriptor", equals("descriptor")],
] as const;

const ON_DAY: ReadonlyMap<string, Filter> = new Map([
  ...WORDS,
  ["from", fromDay("start_date")],
  ["to", toDay("start_date")],
]);
const LAST_DAY = "coalesce(end_date, start_date)";
/** Of files that are valid for some time: those that are at some time between the two days. */
const IN_SPAN: ReadonlyMap<string, Filter> = new Map([
  ...WORDS,
  ["from", orAlways(fromDay(LAST_DAY), LAST_DAY)],
  ["to", orAlways(toDay("start_date"), "start_date")],
]);

/** The table of a kind of file. */
function pageTable(kind: string): ArchiveTable {
  const filters = kind === "spice" || kind === "ancillary" ? IN_SPAN : ON_DAY;
  return { files: "1", row: ROWS.get(kind) ?? OTHER_ROW, sameFile: undefined, filters };
}

/** Finds a page of rows, the latest data first; the last page where there are fewer than asked for. */
export function findPage(catalogue: Catalogue, filter: PageFilter): FoundPage {
  const { page: asked, from, to, ...words } = filter;
  const texts = { ...words, from: from.replaceAll("-", ""), to: to.replaceAll("-", "") };
  const table = pageTable(filter.kind);
  const conditions = conditionsOf(table, new Map(Object.entries(texts).filter(([, text]) => text !== "")));
  if ("bad" in conditions) {
    const problem = `${conditions.bad === "from" ? from : to} is no day of the calendar`;
    return { rows: "[]", count: 0, page: 1, problem };
  }
  const { where, values } = conditions;
  const count = Number(catalogue.rows(`SELECT count(*) AS count FROM files WHERE ${where}`, values)[0]?.count);
  const page = Math.max(1, Math.min(asked, Math.ceil(count / PAGE_ROWS)));
  const sql =
    `SELECT ${table.row} AS row FROM files WHERE ${where} ORDER BY start_date DESC, file_path LIMIT ? OFFSET ?`;
  const statement = { sql, values: [...values, PAGE_ROWS, (page - 1) * PAGE_ROWS] };
  const problem = FILE_KINDS.some((kind) => kind === filter.kind) ? undefined : `${filter.kind} is no kind of file`;
  return { rows: catalogue.query(statement, null)?.toString() ?? "[]", count, page, problem };
}
