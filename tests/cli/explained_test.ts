import { isExplained } from "../../src/cli/shell.ts";
import { ConnectionError, FileError, ResponseError } from "../../src/errors.ts";
import { assertEquals } from "@std/assert";

Deno.test("isExplained() is true for errors of the disk: a log of the requests would not help", () => {
  assertEquals(isExplained(new FileError("No space left on device", { path: "/data" })), true);
  assertEquals(isExplained(new ConnectionError("no host has that name")), false);
  assertEquals(isExplained(new Error("a defect")), false);
});

Deno.test("isExplained() is true for responses whose messages say all: no such file, one already, other credentials", () => {
  const refused = (status: number, isMissing = false) =>
    new ResponseError("refused", { action: 'download "a"', status, isMissing });
  assertEquals([refused(404, true), refused(409), refused(401)].map(isExplained), [true, true, true]);
  assertEquals([refused(404), refused(400), refused(500), refused(503)].map(isExplained), [false, false, false, false]);
});
