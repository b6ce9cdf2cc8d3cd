import { FILTERS } from "../../src/cli/filters.ts";
import { formats } from "../../src/cli/formats.ts";
import { query } from "../../src/cli/commands/query.ts";
import { TABLES } from "../../src/protocol/tables.ts";
import { queryTable } from "../../src/sdc/plan_query.ts";
import { assertEquals } from "@std/assert";

Deno.test("query has an option for every parameter of the library's queries, and no other", () => {
  const parameters = new Set(TABLES.flatMap((table) => queryTable(table).parameters));
  assertEquals(FILTERS.map(({ parameter }) => parameter).toSorted(), [...parameters].toSorted());
});

Deno.test("query offers every output format, and no other", () => {
  const choices = query.spec.options.find(({ name }) => name === "output-format")?.choices ?? [];
  assertEquals(choices.toSorted(), [...Object.keys(formats), "ndjson"].toSorted());
});
