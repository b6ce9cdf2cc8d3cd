// Reads a file of the archive for its page in a separate thread, which delays no other request and can be ended.
import { CdfError, type CdfSource } from "../cdf/cdf.ts";
import { exportRecords, withTimeAsText } from "../dataset/export_records.ts";
import type { DatasetVariable, IstpFile } from "../dataset/istp_file.ts";
import { type FileContent, openContent } from "../dataset/open_file.ts";
import { type Column, escapeHtml, htmlTable, type Table } from "../display/table.ts";
import { ImapError, InputError, printable } from "../errors.ts";
import {
  attributesTable,
  otherTable,
  packetsTable,
  type Property,
  valueProperties,
  variablesTable,
  variableTable,
} from "../views/dataset.ts";
import { plotOf, type PlotRequest, quicklookOf } from "../views/plot.ts";
import { plotPicture } from "../views/plot_chart.ts";
import { counted, csvField } from "../views/records.ts";

/** The name of the thread that runs this module; elsewhere it is only a module. */
export type FileWorkerName = "imap-file-page";
const WORKER_NAME: FileWorkerName = "imap-file-page";

/** What to read from a file. */
export interface LookTask {
  /** Where it is on this machine; undefined if its bytes come through the port of the answer. */
  readonly place: string | undefined;
  /** The size in bytes of a file that is elsewhere. */
  readonly size?: number | undefined;
  readonly name: string;
  /** The variable that is looked at; undefined for the whole file. */
  readonly variable: string | undefined;
  /** A page, or the records as CSV. */
  readonly format: "page" | "csv";
  /** The address of its page, to which names of variables are added. */
  readonly address: string;
}

/** The parts of a page, as HTML. */
export interface LookPage {
  readonly kind: "page";
  readonly chart: string;
  readonly tables: readonly string[];
  /** Whether there are records to export. */
  readonly canExport: boolean;
}

/** What was found. */
export type LookAnswer =
  | LookPage
  | { readonly kind: "csv"; readonly bytes: Uint8Array<ArrayBuffer> }
  /** A sentence that says why the file cannot be shown. */
  /** `isMissing`: the file has no such variable. */
  | { readonly kind: "problem"; readonly problem: string; readonly isMissing: boolean }
  /** A mistake of the program. */
  | { readonly kind: "crash"; readonly error: string };

/** The maximum number of bytes to read from a file, and of values of a variable: more take too long on a page. */
const [MAX_READ_BYTES, MAX_VALUES] = [256 * 1024 * 1024, 2_000_000];
/** The largest CSV file: it is made in memory. */
const MAX_CSV_BYTES = 32 * 1024 * 1024;

/** Bytes of a file that is elsewhere, which the thread asks for. */
export interface WantedBytes {
  readonly position: number;
  readonly length: number;
}

/** The answer to {@linkcode WantedBytes}: fewer bytes if the file became shorter, or why it cannot be read. */
export type BytesAnswer = Uint8Array<ArrayBuffer> | { readonly error: string };

/** Reads bytes of a file; fewer at its end. */
type ReadBytes = (position: number, length: number) => Promise<Uint8Array>;

/** Ranges of a file of the archive, up to a limit. Messages do not say where it is on this machine. */
class LimitedSource implements CdfSource {
  readonly size: number;
  readonly #read: ReadBytes;
  readonly #name: string;
  #left = MAX_READ_BYTES;

  constructor(read: ReadBytes, { name, size }: { readonly name: string; readonly size: number }) {
    this.#read = read;
    this.#name = name;
    this.size = size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.#left -= length;
    if (this.#left < 0) {
      throw new InputError(`Cannot show "${this.#name}" here: it is too large; download it to look into it`);
    }
    const bytes = await this.#read(offset, length);
    if (bytes.length < length) {
      throw new InputError(`Cannot show "${this.#name}": it became shorter; load the page again`);
    }
    return bytes;
  }
}

/** Reads bytes of an open file. */
async function readFile(file: Deno.FsFile, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await file.seek(position, Deno.SeekMode.Start);
  for (let filled = 0; filled < length;) {
    const count = await file.read(bytes.subarray(filled));
    if (count === null) return bytes.subarray(0, filled);
    filled += count;
  }
  return bytes;
}

