import { ImapError } from "../../src/errors.ts";
import { PresentFiles } from "../../src/transfer/download.ts";
import { testFolder } from "../support/folder.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";

Deno.test("PresentFiles returns which files exist and their sizes, for few and for many files in a folder", async () => {
  await using folder = await testFolder();
  const path = (number: number) => join(folder.path, `file ${number}`);
  for (let number = 0; number < 100; number += 2) await Deno.writeTextFile(path(number), "x".repeat(number));
  const present = new PresentFiles();
  for (let number = 0; number < 100; number++) {
    assertEquals(present.sizeOf(path(number)), number % 2 === 0 ? number : undefined);
  }
  for (let number = 0; number < 100; number++) {
    assertEquals(present.sizeOf(join(folder.path, "no folder", `${number}`)), undefined);
  }
});

Deno.test("PresentFiles detects removed files, and paths that are not files", async () => {
  await using folder = await testFolder();
  const present = new PresentFiles();
  const path = join(folder.path, "file");
  await Deno.writeTextFile(path, "x");
  for (let times = 0; times < 20; times++) assertEquals(present.sizeOf(path), 1);
  await Deno.remove(path);
  assertEquals(present.sizeOf(path), undefined);
  await Deno.mkdir(path);
  assertThrows(() => present.sizeOf(path), ImapError, "it is not a file");
});
