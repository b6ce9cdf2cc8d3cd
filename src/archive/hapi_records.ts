// The records of a HAPI dataset: the files of the archive as one series in the order of time, and its three formats.
import type { ObjectStore } from "./object_store.ts";
import {
  type FileSpan,
  type HapiDataset,
  type HapiParameter,
  NO_TIME,
  noTimeText,
  type OpenCdf,
  openStored,
  statedFill,
  tt2000Of,
} from "./hapi_datasets.ts";
import { type CdfArray, type CdfVariable, isoToTime, timeToIso } from "../cdf/cdf.ts";
import { IstpFile } from "../dataset/istp_file.ts";
import { ImapError } from "../errors.ts";

/** The formats of `/hapi/data`. */
export const FORMATS = ["csv", "binary", "json"] as const;
/** A format of `/hapi/data`. */
export type HapiFormat = typeof FORMATS[number];

/** Which records of a dataset are read. */
export interface RecordsQuery {
  readonly dataset: HapiDataset;
  /** The time first. */
  readonly parameters: readonly HapiParameter[];
  /** The first time, as TT2000. */
  readonly start: bigint;
  /** The first time after them. */
  readonly stop: bigint;
}

/** The bytes of the values that are read at once from each file. */
const CHUNK_BYTES = 128 * 1024;
/** The maximum number of records that are read at once. */
const MAX_CHUNK_RECORDS = 16 * 1024;
/** The bytes of a chunk of the response. */
const OUTPUT_BYTES = 64 * 1024;
/** The bytes that the records of a file may take that is not in the order of time: they are sorted in memory. */
const MAX_SORTED_BYTES = 256 * 1024 * 1024;

/** The bytes of a record in the binary format. */
function recordBytes(parameters: readonly HapiParameter[]): number {
  return parameters.reduce((sum, { count, length }) => sum + count * length, 0);
}

/** The files with records in a span of time. */
function filesBetween({ dataset, start, stop }: RecordsQuery): FileSpan[] {
  return dataset.files.filter(({ first, last }) => first < stop && last >= start);
}

/**
 * Estimates the bytes of the response in the binary format, as if the records of each file were evenly spread.
 *
 * @returns Infinity if it cannot be read in constant memory.
 */
export function estimateBytes(query: RecordsQuery): number {
  const perRecord = recordBytes(query.parameters);
  let bytes = 0;
  for (const { first, last, records, isSorted } of filesBetween(query)) {
    const from = first > query.start ? first : query.start;
    const to = last < query.stop ? last : query.stop;
    const share = last > first ? Number(to - from) / Number(last - first) : 1;
    if (!isSorted && records * perRecord > MAX_SORTED_BYTES) return Infinity;
    bytes += share * records * perRecord;
  }
  return bytes;
}

/** Consecutive records. */
interface Chunk {
  /** Their times as TT2000, in ascending order. */
  readonly times: BigInt64Array;
  /** The values of each parameter behind the time, with as many elements for each record as the parameter has. */
  readonly columns: readonly CdfArray[];
}

/** Returns the elements of some records. */
function gather(values: CdfArray, records: readonly number[], count: number): CdfArray {
  if (Array.isArray(values)) {
    return records.flatMap((record) => values.slice(record * count, (record + 1) * count));
  }
  const result = values.slice(0, records.length * count);
  for (const [index, record] of records.entries()) {
    for (let element = 0; element < count; element++) {
      const value = values[record * count + element];
      if (value !== undefined) result[index * count + element] = value;
    }
  }
  return result;
}

/** Creates elements that are all missing. */
function missing({ type, fill }: HapiParameter, length: number): CdfArray {
  if (type === "string" || type === "isotime") return new Array<string>(length).fill(String(fill));
  return new Float64Array(length).fill(Number(fill));
}

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

/** Shortens a text to a number of bytes in UTF-8, at the end of a character: Latin-1 takes more bytes in UTF-8. */
function cut(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text;
  const encoded = utf8.encode(text);
  if (encoded.length <= bytes) return text;
  let end = bytes;
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end--;
  return fromUtf8.decode(encoded.subarray(0, end));
}

/** Turns the values of one file's variable into those of a parameter, which another file may describe in another way. */
class Column {
  readonly parameter: HapiParameter;
  readonly variable: CdfVariable | undefined;
  /** The file's own missing value, if it is not that of the parameter. */
  readonly #otherFill: number | bigint | string | undefined;
  readonly #hasOtherSize: boolean;

