// `today` on a machine whose clock is wrong: the server's clock decides.
import { ImapClient, ImapError } from "../../mod.ts";
import { tdbSeconds } from "../../src/names/fields.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const DAY_MS = 86_400_000;

/** A day before or after today by this machine's clock, at noon. */
function noonOf(days: number): Date {
  const time = new Date(Date.now() + days * DAY_MS);
  time.setUTCHours(12, 0, 0, 0);
  return time;
}

const eightDigits = (time: Date): string => time.toISOString().slice(0, 10).replaceAll("-", "");

/** A server whose clock says a day from today; its response has one file that it ingested then. */
function serverAt(days: number, headers: Record<string, string> = {}) {
  return startServer(({ url }) => {
    const search = new URL(url).searchParams;
    const isFound = search.get("ingestion_start_date") === eightDigits(noonOf(days));
    const rows = isFound ? [{ file_path: "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts" }] : [];
    return Response.json(rows, { headers: { date: noonOf(days).toUTCString(), ...headers } });
  });
}

const daysAsked = (requests: ReadonlyArray<{ readonly url: string }>) =>
  requests.map(({ url }) => new URL(url).searchParams.get("ingestion_start_date"));

for (const days of [-400, -2, 3]) {
  Deno.test(`query({ today: true }) is repeated for the server's day, ${days} days away, with a notice`, async () => {
    await using server = serverAt(days);
    const notices: string[] = [];
    const log = (event: { type: string; notice?: string }) =>
      event.type === "notice" && notices.push(event.notice ?? "");
    const files = await new ImapClient({ url: server.url, log }).query({ today: true });
    assertEquals(files.length, 1);
    assertEquals(daysAsked(server.requests), [eightDigits(new Date()), eightDigits(noonOf(days))]);
    assertEquals(notices.length, 1);
    const [here, there] = [new Date(), noonOf(days)].map((time) => time.toISOString().slice(0, 10));
    assertStringIncludes(
      notices[0] ?? "",
      `the clock of this machine says ${here}, that of the archive ${there} (UTC)`,
    );
    assertStringIncludes(notices[0] ?? "", "check the clock");
  });
}

Deno.test("query --today says that the clock is wrong, and shows the files of the server's day", async () => {
  await using server = serverAt(-2);
  const { code, stdout, stderr } = await runCli(["query", "--url", server.url, "--today", "--output-format", "paths"]);
  assertEquals([code, stdout], [0, "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts\n"]);
  assertStringIncludes(stderr, "the query is repeated for the archive's day; check the clock");
});

Deno.test("query() sends one request when both clocks say the same day, or the query has no relative day", async () => {
  const cases: ReadonlyArray<readonly [number, Record<string, string | number | boolean>]> = [
    [0, { today: true }],
    [-2, { instrument: "mag" }],
    [-2, { ingestion_start_date: "20250101" }],
  ];
  for (const [days, parameters] of cases) {
    await using server = serverAt(days);
    await new ImapClient({ url: server.url }).query(parameters);
    assertEquals(server.requests.length, 1);
  }
});

Deno.test("query() repeats queries with days_ago, yesterday, and 7d, too, and adds the age in a cache", async () => {
  const day = (days: number) => eightDigits(noonOf(days));
  const cases: ReadonlyArray<readonly [Record<string, string | number>, string, number]> = [
    [{ days_ago: 1 }, "ingestion_start_date", 1],
    [{ ingestion_start_date: "yesterday" }, "ingestion_start_date", 1],
    [{ start_date: "7d" }, "start_date", 7],
  ];
  for (const [parameters, name, ago] of cases) {
    await using server = serverAt(-3, { age: String(86_400) });
    await new ImapClient({ url: server.url }).query(parameters);
    const asked = server.requests.map(({ url }) => new URL(url).searchParams.get(name));
    assertEquals(asked, [day(-ago), day(-2 - ago)]);
  }
});

