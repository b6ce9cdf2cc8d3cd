// Real-time data: a host of its own, without credentials, asked day by day.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ImapClient, InputError, ProtocolError, ResponseError } from "../../mod.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";

const NOW = () => new Date("2026-02-08T12:00:00Z");
const CREDENTIALS = { apiKey: "s3cret-k3y", accessToken: "t0ken", retries: 0 };

/** A server with a measurement each hour, both bounds inclusive, that refuses times of more than `most` hours. */
function hourlyServer(most = Infinity) {
  return startServer(({ url }) => {
    const { searchParams } = new URL(url);
    const [start = 0, end = 0] = ["time_utc_start", "time_utc_end"].map((name) =>
      Date.parse(`${searchParams.get(name)}Z`)
    );
    if (end - start > most * 3_600_000) {
      return Response.json({ message: "Your request returned more data than allowed in a single query." }, {
        status: 400,
      });
    }
    const data: { instrument: string; time_utc: string; value: number[] }[] = [];
    for (let at = Math.ceil(start / 3_600_000) * 3_600_000; at <= end; at += 3_600_000) {
      data.push({ instrument: "mag", time_utc: new Date(at).toISOString().slice(0, 19), value: [at % 7] });
    }
    return Response.json({ meta: { count: data.length }, data });
  });
}

Deno.test("spaceWeather() requests day by day, and joins the days without repeating a measurement", async () => {
  await using server = hourlyServer();
  const client = new ImapClient({ ialirtUrl: server.url, ...CREDENTIALS });
  const found = await client.spaceWeather({ instrument: "mag", start_date: "2026-01-31", end_date: "20260202" });
  const times = found.map(({ time_utc }) => time_utc);
  assertEquals([times.length, times[0], times.at(-1)], [72, "2026-01-31T00:00:00", "2026-02-02T23:00:00"]);
  assertEquals(new Set(times).size, times.length);
  assertEquals(times, times.toSorted());
  assertEquals(server.requests.map(({ url }) => new URL(url).search), [
    "?instrument=mag&time_utc_start=2026-01-31T00%3A00%3A00&time_utc_end=2026-02-01T00%3A00%3A00",
    "?instrument=mag&time_utc_start=2026-02-01T00%3A00%3A00&time_utc_end=2026-02-02T00%3A00%3A00",
    "?instrument=mag&time_utc_start=2026-02-02T00%3A00%3A00&time_utc_end=2026-02-03T00%3A00%3A00",
  ]);
  assertMatch(found.toText(), /^Found \[72\] records of space weather\n/);
});

Deno.test("spaceWeather() gets the measurement at an end that is a time, and not the midnight after a day", async () => {
  await using server = hourlyServer();
  const client = new ImapClient({ ialirtUrl: server.url, retries: 0 });
  const last = async (end_date: string) => {
    const found = await client.spaceWeather({ start_date: "2026-01-31", end_date });
    return found.at(-1)?.time_utc;
  };
  assertEquals(await last("2026-02-01"), "2026-02-01T23:00:00");
  assertEquals(await last("2026-02-02T00:00"), "2026-02-02T00:00:00");
  assertEquals(await last("2026-02-01T12:00"), "2026-02-01T12:00:00");
});

Deno.test("spaceWeather() divides a day that is too large for one response", async () => {
  await using server = hourlyServer(4);
  const client = new ImapClient({ ialirtUrl: server.url, retries: 0 });
  const found = await client.spaceWeather({ start_date: "2026-01-31T12:00", end_date: "2026-02-01T06:30:00" });
  const times = found.map(({ time_utc }) => time_utc);
  assertEquals([times.length, new Set(times).size, times[0], times.at(-1)], [
    19,
    19,
    "2026-01-31T12:00:00",
    "2026-02-01T06:00:00",
  ]);
});

Deno.test("spaceWeather() fails when an hour is too large, and quotes the server", async () => {
  await using server = hourlyServer(0.1);
  const client = new ImapClient({ ialirtUrl: server.url, retries: 0 });
  const error = await assertRejects(() => client.spaceWeather({ start_date: "20260131" }), ResponseError);
  assertMatch(error.message, /more data than allowed/);
  assert(server.requests.length < 10);
});

Deno.test("spaceWeather() gets the last hour without days, and one day without an end", async () => {
  await using server = hourlyServer();
  const client = new ImapClient({ ialirtUrl: server.url, retries: 0 });
  await client.spaceWeather().catch(() => {});
  assertEquals(new URL(server.requests[0]?.url ?? "").search, "");
  assertEquals((await client.spaceWeather({ start_date: "yesterday" }, { now: NOW })).length, 24);
  assertMatch(server.requests.at(-1)?.url ?? "", /time_utc_start=2026-02-07T00%3A00%3A00&time_utc_end=2026-02-08/);
});

Deno.test("spaceWeather() sends no credentials", async () => {
  await using server = startServer(() => Response.json({ data: [] }));
  await new ImapClient({ ialirtUrl: server.url, ...CREDENTIALS }).spaceWeather();
  const [request] = server.requests;
  assert(request !== undefined && new URL(request.url).pathname === "/space-weather");
  assert(![...request.headers].flat().join().match(/s3cret|t0ken/));
});

