import { checkOptions, KINDS } from "./options.ts";
import { htmlTable, shownTable, type Table, type TextLook, textTable } from "../display/table.ts";
import { JUPYTER_DISPLAY, type MimeBundle, showBundle } from "../display/notebook.ts";
import { shown, unknownParameter, wrongValue } from "../errors.ts";
import { closestWord, compareVersions, isVersion, parseVersion, type Version } from "../names/fields.ts";

/** Creates the table of records; `isPage` says whether it is for a web page. */
type TableOf<Row> = (rows: readonly Row[], isPage: boolean) => Table<Row>;

/** Returns the table of a list as text, for the command line. */
export let recordText: <Row extends object>(list: RecordList<Row>, look: TextLook) => string;

/**
 * How to sort: see {@linkcode QueryResult.sortBy}.
 *
 * @category Find files
 */
export interface SortOptions {
  /** Whether the largest value comes first. Default: false. */
  readonly descending?: boolean;
}

/** Sorts rows by a value of each, without changing them. Rows without a value come last in both directions. */
export function sortedBy<Row>(rows: readonly Row[], valueOf: (row: Row) => unknown, options: SortOptions): Row[] {
  checkOptions("sort", { descending: KINDS.flag }, options);
  const sign = options.descending === true ? -1 : 1;
  const keyed: Array<Sortable & { readonly row: Row }> = [];
  const without: Row[] = [];
  for (const row of rows) {
    const value = valueOf(row);
    if (value === undefined || value === null) without.push(row);
    else keyed.push({ ...sortable(value), row });
  }
  keyed.sort((a, b) => sign * compare(a, b));
  return [...keyed.map(({ row }) => row), ...without];
}

/** A value as it is sorted: by number or version if both values have one, otherwise by text. */
interface Sortable {
  readonly text: string;
  readonly number?: number;
  readonly version?: Version;
}

/** The versions of SPICE files are digits: 9 comes before 10. */
const DIGITS = /^\d+$/;

function sortable(value: unknown): Sortable {
  const text = String(value);
  if (value instanceof Date) return { text, number: value.getTime() };
  if (typeof value === "number" || DIGITS.test(text)) return { text, number: Number(value) };
  return isVersion(text) ? { text, version: parseVersion(text) } : { text };
}

function compare(a: Sortable, b: Sortable): number {
  if (a.number !== undefined && b.number !== undefined) return a.number - b.number;
  if (a.version !== undefined && b.version !== undefined) return compareVersions(a.version, b.version);
  return a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
}

/** The default number of rows of `head`. */
export const HEAD_ROWS = 5;

/** Checks a number of rows for `head`. @throws {InputError} When it is none. */
export function checkCount(count: number): void {
  if (Number.isSafeInteger(count) && count >= 0) return;
  throw wrongValue("show the", { parameter: "head", value: shown(count), expected: "a number of rows, 0 or more" });
}

/** The number of rows added per call, since the number of arguments of a call is limited. */
const ROWS_AT_ONCE = 1_000;

/**
 * Records of the SDC that are not files, for example jobs: an array that displays itself as a table in notebooks, in the
 * REPL and in `console.log`. Methods that select, order or join records return a RecordList; others, such as `map`, return
 * a plain array.
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
    recordText = (list, look) => textTable(list.#tableOf(list, false), Infinity, look);
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

  /** Returns the first records, as a RecordList. Default: 5. */
  head(count: number = HEAD_ROWS): RecordList<Row> {
    checkCount(count);
    return RecordList.fromRecords(super.slice(0, count), this.#tableOf);
  }

  /** Returns these records and further ones, as a RecordList. */
  override concat(...items: ConcatArray<Row>[]): RecordList<Row>;
  /** Returns these records, further ones and those of lists, as a RecordList. */
  override concat(...items: (Row | ConcatArray<Row>)[]): RecordList<Row>;
  override concat(...items: (Row | ConcatArray<Row>)[]): RecordList<Row> {
    return RecordList.fromRecords(super.concat(...items), this.#tableOf);
  }

  /**
   * Returns the records sorted by a key, or by what a function returns for each record. Records with equal values keep
   * their order; records without a value come last.
   *
   * @throws {InputError} When the records have no such key.
   *
   * @example
   * ```ts
   * import { catalog } from "@imap-sdc/data-access";
   *
   * const products = await catalog({ instrument: "mag" });
   * await products.sortBy("files", { descending: true }).show();
   * ```
   */
  sortBy(key: (keyof Row & string) | ((row: Row) => unknown), options: SortOptions = {}): RecordList<Row> {
    if (typeof key === "function") return RecordList.fromRecords(sortedBy(this, key, options), this.#tableOf);
    const known = [...new Set(this.flatMap((row) => Object.keys(row)))];
    if (this.length > 0 && !known.includes(key)) {
      throw unknownParameter("sort", shown(key), { known, closest: closestWord(String(key), known) });
    }
    return RecordList.fromRecords(sortedBy(this, (row) => row[key], options), this.#tableOf);
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
