import type { CatalogEntry } from "./catalog.ts";
import type { Dataset, OpenOptions } from "./dataset.ts";
import { type DownloadOptions, isList } from "./options.ts";
import { checkCount, HEAD_ROWS, sortedBy, type SortOptions } from "./record_list.ts";
import type { TransferReport } from "../views/transfers.ts";
import { formatBytes, htmlCard, htmlTable, plainTable, shownTable, type Table, textTable } from "../display/table.ts";
import {
  isNotebook,
  JUPYTER_DISPLAY,
  type MimeBundle,
  PendingPicture,
  Picture,
  showBundle,
} from "../display/notebook.ts";
import { checkObject, ImapError, InputError, shown, unknownParameter } from "../errors.ts";
import { isPrivateHost } from "../http/transport.ts";
import { closestWord, DATA_LEVELS, isDataLevel } from "../names/fields.ts";
import {
  downloadRoute,
  type FileRecord,
  newestVersions,
  type QueryParameters,
  type TableName,
  type WordOrText,
} from "../protocol/tables.ts";
import {
  askedText,
  counted,
  csvChunks,
  fileNameOf,
  groupsTable,
  headerOf,
  recordKeys,
  recordsTable,
  type ResultContext,
  rowLabel,
  valueAt,
} from "../views/records.ts";
import type { Counts } from "../views/coverage.ts";

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

/**
 * Downloads rows. A result gets it from the client that made it.
 *
 * @ignore
 */
export type DownloadRows = (rows: readonly FileRecord[], options: DownloadOptions) => Promise<TransferReport>;

/**
 * The context of a result: its query and its client.
 *
 * @ignore
 */
export interface QueryResultOrigin {
  /** Downloads its rows. */
  readonly download?: DownloadRows;
  /** Opens its rows as one data set. */
  readonly open?: (rows: readonly FileRecord[], options: OpenOptions) => Promise<Dataset>;
  /** Returns which of some archive paths are in the data directory. */
  readonly filesHere?: (archivePaths: readonly string[]) => Promise<ReadonlySet<string>>;
  /** The table that was searched. Default: science. */
  readonly table?: TableName;
  /** The conditions of the query, which tables in web pages and charts show. */
  readonly asked?: QueryParameters;
  /** The URL of the API, which file names in web pages link to. */
  readonly url?: string;
  /** Returns where the file of a row is, or would be, on this machine; `size` is undefined if it is not there. */
  readonly localFile?: (row: FileRecord) => Promise<{ readonly path: string; readonly size: number | undefined }>;
  /** Counts products by conditions, up to a limit: an empty result that is shown says what there is instead. */
  readonly products?: (parameters: QueryParameters) => Promise<
    { readonly products: readonly CatalogEntry[]; readonly isComplete: boolean }
  >;
}

/** How a result was changed after its query. */
interface History {
  /** The queries whose rows it has, as text. */
  readonly asked: string;
  /** The number of rows that the queries found. */
  readonly found: number;
  /** The methods that left rows out, in order. */
  readonly steps: readonly string[];
  /** The keys of the columns to show. Default: all that the table of a result has. */
  readonly columns?: readonly string[];
}

/**
 * The name of a column of rows: a key of the rows, or `file_name`, the name at the end of `file_path`.
 *
 * @category Find files
 */
export type ColumnName<Row extends FileRecord = FileRecord> = WordOrText<(keyof Row & string) | "file_name">;

/**
 * A column of rows by name, or a function of a row.
 *
 * @category Find files
 */
export type RowKey<Row extends FileRecord = FileRecord> = ColumnName<Row> | ((row: Row) => unknown);

/** Checks that an argument of `concat` or `of` is a row or a list of rows. @throws {InputError} When it is neither. */
function checkRows(item: unknown): void {
  if (typeof item === "object" && item !== null) return;
  const [value, expected] = [shown(item), "a row of query, or a list of rows"];
  throw new InputError(`Cannot make a result of "${value}": expected ${expected}`, { problems: [{ value, expected }] });
}

/** Whether an argument of `concat` or `of` is a list of rows, not a row. */
function isRows<Row>(item: unknown): item is Iterable<Row> {
  return typeof item === "object" && item !== null && Symbol.iterator in item;
}

