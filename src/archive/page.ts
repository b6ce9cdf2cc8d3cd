import type { Access } from "./access.ts";
import type { Catalog } from "./catalog.ts";
import { htmlTable } from "../display/html_table.ts";
import type { Column, Table } from "../display/text_table.ts";
import { isCalendarDate } from "../names/calendar_date.ts";
import { FILE_KINDS } from "../names/file_name.ts";
import { downloadRoute } from "../protocol/routes.ts";
import { decodeFileRecords, type FileRecord } from "../protocol/rows.ts";
import { TABLES } from "../protocol/tables.ts";
import { printable } from "../safe_text.ts";
import type { Coverage } from "../views/coverage.ts";
import { recordsTable } from "../views/records.ts";
import { delay } from "@std/async";
import { escape } from "@std/html";
import { createHash } from "node:crypto";

/** A style element's text, or a style attribute's value. Both are the page's own: text from elsewhere is escaped. */
const STYLES = /<style>([^<]*)<\/style>|\sstyle="([^"]*)"/g;

function hashOf(style: string): string {
  return `'sha256-${createHash("sha256").update(style).digest("base64")}'`;
}

/**
 * The Content-Security-Policy of a page without scripts: nothing from elsewhere, and no style but those that stand in
 * it, each by its hash (CSP level 3; `unsafe-hashes` lets hashes count for attributes too).
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

/** What a reader of the front page looks for: texts, empty where nothing was chosen. */
interface PageFilter {
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

/** The fields of the form; `page` starts again with another search. */
const FIELDS = ["kind", "instrument", "data_level", "descriptor", "from", "to"] as const;
type Field = typeof FIELDS[number];

/** What was found. */
interface FoundPage {
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
const PAGE_ROWS = 100;
/** Nobody turns more pages, and the last ones would take long to find. */
const MOST_PAGES = 1_000;

/** Reads the filter from the page's address. */
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
    page: Math.min(Math.max(page, 1), MOST_PAGES),
  };
}

/** Writes a filter as the page's address; the inverse of {@linkcode readPageFilter}. */
function writePageFilter(filter: Partial<PageFilter>): string {
  const pairs = Object.entries(filter).filter(([name, value]) => value !== "" && !(name === "page" && value === 1));
  return `/?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}#files`;
}

/** SQL that makes a row's JSON from columns of the catalog, and from other SQL under a name. */
function jsonRow(columns: readonly string[], more: Readonly<Record<string, string>> = {}): string {
  const pairs = [...columns.map((column) => [column, column]), ...Object.entries(more)];
  return `json_object(${pairs.map(([key, sql]) => `'${key}', ${sql}`).join(", ")})`;
}

/** SQL: a day and a time of it as rows of SPICE files have them: `2024-07-09, 15:42:23`. Null where there is no day. */
function moment(day: string, time: string): string {
  return `substr(${day}, 1, 4) || '-' || substr(${day}, 5, 2) || '-' || substr(${day}, 7) || ', ${time}'`;
}

/** The rows of each kind of file, with the columns that their tables show. */
const ROWS: ReadonlyMap<string, string> = new Map([
  [
    "science",
    jsonRow([
      ...["file_path", "instrument", "data_level", "descriptor", "start_date", "repointing", "version"],
      ...["cr", "extension", "ingestion_date"],
    ]),
  ],
  [
    "ancillary",
    jsonRow([
      ...["file_path", "instrument", "descriptor", "start_date", "end_date", "version", "extension", "ingestion_date"],
    ]),
  ],
  [
    "spice",
    jsonRow(["file_path", "kernel_type", "version", "ingestion_date"], {
      min_date_datetime: moment("start_date", "00:00:00"),
      max_date_datetime: moment("end_date", "23:59:59"),
    }),
  ],
]);
/** The row of every other kind. */
const OTHER_ROW = jsonRow([
  ...["file_path", "instrument", "data_level", "descriptor", "start_date", "version", "ingestion_date"],
]);

const LAST_DAY = "coalesce(end_date, start_date)";

/** SQL for each field of the form, with a question mark. The days compare with the day on which the data start. */
const FILTERS = {
  kind: "table_name = ?",
  instrument: "instrument = ?",
  data_level: "data_level = ?",
  descriptor: "descriptor = ?",
  from: "start_date >= ?",
  to: "start_date <= ?",
} as const satisfies Readonly<Record<Field, string>>;

