import { counted } from "./records.ts";
import { utcText } from "./dataset.ts";
import type { DatasetValues, DatasetVariable, IstpFile, TimeSpan, VariableDimension } from "../dataset/istp_file.ts";
import { InputError, shown, suggestion } from "../errors.ts";
import { closestName, dateOfMissionSeconds } from "../names/fields.ts";

// The pixels of HEALPix maps of the sky (Górski et al. 2005, ApJ 622, 759): curvilinear squares of equal area.

/** How the pixels of a map are numbered: ring by ring from the north, or square by square. */
type HealpixOrder = "ring" | "nested";

/** Returns the number of pixels along the side of each of the twelve base squares; undefined if there is no such map. */
export function healpixSide(pixels: number): number | undefined {
  const side = Math.sqrt(pixels / 12);
  return Number.isInteger(side) && side > 0 ? side : undefined;
}

/** Interleaves the bits of two numbers, beginning with the first one's lowest bit. Bit operations would be limited to 32 bits. */
function interleaved(x: number, y: number): number {
  let [result, weight, left, right] = [0, 1, x, y];
  while (left > 0 || right > 0) {
    result += weight * (left % 2 + 2 * (right % 2));
    [weight, left, right] = [weight * 4, Math.floor(left / 2), Math.floor(right / 2)];
  }
  return result;
}

/**
 * Returns the number of the pixel at a place in the sky.
 *
 * @param side The number of pixels along the side of a base square (nside); a power of two for the nested order.
 * @param place Longitude and latitude, in degrees.
 */
export function healpixPixel(
  side: number,
  { longitude, latitude }: { readonly longitude: number; readonly latitude: number },
  order: HealpixOrder,
): number {
  const z = Math.sin(latitude * Math.PI / 180);
  /** In quarters of a turn. */
  const quarters = ((longitude % 360 + 360) % 360) / 90;
  return Math.abs(z) <= 2 / 3 ? equatorPixel(side, z, quarters, order) : polePixel(side, z, quarters, order);
}

/** Between the latitudes of 41.8 degrees, lines of pixels run diagonally. */
function equatorPixel(side: number, z: number, quarters: number, order: HealpixOrder): number {
  const [middle, shift] = [side * (0.5 + quarters), side * z * 0.75];
  const [down, up] = [Math.floor(middle - shift), Math.floor(middle + shift)];
  if (order === "nested") {
    const [first, second] = [Math.floor(down / side), Math.floor(up / side)];
    const square = first === second ? 4 + first % 4 : first < second ? first : second + 8;
    return square * side * side + interleaved(up % side, side - down % side - 1);
  }
  // Counted from the ring at z = 2/3.
  const ring = side + 1 + down - up;
  const offset = ring % 2 === 0 ? 1 : 0;
  const inRing = Math.floor((down + up - side + offset + 1) / 2);
  return 2 * side * (side - 1) + (ring - 1) * 4 * side + (inRing % (4 * side) + 4 * side) % (4 * side);
}

/** Near the poles, rings have fewer pixels. */
function polePixel(side: number, z: number, quarters: number, order: HealpixOrder): number {
  const quarter = Math.min(3, Math.floor(quarters));
  const share = quarters - quarter;
  const distance = side * Math.sqrt(3 * (1 - Math.abs(z)));
  const most = order === "nested" ? side - 1 : Infinity;
  const [right, left] = [
    Math.min(most, Math.floor(share * distance)),
    Math.min(most, Math.floor((1 - share) * distance)),
  ];
  if (order === "nested") {
    return z > 0
      ? quarter * side * side + interleaved(side - left - 1, side - right - 1)
      : (quarter + 8) * side * side + interleaved(right, left);
  }
  // Counted from the pole.
  const ring = right + left + 1;
  const inRing = Math.floor(quarters * ring) % (4 * ring);
  return z > 0 ? 2 * ring * (ring - 1) + inRing : 12 * side * side - 2 * ring * (ring + 1) + inRing;
}

// What a chart of variables shows: which values, over which axes, in which panels.

/** Which part of a dimension is drawn: one index, or the sum over all. */
type Part = number | "sum";

