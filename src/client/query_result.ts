import type { DownloadOptions } from "./options.ts";
import type { TransferReport } from "./transfers.ts";
import { htmlCard, htmlTable } from "../display/html_table.ts";
import { JUPYTER_DISPLAY, type MimeBundle, showBundle } from "../display/notebook.ts";
import type { Picture } from "../display/picture.ts";
import { MAX_ROWS, type Table, textTable } from "../display/text_table.ts";
import { ImapError } from "../errors.ts";
import { isPrivateHost } from "../http/transport.ts";
import { downloadRoute } from "../protocol/routes.ts";
import type { FileRecord } from "../protocol/rows.ts";
import type { QueryParameters, TableName } from "../protocol/tables.ts";
import { recordsTable, type ResultContext } from "../views/records.ts";
import { summaryPicture } from "../views/summary.ts";

/**
 * The address at which a browser gets a file, for tables in pages. It holds no key; the API redirects to the file.
 *
 * @param api The API's address.
 * @returns Undefined for an address that neither encrypts nor is in the own network, and for a path that no URL can hold or
 * that leads out of the archive.
 */
export function downloadLink(api: string, { file_path }: FileRecord): string | undefined {
  const { protocol, hostname } = new URL(api);
  if (protocol !== "https:" && !(protocol === "http:" && isPrivateHost(hostname))) return undefined;
  // A URL drops these segments, and what is before them.
  if (file_path.split("/").some((segment) => segment === "." || segment === "..")) return undefined;
  return file_path.isWellFormed() ? `${api}${downloadRoute(file_path)}` : undefined;
}

/** A card has a line for each key of its row; one with more keys than this is no row of the SDC's. */
const MOST_CARD_LINES = 500;

/** How many rows are added to a result at once; a call takes only so many arguments. */
const ROWS_AT_ONCE = 1_000;

/** Downloads rows: what a result has from the client that made it. */
export type DownloadRows = (rows: readonly FileRecord[], options: DownloadOptions) => Promise<TransferReport>;

/** What a result knows of the call that made it. */
export interface QueryResultOrigin {
  /** Downloads its rows. */
  readonly download?: DownloadRows;
  /** Tells which archive paths are in the data directory already. */
  readonly filesHere?: (archivePaths: readonly string[]) => Promise<ReadonlySet<string>>;
  /** The table that was asked; it decides the columns. Default: science. */
  readonly table?: TableName;
  /** The conditions of the query; tables in pages and pictures show them. */
  readonly asked?: QueryParameters;
  /** The API's address, to which the file names of tables in pages lead. */
  readonly url?: string;
}

/**
 * The files that a query found: an array of rows that shows itself as a table, in notebooks, in the REPL and in
 * `console.log`. `filter`, `slice`, `toSorted` and `toReversed` give a QueryResult again; the other methods, as `map`,
 * give a plain array. A result of one row, `files.slice(0, 1)` for instance, shows itself as a card in notebooks.
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
export class QueryResult<Row extends FileRecord = FileRecord> extends Array<Row> {
  /** Array methods that change what the elements are, `map` first, give plain arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  #origin: QueryResultOrigin = {};

  /** Takes rows into a result. */
  static fromRows<Row extends FileRecord>(rows: Iterable<Row>, origin: QueryResultOrigin = {}): QueryResult<Row> {
    const result = new QueryResult<Row>();
    // Several times quicker than one by one.
    const all = [...rows];
    for (let at = 0; at < all.length; at += ROWS_AT_ONCE) result.push(...all.slice(at, at + ROWS_AT_ONCE));
    result.#origin = origin;
    return result;
  }

  /** The table that was asked for these rows. */
  get table(): TableName {
    return this.#origin.table ?? "science";
  }

  /**
   * Downloads all of these files, several at once, as the function `download` does.
   *
   * @returns What became of each file. One that failed does not stop the others: see its `failed` and `retry()`.
   */
  download(options: DownloadOptions = {}): Promise<TransferReport> {
    const { download } = this.#origin;
    if (download === undefined) return Promise.reject(new ImapError("Cannot download: no client made this result"));
    return download(this, options);
  }

  /** The rows that meet a condition, as a result that shows itself. */
  override filter(predicate: (row: Row, index: number, rows: Row[]) => unknown): QueryResult<Row> {
    return QueryResult.fromRows(super.filter(predicate), this.#origin);
  }

  /** Some of the rows, as a result that shows itself. */
  override slice(start?: number, end?: number): QueryResult<Row> {
    return QueryResult.fromRows(super.slice(start, end), this.#origin);
  }

  /** The rows in another order, as a result that shows itself. */
  override toSorted(compare?: (a: Row, b: Row) => number): QueryResult<Row> {
    return QueryResult.fromRows(super.toSorted(compare), this.#origin);
  }

  /** The rows from the last to the first, as a result that shows itself. */
  override toReversed(): QueryResult<Row> {
    return QueryResult.fromRows(super.toReversed(), this.#origin);
  }

  /**
   * A picture of the days that have files: time runs along, a line for each instrument, level and descriptor. It tells
   * apart a product's newest version, the one before and older ones, and marks what is in the data directory.
   *
   * @returns A picture that shows itself; `toSvg()`, `toText()` and `save()` give it otherwise.
   *
   * @example
   * ```ts
   * import { assert } from "@std/assert";
   * import { query } from "@imap-sdc/data-access";
   *
   * const files = await query({ instrument: "glows" });
   * const picture = await files.coverage();
   * assert(picture.toText().startsWith(`Coverage of ${files.length} files`));
   * ```
   */
  async coverage(): Promise<Picture> {
    const { asked = {}, filesHere } = this.#origin;
    const here = await filesHere?.(this.map(({ file_path }) => file_path)) ?? new Set<string>();
    const { coveragePicture } = await import("../views/coverage_chart.ts");
    return coveragePicture(this, { asked: { ...asked }, here });
  }

  /**
   * A picture of how many files there are of each instrument and data level.
   *
   * @example
   * ```ts
   * import { assert } from "@std/assert";
   * import { query } from "@imap-sdc/data-access";
   *
   * const files = await query({ start_date: "20250501" });
   * assert(files.summary().toText().includes("by instrument and data level"));
   * ```
   */
  summary(): Picture {
    const { asked = {} } = this.#origin;
    return summaryPicture(this, { asked: { ...asked } });
  }

  /** The rows as a text table, the way the command line prints them. */
  toText(): string {
    return textTable(this.#table());
  }

  /** The rows as an HTML table, one row as a card; everything from the server in it is escaped. */
  toHtml(): string {
    const [row, ...others] = this.slice(0, 2);
    const isOne = row !== undefined && others.length === 0;
    return isOne ? htmlCard(this.#table({ maxExtra: MOST_CARD_LINES }), row) : htmlTable(this.#table());
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
    return { "text/plain": textTable(this.#table(), MAX_ROWS), "text/html": this.toHtml() };
  }

  /** What `console.log` and the REPL show for it. */
  [Symbol.for("Deno.customInspect")](): string {
    return textTable(this.#table(), MAX_ROWS).trimEnd();
  }

  #table(more: Pick<ResultContext, "maxExtra"> = {}): Table<FileRecord> {
    const { asked = {}, url } = this.#origin;
    return recordsTable(this, {
      ...more,
      table: this.table,
      asked: { ...asked },
      linkTo: url === undefined ? undefined : (row) => downloadLink(url, row),
    });
  }
}
