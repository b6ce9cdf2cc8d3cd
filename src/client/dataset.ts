import { CALL_KINDS, type CallOptions, checkOptions, isList, KINDS, type KindsOf } from "./options.ts";
import { RecordList } from "./record_list.ts";
import { type DownloadContext, pathOf, urlSource } from "./transfers.ts";
import { checkedPath } from "../config.ts";
import type { PacketSummary } from "../ccsds/packets.ts";
import { type Cdf, CdfError } from "../cdf/cdf.ts";
import type { RecordExport } from "../dataset/export_records.ts";
import { FileSeries, type SeriesFile } from "../dataset/joined_cdf.ts";
import type { DatasetValues, DatasetVariable, IstpFile, TimeSpan } from "../dataset/istp_file.ts";
import { type FileContent, type FileContentKind, openContent, openPath } from "../dataset/open_file.ts";
import { type Column, htmlTable, shownTable, type Table, type TextLook, textTable } from "../display/table.ts";
import { JUPYTER_DISPLAY, type MimeBundle, PendingPicture, showBundle } from "../display/notebook.ts";
import { FileError, FileNameError, InputError, shown, wrongValue } from "../errors.ts";
import { Call } from "../http/call.ts";
import {
  compareVersions,
  dateText,
  type DayLike,
  parseVersion,
  readMoment,
  startOfDay,
  type Version,
} from "../names/fields.ts";
import { isArchivePath, parseFileName } from "../names/file_name.ts";
import type { FileRecord } from "../protocol/tables.ts";
import { isThere, localPath, sizeOf } from "../transfer/local_files.ts";
import { RemoteFile } from "../transfer/objects.ts";
import {
  type DatasetFacts,
  otherTable,
  packetsTable,
  type Property,
  utcText,
  valueProperties,
  valueText,
  variablesTable,
  variableTable,
} from "../views/dataset.ts";
import { basename, fromFileUrl } from "@std/path";
import type { TransferReport } from "../views/transfers.ts";
export type { DatasetValues, DatasetVariable, VariableDimension, VariableRole } from "../dataset/istp_file.ts";

/**
 * Which times to read, all of them by default. In UTC: a day, or a time such as `2026-01-31T12:00`, a `Date`, or a value of
 * `Temporal`.
 *
 * @category Open files
 */
export interface ReadOptions {
  /** The earliest time. A day means its start. */
  readonly from?: DayLike | undefined;
  /** The end of the times to read, exclusive. A day means its start, so that the day itself is not read. */
  readonly to?: DayLike | undefined;
}

/**
 * A row of a table of values: UTC times as texts (ISO 8601), other values as they are, missing ones as `undefined`.
 *
 * @category Open files
 */
export type ValueRow = Readonly<Record<string, string | number | undefined>>;

/**
 * What to draw of variables, and how.
 *
 * @category Open files
 */
export interface PlotOptions extends ReadOptions {
  /**
   * Which part of a dimension to draw: an index from 0 on, or `"sum"`. By dimension: the name of the variable with the values
   * along it (DEPEND_n), or its number from 1 on; `record` for the records. Default: of a spectrogram, the first dimension is
   * drawn and the others are summed; of an image, the first record and two dimensions.
   */
  readonly at?: Readonly<Record<string, number | "sum">> | undefined;
  /**
   * Whether to draw lines or a spectrogram. Default: what the file says (DISPLAY_TYPE); lines for up to 8 components, except
   * for many events at irregular times, which are counted by time and value.
   */
  readonly as?: "lines" | "spectrogram" | undefined;
}

/**
 * Which values of a variable to read.
 *
 * @category Open files
 */
export interface ReadValuesOptions extends ReadOptions {
  /**
   * Whether the times of the records are read, too. Default: true. Over HTTP, `false` spares their bytes; with `from` or `to`
   * they are always read.
   */
  readonly times?: boolean | undefined;
}

const READ_KINDS: KindsOf<ReadOptions> = { from: KINDS.day, to: KINDS.day };
const READ_VALUES_KINDS: KindsOf<ReadValuesOptions> = { ...READ_KINDS, times: KINDS.flag };

/** Whether a value chooses parts of dimensions. */
function isParts(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    Object.values(value).every((part) => part === "sum" || (Number.isSafeInteger(part) && Number(part) >= 0));
}

