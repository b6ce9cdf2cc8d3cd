import {
  type Cdf,
  type CdfArray,
  type CdfChunk,
  type CdfChunkOptions,
  type CdfReadOptions,
  type CdfValues,
  type CdfVariable,
  timesToMilliseconds,
} from "../cdf/cdf.ts";
import { InputError, shown } from "../errors.ts";
import { IstpFile, type TimeSpan } from "./istp_file.ts";

// Reads the records of several CDF files of one product as if they were in one file, in the order of their times.

/** A file that is joined with others. */
interface JoinedPart {
  /** Its name. */
  readonly name: string;
  readonly cdf: Cdf;
}

/** Consecutive records of one file. */
interface Run {
  /** The number of the file. */
  readonly part: number;
  readonly start: number;
  readonly end: number;
}

const TIME_TYPES: ReadonlySet<string> = new Set(["TT2000", "EPOCH", "EPOCH16"]);
/** The attributes that change what values mean. What they point to is compared when it is read. */
const MEANINGS = ["FILLVAL", "UNITS", "UNIT_PTR", "DEPEND_0", "DEPEND_1", "DEPEND_2", "DEPEND_3", "LABL_PTR_1"];

/** A value as a text that is the same for equal values. */
function keyOf(value: unknown): string {
  return JSON.stringify(value ?? null, (_, part) => {
    if (typeof part === "bigint") return `${part}n`;
    if (typeof part === "number" && !Number.isFinite(part)) return String(part);
    return typeof part === "string" ? part.trim() : part;
  });
}

/** Says how a variable of one file differs from that of another; undefined if their values belong together. */
function differenceOf(
  one: CdfVariable,
  other: CdfVariable,
): readonly [what: string, one: string, other: string] | undefined {
  const compared: ReadonlyArray<readonly [what: string, of: (variable: CdfVariable) => unknown]> = [
    ["type", ({ type }) => type],
    ["shape of a record", ({ dimensions }) => dimensions.join(" × ") || "1"],
    ["kind", ({ varies }) => varies ? "one value per record" : "one value for all records"],
    ["pad value", ({ pad }) => typeof pad === "object" ? Array.from<unknown>(pad) : pad],
    ...MEANINGS.map((name) => [name, ({ attributes }: CdfVariable) => attributes[name]] as const),
  ];
  for (const [what, of] of compared) {
    const [left, right] = [keyOf(of(one)), keyOf(of(other))];
    if (left !== right) return [what, left, right].map((text) => text.replaceAll('"', "")) as [string, string, string];
  }
  return undefined;
}

/** The times of a file in short. */
interface TimeSummary {
  readonly first: number;
  readonly last: number;
  /** Whether each time is as late as the one before, or later, and none is missing. */
  readonly isIncreasing: boolean;
}

