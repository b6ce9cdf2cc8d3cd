import { openCdf, timeToIso } from "../../../src/cdf/cdf.ts";
import { ConnectionError, ImapError } from "../../../src/errors.ts";
import { writeDemoFiles } from "../../../src/demo/demo_files.ts";
import { archivePath } from "../../../src/names/file_name.ts";
import { openTestArchive, type TestArchive, type TestArchiveOptions } from "../../support/archive.ts";
import { testFolder } from "../../support/folder.ts";
import { cdfFile, expectedRecords, FILL32, variables, writeCdfFiles, writeDays } from "./hapi_files.ts";
import { problemsOfInfo } from "./valid_info.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";

const ID = "imap_mag_l2_norm-gse";
const ALL = `dataset=${ID}&start=2026-01-01&stop=2026-01-05`;

/** Opens an archive with files. */
async function archiveWith(
  write: (root: string) => Promise<void>,
  options: TestArchiveOptions = {},
): Promise<TestArchive & { readonly root: string }> {
  const folder = await testFolder();
  await write(folder.path);
  const archive = await openTestArchive({ root: folder.path, ...options });
  return {
    ...archive,
    root: folder.path,
    async [Symbol.asyncDispose]() {
      await archive[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const days = (options: TestArchiveOptions = {}) => archiveWith(writeDays, options);
const filesOf = (files: Readonly<Record<string, Uint8Array>>) => archiveWith((root) => writeCdfFiles(root, files));

/** The parts of a parameter's description that the tests look at. */
interface Described {
  readonly name: string;
  readonly type: string;
  readonly length?: number;
  readonly size?: readonly number[];
  readonly fill: string | null;
  readonly units: unknown;
  readonly label?: unknown;
  readonly description?: string;
  readonly bins?: readonly { readonly name: string; readonly units: string; readonly centers: unknown }[];
}

interface Info {
  readonly status: { readonly code: number };
  readonly startDate: string;
  readonly stopDate: string;
  readonly cadence?: string;
  readonly parameters: readonly Described[];
  readonly data: readonly (readonly unknown[])[];
}

async function json(archive: TestArchive, route: string): Promise<Info> {
  return await (await archive.api(`/hapi/${route}`)).json();
}

/** The lines of a CSV response, split; no text of these files has a comma but one, which is quoted. */
async function csv(archive: TestArchive, query: string): Promise<string[][]> {
  const text = await (await archive.api(`/hapi/data?${query}`)).text();
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) =>
    [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, field = ""]) => field)
      .slice(0, -1).map((field) => field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field)
  );
}

/** Reads the binary format as its description says. */
function readBinary(bytes: Uint8Array, parameters: readonly Described[]): unknown[][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: unknown[][] = [];
  let at = 0;
  while (at < bytes.length) {
    records.push(
      parameters.flatMap(({ type, length = 0, size = [] }) =>
        Array.from({ length: size.reduce((product, one) => product * one, 1) }, () => {
          const start = at;
          at += type === "double" ? 8 : type === "integer" ? 4 : length;
          if (type === "double") return view.getFloat64(start, true);
          if (type === "integer") return view.getInt32(start, true);
          return new TextDecoder().decode(bytes.subarray(start, at)).replace(/\0+$/, "");
        })
      ),
    );
  }
  return records;
}

Deno.test("/hapi/catalog lists a dataset for each product, and one for each further variable of times", async () => {
  await using archive = await days();
  const catalog = await (await archive.api("/hapi/catalog")).json();
  assertEquals(catalog, {
    HAPI: "3.3",
    status: { code: 1200, message: "OK" },
    catalog: [
      { id: ID, title: "MAG l2 norm-gse" },
      { id: `${ID}_slow`, title: "MAG l2 norm-gse (slow)" },
    ],
  });
});

Deno.test("/hapi/about, /hapi/capabilities, and the page at /hapi say what the server is", async () => {
  await using archive = await days();
  const about = await (await archive.api("/hapi/about")).json();
  assertEquals([about.HAPI, about.status.code, about.id, about.title], ["3.3", 1200, "IMAP", "IMAP archive"]);
  const capabilities = await (await archive.api("/hapi/capabilities")).json();
  assertEquals(capabilities.outputFormats, ["csv", "binary", "json"]);
  const page = await archive.api("/hapi");
  assertEquals([page.status, page.headers.get("content-type")], [200, "text/html; charset=utf-8"]);
  assert((await page.text()).includes(`<a href="/hapi/info?dataset=${ID}">${ID}</a>`));
});

