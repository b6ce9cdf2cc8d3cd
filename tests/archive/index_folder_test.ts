import { openArchive } from "../../src/archive/start_archive.ts";
import { openTestArchive, writeFiles } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";

const A = "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts";
const B = "imap/hi/l2/2026/01/imap_hi_l2_map_20260101-repoint00012_v001.0002.cdf";

Deno.test("Opening an archive indexes the files in its folder", async () => {
  await using folder = await testFolder();
  await writeFiles(folder.path, { [A]: "a", [B]: "b" });
  await Deno.utime(join(folder.path, A), 0, new Date("2026-01-02T03:04:05Z"));
  await using archive = await openTestArchive({ root: folder.path });
  assertEquals(archive.opened.indexed, { files: 2, skipped: [] });
  const rows = archive.opened.files.rows("SELECT file_path, ingestion_date FROM files ORDER BY file_path");
  assertEquals(rows.map((row) => row.file_path), [B, A]);
  assertEquals(rows[1]?.ingestion_date, "2026-01-02 03:04:05");
});

Deno.test("Opening an archive without a folder creates it", async () => {
  await using folder = await testFolder();
  await using archive = await openTestArchive({ root: join(folder.path, "new/archive") });
  assertEquals(archive.opened.indexed, { files: 0, skipped: [] });
});

Deno.test("Opening an archive skips what is not in its place, and says why", async () => {
  await using folder = await testFolder();
  await writeFiles(folder.path, {
    [A]: "a",
    "imap/mag/l0/2025/06/imap_mag_l0_raw_20250502_v001.pkts": "misplaced",
    "imap/mag/l0/2025/05/imap_mag_l9_raw_20250502_v001.pkts": "wrong level",
    "imap/notes.txt": "unknown",
    "imap/mag/l0/2025/05/.hidden": "",
    "imap/.hidden/imap_mag_l0_raw_20250503_v001.pkts": "",
    "imap/mag/l0/2025/05/imap_mag_l0_raw_20250504_v001.pkts.part": "",
    "beside/imap_mag_l0_raw_20250505_v001.pkts": "not below imap/",
  });
  await Deno.symlink(join(folder.path, A), join(folder.path, "imap/mag/l0/2025/05/imap_mag_l0_raw_20250506_v001.pkts"));
  await Deno.symlink(folder.path, join(folder.path, "imap/swe"));
  await using archive = await openTestArchive({ root: folder.path });
  const { files, skipped } = archive.opened.indexed;
  assertEquals(files, 1);
  const reasons: Record<string, RegExp> = {
    "imap/mag/l0/2025/05/imap_mag_l0_raw_20250506_v001.pkts": /symbolic link/,
    "imap/mag/l0/2025/05/imap_mag_l9_raw_20250502_v001.pkts": /not a name the archive knows: wrong data level/,
    "imap/mag/l0/2025/06/imap_mag_l0_raw_20250502_v001.pkts": /belongs at imap\/mag\/l0\/2025\/05\//,
    "imap/notes.txt": /not a name the archive knows/,
    "imap/swe": /symbolic link/,
  };
  assertEquals(skipped.map(({ path }) => path), Object.keys(reasons));
  for (const { path, reason } of skipped) assertMatch(reason, reasons[path] ?? /never/);
});

Deno.test("Opening an archive again drops missing files, updates changed files, and keeps the rest", async () => {
  await using folder = await testFolder();
  const opened = async (files: Record<string, string>, now: string) => {
    await writeFiles(folder.path, files);
    return await openTestArchive({ root: folder.path, now: () => new Date(now) });
  };
  const C = "imap_swe_l0_sci_20240105_v001.pkts";
  {
    await using archive = await opened({ [A]: "a", [B]: "b" }, "2026-03-01T00:00:00Z");
    await archive.put(C, "c");
    assertEquals(await (await archive.objects(await archive.urlFor("download", A))).text(), "a");
  }
  await Deno.remove(join(folder.path, B));
  {
    await using archive = await opened({ [A]: "changed" }, "2026-04-01T00:00:00Z");
    const rows = archive.opened.files.rows("SELECT instrument, ingestion_date FROM files ORDER BY file_path");
    assertEquals(rows.map((row) => row.instrument), ["mag", "swe"]);
    assertEquals(rows[1]?.ingestion_date, "2026-03-01 00:00:00");
    const response = await archive.objects(await archive.urlFor("download", A));
    assertEquals(await response.text(), "changed");
  }
});

Deno.test("Opening an archive removes unfinished uploads", async () => {
  await using folder = await testFolder();
  await writeFiles(folder.path, { ".imap-archive/incoming/1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed": "ha", [A]: "a" });
  await using archive = await openTestArchive({ root: folder.path });
  assertEquals(await folder.files(), [
    ".imap-archive/catalogue.sqlite",
    ".imap-archive/catalogue.sqlite-shm",
    ".imap-archive/catalogue.sqlite-wal",
    ".imap-archive/lock",
    A,
  ]);
  assertEquals((await archive.rows("instrument=mag")).length, 1);
});

Deno.test("Opening an archive replaces a damaged catalog", async () => {
  await using folder = await testFolder();
  await writeFiles(folder.path, { ".imap-archive/catalogue.sqlite": "no database ".repeat(1000), [A]: "a" });
  await using archive = await openTestArchive({ root: folder.path });
  assertEquals((await archive.rows("instrument=mag")).length, 1);
});

Deno.test("Opening an archive is quick when nothing has changed", async () => {
  await using folder = await testFolder();
  await writeFiles(folder.path, { [A]: "a" });
  (await openArchive({ root: folder.path })).close();
  const before = await Deno.stat(join(folder.path, ".imap-archive/catalogue.sqlite"));
  const archive = await openArchive({ root: folder.path });
  assertEquals(archive.indexed.files, 1);
  archive.close();
  assertEquals((await Deno.stat(join(folder.path, ".imap-archive/catalogue.sqlite"))).mtime, before.mtime);
});
