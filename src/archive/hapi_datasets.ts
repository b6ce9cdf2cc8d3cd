// The datasets of HAPI: what the archive's CDF files are as series of records in time.
import type { Sight } from "./access.ts";
import { type Catalog, type FileStamp, noNewerVersion, PerRevision, type Row, type TimeSpanRow } from "./catalog.ts";
import type { ObjectStore } from "./object_store.ts";
import {
  type Cdf,
  type CdfArray,
  CdfError,
  type CdfTimeType,
  type CdfType,
  isoToTime,
  openCdf,
  timeToIso,
} from "../cdf/cdf.ts";
import { type DatasetVariable, IstpFile } from "../dataset/istp_file.ts";
import { ConnectionError, ImapError, printable } from "../errors.ts";

/** The types of HAPI: `integer` has 32 bits with a sign, `isotime` and `string` a fixed number of bytes. */
export type HapiType = "double" | "integer" | "string" | "isotime";

/** A parameter of a dataset: a variable of its files. */
export interface HapiParameter {
  readonly name: string;
  /** The name of the variable. */
  readonly variable: string;
  readonly type: HapiType;
  /** The bytes of a text; 8 or 4 for numbers. */
  readonly length: number;
  /** The sizes of the dimensions of a record's value; empty for a single value. */
  readonly size: readonly number[];
  /** The sizes of the variable's dimensions; those of a single value may be 1. */
  readonly dimensions: readonly number[];
  /** The number of elements of a record's value. */
  readonly count: number;
  /** The fill value for missing values. */
  readonly fill: number | bigint | string;
  /** What `/hapi/info` says about it. */
  readonly info: Readonly<Record<string, unknown>>;
}

/** A file of a dataset, and the time span of its records. */
export interface FileSpan extends FileStamp {
  readonly path: string;
  /** The day in its name, `YYYYMMDD`. */
  readonly day: string;
  /** The variable with the times of its records. */
  readonly timeVariable: string;
  /** The earliest time, as TT2000. */
  readonly first: bigint;
  /** The latest time. */
  readonly last: bigint;
  /** The number of records. */
  readonly records: number;
  /** Whether its records are in the order of their times. */
  readonly isSorted: boolean;
}

/** A series of records. */
export interface HapiDataset {
  readonly id: string;
  /** Its files, by their first time. */
  readonly files: readonly FileSpan[];
  /** The time first. */
  readonly parameters: readonly HapiParameter[];
  /** The digits of the fraction of a second. */
  readonly digits: number;
  /** Its description, and the time from record to record. */
  readonly info: Readonly<Record<string, unknown>>;
}

/** A file that is open for reading. */
export interface OpenCdf extends FileStamp, Disposable {
  readonly cdf: Cdf;
}

/**
 * Opens a CDF file of the archive. It is one open file for all variables, which remains the same when a new version takes
 * its place. Values are read one variable at a time.
 *
 * @returns Undefined if the file is gone.
 * @throws {CdfError} If it is damaged.
 */
export async function openStored(store: ObjectStore, path: string): Promise<OpenCdf | undefined> {
  const object = await store.open(path);
  if (object === undefined) return undefined;
  const { size, modified } = object;
  try {
    const cdf = await openCdf({ size, read: (offset, length) => object.read(offset, length) });
    return { cdf, size, mtime: modified.getTime(), [Symbol.dispose]: () => object.close() };
  } catch (error) {
    object.close();
    throw error;
  }
}

/** A time that is missing. */
export const NO_TIME = -9_223_372_036_854_775_808n;
/** The pad value of TT2000, which is not a time either. */
const PAD_TIME = -9_223_372_036_854_775_807n;
const DAY_SECONDS = 86_400;
/** 1970-01-01 in days since the year 0. */
const DAYS_TO_1970 = 719_528;

/** The starts of days as TT2000, by days since the year 0; undefined for those that TT2000 cannot represent. */
const dayStarts = new Map<number, bigint | undefined>();

