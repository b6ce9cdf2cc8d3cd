// What the attributes of a CDF file mean: NASA's ISTP guidelines (https://spdf.gsfc.nasa.gov/istp_guide/).
import {
  type Cdf,
  type CdfArray,
  type CdfAttributeValue,
  type CdfPad,
  type CdfTimeType,
  type CdfType,
  type CdfVariable,
  timesToMilliseconds,
} from "../cdf/cdf.ts";
import { InputError, shown, suggestion } from "../errors.ts";
import { closestName } from "../names/fields.ts";

/**
 * What a variable is for: measurements, what they depend on or are qualified by, or texts such as labels.
 *
 * @category Open files
 */
export type VariableRole = "data" | "support_data" | "metadata";

/**
 * One dimension of a variable's records.
 *
 * @category Open files
 */
export interface VariableDimension {
  /** Its size. */
  readonly size: number;
  /** The variable with the values along the dimension (DEPEND_n), such as energies. */
  readonly depend: string | undefined;
  /** The variable with the labels of its elements (LABL_PTR_n). */
  readonly labels: string | undefined;
}

/**
 * A variable of a file, as its ISTP attributes describe it.
 *
 * @category Open files
 */
export interface DatasetVariable {
  /** Its name. */
  readonly name: string;
  /** The CDF data type of its values. */
  readonly type: CdfType;
  /** The number of records, then the dimensions of a record; without the records if it does not vary by record. */
  readonly shape: readonly number[];
  /** Whether it has a value for each record. */
  readonly varies: boolean;
  /** What it is for (VAR_TYPE); undefined if the file does not say so. */
  readonly role: VariableRole | undefined;
  /** What it contains (CATDESC, otherwise FIELDNAM or VAR_NOTES). */
  readonly description: string | undefined;
  /** Its units (UNITS). */
  readonly units: string | undefined;
  /** The variable that contains its units (UNIT_PTR). */
  readonly unitsFrom: string | undefined;
  /** Its label for an axis (LABLAXIS, otherwise FIELDNAM or its name). */
  readonly label: string;
  /** How it is meant to be drawn (DISPLAY_TYPE), in lower case: `time_series`, `spectrogram`, `image`, `no_plot`, ... */
  readonly displayType: string | undefined;
  /** The scale of its axis (SCALETYP). */
  readonly scale: "linear" | "log";
  /** The variable with the times of its records (DEPEND_0); undefined if it does not vary in time. */
  readonly time: string | undefined;
  /** The type of its values if they are times. */
  readonly timeType: CdfTimeType | undefined;
  /** The dimensions of its records. */
  readonly dimensions: readonly VariableDimension[];
  /** The fill value, which marks a missing one (FILLVAL). */
  readonly fill: CdfAttributeValue | undefined;
  /** The least valid value (VALIDMIN), or one for each element. */
  readonly validMin: CdfAttributeValue | undefined;
  /** The greatest valid value (VALIDMAX), or one for each element. */
  readonly validMax: CdfAttributeValue | undefined;
  /** All of its attributes. */
  readonly attributes: Readonly<Record<string, CdfAttributeValue>>;
}

/**
 * Values of a variable, with fill and pad values as missing.
 *
 * @category Open files
 */
export interface DatasetValues {
  /** The name of the variable. */
  readonly name: string;
  /**
   * The values in row-major order. Numbers are doubles, and missing ones NaN; times are milliseconds since 1970-01-01
   * UTC. Texts are without the spaces at their ends; a missing one is empty.
   */
  readonly values: Float64Array<ArrayBuffer> | readonly string[];
  /** The number of records, then the dimensions of a record; without the records if it does not vary by record. */
  readonly shape: readonly number[];
  /**
   * The time of each record, in milliseconds since 1970-01-01 UTC; undefined if the variable does not vary in time, or if the
   * times were not asked for.
   */
  readonly times: Float64Array<ArrayBuffer> | undefined;
  /** The number of the first record that was read. */
  readonly start: number;
  /** How many values are missing. */
  readonly missing: number;
  /** How many values are outside VALIDMIN..VALIDMAX: doubtful, but not missing. */
  readonly outside: number;
  /** Whether integers beyond 2^53 lost digits. `dataset.cdf.read()` returns them as they are. */
  readonly isRounded: boolean;
}