const PLOT_KINDS: KindsOf<PlotOptions> = {
  ...READ_KINDS,
  at: { expected: 'an index or "sum" for each dimension, such as { angle: 3 }', accepts: isParts },
  as: {
    expected: "one of lines, spectrogram",
    accepts: (value) => value === "lines" || value === "spectrogram",
    words: ["lines", "spectrogram"],
  },
};

/** A table with more columns is not readable; a spectrogram is better drawn. */
const MAX_COLUMNS = 200;

/** Returns a time in milliseconds since 1970-01-01 UTC. */
function timeOf(parameter: "from" | "to", value: unknown): number {
  // A Date keeps its milliseconds, which the texts of days and times do not have.
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.getTime();
  const moment = readMoment(value);
  if (moment === undefined) {
    throw wrongValue("read times with", {
      parameter,
      value: shown(value),
      expected: "a day or a time in UTC, such as 2026-01-31 or 2026-01-31T12:00",
    });
  }
  const start = startOfDay(moment.day).getTime();
  if (moment.time === undefined) return start;
  const second = Date.parse(`${startOfDay(moment.day).toISOString().slice(0, 11)}${moment.time}Z`);
  // Records can be closer than a second. Only the fraction of a second follows a dot or a comma, after a digit.
  const [, fraction = ""] = /\d[.,](\d+)/.exec(String(dateText(value))) ?? [];
  return second + Number(`0.${fraction}`) * 1000;
}

function namesOf(action: string, names: string | readonly string[]): string[] {
  const wanted = typeof names === "string" ? [names] : isList(names) ? [...names] : [];
  if (wanted.length > 0) return wanted;
  throw new InputError(`Cannot ${action} no variables: give their names`);
}

function spanOf(options: ReadOptions, kinds: KindsOf<ReadOptions> = READ_KINDS): TimeSpan {
  checkOptions("read values", kinds, options);
  return timesBetween(options);
}

function timesBetween(options: ReadOptions): TimeSpan {
  const { from, to } = options;
  const span = {
    from: from === undefined ? undefined : timeOf("from", from),
    to: to === undefined ? undefined : timeOf("to", to),
  };
  if (span.from !== undefined && span.to !== undefined && span.from > span.to) {
    throw new InputError(`Cannot read times: from "${shown(from)}" is after to "${shown(to)}"`);
  }
  return span;
}

/**
 * Runs work on files, for the command line.
 *
 * @throws {FileError} If a CDF file is damaged. It names the files, which the reader of CDF files does not know.
 */
export async function namingFiles<Result>(files: readonly string[], work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof CdfError)) throw cause;
    const [path = ""] = files;
    const named = files.slice(0, 3).map((file) => `"${shown(basename(file))}"`).join(", ");
    const what = `${named}${files.length > 3 ? ", ..." : ""}`;
    const state = cause.code === "truncated"
      ? `${files.length === 1 ? "a" : "of one, a"} part is missing; download it again, or copy it again`
      : "";
    throw new FileError(`Cannot use ${what}${state && `: ${state}`}. ${cause.message}`, { cause, path });
  }
}

/** Returns the text of an open file, for the command line. */
export let datasetText: (dataset: Dataset, look?: TextLook) => Promise<string>;

/** Starts to export variables of an open file, for the command line. */
export let datasetExport: (dataset: Dataset, names: readonly string[], options?: ReadOptions) => Promise<RecordExport>;

/** Returns the text of a variable, for the command line. */
export let variableText: (variable: VariableCard, look?: TextLook) => Promise<string>;

/** Returns what a notebook shows for a table. */
function bundleOf<Row>(table: Table<Row>): MimeBundle {
  return { "text/plain": shownTable(table), "text/html": htmlTable(table) };
}

/**
 * A variable of a file, which displays itself with its attributes, the range of its values, the share of missing ones, and
 * the first ones. Create it with {@linkcode Dataset.variable}.
 *
 * @example
 * ```ts
 * import { open } from "@imap-sdc/data-access";
 *
 * const dataset = await open("imap_glows_l1b_hist_20110921_v001.cdf");
 * await dataset.variable("epoch").show();
 * ```
 *
 * @category Open files
 */
export class VariableCard {
  /** What the file says about the variable. */
  readonly info: DatasetVariable;
  readonly #name: string;
  readonly #open: () => Promise<IstpFile>;

  /** Use {@linkcode Dataset.variable}. @ignore */
  constructor(name: string, open: () => Promise<IstpFile>, info: DatasetVariable) {
    this.#name = name;
    this.#open = open;
    this.info = info;
  }

