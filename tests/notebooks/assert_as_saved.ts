import { assert, assertEquals } from "@std/assert";
import type { ExecutedNotebook } from "./execute_notebook.ts";

/** Fails when a cell shows anything but what is saved below it, in any MIME type, or when an output arrived too late. */
export function assertAsSaved({ notebook, cells, stray }: ExecutedNotebook): void {
  const codeCells = notebook.cells.filter((cell) => cell.cell_type === "code");
  assert(codeCells.some(({ outputs }) => outputs.length > 0), "nothing is saved: run `deno task notebooks`");
  assertEquals(cells.length, codeCells.length, "not every cell ran");
  for (const { cell, outputs, executionCount, late } of cells) {
    const hint = `run \`deno task notebooks\` if this change is meant; the cell:\n${cell.source}`;
    assertEquals(outputs, cell.outputs, hint);
    assertEquals(
      late,
      [],
      `an output came after the idle of its cell: show what it is to show with await\n${cell.source}`,
    );
    assertEquals(executionCount, cell.execution_count, hint);
  }
  assertEquals(stray, [], "an output came when its cell was over");
}
