import { abridge, type Column, hiddenLine, MAX_ROWS, type Table } from "./text_table.ts";
import { escapeHtml, printable } from "../safe_text.ts";

/**
 * The style of tables in web pages. JupyterLab and VS Code define the colors of their themes as variables; without them, dark
 * text on a light background is readable on any page. All selectors begin with the class.
 * Links are not underlined: the line would hide the underscores of file names.
 */
const TABLE_STYLE = `
.imap-table{--imap-text:var(--jp-content-font-color1,var(--vscode-foreground,#1f2328));
--imap-ground:var(--jp-layout-color0,var(--vscode-editor-background,#ffffff));
--imap-stripe:var(--jp-rendermime-table-row-background,var(--vscode-keybindingTable-rowsBackground,#f4f6f8));
--imap-line:var(--jp-border-color2,var(--vscode-panel-border,#d0d7de));
--imap-link:var(--jp-content-link-color,var(--vscode-textLink-foreground,#0969da));
width:fit-content;color:var(--imap-text);background:var(--imap-ground)}
.imap-table table{border-collapse:separate;border-spacing:0;margin:0;font-size:13px;line-height:1.4;
font-variant-numeric:tabular-nums;color:inherit;background:inherit}
.imap-table caption{caption-side:top;padding:6px 10px;white-space:nowrap;font-weight:600;color:inherit}
.imap-table caption span{font-weight:400}
.imap-table th,.imap-table td{padding:4px 10px;white-space:nowrap;border:0;color:inherit}
.imap-table th[scope=row]+td{white-space:normal;overflow-wrap:anywhere}
.imap-table th{font-weight:600;background:var(--imap-ground)}
.imap-table thead th{position:sticky;top:0;border-bottom:2px solid var(--imap-line)}
.imap-table tbody tr{background:var(--imap-ground)}
.imap-table tbody tr:nth-child(even),.imap-table tbody tr:nth-child(even) th{background:var(--imap-stripe)}
.imap-table td[colspan]{font-style:italic;border:1px solid var(--imap-line);border-width:1px 0}
.imap-table a{color:var(--imap-link);text-decoration:none}
.imap-table a:hover,.imap-table a:focus{text-decoration:underline;text-underline-offset:4px}
`.trim().replaceAll("\n", "");

/** Longer cells are truncated. */
const MAX_CELL = 200;
/** Escaping can make a character six times as long, so a cell with many escaped characters is truncated earlier. */
const MAX_MARKUP = 2 * MAX_CELL;
/** A notebook can handle a hundred URLs of this length. */
const MAX_ADDRESS = 2000;

function cut(text: string, length: number): string {
  return escapeHtml(printable(text.length > length ? `${text.slice(0, length)}…` : text));
}

/** Makes a text safe for a page: replaces control characters, truncates it, and escapes it. */
function html(text: string): string {
  for (let length = MAX_CELL;; length /= 2) {
    const markup = cut(text, length);
    if (markup.length <= MAX_MARKUP) return markup;
  }
}

/** Returns a URL as the value of an attribute; undefined if it is not an http or https URL. */
function safeHref(address: string | undefined): string | undefined {
  if (address === undefined || !URL.canParse(address)) return undefined;
  const { protocol, username, password, href } = new URL(address);
  if (href.length > MAX_ADDRESS) return undefined;
  const leadsToTheWeb = (protocol === "https:" || protocol === "http:") && username === "" && password === "";
  return leadsToTheWeb && printable(href) === href ? escapeHtml(href) : undefined;
}

/** Sets the alignment twice: JupyterLab's style overrides the attribute, and GitHub keeps only the attribute. */
function alignment(align: "left" | "right"): string {
  return align === "right" ? ` align="right" style="text-align:right"` : ` style="text-align:left"`;
}

/** Draws the cell of a column in a row. */
function cellHtml<Row>(column: Column<Row>, row: Row): string {
  if (column.markup !== undefined) return `<td${alignment(column.align)}>${column.markup(row)}</td>`;
  const text = html((column.pageText ?? column.text)(row));
  const href = safeHref(column.link?.(row));
  const shown = href === undefined || text === "" ? text : `<a href="${href}" rel="noopener noreferrer">${text}</a>`;
  return `<td${alignment(column.align)}>${shown}</td>`;
}

/** Draws the header at the start of a card's line. */
function rowHeaderHtml<Row>({ header }: Column<Row>): string {
  return `<th scope="row"${alignment("left")}>${html(header)}</th>`;
}

/** Draws the header of a column: a link if the page can sort by it, and an arrow if it is sorted. */
function columnHeaderHtml<Row>({ header, align, sortLink, sorted }: Column<Row>): string {
  const href = safeHref(sortLink);
  const text = href === undefined ? html(header) : `<a href="${href}" rel="noopener noreferrer">${html(header)}</a>`;
  if (sorted === undefined) return `<th scope="col"${alignment(align)}>${text}</th>`;
  const arrow = `<span aria-hidden="true"> ${sorted === "ascending" ? "▲" : "▼"}</span>`;
  return `<th scope="col" aria-sort="${sorted}"${alignment(align)}>${text}${arrow}</th>`;
}

/** Draws the title of a table, with its subtitle and note. */
function captionHtml<Row>({ title, subtitle = "", note = "" }: Table<Row>): string {
  const more = [subtitle, note].filter((text) => text !== "").map((text) => ` <span>· ${html(text)}</span>`);
  return `<caption style="text-align:left">${html(title)}${more.join("")}</caption>`;
}

/** Puts a table into a scrolling frame, so that it does not widen or lengthen the page. */
function scrollable<Row>({ title }: Table<Row>, table: string): string {
  // A focusable element needs a role and a name (WCAG 2.2, 4.1.2).
  const frame = `<div class="imap-table" role="region" aria-label="${
    html(title)
  }" tabindex="0" style="max-height:32em;max-width:100%;overflow:auto">`;
  return `${frame}<style>${TABLE_STYLE}</style>${table}</div>`;
}

/**
 * Draws a table as HTML without scripts, readable without its style too. All text in it is escaped. If there are more
 * than 100 rows, only the first and the last 50 are drawn.
 */
export function htmlTable<Row>(table: Table<Row>): string {
  const { columns, rows } = table;
  if (rows.length === 0) return scrollable(table, `<table>${captionHtml(table)}</table>`);
  const abridged = abridge(rows, MAX_ROWS);
  const draw = (some: readonly Row[]) =>
    some.map((row) => `<tr>${columns.map((column) => cellHtml(column, row)).join("")}</tr>`);
  const hidden = `<tr><td colspan="${columns.length}" style="text-align:left">${hiddenLine(abridged)}</td></tr>`;
  const head = `<thead><tr>${columns.map((column) => columnHeaderHtml(column)).join("")}</tr></thead>`;
  const body = [...draw(abridged.head), ...(abridged.hidden > 0 ? [hidden] : []), ...draw(abridged.tail)];
  return scrollable(table, `<table>${[captionHtml(table), head, "<tbody>", ...body, "</tbody>"].join("\n")}</table>`);
}

/** Draws one row of a table as a card: a line for each column that is not empty. All text in it is escaped. */
export function htmlCard<Row>(table: Table<Row>, row: Row): string {
  const lines = table.columns.filter(({ text }) => text(row) !== "")
    .map((column) => `<tr>${rowHeaderHtml(column)}${cellHtml({ ...column, align: "left" }, row)}</tr>`);
  return scrollable(table, `<table>${[captionHtml(table), "<tbody>", ...lines, "</tbody>"].join("\n")}</table>`);
}
