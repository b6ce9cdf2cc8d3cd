import { FileJournal } from "../../src/archive/orders.ts";
import { testFolder } from "../support/folder.ts";
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";

Deno.test("FileJournal.append() drops the oldest orders when there are too many, and keeps the newest", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "orders.ndjson");
  const journal = new FileJournal(path, 10_000);
  for (let order = 0; order < 1_000; order++) {
    await journal.append({
      time: "2026-03-04 05:06:07",
      order: "reprocess",
      parameters: { start_date: String(order) },
    });
  }
  assert((await Deno.stat(path)).size < 11_000);
  const kept = (await journal.orders()).map(({ parameters }) => Number(parameters.start_date));
  assertEquals(kept, Array.from({ length: kept.length }, (_, at) => 1_000 - kept.length + at));
  assert(kept.length > 40);
  assertEquals(await folder.files(), ["orders.ndjson"]);
});
