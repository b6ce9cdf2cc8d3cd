import type { FileRecord } from "../../src/protocol/tables.ts";
import { coveragePicture } from "../../src/views/coverage.ts";
import { rowOf, rowsOf } from "./rows.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

interface Bar {
  readonly x: number;
  readonly width: number;
  readonly opacity: number;
  readonly fill: string;
}

/** The bars of the newest versions. */
async function bars(rows: readonly FileRecord[]): Promise<Bar[]> {
  const svg = await coveragePicture(rows).toSvg();
  const bar =
    /<rect x="([\d.]+)" y="\d+" width="([\d.]+)" height="11" fill="(#\w+)"(?: fill-opacity="([\d.]+)")?><title>/g;
  return [...svg.matchAll(bar)].map(([, x, width, fill = "", opacity = "1"]) => ({
    x: Number(x),
    width: Number(width),
    opacity: Number(opacity),
    fill,
  }));
}

Deno.test("coverage() shows a few days in many years: each bar is visible and inside the axis", async () => {
  const found = await bars([rowOf(0), ...rowsOf(1500, 3), rowOf(5000)]);
  assertEquals(found.length, 3);
  for (const { x, width, opacity } of found) {
    assert(width >= 2.99 && width < 4, `${width}`);
    assertEquals(opacity, 1);
    assert(x >= 0 && x + width <= 860);
  }
});

Deno.test("coverage() keeps gaps open between widened bars, and hides no neighbor", async () => {
  const rows = rowsOf(0, 1400).filter((_, day) => day % 12 === 0);
  const found = (await bars(rows)).toSorted((a, b) => a.x - b.x);
  for (const [index, { x }] of found.entries()) {
    const before = found[index - 1];
    if (before !== undefined) assert(x - (before.x + before.width) >= 0.98, `${index}`);
  }
  assert(found.filter(({ width }) => width >= 2.99).length > 60);
  const inBetween = await bars([...rowsOf(0, 1400), rowOf(700, { version: "v002" })]);
  const narrow = inBetween.at(-1);
  assertEquals(narrow?.fill, "#0b5cad");
  assert((narrow?.width ?? 0) >= 2.99);
});

Deno.test("coverage() is pale where only some days of a long time have files, and its legend says so only then", async () => {
  const half = rowsOf(0, 3652).filter((_, day) => day % 2 === 0);
  assert((await bars(half)).some(({ opacity }) => opacity === 0.5));
  assertStringIncludes(await coveragePicture(half).toSvg(), ">on some of the days</text>");
  assert(!(await coveragePicture([rowOf(0), rowOf(5000)]).toSvg()).includes("on some of the days"));
});

Deno.test("coverage() names in its legend what it draws: newest, superseded, downloaded", async () => {
  const [newest = rowOf(0), before = rowOf(0)] = [2, 1].map((version) => rowOf(0, { version: `v00${version}` }));
  const legend = async (shown: readonly FileRecord[], here: readonly FileRecord[] = []) => {
    const paths = new Set(here.map(({ file_path }) => file_path));
    const svg = await coveragePicture(shown, { here: paths }).toSvg();
    const [head = ""] = svg.split("<g ");
    return [...head.matchAll(/fill="(#\w+)"\/>\n<text[^>]*>([a-z][^<]+)</g)].map(([, fill, text]) => `${fill} ${text}`);
  };
  const [blue, orange, dark] = [
    "#0b5cad newest version",
    "#b45309 superseded version too",
    "#1f2328 downloaded: 1 of 2 files",
  ];
  assertEquals(await legend([newest, rowOf(1, { version: "v001" })]), [blue]);
  assertEquals(await legend([newest, before]), [blue, orange]);
  assertEquals(await legend([newest, before], [newest]), [blue, orange, dark]);
});
