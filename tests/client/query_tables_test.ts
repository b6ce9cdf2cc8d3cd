import { startArchive } from "../../src/archive/start_archive.ts";
import { ImapClient } from "../../src/client/imap_client.ts";
import { InputError } from "../../src/errors.ts";
import { archivePath } from "../../src/names/file_name.ts";
import type { QueryParameters } from "../../src/protocol/tables.ts";
import { writeFiles } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";

function ancillary(version: string, start_date = "20260101") {
  const file_path = `imap/ancillary/mag/imap_mag_x_${start_date}_${version}.csv`;
  return { file_path, instrument: "mag", descriptor: "x", start_date, end_date: null, version };
}

Deno.test("query() finds the newest ancillary files itself, and compares versions as numbers", async () => {
  const rows = [ancillary("v002"), ancillary("v010"), ancillary("v009"), ancillary("v001", "20260201")];
  await using server = startServer(() => Response.json(rows));
  const client = new ImapClient({ url: server.url, retries: 0 });
  const files = await client.query({ table: "ancillary", instrument: "mag", version: "latest" });
  assertEquals(files.map(({ version }) => version), ["v010", "v001"]);
  assertEquals(server.requests[0]?.url, `${server.url}/query?table=ancillary&instrument=mag`);
});

Deno.test("query() takes ancillary files of other end dates and repointings for other files", async () => {
  const names = [
    "imap_hi_x_20260101-repoint00012_v001.csv",
    "imap_hi_x_20260101-repoint00012_v002.csv",
    "imap_hi_x_20260101-repoint00013_v001.csv",
    "imap_hi_x_20260101_20260101_v001.csv",
    "imap_hi_x_20260101_v003.csv",
  ];
  const rows = names.map((name) => {
    const end_date = /_(\d{8})_v/.exec(name.replace("_20260101", ""))?.[1] ?? null;
    const version = name.slice(-8, -4);
    return { ...ancillary(version), file_path: `imap/ancillary/hi/${name}`, instrument: "hi", end_date };
  });
  await using server = startServer(() => Response.json(rows));
  const client = new ImapClient({ url: server.url, retries: 0 });
  const files = await client.query({ table: "ancillary", instrument: "hi", version: "latest" });
  assertEquals(files.map(({ file_path }) => file_path.split("/").at(-1)), names.slice(1));
  const one = await client.query({ table: "ancillary", instrument: "hi", repointing: 13 });
  assertEquals(one.map(({ file_path }) => file_path.split("/").at(-1)), names.slice(2, 3));
});

Deno.test("query() reads SPICE rows from their own route, with their own columns", async () => {
  const row = { file_path: "imap/spice/lsk/naif0012.tls", file_name: "naif0012.tls", kernel_type: "leapseconds" };
  await using server = startServer(() => Response.json([{ ...row, version: 12, min_date_datetime: null }]));
  const client = new ImapClient({ url: server.url, retries: 0 });
  const files = await client.query({ table: "spice", type: "leapseconds" });
  const [kernel] = files;
  assertEquals([kernel?.kernel_type, kernel?.version, kernel?.min_date_datetime], ["leapseconds", "0012", null]);
  assertStringIncludes(files.toText(), "Kernel Type|Min Date|Max Date|Version|Filename");
  assertEquals(server.requests[0]?.url, `${server.url}/spice-query?type=leapseconds`);
});

Deno.test("query() rejects a filter that the table does not have before it sends anything", async () => {
  await using server = startServer(() => Response.json([]));
  const client = new ImapClient({ url: server.url });
  await assertRejects(() => client.query({ table: "spice", data_level: "l1a" }), InputError, "in the table spice");
  assertEquals(server.requests.length, 0);
});

Deno.test("query() finds one newest version of each file among several major ones, and each file once", async () => {
  await using root = await testFolder();
  const names = ["v001.0001", "v001.0002", "v002.0001"].map((version) => `imap_mag_l1a_norm_20260101_${version}.cdf`);
  await writeFiles(root.path, Object.fromEntries(names.map((name) => [archivePath(name), "x"])));
  const archive = await startArchive({ root: root.path });
  try {
    const client = new ImapClient({ url: archive.url, retries: 0 });
    const versions = async (query: QueryParameters) => (await client.query(query)).map(({ version }) => version);
    assertEquals(await versions({ major_version: [1, 2], version: "latest" }), ["v002.0001"]);
    const many = Array.from({ length: 40 }, (_, major) => major);
    assertEquals(await versions({ major_version: many, version: "latest" }), ["v002.0001"]);
    assertEquals(await versions({ filename: "imap_mag_*_v001*", version: "latest" }), ["v001.0002"]);
    assertEquals(await versions({ major_version: ["1", "01"] }), ["v001.0001", "v001.0002"]);
    assertEquals(await versions({ major_version: "01", filename: "*" }), ["v001.0001", "v001.0002"]);
  } finally {
    await archive.close();
  }
});

