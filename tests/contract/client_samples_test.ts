// The client against literal responses of the SDC: it reads each one, or reports clearly what is wrong.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ImapClient, ImapError, type QueryParameters, ResponseError } from "../../mod.ts";
import { writeFiles } from "../support/archive.ts";
import { type CliResult, runCli } from "../support/cli.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { rowsOf, type SampleAnswers, type SampleServer, startSampleServer } from "./sample_server.ts";
import { sampleTests } from "./sample_tests.ts";

/** A client, the server with the samples, and a folder. */
interface Lab {
  readonly server: SampleServer;
  readonly client: ImapClient;
  readonly folder: TestFolder;
  /** Runs the command line with the server's address and a key. */
  cli(...args: string[]): Promise<CliResult>;
}

type Test = () => Promise<void>;

const API_KEY = "k3y-of-the-samples";
const NO_KEY = { hasKey: false };

/** A test with a client that has a key, unless it has none. */
function withSamples(answers: SampleAnswers, test: (lab: Lab) => Promise<void>, { hasKey = true } = {}): Test {
  return async () => {
    const apiKey = hasKey ? API_KEY : undefined;
    await using folder = await testFolder();
    await using server = startSampleServer(answers);
    const client = new ImapClient({ url: server.api.url, dataDir: `${folder.path}/data`, apiKey, retries: 0 });
    const env = {
      IMAP_DATA_ACCESS_URL: server.api.url,
      IMAP_IALIRT_URL: server.api.url,
      IMAP_DATA_DIR: `${folder.path}/data`,
      IMAP_API_KEY: apiKey ?? "",
    };
    await test({ server, client, folder, cli: (...args) => runCli(args, { env }) });
  };
}

/** The path and the parameters of each request that the API received. */
function asked({ api }: SampleServer): { path: string; parameters: Record<string, string> }[] {
  return api.requests.map(({ url }) => {
    const { pathname, searchParams } = new URL(url);
    return { path: pathname, parameters: Object.fromEntries(searchParams) };
  });
}

/** What the client reads from the rows of a sample. */
interface Rows {
  readonly query: QueryParameters;
  readonly route?: string;
  /** The normalized keys of each row, in the order of the sample. All other keys are kept as received. */
  readonly rows: readonly { file_path: string; version: string; ingestion_date: string }[];
}

/** The client finds every row of the sample. */
function finds(file: string, { query, route = "/query", rows }: Rows, more?: (lab: Lab) => Promise<void>): Test {
  return withSamples({ routes: { [route]: file } }, async (lab) => {
    const found = await lab.client.query(query);
    const came = await rowsOf(file);
    const expected = came.map((row, index) => ({ ...row, ...rows[index] }));
    const byPath = (a: { file_path: string }, b: { file_path: string }) => a.file_path < b.file_path ? -1 : 1;
    // The client may add keys, but loses none.
    const same = [...found].toSorted(byPath).map((row, index) => ({ ...row, ...expected.toSorted(compare)[index] }));
    assertEquals([...found].toSorted(byPath).map((row) => ({ ...row })), same);
    assertEquals(found.length, rows.length);
    await more?.(lab);

    function compare(a: object, b: object): number {
      return byPath(Object(a), Object(b));
    }
  });
}

/** How the client fails, and what its message says. */
interface Refusal {
  readonly status: number;
  readonly says: readonly RegExp[];
  /** What the message must not say. */
  readonly not?: readonly RegExp[];
}

/** The client rejects with the status and the words of a sample. */
function refuses(
  answers: SampleAnswers,
  call: (lab: Lab) => Promise<unknown>,
  { status, says, not = [] }: Refusal,
  key = { hasKey: true },
): Test {
  return withSamples(answers, async (lab) => {
    const error = await assertRejects(() => call(lab), ResponseError);
    assertEquals(error.status, status, error.message);
    for (const words of says) assertMatch(error.message, words);
    for (const words of not) assert(!words.test(error.message), error.message);
  }, key);
}

/** The server refuses a query with a sample. */
function refusesQuery(
  file: string,
  status: number,
  says: RegExp,
  query: QueryParameters = { instrument: "mag" },
): Test {
  const route = query.table === "spice" ? "/spice-query" : "/query";
  return refuses({ routes: { [route]: file } }, ({ client }) => client.query(query), { status, says: [says] });
}

const SCIENCE_PATH = "imap/swe/l1a/2010/01/imap_swe_l1a_test_20100101_v000.cdf";
const SCIENCE_NAME = "imap_swe_l1a_test_20100101_v001.0001.cdf";
const UNRELEASED_PATH = "imap/hit/l0/2021/01/imap_hit_l0_raw_20210101_v001.pkts";
const MANIFEST = "imap_mag_data-release-001_20260101_20260131_v001.txt";