Deno.test("/hapi/info describes the variables of a product: units, labels, fill, cadence, and bins", async () => {
  await using archive = await days();
  const info = await json(archive, `info?dataset=${ID}`);
  assertEquals(problemsOfInfo(info), []);
  assertEquals([info.startDate, info.stopDate], ["2026-01-01T00:00:00.000Z", "2026-01-04T23:00:00.001Z"]);
  assertEquals(info.cadence, "PT3600S");
  const of = Object.fromEntries(info.parameters.map((parameter) => [parameter.name, parameter]));
  assertEquals(Object.keys(of), ["Time", "number", "vector", "spectrum", "moving", "angle", "mode"]);
  assertEquals(of.Time, {
    name: "Time",
    type: "isotime",
    length: 30,
    units: "UTC",
    fill: null,
    description: "Time (epoch)",
  });
  assertEquals([of.number?.type, of.number?.units, of.number?.fill], ["double", "nT", "-1e+31"]);
  assertEquals([of.vector?.size, of.vector?.label], [[3], ["Bx", "By", "Bz"]]);
  assertEquals([of.vector?.fill, Number(of.vector?.fill)], ["-9.999999848243207e+30", FILL32]);
  assertEquals(of.spectrum?.bins?.map(({ name, units, centers }) => [name, units, centers]), [
    ["energy", "keV", [1, 10, 100, 1000]],
  ]);
  // A table of two dimensions, and values that change.
  assertEquals(of.moving?.bins?.map(({ name, centers }) => [name, centers]), [["table", null], ["angle", "angle"]]);
  assertEquals([of.moving?.type, of.moving?.size, of.moving?.fill], ["integer", [2, 3], "-2147483648"]);
  assertEquals([of.mode?.type, of.mode?.length, of.mode?.fill], ["string", 13, ""]);
  const some = await json(archive, `info?dataset=${ID}&parameters=number,mode`);
  assertEquals(some.parameters.map(({ name }) => name), ["Time", "number", "mode"]);
});

Deno.test("every /hapi/info of the demo archive is valid", async () => {
  await using archive = await archiveWith(writeDemoFiles);
  const { catalog }: { catalog: { id: string }[] } = await (await archive.api("/hapi/catalog")).json();
  assert(catalog.length >= 9, `${catalog.length} datasets`);
  for (const { id } of catalog) {
    assertEquals(problemsOfInfo(await json(archive, `info?dataset=${encodeURIComponent(id)}`)), [], id);
  }
});

Deno.test("problemsOfInfo() finds what HAPI does not allow", async () => {
  await using archive = await days();
  const valid = await json(archive, `info?dataset=${ID}`);
  const [time, ...others] = valid.parameters;
  const wrong: readonly object[] = [
    { ...valid, HAPI: "2.0" },
    { ...valid, other: 1 },
    { ...valid, stopDate: valid.startDate },
    { ...valid, cadence: "1h" },
    { ...valid, parameters: others },
    { ...valid, parameters: [time, ...others, { ...others[0], name: "NUMBER" }] },
    { ...valid, parameters: [time, { ...others[0], fill: -1e31 }] },
    { ...valid, parameters: [time, { ...others[0], units: "" }] },
    { ...valid, parameters: [time, { ...others[0], length: 8 }] },
    { ...valid, parameters: [time, { ...others[1], label: ["Bx", "By"] }] },
    {
      ...valid,
      parameters: [time, { ...others[2], bins: [{ name: "energy", units: "keV", centers: [1, 2, 3, null] }] }],
    },
    { ...valid, parameters: [time, others[3]] },
  ];
  for (const [index, info] of wrong.entries()) assert(problemsOfInfo(info).length > 0, `case ${index}`);
});

Deno.test("/hapi/data gives the newest version of each day in the order of time, and no record twice", async () => {
  await using archive = await days();
  const rows = await csv(archive, `${ALL}&parameters=number`);
  assertEquals(rows.map(([time = "", number]) => [time, Number(number)]), expectedRecords().map(([...row]) => row));
});

