import { walk } from "@std/fs";
import { relative } from "@std/path";

/** A temporary folder that is removed when its `await using` ends. */
export interface TestFolder extends AsyncDisposable {
  readonly path: string;
  /** The relative paths of all files in it, including hidden ones, sorted. */
  files(): Promise<string[]>;
}

async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { path } of walk(folder, { includeDirs: false })) found.push(relative(folder, path));
  return found.sort();
}

/** Creates a temporary folder. */
export async function testFolder(): Promise<TestFolder> {
  const path = await Deno.makeTempDir({ prefix: "imap_test_" });
  return {
    path,
    files: () => filesBelow(path),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
