import type { FileRecord } from "../../src/protocol/rows.ts";
import { coveragePicture } from "../../src/views/coverage_chart.ts";
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
  assertEquals(narrow?.fill, "#0b3d91");
  assert((narrow?.width ?? 0) >= 2.99);
});

Deno.test("coverage() is pale where only some days of a long time have files, and its legend says so only then", async () => {
  const half = rowsOf(0, 3652).filter((_, day) => day % 2 === 0);
  assert((await bars(half)).some(({ opacity }) => opacity === 0.5));
  assertStringIncludes(await coveragePicture(half).toSvg(), ">on some of the days</text>");
  assert(!(await coveragePicture([rowOf(0), rowOf(5000)]).toSvg()).includes("on some of the days"));
});

Deno.test("coverage() has the color of the strips in its legend", async () => {
  const [newest = rowOf(0), before = rowOf(0), oldest = rowOf(0)] = [3, 2, 1].map((version) =>
    rowOf(0, { version: `v00${version}` })
  );
  const legend = async (shown: readonly FileRecord[]) =>
    /height="3" fill="(#\w+)"\/>\n<text[^>]*>older versions exist too/.exec(await coveragePicture(shown).toSvg())
      ?.[1];
  assertEquals(await legend([newest, rowOf(1, { version: "v002" })]), undefined);
  assertEquals(await legend([newest, before, oldest]), "#0f8577");
  assertEquals(await legend([newest, oldest, rowOf(5, { version: "v002" })]), "#b45309");
});