Deno.test("/hapi/data gives the same values in all formats as the CDF reader", async () => {
  await using archive = await days();
  const { parameters, data, status } = await json(archive, `data?${ALL}&format=json`);
  assertEquals(status.code, 1200);
  // The values that a reader should get for each time, from the file that HAPI uses for it.
  const expected: unknown[][] = [];
  for (
    const [day, skipped] of [["20260101_v002", 0], ["20260102_v001", 1], ["20260104_v001", 0]] as const
  ) {
    const file = await openCdf(join(archive.root, archivePath(`${ID}_${day}.cdf`)));
    const { values: times } = await file.read("epoch");
    const columns = await Promise.all(
      parameters.slice(1).map(async ({ name, size = [] }) => {
        const { values } = await file.read(name);
        const count = size.reduce((product, one) => product * one, 1);
        return (record: number) => Array.from<unknown>(values).slice(record * count, (record + 1) * count);
      }),
    );
    for (let record = skipped; record < skipped + 24; record++) {
      const time = times[record];
      assert(typeof time === "bigint");
      const texts = columns.flatMap((column) => column(record)).map((value) =>
        typeof value === "string" ? value.trimEnd() : value
      );
      expected.push([timeToIso(time), ...texts]);
    }
  }
  assertEquals(data.map((record) => record.flat(3)), expected);
  const bytes = await (await archive.api(`/hapi/data?${ALL}&format=binary`)).bytes();
  assertEquals(readBinary(bytes, parameters), expected);
  const lines = await csv(archive, ALL);
  assertEquals(
    lines.map((line) => line.map((field, index) => typeof expected[0]?.[index] === "number" ? Number(field) : field)),
    expected,
  );
});

Deno.test("/hapi/data puts the header before the records, as lines with #, or as the object around them", async () => {
  await using archive = await days();
  const info = await json(archive, `info?dataset=${ID}&parameters=number`);
  const query = `${ALL}&parameters=number`;
  const text = await (await archive.api(`/hapi/data?${query}&include=header`)).text();
  const lines = text.split("\n");
  const header = lines.filter((line) => line.startsWith("#")).map((line) => line.slice(1)).join("\n");
  assertEquals(JSON.parse(header), { ...info, format: "csv" });
  assertEquals(
    lines.filter((line) => !line.startsWith("#")).join("\n"),
    await (await archive.api(`/hapi/data?${query}`)).text(),
  );
  const { data, ...around } = await json(archive, `data?${query}&format=json`);
  assertEquals([around, data.length], [{ ...info, format: "json" }, 72]);
  const binary = await (await archive.api(`/hapi/data?${query}&format=binary&include=header`)).bytes();
  const plain = await (await archive.api(`/hapi/data?${query}&format=binary`)).bytes();
  assertEquals(binary.slice(-plain.length), plain);
  assertEquals(binary[binary.length - plain.length - 1], 10);
});

Deno.test("/hapi/data takes the names of parameters of HAPI 2, and times in every form", async () => {
  await using archive = await days();
  const count = async (start: string, stop: string) =>
    (await csv(archive, `id=${ID}&time.min=${start}&time.max=${stop}&parameters=`)).length;
  assertEquals(await count("2026-01-01T00:00:00.000Z", "2026-01-01T05:00:00.000000001Z"), 6);
  assertEquals(await count("2026-001T04", "2026-001T06:00"), 2);
  assertEquals(await count("2026-01-01T04:00:00.5", "2026-01-01T24:00:00Z"), 19);
  assertEquals(await count("2026Z", "2026-02Z"), 72);
  assertEquals(await count("2016-12-31T23:59:60Z", "2026-01-01T01:00:00Z"), 1);
  assertEquals(await count("0001-01-01", "9999-366Z".replace("366", "365")), 72);
});

