// The partial file of an earlier run: resumed if it belongs to the same object, thrown away otherwise.
import type { TransferEvent } from "../../mod.ts";
import { parseRecord } from "../../src/transfer/partial_file.ts";
import { assertEquals } from "@std/assert";
import type { Behavior } from "../support/object_answer.ts";
import { randomBytes } from "../support/object_store.ts";
import { type Lab, openLab } from "./lab.ts";

/** Asserts what must hold whenever a download succeeds. */
async function assertWhole(lab: Lab) {
  const object = lab.store.objects.get(lab.path);
  assertEquals(await lab.read(), object?.bytes);
  assertEquals(await lab.folder.files(), [lab.path]);
}

Deno.test("download() resumes a partial file, and requests the rest on condition that the object has not changed", async () => {
  await using lab = await openLab();
  await lab.putPart(lab.bytes.slice(0, 40_000));
  const { state, bytes } = await lab.one();
  assertEquals([state, bytes], ["resumed", 60_000]);
  const { headers } = lab.store.requests[0] ?? {};
  assertEquals(headers?.get("range"), "bytes=40000-");
  assertEquals(headers?.get("if-range"), lab.store.objects.get(lab.path)?.etag);
  await assertWhole(lab);
});

Deno.test("download() requests one byte of a complete partial file, to check that the object has not changed", async () => {
  await using lab = await openLab();
  await lab.putPart(lab.bytes);
  const { state, bytes } = await lab.one();
  assertEquals([state, bytes, lab.ranges()], ["resumed", 0, ["bytes=0-0"]]);
  await assertWhole(lab);
});

Deno.test("download() starts from 0 when the object of a complete partial file has changed", async () => {
  for (const stale of [{ etag: `"${"0".repeat(32)}"`, md5: null }, { size: 50_000 }]) {
    await using lab = await openLab();
    await lab.putPart(lab.bytes.slice(0, stale.size ?? lab.bytes.length).map((byte) => byte ^ 1), stale);
    const { state } = await lab.one();
    assertEquals([state, lab.ranges()], ["fetched", ["bytes=0-0", ""]]);
    await assertWhole(lab);
  }
});

const ANEW: ReadonlyArray<readonly [why: string, behavior: Behavior, requests: number]> = [
  ["answers with the whole", { ignoreRange: true }, 1],
  ["answers 416", { status: 416 }, 2],
  ["sends other bytes than asked for", { headers: { "content-range": "bytes 0-59999/100000" } }, 2],
  ["has another size now", { headers: { "content-range": "bytes 40000-99999/100001" } }, 2],
  ["does not say which bytes it sends", { headers: { "content-range": null } }, 2],
  ["sends the rest with another ETag", { headers: { etag: `"${"0".repeat(32)}"` } }, 2],
];

for (const [why, behavior, requests] of ANEW) {
  Deno.test(`download() starts from 0 when the store ${why}`, async () => {
    await using lab = await openLab();
    await lab.putPart(lab.bytes.slice(0, 40_000));
    lab.store.script.push(behavior);
    const { state, bytes } = await lab.one();
    assertEquals([state, bytes, lab.store.requests.length], ["fetched", 100_000, requests]);
    await assertWhole(lab);
  });
}

Deno.test("download() starts from 0 when the object has changed", async () => {
  await using lab = await openLab();
  await lab.putPart(lab.bytes.slice(0, 40_000));
  lab.store.add(lab.path, randomBytes(100_000));
  assertEquals((await lab.one()).state, "fetched");
  await assertWhole(lab);
});

Deno.test("download() starts from 0 when the partial file is longer than the object", async () => {
  await using lab = await openLab();
  await lab.putPart(randomBytes(100_001));
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(lab.ranges(), [""]);
  await assertWhole(lab);
});

Deno.test("download() starts from 0 when the bytes of the partial file are wrong", async () => {
  await using lab = await openLab();
  await lab.putPart(randomBytes(40_000));
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(lab.ranges(), ["bytes=40000-", ""]);
  await assertWhole(lab);
});

Deno.test("download() starts from 0 when the record belongs to another file", async () => {
  await using lab = await openLab();
  await lab.putPart(lab.bytes.slice(0, 40_000), { archivePath: "imap/other" });
  assertEquals((await lab.one()).state, "fetched");
  await assertWhole(lab);
});

Deno.test("download() starts from 0 when there is no record", async () => {
  await using lab = await openLab();
  await lab.putPart(lab.bytes.slice(0, 40_000));
  await Deno.remove(`${lab.partPath}.json`);
  assertEquals((await lab.one()).state, "fetched");
  await assertWhole(lab);
});

Deno.test("download() starts from 0 when the record contains anything else", async () => {
  const texts = ["", "{", "null", "[]", "7", '{"size":1}', '{"archivePath":"x","size":-1,"etag":"","md5":null}'];
  for (const garbage of [...texts, ...Array.from({ length: 20 }, (_, length) => randomBytes(length * 7))]) {
    await using lab = await openLab();
    await lab.putPart(lab.bytes.slice(0, 40_000), garbage);
    assertEquals((await lab.one()).state, "fetched");
    assertEquals(lab.ranges(), [""]);
    await assertWhole(lab);
  }
});

Deno.test("download() removes what a killed run left behind while it wrote a record", async () => {
  await using lab = await openLab();
  await lab.putPart(lab.bytes.slice(0, 40_000));
  await Deno.writeTextFile(`${lab.partPath}.json.new`, '{"archiveP');
  assertEquals((await lab.one()).state, "resumed");
  await assertWhole(lab);
});

Deno.test("download() writes the record of a large file with its first bytes, so that a killed run can be resumed", async () => {
  await using lab = await openLab();
  const bytes = randomBytes(1024 * 1024 + 1);
  lab.store.add(lab.path, bytes);
  lab.store.usually = { bytesPerSecond: 2_000_000 };
  let record: string | undefined;
  const onProgress = (event: TransferEvent) => {
    if (event.type !== "bytes" || event.bytes === 0 || event.bytes === bytes.length || record !== undefined) return;
    record = Deno.readTextFileSync(`${lab.partPath}.json`);
  };
  assertEquals((await lab.one({ onProgress })).state, "fetched");
  assertEquals(parseRecord(record ?? "")?.size, bytes.length);
});
