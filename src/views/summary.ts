import { CHART_PADDING, chartSvg, type Mark, QUIET_TEXT, textPixels } from "../display/chart.ts";
import { Picture } from "../display/picture.ts";
import { colorScale } from "../display/scales.ts";
import { textTable } from "../display/text_table.ts";
import { DATA_LEVELS, isDataLevel } from "../names/vocabulary.ts";
import type { FileRecord } from "../protocol/rows.ts";
import { askedText, counted, type ResultContext, rowLabel } from "./records.ts";

/** The number of files by instrument and level. */
interface Counts {
  readonly files: number;
  readonly instruments: readonly string[];
  /** From raw packets up; unknown levels come last. */
  readonly levels: readonly string[];
  /** The number of instruments and levels that are not shown. */
  readonly more: number;
  /** Returns the number of files of an instrument and a level; of all instruments or levels if undefined. */
  readonly count: (of: { readonly instrument?: string | undefined; readonly level?: string }) => number;
}

/** A chart with more rows or columns is unreadable. */
const MAX_ROWS = 30;
const MAX_LEVELS = 30;

function placeOf(level: string): number {
  return isDataLevel(level) ? DATA_LEVELS.indexOf(level) : DATA_LEVELS.length;
}

/** Counts files by instrument and level. */
function countsOf(records: readonly FileRecord[]): Counts {
  const counts = new Map<string, number>();
  const [instruments, levels] = [new Set<string>(), new Set<string>()];
  const key = (instrument = "", level = "") => `${instrument}\n${level}`;
  for (const record of records) {
    const [instrument, level] = [rowLabel.instrument(record), rowLabel.level(record)];
    instruments.add(instrument);
    levels.add(level);
    for (const to of [key(instrument, level), key(instrument), key("", level), key()]) {
      counts.set(to, (counts.get(to) ?? 0) + 1);
    }
  }
  return {
    files: records.length,
    instruments: [...instruments].sort().slice(0, MAX_ROWS),
    levels: [...levels].sort().sort((a, b) => placeOf(a) - placeOf(b)).slice(0, MAX_LEVELS),
    more: Math.max(0, instruments.size - MAX_ROWS) + Math.max(0, levels.size - MAX_LEVELS),
    count: ({ instrument, level }) => counts.get(key(instrument, level)) ?? 0,
  };
}

/** Says what the chart shows, in a line. */
function summaryTitle({ files, more }: Counts): string {
  const title = `${counted(files, "file")} by instrument and data level`;
  if (more === 0) return title;
  return `${title}; ${more === 1 ? "1 more row or column is" : `${more} more rows and columns are`} not drawn`;
}

/** The heading of the sums. */
const ALL = "all";

/** Formats a number; 0 becomes a dot, so that the other numbers stand out. */
function countText(count: number): string {
  return count === 0 ? "·" : String(count);
}

/** Draws the number of files by instrument and level as a text table. */
function summaryText(counts: Counts): string {
  const { instruments, levels, count } = counts;
  /** A row of the table: an instrument, or undefined for the sums. */
  type Row = string | undefined;
  const number = (header: string, of: (instrument: Row) => number) => ({
    header,
    align: "right" as const,
    text: (instrument: Row) => countText(of(instrument)),
  });
  return textTable({
    title: summaryTitle(counts),
    columns: [
      { header: "Instrument", align: "left", text: (instrument: Row) => instrument ?? ALL },
      ...levels.map((level) => number(level, (instrument) => count({ instrument, level }))),
      number(ALL, (instrument) => count({ instrument })),
    ],
    rows: instruments.length === 0 ? [] : [...instruments, undefined],
  });
}

/** From few files to many, each with a color of text that is readable on it. */
const SHADES = ["#dbe9f6", "#a6c8e4", "#6aa6d6", "#1f6fb5", "#0b3d91"] as const;
const DARK_TEXT = "#1f2328";
const LIGHT_TEXT = "#ffffff";
const LIGHT_TEXT_ON: ReadonlySet<string> = new Set(SHADES.slice(3));
const NOTHING = "#f3f5f7";

