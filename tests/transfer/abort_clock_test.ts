// A signal ends a transfer within a second; what was received stays, and the next call resumes.
import { archivePath } from "../../mod.ts";
import { md5OfFile } from "../../src/transfer/objects.ts";
import { until } from "../support/archive.ts";
import { assertTakesLess, wallTimeOf } from "../support/time.ts";
import { nameOf, openLab } from "./lab.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";

Deno.test("an abort stops a download within a second and keeps the partial file; the next call resumes", async () => {
  await assertTakesLess(1_500, async () => {
    await using lab = await openLab();
    lab.store.usually = { stallAfter: 30_000 };
    const abort = new AbortController();
    const onProgress = (event: { type: string; bytes?: number }) => {
      if (event.bytes === 30_000) abort.abort(new Error("enough"));
    };
    const waited = await wallTimeOf(() =>
      assertRejects(() => lab.one({ signal: abort.signal, onProgress }), Error, "enough")
    );
    assertEquals((await Deno.stat(lab.partPath)).size, 30_000);
    lab.store.usually = {};
    const { state, bytes } = await lab.one();
    assertEquals([state, bytes, lab.ranges().at(-1)], ["resumed", 70_000, "bytes=30000-"]);
    assertEquals(await lab.read(), lab.bytes);
    return waited;
  });
});

/** Runs something on a disk that flushes no file before it is told to, or for 20 seconds. */
async function onSlowDisk(work: (disk: { flushed: number; onFlush: () => void }) => Promise<void>): Promise<void> {
  const { sync } = Deno.FsFile.prototype;
  const released = Promise.withResolvers<void>();
  const disk = { flushed: 0, onFlush: () => {} };
  Deno.FsFile.prototype.sync = () => {
    disk.flushed += 1;
    disk.onFlush();
    return released.promise;
  };
  const timer = setTimeout(released.resolve, 20_000);
  try {
    await work(disk);
  } finally {
    clearTimeout(timer);
    Deno.FsFile.prototype.sync = sync;
    released.resolve();
  }
}

for (const when of ["as the flush begins", "while it lasts"]) {
  Deno.test(`an abort does not wait for a slow disk, ${when}`, async () => {
    await assertTakesLess(1_000, async () => {
      let waited = Infinity;
      await using lab = await openLab();
      const abort = new AbortController();
      await onSlowDisk(async (disk) => {
        const end = () => abort.abort(new Error("enough"));
        disk.onFlush = when === "while it lasts" ? () => setTimeout(end, 20) : end;
        waited = await wallTimeOf(() => assertRejects(() => lab.one({ signal: abort.signal }), Error, "enough"));
      });
      await lab.one();
      assertEquals(await lab.read(), lab.bytes);
      return waited;
    });
  });
}

Deno.test("an abort does not wait for the many files that a slow disk flushes, and the next call fetches them", async () => {
  await assertTakesLess(1_000, async () => {
    let waited = Infinity;
    await using lab = await openLab();
    const names = Array.from({ length: 60 }, (_, number) => nameOf(number));
    for (const name of names) lab.store.add(archivePath(name), lab.bytes);
    const abort = new AbortController();
    await onSlowDisk(async (disk) => {
      const running = assertRejects(
        () => lab.client.download(names, { concurrency: 2, signal: abort.signal }),
        DOMException,
      );
      // Two connections, and at most 48 files that have been received: the others wait.
      await until(() => disk.flushed === 50);
      waited = await wallTimeOf(() => (abort.abort(), running));
      assertEquals([disk.flushed, lab.store.requests.length], [50, 50]);
      assertEquals(await lab.folder.files(), []);
    });
    const report = await lab.client.download(names);
    assertEquals(report.summary(), "60 fetched; 6 MB");
    assertEquals((await lab.folder.files()).length, 60);
    return waited;
  });
});

Deno.test("an abort stops segments and keeps what was received of each", async () => {
  await using lab = await openLab();
  const holes = Array.from({ length: 5 }, (_, number) => ({ first: 20_000 * number, last: 20_000 * number + 9_999 }));
  await lab.putSplitPart(holes);
  lab.store.usually = { stallAfter: 4_000 };
  const abort = new AbortController();
  const onProgress = (event: { type: string; bytes?: number }) => {
    if (event.bytes === 70_000) abort.abort(new Error("enough"));
  };
  await assertRejects(() => lab.one({ signal: abort.signal, onProgress }), Error, "enough");
  lab.store.usually = {};
  assertEquals((await lab.one()).bytes, 30_000);
  assertEquals(await lab.read(), lab.bytes);
});