/** What is drawn, and how. */
export interface PlotRequest {
  readonly span: TimeSpan;
  /** By dimension: its number from 1, the variable with the values along it, or `record`. */
  readonly at: Readonly<Record<string, Part>>;
  readonly as: "lines" | "spectrogram" | undefined;
  /** How many values a variable of a quick look may have; larger ones are left out. Default: any number. */
  readonly maxValues?: number;
}

/** Values along an axis. */
export interface Axis {
  readonly kind: "time" | "number";
  readonly scale: "linear" | "log";
  /** Times are in milliseconds since 1970-01-01 UTC. */
  readonly values: Float64Array<ArrayBuffer>;
  readonly label: string;
  /** Whether the values are the numbers of elements, which have nothing between them. */
  readonly isCount?: boolean;
}

/** The fields of every panel. */
interface PanelBase {
  readonly name: string;
  /** The label of the values, if it is not the name. */
  readonly label: string;
  readonly units: string | undefined;
  readonly scale: "linear" | "log";
  /** What a reader should know about the values. */
  readonly notes: readonly string[];
  readonly x: Axis;
  /** The values, for each value of `x` as many as there are lines, or rows. Infinite ones are missing too. */
  readonly values: Float64Array<ArrayBuffer>;
}

/** Lines over an axis. */
export interface LinesPanel extends PanelBase {
  readonly kind: "lines";
  /** The labels of the lines. */
  readonly lines: readonly string[];
  /** Whether lines were asked for: events are drawn as lines, too. */
  readonly isChosen?: boolean;
}

/** Values as colors over two axes: a spectrogram, a map, or a matrix. */
export interface ColorsPanel extends PanelBase {
  readonly kind: "colors";
  readonly y: Axis;
  /** Whether it is a map or a matrix, which needs more height. */
  readonly isImage: boolean;
  /** Whether it is a matrix, whose first row is at the top. */
  readonly isMatrix?: boolean;
}

/** A part of a chart. */
export type Panel = LinesPanel | ColorsPanel;

/** A chart of variables. */
export interface Plot {
  readonly title: string;
  readonly notes: readonly string[];
  readonly panels: readonly Panel[];
}

/** A dimension without values that is larger gets no axis. */
const MAX_EMPTY = 1_000_000;
/** More components are better drawn as colors. */
const MAX_LINES = 8;
/** The maximum number of panels of a chart, and of a quick look. */
const [MAX_PANELS, MAX_QUICK_PANELS] = [24, 8];
/** How many variables a quick look reads at most: housekeeping files have hundreds. */
const MAX_QUICK_READS = 200;

/** Labels the components of a variable: with words, or with the number or the value along its dimension. */
async function lineLabels(file: IstpFile, dimension: VariableDimension): Promise<readonly string[]> {
  const { size, depend, labels } = dimension;
  const own = await file.labels(dimension) ?? Array.from({ length: size }, (_, index) => String(index));
  const areNumbers = labels === undefined && own.every((label) => label !== "" && !Number.isNaN(Number(label)));
  return areNumbers && depend !== undefined ? own.map((label) => `${depend} ${label}`) : own;
}

/** The greatest time of a Date, less what an axis may add. */
const MAX_TIME = 8.6e15;

/** Whether the values of a variable can be drawn. */
function isDrawable({ type, timeType }: DatasetVariable): boolean {
  return timeType === undefined && type !== "CHAR" && type !== "UCHAR";
}

/** A dimension of the values that are drawn; the first one may be the records. */
interface Dimension {
  readonly size: number;
  /** Its names in `at`, the best one first. */
  readonly names: readonly string[];
  readonly depend: string | undefined;
  readonly isRecord: boolean;
}

function dimensionsOf(variable: DatasetVariable, shape: readonly number[]): Dimension[] {
  const dimensions = variable.dimensions.map(({ size, depend }, index): Dimension => ({
    size,
    names: [...(depend === undefined ? [] : [depend]), String(index + 1)],
    depend,
    isRecord: false,
  }));
  if (!variable.varies) return dimensions;
  return [{ size: shape[0] ?? 0, names: ["record"], depend: undefined, isRecord: true }, ...dimensions];
}

