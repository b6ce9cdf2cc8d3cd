import { dirname, join } from "@std/path";
import { openTestArchive, putRequest, type TestArchive, writeFiles } from "../support/archive.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";

const NAME = "imap_swe_l0_sci_20240105_v001.pkts";
const PATH = `imap/swe/l0/2024/01/${NAME}`;

async function put(archive: TestArchive, init: RequestInit): Promise<[status: number, body: string]> {
  const response = await archive.objects(await archive.urlFor("upload", NAME), { method: "PUT", ...init });
  return [response.status, await response.text()];
}

/** Checks that a PUT left nothing: no file, no partial file, no row. */
async function assertNothing(archive: TestArchive): Promise<void> {
  assertEquals(await archive.files(), []);
  assertEquals(await archive.rows("instrument=swe"), []);
}

Deno.test("PUT stores the bytes, indexes them and answers with their MD5", async () => {
  await using archive = await openTestArchive();
  const response = await archive.put(NAME, "0123456789");
  assertEquals([response.status, response.headers.get("etag")], [200, '"781e5e245d69b566979b86e28d23f2c7"']);
  assertEquals(await archive.files(), [PATH]);
  assertEquals(await Deno.readTextFile(join(archive.folder.path, PATH)), "0123456789");
  assertEquals((await archive.rows("instrument=swe")).map((row) => row.file_path), [PATH]);
});

/** The folders whose entries change: each new one, and the root. */
const FOLDERS = dirname(PATH).split("/").concat("");

Deno.test("PUT flushes the bytes to disk before the file is renamed into place, and its folders afterwards", async () => {
  await using archive = await openTestArchive();
  const { sync } = Deno.FsFile.prototype;
  const nameless: boolean[] = [];
  Deno.FsFile.prototype.sync = async function () {
    nameless.push(!(await archive.files()).includes(PATH));
    await sync.call(this);
  };
  try {
    await (await archive.put(NAME, "0123456789")).body?.cancel();
  } finally {
    Deno.FsFile.prototype.sync = sync;
  }
  assertEquals(nameless, [true, ...FOLDERS.map(() => false)]);
});

Deno.test("PUT takes an empty body, as S3 does", async () => {
  await using archive = await openTestArchive();
  const [status] = await put(archive, { headers: { "content-length": "0" } });
  assertEquals([status, await Deno.readTextFile(join(archive.folder.path, PATH))], [200, ""]);
});

Deno.test("PUT replaces a file atomically while its URL is valid", async () => {
  await using archive = await openTestArchive();
  const url = await archive.urlFor("upload", NAME);
  await archive.objects(url, putRequest("first"));
  const download = await archive.urlFor("download", PATH);
  const reading = await archive.objects(download);
  await archive.objects(url, putRequest("the second"));
  assertEquals(await reading.text(), "first");
  assertEquals(await (await archive.objects(download)).text(), "the second");
});

Deno.test("PUT of new bytes while the old ones are hashed ends with the row of the new bytes", async () => {
  await using archive = await openTestArchive();
  const url = await archive.urlFor("upload", NAME);
  await archive.objects(url, putRequest("first"));
  // Changed on the disk, so that the next GET has to hash it.
  await Deno.truncate(join(archive.folder.path, PATH), 100_000_000);
  const reading = archive.objects(await archive.urlFor("download", PATH));
  await archive.objects(url, putRequest("the second"));
  await (await reading).body?.cancel();
  assertEquals((await archive.opened.catalog.stamp(PATH))?.size, "the second".length);
});

Deno.test("PUT leaves nothing behind when the body is short", async () => {
  await using archive = await openTestArchive();
  const [status, body] = await put(archive, { body: "short", headers: { "content-length": "6" } });
  assertEquals(status, 400);
  assertStringIncludes(body, "<Code>IncompleteBody</Code>");
  await assertNothing(archive);
});

Deno.test("PUT leaves nothing behind when the body is long", async () => {
  await using archive = await openTestArchive();
  const [status] = await put(archive, { body: "too long", headers: { "content-length": "6" } });
  assertEquals(status, 400);
  await assertNothing(archive);
});

Deno.test("PUT leaves nothing behind when the connection breaks", async () => {
  await using archive = await openTestArchive();
  let chunks = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (chunks++ < 3) controller.enqueue(new Uint8Array(200_000));
      else controller.error(new TypeError("connection reset"));
    },
  });
  const [status] = await put(archive, { body, headers: { "content-length": "1000000" } });
  assertEquals(status, 400);
  await assertNothing(archive);
});