/** Requests and their statuses in HAPI, with the texts of their lines. */
const STATUSES: ReadonlyArray<readonly [query: string, code: number, line: string]> = [
  [`data?${ALL}`, 1200, "200 OK"],
  [
    `data?dataset=${ID}&start=2026-01-03&stop=2026-01-03T12`,
    1201,
    "200 OK; HAPI 1201 OK - no data for time range",
  ],
  [
    `data?dataset=${ID}&start=2026-01-01T00:00:01Z&stop=2026-01-01T00:00:02Z&format=json`,
    1201,
    "200 OK; HAPI 1201 OK - no data for time range",
  ],
  ["other", 1400, "400 Bad Request; HAPI 1400 Bad request - user input error"],
  ["info", 1400, "400 Bad Request; HAPI 1400 Bad request - user input error"],
  [`info?dataset=${ID}&id=${ID}`, 1400, "400 Bad Request; HAPI 1400 Bad request - user input error"],
  [`data?${ALL}&average=5s`, 1401, "400 Bad Request; HAPI 1401 Bad request - unknown API parameter name"],
  ["catalog?average=5s", 1401, "400 Bad Request; HAPI 1401 Bad request - unknown API parameter name"],
  [
    `data?dataset=${ID}&start=now&stop=2026`,
    1402,
    "400 Bad Request; HAPI 1402 Bad request - syntax error in start time",
  ],
  [
    `data?dataset=${ID}&start=2026-02-30&stop=2027`,
    1402,
    "400 Bad Request; HAPI 1402 Bad request - syntax error in start time",
  ],
  [`data?dataset=${ID}&start=2026`, 1403, "400 Bad Request; HAPI 1403 Bad request - syntax error in stop time"],
  [
    `data?dataset=${ID}&start=2026&stop=2026-01-01T25`,
    1403,
    "400 Bad Request; HAPI 1403 Bad request - syntax error in stop time",
  ],
  [
    `data?dataset=${ID}&start=2026-01-02&stop=2026-01-02`,
    1404,
    "400 Bad Request; HAPI 1404 Bad request - start equal to or after stop",
  ],
  [
    `data?dataset=${ID}&start=2025&stop=2026`,
    1201,
    "200 OK; HAPI 1201 OK - no data for time range",
  ],
  [
    `data?dataset=${ID}&start=2024&stop=2025`,
    1405,
    "400 Bad Request; HAPI 1405 Bad request - start < startDate and/or stop > stopDate",
  ],
  [
    `data?dataset=${ID}&start=2026-02-06&stop=2027`,
    1405,
    "400 Bad Request; HAPI 1405 Bad request - start < startDate and/or stop > stopDate",
  ],
  // Years that TT2000 does not have.
  [
    `data?dataset=${ID}&start=0001Z&stop=0002Z`,
    1405,
    "400 Bad Request; HAPI 1405 Bad request - start < startDate and/or stop > stopDate",
  ],
  [
    `data?dataset=${ID}&start=9998-001&stop=9998-12-31T00:00:00.001Z`,
    1405,
    "400 Bad Request; HAPI 1405 Bad request - start < startDate and/or stop > stopDate",
  ],
  [
    `data?dataset=${ID}&start=9999-01-02&stop=9999-01-01`,
    1404,
    "400 Bad Request; HAPI 1404 Bad request - start equal to or after stop",
  ],
  ["catalog?depth=all", 1413, "400 Bad Request; HAPI 1413 Bad request - unsupported depth value"],
  ["info?dataset=imap_mag_l2_other", 1406, "404 Not Found; HAPI 1406 Bad request - unknown dataset id"],
  ["info?dataset=", 1406, "404 Not Found; HAPI 1406 Bad request - unknown dataset id"],
  [
    `info?dataset=${ID}&parameters=other`,
    1407,
    "404 Not Found; HAPI 1407 Bad request - unknown dataset parameter",
  ],
  [`data?${ALL}&parameters=vector`, 1200, "200 OK"],
  [`data?${ALL}&format=xml`, 1409, "400 Bad Request; HAPI 1409 Bad request - unsupported output format"],
  [`data?${ALL}&include=footer`, 1410, "400 Bad Request; HAPI 1410 Bad request - unsupported include value"],
  [
    `data?${ALL}&parameters=vector,number`,
    1411,
    "400 Bad Request; HAPI 1411 Bad request - out-of-order or duplicate parameters",
  ],
  [
    `info?dataset=${ID}&parameters=number,number`,
    1411,
    "400 Bad Request; HAPI 1411 Bad request - out-of-order or duplicate parameters",
  ],
];

Deno.test("HAPI's statuses 1201 and 1400 to 1411 have their status lines, and say the same in the response", async () => {
  await using archive = await days();
  for (const [query, code, line] of STATUSES) {
    const response = await archive.api(`/hapi/${query}`);
    assertEquals(`${response.status} ${response.statusText}`, line, query);
    const text = await response.text();
    if (code >= 1400 || query.includes("json")) assertEquals(JSON.parse(text).status.code, code, query);
    else assertEquals(text === "", code === 1201, query);
  }
  // A record has 38 bytes in the binary format.
  await using small = await days({ hapiLimit: 2_000 });
  const response = await small.api(`/hapi/data?${ALL}&parameters=number`);
  assertEquals(
    `${response.status} ${response.statusText}`,
    "400 Bad Request; HAPI 1408 Bad request - too much time or data requested",
  );
  assertEquals((await response.json()).status.code, 1408);
  assertEquals((await csv(small, `dataset=${ID}&start=2026-01-01&stop=2026-01-02&parameters=number`)).length, 24);
});

