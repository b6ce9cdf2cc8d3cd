import { padToWidth, textWidth } from "./text_width.ts";
import { printable, withoutSecrets } from "../safe_text.ts";

/** One column of a table. */
export interface Column<Row> {
  readonly header: string;
  /** Numbers are aligned right, so that their digits line up. */
  readonly align: "left" | "right";
  /** Returns the text of a row's cell, unchecked: each output makes it safe in its own way. */
  readonly text: (row: Row) => string;
  /** Returns the text for web pages, if different. */
  readonly pageText?: (row: Row) => string;
  /** Returns the URL that the cell links to on a web page. URLs other than http and https are dropped. */
  readonly link?: (row: Row) => string | undefined;
}

/** A table, for every kind of output. */
export interface Table<Row> {
  /** The line above the table. */
  readonly title: string;
  /** The text after the title on a web page. */
  readonly subtitle?: string;
  /** A note on what the table omits: after the subtitle on a page, in a line below the rows as text. */
  readonly note?: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
}

/** Of longer tables only the first and last rows are shown: browsers and notebooks cannot handle 100,000 rows. */
export const MAX_ROWS = 100;

/** The shown rows of a long table, and the number of hidden rows between them. */
interface Abridged<Row> {
  readonly head: readonly Row[];
  readonly hidden: number;
  readonly tail: readonly Row[];
}

/** Returns the first and the last rows of a table with more than `most` rows; otherwise all of them. */
export function abridge<Row>(rows: readonly Row[], most: number): Abridged<Row> {
  if (rows.length <= most) return { head: rows, hidden: 0, tail: [] };
  const half = Math.floor(most / 2);
  return { head: rows.slice(0, half), hidden: rows.length - 2 * half, tail: rows.slice(-half) };
}

/** The line that replaces hidden rows, and says how to see some of them. */
export function hiddenLine<Row>({ head, hidden }: Abridged<Row>): string {
  const start = head.length;
  const rows = `${hidden} row${hidden === 1 ? "" : "s"}`;
  return `${rows} hidden: slice(${start}, ${start + Math.min(hidden, 2 * start)}) or filter() shows ${
    hidden === 1 ? "it" : "them"
  }`;
}

/** Longer cells are truncated: one hostile value must not push all others out of view. */
const MAX_CELL = 200;

function cellText(text: string): string {
  return printable(text.length > MAX_CELL ? `${text.slice(0, MAX_CELL)}…` : text);
}

/** Matches text that is safe to print and takes one terminal column per character. */
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** Draws the lines of a table for a terminal. */
class LineWriter<Row> {
  readonly #columns: readonly Column<Row>[];
  readonly #widths: readonly number[];
  /** The length of every line. */
  readonly #length: number;
  /** Matches lines of this length whose characters are safe to print and take a column each. */
  readonly #plainLines: RegExp;

  /** Measures how wide each column must be for its header and all rows. */
  constructor(columns: readonly Column<Row>[], parts: ReadonlyArray<readonly Row[]>) {
    this.#columns = columns;
    // Headers may be keys from a server, so they are as unsafe as cells.
    const widths = columns.map(({ header }) => textWidth(cellText(header)));
    const last = columns.map(() => "");
    for (const rows of parts) {
      for (const row of rows) {
        columns.forEach(({ text }, index) => {
          const cell = text(row);
          const width = widths[index] ?? 0;
          // A character takes at most two columns. Neighbors often have the same value.
          if (cell.length * 2 <= width || cell === last[index]) return;
          last[index] = cell;
          const isPlain = cell.length <= MAX_CELL && PRINTABLE_ASCII.test(cell);
          const needed = isPlain ? cell.length : textWidth(cellText(cell));
          if (needed > width) widths[index] = needed;
        });
      }
    }
    this.#widths = widths;
    this.#length = this.#widths.reduce((sum, width) => sum + width + 1, 0);
    this.#plainLines = new RegExp(`^(?:[\\x20-\\x7e]{${this.#length}}\\n)*$`);
  }

  /** The line of hyphens above and below the rows. */
  rule(): string {
    return `${"-".repeat(Math.max(0, this.#length - 1))}|\n`;
  }

  headers(): string {
    const headers = this.#columns.map(({ header }, index) => `${this.#pad(cellText(header), index)}|`);
    return `${headers.join("")}\n`;
  }

  rows(rows: readonly Row[]): string {
    const cells: string[] = [];
    for (const row of rows) {
      let start = cells.length === 0 ? "" : "\n";
      this.#columns.forEach(({ text, align }, index) => {
        const width = this.#widths[index] ?? 0;
        cells.push(start + (align === "right" ? text(row).padStart(width) : text(row).padEnd(width)));
        start = "";
      });
    }
    const lines = `${cells.join("|")}|\n`;
    // Checking all lines at once takes a fraction of the time of checking each cell.
    return this.#plainLines.test(lines) && withoutSecrets(lines) === lines ? lines : this.#checkedRows(rows);
  }

  #checkedRows(rows: readonly Row[]): string {
    const cell = (row: Row, { text, align }: Column<Row>, index: number) =>
      `${this.#pad(cellText(text(row)), index, align)}|`;
    return rows.map((row) => `${this.#columns.map((column, index) => cell(row, column, index)).join("")}\n`).join("");
  }

  #pad(text: string, index: number, align: "left" | "right" = "left"): string {
    return padToWidth(text, this.#widths[index] ?? 0, align);
  }
}

/** The number of rows per text: a compromise between speed and memory. */
const ROWS_AT_ONCE = 1_000;

/**
 * Draws a table for a terminal in the same layout as the Python client: columns between `|`, a line of hyphens above
 * and below. A table without rows consists only of its title. Takes time proportional to the number of cells.
 *
 * @param mostRows Of a longer table, only the first and last rows are drawn.
 */
export function textTable<Row>(table: Table<Row>, mostRows = Infinity): string {
  return [...textTableChunks(table, mostRows)].join("");
}

/** Draws a table as {@linkcode textTable} does, some lines at a time, without holding all of them in memory. */
export function* textTableChunks<Row>(table: Table<Row>, mostRows = Infinity): Generator<string> {
  yield `${printable(table.title)}\n`;
  if (table.rows.length === 0) return;
  const abridged = abridge(table.rows, mostRows);
  const { head, hidden, tail } = abridged;
  const lines = new LineWriter(table.columns, [head, tail]);
  const rule = lines.rule();
  yield `${rule}${lines.headers()}${rule}`;
  const chunks = function* (rows: readonly Row[]) {
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
      yield lines.rows(rows.slice(at, at + ROWS_AT_ONCE));
    }
  };
  yield* chunks(head);
  if (hidden > 0) yield `… ${hiddenLine(abridged)}\n`;
  yield* chunks(tail);
  yield rule;
  if (table.note !== undefined) yield `${cellText(table.note)}\n`;
}
