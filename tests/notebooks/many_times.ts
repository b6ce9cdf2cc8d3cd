// Runs each notebook 20 times over, all cells sent at once as "Run All" does: no output may be lost or appear in another cell. `deno task test:notebooks`, 3 minutes.
import { assertAsSaved } from "./assert_as_saved.ts";
import { executeNotebook, NOTEBOOKS } from "./execute_notebook.ts";

const TIMES = 20;

Deno.test(`${TIMES} runs of each notebook show in every cell what is saved`, async () => {
  // One at a time, as a reader runs them: a kernel that waits for a processor sends later than others.
  for (const name of NOTEBOOKS) {
    for (let time = 0; time < TIMES; time++) assertAsSaved(await executeNotebook(name, { atOnce: true }));
  }
});
