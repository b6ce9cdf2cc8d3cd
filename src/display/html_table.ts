import { printable } from "../printable.ts";
import { escape } from "@std/html";
import { abridge, betweenLine, MOST_ROWS } from "./abridge.ts";
import type { Column, Table } from "./table.ts";

/** No cell is shown longer. */
const LONGEST_CELL = 200;

function html(text: string): string {
  return escape(printable(text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL)}…` : text));
}

function rowHtml<Row>(columns: readonly Column<Row>[], row: Row): string {
  const cells = columns.map(({ align, text }) => `<td style="text-align:${align}">${html(text(row))}</td>`);
  return `<tr>${cells.join("")}</tr>`;
}

/**
 * Draws a table as HTML without script, which reads well as bare HTML too. Every text in it is escaped.
 * Of more than 100 rows the first and the last 50 are drawn.
 */
export function htmlTable<Row>({ title, columns, rows }: Table<Row>): string {
  const head = columns.map(({ header, align }) => `<th style="text-align:${align}">${html(header)}</th>`).join("");
  const draw = (some: readonly Row[]) => some.map((row) => rowHtml(columns, row));
  const { head: first, between, tail: last } = abridge(rows, MOST_ROWS);
  const gap = `<tr><td colspan="${columns.length}">${html(betweenLine(between))}</td></tr>`;
  const body = [...draw(first), ...(between > 0 ? [gap] : []), ...draw(last)];
  const caption = `<caption style="text-align:left">${html(title)}</caption>`;
  if (rows.length === 0) return `<table>${caption}</table>`;
  return `<table>${caption}<thead><tr>${head}</tr></thead>\n<tbody>\n${body.join("\n")}\n</tbody></table>`;
}
