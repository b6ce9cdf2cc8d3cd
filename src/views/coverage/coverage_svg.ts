import { framedSvg } from "../../display/picture_frame.ts";
import { dateOf, isoDay, timeTicks } from "../../display/time_ticks.ts";
import { counted, rowLabel } from "../label.ts";
import type { Coverage, Product } from "./coverage.ts";
import { coverageNotes, coverageTitle } from "./coverage_words.ts";
import { HERE, legendOf, SOME_DAYS_OPACITY, versionColour } from "./legend.ts";
import { type Mark, marksOf } from "./marks.ts";

const WIDTH = 860;
const LINE = 24;
const AXIS = 26;
const EDGE = 16;
/** About how wide a character of the names is. */
const CHARACTER = 6.4;
const BOLD_CHARACTER = 8;
/** What a line has where nothing is: gaps show as gaps. */
const TRACK = "#eceff2";
const DATE_PIXELS = 72;
/** A single day should be a mark, not a wall. */
const FEWEST_DAYS = 14;

interface Span {
  readonly first: number;
  readonly last: number;
}

/** The days that the axis shows: those with files, and some around them when they are few. */
function axisSpan({ first, last }: Span): Span {
  const around = Math.max(0, FEWEST_DAYS - (last - first + 1));
  return { first: first - Math.floor(around / 2), last: last + Math.ceil(around / 2) };
}

function widest(texts: readonly string[], character = CHARACTER): number {
  return Math.max(...texts.map(({ length }) => length)) * character;
}

/** What is written beside the lines, and how much room it takes. */
function namesOf(products: readonly Product[]) {
  const instruments = products.map(({ instrument }) => instrument);
  const names = products.map(({ level, descriptor }) => `${level} ${descriptor}`);
  const versions = products.map(({ versions }) =>
    rowLabel.version(versions[0]) + (versions.length > 1 ? ` +${versions.length - 1}` : "")
  );
  const nameLeft = EDGE + widest(instruments, BOLD_CHARACTER) + 12;
  return { instruments, names, versions, nameLeft, left: nameLeft + widest(names) + 12, right: widest(versions) + 28 };
}

type Names = ReturnType<typeof namesOf>;

function titleOf(products: readonly Product[], { row, cell, from, to, files }: Mark): string {
  const days = to - from === 1 ? isoDay(from) : `${isoDay(from)} to ${isoDay(to - 1)}`;
  return `${days}: ${rowLabel.version(products[row]?.versions[cell.newest])}, ${counted(files, "file")}`;
}

/** Draws which days have files, as an SVG file. `asked` says what was asked for. */
export async function coverageSvg(coverage: Coverage, asked: string): Promise<string> {
  const { products, span } = coverage;
  const frame = { title: coverageTitle(coverage), width: WIDTH };
  const said = [asked, ...coverageNotes(coverage)].filter((text) => text !== "");
  if (span === undefined) {
    const subtitle = said.join(" · ");
    return framedSvg({ ...frame, subtitle, description: subtitle, legend: [], body: "", bodyHeight: 0 });
  }
  const names = namesOf(products);
  const shown = axisSpan(span);
  const pixelsOfDay = (WIDTH - names.left - names.right) / (shown.last - shown.first + 1);
  const marks = marksOf(products, span, (span.last - span.first + 1) * pixelsOfDay);
  if (marks.bins.days > 1) said.push(`time is cut into pieces of ${marks.bins.days} days`);
  const lines = products.map(({ instrument }, row) => `${instrument} ${names.names[row]} ${names.versions[row]}`);
  return framedSvg({
    ...frame,
    subtitle: said.join(" · "),
    description: `Time from left to right, a line for each product with its newest version: ${lines.join("; ")}`,
    legend: legendOf(marks),
    body: await linesSvg(products, names, shown, marks),
    bodyHeight: AXIS + LINE * products.length,
  });
}

async function linesSvg(
  products: readonly Product[],
  { instruments, names, versions, nameLeft, left, right }: Names,
  shown: Span,
  { bins, newest, older, here }: ReturnType<typeof marksOf>,
): Promise<string> {
  const Plot = await import("../../display/plot_library.ts");
  const rows = [...products.keys()];
  const domain = [dateOf(shown.first), dateOf(shown.last + 1)] as const;
  const pixels = WIDTH - left - right;
  const ticks = timeTicks(shown.first, shown.last, Math.floor(pixels / DATE_PIXELS));
  const labels = new Map(ticks.map(({ day, label }) => [dateOf(day).getTime(), label]));
  const isWide = pixels / (shown.last + 1 - shown.first) * bins.days >= 3;
  const inset = isWide ? { insetLeft: 0.5, insetRight: 0.5 } : {};
  const place = { x1: ({ from }: Mark) => dateOf(from), x2: ({ to }: Mark) => dateOf(to), y: ({ row }: Mark) => row };
  const y = (row: number) => row;
  const beside = { y, frameAnchor: "left", textAnchor: "start", fontSize: 11 } as const;
  return Plot.plot({
    document: Plot.parseHTML("<html></html>").document,
    // Without a name of its own it gets one by chance.
    className: "imap-coverage",
    width: WIDTH,
    height: AXIS + LINE * rows.length,
    marginTop: AXIS,
    marginRight: right,
    marginBottom: 0,
    marginLeft: left,
    x: { type: "utc", domain },
    y: { type: "band", domain: rows, axis: null, padding: 0 },
    color: { type: "identity" },
    marks: [
      Plot.barX(rows, { x1: () => domain[0], x2: () => domain[1], y, fill: TRACK, insetTop: 4, insetBottom: 9 }),
      Plot.ruleX(ticks, { x: ({ day }) => dateOf(day), stroke: "#c4cbd3" }),
      Plot.axisX({
        anchor: "top",
        ticks: ticks.map(({ day }) => dateOf(day)),
        tickFormat: (tick) => labels.get(tick.getTime()) ?? "",
        tickSize: 4,
        label: null,
        fontSize: 11,
      }),
      Plot.barX(newest, {
        ...place,
        ...inset,
        fill: ({ cell }) => versionColour(cell.newest),
        fillOpacity: ({ cell }) => cell.isFull ? 1 : SOME_DAYS_OPACITY,
        title: (mark) => titleOf(products, mark),
        insetTop: 4,
        insetBottom: 9,
      }),
      Plot.barX(older, {
        ...place,
        ...inset,
        fill: ({ cell }) => versionColour(cell.older),
        insetTop: 16,
        insetBottom: 5,
      }),
      Plot.barX(here, { ...place, fill: HERE, insetTop: 20.5, insetBottom: 1.5 }),
      Plot.text(rows.filter((row) => instruments[row] !== instruments[row - 1]), {
        ...beside,
        text: (row) => instruments[row],
        dx: EDGE - left,
        fontSize: 12,
        fontWeight: "600",
      }),
      Plot.text(rows, { ...beside, text: (row) => names[row], dx: nameLeft - left }),
      Plot.text(rows, { ...beside, text: (row) => versions[row], frameAnchor: "right", dx: 10, fill: versionColour() }),
    ],
  }).outerHTML;
}