/** Returns the parts that `at` chooses, by dimension. @throws {InputError} For a dimension or an index that is not there. */
function chosenParts(
  variable: DatasetVariable,
  dimensions: readonly Dimension[],
  at: PlotRequest["at"],
): Array<Part | undefined> {
  const parts: Array<Part | undefined> = dimensions.map(() => undefined);
  for (const [name, part] of Object.entries(at)) {
    const index = dimensions.findIndex(({ names }) => names.includes(name));
    const dimension = dimensions[index];
    const known = dimensions.flatMap(({ names }) => names);
    if (dimension === undefined) {
      throw new InputError(
        `Cannot draw "${shown(variable.name)}" at "${shown(name)}": it has ${
          known.length === 0 ? "no dimensions" : `the dimensions ${known.map(shown).join(", ")}`
        }${suggestion(closestName(name, known))}`,
      );
    }
    if (part !== "sum" && !(part < dimension.size)) {
      throw new InputError(
        `Cannot draw "${shown(variable.name)}" at ${shown(name)} ${part}: it has the indexes 0 to ${
          dimension.size - 1
        }`,
      );
    }
    parts[index] = part;
  }
  return parts;
}

/** Words in the names of the axes of a sky map. */
const [LONGITUDE, LATITUDE] = [/lon|azim|\bra\b|right_asc/i, /lat|elev|dec/i];

/** Whether a dimension counts the pixels of a HEALPix map. */
function isHealpix({ depend, size }: Dimension): boolean {
  return depend !== undefined && /pixel|healpix/i.test(depend) && healpixSide(size) !== undefined;
}

/** The size of the cells that a HEALPix map is drawn with, in degrees. */
const CELL_DEGREES = 1;

/** Draws a HEALPix map as a rectangle: each cell has the value of the pixel in its middle. */
function healpixMap(values: Float64Array<ArrayBuffer>, order: HealpixOrder): Pick<ColorsPanel, "x" | "y" | "values"> {
  const side = healpixSide(values.length) ?? 1;
  const degrees = (label: string, from: number, to: number): Axis => ({
    kind: "number",
    scale: "linear",
    label: withUnits(label, "degrees"),
    values: Float64Array.from(
      { length: (to - from) / CELL_DEGREES },
      (_, index) => from + (index + 0.5) * CELL_DEGREES,
    ),
  });
  const [x, y] = [degrees("longitude", 0, 360), degrees("latitude", -90, 90)];
  const cells = new Float64Array(x.values.length * y.values.length);
  x.values.forEach((longitude, column) =>
    y.values.forEach((latitude, row) => {
      const pixel = healpixPixel(side, { longitude, latitude }, order);
      cells[column * y.values.length + row] = values[pixel] ?? NaN;
    })
  );
  return { x, y, values: cells };
}

/** Chooses the dimensions that become axes, and what is drawn of the others. */
function partsOf(
  variable: DatasetVariable,
  dimensions: readonly Dimension[],
  at: PlotRequest["at"],
): Array<Part | undefined> {
  const parts = chosenParts(variable, dimensions, at);
  const isSky = dimensions.some((dimension, index) => parts[index] === undefined && isHealpix(dimension));
  const isImage = variable.displayType === "image" || !variable.varies || isSky;
  const free = () => dimensions.map((_, index) => index).filter((index) => parts[index] === undefined);
  if (!isImage) {
    // The time, and the first of the others.
    for (const index of free().filter((index) => dimensions[index]?.isRecord !== true).slice(1)) parts[index] = "sum";
    // With one record chosen, two dimensions are left for an image.
    return parts;
  }
  const named = (pattern: RegExp) =>
    free().find((index) => dimensions[index]?.depend !== undefined && pattern.test(dimensions[index]?.depend ?? ""));
  const sky = [named(LONGITUDE), named(LATITUDE)].filter((index) => index !== undefined);
  const others = free().filter((index) => dimensions[index]?.isRecord !== true);
  const pixels = others.filter((index) => dimensions[index] !== undefined && isHealpix(dimensions[index])).slice(-1);
  // A sum of matrices says nothing: the first one is drawn.
  const areMatrices = others.every((index) => dimensions[index]?.depend === undefined);
  const axes = isSky ? pixels : sky.length === 2 ? sky : areMatrices ? others.slice(0, 2) : others.slice(-2);
  for (const index of free()) {
    if (!axes.includes(index)) {
      parts[index] = areMatrices || dimensions[index]?.isRecord === true ? 0 : "sum";
    }
  }
  return parts;
}

