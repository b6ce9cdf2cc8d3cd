import { assert, assertEquals, assertRejects } from "@std/assert";
import { demoArchive, startArchive } from "../../archive.ts";
import * as imap from "../../mod.ts";
import { testFolder } from "../support/folder.ts";

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test("demoArchive() serves sample files to the functions of the library, and close() leaves nothing", async () => {
  const before = imap.settings().url;
  const archive = await demoArchive();
  const { url, dataDir, uploads } = archive;
  try {
    assertEquals([imap.settings().url, imap.settings().dataDir], [url, dataDir]);
    assertEquals((await imap.query({ instrument: "glows" })).length, 7);
    assert((await imap.download("imap_mag_l0_raw_20250502_v001.pkts")).startsWith(dataDir));
    assertEquals(await imap.upload(uploads[0]), "imap/codice/l0/2024/07/imap_codice_l0_hskp_20240723_v001.pkts");
    assertEquals((await imap.query({ instrument: "codice", descriptor: "hskp", data_level: "l0" })).length, 8);
  } finally {
    await archive.close();
    await archive.close();
  }
  assertEquals(imap.settings().url, before);
  assertEquals([await exists(dataDir), await exists(uploads[0])], [false, false]);
  await assertRejects(() => fetch(url), TypeError);
});

Deno.test("demoArchive() ends with its block, also with configure: false, which leaves the settings alone", async () => {
  const before = imap.settings().url;
  let folder = "";
  {
    await using archive = await demoArchive({ configure: false });
    folder = archive.dataDir;
    assertEquals(imap.settings().url, before);
    const client = new imap.ImapClient({ url: archive.url, dataDir: archive.dataDir });
    assertEquals((await client.query({ instrument: "mag", data_level: "l0" })).length, 4);
  }
  assertEquals(await exists(folder), false);
});

Deno.test("settings that were changed while a demo archive ran remain", async () => {
  {
    await using _archive = await demoArchive();
    imap.configure({ dataDir: "elsewhere" });
  }
  assertEquals(imap.settings().sources.dataDir, "code");
  assertEquals(imap.settings().sources.url === "code", false);
  imap.configure({ dataDir: undefined });
});

Deno.test("startArchive() serves a folder, and keeps its files", async () => {
  await using folder = await testFolder();
  {
    await using archive = await startArchive({ root: folder.path });
    assertEquals(
      await new imap.ImapClient({ url: archive.url }).query({ instrument: "mag" }).then((rows) => rows.length),
      0,
    );
  }
  assertEquals(await exists(folder.path), true);
});

Deno.test("demoArchive() replaces the archive of an earlier call, as when a cell is run again", async () => {
  const before = imap.settings().url;
  const first = await demoArchive();
  await using second = await demoArchive();
  assertEquals(await exists(first.dataDir), false);
  assertEquals(imap.settings().url, second.url);
  await first.close();
  assertEquals(imap.settings().url, second.url);
  await second.close();
  assertEquals(imap.settings().url, before);
});

Deno.test("demoArchive() rejects options that it does not have", async () => {
  const options: object = { prot: 8000 };
  await assertRejects(() => demoArchive(options), imap.InputError, 'did you mean "port"');
});

Deno.test("a program that exits leaves no files of its demo archive", async () => {
  const code = `import { demoArchive } from ${JSON.stringify(import.meta.resolve("../../archive.ts"))};
const archive = await demoArchive();
console.log(archive.dataDir);
Deno.exit(0);`;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code], env: { NO_COLOR: "1" } }).output();
  const folder = new TextDecoder().decode(stdout).trim();
  assert(folder.endsWith("data"), folder);
  assertEquals(await exists(folder), false);
});