  constructor(file: IstpFile, parameter: HapiParameter) {
    const { variable: name, fill, dimensions, type } = parameter;
    const found = file.variables.find((variable) => variable.name === name);
    const variable = found?.varies === true ? file.cdf.variable(name) : undefined;
    const own = found === undefined ? undefined : statedFill(found);
    const isText = variable?.type === "CHAR" || variable?.type === "UCHAR";
    const isTime = found?.timeType !== undefined;
    const fits = isText === (type === "string") && isTime === (type === "isotime");
    const isSameRank = variable?.dimensions.length === dimensions.length;
    this.parameter = parameter;
    this.variable = variable !== undefined && fits && isSameRank ? variable : undefined;
    this.#otherFill = own === undefined || isTime || Object.is(own, fill) || String(own) === String(fill)
      ? undefined
      : own;
    this.#hasOtherSize = variable?.dimensions.some((size, index) => size !== dimensions[index]) ?? false;
  }

  /** The elements of a record in the file. */
  get count(): number {
    return this.variable?.dimensions.reduce((product, size) => product * size, 1) ?? 0;
  }

  /** Converts the values of some records; those that the file does not have are missing. */
  convert(values: CdfArray | undefined, records: number): CdfArray {
    const { count, type } = this.parameter;
    if (values === undefined || this.variable === undefined) return missing(this.parameter, records * count);
    const converted = type === "string"
      ? this.#texts(values)
      : type === "isotime"
      ? this.#times(values)
      : this.#numbers(values);
    const sized = this.#hasOtherSize ? this.#resize(converted) : converted;
    if (sized.length >= records * count) return sized;
    // The variable has fewer records than its times.
    const all = missing(this.parameter, records * count);
    for (let index = 0; index < sized.length; index++) {
      const value = sized[index];
      if (Array.isArray(all)) all[index] = String(value);
      else all[index] = Number(value);
    }
    return all;
  }

  #texts(values: CdfArray): string[] {
    const { length, fill } = this.parameter;
    return Array.from<string | number | bigint, string>(values, (value) => {
      const text = String(value).trimEnd();
      return cut(text === this.#otherFill ? String(fill) : text, length);
    });
  }

  #times(values: CdfArray): string[] {
    const { type } = this.variable ?? {};
    if (type !== "TT2000" && type !== "EPOCH" && type !== "EPOCH16") return [];
    const { length, fill } = this.parameter;
    const digits = length - noTimeText(0).length;
    return Array.from(tt2000Of(values, type), (time) => timeToIso(time, digits) ?? String(fill));
  }

  #numbers(values: CdfArray): CdfArray {
    const { type, fill } = this.parameter;
    const other = this.#otherFill;
    const needsInteger = type === "integer" &&
      (values instanceof BigInt64Array || values instanceof Float64Array || values instanceof Float32Array ||
        values instanceof Uint32Array);
    if (other === undefined && !needsInteger) return values;
    const isOtherNaN = Number.isNaN(other);
    const result = new Float64Array(values.length);
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      const number = Number(value);
      // The loose comparison is right between bigint and number; NaN is not equal to itself.
      // deno-lint-ignore eqeqeq
      const isMissing = value == other || (isOtherNaN && Number.isNaN(value)) ||
        (needsInteger && (number | 0) !== number);
      result[index] = isMissing ? Number(fill) : number;
    }
    return result;
  }

  /** Puts each record into an array of the parameter's size: what is beyond is dropped, what is left is missing. */
  #resize(values: CdfArray): CdfArray {
    const { count, dimensions } = this.parameter;
    const own = this.variable?.dimensions ?? [];
    const places: (readonly [from: number, to: number])[] = [];
    for (let from = 0; from < this.count; from++) {
      let [rest, to, stride, isInside] = [from, 0, 1, true];
      for (let index = own.length - 1; index >= 0; index--) {
        const [size, target] = [own[index] ?? 1, dimensions[index] ?? 1];
        const at = rest % size;
        rest = Math.floor(rest / size);
        if (at >= target) isInside = false;
        to += at * stride;
        stride *= target;
      }
      if (isInside) places.push([from, to]);
    }
    const records = this.count === 0 ? 0 : values.length / this.count;
    const result = missing(this.parameter, records * count);
    for (let record = 0; record < records; record++) {
      for (const [from, to] of places) {
        const value = values[record * this.count + from];
        if (Array.isArray(result)) result[record * count + to] = String(value);
        else result[record * count + to] = Number(value);
      }
    }
    return result;
  }
}

