import { basename, join } from "@std/path";
import { runProgram } from "./run_program.ts";
import type { Source } from "./source_file.ts";
import type { Stage } from "./stage.ts";

/** Compares two files byte by byte. */
async function checkSame(path: string, source: string): Promise<void> {
  await runProgram({ command: "cmp", args: [path, source] });
}

/** Checks that the store has received one complete file. */
export async function checkUploaded({ uploads }: Stage, source: string): Promise<void> {
  const came = await Array.fromAsync(Deno.readDir(uploads));
  const [file] = came;
  if (file === undefined || came.length > 1) throw new Error(`the store has ${came.length} files instead of one`);
  await checkSame(join(uploads, file.name), source);
}

/** Checks that files are complete: the size of each, and the bytes of one. */
export async function checkFiles(
  objects: string,
  sources: readonly Source[],
  placeOf: (source: Source) => string,
): Promise<void> {
  for (const source of sources) {
    const { size } = await Deno.stat(placeOf(source));
    if (size !== source.size) throw new Error(`"${source.path}" has ${size} of ${source.size} bytes`);
  }
  const one = sources[Math.floor(Math.random() * sources.length)];
  if (one !== undefined) await checkSame(placeOf(one), join(objects, one.path));
}

/** Returns what follows a download and is not timed: the check, and the cleanup. */
export function checkAndClear(stage: Stage, sources: readonly Source[], place: typeof flat): () => Promise<void> {
  return async () => {
    await checkFiles(stage.objects, sources, place(stage.target));
    await stage.clear();
  };
}

/** The paths of files in the archive's folders. */
export function inFolders(target: string): (source: Source) => string {
  return ({ path }) => join(target, path);
}

/** The paths of files in a single folder. */
export function flat(target: string): (source: Source) => string {
  return ({ path }) => join(target, basename(path));
}
