// An archive that runs notices files that others add to its folder, replace there, or remove.
import type { FolderChange, WatchTimes } from "../../src/archive/folder_watch.ts";
import { openTestArchive, type TestArchive, until, writeFiles } from "../support/archive.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async";
import { dirname, join } from "@std/path";

const A = "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts";
const B = "imap/mag/l0/2025/06/imap_mag_l0_raw_20250603_v001.pkts";
const C = "imap/hi/l2/2026/01/imap_hi_l2_map_20260101-repoint00012_v001.0002.cdf";

/** With events of the system, and without, as on network disks. */
const WAYS: Readonly<Record<string, WatchTimes>> = {
  "with events": { rescanMs: 600_000, settleMs: 50 },
  "without events": { events: false, rescanMs: 20, settleMs: 50 },
};

/** How long a file has to stay the same, by default. */
const SETTLE_MS = 1_000;

interface Watched extends AsyncDisposable {
  readonly archive: TestArchive;
  readonly root: string;
  readonly changes: readonly FolderChange[];
  /** Waits until the archive lists exactly these files. */
  lists(...paths: string[]): Promise<void>;
}

async function watched(times: WatchTimes, files: Readonly<Record<string, string>>): Promise<Watched> {
  const archive = await openTestArchive({ files, now: () => new Date("2026-03-04T05:06:07Z") });
  const changes: FolderChange[] = [];
  const watch = archive.opened.watch({
    ...times,
    onChange: (change) => changes.push(change),
    onError: (error) => changes.push({ type: "skipped", path: "error", reason: String(error) }),
  });
  watch.start();
  const listed = () => new Set(archive.opened.files.stamps().keys());
  return {
    archive,
    root: archive.folder.path,
    changes,
    lists: async (...paths) => {
      const wanted = new Set(paths);
      const isReached = () => listed().symmetricDifference(wanted).size === 0;
      // Up to half a minute: the disk may be busy.
      for (let times = 0; times < 3 && !isReached(); times++) await until(isReached).catch(() => {});
      assertEquals([...listed().symmetricDifference(wanted)].slice(0, 5), []);
    },
    [Symbol.asyncDispose]: async () => {
      await watch.close();
      await archive[Symbol.asyncDispose]();
    },
  };
}

/** Puts a file in place as downloads do: complete under another name, then renamed. */
async function moveIn(root: string, path: string, text: string): Promise<void> {
  const place = join(root, path);
  await Deno.mkdir(dirname(place), { recursive: true });
  await Deno.writeTextFile(`${place}.part`, text);
  await Deno.rename(`${place}.part`, place);
}

for (const [name, times] of Object.entries(WAYS)) {
  Deno.test(`a running archive lists files that are added to its folder, ${name}`, async () => {
    await using it = await watched(times, { [A]: "a" });
    await moveIn(it.root, B, "b");
    await it.lists(A, B);
    await writeFiles(it.root, { [C]: "c" });
    await it.lists(A, B, C);
    const [row] = it.archive.opened.files.rows("SELECT * FROM files WHERE file_path = ?", [C]);
    assertEquals([row?.ingestion_date, row?.released, row?.size], ["2026-03-04 05:06:07", 0, 1]);
    assertEquals(it.changes, [{ type: "added", path: B }, { type: "added", path: C }]);
  });

  Deno.test(`a running archive lists the first file of an empty folder, ${name}`, async () => {
    await using it = await watched(times, {});
    await moveIn(it.root, A, "a");
    await it.lists(A);
  });

  Deno.test(`a running archive no longer lists files and folders that are removed, ${name}`, async () => {
    await using it = await watched(times, { [A]: "a", [B]: "b", [C]: "c" });
    await Deno.remove(join(it.root, A));
    await it.lists(B, C);
    await Deno.remove(join(it.root, "imap/hi"), { recursive: true });
    await it.lists(B);
    await Deno.rename(join(it.root, "imap"), join(it.root, "elsewhere"));
    await it.lists();
    await Deno.rename(join(it.root, "elsewhere"), join(it.root, "imap"));
    await it.lists(B);
    assertEquals(await (await it.archive.objects(await it.archive.urlFor("download", B))).text(), "b");
  });

  Deno.test(`a running archive serves the new bytes of a file that is replaced, ${name}`, async () => {
    await using it = await watched(times, { [A]: "old", [B]: "b" });
    const url = await it.archive.urlFor("download", A);
    const before = await it.archive.objects(url);
    assertEquals(await before.text(), "old");
    await moveIn(it.root, A, "replaced");
    await until(() => it.changes.length > 0);
    assertEquals(it.changes, [{ type: "changed", path: A }]);
    const after = await it.archive.objects(url);
    assertEquals(await after.text(), "replaced");
    // MD5 of "replaced".
    assertEquals(after.headers.get("etag"), '"91bb248359043fe98416e259c9bdf10d"');
  });

  Deno.test(`a running archive ignores partial, hidden, and foreign files and links, ${name}`, async () => {
    await using it = await watched(times, { [A]: "a" });
    await writeFiles(it.root, {
      [`${B}.part`]: "partial",
      [join(dirname(B), ".imap_mag_l0_raw_20250604_v001.pkts.part")]: "partial",
      "imap/.hidden/imap_mag_l0_raw_20250503_v001.pkts": "hidden",
      "imap/mag/l0/2025/07/imap_mag_l0_raw_20250502_v001.pkts": "in the wrong folder",
      ".imap-archive/imap_mag_l0_raw_20250502_v001.pkts": "state",
    });
    await Deno.symlink(join(it.root, A), join(it.root, dirname(B), "imap_mag_l0_raw_20250605_v001.pkts"));
    await Deno.symlink(it.root, join(it.root, "imap/swe"));
    await until(() => it.changes.length > 0);
    await moveIn(it.root, C, "c");
    await it.lists(A, C);
    const [skipped] = it.changes;
    assertStringIncludes(JSON.stringify(skipped), "its name belongs at imap/mag/l0/2025/05");
  });

  Deno.test(`a running archive counts an upload once, and keeps its row, ${name}`, async () => {
    await using it = await watched(times, {});
    const name = "imap_mag_l0_raw_20250502_v001.pkts";
    assertEquals((await it.archive.put(name, "uploaded")).status, 200);
    const md5 = () => it.archive.opened.files.rows("SELECT md5 FROM files WHERE file_path = ?", [A])[0]?.md5;
    const before = md5();
    await moveIn(it.root, B, "b");
    await it.lists(A, B);
    assertEquals(md5(), before);
    assertEquals(it.changes, [{ type: "added", path: B }]);
  });
}

