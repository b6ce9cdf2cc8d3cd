import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openTestArchive, type TestArchive } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";

const MANIFEST = "imap_hit_data-release-001_20260101_20260131_v001.txt";
const RELEASE = `/release?release_type=release&manifest_file=${MANIFEST}`;
const REPROCESS = "/reprocess?start_date=20260101&end_date=20260131&instrument=mag&reprocessing=True";

async function ask(archive: TestArchive, path: string, method: string): Promise<[status: number, json: unknown]> {
  const response = await archive.api(path, { method });
  return [response.status, await response.json()];
}

Deno.test("POST /reprocess is answered and noted, and the note outlives the archive", async () => {
  await using folder = await testFolder();
  const now = () => new Date("2026-03-04T05:06:07Z");
  const parameters = { start_date: "20260101", end_date: "20260131", instrument: "mag", reprocessing: "True" };
  {
    await using archive = await openTestArchive({ root: folder.path, now });
    assertEquals(await ask(archive, REPROCESS, "POST"), [200, { message: "Reprocessing was requested", parameters }]);
  }
  await using archive = await openTestArchive({ root: folder.path });
  assertEquals(archive.opened.journal.orders(), [{ time: "2026-03-04 05:06:07", order: "reprocess", parameters }]);
});

Deno.test("POST /reprocess answers 400 with a JSON string to what cannot be, and notes nothing", async () => {
  await using archive = await openTestArchive();
  const wrong: Record<string, RegExp> = {
    "start_date=20260101": /end_date is required/,
    "end_date=20260101": /start_date is required/,
    "start_date=20260230&end_date=20260301": /Invalid value for start_date/,
    "start_date=20260101&end_date=x": /Invalid value for end_date/,
    "start_date=20260102&end_date=20260101": /start_date is after end_date/,
    "start_date=20260101&end_date=20260102&data_level=l1a&instrument=mag": /needs instrument and descriptor/,
    "start_date=20260101&end_date=20260102&descriptor=x": /descriptor needs instrument/,
    "start_date=20260101&end_date=20260102&instrument=xyz": /Invalid value for instrument/,
    "start_date=20260101&end_date=20260102&instrument=mag&descriptor=x&data_level=l9": /Invalid value for data_level/,
    "start_date=20260101&end_date=20260102&reprocessing=False": /reprocessing can be True alone/,
    "start_date=20260101&end_date=20260102&colour=red": /colour is not a parameter/,
  };
  for (const [query, problem] of Object.entries(wrong)) {
    const [status, json] = await ask(archive, `/reprocess?${query}`, "POST");
    assertEquals([query, status], [query, 400]);
    assertMatch(String(json), problem);
  }
  assertEquals(archive.opened.journal.orders(), []);
});

Deno.test("GET /release answers 404 until the manifest is there, then notes the release", async () => {
  await using archive = await openTestArchive();
  const [status, problem] = await ask(archive, RELEASE, "GET");
  assertEquals(status, 404);
  assertStringIncludes(String(problem), "upload it first");
  await archive.put(MANIFEST, "all");
  assertEquals((await ask(archive, RELEASE, "GET"))[0], 200);
  assertEquals(archive.opened.journal.orders().map(({ order, parameters }) => [order, parameters]), [
    ["release", { release_type: "release", manifest_file: MANIFEST }],
  ]);
});

Deno.test("GET /release answers 400 to what cannot be", async () => {
  await using archive = await openTestArchive();
  const wrong: Record<string, RegExp> = {
    "": /release_type is required/,
    "release_type=release": /manifest_file is required/,
    [`release_type=x&manifest_file=${MANIFEST}`]: /x is not a release_type/,
    [`release_type=early-release&manifest_file=${MANIFEST}`]: /not supported yet/,
    [`release_type=unrelease&manifest_file=${MANIFEST}`]: /not supported yet/,
    "release_type=release&manifest_file=imap_swe_l0_sci_20240105_v001.pkts": /not the name of a release manifest/,
    [`release_type=release&manifest_file=imap/release/hit/${MANIFEST}`]: /not the name of a release manifest/,
  };
  for (const [query, problem] of Object.entries(wrong)) {
    const [status, json] = await ask(archive, `/release?${query}`, "GET");
    assertEquals([query, status], [query, 400]);
    assertMatch(String(json), problem);
  }
});

Deno.test("orders have a method and, in a closed archive, a key", async () => {
  await using archive = await openTestArchive({ apiKey: "key" });
  assertEquals((await ask(archive, REPROCESS, "GET"))[0], 403);
  assertEquals((await ask(archive, RELEASE, "POST"))[0], 403);
  assertEquals((await ask(archive, REPROCESS, "POST"))[0], 403);
  const headers = { "x-api-key": "key" };
  const response = await archive.api(`/api-key${REPROCESS}`, { method: "POST", headers });
  assertEquals([response.status, archive.opened.journal.orders().length], [200, 1]);
  await response.body?.cancel();
});

Deno.test("a line that a crash cut off does not hide the orders before it", async () => {
  await using archive = await openTestArchive();
  await (await archive.api(REPROCESS, { method: "POST" })).body?.cancel();
  await Deno.writeTextFile(`${archive.folder.path}/.imap-archive/orders.ndjson`, `{"time":"20`, { append: true });
  assertEquals(archive.opened.journal.orders().length, 1);
});
