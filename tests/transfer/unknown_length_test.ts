// Servers that do not send the length of a body, or send something other than the object's own bytes.
import type { TransferEvent } from "../../mod.ts";
import { TransferTracker } from "../../src/views/transfers.ts";
import { openLab } from "./lab.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";

const UNKNOWN = { "content-length": null, etag: '"in-pieces-3"' };

Deno.test("download() of a body without a length asks the store for the length before the file counts as complete", async () => {
  await using lab = await openLab();
  lab.store.script.push({ headers: UNKNOWN, cutAfter: 30_000 }, {});
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(lab.ranges().slice(0, 2), ["", "bytes=0-0"]);
  assertEquals(await lab.read(), lab.bytes);
});

Deno.test("download() fails when the store provides neither the length nor the MD5", async () => {
  await using lab = await openLab({ retries: 0 });
  const silent = { headers: { ...UNKNOWN, "content-range": null } };
  lab.store.script.push({ ...silent, cutAfter: 30_000 }, silent);
  const outcome = await lab.one();
  assertEquals(outcome.state, "failed");
  assertStringIncludes(outcome.state === "failed" ? outcome.error.message : "", "neither the length nor the MD5");
  assertEquals(await lab.folder.files(), []);
});

Deno.test("download() does not keep a file that a server compressed", async () => {
  await using lab = await openLab();
  lab.store.script.push({ headers: { "content-encoding": "gzip" } });
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(lab.ranges(), ["", ""]);
  assertEquals(await lab.read(), lab.bytes);
});

Deno.test("upload() rejects a file that changed since it was checked, and sends none of it", async () => {
  await using lab = await openLab({ retries: 0 });
  const [first, second] = ["imap_swe_l0_sci_20250101_v001.pkts", "imap_swe_l0_sci_20250102_v001.pkts"]
    .map((name) => `${lab.folder.path}/${name}`);
  if (first === undefined || second === undefined) throw new Error("there are two names");
  for (const path of [first, second]) await Deno.writeFile(path, lab.bytes);
  const onProgress = (event: TransferEvent) => {
    if (event.type === "outcome") Deno.writeFileSync(second, lab.bytes, { append: true });
  };
  const report = await lab.client.upload([first, second], { concurrency: 1, onProgress });
  assertEquals(report.outcomes.map(({ state }) => state), ["sent", "failed"]);
  assertStringIncludes(report.failed[0]?.error.message ?? "", "it has changed since it was checked");
});

Deno.test("upload() counts every byte of small files", async () => {
  await using lab = await openLab();
  const path = `${lab.folder.path}/imap_swe_l0_sci_20250101_v001.pkts`;
  await Deno.writeFile(path, lab.bytes);
  const tracker = new TransferTracker();
  await lab.client.upload([path], { onProgress: (event) => tracker.take(event) });
  assertEquals(tracker.state().bytes, lab.bytes.length);
});
