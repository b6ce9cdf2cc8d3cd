/** A labeled position on an axis. */
interface Tick {
  readonly value: number;
  readonly label: string;
}

/** Maps the values of an axis to pixels, or to shares of a color scale. */
export interface Scale {
  /** Returns the position of a value; values outside the domain are extrapolated. Undefined for NaN. */
  at(value: number): number;
  /** Returns round values in the domain with labels, at most about `most` of them. */
  ticks(most: number): Tick[];
}

/** How a scale spreads its values. */
type ScaleType = "linear" | "sqrt" | "log";

/** The two ends of an interval; the first one is usually the smaller. */
export type Interval = readonly [from: number, to: number];

const TRANSFORMS: Readonly<Record<ScaleType, (value: number) => number>> = {
  linear: (value) => value,
  sqrt: Math.sqrt,
  log: Math.log10,
};

/**
 * Makes a scale.
 *
 * @param type `log` needs a domain above 0.
 * @param domain The first and the last value.
 * @param range Their positions.
 */
export function scaleOf(type: ScaleType, domain: Interval, range: Interval): Scale {
  const transform = TRANSFORMS[type];
  const [low, high] = [transform(domain[0]), transform(domain[1])];
  return {
    // A single value has no extent: it is drawn in the middle.
    at: (value) => range[0] + (high === low ? 0.5 : (transform(value) - low) / (high - low)) * (range[1] - range[0]),
    ticks: (most) => type === "log" ? logTicks(domain, most) : linearTicks(domain, most),
  };
}

/** Returns ticks at steps of 1, 2, or 5 times a power of ten; at most `most` of them. */
function linearTicks([first, last]: Interval, most: number): Tick[] {
  const rough = (last - first) / Math.max(1, most);
  if (!(rough > 0) || !Number.isFinite(rough)) return [{ value: first, label: String(first) }];
  const power = Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((factor) => factor >= rough / 10 ** power * (1 - 1e-9)) ?? 10;
  const digits = Math.max(0, -(power + (factor === 10 ? 1 : 0)));
  // Dividing by a whole number is exact where multiplying by a fraction is not: 3 / 10, not 3 * 0.1.
  const valueOf = (index: number) => power < 0 ? index * factor / 10 ** -power : index * factor * 10 ** power;
  const step = valueOf(1);
  const ticks: Tick[] = [];
  // Of numbers that are large for their distance, the next index is the same number: the count ends that.
  const isFull = () => ticks.length > Math.max(1, most);
  for (let index = Math.ceil(first / step - 1e-9); valueOf(index) <= last + step * 1e-9 && !isFull(); index++) {
    // Adding 0 turns -0 into 0.
    const value = valueOf(index) + 0;
    ticks.push({ value, label: Math.abs(value) < 1e6 ? value.toFixed(Math.min(digits, 20)) : String(value) });
  }
  return ticks;
}

/**
 * Returns powers of ten, or every second or third one if there is not enough room; within one decade, the ticks of a
 * linear scale.
 */
function logTicks([first, last]: Interval, most: number): Tick[] {
  const [low, high] = [Math.ceil(Math.log10(first) - 1e-9), Math.floor(Math.log10(last) + 1e-9)];
  if (!Number.isFinite(high - low)) return [];
  if (high - low < 1) return linearTicks([first, last], most);
  const step = Math.ceil((high - low + 1) / Math.max(1, most));
  const ticks: Tick[] = [];
  for (let power = low; power <= high; power += step) {
    const value = power < 0 ? 1 / 10 ** -power : 10 ** power;
    ticks.push({ value, label: Math.abs(power) > 3 ? `1e${power}` : String(value) });
  }
  return ticks;
}

/** A color as three numbers from 0 to 255. */
function channels(color: string): number[] {
  return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
}

/** Mixes two colors: with `share` 0, the result is the first one. */
function mixed(a: string, b: string, share: number): string {
  const [from, to] = [channels(a), channels(b)];
  const mix = from.map((channel, index) => Math.round(channel + ((to[index] ?? channel) - channel) * share));
  return `#${mix.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

/** How values become colors. */
interface ColorScaleOptions<Color extends string> {
  readonly type: ScaleType;
  /** Values outside the domain get the color of the nearer end. */
  readonly domain: Interval;
  /** At least two colors, `#rrggbb`, from the lowest value to the highest. Bands may have names of colors. */
  readonly colors: readonly [Color, Color, ...Color[]];
  /** Whether to use only these colors, each for a band of values; otherwise colors are interpolated. */
  readonly isBanded?: boolean;
}

