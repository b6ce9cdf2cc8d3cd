import { dirname, fromFileUrl } from "@std/path";
import { type CellOutput, type Kernel, type KernelMessage, startKernel } from "../support/kernel.ts";
import {
  type CellRun,
  type CodeCell,
  expectsError,
  type Notebook,
  readNotebook,
  runAllCells,
  runNotebook,
} from "../support/notebook.ts";
import { steadyOutputs } from "./steady_outputs.ts";

const FOLDER = fromFileUrl(new URL("../../notebooks", import.meta.url));

/** The notebooks of this project, by their files' names. */
export const NOTEBOOKS = ["api_demo.ipynb", "first_ten_minutes.ipynb", "gallery.ipynb", "open_data.ipynb"] as const;

/** A code cell that ran, and its outputs now. */
export interface ExecutedCell {
  readonly cell: CodeCell;
  readonly outputs: readonly CellOutput[];
  readonly executionCount: number | null;
  /** Outputs that arrived after the cell's `idle`: in a front end they may appear below another cell. */
  readonly late: readonly KernelMessage[];
}

/** A notebook that ran from its first cell to its last. */
export interface ExecutedNotebook {
  readonly notebook: Notebook;
  readonly cells: readonly ExecutedCell[];
  /** Outputs that arrived after the wait for their cell: in a front end they are lost, or appear below another cell. */
  readonly stray: readonly KernelMessage[];
}

/** The path of one of {@linkcode NOTEBOOKS}. */
export function notebookPath(name: string): string {
  return `${FOLDER}/${name}`;
}

/** How a notebook is run. */
export interface ExecuteNotebookOptions {
  /** Whether all cells are sent at once, as "Run All" does: late outputs can then appear below another cell. */
  readonly atOnce?: boolean;
}

/** A notebook whose cells wait behind one another: each may take as long as all of them. */
const ALL_CELLS_MS = 180_000;

/** Ends what a notebook's first cell has started when the notebook broke off: its last cell does. */
async function tidyUp(kernel: Kernel, { cells }: Notebook, runs: readonly CellRun[]): Promise<void> {
  const last = cells.findLast((cell) => cell.cell_type === "code");
  if (last !== undefined && runs.at(-1)?.cell !== last) await kernel.execute(last.source);
}

/**
 * Runs a notebook in a kernel of its own, as JupyterLab starts it: in the notebook's folder. The settings of whoever runs
 * it do not count.
 *
 * @throws {Error} When a cell fails that does not say so, or one that says so does not.
 */
export async function executeNotebook(
  name: string,
  { atOnce = false }: ExecuteNotebookOptions = {},
): Promise<ExecutedNotebook> {
  const path = notebookPath(name);
  const notebook = await readNotebook(path);
  const none = { IMAP_DATA_ACCESS_URL: "", IMAP_DATA_DIR: "", IMAP_API_KEY: "", IMAP_ACCESS_TOKEN: "" };
  await using kernel = await startKernel({ cwd: dirname(path), env: { ...none, NO_COLOR: "1" } });
  const runs = atOnce
    ? await runAllCells(kernel, notebook, { timeoutMs: ALL_CELLS_MS })
    : await runNotebook(kernel, notebook);
  await tidyUp(kernel, notebook, runs);
  for (const { cell, result } of runs) {
    if ((result.status === "error") === expectsError(cell)) continue;
    throw new Error(`Cannot run ${name}: a cell ${result.error?.evalue ?? "must fail and does not"}\n${cell.source}`);
  }
  const cells = runs.map(({ cell, result }) => ({
    cell,
    outputs: steadyOutputs(result.outputs),
    executionCount: result.executionCount,
    late: result.late,
  }));
  return { notebook, cells, stray: [...kernel.stray, ...runs.flatMap(({ result }) => result.stray)] };
}