/** Takes one index of a dimension, or sums over it. Missing values do not count; if all of them are missing, so is the sum. */
function reduce(
  values: Float64Array<ArrayBuffer>,
  sizes: readonly number[],
  at: number,
  part: Part,
): Float64Array<ArrayBuffer> {
  const size = sizes[at] ?? 1;
  const inner = sizes.slice(at + 1).reduce((product, size) => product * size, 1);
  const outer = sizes.slice(0, at).reduce((product, size) => product * size, 1);
  const result = new Float64Array(outer * inner).fill(NaN);
  for (let before = 0; before < outer; before++) {
    for (let index = part === "sum" ? 0 : part; index < (part === "sum" ? size : part + 1); index++) {
      const start = (before * size + index) * inner;
      for (let after = 0; after < inner; after++) {
        const value = values[start + after] ?? NaN;
        if (Number.isNaN(value)) continue;
        const sum = result[before * inner + after] ?? NaN;
        result[before * inner + after] = Number.isNaN(sum) ? value : sum + value;
      }
    }
  }
  return result;
}

/** Transposes values of `rows` times `columns`. */
function transposed(values: Float64Array<ArrayBuffer>, rows: number, columns: number): Float64Array<ArrayBuffer> {
  const result = new Float64Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = values[row * columns + column] ?? NaN;
    }
  }
  return result;
}

function indexAxis(size: number, label: string): Axis {
  return {
    kind: "number",
    scale: "linear",
    values: Float64Array.from({ length: size }, (_, index) => index),
    label,
    isCount: true,
  };
}

/** Whether numbers are finite, and always increase or always decrease. */
function isOrdered(values: Float64Array): boolean {
  const isRising = (values[1] ?? 0) > (values[0] ?? 0);
  for (let index = 0; index < values.length; index++) {
    const [before, value] = [values[index - 1], values[index] ?? NaN];
    if (!Number.isFinite(value) || (before !== undefined && (isRising ? value <= before : value >= before))) {
      return false;
    }
  }
  return true;
}

/** `Energy (keV)` */
function withUnits(label: string, units: string | undefined): string {
  return units === undefined ? label : `${label} (${units})`;
}

/** Describes the values of a panel: their label and their units. */
export function aboutPanel({ label, units }: Panel): string {
  return label === "" ? units ?? "" : withUnits(label, units);
}

/** Larger numbers are mistakes; the edges of their cells are beyond what doubles can hold. */
const MAX_ON_AXIS = 1e100;

/** Returns the axis along a dimension: its values if they are in order, otherwise their numbers. */
async function dimensionAxis(file: IstpFile, { size, depend, names }: Dimension): Promise<Axis> {
  const numbered = indexAxis(size, depend === undefined ? `dimension ${names.at(-1)}` : `number of ${depend}`);
  if (depend === undefined) return numbered;
  const variable = file.variable(depend);
  // Texts are labels; values that change from record to record have no axis in common.
  if (!isDrawable(variable) || variable.varies) return numbered;
  const { values } = await file.read(depend, { times: false });
  if (!(values instanceof Float64Array) || values.length !== size || !isOrdered(values)) return numbered;
  if (!values.every((value) => Math.abs(value) <= MAX_ON_AXIS)) return numbered;
  const scale = variable.scale === "log" && values.every((value) => value >= 1 / MAX_ON_AXIS) ? "log" : "linear";
  const label = variable.label === variable.name ? depend : variable.label;
  return { kind: "number", scale, values, label: withUnits(label, await file.units(variable)) };
}

/** Brings records into the order of their times, and leaves out those without one and those outside of the span. */
function inOrder(
  times: Float64Array<ArrayBuffer>,
  values: Float64Array<ArrayBuffer>,
  { from = -Infinity, to = Infinity }: TimeSpan,
): { times: Float64Array<ArrayBuffer>; values: Float64Array<ArrayBuffer> } {
  // A value that a Date cannot represent is not a time.
  const isWithin = (time: number) => time >= from && time < to && isDate(time);
  let isDone = true;
  for (let index = 0, before = -Infinity; index < times.length && isDone; index++) {
    const time = times[index] ?? NaN;
    isDone = time >= before && isWithin(time);
    before = time;
  }
  if (isDone || times.length === 0) return { times, values };
  const size = values.length / times.length;
  const order = Array.from(times.keys()).filter((index) => isWithin(times[index] ?? NaN)).sort((a, b) =>
    (times[a] ?? 0) - (times[b] ?? 0)
  );
  const sorted = new Float64Array(order.length * size);
  order.forEach((index, at) => sorted.set(values.subarray(index * size, (index + 1) * size), at * size));
  return { times: Float64Array.from(order, (index) => times[index] ?? NaN), values: sorted };
}

