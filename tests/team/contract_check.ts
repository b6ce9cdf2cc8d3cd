// The contract tests of the archive, with its rows in PostgreSQL and its files in S3: `deno task test:team` sets
// IMAP_TEST_BACKEND, and each test opens such an archive.
import { IS_TEAM } from "../support/archive.ts";
import { assertEquals } from "@std/assert";

/** Tests of a file that are not run: their names, and why. */
type Omitted = Readonly<Record<string, string>>;

const OWN_OBJECTS = "about the archive's own object store; here the objects are on the store's origin";
const FOLDER = "about the folder of an archive";

/** The files with contract tests, and their tests that only an archive in a folder can pass. */
const FILES: Readonly<Record<string, Omitted>> = {
};

/** The names of all tests, by file. */
const names = new Map<string, Set<string>>();

if (IS_TEAM) {
  const define = Deno.test;
  for (const [file, omitted] of Object.entries(FILES)) {
    const seen = new Set<string>();
    names.set(file, seen);
    const add = (test: string | Deno.TestDefinition, fn?: Deno.TestDefinition["fn"]) => {
      const definition = typeof test === "string" ? { name: test, fn: fn ?? (() => {}) } : test;
      seen.add(definition.name);
      if (omitted[definition.name] === undefined) define({ ...definition, name: `${file}: ${definition.name}` });
    };
    Deno.test = Object.assign(add, define);
    await import(new URL(`../${file}`, import.meta.url).href);
  }
  Deno.test = define;
}

Deno.test("Only tests that exist are left out of those of an archive in PostgreSQL and S3", { ignore: !IS_TEAM }, () => {
  const unknown = Object.entries(FILES).flatMap(([file, omitted]) =>
    Object.keys(omitted).filter((name) => !names.get(file)?.has(name)).map((name) => `${file}: ${name}`)
  );
  assertEquals(unknown, []);
});
