// docs/openapi.json, the REST API of the archive, held to the protocol's words and to what the archive answers.
import { SPICE_TYPES } from "../../src/names/vocabulary.ts";
import { ACCESS_TOKEN_PREFIX, API_KEY_PREFIX, readRoute, type Route } from "../../src/protocol/routes.ts";
import {
  ANCILLARY_PARAMETERS,
  RELEASE_PARAMETERS,
  RELEASE_TYPES,
  REPOINT_TABLE_PARAMETERS,
  REPROCESS_PARAMETERS,
  SCIENCE_PARAMETERS,
  SPICE_PARAMETERS,
} from "../../src/protocol/tables.ts";
import { packetRoute, readPacketRoute } from "../../src/protocol/webpoda.ts";
import { VERSION } from "../../src/version.ts";
import { conforms, isObject, Specification } from "./specification.ts";
import { openTestArchive } from "../support/archive.ts";
import { Validator } from "@seriousme/openapi-schema-validator";
import { assert, assertEquals } from "@std/assert";

const text = await Deno.readTextFile(new URL("../../docs/openapi.json", import.meta.url));
const specification = new Specification(JSON.parse(text));

/** The path in the file of each route that the archive reads, and the parameters that the protocol gives it. */
const ROUTES: Readonly<Partial<Record<Route["to"], readonly [path: string, parameters: readonly string[]]>>> = {
  "query": ["/query", [...new Set<string>([...SCIENCE_PARAMETERS, ...ANCILLARY_PARAMETERS])]],
  "spice-query": ["/spice-query", SPICE_PARAMETERS],
  "repoint-table": ["/repoint-table", REPOINT_TABLE_PARAMETERS],
  "download": ["/download/{file_path}", ["file_path"]],
  "upload": ["/upload/{file_name}", ["file_name"]],
  "reprocess": ["/reprocess", REPROCESS_PARAMETERS],
  "release": ["/release", RELEASE_PARAMETERS],
};
/** What is no route of the protocol's: the stand-in of another server, and what people see. */
const OTHERS = ["/ops/imap/poda/dap2/apids/SID1/apid_{apid}.{form}", "/", "/coverage.svg"];

Deno.test("openapi.json is an OpenAPI 3.1 file", async () => {
  assertEquals(await new Validator().validate(JSON.parse(text)), { valid: true });
});

Deno.test("openapi.json has the version of the package", () => {
  assertEquals(specification.version(), VERSION);
});

Deno.test("openapi.json has each route of the protocol, and no other", () => {
  const paths = Object.values(ROUTES).map(([path]) => path);
  assertEquals(specification.paths().toSorted(), [...paths, ...OTHERS].toSorted());
  for (const [to, [path]] of Object.entries(ROUTES)) assertEquals([readRoute(path)?.to], [to]);
  assertEquals(readPacketRoute(packetRoute({ apid: 1052, form: "txt" })), { apid: 1052, form: "txt" });
  assertEquals(OTHERS[0]?.replace("{apid}", "1052").replace("{form}", "bin"), packetRoute({ apid: 1052, form: "bin" }));
});

Deno.test("openapi.json has each parameter of each route, and no other", () => {
  for (const [path, parameters] of Object.values(ROUTES)) {
    assertEquals(specification.parameters(path).map(({ name }) => name).toSorted(), parameters.toSorted(), path);
  }
  const enumOf = (path: string, name: string) =>
    specification.parameters(path).find((parameter) => parameter.name === name)?.schema.enum;
  assertEquals(enumOf("/spice-query", "type"), SPICE_TYPES);
  assertEquals(enumOf("/release", "release_type"), RELEASE_TYPES);
});

Deno.test("openapi.json names the prefixes of callers with credentials", () => {
  assertEquals(specification.servers(), ["", API_KEY_PREFIX, ACCESS_TOKEN_PREFIX].map((prefix) => `{origin}${prefix}`));
});

const FILES = {
  "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts": "x",
  "imap/hi/l2/2026/01/imap_hi_l2_map_20260101-repoint00012_v001.0001.cdf": "x",
  "imap/ancillary/mag/imap_mag_offsets_20250101_v001.csv": "x",
  "imap/ancillary/mag/imap_mag_offsets_20250101_20250201_v001.csv": "x",
  "imap/spice/lsk/naif0012.tls": "x",
  "imap/spice/repoint/imap_2026_012_01.repoint.csv": "x",
  "imap/release/hit/imap_hit_data-release-001_20260101_20260131_v001.txt": "hit, l0, all, true",
};
const PACKETS = packetRoute({ apid: 1052, form: "bin" });
const TIMES = packetRoute({ apid: 1052, form: "txt" });
const DAY = "time>=2025-05-02T00:00:00.000000&time<2025-05-03T00:00:00.000000";
const BASIC = { authorization: `Basic ${btoa("user:password")}` };
const HTML = { accept: "text/html" };

