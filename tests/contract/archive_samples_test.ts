// The archive against literal responses of the SDC: the same request gets the same status, content type, keys, types and
// value formats. Values that depend on the clock or on the content of a file are compared by their format.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { startTestArchive } from "../support/watched_objects.ts";
import { putRequest, writeFiles } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { bodyOf, rowsOf, sampleOf } from "./sample_server.ts";
import { sampleTests } from "./sample_tests.ts";

type Test = () => Promise<void>;

/** The contents of an archive, and how it is started. */
interface Setup {
  /** Paths and times of ingestion, `2026-04-06T23:57:54Z`. They exist when the archive first opens, so they are released. */
  readonly files?: Readonly<Record<string, string>>;
  /** The files are not released. */
  readonly unreleased?: boolean;
  /** Names that are uploaded later, and when. They are not released. */
  readonly uploads?: Readonly<Record<string, string>>;
  /** The content of files, where it matters. */
  readonly texts?: Readonly<Record<string, string>>;
}

const API_KEY = "k3y-of-the-archive";
/** The time of ingestion of files for which it does not matter. */
const ANY_TIME = "2026-02-03T04:05:06Z";

/** A request. */
interface AskInit {
  readonly method?: string;
  /** The API key that is sent below /api-key; null for none. Default: the right one. */
  readonly key?: string | null;
}

/** An archive that is set up as in production: released files for everyone, everything else below /api-key. */
interface Lab {
  /** Sends a request to the API; below /api-key with the key. */
  ask(path: string, init?: AskInit): Promise<Response>;
  /** Uploads a text. */
  upload(name: string, text: string): Promise<Response>;
}

/** Runs a test with an archive that speaks the dialect of a sample. */
function withArchive(dialect: string, setup: Setup, test: (lab: Lab) => Promise<void>): Test {
  return async () => {
    await using folder = await testFolder();
    const files = Object.entries(setup.files ?? {});
    await writeFiles(folder.path, Object.fromEntries(files.map(([path]) => [path, setup.texts?.[path] ?? path])));
    for (const [path, time] of files) await Deno.utime(`${folder.path}/${path}`, new Date(time), new Date(time));
    let clock: string | undefined;
    const now = () => clock === undefined ? new Date() : new Date(clock);
    // The server of 2024 has neither releases nor prefixes.
    const options = dialect === "2024"
      ? { root: folder.path, now, as: "2024" as const }
      : { root: folder.path, now, apiKey: API_KEY, public: true, unreleased: setup.unreleased ?? false };
    const archive = await startTestArchive(options);
    const ask = (path: string, { method = "GET", key = API_KEY }: AskInit = {}) => {
      const headers: Record<string, string> = path.startsWith("/api-key") && key !== null ? { "x-api-key": key } : {};
      return fetch(`${archive.url}${path}`, { redirect: "manual", method, headers });
    };
    const upload = async (name: string, text: string) => {
      const response = await ask(`/api-key/upload/${name}`);
      const address: unknown = JSON.parse(await response.text());
      assertEquals(response.status, 200, String(address));
      return await fetch(String(address), putRequest(text));
    };
    try {
      for (const [name, time] of Object.entries(setup.uploads ?? {})) {
        clock = time;
        const put = await upload(name, name);
        await put.body?.cancel();
        assertEquals(put.status, 200, name);
      }
      clock = undefined;
      await test({ ask, upload });
    } finally {
      await archive.close();
    }
  };
}

/** Sends the request of a sample and compares status and content type. @returns The body. */
async function answerTo(file: string, { ask }: Lab, key?: string | null): Promise<string> {
  const { request, status, contentType } = sampleOf(file);
  const [method = "", path = ""] = request.split(" ");
  const response = await ask(path, { method, ...(key === undefined ? {} : { key }) });
  const body = await response.text();
  assertEquals([response.status, file], [status, file], body);
  // The content type of the gateway's own responses is not known: JSON is our own choice.
  assertEquals(response.headers.get("content-type"), contentType ?? "application/json", body);
  return body;
}

