// The SQL of a query: an index finds its rows, no value is part of it, and pages follow each other.
import { assert, assertEquals } from "@std/assert";
import { filesSql } from "../../../src/archive/sqlite_catalog.ts";
import { filesQuery } from "../../../src/archive/tables.ts";
import { openTestArchive } from "../../support/archive.ts";

type Query = Parameters<typeof filesQuery>[2];
type Condition = Query["conditions"][number];

const is = (column: string, value: string | number): Condition => ({ column, test: "= ?", value });
const DAYS: readonly Condition[] = [
  { column: "start_date", test: ">= ?", value: "20260101" },
  { column: "start_date", test: "<= ?", value: "20260131" },
];
const INGESTED: Condition = { column: "ingestion_date", test: ">= ?", value: "2026-01-01 00:00:00" };

/** Conditions, and how SQLite finds their rows. */
const PLANS: readonly (readonly [
  table: Parameters<typeof filesQuery>[0],
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
  ["science", [INGESTED, { ...INGESTED, test: "<= ?" }], /INDEX files_by_ingestion_date/],
  ["science", [is("file_path", "imap/x")], /^SEARCH files USING PRIMARY KEY/],
  ["ancillary", [is("instrument", "mag")], /INDEX files_by_/],
  ["ancillary", [], /INDEX files_by_/],
  ["quicklook", DAYS, /INDEX files_by_start_date/],
];

/** How SQLite runs the catalog's query. */
function planOf({ row, where }: { row: string; where: string }): string {
  return `EXPLAIN QUERY PLAN SELECT ${row} AS row FROM files WHERE ${where} ORDER BY file_path`;
}

Deno.test("filesQuery() lets an index find the rows of a query, and newer versions of each", async () => {
  await using archive = await openTestArchive();
  for (const [table, conditions, expected] of PLANS) {
    const versions = table === "science" ? ["all", "newest", "newest major"] as const : ["all"] as const;
    for (const version of versions) {
      const query = { conditions, versions: version, limit: undefined, offset: 0 };
      const { row, where, values } = filesSql(filesQuery(table, "now", query), false);
      const steps = archive.opened.files.rows(planOf({ row, where }), values).map(({ detail }) => String(detail));
      assert(steps.some((step) => step.includes("files") && expected.test(step)), steps.join("\n"));
      const newer = steps.find((step) => step.startsWith("SEARCH newer"));
      if (version === "all") assertEquals(newer, undefined);
      else if (!/PRIMARY KEY/.test(expected.source)) {
        assert(/files_by_product \(table_name=\? .*repointing=\? AND .*major_version.*>/.test(newer ?? ""), newer);
      }
    }
  }
});

Deno.test("filesQuery() reads a large part of the archive in the order of the paths, without sorting it", async () => {
  await using archive = await openTestArchive();
  for (const conditions of [[], DAYS, [is("instrument", "mag"), is("repointing", 12), INGESTED]]) {
    const query = { conditions, versions: "newest", limit: 10, offset: 20 } as const;
    const { row, where, values } = filesSql(filesQuery("science", "now", query), true);
    const steps = archive.opened.files.rows(planOf({ row, where }), values).map(({ detail }) => String(detail));
    assertEquals(steps.filter((step) => !step.includes("newer")), ["SCAN files", "CORRELATED SCALAR SUBQUERY 1"]);
  }
});

Deno.test("filesQuery() has one text for conditions in any order, and no value in it", () => {
  const conditions = [is("instrument", "mag' OR 1=1"), is("minor_version", 1), ...DAYS];
  const query = { versions: "newest", limit: 10, offset: 20 } as const;
  const one = filesSql(filesQuery("science", "now", { ...query, conditions }), false);
  const other = filesSql(filesQuery("science", "now", { ...query, conditions: conditions.toReversed() }), false);
  assertEquals(one, other);
  assert(!one.where.includes("OR 1=1") && !one.where.includes("20260101"));
  // The conditions that distinguish versions of a file apply to the newer version too.
  assertEquals(one.values, ["mag' OR 1=1", 1, "20260131", "20260101", 1]);
});

Deno.test("GET /query goes through the pages of a result, whatever comes in meanwhile", async () => {
  await using archive = await openTestArchive();
  const name = (day: number) => `imap_mag_l1a_norm_202601${String(day).padStart(2, "0")}_v001.0001.cdf`;
  for (let day = 2; day <= 20; day += 2) await archive.put(name(day), "x");
  const days = async (query: string) =>
    (await archive.rows(query)).map(({ start_date }) => Number(String(start_date).slice(6)));
  const all = [2, 4, 6, 8, 10, 12, 14, 16, 18, 20];
  for (const step of [1, 3, 10]) {
    for (const overlap of [0, 1]) {
      const found: number[] = [];
      for (let offset = 0; offset < all.length; offset += step) {
        found.push(...(await days(`instrument=mag&limit=${step + overlap}&offset=${offset}`)).slice(0, step));
      }
      assertEquals(found, all);
    }
  }
  // Back, and far ahead.
  assertEquals(await days("instrument=mag&limit=2&offset=6"), [14, 16]);
  assertEquals(await days("instrument=mag&limit=2&offset=1"), [4, 6]);
  assertEquals(await days("instrument=mag&limit=2&offset=9"), [20]);
  assertEquals(await days("instrument=mag&limit=2&offset=10"), []);
  // Another query has pages of its own.
  assertEquals(await days("instrument=mag&end_date=20260110&limit=2&offset=3"), [8, 10]);
  await archive.put(name(1), "x");
  assertEquals(await days("instrument=mag&limit=2&offset=9"), [18, 20]);
});
