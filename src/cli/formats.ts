import type { Picture } from "../display/notebook.ts";
import { type Table, type TextLook, textTableChunks } from "../display/table.ts";
import type { FileRecord, TableName } from "../protocol/tables.ts";
import { printable, printableJson } from "../errors.ts";
import { csvChunks, recordsTable } from "../views/records.ts";

/** The number of rows per text: a compromise between speed and memory. */
const ROWS_AT_ONCE = 200;

function* batches<Row>(rows: readonly Row[], text: (rows: readonly Row[]) => string): Generator<string> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) yield text(rows.slice(at, at + ROWS_AT_ONCE));
}

/** The separator of two rows in JSON. */
const BETWEEN_ROWS = '},{"';

/**
 * Formats rows as JSON, each on its own line. Converting many rows together takes half the time of converting them one
 * by one.
 */
function lines(rows: readonly object[], separator: ",\n" | "\n"): string {
  // V8 can serialize deeply nested values in plain arrays, but not in subclasses of arrays.
  const parts = JSON.stringify(Array.from(rows)).slice(1, -1).split(BETWEEN_ROWS);
  return parts.length === rows.length
    ? parts.join(`}${separator}{"`)
    : rows.map((row) => JSON.stringify(row)).join(separator);
}

/** Writes rows as JSON, one per line. */
export function jsonLines(rows: readonly FileRecord[]): string {
  return rows.length === 0 ? "" : printableJson(`${lines(rows, "\n")}\n`);
}

/** Writes rows as a JSON array, one row per line, for people and for every JSON parser. */
export function* json(rows: readonly object[]): Generator<string> {
  if (rows.length === 0) return yield "[]\n";
  let before = "[\n";
  for (const text of batches(rows, (some) => lines(some, ",\n"))) {
    yield before + printableJson(text);
    before = ",\n";
  }
  yield "\n]\n";
}

/** Writes rows as CSV. Values are unchanged in a file or a pipe, and made safe in a terminal. */
export function csv({ rows, table }: Pick<Found, "rows" | "table">): Generator<string> {
  return csvChunks(table, rows, Deno.stdout.isTerminal() ? { safe: printable } : {});
}

/** Writes one path per line, made safe to be a single line whatever a server sends. */
export function* paths(rows: readonly FileRecord[]): Generator<string> {
  yield* batches(rows, (some) => some.map(({ file_path }) => `${printable(file_path)}\n`).join(""));
}

/** Prints the coverage: a line per product, as wide as the terminal. */
async function* coverage({ coverage }: Found, { columns = 80 }: Look): AsyncGenerator<string> {
  yield (await coverage()).toText({ columns });
}

/** Files that were found, at the SDC or in a data directory. */
export interface Found {
  readonly rows: readonly FileRecord[];
  readonly table: TableName;
  readonly coverage: () => PromiseLike<Picture>;
}

/** The name of a format for a whole result. */
export type FormatName = "table" | "json" | "csv" | "paths" | "coverage";

/** How to print for people. */
interface Look extends TextLook {
  /** Whether days are `2026-01-31` instead of `20260131`. */
  readonly isoDates?: boolean;
}

/** Returns a table whose days are `2026-01-31`, as on web pages. */
export function withIsoDates<Row>(table: Table<Row>): Table<Row> {
  const columns = table.columns.map((column) => ({ ...column, text: column.pageText ?? column.text }));
  return { ...table, columns };
}

/** A format: returns the output for a result, a part at a time. */
type Format = (found: Found, look: Look) => Iterable<string> | AsyncIterable<string>;

/** The formats for a whole result. */
export const formats: Readonly<Record<FormatName, Format>> = {
  table: ({ rows, table }, { isoDates = false, ...look }) => {
    const shown = recordsTable(rows, { table });
    return textTableChunks(isoDates ? withIsoDates(shown) : shown, Infinity, look);
  },
  json: ({ rows }) => json(rows),
  csv,
  paths: ({ rows }) => paths(rows),
  coverage,
};
