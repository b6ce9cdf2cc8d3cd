// The SQL of a query: an index finds its rows, and no value is part of it.
import { assert, assertEquals } from "@std/assert";
import { queryStatement } from "../../../src/archive/tables.ts";
import { openTestArchive } from "../../support/archive.ts";

type Query = Parameters<typeof queryStatement>[2];
type Condition = Query["conditions"][number];

const is = (column: string, value: string | number): Condition => ({ column, test: "= ?", value });
const DAYS: readonly Condition[] = [
  { column: "start_date", test: ">= ?", value: "20260101" },
  { column: "start_date", test: "<= ?", value: "20260131" },
];
const INGESTED: Condition = { column: "ingestion_date", test: ">= ?", value: "2026-01-01 00:00:00" };

/** Conditions, and how SQLite finds their rows. */
const PLANS: readonly (readonly [
  table: Parameters<typeof queryStatement>[0],
  conditions: readonly Condition[],
  plan: RegExp,
])[] = [
  [
    "science",
    [is("instrument", "mag"), is("data_level", "l1a"), is("descriptor", "sci"), ...DAYS],
    /INDEX files_by_product/,
  ],
  ["science", [is("instrument", "mag"), is("data_level", "l1a")], /INDEX files_by_product/],
  ["science", [is("instrument", "mag"), ...DAYS], /INDEX files_by_instrument/],
  ["science", [is("descriptor", "sci"), ...DAYS], /INDEX files_by_descriptor/],
  ["science", DAYS, /INDEX files_by_start_date/],
  ["science", [is("repointing", 12)], /INDEX files_by_repointing/],
  ["science", [INGESTED], /INDEX files_by_ingestion_date/],
  ["science", [is("file_path", "imap/x")], /^SEARCH files USING PRIMARY KEY/],
  // In the order of the paths, without sorting.
  ["science", [], /^SCAN files$/],
  ["science", [is("data_level", "l1a")], /^SCAN files$/],
  ["ancillary", [is("instrument", "mag")], /INDEX files_by_/],
  ["ancillary", [], /INDEX files_by_/],
  ["quicklook", DAYS, /INDEX files_by_start_date/],
];

Deno.test("queryStatement() lets an index find the rows of a query, and newer versions of each", async () => {
  await using archive = await openTestArchive();
  for (const [table, conditions, expected] of PLANS) {
    const versions = table === "science" ? ["all", "newest", "newest major"] as const : ["all"] as const;
    for (const version of versions) {
      const query = { conditions, versions: version, limit: undefined, offset: 0 };
      const { sql, values } = queryStatement(table, "now", query);
      const steps = archive.opened.catalog.rows(`EXPLAIN QUERY PLAN ${sql}`, values).map(({ detail }) =>
        String(detail)
      );
      assert(steps.some((step) => step.includes("files") && expected.test(step)), steps.join("\n"));
      if (/SCAN/.test(expected.source)) assert(!steps.some((step) => step.includes("ORDER BY")), steps.join("\n"));
      const newer = steps.find((step) => step.startsWith("SEARCH newer"));
      if (version === "all") assertEquals(newer, undefined);
      else if (!/PRIMARY KEY/.test(expected.source)) {
        assert(/files_by_product \(table_name=\? .*repointing=\? AND .*major_version.*>/.test(newer ?? ""), newer);
      }
    }
  }
});

Deno.test("queryStatement() has one text for conditions in any order, and no value in it", () => {
  const conditions = [is("instrument", "mag' OR 1=1"), is("minor_version", 1), ...DAYS];
  const query = { versions: "newest", limit: 10, offset: 20 } as const;
  const one = queryStatement("science", "now", { ...query, conditions });
  const other = queryStatement("science", "now", { ...query, conditions: conditions.toReversed() });
  assertEquals(one, other);
  assert(!one.sql.includes("OR 1=1") && !one.sql.includes("20260101"));
  // What tells versions of a file apart is asked of the newer version too.
  assertEquals(one.values, ["mag' OR 1=1", 1, "20260131", "20260101", 1, 10, 20]);
});
