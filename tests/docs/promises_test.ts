// Each promise names the test that holds it: a test that was renamed or deleted is missed here.
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));

/** The names of tests behind each file that the page names. */
async function namedTests(): Promise<Array<readonly [file: string, names: string[]]>> {
  const text = (await Deno.readTextFile(join(ROOT, "docs/promises.md"))).replaceAll(/\s+/g, " ");
  const named = text.matchAll(/`(tests\/[\w/]+\.ts)`: ((?:"[^"]+"(?:, )?)+)/g);
  return [...named].map((
    [, file = "", names = ""],
  ) => [file, names.split(/", "/).map((name) => name.replaceAll('"', ""))]);
}

/** The words of a file, without what splits a name over lines or puts a value into it. */
async function wordsOf(file: string): Promise<string> {
  return (await Deno.readTextFile(join(ROOT, file))).replaceAll(/\s+/g, " ");
}

Deno.test("docs/promises.md names an existing test for each promise", async () => {
  const text = await Deno.readTextFile(join(ROOT, "docs/promises.md"));
  const promises = text.split(/^- \*\*/m).slice(1);
  assert(promises.length > 15);
  for (const promise of promises) assert(/`tests\/[\w/]+\.ts`/.test(promise), promise);
  const missing: string[] = [];
  for (const [file, names] of await namedTests()) {
    const words = await wordsOf(file);
    for (const name of names) if (!words.includes(name)) missing.push(`${file}: ${name}`);
  }
  assertEquals(missing, []);
});