/** The same for files that are valid for some time: those that are valid on one of the days, or always. */
const SPAN_FILTERS = {
  ...FILTERS,
  from: `(${LAST_DAY} >= ? OR ${LAST_DAY} IS NULL)`,
  to: "(start_date <= ? OR start_date IS NULL)",
} as const satisfies Readonly<Record<Field, string>>;

/** Finds a page of rows, the latest data first; the last page where there are fewer than asked for. */
function findPage(catalog: Catalog, filter: PageFilter): FoundPage {
  const { page: asked, from, to, kind, ...words } = filter;
  const badDay = [from, to].find((day) => day !== "" && !isCalendarDate(day.replaceAll("-", "")));
  if (badDay !== undefined) {
    return { rows: "[]", count: 0, page: 1, problem: `${badDay} is no day of the calendar` };
  }
  const filters = kind === "spice" || kind === "ancillary" ? SPAN_FILTERS : FILTERS;
  const given = { kind, ...words, from: from.replaceAll("-", ""), to: to.replaceAll("-", "") };
  const fields = FIELDS.filter((field) => given[field] !== "");
  const where = fields.map((field) => filters[field]).join(" AND ");
  const values = fields.map((field) => given[field]);
  const count = Number(catalog.rows(`SELECT count(*) AS count FROM files WHERE ${where}`, values)[0]?.count);
  const page = Math.max(1, Math.min(asked, Math.ceil(count / PAGE_ROWS)));
  const sql = `SELECT ${ROWS.get(kind) ?? OTHER_ROW} AS row FROM files WHERE ${where}
    ORDER BY start_date DESC, file_path LIMIT ? OFFSET ?`;
  const statement = { sql, values: [...values, PAGE_ROWS, (page - 1) * PAGE_ROWS] };
  const problem = FILE_KINDS.some((known) => known === kind) ? undefined : `${kind} is no kind of file`;
  return { rows: catalog.query(statement, null)?.toString() ?? "[]", count, page, problem };
}

/** Text that may come from elsewhere, for content and attributes. */
function html(text: string): string {
  return escape(printable(text));
}

/** `1234567` -> `1,234,567`. */
function grouped(count: number): string {
  return count.toLocaleString("en");
}

/** `1 file`, `2 files`. */
function files(count: number): string {
  return `${grouped(count)} ${count === 1 ? "file" : "files"}`;
}

/** What a table of rows is drawn with. */
interface RowsView {
  /** The line above. */
  readonly title: string;
  /** The archive's address, as the reader came to it. */
  readonly origin: string;
  /** What kind of file they are, where all are of one. */
  readonly kind?: string;
}

/** Rows as the table that notebooks show, but for the names, which come first: on a narrow page the rest scrolls. */
function rowsTable(records: readonly FileRecord[], { title, origin, kind }: RowsView): Table<FileRecord> {
  const table = TABLES.find((name) => name === kind);
  const linkTo = (record: FileRecord) => origin + downloadRoute(record.file_path);
  const { columns, rows } = recordsTable(records, { linkTo, ...(table === undefined ? {} : { table }) });
  const ordered = [...columns.slice(-1), ...columns.slice(0, -1)];
  // No table of the SDC's says which columns the other kinds of file have.
  const isUsed = ({ text }: Column<FileRecord>) => table !== undefined || rows.some((row) => text(row) !== "");
  return { title, rows, columns: ordered.filter(isUsed) };
}

/**
 * The files that were found, each name a link to the file.
 *
 * @param rows JSON of the rows, as the catalog makes it.
 */
function foundTable(rows: string, view: RowsView): string {
  return htmlTable(rowsTable(decodeFileRecords(JSON.parse(rows)), view));
}

/** The files that came in last, of all kinds: only what all kinds have. */
function newestTable(rows: string, view: RowsView): string {
  const table = rowsTable(decodeFileRecords(JSON.parse(rows)), view);
  const columns = table.columns.filter(({ header }) => header === "Filename" || header === "Ingestion Date");
  const kind = { header: "Kind", align: "left", text: ({ kind }: FileRecord) => String(kind) } as const;
  return htmlTable({ ...table, columns: [...columns, kind] });
}

/** The counts of each kind of file, each a link to these files. */
function kindCounts({ kinds }: ArchiveSummary): string {
  const items = kinds.map(({ name, files }) =>
    `<li><b>${grouped(files)}</b> <a href="${html(writePageFilter({ kind: name }))}">${html(name)}</a></li>`
  );
  return `<ul class="counts">${items.join("")}</ul>`;
}

