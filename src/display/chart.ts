import { colorOf, cutToWidth, escapeHtml, textWidth, type ThemeColor, themeColor, themeStyle } from "./table.ts";
import { printable } from "../errors.ts";

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

/** A color of the page's theme, by name, or a fixed one, `#rrggbb`. */
export type Paint = ThemeColor | `#${string}`;

/** Turns paints into colors of SVG. */
type Painter = (paint: Paint) => string;

function isFixed(paint: Paint): paint is `#${string}` {
  return paint.startsWith("#");
}

/** The space between the frame and its contents, in pixels. */
export const CHART_PADDING = 16;
/** On a narrow page a chart scrolls instead of being scaled down further: text of 11 pixels would become unreadable. */
const MIN_SHRINK = 0.75;

/** The text size of marks, axes, and legends, in pixels. */
const TEXT_SIZE = 11;
/** The average width of a character, as a share of the text's size. */
const CHARACTER = 0.6;
const BOLD_CHARACTER = 0.66;
/** From the middle of a character to its baseline, as a share of the text's size. */
const BASELINE = 0.32;

/** Estimates the width of a text in pixels. */
export function textPixels(
  text: string,
  { size = TEXT_SIZE, isBold = false }: Pick<TextMark, "size" | "isBold"> = {},
): number {
  return Math.ceil(textWidth(text) * size * (isBold ? BOLD_CHARACTER : CHARACTER));
}

/** A filled rectangle. */
export interface RectMark {
  readonly kind: "rect";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly fill: Paint;
  /** Default: 1. */
  readonly opacity?: number;
  /** The radius of its corners. */
  readonly radius?: number;
  readonly tooltip?: string;
}

/** A line through points. A point with NaN in it interrupts the line. */
interface LineMark {
  readonly kind: "line";
  readonly points: ReadonlyArray<readonly [x: number, y: number]>;
  readonly stroke: Paint;
  /** Default: 1. */
  readonly strokeWidth?: number;
}

/** A text on one line. */
interface TextMark {
  readonly kind: "text";
  readonly x: number;
  /** The middle of its characters. */
  readonly y: number;
  readonly text: string;
  /** Which part of the text is at x. Default: start. */
  readonly anchor?: "start" | "middle" | "end";
  /** In pixels. Default: 11. */
  readonly size?: number;
  readonly isBold?: boolean;
  /** Default: the color of text. */
  readonly fill?: Paint;
  /** Whether it is turned to run from the bottom to the top. */
  readonly isUpward?: boolean;
}

/** A line in the notation of SVG paths, for lines of thousands of points. */
interface PathMark {
  readonly kind: "path";
  /** Commands and numbers only: it is not escaped. */
  readonly path: string;
  readonly stroke: Paint;
  readonly strokeWidth: number;
}

/** A PNG picture, stretched to a rectangle without smoothing. */
interface ImageMark {
  readonly kind: "image";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly png: Uint8Array;
}

/**
 * A shape, positioned in pixels from the left edge of the chart and the top of its body. Later marks cover earlier
 * ones.
 */
export type Mark = RectMark | LineMark | TextMark | PathMark | ImageMark;

/** An entry of the legend: a sign and its meaning. */
export interface LegendEntry {
  readonly fill: Paint;
  /** The height of the sign, in pixels; up to 10. */
  readonly height: number;
  /** Default: 1. */
  readonly opacity?: number;
  readonly text: string;
}

/** A chart: a title, a legend, and marks below them. */
export interface Chart {
  readonly title: string;
  /** The line below the title; empty for none. */
  readonly subtitle: string;
  /** A description of the chart for screen readers. */
  readonly description: string;
  /** In pixels, like all sizes. */
  readonly width: number;
  /** The height of the body, which contains the marks. */
  readonly height: number;
  readonly legend: readonly LegendEntry[];
  readonly marks: readonly Mark[];
}

/** Hundredths of a pixel are fine enough, and keep the file short. */
function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function attribute(name: string, value: number | undefined, usual: number): string {
  return value === undefined || value === usual ? "" : ` ${name}="${px(value)}"`;
}

function rectSvg({ x, y, width, height, fill, opacity, radius, tooltip }: RectMark, color: Painter): string {
  const place = `x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}"`;
  const tag = `<rect ${place} fill="${color(fill)}"${attribute("fill-opacity", opacity, 1)}${
    attribute("rx", radius, 0)
  }`;
  return tooltip === undefined ? `${tag}/>` : `${tag}><title>${escapeHtml(printable(tooltip))}</title></rect>`;
}

