import { printable } from "../printable.ts";
import { abridge, betweenLine } from "./abridge.ts";
import type { Column, Table } from "./table.ts";
import { textWidth } from "./text_width.ts";

/** No cell is shown wider: one hostile value must not push all others out of sight. */
const WIDEST_CELL = 200;

function cellText(text: string): string {
  return printable(text.length > WIDEST_CELL ? `${text.slice(0, WIDEST_CELL)}…` : text);
}

/** How many rows become one text: enough for speed, few enough for memory. */
const ROWS_AT_ONCE = 1_000;

function pad(text: string, width: number, align: "left" | "right"): string {
  const space = " ".repeat(width - textWidth(text));
  return align === "right" ? space + text : text + space;
}

/** How wide a column must be for its header and the cells of all rows. */
function widthOf<Row>({ header, text }: Column<Row>, parts: ReadonlyArray<readonly Row[]>): number {
  let width = textWidth(cellText(header));
  for (const rows of parts) for (const row of rows) width = Math.max(width, textWidth(cellText(text(row))));
  return width;
}

/**
 * Draws a table for a terminal in the shape that the SDC's users know: columns between `|`, a line of hyphens above and
 * below. A table without rows is its title alone. Takes time in proportion to its cells.
 *
 * @param mostRows A longer table is drawn by its first and last rows.
 */
export function textTable<Row>(table: Table<Row>, mostRows = Infinity): string {
  return [...textTablePieces(table, mostRows)].join("");
}

/** Draws a table as {@linkcode textTable} does, some lines at a time: all of a long one would take as much memory again. */
export function* textTablePieces<Row>(table: Table<Row>, mostRows = Infinity): Generator<string> {
  yield `${printable(table.title)}\n`;
  if (table.rows.length === 0) return;
  const abridged = abridge(table.rows, mostRows);
  const { head, between, tail } = abridged;
  const columns = table.columns.map((column) => ({ ...column, width: widthOf(column, [head, tail]) }));
  const hyphens = `${"-".repeat(columns.reduce((sum, { width }) => sum + width + 1, -1))}|\n`;
  // A server's new keys make headers too.
  const headers = columns.map(({ header, width }) => `${pad(cellText(header), width, "left")}|`);
  yield `${hyphens}${headers.join("")}\n${hyphens}`;
  const line = (row: Row) =>
    `${columns.map(({ text, width, align }) => `${pad(cellText(text(row)), width, align)}|`).join("")}\n`;
  const lines = function* (rows: readonly Row[]) {
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) yield rows.slice(at, at + ROWS_AT_ONCE).map(line).join("");
  };
  yield* lines(head);
  if (between > 0) yield `… ${betweenLine(abridged)}\n`;
  yield* lines(tail);
  yield hyphens;
  if (table.note !== undefined) yield `${cellText(table.note)}\n`;
}