Deno.test("PUT leaves nothing behind when something else is in the place of the file", async () => {
  await using archive = await openTestArchive();
  const url = await archive.urlFor("upload", NAME);
  await Deno.mkdir(join(archive.folder.path, PATH), { recursive: true });
  const response = await archive.objects(url, putRequest("bytes"));
  assertEquals([response.status, archive.errors], [403, []]);
  assertStringIncludes(await response.text(), "The path is taken by something that is not a file of the archive");
  await assertNothing(archive);
});

Deno.test("PUT does not replace a file that the archive does not know, such as one whose name differs only in case", async () => {
  await using archive = await openTestArchive();
  const url = await archive.urlFor("upload", NAME);
  await writeFiles(archive.folder.path, { [PATH]: "twin" });
  const response = await archive.objects(url, putRequest("bytes"));
  assertEquals([response.status, archive.errors], [403, []]);
  assertEquals(await archive.files(), [PATH]);
  assertEquals(await Deno.readTextFile(join(archive.folder.path, PATH)), "twin");
});

Deno.test("PUT keeps the file that was there when its replacement fails", async () => {
  await using archive = await openTestArchive();
  const url = await archive.urlFor("upload", NAME);
  await archive.objects(url, putRequest("first"));
  const response = await archive.objects(url, { ...putRequest("x"), headers: { "content-length": "2" } });
  assertEquals(response.status, 400);
  assertEquals(await archive.files(), [PATH]);
  assertEquals(await (await archive.objects(await archive.urlFor("download", PATH))).text(), "first");
});

Deno.test("PUT does not follow a folder that is a symbolic link", async () => {
  await using archive = await openTestArchive();
  const outside = join(archive.folder.path, "outside");
  await Deno.mkdir(outside);
  await Deno.mkdir(join(archive.folder.path, "imap"));
  await Deno.symlink(outside, join(archive.folder.path, "imap/swe"));
  const [status] = await put(archive, putRequest("bytes"));
  assertEquals([status, Array.from(Deno.readDirSync(outside))], [403, []]);
  assertEquals(await archive.rows("instrument=swe"), []);
});

Deno.test("PUT answers 501 to a chunked body and 411 without a length", async () => {
  await using archive = await openTestArchive();
  const [chunked, chunkedBody] = await put(archive, { body: "x", headers: { "transfer-encoding": "chunked" } });
  assertEquals(chunked, 501);
  assertStringIncludes(chunkedBody, "<Code>NotImplemented</Code>");
  const [lengthless, lengthlessBody] = await put(archive, { body: "x" });
  assertEquals(lengthless, 411);
  assertStringIncludes(lengthlessBody, "<Code>MissingContentLength</Code>");
  await assertNothing(archive);
});

Deno.test("PUT answers 400 to a length that is invalid or too large", async () => {
  await using archive = await openTestArchive();
  for (
    const [length, code] of [["-1", "InvalidArgument"], ["1e3", "InvalidArgument"], ["5368709121", "EntityTooLarge"]]
  ) {
    const [status, body] = await put(archive, { body: "x", headers: { "content-length": length ?? "" } });
    assertEquals(status, 400);
    assertStringIncludes(body, `<Code>${code}</Code>`);
  }
  await assertNothing(archive);
});

Deno.test("Concurrent PUTs of one name leave the file and the row of the same one", async () => {
  await using archive = await openTestArchive();
  const url = await archive.urlFor("upload", NAME);
  const texts = Array.from({ length: 20 }, (_, index) => `text ${String(index).padStart(4)}`);
  const others = texts.map((_, day) => `imap_mag_l0_raw_202501${String(day + 1).padStart(2, "0")}_v001.pkts`);
  const answers = await Promise.all([
    ...texts.map((text) => archive.objects(url, putRequest(text))),
    ...others.map((name) => archive.put(name, name)),
  ]);
  assertEquals(answers.map(({ status }) => status), answers.map(() => 200));
  assertEquals((await archive.files()).length, 21);
  const response = await archive.objects(await archive.urlFor("download", PATH));
  const kept = texts.indexOf(await response.text());
  assertEquals(answers[kept]?.headers.get("etag"), response.headers.get("etag"));
});
