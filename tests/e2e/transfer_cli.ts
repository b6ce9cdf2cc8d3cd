// The real command line against a store that misbehaves on purpose.
import { archivePath } from "../../mod.ts";
import { fromFileUrl } from "@std/path";
import type { CliResult } from "../support/cli.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { type ObjectStore, randomBytes, startObjectStore } from "../support/object_store.ts";
import { nameOf } from "../transfer/lab.ts";

const CLI = fromFileUrl(new URL("../../cli.ts", import.meta.url));

/** How to start the command line. */
export interface StartOptions {
  /** Written to standard input; null keeps it open until the end and writes nothing. */
  readonly stdin?: string | null;
  /** Bash that runs before it, in the same process: `ulimit -f 100`. */
  readonly setup?: string;
}

/** A run of the command line. */
export interface CliRun {
  kill(signal: Deno.Signal): void;
  /** Writes to a standard input that is kept open. */
  type(text: string): Promise<void>;
  /** Its end. */
  readonly done: Promise<CliResult>;
}

/** A store with files, a data directory, and the command line with both. */
export interface TransferCli extends AsyncDisposable {
  readonly store: ObjectStore;
  readonly folder: TestFolder;
  /** The names of the files in the store. */
  readonly names: readonly string[];
  /** Their archive paths. */
  readonly paths: string[];
  start(args: readonly string[], options?: StartOptions): CliRun;
  run(args: readonly string[], options?: StartOptions): Promise<CliResult>;
  /** The final files whose bytes differ from those in the store. */
  wrong(): Promise<string[]>;
}

/** Fills a store with files of random bytes. */
export async function openCli({ count = 1, length = 100_000 } = {}): Promise<TransferCli> {
  const store = await startObjectStore();
  const folder = await testFolder();
  const names = Array.from({ length: count }, (_, number) => nameOf(number));
  for (const name of names) store.add(archivePath(name), randomBytes(length));
  const none = { IMAP_DATA_DIR: folder.path, IMAP_API_KEY: "k3y", IMAP_ACCESS_TOKEN: "" };
  const env = { ...none, IMAP_DATA_ACCESS_URL: store.url, NO_COLOR: "1" };

  const start = (args: readonly string[], { stdin, setup }: StartOptions = {}): CliRun => {
    const deno = ["run", "-A", "--quiet", CLI, ...args];
    const bash = ["-c", `${setup}\nexec "$@"`, "bash", Deno.execPath(), ...deno];
    const child = new Deno.Command(setup === undefined ? Deno.execPath() : "bash", {
      args: setup === undefined ? deno : bash,
      env,
      cwd: folder.path,
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const [stdout, stderr] = [new Response(child.stdout).text(), new Response(child.stderr).text()];
    const keys = stdin === undefined ? undefined : child.stdin.getWriter();
    const type = async (text: string) => await keys?.write(new TextEncoder().encode(text));
    const done = async (): Promise<CliResult> => {
      if (typeof stdin === "string") {
        await type(stdin);
        await keys?.close();
      }
      const { code } = await child.status;
      if (stdin === null) await keys?.close().catch(() => {});
      return { code, stdout: await stdout, stderr: await stderr };
    };
    return { type, kill: (signal: Deno.Signal) => child.kill(signal), done: done() };
  };
  return {
    store,
    folder,
    names,
    paths: names.map((name) => archivePath(name)),
    start,
    run: (args: readonly string[], options?: StartOptions) => start(args, options).done,
    async wrong() {
      const wrong: string[] = [];
      for (const path of await folder.files()) {
        if (path.includes("/.")) continue;
        const bytes = await Deno.readFile(`${folder.path}/${path}`);
        const right = store.objects.get(path)?.bytes;
        if (right?.length !== bytes.length || !right.every((byte, at) => byte === bytes[at])) wrong.push(path);
      }
      return wrong;
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