/** The number of the first record whose time is after `time`, or at it if `isAtIncluded`; the times increase. */
function firstAfter(times: Float64Array, time: number, isAtIncluded: boolean, from: number): number {
  let [low, high] = [from, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const value = times[middle] ?? NaN;
    if (value > time || (isAtIncluded && value === time)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A file whose records are being put among those of others. Its times are in memory only for as long as they are needed. */
interface Merging {
  readonly part: number;
  readonly load: () => Promise<Float64Array>;
  /** The time of its next record. */
  head: number;
  times: Float64Array | undefined;
  at: number;
}

/** Puts the records of files into the order of their times, which increase in each. Of equal times, the earlier file's come first. */
async function merged(files: readonly Merging[]): Promise<Run[]> {
  const runs: Run[] = [];
  let rest = files;
  while (rest.length > 0) {
    const own = rest.reduce((best, file) => file.head < best.head ? file : best);
    const times = own.times ??= await own.load();
    const start = own.at;
    own.at = rest.reduce((end, other) => {
      if (other === own) return end;
      return Math.min(end, firstAfter(times, other.head, rest.indexOf(other) < rest.indexOf(own), start));
    }, times.length);
    const before = runs.at(-1);
    if (before?.part === own.part && before.end === start) runs[runs.length - 1] = { ...before, end: own.at };
    else runs.push({ part: own.part, start, end: own.at });
    own.head = times[own.at] ?? NaN;
    if (own.at === times.length) rest = rest.filter((file) => file !== own);
  }
  return runs;
}

function isText(values: CdfArray): values is string[] {
  return Array.isArray(values);
}

/** Joins values of one type. */
function joined(pieces: readonly CdfArray[]): CdfArray {
  const [first, ...others] = pieces;
  if (first === undefined || others.length === 0) return first ?? [];
  if (isText(first)) return pieces.flatMap((piece) => isText(piece) ? piece : []);
  const arrays = pieces.filter((piece): piece is Exclude<CdfArray, string[]> => !isText(piece));
  const bytes = new Uint8Array(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return Reflect.construct(first.constructor, [bytes.buffer]);
}

/**
 * Several CDF files that are read like one: the variables that all of them have, and the records of all of them in the order
 * of their times. Records at the same times are all kept. What does not vary must be the same in all files that are read.
 */
class JoinedCdf {
  /** The variables that all files have, with the same meaning; with the records of all files. */
  readonly variables: readonly CdfVariable[];
  /** Why other variables are left out, by their names. */
  readonly differences: ReadonlyMap<string, string>;
  readonly #parts: readonly JoinedPart[];
  /** The names of the variables with the times of others, by the names of those. */
  readonly #times = new Map<string, string>();
  readonly #runs = new Map<string, Promise<readonly Run[]>>();
  readonly #constants = new Map<string, Promise<CdfValues>>();

  /** @throws {InputError} If there are no files, or if they are of different products. */
  constructor(parts: readonly JoinedPart[]) {
    const [first] = parts;
    if (first === undefined) throw new InputError("Cannot open no files as one");
    this.#parts = parts;
    checkProducts(parts);
    const differences = new Map<string, string>();
    const names = parts.map(({ name, cdf }) => ({ name, has: new Set(cdf.variables.map(({ name }) => name)) }));
    for (const { name, cdf } of parts) {
      for (const variable of cdf.variables) {
        const lacking = names.find(({ has }) => !has.has(variable.name));
        if (lacking !== undefined) differences.set(variable.name, `"${shown(lacking.name)}" does not have it`);
        if (differences.has(variable.name)) continue;
        const difference = differenceOf(first.cdf.variable(variable.name), variable);
        if (difference === undefined) continue;
        const [what, one, other] = difference;
        differences.set(
          variable.name,
          `its ${what} is ${shown(one)} in "${shown(first.name)}" and ${shown(other)} in "${shown(name)}"`,
        );
      }
    }
    const files = parts.map(({ name, cdf }) => ({ fileName: name, file: new IstpFile(cdf) }));
    for (const { name, varies, type } of first.cdf.variables) {
      if (differences.has(name) || !varies || TIME_TYPES.has(type)) continue;
      let known: { readonly fileName: string; readonly time: string | undefined } | undefined;
      for (const { fileName, file } of files) {
        const variable = file.variable(name);
        // A file without records says nothing.
        if (variable.shape[0] === 0) continue;
        const own = file.timeOf(variable);
        known ??= { fileName, time: own?.name };
        // The records of the next file would get the times of this one.
        if (own !== undefined && own.shape[0] !== variable.shape[0]) {
          differences.set(name, `"${shown(fileName)}" has other numbers of its records and its times`);
        } else if (own?.name !== known.time) {
          const timesText = (time: string | undefined) =>
            time === undefined ? "no times for it" : `its times in ${shown(time)}`;
          differences.set(
            name,
            `"${shown(known.fileName)}" has ${timesText(known.time)}, and "${shown(fileName)}" has ${
              timesText(own?.name)
            }`,
          );
        }
      }
      if (known?.time !== undefined) this.#times.set(name, known.time);
    }
    this.differences = differences;
    this.variables = first.cdf.variables.filter(({ name }) => !differences.has(name)).map((variable) => {
      if (!variable.varies) return variable;
      const records = parts.reduce((sum, { cdf }) => sum + cdf.variable(variable.name).records, 0);
      return { ...variable, records, shape: [records, ...variable.shape.slice(1)] };
    });
  }

  /** The global attributes of the first file. */
  get attributes(): Cdf["attributes"] {
    return this.#first.cdf.attributes;
  }

  get #first(): JoinedPart {
    const [first] = this.#parts;
    if (first === undefined) throw new TypeError("There is at least one file");
    return first;
  }

  /** Returns a variable. @throws {CdfError} If the files do not have it. */
  variable(name: string): CdfVariable {
    return this.variables.find((variable) => variable.name === name) ?? this.#first.cdf.variable(name);
  }

  /** The variable with the times of a variable's records. */
  #timeOf({ name, type }: CdfVariable): CdfVariable | undefined {
    const own = TIME_TYPES.has(type) ? name : this.#times.get(name);
    const time = this.variables.find((variable) => variable.name === own);
    return time !== undefined && TIME_TYPES.has(time.type) && time.varies && time.dimensions.length === 0
      ? time
      : undefined;
  }

  /** Returns the records of a variable in the order of their times; in the order of the files if it has none. */
  #runsOf(variable: CdfVariable): Promise<readonly Run[]> {
    const time = this.#timeOf(variable);
    const key = time === undefined ? `records of ${variable.name}` : `times of ${time.name}`;
    let runs = this.#runs.get(key);
    if (runs === undefined) {
      runs = time === undefined ? Promise.resolve(this.#oneAfterAnother(variable)) : this.#inOrder(time);
      this.#runs.set(key, runs);
      runs.catch(() => this.#runs.delete(key));
    }
    return runs;
  }

  #oneAfterAnother({ name }: CdfVariable): Run[] {
    return this.#parts.map(({ cdf }, part) => ({ part, start: 0, end: cdf.variable(name).records }))
      .filter(({ end }) => end > 0);
  }

  async #inOrder(time: CdfVariable): Promise<Run[]> {
    const plain = this.#oneAfterAnother(time);
    if (plain.length < 2) return plain;
    const summaries: TimeSummary[] = [];
    for (const { part } of plain) {
      const summary = await this.#summary(part, time);
      // If the times of a file are not in order, others cannot be merged with them.
      if (!summary.isIncreasing) return plain;
      summaries.push(summary);
    }
    const runs: Run[] = [];
    // Files that overlap are merged, usually two neighbors at midnight.
    for (let at = 0; at < plain.length;) {
      let last = summaries[at]?.last ?? -Infinity;
      let end = at + 1;
      while (end < plain.length && (summaries[end]?.first ?? Infinity) < last) {
        last = Math.max(last, summaries[end]?.last ?? -Infinity);
        end++;
      }
      const group = plain.slice(at, end).map(({ part }, index): Merging => ({
        part,
        load: () => this.#timesOf(part, time),
        head: summaries[at + index]?.first ?? NaN,
        times: undefined,
        at: 0,
      }));
      const [only] = plain.slice(at, end);
      runs.push(...(group.length === 1 && only !== undefined ? [only] : await merged(group)));
      at = end;
    }
    return runs;
  }

  async #timesOf(part: number, { name, type }: CdfVariable): Promise<Float64Array> {
    const { cdf } = this.#parts[part] ?? this.#first;
    return millisecondsOf((await cdf.read(name)).values, type);
  }

  async #summary(part: number, { name, type }: CdfVariable): Promise<TimeSummary> {
    const { cdf } = this.#parts[part] ?? this.#first;
    let [first, last, isIncreasing] = [NaN, -Infinity, true];
    for await (const { values } of cdf.chunks(name)) {
      for (const time of millisecondsOf(values, type)) {
        if (Number.isNaN(first)) first = time;
        // False for NaN too.
        if (!(time >= last)) isIncreasing = false;
        last = time;
      }
    }
    return { first, last, isIncreasing };
  }

  /** Reads values of a variable into memory, as {@linkcode Cdf.read} does. */
  async read(name: string, options: CdfReadOptions = {}): Promise<CdfValues> {
    const variable = this.variable(name);
    if (!variable.varies) return await this.#constant(variable);
    const { start = 0, end = variable.records, signal } = options;
    const wanted = within(await this.#runsOf(variable), start, Math.min(end, variable.records));
    // The records of a file that are wanted are consecutive, whatever lies between them.
    const ranges = new Map<number, { start: number; end: number }>();
    for (const { part, start, end } of wanted) {
      const range = ranges.get(part);
      ranges.set(part, { start: Math.min(range?.start ?? start, start), end: Math.max(range?.end ?? end, end) });
    }
    const read = new Map<number, CdfArray>();
    for (const [part, { start, end }] of ranges) {
      const { cdf } = this.#parts[part] ?? this.#first;
      read.set(part, (await cdf.read(name, { start, end, signal })).values);
    }
    const pieces = wanted.map(({ part, start, end }) => {
      const [values, range] = [read.get(part) ?? [], ranges.get(part)];
      if (range === undefined || (range.start === start && range.end === end)) return values;
      const each = values.length / (range.end - range.start);
      return values.slice((start - range.start) * each, (end - range.start) * each);
    });
    const records = wanted.reduce((sum, { start, end }) => sum + end - start, 0);
    const values = pieces.length > 0
      ? joined(pieces)
      : (await this.#first.cdf.read(name, { start: 0, end: 0, signal })).values;
    return { values, shape: [records, ...variable.shape.slice(1)] };
  }

  /** Reads values of a variable in chunks, as {@linkcode Cdf.chunks} does. Variables with the same times have the same chunks. */
  async *chunks(name: string, options: CdfChunkOptions = {}): AsyncGenerator<CdfChunk> {
    const variable = this.variable(name);
    if (!variable.varies) return yield { start: 0, end: variable.records, ...await this.#constant(variable) };
    const { start = 0, end = variable.records, records, signal } = options;
    let [from, waiting] = [start, start];
    const flush = async () => {
      const chunk = { start: from, end: waiting, ...await this.read(name, { start: from, end: waiting, signal }) };
      from = waiting;
      return chunk;
    };
    for (const run of within(await this.#runsOf(variable), start, Math.min(end, variable.records))) {
      const length = run.end - run.start;
      // Short runs are read together: where files overlap, they may have one record each.
      if (records !== undefined && length < records) {
        waiting += length;
        if (waiting - from >= records) yield await flush();
        continue;
      }
      if (waiting > from) yield await flush();
      const { cdf } = this.#parts[run.part] ?? this.#first;
      for await (const chunk of cdf.chunks(name, { start: run.start, end: run.end, records, signal })) {
        waiting += chunk.end - chunk.start;
        yield { ...chunk, start: from, end: waiting };
        from = waiting;
      }
    }
    if (waiting > from) yield await flush();
  }

  /** Returns what applies to all records, which must be the same in all files. */
  #constant(variable: CdfVariable): Promise<CdfValues> {
    const { name } = variable;
    let value = this.#constants.get(name);
    if (value === undefined) {
      value = this.#sameInAll(name);
      this.#constants.set(name, value);
      value.catch(() => this.#constants.delete(name));
    }
    return value;
  }

  async #sameInAll(name: string): Promise<CdfValues> {
    const value = await this.#first.cdf.read(name);
    for (const { name: file, cdf } of this.#parts.slice(1)) {
      const other = await cdf.read(name);
      if (keyOf(Array.from<unknown>(value.values)) === keyOf(Array.from<unknown>(other.values))) continue;
      throw new InputError(
        `Cannot read "${shown(name)}" of several files: it is not the same in "${shown(this.#first.name)}" and ` +
          `"${shown(file)}"; choose times with from and to, or open each file`,
      );
    }
    return value;
  }
}

function millisecondsOf(values: CdfArray, type: string): Float64Array {
  if (isText(values) || (type !== "TT2000" && type !== "EPOCH" && type !== "EPOCH16")) return new Float64Array();
  return timesToMilliseconds(values, type);
}

/** The records from `start` to `end` of those that are listed one after another. */
function within(runs: readonly Run[], start: number, end: number): Run[] {
  let at = 0;
  return runs.flatMap((run) => {
    const length = run.end - run.start;
    const [from, to] = [Math.max(0, start - at), Math.min(length, end - at)];
    at += length;
    return from < to ? [{ part: run.part, start: run.start + from, end: run.start + to }] : [];
  });
}

/** @throws {InputError} If files say that they are of different products. */
function checkProducts(parts: readonly JoinedPart[]): void {
  const sources = parts.flatMap(({ name, cdf }) => {
    const [source] = cdf.attributes.Logical_source ?? [];
    return typeof source === "string" && source.trim() !== "" ? [{ name, source: source.trim() }] : [];
  });
  const [first] = sources;
  const other = sources.find(({ source }) => source.toLowerCase() !== first?.source.toLowerCase());
  if (first === undefined || other === undefined) return;
  throw new InputError(
    `Cannot open files of different products as one: "${shown(first.name)}" is ${shown(first.source)}, and ` +
      `"${shown(other.name)}" is ${shown(other.source)}; open each product on its own`,
  );
}

// Several files of one product, one for each day or pointing: which of them a span of time needs, and all of them as one file.

/** A file of a series that may not be open yet. */
export interface SeriesFile {
  /** Its name. */
  readonly name: string;
  /** When its data start, by its name, in milliseconds since 1970-01-01 UTC. */
  readonly start: number;
  /** Whether it is the file of a pointing, which begins at any time of its day and ends in the next one. */
  readonly isPointing: boolean;
}

/** Opens files, several at once. What is not on this machine is downloaded first, or read over HTTP. */
export type OpenFiles = (indexes: readonly number[]) => Promise<readonly Cdf[]>;

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
/** How far the records of a day may reach over midnight. */
const MARGIN_MS = HOUR_MS;

/** Files of one product, in the order of their times. They are opened when they are needed, and remain open. */
export class FileSeries {
  /** The names of the files. */
  readonly names: readonly string[];
  readonly #files: readonly SeriesFile[];
  readonly #open: OpenFiles;
  readonly #opened = new Map<number, Promise<Cdf>>();
  #last: { readonly key: string; readonly joined: JoinedCdf; readonly file: IstpFile } | undefined;

  /**
   * @param files The files, in the order of their times, at least one.
   * @param open Opens some of them, by their indexes.
   */
  constructor(files: readonly SeriesFile[], open: OpenFiles) {
    this.#files = files;
    this.#open = open;
    this.names = files.map(({ name }) => name);
  }

  /**
   * The indexes of the files that may have records of a span: those whose time, from their own start to that of the next one,
   * overlaps with it. The first one if there is none: it determines the shape of a result without records.
   */
  #needed({ from = -Infinity, to = Infinity }: TimeSpan): number[] {
    const needed = this.#files.flatMap(({ start, isPointing }, index) => {
      // A name does not say when the data end: those of a map may be of months.
      const next = this.#files.find((file) => file.start > start)?.start ?? Infinity;
      const end = next + (isPointing ? DAY_MS : MARGIN_MS);
      return start - MARGIN_MS < to && end > from ? [index] : [];
    });
    return needed.length > 0 ? needed : [0];
  }

  /** Opens files that are not open yet, all at once. */
  async #parts(indexes: readonly number[]): Promise<JoinedPart[]> {
    const missing = indexes.filter((index) => !this.#opened.has(index));
    if (missing.length > 0) {
      const opening = this.#open(missing);
      missing.forEach((index, at) => {
        const cdf = opening.then((cdfs) => {
          const cdf = cdfs[at];
          if (cdf === undefined) throw new TypeError(`The file ${index} was not opened`);
          return cdf;
        });
        this.#opened.set(index, cdf);
        // What failed is tried again when it is needed again.
        cdf.catch(() => this.#opened.delete(index));
      });
    }
    return await Promise.all(indexes.map(async (index) => {
      const cdf = await this.#opened.get(index);
      if (cdf === undefined) throw new TypeError(`The file ${index} was not opened`);
      return { name: this.names[index] ?? "", cdf };
    }));
  }

  async #join(indexes: readonly number[]): Promise<{ readonly joined: JoinedCdf; readonly file: IstpFile }> {
    const key = indexes.join(",");
    if (this.#last?.key !== key) {
      const joined = new JoinedCdf(await this.#parts(indexes));
      this.#last = { key, joined, file: new IstpFile(joined) };
    }
    return this.#last;
  }

  /** Opens one file, which describes the others. */
  async sample(index: number): Promise<IstpFile> {
    const [part] = await this.#parts([index]);
    if (part === undefined) throw new TypeError("The sample was not opened");
    return new IstpFile(part.cdf);
  }

  /**
   * Opens what a span of time needs, as one file.
   *
   * @param names The variables that are going to be read; they must mean the same in all files that are needed.
   * @throws {InputError} If a variable differs between the files, or no file has it.
   */
  async within(span: TimeSpan, names: readonly string[] = []): Promise<IstpFile> {
    const { joined, file } = await this.#join(this.#needed(span));
    for (const name of names) {
      const difference = joined.differences.get(name);
      if (difference === undefined) continue;
      throw new InputError(
        `Cannot read "${
          shown(name)
        }" of several files: ${difference}; choose other times with from and to, or open each ` +
          "file on its own",
      );
    }
    return file;
  }

  /** Returns the first and the last time of all files, in milliseconds since 1970-01-01 UTC; undefined if there is none. */
  async timeSpan(): Promise<readonly [first: number, last: number] | undefined> {
    // Only the files at the ends are opened, as far as they have records.
    const indexes = [...this.#files.keys()];
    const spanOf = async (from: readonly number[]) => {
      for (const index of from) {
        const span = await (await this.sample(index)).timeSpan();
        if (span !== undefined) return span;
      }
      return undefined;
    };
    const first = await spanOf(indexes);
    const last = first === undefined ? undefined : await spanOf(indexes.toReversed());
    return first === undefined || last === undefined ? undefined : [first[0], Math.max(first[1], last[1])];
  }
}
