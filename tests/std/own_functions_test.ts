// Small functions of our own do what those of the standard library do, which would cost each start of the program 0.2 to 0.6 ms.
import { closestWord } from "../../src/names/fields.ts";
import { escapeHtml, formatBytes } from "../../src/display/table.ts";
import { assertEquals } from "@std/assert";
import fc from "fast-check";

/** Loads a function of the package. It has no types. */
async function original(file: string, name: string): Promise<(...args: unknown[]) => unknown> {
  return (await import(`deno-std/${file}.js`))[name];
}

Deno.test("escapeHtml() does what @std/html does", async () => {
  const escape = await original("html/entities", "escape");
  const text = fc.array(fc.constantFrom("a", "&", "<", ">", '"', "'", "&amp;", "\u00e9")).map((parts) =>
    parts.join("")
  );
  fc.assert(fc.property(text, (text) => assertEquals(escapeHtml(text), escape(text))));
});

Deno.test("formatBytes() does what @std/fmt does", async () => {
  const format = await original("fmt/bytes", "format");
  fc.assert(fc.property(fc.maxSafeNat(), fc.nat({ max: 15 }), (count, digits) => {
    const bytes = Math.floor(count / 10 ** digits);
    assertEquals(formatBytes(bytes), format(bytes));
  }));
});

Deno.test("closestWord() finds the word that @std/text finds, when it is close", async () => {
  const closest = await original("text/closest_string", "closestString");
  const word = fc.string({ unit: fc.constantFrom("a", "B", "c", "_"), minLength: 1, maxLength: 6 });
  fc.assert(fc.property(word, fc.array(word, { minLength: 1, maxLength: 5 }), (typed, words) => {
    const found = closestWord(typed, words);
    if (found !== undefined) assertEquals(found, closest(typed, words));
  }));
  assertEquals(closestWord("glow", ["mag", "glows"]), "glows");
  assertEquals(closestWord("MAG", ["mag", "glows"]), "mag");
  assertEquals(closestWord("xyz", ["mag", "glows"]), undefined);
});
