import {
  type Chart,
  CHART_PADDING,
  chartHtml,
  chartSvg,
  colorScale,
  DAY_LABEL_PIXELS,
  type Interval,
  type Mark,
  type Paint,
  type Scale,
  scaleOf,
  textPixels,
  timeTicks,
} from "../display/chart.ts";
import { cutToWidth, htmlTable, padToWidth, textWidth, wrap } from "../display/table.ts";
import { Picture } from "../display/notebook.ts";
import { printable } from "../errors.ts";
import { utcText } from "./dataset.ts";
import { aboutPanel, type Axis, type ColorsPanel, type LinesPanel, type Panel, type Plot } from "./plot.ts";

const WIDTH = 860;
/** The room of a panel's heading, of its second line, between panels, and of the labels of a horizontal axis. */
const [HEADING, SECOND_LINE, BETWEEN, AXIS] = [24, 15, 10, 44];
/** The width of a color scale, its distance from the panel, and the room for its labels. */
const [BAR, BAR_GAP, BAR_LABELS] = [12, 12, 62];
const IMAGE_HEIGHT = 300;
/** A matrix with more columns or rows has no room for its values. */
const MAX_NUMBERS = 12;

/** The colors of the lines of a panel. */
const LINE_PAINTS = ["newest", "superseded", "here", "line4", "line5", "line6", "line7", "line8"] as const;

/**
 * From low to high: blue, green, yellow, ever brighter, so that they are in order with every kind of color vision and on
 * paper.
 */
const COLORS = [
  "#40135a",
  "#453681",
  "#3b568b",
  "#2f738e",
  "#228f8c",
  "#2bab7e",
  "#5dc665",
  "#a9da3b",
  "#fbe52b",
] as const;

/** The height of a panel: the more there are, the lower each is. */
function heightOf(panel: Panel, panels: number): number {
  if (panel.kind === "colors" && panel.isImage) return IMAGE_HEIGHT;
  const usual = panels <= 2 ? 180 : panels <= 4 ? 130 : panels <= 8 ? 90 : 64;
  return panel.kind === "colors" ? Math.max(120, usual) : usual;
}

/** Panels with the same horizontal axis. */
interface Group {
  readonly panels: readonly Panel[];
  readonly range: Range;
}

/** Puts neighbors together whose horizontal axes are the same. */
function groupsOf(panels: readonly Panel[]): Group[] {
  const groups: Group[] = [];
  for (const panel of panels) {
    const range = axisRange(panel.x, panel.kind === "colors");
    const last = groups.at(-1);
    const before = last?.panels[0]?.x;
    const isTime = panel.x.kind === "time" && panel.x.values.length > 0;
    const isAlike = last !== undefined && before !== undefined && before.label === panel.x.label &&
      (isTime
        ? before.kind === "time" && before.values.length > 0
        : range.low === last.range.low && range.high === last.range.high);
    if (!isAlike) groups.push({ panels: [panel], range });
    else {
      groups[groups.length - 1] = {
        panels: [...last.panels, panel],
        range: { ...range, low: Math.min(range.low, last.range.low), high: Math.max(range.high, last.range.high) },
      };
    }
  }
  return groups;
}

/** A tick of an axis, with a second line below its label. */
interface Tick extends AxisTick {
  readonly day?: string;
}

const DAY_MS = 86_400_000;

/** Ticks of a scale, labeled in the same way. */
function numberTicks(range: Range, most: number): Tick[] {
  const ticks = scaleOf(range.scale, [range.low, range.high], [0, 1]).ticks(most)
    .filter(({ value }) => range.isCount !== true || Number.isInteger(value));
  const isDecades = range.scale === "log" && ticks.length > 1 &&
    ticks.every(({ value }) => Number.isInteger(Math.log10(value)));
  if (isDecades) return ticks.map(({ value, label }) => ({ value, label }));
  const labels = numberLabels(ticks.map(({ value }) => value));
  return ticks.map(({ value }, index) => ({ value, label: labels[index] ?? "" }));
}

function ticksOf(range: Range, isTime: boolean, pixels: number): Tick[] {
  const most = Math.floor(pixels / DAY_LABEL_PIXELS);
  if (!isTime) return numberTicks(range, most);
  const clock = clockTicks(range, most);
  if (clock === undefined) {
    return timeTicks(Math.ceil(range.low / DAY_MS), Math.floor(range.high / DAY_MS), most)
      .map(({ value, label }) => ({ value: value * DAY_MS, label }));
  }
  let before = "";
  return clock.map((tick) => {
    const day = new Date(tick.value).toISOString().slice(0, 10);
    const isNew = day !== before;
    before = day;
    return isNew ? { ...tick, day } : tick;
  });
}

/** The position and the size of a panel. */
interface Frame extends Size {
  readonly left: number;
  readonly top: number;
}

/** Writes connected points as an SVG path in tenths of pixels, each relative to the one before; single ones are dots. */
function pathsOf(segments: readonly Point[][], { left, top }: Frame, y: Scale): { lines: string; dots: string } {
  let [lines, dots] = ["", ""];
  for (const points of segments) {
    let [lastX, lastY] = [0, 0];
    let path = "";
    for (const [x, value] of points) {
      const [nextX, nextY] = [Math.round((left + x) * 10), Math.round((top + y.at(value)) * 10)];
      const [right, down] = [(nextX - lastX) / 10, (nextY - lastY) / 10];
      if (path === "") path = `M${right} ${down}`;
      else if (right === 0) path += down === 0 ? "" : `v${down}`;
      else if (down === 0) path += `h${right}`;
      else path += `l${right}${down < 0 ? "" : " "}${down}`;
      [lastX, lastY] = [nextX, nextY];
    }
    if (points.length === 1) dots += `${path}h0`;
    else lines += path;
  }
  return { lines, dots };
}