Deno.test("HAPI's responses do not repeat what the caller sent", async () => {
  await using archive = await days();
  for (const name of ["dataset", "start", "stop", "parameters", "include", "format", "<b>"]) {
    const search = new URLSearchParams(ALL);
    search.set(name, "<script>");
    const text = await (await archive.api(`/hapi/data?${search}`)).text();
    assert(!text.includes("<script>"), text);
  }
});

Deno.test("HAPI's responses may be read by pages of all sites, are compressed on request, and have no body for HEAD", async () => {
  await using archive = await days();
  for (const route of ["catalog", `info?dataset=${ID}`, `data?${ALL}`, "other"]) {
    const plain = await archive.api(`/hapi/${route}`, { headers: { "accept-encoding": "gzip;q=0" } });
    assertEquals(plain.headers.get("access-control-allow-origin"), "*");
    const packed = await archive.api(`/hapi/${route}`, { headers: { "accept-encoding": "deflate, gzip" } });
    assertEquals([packed.status, packed.headers.get("content-encoding")], [plain.status, "gzip"]);
    const body = packed.body?.pipeThrough(new DecompressionStream("gzip")) ?? null;
    const text = await plain.text();
    assertEquals(await new Response(body).text(), text);
    const head = await archive.api(`/hapi/${route}`, { method: "HEAD" });
    assertEquals([head.status, head.headers.get("content-type")], [plain.status, plain.headers.get("content-type")]);
    assertEquals(head.body, null);
    const length = new TextEncoder().encode(text).length;
    assertEquals(head.headers.get("content-length"), route.startsWith("data") ? null : String(length));
  }
  const preflight = await archive.api("/hapi/catalog", { method: "OPTIONS", headers: { origin: "https://a.test" } });
  assertEquals([preflight.status, preflight.headers.get("access-control-allow-methods")], [204, "GET, HEAD"]);
  assertEquals(preflight.headers.get("access-control-allow-headers"), "*, authorization");
  const slash = await archive.api("/hapi/info/?dataset=x");
  assertEquals([slash.status, slash.headers.get("location")], [301, "/hapi/info?dataset=x"]);
  assertEquals((await archive.api("/hapi/catalog", { method: "POST" })).status, 400);
});

Deno.test("HAPI is not there when it is turned off", async () => {
  await using archive = await days({ hapi: false });
  assertEquals((await archive.api("/hapi/catalog")).status, 404);
  assertEquals((await archive.api("/hapi")).status, 404);
});

Deno.test("HAPI asks for the key of an archive, as x-api-key or as a password", async () => {
  await using archive = await days({ apiKey: "s3same" });
  const status = async (path: string, headers: Record<string, string> = {}) => {
    const response = await archive.api(path, { headers });
    await response.body?.cancel();
    return response.status;
  };
  const basic = { authorization: `Basic ${btoa("any:s3same")}` };
  assertEquals(await status("/hapi/catalog"), 401);
  assertEquals(await status("/hapi/catalog", { "x-api-key": "wrong" }), 403);
  assertEquals(await status(`/hapi/data?${ALL}`), 401);
  assertEquals(await status("/hapi/catalog", { "x-api-key": "s3same" }), 200);
  assertEquals(await status("/hapi/catalog", basic), 200);
  assertEquals(await status("/api-key/hapi/catalog", { "x-api-key": "s3same" }), 200);
  assertEquals(await status("/authorized/hapi/catalog", { authorization: "Bearer s3same" }), 200);
});

Deno.test("HAPI of a public archive serves the released files to everyone, and all files with the key", async () => {
  const options = { apiKey: "s3same", public: true, unreleased: true };
  await using archive = await days(options);
  const key = { headers: { "x-api-key": "s3same" } };
  const ids = async (path: string, init: RequestInit = {}) => {
    const { catalog }: { catalog: { id: string }[] } = await (await archive.api(path, init)).json();
    return catalog.map(({ id }) => id);
  };
  assertEquals(await ids("/hapi/catalog"), []);
  assertEquals((await archive.api(`/hapi/data?${ALL}`)).status, 404);
  assertEquals(await ids("/api-key/hapi/catalog", key), [ID, `${ID}_slow`]);
  // Only the first day is released; of its versions, the newest one.
  const day = { instrument: "mag", dataType: "all", descriptor: "all", start: "20260101", end: "20260101" };
  await archive.opened.catalog.release([day]);
  assertEquals(await ids("/hapi/catalog"), [ID, `${ID}_slow`]);
  const rows = await csv(archive, `${ALL}&parameters=number`);
  assertEquals([rows.length, rows[0]?.[1], rows.at(-1)?.[1]], [26, "1000", "1025"]);
  const all = await (await archive.api(`/api-key/hapi/data?${ALL}&parameters=number`, key)).text();
  assertEquals(all.trimEnd().split("\n").length, 72);
});

