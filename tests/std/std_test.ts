// src/std/*.js are bundles of npm:deno-std: they must do what the package does.
import { delay } from "@std/async";
import { parseArgs } from "@std/cli";
import { format } from "@std/fmt/bytes";
import { escape } from "@std/html";
import { STATUS_TEXT } from "@std/http";
import { closestString, levenshteinDistance } from "@std/text";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import fc from "fast-check";

const STD = fromFileUrl(new URL("../../src/std", import.meta.url));

/** Loads a function of the package. It has no types. */
async function original(file: string, name: string): Promise<(...args: unknown[]) => unknown> {
  return (await import(`deno-std/${file}.js`))[name];
}

Deno.test("the bundles of src/std are made from the version of deno-std that deno.lock has", async () => {
  const { specifiers } = JSON.parse(await Deno.readTextFile(`${STD}/../../deno.lock`));
  const version = specifiers["npm:deno-std@^1.4.0"];
  for (const name of ["async", "cli", "fmt", "html", "http", "path", "text"]) {
    assertStringIncludes(await Deno.readTextFile(`${STD}/${name}.js`), `bundled from npm:deno-std@${version} by`);
  }
});

const segment = fc.constantFrom("a", "b.txt", ".", "..", "", "/", "\\", "C:", "c:\\", "//server/share", "x y", "ü");
const path = fc.array(segment, { maxLength: 5 }).map((segments) => segments.join("/"));

for (
  const [os, isHere] of [["posix", Deno.build.os !== "windows"], ["windows", Deno.build.os === "windows"]] as const
) {
  Deno.test({
    name: `@std/path does what the package's ${os} functions do`,
    ignore: !isHere,
    fn: async () => {
      const std: Readonly<Record<string, (...args: string[]) => string>> = await import("@std/path");
      for (const [name, file] of [["basename", "basename"], ["dirname", "dirname"]] as const) {
        const theirs = await original(`path/${os}/${file}`, name);
        fc.assert(fc.property(path, (text) => assertEquals(std[name]?.(text), theirs(text))));
      }
      for (const name of ["join", "resolve", "relative"]) {
        const theirs = await original(`path/${os}/${name}`, name);
        fc.assert(fc.property(path, path, (a, b) => {
          const absolute = name === "join" ? a : `${os === "windows" ? "C:\\" : "/"}${a}`;
          assertEquals(std[name]?.(absolute, b), theirs(absolute, b));
        }));
      }
      const theirs = await original(`path/${os}/from_file_url`, "fromFileUrl");
      assertEquals(fromFileUrl("file:///C:/a%20b/%25"), theirs("file:///C:/a%20b/%25"));
    },
  });
}

Deno.test("@std/cli, fmt, html, http and text do what the package's functions do", async () => {
  const word = fc.constantFrom(
    "--url",
    "--url=x",
    "-v",
    "-vq",
    "--no-x",
    "x",
    "-",
    "--",
    "--quiet",
    "1",
    "--retries",
    "",
  );
  const options = { string: ["url", "retries", "_"], collect: ["url"], boolean: ["quiet"], alias: { v: "verbose" } };
  const parse = await original("cli/parse_args", "parseArgs");
  fc.assert(fc.property(fc.array(word), (args) => assertEquals(parseArgs(args, options), parse(args, options))));
  const bytes = await original("fmt/bytes", "format");
  fc.assert(fc.property(fc.nat(), (count) => assertEquals(format(count), bytes(count))));
  const html = await original("html/entities", "escape");
  fc.assert(fc.property(fc.string(), (text) => assertEquals(escape(text), html(text))));
  assertEquals(STATUS_TEXT, (await import("deno-std/http/status.js")).STATUS_TEXT);
  const distance = await original("text/levenshtein_distance", "levenshteinDistance");
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => assertEquals(levenshteinDistance(a, b), distance(a, b))));
  const closest = await original("text/closest_string", "closestString");
  fc.assert(fc.property(fc.string(), fc.array(fc.string(), { minLength: 1 }), (word, words) => {
    assertEquals(closestString(word, words), closest(word, words));
  }));
});

Deno.test("@std/async delay() waits, and rejects with the signal's reason when it is aborted", async () => {
  const controller = new AbortController();
  const waiting = delay(60_000, { signal: controller.signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  await delay(1);
});
