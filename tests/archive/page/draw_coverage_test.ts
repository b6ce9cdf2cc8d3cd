import { drawCoverage } from "../../../src/archive/page.ts";
import { decodeFileRecords } from "../../../src/protocol/tables.ts";
import { coverageOf, coverageSvg } from "../../../src/views/coverage.ts";
import { openTestArchive } from "../../support/archive.ts";
import { assert, assertEquals } from "@std/assert";

/** One file of each product, of several instruments and levels, each on a different day. */
function filesOf(products: number): Record<string, string> {
  const names = Array.from({ length: products }, (_, product) => {
    const [instrument, level] = [["mag", "swe", "hi"][product % 3], ["l1a", "l2"][product % 2]];
    const day = new Date(Date.UTC(2026, 0, 1 + product)).toISOString().slice(0, 10).replaceAll("-", "");
    const folder = `imap/${instrument}/${level}/${day.slice(0, 4)}/${day.slice(4, 6)}`;
    return `${folder}/imap_${instrument}_${level}_product${product}_${day}_v00${1 + product % 2}.cdf`;
  });
  return Object.fromEntries(names.map((name) => [name, "x"]));
}

Deno.test("drawCoverage() draws the same chart in parts as at once", async () => {
  for (const products of [1, 20, 130]) {
    await using archive = await openTestArchive({ files: filesOf(products) });
    const rows = decodeFileRecords(
      await archive.opened.catalog.rows(
        "SELECT file_path, instrument, data_level, descriptor, start_date, version FROM files",
      ),
    );
    assertEquals(rows.length, products);
    assertEquals(await drawCoverage(archive.opened.catalog), coverageSvg(coverageOf(rows, new Set()), "", "auto"));
  }
});

Deno.test("drawCoverage() lets other requests be answered between its parts", async () => {
  await using archive = await openTestArchive({ files: filesOf(60) });
  await drawCoverage(archive.opened.catalog); // Loads the code that draws.
  let answered = 0;
  const drawing = drawCoverage(archive.opened.catalog);
  const timer = setInterval(() => answered++, 0);
  await drawing;
  clearInterval(timer);
  assert(answered >= 3);
});
