import { captionHtml, cellHtml, headerHtml, scrollable } from "./html_parts.ts";
import type { Table } from "./table.ts";

/** Draws one row of a table as a card: a line for each column that has something to say. Every text in it is escaped. */
export function htmlCard<Row>(table: Table<Row>, row: Row): string {
  const lines = table.columns.filter(({ text }) => text(row) !== "")
    .map((column) => `<tr>${headerHtml(column, "row")}${cellHtml({ ...column, align: "left" }, row)}</tr>`);
  return scrollable(table, `<table>${[captionHtml(table), "<tbody>", ...lines, "</tbody>"].join("\n")}</table>`);
}