  async #table(): Promise<Table<Property>> {
    const file = await this.#open();
    const info = file.variable(this.info.name);
    const [read, units] = await Promise.all([file.read(info.name), file.units(info)]);
    return variableTable(this.#name, info, { properties: valueProperties(info, read), units });
  }

  static {
    variableText = async (variable, look) => textTable(await variable.#table(), Infinity, look);
  }

  /** Returns the variable as a text table: what its values are, then its attributes. */
  async toText(): Promise<string> {
    return await variableText(this);
  }

  /** Shows the variable: in a notebook as an output of the running cell, otherwise as text on standard output. */
  async show(): Promise<void> {
    await showBundle(await this[JUPYTER_DISPLAY]());
  }

  /** Returns what a notebook shows for the variable. */
  async [JUPYTER_DISPLAY](): Promise<MimeBundle> {
    return bundleOf(await this.#table());
  }

  /** Returns what `console.log` and the REPL show: its attributes, without reading its values. */
  [Symbol.for("Deno.customInspect")](): string {
    const { units } = this.info;
    return shownTable(variableTable(this.#name, this.info, { properties: [], units })).trimEnd();
  }
}

/**
 * What is in an open file, or in several.
 *
 * @ignore
 */
type DatasetContent =
  | FileContent
  /** CDF files of one product, one of which is open already. */
  | { readonly kind: "series"; readonly series: FileSeries; readonly sample: IstpFile; readonly sampleName: string };

/**
 * An open file, which displays itself: a CDF file with its variables, a file of packets with its APIDs, a text with its first
 * lines. Only what is asked for is read. Create it with {@linkcode open}, or with {@linkcode openAll} from several CDF files
 * of one product, which are then read like one.
 *
 * @example Show what is in a file, and read a variable
 * ```ts
 * import { open } from "@imap-sdc/data-access";
 *
 * const dataset = await open("imap_glows_l1b_hist_20110921_v001.cdf");
 * await dataset.show();
 * const { values, shape } = await dataset.read("epoch");
 * console.log(shape, values);
 * ```
 *
 * @category Open files
 */
export class Dataset {
  /** The name of the file; of several, the product and how many there are. */
  readonly name: string;
  /** The path of the file on this machine; undefined if it is read over the network, and for several files. */
  readonly path: string | undefined;
  readonly #content: DatasetContent;

  /** Use {@linkcode open}. @ignore */
  constructor(name: string, content: DatasetContent, path?: string) {
    this.name = name;
    this.path = path;
    this.#content = content;
  }

  /** What the file is: `cdf`, `packets`, `text`, or `other`, whose contents are not read. */
  get kind(): FileContentKind {
    return this.#content.kind === "series" ? "cdf" : this.#content.kind;
  }

  /** The names of the files, in the order of their times: one, or several of {@linkcode openAll}. */
  get files(): readonly string[] {
    return this.#content.kind === "series" ? this.#content.series.names : [this.name];
  }

  /** The open CDF file; of several files, the one that describes the others. @throws {InputError} If it is none. */
  #cdfFile(action: string): IstpFile {
    const content = this.#content;
    if (content.kind === "cdf") return content.file;
    if (content.kind === "series") return content.sample;
    const what = content.kind === "packets" ? "a file of packets" : content.format;
    throw new InputError(`Cannot ${action} "${this.name}": it is not a CDF file, but ${what}`);
  }

  /** The names of the data with records: none of them may be left out because it differs between files. */
  #dataNames(): string[] {
    return this.variables.filter(({ role, varies }) => role === "data" && varies).map(({ name }) => name);
  }

  /** Opens what variables need in a span of time. `action` was checked with the file that is open. */
  async #opened(action: string, span: TimeSpan, names: readonly string[] = []): Promise<IstpFile> {
    const content = this.#content;
    return content.kind === "series" ? await content.series.within(span, names) : this.#cdfFile(action);
  }

  /**
   * The CDF file as it is, with all values as stored.
   *
   * @throws {InputError} If the file is no CDF file, or if these are several files.
   */
  get cdf(): Cdf {
    const content = this.#content;
    this.#cdfFile("read the CDF file");
    if (content.kind === "cdf") return content.cdf;
    throw new InputError(`Cannot read the CDF file of "${this.name}": open one of the files`);
  }

  /** The packets of a file of packets, by APID. @throws {InputError} If the file has none. */
  get packets(): PacketSummary {
    if (this.#content.kind === "packets") return this.#content.packets;
    throw new InputError(`Cannot read the packets of "${this.name}": it is not a file of packets (.pkts)`);
  }

  /** The variables of a CDF file, data first; empty for other files. Of several files, those of one with its shapes. */
  get variables(): readonly DatasetVariable[] {
    return this.#openFile?.variables ?? [];
  }

  get #openFile(): IstpFile | undefined {
    const content = this.#content;
    return content.kind === "cdf" ? content.file : content.kind === "series" ? content.sample : undefined;
  }

  /** The product of a CDF file (Logical_source): `imap_mag_l1a_burst-magi`. */
  get product(): string | undefined {
    return this.#texts("Logical_source")[0];
  }

  /** The version of a CDF file (Data_version), as the file spells it; undefined for several files. */
  get version(): string | undefined {
    return this.#content.kind === "series" ? undefined : this.#texts("Data_version")[0];
  }

  /** The names of the files that a CDF file was made from (Parents); empty for several files. */
  get parents(): readonly string[] {
    return this.#content.kind === "series" ? [] : this.#texts("Parents");
  }

  #texts(attribute: string): readonly string[] {
    return this.#openFile?.texts(attribute) ?? [];
  }

