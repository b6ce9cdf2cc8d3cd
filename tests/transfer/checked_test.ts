// What is checked before a file gets its final name.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openLab } from "./lab.ts";

const WRONG = `"${"0".repeat(32)}"`;

Deno.test("download() refuses bytes whose MD5 is not that of the ETag, and leaves nothing", async () => {
  await using lab = await openLab({ retries: 1 });
  lab.store.usually = { headers: { etag: WRONG } };
  const outcome = await lab.one();
  assert(outcome.state === "failed");
  assertStringIncludes(outcome.error.message, "MD5 differs");
  assertEquals([lab.store.requests.length, await lab.folder.files()], [2, []]);
});

Deno.test("download() fetches anew when the MD5 was wrong once", async () => {
  await using lab = await openLab();
  lab.store.script.push({ headers: { etag: WRONG } });
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(lab.ranges(), ["", ""]);
  assertEquals(await lab.read(), lab.bytes);
});

Deno.test("download() takes an ETag for no MD5 where S3 says that it is none", async () => {
  const kms = { etag: WRONG, "x-amz-server-side-encryption": "aws:kms" };
  const dsse = { etag: WRONG, "x-amz-server-side-encryption": "aws:kms:dsse" };
  for (const headers of [kms, dsse, { etag: `"${"0".repeat(32)}-2"` }, { etag: `W/${WRONG}` }, { etag: null }]) {
    await using lab = await openLab({ retries: 0 });
    lab.store.usually = { headers };
    assertEquals((await lab.one()).state, "fetched");
    assertEquals(await lab.read(), lab.bytes);
  }
});

Deno.test("download() believes an MD5 whatever its case", async () => {
  await using lab = await openLab({ retries: 0 });
  lab.store.add(lab.path, lab.bytes, lab.store.objects.get(lab.path)?.etag.toUpperCase());
  assertEquals((await lab.one()).state, "fetched");
});

Deno.test("download() refuses a body that is shorter than the store said", async () => {
  await using lab = await openLab({ retries: 0 });
  lab.store.usually = { headers: { "content-length": "100001" } };
  assertEquals((await lab.one()).state, "failed");
  assert(!(await lab.folder.files()).includes(lab.path));
});

Deno.test("download() takes no more bytes than the store said", async () => {
  await using lab = await openLab({ retries: 0 });
  lab.store.usually = { headers: { "content-length": "50000" } };
  assertEquals((await lab.one()).state, "failed", "the MD5 is that of all");
  assert(!(await lab.folder.files()).includes(lab.path));
});

Deno.test("download() makes a whole file of an object without a byte", async () => {
  await using lab = await openLab({ retries: 0 });
  lab.store.add(lab.path, new Uint8Array());
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(await lab.folder.files(), [lab.path]);
});
