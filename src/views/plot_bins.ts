// From values to pixels: the range of axes, gaps, minimum and maximum per pixel, and the cells of a spectrogram.
import type { Axis, ColorsPanel, LinesPanel, Panel } from "./plot.ts";
import type { Interval } from "../display/scales.ts";

/** A range of values, on a scale. */
export interface Range {
  readonly scale: "linear" | "log";
  readonly low: number;
  readonly high: number;
  /** Whether only whole numbers are labeled. */
  readonly isCount?: boolean;
  /** Whether the low end of a vertical axis is at the top. */
  readonly isDownward?: boolean;
}

/** Differences of larger numbers, and the steps between smaller ones, are beyond what doubles can do. */
const [MAX_DRAWN, MIN_DRAWN] = [1e300, 1e-290];

/** Whether a value has a place on a scale. */
export function hasPlace(value: number, scale: Range["scale"]): boolean {
  return scale === "log" ? value >= MIN_DRAWN && value <= MAX_DRAWN : Math.abs(value) <= MAX_DRAWN;
}

/** Returns the values on an axis as they are spread on it: their logarithms on a logarithmic one. */
function spread(values: Float64Array, scale: Range["scale"]): Float64Array {
  return scale === "log" ? values.map(Math.log10) : values;
}

/** The extremes of values that have a place; undefined if none has. */
function extremes(values: Float64Array, scale: Range["scale"]): Interval | undefined {
  let [low, high] = [Infinity, -Infinity];
  const least = scale === "log" ? MIN_DRAWN : -MAX_DRAWN;
  for (const value of values) {
    if (!(value >= least && value <= MAX_DRAWN)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : undefined;
}

/** Whether values are too close to be told apart on an axis: the steps between its ticks would be lost in rounding. */
function isFlat(low: number, high: number): boolean {
  return high - low < Math.max(MIN_DRAWN, Math.max(Math.abs(low), Math.abs(high)) * 1e-9);
}

/** The most decades of a logarithmic scale: more come from single values that are almost 0. */
const MAX_DECADES = 12;

/**
 * Returns the range of values. Without positive values, a logarithmic scale becomes a linear one.
 *
 * @param margin The share of the range that is added at both ends.
 */
export function rangeOf(values: Float64Array, wanted: Range["scale"], margin: number): Range {
  const positive = wanted === "log" ? extremes(values, "log") : undefined;
  if (positive !== undefined) {
    const [least, high] = positive;
    const low = Math.max(least, high / 10 ** MAX_DECADES);
    const factor = isFlat(low, high) ? 2 : (high / low) ** margin;
    return { scale: "log", low: low / factor, high: high * factor };
  }
  const [low, high] = extremes(values, "linear") ?? [0, 1];
  const size = Math.max(Math.abs(low), Math.abs(high));
  const more = isFlat(low, high) ? (size < 1e-280 ? 1 : size * 0.1) : (high - low) * margin;
  return { scale: "linear", low: low - more, high: high + more };
}

/** How many distances between records are looked at to find the usual one. */
const MAX_SAMPLES = 4000;
/** Records further apart than this many usual distances have a gap between them. */
const GAP_STEPS = 4;

/** Returns the usual distance between values that increase; undefined for less than three. */
function usualStep(values: Float64Array): number | undefined {
  const stride = Math.max(1, Math.floor(values.length / MAX_SAMPLES));
  const steps: number[] = [];
  for (let index = 1; index < values.length; index += stride) {
    const step = (values[index] ?? NaN) - (values[index - 1] ?? NaN);
    // Events at the same time say nothing.
    if (step > 0) steps.push(step);
  }
  return values.length < 3 ? undefined : steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)];
}

/** Returns the distance from which on there is a gap; only times have gaps. */
function gapOf({ kind, values }: Axis): number {
  const step = kind === "time" ? usualStep(values) : undefined;
  return step === undefined ? Infinity : step * GAP_STEPS;
}

/** Fewer events can be told apart as points. */
const MIN_EVENTS = 2_000;
/** The cells in which events are counted: over the times, and over the values. */
const [EVENT_COLUMNS, EVENT_ROWS] = [240, 48];

/** Whether times come in no rhythm, as those of particles do: distances far from the usual one are not exceptions. */
function isWithoutRhythm(times: Float64Array): boolean {
  const usual = usualStep(times) ?? 0;
  const stride = Math.max(1, Math.floor(times.length / MAX_SAMPLES));
  let [count, odd] = [0, 0];
  for (let index = 1; index < times.length; index += stride) {
    const step = (times[index] ?? NaN) - (times[index - 1] ?? NaN);
    count++;
    if (!(Math.abs(step - usual) <= usual / 2)) odd++;
  }
  return odd > 0.2 * count;
}

