import { assertEquals, assertStringIncludes } from "@std/assert";
import { openCli } from "./transfer_cli.ts";

/** The command line with files to send in its working directory, and an archive without them. */
async function openUploads(count: number) {
  const cli = await openCli({ count });
  for (const name of cli.names) await Deno.writeTextFile(`${cli.folder.path}/${name}`, `bytes of ${name}`);
  cli.store.objects.clear();
  return cli;
}

Deno.test("upload sends many files and reports each", async () => {
  await using cli = await openUploads(3);
  const { code, stdout, stderr } = await cli.run(["upload", ...cli.names]);
  const said = cli.names.map((name) => `Successfully uploaded the file to the IMAP SDC: ${name}\n`).join("");
  assertEquals([code, stdout, stderr], [0, said, "3 sent; 129 B\n"]);
  assertEquals([...cli.store.objects.keys()].toSorted(), cli.paths);
});

Deno.test("upload sends nothing when a file is wrong, and reports every wrong file", async () => {
  await using cli = await openUploads(3);
  const { code, stdout, stderr } = await cli.run(["upload", ...cli.names, "gone.pkts", cli.names[0] ?? ""]);
  assertEquals([code, stdout, cli.store.asked.length], [2, "", 0]);
  assertStringIncludes(stderr, 'Cannot upload "gone.pkts": there is no such file');
  assertStringIncludes(stderr, "has the same name");
  assertStringIncludes(stderr, "Nothing was sent");
});

Deno.test("upload --dry-run only prints what it would send", async () => {
  await using cli = await openUploads(2);
  const { code, stdout } = await cli.run(["upload", "--dry-run", ...cli.names]);
  assertEquals([code, stdout], [0, cli.names.map((name) => `would send ${name} (43 B)\n`).join("")]);
  assertEquals(cli.store.asked.length, 0);
});

Deno.test("upload of a file that the archive has fails, unless --skip-existing is given", async () => {
  await using cli = await openUploads(3);
  cli.store.add(cli.names[1] ?? "", new Uint8Array(1));
  const first = await cli.run(["upload", ...cli.names]);
  assertEquals(first.code, 1);
  assertStringIncludes(first.stderr, "has a file of that name; give the new file a higher version");
  assertStringIncludes(first.stderr, "2 sent, 1 failed");
  const again = await cli.run(["upload", "--skip-existing", ...cli.names]);
  assertEquals(again.code, 0);
  assertStringIncludes(again.stderr, "3 skipped; 0 B");
  assertStringIncludes(again.stdout, `The IMAP SDC already has the file: ${cli.names[0]}`);
});

Deno.test("upload succeeds when the store receives the bytes and breaks the connection", async () => {
  await using cli = await openUploads(1);
  cli.store.script.push({ loseAnswer: true });
  const { code, stdout } = await cli.run(["upload", ...cli.names]);
  assertEquals([code, stdout], [0, "Successfully uploaded the file to the IMAP SDC\n"]);
  assertEquals([cli.store.asked.length, cli.store.requests.length], [1, 2]);
});