/**
 * The files that a query found: an array of rows that displays itself as a table in notebooks, in the REPL and in
 * `console.log`. Methods that select, order or join rows return a QueryResult; others, such as `map`, return a plain
 * array. In a notebook, a result of one row is displayed as a card: try `files.head(1)`.
 *
 * @example
 * ```ts
 * import { query } from "@imap-sdc/data-access";
 *
 * const files = await query({ instrument: "mag", data_level: "l0" });
 * const newest = files.latest().sortBy("start_date", { descending: true }).head(3);
 * await newest.show();
 * ```
 *
 * @category Find files
 */
export class QueryResult<out Row extends FileRecord = FileRecord> extends Array<Row> {
  /** Array methods that change the type of the elements, such as `map`, return plain arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  #origin: QueryResultOrigin = {};
  #history: History = { asked: "", found: 0, steps: [] };

  /** Creates a result from rows. */
  static fromRows<Row extends FileRecord>(rows: Iterable<Row>, origin: QueryResultOrigin = {}): QueryResult<Row> {
    if (!isList(rows)) {
      const [value, expected] = [shown(rows), "a list of rows"];
      throw new InputError(`Cannot make a result of "${value}": expected ${expected}`, {
        problems: [{ value, expected }],
      });
    }
    checkObject("make a result with", origin, "an object with options");
    const result = new QueryResult<Row>();
    // Several times faster than one by one.
    const all = [...rows];
    for (let at = 0; at < all.length; at += ROWS_AT_ONCE) result.push(...all.slice(at, at + ROWS_AT_ONCE));
    result.#origin = origin;
    result.#history = { asked: askedText({ ...origin.asked }), found: all.length, steps: [] };
    if (origin.localFile !== undefined && isNotebook()) showAsCards(all, origin);
    return result;
  }