Deno.test("a further variable of times is a dataset of its own", async () => {
  await using archive = await days();
  const info = await json(archive, `info?dataset=${ID}_slow`);
  assertEquals(problemsOfInfo(info), []);
  assertEquals(info.parameters.map(({ name }) => name), ["Time", "heat"]);
  const rows = await csv(archive, `dataset=${ID}_slow&start=2026-01-01&stop=2026-01-05`);
  assertEquals(rows.map(([time = "", heat]) => `${time.slice(5, 13)} ${heat}`), [
    "01-01T00 1000",
    "01-01T12 1001",
    "01-01T23 2000",
    "01-02T11 2001",
    "01-04T00 4000",
    "01-04T12 4001",
  ]);
});

Deno.test("/hapi/data sorts the records of a file whose times go back, and leaves out those without a time", async () => {
  const [epoch, number, ...others] = variables("2026-01-01T00:00:00Z", 6, 0);
  assert(epoch?.values instanceof BigInt64Array && number !== undefined);
  const [a = 0n, b = 0n, c = 0n, d = 0n] = epoch.values;
  const times = BigInt64Array.of(c, a, -9_223_372_036_854_775_808n, d, b, c);
  const file = cdfFile([{ ...epoch, values: times }, number, ...others]);
  await using archive = await filesOf({ [`${ID}_20260101_v001.cdf`]: file });
  const rows = await csv(archive, `dataset=${ID}&start=2026-01-01T01&stop=2026-01-02&parameters=number,moving`);
  // Two records of one file with the same time are two records.
  assertEquals(rows.map(([time = "", number, moving]) => [time.slice(11, 13), number, moving]), [
    ["01", "4", "-24"],
    ["02", "0", "0"],
    ["02", "5", "-30"],
    ["03", "3", "-18"],
  ]);
});

Deno.test("/hapi/data gives missing values for what an older file does not have, and fits what has another size or type", async () => {
  const before = variables("2026-01-01T00:00:00Z", 2, 10).filter(({ name }) => name !== "mode" && name !== "spectrum")
    .map((variable) =>
      variable.name === "vector"
        ? { ...variable, values: Float32Array.of(1, 2, 3, 4), recordShape: [2] }
        : variable.name === "number"
        ? { ...variable, values: Float64Array.of(-1, 5), attributes: { ...variable.attributes, FILLVAL: -1 } }
        : variable.name === "moving"
        ? { ...variable, values: Float64Array.of(1, 2, 3, 4, 5, 6.5, 1, 2, 3, 4, 5, 1e12) }
        : variable
    );
  await using archive = await filesOf({
    [`${ID}_20260101_v001.cdf`]: cdfFile(before),
    [`${ID}_20260102_v001.cdf`]: cdfFile(variables("2026-01-02T00:00:00Z", 2, 20)),
  });
  const { data } = await json(archive, `data?dataset=${ID}&start=2026-01-01&stop=2026-01-02&format=json`);
  const least = -2_147_483_648;
  const angles = [0, 1, 2, 3, 4, 5].map((at) => Math.fround(at / 7));
  assertEquals(data.map((record) => record.slice(1)), [
    [-1e31, [1, 2, FILL32], [null, null, null, null], [[1, 2, 3], [4, 5, least]], angles.slice(0, 3), ""],
    [5, [3, 4, FILL32], [null, null, null, null], [[1, 2, 3], [4, 5, least]], angles.slice(3), ""],
  ]);
});

Deno.test("/hapi/data writes a leap second as the second 60", async () => {
  const file = cdfFile(variables("2016-12-31T23:59:59.5Z", 4, 0, 500_000_000n));
  await using archive = await filesOf({ [`${ID}_20161231_v001.cdf`]: file });
  const rows = await csv(archive, `dataset=${ID}&start=2016-12-31&stop=2017-01-02&parameters=Time`);
  assertEquals(rows.map(([time = ""]) => time.slice(8, 21)), [
    "31T23:59:59.5",
    "31T23:59:60.0",
    "31T23:59:60.5",
    "01T00:00:00.0",
  ]);
});

