import { shorten, textWidth } from "../../src/display/text_table.ts";
import { assert, assertEquals } from "@std/assert";

Deno.test("shorten() leaves out the middle of a name, never its end", () => {
  assertEquals(shorten("full-hae-4deg-6mo", 17), "full-hae-4deg-6mo");
  assertEquals(shorten("full-hae-4deg-6mo", 10), "full…g-6mo");
  assertEquals(shorten("full-hae-4deg-6mo", 9), "full…-6mo");
  assertEquals([shorten("abc", 1), shorten("abc", 2)], ["…", "…c"]);
});

Deno.test("shorten() counts wide characters twice, and takes no time for names without end", () => {
  assert(textWidth(shorten("太陽風の観測", 7)) <= 7);
  assertEquals(shorten(`a${"x".repeat(1_000_000)}b`, 5), "ax…xb");
});
