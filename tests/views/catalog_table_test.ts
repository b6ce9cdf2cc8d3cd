import { htmlTable } from "../../src/display/html_table.ts";
import { textTable } from "../../src/display/text_table.ts";
import { catalogTable } from "../../src/cli/commands/catalog.ts";
import { assertSnapshot } from "../support/snapshot.ts";
import { assertHarmlessMarkup, assertHarmlessText, HOSTILE } from "./hostile.ts";

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
