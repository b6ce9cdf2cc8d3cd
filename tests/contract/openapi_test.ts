// docs/openapi.json, the description of the archive's API, against the protocol and against the archive.
import { assert, assertEquals } from "@std/assert";
import { Validator } from "@seriousme/openapi-schema-validator";
import { OPENAPI, openApiText } from "../../docs/openapi.ts";
import {
  ACCESS_TOKEN_PREFIX,
  API_KEY_PREFIX,
  packetRoute,
  readPacketRoute,
  readRoute,
  RELEASE_PARAMETERS,
  RELEASE_TYPES,
  REPROCESS_PARAMETERS,
  type Route,
  SDC_TABLES,
} from "../../src/protocol/tables.ts";
import { VERSION } from "../../src/version.ts";
import { openTestArchive } from "../support/archive.ts";
import { conforms, isObject, Specification } from "./specification.ts";

const text = await Deno.readTextFile(OPENAPI);
const specification = new Specification(JSON.parse(text));

const JOB_PARAMETERS = [
  "status",
  "instrument",
  "data_level",
  "descriptor",
  "start_date",
  "major_version",
  "minor_version",
  "repointing",
  "dependency_hash",
  "job_definition",
  "job_log_stream_id",
  "container_image",
  "container_image_digest",
  "container_command",
  "started_at",
  "stopped_at",
];

/** The operation of each route that the archive reads, and the parameters that the protocol gives it. */
const ROUTES: Readonly<Record<Route["to"], readonly [operation: string, parameters: readonly string[]]>> = {
  "query": ["GET /query", parametersOf("science", "ancillary", "quicklook")],
  "spice-query": ["GET /spice-query", parametersOf("spice")],
  "spin-table": ["GET /spin-table", parametersOf("spin")],
  "repoint-table": ["GET /repoint-table", parametersOf("repoint")],
  "small-forces-table": ["GET /small-forces-table", parametersOf("thruster")],
  "metakernel": [
    "GET /metakernel",
    ["start_time", "end_time", "file_types", "list_files", "require_coverage", "spice_path"],
  ],
  "processing-jobs": ["GET /processing-jobs", JOB_PARAMETERS],
  "processing-logs": ["GET /processing-logs/{any}", ["any", "job_log_stream_id"]],
  "download": ["GET /download/{file_path}", ["file_path"]],
  "upload": ["GET /upload/{file_name}", ["file_name", "manually_reprocessed"]],
  "reprocess": ["POST /reprocess", REPROCESS_PARAMETERS],
  "release": ["GET /release", RELEASE_PARAMETERS],
};
/** Routes that are not part of the protocol: the replacement for webpoda, and the pages for people. */
const PACKETS_PATH = "/ops/imap/poda/dap2/apids/SID1/apid_{apid}.{form}";
const OTHERS = [`GET ${PACKETS_PATH}`, "GET /", "GET /coverage.svg", "HEAD /download/{file_path}"];

function parametersOf(...tables: readonly (keyof typeof SDC_TABLES)[]): string[] {
  return [...new Set(tables.flatMap((table) => Object.keys(SDC_TABLES[table].parameters)))];
}

Deno.test("openapi.json says what the tables of the protocol say", () => {
  assertEquals(text, openApiText(), "docs/openapi.json is out of date; `deno task docs` writes it again");
});

Deno.test("openapi.json is an OpenAPI 3.1 file", async () => {
  assertEquals(await new Validator().validate(JSON.parse(text)), { valid: true });
});

Deno.test("openapi.json has the version of the package", () => {
  assertEquals(specification.version(), VERSION);
});

Deno.test("openapi.json has every route of the protocol, and no other", () => {
  const operations = Object.values(ROUTES).map(([operation]) => operation);
  assertEquals(specification.operations().toSorted(), [...operations, ...OTHERS].toSorted());
  for (const [to, [operation]] of Object.entries(ROUTES)) {
    assertEquals([readRoute(pathOf(operation).replace("{any}", "job"))?.to], [to]);
  }
  assertEquals(readPacketRoute(packetRoute({ apid: 1052, form: "txt" })), { apid: 1052, form: "txt" });
  const path = PACKETS_PATH.replace("{apid}", "1052").replace("{form}", "bin");
  assertEquals(path, packetRoute({ apid: 1052, form: "bin" }));
});

