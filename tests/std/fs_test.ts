// src/std/fs.ts does what the documentation of @std/fs says.
import { ensureDir, ensureDirSync, exists, walk, type WalkOptions } from "@std/fs";
import { testFolder } from "../support/folder.ts";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join, relative } from "@std/path";

for (const [name, ensure] of [["ensureDir", ensureDir], ["ensureDirSync", ensureDirSync]] as const) {
  Deno.test(`${name}() creates a directory with its parents, and does not change an existing one`, async () => {
    await using folder = await testFolder();
    const dir = join(folder.path, "a/b/c");
    await ensure(dir);
    await Deno.writeTextFile(join(dir, "file"), "mine");
    await ensure(dir);
    await ensure(new URL(`file://${dir}`));
    assertEquals(await Deno.readTextFile(join(dir, "file")), "mine");
  });

  Deno.test(`${name}() accepts a symbolic link to a directory`, async () => {
    await using folder = await testFolder();
    await Deno.mkdir(join(folder.path, "real"));
    await Deno.symlink(join(folder.path, "real"), join(folder.path, "link"));
    await ensure(join(folder.path, "link"));
    assertEquals((await Deno.lstat(join(folder.path, "link"))).isSymlink, true);
  });
}

Deno.test("ensureDir() and ensureDirSync() reject a file at the path of the directory", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "file");
  await Deno.writeTextFile(path, "mine");
  await assertRejects(() => ensureDir(path), Error, "expected 'dir', got 'file'");
  assertThrows(() => ensureDirSync(path), Error, "expected 'dir', got 'file'");
  await assertRejects(() => ensureDir(join(path, "below")), Error);
  assertEquals(await Deno.readTextFile(path), "mine");
});

Deno.test("ensureDir() works when several callers create the same directory at the same time", async () => {
  await using folder = await testFolder();
  const dir = join(folder.path, "a/b");
  await Promise.all(Array.from({ length: 20 }, () => ensureDir(dir)));
  assertEquals((await Deno.stat(dir)).isDirectory, true);
});

Deno.test("exists() distinguishes files, directories, and missing paths, and follows symbolic links", async () => {
  await using folder = await testFolder();
  const [file, link, broken] = ["file", "link", "broken"].map((name) => join(folder.path, name));
  await Deno.writeTextFile(file ?? "", "");
  await Deno.symlink(file ?? "", link ?? "");
  await Deno.symlink(join(folder.path, "nothing"), broken ?? "");
  const found = async (path: string | undefined, options = {}) => await exists(path ?? "", options);
  assertEquals(await found(file), true);
  assertEquals(await found(link), true);
  assertEquals(await found(broken), false);
  assertEquals(await found(join(folder.path, "nothing")), false);
  assertEquals(await exists(new URL(`file://${file}`)), true);
  assertEquals([await found(file, { isFile: true }), await found(file, { isDirectory: true })], [true, false]);
  assertEquals([await found(folder.path, { isFile: true }), await found(folder.path, { isDirectory: true })], [
    false,
    true,
  ]);
  await assertRejects(() => found(file, { isFile: true, isDirectory: true }), TypeError, "must not be true together");
});

Deno.test({
  name: "exists() with isReadable looks at the permissions of the file",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await testFolder();
    const path = join(folder.path, "file");
    await Deno.writeTextFile(path, "");
    assertEquals(await exists(path, { isReadable: true }), true);
    await Deno.chmod(path, 0o000);
    assertEquals(await exists(path, { isReadable: true }), false);
    assertEquals(await exists(path), true);
  },
});

Deno.test("walk() yields the root, then everything below it", async () => {
  await using folder = await testFolder();
  const root = folder.path;
  await Deno.mkdir(join(root, "a/b"), { recursive: true });
  for (const path of ["x.ts", "a/y.txt", "a/b/z.ts"]) await Deno.writeTextFile(join(root, path), "");
  await Deno.symlink(join(root, "a/b"), join(root, "link"));
  const below = async (options: WalkOptions, from: string | URL = root) => {
    const found: string[] = [];
    for await (const { path } of walk(from, options)) found.push(relative(root, path));
    return found.sort();
  };
  const all = ["", "a", "a/b", "a/b/z.ts", "a/y.txt", "link", "x.ts"];
  assertEquals(await below({}), all);
  assertEquals(await below({}, new URL(`file://${root}`)), all);
  assertEquals(await below({ maxDepth: -1 }), []);
  assertEquals(await below({ maxDepth: 0 }), [""]);
  assertEquals(await below({ maxDepth: 1 }), ["", "a", "link", "x.ts"]);
  assertEquals(await below({ includeDirs: false, includeSymlinks: false }), ["a/b/z.ts", "a/y.txt", "x.ts"]);
  assertEquals(await below({ includeFiles: false }), ["", "a", "a/b", "link"]);
  assertEquals(await below({ exts: ["ts"] }), ["a/b/z.ts", "x.ts"]);
  assertEquals(await below({ exts: [".txt"] }), ["a/y.txt"]);
  assertEquals(await below({ match: [/y/, /z/], includeDirs: false }), ["a/b/z.ts", "a/y.txt"]);
  assertEquals(await below({ skip: [/\/b$/] }), ["", "a", "a/y.txt", "link", "x.ts"]);
  assertEquals(await below({ followSymlinks: true, exts: ["z.ts"] }), []);
  assertEquals(await below({ followSymlinks: true, exts: ["ts"] }), ["a/b/z.ts", "a/b/z.ts", "x.ts"]);
  assertEquals(await below({ followSymlinks: true, canonicalize: false, exts: ["ts"] }), [
    "a/b/z.ts",
    "link/z.ts",
    "x.ts",
  ]);
  for await (const entry of walk(join(root, "x.ts"), { maxDepth: 0 })) {
    assertEquals(entry, { path: join(root, "x.ts"), name: "x.ts", isFile: true, isDirectory: false, isSymlink: false });
  }
  await assertRejects(() => below({}, join(root, "nothing")), Deno.errors.NotFound);
});