/** Whether each value says next to nothing about the following one: the ratio of von Neumann is 2 for such values. */
function isScattered(values: Float64Array): boolean {
  let [count, sum, squares, steps, first, before] = [0, 0, 0, 0, NaN, NaN];
  for (const value of values) {
    if (!(Math.abs(value) <= MAX_DRAWN)) continue;
    if (count++ === 0) first = before = value;
    // From the first value: the squares of large numbers would hide small differences.
    sum += value - first;
    squares += (value - first) ** 2;
    steps += (value - before) ** 2;
    before = value;
  }
  return steps > 0.5 * (squares - sum ** 2 / count);
}

/** Divides the range of values into rows. A row of whole numbers has as many of them as the others. */
function eventRows(
  values: Float64Array,
  wanted: Range["scale"],
): { rows: number; low: number; high: number; scale: Range["scale"] } {
  const { scale, low, high } = rangeOf(values, wanted, 0);
  if (scale === "log") return { rows: EVENT_ROWS, low: Math.log10(low), high: Math.log10(high), scale };
  if (values.some((value) => Number.isFinite(value) && !Number.isInteger(value))) {
    return { rows: EVENT_ROWS, low, high, scale };
  }
  const numbers = Math.ceil((high - low + 1) / EVENT_ROWS);
  const rows = Math.ceil((high - low + 1) / numbers);
  return { rows, low: low - 0.5, high: low - 0.5 + rows * numbers, scale };
}

/**
 * Counts events in cells of time and value: as a line, many of them would fill the panel.
 *
 * @returns Undefined if lines were asked for, and for what is not events: few values, values in a rhythm, or values that
 * follow from each other.
 */
export function eventsPanel(panel: Panel): ColorsPanel | undefined {
  if (panel.kind !== "lines") return undefined;
  const { x, values, lines, label, name, units, notes } = panel;
  const [first, last] = [x.values[0] ?? 0, x.values.at(-1) ?? 0];
  if (
    panel.isChosen === true || x.kind !== "time" || lines.length > 1 || values.length < MIN_EVENTS || !(last > first)
  ) return undefined;
  if (!isWithoutRhythm(x.values) || !isScattered(values)) return undefined;
  const { rows, low, high, scale } = eventRows(values, panel.scale);
  if (!(high > low)) return undefined;
  const counts = new Float64Array(EVENT_COLUMNS * rows);
  const places = spread(values, scale);
  let counted = 0;
  for (let index = 0; index < places.length; index++) {
    const row = Math.floor(((places[index] ?? NaN) - low) / (high - low) * rows);
    const column = Math.floor(((x.values[index] ?? NaN) - first) / (last - first) * EVENT_COLUMNS);
    if (!(row >= 0 && row <= rows && column >= 0)) continue;
    const at = Math.min(EVENT_COLUMNS - 1, column) * rows + Math.min(rows - 1, row);
    counts[at] = (counts[at] ?? 0) + 1;
    counted++;
  }
  const middles = (count: number, low: number, high: number) =>
    Float64Array.from({ length: count }, (_, index) => low + (index + 0.5) / count * (high - low));
  const rowValues = middles(rows, low, high);
  const about = label === "" ? name : label;
  return {
    kind: "colors",
    isImage: false,
    name,
    label: "",
    units: "events",
    scale: "log",
    notes: [...notes, `${counted.toLocaleString("en")} counted by time and value`],
    x: { ...x, values: middles(EVENT_COLUMNS, first, last) },
    y: {
      kind: "number",
      scale,
      values: scale === "log" ? rowValues.map((value) => 10 ** value) : rowValues,
      label: units === undefined ? about : `${about} (${units})`,
    },
    values: counts.map((count) => count === 0 ? NaN : count),
  };
}

/** Where cells begin and end along an axis: halfway to their neighbors, but not in gaps. */
interface Edges {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

function edgesOf(axis: Axis): Edges {
  const values = spread(axis.values, axis.scale);
  const gap = gapOf(axis);
  const usual = usualStep(axis.values) ?? (axis.kind === "time" ? 1000 : 1);
  const half = (index: number, step: number) => {
    const other = (values[index + step] ?? NaN) - (values[index] ?? NaN);
    return Math.abs(other) <= gap ? other / 2 : Math.sign(other) * usual / 2;
  };
  const [low, high] = [new Float64Array(values.length), new Float64Array(values.length)];
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? NaN;
    // The first and the last one are as long on the outside as on the inside.
    const [before, after] = [half(index, -1), half(index, 1)];
    const a = value + (Number.isNaN(before) ? (Number.isNaN(after) ? -usual / 2 : -after) : before);
    const b = value + (Number.isNaN(after) ? (Number.isNaN(before) ? usual / 2 : -before) : after);
    low[index] = Math.min(a, b);
    high[index] = Math.max(a, b);
  }
  return { low, high };
}

