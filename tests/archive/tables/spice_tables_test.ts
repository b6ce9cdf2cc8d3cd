// GET /spice-query and the tables of spin, repoint and small-forces files.
import { assertEquals } from "@std/assert";
import { openTestArchive, type TestArchive, type TestArchiveOptions } from "../../support/archive.ts";

/** An archive with files and the time at which each was ingested. */
async function withFiles(files: Readonly<Record<string, string>>, options: TestArchiveOptions = {}) {
  let clock = "2026-01-01T00:00:00Z";
  const archive = await openTestArchive({
    ...options,
    now: () => new Date(clock),
    urlLifetimeSeconds: { upload: 1e10 },
  });
  for (const [name, moment] of Object.entries(files)) {
    clock = moment;
    assertEquals((await archive.put(name, name)).status, 200, name);
  }
  return archive;
}

async function rows(archive: TestArchive, path: string): Promise<Record<string, unknown>[]> {
  const response = await archive.api(path);
  assertEquals([path, response.status, response.headers.get("content-type")], [path, 200, "application/json"]);
  const body: unknown = await response.json();
  return Array.isArray(body) ? body.map((row: unknown) => ({ ...Object(row) })) : [];
}

/** Asserts which files each request finds, by the part of their names in front of the first point. */
async function assertFound(archive: TestArchive, key: string, expected: Readonly<Record<string, readonly string[]>>) {
  for (const [path, files] of Object.entries(expected)) {
    const found = (await rows(archive, path)).map((row) => String(row[key]).replace(/^.*\//, "").split(".")[0]);
    assertEquals([path, ...found], [path, ...files]);
  }
}

async function assertRefused(archive: TestArchive, expected: Readonly<Record<string, string>>) {
  for (const [path, problem] of Object.entries(expected)) {
    const response = await archive.api(path);
    const { status, headers } = response;
    assertEquals([path, status, headers.get("content-type")], [path, 400, "application/json"]);
    assertEquals(await response.json(), problem);
  }
}

async function assertCrashed(archive: TestArchive, paths: readonly string[]) {
  for (const path of paths) {
    const response = await archive.api(path);
    assertEquals([path, response.status, await response.json()], [path, 500, { message: "Internal Server Error" }]);
  }
  assertEquals(archive.errors, []);
}

const KERNELS = {
  "naif0011.tls": "2026-02-01T00:00:00Z",
  "naif0012.tls": "2026-02-02T00:00:00Z",
  "imap_sclk_0147.tsc": "2026-02-03T00:00:00Z",
  "imap_2025_274_2025_276_001.ah.bc": "2026-04-06T23:57:54Z",
  "imap_2025_274_2025_276_002.ah.bc": "2026-04-07T00:00:00Z",
  "imap_2025_277_2025_278_001.ah.bc": "2026-04-08T12:00:00Z",
  "earth_000101_260101_250401.bpc": "2026-04-09T00:00:00Z",
  "imap_recon_20250401_20250415_v01.bsp": "2026-04-09T00:00:00Z",
  "imap_2025_274_2025_275_01.spin": "2026-04-09T00:00:00Z",
};

Deno.test("GET /spice-query gives a kernel's row the keys of the SDC, with the times of its name", async () => {
  await using archive = await withFiles(KERNELS);
  const [row] = await rows(archive, "/spice-query?file_name=imap_2025_274_2025_276_001.ah.bc");
  assertEquals(
    JSON.stringify(row).replaceAll(/(\.\d{6})\d+/g, "$1"),
    JSON.stringify({
      file_name: "ck/imap_2025_274_2025_276_001.ah.bc",
      file_root: "imap_2025_274_2025_276_.ah.bc",
      kernel_type: "attitude_history",
      version: 1,
      min_date_j2000: 812548869.182347,
      max_date_j2000: 812808068.182343,
      file_intervals_j2000: [[812548869.182347, 812808068.182343]],
      min_date_datetime: "2025-10-01, 00:00:00",
      max_date_datetime: "2025-10-03, 23:59:59",
      file_intervals_datetime: [["2025-10-01T00:00:00+00:00", "2025-10-03T23:59:59+00:00"]],
      min_date_sclk: "1/0496972803:00000",
      max_date_sclk: "1/0497232002:00000",
      file_intervals_sclk: [["1/0496972803:00000", "1/0497232002:00000"]],
      sclk_kernel: "/tmp/naif0012.tls",
      lsk_kernel: "/tmp/imap_sclk_0147.tsc",
      ingestion_date: "2026-04-06, 23:57:54",
      timestamp: 1775519874,
    }),
  );
});

Deno.test("GET /spice-query gives kernels without a time of their own that of the SDC", async () => {
  await using archive = await withFiles(KERNELS);
  const [row] = await rows(archive, "/spice-query?type=leapseconds&latest=true");
  const { min_date_j2000, max_date_j2000, file_intervals_datetime, min_date_sclk, file_root, version } = row ?? {};
  assertEquals([min_date_j2000, max_date_j2000], [315576066.1839245, 4575787269.183866]);
  assertEquals(file_intervals_datetime, [["2010-01-01T00:00:00", "2145-01-01T00:00:00"]]);
  assertEquals([min_date_sclk, file_root, version], ["1/0000000000:00000", "naif.tls", 12]);
});

Deno.test("GET /spice-query takes the days of a name in each form", async () => {
  await using archive = await withFiles(KERNELS);
  const dates = async (type: string) =>
    (await rows(archive, `/spice-query?type=${type}`)).map((row) => [
      row.min_date_datetime,
      row.max_date_datetime,
      row.file_root,
      row.version,
    ]);
  assertEquals(await dates("earth_attitude"), [
    ["2000-01-01, 00:00:00", "2026-01-01, 23:59:59", "earth_000101_260101_250401.bpc", null],
  ]);
  assertEquals(await dates("ephemeris_reconstructed"), [
    ["2025-04-01, 00:00:00", "2025-04-15, 23:59:59", "imap_recon_20250401_20250415_v.bsp", 1],
  ]);
});

Deno.test("GET /spice-query filters kernels by each parameter", async () => {
  const [first, second, third] = ["274_2025_276_001", "274_2025_276_002", "277_2025_278_001"].map((n) =>
    `imap_2025_${n}`
  );
  const attitude = [first ?? "", second ?? "", third ?? ""];
  const others = ["imap_sclk_0147", "imap_recon_20250401_20250415_v01"];
  await using archive = await withFiles(KERNELS);
  const all = [...attitude, "naif0011", "naif0012", "earth_000101_260101_250401", ...others];
  await assertFound(archive, "file_name", {
    "/spice-query?type=kernels": all,
    "/spice-query?latest=false": all,
    "/spice-query?type=attitude_history": attitude,
    "/spice-query?type=nosuch": [],
    "/spice-query?file_name=naif0012.tls": ["naif0012"],
    "/spice-query?file_name=lsk/naif0012.tls": [],
    "/spice-query?file_name=naif%25.tls": [],
    // From the first second of a day to the last one of another, both included.
    "/spice-query?type=attitude_history&start_time=812808069": [third ?? ""],
    "/spice-query?type=attitude_history&start_time=812808068": attitude,
    "/spice-query?type=attitude_history&end_time=812808068.5": attitude.slice(0, 2),
    "/spice-query?type=attitude_history&end_time=812548869": [],
    "/spice-query?type=attitude_history&start_time=8.1280807e8&end_time=900000000": [third ?? ""],
    // A day is interpreted as a number of seconds.
    "/spice-query?type=attitude_history&start_time=20260101": attitude,
    "/spice-query?type=attitude_history&end_time=20260101": [],
    // The start of the day is used for both.
    "/spice-query?type=attitude_history&start_ingest_date=20260407": attitude.slice(1),
    "/spice-query?type=attitude_history&end_ingest_date=20260407": attitude.slice(0, 2),
    "/spice-query?type=attitude_history&end_ingest_date=20260408": attitude.slice(0, 2),
  });
});

Deno.test("GET /spice-query with latest takes the highest version of the whole archive, then the other filters", async () => {
  await using archive = await withFiles(KERNELS);
  await assertFound(archive, "file_name", {
    "/spice-query?type=attitude_history&latest=True": ["imap_2025_274_2025_276_002", "imap_2025_277_2025_278_001"],
    "/spice-query?type=leapseconds&latest=TRUE": ["naif0012"],
    "/spice-query?latest=true&end_ingest_date=20260201": [],
    "/spice-query?latest=true&file_name=naif0011.tls": [],
    "/spice-query?latest=true&type=earth_attitude": ["earth_000101_260101_250401"],
  });
});

const LISTED = "Valid query parameters are: ['type', 'file_name', 'start_time', 'end_time', 'latest', " +
  "'start_ingest_date', 'end_ingest_date']";

Deno.test("GET /spice-query answers 400 to what it does not know, and crashes without parameters", async () => {
  await using archive = await withFiles(KERNELS);
  await assertRefused(archive, {
    "/spice-query?type=attitude_history&start_date=20260101": `start_date is not a valid query parameter. ${LISTED}`,
    "/spice-query?version=01": `version is not a valid query parameter. ${LISTED}`,
    "/spice-query?toString=1": `toString is not a valid query parameter. ${LISTED}`,
    "/spice-query?start_time=20260101T00": "Invalid value for start_time: 20260101T00",
    "/spice-query?end_time=": "Invalid value for end_time: ",
    "/spice-query?start_ingest_date=2026-01-01": "Invalid value for start_ingest_date: 2026-01-01",
    "/spice-query?end_ingest_date=20260230": "Invalid value for end_ingest_date: 20260230",
  });
  await assertCrashed(archive, ["/spice-query", "/spice-query?"]);
});

Deno.test("GET /spice-query answers 500 to what is longer than the limit", async () => {
  await using archive = await withFiles(KERNELS, { answerLimit: 2000 });
  assertEquals((await archive.api("/spice-query?type=leapseconds&latest=true")).status, 200);
  assertEquals((await archive.api("/spice-query?type=kernels")).status, 500);
});

const SPANS = {
  "imap_2025_152_2025_153_01.spin": "2025-06-02T01:50:09Z",
  "imap_2025_152_2025_153_02.spin": "2025-06-03T00:00:00Z",
  "imap_2025_153_2025_155_01.spin.csv": "2025-06-05T10:00:00Z",
  "imap_2025_152_02.repoint": "2025-06-02T01:50:09Z",
  "imap_2025_153_01.repoint.csv": "2025-06-03T01:50:09Z",
  "imap_2025_100_2025_110_hist_01.sff": "2025-04-21T10:00:00Z",
  "naif0012.tls": "2025-04-21T10:00:00Z",
};
const FIRST_SPIN = {
  file_path: "imap/spice/spin/imap_2025_152_2025_153_01.spin",
  start_date: "2025-06-01, 00:00:00",
  end_date: "2025-06-02, 00:00:00",
  version: "01",
  ingestion_date: "2025-06-02, 01:50:09",
};

Deno.test("the tables of spin, repoint and small-forces files have the rows of the SDC", async () => {
  await using archive = await withFiles(SPANS);
  assertEquals(JSON.stringify((await rows(archive, "/spin-table"))[0]), JSON.stringify(FIRST_SPIN));
  assertEquals(await rows(archive, "/repoint-table"), [
    {
      file_path: "imap/spice/repoint/imap_2025_152_02.repoint",
      end_date: "2025-06-01, 00:00:00",
      version: "02",
      ingestion_date: "2025-06-02, 01:50:09",
    },
    {
      file_path: "imap/spice/repoint/imap_2025_153_01.repoint.csv",
      end_date: "2025-06-02, 00:00:00",
      version: "01",
      ingestion_date: "2025-06-03, 01:50:09",
    },
  ]);
  assertEquals(await rows(archive, "/small-forces-table"), [{
    file_path: "imap/spice/activities/imap_2025_100_2025_110_hist_01.sff",
    start_date: "2025-04-10, 00:00:00",
    end_date: "2025-04-20, 00:00:00",
    version: "01",
    ingestion_date: "2025-04-21, 10:00:00",
  }]);
});

Deno.test("the tables of spin, repoint and small-forces files find what lies within the days", async () => {
  const [first, second, third] = ["152_2025_153_01", "152_2025_153_02", "153_2025_155_01"].map((n) => `imap_2025_${n}`);
  const all = [first ?? "", second ?? "", third ?? ""];
  await using archive = await withFiles(SPANS);
  await assertFound(archive, "file_path", {
    "/spin-table": all,
    "/spin-table?": all,
    "/spin-table?latest=false": all,
    "/spin-table?start_date=20250602": [third ?? ""],
    "/spin-table?end_date=20250602": all.slice(0, 2),
    "/spin-table?start_date=20250601&end_date=20250603": all.slice(0, 2),
    "/spin-table?start_date=20250601&end_date=20250604": all,
    "/spin-table?file_path=imap/spice/spin/imap_2025_152_2025_153_01.spin": [first ?? ""],
    "/spin-table?file_path=imap_2025_152_2025_153_01.spin": [],
    "/spin-table?start_ingest_date=20250603": all.slice(1),
    "/spin-table?end_ingest_date=20250603": all.slice(0, 2),
    "/spin-table?end_ingest_date=20250602": [],
    // A repoint file has everything from the start of the mission on.
    "/repoint-table?start_date=20250602": ["imap_2025_152_02", "imap_2025_153_01"],
    "/repoint-table?start_date=junk": ["imap_2025_152_02", "imap_2025_153_01"],
    "/repoint-table?end_date=20250601": ["imap_2025_152_02"],
    "/repoint-table?start_ingest_date=20250520&end_ingest_date=20250603": ["imap_2025_152_02"],
    "/small-forces-table?start_date=20250410&end_date=20250420": ["imap_2025_100_2025_110_hist_01"],
    "/small-forces-table?start_date=20250411": [],
  });
});

Deno.test("GET /spice-query has the rows of the other tables of SPICE files, with times cut to their days", async () => {
  await using archive = await withFiles(SPANS);
  assertEquals((await rows(archive, "/spice-query?type=spin"))[0], FIRST_SPIN);
  await assertFound(archive, "file_path", {
    "/spice-query?type=repoint": ["imap_2025_152_02", "imap_2025_153_01"],
    "/spice-query?type=thruster": ["imap_2025_100_2025_110_hist_01"],
    "/spice-query?type=spin&file_name=imap/spice/spin/imap_2025_152_2025_153_02.spin": ["imap_2025_152_2025_153_02"],
    // 2025-06-02T12:00:00.
    "/spice-query?type=spin&start_time=802137669.18": ["imap_2025_153_2025_155_01"],
    "/spice-query?type=spin&end_time=802137669.18": ["imap_2025_152_2025_153_01", "imap_2025_152_2025_153_02"],
  });
  await assertFound(archive, "file_name", { "/spice-query?type=kernels": ["naif0012"] });
});

Deno.test("the tables of spin, repoint and small-forces files refuse what they do not know, and crash on latest", async () => {
  const listed = "Valid query parameters are: ['file_path', 'start_date', 'end_date', 'latest', 'start_ingest_date', " +
    "'end_ingest_date']";
  await using archive = await withFiles(SPANS);
  await assertRefused(archive, {
    "/spin-table?invalid_param=value": `invalid_param is not a valid query parameter. ${listed}`,
    "/spice-query?type=spin&version=01": `version is not a valid query parameter. ${listed}`,
    "/small-forces-table?type=thruster": `type is not a valid query parameter. ${listed}`,
    "/spin-table?constructor=x": `constructor is not a valid query parameter. ${listed}`,
    "/spin-table?start_date=2025-09-25": "Invalid value for start_date: 2025-09-25",
    "/repoint-table?end_date=20250230": "Invalid value for end_date: 20250230",
    "/spin-table?latest=true&start_ingest_date=x": "Invalid value for start_ingest_date: x",
  });
  await assertCrashed(archive, [
    "/spin-table?latest=true",
    "/repoint-table?latest=True",
    "/small-forces-table?start_date=20250101&latest=TRUE",
    "/spice-query?type=spin&latest=true",
    "/spice-query?type=repoint&start_time=x",
    "/spice-query?type=spin&end_time=1e300",
  ]);
});