Deno.test("openapi.json has every parameter of every route, and no other", () => {
  for (const [operation, parameters] of Object.values(ROUTES)) {
    const names = specification.parameters(operation).map(({ name }) => name);
    assertEquals(names.toSorted(), parameters.toSorted(), operation);
  }
  const types = specification.parameters("GET /release").find(({ name }) => name === "release_type");
  assertEquals(types?.schema.enum, RELEASE_TYPES);
});

Deno.test("openapi.json names the prefixes of callers with credentials", () => {
  assertEquals(specification.servers(), ["", API_KEY_PREFIX, ACCESS_TOKEN_PREFIX].map((prefix) => `{origin}${prefix}`));
});

function pathOf(operation: string): string {
  return operation.split(" ")[1] ?? "";
}

const MANIFEST = "imap_hit_data-release-001_20260101_20260131_v001.txt";
const FILES = {
  "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts": "x",
  "imap/hi/l2/2026/01/imap_hi_l2_map_20260101-repoint00012_v001.0001.cdf": "x",
  "imap/quicklook/mag/l1b/2026/01/imap_mag_l1b_norm-mago_20260101_v001.0001.png": "x",
  "imap/ancillary/mag/imap_mag_offsets_20250101_v001.csv": "x",
  "imap/ancillary/mag/imap_mag_offsets_20250101_20250201_v001.csv": "x",
  "imap/spice/lsk/naif0012.tls": "x",
  "imap/spice/ck/imap_2026_010_2026_011_01.ah.bc": "x",
  "imap/spice/spin/imap_2026_010_2026_011_01.spin": "x",
  "imap/spice/repoint/imap_2026_012_01.repoint.csv": "x",
  "imap/spice/activities/imap_2026_010_2026_011_hist_01.sff": "x",
  [`imap/release/hit/${MANIFEST}`]: "hit, all, all, true\n",
};
const PACKETS = packetRoute({ apid: 1052, form: "bin" });
const TIMES = packetRoute({ apid: 1052, form: "txt" });
const DAY = "time>=2025-05-02T00:00:00.000000&time<2025-05-03T00:00:00.000000";
const BASIC = { authorization: `Basic ${btoa("user:password")}` };
const HTML = { accept: "text/html" };
const FILE = Object.keys(FILES)[0];

