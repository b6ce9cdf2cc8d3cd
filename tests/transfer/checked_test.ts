// What is verified before a file is renamed into place.
import { basename } from "@std/path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { archivePath } from "../../mod.ts";
import { nameOf, openLab } from "./lab.ts";
import { randomBytes } from "../support/object_store.ts";

const WRONG = `"${"0".repeat(32)}"`;

Deno.test("download() rejects bytes whose MD5 differs from the ETag, and leaves nothing behind", async () => {
  await using lab = await openLab({ retries: 1 });
  lab.store.usually = { headers: { etag: WRONG } };
  const outcome = await lab.one();
  assert(outcome.state === "failed");
  assertStringIncludes(outcome.error.message, "MD5 mismatch");
  assertEquals([lab.store.requests.length, await lab.folder.files()], [2, []]);
});

Deno.test("download() starts from 0 when the MD5 was wrong once", async () => {
  await using lab = await openLab();
  lab.store.script.push({ headers: { etag: WRONG } });
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(lab.ranges(), ["", ""]);
  assertEquals(await lab.read(), lab.bytes);
});

Deno.test("download() checks the MD5 of files of every size, whichever code computes it", async () => {
  // Files of up to 1 MiB are hashed by code of this project, until they are 8 MiB together.
  const MEBIBYTE = 1024 * 1024;
  const own = [1, 55, 56, 64, MEBIBYTE, MEBIBYTE + 1, MEBIBYTE, MEBIBYTE, MEBIBYTE, MEBIBYTE];
  for (const size of [...own, 1, 65_536, 65_537, MEBIBYTE]) {
    await using lab = await openLab({ retries: 0 });
    const bytes = randomBytes(size);
    lab.store.add(lab.path, bytes);
    assertEquals((await lab.one()).state, "fetched", `${size} bytes`);
    lab.store.usually = { headers: { etag: WRONG } };
    assertEquals((await lab.one({ ifPresent: "fetch" })).state, "failed", `${size} bytes`);
    assertEquals(await lab.read(), bytes);
  }
});

Deno.test("download() does not treat an ETag as an MD5 when S3 says that it is not one", async () => {
  const kms = { etag: WRONG, "x-amz-server-side-encryption": "aws:kms" };
  const dsse = { etag: WRONG, "x-amz-server-side-encryption": "aws:kms:dsse" };
  const ownKey = { etag: WRONG, "x-amz-server-side-encryption-customer-algorithm": "AES256" };
  for (
    const headers of [kms, dsse, ownKey, { etag: `"${"0".repeat(32)}-2"` }, { etag: `W/${WRONG}` }, { etag: null }]
  ) {
    await using lab = await openLab({ retries: 0 });
    lab.store.usually = { headers };
    assertEquals((await lab.one()).state, "fetched");
    assertEquals(await lab.read(), lab.bytes);
  }
});

Deno.test("download() accepts an MD5 in upper or lower case", async () => {
  await using lab = await openLab({ retries: 0 });
  lab.store.add(lab.path, lab.bytes, lab.store.objects.get(lab.path)?.etag.toUpperCase());
  assertEquals((await lab.one()).state, "fetched");
});

Deno.test("download() rejects a body that is shorter than announced", async () => {
  await using lab = await openLab({ retries: 0 });
  lab.store.usually = { headers: { "content-length": "100001" } };
  assertEquals((await lab.one()).state, "failed");
  assert(!(await lab.folder.files()).includes(lab.path));
});

Deno.test("download() detects only from the length that a resumed file is incomplete", async () => {
  await using lab = await openLab();
  lab.store.add(lab.path, lab.bytes, '"in-pieces-2"');
  lab.store.script.push({ cutAfter: 30_000 }, { headers: { "content-length": null }, cutAfter: 20_000 });
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(lab.ranges(), ["", "bytes=30000-", "bytes=50000-"]);
  assertEquals(await lab.read(), lab.bytes);
});

/** Records the calls to the disk while something runs, in order. */
async function diskCalls(work: () => Promise<unknown>): Promise<string[]> {
  const calls: string[] = [];
  const { sync } = Deno.FsFile.prototype;
  const { renameSync } = Deno;
  Deno.FsFile.prototype.sync = async function () {
    await sync.call(this);
    calls.push(this.statSync().isFile ? "file is on the disk" : "folder is on the disk");
  };
  Deno.renameSync = (from, to) => {
    // A partial file is hidden, and may be renamed before.
    if (!basename(String(to)).startsWith(".")) calls.push("file has its name");
    renameSync(from, to);
  };
  try {
    await work();
  } finally {
    Deno.FsFile.prototype.sync = sync;
    Deno.renameSync = renameSync;
  }
  return calls;
}

Deno.test("download() flushes the bytes, then renames the file, then flushes the folder", async () => {
  await using lab = await openLab();
  const calls = await diskCalls(() => lab.one());
  assertEquals(calls, ["file is on the disk", "file has its name", "folder is on the disk"]);
});

Deno.test("download() accepts no more bytes than announced", async () => {
  await using lab = await openLab({ retries: 0 });
  lab.store.usually = { headers: { "content-length": "50000" } };
  assertEquals((await lab.one()).state, "failed", "the MD5 is that of all");
  assert(!(await lab.folder.files()).includes(lab.path));
});

Deno.test("download() creates an empty file for an empty object", async () => {
  await using lab = await openLab({ retries: 0 });
  lab.store.add(lab.path, new Uint8Array());
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(await lab.folder.files(), [lab.path]);
});

Deno.test("download() gives one notice on a disk that cannot flush files, and succeeds", async () => {
  await using lab = await openLab();
  lab.store.add(archivePath(nameOf(1)), lab.bytes);
  const { sync } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.sync = function () {
    if (this.statSync().isFile) throw new Error("Operation not supported (os error 95)");
    return sync.call(this);
  };
  try {
    const report = await lab.client.download([lab.name, nameOf(1)]);
    assertEquals(report.outcomes.map(({ state }) => state), ["fetched", "fetched"]);
  } finally {
    Deno.FsFile.prototype.sync = sync;
  }
  const notices = lab.log.flatMap((event) => event.type === "notice" ? [event.notice] : []);
  assertEquals(notices.length, 1);
  assertStringIncludes(notices[0] ?? "", "cannot flush files (fsync)");
});
