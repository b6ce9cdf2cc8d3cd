// Two downloads of one file at the same time, on disks with locks; no_locks_test.ts is about the others.
import { openLab } from "./lab.ts";
import { assertEquals } from "@std/assert";

Deno.test("two downloads of one file at once, both with ifPresent fetch, never leave a final file that is incomplete", async () => {
  await using lab = await openLab();
  // The first download renames the file for whose lock the second one waits.
  lab.store.usually = { bytesPerSecond: 400_000 };
  let isOver = false;
  const incomplete = new Set<number>();
  const watch = async () => {
    while (!isOver) {
      const info = await Deno.stat(lab.finalPath).catch(() => undefined);
      if (info !== undefined && info.size !== lab.bytes.length) incomplete.add(info.size);
    }
  };
  const watching = watch();
  const outcomes = await Promise.all([lab.one({ ifPresent: "fetch" }), lab.one({ ifPresent: "fetch" })])
    .finally(() => isOver = true);
  await watching;
  assertEquals(outcomes.map(({ state }) => state), ["fetched", "fetched"]);
  assertEquals([...incomplete], []);
  assertEquals(await lab.read(), lab.bytes);
  assertEquals(await lab.folder.files(), [lab.path]);
});
