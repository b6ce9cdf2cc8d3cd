import { cutToWidth, padToWidth, shorten, textWidth } from "../../src/display/table.ts";
import { assert, assertEquals } from "@std/assert";
import { eastAsianWidth } from "get-east-asian-width";

Deno.test("textWidth() agrees with Unicode's East Asian Width for every assigned character", () => {
  const hasOtherRules = /^[\p{Cn}\p{Cs}\p{M}\p{Cf}\p{Cc}\p{Emoji}\u1160-\u11ff\ud7b0-\ud7fb]$/u;
  const wrong: string[] = [];
  for (let codePoint = 0x20; codePoint <= 0x10ffff; codePoint++) {
    const character = String.fromCodePoint(codePoint);
    if (hasOtherRules.test(character)) continue;
    if (textWidth(character) !== eastAsianWidth(codePoint)) wrong.push(codePoint.toString(16));
  }
  assertEquals(wrong, []);
});

Deno.test("textWidth() counts emoji as two columns, accents and joiners as none", () => {
  assertEquals(["🚀", "❤️", "👩‍🚀", "e\u0301", "한"].map(textWidth), [2, 2, 2, 1, 2]);
});

Deno.test("cutToWidth() and padToWidth() bring a text to a width in columns", () => {
  assertEquals(cutToWidth("magnetometer", 12), "magnetometer");
  assertEquals(cutToWidth("magnetometer", 5), "magn…");
  assertEquals(cutToWidth("太陽風の観測", 6), "太陽…");
  assertEquals(cutToWidth("e\u0301".repeat(10), 3), "e\u0301e\u0301…");
  assertEquals(cutToWidth("x".repeat(10_000_000), 3), "xx…");
  assertEquals([cutToWidth("\u200d", 0), cutToWidth("x", 0)], ["\u200d", "…"], "what takes no column fits");
  assertEquals([padToWidth("太", 4), padToWidth("太", 4, "right"), padToWidth("long", 2)], ["太  ", "  太", "long"]);
});

Deno.test("shorten() leaves out the middle of a name, never its end", () => {
  assertEquals(shorten("full-hae-4deg-6mo", 17), "full-hae-4deg-6mo");
  assertEquals(shorten("full-hae-4deg-6mo", 10), "full…g-6mo");
  assertEquals(shorten("full-hae-4deg-6mo", 9), "full…-6mo");
  assertEquals([shorten("abc", 1), shorten("abc", 2)], ["…", "…c"]);
});

Deno.test("shorten() counts wide characters twice, and is fast for very long names", () => {
  assert(textWidth(shorten("太陽風の観測", 7)) <= 7);
  assertEquals(shorten(`a${"x".repeat(1_000_000)}b`, 5), "ax…xb");
});
