// A file that was received in segments over several connections, resumed after every kind of failure.
import { archivePath } from "../../mod.ts";
import type { ByteRange } from "../../src/transfer/partial_file.ts";
import type { Answer, Behavior, Fault } from "../support/object_answer.ts";
import { randomBytes } from "../support/object_store.ts";
import { nameOf, openLab } from "./lab.ts";
import { assert, assertEquals } from "@std/assert";

/** Ten holes of 4,000 bytes, each of which is a segment. */
const HOLES: readonly ByteRange[] = Array.from({ length: 10 }, (_, number) => {
  const first = 5_000 + 10_000 * number;
  return { first, last: first + 3_999 };
});
const RANGES = HOLES.map(({ first, last }) => `bytes=${first}-${last}`);

Deno.test("download() fetches only the missing segments, each on condition that the object has not changed", async () => {
  await using lab = await openLab();
  await lab.putSplitPart(HOLES);
  const { state, bytes } = await lab.one();
  assertEquals([state, bytes], ["resumed", 40_000]);
  assertEquals(lab.ranges().toSorted(), RANGES.toSorted());
  const { etag = null } = lab.store.objects.get(lab.path) ?? {};
  assert(lab.store.requests.every(({ headers }) => headers.get("if-range") === etag));
  assertEquals(await lab.read(), lab.bytes);
  assertEquals(await lab.folder.files(), [lab.path]);
});

Deno.test("download() uses no more connections than allowed", async () => {
  await using lab = await openLab();
  await lab.putSplitPart(HOLES);
  lab.store.usually = { bytesPerSecond: 40_000 };
  const running = lab.one({ concurrency: 3 });
  await lab.store.cameIn(3);
  assertEquals(lab.store.requests.filter(({ over }) => !over).length, 3);
  assertEquals((await running).state, "resumed");
  assertEquals(await lab.read(), lab.bytes);
});

Deno.test("download() uses connections that become free when other files are complete", async () => {
  await using lab = await openLab();
  await lab.putSplitPart(HOLES);
  lab.store.add(archivePath(nameOf(1)), lab.bytes);
  lab.store.usually = (_, { url }) => ({ bytesPerSecond: url.pathname.includes(lab.name) ? 20_000 : 200_000 });
  const running = lab.client.download([lab.name, nameOf(1)], { concurrency: 2 });
  let most = 0;
  for (let count = 1; count <= HOLES.length + 1; count++) {
    await lab.store.cameIn(count);
    most = Math.max(most, lab.store.requests.filter(({ url, sent }) => sent < 4_000 && url.includes(lab.name)).length);
  }
  assertEquals([most, (await running).failed], [2, []]);
  assertEquals(await lab.read(), lab.bytes);
});

const BREAKS: ReadonlyArray<readonly [why: string, behavior: Behavior]> = [
  ["ends early", { cutAfter: 1_000 }],
  ["is reset", { cutAfter: 1_000, cut: "reset" }],
  ["stalls", { stallAfter: 1_000 }],
  ["is refused with 503", { status: 503 }],
  ["has an expired URL", { status: 403 }],
];

for (const [why, behavior] of BREAKS) {
  for (const at of [0, 4, 9]) {
    Deno.test(`download() completes when connection ${at} of many ${why}`, async () => {
      await using lab = await openLab({ timeoutMs: "stallAfter" in behavior ? 1_000 : 30_000 });
      await lab.putSplitPart(HOLES);
      lab.store.usually = { bytesPerSecond: 100_000 };
      for (let number = 0; number < at; number++) lab.store.script.push({});
      lab.store.script.push(behavior);
      const { state, bytes } = await lab.one({ concurrency: 10 });
      assertEquals([state, bytes], ["resumed", 40_000]);
      assertEquals(await lab.read(), lab.bytes);
      assertEquals(await lab.folder.files(), [lab.path]);
    });
  }
}

Deno.test("download() completes when every connection breaks before the end of its segment", async () => {
  await using lab = await openLab({ retries: 1 });
  await lab.putSplitPart(HOLES);
  lab.store.usually = { cutAfter: 1_000 };
  assertEquals((await lab.one()).state, "resumed");
  assertEquals(await lab.read(), lab.bytes);
});

Deno.test("download() completes when every presigned URL works once", async () => {
  await using lab = await openLab({ retries: 2 });
  lab.store.urlUses = 1;
  await lab.putSplitPart(HOLES);
  assertEquals((await lab.one()).state, "resumed");
  assertEquals(await lab.read(), lab.bytes);
});

Deno.test("download() gives up when no segment makes progress", async () => {
  await using lab = await openLab({ retries: 2 });
  await lab.putSplitPart(HOLES);
  lab.store.usually = { cutAfter: 0 };
  assertEquals((await lab.one({ concurrency: 2 })).state, "failed");
  assert(lab.store.requests.length <= 6);
  lab.store.usually = {};
  assertEquals((await lab.one()).bytes, 40_000);
});

/** A body with 5,000 bytes more than were requested. */
function tooLong({ body }: Answer): Uint8Array {
  assert(body instanceof Uint8Array);
  const longer = new Uint8Array(body.length + 5_000).fill(1);
  longer.set(body);
  return longer;
}

const UNFIT: ReadonlyArray<readonly [why: string, behavior: Behavior | Fault]> = [
  ["whole", { ignoreRange: true }],
  ["with another ETag", { headers: { etag: `"${"0".repeat(32)}"` } }],
  ["with another range", { headers: { "content-range": "bytes 0-3999/100000" } }],
  ["not at all, with 416", { status: 416 }],
  ["with more bytes than its range has", (right) => ({ body: tooLong(right) })],
  ["with more bytes than its range has, and no length", (right) => ({
    body: tooLong(right),
    headers: { "content-length": null },
  })],
];

for (const [why, behavior] of UNFIT) {
  for (const at of [0, 5]) {
    Deno.test(`download() starts from 0 when segment ${at} comes ${why}`, async () => {
      // No MD5 shows whether the segments belong to one object: all of them must be discarded.
      await using lab = await openLab();
      lab.store.add(lab.path, lab.bytes, '"several-3"');
      await lab.putSplitPart(HOLES, { etag: '"several-3"', md5: null });
      for (let number = 0; number < at; number++) lab.store.script.push({});
      lab.store.script.push(behavior);
      const { state, bytes } = await lab.one();
      assertEquals([state, bytes], ["fetched", 100_000]);
      assertEquals(lab.ranges().at(-1), "");
      assertEquals(await lab.read(), lab.bytes);
      assertEquals(await lab.folder.files(), [lab.path]);
    });
  }
}

Deno.test("download() starts from 0 when the object has changed since its segments were received", async () => {
  await using lab = await openLab();
  await lab.putSplitPart(HOLES);
  const changed = randomBytes(100_000);
  lab.store.add(lab.path, changed);
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(await lab.read(), changed);
});

Deno.test("download() starts from 0 when the partial file is shorter than its segments", async () => {
  await using lab = await openLab();
  lab.store.add(lab.path, lab.bytes, '"several-3"');
  await lab.putPart(lab.bytes.slice(0, 94_999), { etag: '"several-3"', md5: null, missing: HOLES });
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(await lab.read(), lab.bytes);
});
