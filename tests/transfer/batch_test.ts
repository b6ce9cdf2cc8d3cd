import { archivePath, ImapError, InputError, type Outcome, type TransferEvent } from "../../mod.ts";
import { forEachOf } from "../../src/transfer/batch.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { nameOf, openLab } from "./lab.ts";

const NAMES = Array.from({ length: 12 }, (_, number) => nameOf(number));

/** A lab whose store has files of all names. */
async function openFull(options = {}) {
  const lab = await openLab(options);
  for (const name of NAMES) lab.store.add(archivePath(name), lab.bytes);
  return lab;
}

Deno.test("download() of many returns the outcome of each, in the order of the list", async () => {
  await using lab = await openFull();
  const report = await lab.client.download(NAMES);
  assertEquals(report.outcomes.map(({ file }) => file), NAMES.map((name) => archivePath(name)));
  assertEquals(report.paths, NAMES.map((name) => `${lab.folder.path}/${archivePath(name)}`));
  assertEquals([report.failed, report.bytes], [[], 1_200_000]);
  assertEquals(report.summary(), "12 fetched; 1.2 MB");
});

Deno.test("download() of many reports one that fails as an outcome, and retry() fetches only that one", async () => {
  await using lab = await openFull();
  const missing = archivePath(NAMES[5] ?? "");
  lab.store.objects.delete(missing);
  const report = await lab.client.download(NAMES);
  assertEquals(report.failed.map(({ file }) => file), [missing]);
  assert(report.failed[0]?.error instanceof ImapError);
  assertEquals(report.failed[0]?.path, `${lab.folder.path}/${missing}`, "where it would be");
  assertEquals([report.paths.length, report.summary()], [11, "11 fetched, 1 failed; 1.1 MB"]);
  lab.store.add(missing, lab.bytes);
  const before = lab.store.requests.length;
  const again = await report.retry();
  assertEquals([again.failed, again.paths.length, lab.store.requests.length], [[], 12, before + 1]);
  assertEquals(again.outcomes.map(({ file }) => file), report.outcomes.map(({ file }) => file));
});

Deno.test("download() of many fetches a file only once if it is listed twice, under any of its names", async () => {
  await using lab = await openFull();
  const [name = ""] = NAMES;
  const report = await lab.client.download([name, archivePath(name), { file_path: archivePath(name) }, name]);
  assertEquals([report.outcomes.length, lab.store.requests.length], [1, 1]);
});

Deno.test("download() of many opens no more connections than allowed", async () => {
  await using lab = await openFull();
  lab.store.usually = { bytesPerSecond: 500_000 };
  let [most, done] = [0, 0];
  const onProgress = ({ type }: TransferEvent) => {
    if (type === "outcome") done += 1;
    // A file that has been received and is still flushed needs no connection.
    most = Math.max(most, lab.store.requests.filter(({ sent }) => sent < lab.bytes.length).length);
  };
  await lab.client.download(NAMES, { concurrency: 3, onProgress });
  assertEquals(most, 3);
  assertEquals(done, 12);
});

Deno.test("download() of many reports files that cannot be flushed, and completes the others with as many connections as allowed", async () => {
  await using lab = await openFull();
  const other = { headers: { etag: `"${"0".repeat(32)}"` } };
  // Wrong files are fetched again, with a connection that other files may use in the meantime.
  lab.store.script.push(other, {}, other, other);
  lab.store.usually = { bytesPerSecond: 1_000_000 };
  const { sync } = Deno.FsFile.prototype;
  let [flushes, most] = [0, 0];
  Deno.FsFile.prototype.sync = async function () {
    if (++flushes % 5 === 0) throw new Error("No space left on device (os error 28)");
    await sync.call(this);
  };
  const onProgress = () => {
    most = Math.max(most, lab.store.requests.filter(({ sent }) => sent < lab.bytes.length).length);
  };
  try {
    const { outcomes, failed } = await lab.client.download(NAMES, { concurrency: 2, onProgress });
    assertEquals([outcomes.length, most], [12, 2]);
    assertEquals(failed.length, Math.floor(flushes / 5));
    for (const { error } of failed) assertStringIncludes(error?.message ?? "", "No space left on device");
  } finally {
    Deno.FsFile.prototype.sync = sync;
  }
  const report = await lab.client.download(NAMES);
  assertEquals([report.failed.length, (await lab.folder.files()).length], [0, 12]);
});