Deno.test("the catalog keeps the times of files, reads new files only, and forgets those that are gone", async () => {
  await using archive = await days();
  const { catalog } = archive.opened;
  const spans = async () =>
    (await catalog.rows(
      "SELECT file_path, time_variable, first, records FROM time_spans ORDER BY file_path, time_variable",
    )).map((row) => [String(row.file_path).slice(-17, -4), row.time_variable, row.first, row.records]);
  assertEquals(await spans(), []);
  await (await archive.api(`/hapi/info?dataset=${ID}`)).body?.cancel();
  const rows = await spans();
  assertEquals(rows.length, 9);
  assertEquals(rows.slice(0, 3), [
    ["20260101_v002", "", null, 0],
    ["20260101_v002", "epoch", "2026-01-01T00:00:00.000000000Z", 26],
    ["20260101_v002", "slow", "2026-01-01T00:00:00.000000000Z", 2],
  ]);
  // Files that were read are not read again: this one could not be.
  const path = archivePath(`${ID}_20260101_v002.cdf`);
  const before = await Deno.stat(join(archive.root, path));
  await Deno.writeFile(join(archive.root, path), new Uint8Array(before.size));
  await Deno.utime(join(archive.root, path), before.atime ?? 0, before.mtime ?? 0);
  const added = cdfFile(variables("2026-01-05T00:00:00Z", 1, 5000));
  const name = `${ID}_20260105_v001.cdf`;
  const url = await archive.urlFor("upload", name);
  const headers = { "content-length": String(added.length) };
  assertEquals((await archive.objects(url, { method: "PUT", body: added, headers })).status, 200);
  assertEquals((await json(archive, `info?dataset=${ID}`)).stopDate, "2026-01-05T00:00:00.001Z");
  assertEquals([(await spans()).length, archive.errors], [12, []]);
  await catalog.update({ changed: [], gone: [path] });
  assertEquals((await spans()).length, 9);
});

Deno.test("a response breaks off when one of its files goes away or changes in the meantime", async () => {
  const [first, second] = [`${ID}_20260101_v001.cdf`, `${ID}_20260102_v001.cdf`];
  const files = {
    // More than the first chunk of the response.
    [first]: cdfFile(variables("2026-01-01", 10_000, 1, 1_000_000_000n)),
    [second]: cdfFile(variables("2026-01-02", 3, 1)),
  };
  const query = `/hapi/data?dataset=${ID}&start=2026-01-01&stop=2026-01-03`;
  const changes: readonly ((place: string) => Promise<void>)[] = [
    (place) => Deno.remove(place),
    (place) => Deno.writeFile(place, cdfFile(variables("2026-01-01", 4, 1))),
  ];
  for (const change of changes) {
    await using archive = await filesOf(files);
    const reader = (await archive.api(query)).body?.getReader();
    assert((await reader?.read())?.done === false);
    await change(join(archive.root, archivePath(second)));
    await assertRejects(
      async () => {
        while ((await reader?.read())?.done === false);
      },
      ImapError,
      second,
    );
    assertEquals(archive.errors.length, 1);
    assert(String(archive.errors[0]).includes(second));
    // It does not pass for a span of time without data, either.
    assertEquals((await archive.api(query.replace("-01&stop", "-02&stop"))).status, 500);
    // Once the archive has noticed, the remaining data are served.
    await archive.opened.catalog.update({ changed: [], gone: [archivePath(second)] });
    const { data } = await json(archive, `${query.slice("/hapi/".length)}&format=json`);
    assertEquals(data.length, 10_000);
  }
});

Deno.test("a damaged file is reported once, and the others are served", async () => {
  await using archive = await archiveWith(async (root) => {
    await writeDays(root);
    await writeCdfFiles(root, { [`${ID}_20260105_v001.cdf`]: new TextEncoder().encode("no CDF file") });
  });
  for (let round = 0; round < 2; round++) {
    assertEquals((await csv(archive, `${ALL}&parameters=number`)).length, 72);
    const { catalog } = await (await archive.api("/hapi/catalog")).json();
    assertEquals(catalog.length, 2);
  }
  assertEquals(archive.errors.length, 1);
  assert(String(archive.errors[0]).includes(`${ID}_20260105_v001.cdf`));
});

