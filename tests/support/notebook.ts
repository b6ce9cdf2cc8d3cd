/** Notebooks (nbformat 4.5, https://nbformat.readthedocs.io): reading them, and running them in a kernel. */
import type { CellOutput, CellResult, ExecuteOptions, Kernel } from "./kernel.ts";
import { KernelError } from "./kernel_error.ts";
import { arrayAt, countAt, isObject, type JsonObject, objectAt, parseObject, textAt, textsAt } from "./kernel_json.ts";
import { decodeOutput } from "./kernel_outputs.ts";

/** Text between the code. */
export interface TextCell {
  readonly cell_type: "markdown" | "raw";
  readonly id: string;
  readonly metadata: JsonObject;
  /** The text, its lines joined. */
  readonly source: string;
}

/** Code, and what it showed when it was run last. */
export interface CodeCell {
  readonly cell_type: "code";
  readonly id: string;
  readonly metadata: JsonObject;
  /** The code, its lines joined. */
  readonly source: string;
  readonly execution_count: number | null;
  readonly outputs: readonly CellOutput[];
}

/** A cell, tagged by `cell_type`. */
export type NotebookCell = TextCell | CodeCell;

/** A notebook as its file says it is. */
export interface Notebook {
  readonly nbformat: 4;
  readonly nbformat_minor: number;
  readonly metadata: JsonObject;
  readonly cells: readonly NotebookCell[];
}

/** A code cell and what it came to. */
export interface CellRun {
  readonly cell: CodeCell;
  readonly result: CellResult;
}

/** The tag by which nbclient knows a cell that shows an error on purpose. */
const ERROR_EXPECTED = "raises-exception";

/**
 * Takes a notebook's JSON for what it must be.
 *
 * @throws {KernelError} When it is no notebook of nbformat 4.5 or later; the message says which cell is wrong.
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

/** Whether a cell says that it throws on purpose: it has the tag `raises-exception`. */
export function expectsError(cell: NotebookCell): boolean {
  return textsAt(cell.metadata, "tags").includes(ERROR_EXPECTED);
}

/** Sends all code cells at once, as "Run All" does: the kernel runs them in their order, those behind a failed one too. */
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
 * Runs the code cells one by one, in their order. Stops behind a cell that fails, unless it says that it throws on purpose: the last
 * of what is returned is then the failed one.
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