/** A test that compares the body as text, or as JSON, with that of the sample. */
function isExact(file: string, setup: Setup = {}, before?: (lab: Lab) => Promise<void>): Test {
  return withArchive(sampleOf(file).dialect, setup, async (lab) => {
    await before?.(lab);
    const body = await answerTo(file, lab);
    const expected = await bodyOf(file);
    if (!file.endsWith(".json")) assertEquals(body, expected);
    else assertEquals(JSON.parse(body), JSON.parse(expected));
  });
}

/** The text of an error before its list, and the list, whose order differs between servers. */
function listed(json: string): { text: string; list: string[] } {
  const text = String(JSON.parse(json));
  const [head = "", tail = ""] = text.split("[");
  return { text: head, list: tail.replace("]", "").split(", ").toSorted() };
}

/** A test of an error that lists what is valid. */
function listsValid(file: string): Test {
  return withArchive(sampleOf(file).dialect, {}, async (lab) => {
    assertEquals(listed(await answerTo(file, lab)), listed(await bodyOf(file)));
  });
}

/** The format of a value: all digits are alike, and all numbers. */
function formOf(value: unknown): unknown {
  if (typeof value === "string") return value.replace(/\d/g, "0");
  if (typeof value === "number") return 0;
  if (typeof value === "boolean") return true;
  if (Array.isArray(value)) return value.length === 0 ? [] : [formOf(value[0])];
  return value;
}

/** Where rows differ from the sample. */
interface RowsCheck {
  /** Keys whose values are compared by their format. */
  readonly byForm?: readonly string[];
  /** What replaces values of the sample, in its order: the SDC's tests use names and paths that no server has. */
  readonly replaced?: readonly Readonly<Record<string, unknown>>[];
}

/** A test that compares rows, in any order. */
function hasRows(file: string, setup: Setup, { byForm = [], replaced = [] }: RowsCheck = {}): Test {
  return withArchive(sampleOf(file).dialect, setup, async (lab) => {
    const answer: unknown = JSON.parse(await answerTo(file, lab));
    assert(Array.isArray(answer));
    const expected = (await rowsOf(file)).map((row, index) => ({ ...row, ...replaced[index] }));
    const comparable = (rows: readonly object[]) =>
      rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([key, value]) => [key, byForm.includes(key) ? formOf(value) : value]),
        )
      ).toSorted((a, b) => nameOf(a) < nameOf(b) ? -1 : 1);
    assertEquals(comparable(answer), comparable(expected));
  });
}

function nameOf(row: Readonly<Record<string, unknown>>): string {
  return String(row.file_path ?? row.file_name);
}

const all = (time: string, ...paths: string[]) => Object.fromEntries(paths.map((path) => [path, time]));

/** The keys of a kernel's row that the SDC reads from the kernel. The archive derives them from the name. */
const FROM_INSIDE = [
  "min_date_j2000",
  "max_date_j2000",
  "file_intervals_j2000",
  "min_date_datetime",
  "max_date_datetime",
  "min_date_sclk",
  "max_date_sclk",
  "file_intervals_sclk",
  "file_intervals_datetime",
  "sclk_kernel",
  "lsk_kernel",
];

/** A test of the rows of kernels. */
function hasKernels(file: string, files: Readonly<Record<string, string>>, exact: readonly string[] = []): Test {
  return withArchive(sampleOf(file).dialect, { files }, async (lab) => {
    const answer: unknown = JSON.parse(await answerTo(file, lab));
    assert(Array.isArray(answer));
    const expected = await rowsOf(file);
    const byName = (a: Record<string, unknown>, b: Record<string, unknown>) => nameOf(a) < nameOf(b) ? -1 : 1;
    const rows = answer.map((row: unknown) => ({ ...Object(row) })).toSorted(byName);
    assertEquals(rows.map(nameOf), expected.map(nameOf).toSorted());
    for (const [index, wanted] of expected.toSorted(byName).entries()) {
      const row = rows[index];
      assertEquals(Object.keys(row).toSorted(), Object.keys(wanted).toSorted());
      for (const [key, value] of Object.entries(wanted)) {
        const isStatic = exact.includes(nameOf(wanted)) && !/sclk|lsk/.test(key);
        if (isStatic || !FROM_INSIDE.includes(key)) assertEquals([key, row[key]], [key, value]);
      }
      assertKernelTimes(row);
    }
  });
}

