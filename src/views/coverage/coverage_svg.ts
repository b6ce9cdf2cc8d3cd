import { framedSvg } from "../../display/picture_frame.ts";
import { dateOf, isoDay, timeTicks } from "../../display/time_ticks.ts";
import { counted, rowLabel } from "../label.ts";
import type { Coverage, Product } from "./coverage.ts";
import { coverageNotes, coverageTitle } from "./coverage_words.ts";
import type { DayRange } from "./day_range.ts";
import { type DrawnMark, drawnMarks } from "./drawn_marks.ts";
import { type DrawnMarks, HERE, legendOf, SOME_DAYS_OPACITY, versionColour } from "./legend.ts";
import { marksOf } from "./marks.ts";
import { EDGE, type ProductNames, productNames, USUAL_WIDTH } from "./product_names.ts";

const LINE = 24;
const AXIS = 26;
/** What a line has where nothing is: gaps show as gaps. */
const TRACK = "#eceff2";
const DATE_PIXELS = 72;
/** Narrower pieces of time are not kept apart by a line. */
const LEAST_APART = 4;
/** A single day should be a mark, not a wall. */
const FEWEST_DAYS = 14;

/** The days that the axis shows: those with files, and some around them when they are few. */
function axisSpan({ first, last }: DayRange): DayRange {
  const around = Math.max(0, FEWEST_DAYS - (last - first + 1));
  return { first: first - Math.floor(around / 2), last: last + Math.ceil(around / 2) };
}

function titleOf(products: readonly Product[], { row, cell, from, to, files }: DrawnMark): string {
  const days = to - from === 1 ? isoDay(from) : `${isoDay(from)} to ${isoDay(to - 1)}`;
  return `${days}: ${rowLabel.version(products[row]?.versions[cell.newest])}, ${counted(files, "file")}`;
}

/** Draws which days have files, as an SVG file. `asked` says what was asked for. */
export async function coverageSvg(coverage: Coverage, asked: string): Promise<string> {
  const { products, span } = coverage;
  const title = coverageTitle(coverage);
  const said = [asked, ...coverageNotes(coverage)].filter((text) => text !== "");
  if (span === undefined) {
    const subtitle = said.join(" · ");
    return framedSvg({
      title,
      width: USUAL_WIDTH,
      subtitle,
      description: subtitle,
      legend: [],
      body: "",
      bodyHeight: 0,
    });
  }
  const names = productNames(products);
  const shown = axisSpan(span);
  const pixelsOfDay = names.pixels / (shown.last - shown.first + 1);
  const { bins, ...marks } = marksOf(products, span, (span.last - span.first + 1) * pixelsOfDay);
  if (bins.days > 1) said.push(`time is cut into pieces of ${bins.days} days`);
  const drawn: DrawnMarks = {
    newest: drawnMarks(marks.newest, shown, pixelsOfDay),
    older: drawnMarks(marks.older, shown, pixelsOfDay),
    here: drawnMarks(marks.here, shown, pixelsOfDay),
  };
  const lines = products.map(({ instrument }, row) => `${instrument} ${names.names[row]} ${names.versions[row]}`);
  return framedSvg({
    title,
    width: names.left + names.pixels + names.right,
    subtitle: said.join(" · "),
    description: `Time from left to right, a line for each product with its newest version: ${lines.join("; ")}`,
    legend: legendOf(drawn),
    body: await linesSvg(products, names, shown, { ...drawn, areApart: bins.days * pixelsOfDay >= LEAST_APART }),
    bodyHeight: AXIS + LINE * products.length,
  });
}

async function linesSvg(
  products: readonly Product[],
  { instruments, names, versions, nameLeft, left, right, pixels }: ProductNames,
  shown: DayRange,
  { newest, older, here, areApart }: DrawnMarks & { readonly areApart: boolean },
): Promise<string> {
  const Plot = await import("../../display/plot_library.ts");
  const rows = [...products.keys()];
  const domain = [dateOf(shown.first), dateOf(shown.last + 1)] as const;
  const ticks = timeTicks(shown.first, shown.last, Math.floor(pixels / DATE_PIXELS));
  const labels = new Map(ticks.map(({ day, label }) => [dateOf(day).getTime(), label]));
  const inset = areApart ? { insetLeft: 0.5, insetRight: 0.5 } : {};
  const place = {
    x1: ({ left }: DrawnMark) => dateOf(left),
    x2: ({ right }: DrawnMark) => dateOf(right),
    y: ({ row }: DrawnMark) => row,
  };
  const y = (row: number) => row;
  const beside = { y, frameAnchor: "left", textAnchor: "start", fontSize: 11 } as const;
  return Plot.plot({
    document: Plot.parseHTML("<html></html>").document,
    // Without a name of its own it gets one by chance.
    className: "imap-coverage",
    width: left + pixels + right,
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
        fillOpacity: ({ isPale }) => isPale ? SOME_DAYS_OPACITY : 1,
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
