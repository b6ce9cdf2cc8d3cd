// What a notebook shows of results, in the real kernel.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { htmlOf, startKernel } from "../support/kernel.ts";
import { notebookPath } from "../notebooks/execute_notebook.ts";

Deno.test("a cell ends with a row, a chart, a catalog, a group, or nothing, and shows it", async () => {
  await using kernel = await startKernel({ cwd: notebookPath(""), env: { NO_COLOR: "1" } });
  const run = async (code: string) => {
    const { outputs, status, error } = await kernel.execute(code);
    assertEquals([status, error], ["ok", undefined]);
    return outputs.map(htmlOf).join("");
  };
  await run(`import * as imap from "@imap-sdc/data-access";
import { demoArchive } from "@imap-sdc/data-access/archive";
const archive = await demoArchive();
const files = await imap.query({ instrument: "mag" });
const nothing = await imap.query({ instrument: "mag", data_level: "l3" });
const products = await imap.catalog({ instrument: "mag" });`);
  const card = await run("files[0]");
  for (const words of ["Local path", "Downloaded", "await imap.download("]) assertStringIncludes(card, words);
  assertStringIncludes(await run("nothing"), "mag has ");
  assertStringIncludes(await run("files.coverage()"), "<svg ");
  assertStringIncludes(await run("files.summary()"), "<svg ");
  assertStringIncludes(await run("products"), `<svg class="imap-strip"`);
  assertStringIncludes(await run(`files.groupBy("data_level")`), "<table");
  assertStringIncludes(await run("files.latest().head(2)"), "2 matching files");
  const plain = await kernel.execute(`JSON.stringify(files[0]) === JSON.stringify({ ...files[0] })`);
  assert(JSON.stringify(plain.outputs).includes("true"));
  await run("await archive.close()");
});
