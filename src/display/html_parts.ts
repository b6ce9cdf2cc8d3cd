import { printable } from "../printable.ts";
import { escape } from "@std/html";
import type { Column, Table } from "./table.ts";
import { TABLE_STYLE } from "./table_style.ts";

/** No cell is shown longer. */
const LONGEST_CELL = 200;
/** Characters that must be escaped take up to six times their length: a cell with many of them is cut sooner. */
const LONGEST_MARKUP = 2 * LONGEST_CELL;
/** A hundred addresses of this length are still a page that a notebook can take. */
const LONGEST_ADDRESS = 2000;

function cut(text: string, longest: number): string {
  return escape(printable(text.length > longest ? `${text.slice(0, longest)}…` : text));
}

/** Text from elsewhere, safe in a page: acting characters replaced, cut, escaped. */
export function html(text: string): string {
  for (let longest = LONGEST_CELL;; longest /= 2) {
    const markup = cut(text, longest);
    if (markup.length <= LONGEST_MARKUP) return markup;
  }
}

/** An address as an attribute's value; undefined for one that leads anywhere but to a web server. */
function safeHref(address: string | undefined): string | undefined {
  if (address === undefined || !URL.canParse(address)) return undefined;
  const { protocol, username, password, href } = new URL(address);
  if (href.length > LONGEST_ADDRESS) return undefined;
  const leadsToTheWeb = (protocol === "https:" || protocol === "http:") && username === "" && password === "";
  return leadsToTheWeb && printable(href) === href ? escape(href) : undefined;
}

/** Alignment twice: JupyterLab's own style beats the attribute, GitHub keeps the attribute alone. */
function alignment(align: "left" | "right"): string {
  return align === "right" ? ` align="right" style="text-align:right"` : ` style="text-align:left"`;
}

/** A column's cell in a row. */
export function cellHtml<Row>(column: Column<Row>, row: Row): string {
  const text = html((column.pageText ?? column.text)(row));
  const href = safeHref(column.link?.(row));
  const shown = href === undefined || text === "" ? text : `<a href="${href}" rel="noopener noreferrer">${text}</a>`;
  return `<td${alignment(column.align)}>${shown}</td>`;
}

/** A column's name, at the head of the column or of a card's line. */
export function headerHtml<Row>({ header, align }: Column<Row>, scope: "col" | "row"): string {
  return `<th scope="${scope}"${alignment(scope === "row" ? "left" : align)}>${html(header)}</th>`;
}

/** A table's title, and what stands behind it. */
export function captionHtml<Row>({ title, subtitle = "", note = "" }: Table<Row>): string {
  const more = [subtitle, note].filter((text) => text !== "").map((text) => ` <span>· ${html(text)}</span>`);
  return `<caption style="text-align:left">${html(title)}${more.join("")}</caption>`;
}

/** Puts a table into a frame that scrolls by itself, so that no wide or long table pushes the page. */
export function scrollable<Row>({ title }: Table<Row>, table: string): string {
  // What the Tab key comes to needs a role and a name (WCAG 2.2, 4.1.2).
  const frame = `<div class="imap-table" role="region" aria-label="${
    html(title)
  }" tabindex="0" style="max-height:32em;max-width:100%;overflow:auto">`;
  return `${frame}<style>${TABLE_STYLE}</style>${table}</div>`;
}
