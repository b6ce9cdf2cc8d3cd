import { archivePath } from "../../mod.ts";
import { fromFileUrl, join } from "@std/path";
import { nameOf } from "../transfer/lab.ts";
import { type TestFolder, testFolder } from "./folder.ts";
import { type CellOutput, type CellResult, type Kernel, type KernelMessage, mimeText, startKernel } from "./kernel.ts";
import { type ObjectStore, randomBytes, startObjectStore } from "./object_store.ts";

/** A kernel with the library, a store with files, and a data directory. */
export interface NotebookLab extends AsyncDisposable {
  readonly kernel: Kernel;
  readonly store: ObjectStore;
  readonly folder: TestFolder;
  /** The names of the files in the store. */
  readonly names: readonly string[];
  /** Runs a cell that must succeed. */
  run(code: string): Promise<CellResult>;
}

const ROOT = fromFileUrl(new URL("../..", import.meta.url));

/** Starts a kernel, and imports the library as `imap` and the names of the files as `names`. */
export async function openNotebookLab({ count = 4, length = 1000 } = {}): Promise<NotebookLab> {
  const store = await startObjectStore();
  const folder = await testFolder();
  const names = Array.from({ length: count }, (_, number) => nameOf(number));
  for (const name of names) store.add(archivePath(name), randomBytes(length));
  const settings = { IMAP_DATA_ACCESS_URL: store.url, IMAP_DATA_DIR: folder.path, IMAP_API_KEY: "k3y" };
  const kernel = await startKernel({ cwd: ROOT, env: { ...settings, IMAP_ACCESS_TOKEN: "", NO_COLOR: "1" } });
  const run = async (code: string) => {
    const result = await kernel.execute(code);
    if (result.status === "error") throw new Error(`the cell failed: ${result.error?.traceback.join("\n")}\n${code}`);
    return result;
  };
  const lab: NotebookLab = {
    kernel,
    store,
    folder,
    names,
    run,
    async [Symbol.asyncDispose]() {
      await kernel.shutdown();
      await store[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
  try {
    await run(`import * as imap from "@imap-sdc/data-access"; const names = ${JSON.stringify(names)};`);
    return lab;
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

/** Writes a file to upload. @returns Its path. */
export async function putNewFile({ folder }: NotebookLab, name: string): Promise<string> {
  const path = join(folder.path, name);
  await Deno.writeFile(path, randomBytes(1000));
  return path;
}

/** The messages that draw something. */
export function drawings({ messages }: CellResult): KernelMessage[] {
  return messages.filter(({ type }) => type === "display_data" || type === "update_display_data");
}

/** The first line of each output's text. */
export function firstLines(outputs: readonly CellOutput[]): string[] {
  return outputs.map((output) => (mimeText(output, "text/plain") ?? "").split("\n")[0] ?? "");
}
