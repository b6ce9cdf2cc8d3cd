import { framedSvg } from "../../display/picture_frame.ts";
import type { Counts } from "./counts.ts";
import { ALL, countText, summaryTitle } from "./summary_text.ts";

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
export async function summarySvg(counts: Counts, asked: string): Promise<string> {
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
  const Plot = await import("../../display/plot_library.ts");
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
