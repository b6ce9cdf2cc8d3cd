import { printable } from "../printable.ts";
import { abridge, betweenLine } from "./abridge.ts";
import type { Column, Table } from "./table.ts";
import { textWidth } from "./text_width.ts";

/** No cell is shown wider: one hostile value must not push all others out of sight. */
const WIDEST_CELL = 200;

function cellText(text: string): string {
  return printable(text.length > WIDEST_CELL ? `${text.slice(0, WIDEST_CELL)}…` : text);
}

interface Laid {
  readonly header: string;
  readonly cells: readonly string[];
  readonly width: number;
}

function lay<Row>(column: Column<Row>, rows: readonly Row[]): Laid {
  const cells = rows.map((row) => cellText(column.text(row)));
  // A server's new keys make headers too.
  const header = cellText(column.header);
  let width = textWidth(header);
  for (const cell of cells) width = Math.max(width, textWidth(cell));
  const padded = cells.map((cell) => pad(cell, width, column.align));
  return { header: pad(header, width, "left"), cells: padded, width };
}

function pad(text: string, width: number, align: "left" | "right"): string {
  const space = " ".repeat(width - textWidth(text));
  return align === "right" ? space + text : text + space;
}

/**
 * Draws a table for a terminal in the shape that the SDC's users know: columns between `|`, a line of hyphens above and
 * below. A table without rows is its title alone. Takes time in proportion to its cells.
 *
 * @param mostRows A longer table is drawn by its first and last rows.
 */
export function textTable<Row>(table: Table<Row>, mostRows = Infinity): string {
  if (table.rows.length === 0) return `${printable(table.title)}\n`;
  const abridged = abridge(table.rows, mostRows);
  const { head, between, tail } = abridged;
  const columns = table.columns.map((column) => lay(column, between === 0 ? head : [...head, ...tail]));
  const line = (cells: readonly string[]) => cells.map((cell) => `${cell}|`).join("");
  const hyphens = `${"-".repeat(columns.reduce((sum, { width }) => sum + width + 1, -1))}|`;
  const lines = [printable(table.title), hyphens, line(columns.map(({ header }) => header)), hyphens];
  for (let row = 0; row < head.length + tail.length; row++) {
    if (between > 0 && row === head.length) lines.push(`… ${betweenLine(abridged)}`);
    lines.push(line(columns.map(({ cells }) => cells[row] ?? "")));
  }
  lines.push(hyphens, "");
  return lines.join("\n");
}
