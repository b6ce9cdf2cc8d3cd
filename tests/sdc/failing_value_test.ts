// A server whose database fails for one value (as those of 2024 did), or that cannot split a day by ingestion.
import { ResponseError } from "../../src/errors.ts";
import type { QueryParameters } from "../../src/protocol/tables.ts";
import { checkQuery, planQuery } from "../../src/sdc/plan_query.ts";
import { queryRows } from "../../src/sdc/run_query.ts";
import { testTransport } from "../support/client.ts";
import { startServer } from "../support/server.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";

const NOW = new Date("2026-03-03T12:00:00Z");

/** What a gateway of 2024 sends when the code behind it has crashed. */
const crashed = () =>
  Response.json({ message: "Internal server error" }, { status: 502, headers: { "retry-after": "0" } });

/** A server that crashes when a parameter has a value. */
function startFailing(fails: (search: URLSearchParams) => boolean) {
  return startServer(({ url }) => fails(new URL(url).searchParams) ? crashed() : Response.json([]));
}

async function ask(url: string, query: QueryParameters) {
  const { transport } = testTransport(url, { retries: 5 });
  const options = { signal: undefined, now: NOW, onProgress: () => {} };
  for await (const _ of queryRows(transport, planQuery(checkQuery(query, NOW)), options));
}

Deno.test("queryRows() names the value for which the server fails, after few requests", async () => {
  await using server = startFailing((search) => search.get("instrument") === "spacecraft");
  const error = await assertRejects(() => ask(server.url, { instrument: "spacecraft" }), ResponseError);
  assertStringIncludes(
    error.message,
    'it fails for instrument "spacecraft", and responds without: its database may not know the value; leave it out',
  );
  assertEquals([error.status, error.retryable], [502, false]);
  // Two tries, a small request after the first, and after the second one without the value and one with it.
  assertEquals(server.requests.length, 5);
});

Deno.test("queryRows() names the one value of a list, and the one parameter of several", async () => {
  const cases: ReadonlyArray<readonly [QueryParameters, string, string, said: string]> = [
    [{ instrument: ["mag", "spacecraft", "swe"] }, "instrument", "spacecraft", 'for instrument "spacecraft", and'],
    [{ instrument: "mag", data_level: "l3" }, "data_level", "l3", 'for data_level "l3", and'],
    [{ instrument: "mag", descriptor: ["a", "b"], data_level: "l1a" }, "descriptor", "b", 'for descriptor "b", and'],
    [{ table: "spice", type: ["spacecraft_clock", "attitude_history"] }, "type", "attitude_history", "for type"],
  ];
  for (const [query, name, value, said] of cases) {
    await using server = startFailing((search) => search.get(name) === value);
    const { message } = await assertRejects(() => ask(server.url, query), ResponseError);
    assertStringIncludes(message, said);
    assert(server.requests.length <= 12, `${server.requests.length} requests`);
  }
});

Deno.test("queryRows() names all conditions when only their combination fails", async () => {
  await using server = startFailing((search) => search.has("instrument") && search.has("data_level"));
  const query = { instrument: "mag", data_level: "l3" };
  await assertRejects(() => ask(server.url, query), ResponseError, 'for instrument "mag" with data_level "l3", and');
});

Deno.test("queryRows() blames no value when the server is down, or comes back", async () => {
  await using down = startFailing(() => true);
  await assertRejects(() => ask(down.url, { instrument: "mag" }), ResponseError, "about 15,000 files");
  for (const crashes of [1, 2, 3, 4]) {
    let count = 0;
    await using back = startFailing(() => ++count <= crashes);
    await ask(back.url, { instrument: "mag" });
  }
});

/** A server of 2024: it knows no day of ingestion, and a day has too many files. */
function startOlder(options: { readonly isTooLarge: (search: URLSearchParams) => boolean }) {
  return startServer(({ url }) => {
    const search = new URL(url).searchParams;
    for (const name of ["limit", "ingestion_start_date", "ingestion_end_date"]) {
      if (search.has(name)) return Response.json(`${name} is not a valid query parameter.`, { status: 400 });
    }
    return options.isTooLarge(search) ? crashed() : Response.json([]);
  });
}

const DAY = "20300101";
const hasDay = (search: URLSearchParams): boolean =>
  (search.get("start_date") ?? "0") <= DAY && DAY <= (search.get("end_date") ?? "9");

Deno.test("queryRows() says that a day has too many files, not that the server rejects a parameter nobody gave", async () => {
  await using server = startOlder({ isTooLarge: hasDay });
  const queries: QueryParameters[] = [
    { instrument: "mag", start_date: DAY, end_date: DAY },
    { instrument: "mag", start_date: "20291225", end_date: "20300105" },
    { instrument: "mag" },
  ];
  for (const query of queries) {
    const error = await assertRejects(() => ask(server.url, query), ResponseError);
    assertStringIncludes(
      error.message,
      `the files of ${DAY} alone are too many for one response: ask for fewer of them, by data_level or descriptor`,
    );
    assertEquals([error.status, error.retryable], [502, false]);
  }
});

Deno.test("queryRows() still finds the files of a day when the server had only crashed once", async () => {
  let crashes = 0;
  await using server = startOlder({
    isTooLarge: (search) => hasDay(search) && search.get("start_date") === DAY && ++crashes <= 1,
  });
  await ask(server.url, { instrument: "mag", start_date: DAY, end_date: DAY });
  assert(server.requests.length > 3);
});

Deno.test("queryRows() passes on that the server rejects a day of ingestion that the caller gave", async () => {
  await using server = startOlder({ isTooLarge: () => false });
  const query = { instrument: "mag", ingestion_start_date: "20260101" };
  await assertRejects(
    () => ask(server.url, query),
    ResponseError,
    "ingestion_start_date is not a valid query parameter",
  );
});
