// The demo's CDF files next to Python's readers: `deno task test:cdf`. Needs python3 and a package index.
import { DEMO_FILES } from "../../src/demo/demo_files.ts";
import { install, run } from "../python/install.ts";
import { compareFile, dumpFiles } from "../cdf/compare.ts";
import { testFolder } from "../support/folder.ts";
import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

const SCRIPT = fromFileUrl(new URL("istp.py", import.meta.url));
/** spacepy wants every variable with two dimensions to be a spectrogram; ISTP and the SDC draw vectors as time series. */
const VECTORS = /^(vectors|b_gse|monitors): Multi dim variable with time_series display type\.$/;

Deno.test("the demo's CDF files are valid by ISTP, and are read as cdflib reads them", async () => {
  await using folder = await testFolder();
  const files = DEMO_FILES.filter(({ name }) => name.endsWith(".cdf"));
  for (const { name, bytes } of files) await Deno.writeFile(join(folder.path, name), bytes());
  const paths = files.map(({ name }) => join(folder.path, name));
  const python = join(await install("cdflib==1.3.16", "spacepy==0.7.0", "xarray==2025.6.1"), "python");
  const found = (await run(python, [SCRIPT, ...paths])).trim().split("\n");
  assertEquals(found.length, files.length);
  for (const line of found) {
    const { name, problems, parents }: { name: string; problems: string[]; parents: string[] } = JSON.parse(line);
    assertEquals(problems.filter((problem) => !VECTORS.test(problem)), [], name);
    assertEquals(parents.length > 0, true, name);
  }
  for (const dump of await dumpFiles(python, paths)) assertEquals((await compareFile(dump)).differences, [], dump.path);
});
