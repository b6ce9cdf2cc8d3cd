import { basename } from "@std/path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openTestArchive, type TestArchive } from "../support/archive.ts";

const NAMES = [
  "imap_glows_l0_raw_20110921_v001.pkts",
  "imap_glows_l1a_hist_20110920_v001.cdf",
  "imap_glows_l1a_hist_20110921_v001.cdf",
  "imap_glows_l1a_hist_20110921_v002.cdf",
  "imap_glows_l1a_hist_20110921_v001.0001.cdf",
  "imap_glows_l1a_hist_20110921_v001.0010.cdf",
  "imap_glows_l1a_hist_20110921_v002.0002.cdf",
  "imap_hi_l2_map_20260101-repoint00012_v001.0001.cdf",
  "imap_hi_l2_map_20260101-repoint00013_v001.0001.cdf",
  "imap_hi_l2_map_20260101-cr02345_v001.0003.cdf",
  "imap_mag_l0_raw_20250502_v001.pkts",
];

/** An archive with all of the names. */
async function withNames(options: { answerLimit?: number | null } = {}): Promise<TestArchive> {
  const archive = await openTestArchive({ ...options, now: () => new Date("2026-01-02T12:00:00Z") });
  for (const name of NAMES) assertEquals((await archive.put(name, name)).status, 200);
  return archive;
}

const names = async (archive: TestArchive, query: string) =>
  (await archive.rows(query)).map((row) => basename(row.file_path));

Deno.test("GET /query gives every key of a row", async () => {
  await using archive = await openTestArchive({ now: () => new Date("2026-01-02T03:04:05.999Z") });
  await archive.put("imap_hi_l2_map_20260101-repoint00012_v001.0002.cdf", "x");
  await archive.put("imap_hi_l2_map_20260101-cr02345_v003.cdf", "x");
  const shared = { instrument: "hi", data_level: "l2", descriptor: "map", start_date: "20260101" };
  const rest = { extension: "cdf", ingestion_date: "2026-01-02 03:04:05" };
  assertEquals(await archive.rows("instrument=hi"), [
    {
      file_path: "imap/hi/l2/2026/01/imap_hi_l2_map_20260101-cr02345_v003.cdf",
      ...shared,
      repointing: null,
      version: "v003",
      major_version: null,
      minor_version: 3,
      cr: 2345,
      ...rest,
    },
    {
      file_path: "imap/hi/l2/2026/01/imap_hi_l2_map_20260101-repoint00012_v001.0002.cdf",
      ...shared,
      repointing: 12,
      version: "v001.0002",
      major_version: 1,
      minor_version: 2,
      cr: null,
      ...rest,
    },
  ]);
});

Deno.test("GET /query filters by each parameter", async () => {
  await using archive = await withNames();
  const count = async (query: string) => (await archive.rows(query)).length;
  const counts: Record<string, number> = {
    "table=science": 11,
    "instrument=glows": 7,
    "data_level=l0": 2,
    "descriptor=hist": 6,
    "start_date=20250502": 4,
    "end_date=20110920": 1,
    "start_date=20110921&end_date=20250502": 7,
    "repointing=12": 1,
    "repointing=00012": 1,
    "version=v001": 4,
    "version=v001.0001": 3,
    "version=v1": 0,
    "major_version=1": 5,
    "minor_version=1": 7,
    "major_version=1&minor_version=1": 3,
    "extension=pkts": 2,
    "ingestion_start_date=20260103": 0,
    "ingestion_start_date=20260102&ingestion_end_date=20260102": 11,
    "ingestion_end_date=20260101": 0,
    "instrument=glows&extension=pkts&version=v001": 1,
    "instrument=": 0,
    "instrument=GLOWS": 0,
    "instrument=nosuch": 0,
    "descriptor=hist'%20OR%201=1--": 0,
    "instrument=mag&instrument=hi": 3,
    "table=ancillary": 0,
  };
  for (const [query, expected] of Object.entries(counts)) assertEquals([query, await count(query)], [query, expected]);
});