async function upload({ client, folder }: Lab, name = SCIENCE_NAME): Promise<string> {
  await writeFiles(folder.path, { [name]: "data" });
  return await client.upload(`${folder.path}/${name}`);
}

async function release({ client, folder }: Lab, release_type = "release"): Promise<unknown> {
  await writeFiles(folder.path, { [MANIFEST]: "mag, all, all, true" });
  const manifest_file = `${folder.path}/${MANIFEST}`;
  return await client.release({ release_type, manifest_file }, { indexTimeoutMs: 0 });
}

/** The server accepts the manifest, and responds to `/release` with a sample. */
function releasing(file: string): SampleAnswers {
  return { routes: { "/upload": "upload-200.json", "/download": "download-302.json", "/release": file } };
}

function reprocess({ client }: Lab): Promise<unknown> {
  const product = { instrument: "swe", data_level: "l1a", descriptor: "sci" };
  return client.reprocess({ start_date: "20260401", end_date: "20260402", ...product });
}

/** A kernel's row, normalized. */
const kernel = (name: string, version: string, ingestion_date: string) => ({
  file_path: `imap/spice/${name}`,
  version,
  ingestion_date,
});

const SPIN_ROWS = [
  kernel("spin/imap_2026_267_2026_268_02.spin.csv", "02", "2025-07-08 20:10:57"),
  kernel("spin/imap_2026_268_2026_268_01.spin.csv", "01", "2025-07-09 20:10:55"),
  kernel("spin/imap_2026_268_2026_269_01.spin.csv", "01", "2025-07-10 20:10:57"),
];
// By today's rules these names with two days are not names of repoint files. Only the row contains the version.
const REPOINT_ROWS = [
  kernel("repoint/imap_2026_267_2026_268_02.repoint", "02", "2025-07-08 20:10:57"),
  kernel("repoint/imap_2026_268_2026_268_01.repoint", "01", "2025-07-09 20:10:55"),
];
const THRUSTER_ROWS = (folder: string) => [
  kernel(`${folder}/imap_2025_100_2025_110_hist_01.sff`, "01", "2025-04-05 10:00:00"),
  kernel(`${folder}/imap_2025_100_2025_110_hist_02.sff`, "02", "2025-04-06 10:00:00"),
];
const spice = (type: string) => ({ query: { table: "spice", type }, route: "/spice-query" });

/** A science row, normalized. */
const science = (file_path: string, version: string, ingestion_date: string) => ({
  file_path,
  version,
  ingestion_date,
});

/** The command succeeds, and its output contains each text. */
function shows(answers: SampleAnswers, args: readonly string[], texts: readonly string[]): Test {
  return withSamples(answers, async ({ cli }) => {
    const { code, stdout, stderr } = await cli(...args);
    assertEquals(code, 0, stderr);
    for (const text of texts) assert(`${stdout}${stderr}`.includes(text), `${text} is not in:\n${stdout}${stderr}`);
  });
}

/** The command fails, and its message contains each text. */
function fails(answers: SampleAnswers, args: readonly string[], texts: readonly string[]): Test {
  return withSamples(answers, async ({ cli }) => {
    const { code, stdout, stderr } = await cli(...args);
    assertEquals(code, 1, stdout + stderr);
    for (const text of texts) assert(stderr.includes(text), `${text} is not in:\n${stderr}`);
  });
}

/** To find out whether a response was too large or the server is broken, the client sends a small request, and gives up. */
function assertTriedOnce({ api }: SampleServer): void {
  assert(api.requests.length >= 2 && api.requests.length <= 4, String(api.requests.length));
}

const METAKERNEL_DAYS = ["--start-date", "2025-04-15", "--end-date", "2025-04-16"];
const SPACE_WEATHER = [
  "space-weather",
  "--instrument",
  "mag",
  "--start-date",
  "2025-06-20",
  "--end-date",
  "2025-06-20",
];

