import { assert, assertEquals, assertMatch } from "@std/assert";
import { openTestArchive, type TestArchive } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { archivePath } from "../../src/names/file_name.ts";

const MANIFEST = "imap_hit_data-release-001_20260101_20260131_v001.txt";
const RELEASE = `/release?release_type=release&manifest_file=${MANIFEST}`;
const REPROCESS = "/reprocess?start_date=20260101&end_date=20260131&instrument=mag&reprocessing=True";

async function ask(archive: TestArchive, path: string, method = "GET"): Promise<[status: number, body: string]> {
  const response = await archive.api(path, { method });
  return [response.status, await response.text()];
}

Deno.test("POST /reprocess is answered with an id and written to the journal, which outlives the archive", async () => {
  await using folder = await testFolder();
  const now = () => new Date("2026-03-04T05:06:07Z");
  const parameters = { start_date: "20260101", end_date: "20260131", instrument: "mag", reprocessing: "True" };
  let id: unknown;
  {
    await using archive = await openTestArchive({ root: folder.path, now });
    const [status, body] = await ask(archive, REPROCESS, "POST");
    const { message, reprocess_id, ...more } = JSON.parse(body);
    assertEquals([status, message, more], [200, "Reprocess job queued", {}]);
    assertMatch(reprocess_id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    id = reprocess_id;
  }
  await using archive = await openTestArchive({ root: folder.path });
  const order = { time: "2026-03-04 05:06:07", order: "reprocess", parameters, id };
  assertEquals<unknown>(await archive.opened.journal.orders(), [order]);
});

Deno.test("POST /reprocess checks nothing, as the SDC does: an order that is sent twice counts twice", async () => {
  await using archive = await openTestArchive();
  const ids = new Set<string>();
  for (const query of ["start_date=20260101", "start_date=x&end_date=x", "colour=red", "colour=red"]) {
    const [status, body] = await ask(archive, `/reprocess?${query}`, "POST");
    assertEquals([query, status], [query, 200]);
    ids.add(JSON.parse(body).reprocess_id);
  }
  assertEquals([ids.size, (await archive.opened.journal.orders()).length], [4, 4]);
});

Deno.test("GET /release crashes like the SDC when the manifest is missing, and writes a release to the journal when it is there", async () => {
  await using archive = await openTestArchive();
  assertEquals(await ask(archive, RELEASE), [500, `{"message":"Internal Server Error"}`]);
  assertMatch(String(archive.errors[0]), /it was not uploaded/);
  await archive.put(MANIFEST, "hit, l0, all, true\n");
  assertEquals(await ask(archive, RELEASE), [
    200,
    `"Successfully released data per specification in ${MANIFEST}"`,
  ]);
  assertEquals((await archive.opened.journal.orders()).map(({ order, parameters }) => [order, parameters]), [
    ["release", { release_type: "release", manifest_file: MANIFEST }],
  ]);
});

Deno.test("GET /release answers invalid requests with 400, 501 or 500, and writes nothing to the journal", async () => {
  await using archive = await openTestArchive();
  const wrong: [query: string, status: number, body: RegExp][] = [
    ["release_type=release", 400, /^"Missing required query parameter 'manifest_file' for release operation\."$/],
    ["release_type=release&manifest_file=", 400, /^"Missing required query parameter/],
    [
      `release_type=x&manifest_file=${MANIFEST}`,
      400,
      /^"'x' is not a valid release_type\. Valid options are: \['release'/,
    ],
    ["colour=red", 400, /^"'colour' is not a valid query parameter\. Valid query parameters are: \['release_type'/],
    [`release_type=early-release&manifest_file=${MANIFEST}`, 501, /^Early release operation not supported yet\.$/],
    ["release_type=unrelease", 501, /^Unrelease operation not supported yet\.$/],
    ["", 500, /Internal Server Error/],
    [`manifest_file=${MANIFEST}`, 500, /Internal Server Error/],
    ["release_type=release&manifest_file=imap_swe_l0_sci_20240105_v001.pkts", 500, /Internal Server Error/],
    [`release_type=release&manifest_file=imap/release/hit/${MANIFEST}`, 500, /Internal Server Error/],
  ];
  for (const [query, status, body] of wrong) {
    const [given, text] = await ask(archive, `/release?${query}`);
    assertEquals([query, given], [query, status]);
    assertMatch(text, body);
  }
  assertEquals(await archive.opened.journal.orders(), []);
});

Deno.test("GET /release crashes like the SDC on a manifest with an invalid line, and releases nothing of it", async () => {
  const lines = [
    "all",
    "hit, l0, all",
    "hit, l0, all, yes",
    "hit, l0, all, true, 1",
    "imap_hit_l0_raw_20260102_v001.pkts",
    ", l0, all, true",
  ];
  for (const line of lines) {
    await using archive = await openTestArchive();
    await archive.put(MANIFEST, `hit, l0, all, true\n${line}\n`);
    assertEquals([line, (await ask(archive, RELEASE))[0]], [line, 500]);
    assertMatch(String(archive.errors[0]), /in the line/);
    assertEquals(await archive.opened.journal.orders(), []);
  }
});

Deno.test("GET /release skips comments, empty lines, the header and lines with false, and takes spaces and any case", async () => {
  const [l0, l1a, l2] = ["l0_raw_20260102_v001.pkts", "l1a_all_20260102_v001.cdf", "l2_all_20260102_v001.cdf"].map((
    end,
  ) => archivePath(`imap_hit_${end}`));
  const files = Object.fromEntries([l0, l1a, l2].map((path) => [String(path), "x"]));
  await using archive = await openTestArchive({ files, unreleased: true });
  const lines = [
    "# comment",
    "",
    "instrument, data_type, descriptor, release",
    "hit,l0,raw,TRUE",
    "hit, l1a, all, false",
  ];
  await archive.put(MANIFEST, `${lines.join("\r\n")}\r\n  hit ,  l2 , all , true`);
  assertEquals((await ask(archive, RELEASE))[0], 200);
  const { catalog } = archive.opened;
  const isPublic = [l0, l1a, l2].map((path) => catalog.isPublic(String(path)));
  assertEquals(await Promise.all(isPublic), [true, false, true]);
});

Deno.test("GET /release crashes like the SDC on a byte order mark", async () => {
  await using archive = await openTestArchive();
  await archive.put(MANIFEST, "\ufeffhit, l0, all, true\n");
  assertEquals((await ask(archive, RELEASE))[0], 500);
  assertEquals(await archive.opened.journal.orders(), []);
});

Deno.test("GET /release refuses a manifest of more than 1 MiB", async () => {
  await using archive = await openTestArchive();
  await archive.put(MANIFEST, "#".repeat(2 ** 20 + 1));
  assertEquals((await ask(archive, RELEASE))[0], 500);
  assertMatch(String(archive.errors[0]), /1048577 bytes/);
});

Deno.test("orders need their method and, in a closed archive, the key", async () => {
  await using archive = await openTestArchive({ apiKey: "key" });
  assertEquals((await ask(archive, REPROCESS, "GET"))[0], 404);
  assertEquals((await ask(archive, RELEASE, "POST"))[0], 404);
  assertEquals((await ask(archive, REPROCESS, "POST"))[0], 401);
  const headers = { "x-api-key": "key" };
  const response = await archive.api(`/api-key${REPROCESS}`, { method: "POST", headers });
  assertEquals([response.status, (await archive.opened.journal.orders()).length], [200, 1]);
  await response.body?.cancel();
});

Deno.test("a line of the journal that a crash cut off does not hide the orders before it", async () => {
  await using archive = await openTestArchive();
  await (await archive.api(REPROCESS, { method: "POST" })).body?.cancel();
  await Deno.writeTextFile(`${archive.folder.path}/.imap-archive/orders.ndjson`, `{"time":"20`, { append: true });
  assert((await archive.opened.journal.orders()).length === 1);
});
