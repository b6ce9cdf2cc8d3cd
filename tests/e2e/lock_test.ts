// Lock files on the command line: what is printed, and the exit codes.
import { startArchive } from "../../src/archive/start_archive.ts";
import { writeDemoFiles } from "../../src/demo/demo_files.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";

Deno.test("lock, download --lock, verify and diff print what differs, and end with exit code 1 if anything does", async () => {
  await using root = await testFolder();
  await using first = await testFolder();
  await using second = await testFolder();
  await writeDemoFiles(root.path);
  const archive = await startArchive({ root: root.path });
  try {
    const env = { IMAP_DATA_ACCESS_URL: archive.url, IMAP_API_KEY: "s3cret" };
    const run = (cwd: string, line: string) => runCli(line.split(" "), { cwd, env });
    const locked = await run(first.path, "lock a.json --instrument glows --data-level l1b");
    assertEquals([locked.code, locked.stderr.split("\n").length], [0, 1], locked.stderr);
    assertMatch(locked.stdout, /^Locked 3 files \(\d+ kB\) in: .*a\.json\n$/);
    const text = await Deno.readTextFile(join(first.path, "a.json"));
    assertEquals(text.includes("s3cret"), false);
    await Deno.copyFile(join(first.path, "a.json"), join(second.path, "a.json"));
    const paths = text.match(/imap\/glows[^"]*/g) ?? [];

    const frozen = await run(second.path, "download --lock a.json --frozen --print paths");
    assertEquals([frozen.code, frozen.stdout], [0, paths.map((path) => `${join(second.path, path)}\n`).join("")]);
    const same = await run(second.path, "verify a.json");
    assertEquals([same.code, same.stderr], [0, ""]);
    assertStringIncludes(same.stdout, "All 3 files are as");

    await Deno.remove(join(second.path, paths[1] ?? ""));
    await Deno.writeTextFile(join(second.path, "imap/notes.txt"), "mine");
    const differs = await run(second.path, "verify a.json --output-format json");
    assertEquals([differs.code, differs.stderr], [1, ""]);
    assertEquals(JSON.parse(differs.stdout), [
      { path: paths[1], state: "missing", reason: "" },
      { path: "imap/notes.txt", state: "extra", reason: "" },
    ]);
    assertEquals((await run(second.path, "verify a.json --ignore-extra --quiet")).code, 1);

    await Deno.remove(join(root.path, paths[1] ?? ""));
    const gone = await run(second.path, "download --lock a.json --frozen");
    assertEquals([gone.code, gone.stdout], [1, ""]);
    assertStringIncludes(gone.stderr, "does not have 1 of 3 files as locked; nothing was written");
    assertStringIncludes(gone.stderr, `  ${paths[1]}: `);
    const partly = await run(second.path, "download --lock a.json");
    assertEquals(partly.code, 1);
    assertStringIncludes(partly.stderr, "2 skipped, 1 failed");
    const queriesOf = ({ stderr }: { readonly stderr: string }) => stderr.match(/^GET \S*\/query\S*/gm)?.length;
    const queries = queriesOf(await run(second.path, "diff a.json --debug"));
    const updated = await run(second.path, "lock a.json --update --debug");
    assertEquals([queriesOf(updated), queries !== undefined], [queries, true], "the archive is asked once");
    assertEquals(updated.code, 0, updated.stderr);
    assertStringIncludes(updated.stdout, "1 gone");
    assertMatch(updated.stdout, /Locked 2 files \(\d+ kB\) in: .*a\.json\n$/);
    assertEquals((await run(second.path, "diff a.json --output-format json")).stdout, "[]\n");
  } finally {
    await archive.close();
  }
});