/** A span of time, in milliseconds since 1970-01-01 UTC. */
export interface TimeSpan {
  /** The earliest time that belongs to it. */
  readonly from?: number | undefined;
  /** The first time after it. */
  readonly to?: number | undefined;
}

/** Which values of a variable to read. */
interface ValuesWanted extends TimeSpan {
  /** Whether the times of the records are read, too. Default: true. With `from` or `to` they always are. */
  readonly times?: boolean | undefined;
}

const TIME_TYPES: ReadonlySet<string> = new Set<CdfTimeType>(["TT2000", "EPOCH", "EPOCH16"]);
const ROLES: ReadonlySet<string> = new Set<VariableRole>(["data", "support_data", "metadata"]);

function isTimeType(type: CdfType): type is CdfType & CdfTimeType {
  return TIME_TYPES.has(type);
}

function isRole(text: string | undefined): text is VariableRole {
  return text !== undefined && ROLES.has(text);
}

/** Returns an attribute as a text, without the spaces at its ends; undefined for an empty text, which some files have. */
function textOf(value: CdfAttributeValue | undefined): string | undefined {
  const first = Array.isArray(value) ? value[0] : value;
  const text = first === undefined ? "" : String(first).trim();
  return text === "" ? undefined : text;
}

/** The names of the attribute that says whether a scale is logarithmic: the guidelines' one, and those of real files. */
const SCALE_ATTRIBUTES = ["SCALETYP", "SCALE_TYP", "SCALE_TYPE"];

function describe(variable: CdfVariable, has: (name: string | undefined) => boolean): DatasetVariable {
  const { name, type, shape, varies, attributes } = variable;
  const text = (attribute: string) => textOf(attributes[attribute]);
  // A pointer to a variable that the file does not have is not a pointer.
  const pointer = (attribute: string) => {
    const target = text(attribute);
    return target !== name && has(target) ? target : undefined;
  };
  const scale = SCALE_ATTRIBUTES.map(text).find((value) => value !== undefined);
  const role = text("VAR_TYPE")?.toLowerCase();
  return {
    name,
    type,
    shape,
    varies,
    role: isRole(role) ? role : undefined,
    description: text("CATDESC") ?? text("FIELDNAM") ?? text("VAR_NOTES"),
    units: text("UNITS"),
    unitsFrom: pointer("UNIT_PTR"),
    label: text("LABLAXIS") ?? text("FIELDNAM") ?? name,
    // `time_series>noerrorbars` asks for details of the drawing.
    displayType: text("DISPLAY_TYPE")?.toLowerCase().split(">")[0],
    scale: scale?.toLowerCase().startsWith("log") ? "log" : "linear",
    time: varies ? pointer("DEPEND_0") : undefined,
    timeType: isTimeType(type) ? type : undefined,
    dimensions: variable.dimensions.map((size, index) => ({
      size,
      depend: pointer(`DEPEND_${index + 1}`),
      labels: pointer(`LABL_PTR_${index + 1}`),
    })),
    fill: attributes.FILLVAL,
    validMin: attributes.VALIDMIN,
    validMax: attributes.VALIDMAX,
    attributes,
  };
}

/** The first value of an attribute or a pad value, as a number of the variable's type; undefined for texts. */
function numberOf(value: CdfAttributeValue | CdfPad | undefined, type: CdfType): number | bigint | undefined {
  const first = typeof value === "object" ? value[0] : value;
  if (typeof first === "string" || first === undefined) return undefined;
  // A FILLVAL is often a double although the values are not: -1e31 is not the same number in 32 bits.
  return typeof first === "number" && (type === "REAL4" || type === "FLOAT") ? Math.fround(first) : first;
}

/** Returns the limits of the elements of a record; one limit applies to all. */
function limitsOf(value: CdfAttributeValue | undefined): readonly (number | bigint)[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.filter((limit) => typeof limit === "number" || typeof limit === "bigint");
}

function isText(values: CdfArray): values is string[] {
  return Array.isArray(values);
}

