import { ImapError } from "../errors.ts";
import { JUPYTER_DISPLAY, type MimeBundle, showBundle } from "../display/notebook.ts";
import { MOST_ROWS } from "../display/abridge.ts";
import { htmlTable } from "../display/html_table.ts";
import { textTable } from "../display/text_table.ts";
import type { FileRecord } from "../protocol/file_record.ts";
import type { DownloadOptions } from "./call_options.ts";
import type { TransferReport } from "./transfer_report.ts";
import { recordsTable } from "../views/records_table.ts";

/** Downloads rows: what a result has from the client that made it. */
export type DownloadRows = (rows: readonly FileRecord[], options: DownloadOptions) => Promise<TransferReport>;

/**
 * The files that a query found: an array of rows that shows itself as a table, in notebooks, in the REPL and in
 * `console.log`. `filter`, `slice` and the other methods that pick rows give a QueryResult again; `map` gives a plain
 * array.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { query } from "@imap-sdc/data-access";
 *
 * const files = await query({ instrument: "mag", data_level: "l0" });
 * const newer = files.filter((file) => file.version !== "v000");
 * assert(newer.toText().startsWith(`Found [${newer.length}] matching files`));
 * ```
 */
export class QueryResult extends Array<FileRecord> {
  /** Array methods that change what the elements are, `map` first, give plain arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  #download: DownloadRows = () => Promise.reject(new ImapError("Cannot download: no client made this result"));

  /** Takes rows into a result; `download` is what fetches them. */
  static fromRows(rows: Iterable<FileRecord>, download?: DownloadRows): QueryResult {
    const result = new QueryResult();
    for (const row of rows) result.push(row);
    if (download !== undefined) result.#download = download;
    return result;
  }

  /**
   * Downloads all of these files, several at once, as the function `download` does.
   *
   * @returns What became of each file. One that failed does not stop the others: see its `failed` and `retry()`.
   */
  download(options: DownloadOptions = {}): Promise<TransferReport> {
    return this.#download(this, options);
  }

  /** The rows that meet a condition, as a result that shows itself. */
  override filter(predicate: (row: FileRecord, index: number, rows: FileRecord[]) => unknown): QueryResult {
    return QueryResult.fromRows(super.filter(predicate), this.#download);
  }

  /** Some of the rows, as a result that shows itself. */
  override slice(start?: number, end?: number): QueryResult {
    return QueryResult.fromRows(super.slice(start, end), this.#download);
  }

  /** The rows in another order, as a result that shows itself. */
  override toSorted(compare?: (a: FileRecord, b: FileRecord) => number): QueryResult {
    return QueryResult.fromRows(super.toSorted(compare), this.#download);
  }

  /** The rows as a text table, the way the command line prints them. */
  toText(): string {
    return textTable(recordsTable(this));
  }

  /** The rows as an HTML table; everything from the server in it is escaped. */
  toHtml(): string {
    return htmlTable(recordsTable(this));
  }

  /**
   * Shows the table now: in a notebook as an output of this cell, elsewhere as text on standard output.
   * Unlike a cell's last value, which Jupyter may lose when the cell awaits something, it always arrives.
   */
  async show(): Promise<void> {
    await showBundle(this[JUPYTER_DISPLAY]());
  }

  /** What a notebook shows for it: of a long result the first and the last rows. */
  [JUPYTER_DISPLAY](): MimeBundle {
    return { "text/plain": textTable(recordsTable(this), MOST_ROWS), "text/html": this.toHtml() };
  }

  /** What `console.log` and the REPL show for it. */
  [Symbol.for("Deno.customInspect")](): string {
    return textTable(recordsTable(this), MOST_ROWS).trimEnd();
  }
}
