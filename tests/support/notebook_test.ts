import { assertEquals, assertThrows } from "./assert.ts";
import { KernelError, startKernel, textOf } from "./kernel.ts";
import { decodeNotebook, expectsError, readNotebook, runAllCells, runNotebook } from "./notebook.ts";

function code(source: string | string[], more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    cell_type: "code",
    id: crypto.randomUUID(),
    metadata: {},
    source,
    execution_count: null,
    outputs: [],
    ...more,
  };
}

const file = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { name: "deno", display_name: "Deno", language: "typescript" } },
  cells: [
    { cell_type: "markdown", id: "title", metadata: {}, source: ["# Title\n", "text"] },
    code(["const a = 1;\n", "a + 1"], {
      execution_count: 1,
      outputs: [
        { output_type: "stream", name: "stdout", text: ["one\n", "two\n"] },
        { output_type: "execute_result", execution_count: 1, metadata: {}, data: { "text/plain": ["2"] } },
      ],
    }),
    code(`throw new Error("on purpose")`, { metadata: { tags: ["raises-exception"] } }),
    code("a + 2"),
    code(`throw new Error("by mistake")`),
    code("a + 3"),
  ],
};

Deno.test("readNotebook() joins lines and keeps outputs in their kinds", async () => {
  const path = await Deno.makeTempFile({ suffix: ".ipynb" });
  try {
    await Deno.writeTextFile(path, JSON.stringify(file));
    const { cells } = await readNotebook(path);
    assertEquals(cells[0]?.source, "# Title\ntext");
    assertEquals(cells[1]?.source, "const a = 1;\na + 1");
    assertEquals(cells[1]?.cell_type === "code" ? cells[1].outputs.map(textOf) : [], ["one\ntwo\n", "2"]);
    assertEquals(cells.map(expectsError), [false, false, true, false, false, false]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("decodeNotebook() says what is wrong and where", () => {
  const decode = (change: Record<string, unknown>) => () => decodeNotebook({ ...file, ...change });
  assertThrows(decode({ nbformat_minor: 4 }), KernelError, "nbformat 4.4");
  assertThrows(decode({ cells: [code("1"), code("2", { id: 7 })] }), KernelError, `cell 2: Cannot read "id"`);
  assertThrows(decode({ cells: [{ ...code("1"), cell_type: "heading" }] }), KernelError, `cell 1: the cell_type`);
  assertThrows(decode({ cells: [code("1", { outputs: [{ output_type: "pyout" }] })] }), KernelError, `"pyout"`);
});

Deno.test("runNotebook() runs code cells up to the first error that is not expected", async () => {
  await using kernel = await startKernel({ env: { NO_COLOR: "1" } });
  const runs = await runNotebook(kernel, decodeNotebook(file));
  assertEquals(runs.map(({ result }) => result.status), ["ok", "error", "ok", "error"]);
  assertEquals(runs.map(({ result }) => result.outputs.map(textOf)), [
    ["2"],
    ["Error: on purpose"],
    ["3"],
    ["Error: by mistake"],
  ]);
});

Deno.test("runAllCells() sends all cells at once: an output that is not awaited appears below the cell that is running then", async () => {
  await using kernel = await startKernel({ env: { NO_COLOR: "1" } });
  const cells = [
    code(`void setTimeout(() => console.log("late"), 1_000);`),
    code(`await new Promise((resolve) => setTimeout(resolve, 3_000));`),
    code(`await Deno.jupyter.display({ "text/plain": "own" }, { raw: true });`),
  ];
  const runs = await runAllCells(kernel, decodeNotebook({ ...file, cells }));
  assertEquals(runs.map(({ result }) => result.outputs.map(textOf)), [[], ["late\n"], ["own"]]);
  assertEquals(runs.map(({ result }) => result.executionCount), [1, 2, 3]);
});
