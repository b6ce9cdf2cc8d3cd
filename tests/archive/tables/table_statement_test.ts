import {
  ANCILLARY_TABLE,
  type ArchiveTable,
  conditionsOf,
  SCIENCE_TABLE,
  SPICE_TABLE,
  tableStatement,
} from "../../../src/archive/tables.ts";
import { openTestArchive } from "../../support/archive.ts";
import { assert, assertEquals } from "@std/assert";

const DATES = { start_date: "20260101", end_date: "20260131" };

/** Parameters, and the index that finds their rows. */
const PLANS: readonly (readonly [table: ArchiveTable, parameters: Record<string, string>, index: string])[] = [
  [SCIENCE_TABLE, { instrument: "mag", data_level: "l1a", descriptor: "sci", ...DATES }, "files_by_product"],
  [SCIENCE_TABLE, { instrument: "mag", data_level: "l1a" }, "files_by_product"],
  [SCIENCE_TABLE, { instrument: "mag", ...DATES }, "files_by_instrument"],
  [SCIENCE_TABLE, { descriptor: "sci", ...DATES }, "files_by_descriptor"],
  [SCIENCE_TABLE, DATES, "files_by_start_date"],
  [SCIENCE_TABLE, { repointing: "12" }, "files_by_repointing"],
  [SCIENCE_TABLE, { ingestion_start_date: "20260101" }, "files_by_ingestion_date"],
  [ANCILLARY_TABLE, { instrument: "mag" }, "files_by_"],
  [ANCILLARY_TABLE, DATES, "files_by_start_date"],
  [SPICE_TABLE, { type: "leapseconds" }, "files_by_kernel_type"],
];

Deno.test("tableStatement() lets an index find the rows of what is asked for, with latest too", async () => {
  await using archive = await openTestArchive();
  for (const [table, parameters, index] of PLANS) {
    for (const latest of [false, true]) {
      const conditions = conditionsOf(table, new Map(Object.entries(parameters)));
      assert(!("bad" in conditions));
      const { sql, values } = tableStatement(table, conditions, latest);
      const plan = archive.opened.catalog.rows(`EXPLAIN QUERY PLAN ${sql}`, values).map(({ detail }) => String(detail));
      assert(plan.some((step) => step.startsWith(`SEARCH files USING INDEX ${index}`)), plan.join("\n"));
    }
  }
});

Deno.test("conditionsOf() has one text for parameters in any order, and no value in it", () => {
  const one = conditionsOf(SCIENCE_TABLE, new Map([["instrument", "mag' OR 1=1"], ["version", "v001"]]));
  const other = conditionsOf(SCIENCE_TABLE, new Map([["version", "v001"], ["instrument", "mag' OR 1=1"]]));
  assertEquals(one, other);
  assert(!("bad" in one) && !one.where.includes("OR 1=1"));
});

Deno.test("conditionsOf() names the parameter whose value cannot be", () => {
  assertEquals(conditionsOf(SCIENCE_TABLE, new Map([["end_date", "20260230"]])), { bad: "end_date" });
  assertEquals(conditionsOf(SPICE_TABLE, new Map([["version", "latest"]])), { bad: "version" });
});
