// Versions as the SDC treats them: without a major version, the newest one of each file.
import { startArchive } from "../../src/archive/start_archive.ts";
import { ImapClient } from "../../src/client/imap_client.ts";
import { archivePath } from "../../src/names/file_name.ts";
import type { QueryParameters } from "../../src/protocol/tables.ts";
import { writeFiles } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { assertEquals } from "@std/assert";

const VERSIONS = ["v001.0001", "v001.0002", "v002.0001", "v002.0003", "v010.0001"];
const DAY = VERSIONS.map((version) => `imap_mag_l1a_norm_20260101_${version}.cdf`);
const OTHERS = ["imap_mag_l1a_norm_20260102_v001.cdf", "imap_mag_l1a_norm_20260103_v002.0001.cdf"];
const PICTURES = ["v001.0001", "v002.0001", "v002.0002"].map((version) => `imap_mag_l1b_norm_20260101_${version}.png`);

Deno.test("query() finds the requested versions, each file once", async () => {
  await using root = await testFolder();
  const names = [...DAY, ...OTHERS, ...PICTURES];
  await writeFiles(root.path, Object.fromEntries(names.map((name) => [archivePath(name), name])));
  const archive = await startArchive({ root: root.path, apiKey: "k3y" });
  try {
    const client = new ImapClient({ url: archive.url, apiKey: "k3y", retries: 0 });
    const ends = async (query: QueryParameters) =>
      (await client.query(query)).map(({ file_path }) => file_path.slice(file_path.lastIndexOf("_2026") + 5));
    const [newest, old, second] = ["0101_v010.0001.cdf", "0102_v001.cdf", "0103_v002.0001.cdf"];
    const all = [...VERSIONS.map((version) => `0101_${version}.cdf`), old, second];

    assertEquals(await ends({ instrument: "mag" }), [newest, old, second]);
    assertEquals(await ends({ instrument: "mag", version: "latest" }), [newest, old, second]);
    assertEquals(await ends({ instrument: "mag", major_version: "all" }), all);
    assertEquals(await ends({ instrument: "mag", major_version: "all", version: "latest" }), [newest, old, second]);
    assertEquals(await ends({ instrument: "mag", major_version: 2 }), [
      "0101_v002.0001.cdf",
      "0101_v002.0003.cdf",
      second,
    ]);
    assertEquals(await ends({ instrument: "mag", major_version: 2, version: "latest" }), [
      "0101_v002.0003.cdf",
      second,
    ]);
    // Minor version 1 of the newest major version that has one; the SDC finds _v001 for it, too.
    assertEquals(await ends({ instrument: "mag", version: "v001" }), [newest, old, second]);
    assertEquals(await ends({ instrument: "mag", version: "v001.0002" }), ["0101_v001.0002.cdf"]);
    assertEquals(await ends({ instrument: "mag", version: ["v001", "v001.0002"] }), [
      "0101_v001.0002.cdf",
      newest,
      old,
      second,
    ]);

    assertEquals(await ends({ instrument: "mag", version: ["v001", "v010.0001"] }), [newest, old, second]);

    for (const [index, name] of names.entries()) {
      assertEquals(await ends({ filename: name }), [names[index]?.slice(name.lastIndexOf("_2026") + 5)], name);
    }
    assertEquals(await ends({ file_path: archivePath(DAY[0] ?? "") }), ["0101_v001.0001.cdf"]);
    // Other conditions count beside a name.
    for (const file of [{ filename: DAY[0] }, { file_path: archivePath(DAY[0] ?? "") }]) {
      for (
        const [condition, found] of [
          [{ ingestion_start_date: "yesterday" }, 1],
          [{ ingestion_end_date: "yesterday" }, 0],
          [{ start_date: "20260101", end_date: "20260101" }, 1],
          [{ start_date: "20260102" }, 0],
          [{ instrument: "swe" }, 0],
          [{ major_version: 1 }, 1],
          [{ minor_version: 2 }, 0],
          [{ released: true }, 1],
        ] as const
      ) {
        assertEquals((await ends({ ...file, ...condition })).length, found, JSON.stringify(condition));
      }
    }
    assertEquals(await ends({ filename: "imap_mag_*_v001*" }), ["0101_v001.0001.cdf", "0101_v001.0002.cdf", old]);
    assertEquals(await ends({ filename: "imap_mag_l1a_*" }), all);
    assertEquals(await ends({ filename: "imap_mag_l1a_*", version: "latest" }), [newest, old, second]);

    assertEquals(await ends({ released: true }), [newest, old, second]);
    assertEquals(await ends({ released: false }), []);
    assertEquals(await ends({ instrument: "mag", ingestion_end_date: "2099-01-01T12:00" }), [newest, old, second]);

    const quicklook = { table: "quicklook", instrument: "mag" };
    // The rule is that of science files.
    assertEquals(await ends(quicklook), ["0101_v001.0001.png", "0101_v002.0001.png", "0101_v002.0002.png"]);
    assertEquals(await ends({ ...quicklook, version: "latest" }), ["0101_v002.0002.png"]);
    assertEquals(await ends({ ...quicklook, version: "v001.0001" }), ["0101_v001.0001.png"]);
    assertEquals(await ends({ ...quicklook, version: "v001" }), ["0101_v001.0001.png", "0101_v002.0001.png"]);
    assertEquals(await ends({ filename: "*_v001.0001.png" }), ["0101_v001.0001.png"]);
  } finally {
    await archive.close();
  }
});
