// Disks that know no locks, as some of a cluster: downloads work all the same, but a broken one starts anew.
import { assertEquals } from "@std/assert";
import { openLab } from "./lab.ts";

/** Makes every lock fail as such a disk does, for the time of a call. */
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

Deno.test("download() works on a disk without locks, goes on within a call, and leaves nothing else behind", async () => {
  await using lab = await openLab();
  lab.store.script.push({ cutAfter: 30_000 });
  const { state } = await withoutLocks(() => lab.one());
  assertEquals([state, lab.ranges()], ["fetched", ["", "bytes=30000-"]]);
  assertEquals(await lab.read(), lab.bytes);
  assertEquals(await lab.folder.files(), [lab.path]);
});

Deno.test("download() that fails on a disk without locks leaves no part that nobody would use", async () => {
  await using lab = await openLab({ retries: 0 });
  lab.store.script.push({ cutAfter: 30_000 });
  const { state } = await withoutLocks(() => lab.one());
  assertEquals(state, "failed");
  assertEquals(await lab.folder.files(), []);
});