/** One test for each sample. */
const TESTS: Readonly<Record<string, Test>> = {
  "spice-query-kernel.json": finds("spice-query-kernel.json", {
    ...spice("attitude_history"),
    rows: [kernel("ck/imap_2025_274_2025_276_001.ah.bc", "001", "2026-04-06 23:57:54")],
  }, async ({ client, server }) => {
    const days = async (start_date: string, end_date: string) =>
      (await client.query({ table: "spice", type: "attitude_history", start_date, end_date })).length;
    assertEquals([await days("20251002", "20251002"), await days("20251001", "20251001")], [1, 1]);
    assertEquals([await days("20250930", "20250930"), await days("20251004", "20251004")], [0, 0]);
    // The SDC refuses these for kernels.
    for (const { parameters } of asked(server)) {
      for (const name of ["start_date", "end_date", "version"]) assert(!(name in parameters), name);
    }
  }),
  "spice-query-kernels-production.json": finds("spice-query-kernels-production.json", {
    query: { table: "spice", ingestion_start_date: "20251101", ingestion_end_date: "20251104" },
    route: "/spice-query",
    rows: [
      kernel("ck/imap_2025_302_2025_303_001.ah.bc", "001", "2025-11-01 08:05:12"),
      kernel("ck/imap_2025_303_2025_304_001.ah.bc", "001", "2025-11-01 08:05:13"),
      kernel("sclk/imap_sclk_0032.tsc", "0032", "2025-11-01 08:10:08"),
    ],
  }, async ({ client, server }) => {
    // The SDC interprets the last day as its midnight.
    assertEquals(asked(server)[0]?.parameters.end_ingest_date, "20251105");
    const named = await client.query({ filename: "imap_sclk_0032.tsc" });
    assertEquals(named.map(({ file_path }) => file_path), ["imap/spice/sclk/imap_sclk_0032.tsc"]);
    assertEquals(asked(server).at(-1)?.parameters.file_name, "imap_sclk_0032.tsc");
    const until = { ingestion_end_date: "2025-11-01T08:05:12" };
    assertEquals((await client.query({ table: "spice", ...until })).length, 1);
  }),
  "spice-query-kernel-two-intervals.json": finds("spice-query-kernel-two-intervals.json", {
    ...spice("attitude_history"),
    rows: [kernel("ck/imap_2025_118_2025_120_009.ah.bc", "009", "2025-04-09 21:12:53")],
  }),
  "spice-query-400.json": refusesQuery("spice-query-400.json", 400, /start_date is not a valid query parameter/, {
    table: "spice",
    type: "attitude_history",
  }),
  "spice-query-400-value.json": refusesQuery(
    "spice-query-400-value.json",
    400,
    /Invalid value for start_time: 20260101T00/,
    { table: "spice", type: "attitude_history" },
  ),
  // The client gets the rows of these tables from /spice-query, which older servers have too.
  "spin-table.json": finds("spin-table.json", { ...spice("spin"), rows: SPIN_ROWS }),
  "spice-query-spin.json": finds("spice-query-spin.json", { ...spice("spin"), rows: SPIN_ROWS }, async (lab) => {
    const { client, server } = lab;
    const latest = await client.query({ table: "spice", type: "spin", version: "latest" });
    assertEquals(latest.length, 3);
    const second = await client.query({ table: "spice", type: "spin", version: "02" });
    assertEquals(second.map(({ version }) => version), ["02"]);
    // The SDC crashes on the first, and refuses the second.
    for (const { parameters } of asked(server)) assert(!("latest" in parameters) && !("version" in parameters));
  }),
  "spin-table-production.json": finds("spin-table-production.json", {
    ...spice("spin"),
    rows: [kernel("spin/imap_2025_152_2025_153_01.spin", "01", "2025-06-02 01:50:09")],
  }),
  "repoint-table.json": finds("repoint-table.json", { ...spice("repoint"), rows: REPOINT_ROWS }),
  "spice-query-repoint.json": finds("spice-query-repoint.json", { ...spice("repoint"), rows: REPOINT_ROWS }),
  "repoint-table-client.json": finds("repoint-table-client.json", {
    ...spice("repoint"),
    rows: [kernel("repoint/imap_2025_001_00.repoint.csv", "00", "2025-01-02 01:50:09")],
  }),
  "small-forces-table.json": finds("small-forces-table.json", {
    ...spice("thruster"),
    rows: THRUSTER_ROWS("activities"),
  }),
  "spice-query-thruster.json": finds("spice-query-thruster.json", {
    ...spice("thruster"),
    rows: THRUSTER_ROWS("activities"),
  }, async ({ client }) => {
    const latest = await client.query({ table: "spice", type: "thruster", version: "latest" });
    assertEquals(latest.map(({ version }) => version), ["02"]);
  }),
  "thruster-table-older.json": async () => {
    const file = "thruster-table-older.json";
    await finds(file, { ...spice("thruster"), rows: THRUSTER_ROWS("thruster") })();
    // The row's own path is requested and stored, even though today's folder for such a name is another one.
    const routes = { "/spice-query": file, "/download": "download-302.json" };
    await withSamples({ routes }, async ({ client, server, folder }) => {
      const [row] = await client.query({ table: "spice", type: "thruster" });
      assert(row !== undefined);
      assertEquals(await client.download(row), `${folder.path}/data/${row.file_path}`);
      assert(asked(server).some(({ path }) => path.endsWith(`/download/${row.file_path}`)));
    })();
  },
  "table-400-parameter.json": refusesQuery(
    "table-400-parameter.json",
    400,
    /invalid_param is not a valid query parameter/,
    { table: "spice", type: "spin" },
  ),
  "table-400-value.json": refusesQuery("table-400-value.json", 400, /Invalid value for start_date: 2025-09-25/, {
    table: "spice",
    type: "spin",
  }),
  "table-400-version.json": refusesQuery("table-400-version.json", 400, /version is not a valid query parameter/, {
    table: "spice",
    type: "spin",
  }),
  "query-science-2024.json": finds("query-science-2024.json", {
    query: { instrument: "hit" },
    rows: [science("test/file/path/imap_hit_l0_raw_20251107_v001.pkts", "v001", "2025-11-07 10:13:12")],
  }),
  "query-science-2025.json": finds("query-science-2025.json", {
    query: { instrument: "hit" },
    rows: [
      science("test/file/path/imap_hit_l0_raw_20251106_v001.pkts", "v001", "2025-11-07 10:13:12"),
      science("test/file/path/imap_hit_l0_raw_20251107_v001.pkts", "v001", "2025-11-07 10:13:12"),
    ],
  }),
  "query-science-now.json": finds("query-science-now.json", {
    query: { start_date: "20251107", end_date: "20260407" },
    rows: [
      science(
        "imap/glows/l3b/2026/04/imap_glows_l3b_ion-rate-profile_20260401-cr02309_v001.0002.cdf",
        "v001.0002",
        "2026-04-20 03:04:05",
      ),
      science(
        "imap/hi/l1a/2026/04/imap_hi_l1a_45sensor-de_20260407-repoint00210_v002.0001.cdf",
        "v002.0001",
        "2026-04-09 08:00:01",
      ),
      science(
        "imap/hit/l0/2025/11/imap_hit_l0_raw_20251107_v001.0001.pkts",
        "v001.0001",
        "2025-11-07 10:13:12",
      ),
    ],
  }, async ({ client, server, cli }) => {
    const came = async (query: QueryParameters) => (await client.query(query)).map(({ instrument }) => instrument);
    assertEquals(await came({ ingestion_start_date: "2026-04-19T09:00" }), ["glows"]);
    assertEquals(await came({ ingestion_end_date: "2026-04-30T09:00" }), ["glows", "hi", "hit"]);
    assertEquals(await came({ ingestion_end_date: "2026-04-09T08:00:01" }), ["hi", "hit"]);
    await came({ cr: "cr02309", crid: "0a1b" });
    assertEquals(asked(server).at(-1)?.parameters, { cr: "2309", crid: "0a1b" });
    const released = await cli("query", "--start-date", "20251107", "--released", "true", "--output-format", "paths");
    assertEquals([released.code, released.stdout.split("\n").length - 1], [0, 2], released.stderr);
  }),
  "query-science-two-minors.json": finds("query-science-two-minors.json", {
    query: { instrument: "hit", major_version: 2 },
    rows: [1, 2].map((minor) =>
      science(
        `imap/hit/l1a/2025/11/imap_hit_l1a_count_20251107_v002.000${minor}.cdf`,
        `v002.000${minor}`,
        "2025-11-07 10:13:12",
      )
    ),
  }, async ({ client }) => {
    // The SDC ignores `latest` beside a major version.
    const latest = await client.query({ instrument: "hit", major_version: 2, version: "latest" });
    assertEquals(latest.map(({ version }) => version), ["v002.0002"]);
  }),
  "query-science-vnnn-name.json": finds("query-science-vnnn-name.json", {
    query: { instrument: "mag" },
    rows: [science("imap/mag/l1a/2026/04/imap_mag_l1a_norm-mago_20260402_v001.cdf", "v001", "2026-11-26 00:59:53")],
  }, async ({ client, server }) => {
    const [file] = await client.query({ filename: "imap_mag_l1a_norm-mago_20260402_v001.cdf" });
    assertEquals(file?.version, "v001");
    assertEquals(asked(server).at(-1)?.parameters.file_path, file?.file_path);
  }),
  "query-ancillary.json": finds("query-ancillary.json", {
    query: { table: "ancillary", start_date: "20210101" },
    rows: [
      science("test/ancillary/file/path/imap_mag_test_20210101_v001.csv", "v001", "2021-01-01 10:13:12"),
      science(
        "imap/ancillary/codice/imap_codice_l1a-sci-lut_20260403_20260403_v001.json",
        "v001",
        "2026-04-04 00:00:00",
      ),
    ],
  }),
  "query-ancillary-release.json": finds("query-ancillary-release.json", {
    query: { table: "ancillary", instrument: "codice" },
    rows: ["20260403_20260403_v001", "20260403_v001", "20260403_v002"].map((end) =>
      science(`imap/ancillary/codice/imap_codice_l1a-sci-lut_${end}.json`, end.slice(-4), "2026-04-04 00:00:00")
    ),
  }, async ({ client }) => {
    // By the SDC's own rule for releases, a file without an end date is no newer version of one that has an end date.
    const latest = await client.query({ table: "ancillary", instrument: "codice", version: "latest" });
    assertEquals(latest.map(({ file_path }) => file_path.split("lut_")[1]), [
      "20260403_20260403_v001.json",
      "20260403_v002.json",
    ]);
  }),
  "query-quicklook.json": finds("query-quicklook.json", {
    query: { table: "quicklook", instrument: "mag" },
    rows: [
      science(
        "imap/quicklook/mag/l1b/2026/04/imap_mag_l1b_norm-mago_20260407_v001.0001.png",
        "v001.0001",
        "2026-04-08 09:10:11",
      ),
    ],
  }, ({ server }) => {
    assertEquals(asked(server)[0]?.parameters.table, "quicklook");
    return Promise.resolve();
  }),
  "query-400-science-2024.json": refusesQuery(
    "query-400-science-2024.json",
    400,
    /size is not a valid query parameter/,
  ),
  "query-400-science-2025.json": refusesQuery(
    "query-400-science-2025.json",
    400,
    /size is not a valid query parameter/,
  ),
  "query-400-science-now.json": refusesQuery("query-400-science-now.json", 400, /size is not a valid query parameter/),
  "query-400-ancillary.json": refusesQuery(
    "query-400-ancillary.json",
    400,
    /repointing is not a valid query parameter for ancillary table/,
    { table: "ancillary", instrument: "mag" },
  ),
  "query-400-table.json": refusesQuery("query-400-table.json", 400, /nonsense is not a valid table/),
  "query-400-version.json": refusesQuery("query-400-version.json", 400, /Invalid 'version' value/),
  "query-400-pagination.json": refusesQuery("query-400-pagination.json", 400, /'limit' must be greater than 0/),
  "download-302.json": withSamples(
    { routes: { "/download": "download-302.json" } },
    async ({ client, server, folder }) => {
      const path = await client.download(SCIENCE_PATH);
      assertEquals(path, `${folder.path}/data/${SCIENCE_PATH}`);
      assertEquals(await Deno.readTextFile(path), "data");
      assertEquals(asked(server).map(({ path }) => path), [`/api-key/download/${SCIENCE_PATH}`]);
      const address = new URL(server.objects.requests[0]?.url ?? "");
      const signed = "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=86400&X-Amz-Signature=0";
      assertEquals([address.pathname, address.search], [`/sds-data-000000000000/${SCIENCE_PATH}`, signed]);
    },
  ),
  "download-403-unreleased.txt": refuses(
    { routes: { "/download": "download-403-unreleased.txt" } },
    ({ client }) => client.download(UNRELEASED_PATH),
    { status: 403, says: [/not a part of a public release yet/, /API key/], not: [/it may ask for/] },
    NO_KEY,
  ),
  "download-403-unreleased-older.txt": refuses(
    { routes: { "/download": "download-403-unreleased-older.txt" } },
    ({ client }) => client.download(UNRELEASED_PATH),
    { status: 403, says: [/not released yet/, /API key/], not: [/it may ask for/] },
    NO_KEY,
  ),
  "download-404.txt": refuses(
    { routes: { "/download": "download-404.txt" } },
    ({ client }) => client.download(UNRELEASED_PATH),
    { status: 404, says: [/no such file/] },
  ),
  "download-400.txt": refuses(
    { routes: { "/download": "download-400.txt" } },
    ({ client }) => client.download(UNRELEASED_PATH),
    { status: 400, says: [/No file requested for download/] },
  ),
  "upload-200.json": withSamples({ routes: { "/upload": "upload-200.json" } }, async (lab) => {
    await upload(lab);
    const { api, objects } = lab.server;
    assertEquals(api.requests.map(({ url }) => new URL(url).pathname), [`/api-key/upload/${SCIENCE_NAME}`]);
    const [put] = objects.requests;
    assertEquals([put?.method, put?.headers.get("content-length")], ["PUT", "4"]);
    // The URL is signed without a tag, so the PUT must not have one.
    assertEquals(put?.headers.get("x-amz-tagging") ?? "", "");
    assertMatch(put?.url ?? "", /&X-Amz-SignedHeaders=host%3Bx-amz-tagging&X-Amz-Security-Token=IQoJEXAMPLE&/);
  }),
  "upload-200-tagging.json": withSamples({ routes: { "/upload": "upload-200-tagging.json" } }, async (lab) => {
    await upload(lab);
    assertEquals(asked(lab.server).map(({ parameters }) => parameters), [{}]);
  }),
  "s3-403-tagging.xml": withSamples({
    routes: { "/upload": "upload-200-tagging.json" },
    objects: async (request) => {
      await request.body?.cancel();
      const xml = await Deno.readTextFile(new URL("./samples/s3-403-tagging.xml", import.meta.url));
      return new Response(xml, { status: 403, headers: { "content-type": "application/xml" } });
    },
  }, async (lab) => {
    const error = await assertRejects(() => upload(lab), ResponseError);
    assertEquals(error.status, 403);
    assertMatch(error.message, /SignatureDoesNotMatch/);
    assert(!/[?&]X-Amz-Signature|API key/.test(error.message), error.message);
  }),
  "upload-409-object.json": refuses({ routes: { "/upload": "upload-409-object.json" } }, (lab) => upload(lab), {
    status: 409,
    says: [/has a file of that name/],
  }),
  "upload-409-2024.json": refuses({ routes: { "/upload": "upload-409-2024.json" } }, (lab) => upload(lab), {
    status: 409,
    says: [/has a file of that name/],
  }),
  "upload-400-name.json": refuses({ routes: { "/upload": "upload-400-name.json" } }, (lab) => upload(lab), {
    status: 400,
    says: [/does not match ancillary, science, cadence, or SPICE file naming convention/],
  }),
  "upload-400-none.json": refuses({ routes: { "/upload": "upload-400-none.json" } }, (lab) => upload(lab), {
    status: 400,
    says: [/No filename given for the upload/],
  }),
  "upload-403-read-key.json": refuses({ routes: { "/upload": "upload-403-read-key.json" } }, (lab) => upload(lab), {
    status: 403,
    says: [/Your API key has read-only permissions/],
    not: [/it may ask for an API key/],
  }),
  "metakernel.tm": shows(
    { routes: { "/metakernel": "metakernel.tm", "/download": "download-302.json" } },
    ["metakernel", ...METAKERNEL_DAYS],
    ["naif0012.tls"],
  ),
  "metakernel-list.json": shows(
    { routes: { "/metakernel": "metakernel-list.json", "/download": "download-302.json" } },
    ["metakernel", ...METAKERNEL_DAYS],
    ["naif0012.tls"],
  ),
  "metakernel-list-older.json": shows(
    { routes: { "/metakernel": "metakernel-list-older.json", "/download": "download-302.json" } },
    ["metakernel", ...METAKERNEL_DAYS],
    ["naif0012.tls"],
  ),
  "metakernel-gaps-422.json": fails({ routes: { "/metakernel": "metakernel-gaps-422.json" } }, [
    "metakernel",
    ...METAKERNEL_DAYS,
    "--require-coverage",
  ], ["spacecraft_ephemeris", "spacecraft_attitude"]),
  "metakernel-404.txt": fails({ routes: { "/metakernel": "metakernel-404.txt" } }, [
    "metakernel",
    ...METAKERNEL_DAYS,
  ], ["No files found"]),
  "reprocess-200.json": withSamples({ routes: { "/reprocess": "reprocess-200.json" } }, async (lab) => {
    const report = Object(await reprocess(lab));
    assertEquals(report.answer, { message: "Reprocess job queued" });
    assertEquals(lab.server.api.requests[0]?.method, "POST");
  }),
  "reprocess-200-newest.json": withSamples({ routes: { "/reprocess": "reprocess-200-newest.json" } }, async (lab) => {
    const report = Object(await reprocess(lab));
    assertEquals(report.answer, { message: "Reprocess job queued", reprocess_id: "test-id" });
    const days = ["--start-date", "20260401", "--end-date", "20260402"];
    const { code, stdout } = await lab.cli("reprocess", "--instrument", "swe", ...days);
    assertEquals([code, stdout.includes("test-id")], [0, true], stdout);
  }),
  "release-200.json": withSamples(releasing("release-200.json"), async (lab) => {
    const report = Object(await release(lab));
    assertMatch(JSON.stringify(report), /Successfully released data per specification in imap_mag_data-release-001/);
    const [last] = asked(lab.server).toReversed();
    assertEquals(last, { path: "/api-key/release", parameters: { release_type: "release", manifest_file: MANIFEST } });
  }),
  "release-manifest.txt": withSamples(releasing("release-200.json"), async ({ client, folder, server }) => {
    const manifest = await Deno.readTextFile(new URL("./samples/release-manifest.txt", import.meta.url));
    await writeFiles(folder.path, { [MANIFEST]: manifest });
    await client.release({ release_type: "release", manifest_file: `${folder.path}/${MANIFEST}` });
    const put = server.objects.requests.find(({ method }) => method === "PUT");
    assertEquals(put?.headers.get("content-length"), String(new TextEncoder().encode(manifest).length));
  }),
  "release-400-type.json": refuses(releasing("release-400-type.json"), (lab) => release(lab), {
    status: 400,
    says: [/'x' is not a valid release_type/],
  }),
  "release-400-manifest.json": refuses(releasing("release-400-manifest.json"), (lab) => release(lab), {
    status: 400,
    says: [/Missing required query parameter 'manifest_file'/],
  }),
  "release-400-parameter.json": refuses(releasing("release-400-parameter.json"), (lab) => release(lab), {
    status: 400,
    says: [/'release_number' is not a valid query parameter/],
  }),
  "release-403-read-key.json": refuses(releasing("release-403-read-key.json"), (lab) => release(lab), {
    status: 403,
    says: [/Your API key has read permissions/],
    not: [/it may ask for an API key/],
  }),
  "release-501-early.txt": refuses(releasing("release-501-early.txt"), (lab) => release(lab, "early-release"), {
    status: 501,
    says: [/Early release operation not supported yet/],
  }),
  "release-501-unrelease.txt": refuses(releasing("release-501-unrelease.txt"), (lab) => release(lab, "unrelease"), {
    status: 501,
    says: [/Unrelease operation not supported yet/],
  }),
  "release-200-older.json": withSamples(releasing("release-200-older.json"), async (lab) => {
    assertMatch(JSON.stringify(await release(lab)), /Successfully released 12 science files and 3 ancillary files/);
  }),
  "release-200-early-older.json": withSamples(releasing("release-200-early-older.json"), async (lab) => {
    assertMatch(JSON.stringify(await release(lab, "early-release")), /Successfully early released 2 science files/);
  }),
  "release-200-unrelease-older.json": withSamples(releasing("release-200-unrelease-older.json"), async (lab) => {
    assertMatch(JSON.stringify(await release(lab, "unrelease")), /Successfully unreleased 2 science files/);
  }),
  "release-400-number-older.json": refuses(releasing("release-400-number-older.json"), (lab) => release(lab), {
    status: 400,
    says: [/'release_number' query parameter is required/],
  }),
  "release-400-nothing-older.json": refuses(releasing("release-400-nothing-older.json"), (lab) => release(lab), {
    status: 400,
    says: [/No files to release for the specified hit/],
  }),
  "processing-jobs.json": shows({ routes: { "/processing-jobs": "processing-jobs.json" } }, ["jobs"], [
    "INPROGRESS",
    "SUCCEEDED",
    "lo-log-stream-id",
  ]),
  "processing-jobs-job-command.json": shows(
    { routes: { "/processing-jobs": "processing-jobs-job-command.json" } },
    ["jobs", "--instrument", "mag", "--data-level", "l1a"],
    ["FAILED", "SUCCEEDED", "ProcessingJob-mag/default/known"],
  ),
  "processing-jobs-400.json": fails({ routes: { "/processing-jobs": "processing-jobs-400.json" } }, ["jobs"], [
    "Invalid parameter: nonsense",
  ]),
  "processing-jobs-400-date.json": fails(
    { routes: { "/processing-jobs": "processing-jobs-400-date.json" } },
    ["jobs"],
    [
      "Invalid date format for start_date",
    ],
  ),
  "processing-logs.txt": shows(
    { routes: { "/processing-logs": "processing-logs.txt" } },
    ["job-log", "ProcessingJob-mag/default/known"],
    ["first line of the job's log", "second line"],
  ),
  "processing-logs-400.txt": fails(
    { routes: { "/processing-logs": "processing-logs-400.txt" } },
    ["job-log", "ProcessingJob-mag/default/known"],
    ["Required Batch job log stream ID"],
  ),
  "processing-logs-500.json": fails(
    { routes: { "/processing-logs": "processing-logs-500.json" } },
    ["job-log", "ProcessingJob-mag/default/unknown"],
    ["ResourceNotFoundException"],
  ),
  "space-weather-mag.json": shows({ routes: { "/space-weather": "space-weather-mag.json" } }, SPACE_WEATHER, [
    "2025-06-20",
    "0.22",
  ]),
  "space-weather-400.json": fails({ routes: { "/space-weather": "space-weather-400.json" } }, SPACE_WEATHER, [
    "Unexpected parameters: met_bad",
  ]),
  "space-weather-400-size.json": fails({ routes: { "/space-weather": "space-weather-400-size.json" } }, SPACE_WEATHER, [
    "more data than allowed in a single query",
  ]),
  "ialirt-archive-query.json": shows(
    { routes: { "/ialirt-archive-query": "ialirt-archive-query.json" } },
    ["ialirt", "--year", "2024", "--month", "5"],
    ["imap_ialirt_l1_realtime_20240521_v001.cdf", "imap_ialirt_l1_realtime_20240522_v001.cdf"],
  ),
  "ialirt-archive-query-400.json": fails(
    { routes: { "/ialirt-archive-query": "ialirt-archive-query-400.json" } },
    ["ialirt", "--year", "2024", "--month", "5"],
    ["Date parts must be specified in order"],
  ),
  "ialirt-packet-query.json": shows(
    { routes: { "/ialirt-packet-query": "ialirt-packet-query.json" } },
    ["ialirt", "--packets", "--year", "2025"],
    ["iois_1_packets_2025_141_14_11_00.bin"],
  ),
  "ialirt-log-query.json": shows(
    { routes: { "/ialirt-log-query": "ialirt-log-query.json" } },
    ["ialirt", "--logs", "--year", "2024"],
    ["flight_iois_1.log.2024-045T16:54:46.000000.txt"],
  ),
  "ialirt-catalog.json": shows({ routes: { "/ialirt-catalog": "ialirt-catalog.json" } }, ["ialirt", "--catalog"], [
    "20250206_station1_01.txt",
  ]),
  "ialirt-realtime-query.json": shows(
    { routes: { "/ialirt-realtime-query": "ialirt-realtime-query.json" } },
    ["ialirt", "--realtime"],
    ["imap_ialirt_realtime_2026-001T00"],
  ),
  "gateway-404.json": async () => {
    await refuses({ routes: {} }, ({ client }) => client.query({ instrument: "mag" }), {
      status: 404,
      says: [/Not Found/],
    })();
    // An unknown route is not a missing file. Without a key, the reason may be that the key is missing.
    await refuses({ routes: {} }, ({ client }) => client.download(UNRELEASED_PATH), {
      status: 404,
      says: [],
      not: [/no such file/],
    })();
    await refuses({ routes: {} }, (lab) => upload(lab), { status: 404, says: [/API key/] }, NO_KEY)();
    await refuses({ routes: {} }, (lab) => reprocess(lab), { status: 404, says: [/API key/] }, NO_KEY)();
    // An access token is not enough for /upload.
    await withSamples({ routes: {} }, async ({ server, folder }) => {
      await writeFiles(folder.path, { [SCIENCE_NAME]: "data" });
      const client = new ImapClient({ url: server.api.url, accessToken: "t0ken", retries: 0 });
      const error = await assertRejects(() => client.upload(`${folder.path}/${SCIENCE_NAME}`), ResponseError);
      assertMatch(error.message, /API key/);
    }, NO_KEY)();
  },
  "gateway-401.json": refuses(
    { routes: { "/query": "gateway-401.json" } },
    ({ client }) => client.query({ instrument: "mag" }),
    { status: 401, says: [/API key|IMAP_API_KEY/, /access token/] },
    NO_KEY,
  ),
  "gateway-403.json": refuses(
    { routes: { "/query": "gateway-403.json" } },
    ({ client }) => client.query({ instrument: "mag" }),
    { status: 403, says: [/API key/] },
  ),
  "gateway-500.json": withSamples({ routes: { "/query": "gateway-500.json" } }, async ({ client, server }) => {
    const error = await assertRejects(() => client.query({ instrument: "mag" }), ResponseError);
    assertEquals(error.status, 500);
    assertTriedOnce(server);
  }),
  "gateway-502-2024.json": withSamples(
    { routes: { "/query": "gateway-502-2024.json" } },
    async ({ client, server }) => {
      const error = await assertRejects(() => client.query({ instrument: "mag" }), ResponseError);
      assertEquals(error.status, 502);
      assertEquals(server.api.requests.length, 2);
    },
  ),
  "gateway-503.json": withSamples({ routes: { "/query": "gateway-503.json" } }, async ({ client, server }) => {
    const error = await assertRejects(() => client.query({ instrument: "mag" }), ResponseError);
    assertEquals(error.status, 503);
    assertTriedOnce(server);
  }),
  "gateway-429.json": withSamples({ routes: { "/query": "gateway-429.json" } }, async ({ client, server }) => {
    const error = await assertRejects(() => client.query({ instrument: "mag" }), ImapError);
    assertMatch(error.message, /429/);
    assert(error.retryable);
    assertEquals(server.api.requests.length, 1);
  }),
  "gateway-403-2024.json": refuses(
    { routes: { "/query": "gateway-403-2024.json" } },
    ({ client }) => client.query({ instrument: "mag" }),
    { status: 403, says: [/Missing Authentication Token/, /API key/] },
    NO_KEY,
  ),
};

sampleTests("client", TESTS);
