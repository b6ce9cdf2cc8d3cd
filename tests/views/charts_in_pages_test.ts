// What web pages show of charts: with a theme, without one, and where SVG, styles, classes, and scripts are removed.
import { colorOf, type ThemeColor } from "../../src/display/table.ts";
import { JUPYTER_DISPLAY, type Picture } from "../../src/display/notebook.ts";
import type { FileRecord } from "../../src/protocol/tables.ts";
import { coveragePicture } from "../../src/views/coverage.ts";
import { summaryPicture } from "../../src/client/query_result.ts";
import { rowOf, rowsOf } from "./rows.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const ROWS: FileRecord[] = [
  ...rowsOf(0, 20),
  ...rowsOf(5, 3, { version: "v002" }),
  ...rowsOf(0, 40, { instrument: "swe", data_level: "l0", descriptor: "sci" }),
];
const HERE = new Set(rowsOf(0, 10).map(({ file_path }) => file_path));

const coverage = coveragePicture(ROWS, { asked: { instrument: ["mag", "swe"] }, here: HERE });
const summary = summaryPicture(ROWS, { asked: { instrument: ["mag", "swe"] } });

async function htmlOf(picture: Picture): Promise<string> {
  return (await picture[JUPYTER_DISPLAY]())["text/html"];
}

/** The words that are left, by line of a table, after a page has removed all but the simplest elements. */
async function wordsOf(picture: Picture, svg: RegExp): Promise<string[]> {
  const bare = (await htmlOf(picture)).replaceAll(/<style>[^]*?<\/style>/g, "").replaceAll(svg, "")
    .replaceAll(/ (?:style|class|id)="[^"]*"/g, "");
  assert(!/<(?:svg|rect|style|script)/.test(bare));
  return bare.replaceAll(/<\/(?:caption|tr)>/g, "\u0000").replaceAll(/<[^>]*>/g, " ").split("\u0000")
    .map((line) => line.replaceAll(/\s+/g, " ").trim()).filter((line) => line !== "");
}

/** Without SVG and all that is in it. */
const WITHOUT_SVG = /<svg[^]*?<\/svg>/g;

