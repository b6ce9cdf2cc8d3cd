// GET /query: the rows that match, and the responses to invalid parameters.
import { basename } from "@std/path";
import { assertEquals } from "@std/assert";
import { openTestArchive, type TestArchive, type TestArchiveOptions } from "../../support/archive.ts";

const NOW = () => new Date("2026-01-02T03:04:05.999Z");

/** An archive that some files were uploaded to. */
async function withUploads(names: readonly string[], options: TestArchiveOptions = {}): Promise<TestArchive> {
  const archive = await openTestArchive({ now: NOW, ...options });
  for (const name of names) assertEquals((await archive.put(name, name)).status, 200, name);
  return archive;
}

async function json(archive: TestArchive, path: string, init?: RequestInit): Promise<unknown> {
  const response = await archive.api(path, init);
  assertEquals([path, response.status, response.headers.get("content-type")], [path, 200, "application/json"]);
  return await response.json();
}

/** The names of the files that a query finds, in the order of the response. */
async function names(archive: TestArchive, query: string, init?: RequestInit): Promise<string[]> {
  const rows: unknown = await json(archive, `/query?${query}`, init);
  return Array.isArray(rows) ? rows.map((row: unknown) => basename(String(Object(row).file_path))) : [];
}

/** Asserts which files each query finds. */
async function assertFound(archive: TestArchive, expected: Readonly<Record<string, readonly string[]>>): Promise<void> {
  for (const [query, files] of Object.entries(expected)) {
    assertEquals([query, ...await names(archive, query)], [query, ...files]);
  }
}

Deno.test("GET /query gives science rows the keys and values of the SDC, in its order", async () => {
  await using archive = await withUploads([
    "imap_hi_l2_map_20260101-repoint00012_v001.0002.cdf",
    "imap_hi_l2_map_20260101-cr02345_v003.cdf",
  ]);
  const response = await archive.api("/query?instrument=hi");
  assertEquals(
    await response.text(),
    '[{"extension":"cdf","file_path":"imap/hi/l2/2026/01/imap_hi_l2_map_20260101-cr02345_v003.cdf","instrument":"hi",' +
      '"data_level":"l2","descriptor":"map","start_date":"20260101","repointing":null,"major_version":1,' +
      '"minor_version":3,"ingestion_date":"20260102 03:04:05","cr":2345,"crid":null,"released":false,' +
      '"version":"v001.0003"},' +
      '{"extension":"cdf","file_path":"imap/hi/l2/2026/01/imap_hi_l2_map_20260101-repoint00012_v001.0002.cdf",' +
      '"instrument":"hi","data_level":"l2","descriptor":"map","start_date":"20260101","repointing":12,' +
      '"major_version":1,"minor_version":2,"ingestion_date":"20260102 03:04:05","cr":null,"crid":null,' +
      '"released":false,"version":"v001.0002"}]',
  );
});

Deno.test("GET /query gives quicklook and ancillary rows the keys and values of the SDC", async () => {
  await using archive = await withUploads([
    "imap_mag_l1b_norm-mago_20260407_v001.0001.png",
    "imap_codice_l1a-sci-lut_20260403_20260405_v001.json",
    "imap_codice_l1a-sci-lut_20260403_v002.json",
  ]);
  assertEquals(await json(archive, "/query?table=quicklook"), [{
    extension: "png",
    file_path: "imap/quicklook/mag/l1b/2026/04/imap_mag_l1b_norm-mago_20260407_v001.0001.png",
    instrument: "mag",
    data_level: "l1b",
    descriptor: "norm-mago",
    start_date: "20260407",
    repointing: null,
    major_version: 1,
    minor_version: 1,
    ingestion_date: "20260102 03:04:05",
    cr: null,
    crid: null,
    released: false,
    version: "v001.0001",
  }]);
  const shared = { instrument: "codice", descriptor: "l1a-sci-lut", start_date: "20260403", extension: "json" };
  const rest = { ...shared, ingestion_date: "20260102 03:04:05", released: true };
  const folder = "imap/ancillary/codice/imap_codice_l1a-sci-lut";
  assertEquals(await json(archive, "/query?table=ancillary"), [
    { file_path: `${folder}_20260403_20260405_v001.json`, ...rest, end_date: "20260405", version: "v001" },
    { file_path: `${folder}_20260403_v002.json`, ...rest, end_date: null, version: "v002" },
  ]);
});

