// A large file on a slow link is received over several connections if the store supports it.
import { archivePath } from "../../mod.ts";
import { parseRecord } from "../../src/transfer/partial_file.ts";
import { isWorthSplitting } from "../../src/transfer/receive.ts";
import { type Lab, nameOf, openLab } from "./lab.ts";
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";

const MEBIBYTE = 1024 * 1024;
const SLOW = 20 * MEBIBYTE;

/** A file of 65 MiB of zeros, except that each mebibyte begins with its number. */
function addLarge({ store, path }: Lab): Uint8Array {
  const bytes = new Uint8Array(65 * MEBIBYTE);
  for (let at = 0; at < 65; at++) bytes[at * MEBIBYTE] = at;
  store.add(path, bytes, '"large-9"');
  return bytes;
}

async function assertSame(lab: Lab, bytes: Uint8Array) {
  // Compared in native code: assertEquals would look at each of the 68 million bytes.
  assert(Buffer.from(await lab.read()).equals(bytes), "the file is not the object");
}

Deno.test("download() opens more connections for a large file on a slow link", async () => {
  await using lab = await openLab();
  const bytes = addLarge(lab);
  lab.store.usually = { bytesPerSecond: SLOW };
  const running = lab.one();
  await lab.store.cameIn(2);
  // If the holes were not recorded before the first byte after them is written, a kill could lead to a wrong file.
  const record = parseRecord(await Deno.readTextFile(`${lab.partPath}.json`));
  assertEquals(record?.missing?.at(-1)?.last, bytes.length - 1);
  const { state, bytes: count } = await running;
  assertEquals([state, count], ["fetched", bytes.length]);
  await assertSame(lab, bytes);
  const [whole, ...segments] = lab.ranges();
  assertEquals(whole, "");
  assert(segments.length >= 4, segments.join());
  assert(segments.every((range) => /^bytes=\d+-\d+$/.test(range)));
  assertEquals(await lab.folder.files(), [lab.path]);
});

Deno.test("isWorthSplitting() splits large objects whose stream would take 2 s longer, and judges none before 1 s", () => {
  const pace = { size: 80 * MEBIBYTE, startedAt: 0, position: 10 * MEBIBYTE, elapsedMs: 1000 };
  // 10 MiB/s: the other 70 MiB take 7 s.
  assert(isWorthSplitting(pace));
  assert(!isWorthSplitting({ ...pace, elapsedMs: 999 }));
  assert(!isWorthSplitting({ ...pace, size: 64 * MEBIBYTE - 1 }));
  assert(isWorthSplitting({ ...pace, size: 64 * MEBIBYTE }));
  // Only what this stream has transferred counts as its speed.
  assert(!isWorthSplitting({ ...pace, position: 40 * MEBIBYTE }));
  assert(isWorthSplitting({ ...pace, startedAt: 30 * MEBIBYTE, position: 40 * MEBIBYTE }));
  // Less than two segments are left.
  assert(!isWorthSplitting({ ...pace, startedAt: 60 * MEBIBYTE, position: 64 * MEBIBYTE + 1 }));
  assert(isWorthSplitting({ ...pace, startedAt: 60 * MEBIBYTE, position: 64 * MEBIBYTE }));
});

Deno.test("download() uses one connection if only one is allowed", async () => {
  await using lab = await openLab();
  addLarge(lab);
  lab.store.usually = { bytesPerSecond: 2 * SLOW };
  assertEquals((await lab.one({ concurrency: 1 })).state, "fetched");
  assertEquals(lab.ranges(), [""]);
});

Deno.test("download() goes back to one connection if the store does not support ranges", async () => {
  await using lab = await openLab({ retries: 1 });
  const bytes = addLarge(lab);
  lab.store.usually = { bytesPerSecond: SLOW, ignoreRange: true };
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(lab.ranges().filter((range) => range === "").length, 2);
  await assertSame(lab, bytes);
});

Deno.test("download() resumes a failed split download with the missing segments", async () => {
  await using lab = await openLab({ retries: 0 });
  const bytes = addLarge(lab);
  lab.store.script.push({ bytesPerSecond: SLOW }, {}, { cutAfter: 3 * MEBIBYTE });
  lab.store.usually = { bytesPerSecond: SLOW };
  assertEquals((await lab.one()).state, "failed");
  const before = lab.store.requests.length;
  const { state, bytes: count } = await lab.one();
  assertEquals(state, "resumed");
  assert(count < 48 * MEBIBYTE, `${count} bytes came again`);
  assert(lab.ranges().slice(before).every((range) => /^bytes=\d+-\d+$/.test(range)));
  await assertSame(lab, bytes);
});

Deno.test("download() lets large files of a batch borrow connections and completes them all", async () => {
  await using lab = await openLab();
  const bytes = addLarge(lab);
  const small = Array.from({ length: 6 }, (_, number) => nameOf(number + 1));
  for (const name of small) lab.store.add(archivePath(name), lab.bytes);
  lab.store.usually = { bytesPerSecond: SLOW };
  const report = await lab.client.download([lab.name, ...small], { concurrency: 4 });
  assertEquals(report.summary().split(";")[0], "7 fetched");
  await assertSame(lab, bytes);
});
