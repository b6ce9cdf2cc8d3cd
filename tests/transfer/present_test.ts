// Existing files: skipped, verified, fetched again, or only planned.
import { assert, assertEquals } from "@std/assert";
import { dirname } from "@std/path";
import { type HttpEvent, ImapClient } from "../../mod.ts";
import { deadUrl } from "../support/server.ts";
import { type Lab, openLab } from "./lab.ts";

async function putFinal(lab: Lab, bytes: Uint8Array) {
  await Deno.mkdir(dirname(lab.finalPath), { recursive: true });
  await Deno.writeFile(lab.finalPath, bytes);
}

Deno.test("download() accepts an existing file without a request", async () => {
  await using lab = await openLab();
  await putFinal(lab, lab.bytes.slice(1));
  assertEquals((await lab.one()).state, "skipped");
  assertEquals([lab.store.asked.length, lab.store.requests.length], [0, 0]);
  assertEquals(await lab.read(), lab.bytes.slice(1));
});

Deno.test("download() fetches an empty file again", async () => {
  await using lab = await openLab();
  await putFinal(lab, new Uint8Array());
  assertEquals((await lab.one()).state, "fetched");
  assertEquals(await lab.read(), lab.bytes);
});

Deno.test("download() with verify requests one byte if the file is right", async () => {
  await using lab = await openLab();
  await putFinal(lab, lab.bytes);
  const { state, bytes } = await lab.one({ ifPresent: "verify" });
  assertEquals([state, bytes, lab.ranges()], ["skipped", 0, ["bytes=0-0"]]);
  assertEquals(lab.store.requests[0]?.sent, 1);
});

Deno.test("download() with verify repairs a file that is damaged, truncated, or too long", async () => {
  await using lab = await openLab();
  const damaged = lab.bytes.with(50_000, (lab.bytes[50_000] ?? 0) ^ 1);
  for (const wrong of [damaged, lab.bytes.slice(0, 99_999), new Uint8Array([...lab.bytes, 0])]) {
    await putFinal(lab, wrong);
    assertEquals((await lab.one({ ifPresent: "verify" })).state, "fetched");
    assertEquals(await lab.read(), lab.bytes);
    assertEquals(await lab.folder.files(), [lab.path]);
  }
});

Deno.test("download() with verify compares all bytes if the store provides no MD5", async () => {
  await using lab = await openLab();
  lab.store.add(lab.path, lab.bytes, '"several-3"');
  await putFinal(lab, lab.bytes);
  assertEquals((await lab.one({ ifPresent: "verify" })).state, "skipped");
  for (const wrong of [lab.bytes.toReversed(), lab.bytes.slice(1)]) {
    await putFinal(lab, wrong);
    assertEquals((await lab.one({ ifPresent: "verify" })).state, "fetched");
    assertEquals(await lab.read(), lab.bytes);
  }
});

Deno.test("download() with verify retries, works with stores without ranges, and fetches missing files", async () => {
  await using lab = await openLab();
  lab.store.script.push({ status: 503 }, { ignoreRange: true });
  await putFinal(lab, lab.bytes);
  assertEquals((await lab.one({ ifPresent: "verify" })).state, "skipped");
  await Deno.remove(lab.finalPath);
  assertEquals((await lab.one({ ifPresent: "verify" })).state, "fetched");
});

Deno.test("download() with verify keeps the file when the archive cannot be reached", async () => {
  await using lab = await openLab({ retries: 0 });
  lab.store.usually = { status: 503 };
  await putFinal(lab, lab.bytes);
  assertEquals((await lab.one({ ifPresent: "verify" })).state, "failed");
  assertEquals(await lab.read(), lab.bytes);
});

Deno.test("download() with fetch fetches a file again, and keeps the old one until the new one is complete", async () => {
  await using lab = await openLab({ retries: 0 });
  const old = lab.bytes.toReversed();
  await putFinal(lab, old);
  lab.store.script.push({ cutAfter: 30_000 });
  assertEquals((await lab.one({ ifPresent: "fetch" })).state, "failed");
  assertEquals(await lab.read(), old);
  const { state, bytes } = await lab.one({ ifPresent: "fetch" });
  assertEquals([state, bytes], ["resumed", 70_000]);
  assertEquals(await lab.read(), lab.bytes);
  assertEquals(await lab.folder.files(), [lab.path]);
});

Deno.test("download() with dryRun reports what it would do, and changes nothing", async () => {
  await using lab = await openLab();
  const planned = async () => {
    const outcome = await lab.one({ dryRun: true });
    assert(outcome.state === "planned");
    return [outcome.plan, outcome.size];
  };
  const size = lab.bytes.byteLength;
  assertEquals(await planned(), ["fetch", size]);
  assertEquals([...Deno.readDirSync(lab.folder.path)], []);
  await lab.putPart(lab.bytes.slice(0, 9));
  assertEquals(await planned(), ["resume", size - 9]);
  await putFinal(lab, lab.bytes);
  assertEquals(await planned(), ["skip", undefined]);
  // The size was requested twice, of one byte each.
  assertEquals([lab.store.asked.length, lab.store.requests.length], [2, 2]);
});

Deno.test("download() with dryRun requests at most 100 sizes, and estimates the total", async () => {
  await using lab = await openLab();
  const file = lab.bytes;
  const names = Array.from({ length: 730 }, (_, day) => `imap/mag/l0/2025/05/imap_mag_l0_raw${day}_20250502_v001.pkts`);
  for (const name of names) lab.store.add(name, file);
  const report = await lab.client.download(names, { dryRun: true });
  assert(lab.store.asked.length > 50 && lab.store.asked.length <= 100, `${lab.store.asked.length}`);
  assertEquals(report.summary(), "730 planned; about 73 MB to transfer, estimated from 92 of 730 files");
});

Deno.test("download() with dryRun plans without a server, and does not wait for it again and again", async () => {
  await using lab = await openLab();
  const events: HttpEvent[] = [];
  const client = new ImapClient({ url: await deadUrl(), dataDir: lab.folder.path, log: (event) => events.push(event) });
  const names = Array.from({ length: 50 }, (_, day) => `imap/mag/l0/2025/05/imap_mag_l0_raw${day}_20250502_v001.pkts`);
  const report = await client.download(names, { dryRun: true, concurrency: 1 });
  assertEquals([report.failed.length, report.summary()], [0, "50 planned; sizes unknown"]);
  assertEquals(events.map(({ type }) => type), ["request"]);
});