function lineSvg({ points, stroke, strokeWidth }: LineMark, color: Painter): string {
  let [path, command] = ["", "M"];
  for (const [x, y] of points) {
    const isGap = Number.isNaN(x) || Number.isNaN(y);
    if (!isGap) path += `${command}${px(x)},${px(y)}`;
    command = isGap ? "M" : "L";
  }
  return `<path d="${path}" fill="none" stroke="${color(stroke)}"${attribute("stroke-width", strokeWidth, 1)}/>`;
}

function textSvg(mark: TextMark, color: Painter): string {
  const { x, y, text, anchor = "start", size = TEXT_SIZE, isBold = false, fill = "text", isUpward = false } = mark;
  const turn = isUpward ? ` transform="rotate(-90 ${px(x)} ${px(y)})"` : "";
  const place = `x="${px(x)}" y="${px(y + size * BASELINE)}"${
    anchor === "start" ? "" : ` text-anchor="${anchor}"`
  }${turn}`;
  const font = `font-size="${size}"${isBold ? ` font-weight="600"` : ""}`;
  return `<text ${place} ${font} fill="${color(fill)}">${escapeHtml(printable(text))}</text>`;
}

/** The ends are round, so that a line of length 0 is a dot. */
function pathSvg({ path, stroke, strokeWidth }: PathMark, color: Painter): string {
  return `<path d="${path}" fill="none" stroke="${color(stroke)}" stroke-width="${px(strokeWidth)}" ` +
    `stroke-linecap="round" stroke-linejoin="round"/>`;
}

function imageSvg({ x, y, width, height, png }: ImageMark): string {
  return `<image x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" preserveAspectRatio="none" ` +
    `style="image-rendering:pixelated" href="data:image/png;base64,${png.toBase64()}"/>`;
}

function markSvg(mark: Mark, color: Painter): string {
  switch (mark.kind) {
    case "rect":
      return rectSvg(mark, color);
    case "line":
      return lineSvg(mark, color);
    case "text":
      return textSvg(mark, color);
    case "path":
      return pathSvg(mark, color);
    case "image":
      return imageSvg(mark);
  }
}

/** A position on an axis in pixels, as in a {@linkcode Mark}. */
interface AxisTick {
  readonly x: number;
  readonly label: string;
}

/** The width of a day's label on a horizontal axis, including the gap to the next one. */
export const DAY_LABEL_PIXELS = 72;

/**
 * Draws an axis above the body of a chart: labels, tick marks, and a grid line down from each.
 *
 * @param options `y`: where the axis is. `bottom`: where its grid lines end.
 */
export function topAxis(
  ticks: readonly AxisTick[],
  { y, bottom }: { readonly y: number; readonly bottom: number },
): Mark[] {
  return [
    ...ticks.map(({ x }): Mark => ({ kind: "line", points: [[x, y], [x, bottom]], stroke: "grid" })),
    ...ticks.flatMap(({ x, label }): Mark[] => [
      { kind: "line", points: [[x, y - 4], [x, y]], stroke: "text" },
      { kind: "text", x, y: y - 13, text: label, anchor: "middle" },
    ]),
  ];
}

const SIGN_WIDTH = 14;
const LEGEND_HEIGHT = 24;

function legendMarks(entries: readonly LegendEntry[], y: number): Mark[] {
  let x = CHART_PADDING;
  return entries.flatMap(({ fill, height, opacity = 1, text }): Mark[] => {
    const left = x;
    x += SIGN_WIDTH + 20 + textPixels(text);
    return [
      { kind: "rect", x: left, y: y - height / 2, width: SIGN_WIDTH, height, fill, opacity },
      { kind: "text", x: left + SIGN_WIDTH + 6, y, text },
    ];
  });
}

/** Whether an SVG file has the colors of the light theme, or those that the reader's browser prefers. */
export type SvgScheme = "light" | "auto";

/** The font of charts: that of the system. */
const FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";

/**
 * Draws a chart as a complete SVG file: without scripts and external resources, with all text escaped. It has its own
 * background, so that it looks the same on every page, in a file, and on paper.
 */
export function chartSvg(chart: Chart, scheme: SvgScheme = "light"): string {
  if (scheme === "light") return drawn(chart, (paint) => isFixed(paint) ? paint : colorOf(paint));
  const used = new Set<ThemeColor>();
  const svg = drawn(chart, themed(used));
  return svg.replace('font-family="', `class="imap" font-family="`).replace(
    "<title>",
    `<style>${themeStyle([...used])}</style><title>`,
  );
}