/** The operation, the request, and the expected status. */
const REQUESTS:
  readonly (readonly [operation: string, address: string, status: number, headers?: Record<string, string>])[] = [
    ["GET /query", "/query?end_date=20990101", 200],
    ["GET /query", "/query/anything?end_date=20990101", 200],
    ["GET /query", "/query?table=ancillary&end_date=20990101", 200],
    ["GET /query", "/query?table=quicklook&end_date=20990101", 200],
    ["GET /query", "/query?colour=red", 400],
    ["GET /query", "/query?start_date=2025", 500],
    ["GET /query", "/query?instrument=nonsense", 500],
    ["GET /query", "/query", 500],
    ["GET /spice-query", "/spice-query?latest=true", 200],
    ["GET /spice-query", "/spice-query?type=spin", 200],
    ["GET /spice-query", "/spice-query?type=repoint", 200],
    ["GET /spice-query", "/spice-query?start_date=20250101", 400],
    ["GET /spice-query", "/spice-query", 500],
    ["GET /spin-table", "/spin-table", 200],
    ["GET /spin-table", "/spin-table?type=spin", 400],
    ["GET /spin-table", "/spin-table?latest=true", 500],
    ["GET /repoint-table", "/repoint-table?start_ingest_date=20200101", 200],
    ["GET /repoint-table", "/repoint-table?type=spin", 400],
    ["GET /small-forces-table", "/small-forces-table", 200],
    ["GET /small-forces-table", "/small-forces-table?start_date=2025", 400],
    ["GET /download/{file_path}", `/download/${FILE}`, 302],
    ["GET /download/{file_path}", "/download/", 400],
    ["GET /download/{file_path}", "/download/imap_mag_l0_raw_20250502_v001.pkts", 404],
    ["HEAD /download/{file_path}", `/download/${FILE}`, 302],
    ["HEAD /download/{file_path}", "/download/", 400],
    ["HEAD /download/{file_path}", "/download/imap_mag_l0_raw_20250502_v001.pkts", 404],
    ["GET /upload/{file_name}", "/upload/imap_mag_l0_raw_20250503_v001.pkts", 200],
    ["GET /upload/{file_name}", "/upload/imap_mag_l0_raw_20250503_v001.pkts?manually_reprocessed=true", 200],
    ["GET /upload/{file_name}", "/upload/notes.txt", 400],
    ["GET /upload/{file_name}", "/upload/imap_mag_l0_raw_20250502_v001.pkts", 409],
    ["POST /reprocess", "/reprocess?start_date=20250101&end_date=20250102&reprocessing=True", 200],
    ["GET /metakernel", "/metakernel?start_time=20260101&end_time=20260201", 200],
    ["GET /metakernel", "/metakernel?list_files=True&file_types=leapseconds", 200],
    ["GET /metakernel", "/metakernel?list_files=True&file_types=nonsense", 404],
    ["GET /metakernel", "/metakernel?start_time=20260101&end_time=20260201&require_coverage=True", 422],
    ["GET /metakernel", "/metakernel?start_time=nonsense", 500],
    ["GET /processing-jobs", "/processing-jobs?instrument=mag", 200],
    ["GET /processing-jobs", "/processing-jobs", 200],
    ["GET /processing-jobs", "/processing-jobs?colour=red", 400],
    ["GET /processing-jobs", "/processing-jobs?instrument=nonsense", 500],
    ["GET /processing-logs/{any}", "/processing-logs/job?job_log_stream_id=LOG", 200],
    ["GET /processing-logs/{any}", "/processing-logs/job", 400],
    ["GET /processing-logs/{any}", "/processing-logs/job?job_log_stream_id=nonsense", 500],
    ["GET /release", `/release?release_type=release&manifest_file=${MANIFEST}`, 200],
    ["GET /release", "/release?release_type=nonsense&manifest_file=x", 400],
    ["GET /release", "/release?release_type=unrelease&manifest_file=x", 501],
    ["GET /release", `/release?release_type=release&manifest_file=${MANIFEST.replace("v001", "v002")}`, 500],
    [`GET ${PACKETS_PATH}`, `${PACKETS}?${DAY}&project(packet)`, 200, BASIC],
    [`GET ${PACKETS_PATH}`, `${TIMES}?${DAY}&project(time)&formatTime("yyyy-MM-dd'T'HH:mm:ss")`, 200, BASIC],
    [`GET ${PACKETS_PATH}`, `${PACKETS}?project(packet)`, 400, BASIC],
    [`GET ${PACKETS_PATH}`, `${PACKETS}?${DAY}&project(packet)`, 401],
    [`GET ${PACKETS_PATH}`, PACKETS.replace(".bin", ".cdf"), 404],
    ["GET /", "/?kind=science&instrument=mag", 200, HTML],
    ["GET /", "/", 302],
    ["GET /coverage.svg", "/coverage.svg", 200],
  ];

const methodOf = (operation: string) => operation.split(" ")[0] ?? "";