function assertKernelTimes(row: Readonly<Record<string, unknown>>): void {
  for (const key of ["min_date_j2000", "max_date_j2000"]) assertEquals([key, typeof row[key]], [key, "number"]);
  for (const key of ["min_date_datetime", "max_date_datetime"]) {
    assertMatch(String(row[key]), /^\d{4}-\d\d-\d\d, \d\d:\d\d:\d\d$/);
  }
  for (const key of ["min_date_sclk", "max_date_sclk"]) assertMatch(String(row[key]), /^1\/\d{10}:\d{5}$/);
  for (const key of ["sclk_kernel", "lsk_kernel"]) assertEquals([key, typeof row[key]], [key, "string"]);
  const pairs = (key: string): unknown[][] => {
    const intervals = row[key];
    assert(Array.isArray(intervals) && intervals.length > 0, key);
    for (const pair of intervals) assert(Array.isArray(pair) && pair.length === 2, key);
    return intervals;
  };
  for (const pair of pairs("file_intervals_j2000")) assert(pair.every((value) => typeof value === "number"));
  for (const pair of pairs("file_intervals_sclk")) {
    for (const value of pair) assertMatch(String(value), /^1\/\d{10}:\d{5}$/);
  }
  for (const pair of pairs("file_intervals_datetime")) {
    for (const value of pair) assertMatch(String(value), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?(\+00:00)?$/);
  }
}

const SPIN_FILES = {
  "imap/spice/spin/imap_2026_267_2026_268_02.spin.csv": "2025-07-08T20:10:57Z",
  "imap/spice/spin/imap_2026_268_2026_268_01.spin.csv": "2025-07-09T20:10:55Z",
  "imap/spice/spin/imap_2026_268_2026_269_01.spin.csv": "2025-07-10T20:10:57Z",
  // Not completely within the requested days.
  "imap/spice/spin/imap_2026_266_2026_268_01.spin.csv": "2025-07-10T20:10:57Z",
  "imap/spice/spin/imap_2026_268_2026_270_01.spin.csv": "2025-07-10T20:10:57Z",
};
/** The SDC's test has names with two days, which are not names of repoint files. */
const REPOINT_FILES = {
  "imap/spice/repoint/imap_2026_268_02.repoint": "2025-07-08T20:10:57Z",
  "imap/spice/repoint/imap_2026_273_01.repoint": "2025-07-09T20:10:55Z",
};
const REPOINT_NAMES = { replaced: Object.keys(REPOINT_FILES).map((file_path) => ({ file_path })) };
const THRUSTER_FILES = {
  "imap/spice/activities/imap_2025_100_2025_110_hist_01.sff": "2025-04-05T10:00:00Z",
  "imap/spice/activities/imap_2025_100_2025_110_hist_02.sff": "2025-04-06T10:00:00Z",
  "imap/spice/activities/imap_2025_099_2025_110_hist_01.sff": "2025-04-06T10:00:00Z",
};
const METAKERNEL_FILES = all(
  ANY_TIME,
  "imap/spice/lsk/naif0012.tls",
  "imap/spice/lsk/naif0011.tls",
  "imap/spice/fk/imap_130.tf",
  "imap/spice/fk/imap_science_120.tf",
  "imap/spice/sclk/imap_sclk_0147.tsc",
  "imap/spice/spk/de440.bsp",
);
/** A kernel of each category; two categories have kernels for a part of the time only. */
const COVERING_FILES = {
  ...METAKERNEL_FILES,
  ...all(
    ANY_TIME,
    "imap/spice/pck/pck00011.tpc",
    "imap/spice/pck/earth_000101_260101_250401.bpc",
    "imap/spice/spk/imap_recon_20250401_20250415_v01.bsp",
    "imap/spice/ck/imap_2025_106_2025_120_001.ah.bc",
    "imap/spice/ck/imap_dps_2025_001_2025_365_001.ah.bc",
  ),
};
const UPLOAD_NAME = "imap_swe_l1a_test_20100101_v001.0001.cdf";
const UPLOAD_PATH = `imap/swe/l1a/2010/01/${UPLOAD_NAME}`;
const MANIFEST = "imap_mag_data-release-001_20260101_20260131_v001.txt";