Deno.test("spaceWeather() shows nested values as JSON, and says which keys a wide table leaves out", async () => {
  const wide = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`key${index}`, index]));
  const data = [{ instrument: "hit", time_utc: "2026-01-01T00:00:00", status: { ok: true }, ...wide }];
  await using server = startServer(() => Response.json({ data }));
  const text = (await new ImapClient({ ialirtUrl: server.url }).spaceWeather()).toText();
  assert(text.includes('{"ok":true}') && text.includes("17 more keys: key13, "), text);
});

Deno.test("spaceWeather() rejects a response without data", async () => {
  for (const body of [[], { data: {} }, { data: [1] }]) {
    await using server = startServer(() => Response.json(body));
    await assertRejects(() => new ImapClient({ ialirtUrl: server.url }).spaceWeather(), ProtocolError);
  }
});

Deno.test("ialirt() sends numbers with their digits, and days with hyphens", async () => {
  await using server = startServer(() => Response.json({ files: [] }));
  const client = new ImapClient({ ialirtUrl: server.url, retries: 0 });
  await client.ialirt({ year: 2024, month: 5, day: "6" });
  await client.ialirt({ list: "packets", year: "2025", doy: 45, hh: 4, mm: 1, ss: 0 });
  await client.ialirt({ list: "logs", year: 2024, doy: 45, instance: 1 });
  await client.ialirt({ list: "catalog", start_date: "7d", end_date: "2026-02-02", station: "station1" }, { now: NOW });
  await client.ialirt({ list: "realtime" });
  assertEquals(server.requests.map(({ url }) => new URL(url).pathname + new URL(url).search), [
    "/ialirt-archive-query?year=2024&month=05&day=06",
    "/ialirt-packet-query?year=2025&doy=045&hh=04&mm=01&ss=00",
    "/ialirt-log-query?year=2024&doy=045&instance=1",
    "/ialirt-catalog?start_date=2026-02-01&end_date=2026-02-02&station=station1",
    "/ialirt-realtime-query",
  ]);
});

Deno.test("ialirt() never shows the presigned URL of the newest file", async () => {
  const body = { latest_file: "newest", presigned_url: "https://s3.test/x?X-Amz-Signature=s3cret" };
  await using server = startServer(() => Response.json(body));
  const files = await new ImapClient({ ialirtUrl: server.url }).ialirt({ list: "realtime" });
  assertEquals([...files], [{ file_name: "newest", date_modified: null }]);
  assert(!files.toText().includes("s3cret"));
});

Deno.test("ialirt() finds every wrong parameter before it sends anything", async () => {
  await using server = startServer(() => Response.json({ files: [] }));
  const client = new ImapClient({ ialirtUrl: server.url, retries: 0 });
  for (
    const [parameters, names] of [
      [{}, ["year"]],
      [{ list: "archives" }, ["list"]],
      [{ year: 26, month: 13, doy: 3 }, ["year", "month", "doy"]],
      [{ list: "packets", year: 2026, ss: 3 }, ["mm"]],
      [{ list: "catalog", start_date: "x", station: "../x" }, ["start_date", "station"]],
    ] as const
  ) {
    const { problems } = await assertRejects(() => client.ialirt(parameters), InputError);
    assertEquals(problems.map(({ parameter }) => parameter), [...names]);
  }
  assertEquals(server.requests, []);
});

Deno.test("ialirtDownload() stores files in the SDC's folders, and sends no credentials", async () => {
  await using folder = await testFolder();
  await using server = startServer(({ url }) => {
    const { pathname, origin } = new URL(url);
    if (pathname === "/object") {
      return new Response("data", { headers: { etag: '"8d777f385d3dfec8815d20f7496026dc"' } });
    }
    if (pathname.endsWith("_v001.cdf")) return Response.redirect(`${origin}/object?X-Amz-Signature=s3cret`, 302);
    return new Response("File not found", { status: 404 });
  });
  const client = new ImapClient({ ialirtUrl: server.url, dataDir: folder.path, ...CREDENTIALS });
  const name = "imap_ialirt_l1_realtime_20240521_v001.cdf";
  const missing = name.replace("v001", "v002");
  const report = await client.ialirtDownload([{ file_name: name, date_modified: null }, missing]);
  assertEquals(report.paths, [`${folder.path}/imap/ialirt/l1/2024/05/${name}`]);
  assertEquals(await Deno.readTextFile(report.paths[0] ?? ""), "data");
  assertMatch(report.failed[0]?.error.message ?? "", /has no such file; ialirt lists/);
  const asked = server.requests.map(({ url }) => new URL(url).pathname).filter((path) => path !== "/object");
  assertEquals(asked.toSorted(), [`/ialirt-download/archive/${name}`, `/ialirt-download/archive/${missing}`]);
  for (const { headers } of server.requests) assert(![...headers].flat().join().match(/s3cret-k3y|t0ken/));
  await assertRejects(() => client.ialirtDownload(["imap/x.cdf"]), InputError, "without a folder");
});
