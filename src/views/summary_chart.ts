import { type Chart, CHART_PADDING, colorScale, type Mark, type Paint, textPixels } from "../display/chart.ts";

/** The number of files by instrument and level. */
export interface Counts {
  readonly files: number;
  readonly instruments: readonly string[];
  /** From raw packets up; unknown levels come last. */
  readonly levels: readonly string[];
  /** The number of instruments and levels that are not shown. */
  readonly more: number;
  /** Returns the number of files of an instrument and a level; of all instruments or levels if undefined. */
  readonly count: (of: { readonly instrument?: string | undefined; readonly level?: string }) => number;
}

/** The words of the chart, which are those of the text. */
interface Words {
  readonly title: string;
  /** The conditions of the query; empty if there are none. */
  readonly asked: string;
  /** The heading of the sums. */
  readonly all: string;
  /** Formats a number of files. */
  readonly countText: (count: number) => string;
}

/** From few files to many. */
const SHADES = ["shade1", "shade2", "shade3", "shade4", "shade5"] as const;
/** The shades that need the other color of text. */
const HIGH: ReadonlySet<string> = new Set(SHADES.slice(3));

const COLUMN = 58;
const ROW = 32;
const AXIS = 26;
const GAP = 1;
const HEADING = { size: 12 } as const;
const ROW_HEADING = { size: 12, isBold: true } as const;
/** The minimum width, for the title. */
const MIN_WIDTH = 480;

/** Makes the chart of the number of files by instrument and level. */
export function summaryChart(counts: Counts, words: Words): Chart {
  const { files, instruments, levels, count } = counts;
  const { title, asked, all } = words;
  const subtitle = [asked, ...(files === 0 ? ["nothing found"] : [])].filter((text) => text !== "").join(" · ");
  const left = CHART_PADDING + Math.max(...[all, ...instruments].map((text) => textPixels(text, ROW_HEADING))) + 8;
  const rows = instruments.map((instrument) => `${instrument} ${count({ instrument })}`);
  return {
    title,
    subtitle,
    description: files === 0 ? subtitle : `A row for each instrument, a column for each level: ${rows.join("; ")}`,
    width: Math.max(MIN_WIDTH, left + COLUMN * (levels.length + 1) + CHART_PADDING),
    height: files === 0 ? 0 : AXIS + ROW * (instruments.length + 1),
    legend: [],
    marks: files === 0 ? [] : summaryMarks(counts, words, left),
  };
}

/** Draws the cells of the chart with their numbers, and the sums in a separate row and column. */
function summaryMarks({ instruments, levels, count }: Counts, { all, countText }: Words, left: number): Mark[] {
  const most = Math.max(...instruments.flatMap((instrument) => levels.map((level) => count({ instrument, level }))));
  // The shade follows the square root of the count, so that small counts next to large ones remain visible.
  const shadeOf = colorScale({ type: "sqrt", domain: [0, most], colors: SHADES, isBanded: true });
  const middle = (column: number) => left + COLUMN * (column + 0.5);
  const number = (row: number, column: number, of: number, fill: Paint): Mark => {
    const y = AXIS + ROW * (row + 0.5);
    return { kind: "text", x: middle(column), y, text: countText(of), anchor: "middle", size: 12, fill };
  };
  const cells = instruments.flatMap((instrument, row) =>
    levels.flatMap((level, column): Mark[] => {
      const files = count({ instrument, level });
      const fill = files === 0 ? "track" : shadeOf(files) ?? "track";
      const [x, y] = [left + COLUMN * column + GAP, AXIS + ROW * row + GAP];
      const size = { width: COLUMN - 2 * GAP, height: ROW - 2 * GAP, radius: 3 };
      const text = files === 0 ? "quiet" : HIGH.has(fill) ? "onHigh" : "onLow";
      return [
        { kind: "rect", x, y, ...size, fill, tooltip: `${instrument} ${level}: ${files}` },
        number(row, column, files, text),
      ];
    })
  );
  const sums = [
    ...instruments.map((instrument, row) => number(row, levels.length, count({ instrument }), "quiet")),
    ...[...levels, undefined].map((level, column) =>
      number(instruments.length, column, count(level === undefined ? {} : { level }), "quiet")
    ),
  ];
  const headings = [
    ...[...levels, all].map((text, column): Mark => {
      return { kind: "text", x: middle(column), y: AXIS - 8, text, anchor: "middle", ...HEADING };
    }),
    ...[...instruments, all].map((text, row): Mark => {
      return { kind: "text", x: CHART_PADDING, y: AXIS + ROW * (row + 0.5), text, ...ROW_HEADING };
    }),
  ];
  return [...cells, ...sums, ...headings];
}