/** Draws the lines of a panel. */
function lineMarks(panel: LinesPanel, x: Range, y: Range, frame: Frame): Mark[] {
  const places = new LinePlaces(panel, x, frame.width, y.scale);
  const scale = scaleOf(y.scale, [y.low, y.high], [frame.height, 0]);
  return panel.lines.flatMap((_, index): Mark[] => {
    const { lines, dots } = pathsOf(places.segments(index), frame, scale);
    const stroke: Paint = LINE_PAINTS[index] ?? "text";
    return [
      ...(lines === "" ? [] : [{ kind: "path", path: lines, stroke, strokeWidth: 1.2 } as const]),
      ...(dots === "" ? [] : [{ kind: "path", path: dots, stroke, strokeWidth: 3 } as const]),
    ];
  });
}

/** How many colors a picture has at first. Noise, which does not compress, gets fewer, and then fewer columns. */
const LEVELS = [128, 48, 24];
/** With base64, a picture is a third larger: the chart stays below 100 kB. */
const MAX_PNG_BYTES = 54_000;

/** Colors from low to high, and where each value is among them. */
function paletteOf(range: Range, levels: number): { colors: string[]; numberOf: (value: number) => number } {
  const ramp = colorScale({ type: "linear", domain: [0, levels - 1], colors: COLORS });
  const colors = Array.from({ length: levels }, (_, level) => ramp(level) ?? COLORS[0]);
  const share = scaleOf(range.scale, [range.low, range.high], [0, levels - 1]);
  // 0 is for missing values; on a logarithmic scale those that are not positive are missing too.
  const numberOf = (value: number) => {
    const at = share.at(value);
    return Number.isFinite(at) ? 1 + Math.max(0, Math.min(levels - 1, Math.round(at))) : 0;
  };
  return { colors: ["#000000", ...colors], numberOf };
}

/** Draws the values of a panel as a picture that is small enough. */
async function cellsPng(
  panel: ColorsPanel,
  x: Range,
  y: Range,
  size: Size,
): Promise<{ png: Uint8Array; range: Range }> {
  let width = size.width;
  let cells = cellsOf(panel, x, y, size);
  const range = rangeOf(cells, panel.scale, 0);
  for (let attempt = 0;; attempt++) {
    const { colors, numberOf } = paletteOf(range, LEVELS[attempt] ?? 24);
    const pixels = Uint8Array.from(cells, numberOf);
    const png = await palettePng({ width, height: size.height, pixels, colors, isFirstClear: true });
    if (png.length <= MAX_PNG_BYTES || width < 100) return { png, range };
    if (attempt < LEVELS.length - 1) continue;
    width = Math.floor(width * 0.7);
    cells = cellsOf(panel, x, y, { ...size, width });
  }
}

/** Writes the values of a small matrix into its cells. */
function numberMarks(panel: ColorsPanel, range: Range, { left, top, width, height }: Frame): Mark[] {
  const [columns, rows] = [panel.x.values.length, panel.y.values.length];
  if (panel.isMatrix !== true || columns > MAX_NUMBERS || rows > MAX_NUMBERS) return [];
  const share = scaleOf(range.scale, [range.low, range.high], [0, 1]);
  return Array.from(panel.values, (value, index): Mark => ({
    kind: "text",
    x: left + width * (Math.floor(index / rows) + 0.5) / columns,
    y: top + height * (index % rows + 0.5) / rows,
    text: Number.isNaN(value) ? "" : String(Number(value.toPrecision(4))),
    anchor: "middle",
    fill: Number.isNaN(value) ? "text" : share.at(value) < 0.6 ? "#ffffff" : "#1f2328",
  })).filter((mark) => mark.kind === "text" && mark.text !== "");
}

/** Draws the color scale of a panel, at its right. If all values are the same, it has only their color. */
async function barMarks(range: Range, { left, top, width, height }: Frame): Promise<Mark[]> {
  const { single } = range;
  const { colors, numberOf } = paletteOf(range, 64);
  const pixels = Uint8Array.from({ length: 64 }, (_, row) => single === undefined ? 64 - row : numberOf(single));
  const ticks = single === undefined
    ? numberTicks(range, Math.floor(height / 28))
    : [{ value: single, label: shortNumber(single) }];
  const png = await palettePng({ width: 1, height: 64, pixels, colors, isFirstClear: true });
  const x = left + width + BAR_GAP;
  const scale = scaleOf(range.scale, [range.low, range.high], [top + height, top]);
  return [
    { kind: "image", x, y: top, width: BAR, height, png },
    ...ticks.flatMap(({ value, label }): Mark[] => {
      const y = scale.at(value);
      return [
        { kind: "line", points: [[x + BAR, y], [x + BAR + 4, y]], stroke: "text" },
        { kind: "text", x: x + BAR + 7, y, text: cutToWidth(label, 8) },
      ];
    }),
  ];
}

/** The maximum number of parts of a chart that have a tooltip: of lines, and of colors. */
const [MAX_LINE_TIPS, MAX_COLOR_TIPS] = [240, 280];
/** The maximum number of parts of a panel along its axes. */
const [MAX_LINE_BINS, MAX_TIP_COLUMNS, MAX_TIP_ROWS] = [60, 24, 8];