const COLUMN = 58;
const ROW = 32;
const AXIS = 26;
const GAP = 1;
const HEADING = { size: 12 } as const;
const ROW_HEADING = { size: 12, isBold: true } as const;
/** The minimum width, for the title. */
const MIN_WIDTH = 480;

/** Draws the number of files by instrument and level as an SVG file. `asked` describes the query. */
function summarySvg(counts: Counts, asked: string): string {
  const { files, instruments, levels, count } = counts;
  const subtitle = [asked, ...(files === 0 ? ["nothing found"] : [])].filter((text) => text !== "").join(" · ");
  const left = CHART_PADDING + Math.max(...[ALL, ...instruments].map((text) => textPixels(text, ROW_HEADING))) + 8;
  const rows = instruments.map((instrument) => `${instrument} ${count({ instrument })}`);
  return chartSvg({
    title: summaryTitle(counts),
    subtitle,
    description: files === 0 ? subtitle : `A row for each instrument, a column for each level: ${rows.join("; ")}`,
    width: Math.max(MIN_WIDTH, left + COLUMN * (levels.length + 1) + CHART_PADDING),
    height: files === 0 ? 0 : AXIS + ROW * (instruments.length + 1),
    legend: [],
    marks: files === 0 ? [] : summaryMarks(counts, left),
  });
}

/** Draws the cells of the chart with their numbers, and the sums in a separate row and column. */
function summaryMarks({ instruments, levels, count }: Counts, left: number): Mark[] {
  const most = Math.max(...instruments.flatMap((instrument) => levels.map((level) => count({ instrument, level }))));
  // The shade follows the square root of the count, so that small counts next to large ones remain visible.
  const shadeOf = colorScale({ type: "sqrt", domain: [0, most], colors: SHADES, isBanded: true });
  const middle = (column: number) => left + COLUMN * (column + 0.5);
  const number = (row: number, column: number, of: number, fill: string): Mark => {
    const y = AXIS + ROW * (row + 0.5);
    return { kind: "text", x: middle(column), y, text: countText(of), anchor: "middle", size: 12, fill };
  };
  const cells = instruments.flatMap((instrument, row) =>
    levels.flatMap((level, column): Mark[] => {
      const files = count({ instrument, level });
      const fill = files === 0 ? NOTHING : shadeOf(files) ?? NOTHING;
      const [x, y] = [left + COLUMN * column + GAP, AXIS + ROW * row + GAP];
      const size = { width: COLUMN - 2 * GAP, height: ROW - 2 * GAP, radius: 3 };
      const text = files === 0 ? QUIET_TEXT : LIGHT_TEXT_ON.has(fill) ? LIGHT_TEXT : DARK_TEXT;
      return [
        { kind: "rect", x, y, ...size, fill, tooltip: `${instrument} ${level}: ${files}` },
        number(row, column, files, text),
      ];
    })
  );
  const sums = [
    ...instruments.map((instrument, row) => number(row, levels.length, count({ instrument }), QUIET_TEXT)),
    ...[...levels, undefined].map((level, column) =>
      number(instruments.length, column, count(level === undefined ? {} : { level }), QUIET_TEXT)
    ),
  ];
  const headings = [
    ...[...levels, ALL].map((text, column): Mark => {
      return { kind: "text", x: middle(column), y: AXIS - 8, text, anchor: "middle", ...HEADING };
    }),
    ...[...instruments, ALL].map((text, row): Mark => {
      return { kind: "text", x: CHART_PADDING, y: AXIS + ROW * (row + 0.5), text, ...ROW_HEADING };
    }),
  ];
  return [...cells, ...sums, ...headings];
}

/** Makes a chart of the number of files by instrument and level. */
export function summaryPicture(records: readonly FileRecord[], { asked }: Pick<ResultContext, "asked"> = {}): Picture {
  const counts = countsOf(records);
  return new Picture({
    text: () => summaryText(counts),
    svg: () => Promise.resolve(summarySvg(counts, askedText(asked))),
  });
}