Deno.test("GET /query takes both days of ingestion in, from midnight to midnight", async () => {
  const times = [
    "2026-01-01T23:59:59.999Z",
    "2026-01-02T00:00:00Z",
    "2026-01-02T23:59:59.999Z",
    "2026-01-03T00:00:00Z",
  ];
  let time = 0;
  const now = () => new Date(times[time] ?? 0);
  await using archive = await openTestArchive({ now, urlLifetimeSeconds: { upload: 1e9 } });
  for (; time < times.length; time++) await archive.put(`imap_mag_l0_raw_2025010${time + 1}_v001.pkts`, "x");
  assertEquals(await names(archive, "ingestion_start_date=20260102&ingestion_end_date=20260102"), [
    "imap_mag_l0_raw_20250102_v001.pkts",
    "imap_mag_l0_raw_20250103_v001.pkts",
  ]);
});

Deno.test("GET /query sorts by path", async () => {
  await using archive = await withNames();
  const paths = (await archive.rows("table=science")).map((row) => row.file_path);
  assertEquals(paths, paths.toSorted());
});

Deno.test("GET /query with latest gives the highest version of each file", async () => {
  await using archive = await withNames();
  assertEquals(await names(archive, "latest=true"), [
    "imap_glows_l0_raw_20110921_v001.pkts",
    "imap_glows_l1a_hist_20110920_v001.cdf",
    "imap_glows_l1a_hist_20110921_v002.0002.cdf",
    "imap_hi_l2_map_20260101-cr02345_v001.0003.cdf",
    "imap_hi_l2_map_20260101-repoint00012_v001.0001.cdf",
    "imap_hi_l2_map_20260101-repoint00013_v001.0001.cdf",
    "imap_mag_l0_raw_20250502_v001.pkts",
  ]);
  assertEquals(await names(archive, "latest=true&major_version=1&instrument=glows"), [
    "imap_glows_l1a_hist_20110921_v001.0010.cdf",
  ]);
});

Deno.test("GET /query answers 400 with a JSON string to an unknown parameter or table", async () => {
  await using archive = await withNames();
  for (
    const [query, word] of [
      ["colour=red", "colour"],
      ["instrument=mag&Instrument=mag", "Instrument"],
      ["table=x", "x"],
      [
        "table=spice&instrument=mag",
        "spice",
      ],
      ["table=ancillary&data_level=l0", "data_level"],
      ["table=ancillary&latest=true", "latest"],
    ]
  ) {
    const response = await archive.api(`/query?${query}`);
    assertEquals([response.status, response.headers.get("content-type")], [400, "text/plain;charset=UTF-8"]);
    const problem: unknown = await response.json();
    assert(typeof problem === "string");
    assertStringIncludes(problem, `${word} is not a`);
  }
});

Deno.test("GET /query answers the gateway's 500 where the SDC's own code crashes", async () => {
  await using archive = await withNames();
  const queries = ["", "?", "?start_date=20240230", "?end_date=2024-01-01", "?ingestion_start_date=x", "?repointing=a"];
  for (const query of [...queries, "?repointing=-1", "?major_version=1e3", "?minor_version="]) {
    const response = await archive.api(`/query${query}`);
    assertEquals([query, response.status], [query, 500]);
    assertEquals(await response.json(), { message: "Internal Server Error" });
  }
  assertEquals(archive.errors, []);
});

Deno.test("GET /query answers 500 to what is longer than the limit, and only to that", async () => {
  await using unlimited = await withNames({ answerLimit: null });
  const { length } = new Uint8Array(await (await unlimited.api("/query?table=science")).arrayBuffer());
  for (const [answerLimit, status] of [[length, 200], [length - 1, 500]] as const) {
    await using archive = await withNames({ answerLimit });
    const response = await archive.api("/query?table=science");
    assertEquals([response.status, (await response.text()).length === length], [status, status === 200]);
    assertEquals((await archive.rows("instrument=mag")).length, 1);
  }
});