/** A part of a panel that shows a text when the mouse is over it; it is not seen itself. */
function tipMark(x: number, y: number, width: number, height: number, tooltip: string): Mark {
  return { kind: "rect", x, y, width, height, fill: "#ffffff", opacity: 0, tooltip };
}

/** `2026-01-31T12:00:00Z to 2026-01-31T12:30:00Z`, `0.1 to 0.2 keV`. */
function spanText(axis: Axis, [low, high]: Interval): string {
  const text = (value: number) => axis.kind === "time" ? utcText(Math.round(value)) : shortNumber(value);
  const [from, to] = [text(low), text(high)];
  const span = from === to ? from : `${from} to ${to}`;
  return axis.kind === "time" ? span : `${cutToWidth(printable(axis.label), MAX_NAME)} ${span}`.trim();
}

function unitText(units: string | undefined): string {
  return units === undefined ? "" : ` ${cutToWidth(printable(units), MAX_ENTRY)}`;
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(5)));
}

/** Says what the lines of a panel are in each of its parts. */
function lineTips(panel: LinesPanel, range: Range, { left, top, width, height }: Frame, panels: number): Mark[] {
  const { lines, units } = panel;
  const most = Math.max(8, Math.min(MAX_LINE_BINS, Math.floor(MAX_LINE_TIPS / panels)));
  const unit = unitText(units);
  return linesBins(panel, range, width, most).map((bin) => {
    const texts = bin.lines.map((interval, line) => {
      const [low, high] = interval?.map(shortNumber) ?? ["missing", "missing"];
      const label = cutToWidth(printable(lines[line] ?? ""), MAX_ENTRY);
      return `${label === "" ? "" : `${label} `}${low === high ? low : `${low} to ${high}`}`;
    });
    const tooltip = `${spanText(panel.x, bin.x)}: ${texts.join(", ")}${unit}`;
    return tipMark(left + bin.from, top, bin.to - bin.from, height, tooltip);
  });
}

/** The value at a share of a range, from its low to its high end. */
function valueAt({ scale, low, high }: Range, share: number): number {
  return scale === "log" ? low * (high / low) ** share : low + (high - low) * share;
}

/** Says what the colors of a panel are: their mean in each of its parts. */
function colorTips(panel: ColorsPanel, x: Range, y: Range, frame: Frame, panels: number): Mark[] {
  const { left, top, width, height } = frame;
  const [columnCount, rowCount] = [panel.x.values.length, panel.y.values.length];
  const isEach = panel.isMatrix === true && columnCount <= MAX_NUMBERS && rowCount <= MAX_NUMBERS;
  const rows = Math.min(rowCount, isEach ? MAX_NUMBERS : MAX_TIP_ROWS);
  const most = Math.max(6, Math.min(MAX_TIP_COLUMNS, Math.floor(MAX_COLOR_TIPS / panels / rows)));
  const columns = Math.min(columnCount, isEach ? MAX_NUMBERS : most);
  const unit = unitText(panel.units);
  return Array.from(cellsOf(panel, x, y, { width: columns, height: rows }), (mean, index) => {
    const [column, row] = [index % columns, Math.floor(index / columns)];
    const low = y.isDownward === true ? row : rows - 1 - row;
    const [along, up] = [
      spanText(panel.x, [valueAt(x, column / columns), valueAt(x, (column + 1) / columns)]),
      spanText(panel.y, [valueAt(y, low / rows), valueAt(y, (low + 1) / rows)]),
    ];
    const tooltip = `${along}, ${up}: ${Number.isFinite(mean) ? `${shortNumber(mean)}${unit}` : "missing"}`;
    const [cellWidth, cellHeight] = [width / columns, height / rows];
    return tipMark(left + column * cellWidth, top + row * cellHeight, cellWidth, cellHeight, tooltip);
  });
}

/** Is between the facts of a line. */
const FACT_SEPARATOR = " · ";

const NAME_FONT = { size: 12, isBold: true } as const;
/** The maximum number of characters of a title, of a name, of a description, and of an entry of the legend. */
const [MAX_TITLE, MAX_NAME, MAX_LABEL, MAX_ENTRY] = [90, 48, 56, 20];

/** The heading of a panel. */
interface Heading {
  readonly name: string;
  /** Where the text after the name begins, from the left edge of the panel. */
  readonly indent: number;
  /** What the panel shows, and its units. */
  readonly about: string;
  /** The facts for which the first line has no room; empty for none. */
  readonly second: string;
  /** Which line is which. */
  readonly entries: readonly string[];
  readonly entriesWidth: number;
  readonly height: number;
}

/** The number of characters of the usual width in so many pixels. */
function charactersIn(pixels: number): number {
  return Math.max(0, Math.floor(pixels / 6.8));
}

