import { isExplained } from "../../src/cli/shell.ts";
import { ConnectionError, FileError } from "../../src/errors.ts";
import { assertEquals } from "@std/assert";

Deno.test("isExplained() is true for errors of the disk: a log of the requests would not help", () => {
  assertEquals(isExplained(new FileError("No space left on device", { path: "/data" })), true);
  assertEquals(isExplained(new ConnectionError("no host has that name")), false);
  assertEquals(isExplained(new Error("a defect")), false);
});
