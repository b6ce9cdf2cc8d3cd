import { walk } from "@std/fs";
import { relative } from "@std/path";

/** A temporary folder that goes away with the `await using` that holds it. */
export interface TestFolder extends AsyncDisposable {
  readonly path: string;
  /** The paths of all files in it, relative to it, sorted; hidden ones too. */
  files(): Promise<string[]>;
}

async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { path } of walk(folder, { includeDirs: false })) found.push(relative(folder, path));
  return found.sort();
}

/** Makes a temporary folder. */
export async function testFolder(): Promise<TestFolder> {
  const path = await Deno.makeTempDir({ prefix: "imap_test_" });
  return {
    path,
    files: () => filesBelow(path),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
