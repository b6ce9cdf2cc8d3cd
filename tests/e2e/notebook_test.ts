// The tutorial runs in the real kernel, from its first cell to its last, against the archive that it starts.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname, fromFileUrl } from "@std/path";
import { htmlOf, type Kernel, startKernel, textOf } from "../support/kernel.ts";
import { type CellRun, readNotebook, runNotebook } from "../support/notebook.ts";

const API_DEMO = fromFileUrl(new URL("../../notebooks/api_demo.ipynb", import.meta.url));

/** The folder of the `deno` that runs the tests, so that `deno` in a cell is the same. */
const DENO_FOLDER = dirname(Deno.execPath());

/** A kernel as JupyterLab starts it: in the notebook's folder. */
function startNotebookKernel(): Promise<Kernel> {
  const env = { PATH: `${DENO_FOLDER}:${Deno.env.get("PATH") ?? ""}`, NO_COLOR: "1", IMAP_API_KEY: "" };
  return startKernel({ cwd: dirname(API_DEMO), env });
}

function textsOf(runs: readonly CellRun[], source: string): string {
  const found = runs.filter(({ cell }) => cell.source.includes(source));
  assert(found.length > 0, `no cell has ${source}`);
  return found.flatMap(({ result }) => result.outputs).map((output) => textOf(output) ?? "").join("");
}

Deno.test("notebooks/api_demo.ipynb runs in the real kernel and shows what it says", async (t) => {
  await using kernel = await startNotebookKernel();
  const notebook = await readNotebook(API_DEMO);
  const runs = await runNotebook(kernel, notebook);

  await t.step("every cell ran without an error, and no output came into another cell", () => {
    const errors = runs.flatMap(({ cell, result }) => result.status === "ok" ? [] : [[cell.source, result.error]]);
    assertEquals(errors, []);
    assertEquals(runs.length, notebook.cells.filter(({ cell_type }) => cell_type === "code").length);
    assertEquals([...kernel.stray], []);
  });

  await t.step("the command line shows the seed notebook's figures", () => {
    assertStringIncludes(textsOf(runs, `"query", "--instrument", "glows");`), "Found [7] matching files");
    const codice = textsOf(runs, `"query", "--instrument", "codice"`);
    assertMatch(codice, /Found \[10\] matching files[^]*Found \[11\] matching files/);
    assertStringIncludes(textsOf(runs, `"upload", \``), "Successfully uploaded the file to the IMAP SDC");
  });

  await t.step("the library shows a table as HTML with a text fallback", () => {
    const shown = runs.find(({ cell }) => cell.source.includes("await files.show()"))?.result.outputs ?? [];
    assertEquals(shown.length, 1);
    const [output] = shown;
    assert(output !== undefined);
    assertMatch(
      htmlOf(output) ?? "",
      /<caption[^>]*>Found \[4\] matching files<\/caption>[^]*<td[^>]*>imap_mag_l0_raw_20250502_v000\.pkts<\/td>/,
    );
    assertMatch(textOf(output) ?? "", /^Found \[4\] matching files\n-+\|\nInstrument\|/);
  });

  await t.step("a wrong parameter gives a message that helps", () => {
    assertStringIncludes(textsOf(runs, `"glow"`), 'did you mean "glows"?');
  });
});

Deno.test("a query result that is a cell's last value shows itself", async () => {
  await using kernel = await startNotebookKernel();
  const imported = await kernel.execute(`import { QueryResult } from "@imap-sdc/data-access";`);
  assertEquals(imported.status, "ok");
  const { outputs } = await kernel.execute(`QueryResult.fromRows([{ file_path: "imap/<b>" }])`);
  assertEquals(outputs.length, 1);
  const html = outputs.map(htmlOf).join("");
  assertStringIncludes(html, "&lt;b&gt;");
});
