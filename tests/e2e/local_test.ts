// The command line lists what is in a data directory, and removes what is not needed.
import { archivePath } from "../../mod.ts";
import { writeFiles } from "../support/archive.ts";
import { cliCommand, runCli } from "../support/cli.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { hasTerminal, openTerminal } from "../support/terminal.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";

const OLD = "imap_mag_l2_norm-dsrf_20250907_v001.0001.cdf";
const NEW = "imap_mag_l2_norm-dsrf_20250907_v001.0002.cdf";
const OTHER = "imap_swe_l0_raw_20250907_v001.pkts";

async function dataDirectory(): Promise<TestFolder> {
  const folder = await testFolder();
  const files = Object.fromEntries([OLD, NEW, OTHER].map((name) => [archivePath(name), "12345"]));
  await writeFiles(folder.path, { ...files, "imap/notes.txt": "notes" });
  return folder;
}

/** Runs `local`; there is no archive. */
async function local(folder: TestFolder, line: string) {
  const args = ["local", ...line.split(" ").filter(Boolean), "--data-dir", folder.path];
  return await runCli(args, { env: { IMAP_DATA_ACCESS_URL: "http://127.0.0.1:9" } });
}

Deno.test("local prints the files of the data directory in each format, without an archive", async () => {
  await using folder = await dataDirectory();
  const table = await local(folder, "");
  assertEquals([table.code, table.stdout.split("\n")[0]], [0, "Found [3] matching files"]);
  assertEquals(table.stderr, "with 1 superseded version (5 B), 1 other file (5 B): see --superseded or --other\n");
  const paths = await local(folder, "--instrument mag --output-format paths");
  assertEquals(paths.stdout, `${archivePath(OLD)}\n${archivePath(NEW)}\n`);
  const json: unknown = JSON.parse((await local(folder, "--version latest --output-format json")).stdout);
  assert(Array.isArray(json));
  assertEquals(json.map(({ file_path, size }) => [file_path, size]), [[archivePath(NEW), 5], [archivePath(OTHER), 5]]);
  const lines = (await local(folder, "--output-format ndjson")).stdout.trimEnd().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line).instrument), ["mag", "mag", "swe"]);
  assertStringIncludes((await local(folder, "--output-format csv")).stdout, "file_path,instrument,");
  assertStringIncludes((await local(folder, "--output-format coverage")).stdout, "Coverage of 3 files: 2 products");
});

Deno.test("local prints products with sizes, superseded versions, partial files, and what is not the SDC's", async () => {
  await using folder = await dataDirectory();
  const partial = join(folder.path, archivePath(OTHER).replace("imap_swe", ".imap_swe")) + ".part";
  await Deno.writeTextFile(partial, "123");
  await Deno.utime(partial, 1000, 1000);
  const products = (await local(folder, "--products")).stdout;
  assertStringIncludes(products, "3 files of 2 products, 15 B");
  assertStringIncludes(products, "with 1 superseded version (5 B), 1 partial file (3 B), 1 other file (5 B)");
  assertEquals((await local(folder, "--superseded --output-format paths")).stdout, `${archivePath(OLD)}\n`);
  assertStringIncludes((await local(folder, "--partial")).stdout, "|abandoned|");
  assertEquals((await local(folder, "--partial --output-format paths")).stdout, `${archivePath(OTHER)}\n`);
  assertStringIncludes((await local(folder, "--other")).stdout, "imap/notes.txt|not a name of the SDC|");
  const json: unknown = JSON.parse((await local(folder, "--products --output-format json")).stdout);
  assert(Array.isArray(json));
  assertEquals(json.map(({ descriptor, bytes, superseded }) => [descriptor, bytes, superseded]), [
    ["norm-dsrf", 10, 1],
    ["raw", 5, 0],
  ]);
});

Deno.test("local --prune removes nothing without a terminal or --yes, and with it what it lists", async () => {
  await using folder = await dataDirectory();
  const before = await folder.files();
  const refused = await local(folder, "--prune");
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.stderr, "Cannot remove 1 file without asking: there is no terminal; --yes removes");
  const planned = await local(folder, "--prune --dry-run");
  assertStringIncludes(planned.stdout, `${OLD}|superseded|would remove|`);
  assertEquals(await folder.files(), before);
  const pruned = await local(folder, "--prune --yes");
  assertEquals(pruned.code, 0);
  assertStringIncludes(pruned.stdout, "1 removed (5 B)");
  assertEquals(await folder.files(), before.filter((path) => path !== archivePath(OLD)));
  const again = await local(folder, "--prune");
  assertEquals([again.code, again.stdout], [0, "nothing to remove\n"]);
  const named = await local(folder, "--prune --yes imap/notes.txt");
  assertEquals(named.code, 0);
  assertEquals((await folder.files()).includes("imap/notes.txt"), false);
});

Deno.test("local --prune asks in a terminal", { ignore: !hasTerminal() }, async () => {
  await using folder = await dataDirectory();
  const before = await folder.files();
  for (
    const [answer, left] of [["n\n", before], ["\n", before], [
      "y\n",
      before.filter((path) => !path.endsWith(OLD)),
    ]] as const
  ) {
    const terminal = openTerminal(["local", "--prune", "--data-dir", folder.path], { env: {} });
    await terminal.type(answer);
    assertEquals(await terminal.done(), 0);
    assertStringIncludes(terminal.shown(), `Remove from ${folder.path}? [y/N]`);
    assertStringIncludes(terminal.shown(), OLD);
    assertEquals(await folder.files(), [...left]);
  }
});

Deno.test("local says what is wrong with a command line", async () => {
  await using folder = await dataDirectory();
  const wrong: ReadonlyArray<readonly [line: string, said: string]> = [
    ["--yes", "Cannot use --yes without --prune"],
    ["--products --partial", "Cannot use --products together with --partial"],
    ["--prune --other", "name the files that are not the SDC's"],
    ["--prune --dry-run nowhere.txt", 'Cannot remove "nowhere.txt"'],
    ["file.cdf", "only --prune takes files"],
    ["--today", 'Cannot use the option "--today"'],
    ["--instrument mga", 'did you mean "mag"?'],
    ["--partial --output-format csv", "Cannot use --output-format csv here"],
  ];
  for (const [line, said] of wrong) {
    const { code, stderr } = await local(folder, line);
    assertEquals(code, 2, line);
    assertStringIncludes(stderr, said);
  }
  const gone = await runCli(["local", "--data-dir", join(folder.path, "gone")]);
  assertEquals(gone.code, 1);
  assertStringIncludes(gone.stderr, "Cannot read the data directory");
});

Deno.test("local stops when its reader does", async () => {
  await using folder = await dataDirectory();
  const process = cliCommand(["local", "--data-dir", folder.path, "--quiet"]).spawn();
  await process.stdout.cancel();
  await process.stderr.cancel();
  assertEquals((await process.status).code, 0);
});