/** The number of the first record whose time is not before `time`; the times increase. */
function firstFrom(times: Float64Array, time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? NaN) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isIncreasing(times: Float64Array): boolean {
  for (let index = 1; index < times.length; index++) {
    // False for NaN too.
    if (!((times[index - 1] ?? NaN) <= (times[index] ?? NaN))) return false;
  }
  return !Number.isNaN(times[0]);
}

/** Which records belong to a span of time. */
interface Selection {
  readonly start: number;
  readonly end: number;
  /** The times of the records from `start` to `end`. */
  readonly times: Float64Array<ArrayBuffer> | undefined;
  /** Which of them belong to it, if not all do: the times of the file do not increase. */
  readonly kept: readonly number[] | undefined;
}

/** Returns the values of some records, each of which has `size` values. */
function keep<Value>(values: ArrayLike<Value>, kept: readonly number[] | undefined, size: number): ArrayLike<Value> {
  if (kept === undefined) return values;
  return kept.flatMap((record) =>
    Array.prototype.slice.call<ArrayLike<Value>, [number, number], Value[]>(
      values,
      record * size,
      (record + 1) * size,
    )
  );
}

/** Values, and what is odd about them. */
type DecodedValues = Pick<DatasetValues, "values" | "missing" | "outside" | "isRounded">;

const NOTHING_ODD = { missing: 0, outside: 0, isRounded: false };

function decodeTimes(times: ArrayLike<number>): DecodedValues {
  const values = Float64Array.from(times);
  const missing = values.reduce((count, time) => count + (Number.isNaN(time) ? 1 : 0), 0);
  return { ...NOTHING_ODD, values, missing };
}

/** What is used of a CDF file, or of several that are read like one. */
export type CdfRecords = Pick<Cdf, "variables" | "attributes" | "variable" | "read" | "chunks">;

/** A CDF file, and what its variables mean. */
export class IstpFile {
  /** The file as it is. */
  readonly cdf: CdfRecords;
  /** The variables: data first, then what they depend on, then texts, in the order of the file. */
  readonly variables: readonly DatasetVariable[];
  readonly #times = new Map<string, Promise<Float64Array<ArrayBuffer>>>();

  constructor(cdf: CdfRecords) {
    this.cdf = cdf;
    const names = new Set(cdf.variables.map(({ name }) => name));
    const has = (name: string | undefined) => name !== undefined && names.has(name);
    const rank: Readonly<Record<VariableRole, number>> = { data: 0, support_data: 1, metadata: 2 };
    this.variables = cdf.variables.map((variable) => describe(variable, has))
      .sort((a, b) => rank[a.role ?? "support_data"] - rank[b.role ?? "support_data"]);
  }

  /** The values of a global attribute as texts; empty if the file does not have it, whatever the case of its name. */
  texts(attribute: string): readonly string[] {
    const wanted = attribute.toLowerCase();
    const [, values = []] = Object.entries(this.cdf.attributes).find(([name]) => name.toLowerCase() === wanted) ?? [];
    return values.map(textOf).filter((text) => text !== undefined);
  }

  /**
   * Returns a variable.
   *
   * @throws {InputError} If the file does not have it.
   */
  variable(name: string): DatasetVariable {
    const found = this.variables.find((variable) => variable.name === name);
    if (found !== undefined) return found;
    const names = this.variables.map((variable) => variable.name);
    const listed = names.length === 0 ? "no variables" : names.slice(0, 12).join(", ");
    const more = names.length > 12 ? `, and ${names.length - 12} more` : "";
    throw new InputError(
      `Cannot read the variable "${shown(name)}": the file has ${listed}${more}` +
        suggestion(closestName(String(name), names)),
    );
  }

  /** The variable with the times of most of the data; undefined if the file has no times. */
  get timeVariable(): DatasetVariable | undefined {
    const uses = new Map<string, number>();
    for (const { time, role } of this.variables) {
      if (time !== undefined) uses.set(time, (uses.get(time) ?? 0) + (role === "data" ? 1000 : 1));
    }
    const [most] = [...uses].sort(([, a], [, b]) => b - a);
    const named = this.variables.find(({ name }) => name === most?.[0]);
    return named?.timeType !== undefined && named.varies
      ? named
      : this.variables.find(({ timeType, varies }) => timeType !== undefined && varies);
  }