/** Whether a Date can hold a time. */
function isDate(time: number | undefined): boolean {
  return time !== undefined && Math.abs(time) <= MAX_TIME;
}

/** When the clock of a spacecraft that has just been switched on starts, and how long it may count before it is set. */
const [CLOCK_START, MAX_UNSET] = [dateOfMissionSeconds(0).getTime(), 86_400_000];
/** Records so much later were made with a clock that was set. */
const MIN_SET = CLOCK_START + 30 * MAX_UNSET;

/**
 * Removes the times of a clock that was not set yet, which housekeeping begins with: years without records would follow them.
 * They remain if no others are there, or if a span of time is asked for.
 */
function withoutUnset(
  times: Float64Array | undefined,
  { from, to }: TimeSpan,
): { times: Float64Array | undefined; unset: number } {
  const isUnset = (time: number) => time >= CLOCK_START && time < CLOCK_START + MAX_UNSET;
  if (from !== undefined || to !== undefined || times?.some((time) => time > MIN_SET) !== true) {
    return { times, unset: 0 };
  }
  const unset = times.reduce((count, time) => isUnset(time) ? count + 1 : count, 0);
  return { times: unset === 0 ? times : times.map((time) => isUnset(time) ? NaN : time), unset };
}

/** Whether each time is as late as the one before, or later; missing ones do not count. */
function isRising(times: Float64Array): boolean {
  return !times.some((time, index) => time < (times[index - 1] ?? -Infinity));
}

/** Says what was chosen or summed: `energy 3 of 0 to 7`, `sum over angle`, `dimension 2: 3 of 0 to 7`. */
function partNotes(dimensions: readonly Dimension[], parts: ReadonlyArray<Part | undefined>): string[] {
  return dimensions.flatMap(({ names, size }, index) => {
    const part = parts[index];
    const isNumber = names[0] === String(index) || /^\d+$/.test(names[0] ?? "");
    const name = isNumber ? `dimension ${names[0]}` : names[0];
    if (part === undefined || (size === 1 && name === "record")) return [];
    return part === "sum" ? `sum over ${name}` : `${name}${isNumber ? ":" : ""} ${part} of 0 to ${size - 1}`;
  });
}

function oddNotes({ outside, isRounded }: DatasetValues): string[] {
  return [
    ...(outside === 0 ? [] : [`${counted(outside, "value")} outside VALIDMIN to VALIDMAX`]),
    ...(isRounded ? ["integers beyond 2^53 are rounded"] : []),
  ];
}