/** Returns the range of an axis: of its values, or from the beginning of its first cell to the end of the last one. */
export function axisRange(axis: Axis, hasCells: boolean): Range {
  const { kind, scale, values } = axis;
  let [low, high] = [Infinity, -Infinity];
  if (hasCells) {
    const edges = edgesOf(axis);
    for (const edge of edges.low) low = Math.min(low, edge);
    for (const edge of edges.high) high = Math.max(high, edge);
    if (scale === "log") [low, high] = [10 ** low, 10 ** high];
  } else {
    [low, high] = extremes(values, scale) ?? [Infinity, -Infinity];
  }
  const isCount = axis.isCount ?? false;
  if (low < high && (kind === "time" || !isFlat(low, high))) return { scale, low, high, isCount };
  const middle = low <= high ? low : 0;
  const around = kind === "time" ? 1000 : Math.max(1, Math.abs(middle) * 0.1);
  return { scale: "linear", low: middle - around, high: middle + around };
}

/** The positions of values between the ends of a range: 0 to `pixels`. */
function pixelsOf(values: Float64Array, { scale, low, high }: Range, pixels: number): Float64Array {
  const [from, to] = scale === "log" ? [Math.log10(low), Math.log10(high)] : [low, high];
  const factor = pixels / (to - from);
  const places = new Float64Array(values.length);
  const all = spread(values, scale);
  for (let index = 0; index < all.length; index++) places[index] = ((all[index] ?? NaN) - from) * factor;
  return places;
}

/** A point of a line. */
export type Point = readonly [x: number, value: number];

/** A gap is at least this wide, in pixels. */
const MIN_GAP_PIXELS = 1.5;

/** Returns the place of the records of a panel, and where there are gaps before them. */
export class LinePlaces {
  readonly #panel: LinesPanel;
  readonly #places: Float64Array;
  readonly #gap: number;
  readonly #columns: number;
  readonly #scale: Range["scale"];

  /**
   * @param columns The width of the panel, in pixels.
   * @param scale The scale of the values.
   */
  constructor(panel: LinesPanel, range: Range, columns: number, scale: Range["scale"]) {
    this.#panel = panel;
    this.#places = pixelsOf(panel.x.values, range, columns);
    // In pixels: the gaps are those of times, whose axis is linear.
    this.#gap = Math.max(MIN_GAP_PIXELS, gapOf(panel.x) * columns / (range.high - range.low));
    this.#columns = columns;
    this.#scale = scale;
  }

  /**
   * Returns the parts of a line that are connected, from left to right: all points, or, if there are more than pixels, the
   * first, least, greatest and last of each column.
   */
  segments(line: number): Point[][] {
    return this.#places.length <= 2 * this.#columns ? this.#points(line) : this.#extremes(line);
  }