Deno.test("an abort stops a whole batch, and nothing is written after the call has ended", async () => {
  await assertTakesLess(1_000, async () => {
    await using lab = await openLab();
    const names = Array.from({ length: 30 }, (_, number) => nameOf(number));
    for (const name of names) lab.store.add(archivePath(name), lab.bytes);
    lab.store.usually = { bytesPerSecond: 20_000 };
    const abort = new AbortController();
    const running = assertRejects(() => lab.client.download(names, { signal: abort.signal }), DOMException);
    await lab.store.cameIn(8);
    const waited = await wallTimeOf(() => (abort.abort(), running));
    const files = await lab.folder.files();
    assertEquals(lab.store.requests.length, 8);
    assert(files.every((path) => path.includes("/.")), "no final file");
    return waited;
  });
});

Deno.test("an abort ends the wait before a retry", async () => {
  await assertTakesLess(1_000, async () => {
    await using lab = await openLab();
    lab.store.apiScript.push(new Response(null, { status: 503, headers: { "retry-after": "100" } }));
    const abort = new AbortController();
    const running = assertRejects(() => lab.one({ signal: abort.signal }), DOMException);
    await until(() => lab.log.some(({ type }) => type === "retry"));
    const waited = await wallTimeOf(() => (abort.abort(), running));
    assertEquals(await lab.folder.files(), []);
    return waited;
  });
});

Deno.test("an abort ends the wait for another download of the same file", async () => {
  await assertTakesLess(1_000, async () => {
    await using lab = await openLab();
    lab.store.usually = { stallAfter: 30_000 };
    const [first, second] = [new AbortController(), new AbortController()];
    const holding = assertRejects(() => lab.one({ signal: first.signal }), DOMException);
    await lab.store.cameIn(1);
    const waiting = assertRejects(() => lab.one({ signal: second.signal }), DOMException);
    const waited = await wallTimeOf(() => (second.abort(), waiting));
    first.abort();
    await holding;
    assertEquals(lab.store.requests.length, 1);
    return waited;
  });
});

Deno.test("nothing begins if the signal is already aborted", async () => {
  await using lab = await openLab();
  await assertRejects(() => lab.one({ signal: AbortSignal.abort() }), DOMException);
  assertEquals([lab.store.asked.length, await lab.folder.files()], [0, []]);
});

Deno.test("two downloads of the same file at once request it once and end with one complete file", async () => {
  await using lab = await openLab();
  lab.store.usually = { bytesPerSecond: 300_000 };
  const outcomes = await Promise.all([lab.one(), lab.one(), lab.one()]);
  assertEquals(outcomes.map(({ state }) => state).toSorted(), ["fetched", "skipped", "skipped"]);
  assertEquals(lab.store.requests.length, 1);
  assertEquals(await lab.read(), lab.bytes);
  assertEquals(await lab.folder.files(), [lab.path]);
});

Deno.test("an abort cancels the checksum of a large file", async () => {
  await assertTakesLess(1_000, async () => {
    await using lab = await openLab();
    const path = `${lab.folder.path}/large`;
    await Deno.writeFile(path, new Uint8Array());
    // A sparse file: none of its bytes are on the disk.
    await Deno.truncate(path, 8 * 1024 ** 3);
    const waited = await wallTimeOf(() =>
      assertRejects(() => md5OfFile(path, { signal: AbortSignal.timeout(20) }), DOMException)
    );
    return waited;
  });
});

Deno.test("an abort ends an upload within a second", async () => {
  await assertTakesLess(1_000, async () => {
    await using lab = await openLab();
    lab.store.objects.clear();
    const files = [0, 1, 2].map((number) => `${lab.folder.path}/${nameOf(number)}`);
    for (const file of files) await Deno.writeFile(file, lab.bytes);
    lab.store.usually = { stallAfter: 0 };
    const abort = new AbortController();
    const running = lab.client.upload(files, { signal: abort.signal }).catch((error: unknown) => error);
    await lab.store.cameIn(3);
    const waited = await wallTimeOf(() => (abort.abort(new Error("enough")), running));
    assertEquals(String(await running), "Error: enough");
    return waited;
  });
});
