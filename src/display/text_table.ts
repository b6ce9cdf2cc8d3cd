import { padToWidth, textWidth } from "./text_width.ts";
import { printable } from "../safe_text.ts";

/** The rows of a long table that are drawn, and how many lie between them. */
interface Abridged<Row> {
  readonly head: readonly Row[];
  readonly between: number;
  readonly tail: readonly Row[];
}

/** A longer table is drawn by its first and last rows: browsers and notebooks choke on 100,000. */
export const MOST_ROWS = 100;

/** Takes the first and the last rows of a table with more rows than `most`; all of a shorter one. */
export function abridge<Row>(rows: readonly Row[], most: number): Abridged<Row> {
  if (rows.length <= most) return { head: rows, between: 0, tail: [] };
  const half = Math.floor(most / 2);
  return { head: rows.slice(0, half), between: rows.length - 2 * half, tail: rows.slice(-half) };
}

/** The line that stands for the rows that are not drawn, and how to see some of them. */
export function betweenLine<Row>({ head, between }: Abridged<Row>): string {
  const start = head.length;
  return `${between} rows between: slice(${start}, ${start + Math.min(between, 2 * start)}) or filter() show them`;
}

/** No cell is shown wider: one hostile value must not push all others out of sight. */
const WIDEST_CELL = 200;

function cellText(text: string): string {
  return printable(text.length > WIDEST_CELL ? `${text.slice(0, WIDEST_CELL)}…` : text);
}

/** How many rows become one text: enough for speed, few enough for memory. */
const ROWS_AT_ONCE = 1_000;

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
  const headers = columns.map(({ header, width }) => `${padToWidth(cellText(header), width)}|`);
  yield `${hyphens}${headers.join("")}\n${hyphens}`;
  const line = (row: Row) =>
    `${columns.map(({ text, width, align }) => `${padToWidth(cellText(text(row)), width, align)}|`).join("")}\n`;
  const lines = function* (rows: readonly Row[]) {
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) yield rows.slice(at, at + ROWS_AT_ONCE).map(line).join("");
  };
  yield* lines(head);
  if (between > 0) yield `… ${betweenLine(abridged)}\n`;
  yield* lines(tail);
  yield hyphens;
  if (table.note !== undefined) yield `${cellText(table.note)}\n`;
}

/** One column of a table. */
export interface Column<Row> {
  readonly header: string;
  /** Numbers stand right, so that their digits line up. */
  readonly align: "left" | "right";
  /** The text of a row's cell, as it comes: each output makes it safe in its own way. */
  readonly text: (row: Row) => string;
  /** What a page shows in its place; without it, the text. */
  readonly pageText?: (row: Row) => string;
  /** Where a page's cell leads. Addresses that are not http or https are dropped. */
  readonly link?: (row: Row) => string | undefined;
}

/** A table, whatever it is shown as. */
export interface Table<Row> {
  /** The line above it. */
  readonly title: string;
  /** What a page says behind the title. */
  readonly subtitle?: string;
  /** What is left out of it: behind the subtitle on a page, a line below the rows as text. */
  readonly note?: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
}
