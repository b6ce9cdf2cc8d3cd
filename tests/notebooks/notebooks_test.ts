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
    await savedText("api_demo.ipynb", `"query --instrument glows"`),
    "Found [7] matching files",
  );
  const codice = await savedText("api_demo.ipynb", `"query --instrument codice`);
  assertMatch(codice, /Found \[10\] matching files[^]*Found \[11\] matching files/);
  assertStringIncludes(
    await savedText("api_demo.ipynb", `imap.cli(["upload", first])`),
    "Successfully uploaded the file to the IMAP SDC",
  );
  assertStringIncludes(await savedText("api_demo.ipynb", `"glow"`), 'did you mean "glows"?');
  const uploaded = await savedText("api_demo.ipynb", `start_date: "20240724"`);
  assertEquals(uploaded, "imap/codice/l0/2024/07/imap_codice_l0_hskp_20240724_v001.pkts\n");
});

Deno.test("each notebook begins with what one would write, and marks the line to delete for the real SDC", async () => {
  for (const name of NOTEBOOKS) {
    const { cells } = await readNotebook(notebookPath(name));
    assertEquals(
      cells.find(({ cell_type }) => cell_type === "code")?.source,
      `import * as imap from "@imap-sdc/data-access";
import { demoArchive } from "@imap-sdc/data-access/archive";

const archive = await demoArchive(); // for the real SDC, delete this line`,
    );
    assertEquals(cells.at(-1)?.source, "await archive.close();");
    const code = cells.filter(({ cell_type }) => cell_type === "code").map(({ source }) => source).join("\n");
    for (const plumbing of ["Deno.Command", "TextDecoder", "setTimeout", "Deno.jupyter"]) {
      assert(!code.includes(plumbing), `${name} has ${plumbing}`);
    }
  }
});

Deno.test("a notebook's sample files are those of its own archive: without its line, no cell sends anything", async () => {
  let count = 0;
  for (const name of NOTEBOOKS) {
    const { cells } = await readNotebook(notebookPath(name));
    const code = cells.flatMap(({ cell_type, source }) => cell_type === "code" ? source.split("\n") : []);
    const names = code.flatMap((line) => /^const \[(.*)\] = archive\.uploads;$/.exec(line)?.[1]?.split(", ") ?? []);
    for (const line of code.filter((line) => /\b(upload|reprocess)\b/.test(line) && !line.includes("--help"))) {
      const argument = /(?:\bupload\(|"upload", )(\w+)/.exec(line)?.[1] ?? "";
      assert(line.includes("archive.") || names.includes(argument), `${name}: ${line}`);
      count += 1;
    }
  }
  assertEquals(count, 4);
});

Deno.test("the gallery has tables with a text form, charts as SVG, and the outcomes of transfers", async () => {
  for (
    const words of ["await files.show()", "files[0]", "year.show()", `table: "spice"`, ".download()", "dryRun"]
  ) {
    const [output, ...others] = await saved("gallery.ipynb", words);
    assert(output !== undefined && others.length === 0, words);
    assertStringIncludes(htmlOf(output) ?? "", "<table>");
    assertMatch(textOf(output) ?? "", /\S\n/);
  }
  for (const words of ["files.coverage().show()", "year.coverage()", "year.summary()"]) {
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