  #points(line: number): Point[][] {
    const segments: Point[][] = [];
    const { values, lines } = this.#panel;
    let [last, isOpen] = [-Infinity, false];
    for (let index = 0; index < this.#places.length; index++) {
      const [x, value] = [this.#places[index] ?? NaN, values[index * lines.length + line] ?? NaN];
      const isThere = hasPlace(value, this.#scale) && Number.isFinite(x);
      if (isThere && isOpen && x - last < this.#gap) segments.at(-1)?.push([x, value]);
      else if (isThere) segments.push([[x, value]]);
      isOpen = isThere;
      last = x;
    }
    return segments;
  }

  #extremes(line: number): Point[][] {
    const segments: Point[][] = [];
    const { values, lines } = this.#panel;
    const [places, stride, gap] = [this.#places, lines.length, this.#gap];
    const [least, most] = [this.#scale === "log" ? MIN_DRAWN : -MAX_DRAWN, MAX_DRAWN];
    // The column that is being filled.
    let [column, first, low, high, end, hasMissing] = [-1, NaN, Infinity, -Infinity, NaN, false];
    // Where the last value was, and whether what follows is connected to it.
    let [last, isConnected] = [-Infinity, false];
    const close = () => {
      if (low > high) {
        // Nothing but missing values.
        if (hasMissing) isConnected = false;
        return;
      }
      const x = column + 0.5;
      const points: Point[] = [[x, first]];
      const [one, other] = first - low < high - first ? [low, high] : [high, low];
      if (one !== first) points.push([x, one]);
      if (other !== one && other !== first) points.push([x, other]);
      if (end !== points.at(-1)?.[1]) points.push([x, end]);
      if (isConnected) segments.at(-1)?.push(...points);
      else segments.push(points);
      isConnected = true;
    };
    for (let index = 0; index < places.length; index++) {
      const x = places[index] ?? NaN;
      const value = values[index * stride + line] ?? NaN;
      const at = Math.min(this.#columns - 1, Math.floor(x));
      if (at !== column) {
        close();
        if (x - last >= gap) isConnected = false;
        [column, first, low, high, end, hasMissing] = [at, NaN, Infinity, -Infinity, NaN, false];
      }
      if (!(value >= least && value <= most)) {
        hasMissing = true;
        continue;
      }
      if (low > high) first = value;
      if (value < low) low = value;
      if (value > high) high = value;
      end = value;
      last = x;
    }
    close();
    return segments;
  }
}

/** What a part of a panel shows, from left to right. */
export interface LinesBin {
  /** Where it begins and ends, in pixels. */
  readonly from: number;
  readonly to: number;
  /** The first and the last value of the horizontal axis in it. */
  readonly x: Interval;
  /** The least and the greatest value of each line; undefined if all are missing. */
  readonly lines: readonly (Interval | undefined)[];
}

function countFinite(values: Float64Array): number {
  let count = 0;
  for (const value of values) if (Number.isFinite(value)) count++;
  return count;
}

/** Where the records of a panel are divided into parts: evenly, or halfway between the records. */
function binEdges(places: Float64Array, columns: number, most: number, isEven: boolean): readonly number[] {
  if (isEven) return Array.from({ length: most + 1 }, (_, bin) => bin * columns / most);
  const sorted = Array.from(places).filter(Number.isFinite).sort((a, b) => a - b);
  return [0, ...sorted.slice(1).map((place, index) => (place + (sorted[index] ?? 0)) / 2), columns];
}

/** Divides a panel into parts with records: one for each if they are few, otherwise at most `most` of the same width. */
export function linesBins({ x, values, lines }: LinesPanel, range: Range, columns: number, most: number): LinesBin[] {
  const places = pixelsOf(x.values, range, columns);
  const isEven = countFinite(places) > most;
  const edges = binEdges(places, columns, most, isEven);
  const count = edges.length - 1;
  // For each part, the least and the greatest of the axis and of each line.
  const stride = lines.length;
  const [low, high] = [new Float64Array(count * (stride + 1)), new Float64Array(count * (stride + 1))];
  low.fill(Infinity);
  high.fill(-Infinity);
  const include = (at: number, value: number) => {
    if (value < (low[at] ?? NaN)) low[at] = value;
    if (value > (high[at] ?? NaN)) high[at] = value;
  };
  for (let index = 0; index < places.length; index++) {
    const place = places[index] ?? NaN;
    if (!Number.isFinite(place)) continue;
    const at = isEven ? Math.floor(place * count / columns) : edges.findLastIndex((edge) => edge <= place);
    const bin = Math.max(0, Math.min(count - 1, at));
    const start = bin * (stride + 1);
    include(start, x.values[index] ?? NaN);
    for (let line = 0; line < stride; line++) {
      const value = values[index * stride + line] ?? NaN;
      if (Math.abs(value) <= MAX_DRAWN) include(start + 1 + line, value);
    }
  }
  const interval = (at: number): Interval | undefined => {
    const [least, greatest] = [low[at] ?? NaN, high[at] ?? NaN];
    return least <= greatest ? [least, greatest] : undefined;
  };
  return Array.from({ length: count }, (_, bin) => bin).flatMap((bin) => {
    const start = bin * (stride + 1);
    const along = interval(start);
    if (along === undefined) return [];
    return [{
      from: edges[bin] ?? 0,
      to: edges[bin + 1] ?? columns,
      x: along,
      lines: lines.map((_, line) => interval(start + 1 + line)),
    }];
  });
}

/** The size of a picture, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Which pixels each cell covers, and the middle of those that are narrower than one. */
function covered(edges: Edges, range: Range, pixels: number): Int32Array {
  // The edges are already spread.
  const own: Range = range.scale === "log"
    ? { scale: "linear", low: Math.log10(range.low), high: Math.log10(range.high) }
    : range;
  const [low, high] = [pixelsOf(edges.low, own, pixels), pixelsOf(edges.high, own, pixels)];
  const result = new Int32Array(2 * low.length);
  for (let index = 0; index < low.length; index++) {
    const [a, b] = [low[index] ?? 0, high[index] ?? 0];
    let [from, to] = [Math.max(0, Math.round(a)), Math.min(pixels, Math.round(b))];
    if (to <= from) {
      from = Math.max(0, Math.min(pixels - 1, Math.floor((a + b) / 2)));
      to = from + 1;
    }
    result[2 * index] = from;
    result[2 * index + 1] = to;
  }
  return result;
}

/** Returns the means of the values in each pixel, from left to right and from top to bottom; NaN where there is none. */
export function cellsOf(panel: ColorsPanel, x: Range, y: Range, { width, height }: Size): Float64Array {
  const { values } = panel;
  const rows = panel.y.values.length;
  const columns = covered(edgesOf(panel.x), x, width);
  const spans = covered(edgesOf(panel.y), y, height);
  // Several rows of values in a row of pixels are averaged first; fewer are spread at the end.
  const isDense = rows > height;
  const bins = isDense ? height : rows;
  const [sums, counts] = [new Float64Array(width * bins), new Uint32Array(width * bins)];
  for (let record = 0; record < panel.x.values.length; record++) {
    const [from, to] = [columns[2 * record] ?? 0, columns[2 * record + 1] ?? 0];
    const start = from * bins;
    // A record that is wider than a pixel covers columns of its own: the others repeat the first one.
    for (let row = 0; row < rows; row++) {
      const value = values[record * rows + row] ?? NaN;
      if (!(Math.abs(value) <= MAX_DRAWN)) continue;
      const at = start + (isDense ? spans[2 * row] ?? 0 : row);
      sums[at] = (sums[at] ?? 0) + value;
      counts[at] = (counts[at] ?? 0) + 1;
    }
    for (let column = from + 1; column < to; column++) {
      sums.copyWithin(column * bins, start, start + bins);
      counts.copyWithin(column * bins, start, start + bins);
    }
  }
  const cells = new Float64Array(width * height).fill(NaN);
  for (let bin = 0; bin < bins; bin++) {
    const [from, to] = isDense ? [bin, bin + 1] : [spans[2 * bin] ?? 0, spans[2 * bin + 1] ?? 0];
    for (let row = from; row < to; row++) {
      const start = (y.isDownward === true ? row : height - 1 - row) * width;
      for (let column = 0; column < width; column++) {
        const at = column * bins + bin;
        cells[start + column] = (sums[at] ?? 0) / (counts[at] ?? 0);
      }
    }
  }
  return cells;
}

/** A labeled value on an axis. */
export interface AxisTick {
  readonly value: number;
  readonly label: string;
}

/**
 * Labels numbers in the same way, with as many digits as tell them apart: very large and very small ones as `1.5e9`.
 */
export function numberLabels(values: readonly number[]): string[] {
  const size = Math.max(...values.map(Math.abs));
  const step = values.length < 2 ? size : Math.abs((values[1] ?? 0) - (values[0] ?? 0));
  if (size < 1e6 && (size >= 1e-3 || size === 0)) {
    const digits = step === 0 ? 0 : Math.max(0, Math.min(9, -Math.floor(Math.log10(step) + 1e-9)));
    const exact = values.every((value) => Math.abs(Number(value.toFixed(digits)) - value) <= Math.abs(step) * 0.01);
    return values.map((value) => value.toFixed(exact ? digits : Math.min(9, digits + 1)));
  }
  const digits = step === 0 ? 2 : Math.max(0, Math.min(12, Math.ceil(Math.log10(size / step))));
  return values.map((value) =>
    value === 0 ? "0" : value.toExponential(digits).replace(/\.?0+e\+?/, "e").replace("e+", "e").replace(/e0$/, "")
  );
}

const [SECOND, MINUTE, HOUR] = [1000, 60_000, 3_600_000];
/** The steps between times on an axis, in milliseconds. */
const TIME_STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
];

/** Returns round times of day, in UTC: `12:00`, `12:00:30`; undefined if days are fine enough. */
export function clockTicks({ low, high }: Range, most: number): AxisTick[] | undefined {
  // Labels with milliseconds are wider.
  const step = TIME_STEPS.find((step) => (high - low) / step <= (step < SECOND ? 0.7 * most : most));
  if (step === undefined) return undefined;
  const length = step >= MINUTE ? 5 : step >= SECOND ? 8 : 12;
  const ticks: AxisTick[] = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) {
    ticks.push({ value, label: new Date(value).toISOString().slice(11, 11 + length) });
  }
  return ticks;
}