/** Reads a variable, and decides how it is drawn. @throws {InputError} If it cannot be drawn. */
async function panelOf(file: IstpFile, name: string, { span, at, as }: PlotRequest): Promise<Panel> {
  const variable = file.variable(name);
  if (!isDrawable(variable)) {
    const what = variable.timeType === undefined ? "texts" : "times";
    throw new InputError(
      `Cannot draw "${shown(name)}": its values are ${what}; name a variable with numbers, or make a table()`,
    );
  }
  const read = await file.read(name, span);
  if (!(read.values instanceof Float64Array)) throw new InputError(`Cannot draw "${shown(name)}": it has no numbers`);
  const dimensions = dimensionsOf(variable, read.shape);
  const parts = read.values.length === 0 ? dimensions.map(() => undefined) : partsOf(variable, dimensions, at);
  let values = read.values;
  let sizes = dimensions.map(({ size }) => size);
  for (let index = dimensions.length - 1; index >= 0; index--) {
    const part = parts[index];
    if (part === undefined) continue;
    values = reduce(values, sizes, index, part);
    sizes = sizes.toSpliced(index, 1);
  }
  const kept = dimensions.filter((_, index) => parts[index] === undefined);
  const units = await file.units(variable);
  const { times: recordTimes, unset } = withoutUnset(read.times, span);
  const common = {
    name,
    label: variable.label === name ? "" : variable.label,
    units,
    scale: variable.scale,
    notes: [
      ...(typeof parts[0] === "number" && isDate(recordTimes?.[parts[0]])
        ? [utcText(recordTimes?.[parts[0]] ?? NaN)]
        : []),
      ...partNotes(dimensions, parts),
      ...oddNotes(read),
      ...(unset === 0 ? [] : [`${counted(unset, "record")} left out: the clock was not set yet`]),
    ],
  };
  const [first, second] = kept;
  // A damaged file can state any size for records that it does not have.
  if (values.length === 0 && kept.some(({ size }) => size > MAX_EMPTY)) {
    return { ...common, kind: "lines", x: indexAxis(0, "record"), lines: [""], values };
  }
  if (first?.isRecord === true) {
    const ordered = recordTimes === undefined || recordTimes.length !== first.size
      ? { values, times: undefined }
      : inOrder(new Float64Array(recordTimes), values, span);
    const x: Axis = ordered.times === undefined
      ? indexAxis(first.size, "record")
      : { kind: "time", scale: "linear", values: ordered.times, label: "UTC" };
    const isUnsorted = ordered.times !== undefined && recordTimes !== undefined && !isRising(recordTimes);
    const base = isUnsorted ? { ...common, notes: [...common.notes, "its times go back"] } : common;
    const isColors = second !== undefined &&
      (as === "spectrogram" || (as !== "lines" && (second.size > MAX_LINES || variable.displayType === "spectrogram")));
    if (second !== undefined && isColors && second.size > 0) {
      const y = await dimensionAxis(file, second);
      return { ...base, kind: "colors", isImage: false, x, y, values: ordered.values };
    }
    if (second !== undefined && second.size > MAX_LINES) {
      throw new InputError(
        `Cannot draw "${shown(name)}" as lines: ${second.size} are too many; choose one with at: { "${
          shown(second.names[0])
        }": 0 }, or draw a spectrogram`,
      );
    }
    const whole = variable.dimensions[dimensions.indexOf(second ?? first) - 1];
    const labels = second === undefined || whole === undefined ? [""] : await lineLabels(file, whole);
    return { ...base, kind: "lines", x, lines: labels, values: ordered.values, isChosen: as === "lines" };
  }
  if (first !== undefined && second !== undefined) {
    const isSky = LATITUDE.test(first.depend ?? "") && LONGITUDE.test(second.depend ?? "");
    // The longitude is from left to right; so are the columns of a matrix.
    const isMatrix = first.depend === undefined && second.depend === undefined;
    const isTurned = isSky || isMatrix;
    const [x, y] = await Promise.all((isTurned ? [second, first] : [first, second]).map((d) => dimensionAxis(file, d)));
    if (x === undefined || y === undefined) throw new TypeError("Two dimensions have two axes");
    return {
      ...common,
      kind: "colors",
      isImage: true,
      isMatrix,
      x,
      y,
      values: isTurned ? transposed(values, first.size, second.size) : values,
    };
  }
  if (first !== undefined && isHealpix(first)) {
    const isNested = file.texts("HEALPix_nest").concat(file.texts("HEALPix_nested")).some((text) =>
      /^(true|1)/i.test(text)
    );
    return { ...common, kind: "colors", isImage: true, ...healpixMap(values, isNested ? "nested" : "ring") };
  }
  const x = first === undefined ? indexAxis(1, "") : await dimensionAxis(file, first);
  return { ...common, kind: "lines", x, lines: [""], values };
}

/**
 * Reads variables of a CDF file for a chart with a panel for each, one below the other.
 *
 * @param file The file.
 * @param title What the chart is called: the name of the file.
 * @param names The names of the variables.
 * @throws {InputError} If the file does not have one, or it cannot be drawn.
 */
export async function plotOf(
  file: IstpFile,
  title: string,
  names: readonly string[],
  request: PlotRequest,
): Promise<Plot> {
  if (names.length > MAX_PANELS) {
    throw new InputError(`Cannot draw ${names.length} variables in one chart: it has at most ${MAX_PANELS} panels`);
  }
  const panels: Panel[] = [];
  for (const name of names) panels.push(await panelOf(file, name, request));
  return withSharedNotes({ title, notes: [...spanNotes(panels), ...await otherSpanNotes(file, panels)], panels });
}

