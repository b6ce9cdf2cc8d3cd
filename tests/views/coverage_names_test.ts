import { textWidth } from "../../src/display/table.ts";
import { coveragePicture } from "../../src/views/coverage.ts";
import { rowOf, rowsOf } from "./rows.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

/** Names of the SDC's products that differ in one part. */
const MAPS = [
  "u90-ena-h-sf-nsp-full-hae-4deg-6mo",
  "u90-ena-h-sf-nsp-full-hae-4deg-3mo",
  "u90-ena-h-sf-nsp-full-hae-6deg-3mo",
  "u90-ena-h-hf-nsp-full-hae-6deg-3mo",
  "ilo90-ena-h-sf-nsp-full-hae-6deg-3mo",
  "ulc-ena-h-sf-nsp-full-hae-nside32-1yr",
];
const mapsOf = (version: string) =>
  MAPS.flatMap((descriptor) => rowsOf(0, 40, { data_level: "l2", descriptor, version }));

Deno.test("coverage() keeps products distinguishable whose long names differ in one part, at every width", () => {
  for (const version of ["v001", "v001.0002"]) {
    for (const columns of [60, 80, 200]) {
      const lines = coveragePicture(mapsOf(version)).toText({ columns }).split("\n");
      const names = lines.slice(2, 2 + MAPS.length).map((line) => line.replace(/ *[▀▘· ]+$/, ""));
      assertEquals(new Set(names).size, MAPS.length, names.join("\n"));
      for (const name of names) assert(name.startsWith("mag l2 ") && name.endsWith(` ${version}`), name);
      assert(lines.every((line) => textWidth(line) <= columns));
      if (columns === 200) assertEquals(names, MAPS.map((name) => `mag l2 ${name} ${version}`).sort());
    }
  }
});

Deno.test("coverage() shows the full names of maps as SVG, and the ends of longer names", async () => {
  const svg = await coveragePicture([...mapsOf("v001"), rowOf(0, { descriptor: `${"x".repeat(80)}-6mo` })]).toSvg();
  for (const name of MAPS) {
    assertStringIncludes(svg, `>l2 ${name}</text>`);
    assertStringIncludes(svg, `mag l2 ${name} v001`);
  }
  assertStringIncludes(svg, `…${"x".repeat(18)}-6mo</text>`);
});

Deno.test("coverage() becomes wider when names need it, and keeps a minimum width for time", async () => {
  const widthOf = async (descriptor: string) => {
    const svg = await coveragePicture(rowsOf(0, 9, { descriptor, instrument: "ultra", version: "v001.0002" })).toSvg();
    const [, width] = /^<svg [^>]* width="(\d+)"/.exec(svg) ?? [];
    const [, track] = /<rect x="[\d.]+" y="30" width="([\d.]+)" height="11" fill="#eceff2"/.exec(svg) ?? [];
    return [Number(width), Number(track)];
  };
  assertEquals((await widthOf("sci"))[0], 860);
  assertEquals((await widthOf(MAPS[0] ?? ""))[0], 860);
  const [width = 0, track = 0] = await widthOf("太".repeat(50));
  assert(width > 860 && track >= 440, `${width} ${track}`);
});