  /**
   * Joins results: all of their rows, in order, as one result. It downloads with the client of the first one.
   *
   * @example
   * ```ts
   * import { query, QueryResult } from "@imap-sdc/data-access";
   *
   * const mag = await query({ instrument: "mag", data_level: "l0" });
   * const swe = await query({ instrument: "swe", data_level: "l0" });
   * const both = QueryResult.of(mag, swe);
   * await both.show();
   * ```
   */
  static override of<Row extends FileRecord>(...results: Iterable<Row>[]): QueryResult<Row>;
  /** Makes a result of single rows. */
  static override of<Item>(...items: Item[]): Item[];
  static override of(...items: unknown[]): unknown[] {
    for (const item of items) checkRows(item);
    const [first, ...others] = items.map((item) =>
      item instanceof QueryResult ? item : QueryResult.fromRows(isRows<FileRecord>(item) ? item : [item as FileRecord])
    );
    return first === undefined ? QueryResult.fromRows([]) : first.concat(...others);
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

  /**
   * Opens these files as one data set, as the function `openAll` does: CDF files of one product, the newest version of each day,
   * in the order of their times. Files are downloaded when their data are needed.
   *
   * @param options `remote` reads the files over HTTP instead, only the parts that are needed.
   * @throws {InputError} When there are no files, or when they are of different products or no CDF files.
   *
   * @example
   * ```ts
   * import { query } from "@imap-sdc/data-access";
   *
   * const files = await query({ instrument: "glows", data_level: "l1b", descriptor: "hist" });
   * const dataset = await files.open();
   * await dataset.show();
   * ```
   */
  open(options: OpenOptions = {}): Promise<Dataset> {
    const { open } = this.#origin;
    if (open === undefined) {
      return Promise.reject(new ImapError("Cannot open the files: this result was not created by a client"));
    }
    return open(this, options);
  }

  /** Makes a result of some of these rows, with the same origin. `step` is the method that left the others out. */
  #select(rows: readonly Row[], step?: string): QueryResult<Row> {
    const result = QueryResult.fromRows(rows, this.#origin);
    const steps = step === undefined || rows.length === this.length ? [] : [step];
    result.#history = { ...this.#history, steps: [...new Set([...this.#history.steps, ...steps])] };
    return result;
  }

  /** Returns the rows that meet a condition, as a QueryResult. */
  override filter(predicate: (row: Row, index: number, rows: Row[]) => unknown): QueryResult<Row> {
    return this.#select(super.filter(predicate), "filter()");
  }

  /** Returns the rows from `start` up to `end`, as a QueryResult. */
  override slice(start?: number, end?: number): QueryResult<Row> {
    return this.#select(super.slice(start, end), "slice()");
  }

  /** Returns the first rows, as a QueryResult. Default: 5. */
  head(count: number = HEAD_ROWS): QueryResult<Row> {
    checkCount(count);
    return this.#select(super.slice(0, count), "head()");
  }

  /** Returns the rows in another order, as a QueryResult. */
  override toSorted(compare?: (a: Row, b: Row) => number): QueryResult<Row> {
    return this.#select(super.toSorted(compare));
  }

  /** Returns the rows from the last to the first, as a QueryResult. */
  override toReversed(): QueryResult<Row> {
    return this.#select(super.toReversed());
  }

  /**
   * Returns the rows sorted by a column, or by what a function returns for each row. Rows with equal values keep their
   * order; rows without a value come last.
   *
   * @throws {InputError} When there is no such column.
   *
   * @example
   * ```ts
   * import { query } from "@imap-sdc/data-access";
   *
   * const files = await query({ instrument: "mag", data_level: "l0" });
   * const newestFirst = files.sortBy("start_date", { descending: true });
   * await newestFirst.show();
   * ```
   */
  sortBy(key: RowKey<Row>, options: SortOptions = {}): QueryResult<Row> {
    return this.#select(sortedBy(this, columnValue("sort", key, this), options));
  }

  /**
   * Returns the newest version of each file, as the condition `version: "latest"` does.
   *
   * @example
   * ```ts
   * import { query } from "@imap-sdc/data-access";
   *
   * const files = await query({ instrument: "mag" });
   * console.log(files.length, files.latest().length); // 7 5
   * ```
   */
  latest(): QueryResult<Row> {
    return this.#select(newestVersions(this.table, this), "latest()");
  }

  /**
   * Groups the rows by a column, or by what a function returns for each row: a map from the value, as text, to the rows
   * that have it. The map displays itself as a table, and each group is a QueryResult.
   *
   * @throws {InputError} When there is no such column.
   *
   * @example
   * ```ts
   * import { query } from "@imap-sdc/data-access";
   *
   * const files = await query({ start_date: "20250501", end_date: "20250531" });
   * for (const [instrument, group] of files.groupBy("instrument")) {
   *   console.log(instrument, group.length);
   * }
   * ```
   */
  groupBy(key: RowKey<Row>): RowGroups<Row> {
    const valueOf = columnValue("group", key, this);
    const groups = new Map<string, Row[]>();
    for (const row of this) {
      const name = String(valueOf(row) ?? "");
      const rows = groups.get(name);
      if (rows === undefined) groups.set(name, [row]);
      else rows.push(row);
    }
    const header = typeof key === "function" ? "Group" : headerOf(this.table, key);
    const sorted = [...groups].sort(([a], [b]) => a < b ? -1 : 1);
    return new GroupMap(sorted.map(([name, rows]) => [name, this.#select(rows, "groupBy()")]), header);
  }

  /** Returns these rows and further ones, as a QueryResult that downloads with the client of this one. */
  override concat(...items: ConcatArray<Row>[]): QueryResult<Row>;
  /** Returns these rows, further rows and those of lists, as a QueryResult. */
  override concat(...items: (Row | ConcatArray<Row>)[]): QueryResult<Row>;
  override concat(...items: (Row | ConcatArray<Row>)[]): QueryResult<Row> {
    for (const item of items) checkRows(item);
    const result = QueryResult.fromRows(super.concat(...items), this.#origin);
    const parts = [this, ...items.filter((item) => item instanceof QueryResult)].map((part) => part.#history);
    const single = result.length - this.length -
      items.reduce((sum, item) => sum + (item instanceof QueryResult ? item.length : 0), 0);
    result.#history = {
      ...this.#history,
      asked: [...new Set(parts.map(({ asked }) => asked).filter((asked) => asked !== ""))].join(" + "),
      found: parts.reduce((sum, { found }) => sum + found, single),
      steps: [...new Set(parts.flatMap(({ steps }) => steps))],
    };
    return result;
  }

  /**
   * Returns the same rows with only some columns in tables and in CSV, in the given order. `file_name` is the name at
   * the end of `file_path`.
   *
   * @throws {InputError} When there is no such column.
   *
   * @example
   * ```ts
   * import { query } from "@imap-sdc/data-access";
   *
   * const files = await query({ instrument: "mag", data_level: "l0" });
   * console.log(files.columns("start_date", "file_name").toCsv()); // start_date,file_name ...
   * ```
   */
  columns(...names: ColumnName<Row>[]): QueryResult<Row> {
    for (const name of names) checkColumn("show columns", name, this);
    const result = this.#select(this);
    const { columns: _, ...history } = this.#history;
    result.#history = names.length === 0 ? history : { ...history, columns: names };
    return result;
  }

  /**
   * Makes a chart of the days that have files: time from left to right, a row for each instrument, level and descriptor.
   * It shows each day's newest version, the days with superseded versions, and the files in the data directory.
   *
   * @returns A chart that displays itself. It can be awaited: then `toText()` returns it as text.
   *
   * @example
   * ```ts
   * import { query } from "@imap-sdc/data-access";
   *
   * const files = await query({ instrument: "glows" });
   * await files.coverage().show();
   * const chart = await files.coverage();
   * console.log(chart.toText()); // Coverage of 7 files ...
   * ```
   */
  coverage(): PendingPicture {
    const { filesHere } = this.#origin;
    return new PendingPicture("The coverage", async () => {
      const here = await filesHere?.(this.map(({ file_path }) => file_path)) ?? new Set<string>();
      const { coveragePicture } = await import("../views/coverage.ts");
      return coveragePicture(this, { asked: this.#description(), here });
    });
  }

  /**
   * Makes a chart of the number of files by instrument and data level.
   *
   * @returns A chart that displays itself.
   *
   * @example
   * ```ts
   * import { query } from "@imap-sdc/data-access";
   *
   * const files = await query({ start_date: "20250501" });
   * await files.summary().show();
   * console.log(files.summary().toText()); // ... by instrument and data level ...
   * ```
   */
  summary(): Picture {
    return summaryPicture(this, { asked: this.#description() });
  }

  /** Says what left rows out: `filter() kept 3 of 40 files`; empty if nothing did. */
  #selection(): string {
    const { steps, found } = this.#history;
    if (steps.length === 0) return "";
    const methods = steps.length === 1 ? steps[0] : `${steps.slice(0, -1).join(", ")} and ${steps.at(-1)}`;
    return `${methods} kept ${this.length} of ${counted(found, "file")}`;
  }

  /** Says which query found the rows, and what left some of them out. */
  #description(): string {
    return [this.#history.asked, this.#selection()].filter((text) => text !== "").join(" · ");
  }

  /** Returns the rows as a text table, as the command line prints them. */
  toText(): string {
    return textTable(this.#table());
  }

  /** Returns the rows as CSV with a header (RFC 4180), for spreadsheets and other programs; values are unchanged. */
  toCsv(): string {
    const { columns } = this.#history;
    return [...csvChunks(this.table, this, { ...(columns === undefined ? {} : { columns }) })].join("");
  }

  /** Returns the rows as an HTML table, or a single row as a card. Everything from the server is escaped. */
  toHtml(): string {
    const [row] = this;
    const isOne = row !== undefined && this.length === 1;
    return isOne ? htmlCard(this.#table(CARD), row) : htmlTable(this.#table({ isPage: true }));
  }

  /**
   * Shows the table: in a notebook as an output of the running cell, otherwise as text on standard output.
   * Jupyter may lose the last value of a cell that awaits something; what `show()` displays always arrives.
   *
   * A query that found nothing also shows what the archive has instead, for which it sends one more query.
   */
  async show(): Promise<void> {
    await showBundle(await this[JUPYTER_DISPLAY]());
  }

  /** Returns what a notebook shows for the result: the first and the last rows of a long one, or a card for a single row. */
  async [JUPYTER_DISPLAY](): Promise<MimeBundle> {
    const [row] = this;
    if (row === undefined) {
      const [hint, empty] = [await this.#hint(), this.#table()];
      const table = hint === "" ? empty : { ...empty, note: hint };
      return { "text/plain": shownTable(table), "text/html": htmlTable({ ...table, title: "0 matching files" }) };
    }
    const isOne = this.length === 1;
    const html = isOne ? await cardHtml(row, this.#origin, this.#table(CARD)) : this.toHtml();
    return { "text/plain": shownTable(this.#table()), "text/html": html };
  }

  /** Returns what there is instead of this result, if the query itself found nothing; otherwise empty. */
  async #hint(): Promise<string> {
    const { asked, products } = this.#origin;
    if (this.#history.found > 0 || asked === undefined || products === undefined) return "";
    const { whatThereIs } = await import("./catalog.ts");
    return await whatThereIs(this.table, asked, products);
  }

  /** Returns what `console.log` and the REPL show for the result. */
  [Symbol.for("Deno.customInspect")](): string {
    return shownTable(this.#table()).trimEnd();
  }

  #table(more: Pick<ResultContext, "isPage" | "maxExtra"> = {}): Table<FileRecord> {
    const { url } = this.#origin;
    const { asked, columns } = this.#history;
    return recordsTable(this, {
      ...more,
      table: this.table,
      asked,
      selection: this.#selection(),
      ...(columns === undefined ? {} : { columns }),
      linkTo: url === undefined ? undefined : (row) => downloadLink(url, row),
    });
  }
}

/** Checks the name of a column. @throws {InputError} When there is no such column. */
function checkColumn(action: string, key: unknown, rows: QueryResult): void {
  const known = ["file_name", ...recordKeys(rows.table, rows)];
  if (typeof key === "string" && known.includes(key)) return;
  throw unknownParameter(action, shown(key), { known, closest: closestWord(String(key), known) });
}

/** Returns the function that gets the values of a column. @throws {InputError} When there is no such column. */
function columnValue<Row extends FileRecord>(
  action: string,
  key: RowKey<Row>,
  rows: QueryResult<Row>,
): (row: Row) => unknown {
  if (typeof key === "function") return key;
  checkColumn(action, key, rows);
  return key === "file_name" ? fileNameOf : (row) => valueAt(row, key);
}

/** The options of the table that a card is made from. */
const CARD = { isPage: true, maxExtra: MAX_CARD_LINES } as const;

/** Draws a row as a card, with where its file is on this machine, and how to get or open it. */
async function cardHtml(row: FileRecord, { localFile }: QueryResultOrigin, table: Table<FileRecord>): Promise<string> {
  const local = await localFile?.(row).catch(() => undefined);
  if (local === undefined) return htmlCard(table, row);
  const { path, size } = local;
  const name = JSON.stringify(fileNameOf(row));
  const line = (header: string, text: string) => ({ header, align: "left" as const, text: () => text });
  const columns = [
    ...table.columns,
    line("Local path", path),
    line("Downloaded", size === undefined ? "no" : `yes, ${formatBytes(size)}`),
    ...(size === undefined ? [line("To download", `await imap.download(${name})`)] : []),
    line("To open", `await imap.open(${name})`),
  ];
  return htmlCard({ ...table, columns }, row);
}

/**
 * Makes rows display themselves as cards in notebooks. They remain plain objects: the method has a symbol as its name, and
 * cannot be enumerated, so that comparisons, copies, and JSON are without it.
 */
export function showAsCards(rows: readonly FileRecord[], origin: QueryResultOrigin): void {
  const value = async function (this: FileRecord): Promise<MimeBundle> {
    const one = QueryResult.fromRows([this], origin);
    return { ...await one[JUPYTER_DISPLAY](), "text/plain": `${Deno.inspect({ ...this })}\n` };
  };
  for (const row of rows) {
    if (!Object.hasOwn(row, JUPYTER_DISPLAY)) {
      Reflect.defineProperty(row, JUPYTER_DISPLAY, { value, configurable: true });
    }
  }
}

/**
 * The groups of a result, by {@linkcode QueryResult.groupBy}: a map from a value to the rows that have it. It displays
 * itself as a table with the number of files and the days of each group.
 *
 * @category Find files
 */
export interface RowGroups<Row extends FileRecord = FileRecord> extends ReadonlyMap<string, QueryResult<Row>> {
  /** Returns a line for each group as a text table. */
  toText(): string;
  /** Returns a line for each group as an HTML table. Everything from the server is escaped. */
  toHtml(): string;
  /** Shows the table of the groups: in a notebook as an output of the running cell, otherwise on standard output. */
  show(): Promise<void>;
}

class GroupMap<Row extends FileRecord> extends Map<string, QueryResult<Row>> implements RowGroups<Row> {
  readonly #header: string;

  /** Creates groups; `header` is the name of what the rows of a group have in common. */
  constructor(groups: Iterable<readonly [string, QueryResult<Row>]>, header: string) {
    super(groups);
    this.#header = header;
  }

  toText(): string {
    return textTable(groupsTable([...this], this.#header));
  }

  toHtml(): string {
    return htmlTable(groupsTable([...this], this.#header));
  }

  async show(): Promise<void> {
    await showBundle(this[JUPYTER_DISPLAY]());
  }

  [JUPYTER_DISPLAY](): MimeBundle {
    return { "text/plain": shownTable(groupsTable([...this], this.#header)), "text/html": this.toHtml() };
  }

  [Symbol.for("Deno.customInspect")](): string {
    return shownTable(groupsTable([...this], this.#header)).trimEnd();
  }
}

// The summary of a result.

/** A chart with more rows or columns is unreadable. */
const MAX_ROWS = 30;
const MAX_LEVELS = 30;

function placeOf(level: string): number {
  return isDataLevel(level) ? DATA_LEVELS.indexOf(level) : DATA_LEVELS.length;
}

/** Counts files by instrument and level. */
function countsOf(records: readonly FileRecord[]): Counts {
  const counts = new Map<string, number>();
  const [instruments, levels] = [new Set<string>(), new Set<string>()];
  const key = (instrument = "", level = "") => `${instrument}\n${level}`;
  for (const record of records) {
    const [instrument, level] = [rowLabel.instrument(record), rowLabel.level(record)];
    instruments.add(instrument);
    levels.add(level);
    for (const to of [key(instrument, level), key(instrument), key("", level), key()]) {
      counts.set(to, (counts.get(to) ?? 0) + 1);
    }
  }
  return {
    files: records.length,
    instruments: [...instruments].sort().slice(0, MAX_ROWS),
    levels: [...levels].sort().sort((a, b) => placeOf(a) - placeOf(b)).slice(0, MAX_LEVELS),
    more: Math.max(0, instruments.size - MAX_ROWS) + Math.max(0, levels.size - MAX_LEVELS),
    count: ({ instrument, level }) => counts.get(key(instrument, level)) ?? 0,
  };
}

/** Says what the chart shows, in a line. */
function summaryTitle({ files, more }: Counts): string {
  const title = `${counted(files, "file")} by instrument and data level`;
  if (more === 0) return title;
  return `${title}; ${more === 1 ? "1 more row or column is" : `${more} more rows and columns are`} not drawn`;
}

/** The heading of the sums. */
const ALL = "all";

/** Formats a number; 0 becomes a dot, so that the other numbers stand out. */
function countText(count: number): string {
  return count === 0 ? "·" : String(count);
}

/** A row of the table: an instrument, or undefined for the sums. */
type Row = string | undefined;

/** Makes a table of the number of files by instrument and level. */
function summaryTable(counts: Counts): Table<Row> {
  const { instruments, levels, count } = counts;
  const number = (header: string, of: (instrument: Row) => number) => ({
    header,
    align: "right" as const,
    text: (instrument: Row) => countText(of(instrument)),
  });
  return {
    title: summaryTitle(counts),
    columns: [
      { header: "Instrument", align: "left", text: (instrument: Row) => instrument ?? ALL },
      ...levels.map((level) => number(level, (instrument) => count({ instrument, level }))),
      number(ALL, (instrument) => count({ instrument })),
    ],
    rows: instruments.length === 0 ? [] : [...instruments, undefined],
  };
}

/** Makes a chart of the number of files by instrument and level. */
export function summaryPicture(records: readonly FileRecord[], { asked }: Pick<ResultContext, "asked"> = {}): Picture {
  const counts = countsOf(records);
  const table = summaryTable(counts);
  // Queries do not load what only charts need.
  const load = async () => {
    const [{ summaryChart }, display] = await Promise.all([
      import("../views/coverage.ts"),
      import("../display/chart.ts"),
    ]);
    const chart = summaryChart(counts, {
      title: summaryTitle(counts),
      asked: askedText(asked),
      all: ALL,
      countText,
    });
    return { chart, ...display };
  };
  return new Picture({
    text: () => textTable(table),
    svg: async () => {
      const { chart, chartSvg } = await load();
      return chartSvg(chart);
    },
    html: async () => {
      const { chart, chartHtml } = await load();
      return chartHtml(chart, plainTable({ ...table, subtitle: chart.subtitle }));
    },
  });
}