/** Arranges the heading of a panel. A legend leaves little room, and what does not fit is in a second line. */
function headingOf(panel: Panel, width: number): Heading {
  const name = cutToWidth(printable(panel.name), MAX_NAME);
  const facts = [cutToWidth(printable(aboutPanel(panel)), MAX_LABEL), ...panel.notes.map(printable)]
    .filter((text) => text !== "");
  // Capitals are wider than the average.
  const capitals = name.replace(/[^A-Z_]/g, "").length;
  const indent = textPixels(name, NAME_FONT) + 2 * capitals + 10;
  const lines = panel.kind === "lines" && panel.lines.length > 1 ? panel.lines : [];
  const entries = lines.map((label) => cutToWidth(printable(label), MAX_ENTRY));
  const entriesWidth = entries.reduce((sum, entry) => sum + textPixels(entry) + 32, 0);
  const room = charactersIn(width - indent - entriesWidth);
  let count = facts.length;
  while (count > 0 && textWidth(facts.slice(0, count).join(FACT_SEPARATOR)) > room) count--;
  const second = cutToWidth(facts.slice(count).join(FACT_SEPARATOR), charactersIn(width));
  return {
    name,
    indent,
    about: facts.slice(0, count).join(FACT_SEPARATOR),
    second,
    entries,
    entriesWidth,
    height: HEADING + (second === "" ? 0 : SECOND_LINE),
  };
}

/** Draws the heading of a panel: its name, what it is, its units, and which line is which. */
function headingMarks(heading: Heading, { left, top, width }: Frame): Mark[] {
  const { name, indent, about, second, entries, entriesWidth, height } = heading;
  const y = top - height + HEADING - 10;
  const marks: Mark[] = [{ kind: "text", x: left, y, text: name, ...NAME_FONT }];
  if (about !== "") marks.push({ kind: "text", x: left + indent, y, text: about, fill: "quiet" });
  if (second !== "") marks.push({ kind: "text", x: left, y: y + SECOND_LINE, text: second, fill: "quiet" });
  let x = left + Math.max(indent, width - entriesWidth + 12);
  entries.forEach((entry, index) => {
    marks.push(
      { kind: "rect", x, y: y - 1.5, width: 14, height: 3, fill: LINE_PAINTS[index] ?? "text" },
      { kind: "text", x: x + 18, y, text: entry },
    );
    x += textPixels(entry) + 32;
  });
  return marks;
}

/** Draws the vertical axis of a panel, with lines across. */
function sideMarks(range: Range, { left, top, width, height }: Frame, hasLines: boolean): Mark[] {
  const ends: Interval = range.isDownward === true ? [top, top + height] : [top + height, top];
  const scale = scaleOf(range.scale, [range.low, range.high], ends);
  return numberTicks(range, Math.max(2, Math.floor(height / 28))).flatMap(({ value, label }): Mark[] => {
    const y = scale.at(value);
    return [
      ...(hasLines ? [{ kind: "line", points: [[left, y], [left + width, y]], stroke: "grid" } as const] : []),
      { kind: "line", points: [[left - 4, y], [left, y]], stroke: "text" },
      { kind: "text", x: left - 7, y, text: label, anchor: "end" },
    ];
  });
}

/** Draws a frame around a panel. */
function frameMark({ left, top, width, height }: Frame): Mark {
  const [right, bottom] = [left + width, top + height];
  return {
    kind: "line",
    points: [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]],
    stroke: "line",
  };
}

/** The range of a panel's vertical axis. */
function sideRange(panel: Panel): Range {
  return panel.kind === "colors"
    ? { ...axisRange(panel.y, true), isDownward: panel.isMatrix ?? false }
    : rangeOf(panel.values, panel.scale, 0.05);
}

/** Whether a panel has a value that is not missing. */
function hasAny({ values }: Panel): boolean {
  return values.some(Number.isFinite);
}

/** The axes of a panel. */
interface PanelAxes {
  readonly x: Range;
  readonly y: Range;
  /** Where the ticks of the horizontal axis are, in pixels. */
  readonly ticks: readonly number[];
  /** How many panels the chart has. */
  readonly panels: number;
}

async function panelMarks(panel: Panel, { x, y, ticks, panels }: PanelAxes, frame: Frame): Promise<Mark[]> {
  const { left, top, width, height } = frame;
  const heading = headingMarks(headingOf(panel, width), frame);
  if (!hasAny(panel)) {
    const text = panel.values.length === 0 ? "no values" : "all values are missing";
    return [...heading, frameMark(frame), {
      kind: "text",
      x: left + width / 2,
      y: top + height / 2,
      text,
      anchor: "middle",
      fill: "quiet",
    }];
  }
  if (panel.kind === "lines") {
    const down = ticks.map((at): Mark => ({ kind: "line", points: [[at, top], [at, top + height]], stroke: "grid" }));
    const lines = lineMarks(panel, x, y, frame);
    const tips = lineTips(panel, x, frame, panels);
    return [...heading, ...down, ...sideMarks(y, frame, true), ...lines, frameMark(frame), ...tips];
  }
  const { png, range } = await cellsPng(panel, x, y, { width, height });
  const label = cutToWidth(printable(panel.y.label), Math.floor(height / 6.6));
  return [
    ...heading,
    { kind: "rect", x: left, y: top, width, height, fill: "track" },
    { kind: "image", x: left, y: top, width, height, png },
    ...numberMarks(panel, range, frame),
    ...sideMarks(y, frame, false),
    {
      kind: "text",
      x: CHART_PADDING + 3,
      y: top + height / 2,
      text: label,
      anchor: "middle",
      fill: "quiet",
      isUpward: true,
    },
    frameMark(frame),
    ...await barMarks(range, frame),
    ...colorTips(panel, x, y, frame, panels),
  ];
}

