// Compares a download of 512 MiB from a store that limits each connection to 20 MB/s with the one connection of `curl`.
import { ratio, type Result, sideBySide } from "../measure.ts";
import { checkAndClear, flat, inFolders } from "./check_files.ts";
import { curl, ours } from "./contestants.ts";
import { peakResult } from "./peak_memory.ts";
import { runProgram, runWatched } from "./run_program.ts";
import { scienceFiles } from "./source_file.ts";
import { openStage } from "./stage.ts";

const ROUNDS = 5;

/** Measures how much faster one file is over several connections. */
export async function benchLimited(): Promise<Result[]> {
  const sources = scienceFiles("limited", 1, 512 * 1024 ** 2);
  const path = sources[0]?.path ?? "";
  await using stage = await openStage(sources);
  const { target } = stage;
  const api = `${stage.api}/limited`;
  const peaks: number[] = [];
  const after = (place: typeof flat) => checkAndClear(stage, sources, place);
  const times = await sideBySide({
    ours: {
      run: async () => void peaks.push(await runWatched(ours(api, target, ["download", path]))),
      after: after(inFolders),
    },
    curl: { run: () => runProgram(curl(api, target, path)), after: after(flat) },
  }, ROUNDS);
  const work = "512 MiB, 20 MB/s for each connection";
  return [ratio(`${work} / curl`, times.ours, times.curl, 0.3), peakResult(work, peaks)];
}
