import { join } from "@std/path";
import { openTestArchive, type TestArchive } from "../support/archive.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const PATH = "imap/swe/l0/2024/01/imap_swe_l0_sci_20240105_v001.pkts";
const TEXT = "0123456789";
/** `printf 0123456789 | md5sum` */
const ETAG = '"781e5e245d69b566979b86e28d23f2c7"';

/** Requests the file with further headers. */
async function get(archive: TestArchive, headers: HeadersInit = {}): Promise<Response> {
  return await archive.objects(await archive.urlFor("download", PATH), { headers });
}

Deno.test("GET of an object answers with the headers that S3 sends", async () => {
  await using archive = await openTestArchive({ files: { [PATH]: TEXT } });
  await Deno.utime(join(archive.folder.path, PATH), 0, new Date("2026-01-02T03:04:05Z"));
  const response = await get(archive);
  assertEquals(response.status, 200);
  assertEquals(Object.fromEntries(response.headers), {
    "accept-ranges": "bytes",
    "content-length": "10",
    "content-type": "binary/octet-stream",
    "etag": ETAG,
    "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT",
  });
  assertEquals(await response.text(), TEXT);
});

Deno.test("GET of an object answers 206 to a range", async () => {
  await using archive = await openTestArchive({ files: { [PATH]: TEXT } });
  for (
    const [range, text, content] of [["bytes=2-4", "234", "2-4"], ["bytes=7-", "789", "7-9"], ["bytes=-1", "9", "9-9"]]
  ) {
    const response = await get(archive, { range: range ?? "" });
    assertEquals([response.status, response.headers.get("etag")], [206, ETAG]);
    assertEquals(response.headers.get("content-range"), `bytes ${content}/10`);
    assertEquals(response.headers.get("content-length"), String(text?.length));
    assertEquals(await response.text(), text);
  }
});

Deno.test("GET of an object streams long ranges completely", async () => {
  const text = Array.from({ length: 40_000 }, (_, line) => String(line).padStart(9)).join("\n");
  await using archive = await openTestArchive({ files: { [PATH]: text } });
  assertEquals(await (await get(archive)).text(), text);
  assertEquals(await (await get(archive, { range: "bytes=1001-300000" })).text(), text.slice(1001, 300_001));
  assertEquals(await (await get(archive, { range: "bytes=200000-" })).text(), text.slice(200_000));
});

Deno.test("GET of an object closes the file when the caller stops early", async () => {
  await using archive = await openTestArchive({ files: { [PATH]: TEXT.repeat(100_000) } });
  for (const headers of [{}, { range: "bytes=5-900000" }, { range: "bytes=5-" }]) {
    const reader = (await get(archive, headers)).body?.getReader();
    await reader?.read();
    await reader?.cancel();
  }
});

Deno.test("GET of an object answers 416 to a range behind the end, and 304 and 412 to conditions", async () => {
  await using archive = await openTestArchive({ files: { [PATH]: TEXT } });
  const behind = await get(archive, { range: "bytes=10-" });
  assertEquals([behind.status, behind.headers.get("content-range")], [416, "bytes */10"]);
  assertStringIncludes(await behind.text(), "<Code>InvalidRange</Code>");
  const same = await get(archive, { "if-none-match": ETAG });
  assertEquals([same.status, same.body, same.headers.get("etag")], [304, null, ETAG]);
  const other = await get(archive, { "if-match": '"other"' });
  assertEquals(other.status, 412);
  assertStringIncludes(await other.text(), "<Code>PreconditionFailed</Code>");
});

Deno.test("GET of an object sends the whole object when If-Range has an older ETag", async () => {
  await using archive = await openTestArchive({ files: { [PATH]: TEXT } });
  const response = await get(archive, { range: "bytes=5-", "if-range": '"older"' });
  assertEquals([response.status, await response.text()], [200, TEXT]);
});

Deno.test("GET of an empty object works, but not with a range", async () => {
  await using archive = await openTestArchive({ files: { [PATH]: "" } });
  const response = await get(archive);
  assertEquals([response.status, response.headers.get("content-length"), await response.text()], [200, "0", ""]);
  assertEquals((await get(archive, { range: "bytes=0-" })).status, 416);
});

Deno.test("GET of an object has a new ETag after the file was changed on the disk", async () => {
  await using archive = await openTestArchive({ files: { [PATH]: TEXT } });
  assertEquals((await get(archive, { "if-none-match": ETAG })).status, 304);
  await Deno.writeTextFile(join(archive.folder.path, PATH), "other bytes");
  const response = await get(archive, { "if-none-match": ETAG });
  assertEquals([response.status, await response.text()], [200, "other bytes"]);
  assertMatch(response.headers.get("etag") ?? "", /^"[0-9a-f]{32}"$/);
});

Deno.test("GET of an object computes the MD5 once for concurrent requests", async () => {
  await using archive = await openTestArchive({ files: { [PATH]: TEXT.repeat(50_000) } });
  const responses = await Promise.all(Array.from({ length: 8 }, () => get(archive)));
  const texts = await Promise.all(responses.map((response) => response.text()));
  assertEquals(texts.every((text) => text === TEXT.repeat(50_000)), true);
  assertEquals(new Set(responses.map((response) => response.headers.get("etag"))).size, 1);
});

Deno.test("GET of an object that is gone answers 404 NoSuchKey", async () => {
  await using archive = await openTestArchive({ files: { [PATH]: TEXT } });
  const url = await archive.urlFor("download", PATH);
  await Deno.remove(join(archive.folder.path, PATH));
  const response = await archive.objects(url);
  assertEquals([response.status, response.headers.get("content-type")], [404, "application/xml"]);
  assertStringIncludes(await response.text(), `<Code>NoSuchKey</Code>`);
});

Deno.test("GET of an object does not follow a symbolic link at its path", async () => {
  await using archive = await openTestArchive({ files: { [PATH]: TEXT, "secret.txt": "secret" } });
  const url = await archive.urlFor("download", PATH);
  await Deno.remove(join(archive.folder.path, PATH));
  await Deno.symlink(join(archive.folder.path, "secret.txt"), join(archive.folder.path, PATH));
  const response = await archive.objects(url);
  assertEquals([response.status, (await response.text()).includes("NoSuchKey")], [404, true]);
});