/** Checks a presigned URL. */
function assertSigned(url: unknown, path: string, seconds: number): URL {
  const address = new URL(String(url));
  assert(address.pathname.endsWith(`/${path}`), address.pathname);
  assertEquals(address.searchParams.get("X-Amz-Algorithm"), "AWS4-HMAC-SHA256");
  assertEquals(address.searchParams.get("X-Amz-Expires"), String(seconds));
  assertMatch(address.searchParams.get("X-Amz-Signature") ?? "", /^[0-9a-f]{64}$/);
  return address;
}

/** A test of the presigned URL of an upload, with a PUT that has the tag of the signature, and one that has not. */
function signsUpload(file: string, tag: string): Test {
  return withArchive("now", {}, async (lab) => {
    const address = assertSigned(JSON.parse(await answerTo(file, lab)), UPLOAD_PATH, 3600);
    assertEquals(address.searchParams.get("X-Amz-SignedHeaders"), "host;x-amz-tagging");
    assertMatch(address.searchParams.get("X-Amz-Date") ?? "", /^\d{8}T\d{6}Z$/);
    assertMatch(address.searchParams.get("X-Amz-Credential") ?? "", /^[^/]+\/\d{8}\/[^/]+\/s3\/aws4_request$/);
    const other = tag === "" ? { "x-amz-tagging": "manually_reprocessed=true" } : {};
    const refusal = await fetch(address, putRequest("data", other));
    assertEquals(refusal.status, 403);
    assertMatch(await refusal.text(), /<Code>SignatureDoesNotMatch<\/Code>/);
    const put = await fetch(address, putRequest("data", tag === "" ? {} : { "x-amz-tagging": tag }));
    await put.body?.cancel();
    assertEquals(put.status, 200);
  });
}

