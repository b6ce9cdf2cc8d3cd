import {
  type Chart,
  CHART_PADDING,
  chartHtml,
  chartSvg,
  DAY_LABEL_PIXELS,
  type Mark,
  type Paint,
  textPixels,
} from "../display/chart.ts";
import { htmlTable } from "../display/html_table.ts";
import { Picture } from "../display/picture.ts";
import { palettePng } from "../display/png.ts";
import { colorScale, type Interval, type Scale, scaleOf, timeTicks } from "../display/scales.ts";
import { cutToWidth } from "../display/text_table.ts";
import { printable } from "../safe_text.ts";
import { utcText } from "./dataset.ts";
import { aboutPanel, type Axis, type ColorsPanel, type LinesPanel, type Panel, type Plot } from "./plot.ts";
import {
  axisRange,
  type AxisTick,
  cellsOf,
  clockTicks,
  eventsPanel,
  LinePlaces,
  linesBins,
  numberLabels,
  type Point,
  type Range,
  rangeOf,
  type Size,
} from "./plot_bins.ts";
import { plotRows, plotText } from "./plot_text.ts";

const WIDTH = 860;
/** The room of a panel's heading, between panels, and of the labels of a horizontal axis. */
const [HEADING, BETWEEN, AXIS] = [24, 10, 44];
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

/** Draws the color scale of a panel, at its right. */
async function barMarks(range: Range, { left, top, width, height }: Frame): Promise<Mark[]> {
  const { colors } = paletteOf(range, 64);
  const pixels = Uint8Array.from({ length: 64 }, (_, row) => 64 - row);
  const png = await palettePng({ width: 1, height: 64, pixels, colors, isFirstClear: true });
  const x = left + width + BAR_GAP;
  const scale = scaleOf(range.scale, [range.low, range.high], [top + height, top]);
  return [
    { kind: "image", x, y: top, width: BAR, height, png },
    ...numberTicks(range, Math.floor(height / 28)).flatMap(({ value, label }): Mark[] => {
      const y = scale.at(value);
      return [
        { kind: "line", points: [[x + BAR, y], [x + BAR + 4, y]], stroke: "text" },
        { kind: "text", x: x + BAR + 7, y, text: cutToWidth(label, 8) },
      ];
    }),
  ];
}

/** The most parts of a chart that have a tooltip: of lines, and of colors. */
const [MAX_LINE_TIPS, MAX_COLOR_TIPS] = [240, 280];
/** The most parts of a panel along its axes. */
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

const NAME_FONT = { size: 12, isBold: true } as const;
/** The most characters of a title, of a name, of a description, and of an entry of the legend. */
const [MAX_TITLE, MAX_NAME, MAX_LABEL, MAX_ENTRY] = [90, 48, 56, 20];

/** Draws the heading of a panel: its name, what it is, its units, and which line is which. */
function headingMarks(panel: Panel, { left, top, width }: Frame): Mark[] {
  const y = top - 10;
  const name = cutToWidth(printable(panel.name), MAX_NAME);
  const about = [
    cutToWidth(printable(aboutPanel(panel)), MAX_LABEL),
    ...panel.notes.map(printable),
  ].filter((text) => text !== "").join(" · ");
  const marks: Mark[] = [{ kind: "text", x: left, y, text: name, ...NAME_FONT }];
  // Capitals are wider than the average.
  const capitals = name.replace(/[^A-Z_]/g, "").length;
  let x = left + textPixels(name, NAME_FONT) + 2 * capitals + 10;
  const lines = panel.kind === "lines" && panel.lines.length > 1 ? panel.lines : [];
  const entries = lines.map((label) => cutToWidth(printable(label), MAX_ENTRY));
  const legend = entries.reduce((sum, entry) => sum + textPixels(entry) + 32, 0);
  const room = left + width - x - legend;
  const shownAbout = cutToWidth(about, Math.max(0, Math.floor(room / 6.8)));
  if (shownAbout !== "") marks.push({ kind: "text", x, y, text: shownAbout, fill: "quiet" });
  x = Math.max(x, left + width - legend + 12);
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
  const heading = headingMarks(panel, frame);
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
      const frame = {
        left,
        top: top + HEADING,
        width: Math.floor(right - left),
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
    subtitle: notes.join(" · "),
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
    note: cutToWidth(printable(plot.notes.join(" · ")), 2 * MAX_TITLE),
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