/** What is asked, of which path of the file, and the status that comes. */
const REQUESTS:
  readonly (readonly [path: string, address: string, status: number, headers?: Record<string, string>])[] = [
    ["/query", "/query?end_date=20990101", 200],
    ["/query", "/query?table=ancillary&end_date=20990101", 200],
    ["/query", "/query?colour=red", 400],
    ["/query", "/query?start_date=2025", 500],
    ["/query", "/query", 500],
    ["/query", "/query/more?instrument=mag", 200],
    ["/spice-query", "/spice-query?latest=true", 200],
    ["/spice-query", "/spice-query?start_date=2025", 400],
    ["/spice-query", "/spice-query", 500],
    ["/repoint-table", "/repoint-table?start_ingest_date=20200101", 200],
    ["/repoint-table", "/repoint-table?type=spin", 400],
    ["/download/{file_path}", `/download/${Object.keys(FILES)[0]}`, 302],
    ["/download/{file_path}", "/download/", 400],
    ["/download/{file_path}", "/download/imap_mag_l0_raw_20250502_v001.pkts", 404],
    ["/upload/{file_name}", "/upload/imap_mag_l0_raw_20250503_v001.pkts", 200],
    ["/upload/{file_name}", "/upload/notes.txt", 400],
    ["/upload/{file_name}", "/upload/imap_mag_l0_raw_20250502_v001.pkts", 409],
    ["/reprocess", "/reprocess?start_date=20250101&end_date=20250102&reprocessing=True", 200],
    [
      "/release",
      "/release?release_type=release&manifest_file=imap_hit_data-release-001_20260101_20260131_v001.txt",
      200,
    ],
    ["/release", "/release?release_type=unrelease&manifest_file=x", 501],
    ["/release", "/release?release_type=release", 400],
    [
      "/release",
      "/release?release_type=release&manifest_file=imap_hit_data-release-001_20260101_20260131_v002.txt",
      500,
    ],
    [OTHERS[0] ?? "", `${PACKETS}?${DAY}&project(packet)`, 200, BASIC],
    [OTHERS[0] ?? "", `${TIMES}?${DAY}&project(time)&formatTime("yyyy-MM-dd'T'HH:mm:ss")`, 200, BASIC],
    [OTHERS[0] ?? "", `${PACKETS}?project(packet)`, 400, BASIC],
    [OTHERS[0] ?? "", `${PACKETS}?${DAY}&project(packet)`, 401],
    ["/", "/?kind=science&instrument=mag", 200, HTML],
    ["/", "/", 302],
    ["/coverage.svg", "/coverage.svg", 200],
  ];

Deno.test("each route of openapi.json answers as it says there", async () => {
  await using archive = await openTestArchive({ files: FILES });
  const seen = new Set<string>();
  for (const [path, address, status, headers = {}] of REQUESTS) {
    const method = specification.method(path);
    const response = await archive.api(address, { method, headers });
    const body = await response.text();
    assertEquals([address, response.status], [address, status], body);
    const described = specification.response(path, status);
    assert(described !== undefined, `${path} says nothing of ${status}`);
    if (status === 302 && path === "/") continue;
    const type = (response.headers.get("content-type") ?? "").split(";")[0] ?? "";
    assert(type in described, `${address}: ${type} is none of ${Object.keys(described)}`);
    const media = described[type];
    if (type !== "application/json" || !isObject(media) || !isObject(media.schema)) continue;
    assertEquals(conforms(specification, media.schema, JSON.parse(body)), [], address);
    seen.add(`${path} ${status}`);
  }
  assert(seen.size > 5);
  // The manifest that was never uploaded.
  assertEquals(archive.errors.length, 1);
});

Deno.test("openapi.json describes no answer that was not seen", () => {
  const seen = new Set(REQUESTS.map(([path, , status]) => `${path} ${status}`));
  const described = specification.paths().flatMap((path) =>
    specification.statuses(path).map((status) => `${path} ${status}`)
  );
  // Keys and crashes are the same for all routes: once is enough.
  assertEquals(described.filter((answer) => !/ (401|403|500)$/.test(answer) && !seen.has(answer)), []);
});

Deno.test("openapi.json describes the keys of a closed archive", async () => {
  await using archive = await openTestArchive({ files: FILES, apiKey: "key" });
  for (const [path, address] of REQUESTS) {
    const headers: Record<string, string> = path === "/" ? HTML : {};
    const response = await archive.api(address, { method: specification.method(path), headers });
    await response.body?.cancel();
    assert([401, 403].includes(response.status) && specification.response(path, response.status), address);
  }
});