/** Reads the records of one file in a span of time, in the order of time. */
class FileRecords {
  readonly span: FileSpan;
  readonly #query: RecordsQuery;
  readonly #file: OpenCdf;
  readonly #columns: readonly Column[];
  readonly #chunks: AsyncGenerator<Chunk>;
  /** The current chunk. */
  chunk: Chunk = { times: new BigInt64Array(), columns: [] };
  /** The current record in it. */
  at = 0;

  private constructor(span: FileSpan, query: RecordsQuery, file: OpenCdf) {
    this.span = span;
    this.#query = query;
    this.#file = file;
    const described = new IstpFile(file.cdf);
    this.#columns = query.parameters.slice(1).map((parameter) => new Column(described, parameter));
    this.#chunks = span.isSorted ? this.#readInOrder() : this.#readAndSort();
  }

  /**
   * Opens a file at its first record; undefined if it has no records in the span.
   *
   * @throws {ImapError} If it is gone or has changed since its times were read: a response without its records, or with
   * some that are out of order, would look complete.
   */
  static async open(store: ObjectStore, span: FileSpan, query: RecordsQuery): Promise<FileRecords | undefined> {
    const file = await openStored(store, span.path);
    if (file === undefined) throw new ImapError(`Cannot read "${span.path}" for HAPI: it is gone; ask again`);
    const records = new FileRecords(span, query, file);
    try {
      if (file.size !== span.size || file.mtime !== span.mtime) {
        throw new ImapError(`Cannot read "${span.path}" for HAPI: it has changed; ask again`);
      }
      await records.advance(0);
    } catch (error) {
      await records.close();
      throw error;
    }
    if (!records.isAtEnd) return records;
    await records.close();
    return undefined;
  }

  /** Whether there are no more records. */
  get isAtEnd(): boolean {
    return this.at >= this.chunk.times.length;
  }

  /** The time of the current record. */
  get time(): bigint {
    return this.chunk.times[this.at] ?? NO_TIME;
  }

  /** Goes to a record of the chunk, or to the first one of the next chunk. */
  async advance(to: number): Promise<void> {
    this.at = to;
    while (this.isAtEnd) {
      const { done, value } = await this.#chunks.next();
      if (done) return;
      this.chunk = value;
      this.at = 0;
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return(undefined);
    this.#file[Symbol.dispose]();
  }

  /** Returns the times of records of the file. */
  async *#times(start: number, end: number, records: number): AsyncGenerator<{ start: number; times: BigInt64Array }> {
    const { cdf } = this.#file;
    const { timeVariable } = this.span;
    const { type } = cdf.variable(timeVariable);
    if (type !== "TT2000" && type !== "EPOCH" && type !== "EPOCH16") return;
    for await (const chunk of cdf.chunks(timeVariable, { start, end, records })) {
      yield { start: chunk.start, times: tt2000Of(chunk.values, type) };
    }
  }

