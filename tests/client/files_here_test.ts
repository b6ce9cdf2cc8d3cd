import { filesHere } from "../../src/transfer/local_files.ts";
import { writeFiles } from "../support/archive.ts";
import { testFolder } from "../support/folder.ts";
import { assertEquals } from "@std/assert";
import { join } from "@std/path";

Deno.test("filesHere() finds the files that are in the data directory and not empty", async () => {
  await using folder = await testFolder();
  await writeFiles(folder.path, {
    "imap/mag/l0/a": "a",
    "imap/mag/l0/b": "",
    "imap/swe/c": "c",
    "imap/swe/.d.part": "d",
  });
  await Deno.mkdir(join(folder.path, "imap/swe/e"));
  const asked = ["mag/l0/a", "mag/l0/b", "mag/l0/x", "swe/c", "swe/d", "swe/e", "hi/f", "swe/c/g"];
  const here = await filesHere(folder.path, asked.map((path) => `imap/${path}`));
  assertEquals([...here].sort(), ["imap/mag/l0/a", "imap/swe/c"]);
});

Deno.test("filesHere() reads only below the data directory", async () => {
  await using folder = await testFolder();
  await writeFiles(folder.path, { "secret": "s", "data/imap/a/b": "b" });
  const paths = ["imap/../../secret", "../secret", "/etc/passwd", "imap/a/../../../secret", "", "imap", "imap/a/b"];
  assertEquals([...await filesHere(join(folder.path, "data"), paths)], ["imap/a/b"]);
});

Deno.test("filesHere() without a data directory returns nothing", async () => {
  await using folder = await testFolder();
  assertEquals((await filesHere(join(folder.path, "none"), ["imap/a/b"])).size, 0);
});