/** Says which times the file has if none of them are drawn. */
async function otherSpanNotes(file: IstpFile, panels: readonly Panel[]): Promise<string[]> {
  const isEmpty = panels.every(({ x }) => x.kind === "time" && x.values.length === 0);
  const span = isEmpty ? await file.timeSpan() : undefined;
  return span === undefined ? [] : [`no records: the file has ${utcText(span[0])} to ${utcText(span[1])}`];
}

/** Says once for the whole chart what all of several panels say. */
function withSharedNotes({ title, notes, panels }: Plot): Plot {
  const [first, ...others] = panels;
  const shared = others.length === 0
    ? []
    : (first?.notes ?? []).filter((note) => others.every((panel) => panel.notes.includes(note)));
  return {
    title,
    notes: [...notes.slice(0, 1), ...shared, ...notes.slice(1)],
    panels: panels.map((panel) => ({ ...panel, notes: panel.notes.filter((note) => !shared.includes(note)) })),
  };
}

/** Says which times are drawn. */
function spanNotes(panels: readonly Panel[]): string[] {
  const axes = panels.flatMap(({ x }) => x.kind === "time" && x.values.length > 0 ? [x.values] : []);
  const first = Math.min(...axes.map((times) => times[0] ?? NaN));
  const last = Math.max(...axes.map((times) => times.at(-1) ?? NaN));
  return axes.length === 0 ? [] : [first === last ? utcText(first) : `${utcText(first)} to ${utcText(last)}`];
}

/** Whether the values of a panel change. */
function changes({ values }: Panel): boolean {
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return least < greatest;
}

/**
 * Reads what a first look at a CDF file needs: its data, or, in a file that has none (housekeeping), what changes.
 *
 * @throws {InputError} If the file has nothing to draw.
 */
export async function quicklookOf(file: IstpFile, title: string, request: PlotRequest): Promise<Plot> {
  const { maxValues = Infinity } = request;
  const drawable = file.variables.filter((variable) => isDrawable(variable) && variable.role !== "metadata");
  const depends = new Set(file.variables.flatMap(({ dimensions }) => dimensions.map(({ depend }) => depend)));
  // Housekeeping files say of all that they have that it is not to be drawn.
  const data = drawable.filter(({ role, displayType }) => role === "data" && displayType !== "no_plot");
  const others = drawable.filter(({ role, name }) => role !== "data" && !depends.has(name));
  const inOrderOfUse = [...others.filter(({ varies }) => varies), ...others.filter(({ varies }) => !varies)];
  // Calibrations say it of their matrices, and have nothing else.
  const matrices = drawable.filter(({ dimensions }) => dimensions.length > 1);
  const wanted = [data, inOrderOfUse, matrices].find((variables) => variables.length > 0) ?? [];
  const candidates = wanted.filter(({ shape }) => shape.reduce((product, size) => product * size, 1) <= maxValues);
  const large = wanted.length - candidates.length;
  const panels: Panel[] = [];
  let [read, constant] = [0, 0];
  const hasSpan = request.span.from !== undefined || request.span.to !== undefined;
  for (const variable of candidates) {
    if (panels.length === MAX_QUICK_PANELS || read === MAX_QUICK_READS) break;
    read++;
    const { name, varies } = variable;
    // A variable without times belongs to no axis of times.
    if (hasSpan && varies && file.timeOf(variable) === undefined) continue;
    const panel = await panelOf(file, name, request);
    if (data.length > 0 || !varies || changes(panel)) panels.push(panel);
    else constant++;
  }
  if (panels.length === 0) {
    // Nothing changes: the first ones are as good as any.
    for (const { name } of candidates.slice(0, MAX_QUICK_PANELS)) panels.push(await panelOf(file, name, request));
    [read, constant] = [panels.length, 0];
  }
  if (panels.length === 0 && large > 0) {
    throw new InputError(`Cannot draw "${shown(title)}" here: its variables are too large`);
  }
  if (panels.length === 0) {
    throw new InputError(`Cannot draw "${shown(title)}": it has no variables with numbers; show() lists what it has`);
  }
  const left = candidates.length - read;
  const notes = [
    ...spanNotes(panels),
    ...(constant === 0 ? [] : [`${counted(constant, "variable")} without a change`]),
    ...(left === 0 ? [] : [`${counted(left, "more variable")}: plot() draws them`]),
    ...(large === 0 ? [] : [`${counted(large, "variable")} too large to draw here`]),
  ];
  return withSharedNotes({ title, notes, panels });
}