Deno.test("every route responds as openapi.json says", async () => {
  await using archive = await openTestArchive({ files: FILES });
  const seen = new Set<string>();
  const [reprocessed] = REQUESTS.filter(([operation]) => operation === "POST /reprocess");
  const order: unknown = await (await archive.api(reprocessed?.[1] ?? "", { method: "POST" })).json();
  const log = `ProcessingJob-all/default/${Object(order).reprocess_id}`;
  for (const [operation, place, status, headers = {}] of REQUESTS) {
    const address = place.replace("=LOG", `=${log}`);
    const response = await archive.api(address, { method: methodOf(operation), headers });
    const body = await response.text();
    assertEquals([operation, address, response.status], [operation, address, status], body);
    const described = specification.response(operation, status);
    assert(described !== undefined, `${operation} does not describe ${status}`);
    if (methodOf(operation) === "HEAD" || status === 302 && operation === "GET /") continue;
    const type = (response.headers.get("content-type") ?? "").split(";")[0] ?? "";
    assert(type in described, `${address}: ${type} is not one of ${Object.keys(described)}`);
    const media = described[type];
    if (!isObject(media) || !isObject(media.schema)) continue;
    // The gateway labels JSON as text where the SDC's code names no type.
    const isJson = type === "application/json" || (type === "text/plain" && /^["{[]/.test(body));
    assertEquals(conforms(specification, media.schema, isJson ? JSON.parse(body) : body), [], address);
    seen.add(`${operation} ${status}`);
  }
  assert(seen.size > 30);
  // A manifest that was not uploaded makes the SDC crash. It is the only crash here that the owner hears of.
  assertEquals(archive.errors.map((error) => /manifest|release/i.test(String(error))), [true]);
});

Deno.test("openapi.json describes no response that the archive does not send", () => {
  const seen = new Set(REQUESTS.map(([operation, , status]) => `${operation} ${status}`));
  const described = specification.operations().flatMap((operation) =>
    specification.statuses(operation).map((status) => `${operation} ${status}`)
  );
  // Refusals and crashes are the same for all routes. Public archives have a test of their own.
  const isSeen = (response: string) => / (401|403|500)$/.test(response) || seen.has(response) || PUBLIC.has(response);
  assertEquals(described.filter((response) => !isSeen(response)), []);
});

/** What callers without a prefix get from a public archive. */
const PUBLIC: ReadonlySet<string> = new Set(["GET /upload/{file_name} 404", "POST /reprocess 404", "GET /release 404"]);

Deno.test("openapi.json describes the routes that a public archive does not have without a prefix", async () => {
  await using archive = await openTestArchive({ files: FILES, apiKey: "key", public: true });
  for (const [operation, status] of [...PUBLIC].map((response) => response.split(/ (?=404)/))) {
    const address = REQUESTS.find(([other]) => other === operation)?.[1] ?? "";
    const response = await archive.api(address, { method: methodOf(operation ?? "") });
    await response.body?.cancel();
    assertEquals([operation, String(response.status)], [operation, status]);
    assert(specification.response(operation ?? "", 404) !== undefined);
  }
});

Deno.test("openapi.json describes the response for a file that is not released", async () => {
  await using archive = await openTestArchive({ files: FILES, apiKey: "key", public: true, unreleased: true });
  for (const method of ["GET", "HEAD"]) {
    const response = await archive.api(`/download/${FILE}`, { method });
    await response.body?.cancel();
    assertEquals(response.status, 403);
    const described = specification.response(`${method} /download/{file_path}`, 403);
    assert(method === "HEAD" || (described !== undefined && "text/html" in described));
  }
});

Deno.test("openapi.json describes the responses of an archive with a key", async () => {
  await using archive = await openTestArchive({ files: FILES, apiKey: "key" });
  // An unknown form is an unknown route.
  const routes = REQUESTS.filter(([operation, , status]) => operation !== `GET ${PACKETS_PATH}` || status !== 404);
  for (const [operation, address] of routes) {
    const headers: Record<string, string> = operation === "GET /" ? HTML : {};
    const response = await archive.api(address, { method: methodOf(operation), headers });
    await response.body?.cancel();
    assertEquals([operation, response.status], [operation, 401]);
    assert(specification.response(operation, 401) !== undefined, address);
  }
});
