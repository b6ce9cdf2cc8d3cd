import { join } from "@std/path";
import { openTestArchive, writeFiles } from "../support/archive.ts";
import { assertEquals, assertMatch } from "@std/assert";
import { testFolder } from "../support/folder.ts";

const NAME = "imap_mag_l0_raw_20250502_v001.pkts";
const PATH = `imap/mag/l0/2025/05/${NAME}`;
const OTHER = "imap_swe_l0_sci_20240105_v001.pkts";

Deno.test("importFolder() copies files by their names and does not change the folder", async () => {
  await using source = await testFolder();
  await writeFiles(source.path, { [NAME]: "bytes", [`a/b/${OTHER}`]: "more" });
  await Deno.utime(join(source.path, NAME), 0, new Date("2020-01-01T00:00:00Z"));
  const now = () => new Date("2026-01-02T03:04:05Z");
  await using archive = await openTestArchive({ importFrom: source.path, now });
  assertEquals(archive.opened.imported, { copied: 2, present: 0, conflicts: [], skipped: [] });
  assertEquals(archive.opened.indexed.files, 2);
  assertEquals(await archive.files(), [PATH, `imap/swe/l0/2024/01/${OTHER}`]);
  const rows = archive.opened.files.rows("SELECT ingestion_date FROM files");
  assertEquals(rows.map((row) => row.ingestion_date), ["2026-01-02 03:04:05", "2026-01-02 03:04:05"]);
  assertEquals(await (await archive.objects(await archive.urlFor("download", PATH))).text(), "bytes");
  assertEquals(await source.files(), [`a/b/${OTHER}`, NAME]);
  assertEquals((await Deno.stat(join(source.path, NAME))).mtime, new Date("2020-01-01T00:00:00Z"));
});

Deno.test("importFolder() skips files that the archive has, and reports different bytes under a name as a conflict", async () => {
  await using source = await testFolder();
  await writeFiles(source.path, {
    [`a/${NAME}`]: "bytes",
    [`b/${NAME}`]: "BYTES",
    [`c/${NAME}`]: "longer bytes",
    [`d/${OTHER}`]: "first",
    [`e/${OTHER}`]: "first",
    [`f/${OTHER}`]: "other",
  });
  await using archive = await openTestArchive({ importFrom: source.path, files: { [PATH]: "bytes" } });
  const { copied, present, conflicts } = archive.opened.imported ?? {};
  assertEquals([copied, present], [1, 2]);
  assertEquals(conflicts, [`b/${NAME}`, `c/${NAME}`, `f/${OTHER}`]);
  assertEquals(await Deno.readTextFile(join(archive.folder.path, PATH)), "bytes");
});

Deno.test("importFolder() skips unknown names and symbolic links, and ignores hidden and partial files", async () => {
  await using source = await testFolder();
  await writeFiles(source.path, {
    "README.md": "",
    "imap_mag_l9_raw_20250502_v001.pkts": "",
    [`.hidden/${NAME}`]: "",
    [`${NAME}.part`]: "",
    "real/file": "",
  });
  await Deno.symlink(join(source.path, "real/file"), join(source.path, OTHER));
  await using archive = await openTestArchive({ importFrom: source.path });
  const { copied, skipped = [] } = archive.opened.imported ?? {};
  assertEquals(copied, 0);
  assertEquals(skipped.map(({ path }) => path), [
    "README.md",
    "imap_mag_l9_raw_20250502_v001.pkts",
    OTHER,
    "real/file",
  ]);
  assertMatch(skipped[1]?.reason ?? "", /wrong data level/);
  assertMatch(skipped[2]?.reason ?? "", /symbolic link/);
});

Deno.test("importFolder() can import the archive's own folder", async () => {
  await using folder = await testFolder();
  await writeFiles(folder.path, { [PATH]: "bytes", [OTHER]: "beside" });
  await using archive = await openTestArchive({ root: folder.path, importFrom: folder.path });
  const { copied, present } = archive.opened.imported ?? {};
  assertEquals([copied, (present ?? 0) > 0], [1, true]);
  assertEquals((await archive.rows("table=science")).length, 2);
});

Deno.test("importFolder() copies files of every kind to their places", async () => {
  await using source = await testFolder();
  const places: Record<string, string> = {
    "imap_mag_offsets_20250101_20250201_v001.csv": "imap/ancillary/mag",
    "imap_swe_l1a_sci_20240105_v001.json": "imap/dependency/swe/l1a/2024/01",
    [NAME]: "imap/mag/l0/2025/05",
    "imap_swe_l1a_sci_20240105_v001.png": "imap/quicklook/swe/l1a/2024/01",
    "imap_hit_data-release-001_20260101_20260131_v001.txt": "imap/release/hit",
    "imap_2026_010_2026_011_01.ah.bc": "imap/spice/ck",
  };
  await writeFiles(source.path, Object.fromEntries(Object.keys(places).map((name) => [name, name])));
  await using archive = await openTestArchive({ importFrom: source.path });
  const kinds = Object.keys(places).length;
  assertEquals(archive.opened.imported, { copied: kinds, present: 0, conflicts: [], skipped: [] });
  assertEquals(await archive.files(), Object.entries(places).map(([name, place]) => `${place}/${name}`));
});