function dayStart(day: number): bigint | undefined {
  if (!dayStarts.has(day)) {
    if (dayStarts.size > 1000) dayStarts.clear();
    let start: bigint | undefined;
    try {
      start = isoToTime(new Date((day - DAYS_TO_1970) * DAY_SECONDS * 1000).toISOString().slice(0, 10), "TT2000");
    } catch {
      // Before 1707, after 2292, or no time at all.
    }
    dayStarts.set(day, start);
  }
  return dayStarts.get(day);
}

/** Converts times of any type to TT2000; {@linkcode NO_TIME} for those that are missing. */
export function tt2000Of(values: CdfArray, type: CdfTimeType): BigInt64Array {
  if (values instanceof BigInt64Array) {
    if (values.includes(PAD_TIME)) return values.map((time) => time === PAD_TIME ? NO_TIME : time);
    return values;
  }
  if (!(values instanceof Float64Array)) return new BigInt64Array();
  const perTime = type === "EPOCH16" ? 2 : 1;
  const times = new BigInt64Array(values.length / perTime);
  for (let index = 0; index < times.length; index++) {
    const value = values[index * perTime] ?? NaN;
    const seconds = type === "EPOCH16" ? value : value / 1000;
    const day = Math.floor(seconds / DAY_SECONDS);
    const start = value >= 0 ? dayStart(day) : undefined;
    if (start === undefined) {
      times[index] = NO_TIME;
    } else if (type === "EPOCH16") {
      const picoseconds = values[index * perTime + 1] ?? 0;
      times[index] = start + BigInt(Math.floor((value - day * DAY_SECONDS) * 1e9)) +
        BigInt(Math.floor(picoseconds / 1000));
    } else {
      times[index] = start + BigInt(Math.round((value - day * DAY_SECONDS * 1000) * 1e6));
    }
  }
  return times;
}

/** The records with data in time: those variables of a file that belong to a variable of times, and have values. */
function variablesOf(file: IstpFile, time: string): DatasetVariable[] {
  return file.variables.filter((variable) =>
    variable.varies && variable.time === time && variable.dimensions.every(({ size }) => size > 0)
  );
}

/** The variables of times that have data, and which of them has most. */
function timeVariablesOf(file: IstpFile): { readonly names: readonly string[]; readonly main: string | undefined } {
  const names = file.variables
    .filter(({ name, varies, timeType }) => varies && timeType !== undefined && variablesOf(file, name).length > 0)
    .map(({ name }) => name);
  const most = file.timeVariable?.name;
  return { names, main: most !== undefined && names.includes(most) ? most : names[0] };
}

/** Reads when the records of a file are. */
async function readSpans(cdf: Cdf): Promise<TimeSpanRow[]> {
  const { names, main } = timeVariablesOf(new IstpFile(cdf));
  const spans: TimeSpanRow[] = [];
  for (const name of names) {
    const { type, records } = cdf.variable(name);
    if (!isTimeType(type)) continue;
    let [first, last, previous, isSorted] = [NO_TIME, NO_TIME, NO_TIME, true];
    for await (const { values } of cdf.chunks(name)) {
      for (const time of tt2000Of(values, type)) {
        if (time === NO_TIME) continue;
        if (time < previous) isSorted = false;
        previous = time;
        if (first === NO_TIME || time < first) first = time;
        if (time > last) last = time;
      }
    }
    const text = (time: bigint) => time === NO_TIME ? null : timeToIso(time) ?? null;
    spans.push({ variable: name, isMain: name === main, first: text(first), last: text(last), records, isSorted });
  }
  return spans;
}

function isTimeType(type: CdfType): type is CdfType & CdfTimeType {
  return type === "TT2000" || type === "EPOCH" || type === "EPOCH16";
}

/** The types that fit into 32 bits with a sign. */
const INTEGERS: readonly CdfType[] = ["INT1", "INT2", "INT4", "BYTE", "UINT1", "UINT2"];
/** The fill value of integers whose file has none: a value that is rare in data. */
const NO_INTEGER = -2_147_483_648;

