import { abridge, betweenLine, MOST_ROWS } from "./abridge.ts";
import { captionHtml, cellHtml, headerHtml, scrollable } from "./html_parts.ts";
import type { Table } from "./table.ts";

/**
 * Draws a table as HTML without script, which reads well as bare HTML too. Every text in it is escaped.
 * Of more than 100 rows the first and the last 50 are drawn.
 */
export function htmlTable<Row>(table: Table<Row>): string {
  const { columns, rows } = table;
  if (rows.length === 0) return scrollable(table, `<table>${captionHtml(table)}</table>`);
  const abridged = abridge(rows, MOST_ROWS);
  const draw = (some: readonly Row[]) =>
    some.map((row) => `<tr>${columns.map((column) => cellHtml(column, row)).join("")}</tr>`);
  const between = `<tr><td colspan="${columns.length}" style="text-align:left">${betweenLine(abridged)}</td></tr>`;
  const head = `<thead><tr>${columns.map((column) => headerHtml(column, "col")).join("")}</tr></thead>`;
  const body = [...draw(abridged.head), ...(abridged.between > 0 ? [between] : []), ...draw(abridged.tail)];
  return scrollable(table, `<table>${[captionHtml(table), head, "<tbody>", ...body, "</tbody>"].join("\n")}</table>`);
}
