import { escape } from "@std/html";
import { htmlTable } from "../../display/html_table.ts";
import type { Column, Table } from "../../display/table.ts";
import { printable } from "../../printable.ts";
import { downloadRoute } from "../../protocol/routes.ts";
import { TABLES } from "../../protocol/query_parameters.ts";
import { decodeFileRecords, type FileRecord } from "../../protocol/file_record.ts";
import { recordsTable } from "../../views/records_table.ts";
import type { ArchiveSummary, ProductCount } from "./archive_summary.ts";
import { MOST_PAGES, PAGE_ROWS, type PageFilter, writePageFilter } from "./page_filter.ts";

/** Text that may come from elsewhere, for content and attributes. */
export function html(text: string): string {
  return escape(printable(text));
}

/** `1234567` -> `1,234,567`. */
export function grouped(count: number): string {
  return count.toLocaleString("en");
}

/** `1 file`, `2 files`. */
export function files(count: number): string {
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
 * @param rows JSON of the rows, as the catalogue makes it.
 */
export function foundTable(rows: string, view: RowsView): string {
  return htmlTable(rowsTable(decodeFileRecords(JSON.parse(rows)), view));
}

/** The files that came in last, of all kinds: only what all kinds have. */
export function newestTable(rows: string, view: RowsView): string {
  const table = rowsTable(decodeFileRecords(JSON.parse(rows)), view);
  const columns = table.columns.filter(({ header }) => header === "Filename" || header === "Ingestion Date");
  const kind = { header: "Kind", align: "left", text: ({ kind }: FileRecord) => String(kind) } as const;
  return htmlTable({ ...table, columns: [...columns, kind] });
}

/** The counts of each kind of file, each a link to these files. */
export function kindCounts({ kinds }: ArchiveSummary): string {
  const items = kinds.map(({ name, files }) =>
    `<li><b>${grouped(files)}</b> <a href="${html(writePageFilter({ kind: name }))}">${html(name)}</a></li>`
  );
  return `<ul class="counts">${items.join("")}</ul>`;
}

/** How many science files each instrument has at each level, each number a link to these files. */
export function productTable(products: readonly ProductCount[], origin: string): string {
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
export function pageLinks(filter: PageFilter, count: number): string {
  const links: string[] = [];
  const link = (page: number, text: string, rel: string) =>
    `<a rel="${rel}" href="${html(writePageFilter({ ...filter, page }))}">${text}</a>`;
  if (filter.page > 1) links.push(link(filter.page - 1, `Previous ${PAGE_ROWS}`, "prev"));
  if (filter.page * PAGE_ROWS < count && filter.page < MOST_PAGES) {
    links.push(link(filter.page + 1, `Next ${PAGE_ROWS}`, "next"));
  }
  return links.length === 0 ? "" : `<nav aria-label="More files">${links.join("")}</nav>`;
}
