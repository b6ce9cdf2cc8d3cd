import { htmlTable, textTable } from "../../src/display/table.ts";
import { CatalogCount, catalogTable } from "../../src/client/catalog.ts";
import { assertSnapshot } from "../support/snapshot.ts";
import { assertHarmlessMarkup, assertHarmlessText, HOSTILE } from "./hostile.ts";
import { rowsOf } from "./rows.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

Deno.test("catalogTable() matches its snapshot, with hostile product names", async () => {
  const table = catalogTable([
    {
      instrument: "mag",
      data_level: "l1a",
      descriptor: "norm-mago",
      files: 365,
      first_date: "20260101",
      last_date: "20261231",
    },
    { instrument: null, data_level: null, descriptor: "leapseconds", files: 1, first_date: null, last_date: null },
    {
      instrument: HOSTILE.instrument ?? null,
      data_level: HOSTILE.data_level ?? null,
      descriptor: HOSTILE.descriptor ?? "",
      files: 12,
      first_date: HOSTILE.version ?? null,
      last_date: `${HOSTILE.ingestion_date}`,
    },
  ]);
  const [text, html] = [textTable(table), htmlTable(table)];
  assertHarmlessText(text);
  assertHarmlessMarkup(html);
  await assertSnapshot(import.meta.url, "catalog_table.txt", text);
  await assertSnapshot(import.meta.url, "catalog_table.html", html);
});

Deno.test("a catalog is an array that displays itself, with links and a strip of days for each product", () => {
  const count = new CatalogCount();
  count.add([...rowsOf(0, 10), ...rowsOf(20, 12), ...rowsOf(0, 32, { instrument: "swe", data_level: "l0" })]);
  const products = count.entries({ url: "https://sdc.test" });
  assertEquals(products.map(({ instrument, files }) => [instrument, files]), [["mag", 22], ["swe", 32]]);
  assertEquals(JSON.parse(JSON.stringify(products))[1], {
    instrument: "swe",
    data_level: "l0",
    descriptor: "norm-mago",
    files: 32,
    first_date: "20250501",
    last_date: "20250601",
  });
  const lines = products.toText().split("\n");
  assertEquals(lines[0], "Found [2] products with 54 files");
  const one = new CatalogCount();
  one.add(rowsOf(0, 1));
  assertEquals(one.entries().toText().split("\n")[0], "Found [1] product with 1 file");
  assert(lines[4]?.endsWith("|20250501  |20250601 |▀▀▀▀▀·····▀▀▀▀▀▀|"), lines[4]);
  assertEquals(Deno.inspect(products), products.toText().trimEnd());
  const html = products.toHtml();
  assertHarmlessMarkup(html);
  assertStringIncludes(
    html,
    `href="https://sdc.test/query?instrument=mag&amp;data_level=l1a&amp;descriptor=norm-mago"`,
  );
  assertStringIncludes(html, "<title>22 of 32 days</title>");
  // Without what pages may remove, the number of days is left.
  assertStringIncludes(html.replaceAll(/<(?!\/?t[dr])[^>]*>/g, ""), "22 of 32 days</td>");
  for (const list of [products.head(1), products.concat(products), products.sortBy("files", { descending: true })]) {
    assertStringIncludes(list.toText(), "|Coverage");
  }
  assertEquals(products.sortBy("files", { descending: true }).map(({ files }) => files), [32, 22]);
  assertEquals(products.sortBy(({ descriptor }) => descriptor).length, 2);
  assertStringIncludes(products.filter(({ instrument }) => instrument === "swe").toHtml(), "32 of 32 days");
});

Deno.test("a catalog of SPICE files draws the time that kernels cover, and links to the SPICE query", () => {
  const count = new CatalogCount();
  const kernel = (kernel_type: string, min_date_datetime: string | null, max_date_datetime: string | null) => ({
    file_path: `imap/spice/${kernel_type}/${min_date_datetime}`,
    kernel_type,
    min_date_datetime,
    max_date_datetime,
  });
  count.add([
    kernel("attitude_history", "2026-01-01, 00:00:00", "2026-01-08, 00:00:00"),
    kernel("attitude_history", "2026-01-16, 00:00:00", "2026-01-16, 00:00:00"),
    kernel("planetary_ephemeris", "1950-01-01, 00:00:00", "2050-01-01, 00:00:00"),
    kernel("leapseconds", null, null),
  ]);
  const products = count.entries({ url: "https://sdc.test", table: "spice" }).filter(({ first_date }) =>
    first_date !== "19500101"
  );
  assertStringIncludes(products.toText(), "|▀▀▀▀▀▀▀▀·······▀|");
  assertStringIncludes(products.toText(), "|················|");
  assertStringIncludes(products.toHtml(), `href="https://sdc.test/spice-query?type=leapseconds"`);
});