/** Draws the horizontal axis below a group of panels. */
function bottomMarks(ticks: readonly Tick[], scale: Scale, { isTime, label, y }: {
  readonly isTime: boolean;
  readonly label: string;
  readonly y: number;
}, [left, right]: Interval): Mark[] {
  let free = left - 40;
  // A long label at the left end takes the place of the zone.
  const [first] = ticks;
  const start = first === undefined ? Infinity : scale.at(first.value) - textPixels(first.label) / 2;
  const zone = start > left - 30 ? { x: left - 28, y: y + 13 } : { x: right, y: y + 28 };
  return [
    ...ticks.flatMap(({ value, label, day }): Mark[] => {
      const x = scale.at(value);
      const hasRoom = day !== undefined && x >= free;
      if (hasRoom) free = x + DAY_LABEL_PIXELS;
      return [
        { kind: "line", points: [[x, y], [x, y + 4]], stroke: "text" },
        { kind: "text", x: within(x, label), y: y + 13, text: label, anchor: "middle" },
        ...(hasRoom
          ? [{ kind: "text", x: within(x, day), y: y + 28, text: day, anchor: "middle", fill: "quiet" } as const]
          : []),
      ];
    }),
    isTime ? { kind: "text", ...zone, text: "UTC", anchor: "end", fill: "quiet" } : {
      kind: "text",
      x: (left + right) / 2,
      y: y + 28,
      text: cutToWidth(printable(label), 80),
      anchor: "middle",
      fill: "quiet",
    },
  ];
}

/** The middle of a text at `x`, moved where it would be cut at the edge of the chart. */
function within(x: number, text: string): number {
  const half = textPixels(text) / 2 + 4;
  return Math.max(half, Math.min(WIDTH - half, x));
}

/** Makes the chart. */
async function plotChart({ title, notes, panels }: Plot): Promise<Chart> {
  const sides = new Map(panels.map((panel) => [panel, sideRange(panel)]));
  const labels = [...sides.values()].flatMap((range) => numberTicks(range, 6).map(({ label }) => textPixels(label)));
  // Room for UTC in front of the first time, too.
  const hasBar = panels.some(({ kind }) => kind === "colors");
  const left = CHART_PADDING + (hasBar ? 14 : 0) + Math.max(40, ...labels) + 10;
  const right = WIDTH - CHART_PADDING - (hasBar ? BAR_GAP + BAR + BAR_LABELS : 4);
  const marks: Mark[] = [];
  let top = 0;
  for (const { panels: members, range } of groupsOf(panels)) {
    const [first] = members;
    const isTime = first?.x.kind === "time" && first.x.values.length > 0;
    const scale = scaleOf(range.scale, [range.low, range.high], [left, right]);
    const ticks = ticksOf(range, isTime, right - left);
    const places = ticks.map(({ value }) => scale.at(value));
    for (const panel of members) {
      const width = Math.floor(right - left);
      const frame = {
        left,
        top: top + headingOf(panel, width).height,
        width,
        height: heightOf(panel, panels.length),
      };
      const y = sides.get(panel) ?? range;
      marks.push(...await panelMarks(panel, { x: range, y, ticks: places, panels: panels.length }, frame));
      top = frame.top + frame.height + BETWEEN;
    }
    marks.push(...bottomMarks(ticks, scale, { isTime, label: first?.x.label ?? "", y: top - BETWEEN }, [left, right]));
    top += AXIS - BETWEEN;
  }
  const names = panels.map((panel) =>
    [cutToWidth(printable(panel.name), MAX_NAME), cutToWidth(printable(aboutPanel(panel)), MAX_LABEL)]
      .filter((text) => text !== "").join(", ")
  );
  return {
    title: cutToWidth(printable(title), MAX_TITLE),
    subtitle: notes.join(FACT_SEPARATOR),
    description: `From top to bottom: ${names.join("; ")}`,
    width: WIDTH,
    height: top,
    legend: [],
    marks,
  };
}

/** Returns what a chart says as a table, for pages that remove SVG and for screen readers. */
function wordsOf(plot: Plot): string {
  return htmlTable({
    title: cutToWidth(printable(plot.title), MAX_TITLE),
    note: cutToWidth(printable(plot.notes.join(FACT_SEPARATOR)), 2 * MAX_TITLE),
    columns: [
      { header: "Variable", align: "left", text: ({ name }) => name },
      { header: "Units", align: "left", text: ({ units }) => units },
      { header: "From", align: "right", text: ({ low }) => low },
      { header: "To", align: "right", text: ({ high }) => high },
      { header: "Missing", align: "right", text: ({ missing }) => missing },
    ],
    rows: plotRows(plot),
  });
}

/** Makes the picture of a chart of variables, which is drawn when it is shown. */
export function plotPicture(plot: Plot): Picture {
  let [counted, chart]: [Plot | undefined, Promise<Chart> | undefined] = [undefined, undefined];
  const withEvents = () => counted ??= { ...plot, panels: plot.panels.map((panel) => eventsPanel(panel) ?? panel) };
  // The SVG file and the page have the same marks.
  const drawn = () => chart ??= plotChart(withEvents());
  return new Picture({
    text: (columns) => plotText(withEvents(), columns),
    svg: async () => chartSvg(await drawn()),
    html: async () => chartHtml(await drawn(), wordsOf(plot)),
  });
}

// From values to pixels: the range of axes, gaps, minimum and maximum per pixel, and the cells of a spectrogram.

