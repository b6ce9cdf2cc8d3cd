import type { Access, Sight } from "./access.ts";
import { type Catalog, IS_PUBLIC, PerRevision, type Row } from "./catalog.ts";
import { type Column, escapeHtml, htmlTable, type Table } from "../display/table.ts";
import { isCalendarDate, isGlob, isOneOf, matchesGlob } from "../names/fields.ts";
import { FILE_KINDS } from "../names/file_name.ts";
import { decodeFileRecords, downloadRoute, type FileRecord, TABLES } from "../protocol/tables.ts";
import { printable } from "../errors.ts";
import type { Coverage } from "../views/coverage.ts";
import { recordsTable } from "../views/records.ts";
import { delay } from "@std/async";
import { createHash } from "node:crypto";

/**
 * The headers of every response to a browser: no caching without revalidation, no content sniffing, no framing, no
 * referrer.
 */
export const CAREFUL = {
  "cache-control": "private, no-cache",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "vary": "accept, authorization",
};
/** The Content-Security-Policy of a chart that is opened directly: it allows only style attributes. */
const CHART_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/** The path at which a browser is prompted for the key, to see unreleased files. */
export const SIGN_IN_PATH = "/sign-in";

/** The path of the pages of files: the path of a file in the archive follows it. */
export const FILE_PREFIX = "/files/";

/** The path of the page that shows what is in a file. */
export function fileRoute(archivePath: string): string {
  return FILE_PREFIX + archivePath.split("/").map(encodeURIComponent).join("/");
}

/** Whether a request is for the page, its chart, or signing in. Programs get the page only as `/index.html`. */
export function isPageRequest(method: string, { pathname }: URL, headers: Headers): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  if (["/index.html", "/coverage.svg", SIGN_IN_PATH].includes(pathname)) return true;
  return pathname === "/" && (headers.get("accept") ?? "").includes("text/html");
}

/**
 * The web page at the URL of the archive: HTML without scripts or external resources. Without the key, a public archive
 * shows only released files, and an archive with a key shows nothing.
 */
export class WebPage {
  readonly #catalog: Catalog;
  readonly #access: Access;
  readonly #summary = new PerRevision<Promise<ArchiveSummary>>(SIGHTS);
  readonly #coverage = new PerRevision<Promise<string>>(SIGHTS);
  /** The size of the last chart, as attributes: with it, the page does not move when the chart is loaded. */
  #chartSize = `width="860" height="400"`;

  /** Whether the archive serves HAPI. */
  readonly #hasHapi: boolean;

  /** Creates the page of an archive. */
  constructor(catalog: Catalog, access: Access, { hapi = true }: { readonly hapi?: boolean | undefined } = {}) {
    this.#catalog = catalog;
    this.#access = access;
    this.#hasHapi = hapi;
  }

  /** Responds to a request for which {@linkcode isPageRequest} returns true. */
  async answer(url: URL, headers: Headers): Promise<Response> {
    const isSigningIn = url.pathname === SIGN_IN_PATH;
    const sight = this.#access.sightOf(headers);
    if (sight === undefined || (isSigningIn && sight !== "all")) return askForKey();
    if (isSigningIn) return new Response(null, { status: 302, headers: { ...CAREFUL, location: "/" } });
    return url.pathname === "/coverage.svg" ? await this.#chart(sight) : await this.#page(url, sight);
  }

  async #page(url: URL, sight: Sight): Promise<Response> {
    const catalog = this.#catalog;
    const filter = readPageFilter(url.searchParams);
    const product = this.#hasHapi ? productOf(filter) : undefined;
    const revision = await catalog.revision();
    const summarizing = keep(this.#summary, { revision, sight }, () => summarize(catalog, VISIBLE[sight]));
    const [summary, found, hapi] = await Promise.all([
      summarizing,
      findPage(catalog, filter, VISIBLE[sight]),
      product === undefined ? [] : hapiDetails(catalog, product, { origin: url.origin, sight }),
    ]);
    return pageResponse(pageHtml({
      origin: url.origin,
      hapi,
      summary,
      filter,
      isSearch: [...FIELDS, "sort", "page"].some((name) => url.searchParams.has(name)),
      found,
      revision,
      chartSize: this.#chartSize,
      sight,
    }));
  }

  async #chart(sight: Sight): Promise<Response> {
    const revision = await this.#catalog.revision();
    const svg = await keep(this.#coverage, { revision, sight }, () => drawCoverage(this.#catalog, VISIBLE[sight]));
    const headers = { ...CAREFUL, "content-type": "image/svg+xml", "content-security-policy": CHART_POLICY };
    this.#chartSize = /^<svg [^>]*?(width="\d+" height="\d+")/.exec(svg)?.[1] ?? this.#chartSize;
    return new Response(svg, { headers });
  }
}

/** Returns the result for this revision, or computes it once for all waiting requests. After a failure, it is computed again. */
async function keep<Value>(
  known: PerRevision<Promise<Value>>,
  { revision, sight }: { readonly revision: string; readonly sight: Sight },
  make: () => Promise<Value>,
): Promise<Value> {
  let making = known.get(revision, sight);
  if (making === undefined) {
    const started = making = make();
    known.set(revision, sight, started);
    started.catch(() => known.drop(sight, started));
  }
  return await making;
}

/** Responds to a browser that has not sent the key: the browser asks for it. */
export function askForKey(): Response {
  return new Response("The archive requires its key as the password", {
    status: 401,
    headers: { ...CAREFUL, "www-authenticate": `Basic realm="IMAP archive: the key is the password"` },
  });
}