Deno.test("download() of no files is done at once", async () => {
  await using lab = await openLab();
  const report = await lab.client.download([]);
  assertEquals([report.outcomes, report.summary()], [[], "no files; 0 B"]);
});

Deno.test("download() of many reports all wrong names, and fetches nothing", async () => {
  await using lab = await openFull();
  const wrong = ["a.txt", ...NAMES, "b.txt"];
  const error = await assertRejects(() => lab.client.download(wrong), InputError, "a.txt");
  assertStringIncludes(error.message, "b.txt");
  assertEquals(lab.store.asked.length, 0);
});

Deno.test("download() uses a row's own path, and never leaves the data directory", async () => {
  await using lab = await openLab();
  const rows = ["imap/spice/ck/new_kind.bc", "../out.cdf", "imap/../../out.cdf", "/etc/x"].map((file_path) => {
    lab.store.add(file_path, lab.bytes);
    return { file_path };
  });
  const report = await lab.client.download(rows);
  assertEquals(report.outcomes.map(({ state }) => state), ["fetched", "failed", "failed", "failed"]);
  assertEquals(report.failed.map(({ path }) => path), ["", "", ""]);
  assertEquals(await lab.folder.files(), ["imap/spice/ck/new_kind.bc"]);
});

Deno.test("download() rejects an invalid concurrency", async () => {
  await using lab = await openLab();
  for (const concurrency of [0, -1, 1.5, 257, NaN]) {
    await assertRejects(() => lab.client.download(NAMES, { concurrency }), InputError, "Cannot use the concurrency");
  }
});

Deno.test("onProgress is called for everything that happens, and the figures add up", async () => {
  await using lab = await openFull();
  lab.store.usually = { bytesPerSecond: 200_000 };
  lab.store.script.push({ cutAfter: 30_000 }, { status: 404 });
  await lab.putPart(lab.bytes.slice(0, 40_000));
  const events: TransferEvent[] = [];
  const report = await lab.client.download(NAMES, { onProgress: (event) => events.push(event) });
  assertEquals(events[0], { type: "begin", files: 12 });
  assertEquals(events.at(-1), { type: "end" });
  for (const outcome of report.outcomes) {
    const own = events.filter((event) =>
      event.type === "outcome" ? event.outcome.file === outcome.file : "file" in event && event.file === outcome.file
    );
    assertEquals(own[0], { type: "file", file: outcome.file });
    assertEquals(own.at(-1), { type: "outcome", outcome });
    if (outcome.state === "failed") continue;
    const bytes = own.flatMap((event) => event.type === "bytes" ? [event.bytes] : []);
    assertEquals(bytes, bytes.toSorted((a, b) => a - b), "bytes that are there stay there");
    assertEquals([bytes.at(0), bytes.at(-1)], [100_000 - outcome.bytes, 100_000]);
  }
});

Deno.test("an onProgress that throws ends the call with its error, and does no other harm", async () => {
  await using lab = await openLab({ retries: 0 });
  lab.store.usually = { bytesPerSecond: 200_000 };
  const onProgress = (event: TransferEvent) => {
    if (event.type === "bytes") throw new Error("a defect of the caller's");
  };
  const upload = `${lab.folder.path}/imap_swe_l0_sci_20250101_v001.pkts`;
  await Deno.writeFile(upload, lab.bytes);
  const calls = [
    () => lab.client.download([lab.name], { onProgress }),
    () => lab.client.upload([upload], { onProgress }),
  ];
  for (const call of calls) await assertRejects(call, Error, "a defect of the caller's");
});

Deno.test("forEachOf() detects an abort between files that involve no waiting", async () => {
  const stop = new AbortController();
  const items = Array.from({ length: 200 }, (_, number) => `${number}`);
  let done = 0;
  const work = (file: string): Promise<Outcome> => {
    const until = performance.now() + 2;
    while (performance.now() < until);
    done += 1;
    return Promise.resolve({ state: "skipped", file, path: file, bytes: 0 });
  };
  setTimeout(() => stop.abort(new Error("enough")));
  const settings = { concurrency: 4, signal: stop.signal, onProgress: () => {}, fileOf: String, pathOf: String };
  await assertRejects(() => forEachOf(items, settings, work), Error, "enough");
  assert(done < 100, `${done} files were processed after the abort`);
});