Deno.test("a coverage chart is inline SVG with tooltips, in colors that follow the theme", async () => {
  const html = await htmlOf(coverage);
  assertStringIncludes(html, "<svg ");
  assertStringIncludes(html, "<title>2025-05-06: v002, 2 files; v001 superseded</title>");
  assertStringIncludes(html, "<title>2025-05-01: v001, 1 file; downloaded</title>");
  assertStringIncludes(html, `fill="var(--imap-newest,#0b5cad)"`);
  for (const page of ["[data-jp-theme-light=false]", ".vscode-dark", "prefers-color-scheme:dark"]) {
    assertStringIncludes(html, page);
  }
  assert(!/<script|url\(|xlink|https?:\/\/(?!www\.w3\.org)/.test(html));
});

Deno.test("a coverage chart without SVG and styles is a table that says the same", async () => {
  assertEquals(await wordsOf(coverage, WITHOUT_SVG), [
    "Coverage of 63 files: 2 products, 2025-05-01 to 2025-06-09 · instrument=mag|swe " +
    "newest version superseded version too downloaded: 10 of 63 files",
    "Product 2025-05-01 2025-05-15 2025-05-29 Files Days Downloaded Superseded Versions",
    "mag l1a norm-mago 23 20 days 7 days 3 days v001 to v002",
    "swe l0 sci 40 40 days v001",
  ]);
});

Deno.test("a coverage chart whose SVG leaves its texts behind lists its days", async () => {
  const words = (await wordsOf(coverage, /<\/?(?:svg|rect|path|g|title)[^>]*>/g)).join("\n");
  assertStringIncludes(words, "2025-05-01: v001, 1 file; downloaded; 2025-05-02: v001, 1 file; downloaded; ");
  // Remains of a chart outside of a table are not shown.
  assertStringIncludes(await htmlOf(summary), '<div class="imap-drawn" hidden><svg ');
});

Deno.test("a summary without SVG and styles is a table that says the same", async () => {
  assertEquals(await wordsOf(summary, WITHOUT_SVG), [
    "63 files by instrument and data level · instrument=mag|swe",
    "Instrument l0 l1a all",
    "mag · 23 23",
    "swe 40 · 40",
    "all 40 23 63",
  ]);
});

Deno.test("a chart of 100 products is a table that scrolls, and one of files without days says so in each row", async () => {
  const many = Array.from({ length: 100 }, (_, number) => rowsOf(0, 30, { descriptor: `p${number}` })).flat();
  const html = await htmlOf(coveragePicture(many));
  assertEquals(html.match(/<svg class="imap-strip"[^>]*aria-label="Days of/g)?.length, 100);
  assertStringIncludes(html, "max-height:32em;max-width:100%;overflow:auto");
  assert(html.length < 1_000_000, `${html.length}`);
  const kernel = { file_path: "imap/spice/lsk/naif0012.tls", kernel_type: "leapseconds", version: "0012" };
  assertEquals(await wordsOf(coveragePicture([kernel]), WITHOUT_SVG), [
    "Coverage of 1 file · 1 file without a day",
    "Product Files Versions",
    "spice leapseconds 1 file without dates: valid at any time 1 0012",
  ]);
  assertStringIncludes(coveragePicture([kernel, rowOf(0)]).toText(), "\nleapseconds 0012: 1 file, valid at any time\n");
});

/** The relative luminance of a color (WCAG 2.2). */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

for (const scheme of ["light", "dark"] as const) {
  Deno.test(`text has a contrast of at least 4.5 in the ${scheme} colors, and signs of at least 3`, () => {
    const least = (texts: readonly ThemeColor[], grounds: readonly ThemeColor[]) =>
      Math.min(...texts.flatMap((text) => grounds.map((on) => contrast(colorOf(text, scheme), colorOf(on, scheme)))));
    assert(least(["text", "quiet", "link", "failed"], ["ground", "stripe"]) >= 4.5);
    assert(least(["text"], ["track"]) >= 4.5 && least(["quiet"], ["track"]) >= 4.5);
    assert(least(["onLow"], ["shade1", "shade2", "shade3"]) >= 4.5);
    assert(least(["onHigh"], ["shade4", "shade5"]) >= 4.5);
    assert(least(["newest", "superseded", "here"], ["ground", "stripe", "track"]) >= 3);
  });
}

/** How a color looks to people without one kind of cone (Viénot, Brettel and Mollon 1999), as `#rrggbb`. */
function seenWithout(cone: "red" | "green", color: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => (parseInt(color.slice(at, at + 2), 16) / 255) ** 2.2);
  const [yellow, third] = cone === "red"
    ? [0.11238 * red + 0.88762 * green, 0.00401 * red - 0.00401 * green + blue]
    : [0.29275 * red + 0.70725 * green, -0.02234 * red + 0.02234 * green + blue];
  const channel = (value: number) =>
    Math.round(Math.max(0, Math.min(1, value)) ** (1 / 2.2) * 255).toString(16).padStart(2, "0");
  return `#${channel(yellow)}${channel(yellow)}${channel(third)}`;
}

Deno.test("newest, superseded and downloaded look different to people who see no red, or no green", () => {
  const distance = (one: string, other: string) =>
    Math.hypot(...[1, 3, 5].map((at) => parseInt(one.slice(at, at + 2), 16) - parseInt(other.slice(at, at + 2), 16)));
  for (const scheme of ["light", "dark"] as const) {
    for (
      const see of [
        (color: string) => color,
        ...["red", "green"].map((cone) => (color: string) => seenWithout(cone === "red" ? "red" : "green", color)),
      ]
    ) {
      const [newest = "", superseded = "", here = ""] = (["newest", "superseded", "here"] as const).map((name) =>
        see(colorOf(name, scheme))
      );
      for (const [one, other] of [[newest, superseded], [newest, here], [superseded, here]] as const) {
        assert(distance(one, other) > 80, `${scheme} ${one} ${other}`);
      }
    }
  }
});
