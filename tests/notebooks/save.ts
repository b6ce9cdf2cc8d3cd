// Runs each notebook again in the real kernel and saves it with what its cells show: `deno task notebooks`.
// deno-lint-ignore-file no-console
import { executeNotebook, notebookPath, NOTEBOOKS } from "./execute_notebook.ts";
import { notebookFile } from "./save_notebook.ts";

for (const name of NOTEBOOKS) {
  const executed = await executeNotebook(name);
  if (executed.stray.length > 0 || executed.cells.some(({ late }) => late.length > 0)) {
    throw new Error(`Cannot save ${name}: an output came when its cell was over; try again`);
  }
  await Deno.writeTextFile(notebookPath(name), notebookFile(executed));
  console.log(`${name}: ${executed.cells.length} cells`);
}