Deno.test("query() sorts the rows of several responses", async () => {
  const row = (name: string) => ({ file_path: `imap/${name}` });
  await using server = startServer((request) => {
    const swe = new URL(request.url).searchParams.get("instrument") === "swe";
    return Response.json(swe ? [row("a"), row("c")] : [row("b"), row("d")]);
  });
  const client = new ImapClient({ url: server.url });
  const files = await client.query({ instrument: ["mag", "swe"] });
  assertEquals(files.map(({ file_path }) => file_path), ["imap/a", "imap/b", "imap/c", "imap/d"]);
});

Deno.test("query() takes the time from the caller's clock", async () => {
  await using server = startServer(() => Response.json([]));
  const client = new ImapClient({ url: server.url });
  await client.query({ days_ago: 1 }, { now: () => new Date("2026-03-01T00:00:00Z") });
  assertEquals(server.requests[0]?.url, `${server.url}/query?ingestion_start_date=20260228`);
});

Deno.test("catalog() gives the last day that SPICE files cover, and draws the days on which they start", async () => {
  const row = (name: string, kernel_type: string, from: string | null, to: string | null) => ({
    file_name: name,
    kernel_type,
    min_date_datetime: from,
    max_date_datetime: to,
  });
  const rows = [
    row("ck/imap_2025_274_2025_276_001.ah.bc", "attitude_history", "2025-10-01, 23:00:00", "2025-10-03, 01:00:00"),
    row("ck/imap_2025_276_2025_278_001.ah.bc", "attitude_history", "2025-10-03, 01:00:00", "2025-10-05, 01:00:00"),
    row("lsk/naif0012.tls", "leapseconds", "2010-01-01, 00:00:00", "2145-01-01, 00:00:00"),
    row("fk/imap_001.tf", "imap_frames", null, null),
  ];
  await using server = startServer(({ url }) => Response.json(url.includes("type=") ? [] : rows));
  const products = await new ImapClient({ url: server.url }).catalog({ table: "spice" });
  assertEquals(products.map(({ descriptor, first_date, last_date }) => [descriptor, first_date, last_date]), [
    ["attitude_history", "20251001", "20251005"],
    ["imap_frames", null, null],
    ["leapseconds", "20100101", "21450101"],
  ]);
  // Days of a century would be too narrow to see.
  assertEquals(products.toHtml().includes("2010-01-01 to 2025-10-03"), true);
});

Deno.test("catalog() counts files and finds the first and the last day of each product", async () => {
  const row = (descriptor: string, start_date: string, version: string) => ({
    file_path: `imap/${descriptor}/${start_date}/${version}`,
    instrument: "mag",
    data_level: "l1a",
    descriptor,
    start_date,
  });
  const rows = [row("raw", "20260103", "v001"), row("raw", "20260101", "v001"), row("norm", "20260102", "v001")];
  await using server = startServer(() => Response.json(rows));
  const client = new ImapClient({ url: server.url });
  const products = await client.catalog();
  const common = { instrument: "mag", data_level: "l1a" };
  assertEquals([...products], [
    { ...common, descriptor: "norm", files: 1, first_date: "20260102", last_date: "20260102" },
    { ...common, descriptor: "raw", files: 2, first_date: "20260101", last_date: "20260103" },
  ]);
  assert(server.requests[0]?.url.includes("start_date="));
});

Deno.test("catalog() treats false and null as not given, and rejects what is not a query", async () => {
  await using server = startServer(() => Response.json([]));
  const client = new ImapClient({ url: server.url });
  for (const parameters of [{ today: false }, { instrument: null }] as never[]) {
    assertEquals([...await client.catalog(parameters)], []);
  }
  await assertRejects(() => client.catalog(null as never), InputError, "an object with parameters");
});

Deno.test("catalog() reports the last day of repointing tables, which have no first day", async () => {
  const row = { file_path: "imap/spice/repoint/imap_2026_012_01.repoint.csv", kernel_type: "repoint" };
  const days = { min_date_datetime: null, max_date_datetime: "2026-01-12, 23:59:59" };
  await using server = startServer(() => Response.json([{ ...row, ...days }]));
  const [product] = await new ImapClient({ url: server.url }).catalog({ table: "spice" });
  assertEquals([product?.first_date, product?.last_date], ["20260112", "20260112"]);
});

Deno.test("catalog() reports the days of spin files, whose rows have times", async () => {
  const days = { start_date: "2026-09-24, 00:00:00", end_date: "2026-09-25, 00:00:00" };
  const row = { file_path: "imap/spice/spin/imap_2026_267_2026_268_02.spin.csv", ...days };
  await using server = startServer(() => Response.json([row]));
  const [product] = await new ImapClient({ url: server.url }).catalog({ table: "spice" });
  assertEquals([product?.descriptor, product?.first_date, product?.files], ["spin", "20260924", 1]);
});
