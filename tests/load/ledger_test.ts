import { Ledger } from "./ledger.ts";
import { assertEquals } from "@std/assert";

const shown = (listed: readonly string[], files: Readonly<Record<string, string>>) => ({
  listed: new Set(listed),
  files: new Map(Object.entries(files)),
});

/** A ledger with an upload that was answered, one that was cut off, and one that was cut off while replacing the first. */
function ledger(): Ledger {
  const ledger = new Ledger();
  ledger.begin("a", "1");
  ledger.answer("a");
  ledger.begin("a", "2");
  ledger.begin("b", "3");
  return ledger;
}

Deno.test("Ledger.problems() accepts every valid state of an archive", () => {
  for (const a of ["1", "2"]) assertEquals(ledger().problems(shown(["a"], { a })), []);
  assertEquals(ledger().problems(shown(["a", "b"], { a: "1", b: "3" })), []);
  assertEquals(ledger().unanswered(shown(["a", "b"], { a: "1", b: "3" })), 1);
});

Deno.test("Ledger.problems() finds files that are lost, incomplete, not listed, or listed but missing", () => {
  const lost = ["lost: a was answered and is not listed", "lost: a was answered and is no file"];
  assertEquals(ledger().problems(shown([], {})), lost);
  assertEquals(ledger().problems(shown(["a"], {})), ["lost: a was answered and is no file", "a is listed and no file"]);
  assertEquals(ledger().problems(shown([], { a: "1" })), [lost[0], "a is a file and not listed"]);
  assertEquals(ledger().problems(shown(["a"], { a: "3" })), ["a is not whole: its bytes are of no upload"]);
  assertEquals(ledger().problems(shown(["a", "b"], { a: "1", b: "x" })), [
    "b is not whole: its bytes are of no upload",
  ]);
});

Deno.test("Ledger.settle() requires the current files of the archive from then on", () => {
  const settled = ledger();
  settled.settle(shown(["a"], { a: "2" }));
  assertEquals([settled.md5("a"), settled.md5("b"), settled.has("b")], ["2", undefined, false]);
  assertEquals(settled.problems(shown(["a"], { a: "1" })), ["a is not whole: its bytes are of no upload"]);
});