  async #timeSpan(): Promise<readonly [first: number, last: number] | undefined> {
    const content = this.#content;
    return await (content.kind === "series" ? content.series : this.#openFile)?.timeSpan();
  }

  /** Returns the first and the last time of a CDF file, or of several; undefined if there are no times. */
  async timeSpan(): Promise<readonly [first: Date, last: Date] | undefined> {
    this.#cdfFile("read the times of");
    const span = await this.#timeSpan();
    return span === undefined ? undefined : [new Date(span[0]), new Date(span[1])];
  }

  /**
   * Returns a variable, which displays itself. Of several files, all are opened when it is shown.
   *
   * @throws {InputError} If the file does not have it.
   */
  variable(name: string): VariableCard {
    const action = "read a variable of";
    const info = this.#cdfFile(action).variable(name);
    return new VariableCard(this.name, () => this.#opened(action, {}, [name]), info);
  }

  /**
   * Reads the values of a variable. Fill and pad values are missing (NaN, or an empty text); values outside VALIDMIN to
   * VALIDMAX are counted, and kept. Times are milliseconds since 1970-01-01 UTC.
   *
   * @param name The name of the variable.
   * @param options Which times to read (default: all), and whether they are part of the result.
   * @returns The values in row-major order, their shape ([records, ...dimensions]), and the time of each record.
   * @throws {InputError} If the file is no CDF file or does not have the variable, or if an option is wrong.
   */
  async read(name: string, options: ReadValuesOptions = {}): Promise<DatasetValues> {
    const action = "read a variable of";
    this.#cdfFile(action);
    const span = spanOf(options, READ_VALUES_KINDS);
    return await (await this.#opened(action, span, [name])).read(name, { ...span, times: options.times });
  }

  /**
   * Reads variables into a table, which displays itself: a row for each record, with UTC times (ISO 8601). Each element of
   * a vector is a column of its own, with its label: `vectors[x]`.
   *
   * @param names The names of one or more variables with the same records.
   * @param options Which times to read (default: all).
   * @throws {InputError} If the file does not have a variable, or if the variables do not have the same records.
   */
  async table(names: string | readonly string[], options: ReadOptions = {}): Promise<RecordList<ValueRow>> {
    const action = "read a variable of";
    this.#cdfFile(action);
    const span = spanOf(options);
    const wanted = namesOf("make a table of", names);
    const file = await this.#opened(action, span, wanted);
    const variables = wanted.map((name) => file.variable(name));
    const read = await Promise.all(wanted.map((name) => file.read(name, span)));
    const columns = (await Promise.all(variables.map(async (variable, index) => {
      const values = read[index];
      return values === undefined ? [] : await columnsOf(file, variable, values);
    }))).flat();
    return valueTable(this.name, columns);
  }

  /**
   * Draws variables as a chart, which displays itself: with several, a panel for each, one below the other, over the same times.
   * Values in time are lines, with gaps where values are missing; values by time and energy, for example, a spectrogram;
   * others with two dimensions an image. With more points than pixels, the least and the greatest value of each pixel are
   * drawn. Nothing is read before the chart is awaited or shown.
   *
   * @param names The names of one or more variables.
   * @param options Which times to draw (default: all), and how.
   * @throws {InputError} If the file is no CDF file, or an option is wrong. The chart rejects with it if the file does not have a
   * variable, or if its values are not numbers.
   *
   * @example
   * ```ts
   * import { open } from "@imap-sdc/data-access";
   *
   * const dataset = await open("imap_glows_l1b_hist_20110921_v001.cdf");
   * for (const { name, role } of dataset.variables) {
   *   if (role === "data") await dataset.plot(name).show();
   * }
   * ```
   */
  plot(names: string | readonly string[], options: PlotOptions = {}): PendingPicture {
    const action = "draw a variable of";
    this.#cdfFile(action);
    checkOptions("draw variables", PLOT_KINDS, options);
    const request = { span: timesBetween(options), at: { ...options.at }, as: options.as };
    const wanted = namesOf("draw", names);
    return new PendingPicture(`A chart of ${wanted.map(shown).join(", ")}`, async () => {
      const [file, { plotOf }, { plotPicture }] = await Promise.all([
        this.#opened(action, request.span, wanted),
        import("../views/plot.ts"),
        import("../views/plot_chart.ts"),
      ]);
      return plotPicture(await plotOf(file, this.name, wanted, request));
    });
  }

  /**
   * Draws what a first look at a file needs, as {@linkcode Dataset.plot} does: its data, or, in a file without data such as
   * housekeeping, the values that change. At most 8 variables are drawn.
   *
   * @param options Which times to draw (default: all).
   * @throws {InputError} If the file is no CDF file. The chart rejects with it if there is nothing to draw.
   *
   * @example
   * ```ts
   * import { open } from "@imap-sdc/data-access";
   *
   * const dataset = await open("imap_glows_l1b_hist_20110921_v001.cdf");
   * await dataset.quicklook().show();
   * ```
   */
  quicklook(options: ReadOptions = {}): PendingPicture {
    this.#cdfFile("draw");
    const request = { span: spanOf(options), at: {}, as: undefined };
    return new PendingPicture(`A quick look at ${shown(this.name)}`, async () => {
      const [file, { quicklookOf }, { plotPicture }] = await Promise.all([
        this.#opened("draw", request.span),
        import("../views/plot.ts"),
        import("../views/plot_chart.ts"),
      ]);
      return plotPicture(await quicklookOf(file, this.name, request));
    });
  }

  /** Shows the file: in a notebook as an output of the running cell, otherwise as text on standard output. */
  async show(): Promise<void> {
    await showBundle(await this[JUPYTER_DISPLAY]());
  }

  static {
    datasetExport = async (dataset, names, options = {}) => {
      const action = "export variables of";
      dataset.#cdfFile(action);
      const span = spanOf(options);
      const [file, { exportRecords }] = await Promise.all([
        dataset.#opened(action, span, names.length > 0 ? names : dataset.#dataNames()),
        import("../dataset/export_records.ts"),
      ]);
      return await exportRecords(file, names, span);
    };
    datasetText = (dataset, look) => dataset.#draw((table) => textTable(table, Infinity, look));
  }

  /** Returns the file as a text table. */
  async toText(): Promise<string> {
    return await datasetText(this);
  }

  /** Returns what a notebook shows for the file. */
  async [JUPYTER_DISPLAY](): Promise<MimeBundle> {
    return await this.#draw(bundleOf);
  }

  async #draw<Drawn>(draw: <Row>(table: Table<Row>) => Drawn): Promise<Drawn> {
    return this.#drawWith(await this.#timeSpan(), draw);
  }

  #drawWith<Drawn>(timeSpan: DatasetFacts["timeSpan"], draw: <Row>(table: Table<Row>) => Drawn): Drawn {
    const content = this.#content;
    const { name, product, version, parents } = this;
    if (content.kind === "packets") return draw(packetsTable(name, content.packets));
    if (content.kind === "text" || content.kind === "other") return draw(otherTable(name, content));
    const sample = content.kind === "series" ? content.sampleName : undefined;
    return draw(variablesTable({ name, product, version, parents, timeSpan, sample }, this.variables));
  }