/** One test for each sample. */
const TESTS: Readonly<Record<string, Test>> = {
  "spice-query-kernel.json": hasKernels("spice-query-kernel.json", {
    "imap/spice/ck/imap_2025_274_2025_276_001.ah.bc": "2026-04-06T23:57:54Z",
    "imap/spice/ck/imap_2025_274_2025_276_002.ah.bc": "2026-04-06T23:57:54Z",
  }),
  "spice-query-kernels-production.json": hasKernels("spice-query-kernels-production.json", {
    "imap/spice/ck/imap_2025_302_2025_303_001.ah.bc": "2025-11-01T08:05:12Z",
    "imap/spice/ck/imap_2025_303_2025_304_001.ah.bc": "2025-11-01T08:05:13Z",
    "imap/spice/sclk/imap_sclk_0032.tsc": "2025-11-01T08:10:08Z",
    "imap/spice/sclk/imap_sclk_0031.tsc": "2025-10-31T23:59:59Z",
    "imap/spice/sclk/imap_sclk_0033.tsc": "2025-11-05T00:00:01Z",
  }, ["sclk/imap_sclk_0032.tsc"]),
  // The archive derives coverage from the name, so it has one interval.
  "spice-query-kernel-two-intervals.json": hasKernels("spice-query-kernel-two-intervals.json", {
    "imap/spice/ck/imap_2025_118_2025_120_009.ah.bc": "2025-04-09T21:12:53Z",
  }),
  "spice-query-400.json": listsValid("spice-query-400.json"),
  "spice-query-400-value.json": isExact("spice-query-400-value.json"),
  "spin-table.json": hasRows("spin-table.json", { files: SPIN_FILES }),
  "spice-query-spin.json": hasRows("spice-query-spin.json", { files: SPIN_FILES }),
  "spin-table-production.json": hasRows("spin-table-production.json", {
    files: { "imap/spice/spin/imap_2025_152_2025_153_01.spin": "2025-06-02T01:50:09Z" },
  }),
  "repoint-table.json": hasRows("repoint-table.json", { files: REPOINT_FILES }, REPOINT_NAMES),
  "spice-query-repoint.json": hasRows("spice-query-repoint.json", { files: REPOINT_FILES }, REPOINT_NAMES),
  "repoint-table-client.json": hasRows("repoint-table-client.json", {
    files: {
      "imap/spice/repoint/imap_2025_001_00.repoint.csv": "2025-01-02T01:50:09Z",
      "imap/spice/repoint/imap_2025_001_01.repoint.csv": "2025-01-03T00:00:01Z",
    },
  }),
  "small-forces-table.json": hasRows("small-forces-table.json", { files: THRUSTER_FILES }),
  "spice-query-thruster.json": hasRows("spice-query-thruster.json", { files: THRUSTER_FILES }),
  "table-400-parameter.json": listsValid("table-400-parameter.json"),
  "table-400-value.json": isExact("table-400-value.json"),
  "table-400-version.json": listsValid("table-400-version.json"),
  "query-science-2024.json": hasRows("query-science-2024.json", {
    files: { "imap/hit/l0/2025/11/imap_hit_l0_raw_20251107_v001.pkts": "2025-11-07T10:13:12Z" },
  }, { replaced: [{ file_path: "imap/hit/l0/2025/11/imap_hit_l0_raw_20251107_v001.pkts" }] }),
  "query-science-now.json": hasRows("query-science-now.json", {
    files: {
      "imap/glows/l3b/2026/04/imap_glows_l3b_ion-rate-profile_20260401-cr02309_v001.0002.cdf": "2026-04-20T03:04:05Z",
      "imap/glows/l3b/2026/04/imap_glows_l3b_ion-rate-profile_20260401-cr02309_v001.0001.cdf": ANY_TIME,
      "imap/hit/l0/2025/11/imap_hit_l0_raw_20251107_v001.0001.pkts": "2025-11-07T10:13:12Z",
    },
    uploads: { "imap_hi_l1a_45sensor-de_20260407-repoint00210_v002.0001.cdf": "2026-04-09T08:00:01Z" },
  }),
  "query-ancillary.json": hasRows("query-ancillary.json", {
    files: { "imap/ancillary/mag/imap_mag_test_20210101_v001.csv": "2021-01-01T10:13:12Z" },
    uploads: { "imap_codice_l1a-sci-lut_20260403_20260403_v001.json": "2026-04-04T00:00:00Z" },
  }, {
    replaced: [{ file_path: "imap/ancillary/mag/imap_mag_test_20210101_v001.csv" }],
    // The rows are from two tests of the SDC, which released one of the files.
    byForm: ["released"],
  }),
  "query-quicklook.json": hasRows("query-quicklook.json", {
    unreleased: true,
    files: {
      "imap/quicklook/mag/l1b/2026/04/imap_mag_l1b_norm-mago_20260407_v001.0001.png": "2026-04-08T09:10:11Z",
    },
  }),
  "query-400-science-2024.json": listsValid("query-400-science-2024.json"),
  "query-400-science-now.json": listsValid("query-400-science-now.json"),
  "query-400-ancillary.json": listsValid("query-400-ancillary.json"),
  "query-400-table.json": listsValid("query-400-table.json"),
  "query-400-version.json": isExact("query-400-version.json"),
  "query-400-pagination.json": isExact("query-400-pagination.json"),
  "query-science-two-minors.json": hasRows("query-science-two-minors.json", {
    files: Object.fromEntries(
      ["v001.0001", "v002.0001", "v002.0002", "v003.0001"].map((version) => [
        `imap/hit/l1a/2025/11/imap_hit_l1a_count_20251107_${version}.cdf`,
        "2025-11-07T10:13:12Z",
      ]),
    ),
  }),
  "query-ancillary-release.json": hasRows("query-ancillary-release.json", {
    unreleased: true,
    files: Object.fromEntries(
      ["20260403_20260403_v001", "20260403_v001", "20260403_v002"].map((end) => [
        `imap/ancillary/codice/imap_codice_l1a-sci-lut_${end}.json`,
        "2026-04-04T00:00:00Z",
      ]),
    ),
  }),
  "query-science-vnnn-name.json": hasRows("query-science-vnnn-name.json", {
    unreleased: true,
    files: { "imap/mag/l1a/2026/04/imap_mag_l1a_norm-mago_20260402_v001.cdf": "2026-11-26T00:59:53Z" },
  }),
  "download-302.json": withArchive("now", {
    unreleased: true,
    files: all(ANY_TIME, "imap/swe/l1a/2010/01/imap_swe_l1a_test_20100101_v000.cdf"),
  }, async (lab) => {
    const [, path = ""] = sampleOf("download-302.json").request.split(" ");
    const file = path.replace("/api-key/download/", "");
    const body: unknown = JSON.parse(await answerTo("download-302.json", lab));
    assertEquals(Object.keys(Object(body)), ["download_url"]);
    const address = assertSigned(Object(body).download_url, file, 86_400);
    const again = await lab.ask(path);
    await again.body?.cancel();
    assertSigned(again.headers.get("location"), file, 86_400);
    assertEquals(await (await fetch(address)).text(), file);
  }),
  "download-403-unreleased.txt": isExact("download-403-unreleased.txt", {
    unreleased: true,
    files: all(ANY_TIME, "imap/hit/l0/2021/01/imap_hit_l0_raw_20210101_v001.pkts"),
  }),
  "download-404.txt": isExact("download-404.txt", {
    files: all(ANY_TIME, "imap/hit/l0/2021/01/imap_hit_l0_raw_20210101_v001.pkts"),
  }),
  "download-400.txt": isExact("download-400.txt"),
  "upload-200.json": signsUpload("upload-200.json", ""),
  "upload-200-tagging.json": signsUpload("upload-200-tagging.json", "manually_reprocessed=true"),
  "upload-409-object.json": isExact("upload-409-object.json", { files: all(ANY_TIME, UPLOAD_PATH) }),
  "upload-409-2024.json": isExact("upload-409-2024.json", {
    files: all(ANY_TIME, "imap/swe/l1a/2010/01/imap_swe_l1a_test_20100101_v000.cdf"),
  }),
  "upload-400-name.json": isExact("upload-400-name.json"),
  "upload-400-none.json": isExact("upload-400-none.json"),
  "metakernel.tm": withArchive("now", { files: METAKERNEL_FILES }, async (lab) => {
    const moment = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00:00/;
    const body = await answerTo("metakernel.tm", lab);
    assertMatch(body, moment);
    assertEquals(body.replace(moment, "now"), (await bodyOf("metakernel.tm")).replace(moment, "now"));
  }),
  "metakernel-list.json": isExact("metakernel-list.json", { files: METAKERNEL_FILES }),
  "metakernel-gaps-422.json": withArchive("now", { files: COVERING_FILES }, async (lab) => {
    const gaps: unknown = JSON.parse(await answerTo("metakernel-gaps-422.json", lab));
    const expected: Record<string, unknown> = JSON.parse(await bodyOf("metakernel-gaps-422.json"));
    // The archive derives the coverage of kernels from their names, so the limits of the gaps differ.
    const edges = (all: object) => Object.fromEntries(Object.entries(all).map(([key, gaps]) => [key, formOf(gaps)]));
    const pairs = (all: object) => edges(edges(all));
    assertEquals(pairs(Object(gaps)), pairs(expected));
  }),
  "metakernel-404.txt": isExact("metakernel-404.txt", { files: METAKERNEL_FILES }),
  "reprocess-200-newest.json": withArchive("now", {}, async (lab) => {
    const body: unknown = JSON.parse(await answerTo("reprocess-200-newest.json", lab));
    const { message, reprocess_id, ...more } = Object(body);
    assertEquals([message, typeof reprocess_id, more], ["Reprocess job queued", "string", {}]);
    assert(reprocess_id.length > 0);
  }),
  "release-200.json": isExact("release-200.json", {
    unreleased: true,
    files: all(ANY_TIME, "imap/mag/l1a/2026/01/imap_mag_l1a_norm-mago_20260110_v001.0001.cdf"),
  }, async ({ ask, upload }) => {
    const isPublic = async () => {
      const response = await ask("/query?instrument=mag");
      const rows: unknown = await response.json();
      return Array.isArray(rows) && rows.length === 1;
    };
    assertEquals(await isPublic(), false);
    await (await upload(MANIFEST, await bodyOf("release-manifest.txt"))).body?.cancel();
    const response = await ask(`/api-key/release?release_type=release&manifest_file=${MANIFEST}`);
    await response.body?.cancel();
    assertEquals(await isPublic(), true);
  }),
  "release-400-type.json": listsValid("release-400-type.json"),
  "release-400-manifest.json": isExact("release-400-manifest.json"),
  "release-400-parameter.json": listsValid("release-400-parameter.json"),
  "release-501-early.txt": isExact("release-501-early.txt"),
  "release-501-unrelease.txt": isExact("release-501-unrelease.txt"),
  "processing-jobs-400.json": isExact("processing-jobs-400.json"),
  "processing-jobs-400-date.json": isExact("processing-jobs-400-date.json"),
  "processing-jobs-job-command.json": withArchive("now", {}, async (lab) => {
    // The archive processes nothing: its jobs are the orders to reprocess, which always succeed.
    const product = "instrument=mag&data_level=l1a&descriptor=norm-mago";
    const order = `/api-key/reprocess?start_date=20260102&end_date=20260102&${product}&reprocessing=True`;
    await (await lab.ask(order, { method: "POST" })).body?.cancel();
    const rows: unknown = JSON.parse(await answerTo("processing-jobs-job-command.json", lab));
    assert(Array.isArray(rows) && rows.length === 1);
    const [expected = {}] = await rowsOf("processing-jobs-job-command.json");
    const [row] = rows;
    assertEquals(Object.keys(row).toSorted(), Object.keys(expected).toSorted());
    assertMatch(row.job_command, /^imap_cli /);
    const { status, instrument, data_level, descriptor } = row;
    assertEquals([status, instrument, data_level, descriptor], ["SUCCEEDED", "mag", "l1a", "norm-mago"]);
    assertEquals(row.start_date, "2026-01-02T00:00:00");
    assertMatch(row.started_at ?? "2026-01-06T00:00:00+00:00", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00$/);
  }),
  "gateway-404.json": isExact("gateway-404.json"),
  "gateway-401.json": withArchive("now", {}, async (lab) => {
    const body = await answerTo("gateway-401.json", lab, null);
    assertEquals(JSON.parse(body), JSON.parse(await bodyOf("gateway-401.json")));
  }),
  "gateway-403.json": withArchive("now", {}, async (lab) => {
    const body = await answerTo("gateway-403.json", lab, "unknown");
    assertEquals(JSON.parse(body), JSON.parse(await bodyOf("gateway-403.json")));
  }),
  "gateway-403-2024.json": isExact("gateway-403-2024.json"),
  "gateway-502-2024.json": isExact("gateway-502-2024.json"),
};

sampleTests("archive", TESTS);
