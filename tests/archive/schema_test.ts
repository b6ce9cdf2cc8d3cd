import { DatabaseSync } from "node:sqlite";
import { assertEquals } from "@std/assert";
import { openTestArchive, writeFiles } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";

/** The table of the catalog in version 0.1.0 of this package. */
const VERSION_1 = `
  CREATE TABLE files (
    file_path TEXT PRIMARY KEY, table_name TEXT NOT NULL, instrument TEXT NOT NULL, data_level TEXT,
    descriptor TEXT NOT NULL, start_date TEXT NOT NULL, repointing INTEGER, cr INTEGER, version TEXT NOT NULL,
    major_version INTEGER, minor_version INTEGER NOT NULL, extension TEXT NOT NULL, ingestion_date TEXT NOT NULL,
    size INTEGER NOT NULL, mtime INTEGER NOT NULL, md5 TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX files_by_product ON files (instrument, data_level, descriptor, start_date);
  CREATE INDEX files_by_instrument ON files (instrument, start_date);
  CREATE INDEX files_by_descriptor ON files (descriptor, start_date);
  CREATE INDEX files_by_start_date ON files (start_date);
  CREATE INDEX files_by_repointing ON files (repointing) WHERE repointing IS NOT NULL;
  CREATE INDEX files_by_ingestion_date ON files (ingestion_date);
  PRAGMA user_version = 1;
`;
const SCIENCE = "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts";
const ANCILLARY = "imap/ancillary/mag/imap_mag_offsets_20250101_v001.csv";

Deno.test("Opening an archive takes over a catalog of the first version, with the dates of ingestion", async () => {
  await using folder = await testFolder();
  await writeFiles(folder.path, { [SCIENCE]: "bytes", [ANCILLARY]: "more", ".imap-archive/keep": "" });
  const { mtime, size } = await Deno.stat(`${folder.path}/${SCIENCE}`);
  const database = new DatabaseSync(`${folder.path}/.imap-archive/catalogue.sqlite`);
  database.exec(VERSION_1);
  database.prepare(`INSERT INTO files VALUES (?, 'science', 'mag', 'l0', 'raw', '20250502', NULL, NULL, 'v001', NULL, 1,
    'pkts', '2025-05-03 04:05:06', ?, ?, 'abc')`).run(SCIENCE, size, mtime?.getTime() ?? 0);
  database.close();
  await using archive = await openTestArchive({ root: folder.path });
  assertEquals(archive.opened.indexed, { files: 2, skipped: [] });
  const [row, ...more] = await archive.rows("instrument=mag");
  assertEquals([row?.file_path, row?.released, more.length], [SCIENCE, true, 0]);
  const [kept] = archive.opened.files.rows("SELECT ingestion_date FROM files WHERE file_path = ?", [SCIENCE]);
  assertEquals(kept?.ingestion_date, "2025-05-03 04:05:06");
  assertEquals((await archive.rows("table=ancillary&instrument=mag")).map((row) => row.file_path), [ANCILLARY]);
  assertEquals(archive.opened.files.md5(SCIENCE, size, mtime?.getTime() ?? 0), "abc");
});

/** The table in version 0.2.0 of this package. */
const VERSION_2 = `
  CREATE TABLE files (
    file_path TEXT PRIMARY KEY, table_name TEXT NOT NULL, instrument TEXT, data_level TEXT, descriptor TEXT,
    start_date TEXT, end_date TEXT, repointing INTEGER, cr INTEGER, kernel_type TEXT, file_root TEXT, version TEXT,
    major_version INTEGER, minor_version INTEGER, extension TEXT NOT NULL, ingestion_date TEXT NOT NULL,
    size INTEGER NOT NULL, mtime INTEGER NOT NULL, md5 TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX files_by_product ON files (table_name, instrument, data_level, descriptor, start_date);
  CREATE INDEX files_by_kernel_type ON files (kernel_type, start_date) WHERE kernel_type IS NOT NULL;
  PRAGMA user_version = 2;
`;

Deno.test("Opening an archive takes over a catalog of the second version, with what names say today", async () => {
  const kernel = "imap/spice/lsk/naif0012.tls";
  for (const unreleased of [false, true]) {
    await using folder = await testFolder();
    await writeFiles(folder.path, { [SCIENCE]: "bytes", [kernel]: "kernel", ".imap-archive/keep": "" });
    const database = new DatabaseSync(`${folder.path}/.imap-archive/catalogue.sqlite`);
    database.exec(VERSION_2);
    const insert = database.prepare(`INSERT INTO files (file_path, table_name, file_root, version, minor_version,
      extension, ingestion_date, size, mtime, md5) VALUES (?, ?, ?, ?, 1, 'x', '2025-05-03 04:05:06', ?, ?, 'abc')`);
    for (const [path, table] of [[SCIENCE, "science"], [kernel, "spice"]] as const) {
      const { mtime, size } = await Deno.stat(`${folder.path}/${path}`);
      insert.run(path, table, '["leapseconds",null]', "v001", size, mtime?.getTime() ?? 0);
    }
    insert.run("imap/mag/l0/2025/05/no_name_of_today.pkts", "science", null, "v001", 1, 1);
    database.close();
    await using archive = await openTestArchive({ root: folder.path, unreleased });
    assertEquals(
      archive.opened.files.rows(
        `SELECT file_path, file_root, major_version, minor_version, ingestion_date, md5, released
        FROM files ORDER BY file_path`,
      ).map((row) => Object.values(row)),
      [
        [SCIENCE, null, 1, 1, "2025-05-03 04:05:06", "abc", unreleased ? 0 : 1],
        [kernel, "naif.tls", null, 12, "2025-05-03 04:05:06", "abc", unreleased ? 0 : 1],
      ],
    );
  }
});

Deno.test("Opening an archive begins a catalog of an unknown version anew", async () => {
  await using folder = await testFolder();
  await writeFiles(folder.path, { [SCIENCE]: "bytes", ".imap-archive/keep": "" });
  const database = new DatabaseSync(`${folder.path}/.imap-archive/catalogue.sqlite`);
  database.exec("CREATE TABLE files (other TEXT); PRAGMA user_version = 99;");
  database.close();
  await using archive = await openTestArchive({ root: folder.path });
  assertEquals((await archive.rows("instrument=mag")).length, 1);
});
