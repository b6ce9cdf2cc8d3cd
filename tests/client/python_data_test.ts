import { archivePath } from "../../src/names/file_name.ts";
import { startArchive } from "../../src/archive/start_archive.ts";
import { writeFiles } from "../support/archive.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { assertEquals, assertMatch } from "@std/assert";

const NAME = "imap_mag_l0_raw_20250502_v001.pkts";

Deno.test("download says once how to share the Python client's files, and only where that helps", async () => {
  await using root = await testFolder();
  await writeFiles(root.path, { [archivePath(NAME)]: "packets" });
  const archive = await startArchive({ root: root.path });
  try {
    const download = async (files: Record<string, string>, ...args: string[]) => {
      await using folder = await testFolder();
      await writeFiles(folder.path, files);
      const env = { IMAP_DATA_ACCESS_URL: archive.url };
      const { code, stdout, stderr } = await runCli(["download", NAME, ...args], { cwd: folder.path, env });
      assertEquals([code, stdout.endsWith(`${archivePath(NAME)}\n`)], [0, true], stderr);
      return stderr;
    };
    const python = { [`data/${archivePath(NAME)}`]: "packets" };
    assertMatch(
      await download(python),
      /^imap-data-access: files of the Python client are in data\/imap.*IMAP_DATA_DIR=data.*\n$/,
    );
    assertEquals(await download({ ...python, "imap/mag/x": "x" }), "");
    assertEquals(await download({}), "");
    assertEquals(await download(python, "--data-dir", "data"), "");
    assertEquals(await download(python, "--data-dir", "."), "");
    assertEquals(await download(python, "--quiet"), "");
  } finally {
    await archive.close();
  }
});