/** The type of the parameter that has the values of a type. */
function hapiType(type: CdfType): HapiType {
  if (isTimeType(type)) return "isotime";
  if (type === "CHAR" || type === "UCHAR") return "string";
  return INTEGERS.includes(type) ? "integer" : "double";
}

/** The digits of a second in the times of a type. EPOCH16 has 12, of which HAPI's clients read 9. */
function digitsOf(type: CdfType): number {
  return type === "EPOCH" ? 3 : 9;
}

/** The fill value for missing times: as long as the times. */
export function noTimeText(digits: number): string {
  return `9999-12-31T23:59:59.${"9".repeat(digits)}Z`;
}

/** The fill value of a variable, in the same form as its values; undefined if the file has none. */
export function statedFill({ fill, type }: DatasetVariable): number | bigint | string | undefined {
  const first = typeof fill === "object" ? fill[0] : fill;
  if (hapiType(type) === "string") return typeof first === "string" ? first.trimEnd() : undefined;
  if (typeof first === "string") return undefined;
  // -1e31 is not the same number in 32 bits.
  return typeof first === "number" && (type === "REAL4" || type === "FLOAT") ? Math.fround(first) : first;
}

function fillOf(variable: DatasetVariable): number | bigint | string {
  const fill = statedFill(variable);
  switch (hapiType(variable.type)) {
    case "isotime":
      return noTimeText(digitsOf(variable.type));
    case "string":
      return typeof fill === "string" ? fill : "";
    case "integer":
      return fill !== undefined && (Number(fill) | 0) === Number(fill) ? Number(fill) : NO_INTEGER;
    case "double":
      return typeof fill === "number" || typeof fill === "bigint" ? fill : NaN;
  }
}

/** Names of variables that HAPI allows: a comma separates names. */
// deno-lint-ignore no-control-regex
const NAME = /^[^,\x00-\x1f\x7f]+$/;

/** Makes names different from those before, also regardless of case, as HAPI requires. */
class UniqueNames {
  readonly #taken = new Set<string>();

