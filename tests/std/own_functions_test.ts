// Small functions of our own do what those of the standard library do, which would cost each start of the program 0.2 to 0.6 ms.
import { parse } from "../../src/cli/shell.ts";
import { closestWord } from "../../src/names/vocabulary.ts";
import { escapeHtml } from "../../src/safe_text.ts";
import { formatBytes } from "../../src/views/transfers.ts";
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

Deno.test("parse() does what @std/cli does with options that exist", async () => {
  const parseArgs = await original("cli/parse_args", "parseArgs");
  const options = [
    { name: "url", value: "URL", help: "" },
    { name: "data-dir", value: "DIR", help: "" },
    { name: "quiet", letter: "q", help: "" },
    { name: "verbose", letter: "v", help: "" },
  ];
  const flag = fc.constantFrom("--quiet", "-q", "-vq", "--verbose").map((word) => [word]);
  const text = fc.constantFrom("a", "007", "1e3", "a=b", "a.b", "\n", "no-x");
  const value = (name: string) =>
    fc.tuple(text, fc.boolean()).map(([text, isOne]) => isOne ? [`${name}=${text}`] : [name, text]);
  // Each option with a value at most once: twice is an error here.
  const line = fc.tuple(
    fc.array(fc.oneof(flag, text.map((word) => [word]))),
    fc.option(value("--url"), { nil: [] }),
    fc.array(fc.oneof(flag, text.map((word) => [word]))),
    fc.option(value("--data-dir"), { nil: [] }),
    fc.option(fc.array(fc.constantFrom("--url", "a", "-x", "--")).map((words) => ["--", ...words]), { nil: [] }),
  ).map((parts) => parts.flat(2));
  fc.assert(fc.property(line, (args) => {
    const theirs = Object(parseArgs(args, {
      string: ["url", "data-dir", "_"],
      boolean: ["quiet", "verbose"],
      alias: { q: "quiet", v: "verbose" },
    }));
    const { values, flags, rest } = parse(args, options);
    assertEquals([values.get("url"), values.get("data-dir")], [theirs.url, theirs["data-dir"]]);
    assertEquals([flags.has("quiet"), flags.has("verbose")], [theirs.quiet, theirs.verbose]);
    assertEquals(rest, theirs._);
  }));
});