/** Asks for bytes through a port, one call at a time. */
function askForBytes(port: MessagePort, name: string): ReadBytes {
  return async (position, length) => {
    const { promise, resolve } = Promise.withResolvers<BytesAnswer>();
    port.onmessage = ({ data }: MessageEvent<BytesAnswer>) => resolve(data);
    const wanted: WantedBytes = { position, length };
    port.postMessage(wanted);
    const answer = await promise;
    if ("error" in answer) throw new Error(`Cannot read "${name}": ${answer.error}`);
    return answer;
  };
}

/** The first bytes of a CDF file that is compressed as a whole, of versions 3 and 2.6. */
const COMPRESSED = /^cdf[0-9a-f]{5}cccc0001/;

/** Refuses a file that becomes too large when it is decompressed, which is done in memory. */
async function checkCompressed(source: CdfSource, name: string): Promise<void> {
  if (source.size < 40) return;
  const head = await source.read(0, 40);
  if (!COMPRESSED.test(head.toHex())) return;
  const view = new DataView(head.buffer, head.byteOffset);
  // The record that follows says how many bytes it contains: an integer of 64 bits, or of 32 in version 2.6.
  const bytes = head[1] === 0xf3 ? view.getBigInt64(28) : BigInt(view.getInt32(20));
  if (bytes > MAX_READ_BYTES) {
    throw new InputError(
      `Cannot show "${name}" here: it has ${bytes} bytes when decompressed; download it to look into it`,
    );
  }
}

/** Why something cannot be shown; other errors are mistakes of the program. */
function problemOf(error: unknown): string {
  if (error instanceof ImapError || error instanceof CdfError) return error.message;
  throw error;
}

/** The maximum number of rows of a table on a page, and the maximum number of tables. */
const [TABLE_ROWS, MAX_TABLES] = [100, 10];

/** Draws a table as one or more tables that show all of their rows. */
function pagedTables<Row>(table: Table<Row>): string[] {
  const { rows, title, columns } = table;
  if (rows.length <= TABLE_ROWS) return [htmlTable(table)];
  return Array.from({ length: Math.min(MAX_TABLES, Math.ceil(rows.length / TABLE_ROWS)) }, (_, index) => {
    const [first, last] = [index * TABLE_ROWS, Math.min(rows.length, (index + 1) * TABLE_ROWS)];
    return htmlTable({
      title: index === 0 ? title : `${first + 1} to ${last} of ${rows.length}`,
      ...(index === 0 && table.note !== undefined ? { note: table.note } : {}),
      columns,
      rows: rows.slice(first, last),
    });
  });
}

/** Makes the texts of a column wrap. */
function wrapped<Row>(columns: readonly Column<Row>[], header: string): Column<Row>[] {
  return columns.map((column) => column.header === header ? { ...column, isLong: true } : column);
}

function valuesIn({ shape }: DatasetVariable): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Whether the records of a variable can be read for a page. */
function isSmall(file: IstpFile, variable: DatasetVariable): boolean {
  const time = file.timeOf(variable);
  return [variable, ...(time === undefined ? [] : [time])].every((variable) => valuesIn(variable) <= MAX_VALUES);
}

/** The address of the page of a variable. */
function variableAddress(address: string, name: string): string {
  return `${address}?${new URLSearchParams({ variable: name })}`;
}

const REQUEST: PlotRequest = { span: {}, at: {}, as: undefined, maxValues: MAX_VALUES };

async function chartOf(file: IstpFile, { name, variable }: LookTask): Promise<string> {
  const plot = variable === undefined
    ? await quicklookOf(file, name, REQUEST)
    : await plotOf(file, name, [variable], REQUEST);
  return await plotPicture(plot).toHtml();
}

/** Returns the table of the file's variables, each of which links to its page. */
async function fileTables(file: IstpFile, { name, address }: LookTask): Promise<string[]> {
  const time = file.timeVariable;
  const facts = {
    name,
    product: file.texts("Logical_source")[0],
    version: file.texts("Data_version")[0],
    parents: file.texts("Parents"),
    timeSpan: time === undefined || !isSmall(file, time) ? undefined : await file.timeSpan(),
  };
  const variables = variablesTable(facts, file.variables);
  const columns = wrapped(variables.columns, "Description").map((column) =>
    column.header === "Variable"
      ? { ...column, link: ({ name }: DatasetVariable) => variableAddress(address, name) }
      : column
  );
  const attributes = attributesTable(file.cdf.attributes);
  return [
    `<p class="quiet">${escapeHtml(printable(variables.note ?? ""))}</p>`,
    // The heading of the page names the file.
    ...pagedTables({ title: counted(file.variables.length, "variable"), columns, rows: variables.rows }),
    ...pagedTables({ ...attributes, columns: wrapped(attributes.columns, "Value") }),
  ];
}