/**
 * Makes a color scale.
 *
 * @returns A function from a value to a color; undefined for values that are not on the scale: NaN and, on a
 * logarithmic scale, values that are not positive.
 */
export function colorScale<Color extends string>(
  options: ColorScaleOptions<Color> & { readonly isBanded: true },
): (value: number) => Color | undefined;
/** Makes a color scale whose colors are interpolated: `#rrggbb`. */
export function colorScale(
  options: ColorScaleOptions<`#${string}`>,
): (value: number) => `#${string}` | undefined;
export function colorScale(
  { type, domain, colors, isBanded = false }: ColorScaleOptions<string>,
): (value: number) => string | undefined {
  const scale = scaleOf(type, domain, [0, 1]);
  return (value) => {
    const share = scale.at(value);
    if (Number.isNaN(share) || share === -Infinity) return undefined;
    const inside = Math.max(0, Math.min(1, share));
    if (isBanded) return colors[Math.min(colors.length - 1, Math.floor(inside * colors.length))];
    const place = inside * (colors.length - 1);
    const index = Math.min(colors.length - 2, Math.floor(place));
    return mixed(colors[index] ?? colors[0], colors[index + 1] ?? colors[1], place - index);
  };
}

/** Milliseconds of a day: days are counted from 1970-01-01, UTC. */
const DAY_MS = 86_400_000;

function dateOf(day: number): Date {
  return new Date(day * DAY_MS);
}

/** Returns the number of a calendar day `YYYYMMDD`, counted from 1970-01-01. */
export function dayNumber(yyyymmdd: string): number {
  const [year, month, day] = [yyyymmdd.slice(0, 4), yyyymmdd.slice(4, 6), yyyymmdd.slice(6, 8)].map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day) / DAY_MS;
}

/** Formats the number of a day as `2026-01-05`. */
export function isoDay(day: number): string {
  return dateOf(day).toISOString().slice(0, 10);
}

/** The steps between ticks, from fine to coarse: a number of days, then a number of months. Steps of a year or more begin in January. */
const DAY_STEPS = [1, 2, 7, 14];
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120, 600, 1200, 6000, 12_000, 120_000];
const DAYS_OF_MONTH = 30.4;

function monthTicks(first: number, last: number, step: number): Tick[] {
  const start = dateOf(first);
  let month = Math.floor((start.getUTCFullYear() * 12 + start.getUTCMonth()) / step) * step;
  const ticks: Tick[] = [];
  for (let value = 0; value <= last; month += step) {
    // Date.UTC reads years below 100 as 19xx; no file is that old.
    value = Date.UTC(Math.floor(month / 12), month % 12, 1) / DAY_MS;
    if (value >= first && value <= last) ticks.push({ value, label: isoDay(value).slice(0, step >= 12 ? 4 : 7) });
  }
  return ticks;
}

function dayTicks(first: number, last: number, step: number): Tick[] {
  const ticks: Tick[] = [];
  for (let value = first; value <= last; value += step) ticks.push({ value, label: isoDay(value) });
  return ticks;
}

/**
 * Returns round dates for a time axis, labeled `2026-01-05`, `2026-01` or `2026`, whichever is fine enough.
 *
 * @param first The first day of the axis, counted from 1970-01-01.
 * @param last The last day.
 * @param most The maximum number of labels.
 */
export function timeTicks(first: number, last: number, most: number): Tick[] {
  const days = last - first + 1;
  const dayStep = DAY_STEPS.find((step) => days / step <= most);
  if (dayStep !== undefined) return dayTicks(first, last, dayStep);
  const monthStep = MONTH_STEPS.find((step) => days / DAYS_OF_MONTH / step <= most) ?? 120_000;
  const ticks = monthTicks(first, last, monthStep);
  return ticks.length > 0 ? ticks : dayTicks(first, first, 1);
}