Deno.test("a file that is written in place is listed when it no longer changes", async () => {
  const path = "imap/mag/l0/2025/05/imap_mag_l0_raw_20250503_v001.pkts";
  for (let attempts = 1;; attempts++) {
    await using it = await watched({}, { [A]: "a" });
    using file = await Deno.open(join(it.root, path), { write: true, createNew: true });
    let [longest, last] = [0, performance.now()];
    for (const end = last + 2_000; last < end && it.changes.length === 0;) {
      await file.write(new Uint8Array(1_000));
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
      await delay(50);
    }
    // On a busy machine, this test may pause between writes for so long that the file seems to be complete.
    if (longest > SETTLE_MS - 100 && attempts < 20) continue;
    assertEquals(it.changes, []);
    await it.lists(A, path);
    const { size } = await file.stat();
    assertEquals((await it.archive.opened.catalog.stamp(path))?.size, size);
    return;
  }
});

Deno.test("a running archive watches a folder that is removed and created again", async () => {
  await using it = await watched({ rescanMs: 600_000, settleMs: 50 }, { [A]: "a", [B]: "b" });
  for (let round = 0; round < 3; round++) {
    await Deno.remove(join(it.root, "imap/mag"), { recursive: true });
    await moveIn(it.root, A, "again");
    await it.lists(A);
    await moveIn(it.root, B, `round ${round}`);
    await it.lists(A, B);
  }
});

Deno.test("a running archive keeps the rows of a disk that is gone, and goes on when it is back", async () => {
  await using it = await watched({ rescanMs: 20, settleMs: 50 }, { [A]: "a", [B]: "b" });
  const away = `${it.root}.away`;
  await Deno.rename(it.root, away);
  await Deno.mkdir(it.root);
  await until(() => it.changes.length > 0);
  assertStringIncludes(JSON.stringify(it.changes), "is a disk missing?");
  await it.lists(A, B);
  await Deno.remove(it.root);
  await Deno.rename(away, it.root);
  await moveIn(it.root, C, "c");
  await it.lists(A, B, C);
  assertEquals(it.changes.filter(({ type }) => type === "removed"), []);
});

Deno.test("a file is listed as soon as it is closed", { ignore: Deno.build.os !== "linux" }, async () => {
  await using it = await watched({ rescanMs: 600_000, settleMs: 600_000 }, { [A]: "a" });
  const path = "imap/mag/l0/2025/05/imap_mag_l0_raw_20250503_v001.pkts";
  // The watch begins shortly after the archive; a file that was there before has to settle.
  await until(async () => {
    await Deno.writeTextFile(join(it.root, path), "written in place");
    return it.changes.length > 0;
  });
  await it.lists(A, path);
});

Deno.test("a running archive finds hundreds of files that are added at once, in new folders", async () => {
  await using it = await watched({ rescanMs: 600_000, settleMs: 50 }, { [A]: "a" });
  const paths: string[] = [];
  for (let year = 2010; year < 2025; year++) {
    for (const month of ["01", "02", "03"]) {
      for (let day = 10; day < 18; day++) {
        const path = `imap/swe/l0/${year}/${month}/imap_swe_l0_raw_${year}${month}${day}_v001.pkts`;
        paths.push(path);
        await moveIn(it.root, path, "x");
      }
    }
  }
  await it.lists(A, ...paths);
  await Deno.remove(join(it.root, "imap/swe"), { recursive: true });
  await it.lists(A);
});
