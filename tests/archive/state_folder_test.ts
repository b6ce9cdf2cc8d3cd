import { openArchive } from "../../src/archive/start_archive.ts";
import { InputError } from "../../src/errors.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { dirname, join } from "@std/path";

/** A name like those of the archive's incoming files. */
const LEFT_OVER = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed";

/** A root in which `place` is a symbolic link to a folder with files, or to a file, outside the root. */
async function rootWithLink(folder: TestFolder, place: string, to: "folder" | "file"): Promise<string> {
  const [root, precious] = [join(folder.path, "root"), join(folder.path, "precious")];
  await Deno.mkdir(join(precious, "deep"), { recursive: true });
  for (const name of ["letters", LEFT_OVER, "deep/letters"]) await Deno.writeTextFile(join(precious, name), "dear");
  await Deno.mkdir(dirname(join(root, place)), { recursive: true });
  await Deno.symlink(to === "folder" ? precious : join(precious, "letters"), join(root, place));
  return root;
}

/** Every file below a folder, with its contents. */
async function contents(folder: TestFolder): Promise<string[]> {
  const precious = (await folder.files()).filter((path) => path.startsWith("precious/"));
  return await Promise.all(precious.map(async (path) => `${path} ${await Deno.readTextFile(join(folder.path, path))}`));
}

const LINKS = [
  [".imap-archive", "folder"],
  [".imap-archive/incoming", "folder"],
  [".imap-archive/lock", "file"],
  [".imap-archive/orders.ndjson", "file"],
  [".imap-archive/catalogue.sqlite", "file"],
  [".imap-archive/catalogue.sqlite-wal", "file"],
  [".imap-archive/catalogue.sqlite-shm", "file"],
  [".imap-archive/catalogue.sqlite-journal", "file"],
] as const;

for (const [place, to] of LINKS) {
  Deno.test(`openArchive() refuses a symbolic link in the place of ${place}, and changes nothing behind it`, async () => {
    await using folder = await testFolder();
    const root = await rootWithLink(folder, place, to);
    const before = await contents(folder);
    await assertRejects(
      () => openArchive({ root }),
      InputError,
      `Cannot serve with "${join(root, place)}": it is a symbolic link`,
    );
    assertEquals(await contents(folder), before);
  });
}

Deno.test("openArchive() removes unfinished uploads of a crash, and nothing else", async () => {
  await using folder = await testFolder();
  const incoming = join(folder.path, ".imap-archive/incoming");
  await Deno.mkdir(join(incoming, "somebody's"), { recursive: true });
  for (const name of ["notes.txt", LEFT_OVER, `somebody's/${LEFT_OVER}`]) {
    await Deno.writeTextFile(join(incoming, name), "x");
  }
  await (await openArchive({ root: folder.path })).close();
  const left = (await folder.files()).filter((path) => path.includes("/incoming/"));
  assertEquals(left, [".imap-archive/incoming/notes.txt", `.imap-archive/incoming/somebody's/${LEFT_OVER}`]);
});
