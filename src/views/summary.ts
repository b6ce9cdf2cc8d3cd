import { Picture } from "../display/picture.ts";
import { framedSvg } from "../display/picture_frame.ts";
import { textTable } from "../display/text_table.ts";
import { DATA_LEVELS, isDataLevel } from "../names/vocabulary.ts";
import type { FileRecord } from "../protocol/rows.ts";
import { askedText, counted, type ResultContext, rowLabel } from "./records.ts";

/** How many files there are of each instrument and level. */
interface Counts {
  readonly files: number;
  readonly instruments: readonly string[];
  /** From raw packets on; words that are no level come last. */
  readonly levels: readonly string[];
  /** How many instruments and levels there are beyond those. */
  readonly more: number;
  /** The files of an instrument and a level; of all levels or all instruments where none is named. */
  readonly count: (of: { readonly instrument?: string | undefined; readonly level?: string }) => number;
}

/** A picture of more shows nothing any more. */
const MOST = 30;

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
    instruments: [...instruments].sort().slice(0, MOST),
    levels: [...levels].sort().sort((a, b) => placeOf(a) - placeOf(b)).slice(0, MOST),
    more: Math.max(0, instruments.size - MOST) + Math.max(0, levels.size - MOST),
    count: ({ instrument, level }) => counts.get(key(instrument, level)) ?? 0,
  };
}

/** What the picture shows, in a line. */
function summaryTitle({ files, more }: Counts): string {
  const title = `${counted(files, "file")} by instrument and data level`;
  if (more === 0) return title;
  return `${title}; ${more === 1 ? "1 more row or column is" : `${more} more rows and columns are`} not drawn`;
}

/** The heading of sums. */
const ALL = "all";

/** A number, or a point for none, which lets the numbers stand out. */
function countText(count: number): string {
  return count === 0 ? "·" : String(count);
}

/** How many files there are of each instrument and level, as a table of text. */
function summaryText(counts: Counts): string {
  const { instruments, levels, count } = counts;
  /** A row of the table: an instrument, or undefined for the sums of all. */
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

/** From few files to many, with a colour of text that reads on it. */
const SHADES = [
  { fill: "#dbe9f6", text: "#1f2328" },
  { fill: "#a6c8e4", text: "#1f2328" },
  { fill: "#6aa6d6", text: "#1f2328" },
  { fill: "#1f6fb5", text: "#ffffff" },
  { fill: "#0b3d91", text: "#ffffff" },
] as const;
const NOTHING = { fill: "#f3f5f7", text: "#57606a" } as const;
const QUIET = "#57606a";

const COLUMN = 58;
const LINE = 32;
const AXIS = 26;
const EDGE = 16;
const BOLD_CHARACTER = 8;
/** The title needs so much. */
const NARROWEST = 480;

interface HeatCell {
  readonly instrument: string;
  readonly level: string;
  readonly count: number;
}

/** The shade goes with the root of the count: few files beside many still show. */
function shadeOf(count: number, most: number) {
  if (count === 0) return NOTHING;
  const share = Math.sqrt(count / most);
  return SHADES[Math.min(SHADES.length - 1, Math.floor(share * SHADES.length))] ?? SHADES[0];
}

/** Draws how many files there are of each instrument and level, as an SVG file. `asked` says what was asked for. */
async function summarySvg(counts: Counts, asked: string): Promise<string> {
  const { files, instruments, levels, count } = counts;
  const subtitle = [asked, ...(files === 0 ? ["nothing found"] : [])].filter((text) => text !== "").join(" · ");
  const marginLeft = EDGE + Math.max(...instruments.map(({ length }) => length), 1) * BOLD_CHARACTER + 8;
  const width = Math.max(NARROWEST, marginLeft + COLUMN * (levels.length + 1) + EDGE);
  const lines = instruments.map((instrument) => `${instrument} ${count({ instrument })}`);
  return framedSvg({
    title: summaryTitle(counts),
    subtitle,
    description: files === 0 ? subtitle : `A row for each instrument, a column for each level: ${lines.join("; ")}`,
    width,
    legend: [],
    body: files === 0 ? "" : await heatSvg(counts, marginLeft, width),
    bodyHeight: files === 0 ? 0 : AXIS + LINE * (instruments.length + 1),
  });
}

async function heatSvg({ instruments, levels, count }: Counts, marginLeft: number, width: number): Promise<string> {
  const Plot = await import("../display/plot_library.ts");
  const cells: HeatCell[] = instruments.flatMap((instrument) =>
    levels.map((level) => ({ instrument, level, count: count({ instrument, level }) }))
  );
  const most = Math.max(...cells.map(({ count }) => count));
  // The sums stand in a row and a column of their own; no name of the rows is empty.
  const SUM = "";
  const at = { x: ({ level }: HeatCell) => level, y: ({ instrument }: HeatCell) => instrument };
  const sums: HeatCell[] = [
    ...instruments.map((instrument) => ({ instrument, level: SUM, count: count({ instrument }) })),
    ...levels.map((level) => ({ instrument: SUM, level, count: count({ level }) })),
    { instrument: SUM, level: SUM, count: count({}) },
  ];
  return Plot.plot({
    document: Plot.parseHTML("<html></html>").document,
    // Without a name of its own it gets one by chance.
    className: "imap-summary",
    width,
    height: AXIS + LINE * (instruments.length + 1),
    marginTop: AXIS,
    marginRight: width - marginLeft - COLUMN * (levels.length + 1),
    marginBottom: 0,
    marginLeft,
    x: { type: "band", domain: [...levels, SUM], axis: null, padding: 0 },
    y: { type: "band", domain: [...instruments, SUM], axis: null, padding: 0 },
    color: { type: "identity" },
    marks: [
      Plot.cell(cells, {
        ...at,
        fill: ({ count }) => shadeOf(count, most).fill,
        title: ({ instrument, level, count }) => `${instrument} ${level}: ${count}`,
        inset: 1,
        rx: 3,
      }),
      Plot.text(cells, {
        ...at,
        text: ({ count }) => countText(count),
        fill: ({ count }) => shadeOf(count, most).text,
        fontSize: 12,
      }),
      Plot.text(sums, { ...at, text: ({ count }) => String(count), fill: QUIET, fontSize: 12 }),
      Plot.text([...levels, SUM], {
        x: (level) => level,
        text: (level) => level === SUM ? ALL : level,
        frameAnchor: "top",
        dy: -12,
        fontSize: 12,
      }),
      Plot.text([...instruments, SUM], {
        y: (instrument) => instrument,
        text: (instrument) => instrument === SUM ? ALL : instrument,
        frameAnchor: "left",
        textAnchor: "start",
        dx: EDGE - marginLeft,
        fontSize: 12,
        fontWeight: "600",
      }),
    ],
  }).outerHTML;
}

/** A picture of how many files there are of each instrument and level. */
export function summaryPicture(records: readonly FileRecord[], { asked }: Pick<ResultContext, "asked"> = {}): Picture {
  const counts = countsOf(records);
  return new Picture({ text: () => summaryText(counts), svg: () => summarySvg(counts, askedText(asked)) });
}