Deno.test("query() trusts the clock that a caller passes", async () => {
  await using server = serverAt(-2);
  await new ImapClient({ url: server.url }).query({ today: true }, { now: () => new Date("2025-05-02T12:00:00Z") });
  assertEquals(daysAsked(server.requests), ["20250502"]);
});

Deno.test("query() asks once more only, even if each response has another date", async () => {
  let day = 0;
  await using server = startServer(() => Response.json([], { headers: { date: noonOf(day -= 5).toUTCString() } }));
  await new ImapClient({ url: server.url }).query({ today: true });
  assertEquals(server.requests.length, 2);
});

/** A server whose clock is days ahead or behind, and a client that collects its notices. */
function clientAt(days: number, answer: () => Response, dataDir: string) {
  const server = startServer(() => {
    const response = answer();
    response.headers.set("date", noonOf(days).toUTCString());
    return response;
  });
  const notices: string[] = [];
  const client = new ImapClient({
    url: server.url,
    dataDir,
    log: (event) => event.type === "notice" && notices.push(event.notice),
  });
  const asked = (name: string) => server.requests.map(({ url }) => new URL(url).searchParams.get(name));
  return { client, notices, asked, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

Deno.test("jobs() with a relative day is repeated for the server's day, with a notice", async () => {
  await using lab = clientAt(-2, () => Response.json([]), ".");
  await lab.client.jobs({ start_date: "today" });
  assertEquals(lab.asked("start_date"), [eightDigits(noonOf(0)), eightDigits(noonOf(-2))]);
  assertEquals(lab.notices.length, 1);
  assertStringIncludes(lab.notices[0] ?? "", "the jobs are listed again for the archive's day; check the clock");
  await lab.client.jobs({ start_date: "20250502" });
  await lab.client.jobs({ start_date: "today" }, { now: () => new Date("2025-05-02T12:00:00Z") });
  assertEquals([lab.asked("start_date").length, lab.notices.length], [4, 1]);
});

Deno.test("reprocess() with a relative day says that the server's clock says another day, and is sent once", async () => {
  await using lab = clientAt(3, () => Response.json({ jobs: 3 }), ".");
  const products = { instrument: "mag", data_level: "l1b", descriptor: "norm" } as const;
  await lab.client.reprocess({ start_date: "7d", end_date: "today", ...products });
  const [first, last] = [-7, 0].map((days) => eightDigits(noonOf(days)));
  assertEquals([lab.asked("start_date"), lab.asked("end_date")], [[first], [last]]);
  assertEquals(lab.notices.length, 1);
  assertStringIncludes(lab.notices[0] ?? "", `(UTC): the request is for ${first} to ${last}; check the clock`);
  await lab.client.reprocess({ start_date: "20250501", end_date: "20250502", ...products });
  assertEquals(lab.notices.length, 1);
});

Deno.test("reprocess() succeeds even if its range would end before it starts by the server's clock", async () => {
  await using lab = clientAt(-3, () => Response.json({ jobs: 3 }), ".");
  const products = { instrument: "mag", data_level: "l1b", descriptor: "norm" } as const;
  await lab.client.reprocess({ start_date: eightDigits(noonOf(-1)), end_date: "today", ...products });
  assertEquals([lab.asked("start_date").length, lab.notices.length], [1, 1]);
});

Deno.test("metakernel() with a relative day is made for the server's day, with a notice", async () => {
  await using folder = await testFolder();
  await using lab = clientAt(-2, () => new Response("KPL/MK\n\\begindata\nKERNELS_TO_LOAD = ( )\n"), folder.path);
  await lab.client.metakernel({ start_date: "today", end_date: "today" }).catch((error: unknown) => {
    assert(error instanceof ImapError && error.message.includes("no kernels cover any of that time"), String(error));
  });
  const midnights = [0, -2].map((days) => String(tdbSeconds(new Date(noonOf(days).setUTCHours(0, 0, 0, 0)))));
  assertEquals(lab.asked("start_time"), midnights);
  assertEquals(lab.notices.length, 1);
  assertStringIncludes(lab.notices[0] ?? "", "the metakernel is made for the archive's day; check the clock");
});
