// Charts of variables with block characters, for terminals.
import { cutToWidth, padToWidth, textWidth } from "../display/text_table.ts";
import { scaleOf } from "../display/scales.ts";
import { printable } from "../safe_text.ts";
import { aboutPanel, type ColorsPanel, type LinesPanel, type Panel, type Plot } from "./plot.ts";
import { axisRange, cellsOf, LinePlaces, numberLabels, type Range, rangeOf } from "./plot_bins.ts";
import { utcText } from "./dataset.ts";

/** The lines of text of a line, of a spectrogram, and of an image. */
const [LINE_ROWS, COLORS_ROWS, IMAGE_ROWS] = [5, 10, 16];
/** A line has two dots in the height of a character. */
const [UPPER, LOWER, BOTH] = ["▀", "▄", "█"];
/** From low to high. */
const SHADES = ["·", "░", "▒", "▓", "█"];
const MIN_COLUMNS = 16;
/** A matrix with more columns or rows is drawn as shades. */
const MAX_NUMBERS = 16;

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
  if (isMatrix !== true || columns > MAX_NUMBERS || rows > MAX_NUMBERS) return undefined;
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

/** Draws a chart with block characters: a part for each line or spectrogram. */
export function plotText({ title, notes, panels }: Plot, width: number): string {
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
    const about = [aboutPanel(panel), ...panel.notes].filter((text) => text !== "");
    const heading = cut([panel.name, ...about].join(" · "));
    const [range, end] = [own[0], ends[0]];
    if (range === undefined || end === undefined || panel.values.length === 0) return ["", heading, "no values"];
    if (!panel.values.some(Number.isFinite)) return ["", heading, "all values are missing"];
    const x = axisRange(panel.x, panel.kind === "colors");
    if (panel.kind === "colors") {
      const { rows, range: colors } = colorRows(panel, x, range, columns);
      const table = matrixRows(panel, width);
      if (table !== undefined) return ["", heading, ...table];
      const [low, high] = endLabels(colors);
      const key = cut(
        `${printable(panel.y.label)} by ${panel.x.kind === "time" ? "time" : printable(panel.x.label)}; ${
          SHADES.join("")
        } ${low} to ${high}`,
      );
      return ["", heading, key, ...labeled(rows, end, indent), axisLine(panel, x, indent, columns)];
    }
    return [
      "",
      heading,
      ...panel.lines.flatMap((label, line) => [
        ...(label === "" ? [] : [cut(`${" ".repeat(indent + 1)}${label}`)]),
        ...labeled(lineRows(panel, line, x, own[line] ?? range, columns), ends[line] ?? end, indent),
      ]),
      axisLine(panel, x, indent, columns),
    ];
  });
  const head = [cut(title), ...(notes.length === 0 ? [] : [cut(notes.join(" · "))])];
  return `${[...head, ...parts].join("\n")}\n`;
}

/** A line of a chart in words. */
export interface PlotRow {
  readonly name: string;
  readonly units: string;
  /** The least and the greatest value; empty if all are missing. */
  readonly low: string;
  readonly high: string;
  readonly missing: string;
}

/** Returns what a chart shows in words: a row for each line, or each spectrogram. */
export function plotRows({ panels }: Plot): PlotRow[] {
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
