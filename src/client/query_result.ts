import { type DownloadOptions, isList } from "./options.ts";
import type { TransferReport } from "./transfer_report.ts";
import { htmlCard, htmlTable } from "../display/html_table.ts";
import { JUPYTER_DISPLAY, type MimeBundle, showBundle } from "../display/notebook.ts";
import type { Picture } from "../display/picture.ts";
import { MAX_ROWS, type Table, textTable } from "../display/text_table.ts";
import { ImapError, InputError } from "../errors.ts";
import { isPrivateHost } from "../http/transport.ts";
import { downloadRoute } from "../protocol/routes.ts";
import type { FileRecord } from "../protocol/rows.ts";
import type { QueryParameters, TableName } from "../protocol/tables.ts";
import { shown } from "../safe_text.ts";
import { recordsTable, type ResultContext } from "../views/records.ts";
import { summaryPicture } from "../views/summary.ts";

/**
 * Returns the URL at which a browser can download a file, for tables in web pages. It does not contain a key; the API
 * redirects to the file.
 *
 * @param api The URL of the API.
 * @returns Undefined for an unencrypted URL outside the local network, and for a path that cannot be part of a URL or
 * that points outside the archive.
 */
export function downloadLink(api: string, { file_path }: FileRecord): string | undefined {
  const { protocol, hostname } = new URL(api);
  if (protocol !== "https:" && !(protocol === "http:" && isPrivateHost(hostname))) return undefined;
  // URL parsing removes these segments and the ones before them.
  if (file_path.split("/").some((segment) => segment === "." || segment === "..")) return undefined;
  return file_path.isWellFormed() ? `${api}${downloadRoute(file_path)}` : undefined;
}

/** The maximum number of lines of a card; rows of the SDC do not have more keys. */
const MAX_CARD_LINES = 500;

/** The number of rows added per call, since the number of arguments of a call is limited. */
const ROWS_AT_ONCE = 1_000;

/** Downloads rows. A result gets it from the client that made it. */
export type DownloadRows = (rows: readonly FileRecord[], options: DownloadOptions) => Promise<TransferReport>;

/** The context of a result: its query and its client. */
export interface QueryResultOrigin {
  /** Downloads its rows. */
  readonly download?: DownloadRows;
  /** Returns which of some archive paths are in the data directory. */
  readonly filesHere?: (archivePaths: readonly string[]) => Promise<ReadonlySet<string>>;
  /** The table that was searched. Default: science. */
  readonly table?: TableName;
  /** The conditions of the query, which tables in web pages and charts show. */
  readonly asked?: QueryParameters;
  /** The URL of the API, which file names in web pages link to. */
  readonly url?: string;
}

/**
 * The files that a query found: an array of rows that displays itself as a table in notebooks, in the REPL and in
 * `console.log`. `filter`, `slice`, `toSorted` and `toReversed` return a QueryResult; other methods, such as `map`, return a
 * plain array. In a notebook, a result of one row is displayed as a card: try `files.slice(0, 1)`.
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
  /** Array methods that change the type of the elements, such as `map`, return plain arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  #origin: QueryResultOrigin = {};

  /** Creates a result from rows. */
  static fromRows<Row extends FileRecord>(rows: Iterable<Row>, origin: QueryResultOrigin = {}): QueryResult<Row> {
    if (!isList(rows)) {
      const [value, expected] = [shown(rows), "a list of rows"];
      throw new InputError(`Cannot make a result of "${value}": expected ${expected}`, {
        problems: [{ value, expected }],
      });
    }
    const result = new QueryResult<Row>();
    // Several times faster than one by one.
    const all = [...rows];
    for (let at = 0; at < all.length; at += ROWS_AT_ONCE) result.push(...all.slice(at, at + ROWS_AT_ONCE));
    result.#origin = origin;
    return result;
  }

  /** The table that was searched for these rows. */
  get table(): TableName {
    return this.#origin.table ?? "science";
  }

  /**
   * Downloads all of these files, several at a time, as the function `download` does.
   *
   * @returns The outcome of each file. One failure does not stop the rest: see `failed` and `retry()` of the report.
   */
  download(options: DownloadOptions = {}): Promise<TransferReport> {
    const { download } = this.#origin;
    if (download === undefined) {
      return Promise.reject(new ImapError("Cannot download: this result was not created by a client"));
    }
    return download(this, options);
  }

  /** Returns the rows that meet a condition, as a QueryResult. */
  override filter(predicate: (row: Row, index: number, rows: Row[]) => unknown): QueryResult<Row> {
    return QueryResult.fromRows(super.filter(predicate), this.#origin);
  }

  /** Returns the rows from `start` up to `end`, as a QueryResult. */
  override slice(start?: number, end?: number): QueryResult<Row> {
    return QueryResult.fromRows(super.slice(start, end), this.#origin);
  }

  /** Returns the rows in another order, as a QueryResult. */
  override toSorted(compare?: (a: Row, b: Row) => number): QueryResult<Row> {
    return QueryResult.fromRows(super.toSorted(compare), this.#origin);
  }

  /** Returns the rows from the last to the first, as a QueryResult. */
  override toReversed(): QueryResult<Row> {
    return QueryResult.fromRows(super.toReversed(), this.#origin);
  }

  /**
   * Makes a chart of the days that have files: time from left to right, a row for each instrument, level and descriptor.
   * Colors distinguish a product's newest version, its previous one and older ones; files in the data directory are marked.
   *
   * @returns A chart that displays itself; `toSvg()`, `toText()` and `save()` return or write it in other forms.
   *
   * @example
   * ```ts
   * import { assert } from "@std/assert";
   * import { query } from "@imap-sdc/data-access";
   *
   * const files = await query({ instrument: "glows" });
   * const chart = await files.coverage();
   * assert(chart.toText().startsWith(`Coverage of ${files.length} files`));
   * ```
   */
  async coverage(): Promise<Picture> {
    const { asked = {}, filesHere } = this.#origin;
    const here = await filesHere?.(this.map(({ file_path }) => file_path)) ?? new Set<string>();
    const { coveragePicture } = await import("../views/coverage_chart.ts");
    return coveragePicture(this, { asked: { ...asked }, here });
  }

  /**
   * Makes a chart of the number of files by instrument and data level.
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

  /** Returns the rows as a text table, as the command line prints them. */
  toText(): string {
    return textTable(this.#table());
  }

  /** Returns the rows as an HTML table, or a single row as a card. Everything from the server is escaped. */
  toHtml(): string {
    const [row, ...others] = this.slice(0, 2);
    const isOne = row !== undefined && others.length === 0;
    return isOne ? htmlCard(this.#table({ maxExtra: MAX_CARD_LINES }), row) : htmlTable(this.#table());
  }

  /**
   * Shows the table: in a notebook as an output of the running cell, otherwise as text on standard output.
   * Jupyter may lose the last value of a cell that awaits something; what `show()` displays always arrives.
   */
  async show(): Promise<void> {
    await showBundle(this[JUPYTER_DISPLAY]());
  }

  /** Returns what a notebook shows for the result: the first and the last rows of a long one. */
  [JUPYTER_DISPLAY](): MimeBundle {
    return { "text/plain": textTable(this.#table(), MAX_ROWS), "text/html": this.toHtml() };
  }

  /** Returns what `console.log` and the REPL show for the result. */
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
