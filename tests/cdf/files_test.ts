// Small files of tests/cdf/generate.py, with what cdflib reads from them: `deno task test:cdf` writes and checks both.
import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { compareFile, type Dump } from "./compare.ts";

const FILES = fromFileUrl(new URL("files/", import.meta.url));

for (const line of Deno.readTextFileSync(`${FILES}expected.jsonl`).trimEnd().split("\n")) {
  const dump: Dump = JSON.parse(line);
  Deno.test(`openCdf() reads ${dump.path} as cdflib does`, async () => {
    const { differences } = await compareFile({ ...dump, path: `${FILES}${dump.path}` });
    assertEquals(differences, []);
  });
}
