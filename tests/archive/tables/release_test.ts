// Which files are released: those that were there first, and those that a release selects.
import { basename } from "@std/path";
import { assertEquals } from "@std/assert";
import type { ReleaseSelection } from "../../../src/archive/catalog.ts";
import { archivePath } from "../../../mod.ts";
import { openTestArchive, type TestArchive, writeFiles } from "../../support/archive.ts";
import { testFolder } from "../../support/folder.ts";

async function released(archive: TestArchive): Promise<string[]> {
  const rows = await archive.opened.catalog.rows("SELECT file_path FROM files WHERE released = 1 ORDER BY file_path");
  return rows.map(({ file_path }) => basename(String(file_path)));
}

const filesOf = (names: readonly string[]) => Object.fromEntries(names.map((name) => [archivePath(name), name]));

const SCIENCE = "imap_mag_l1a_norm-mago_20260101_v001.0001.cdf";
const QUICKLOOK = "imap_mag_l1a_norm-mago_20260101_v001.0001.png";
const ANCILLARY = "imap_mag_offsets_20260101_v001.csv";
const KERNEL = "naif0012.tls";

Deno.test("Opening an archive for the first time releases what is there, later only what the SDC releases at once", async () => {
  await using folder = await testFolder();
  await writeFiles(folder.path, filesOf([SCIENCE, QUICKLOOK]));
  {
    await using archive = await openTestArchive({ root: folder.path });
    assertEquals(await released(archive), [SCIENCE, QUICKLOOK]);
    for (const name of ["imap_mag_l1a_norm-mago_20260102_v001.0001.cdf", ANCILLARY, KERNEL]) {
      await archive.put(name, name);
    }
    assertEquals(await released(archive), [ANCILLARY, SCIENCE, QUICKLOOK, KERNEL]);
  }
  await writeFiles(folder.path, filesOf(["imap_mag_l1a_norm-mago_20260103_v001.0001.cdf", "naif0013.tls"]));
  // New bytes, which the catalog must read again.
  await writeFiles(folder.path, { [archivePath(SCIENCE)]: "other bytes" });
  await using archive = await openTestArchive({ root: folder.path });
  assertEquals(await released(archive), [ANCILLARY, SCIENCE, QUICKLOOK, KERNEL, "naif0013.tls"]);
  assertEquals(await archive.opened.catalog.isPublic(archivePath(SCIENCE)), true);
  assertEquals(
    await archive.opened.catalog.isPublic("imap/mag/l1a/2026/01/imap_mag_l1a_norm-mago_20260103_v001.0001.cdf"),
    false,
  );
  assertEquals(await archive.opened.catalog.isPublic("imap/no/such/file"), false);
});

Deno.test("Opening an archive with unreleased releases nothing of what is there or is imported", async () => {
  await using source = await testFolder();
  await writeFiles(source.path, { "imap_mag_l1a_norm-mago_20260105_v001.0001.cdf": "x" });
  const files = filesOf([SCIENCE, ANCILLARY]);
  await using archive = await openTestArchive({ files, importFrom: source.path, unreleased: true });
  assertEquals(await released(archive), []);
  await using other = await openTestArchive({ files, importFrom: source.path });
  assertEquals((await released(other)).length, 3);
});

Deno.test("Opening an archive again over a damaged catalog releases no science files: which had been is lost", async () => {
  await using folder = await testFolder();
  await writeFiles(folder.path, filesOf([SCIENCE, ANCILLARY]));
  {
    await using archive = await openTestArchive({ root: folder.path });
    assertEquals(await released(archive), [ANCILLARY, SCIENCE]);
  }
  await Deno.writeTextFile(`${folder.path}/.imap-archive/catalogue.sqlite`, "no database ".repeat(1000));
  await using archive = await openTestArchive({ root: folder.path });
  assertEquals(await released(archive), [ANCILLARY]);
});

const SELECTION: ReleaseSelection = {
  instrument: "mag",
  dataType: "all",
  descriptor: "all",
  start: "20260110",
  end: "20260120",
};

/** Opens an archive with files of which none is released, and releases selections of them. */
async function releasedOf(names: readonly string[], ...selections: readonly Partial<ReleaseSelection>[]) {
  await using archive = await openTestArchive({ files: filesOf(names), unreleased: true });
  await archive.opened.catalog.release(selections.map((selection) => ({ ...SELECTION, ...selection })));
  return await released(archive);
}

Deno.test("release() releases the newest version of each science file that starts within the days", async () => {
  const of = (day: string, version: string) => `imap_mag_l1a_norm-mago_${day}_${version}.cdf`;
  const names = [
    of("20260109", "v001.0001"),
    of("20260110", "v001.0001"),
    of("20260110", "v001.0009"),
    of("20260110", "v002.0001"),
    of("20260115", "v001.0002"),
    of("20260115", "v001"),
    of("20260120", "v001.0001"),
    of("20260121", "v001.0001"),
    "imap_mag_l2_norm_20260115_v001.0001.cdf",
    "imap_hit_l1a_count_20260115_v001.0001.cdf",
    "imap_mag_l1a_norm-mago_20260115_v001.0001.png",
  ];
  const l1a = [of("20260110", "v002.0001"), of("20260115", "v001.0002"), of("20260120", "v001.0001")];
  assertEquals(await releasedOf(names, {}), [...l1a, "imap_mag_l2_norm_20260115_v001.0001.cdf"]);
  assertEquals(await releasedOf(names, { dataType: "l1a" }), l1a);
  assertEquals(await releasedOf(names, { dataType: "l1a", descriptor: "norm-mago" }), l1a);
  assertEquals(await releasedOf(names, { descriptor: "norm" }), ["imap_mag_l2_norm_20260115_v001.0001.cdf"]);
  assertEquals(await releasedOf(names, { dataType: "l1a", descriptor: "norm" }), []);
  assertEquals(await releasedOf(names, { dataType: "ancillary" }), []);
  assertEquals(await releasedOf(names), []);
  assertEquals(await releasedOf(names, { instrument: "hit" }, { dataType: "l2" }), [
    "imap_hit_l1a_count_20260115_v001.0001.cdf",
    "imap_mag_l2_norm_20260115_v001.0001.cdf",
  ]);
});

Deno.test("release() releases the newest version of ancillary files that are valid on one of the days", async () => {
  const of = (days: string, version: string) => `imap_mag_offsets_${days}_${version}.csv`;
  const names = [
    // With an end date: valid until then.
    of("20260101_20260109", "v001"),
    of("20260107_20260108", "v001"),
    of("20260101_20260110", "v001"),
    of("20260120_20260131", "v001"),
    of("20260120_20260131", "v002"),
    of("20260121_20260131", "v001"),
    // Without one: valid until the next one without one starts.
    of("20260101", "v001"),
    of("20260105", "v001"),
    of("20260105", "v002"),
    of("20260118", "v001"),
    of("20260121", "v001"),
    "imap_mag_other_20250101_v001.csv",
    "imap_hit_offsets_20260115_v001.csv",
  ];
  const offsets = [
    of("20260101_20260110", "v001"),
    of("20260105", "v002"),
    of("20260118", "v001"),
    of("20260120_20260131", "v002"),
  ];
  assertEquals(await releasedOf(names, { dataType: "ancillary", descriptor: "offsets" }), offsets);
  assertEquals(await releasedOf(names, {}), [...offsets, "imap_mag_other_20250101_v001.csv"]);
  assertEquals(await releasedOf(names, { dataType: "l1a" }), []);
});
