import { fromFileUrl } from "@std/path";
import { HAS_REPLICAS } from "./archive.ts";
import { testFolder } from "./folder.ts";
import { watchObjects } from "./watched_objects.ts";

const CLI = fromFileUrl(new URL("../../cli.ts", import.meta.url));

/** The result of a run of the real command line. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and how to run. */
export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** An environment without the settings of the user who runs the tests. */
const NO_SETTINGS = {
  IMAP_DATA_ACCESS_URL: "",
  IMAP_DATA_DIR: "",
  IMAP_API_KEY: "",
  IMAP_ACCESS_TOKEN: "",
  IMAP_WEBPODA_TOKEN: "",
  IMAP_WEBPODA_URL: "",
  IMAP_IALIRT_URL: "",
  NO_COLOR: "1",
  // Deno checks for updates now and then, also through a proxy of the test.
  DENO_NO_UPDATE_CHECK: "1",
};

/** The real command line, without the settings of the user who runs the tests. */
export function cliCommand(args: readonly string[], { cwd, env }: CliOptions = {}): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", CLI, ...args],
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...NO_SETTINGS, ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs the real command line to its end. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { code, stdout, stderr } = await cliCommand(args, options).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/**
 * Runs a line of bash, as a batch user writes it: `ida` is the real command line, and `"${IDA[@]}"` its words. Only a shell
 * can pass bytes that are not UTF-8, ignore signals, and redirect to devices.
 */
export async function runInShell(line: string, options: CliOptions = {}): Promise<CliResult> {
  const { code, stdout, stderr } = await shellCommand(line, options).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The process of {@linkcode runInShell}. */
export function shellCommand(line: string, { cwd, env }: CliOptions = {}): Deno.Command {
  return new Deno.Command("bash", {
    args: ["-c", `IDA=("${Deno.execPath()}" run -A --quiet "${CLI}"); ida() { "\${IDA[@]}" "$@"; }\n${line}`],
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...NO_SETTINGS, ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** A `serve` in its own process. */
export interface ServeProcess extends AsyncDisposable {
  readonly url: string;
  readonly process: Deno.ChildProcess;
}

/** Starts `serve` with a proxy in front of its objects, which fails the test if a credential is sent there. */
export async function startServe(args: readonly string[], options: CliOptions = {}): Promise<ServeProcess> {
  await using started = new AsyncDisposableStack();
  const watched = started.use(await watchObjects());
  const objects = ["--objects-port", String(watched.port), "--objects-url", watched.url];
  const { url, process } = started.use(await startBareServe([...args, ...objects], options));
  const both = started.move();
  return { url, process, [Symbol.asyncDispose]: () => both.disposeAsync() };
}

/** Starts `serve` with more arguments and waits until it says that it is ready. It ends with its `await using`. */
export async function startBareServe(args: readonly string[], options: CliOptions = {}): Promise<ServeProcess> {
  const process = cliCommand(["serve", "--quiet", ...args], options).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) break;
    said += value;
  }
  await reader.cancel();
  const stop = async () => {
    try {
      process.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await process.status;
    // A test that reads it reads to its end, and its reader may still hold it here.
    if (!process.stderr.locked) await process.stderr.cancel();
  };
  const url = /^IMAP archive at (http:\S+)\n$/.exec(said)?.[1];
  if (url === undefined) {
    await stop();
    throw new Error(`serve did not start; it said "${said}"`);
  }
  return { url, process, [Symbol.asyncDispose]: stop };
}

/**
 * Starts `serve` with the backend that is tested. With PostgreSQL and S3, `--demo` and `--root FOLDER` stand for a store with
 * the same files.
 */
export async function startTestServe(args: readonly string[]): Promise<ServeProcess> {
  if (!HAS_REPLICAS) return await startBareServe(args);
  const { writeDemoFiles } = await import("../../src/demo/demo_files.ts");
  const { replicaPlace } = await import("../replicas/replica_place.ts");
  await using folder = await testFolder();
  if (args.includes("--demo")) await writeDemoFiles(folder.path);
  const root = args.indexOf("--root");
  const { database, store, storeCredentials } = await replicaPlace(root < 0 ? folder.path : args[root + 1] ?? "");
  const others = args.filter((arg, index) => arg !== "--demo" && (root < 0 || (index !== root && index !== root + 1)));
  return await startBareServe(["--database", database, "--store", store, ...others], {
    env: {
      AWS_ACCESS_KEY_ID: storeCredentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: storeCredentials.secretAccessKey,
    },
  });
}