  of(name: string): string {
    for (let number = 1;; number++) {
      const unique = number === 1 ? name : `${name}_${number}`;
      if (this.#taken.has(unique.toLowerCase())) continue;
      this.#taken.add(unique.toLowerCase());
      return unique;
    }
  }
}

/** Describes the data of one variable of times. */
async function describe(file: IstpFile, time: string): Promise<Pick<HapiDataset, "parameters" | "digits" | "info">> {
  const { type } = file.cdf.variable(time);
  const digits = digitsOf(type);
  const names = new UniqueNames();
  const variables = variablesOf(file, time).filter(({ name }) => NAME.test(name));
  const length = noTimeText(digits).length;
  const timeParameter: HapiParameter = {
    name: names.of("Time"),
    variable: time,
    type: "isotime",
    length,
    size: [],
    dimensions: [],
    count: 1,
    fill: noTimeText(digits),
    info: { name: "Time", type: "isotime", length, units: "UTC", fill: null, description: `Time (${time})` },
  };
  const nameOf = new Map(variables.map(({ name }) => [name, names.of(name)]));
  const parameters = [timeParameter];
  for (const variable of variables) parameters.push(await describeParameter(file, variable, nameOf));
  const [source] = file.texts("Logical_source_description");
  const texts = [source, ...file.texts("TEXT")].filter((text) => text !== undefined);
  return {
    parameters,
    digits,
    info: {
      ...(texts.length === 0 ? {} : { description: texts.join("\n") }),
      // A file does not say what its times are the times of, in words that HAPI has.
      timeStampLocation: "other",
      ...await cadenceOf(file, time),
    },
  };
}

/** How many differences between times are compared to find the usual one. */
const CADENCE_RECORDS = 2000;

/** Returns the usual time from record to record; nothing if there is none, as for events. */
async function cadenceOf({ cdf }: IstpFile, time: string): Promise<{ cadence?: string }> {
  const { type, records } = cdf.variable(time);
  if (!isTimeType(type)) return {};
  const { values } = await cdf.read(time, { end: Math.min(records, CADENCE_RECORDS) });
  const times = tt2000Of(values, type).filter((time) => time !== NO_TIME);
  const steps = Array.from(times.subarray(1), (time, index) => Number(time - (times[index] ?? time)) / 1e9)
    .filter((step) => step > 0).sort((a, b) => a - b);
  const median = steps[steps.length >> 1];
  if (median === undefined) return {};
  const usual = steps.filter((step) => Math.abs(step - median) <= median / 10).length;
  // Rounded to a whole number of milliseconds if the difference is small.
  const rounded = Math.round(median * 1000) / 1000;
  const seconds = Math.abs(rounded - median) <= median / 1000 ? rounded : Number(median.toFixed(9));
  return usual * 2 < steps.length || seconds <= 0 ? {} : { cadence: `PT${decimal(seconds)}S` };
}

/** Writes a number without an exponent. */
function decimal(value: number): string {
  return value.toFixed(9).replace(/\.?0+$/, "");
}

async function describeParameter(
  file: IstpFile,
  variable: DatasetVariable,
  names: ReadonlyMap<string, string>,
): Promise<HapiParameter> {
  const { name: variableName, dimensions, label, description } = variable;
  const name = names.get(variableName) ?? variableName;
  const { elements } = file.cdf.variable(variableName);
  const type = hapiType(variable.type);
  const sizes = dimensions.map(({ size }) => size);
  const count = sizes.reduce((product, size) => product * size, 1);
  // Clients take an array of one element for a single value, or not.
  const size = count === 1 ? [] : sizes;
  const fill = fillOf(variable);
  const length = type === "isotime"
    ? noTimeText(digitsOf(variable.type)).length
    : type === "string"
    ? elements
    : type === "integer"
    ? 4
    : 8;
  const bins = size.length === 0 ? undefined : await binsOf(file, variable, names);
  return {
    name,
    variable: variableName,
    type,
    length,
    size,
    dimensions: sizes,
    count,
    fill,
    info: {
      name,
      type,
      ...(type === "string" || type === "isotime" ? { length } : {}),
      ...(size.length === 0 ? {} : { size }),
      units: type === "isotime" ? "UTC" : await unitsOf(file, variable, size),
      fill: String(fill),
      ...(description === undefined ? {} : { description }),
      label: size.length === 0 ? label : await labelsOf(file, variable) ?? label,
      ...(bins === undefined ? {} : { bins }),
    },
  };
}

/** Returns the labels of the elements of a vector, unless one is empty. */
async function labelsOf(file: IstpFile, { dimensions }: DatasetVariable): Promise<readonly string[] | undefined> {
  const [only, ...more] = dimensions;
  if (only?.labels === undefined || more.length > 0) return undefined;
  const labels = await file.labels({ size: only.size, labels: only.labels, depend: undefined });
  return labels === undefined || labels.includes("") ? undefined : labels;
}

/** Returns the units, those of each element if they differ, or null. */
async function unitsOf(
  file: IstpFile,
  variable: DatasetVariable,
  size: readonly number[],
): Promise<string | readonly string[] | null> {
  const units = await file.units(variable);
  if (units !== undefined || variable.unitsFrom === undefined || size.length !== 1) return units ?? null;
  const { varies } = file.variable(variable.unitsFrom);
  const { values } = await file.read(variable.unitsFrom);
  if (varies || values.length !== size[0]) return null;
  return Array.from<number | string, string>(values, (text) => String(text).trim() || "dimensionless");
}

/** What HAPI says about the values along a dimension. */
interface Bins {
  readonly name: string;
  readonly units: string;
  readonly label?: string;
  readonly description?: string;
  /** The values, the parameter that has them for each record, or null. */
  readonly centers: readonly number[] | string | null;
}

/** Describes the dimensions of a variable; undefined if there are no values along them, but labels or nothing. */
async function binsOf(
  file: IstpFile,
  { dimensions, time, name }: DatasetVariable,
  names: ReadonlyMap<string, string>,
): Promise<Bins[] | undefined> {
  const bins: Bins[] = [];
  let hasValues = false;
  for (const [index, { size, depend }] of dimensions.entries()) {
    const variable = depend === undefined ? undefined : file.variable(depend);
    const isNumber = variable !== undefined && ["double", "integer"].includes(hapiType(variable.type));
    if (!isNumber) {
      bins.push({ name: `${name}_${index + 1}`, units: "dimensionless", centers: null });
      continue;
    }
    hasValues = true;
    const isVector = variable.dimensions.length === 1 && variable.dimensions[0]?.size === size;
    const named = names.get(variable.name);
    const centers = !isVector
      ? null
      : !variable.varies
      ? await centersOf(file, variable)
      : variable.time === time && named !== undefined
      ? named
      : null;
    bins.push({
      name: variable.name,
      units: await file.units(variable) ?? "dimensionless",
      label: variable.label,
      ...(variable.description === undefined ? {} : { description: variable.description }),
      centers,
    });
  }
  return hasValues ? bins : undefined;
}

/** Returns the values of a fixed dimension; null if one of them is missing. */
async function centersOf(file: IstpFile, { name }: DatasetVariable): Promise<number[] | null> {
  const { values, missing } = await file.read(name);
  const centers = Array.from<number | string, number>(values, Number);
  return missing === 0 && centers.every(Number.isFinite) ? centers : null;
}

/** What identifies the files of a product. */
type Product = readonly [instrument: string, level: string, descriptor: string];

/** `imap_mag_l1d_norm-srf`, or with the name of a variable of times behind it. */
const ID = /^imap_([^_]+)_([^_]+)_([^_]+)(?:_(.+))?$/s;

/** SQL: the newest versions of a product's CDF files. */
function productFiles(sight: Sight, isOf: string): string {
  const seen = sight === "all" ? [] : ["released = 1"];
  return [
    "files.table_name = 'science'",
    isOf,
    "files.extension = 'cdf'",
    ...seen.map((condition) => `files.${condition}`),
    noNewerVersion("major and minor", ["newer.extension = 'cdf'", ...seen.map((condition) => `newer.${condition}`)]),
  ].join(" AND ");
}

const IS_PRODUCT = "files.instrument = ? AND files.data_level = ? AND files.descriptor = ?";
/** SQL: a row of spans describes the file as it is. */
const IS_OF_FILE = "spans.file_path = files.file_path AND spans.size = files.size AND spans.mtime = files.mtime";

/** The maximum number of datasets, each with a list of its files, and the maximum number of descriptions that are kept. */
const MAX_KEPT = 50;

/** What datasets are made from. */
interface DatasetSource {
  readonly catalog: Catalog;
  readonly store: ObjectStore;
  /** Called for each file that cannot be read. */
  readonly onError: (error: unknown) => void;
}

/** The name of a dataset in lists. */
export interface DatasetName {
  readonly id: string;
  readonly title: string;
}

/** Finds the datasets of an archive. Files are read when a dataset is asked for the first time; the catalog keeps their spans. */
export class HapiDatasets {
  readonly #source: DatasetSource;
  readonly #descriptions = new Map<string, Promise<Awaited<ReturnType<typeof describe>> | undefined>>();
  readonly #datasets = new PerRevision<HapiDataset>(MAX_KEPT);
  /** The products whose files are being read. */
  readonly #reading = new Map<string, Promise<void>>();
  readonly #lists = new PerRevision<readonly DatasetName[]>(MAX_KEPT);