/** Returns the table of a variable: what its values are, and its attributes. */
async function variableTables(file: IstpFile, variable: DatasetVariable, name: string): Promise<string[]> {
  let properties: readonly Property[];
  try {
    properties = isSmall(file, variable)
      ? valueProperties(variable, await file.read(variable.name))
      : [["Values", `${valuesIn(variable)}: too many to show here`]];
  } catch (error) {
    properties = [["Values", problemOf(error)]];
  }
  const table = variableTable(name, variable, { properties, units: await file.units(variable) });
  return pagedTables({ ...table, columns: wrapped(table.columns, "Value") });
}

async function lookAt(content: FileContent, task: LookTask): Promise<LookPage> {
  const { name } = task;
  const page = { kind: "page", chart: "", canExport: false } as const;
  if (content.kind === "packets") return { ...page, tables: pagedTables(packetsTable(name, content.packets)) };
  if (content.kind !== "cdf") return { ...page, tables: [htmlTable(otherTable(name, content))] };
  const { file } = content;
  const variable = task.variable === undefined ? undefined : file.variable(task.variable);
  const tables = variable === undefined ? await fileTables(file, task) : await variableTables(file, variable, name);
  let chart: string;
  try {
    chart = variable !== undefined && !isSmall(file, variable) ? "" : await chartOf(file, task);
  } catch (error) {
    chart = htmlTable({ title: problemOf(error), columns: [], rows: [] });
  }
  return { ...page, chart, tables, canExport: variable?.varies ?? file.variables.some(({ varies }) => varies) };
}

async function csvOf(content: FileContent, { name, variable }: LookTask): Promise<Uint8Array<ArrayBuffer>> {
  if (content.kind !== "cdf") throw new InputError(`Cannot export "${name}": it is not a CDF file`);
  const { columns, chunks } = await exportRecords(content.file, variable === undefined ? [] : [variable], {});
  const line = (values: readonly unknown[]) =>
    `${values.map((value) => Object.is(value, -0) ? "-0" : csvField(value)).join(",")}\r\n`;
  const parts: BlobPart[] = [line(columns.map((column) => column.name))];
  let size = 0;
  for await (const { count, at } of chunks()) {
    let text = "";
    for (let record = 0; record < count; record++) {
      text += line(columns.map((column, index) => withTimeAsText(at(record, index), column)));
    }
    parts.push(text);
    size += text.length;
    if (size > MAX_CSV_BYTES) {
      throw new InputError(
        `Cannot export "${variable ?? name}" here: it is too large; write it with "imap-data-access export ${name}"`,
      );
    }
  }
  return await new Blob(parts).bytes();
}

/**
 * Does a task. Files that cannot be read, and variables that they do not have, are problems of the answer.
 *
 * @param read Reads bytes of a file that is elsewhere.
 */
export async function lookInto(task: LookTask, read?: ReadBytes): Promise<LookAnswer> {
  const { place, name, format, variable } = task;
  let isMissing = false;
  try {
    using file = place === undefined ? undefined : await Deno.open(place);
    const readHere: ReadBytes | undefined = file === undefined
      ? read
      : (position, length) => readFile(file, position, length);
    const size = file === undefined ? task.size : (await file.stat()).size;
    if (readHere === undefined || size === undefined) throw new Error("the task does not say where the file is");
    const source = new LimitedSource(readHere, { name, size });
    await checkCompressed(source, name);
    const content = await openContent(source, { name });
    isMissing = variable !== undefined && content.kind === "cdf" &&
      !content.file.variables.some((one) => one.name === variable);
    return format === "csv" ? { kind: "csv", bytes: await csvOf(content, task) } : await lookAt(content, task);
  } catch (error) {
    try {
      return { kind: "problem", problem: problemOf(error), isMissing };
    } catch (mistake) {
      return { kind: "crash", error: mistake instanceof Error ? mistake.stack ?? mistake.message : String(mistake) };
    }
  }
}

if (Reflect.get(globalThis, "name") === WORKER_NAME) {
  globalThis.addEventListener("message", (event) => {
    if (!(event instanceof MessageEvent)) return;
    const [port] = event.ports;
    if (port === undefined) return;
    port.postMessage("started");
    lookInto(event.data, askForBytes(port, event.data.name)).then((answer) => port.postMessage(answer));
  });
}