  /** Returns what `console.log` and the REPL show for the file: the same, but without the times of a CDF file. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.#drawWith(undefined, shownTable).trimEnd();
  }
}

/** A column of a table of values. */
interface ValueColumn {
  readonly name: string;
  readonly isNumber: boolean;
  readonly records: number;
  /** Whether its rows are records; otherwise they are elements along the only dimension of a variable without records. */
  readonly areRecords: boolean;
  readonly at: (row: number) => string | number | undefined;
}

/** Returns the columns of a variable: one for each element of its records. */
async function columnsOf(file: IstpFile, variable: DatasetVariable, read: DatasetValues): Promise<ValueColumn[]> {
  const { name, varies, timeType } = variable;
  const [records = 1, ...rest] = read.shape;
  // Without records, the elements along the first dimension are the rows.
  const labels = await file.elementLabels(varies ? variable.dimensions : variable.dimensions.slice(1), MAX_COLUMNS);
  if (labels.length > MAX_COLUMNS) {
    throw new InputError(
      `Cannot make a table of "${name}": its records have ${rest.join(" × ")} values; a table has at most ` +
        `${MAX_COLUMNS} columns`,
    );
  }
  const { values } = read;
  return labels.map((label, element) => ({
    name: `${name}${label}`,
    isNumber: timeType === undefined && values instanceof Float64Array,
    records,
    areRecords: varies,
    at: (row) => {
      const value = values[row * labels.length + element];
      if (typeof value !== "number") return value === "" ? undefined : value;
      if (Number.isNaN(value)) return undefined;
      return timeType === undefined ? value : utcText(value);
    },
  }));
}

/** Puts columns into a table. @throws {InputError} If they do not have the same rows. */
function valueTable(file: string, columns: readonly ValueColumn[]): RecordList<ValueRow> {
  const [first] = columns;
  const other = columns.find(({ records, areRecords }) =>
    records !== first?.records || areRecords !== first.areRecords
  );
  if (first !== undefined && other !== undefined) {
    throw new InputError(
      `Cannot make a table of "${first.name}" and "${other.name}": they have ${first.records} and ${other.records} ` +
        `${first.areRecords && other.areRecords ? "records" : "rows"}; make a table of each`,
    );
  }
  if (columns.length > MAX_COLUMNS) {
    throw new InputError(`Cannot make a table of ${columns.length} columns: a table has at most ${MAX_COLUMNS}`);
  }
  const rows = Array.from(
    { length: first?.records ?? 0 },
    (_, row): ValueRow => Object.fromEntries(columns.map(({ name, at }) => [name, at(row)])),
  );
  const shownColumns = columns.map(({ name, isNumber }): Column<ValueRow> => ({
    header: name,
    align: isNumber ? "right" : "left",
    text: (row) => valueText(row[name]),
  }));
  const unit = first?.areRecords === false ? "row" : "record";
  return RecordList.fromRecords(rows, (rows) => ({
    title: `${file}: ${rows.length} ${unit}${rows.length === 1 ? "" : "s"}`,
    columns: shownColumns,
    rows,
  }));
}

/**
 * Options of {@linkcode open}.
 *
 * @category Open files
 */
export interface OpenOptions extends CallOptions {
  /**
   * Whether to read a file of the archive over HTTP, only the parts that are needed, instead of downloading it. Default:
   * false.
   */
  remote?: boolean | undefined;
}

/** The options of opening a file. */
export const OPEN_KINDS: KindsOf<OpenOptions> = { ...CALL_KINDS, remote: KINDS.flag };

/** A file on this machine, or one of the archive that is not here yet. */
type FileHere =
  | { readonly path: string; readonly archivePath?: undefined }
  | { readonly path?: undefined; readonly archivePath: string };

/** Returns the path of a file in the archive. @throws {InputError} With what else a text could be. */
function archivePathOf(file: string | FileRecord): string {
  if (isList(file)) {
    throw new InputError("Cannot open a list as one file: open one of its files, or all of one product with openAll()");
  }
  try {
    return pathOf(file, "open");
  } catch (error) {
    if (!(error instanceof FileNameError)) throw error;
    throw new InputError(
      `Cannot open "${shown(file)}": there is no such file here, and it is not the name of a file in the archive`,
      { cause: error },
    );
  }
}

/** Finds a file on this machine, by its path or in the data directory; otherwise says where it is in the archive. */
export function fileHere(dataDir: string, file: string | URL | FileRecord): FileHere {
  if (file instanceof URL) return { path: fromFileUrl(file) };
  if (typeof file === "string") {
    const path = checkedPath("open", file);
    // A path that is not in the archive can only be one of this machine.
    if (isThere(path) || (/[/\\]/.test(path) && !isArchivePath(path))) return { path };
  }
  const archivePath = archivePathOf(file);
  const path = localPath(dataDir, archivePath);
  return (sizeOf(path) ?? 0) > 0 ? { path } : { archivePath };
}

/** Opens a file of this machine. @throws {FileError} If it is not there, or is not a file. */
export async function openHere(path: string): Promise<Dataset> {
  const name = basename(path);
  return new Dataset(name, await openPath(path, name), path);
}

/** Opens a file of the archive, parts of which are read when they are needed. */
export async function openRemote(
  { transport }: DownloadContext,
  file: string | URL | FileRecord,
  signal: AbortSignal | undefined,
): Promise<Dataset> {
  const archivePath = archivePathOf(file instanceof URL ? file.href : file);
  const name = basename(archivePath);
  const call = new Call(transport, { action: `open "${name}"`, signal });
  const source = await RemoteFile.open(call, urlSource(transport), archivePath);
  return new Dataset(name, await openContent(source, { name }));
}

// Opens the files of one product as one data set.

/** What a file is opened from: a row of a query, the name of a file, or a path on this machine. */
type Openable = string | URL | FileRecord;

/** How files are opened. */
interface OpenAllContext {
  readonly dataDir: string;
  /** Downloads files of the archive. */
  readonly download: (archivePaths: readonly string[]) => Promise<TransferReport>;
  /** Opens a file of the archive over HTTP. */
  readonly openRemote: (file: Openable) => Promise<Dataset>;
}

/** A file that is to be opened. */
interface Member {
  readonly file: Openable;
  readonly name: string;
  /** Its product; undefined if its name does not say so. */
  readonly product: string | undefined;
  /** What all versions of it have in common. */
  readonly identity: string;
  readonly version: Version | undefined;
  readonly start: number | undefined;
  readonly isPointing: boolean;
}

function nameOf(file: Openable): string {
  const path = typeof file === "string"
    ? file
    : file instanceof URL
    ? decodeURIComponent(file.pathname)
    : file.file_path;
  return path.split(/[/\\]/).at(-1) ?? "";
}

/** Finds out by its name what a file is. @throws {InputError} If it cannot be part of a data set. */
function memberOf(file: Openable): Member {
  const isRow = typeof file === "object" && file !== null && !(file instanceof URL);
  if (typeof file !== "string" && !(file instanceof URL) && (!isRow || typeof file.file_path !== "string")) {
    throw new InputError(`Cannot open "${shown(file)}": expected a row of query, a file name, or a path`);
  }
  const name = nameOf(file);
  if (/\.(pkts|csv|json|txt|tsv|zip|xlsx|pgm|jpg|png|pdf|dat|bin|ccsds)$/i.test(name)) {
    throw new InputError(
      `Cannot open "${shown(name)}" with others: only CDF files are read as one; open it on its own`,
    );
  }
  const unknown = {
    file,
    name,
    product: undefined,
    identity: name,
    version: undefined,
    start: undefined,
    isPointing: false,
  };
  try {
    const fields = parseFileName(name);
    if (!("descriptor" in fields) || !("start_date" in fields) || !("version" in fields)) return unknown;
    const { instrument, descriptor, start_date, repointing, version } = fields;
    const level = "data_level" in fields ? fields.data_level : "ancillary";
    const rest = ["end_date" in fields ? fields.end_date : "", "cr" in fields ? fields.cr : ""];
    return {
      file,
      name,
      product: `${instrument} ${level} ${descriptor}`,
      identity: JSON.stringify([start_date, repointing, ...rest]),
      version: parseVersion(version),
      start: startOfDay(start_date).getTime(),
      isPointing: repointing !== null,
    };
  } catch (error) {
    // A file on this machine may have any name.
    if (error instanceof FileNameError) return unknown;
    throw error;
  }
}

/** @throws {InputError} If files are of different products by their names. */
function checkProducts(members: readonly Member[]): void {
  const products = [...new Set(members.flatMap(({ product }) => product ?? []))];
  if (products.length < 2) return;
  const listed = `${products.slice(0, 5).join(", ")}${products.length > 5 ? ", ..." : ""}`;
  throw new InputError(
    `Cannot open files of ${products.length} products as one: ${listed}; open each product on its own, for example with ` +
      'files.filter(), or files.groupBy("descriptor")',
  );
}

/** Keeps the newest version of each file, once. */
function newestOf(members: readonly Member[]): Member[] {
  const newest = new Map<string, Member>();
  for (const member of members) {
    const best = newest.get(member.identity);
    const isNewer = best?.version === undefined || member.version === undefined ||
      compareVersions(member.version, best.version) > 0;
    if (isNewer) newest.set(member.identity, member);
  }
  return [...newest.values()];
}

/** @throws {InputError} If what was opened is no CDF file. */
function cdfOf(dataset: Dataset): Cdf {
  if (dataset.kind === "cdf") return dataset.cdf;
  throw new InputError(`Cannot open "${shown(dataset.name)}" with others: it is not a CDF file; open it on its own`);
}

/** Opens files that are here, or downloads them first, all at once; or opens them over HTTP. */
async function openMembers(
  members: readonly Member[],
  remote: boolean,
  { dataDir, download, openRemote }: OpenAllContext,
): Promise<Dataset[]> {
  if (remote) return await inParts(members, ({ file }) => openRemote(file));
  const here = members.map(({ file }) => fileHere(dataDir, file));
  const missing = here.flatMap(({ archivePath }) => archivePath ?? []);
  const report = missing.length === 0 ? undefined : await download(missing);
  for (const { error } of report?.failed ?? []) throw error;
  const paths = new Map(report?.outcomes.map(({ file, path }) => [file, path]));
  return await inParts(here, async ({ path, archivePath }) => {
    return await openHere(path ?? paths.get(archivePath) ?? fileHere(dataDir, archivePath).path ?? archivePath);
  });
}

/** @throws {FileError} If there is no file at a path of this machine: most files are opened only when they are needed. */
async function checkPaths(members: readonly Member[], { dataDir }: OpenAllContext): Promise<void> {
  for (const { file } of members) {
    const { path } = fileHere(dataDir, file);
    if (path !== undefined && !isThere(path)) await openHere(path);
  }
}

/** How many files are opened at a time. */
const AT_ONCE = 8;

async function inParts<Item, Result>(items: readonly Item[], make: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    results.push(...await Promise.all(items.slice(at, at + AT_ONCE).map(make)));
  }
  return results;
}