  /** Returns the numbers of the first record in the span of time, and of the one after the last one. */
  async #range(): Promise<readonly [start: number, end: number]> {
    const { start, stop } = this.#query;
    const { first, last } = this.span;
    const { records } = this.#file.cdf.variable(this.span.timeVariable);
    if (first >= start && last < stop) return [0, records];
    let from = records;
    for await (const { start: number, times } of this.#times(0, records, MAX_CHUNK_RECORDS)) {
      for (const [index, time] of times.entries()) {
        if (time === NO_TIME) continue;
        if (time >= start && from === records) from = number + index;
        if (time >= stop) return [Math.min(from, number + index), number + index];
      }
    }
    return [from, records];
  }

  async *#readInOrder(): AsyncGenerator<Chunk> {
    const { cdf } = this.#file;
    const [start, end] = await this.#range();
    const perRecord = recordBytes(this.#query.parameters);
    const records = Math.min(MAX_CHUNK_RECORDS, Math.max(1, Math.floor(CHUNK_BYTES / perRecord)));
    const readers = this.#columns.map(({ variable }) =>
      variable === undefined ? undefined : cdf.chunks(variable.name, { start, end, records })
    );
    try {
      for await (const { times } of this.#times(start, end, records)) {
        const columns: CdfArray[] = [];
        for (const [index, column] of this.#columns.entries()) {
          const read = await readers[index]?.next();
          columns.push(column.convert(read?.done === false ? read.value.values : undefined, times.length));
        }
        yield this.#inSpan({ times, columns });
      }
    } finally {
      for (const reader of readers) await reader?.return(undefined);
    }
  }

  /** Drops records without a time, and those outside of the span. */
  #inSpan(chunk: Chunk): Chunk {
    const { start, stop } = this.#query;
    const isIn = (time: bigint) => time !== NO_TIME && time >= start && time < stop;
    const { times, columns } = chunk;
    if (times.every(isIn)) return chunk;
    const kept = Array.from(times.keys()).filter((record) => isIn(times[record] ?? NO_TIME));
    return this.#select({ times, columns }, kept);
  }

  #select({ times, columns }: Chunk, records: readonly number[]): Chunk {
    return {
      times: BigInt64Array.from(records, (record) => times[record] ?? NO_TIME),
      columns: columns.map((column, index) => gather(column, records, this.#columns[index]?.parameter.count ?? 1)),
    };
  }

  /** Reads a file whose times go back: all of its records in the span are sorted in memory. */
  async *#readAndSort(): AsyncGenerator<Chunk> {
    const { cdf } = this.#file;
    const { start, stop } = this.#query;
    const { records } = cdf.variable(this.span.timeVariable);
    const inFile = new BigInt64Array(records).fill(NO_TIME);
    const found = new Uint32Array(records);
    let [count, from, to] = [0, records, 0];
    for await (const { start: first, times } of this.#times(0, records, MAX_CHUNK_RECORDS)) {
      inFile.set(times, first);
      for (const [index, time] of times.entries()) {
        if (time === NO_TIME || time < start || time >= stop) continue;
        const record = first + index;
        found[count++] = record;
        from = Math.min(from, record);
        to = record + 1;
      }
    }
    if (count === 0) return;
    const timeOf = (record: number) => inFile[record] ?? NO_TIME;
    // The order in the file decides about records of the same time.
    const order = found.subarray(0, count).sort((a, b) =>
      timeOf(a) < timeOf(b) ? -1 : timeOf(a) > timeOf(b) ? 1 : a - b
    );
    const columns: CdfArray[] = [];
    for (const column of this.#columns) {
      const { variable } = column;
      const read = variable === undefined || from >= variable.records
        ? undefined
        : await cdf.read(variable.name, { start: from, end: Math.min(to, variable.records) });
      columns.push(column.convert(read?.values, to - from));
    }
    for (let at = 0; at < count; at += MAX_CHUNK_RECORDS) {
      const part = Array.from(order.subarray(at, at + MAX_CHUNK_RECORDS));
      const places = part.map((record) => record - from);
      yield {
        times: BigInt64Array.from(part, timeOf),
        columns: columns.map((column, index) => gather(column, places, this.#columns[index]?.parameter.count ?? 1)),
      };
    }
  }
}

/** Some records of a chunk. */
interface Block {
  readonly chunk: Chunk;
  readonly from: number;
  readonly to: number;
}

/** The number of the first record, from one on, whose time is not before a time. */
function firstFrom(times: BigInt64Array, time: bigint, from: number): number {
  let [low, high] = [from, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? NO_TIME) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Returns the records of all files in the order of time. The files of neighboring days overlap: of records with the same
 * time, those of one file count. It is the file of their day, otherwise the one of the day before.
 */
async function* mergeFiles(store: ObjectStore, query: RecordsQuery): AsyncGenerator<Block> {
  const waiting = filesBetween(query);
  const open: FileRecords[] = [];
  const drop = async (ended: FileRecords) => {
    open.splice(open.indexOf(ended), 1);
    await ended.close();
  };
  const earliest = () =>
    open.reduce<bigint | undefined>((least, { time }) => least === undefined || time < least ? time : least, undefined);
  try {
    for (;;) {
      let time = earliest();
      for (let next = waiting[0]; next !== undefined && (time === undefined || next.first <= time); next = waiting[0]) {
        waiting.shift();
        const records = await FileRecords.open(store, next, query);
        if (records !== undefined) open.push(records);
        time = earliest();
      }
      if (time === undefined) return;
      const tied = open.filter((file) => file.time === time);
      const [chosen, ...others] = tied.length < 2 ? tied : byRight(tied, time);
      if (chosen === undefined) return;
      // Up to the first record of another file.
      let until = waiting[0]?.first;
      for (const file of open) if (file !== chosen && (until === undefined || file.time < until)) until = file.time;
      if (others.length > 0) until = time + 1n;
      do {
        const { chunk, at } = chosen;
        const to = until === undefined ? chunk.times.length : firstFrom(chunk.times, until, at);
        yield { chunk, from: at, to };
        await chosen.advance(to);
      } while (!chosen.isAtEnd && others.length > 0 && chosen.time === time);
      for (const other of others) {
        while (!other.isAtEnd && other.time === time) {
          await other.advance(firstFrom(other.chunk.times, time + 1n, other.at));
        }
      }
      for (const file of tied) if (file.isAtEnd) await drop(file);
    }
  } finally {
    for (const file of open) await file.close();
  }
}

/** Sorts files with records of the same time: the one that counts is the first. */
function byRight(files: readonly FileRecords[], time: bigint): FileRecords[] {
  const day = timeToIso(time, 0)?.slice(0, 10).replaceAll("-", "") ?? "";
  const isEarly = ({ span }: FileRecords) => span.day <= day ? 0 : 1;
  return files.toSorted((a, b) =>
    isEarly(a) - isEarly(b) ||
    (isEarly(a) === 0 ? -1 : 1) * (a.span.day < b.span.day ? -1 : a.span.day > b.span.day ? 1 : 0) ||
    (a.span.path < b.span.path ? -1 : 1)
  );
}

const TWO_DIGITS = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, "0"));

