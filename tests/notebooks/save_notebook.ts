import type { JsonObject } from "../support/kernel_json.ts";
import type { CellOutput } from "../support/kernel.ts";
import type { NotebookCell } from "../support/notebook.ts";
import type { ExecutedNotebook } from "./execute_notebook.ts";

/** A text as notebooks keep it: a line each, with its line break. */
function linesOf(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

function splitData(data: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(data).map(([mime, value]) => [mime, typeof value === "string" ? linesOf(value) : value]),
  );
}

function savedOutput(output: CellOutput): JsonObject {
  if ("data" in output) return { ...output, data: splitData(output.data) };
  return output.output_type === "stream" ? { ...output, text: linesOf(output.text) } : { ...output };
}

function savedCell(cell: NotebookCell, executed: ExecutedNotebook): JsonObject {
  const source = linesOf(cell.source);
  if (cell.cell_type !== "code") return { ...cell, source };
  const run = executed.cells.find((run) => run.cell === cell);
  const outputs = (run?.outputs ?? []).map(savedOutput);
  return { ...cell, execution_count: run?.executionCount ?? null, outputs, source };
}

/** JSON with its keys in alphabetical order, as Jupyter writes it. */
function sorted(_key: string, value: unknown): unknown {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1)) : value;
}

/** A notebook's file with the outputs of a run, byte for byte as JupyterLab saves it. */
export function notebookFile(executed: ExecutedNotebook): string {
  const cells = executed.notebook.cells.map((cell) => savedCell(cell, executed));
  return `${JSON.stringify({ ...executed.notebook, cells }, sorted, 1)}\n`;
}
