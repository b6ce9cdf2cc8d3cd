import type { FileRecord } from "../../src/protocol/tables.ts";
import { coveragePicture } from "../../src/views/coverage.ts";
import { assertHarmlessMarkup, assertHarmlessText, HOSTILE } from "./hostile.ts";
import { rowOf, rowsOf } from "./rows.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { processorTime } from "../support/time.ts";

function linesOf(rows: readonly FileRecord[], columns = 80, here: readonly FileRecord[] = []): string[] {
  const picture = coveragePicture(rows, { here: new Set(here.map(({ file_path }) => file_path)) });
  return picture.toText({ columns }).split("\n");
}

Deno.test("coverage() of one file is one line with one mark", () => {
  assertEquals(linesOf([rowOf(0)]), [
    "Coverage of 1 file: 1 product, on 2025-05-01",
    "                       2025-05-01",
    "mag l1a norm-mago v001 ▀▀▀",
    "▀ at the archive",
    "",
  ]);
});

Deno.test("coverage() shows gaps, and a line for each instrument, level and descriptor", () => {
  const rows = [...rowsOf(0, 30), ...rowsOf(33, 7), ...rowsOf(10, 20, { instrument: "swe", data_level: "l0" })];
  const lines = linesOf(rows, 64);
  assertEquals(lines[2], `mag l1a norm-mago v001 ${"▀".repeat(30)}···${"▀".repeat(7)}`);
  assertEquals(lines[3], `swe l0 norm-mago v001  ${"·".repeat(10)}${"▀".repeat(20)}${"·".repeat(10)}`);
});

Deno.test("coverage() distinguishes versions and marks the newest", () => {
  const lines = linesOf([
    ...rowsOf(0, 40),
    ...rowsOf(5, 10, { version: "v003" }),
    ...rowsOf(5, 3, { version: "v002" }),
  ]);
  assertEquals(lines.slice(2, 6).map((line) => line.replaceAll("·", " ").trimEnd()), [
    `mag l1a norm-mago ${"▀".repeat(40)}`,
    `  v003 newest          ${"▀".repeat(10)}`,
    "  v002                 ▀▀▀",
    `  v001            ${"▀".repeat(40)}`,
  ]);
});

Deno.test("coverage() finds the newest version among both forms; anything else is old", () => {
  const versions = ["v010", "oldest", "v001.0002", "v001.0010"];
  const lines = linesOf(versions.map((version) => rowOf(0, { version })));
  assertEquals(lines.slice(2, 6).map((line) => line.replace(/▀+$/, "").trim()), [
    "mag l1a norm-mago (1 older)",
    "v001.0010 newest",
    "v001.0002",
    "v010",
  ]);
});

Deno.test("coverage() marks days whose newest version is in the data directory", () => {
  const rows = [...rowsOf(0, 40), ...rowsOf(20, 5, { version: "v002" })];
  const line = linesOf(rows, 80, rowsOf(0, 25))[2] ?? "";
  assertEquals(line.slice(18), "█".repeat(20) + "▀".repeat(20));
  assertEquals(
    linesOf(rows, 80, [rowOf(20, { version: "v002" })])[2]?.slice(18),
    `${"▀".repeat(20)}█${"▀".repeat(19)}`,
  );
});

Deno.test("coverage() of many days shows where only some of them have files, within the width", () => {
  const rows = rowsOf(0, 3652).filter((_, day) => day < 1000 || day % 2 === 0);
  for (const columns of [80, 40, 200]) {
    const lines = linesOf(rows, columns);
    assert(lines.every((line) => line.length <= columns));
    assert(/ ▀+▘+$/.test(lines[2] ?? ""), lines[2]);
    assert(lines.some((line) => /^each character covers \d+ days$/.test(line)));
  }
});