/** The time of a file whose name does not contain it: when its data start. */
async function startOf(cdf: Cdf): Promise<number | undefined> {
  const { IstpFile } = await import("../dataset/istp_file.ts");
  return (await new IstpFile(cdf).timeSpan())?.[0];
}

/** Opens the files of one product as one data set: the newest version of each, in the order of their times. */
export async function openAllFiles(
  files: Iterable<Openable>,
  { remote = false }: OpenOptions,
  context: OpenAllContext,
): Promise<Dataset> {
  if (!isList(files)) {
    throw new InputError(`Cannot open "${shown(files)}" as several files: expected a list of files; open() opens one`);
  }
  const all = [...files].map(memberOf);
  if (all.length === 0) throw new InputError("Cannot open no files: the list is empty");
  checkProducts(all);
  const members = newestOf(all);
  if (!remote) await checkPaths(members, context);
  if (members.length === 1) {
    const [dataset] = await openMembers(members, remote, context);
    if (dataset !== undefined && cdfOf(dataset) !== undefined) return dataset;
  }
  const opened = new Map<Member, Cdf>();
  const openNow = async (some: readonly Member[]) => {
    const cdfs = (await openMembers(some, remote, context)).map(cdfOf);
    some.forEach((member, index) => {
      const cdf = cdfs[index];
      if (cdf !== undefined) opened.set(member, cdf);
    });
  };
  await openNow(members.filter(({ start }) => start === undefined));
  const placed = await Promise.all(members.map(async (member) => {
    const cdf = opened.get(member);
    return { ...member, member, start: member.start ?? (cdf === undefined ? undefined : await startOf(cdf)) ?? 0 };
  }));
  placed.sort((a, b) => a.start - b.start || (a.name < b.name ? -1 : 1));
  const series = new FileSeries(
    placed.map(({ name, start, isPointing }): SeriesFile => ({ name, start, isPointing })),
    async (indexes) => {
      const wanted = indexes.flatMap((index) => placed[index]?.member ?? []);
      await openNow(wanted.filter((member) => !opened.has(member)));
      return wanted.flatMap((member) => opened.get(member) ?? []);
    },
  );
  // A file that is here describes the others without a download.
  const isHere = ({ file, member }: typeof placed[number]) =>
    opened.has(member) || (!remote && fileHere(context.dataDir, file).path !== undefined);
  const sampleIndex = Math.max(0, placed.findIndex(isHere));
  const sample = await series.sample(sampleIndex);
  const sampleName = placed[sampleIndex]?.name ?? "";
  const product = sample.texts("Logical_source")[0] ?? sampleName;
  return new Dataset(`${product}, ${placed.length} files`, { kind: "series", series, sample, sampleName });
}
