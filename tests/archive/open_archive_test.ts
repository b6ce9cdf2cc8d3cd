import { openArchive } from "../../src/archive/start_archive.ts";
import { InputError } from "../../src/errors.ts";
import { testFolder } from "../support/folder.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";

Deno.test("openArchive() refuses a folder that another archive uses, until that one is closed", async () => {
  await using folder = await testFolder();
  const first = await openArchive({ root: folder.path });
  await assertRejects(() => openArchive({ root: folder.path }), InputError, "another archive serves it already");
  await first.close();
  await (await openArchive({ root: folder.path })).close();
});

Deno.test("openArchive() refuses a root that is not a folder", async () => {
  await using folder = await testFolder();
  const root = join(folder.path, "file");
  await Deno.writeTextFile(root, "");
  await assertRejects(() => openArchive({ root }), InputError, `Cannot serve "${root}"`);
});

Deno.test("openArchive() unlocks the folder when it fails", async () => {
  await using folder = await testFolder();
  const importFrom = join(folder.path, "nowhere");
  await assertRejects(
    () => openArchive({ root: folder.path, importFrom }),
    InputError,
    `Cannot import "${importFrom}"`,
  );
  await (await openArchive({ root: folder.path })).close();
});

Deno.test("openArchive() opens a folder through a symbolic link", async () => {
  await using folder = await testFolder();
  const path = "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts";
  await Deno.mkdir(join(folder.path, "real/imap/mag/l0/2025/05"), { recursive: true });
  await Deno.writeTextFile(join(folder.path, "real", path), "bytes");
  await Deno.symlink(join(folder.path, "real"), join(folder.path, "link"));
  const archive = await openArchive({ root: join(folder.path, "link") });
  const object = await archive.store.open(path);
  assertEquals(object?.size, 5);
  object?.close();
  await archive.close();
});
