// Objects that are stored with gzip, as uploaded with `Content-Encoding: gzip` (S3).
import { openLab } from "./lab.ts";
import { md5Tag, randomBytes } from "../support/object_store.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { gzipSync } from "node:zlib";

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** A store whose object is stored with gzip. */
async function openPackedLab({ etag }: { readonly etag?: string } = {}) {
  const lab = await openLab({ retries: 1 });
  const packed = new Uint8Array(gzipSync(lab.bytes));
  lab.store.add(lab.path, packed, etag ?? md5Tag(packed));
  lab.store.usually = { headers: { "content-encoding": "gzip" } };
  return Object.assign(lab, { packed });
}

for (const etag of [undefined, '"in-pieces-2"']) {
  const how = etag === undefined ? "checked by its MD5" : "checked by its length";
  Deno.test(`download() unpacks an object that is stored with gzip, ${how}`, async () => {
    await using lab = await openPackedLab(etag === undefined ? {} : { etag });
    assertEquals((await lab.one()).state, "fetched");
    assert(isSame(await lab.read(), lab.bytes));
    assertEquals(await lab.folder.files(), [lab.path]);
  });
}

Deno.test("download() of an object that is stored with gzip starts from 0 when it breaks off, or when its bytes are wrong", async () => {
  await using lab = await openPackedLab({ etag: '"in-pieces-2"' });
  const headers = { "content-encoding": "gzip" };
  const damaged = lab.packed.slice();
  damaged[damaged.length - 6] = (damaged.at(-6) ?? 0) ^ 1;
  const longer = new Uint8Array(gzipSync(randomBytes(200_000)));
  for (const fault of [{ cutAfter: 30_000 }, { body: damaged }, { body: longer, cutAfter: 150_000 }]) {
    lab.store.script.push({ headers, ...fault });
    assertEquals((await lab.one({ ifPresent: "fetch" })).state, "fetched");
    assert(isSame(await lab.read(), lab.bytes));
    assertEquals(await lab.folder.files(), [lab.path]);
  }
});

Deno.test("download() keeps nothing of an object that is not gzip, although its headers say so", async () => {
  await using lab = await openPackedLab();
  lab.store.add(lab.path, lab.bytes);
  const outcome = await lab.one();
  assertStringIncludes(outcome.state === "failed" ? outcome.error.message : "", "not compressed as its headers say");
  assertEquals(await lab.folder.files(), []);
});

Deno.test("download() with verify compares a file with the unpacked object", async () => {
  await using lab = await openPackedLab();
  await lab.one();
  assertEquals((await lab.one({ ifPresent: "verify" })).state, "skipped");
  await Deno.writeFile(lab.finalPath, randomBytes(100_000));
  assertEquals((await lab.one({ ifPresent: "verify" })).state, "fetched");
  assert(isSame(await lab.read(), lab.bytes));
});

Deno.test("download() accepts a file that a proxy packed, if the MD5 is that of the file", async () => {
  await using lab = await openPackedLab();
  lab.store.add(lab.path, lab.packed, md5Tag(lab.bytes));
  assertEquals((await lab.one()).state, "fetched");
  assert(isSame(await lab.read(), lab.bytes));
});
