import { htmlTable } from "../display/html_table.ts";
import { JUPYTER_DISPLAY, type MimeBundle, showBundle } from "../display/notebook.ts";
import { shownTable, type Table, textTable } from "../display/text_table.ts";

/** Creates the table of records; `isPage` says whether it is for a web page. */
type TableOf<Row> = (rows: readonly Row[], isPage: boolean) => Table<Row>;

/** Returns the table of a list, for the command line. */
export let recordTable: <Row extends object>(list: RecordList<Row>) => Table<Row>;

/** The number of rows added per call, since the number of arguments of a call is limited. */
const ROWS_AT_ONCE = 1_000;

/**
 * Records of the SDC that are not files, for example jobs: an array that displays itself as a table in notebooks, in the
 * REPL and in `console.log`. `filter`, `slice`, `toSorted` and `toReversed` return a RecordList; other methods, such as
 * `map`, return a plain array.
 *
 * @example
 * ```ts
 * import { jobs } from "@imap-sdc/data-access";
 *
 * const failed = (await jobs({ instrument: "mag" })).filter(({ status }) => status === "FAILED");
 * await failed.show();
 * ```
 *
 * @category Find files
 */
export class RecordList<Row extends object = object> extends Array<Row> {
  /** Array methods that change the type of the elements, such as `map`, return plain arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  static {
    recordTable = (list) => list.#tableOf(list, false);
  }

  #tableOf: TableOf<Row> = (rows) => ({ title: `Found [${rows.length}] records`, columns: [], rows });

  /** Creates a list from records and the function that creates their table. */
  static fromRecords<Row extends object>(records: readonly Row[], tableOf: TableOf<Row>): RecordList<Row> {
    const list = new RecordList<Row>();
    for (let at = 0; at < records.length; at += ROWS_AT_ONCE) list.push(...records.slice(at, at + ROWS_AT_ONCE));
    list.#tableOf = tableOf;
    return list;
  }

  /** Returns the records that meet a condition, as a RecordList. */
  override filter(predicate: (row: Row, index: number, rows: Row[]) => unknown): RecordList<Row> {
    return RecordList.fromRecords(super.filter(predicate), this.#tableOf);
  }

  /** Returns the records from `start` up to `end`, as a RecordList. */
  override slice(start?: number, end?: number): RecordList<Row> {
    return RecordList.fromRecords(super.slice(start, end), this.#tableOf);
  }

  /** Returns the records in another order, as a RecordList. */
  override toSorted(compare?: (a: Row, b: Row) => number): RecordList<Row> {
    return RecordList.fromRecords(super.toSorted(compare), this.#tableOf);
  }

  /** Returns the records from the last to the first, as a RecordList. */
  override toReversed(): RecordList<Row> {
    return RecordList.fromRecords(super.toReversed(), this.#tableOf);
  }

  /** Returns the records as a text table, as the command line prints them. */
  toText(): string {
    return textTable(this.#tableOf(this, false));
  }

  /** Returns the records as an HTML table. Everything from the server is escaped. */
  toHtml(): string {
    return htmlTable(this.#tableOf(this, true));
  }

  /** Shows the table: in a notebook as an output of the running cell, otherwise as text on standard output. */
  async show(): Promise<void> {
    await showBundle(this[JUPYTER_DISPLAY]());
  }

  /** Returns what a notebook shows for the list: the first and the last rows of a long one. */
  [JUPYTER_DISPLAY](): MimeBundle {
    return { "text/plain": shownTable(this.#tableOf(this, false)), "text/html": this.toHtml() };
  }

  /** Returns what `console.log` and the REPL show for the list. */
  [Symbol.for("Deno.customInspect")](): string {
    return shownTable(this.#tableOf(this, false)).trimEnd();
  }
}
