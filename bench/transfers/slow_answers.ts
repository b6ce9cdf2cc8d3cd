// Compares downloads of 200 files of 200 KB, several at a time, with one at a time; the store waits 50 ms before each
// response.
import { basename, fromFileUrl } from "@std/path";
import { ratio, type Result, type RunAndAfter, sideBySide } from "../measure.ts";
import { checkAndClear, inFolders } from "./check_files.ts";
import { ours } from "./contestants.ts";
import { peakResult } from "./peak_memory.ts";
import { runWatched } from "./run_program.ts";
import { scienceFiles } from "./source_file.ts";
import { openStage } from "./stage.ts";

const ROUNDS = 5;
const FILES = 200;
const FILE_SIZE = 200_000;

async function startSlowServer(folder: string): Promise<{ readonly api: string } & AsyncDisposable> {
  const script = fromFileUrl(new URL("./slow_server.ts", import.meta.url));
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", script, folder],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = process.stdout.getReader();
  const { value } = await reader.read();
  const stop = async () => {
    process.kill("SIGTERM");
    await reader.cancel();
    await process.status;
  };
  return { api: new TextDecoder().decode(value).trim(), [Symbol.asyncDispose]: stop };
}

/** Measures how much the waits overlap. */
export async function benchSlowAnswers(): Promise<Result[]> {
  const sources = scienceFiles("slow", FILES, FILE_SIZE);
  await using stage = await openStage(sources);
  const { objects, target } = stage;
  await using server = await startSlowServer(objects);
  const names = `${sources.map(({ path }) => basename(path)).join("\n")}\n`;
  const peaks: number[] = [];
  const timed = (args: readonly string[]): RunAndAfter => ({
    run: async () => void peaks.push(await runWatched(ours(server.api, target, ["download", ...args, "-"], names))),
    after: checkAndClear(stage, sources, inFolders),
  });
  const times = await sideBySide({ several: timed([]), one: timed(["--concurrency", "1"]) }, ROUNDS);
  const work = "200 files of 200 KB, 50 ms before each answer";
  return [ratio(`${work} / --concurrency 1`, times.several, times.one, 1 / 7), peakResult(work, peaks)];
}
