// Runs each notebook 20 times over: no output may be lost or stand in another cell. `deno task test:notebooks`, 2 minutes.
import { assertAsSaved } from "./assert_as_saved.ts";
import { executeNotebook, NOTEBOOKS } from "./execute_notebook.ts";

const TIMES = 20;

Deno.test(`${TIMES} runs of each notebook show in every cell what is saved`, async () => {
  const runEach = async (name: typeof NOTEBOOKS[number]) => {
    for (let time = 0; time < TIMES; time++) assertAsSaved(await executeNotebook(name));
  };
  await Promise.all(NOTEBOOKS.map(runEach));
});