Deno.test("coverage() of nothing, and of rows without a day, says so", async () => {
  assertEquals(linesOf([]), ["Coverage of 0 files", "nothing found", ""]);
  const odd = [null, undefined, "", "2025", "20250230", "2025-05-01"].map((start_date): FileRecord => {
    const { start_date: _, ...row } = rowOf(0);
    return start_date === undefined ? row : { ...row, start_date };
  });
  assertEquals(linesOf(odd), ["Coverage of 6 files", "6 files without a day: not drawn", ""]);
  assertStringIncludes(await coveragePicture(odd).toSvg(), ">6 files without a day<");
  assertStringIncludes(await coveragePicture(odd).toSvg(), ">6 files without dates<");
  assertEquals(linesOf([...odd, rowOf(0)]).at(-2), "6 files without a day: not drawn");
});

Deno.test("coverage() draws the first 100 of many products and says how many more there are", async () => {
  const rows = Array.from(
    { length: 150 },
    (_, index) => rowOf(0, { descriptor: `p${String(index).padStart(3, "0")}` }),
  );
  const text = linesOf(rows).join("\n");
  assertStringIncludes(text, "p099");
  assert(!text.includes("p100"));
  assertStringIncludes(text, "50 more products: filter() shows them");
  assertStringIncludes(await coveragePicture(rows).toSvg(), "150 products");
});

const rects = (svg: string, fill: string) => svg.match(new RegExp(`<rect [^>]*fill="${fill}"`, "g"))?.length ?? 0;
const [NEWEST, SUPERSEDED] = ["#0b5cad", "#b45309"];

Deno.test("coverage() draws a bar for each day with files, and superseded versions in another color", async () => {
  const svg = await coveragePicture([...rowsOf(0, 5), ...rowsOf(9, 2), ...rowsOf(0, 2, { version: "v002" })]).toSvg();
  // The legend has one more of each color. A day's newest file is not superseded, whatever version other days have.
  assertEquals(rects(svg, NEWEST), 7 + 1);
  assertEquals(rects(svg, SUPERSEDED), 2 + 1);
  assertStringIncludes(svg, "<title>2025-05-01: v002, 2 files; v001 superseded</title>");
  assertStringIncludes(svg, "<title>2025-05-05: v001, 1 file</title>");
  assertStringIncludes(svg, ">v001 to v002</text>");
});

Deno.test("coverage() draws the same chart every time, because saved notebooks are compared", async () => {
  const rows = [...rowsOf(0, 50), HOSTILE];
  assertEquals(await coveragePicture(rows).toSvg(), await coveragePicture(rows).toSvg());
});

Deno.test("coverage() of 100,000 files of 60 products in 10 years stays below 1 MB and takes less than 2 s of one processor", async () => {
  const rows = Array.from({ length: 60 }, (_, index) => rowsOf(0, 3652, { descriptor: `p${index}` }))
    // A fixed pattern with many gaps.
    .flatMap((rows, line) => rows.filter((_, day) => (day * day * 7 + line) % 11 < 5)).slice(0, 100_000);
  assert(rows.length > 90_000);
  const times: number[] = [];
  // The first run compiles.
  for (let run = 0; run < 3; run++) {
    const started = processorTime();
    const picture = coveragePicture(rows);
    const [svg, text] = [await picture.toSvg(), picture.toText()];
    times.push(processorTime() - started);
    assert(svg.length < 1_000_000 && text.length < 100_000, `${svg.length}`);
  }
  assert(Math.min(...times) < 2000, String(times));
});

Deno.test("coverage() with very many gaps draws longer bars instead of a large file, and says so", async () => {
  const rows = Array.from({ length: 100 }, (_, index) => rowsOf(0, 3652, { descriptor: `p${index}` }))
    .flatMap((rows) => rows.filter((_, day) => day % 20 < 10));
  const svg = await coveragePicture(rows).toSvg();
  const bars = svg.match(/<rect [^>]*height="7"[^>]*><title>/g)?.length ?? 0;
  assert(bars > 100 && bars <= 6000, `${bars}`);
  assert(/each bar covers \d+ days/.test(svg));
});

Deno.test("coverage() makes hostile and endless values harmless", async () => {
  const picture = coveragePicture([HOSTILE], {
    asked: { instrument: HOSTILE.instrument, descriptor: HOSTILE.descriptor },
  });
  assertHarmlessText(picture.toText());
  assertHarmlessMarkup(await picture.toSvg());
  assert(picture.toText({ columns: 1 }).length < 500);
});
