import type { QueryResult } from "../client/query_result.ts";
import type { FileRecord } from "../protocol/rows.ts";
import { printable, printableJson } from "../safe_text.ts";
import { recordKeys, valueAt } from "../views/records.ts";

/** How many rows become one text: enough for speed, few enough for memory. */
const AT_ONCE = 200;

/** One row as JSON on one line. */
export function jsonLine(row: FileRecord): string {
  return printableJson(JSON.stringify(row));
}

/** Texts of some rows at a time. */
function* batches(rows: readonly FileRecord[], text: (rows: readonly FileRecord[]) => string): Generator<string> {
  for (let at = 0; at < rows.length; at += AT_ONCE) yield text(rows.slice(at, at + AT_ONCE));
}

/** An array, a row a line, which a person can read and every JSON parser takes. */
export function* json(rows: readonly FileRecord[]): Generator<string> {
  if (rows.length === 0) return yield "[]\n";
  let before = "[\n";
  for (const text of batches(rows, (some) => some.map(jsonLine).join(",\n"))) {
    yield before + text;
    before = ",\n";
  }
  yield "\n]\n";
}

/** A field as RFC 4180 writes it: in quotes where it must be, its own quotes doubled. */
function csvField(value: unknown): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Lines of fields with a header (RFC 4180): the keys of the table, then what the rows have more. Values stay as they are. */
export function* csv(rows: QueryResult): Generator<string> {
  const keys = recordKeys(rows.table, rows);
  // To a terminal nothing goes that could act on it; a file gets the very values.
  const safe = Deno.stdout.isTerminal() ? printable : (text: string) => text;
  const line = (fields: readonly unknown[]) => `${fields.map((field) => safe(csvField(field))).join(",")}\r\n`;
  yield line(keys);
  yield* batches(rows, (some) => some.map((row) => line(keys.map((key) => valueAt(row, key)))).join(""));
}

/** A path a line: each is one line, whatever a server sends. */
export function* paths(rows: readonly FileRecord[]): Generator<string> {
  yield* batches(rows, (some) => some.map(({ file_path }) => `${printable(file_path)}\n`).join(""));
}