Deno.test("a series does not lack a file whose times could not be kept: the request fails, and the next one tries again", async () => {
  await using archive = await days();
  const database = new DatabaseSync(join(archive.root, ".imap-archive", "catalogue.sqlite"));
  try {
    database.exec(`CREATE TRIGGER full BEFORE INSERT ON time_spans
      WHEN new.file_path LIKE '%20260102%' BEGIN SELECT RAISE(ABORT, 'disk is full'); END`);
    assertEquals((await archive.api(`/hapi/data?${ALL}`)).status, 500);
    assertEquals(archive.errors.length, 1);
    assert(/20260102_v001.*disk is full/.test(String(archive.errors[0])), String(archive.errors[0]));
    database.exec("DROP TRIGGER full");
  } finally {
    database.close();
  }
  assertEquals((await csv(archive, `${ALL}&parameters=number`)).length, 72);
});

Deno.test("a series is not described as an older file says while the store cannot be reached: the request fails", async () => {
  await using archive = await days();
  const { store } = archive.opened;
  const newest = archivePath(`${ID}_20260104_v001.cdf`);
  const open = store.open.bind(store);
  let opened = 0;
  store.open = (path) => {
    // The first time, the times are read.
    if (path === newest && ++opened === 2) return Promise.reject(new ConnectionError("the store is away"));
    return open(path);
  };
  const info = `/hapi/info?dataset=${ID}`;
  const statuses = [(await archive.api(info)).status, (await archive.api(info)).status];
  assertEquals([opened, ...statuses], [3, 500, 200]);
});

Deno.test("a catalog of the third version gets a table of times, and keeps which files are released", async () => {
  await using folder = await testFolder();
  await writeDays(folder.path);
  const state = join(folder.path, ".imap-archive", "catalogue.sqlite");
  {
    await using first = await openTestArchive({ root: folder.path, unreleased: true });
    const day = { instrument: "mag", dataType: "all", descriptor: "all", start: "20260104", end: "20260104" };
    await first.opened.catalog.release([day]);
  }
  const database = new DatabaseSync(state);
  database.exec("DROP TRIGGER time_spans_of_gone; DROP TABLE time_spans; PRAGMA user_version = 3");
  database.close();
  await using archive = await openTestArchive({ root: folder.path });
  const released = archive.opened.files.rows("SELECT start_date FROM files WHERE released = 1");
  assertEquals(released.map((row) => row.start_date), ["20260104"]);
  assertEquals((await csv(archive, `${ALL}&parameters=number`)).length, 72);
});

Deno.test("the pages of a product and of its files show how to read it with HAPI: the address, and lines that do so", async () => {
  await using archive = await days();
  const page = async (path: string) => await (await archive.api(path, { headers: { accept: "text/html" } })).text();
  const product = "instrument=mag&data_level=l2&descriptor=norm-gse";
  const path = archivePath(`${ID}_20260104_v001.cdf`);
  for (const html of [await page(`/?${product}`), await page(`/files/${path}`)]) {
    const text = html.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&");
    assert(text.includes(`<code>http://api.test/hapi</code>, dataset <code>${ID}</code>`), text);
    assert(text.includes(`hapi("http://api.test/hapi", "${ID}", "", "2026-01-04Z", "2026-01-05Z")`));
    const [, address = ""] = /fetch\("http:\/\/api\.test([^"]+)"\)/.exec(text) ?? [];
    const { data } = await (await archive.api(address)).json();
    assertEquals([data.length, data[0][1]], [24, 4000]);
    const [, info = ""] = /<a href="(\/hapi\/info[^"]+)"/.exec(text) ?? [];
    assertEquals((await archive.api(info)).status, 200);
  }
  for (const query of ["", "instrument=mag&data_level=l2", `${product}*`, `${product}&to=2020-01-01`]) {
    assert(!(await page(`/?${query}`)).includes("HAPI"), query);
  }
  await using without = await days({ hapi: false });
  assert(!(await (await without.api(`/?${product}`, { headers: { accept: "text/html" } })).text()).includes("HAPI"));
});

Deno.test("the page of a product without data in time shows nothing of HAPI once that is known", async () => {
  const map = cdfFile(variables("2026-01-01", 1, 1).filter(({ name }) => name === "energy" || name === "names"));
  await using archive = await filesOf({ [`${ID}_20260101_v001.cdf`]: map });
  const query = "/?instrument=mag&data_level=l2&descriptor=norm-gse";
  assertEquals((await archive.api(`/hapi/info?dataset=${ID}`)).status, 404);
  const html = await (await archive.api(query, { headers: { accept: "text/html" } })).text();
  assert(html.includes("Found 1 file") && !html.includes("HAPI"));
});
