// docs/reproducing.md says that its lines run as they are. Here they do, in order, against the demo's archive.
import { startArchive } from "../../src/archive/start_archive.ts";
import { writeDemoFiles } from "../../src/demo/demo_files.ts";
import { runInShell } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";

const DOCUMENT = new URL("../../docs/reproducing.md", import.meta.url);

Deno.test("the lines of docs/reproducing.md run as they are", async () => {
  const text = await Deno.readTextFile(DOCUMENT);
  // tests/python/frictionless.ts runs frictionless, which needs a package index.
  const lines = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = ""]) => block)
    .filter((block) => !block.includes("frictionless")).join("").replaceAll("imap-data-access ", "ida ");
  await using root = await testFolder();
  await using folder = await testFolder();
  await writeDemoFiles(root.path);
  const archive = await startArchive({ root: root.path });
  try {
    const env = { IMAP_DATA_ACCESS_URL: archive.url };
    const { code, stdout, stderr } = await runInShell(`set -e\n${lines}`, { cwd: folder.path, env });
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, `Locked 3 files`);
    assertStringIncludes(stdout, "All 3 files are as");
    assertStringIncludes(stdout, "The archive has nothing newer than");
    assertStringIncludes(await Deno.readTextFile(`${folder.path}/figure2.bib`), "@misc{imap-figure2-");
  } finally {
    await archive.close();
  }
});
