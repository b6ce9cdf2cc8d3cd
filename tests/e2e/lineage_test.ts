// The command line shows where a product came from.
import { archivePath } from "../../mod.ts";
import { runCli, startServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const L2 = "imap_mag_l2_norm-gse_20250502_v001.cdf";

Deno.test("lineage prints the tree of the demo's product, as JSON and SVG too, and downloads all of it", async () => {
  await using folder = await testFolder();
  await using archive = await startServe(["--demo"]);
  const env = { IMAP_DATA_ACCESS_URL: archive.url, IMAP_DATA_DIR: folder.path };
  const lineage = async (line: string) => await runCli(["lineage", ...line.split(" ")], { env });
  const tree = await lineage(L2);
  assertEquals([tree.code, tree.stderr], [0, ""]);
  assertStringIncludes(tree.stdout, `Lineage of ${L2}: 7 files on 4 levels\n7 in the archive, not here\n${L2} (in`);
  assertStringIncludes(tree.stdout, "│  │  └─ imap_mag_l0_raw_20250502_v001.pkts (in the archive, not here)\n");
  const json: unknown = JSON.parse((await lineage(`${L2} --levels 1 --output-format json`)).stdout);
  assert(typeof json === "object" && json !== null && "edges" in json && Array.isArray(json.edges) && "root" in json);
  assertEquals([json.root, json.edges.length], [L2, 3]);
  assertStringIncludes((await lineage(`${L2} --output-format svg`)).stdout, "<svg");
  assertStringIncludes((await lineage(`${L2} --output-format table`)).stdout, "|in the archive, not here|");
  assertEquals(await folder.files(), []);
  const offline = await lineage(`${L2} --offline`);
  assertEquals(offline.code, 2);
  assertStringIncludes(offline.stderr, "it is not here, and the archive was not asked");
  const got = await lineage(`${L2} --download`);
  assertEquals(got.code, 0);
  assertStringIncludes(got.stdout, "7 files on 4 levels\nall are here\n");
  assertEquals((await folder.files()).length, 7);
  assertEquals((await folder.files()).includes(archivePath(L2)), true);
  assertStringIncludes((await lineage(`${L2} --offline`)).stdout, "all are here");
});

Deno.test("lineage says what is wrong with a command line", async () => {
  const wrong: ReadonlyArray<readonly [line: string, said: string]> = [
    ["", "Cannot show the lineage of no file: name one"],
    [`${L2} ${L2}`, "Cannot show the lineage of several files: name one"],
    [`${L2} --levels 0`, "expected a whole number from 1 to 32"],
    [`${L2} --offline --download`, "Cannot use --offline together with --download"],
    ["nothing.cdf --offline", "it is not the name of a file in the archive"],
    [`${L2} --output-format dot`, "expected one of tree, table, json, svg"],
  ];
  for (const [line, said] of wrong) {
    const { code, stderr } = await runCli(["lineage", ...line.split(" ").filter(Boolean)]);
    assertEquals(code, 2, line);
    assertStringIncludes(stderr, said);
  }
});
