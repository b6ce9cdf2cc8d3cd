import { type Chart, chartHtml, chartSvg, stripSvg, textPixels } from "../../src/display/chart.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const CHART: Chart = {
  title: "Rates",
  subtitle: "",
  description: "A line.",
  width: 400,
  height: 100,
  legend: [],
  marks: [],
};

Deno.test("chartSvg() draws marks in their order, without attributes that have no effect", () => {
  const svg = chartSvg({
    ...CHART,
    marks: [
      {
        kind: "rect",
        x: 1 / 3,
        y: 0,
        width: 10,
        height: 5,
        fill: "#123456",
        opacity: 1,
        radius: 0,
        tooltip: "7 files",
      },
      { kind: "text", x: 5, y: 20, text: "max", anchor: "end", isBold: true },
    ],
  });
  assertStringIncludes(
    svg,
    `<rect x="0.33" y="0" width="10" height="5" fill="#123456"><title>7 files</title></rect>\n<text`,
  );
  assertStringIncludes(
    svg,
    `<text x="5" y="23.52" text-anchor="end" font-size="11" font-weight="600" fill="#1f2328">max</text>`,
  );
});

Deno.test("chartSvg() interrupts a line at gaps", () => {
  const points = [[0, 1], [1, 2], [NaN, NaN], [3, 4], [4, NaN], [5, 6]] as const;
  const svg = chartSvg({ ...CHART, marks: [{ kind: "line", points, stroke: "#000000" }] });
  assertStringIncludes(svg, `<path d="M0,1L1,2M3,4M5,6" fill="none" stroke="#000000"/>`);
});

Deno.test("chartSvg() escapes all text and makes it harmless", () => {
  const hostile = `<script>"&'\u001b[2J\u202e`;
  const svg = chartSvg({
    ...CHART,
    title: hostile,
    subtitle: hostile,
    description: hostile,
    legend: [{ fill: "#000000", height: 3, text: hostile }],
    marks: [
      { kind: "text", x: 0, y: 0, text: hostile },
      { kind: "rect", x: 0, y: 0, width: 1, height: 1, fill: "#000000", tooltip: hostile },
    ],
  });
  assertEquals(svg.match(/&lt;script&gt;&quot;&amp;&#39;\ufffd\[2J\ufffd/g)?.length, 8);
  // deno-lint-ignore no-control-regex
  assert(!/<script|[\u001b\u202e]/.test(svg));
});

Deno.test("chartSvg() is as high as its subtitle, legend, and body require", () => {
  const heightOf = (chart: Partial<Chart>) => Number(/ height="(\d+)"/.exec(chartSvg({ ...CHART, ...chart }))?.[1]);
  const bare = heightOf({});
  assertEquals(heightOf({ subtitle: "instrument=mag" }), bare + 19);
  assertEquals(heightOf({ legend: [{ fill: "#000000", height: 10, text: "newest version" }] }), bare + 24);
  assertEquals(heightOf({ height: 130 }), bare + 30);
});

Deno.test("chartSvg() truncates a subtitle that is wider than the chart", () => {
  const svg = chartSvg({ ...CHART, subtitle: "x".repeat(1000) });
  const [, shown = ""] = />(x+…)</.exec(svg) ?? [];
  assert(shown.length > 40 && textPixels(shown) <= 400 - 2 * 16, shown);
});

const LINE: Chart = {
  ...CHART,
  title: "Rates <b>",
  marks: [
    { kind: "line", points: [[0, 1], [1, 2]], stroke: "newest" },
    { kind: "rect", x: 0, y: 0, width: 1, height: 1, fill: "#123456", tooltip: "7 < 8" },
  ],
};

Deno.test("chartSvg() has the colors of the light theme, or those that the reader prefers", () => {
  const light = chartSvg(LINE);
  assertStringIncludes(light, `stroke="#0b5cad"`);
  assert(!/var\(|<style|class=/.test(light));
  const auto = chartSvg(LINE, "auto");
  assertStringIncludes(auto, `<path d="M0,1L1,2" fill="none" stroke="var(--imap-newest,#0b5cad)"/>`);
  assertStringIncludes(auto, "@media (prefers-color-scheme:dark){.imap{");
  assertStringIncludes(auto, "--imap-own-newest:#58a6ff");
  assert(/^<svg [^>]*class="imap"/.test(auto));
  assertEquals(auto.match(/<style>/g)?.length, 1);
});

Deno.test("chartHtml() draws inline SVG in the theme's colors, with fixed colors unchanged and words for other pages", () => {
  const html = chartHtml(LINE, "<table><tr><td>7</td></tr></table>");
  assertStringIncludes(html, `stroke="var(--imap-newest,#0b5cad)"`);
  assertStringIncludes(html, `fill="#123456"><title>7 &lt; 8</title></rect>`);
  assertStringIncludes(html, `aria-label="Rates &lt;b&gt;"`);
  const bare = html.replaceAll(/<style>[^]*?<\/style>|<svg[^]*?<\/svg>/g, "").replaceAll(/ (class|style)="[^"]*"/g, "");
  assertStringIncludes(bare, "<div><table><tr><td>7</td></tr></table></div>");
  // A page that removes SVG, but leaves its texts behind, shows none of them.
  assert(/<div hidden>\s*<\/div><\/div>$/.test(bare), bare);
});

Deno.test("stripSvg() fills its place on a page, and separates its tooltips where SVG is removed", () => {
  const mark = (tooltip: string) => ({ kind: "rect", x: 0, y: 0, width: 1, height: 1, fill: "here", tooltip } as const);
  const svg = stripSvg([mark("a"), mark("b")], { width: 100, height: 10, label: "A & B" });
  assertStringIncludes(
    svg,
    `aria-label="A &amp; B" width="100" height="10" viewBox="0 0 100 10" preserveAspectRatio="none"`,
  );
  assertEquals(svg.replaceAll(/<[^>]*>/g, ""), "a; b");
});

Deno.test("chartSvg() breaks a long subtitle between its facts", () => {
  const facts = ["2023-08-22 to 2023-08-23", "1 record left out: the clock was not set yet", "its times go back"];
  const more = [...facts, "48 variables without a change", "12 more variables: plot() draws them"];
  const svg = chartSvg({ ...CHART, width: 760, subtitle: more.join(" · ") });
  for (const fact of more) assertStringIncludes(svg, fact);
  assertEquals(svg.includes(`${facts.join(" · ")}</text>`) || svg.includes(" · 12 more variables"), true);
});
