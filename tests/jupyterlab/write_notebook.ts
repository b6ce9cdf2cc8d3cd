import { join } from "@std/path";
import type { JupyterLab } from "./start_jupyterlab.ts";

/** Puts a notebook of some code cells beside the others. @returns Its path in the checkout. */
export async function writeNotebook({ folder }: JupyterLab, name: string, sources: readonly string[]): Promise<string> {
  const path = `notebooks/${name}`;
  const cells = sources.map((source, number) => ({
    cell_type: "code",
    id: `cell-${number}`,
    metadata: {},
    source,
    execution_count: null,
    outputs: [],
  }));
  const kernelspec = { name: "deno", display_name: "Deno", language: "typescript" };
  const notebook = { nbformat: 4, nbformat_minor: 5, metadata: { kernelspec }, cells };
  await Deno.writeTextFile(join(folder, path), JSON.stringify(notebook));
  return path;
}