/**
 * Matches the text of a style element or the value of a style attribute. Both are written only by the page, since all
 * other text is escaped.
 */
const STYLES = /<style>([^<]*)<\/style>|\sstyle="([^"]*)"/g;

function hashOf(style: string): string {
  return `'sha256-${createHash("sha256").update(style).digest("base64")}'`;
}

/**
 * Returns the Content-Security-Policy of a page without scripts: no external resources, and only the page's own styles,
 * each allowed by its hash (CSP level 3; `unsafe-hashes` also allows style attributes).
 */
function contentPolicy(html: string): string {
  const styles = new Set([...html.matchAll(STYLES)].map(([, element, attribute]) => element ?? attribute ?? ""));
  return [
    "default-src 'none'",
    `style-src 'unsafe-hashes' ${[...styles].map(hashOf).join(" ")}`,
    "img-src 'self' data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function pageResponse(html: string, status = 200): Response {
  return new Response(html, {
    status,
    headers: {
      ...CAREFUL,
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": contentPolicy(html),
    },
  });
}

/** Responds with a page that looks like the front page. `title` is a text, and `body` HTML. */
export function htmlPage(
  { title, body, status }: { readonly title: string; readonly body: readonly string[]; readonly status: number },
): Response {
  return pageResponse(
    [
      ...headHtml(title),
      `<header><p class="quiet"><a href="/">IMAP archive</a></p><h1>${html(title)}</h1></header>`,
      `<main>`,
      ...body,
      `</main>`,
      `</body>`,
      `</html>`,
      ``,
    ].join("\n"),
    status,
  );
}

/** The SQL condition for the files that a visitor sees. */
export const VISIBLE: Readonly<Record<Sight, string>> = {
  all: "1 = 1",
  released: IS_PUBLIC,
};
/** How many kinds of visitors there are. */
const SIGHTS = 2;

/** The filter of the list of files, as the form sends it; fields without a choice are empty. */
interface PageFilter {
  /** The kind of file. */
  readonly kind: string;
  /** For instance `mag`. */
  readonly instrument: string;
  /** For instance `l1a`. */
  readonly data_level: string;
  /** A descriptor or a pattern such as `norm*`; several are separated by commas. */
  readonly descriptor: string;
  /** The first day of the data, `2026-01-31` as browsers send it. */
  readonly from: string;
  /** The last day. */
  readonly to: string;
  /** `yes` or `no`. */
  readonly released: string;
  /** The column to sort by, `-start_date` for descending order. */
  readonly sort: string;
  /** The page of the list, from 1. */
  readonly page: number;
}

/** The fields of the form. `page` and `sort` are not among them, since a new search starts at the first page. */
const FIELDS = ["kind", "instrument", "data_level", "descriptor", "from", "to", "released"] as const;
type Field = typeof FIELDS[number];
/** The fields that are compared with a column. Descriptors can be patterns. */
type ComparedField = Exclude<Field, "descriptor">;

function isCompared(field: Field): field is ComparedField {
  return field !== "descriptor";
}

/** A page of the list of files. */
interface FoundPage {
  readonly rows: readonly FileRecord[];
  /** The number of files on all pages. */
  readonly count: number;
  /** The number of the page, from 1. */
  readonly page: number;
  /** The problems of the filter. */
  readonly problem: string | undefined;
}

/** The number of rows per page: the maximum that a table draws without hiding rows. */
const PAGE_ROWS = 100;
/** The maximum number of pages: nobody visits more, and finding the last ones would take too long. */
const MAX_PAGES = 1_000;

/** Parses the filter from the URL of the page. */
function readPageFilter(search: URLSearchParams): PageFilter {
  const text = (name: string) => (search.get(name) ?? "").trim().slice(0, 200);
  const page = /^\d{1,5}$/.test(text("page")) ? Number(text("page")) : 1;
  return {
    kind: text("kind") || "science",
    instrument: text("instrument"),
    data_level: text("data_level"),
    descriptor: text("descriptor"),
    from: text("from"),
    to: text("to"),
    released: ["yes", "no"].find((value) => value === text("released")) ?? "",
    sort: isSortable(text("sort").replace("-", "")) ? text("sort") : USUAL_SORT,
    page: Math.min(Math.max(page, 1), MAX_PAGES),
  };
}

/** Formats a filter as the URL of the page; the inverse of {@linkcode readPageFilter}. */
function writePageFilter(filter: Partial<PageFilter>): string {
  const isUsual = (name: string, value: unknown) =>
    value === "" || (name === "page" && value === 1) || (name === "sort" && value === USUAL_SORT);
  const pairs = Object.entries(filter).filter(([name, value]) => !isUsual(name, value));
  return `/?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}#files`;
}

/** The columns of science and quicklook files. */
const SCIENCE_COLUMNS = [
  ...["file_path", "instrument", "data_level", "descriptor", "start_date", "repointing", "version"],
  ...["cr", "extension", "ingestion_date", "released"],
];

/** The columns of each kind of file that its table shows. */
const COLUMNS: ReadonlyMap<string, readonly string[]> = new Map([
  ["science", SCIENCE_COLUMNS],
  ["quicklook", SCIENCE_COLUMNS],
  [
    "ancillary",
    [
      ...["file_path", "instrument", "descriptor", "start_date", "end_date", "version", "extension", "ingestion_date"],
      "released",
    ],
  ],
  ["spice", ["file_path", "kernel_type", "version", "ingestion_date", "start_date", "end_date"]],
]);
/** The columns of all other kinds. */
const OTHER_COLUMNS = [
  ...["file_path", "instrument", "data_level", "descriptor", "start_date", "version", "ingestion_date"],
];

/** Converts a row to that of a query for its kind. */
function recordOf({ released, start_date, end_date, ...row }: Row, kind: string): object {
  if (kind === "spice") {
    const days = { min_date_datetime: moment(start_date, "00:00:00"), max_date_datetime: moment(end_date, "23:59:59") };
    return { ...row, ...days };
  }
  return {
    ...row,
    ...(start_date === undefined ? {} : { start_date }),
    ...(end_date === undefined ? {} : { end_date }),
    ...(released === undefined ? {} : { released: released === 1 }),
  };
}

/** Formats a day and a time as in the rows of SPICE files, `2024-07-09, 15:42:23`; null without a day. */
function moment(day: unknown, time: string): string | null {
  return typeof day === "string" ? `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}, ${time}` : null;
}

/** What the list can be sorted by: the headers, and the columns of the catalog. */
const SORTS = {
  file_path: { header: "Filename", columns: ["file_path"] },
  instrument: { header: "Instrument", columns: ["instrument"] },
  data_level: { header: "Data Level", columns: ["data_level"] },
  descriptor: { header: "Descriptor", columns: ["descriptor"] },
  kernel_type: { header: "Kernel Type", columns: ["kernel_type"] },
  start_date: { header: "Start Date", columns: ["start_date"] },
  end_date: { header: "End Date", columns: ["end_date"] },
  repointing: { header: "Repointing", columns: ["repointing"] },
  version: { header: "Version", columns: ["major_version", "minor_version", "version"] },
  ingestion_date: { header: "Ingestion Date", columns: ["ingestion_date"] },
} as const satisfies Readonly<Record<string, { readonly header: string; readonly columns: readonly string[] }>>;
type SortKey = keyof typeof SORTS;

/** The headers of columns that sort like another one. */
const SAME_SORT: ReadonlyMap<string, SortKey> = new Map([["Min Date", "start_date"], ["Max Date", "end_date"]]);

/** The order of a list that the visitor has not sorted: latest data first. */
const USUAL_SORT = "-start_date";

function isSortable(name: string): name is SortKey {
  return Object.hasOwn(SORTS, name);
}

/** Parses a sort order. */
function readSort(sort: string): { readonly key: SortKey; readonly isDescending: boolean } {
  const key = sort.replace("-", "");
  return { key: isSortable(key) ? key : "start_date", isDescending: sort.startsWith("-") };
}

/** Returns SQL for a sort order; files that are equal in it are sorted by path. */
function orderBy(sort: string): string {
  const { key, isDescending } = readSort(sort);
  // As SQLite sorts without these words: a missing value is less than all others.
  const direction = isDescending ? "DESC NULLS LAST" : "NULLS FIRST";
  const sorted = SORTS[key].columns.map((column) => `${column} ${direction}`).join(", ");
  return `${sorted}${key === "file_path" ? "" : ", file_path"}`;
}

/** The links that sort a list, for the columns that it can be sorted by. A second click reverses the order. */
function sortLinks(
  header: string,
  filter: PageFilter,
  origin: string,
): Pick<Column<FileRecord>, "sortLink" | "sorted"> {
  const key = SAME_SORT.get(header) ??
    Object.keys(SORTS).filter(isSortable).find((key) => SORTS[key].header === header);
  if (key === undefined) return {};
  const { key: current, isDescending } = readSort(filter.sort);
  const isCurrent = key === current && !(header === "Max Date" && current === "start_date");
  const next = isCurrent && !isDescending ? `-${key}` : key;
  const sortLink = origin + writePageFilter({ ...filter, sort: next, page: 1 });
  return isCurrent ? { sortLink, sorted: isDescending ? "descending" : "ascending" } : { sortLink };
}

const LAST_DAY = "coalesce(end_date, start_date)";

/** SQL for each field of the form, with a question mark. The days are compared with the start date. */
const FILTERS = {
  kind: "table_name = ?",
  instrument: "instrument = ?",
  data_level: "data_level = ?",
  from: "start_date >= ?",
  to: "start_date <= ?",
  released: "released = ?",
} as const satisfies Readonly<Record<ComparedField, string>>;

/** Splits a list of descriptors, as the command line does. */
function namesOf(descriptor: string): string[] {
  return descriptor.split(",").map((name) => name.trim()).filter((name) => name !== "");
}

/** Returns the descriptors of files of a kind that a list of descriptors and patterns names. */
async function descriptorsOf(catalog: Catalog, names: readonly string[], kind: string): Promise<string[]> {
  const patterns = names.filter(isGlob);
  const plain = names.filter((name) => !isGlob(name));
  if (patterns.length === 0) return plain;
  // Databases have different patterns. There are few descriptors, and an index has them.
  const sql = "SELECT DISTINCT descriptor FROM files WHERE table_name = ? AND descriptor IS NOT NULL";
  const known = (await catalog.rows(sql, [kind])).map(({ descriptor }) => String(descriptor));
  return [...plain, ...known.filter((descriptor) => patterns.some((pattern) => matchesGlob(descriptor, pattern)))];
}

/** SQL for the days of files with a validity: they must be valid on one of the days. */
const SPAN_FILTERS = {
  ...FILTERS,
  from: `(${LAST_DAY} >= ? OR ${LAST_DAY} IS NULL)`,
  to: "(start_date <= ? OR start_date IS NULL)",
} as const satisfies Readonly<Record<ComparedField, string>>;

/** Finds a page of files, latest data first; returns the last page if there are fewer pages. */
async function findPage(catalog: Catalog, filter: PageFilter, visible: string): Promise<FoundPage> {
  const { page: asked, sort, from, to, kind, descriptor, released, ...words } = filter;
  const badDay = [from, to].find((day) => day !== "" && !isCalendarDate(day.replaceAll("-", "")));
  if (badDay !== undefined) {
    return { rows: [], count: 0, page: 1, problem: `${badDay} is not a day of the calendar` };
  }
  const filters = kind === "spice" || kind === "ancillary" ? SPAN_FILTERS : FILTERS;
  const given: Record<ComparedField, string | number> = {
    kind,
    ...words,
    released: released === "" ? "" : Number(released === "yes"),
    from: from.replaceAll("-", ""),
    to: to.replaceAll("-", ""),
  };
  const fields = FIELDS.filter(isCompared).filter((field) => given[field] !== "");
  const names = namesOf(descriptor);
  const descriptors = await descriptorsOf(catalog, names, kind);
  const isNamed = names.length === 0 ? [] : [`descriptor IN (${descriptors.map(() => "?").join(", ") || "NULL"})`];
  const where = [...fields.map((field) => filters[field]), ...isNamed, visible].join(" AND ");
  const values = [...fields.map((field) => given[field]), ...descriptors];
  const [counted] = await catalog.rows(`SELECT count(*) AS count FROM files WHERE ${where}`, values);
  const count = Number(counted?.count);
  const page = Math.max(1, Math.min(asked, Math.ceil(count / PAGE_ROWS)));
  const sql = `SELECT ${(COLUMNS.get(kind) ?? OTHER_COLUMNS).join(", ")} FROM files WHERE ${where}
    ORDER BY ${orderBy(sort)} LIMIT ? OFFSET ?`;
  const found = await catalog.rows(sql, [...values, PAGE_ROWS, (page - 1) * PAGE_ROWS]);
  const problem = isOneOf(FILE_KINDS, kind) ? undefined : `${kind} is not a kind of file`;
  return { rows: decodeFileRecords(found.map((row) => recordOf(row, kind))), count, page, problem };
}

/** Statistics of the archive. */
interface ArchiveSummary {
  /** The number of files of each kind, the most frequent kind first. */
  readonly kinds: readonly { readonly name: string; readonly files: number }[];
  /** The number of science files of each instrument and data level. */
  readonly products: readonly ProductCount[];
  /** Descriptors to choose from, up to a limit. */
  readonly descriptors: readonly string[];
  /** The newest files. */
  readonly newest: readonly FileRecord[];
  /** Whether science files have several major versions, of which a query finds only the newest unless it asks for all. */
  readonly hasMajors: boolean;
}

/** The number of science files of an instrument and data level. */
interface ProductCount {
  /** For instance `mag`. */
  readonly instrument: string;
  /** For instance `l1a`. */
  readonly level: string;
  /** The number of files. */
  readonly files: number;
}

/** The number of files that are shown as the newest. */
const NEWEST = 10;
const MAX_DESCRIPTORS = 500;

/** Counts the files of the archive. Unless files are hidden, each count is read only from an index. */
async function summarize(catalog: Catalog, visible: string): Promise<ArchiveSummary> {
  const kinds = await catalog.rows(`SELECT table_name AS name, count(*) AS count FROM files WHERE ${visible}
    GROUP BY table_name ORDER BY count(*) DESC, table_name`);
  const products = await catalog.rows(`SELECT instrument, data_level, count(*) AS count FROM files
    WHERE table_name = 'science' AND ${visible} GROUP BY instrument, data_level ORDER BY instrument, data_level`);
  const descriptors = await catalog.rows(
    `SELECT DISTINCT descriptor FROM files WHERE table_name = 'science' AND ${visible} ORDER BY descriptor LIMIT ?`,
    [MAX_DESCRIPTORS],
  );
  // An index finds the newest files of each kind, which include the newest files overall.
  const newestOfEach = FILE_KINDS.map((kind, index) =>
    `SELECT * FROM (SELECT file_path, table_name, ingestion_date FROM files WHERE table_name = '${kind}' AND ${visible}
      ORDER BY ingestion_date DESC, file_path LIMIT ${NEWEST}) AS newest_${index}`
  ).join(" UNION ALL ");
  const newest = await catalog.rows(`SELECT file_path, ingestion_date, table_name AS kind
    FROM (${newestOfEach}) AS newest ORDER BY ingestion_date DESC, file_path LIMIT ${NEWEST}`);
  const majors = await catalog.rows(
    "SELECT 1 AS found FROM files WHERE table_name = 'science' AND major_version > 1 LIMIT 1",
  );
  return {
    kinds: kinds.map(({ name, count }) => ({ name: String(name), files: Number(count) })),
    products: products.map(({ instrument, data_level, count }) => ({
      instrument: String(instrument),
      level: String(data_level),
      files: Number(count),
    })),
    descriptors: descriptors.map(({ descriptor }) => String(descriptor)),
    newest: decodeFileRecords(newest),
    hasMajors: majors.length > 0,
  };
}

const NO_COVERAGE: Coverage = {
  files: 0,
  here: 0,
  undated: 0,
  undatedProducts: [],
  cut: 0,
  elsewhere: 0,
  span: undefined,
  products: [],
  moreProducts: 0,
};

function joinSpans(a: Coverage["span"], b: Coverage["span"]): Coverage["span"] {
  if (a === undefined || b === undefined) return a ?? b;
  return { first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}

/** Joins the coverage of two disjoint sets of products, up to `max` of them. */
function join(a: Coverage, b: Coverage, max: number): Coverage {
  const products = [...a.products, ...b.products];
  return {
    files: a.files + b.files,
    here: a.here + b.here,
    undated: a.undated + b.undated,
    undatedProducts: [...a.undatedProducts, ...b.undatedProducts].slice(0, max),
    cut: a.cut + b.cut,
    elsewhere: a.elsewhere + b.elsewhere,
    span: joinSpans(a.span, b.span),
    products: products.slice(0, max),
    moreProducts: a.moreProducts + b.moreProducts + Math.max(0, products.length - max),
  };
}

/**
 * Draws the days with files of each product, as SVG. The files are counted one instrument and data level at a time, so
 * that other requests can be handled in between. The drawing code is loaded lazily.
 *
 * @param visible The SQL condition for the files to count.
 */
export async function drawCoverage(catalog: Catalog, visible = VISIBLE.all): Promise<string> {
  const { coverageOf, MAX_PRODUCTS } = await import("../views/coverage.ts");
  const { coverageSvg } = await import("../views/coverage.ts");
  const parts = `SELECT DISTINCT instrument, data_level FROM files WHERE table_name = 'science'
    ORDER BY instrument, data_level`;
  // Reads only the columns that the chart needs, which matters for 200,000 files.
  const rows = `SELECT file_path, instrument, data_level, descriptor, start_date, version FROM files
    WHERE table_name = 'science' AND instrument = ? AND data_level = ? AND ${visible}`;
  let coverage = NO_COVERAGE;
  for (const { instrument, data_level } of await catalog.rows(parts)) {
    const records = decodeFileRecords(await catalog.rows(rows, [String(instrument), String(data_level)]));
    coverage = join(coverage, coverageOf(records, new Set()), MAX_PRODUCTS);
    await delay(0);
  }
  return coverageSvg(coverage, "", "auto");
}

/** Escapes text from any source for contents and attributes. */
export function html(text: string): string {
  return escapeHtml(printable(text));
}

/** `1234567` -> `1,234,567`. */
function grouped(count: number): string {
  return count.toLocaleString("en");
}

/** `1 file`, `2 files`. */
function files(count: number): string {
  return `${grouped(count)} ${count === 1 ? "file" : "files"}`;
}

/** The files whose pages show more than their names: CDF files and packets. */
const HAS_CONTENTS = /\.(cdf|pkts)$/;

/** The options of a table. */
interface RowsView {
  /** The caption. */
  readonly title: string;
  /** The origin of the page. */
  readonly origin: string;
  /** The filter of the list; undefined for files of several kinds. */
  readonly filter?: PageFilter;
}

/** Draws the table as in notebooks, but with the file name first: on a narrow page the other columns scroll. */
function rowsTable(records: readonly FileRecord[], { title, origin, filter }: RowsView): Table<FileRecord> {
  const table = TABLES.find((name) => name === filter?.kind);
  const linkTo = (record: FileRecord) => origin + downloadRoute(record.file_path);
  const { columns, rows } = recordsTable(records, { linkTo, ...(table === undefined ? {} : { table }) });
  const ordered = [...columns.slice(-1), ...columns.slice(0, -1)];
  const isUsed = ({ text }: Column<FileRecord>) => table === "spice" || rows.some((row) => text(row) !== "");
  const contents: Column<FileRecord> = {
    header: "Contents",
    align: "left",
    text: ({ file_path }) => HAS_CONTENTS.test(file_path) ? "look inside" : "",
    link: ({ file_path }) => HAS_CONTENTS.test(file_path) ? origin + fileRoute(file_path) : undefined,
  };
  const used = [...ordered.filter(isUsed), ...(rows.some((row) => contents.text(row) !== "") ? [contents] : [])];
  if (filter === undefined) return { title, rows, columns: used };
  return { title, rows, columns: used.map((column) => ({ ...column, ...sortLinks(column.header, filter, origin) })) };
}

/** Draws the files of a page; each name links to the file. */
function foundTable(records: readonly FileRecord[], view: RowsView): string {
  return htmlTable(rowsTable(records, view));
}

/** Draws the newest files of all kinds, with the columns that all kinds have. */
function newestTable(records: readonly FileRecord[], view: RowsView): string {
  const table = rowsTable(records, view);
  const columns = table.columns.filter(({ header }) => ["Filename", "Ingestion Date", "Contents"].includes(header));
  const kind = { header: "Kind", align: "left", text: ({ kind }: FileRecord) => String(kind) } as const;
  return htmlTable({ ...table, columns: [...columns.slice(0, 2), kind, ...columns.slice(2)] });
}

/** Draws the number of files of each kind, with links to these files. */
function kindCounts({ kinds }: ArchiveSummary): string {
  const items = kinds.map(({ name, files }) =>
    `<li><b>${grouped(files)}</b> <a href="${html(writePageFilter({ kind: name }))}">${html(name)}</a></li>`
  );
  return `<ul class="counts">${items.join("")}</ul>`;
}

/** Draws the number of science files of each instrument and data level, with links to these files. */
function productTable(products: readonly ProductCount[], origin: string): string {
  const levels = [...new Set(products.map(({ level }) => level))].sort();
  const instruments = [...new Set(products.map(({ instrument }) => instrument))].sort();
  const counts = new Map(products.map(({ instrument, level, files }) => [`${instrument} ${level}`, files]));
  const ofInstrument = (instrument: string) =>
    levels.reduce((sum, level) => sum + (counts.get(`${instrument} ${level}`) ?? 0), 0);
  const link = (filter: Partial<PageFilter>) => origin + writePageFilter(filter);
  return htmlTable({
    title: "Science files by instrument and level",
    rows: instruments,
    columns: [
      {
        header: "Instrument",
        align: "left",
        text: (instrument: string) => instrument,
        link: (instrument: string) => link({ instrument }),
      },
      ...levels.map((level) => ({
        header: level,
        align: "right" as const,
        text: (instrument: string) => {
          const count = counts.get(`${instrument} ${level}`);
          return count === undefined ? "" : grouped(count);
        },
        link: (instrument: string) => link({ instrument, data_level: level }),
      })),
      { header: "all", align: "right", text: (instrument: string) => grouped(ofInstrument(instrument)) },
    ],
  });
}

/** Links to the previous and the next page. */
function pageLinks(filter: PageFilter, count: number): string {
  const links: string[] = [];
  const link = (page: number, text: string, rel: string) =>
    `<a rel="${rel}" href="${html(writePageFilter({ ...filter, page }))}">${text}</a>`;
  if (filter.page > 1) links.push(link(filter.page - 1, `Previous ${PAGE_ROWS}`, "prev"));
  if (filter.page * PAGE_ROWS < count && filter.page < MAX_PAGES) {
    links.push(link(filter.page + 1, `Next ${PAGE_ROWS}`, "next"));
  }
  return links.length === 0 ? "" : `<nav aria-label="More files">${links.join("")}</nav>`;
}

function option(value: string, text: string, chosen: string): string {
  return `<option value="${html(value)}"${value === chosen ? " selected" : ""}>${html(text)}</option>`;
}

function select(label: string, name: Field, filter: PageFilter, values: readonly string[]): string {
  const chosen = filter[name];
  const known = values.includes(chosen) || chosen === "" ? values : [chosen, ...values];
  const all = name === "kind" ? "" : option("", "any", chosen);
  const options = all + known.map((value) => option(value, value, chosen)).join("");
  return `<label>${label}<select name="${name}">${options}</select></label>`;
}

function input(label: string, name: Field, filter: PageFilter, attributes: string): string {
  return `<label>${label}<input name="${name}" value="${html(filter[name])}" ${attributes}></label>`;
}

/** Draws the form that filters the files. It is submitted with GET. */
function filterForm(filter: PageFilter, { products, descriptors }: ArchiveSummary, sight: Sight): string {
  const instruments = [...new Set(products.map(({ instrument }) => instrument))].sort();
  const levels = [...new Set(products.map(({ level }) => level))].sort();
  const known = descriptors.map((descriptor) => `<option value="${html(descriptor)}"></option>`).join("");
  return [
    `<form method="get" action="/#files" role="search" aria-label="Files">`,
    select("Kind", "kind", filter, FILE_KINDS),
    select("Instrument", "instrument", filter, instruments),
    select("Level", "data_level", filter, levels),
    input("Descriptor", "descriptor", filter, `list="descriptors" autocomplete="off" placeholder="norm*"`),
    `<datalist id="descriptors">${known}</datalist>`,
    input("Data from", "from", filter, `type="date"`),
    input("Data to", "to", filter, `type="date"`),
    ...(sight === "all" ? [select("Released", "released", filter, ["yes", "no"])] : []),
    `<button>Show files</button>`,
    "</form>",
  ].join("\n");
}

/** The style of the page, for light and dark themes. The tables have their own styles, which use these variables. */
const PAGE_STYLE = `
:root{color-scheme:light dark;--text:#1f2328;--quiet:#57606a;--ground:#ffffff;--line:#d0d7de;--edge:#8c959f;--link:#0550ae;
--field:#ffffff;--jp-content-font-color1:var(--text);--jp-layout-color0:var(--ground);
--jp-rendermime-table-row-background:#f4f6f8;--jp-border-color2:var(--line);--jp-content-link-color:var(--link)}
@media (prefers-color-scheme:dark){:root{--text:#e6edf3;--quiet:#9da7b3;--ground:#0d1117;--line:#3d444d;--edge:#768390;
--link:#79b8ff;--field:#161b22;--jp-rendermime-table-row-background:#161b22}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1rem;font:16px/1.5 system-ui,sans-serif;color:var(--text);
background:var(--ground);overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:.5rem 0}
h2{font-size:1.15rem;margin:2rem 0 .5rem}
p{margin:.5rem 0}
.quiet{color:var(--quiet)}
a{color:var(--link)}
a:focus-visible,summary:focus-visible,pre:focus-visible,input:focus-visible,select:focus-visible,button:focus-visible,figure:focus-visible,.imap-table:focus-visible{
outline:2px solid var(--link);outline-offset:2px}
code{font-size:.875em}
ul.counts{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;list-style:none;padding:0;margin:.5rem 0}
ul.counts b{font-variant-numeric:tabular-nums}
form{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end;margin:.75rem 0}
label{display:flex;flex-direction:column;font-size:.875rem;color:var(--quiet);flex:1 1 8.25rem;max-width:14rem;min-width:0}
input,select,button{height:2.4rem;font:inherit;font-size:.9375rem;width:100%;padding:.35rem .5rem;color:var(--text);
background:var(--field);border:1px solid var(--edge);border-radius:6px}
::placeholder{color:var(--quiet);opacity:1}
button{width:auto;padding:.35rem 1rem;cursor:pointer}
nav{display:flex;gap:1.5rem;margin:.75rem 0}
figure{margin:.75rem 0;overflow-x:auto}
details{margin:.75rem 0}
summary{cursor:pointer}
pre{overflow-x:auto;padding:.75rem;margin:.5rem 0;background:var(--field);border:1px solid var(--line);border-radius:6px;
user-select:all}
img{max-width:100%;min-width:44rem;height:auto;display:block}
`.trim().replaceAll("\n", "");

/** The contents of the page. */
interface PageContents {
  /** The origin of the page, as in the browser: `http://127.0.0.1:8000`. */
  readonly origin: string;
  /** Statistics of the archive. */
  readonly summary: ArchiveSummary;
  /** The filter of the visitor. */
  readonly filter: PageFilter;
  /** Whether the visitor searches for files. */
  readonly isSearch: boolean;
  /** The files that were found. */
  readonly found: FoundPage;
  /** Changes with the catalog, so that browsers do not show an outdated chart. */
  readonly revision: string;
  /** The likely size of the chart, as attributes. */
  readonly chartSize: string;
  /** The files that the visitor sees. */
  readonly sight: Sight;
  /** How to read the data of the one product that the visitor searches for, as HTML. */
  readonly hapi: readonly string[];
}

function foundTitle({ page, count }: FoundPage, { sort }: PageFilter): string {
  if (count === 0) return `Found ${files(count)}`;
  const order = sort === USUAL_SORT ? ", latest data first" : "";
  if (count <= PAGE_ROWS) return `Found ${files(count)}${order}`;
  const first = (page - 1) * PAGE_ROWS + 1;
  const last = Math.min(page * PAGE_ROWS, count);
  return `${grouped(first)} to ${grouped(last)} of ${files(count)}${order}`;
}

/**
 * Returns the parameters of a query that finds the files of the list; undefined if no query finds them: of files in no
 * table, and of ancillary files by the days for which they are valid.
 */
function queryOf(filter: PageFilter, { hasMajors }: ArchiveSummary): Record<string, string | string[]> | undefined {
  const { kind, instrument, data_level, descriptor, from, to, released } = filter;
  if (!isOneOf(TABLES, kind) || (kind === "ancillary" && (from !== "" || to !== ""))) return undefined;
  const [name = "", ...more] = namesOf(descriptor);
  const query = {
    table: kind === "science" ? "" : kind,
    instrument,
    data_level,
    descriptor: more.length === 0 ? name : [name, ...more],
    start_date: from,
    end_date: to,
    released: { yes: "true", no: "false" }[released] ?? "",
  };
  const given = Object.entries(query).filter(([, value]) => value !== "");
  // A query needs a condition.
  if (!given.some(([name]) => name !== "table")) given.push(["filename", "*"]);
  if (kind === "science" && hasMajors) given.push(["major_version", "all"]);
  return Object.fromEntries(given);
}

/** Quotes an argument for a shell, if necessary. */
export function shellWord(text: string): string {
  return /^[\w.:/,@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Draws how to find the listed files with the library and on the command line. */
function sameQuery({ filter, summary, found, origin }: PageContents): string[] {
  const query = found.count === 0 ? undefined : queryOf(filter, summary);
  if (query === undefined) return [];
  const code = [
    `import * as imap from "@imap-sdc/data-access";`,
    "",
    `const client = new imap.ImapClient({ url: ${JSON.stringify(origin)} });`,
    "const files = await client.query({",
    ...Object.entries(query).map(([name, value]) => `  ${name}: ${JSON.stringify(value)},`),
    "});",
    "await files.show();",
  ].join("\n");
  const options = Object.entries(query).map(([name, value]) =>
    `--${name.replaceAll("_", "-")} ${shellWord([value].flat().join(","))}`
  );
  const command = ["imap-data-access", "--url", shellWord(origin), "query", ...options].join(" ");
  return [codeDetails("As code", code), codeDetails("As command", command)];
}

/** A product of an instrument, as in file names. */
export interface ProductName {
  readonly instrument: string;
  readonly data_level: string;
  readonly descriptor: string;
}

/** Returns the only product that a visitor searches for. */
function productOf({ kind, instrument, data_level, descriptor }: PageFilter): ProductName | undefined {
  const isOne = kind === "science" && instrument !== "" && data_level !== "" && /^[^*?[\],\s]+$/.test(descriptor);
  return isOne ? { instrument, data_level, descriptor } : undefined;
}

/** SQL: the newest CDF file of a product, unless it was read and has no data in time. */
const FILE_WITH_TIMES = `SELECT start_date FROM files WHERE table_name = 'science' AND extension = 'cdf'
  AND instrument = ? AND data_level = ? AND descriptor = ? AND (
    NOT EXISTS (SELECT 1 FROM time_spans AS spans WHERE spans.file_path = files.file_path)
    OR EXISTS (SELECT 1 FROM time_spans AS spans WHERE spans.file_path = files.file_path AND first IS NOT NULL)
  )`;

/** Draws the address of a product's data with HAPI, and how to read a day of it; nothing if it has no data in time. */
export async function hapiDetails(
  catalog: Catalog,
  { instrument, data_level, descriptor }: ProductName,
  { origin, sight }: Pick<PageContents, "origin" | "sight">,
): Promise<string[]> {
  const sql = `${FILE_WITH_TIMES} AND ${VISIBLE[sight]} ORDER BY start_date DESC LIMIT 1`;
  const [newest] = await catalog.rows(sql, [instrument, data_level, descriptor]);
  const day = /^(\d{4})(\d\d)(\d\d)$/.exec(String(newest?.start_date))?.slice(1).join("-");
  if (day === undefined) return [];
  const next = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
  const id = `imap_${instrument}_${data_level}_${descriptor}`;
  const query = new URLSearchParams({ dataset: id, start: `${day}Z`, stop: `${next}Z` });
  const words = [`${origin}/hapi`, id, "", `${day}Z`, `${next}Z`].map((word) => JSON.stringify(word)).join(", ");
  const python = ["from hapiclient import hapi", "", `data, meta = hapi(${words})`, "data[:5]"].join("\n");
  const notebook = [
    `const response = await fetch(${JSON.stringify(`${origin}/hapi/data?${query}&format=json`)});`,
    "const { parameters, data } = await response.json();",
    "data.slice(0, 5)",
  ].join("\n");
  const info = `/hapi/info?${new URLSearchParams({ dataset: id })}`;
  return [
    `<p>With <a href="${html(info)}">HAPI</a>, programs read all days as one series: <code>${
      html(`${origin}/hapi`)
    }</code>, dataset <code>${html(id)}</code>.</p>`,
    codeDetails("With HAPI in Python", python),
    codeDetails("With HAPI in a Deno notebook", notebook),
  ];
}

/** Draws code that a click shows. */
export function codeDetails(summary: string, code: string): string {
  return `<details><summary>${summary}</summary><pre tabindex="0"><code>${
    code.split("\n").map(html).join("\n")
  }</code></pre></details>`;
}

/** Draws the statistics and the chart; for an empty archive, explains how to add files. */
function overview({ summary, origin, revision, chartSize, sight }: PageContents): string[] {
  const { kinds, products } = summary;
  if (kinds.length === 0 && sight === "released") return ["<p>No files are released yet.</p>"];
  if (kinds.length === 0) {
    return [
      `<p>The archive is empty. Upload a file:</p>`,
      `<p><code>imap-data-access --url ${html(origin)} upload FILE</code></p>`,
    ];
  }
  const chart = `<img src="/coverage.svg?${
    html(revision)
  }" ${chartSize} loading="lazy" alt="Days with science files, by product">`;
  if (products.length === 0) return [];
  return [
    productTable(products, origin),
    "<h2>Coverage</h2>",
    `<figure tabindex="0" role="region" aria-label="Coverage">${chart}</figure>`,
  ];
}

/** Draws the list of files: its pages, and how to find the same files in a program. */
function fileList(page: PageContents): string[] {
  const { origin, filter, found } = page;
  return [
    ...(found.problem === undefined ? [] : [`<p role="alert">${html(found.problem)}</p>`]),
    foundTable(found.rows, { title: foundTitle(found, filter), origin, filter }),
    pageLinks({ ...filter, page: found.page }, found.count),
    ...sameQuery(page),
    ...(found.count === 0 ? [] : page.hapi),
  ];
}

/** Draws what a visitor searches for: the form with the files below it. Everything else would be in the way. */
function searchPage(page: PageContents): string[] {
  const { filter, summary, sight, found, origin } = page;
  const instead = found.count > 0 ? [] : [
    "<h2>What the archive has</h2>",
    kindCounts(summary),
    ...(summary.products.length === 0 ? [] : [productTable(summary.products, origin)]),
  ];
  return [
    `<section id="files">`,
    filterForm(filter, summary, sight),
    ...fileList(page),
    `</section>`,
    ...instead,
    `<p><a href="/">The whole archive</a></p>`,
  ];
}

/** Draws what the archive contains. */
function overviewPage(page: PageContents): string[] {
  const { summary, origin, filter, sight } = page;
  if (summary.kinds.length === 0) return overview(page);
  return [
    kindCounts(summary),
    filterForm(filter, summary, sight),
    ...overview(page),
    `<h2>Newest files</h2>`,
    newestTable(summary.newest, { title: "The newest files", origin }),
    `<section id="files"><h2>Files</h2>`,
    ...fileList(page),
    `</section>`,
  ];
}

/** Begins a page. */
function headHtml(title: string): string[] {
  return [
    `<!DOCTYPE html>`,
    `<html lang="en">`,
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<title>${html(title)}</title><link rel="icon" href="data:,"><style>${PAGE_STYLE}</style></head>`,
    `<body>`,
  ];
}

function pageHtml(page: PageContents): string {
  const { origin, summary, sight } = page;
  const total = summary.kinds.reduce((sum, { files }) => sum + files, 0);
  const signIn = sight === "all" ? "" : ` These are released. <a href="${SIGN_IN_PATH}">Sign in</a> to see all files.`;
  return [
    ...headHtml("IMAP archive"),
    `<header><h1>IMAP archive</h1>`,
    `<p class="quiet">${files(total)}.${signIn} For programs: <code>IMAP_DATA_ACCESS_URL=${
      html(origin)
    }</code></p></header>`,
    `<main>`,
    ...(page.isSearch && total > 0 ? searchPage(page) : overviewPage(page)),
    `</main>`,
    `</body>`,
    `</html>`,
    ``,
  ].join("\n");
}