Deno.test("GET /query writes a descriptor of any characters as JSON", async () => {
  const name = 'imap_mag_l1a_a"b%d\u00e9_20260101_v001.cdf';
  await using archive = await openTestArchive({ files: { [`imap/mag/l1a/2026/01/${name}`]: "x" } });
  assertEquals(await names(archive, "instrument=mag"), [name]);
  assertEquals(await names(archive, `descriptor=${encodeURIComponent('a"b%d\u00e9')}`), [name]);
});

const NAMES = [
  "imap_glows_l0_raw_20110921_v001.0001.pkts",
  "imap_glows_l1a_hist_20110920_v001.cdf",
  "imap_hi_l2_map_20260101-cr02345_v001.0003.cdf",
  "imap_hi_l2_map_20260102-repoint00012_v001.0001.cdf",
  "imap_mag_l1a_norm-mago_20250502_v001.0002.cdf",
];
const [RAW = "", HIST = "", MAP = "", REPOINT = "", MAG = ""] = NAMES;

Deno.test("GET /query filters by each parameter", async () => {
  await using archive = await withUploads(NAMES);
  await assertFound(archive, {
    "table=science": NAMES,
    "instrument=glows": [RAW, HIST],
    "data_level=l0": [RAW],
    "descriptor=hist": [HIST],
    "descriptor=hist'%20OR%201=1--": [],
    "start_date=20250502": [MAP, REPOINT, MAG],
    "end_date=20110920": [HIST],
    "start_date=20110921&end_date=20260101": [RAW, MAP, MAG],
    "repointing=12": [REPOINT],
    "repointing=00012": [REPOINT],
    "repointing=-1": [],
    "cr=2345": [MAP],
    "crid=abc": [],
    "extension=pkts": [RAW],
    "file_path=imap/hi/l2/2026/01/imap_hi_l2_map_20260101-cr02345_v001.0003.cdf": [MAP],
    "file_path=imap_hi_l2_map_20260101-cr02345_v001.0003.cdf": [],
    "ingestion_date=20260102%2003:04:05": NAMES,
    "ingestion_date=20260102": [],
    "ingestion_start_date=20260103": [],
    "ingestion_start_date=20260102&ingestion_end_date=20260102": NAMES,
    "ingestion_end_date=20260101": [],
    "released=true": [],
    "released=FALSE": NAMES,
    "instrument=glows&extension=cdf&version=v001": [HIST],
    "table=quicklook": [],
    "table=ancillary": [],
    "table=ancillary&extension=xyz": [],
  });
});

Deno.test("GET /query includes both days of ingestion, from midnight to midnight", async () => {
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
  await assertFound(archive, {
    "ingestion_start_date=20260102&ingestion_end_date=20260102": [
      "imap_mag_l0_raw_20250102_v001.pkts",
      "imap_mag_l0_raw_20250103_v001.pkts",
    ],
  });
});

/** Versions of one file, of the same with a number of a rotation, and of one of another day. */
const file = (version: string) => `imap_glows_l1a_hist_20110921_${version}.cdf`;
const VERSIONS = [
  ...["v001.0001", "v001.0002", "v001", "v002.0001", "v002.0003", "v003.0001", "v003.0002"].map(file),
  "imap_glows_l1a_hist_20110921-cr00001_v003.0002.cdf",
  "imap_glows_l1a_hist_20110922_v001.0009.cdf",
];
const [ROTATION = "", OTHER_DAY = ""] = VERSIONS.slice(-2);