/** A range of values, on a scale. */
interface Range {
  readonly scale: "linear" | "log";
  readonly low: number;
  readonly high: number;
  /** Whether only whole numbers are labeled. */
  readonly isCount?: boolean;
  /** Whether the low end of a vertical axis is at the top. */
  readonly isDownward?: boolean;
  /** The value of all values, if they do not differ: the range around it is only there to draw it in the middle. */
  readonly single?: number;
}

/** Differences of larger numbers, and the steps between smaller ones, are beyond what doubles can do. */
const [MAX_DRAWN, MIN_DRAWN] = [1e300, 1e-290];

/** Whether a value has a place on a scale. */
function hasPlace(value: number, scale: Range["scale"]): boolean {
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

/** The maximum number of decades of a logarithmic scale: more are caused by single values that are almost 0. */
const MAX_DECADES = 12;

/**
 * Returns the range of values. Without positive values, a logarithmic scale becomes a linear one.
 *
 * @param margin The share of the range that is added at both ends.
 */
function rangeOf(values: Float64Array, wanted: Range["scale"], margin: number): Range {
  const positive = wanted === "log" ? extremes(values, "log") : undefined;
  if (positive !== undefined) {
    const [least, high] = positive;
    const low = Math.max(least, high / 10 ** MAX_DECADES);
    if (isFlat(low, high)) return { scale: "log", low: low / 2, high: high * 2, single: high };
    const factor = (high / low) ** margin;
    return { scale: "log", low: low / factor, high: high * factor };
  }
  const [low, high] = extremes(values, "linear") ?? [0, 1];
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (isFlat(low, high)) {
    const more = size < 1e-280 ? 1 : size * 0.1;
    return { scale: "linear", low: low - more, high: high + more, single: high };
  }
  const more = (high - low) * margin;
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

/** Whether times have no regular cadence, like those of particles: intervals far from the usual one are common. */
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
function eventsPanel(panel: Panel): ColorsPanel | undefined {
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
function axisRange(axis: Axis, hasCells: boolean): Range {
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
type Point = readonly [x: number, value: number];

/** A gap is at least this wide, in pixels. */
const MIN_GAP_PIXELS = 1.5;

/** The positions of the records of a panel, and which parts of its lines are connected. */
class LinePlaces {
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
interface LinesBin {
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
function linesBins({ x, values, lines }: LinesPanel, range: Range, columns: number, most: number): LinesBin[] {
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
interface Size {
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
function cellsOf(panel: ColorsPanel, x: Range, y: Range, { width, height }: Size): Float64Array {
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
interface AxisTick {
  readonly value: number;
  readonly label: string;
}

/**
 * Labels numbers in the same way, with as many digits as they need to differ: very large and very small ones as `1.5e9`.
 */
function numberLabels(values: readonly number[]): string[] {
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

// Charts of variables with block characters, for terminals.

/** The lines of text of a line, of a spectrogram, and of an image. */
const [LINE_ROWS, COLORS_ROWS, IMAGE_ROWS] = [5, 10, 16];
/** A line has two dots in the height of a character. */
const [UPPER, LOWER, BOTH] = ["▀", "▄", "█"];
/** From low to high. */
const SHADES = ["·", "░", "▒", "▓", "█"];
const MIN_COLUMNS = 16;
/** The maximum width of the description of a panel, which may be in several lines. */
const MAX_TEXT_LABEL = 160;
/** A matrix with more columns or rows is drawn as shades. */
const MAX_TEXT_NUMBERS = 16;

/** Labels of the top and the bottom of an axis. */
function endLabels({ scale, low, high }: Range): readonly [low: string, high: string] {
  const round = (value: number, digits: number) => Number(value.toPrecision(digits));
  const [a = "", b = ""] = numberLabels([round(low, 4), round(high, 4)]);
  if (scale === "linear") return [a, b];
  // The steps of a logarithmic scale are small at its lower end, where the digits of the upper end would say 0.
  const ownLabel = (value: number) =>
    value >= 1e-3 && value < 1e6
      ? String(round(value, 3))
      : numberLabels([round(value, 3), round(value * 1.1, 3)])[0] ?? "";
  return [ownLabel(low), ownLabel(high)];
}

/** Puts labels in front of rows: one at the top, one at the bottom. */
function labeled(rows: readonly string[], [low, high]: readonly [string, string], width: number): string[] {
  return rows.map((row, index) => {
    const label = index === 0 ? high : index === rows.length - 1 ? low : "";
    return `${padToWidth(label, width, "right")} ${row}`.trimEnd();
  });
}

/** Draws a line with half blocks, from the least to the greatest value of each column. */
function lineRows(panel: LinesPanel, line: number, x: Range, y: Range, columns: number): string[] {
  const dots = 2 * LINE_ROWS;
  const scale = scaleOf(y.scale, [y.low, y.high], [0, dots - 1]);
  const dotOf = (value: number) => Math.max(0, Math.min(dots - 1, Math.round(scale.at(value))));
  const grid = Array.from({ length: dots }, () => new Uint8Array(columns));
  for (const points of new LinePlaces(panel, x, columns, y.scale).segments(line)) {
    let before: readonly [column: number, dot: number] | undefined;
    for (const [place, value] of points) {
      const [column, dot] = [Math.max(0, Math.min(columns - 1, Math.floor(place))), dotOf(value)];
      const [fromColumn, fromDot] = before ?? [column, dot];
      // Connected points: all columns between them, and all dots in the column where the line goes up or down.
      const steps = Math.max(1, column - fromColumn, Math.abs(dot - fromDot));
      for (let step = 0; step <= steps; step++) {
        const at = Math.round(fromDot + (dot - fromDot) * step / steps);
        const to = Math.round(fromColumn + (column - fromColumn) * step / steps);
        const row = grid[at];
        if (row !== undefined) row[to] = 1;
      }
      before = [column, dot];
    }
  }
  return Array.from({ length: LINE_ROWS }, (_, row) => {
    const [upper, lower] = [grid[dots - 1 - 2 * row], grid[dots - 2 - 2 * row]];
    return Array.from({ length: columns }, (_, column) => {
      const [hasUpper, hasLower] = [upper?.[column] === 1, lower?.[column] === 1];
      return hasUpper ? (hasLower ? BOTH : UPPER) : hasLower ? LOWER : " ";
    }).join("");
  });
}

/** Draws cells as shades. */
function colorRows(panel: ColorsPanel, x: Range, y: Range, columns: number): { rows: string[]; range: Range } {
  const height = Math.min(panel.isImage ? IMAGE_ROWS : COLORS_ROWS, Math.max(2, panel.y.values.length));
  const cells = cellsOf(panel, x, y, { width: columns, height });
  const range = rangeOf(cells, panel.scale, 0);
  const scale = scaleOf(range.scale, [range.low, range.high], [0, SHADES.length]);
  const shadeOf = (value: number) => {
    const at = scale.at(value);
    return Number.isFinite(at) ? SHADES[Math.max(0, Math.min(SHADES.length - 1, Math.floor(at)))] ?? " " : " ";
  };
  return {
    rows: Array.from(
      { length: height },
      (_, row) => Array.from(cells.subarray(row * columns, (row + 1) * columns), shadeOf).join(""),
    ),
    range,
  };
}

/** Labels the ends of an axis of times; the day only once if it is the same. */
function timeEnds({ low, high }: Range): readonly [low: string, high: string] {
  const [from, to] = [utcText(Math.round(low)), utcText(Math.round(high))];
  return [from, from.slice(0, 11) === to.slice(0, 11) ? to.slice(11) : to];
}

/** Writes a small matrix as numbers; undefined if it is too large. */
function matrixRows({ isMatrix, x, y, values }: ColorsPanel, width: number): string[] | undefined {
  const [columns, rows] = [x.values.length, y.values.length];
  if (isMatrix !== true || columns > MAX_TEXT_NUMBERS || rows > MAX_TEXT_NUMBERS) return undefined;
  const cells = Array.from(values, (value) => Number.isNaN(value) ? "-" : String(Number(value.toPrecision(6))));
  const widest = Math.max(...cells.map(textWidth)) + 2;
  if (widest * columns > width) return undefined;
  return Array.from(
    { length: rows },
    (_, row) =>
      Array.from({ length: columns }, (_, column) => padToWidth(cells[column * rows + row] ?? "", widest, "right"))
        .join(""),
  );
}

/** Returns the ends of a horizontal axis in a line: times in UTC, or numbers with the label of the axis. */
function axisLine({ x }: Panel, range: Range, indent: number, columns: number): string {
  const isTime = x.kind === "time" && x.values.length > 0;
  const [low, high] = isTime ? timeEnds(range) : endLabels(range);
  const middle = isTime ? "" : ` ${printable(x.label)} `;
  const room = columns - textWidth(low) - textWidth(high);
  if (room < 1) return `${" ".repeat(indent + 1)}${cutToWidth(low, columns)}`;
  const shown = cutToWidth(middle, room);
  const rest = room - textWidth(shown);
  const before = Math.floor(rest / 2);
  return `${" ".repeat(indent + 1)}${low}${" ".repeat(before)}${shown}${" ".repeat(rest - before)}${high}`;
}

/** Labels the first and the last cell of a vertical axis, from the bottom to the top. */
function axisEnds({ y, isMatrix }: ColorsPanel): readonly [low: string, high: string] {
  const [first = 0, last = 0] = [y.values[0], y.values.at(-1)];
  const [low, high] = endLabels({ scale: y.scale, low: Math.min(first, last), high: Math.max(first, last) });
  return isMatrix === true ? [high, low] : [low, high];
}

/** The values of a line. */
function valuesOf({ values, lines }: LinesPanel, line: number): Float64Array {
  if (lines.length <= 1) return values;
  return Float64Array.from(
    { length: values.length / lines.length },
    (_, at) => values[at * lines.length + line] ?? NaN,
  );
}

/** Puts facts next to each other; the lines are broken between facts, and within one that is wider than a line. */
function factLines(facts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const fact of facts.map(printable)) {
    const last = lines.at(-1);
    const joined = last === undefined ? fact : last + FACT_SEPARATOR + fact;
    if (textWidth(joined) <= width) {
      lines.splice(-1, 1, joined);
      continue;
    }
    if (last !== undefined && textWidth(last) + 2 <= width) lines.splice(-1, 1, `${last} ·`);
    lines.push(...wrap(fact, width).split("\n"));
  }
  return lines.map((line) => cutToWidth(line, width));
}

/** Draws a chart with block characters: a part for each line or spectrogram. */
function plotText({ title, notes, panels }: Plot, width: number): string {
  const cut = (text: string) => cutToWidth(printable(text), width);
  const ranges = panels.map((panel) =>
    panel.kind === "colors"
      ? [{ ...axisRange(panel.y, true), isDownward: panel.isMatrix ?? false }]
      : panel.lines.map((_, line) => rangeOf(valuesOf(panel, line), panel.scale, 0))
  );
  const sides = panels.map((panel, index) =>
    panel.kind === "colors" ? [axisEnds(panel)] : ranges[index]?.map(endLabels) ?? []
  );
  const indent = Math.min(12, Math.max(1, ...sides.flat(2).map(textWidth)));
  const columns = Math.max(MIN_COLUMNS, width - indent - 1);
  const parts = panels.flatMap((panel, index) => {
    const [own = [], ends = []] = [ranges[index], sides[index]];
    const about = [cutToWidth(printable(aboutPanel(panel)), MAX_TEXT_LABEL), ...panel.notes];
    const heading = factLines([panel.name, ...about].filter((text) => text !== ""), width);
    const [range, end] = [own[0], ends[0]];
    if (range === undefined || end === undefined || panel.values.length === 0) return ["", ...heading, "no values"];
    if (!panel.values.some(Number.isFinite)) return ["", ...heading, "all values are missing"];
    const x = axisRange(panel.x, panel.kind === "colors");
    if (panel.kind === "colors") {
      const { rows, range: colors } = colorRows(panel, x, range, columns);
      const table = matrixRows(panel, width);
      if (table !== undefined) return ["", ...heading, ...table];
      const [low, high] = endLabels(colors);
      const shades = colors.single === undefined
        ? `${SHADES.join("")} ${low} to ${high}`
        : `${SHADES[Math.floor(SHADES.length / 2)] ?? ""} ${shortNumber(colors.single)}`;
      const across = panel.x.kind === "time" ? "time" : printable(panel.x.label);
      const key = cut(`${printable(panel.y.label)} by ${across}; ${shades}`);
      return ["", ...heading, key, ...labeled(rows, end, indent), axisLine(panel, x, indent, columns)];
    }
    return [
      "",
      ...heading,
      ...panel.lines.flatMap((label, line) => [
        ...(label === "" ? [] : [cut(`${" ".repeat(indent + 1)}${label}`)]),
        ...labeled(lineRows(panel, line, x, own[line] ?? range, columns), ends[line] ?? end, indent),
      ]),
      axisLine(panel, x, indent, columns),
    ];
  });
  const head = [cut(title), ...factLines(notes, width)];
  return `${[...head, ...parts].join("\n")}\n`;
}

/** A line of a chart in words. */
interface PlotRow {
  readonly name: string;
  readonly units: string;
  /** The least and the greatest value; empty if all are missing. */
  readonly low: string;
  readonly high: string;
  readonly missing: string;
}

/** Returns what a chart shows in words: a row for each line, or each spectrogram. */
function plotRows({ panels }: Plot): PlotRow[] {
  return panels.flatMap((panel) => {
    const lines = panel.kind === "lines" ? panel.lines : [""];
    return lines.map((label, line): PlotRow => {
      let [low, high, missing, count] = [Infinity, -Infinity, 0, 0];
      for (let index = line; index < panel.values.length; index += lines.length) {
        const value = panel.values[index] ?? NaN;
        count++;
        if (!Number.isFinite(value)) missing++;
        else {
          if (value < low) low = value;
          if (value > high) high = value;
        }
      }
      return {
        name: label === "" ? panel.name : `${panel.name} ${label}`,
        units: panel.units ?? "",
        low: low <= high ? String(low) : "",
        high: low <= high ? String(high) : "",
        missing: missing === 0 ? "" : `${missing} of ${count}`,
      };
    });
  });
}

// Writes pictures in PNG format whose colors are those of a palette (https://www.w3.org/TR/png-3/).

/** A picture with at most 256 colors. */
interface PalettePicture {
  readonly width: number;
  readonly height: number;
  /** The number of a color for each pixel, from left to right and from top to bottom. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** The colors, `#rrggbb`. */
  readonly colors: readonly string[];
  /** Whether the first color is transparent. */
  readonly isFirstClear: boolean;
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** The remainders of all bytes (CRC-32, ISO 3309). */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder & 1) === 1 ? 0xedb88320 ^ (remainder >>> 1) : remainder >>> 1;
  }
  return remainder;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (REMAINDERS[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(data.length + 8, crc32(bytes.subarray(4, data.length + 8)));
  return bytes;
}

/** Compresses bytes in the format of zlib. */
async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"))).bytes();
}

/** Returns a picture as a PNG file. */
export async function palettePng({ width, height, pixels, colors, isFirstClear }: PalettePicture): Promise<Uint8Array> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  // 8 bits for each pixel, which are numbers of colors.
  header.set([8, 3], 8);
  const palette = Uint8Array.from(
    colors.flatMap((color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16))),
  );
  // Each row begins with the number of its filter: 0 for none, 2 for the difference to the row above. A row that repeats
  // the one above is then nothing but zeros.
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) {
    const row = pixels.subarray(y * width, (y + 1) * width);
    const above = pixels.subarray((y - 1) * width, y * width);
    const isRepeated = y > 0 && row.every((pixel, x) => pixel === above[x]);
    const at = y * (width + 1);
    if (isRepeated) rows[at] = 2;
    else rows.set(row, at + 1);
  }
  const chunks = [
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", palette),
    ...(isFirstClear ? [chunk("tRNS", Uint8Array.of(0))] : []),
    chunk("IDAT", await deflate(rows)),
    chunk("IEND", new Uint8Array()),
  ];
  const png = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of chunks) {
    png.set(part, at);
    at += part.length;
  }
  return png;
}