  /**
   * Returns the variable with the times of a variable's records: the one it depends on (DEPEND_0), otherwise the only one of
   * the file with as many records. Undefined if the file does not say when the records are, or if there are none.
   */
  timeOf(variable: DatasetVariable): DatasetVariable | undefined {
    const { varies, timeType, time, shape } = variable;
    if (!varies) return undefined;
    if (timeType !== undefined) return variable;
    const own = time === undefined ? undefined : this.variable(time);
    if (own?.timeType !== undefined && own.varies && (own.shape[0] ?? 0) > 0) return own;
    const [only, ...others] = this.variables.filter((other) =>
      other.timeType !== undefined && other.varies && other.dimensions.length === 0 && other.shape[0] === shape[0]
    );
    return others.length === 0 ? only : undefined;
  }

  /**
   * Returns the first and the last time of the file, in milliseconds since 1970-01-01 UTC; undefined if there is none.
   */
  async timeSpan(): Promise<readonly [first: number, last: number] | undefined> {
    const variable = this.timeVariable;
    if (variable === undefined) return undefined;
    let [first, last] = [Infinity, -Infinity];
    for (const time of await this.times(variable.name)) {
      if (time < first) first = time;
      if (time > last) last = time;
    }
    return first <= last ? [first, last] : undefined;
  }

  /** Returns the values of a variable of times, in milliseconds since 1970-01-01 UTC; NaN for missing ones. */
  times(name: string): Promise<Float64Array<ArrayBuffer>> {
    let times = this.#times.get(name);
    if (times === undefined) {
      times = this.#readTimes(name);
      this.#times.set(name, times);
      // What failed once is tried again when it is asked for again.
      times.catch(() => this.#times.delete(name));
    }
    return times;
  }

  async #readTimes(name: string): Promise<Float64Array<ArrayBuffer>> {
    const { timeType } = this.variable(name);
    if (timeType === undefined) return new Float64Array();
    const { values } = await this.cdf.read(name);
    return new Float64Array(timesToMilliseconds(isText(values) ? [] : values, timeType));
  }

