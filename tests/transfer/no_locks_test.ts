// Disks without locks, as on some clusters.
import { createPartialFile, type PartialFile } from "../../src/transfer/partial_file.ts";
import { type PartialWait, takeOver } from "../../src/transfer/takeover.ts";
import { testFolder } from "../support/folder.ts";
import { openLab } from "./lab.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";

/** Makes every lock fail, as on such a disk, during a call. */
async function withoutLocks<T>(call: () => Promise<T>): Promise<T> {
  const { tryLockSync } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.tryLockSync = () => {
    throw new Error("Function not implemented (os error 38)");
  };
  try {
    return await call();
  } finally {
    Deno.FsFile.prototype.tryLockSync = tryLockSync;
  }
}

Deno.test("download() works on a disk without locks, resumes within a call, and leaves nothing else behind", async () => {
  await using lab = await openLab();
  lab.store.script.push({ cutAfter: 30_000 });
  const { state } = await withoutLocks(() => lab.one());
  assertEquals([state, lab.ranges()], ["fetched", ["", "bytes=30000-"]]);
  assertEquals(await lab.read(), lab.bytes);
  assertEquals(await lab.folder.files(), [lab.path]);
});

Deno.test("download() that fails on a disk without locks keeps its partial file, and the next call resumes", async () => {
  await using lab = await openLab({ retries: 0 });
  lab.store.script.push({ cutAfter: 30_000 });
  assertEquals((await withoutLocks(() => lab.one())).state, "failed");
  const { state, bytes } = await withoutLocks(() => lab.one());
  assertEquals([state, bytes], ["resumed", 70_000]);
  assertEquals(await lab.read(), lab.bytes);
  assertEquals(await lab.folder.files(), [lab.path]);
});

Deno.test("two downloads of the same file on a disk without locks request it once", async () => {
  await using lab = await openLab();
  const states = await withoutLocks(() => Promise.all([lab.one(), lab.one()]));
  assertEquals(states.map(({ state }) => state).toSorted(), ["fetched", "skipped"]);
  assertEquals(lab.store.requests.length, 1);
  assertEquals(await lab.folder.files(), [lab.path]);
});

const RECORD = { archivePath: "imap/file", size: 11, etag: '"tag-2"', md5: null, missing: null };

/** Creates a partial file, or takes it over. */
async function open(path: string, wait: PartialWait): Promise<PartialFile> {
  return await withoutLocks(async () => await createPartialFile(path) ?? await takeOver(path, wait));
}

Deno.test("on a disk without locks, a partial file is waited for as long as its process is alive", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "file");
  const abort = new AbortController();
  const wait = { signal: abort.signal, onWait: () => {}, staleMs: 600 };
  using _ = await open(path, wait);
  let beats = 0;
  const heart = setInterval(() => {
    Deno.writeTextFileSync(join(folder.path, ".file.part.json"), `${"somebody ".repeat(beats++)}`);
    if (beats === 60) abort.abort(new Error("waited long enough"));
  }, 20);
  try {
    await assertRejects(() => open(path, wait), Error, "waited long enough");
  } finally {
    clearInterval(heart);
  }
});

Deno.test("on a disk without locks, a partial file is taken over from a process that has ended, which can no longer write to it", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "file");
  const wait = { signal: undefined, onWait: () => {}, staleMs: 100 };
  using asleep = await open(path, wait);
  asleep.file.writeSync(new TextEncoder().encode("came before"));
  await asleep.note(RECORD);
  using awake = await open(path, wait);
  assertEquals(awake.kept, 11);
  asleep.file.writeSync(new TextEncoder().encode(", comes too late"));
  assertEquals(await Deno.readTextFile(awake.path), "came before");
  await awake.rename(path);
  assertEquals(await Deno.readTextFile(path), "came before");
  // It completes what it has: it cannot rename the file of the other process.
  await asleep.rename(path);
  assertEquals(await Deno.readTextFile(path), "came before, comes too late");
  assertEquals(await folder.files(), ["file"]);
});

Deno.test("on a disk without hard links, a download is fetched once, and resumed by the next run", async () => {
  const { linkSync } = Deno;
  Deno.linkSync = () => {
    throw new Error("Operation not permitted (os error 1)");
  };
  try {
    await using lab = await openLab({ retries: 0 });
    lab.store.script.push({ cutAfter: 30_000 });
    assertEquals((await lab.one()).state, "failed");
    const states = await Promise.all([lab.one(), lab.one()]);
    assertEquals(states.map(({ state }) => state).toSorted(), ["resumed", "skipped"]);
    assertEquals(lab.ranges(), ["", "bytes=30000-"]);
    assertEquals(await lab.read(), lab.bytes);
    assertEquals(await lab.folder.files(), [lab.path]);
  } finally {
    Deno.linkSync = linkSync;
  }
});
