// Each notebook runs in the real kernel, from its first cell to its last, against the archive that it starts.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type CellOutput, htmlOf, mimeText, startKernel, textOf } from "../support/kernel.ts";
import { readNotebook } from "../support/notebook.ts";
import { assertAsSaved } from "./assert_as_saved.ts";
import { executeNotebook, notebookPath, NOTEBOOKS } from "./execute_notebook.ts";
import { notebookFile } from "./save_notebook.ts";

for (const name of NOTEBOOKS) {
  Deno.test(`notebooks/${name} shows in the real kernel what is saved, in every cell and MIME type`, async () => {
    const executed = await executeNotebook(name);
    assertAsSaved(executed);
    assertEquals(notebookFile(executed), await Deno.readTextFile(notebookPath(name)));
  });
}

/** What is saved below the cells of a notebook whose code has some words. */
async function saved(name: typeof NOTEBOOKS[number], words: string): Promise<CellOutput[]> {
  const { cells } = await readNotebook(notebookPath(name));
  const found = cells.flatMap((cell) => cell.cell_type === "code" && cell.source.includes(words) ? [cell] : []);
  assert(found.length > 0, `no cell has ${words}`);
  return found.flatMap(({ outputs }) => outputs);
}

async function savedText(name: typeof NOTEBOOKS[number], words: string): Promise<string> {
  return (await saved(name, words)).map((output) => textOf(output) ?? "").join("");
}

Deno.test("the tutorial shows the figures of the SDC's own", async () => {
  assertStringIncludes(
    await savedText("api_demo.ipynb", `"query", "--instrument", "glows");`),
    "Found [7] matching files",
  );
  const codice = await savedText("api_demo.ipynb", `"query", "--instrument", "codice"`);
  assertMatch(codice, /Found \[10\] matching files[^]*Found \[11\] matching files/);
  assertStringIncludes(
    await savedText("api_demo.ipynb", `"upload", \``),
    "Successfully uploaded the file to the IMAP SDC",
  );
  assertStringIncludes(await savedText("api_demo.ipynb", `"glow"`), 'did you mean "glows"?');
  const uploaded = await savedText("api_demo.ipynb", `start_date: "20240724"`);
  assertEquals(uploaded, "imap/codice/l0/2024/07/imap_codice_l0_hskp_20240724_v001.pkts");
});

Deno.test("the tutorial marks the line to change for the real SDC, and the gallery says how to use it without a checkout", async () => {
  for (const name of NOTEBOOKS) {
    const { cells } = await readNotebook(notebookPath(name));
    const text = cells.map(({ source }) => source).join("\n");
    assertStringIncludes(text, `const url = "https://api.imap-mission.com"`);
    assertStringIncludes(text, `import * as imap from "jsr:@imap-sdc/data-access"`);
  }
});

Deno.test("a notebook's sample files are uploaded only to its own archive, even if the URL is changed", async () => {
  for (const name of NOTEBOOKS) {
    const { cells } = await readNotebook(notebookPath(name));
    const uploads = cells.filter(({ cell_type, source }) =>
      cell_type === "code" && /\bupload\b/.test(source) && !source.includes("--help")
    );
    assert(uploads.length > 0);
    for (const { source } of uploads) {
      for (const line of source.split("\n").filter((line) => /\bupload\b/.test(line))) {
        assertMatch(line, /^(if \(url === local\)|const \w+ = url === local &&) await /);
      }
    }
    assert(cells.some(({ source }) => source.includes("\nconst url = local;")));
  }
});

Deno.test("the gallery has tables with a text form, charts as SVG, and the outcomes of transfers", async () => {
  for (const words of ["files.show()", "files.slice(0, 1)", "year.show()", `table: "spice"`, ".download()", "dryRun"]) {
    const [output, ...others] = await saved("gallery.ipynb", words);
    assert(output !== undefined && others.length === 0, words);
    assertStringIncludes(htmlOf(output) ?? "", "<table>");
    assertMatch(textOf(output) ?? "", /\S\n/);
  }
  for (const words of ["(await files.coverage()).show()", "(await year.coverage())", "year.summary()"]) {
    const [output] = await saved("gallery.ipynb", words);
    assert(output !== undefined);
    assertMatch(mimeText(output, "image/svg+xml") ?? "", /^<svg /);
  }
  assertStringIncludes(await savedText("gallery.ipynb", "missing].slice"), "3 fetched, 1 failed");
});

Deno.test("no notebook contains a path of the machine that it ran on", async () => {
  for (const name of NOTEBOOKS) {
    const text = await Deno.readTextFile(notebookPath(name));
    for (const trace of ["/tmp/", "/home/", "/root/", "/Users/"]) assert(!text.includes(trace), trace);
  }
});

Deno.test("a query result that is a cell's last value shows itself", async () => {
  await using kernel = await startKernel({ cwd: notebookPath(""), env: { NO_COLOR: "1" } });
  const imported = await kernel.execute(`import { QueryResult } from "@imap-sdc/data-access";`);
  assertEquals(imported.status, "ok");
  const { outputs } = await kernel.execute(`QueryResult.fromRows([{ file_path: "imap/<b>" }])`);
  assertEquals(outputs.length, 1);
  assertStringIncludes(outputs.map(htmlOf).join(""), "&lt;b&gt;");
});