Deno.test("GET /query finds every minor version of the newest major version of each file", async () => {
  await using archive = await withUploads(VERSIONS);
  await assertFound(archive, {
    "instrument=glows": [ROTATION, file("v003.0001"), file("v003.0002"), OTHER_DAY],
    "latest=false&instrument=glows": [ROTATION, file("v003.0001"), file("v003.0002"), OTHER_DAY],
    // All other filters come first.
    "instrument=glows&end_date=20110921&minor_version=3": [file("v002.0003")],
    "instrument=glows&minor_version=1": [file("v003.0001")],
    "version=v001": [file("v003.0001")],
    "version=V3": [file("v002.0003")],
    "version=v009": [OTHER_DAY],
    [`file_path=imap/glows/l1a/2011/09/${file("v001")}`]: [file("v001")],
    // The number of a rotation does not distinguish files.
    "cr=1": [ROTATION],
  });
});

Deno.test("GET /query with latest finds the newest version of each file, in any case of the word", async () => {
  await using archive = await withUploads(VERSIONS);
  for (const latest of ["true", "True", "TRUE"]) {
    await assertFound(archive, {
      [`latest=${latest}`]: [ROTATION, file("v003.0002"), OTHER_DAY],
      [`latest=${latest}&minor_version=1`]: [file("v003.0001")],
      [`latest=${latest}&start_date=20110922`]: [OTHER_DAY],
    });
  }
});

Deno.test("GET /query finds every match of a major version, and ignores latest then", async () => {
  await using archive = await withUploads(VERSIONS);
  await assertFound(archive, {
    "major_version=2": [file("v002.0001"), file("v002.0003")],
    "major_version=2&latest=true": [file("v002.0001"), file("v002.0003")],
    "version=v002.0003&latest=true": [file("v002.0003")],
    // A name without a major version counts as major version 1.
    "major_version=1": [file("v001.0001"), file("v001.0002"), file("v001"), OTHER_DAY],
    "version=v001.0001": [file("v001.0001"), file("v001")],
    "version=1.1": [file("v001.0001"), file("v001")],
    "major_version=1&minor_version=2": [file("v001.0002")],
    "major_version=3&version=v002.0001": [file("v002.0001")],
    "major_version=9": [],
  });
});

Deno.test("GET /query takes files of other products, levels and repointings for other files", async () => {
  const others = [
    "imap_hi_l1a_de_20260101-repoint00001_v001.0001.cdf",
    "imap_hi_l1a_de_20260101-repoint00002_v002.0001.cdf",
    "imap_hi_l1a_hk_20260101_v001.0001.cdf",
    "imap_hi_l1b_de_20260101-repoint00001_v001.0002.cdf",
    "imap_lo_l1a_de_20260101-repoint00002_v001.0001.cdf",
  ];
  await using archive = await withUploads(others);
  await assertFound(archive, { "start_date=20260101": others, "start_date=20260101&latest=true": others });
});

Deno.test("GET /query has no rule about versions of quicklook and ancillary files", async () => {
  const quicklook = ["v001.0001", "v002.0001"].map((version) => `imap_mag_l1b_norm_20260407_${version}.png`);
  const ancillary = ["v001", "v002"].map((version) => `imap_mag_offsets_20260101_${version}.csv`);
  await using archive = await withUploads([...quicklook, ...ancillary]);
  await assertFound(archive, {
    "table=quicklook&instrument=mag": quicklook,
    "table=quicklook&major_version=1": quicklook.slice(0, 1),
    "table=ancillary&instrument=mag": ancillary,
    "table=ancillary&version=v002": ancillary.slice(1),
    "table=ancillary&version=2": [],
  });
});

Deno.test("GET /query gives pages of the sorted rows", async () => {
  await using archive = await withUploads([...VERSIONS, ...NAMES]);
  const all = await names(archive, "table=science");
  assertEquals(all, all.toSorted());
  await assertFound(archive, {
    "limit=2": all.slice(0, 2),
    "limit=2&offset=3": all.slice(3, 5),
    "offset=5": all.slice(5),
    "limit=2&offset=1000": [],
    "instrument=glows&latest=true&limit=2&offset=2": (await names(archive, "instrument=glows&latest=true")).slice(2, 4),
  });
});

