// The CDF reader next to cdflib, on the files of a generator: `deno task test:cdf`. Needs python3 and a package index.
// The folders of CDF_FILES, separated by colons, are compared too. UPDATE_FILES=1 writes tests/cdf/files again.
import { assert, assertEquals } from "@std/assert";
import { walk } from "@std/fs";
import { fromFileUrl, join } from "@std/path";
import { testFolder } from "../support/folder.ts";
import { install, run } from "../python/install.ts";
import "../demo/istp.ts";
import "./bundle.ts";
import { compareFile, dumpFiles } from "./compare.ts";
import { compareExports, writeExportFiles } from "./exports.ts";
import { mutateFiles } from "./mutate.ts";
import { compareTimes } from "./times.ts";

/** What the reader is compared with, and what writes the files. */
const PACKAGES = ["cdflib==1.3.16", "pycdfpp==0.19.0"] as const;
/** What reads the Parquet files. */
const PYARROW = "pyarrow==21.0.0";
const here = (name: string) => fromFileUrl(new URL(name, import.meta.url));

async function cdfFiles(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of walk(folder, { includeDirs: false, exts: [".cdf"] })) paths.push(path);
  return paths.sort();
}

async function assertSame(paths: readonly string[]): Promise<{ variables: number; values: number }> {
  const python = join(await install(...PACKAGES), "python");
  let [variables, values] = [0, 0];
  const differences: string[] = [];
  for (const dump of await dumpFiles(python, paths)) {
    const compared = await compareFile(dump);
    variables += compared.variables;
    values += compared.values;
    differences.push(...compared.differences);
  }
  assertEquals(differences, []);
  return { variables, values };
}

Deno.test("more than 200 files that cdflib, pycdfpp and a writer of version 2 make are read as cdflib reads them", async () => {
  await using folder = await testFolder();
  const python = join(await install(...PACKAGES), "python");
  await run(python, [here("generate.py"), "all", folder.path]);
  const paths = await cdfFiles(folder.path);
  assert(paths.length > 200, `${paths.length} files`);
  const { variables, values } = await assertSame(paths);
  assert(variables > 3000 && values > 400_000, `${variables} variables, ${values} values`);
});

Deno.test("the files of tests/cdf/files are those of the generator, with what cdflib reads from them", async () => {
  const python = join(await install(...PACKAGES), "python");
  const folder = here("files");
  if (Deno.env.get("UPDATE_FILES") === "1") {
    await run(python, [here("generate.py"), "small", folder]);
    await Deno.writeTextFile(join(folder, "expected.jsonl"), "");
  }
  const paths = await cdfFiles(folder);
  await assertSame(paths);
  const dumps = await dumpFiles(python, paths);
  const lines = dumps.map((dump) => `${JSON.stringify({ ...dump, path: dump.path.slice(folder.length + 1) })}\n`);
  const expected = join(folder, "expected.jsonl");
  if (Deno.env.get("UPDATE_FILES") === "1") await Deno.writeTextFile(expected, lines.join(""));
  assertEquals(lines.join(""), await Deno.readTextFile(expected));
});

for (const folder of (Deno.env.get("CDF_FILES") ?? "").split(":").filter((folder) => folder !== "")) {
  Deno.test(`the files of ${folder} are read as cdflib reads them`, async () => {
    await assertSame(await cdfFiles(folder));
  });
}

Deno.test("times agree with cdflib: leap seconds, picoseconds, dates before 1972 and in 2030", async () => {
  const python = join(await install(...PACKAGES), "python");
  const { times, differences } = await compareTimes(python);
  assertEquals(differences, []);
  assert(times > 10_000, `${times} times`);
});

Deno.test("Parquet columns read by pyarrow equal cdflib's, fill as null, times as UTC timestamps", async () => {
  await using folder = await testFolder();
  const python = join(await install(...PACKAGES, PYARROW), "python");
  await run(python, [here("generate.py"), "all", folder.path]);
  const generated = (await cdfFiles(folder.path)).filter((path) => !path.endsWith(".twin.cdf"));
  const paths = [...generated, ...await cdfFiles(here("files")), ...await cdfFiles(here("../dataset/files"))];
  const { values, differences, refused } = await compareExports(python, paths, { folder: folder.path });
  assertEquals(differences, []);
  // Version 2 files have EPOCH16 of the year 0, for which 64 bits have no nanoseconds.
  assert(values > 350_000 && refused < 10, `${values} values, ${refused} variables refused`);
});

Deno.test("data sets and exports agree with cdflib: every type, a leap second, picoseconds, dates before 1972 and in 2030", async () => {
  await using folder = await testFolder();
  const python = join(await install(...PACKAGES, PYARROW), "python");
  const paths = await writeExportFiles(python, folder.path);
  const { values, differences, refused } = await compareExports(python, paths, {
    folder: folder.path,
    withLines: true,
  });
  assertEquals(differences, []);
  assertEquals([values, refused], [800, 0]);
});

for (const shared of (Deno.env.get("CDF_FILES") ?? "").split(":").filter((folder) => folder !== "")) {
  Deno.test(`exports of the files of ${shared} have the values that cdflib reads`, async () => {
    await using folder = await testFolder();
    const python = join(await install(...PACKAGES, PYARROW), "python");
    const { differences } = await compareExports(python, await cdfFiles(shared), {
      folder: folder.path,
      withLines: true,
    });
    assertEquals(differences, []);
  });
}

const MUTATIONS = Number(Deno.env.get("CDF_MUTATIONS") ?? 2000);

Deno.test(`${MUTATIONS} damaged files end in a CdfError, in bounded time and memory`, async () => {
  const { ran, peakMb, slowestMs, wrong } = await mutateFiles(MUTATIONS);
  assertEquals(wrong, []);
  assertEquals(ran, MUTATIONS);
  assert(peakMb < 200, `${peakMb} MB`);
  assert(slowestMs < 5000, `${slowestMs} ms`);
});
