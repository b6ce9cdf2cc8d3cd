import { join } from "@std/path";
import { needPrograms } from "./programs.ts";
import { runProgram } from "./run_program.ts";
import { type Source, writeSource } from "./source_file.ts";
import { startNginx } from "./start_nginx.ts";

/** A store with files, and the folders of downloads and uploads; all of it is removed when its `await using` ends. */
export interface Stage extends AsyncDisposable {
  /** The API's address without the kind of objects. */
  readonly api: string;
  /** The folder with the objects. */
  readonly objects: string;
  /** The folder that uploads go to. */
  readonly uploads: string;
  /** The folder that downloads go to. */
  readonly target: string;
  /** The MD5 of each source, by its archive path. */
  readonly md5s: ReadonlyMap<string, string>;
  /** Empties the folders of downloads and uploads, and flushes the disk. */
  readonly clear: () => Promise<void>;
}

/**
 * Replaces a folder with an empty one. Its files are truncated but not deleted: ext4 skips recently deleted inodes one by one,
 * which would slow down the next program that creates files.
 */
async function putAside(folder: string, aside: string): Promise<void> {
  await runProgram({ command: "find", args: [folder, "-type", "f", "-exec", "truncate", "-s", "0", "{}", "+"] });
  await Deno.rename(folder, join(aside, crypto.randomUUID()));
  await Deno.mkdir(folder);
}

/** Writes the files of the store and starts nginx, all in the system's temporary folder (`TMPDIR`). */
export async function openStage(sources: readonly Source[]): Promise<Stage> {
  await needPrograms();
  await using stack = new AsyncDisposableStack();
  const root = await Deno.makeTempDir({ prefix: "imap-bench-" });
  stack.defer(() => Deno.remove(root, { recursive: true }));
  const folder = async (name: string): Promise<string> => {
    await Deno.mkdir(join(root, name));
    return join(root, name);
  };
  const [objects, uploads, target, aside] = [
    await folder("objects"),
    await folder("uploads"),
    await folder("target"),
    await folder("aside"),
  ];
  const md5s = new Map<string, string>();
  for (const source of sources) md5s.set(source.path, await writeSource(join(objects, source.path), source));
  const nginx = stack.use(await startNginx({ folder: await folder("nginx"), objects, uploads, md5s }));
  const clear = async () => {
    for (const path of [uploads, target]) await putAside(path, aside);
    await runProgram({ command: "sync", args: [] });
  };
  await clear();
  const owned = stack.move();
  return { api: nginx.api, objects, uploads, target, md5s, clear, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