  async #select(variable: DatasetVariable, wanted: ValuesWanted): Promise<Selection> {
    const { from = -Infinity, to = Infinity, times: wantsTimes = true } = wanted;
    const { records } = this.cdf.variable(variable.name);
    const isWhole = from === -Infinity && to === Infinity;
    if (isWhole && !wantsTimes) return { start: 0, end: records, times: undefined, kept: undefined };
    const time = this.timeOf(variable);
    const all = time === undefined ? undefined : await this.times(time.name);
    if (!isWhole && variable.varies && time === undefined) {
      throw new InputError(
        `Cannot read times of "${
          shown(variable.name)
        }": the file does not say when its records are; read all of them, ` +
          "without from and to",
      );
    }
    if (all === undefined || all.length === 0) return { start: 0, end: records, times: undefined, kept: undefined };
    if (isWhole) {
      return { start: 0, end: records, times: all.slice(0, records), kept: undefined };
    }
    if (isIncreasing(all)) {
      const [start, end] = [firstFrom(all, from), Math.min(records, firstFrom(all, to))];
      return { start, end: Math.max(start, end), times: all.slice(start, Math.max(start, end)), kept: undefined };
    }
    const kept: number[] = [];
    all.forEach((time, record) => {
      if (record < records && time >= from && time < to) kept.push(record);
    });
    const [start, end] = [kept[0] ?? 0, (kept.at(-1) ?? -1) + 1];
    const times = Float64Array.from(kept, (record) => all[record] ?? NaN);
    return { start, end: Math.max(start, end), times, kept: kept.map((record) => record - start) };
  }

  /**
   * Returns which records of a variable can belong to a span of time: none before `start`, and none from `end` on.
   *
   * @throws {InputError} If the file does not have the variable.
   */
  async range(name: string, span: TimeSpan): Promise<{ readonly start: number; readonly end: number }> {
    const { start, end } = await this.#select(this.variable(name), span);
    return { start, end };
  }

  /**
   * Reads the values of a variable, all of them or those of a span of time.
   *
   * @throws {InputError} If the file does not have the variable, or does not say which times its records have.
   * @throws {CdfError} If the file is damaged.
   */
  async read(name: string, wanted: ValuesWanted = {}): Promise<DatasetValues> {
    const variable = this.variable(name);
    const { start, end, times, kept } = await this.#select(variable, wanted);
    const { values } = await this.cdf.read(name, { start, end });
    const dimensions = variable.dimensions.map(({ size }) => size);
    const size = dimensions.reduce((product, size) => product * size, 1);
    const decoded = isText(values)
      ? { ...NOTHING_ODD, values: Array.from(keep(values, kept, size), (text) => text.trimEnd()) }
      : variable.timeType !== undefined
      ? decodeTimes(keep(timesToMilliseconds(values, variable.timeType), kept, size))
      : this.#decodeNumbers(keep<number | bigint>(values, kept, size), variable, size);
    const shape = variable.varies ? [kept?.length ?? end - start, ...dimensions] : dimensions;
    return { name, shape, times, start, ...decoded };
  }

  #decodeNumbers(values: ArrayLike<number | bigint>, variable: DatasetVariable, size: number): DecodedValues {
    const { validMin, validMax } = variable;
    const isMissing = this.missingTest(variable);
    const [least, greatest] = [limitsOf(validMin), limitsOf(validMax)];
    const result = new Float64Array(values.length);
    let [missing, outside, isRounded] = [0, 0, false];
    for (let index = 0; index < values.length; index++) {
      const value = values[index] ?? NaN;
      if (isMissing(value)) {
        result[index] = NaN;
        missing++;
        continue;
      }
      const number = result[index] = Number(value);
      if (typeof value === "bigint" && !Number.isSafeInteger(number)) isRounded = true;
      const element = index % size;
      const [low, high] = [least[element % least.length], greatest[element % greatest.length]];
      if ((low !== undefined && value < low) || (high !== undefined && value > high)) outside++;
    }
    return { values: result, missing, outside, isRounded };
  }

  /**
   * Returns the labels of the elements of a dimension: those that the file has for it, otherwise the values along it.
   * Undefined if the file has neither, or if they change from record to record.
   */
  async labels({ size, labels, depend }: VariableDimension): Promise<readonly string[] | undefined> {
    for (const name of [labels, depend]) {
      if (name === undefined) continue;
      const variable = this.variable(name);
      if (variable.varies || variable.shape.reduce((product, length) => product * length, 1) !== size) continue;
      const { values } = await this.read(name);
      return Array.from<number | string, string>(values, (value) => String(value).trim());
    }
    return undefined;
  }

  /**
   * Labels the elements of a record: `[x]`, `[0, 3]`; a single value has one empty label.
   *
   * @param most A record with more elements is not labeled to its end.
   */
  async elementLabels(dimensions: readonly VariableDimension[], most: number): Promise<string[]> {
    let labels: string[][] = [[]];
    for (const dimension of dimensions) {
      const own = await this.labels(dimension) ?? [];
      // Labels that are not unique do not distinguish elements.
      const used = new Set(own).size === dimension.size
        ? own
        : Array.from({ length: Math.min(dimension.size, most + 1) }, (_, index) => String(index));
      labels = labels.flatMap((label) => used.map((next) => [...label, next]));
      if (labels.length > most) break;
    }
    return labels.map((label) => label.length === 0 ? "" : `[${label.join(", ")}]`);
  }

  /** Returns a test for the stored values of a variable that mark missing ones. */
  missingTest({ type, fill, name }: DatasetVariable): (value: number | bigint) => boolean {
    const stated = [numberOf(fill, type), numberOf(this.cdf.variable(name).pad, type)];
    const missing = stated.filter((value) => value !== undefined);
    return (value) => {
      // The loose comparison is right between bigint and number, and exact.
      // deno-lint-ignore eqeqeq
      for (const one of missing) if (value == one) return true;
      return typeof value === "number" && Number.isNaN(value);
    };
  }

  /** Returns the units of a variable: those that it states, or the only ones of the variable that it points to. */
  async units({ units, unitsFrom }: DatasetVariable): Promise<string | undefined> {
    if (units !== undefined || unitsFrom === undefined) return units;
    const { values } = await this.read(unitsFrom, { times: false });
    const different = new Set(Array.from<number | string, string>(values, (value) => String(value).trim()));
    const [only] = different;
    return different.size === 1 && only !== "" ? only : undefined;
  }
}