/** Returns a painter with the colors of the page's theme, and records those in use. */
function themed(used: Set<ThemeColor>): Painter {
  return (paint) => {
    if (isFixed(paint)) return paint;
    used.add(paint);
    return themeColor(paint);
  };
}

/**
 * Hides the words from all but screen readers, and shows the drawing. Where styles are removed, it is the other way round:
 * some pages remove SVG, but leave its texts behind.
 */
const CHART_STYLE = ".imap-chart{position:relative;width:fit-content;max-width:100%;overflow:auto}" +
  ".imap-words{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}" +
  ".imap-chart svg,.imap-chart .imap-drawn{display:block!important}";

/**
 * Draws a chart for a web page: inline SVG in the colors of its theme, with tooltips.
 *
 * @param words HTML with what the chart says, as a caption and a table. Pages that remove SVG and styles show it instead.
 */
export function chartHtml(chart: Chart, words: string): string {
  const used = new Set<ThemeColor>();
  const svg = drawn(chart, themed(used));
  const label = escapeHtml(printable(chart.title));
  return `<div class="imap imap-chart" role="region" aria-label="${label}" tabindex="0">` +
    `<style>${themeStyle([...used])}${CHART_STYLE}</style>` +
    `<div class="imap-words">${words}</div>\n<div class="imap-drawn" hidden>${svg}</div></div>`;
}

/**
 * Draws marks as SVG that fills the width of its place on a page, in the colors of its theme. Text outside of an element for
 * text is not drawn: it separates the tooltips on pages that remove SVG, but leave its texts behind.
 */
export function stripSvg(
  marks: readonly Mark[],
  { width, height, label }: { readonly width: number; readonly height: number; readonly label: string },
): string {
  const color = themed(new Set());
  return `<svg class="imap-strip" role="img" aria-label="${escapeHtml(printable(label))}" width="${width}" ` +
    `height="${height}" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">` +
    `${
      marks.map((mark) => markSvg(mark, color)).join("\n").replaceAll("</title></rect>\n<", "</title></rect>; <")
    }</svg>`;
}

/** The lines of a subtitle below each other, at most two: it is broken between its facts. */
function subtitleLines(subtitle: string, room: number): string[] {
  const between = " · ";
  if (textWidth(subtitle) <= room) return [subtitle];
  const facts = subtitle.split(between);
  let count = 1;
  while (count < facts.length - 1 && textWidth(facts.slice(0, count + 1).join(between)) <= room) count++;
  return [facts.slice(0, count), facts.slice(count)].filter((line) => line.length > 0).map((line) =>
    line.join(between)
  );
}

function drawn({ title, subtitle, description, width, height, legend, marks }: Chart, color: Painter): string {
  const room = Math.floor((width - 2 * CHART_PADDING) / (TEXT_SIZE * CHARACTER));
  const about = subtitle === "" ? [] : subtitleLines(printable(subtitle), room);
  const top = about.length === 0 ? 39 : 43 + about.length * 15;
  const bodyTop = top + (legend.length > 0 ? LEGEND_HEIGHT : 0);
  const whole = bodyTop + height + CHART_PADDING;
  const label = escapeHtml(printable(title));
  const head: Mark[] = [
    { kind: "text", x: CHART_PADDING, y: 23, text: title, size: 15, isBold: true },
    ...about.map((text, line): Mark => ({
      kind: "text",
      x: CHART_PADDING,
      y: 43.5 + 15 * line,
      text: cutToWidth(text, room),
      fill: "quiet",
    })),
    ...legendMarks(legend, top + 10),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${label}" width="${width}" height="${px(whole)}" ` +
    `viewBox="0 0 ${width} ${px(whole)}" style="max-width:100%;min-width:${
      Math.ceil(width * MIN_SHRINK)
    }px;height:auto" font-family="${FONT}">` +
    `<title>${label}</title><desc>${escapeHtml(printable(description))}</desc>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${px(whole - 1)}" rx="6" fill="${color("ground")}" ` +
    `stroke="${color("line")}"/>`,
    ...head.map((mark) => markSvg(mark, color)),
    `<g transform="translate(0,${bodyTop})" font-variant="tabular-nums">`,
    ...marks.map((mark) => markSvg(mark, color)),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}
