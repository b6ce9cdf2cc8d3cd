import type { FileRecord } from "../../src/protocol/tables.ts";
import { coveragePicture } from "../../src/views/coverage.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { processorTime } from "../support/time.ts";

function kernel(kernel_type: string, from: string | null, to: string | null, version = "01"): FileRecord {
  return {
    file_path: `imap/spice/${kernel_type}_${from}_${version}`,
    kernel_type,
    version,
    min_date_datetime: from === null ? null : `${from}, 00:00:00`,
    max_date_datetime: to === null ? null : `${to}, 23:59:59`,
  };
}

function offsets(start_date: string, end_date: string | null, version = "v001"): FileRecord {
  return {
    file_path: `imap/ancillary/${start_date}`,
    instrument: "mag",
    descriptor: "offsets",
    start_date,
    end_date,
    version,
  };
}

function linesOf(rows: readonly FileRecord[], columns = 100): string[] {
  return coveragePicture(rows).toText({ columns }).split("\n");
}

Deno.test("coverage() draws all days of an ancillary file, or only its first day when it has no end", async () => {
  const rows = [offsets("20260101", "20260110"), offsets("20260121", null), offsets("20260125", "20260130")];
  const [, , line = ""] = linesOf(rows, 60);
  assertEquals(line, `mag – offsets v001 ${"▀".repeat(10)}${"·".repeat(10)}▀···${"▀".repeat(6)}`);
  const svg = await coveragePicture(rows).toSvg();
  assertEquals(svg.match(/<title>2026-01-\d\d: v001, 1 file<\/title>/g)?.length, 17);
});

Deno.test("coverage() counts a file once in a bar of many days", async () => {
  const rows = Array.from({ length: 6 }, (_, year) => offsets(`${2020 + year}0101`, `${2020 + year}1231`));
  assertStringIncludes(await coveragePicture(rows).toSvg(), "<title>2020-01-01 to 2025-12-31: v001, 6 files</title>");
  const twice = [offsets("20200101", "20231231", "v001"), offsets("20210101", "20211231", "v002")];
  const svg = await coveragePicture(twice).toSvg();
  assertStringIncludes(svg, ": v002, 2 files</title>");
  assertStringIncludes(svg, " to 2023-12-31: v001, 1 file</title>");
});

Deno.test("coverage() draws a row for each type of SPICE kernel, over the time that it is valid for", async () => {
  const rows = [
    kernel("attitude_history", "2026-01-01", "2026-01-10"),
    kernel("attitude_history", "2026-01-08", "2026-01-20", "2"),
    kernel("attitude_history", "2026-01-18", "2026-01-20", "10"),
    kernel("leapseconds", null, null),
    kernel("spin", "2026-01-05", "2026-01-05"),
  ];
  const lines = linesOf(rows, 60);
  assertEquals(lines[0], "Coverage of 5 files: 2 products, 2026-01-01 to 2026-01-20");
  assert(lines.some((line) => line === `spice – attitude_history ${"▀".repeat(20)}`), lines.join("\n"));
  assert(lines.some((line) => line.startsWith("  10 newest")));
  assert(lines.some((line) => line.startsWith("spice – spin 01")));
  assertStringIncludes(lines.join("\n"), "1 file without a day: not drawn");
  assertStringIncludes(await coveragePicture(rows).toSvg(), ">– attitude_history</text>");
});

Deno.test("coverage() cuts a SPICE kernel that is valid for a century, and says so", async () => {
  const week = kernel("attitude_history", "2026-01-01", "2026-01-07");
  const rows = [week, kernel("planetary_ephemeris", "1950-01-01", "2050-01-01")];
  const lines = linesOf(rows);
  assertEquals(lines[0], "Coverage of 2 files: 2 products, 2025-12-25 to 2026-01-14");
  const [kept = "", century = ""] = lines.slice(2, 4).map((line) =>
    line.slice(line.indexOf(" 01 ") + 4).replaceAll(" ", "")
  );
  assert(/^·+▀+·+$/.test(kept) && /^▀+$/.test(century), lines.join("\n"));
  assertStringIncludes(lines.join("\n"), "1 file for a longer time: cut");
  const svg = await coveragePicture(rows).toSvg();
  assertStringIncludes(svg, "1 file for a longer time: cut");
  assert(!svg.includes("1950"));
  // The only file is drawn from end to end.
  assertStringIncludes(linesOf(rows.slice(1))[0] ?? "", "1950-01-01 to 2050-01-01");
});

Deno.test("coverage() says how many files are valid at other times than the shown ones", () => {
  const rows = [offsets("20260101", null), kernel("old", "1900-01-01", "1990-01-01")];
  assertStringIncludes(linesOf(rows).join("\n"), "1 file for another time: not drawn");
});

Deno.test("coverage() ignores an end before the start, or one that is not a day", () => {
  for (const end of ["20251231", "soon", ""]) {
    assertEquals(linesOf([offsets("20260101", end)])[0], "Coverage of 1 file: 1 product, on 2026-01-01");
  }
});

Deno.test("coverage() of 100,000 long files takes less than 2 s of one processor", () => {
  const rows = Array.from(
    { length: 100_000 },
    (_, index) => offsets(`20${10 + index % 15}0101`, `20${12 + index % 15}0101`),
  );
  const times = [0, 1, 2].map(() => {
    const started = processorTime();
    linesOf(rows);
    return processorTime() - started;
  });
  assert(Math.min(...times) < 2000, String(times));
});