  constructor(source: DatasetSource) {
    this.#source = source;
  }

  /** Lists all datasets, by their names. */
  async list(sight: Sight): Promise<readonly DatasetName[]> {
    const { catalog, onError } = this.#source;
    const revision = await catalog.revision();
    const known = this.#lists.get(revision, sight);
    if (known !== undefined) return known;
    const released = sight === "all" ? "" : " AND released = 1";
    const products = await catalog.rows(
      `SELECT DISTINCT instrument, data_level, descriptor FROM files
      WHERE table_name = 'science' AND extension = 'cdf'${released} ORDER BY instrument, data_level, descriptor`,
    );
    const list: DatasetName[] = [];
    let isComplete = true;
    for (const { instrument, data_level, descriptor } of products) {
      const product = [String(instrument), String(data_level), String(descriptor)] as const;
      const times = await this.#newestTimes(product, sight).catch((error: unknown) => {
        onError(error);
        isComplete = false;
        return [];
      });
      for (const { time_variable, is_main } of times) {
        const id = `imap_${product.join("_")}`;
        const title = `${product[0].toUpperCase()} ${product[1]} ${product[2]}`;
        const name = String(time_variable);
        if (is_main === 1) list.push({ id, title });
        else if (NAME.test(name)) list.push({ id: `${id}_${name}`, title: `${title} (${name})` });
      }
    }
    if (isComplete) this.#lists.set(revision, sight, list);
    return list;
  }

  /** Returns the variables of times of a product's newest file that has any. */
  async #newestTimes(product: Product, sight: Sight): Promise<Row[]> {
    // Nearly always the newest file has some.
    return await this.#timesOfFirst(await this.#filesOf(product, sight, 1)) ??
      await this.#timesOfFirst(await this.#filesOf(product, sight)) ?? [];
  }

  /** Returns the variables of times of the first file that has any. */
  async #timesOfFirst(files: readonly Row[]): Promise<Row[] | undefined> {
    const { catalog } = this.#source;
    for (const { file_path, is_read } of files) {
      const path = String(file_path);
      if (is_read === 0) await this.#readFile(path);
      const times = await catalog.rows(
        `SELECT time_variable, is_main FROM files JOIN time_spans AS spans ON ${IS_OF_FILE}
        WHERE files.file_path = ? AND first IS NOT NULL ORDER BY is_main DESC, time_variable`,
        [path],
      );
      if (times.length > 0) return times;
    }
    return undefined;
  }

  /** Returns the newest versions of a product's files, the latest data first; all of them, or as many as asked for. */
  async #filesOf(product: Product, sight: Sight, limit?: number): Promise<Row[]> {
    return await this.#source.catalog.rows(
      `SELECT files.file_path, CASE WHEN spans.file_path IS NULL THEN 0 ELSE 1 END AS is_read
      FROM files LEFT JOIN time_spans AS spans ON ${IS_OF_FILE} AND spans.time_variable = ''
      WHERE ${productFiles(sight, IS_PRODUCT)} ORDER BY files.start_date DESC, files.repointing DESC NULLS LAST
      ${limit === undefined ? "" : "LIMIT ?"}`,
      [...product, ...(limit === undefined ? [] : [limit])],
    );
  }

  /**
   * Reads the spans of a file, and keeps them; none if it is damaged.
   *
   * @throws {ImapError} If it cannot be read, or its spans cannot be kept.
   */
  async #readFile(path: string): Promise<void> {
    const { catalog, store, onError } = this.#source;
    const row = await catalog.stamp(path);
    if (row === undefined) return;
    try {
      using file = await openStored(store, path);
      if (file !== undefined) await catalog.keepTimeSpans(path, file, await readSpans(file.cdf));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const problem = new ImapError(`Cannot serve "${path}" with HAPI: ${printable(reason)}`, { cause: error });
      // A series without the records of a file that could be read the next time would look complete.
      if (!(error instanceof CdfError)) throw problem;
      onError(problem);
      // A damaged file is read again when it has changed.
      await catalog.keepTimeSpans(path, row, []);
    }
  }

  /** Reads the spans of all files of a product that were not read yet. */
  async #readProduct(product: Product, sight: Sight): Promise<void> {
    const key = JSON.stringify([product, sight]);
    let reading = this.#reading.get(key);
    if (reading === undefined) {
      reading = this.#readUnread(product, sight).finally(() => this.#reading.delete(key));
      this.#reading.set(key, reading);
    }
    await reading;
  }

  async #readUnread(product: Product, sight: Sight): Promise<void> {
    for (const { file_path, is_read } of await this.#filesOf(product, sight)) {
      if (is_read === 0) await this.#readFile(String(file_path));
    }
  }

  /** Finds a dataset; undefined if there is none with this name, or none that the caller sees. */
  async find(id: string, sight: Sight): Promise<HapiDataset | undefined> {
    const [, instrument, level, descriptor, timeVariable] = ID.exec(id) ?? [];
    if (instrument === undefined || level === undefined || descriptor === undefined) return undefined;
    const revision = await this.#source.catalog.revision();
    const key = JSON.stringify([id, sight]);
    const known = this.#datasets.get(revision, key);
    if (known !== undefined) return known;
    const product = [instrument, level, descriptor] as const;
    await this.#readProduct(product, sight);
    const files = await this.#spansOf(product, sight, timeVariable);
    const description = await this.#describe(files);
    if (description === undefined) return undefined;
    const dataset = { id, files, ...description };
    this.#datasets.set(revision, key, dataset);
    return dataset;
  }

  async #spansOf(product: Product, sight: Sight, timeVariable: string | undefined): Promise<FileSpan[]> {
    const isTime = timeVariable === undefined ? "is_main = 1" : "is_main = 0 AND time_variable = ?";
    const rows = await this.#source.catalog.rows(
      `SELECT files.file_path, files.start_date, files.size, files.mtime, time_variable, first, last, records, is_sorted
      FROM files JOIN time_spans AS spans ON ${IS_OF_FILE}
      WHERE ${productFiles(sight, IS_PRODUCT)} AND first IS NOT NULL AND ${isTime} ORDER BY first, files.file_path`,
      [...product, ...(timeVariable === undefined ? [] : [timeVariable])],
    );
    return rows.map((row) => ({
      path: String(row.file_path),
      day: String(row.start_date),
      size: Number(row.size),
      mtime: Number(row.mtime),
      timeVariable: String(row.time_variable),
      first: isoToTime(String(row.first), "TT2000"),
      last: isoToTime(String(row.last), "TT2000"),
      records: Number(row.records),
      isSorted: row.is_sorted === 1,
    }));
  }

  /** Describes a dataset as its file with the latest data does. */
  async #describe(files: readonly FileSpan[]): ReturnType<HapiDatasets["describeFile"]> {
    for (const file of files.toSorted((a, b) => a.last < b.last ? 1 : a.last > b.last ? -1 : 0)) {
      const description = await this.describeFile(file);
      if (description !== undefined) return description;
    }
    return undefined;
  }

  /**
   * Describes the data of a file; undefined if it can no longer be read.
   *
   * @throws {ConnectionError} If the store cannot be reached now: an older file may have other data.
   */
  describeFile(file: FileSpan): Promise<Awaited<ReturnType<typeof describe>> | undefined> {
    const { path, size, mtime, timeVariable } = file;
    const key = JSON.stringify([path, size, mtime, timeVariable]);
    const known = this.#descriptions.get(key);
    if (known !== undefined) return known;
    if (this.#descriptions.size >= MAX_KEPT) this.#descriptions.clear();
    const describing = this.#readDescription(file);
    this.#descriptions.set(key, describing);
    // After a failure, the next request tries again.
    const forget = () => this.#descriptions.delete(key);
    void describing.then((found) => found === undefined && forget(), forget);
    return describing;
  }

  async #readDescription(file: FileSpan): Promise<Awaited<ReturnType<typeof describe>> | undefined> {
    const { store, onError } = this.#source;
    try {
      using opened = await openStored(store, file.path);
      return opened === undefined ? undefined : await describe(new IstpFile(opened.cdf), file.timeVariable);
    } catch (error) {
      if (error instanceof ConnectionError) throw error;
      onError(error);
      return undefined;
    }
  }
}