Deno.test("GET /query answers 400 with a JSON string to what it does not know", async () => {
  await using archive = await withUploads(NAMES);
  const listed = [
    ...["extension", "file_path", "instrument", "descriptor", "start_date", "end_date", "ingestion_date"],
    ...["ingestion_start_date", "ingestion_end_date", "released", "data_level", "repointing", "major_version"],
    ...["minor_version", "cr", "crid"],
  ];
  const unknown = (name: string) =>
    `${name} is not a valid query parameter for science table. Valid query parameters are: ['${listed.join("', '")}']`;
  const badVersion = "Invalid 'version' value. Use format 'vMMM.mmmm' or 'vXXX'.";
  const expected: Record<string, string> = {
    "colour=red": unknown("colour"),
    "constructor=x": unknown("constructor"),
    "__proto__=x": unknown("__proto__"),
    "instrument=mag&Instrument=mag": unknown("Instrument"),
    "end_date=20260101&colour=red&start_date=20240230": unknown("colour"),
    "instrument=nosuch&colour=red": unknown("colour"),
    "table=nonsense": "nonsense is not a valid table. Valid tables are: ['science', 'ancillary', 'spice', 'quicklook']",
    "instrument=mag&version=junk": badVersion,
    "colour=red&version=v1.2.3": badVersion,
    "version=": badVersion,
    "limit=0": "'limit' must be greater than 0.",
    "limit=-1": "'limit' must be greater than 0.",
    "limit=ten": "'offset' and 'limit' must be integers.",
    "limit=1&offset=-1": "'offset' must be greater than or equal to 0.",
    "offset=1.5": "'offset' and 'limit' must be integers.",
  };
  for (const [query, problem] of Object.entries(expected)) {
    const response = await archive.api(`/query?${query}`);
    const { status, headers } = response;
    assertEquals([query, status, headers.get("content-type")], [query, 400, "text/plain;charset=UTF-8"]);
    assertEquals(await response.json(), problem);
  }
});

Deno.test("GET /query answers 400 to parameters of other tables", async () => {
  await using archive = await withUploads(NAMES);
  const wrong = [["ancillary", "data_level"], ["ancillary", "latest"], ["ancillary", "cr"], ["quicklook", "version"]];
  for (const [table, parameter] of [...wrong, ["quicklook", "latest"]]) {
    const response = await archive.api(`/query?table=${table}&${parameter}=1`);
    const [problem] = String(await response.json()).split(". ");
    assertEquals([response.status, problem], [400, `${parameter} is not a valid query parameter for ${table} table`]);
  }
});

Deno.test("GET /query answers the gateway's 500 where the SDC's own code crashes", async () => {
  await using archive = await withUploads([...NAMES, "naif0012.tls"]);
  const queries = [
    "",
    "?",
    "?start_date=20240230",
    "?start_date=20240230&colour=red",
    "?end_date=2024-01-01",
    "?ingestion_start_date=x",
    "?ingestion_date=yesterday",
    "?repointing=a",
    "?repointing=99999999999",
    "?major_version=1e3",
    "?minor_version=",
    "?cr=1.5",
    "?released=maybe",
    "?released=constructor",
    "?instrument=nosuch",
    "?instrument=GLOWS",
    "?instrument=",
    "?table=ancillary&instrument=nosuch",
    // A gateway makes one text of values that are given twice.
    "?instrument=mag&instrument=hi",
    "?data_level=l9",
    "?extension=png",
    // The SDC has a table of kernels here, whose rows its code cannot show.
    "?table=spice",
  ];
  for (const query of queries) {
    const response = await archive.api(`/query${query}`);
    assertEquals([query, response.status], [query, 500]);
    assertEquals(await response.json(), { message: "Internal Server Error" });
  }
  assertEquals(archive.errors, []);
});

Deno.test("GET /query answers table=spice only while there are no kernels", async () => {
  await using archive = await withUploads(NAMES);
  assertEquals(await json(archive, "/query?table=spice"), []);
});

Deno.test("GET /query answers 500 to what is longer than the limit, and only to that", async () => {
  await using unlimited = await withUploads(NAMES, { answerLimit: null });
  const { length } = await (await unlimited.api("/query?table=science")).bytes();
  for (const [answerLimit, status] of [[length, 200], [length - 1, 500]] as const) {
    await using archive = await withUploads(NAMES, { answerLimit });
    const response = await archive.api("/query?table=science");
    assertEquals([response.status, (await response.text()).length === length], [status, status === 200]);
    assertEquals(await names(archive, "instrument=mag"), [MAG]);
  }
});

