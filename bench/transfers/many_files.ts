// Compares downloads of 1,000 files of 200 KB with aria2 and `curl`, all with 16 connections.
import { basename } from "@std/path";
import { ratio, type Result, type RunAndAfter, shownTime, sideBySide } from "../measure.ts";
import { checkAndClear, flat, inFolders } from "./check_files.ts";
import { aria2, curlParallel, ours, pythonMany } from "./contestants.ts";
import { peakResult } from "./peak_memory.ts";
import { pythonClient } from "./programs.ts";
import { type Program, runProgram, runWatched } from "./run_program.ts";
import { scienceFiles } from "./source_file.ts";
import { openStage } from "./stage.ts";

const ROUNDS = 5;
const FILES = 1000;
const FILE_SIZE = 200_000;

/** Measures downloads of many small files. */
export async function benchManyFiles(): Promise<Result[]> {
  const sources = scienceFiles("small", FILES, FILE_SIZE);
  const paths = sources.map(({ path }) => path);
  await using stage = await openStage(sources);
  const { target } = stage;
  const api = `${stage.api}/plain`;
  const peaks: number[] = [];
  const names = `${paths.map((path) => basename(path)).join("\n")}\n`;
  const after = (place: typeof flat) => checkAndClear(stage, sources, place);
  const other = (program: Program, place: typeof flat): RunAndAfter => ({
    run: () => runProgram(program),
    after: after(place),
  });
  const client = pythonClient();
  const times = await sideBySide({
    ours: {
      run: async () =>
        void peaks.push(await runWatched(ours(api, target, ["download", "--concurrency", "16", "-"], names))),
      after: after(inFolders),
    },
    aria2: other(aria2(api, target, paths), flat),
    curl: other(curlParallel(api, target, paths), flat),
    python: client === undefined ? undefined : other(pythonMany(client, api, target, paths), inFolders),
  }, ROUNDS);
  const work = "1,000 files of 200 KB, 16 at once";
  return [
    { ...ratio(`${work} / aria2c -j16`, times.ours, times.aria2, 0.45), python: shownTime(times.python) },
    ratio(`${work} / curl -Z --parallel-max 16`, times.ours, times.curl, 2.5),
    peakResult(work, peaks),
  ];
}