/** Writes times quickly: most are of the same day as the one before. */
class TimeTexts {
  readonly #digits: number;
  readonly #unit: number;
  #from = 0n;
  #to = 0n;
  #day = "";

  constructor(digits: number) {
    this.#digits = digits;
    this.#unit = 10 ** (9 - digits);
  }

  of(time: bigint): string {
    if (time < this.#from || time >= this.#to) {
      this.#day = (timeToIso(time, 0) ?? noTimeText(0)).slice(0, 11);
      this.#from = isoToTime(this.#day.slice(0, 10), "TT2000");
      // A leap second is not written here.
      this.#to = this.#from + 86_400_000_000_000n;
      if (time >= this.#to) return timeToIso(time, this.#digits) ?? noTimeText(this.#digits);
    }
    const nanoseconds = Number(time - this.#from);
    const seconds = Math.floor(nanoseconds / 1e9);
    const minutes = Math.floor(seconds / 60);
    const fraction = String(Math.floor((nanoseconds - seconds * 1e9) / this.#unit)).padStart(this.#digits, "0");
    const [hour, minute] = [TWO_DIGITS[Math.floor(minutes / 60)], TWO_DIGITS[minutes % 60]];
    return `${this.#day}${hour}:${minute}:${TWO_DIGITS[seconds % 60]}.${fraction}Z`;
  }
}

/** The bytes of a response, which are collected into chunks. */
class Output {
  #bytes = new Uint8Array();
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #full: Uint8Array[] = [];

  #makeRoom(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    this.flush();
    this.#bytes = new Uint8Array(Math.max(count, OUTPUT_BYTES));
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Writes numbers, times, and signs: letter by letter, without objects in between that would have to be collected. */
  ascii(text: string): void {
    this.#makeRoom(text.length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index);
    this.#length = at;
  }

  text(text: string): void {
    this.#makeRoom(text.length * 3);
    this.#length += utf8.encodeInto(text, this.#bytes.subarray(this.#length)).written;
  }

  /** Writes a text of a fixed number of bytes, with zeros behind it. */
  paddedText(text: string, length: number): void {
    this.#makeRoom(length);
    utf8.encodeInto(text, this.#bytes.subarray(this.#length, this.#length + length));
    this.#length += length;
  }

  int32(value: number): void {
    this.#makeRoom(4);
    this.#view.setInt32(this.#length, value, true);
    this.#length += 4;
  }

  float64(value: number): void {
    this.#makeRoom(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** Ends the current chunk. */
  flush(): void {
    if (this.#length > 0) this.#full.push(this.#bytes.subarray(0, this.#length));
    this.#bytes = new Uint8Array();
    this.#length = 0;
  }

  /** Returns the chunks that are full. */
  take(): readonly Uint8Array[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }
}

/** Quotes a text if necessary (RFC 4180). */
function csvText(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Writes a number so that it is read as the same number. */
function numberText(value: number | bigint): string {
  return value === 0 && Object.is(value, -0) ? "-0" : `${value}`;
}

function jsonNumber(value: number | bigint): string {
  return typeof value === "number" && !Number.isFinite(value) ? "null" : numberText(value);
}

/** Writes records in a format. */
abstract class Encoder {
  /** The parameters behind the time. */
  protected readonly parameters: readonly HapiParameter[];
  readonly #times: TimeTexts;

  constructor({ parameters, dataset }: RecordsQuery) {
    this.parameters = parameters.slice(1);
    this.#times = new TimeTexts(dataset.digits);
  }

  encode({ chunk: { times, columns }, from, to }: Block, output: Output): void {
    for (let record = from; record < to; record++) {
      this.begin(this.#times.of(times[record] ?? NO_TIME), output);
      for (const [index, parameter] of this.parameters.entries()) {
        this.values(parameter, columns[index] ?? [], record * parameter.count, output);
      }
      this.end(output);
    }
  }

  /** Begins a record. */
  protected abstract begin(time: string, output: Output): void;
  /** Writes the values of a parameter, which begin at an index. */
  protected abstract values(parameter: HapiParameter, values: CdfArray, start: number, output: Output): void;
  protected end(_output: Output): void {}
}

class CsvEncoder extends Encoder {
  protected begin(time: string, output: Output): void {
    output.ascii(time);
  }

  protected values({ count }: HapiParameter, values: CdfArray, start: number, output: Output): void {
    for (let at = start; at < start + count; at++) {
      const value = values[at] ?? NaN;
      output.ascii(",");
      if (typeof value === "string") output.text(csvText(value));
      else output.ascii(numberText(value));
    }
  }

  protected override end(output: Output): void {
    output.ascii("\n");
  }
}

class JsonEncoder extends Encoder {
  #isFirst = true;

  protected begin(time: string, output: Output): void {
    output.ascii(this.#isFirst ? '["' : ',\n["');
    output.ascii(time);
    output.ascii('"');
    this.#isFirst = false;
  }

  protected values({ size, count }: HapiParameter, values: CdfArray, start: number, output: Output): void {
    output.ascii(",");
    this.#nested(values, { start, count, size }, output);
  }

  /** Writes an array of any number of dimensions. */
  #nested(
    values: CdfArray,
    { start, count, size: [first, ...rest] }: {
      readonly start: number;
      readonly count: number;
      readonly size: readonly number[];
    },
    output: Output,
  ): void {
    if (first === undefined) {
      const value = values[start] ?? NaN;
      if (typeof value === "string") output.text(JSON.stringify(value));
      else output.ascii(jsonNumber(value));
      return;
    }
    const step = count / first;
    for (let index = 0; index < first; index++) {
      output.ascii(index === 0 ? "[" : ",");
      this.#nested(values, { start: start + index * step, count: step, size: rest }, output);
    }
    output.ascii("]");
  }

  protected override end(output: Output): void {
    output.ascii("]");
  }
}

class BinaryEncoder extends Encoder {
  protected begin(time: string, output: Output): void {
    output.ascii(time);
  }

  protected values({ count, length, type }: HapiParameter, values: CdfArray, start: number, output: Output): void {
    for (let at = start; at < start + count; at++) {
      const value = values[at] ?? NaN;
      if (typeof value === "string") output.paddedText(value, length);
      else if (type === "integer") output.int32(Number(value));
      else output.float64(Number(value));
    }
  }
}

const ENCODERS: Readonly<Record<HapiFormat, new (query: RecordsQuery) => Encoder>> = {
  csv: CsvEncoder,
  binary: BinaryEncoder,
  json: JsonEncoder,
};

/** Writes the records of a query, as they are read: in chunks, in constant memory. Files are closed when it ends. */
export async function* encodeRecords(
  store: ObjectStore,
  query: RecordsQuery,
  format: HapiFormat,
): AsyncGenerator<Uint8Array> {
  const encoder = new ENCODERS[format](query);
  const output = new Output();
  for await (const block of mergeFiles(store, query)) {
    encoder.encode(block, output);
    yield* output.take();
  }
  output.flush();
  yield* output.take();
}
