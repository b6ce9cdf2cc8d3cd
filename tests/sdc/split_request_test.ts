import { addDays, daysBetween } from "../../src/names/fields.ts";
import { queryTable } from "../../src/sdc/plan_query.ts";
import { splitRequest } from "../../src/sdc/run_query.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";

const TODAY = "20260303";
const day = fc.integer({ min: 0, max: 73_000 }).map((days) => addDays("19000101", days));

Deno.test("splitRequest() returns slices without gaps or common days, and keeps all other parameters", () => {
  fc.assert(
    fc.property(fc.option(day, { nil: undefined }), fc.option(day, { nil: undefined }), (start_date, end_date) => {
      if (start_date !== undefined && end_date !== undefined && start_date > end_date) return;
      const days = { ...(start_date && { start_date }), ...(end_date && { end_date }) };
      const parts = splitRequest(queryTable("science"), { instrument: "mag", latest: "true", ...days }, TODAY);
      if (parts === undefined) {
        assert(start_date === end_date || (start_date ?? "") >= "20991231" || (end_date ?? "9") <= "19000101");
        return;
      }
      assertEquals([parts[0]?.start_date, parts.at(-1)?.end_date], [start_date, end_date]);
      for (const [index, part] of parts.entries()) {
        assertEquals([part.instrument, part.latest], ["mag", "true"]);
        const before = parts[index - 1]?.end_date;
        if (before !== undefined) assertEquals(daysBetween(before, part.start_date ?? ""), 1);
      }
    }),
    { seed: 20260924, numRuns: 2_000 },
  );
});

Deno.test("splitRequest() reaches slices of one day in few steps", () => {
  let steps = 0;
  for (let search: Record<string, string> | undefined = { instrument: "mag", latest: "true" }; search !== undefined;) {
    search = splitRequest(queryTable("science"), search, TODAY)?.at(-1);
    assert(++steps < 12);
  }
});

Deno.test("splitRequest() splits one day by the day of ingestion, unless the newest versions are requested", () => {
  const oneDay = { start_date: TODAY, end_date: TODAY };
  const [first] = splitRequest(queryTable("science"), oneDay, TODAY) ?? [];
  assertEquals(first, { ...oneDay, ingestion_end_date: "20231231" });
  assertEquals(splitRequest(queryTable("science"), { ...oneDay, latest: "true" }, TODAY), undefined);
});
