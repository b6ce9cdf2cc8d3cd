/** Reads notebooks (nbformat 4.5, https://nbformat.readthedocs.io) and runs them in a kernel. */
import type { CellOutput, CellResult, ExecuteOptions, Kernel } from "./kernel.ts";
import { KernelError } from "./kernel_error.ts";
import { arrayAt, countAt, isObject, type JsonObject, objectAt, parseObject, textAt, textsAt } from "./kernel_json.ts";
import { decodeOutput } from "./kernel_outputs.ts";

/** A cell with text. */
export interface TextCell {
  readonly cell_type: "markdown" | "raw";
  readonly id: string;
  readonly metadata: JsonObject;
  /** The text, with its lines joined. */
  readonly source: string;
}

/** A cell with code, and its outputs from the last run. */
export interface CodeCell {
  readonly cell_type: "code";
  readonly id: string;
  readonly metadata: JsonObject;
  /** The code, with its lines joined. */
  readonly source: string;
  readonly execution_count: number | null;
  readonly outputs: readonly CellOutput[];
}

/** A cell; `cell_type` is its kind. */
export type NotebookCell = TextCell | CodeCell;

/** A notebook, decoded from its file. */
export interface Notebook {
  readonly nbformat: 4;
  readonly nbformat_minor: number;
  readonly metadata: JsonObject;
  readonly cells: readonly NotebookCell[];
}

/** A code cell and its result. */
export interface CellRun {
  readonly cell: CodeCell;
  readonly result: CellResult;
}

/** The tag that nbclient expects on a cell that shows an error on purpose. */
const ERROR_EXPECTED = "raises-exception";

/**
 * Decodes the JSON of a notebook.
 *
 * @throws {KernelError} When it is not a notebook of nbformat 4.5 or later; the message names the cell that is wrong.
 */
export function decodeNotebook(json: JsonObject): Notebook {
  const nbformat_minor = countAt(json, "nbformat_minor") ?? 0;
  if (json.nbformat !== 4 || nbformat_minor < 5) {
    throw new KernelError(
      `Cannot read a notebook of nbformat ${json.nbformat}.${nbformat_minor}: it must be 4.5 or later`,
    );
  }
  const cells = arrayAt(json, "cells").map(decodeCell);
  return { nbformat: 4, nbformat_minor, metadata: objectAt(json, "metadata"), cells };
}

/** Reads a notebook file. */
export async function readNotebook(path: string): Promise<Notebook> {
  return decodeNotebook(parseObject(await Deno.readTextFile(path), `"${path}"`));
}

/** Whether a cell throws on purpose: it has the tag `raises-exception`. */
export function expectsError(cell: NotebookCell): boolean {
  return textsAt(cell.metadata, "tags").includes(ERROR_EXPECTED);
}

/** Sends all code cells at once, as "Run All" does: the kernel runs them in order, also those after a failed one. */
export async function runAllCells(
  kernel: Kernel,
  notebook: Notebook,
  options: ExecuteOptions = {},
): Promise<CellRun[]> {
  const cells = notebook.cells.filter((cell) => cell.cell_type === "code");
  return await Promise.all(
    cells.map(async (cell) => ({ cell, result: await kernel.execute(cell.source, options) })),
  );
}

/**
 * Runs the code cells one by one, in order. Stops after a cell that fails, unless it throws on purpose: the last result is then
 * that of the failed cell.
 */
export async function runNotebook(
  kernel: Kernel,
  notebook: Notebook,
  options: ExecuteOptions = {},
): Promise<CellRun[]> {
  const runs: CellRun[] = [];
  for (const cell of notebook.cells) {
    if (cell.cell_type !== "code") continue;
    const result = await kernel.execute(cell.source, options);
    runs.push({ cell, result });
    if (result.status === "error" && !expectsError(cell)) break;
  }
  return runs;
}

function decodeCell(value: unknown, index: number): NotebookCell {
  if (!isObject(value)) throw new KernelError(`Cannot read cell ${index + 1}: it is not an object`);
  try {
    const common = { id: textAt(value, "id"), metadata: objectAt(value, "metadata"), source: textAt(value, "source") };
    const { cell_type } = value;
    if (cell_type === "markdown" || cell_type === "raw") return { cell_type, ...common };
    if (cell_type !== "code") throw new KernelError(`the cell_type "${cell_type}" is not known`);
    const outputs = arrayAt(value, "outputs").map((output) => {
      if (!isObject(output)) throw new KernelError("it has an output that is not an object");
      return decodeOutput(textAt(output, "output_type"), output);
    });
    return { cell_type, ...common, execution_count: countAt(value, "execution_count"), outputs };
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    throw new KernelError(`Cannot read cell ${index + 1}: ${error.message}`);
  }
}