const KEY = { "x-api-key": "key" };

Deno.test("GET /query shows released files only to callers without a prefix", async () => {
  const [old = "", middle = "", newest = ""] = ["v001.0001", "v001.0002", "v002.0001"].map(file);
  const ancillary = "imap_glows_lut_20260101_v001.csv";
  const files = { [`imap/glows/l1a/2011/09/${old}`]: "x", [`imap/ancillary/glows/${ancillary}`]: "x" };
  await using archive = await openTestArchive({ files, apiKey: "key", public: true, now: NOW });
  for (const name of [middle, newest]) {
    const url: unknown = await (await archive.api(`/api-key/upload/${name}`, { headers: KEY })).json();
    const put = await archive.objects(String(url), { method: "PUT", body: "x", headers: { "content-length": "1" } });
    assertEquals(put.status, 200);
  }
  // Versions are chosen among what the caller may see.
  await assertFound(archive, {
    "instrument=glows": [old],
    "instrument=glows&latest=true": [old],
    "instrument=glows&major_version=1": [old],
    "instrument=glows&released=false": [],
    "table=ancillary&instrument=glows": [ancillary],
  });
  const rows: unknown = await json(archive, "/api-key/query?instrument=glows&latest=true", { headers: KEY });
  assertEquals(Array.isArray(rows) && rows.map((row: unknown) => [Object(row).version, Object(row).released]), [
    ["v002.0001", false],
  ]);
});

Deno.test("GET /query of 2024 gives the rows of that time, of all versions", async () => {
  const repoint = "imap_hi_l2_map_20260101-repoint00012_v001.0002.cdf";
  const [first = "", second = ""] = ["v001", "v002"].map((version) => `imap_hit_l0_raw_20251107_${version}.pkts`);
  await using archive = await openTestArchive({
    as: "2024",
    now: NOW,
    files: { [`imap/hi/l2/2026/01/${repoint}`]: "x" },
  });
  for (const name of [first, second]) await archive.put(name, "x");
  assertEquals(
    await (await archive.api("/query?instrument=hit&version=v001")).text(),
    '[{"file_path":"imap/hit/l0/2025/11/imap_hit_l0_raw_20251107_v001.pkts","instrument":"hit","data_level":"l0",' +
      '"descriptor":"raw","start_date":"20251107","repointing":null,"version":"v001","extension":"pkts",' +
      '"ingestion_date":"2026-01-02 03:04:05"}]',
  );
  await assertFound(archive, {
    "instrument=hit": [first, second],
    "version=v001.0002": [repoint],
    "version=junk": [],
    "repointing=12": [repoint],
    "instrument=nosuch": [],
    "instrument=hi&instrument=hit&version=v002": [second],
    [`file_path=imap/hit/l0/2025/11/${first}`]: [first],
  });
});

Deno.test("GET /query of 2024 knows no parameter that came later", async () => {
  await using archive = await openTestArchive({ as: "2024" });
  const later = ["table", "latest", "limit", "offset", "released", "cr", "crid", "major_version", "minor_version"];
  for (const name of [...later, "ingestion_start_date", "ingestion_end_date", "size"]) {
    const response = await archive.api(`/query?${name}=1`);
    assertEquals([name, response.status, response.headers.get("content-type")], [name, 400, "application/json"]);
    assertEquals(
      await response.json(),
      `${name} is not a valid query parameter. Valid query parameters are: ['extension', 'file_path', 'instrument', ` +
        "'descriptor', 'start_date', 'end_date', 'ingestion_date', 'data_level', 'repointing', 'version']",
    );
  }
  for (const query of ["", "?start_date=20240230", "?repointing=a"]) {
    const response = await archive.api(`/query${query}`);
    assertEquals([query, response.status], [query, 502]);
    assertEquals(await response.json(), { message: "Internal server error" });
  }
});