/** How many science files each instrument has at each level, each number a link to these files. */
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

/** Links to the pages before and after this one. */
function pageLinks(filter: PageFilter, count: number): string {
  const links: string[] = [];
  const link = (page: number, text: string, rel: string) =>
    `<a rel="${rel}" href="${html(writePageFilter({ ...filter, page }))}">${text}</a>`;
  if (filter.page > 1) links.push(link(filter.page - 1, `Previous ${PAGE_ROWS}`, "prev"));
  if (filter.page * PAGE_ROWS < count && filter.page < MOST_PAGES) {
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

/** The form that filters the files: a plain GET, with what there is to choose from. */
function filterForm(filter: PageFilter, { products, descriptors }: ArchiveSummary): string {
  const instruments = [...new Set(products.map(({ instrument }) => instrument))].sort();
  const levels = [...new Set(products.map(({ level }) => level))].sort();
  const known = descriptors.map((descriptor) => `<option value="${html(descriptor)}"></option>`).join("");
  return [
    `<form method="get" action="/#files" role="search" aria-label="Files">`,
    select("Kind", "kind", filter, FILE_KINDS),
    select("Instrument", "instrument", filter, instruments),
    select("Level", "data_level", filter, levels),
    input("Descriptor", "descriptor", filter, `list="descriptors" autocomplete="off"`),
    `<datalist id="descriptors">${known}</datalist>`,
    input("Data from", "from", filter, `type="date"`),
    input("Data to", "to", filter, `type="date"`),
    `<button>Show files</button>`,
    "</form>",
  ].join("\n");
}

/**
 * The look of the front page, in both of the reader's themes. The tables bring their own style and take their colours
 * from the variables that JupyterLab sets; here the page sets them.
 */
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
a:focus-visible,input:focus-visible,select:focus-visible,button:focus-visible,figure:focus-visible,.imap-table:focus-visible{
outline:2px solid var(--link);outline-offset:2px}
code{font-size:.875em}
ul.counts{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;list-style:none;padding:0;margin:.5rem 0}
ul.counts b{font-variant-numeric:tabular-nums}
form{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end;margin:.75rem 0}
label{display:flex;flex-direction:column;font-size:.875rem;color:var(--quiet);flex:1 1 9rem;max-width:14rem;min-width:0}
input,select,button{height:2.4rem;font:inherit;font-size:.9375rem;width:100%;padding:.35rem .5rem;color:var(--text);
background:var(--field);border:1px solid var(--edge);border-radius:6px}
button{width:auto;padding:.35rem 1rem;cursor:pointer}
nav{display:flex;gap:1.5rem;margin:.75rem 0}
figure{margin:.75rem 0;overflow-x:auto}
img{max-width:100%;min-width:44rem;height:auto;display:block}
`.trim().replaceAll("\n", "");

/** What the front page shows. */
interface FrontPage {
  /** The archive's address, as the reader came to it: `http://127.0.0.1:8000`. */
  readonly origin: string;
  /** What there is in all. */
  readonly summary: ArchiveSummary;
  /** What the reader looks for. */
  readonly filter: PageFilter;
  /** What was found of it. */
  readonly found: FoundPage;
  /** Counts up with the catalog's changes, so that no browser shows an old picture. */
  readonly revision: number;
}

function foundTitle({ page, count }: FoundPage): string {
  if (count === 0) return `Found ${files(count)}`;
  if (count <= PAGE_ROWS) return `Found ${files(count)}, the latest data first`;
  const first = (page - 1) * PAGE_ROWS + 1;
  const last = Math.min(page * PAGE_ROWS, count);
  return `${grouped(first)} to ${grouped(last)} of ${files(count)}`;
}

/** What there is in numbers and in a picture; where there is nothing yet, how to change that. */
function contents({ summary, origin, revision }: FrontPage): string[] {
  const { kinds, products } = summary;
  if (kinds.length === 0) {
    return [
      `<p>The archive is empty. Send it a file:</p>`,
      `<p><code>imap-data-access --url ${html(origin)} upload FILE</code></p>`,
    ];
  }
  const picture =
    `<img src="/coverage.svg?${revision}" loading="lazy" alt="Which days have science files, by product">`;
  const science = [
    productTable(products, origin),
    "<h2>Coverage</h2>",
    `<figure tabindex="0" role="region" aria-label="Coverage">${picture}</figure>`,
  ];
  return [kindCounts(summary), ...(products.length > 0 ? science : [])];
}

/** The page that a person sees who opens the archive's address: HTML without script or anything from elsewhere. */
function frontPage(page: FrontPage): string {
  const { origin, summary, filter, found } = page;
  const total = summary.kinds.reduce((sum, { files }) => sum + files, 0);
  const problem = found.problem === undefined ? [] : [`<p role="alert">${html(found.problem)}</p>`];
  const lists = total === 0 ? [] : [
    `<h2>Came in last</h2>`,
    newestTable(summary.newest, { title: "The newest files", origin }),
    `<h2 id="files">Files</h2>`,
    filterForm(filter, summary),
    ...problem,
    foundTable(found.rows, { title: foundTitle(found), origin, kind: filter.kind }),
    pageLinks({ ...filter, page: found.page }, found.count),
  ];
  return [
    `<!DOCTYPE html>`,
    `<html lang="en">`,
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<title>IMAP archive</title><link rel="icon" href="data:,"><style>${PAGE_STYLE}</style></head>`,
    `<body>`,
    `<header><h1>IMAP archive</h1>`,
    `<p class="quiet">${files(total)}. For programs: <code>IMAP_DATA_ACCESS_URL=${html(origin)}</code></p></header>`,
    `<main>`,
    ...contents(page),
    ...lists,
    `</main>`,
    `</body>`,
    `</html>`,
    ``,
  ].join("\n");
}

/** A request for the front page, and what it is answered from. */
interface PageRequest {
  readonly url: URL;
  readonly headers: Headers;
  readonly catalog: Catalog;
  readonly cache: PageCache;
  /** Who may look. */
  readonly access: Access;
}

/** What every answer to a browser says: nothing is kept, guessed, framed or told to others. */
const CAREFUL = {
  "cache-control": "private, no-cache",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "vary": "accept, authorization",
};
/** For a picture that is opened by itself: its own style attributes, and no more. */
const PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/** Whether a request comes from a person's browser and asks for the front page or its picture. */
export function isPageRequest(method: string, url: URL, headers: Headers): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  if (url.pathname === "/coverage.svg" || url.pathname === "/index.html") return true;
  return url.pathname === "/" && (headers.get("accept") ?? "").includes("text/html");
}

/** Answers with the front page, or the picture in it. */
export async function answerPage({ url, headers, catalog, cache, access }: PageRequest): Promise<Response> {
  if (!access.mayRead(headers)) {
    const ask = { "www-authenticate": `Basic realm="IMAP archive: the key is the password"` };
    return new Response("The archive is closed: its key is the password", {
      status: 401,
      headers: { ...CAREFUL, ...ask },
    });
  }
  if (url.pathname === "/coverage.svg") {
    const headers = { ...CAREFUL, "content-type": "image/svg+xml", "content-security-policy": PICTURE_POLICY };
    return new Response(await cache.coverage(catalog), { headers });
  }
  const filter = readPageFilter(url.searchParams);
  const html = frontPage({
    origin: url.origin,
    summary: cache.summary(catalog),
    filter,
    found: findPage(catalog, filter),
    revision: catalog.revision,
  });
  const policy = contentPolicy(html);
  return new Response(html, {
    headers: { ...CAREFUL, "content-type": "text/html; charset=utf-8", "content-security-policy": policy },
  });
}

/** What the archive has, in numbers. */
interface ArchiveSummary {
  /** How many files of each kind, most first. */
  readonly kinds: readonly Count[];
  /** How many science files of each instrument and level. */
  readonly products: readonly ProductCount[];
  /** The names of products, for the reader to choose from: some, when there are very many. */
  readonly descriptors: readonly string[];
  /** JSON of the rows of the files that came in last. */
  readonly newest: string;
}

/** How many there are of something. */
interface Count {
  /** Of what. */
  readonly name: string;
  /** How many. */
  readonly files: number;
}

/** How many science files an instrument has at a level. */
interface ProductCount {
  /** For instance `mag`. */
  readonly instrument: string;
  /** For instance `l1a`. */
  readonly level: string;
  /** How many. */
  readonly files: number;
}

const NEWEST = 10;
const MOST_DESCRIPTORS = 500;

const KINDS = "SELECT table_name AS name, count(*) AS files FROM files GROUP BY table_name ORDER BY files DESC";
const PRODUCTS = `SELECT instrument, data_level, count(*) AS files FROM files WHERE table_name = 'science'
  GROUP BY instrument, data_level`;
const DESCRIPTORS = `SELECT DISTINCT descriptor FROM files WHERE table_name = 'science' ORDER BY descriptor LIMIT ?`;
const NEWEST_ROW = jsonRow(["file_path", "ingestion_date"], { kind: "table_name" });
/** The newest of each kind, found by an index; the newest of all are among them. */
const NEWEST_OF_EACH = FILE_KINDS.map((kind) =>
  `SELECT * FROM (SELECT file_path, table_name, ingestion_date FROM files WHERE table_name = '${kind}'
    ORDER BY ingestion_date DESC, file_path LIMIT ${NEWEST})`
).join(" UNION ALL ");
const LAST_IN = `SELECT ${NEWEST_ROW} AS row FROM (${NEWEST_OF_EACH}) ORDER BY ingestion_date DESC, file_path
  LIMIT ${NEWEST}`;

/** Counts what the archive has; each count is read from an index alone. */
function summarise(catalog: Catalog): ArchiveSummary {
  return {
    kinds: catalog.rows(KINDS).map(({ name, files }) => ({ name: String(name), files: Number(files) })),
    products: catalog.rows(PRODUCTS).map(({ instrument, data_level, files }) => ({
      instrument: String(instrument),
      level: String(data_level),
      files: Number(files),
    })),
    descriptors: catalog.rows(DESCRIPTORS, [MOST_DESCRIPTORS]).map(({ descriptor }) => String(descriptor)),
    newest: catalog.query({ sql: LAST_IN, values: [] }, null)?.toString() ?? "[]",
  };
}

const PARTS = `SELECT DISTINCT instrument, data_level FROM files WHERE table_name = 'science'
  ORDER BY instrument, data_level`;
/** Of each science file what the picture needs and no more: with 200,000 of them, that counts. */
const COVERAGE_ROWS = `SELECT file_path, instrument, data_level, descriptor, start_date, version FROM files
  WHERE table_name = 'science' AND instrument = ? AND data_level = ?`;
const NOTHING: Coverage = {
  files: 0,
  undated: 0,
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

/** The coverage of two sets of products, of which none is in both; no more than `most` of them. */
function join(a: Coverage, b: Coverage, most: number): Coverage {
  const products = [...a.products, ...b.products];
  return {
    files: a.files + b.files,
    undated: a.undated + b.undated,
    cut: a.cut + b.cut,
    elsewhere: a.elsewhere + b.elsewhere,
    span: joinSpans(a.span, b.span),
    products: products.slice(0, most),
    moreProducts: a.moreProducts + b.moreProducts + Math.max(0, products.length - most),
  };
}

/**
 * Draws which days have science files, product by product: SVG. The files are counted instrument by instrument and level
 * by level, and between them the archive answers others. What draws is loaded with the first picture.
 */
export async function drawCoverage(catalog: Catalog): Promise<string> {
  const { coverageOf, MAX_PRODUCTS } = await import("../views/coverage.ts");
  const { coverageSvg } = await import("../views/coverage_chart.ts");
  let coverage = NOTHING;
  for (const { instrument, data_level } of catalog.rows(PARTS)) {
    const records = decodeFileRecords(catalog.rows(COVERAGE_ROWS, [String(instrument), String(data_level)]));
    coverage = join(coverage, coverageOf(records, new Set()), MAX_PRODUCTS);
    await delay(0);
  }
  return coverageSvg(coverage, "");
}

/** Something that was made from the catalog when it had this revision. */
interface Made<Value> {
  readonly revision: number;
  readonly value: Value;
}

/** What the front page shows of the whole archive: made when it is asked for, and again when the catalog changed. */
export class PageCache {
  #summary: Made<ArchiveSummary> | undefined;
  #coverage: Made<Promise<string>> | undefined;

  /** What there is, in numbers. */
  summary(catalog: Catalog): ArchiveSummary {
    const { revision } = catalog;
    if (this.#summary?.revision !== revision) this.#summary = { revision, value: summarise(catalog) };
    return this.#summary.value;
  }

  /** Which days have files: SVG. All who ask meanwhile wait for one drawing. */
  coverage(catalog: Catalog): Promise<string> {
    const { revision } = catalog;
    if (this.#coverage?.revision === revision) return this.#coverage.value;
    const value = drawCoverage(catalog);
    this.#coverage = { revision, value };
    value.catch(() => this.#coverage = undefined); // The next one tries again; this one's caller has the error.
    return value;
  }
}
