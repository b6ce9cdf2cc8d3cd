// Measures how much memory a download and an upload of 4 GiB need.
import { join } from "@std/path";
import type { Result } from "../measure.ts";
import { checkFiles, checkUploaded, inFolders } from "./check_files.ts";
import { ours } from "./contestants.ts";
import { peakResult } from "./peak_memory.ts";
import { runWatched } from "./run_program.ts";
import { scienceFiles } from "./source_file.ts";
import { openStage } from "./stage.ts";

/** Measures the memory only. */
export async function benchLargest(): Promise<Result[]> {
  const sources = scienceFiles("largest", 1, 4 * 1024 ** 3).map((source) => ({ ...source, sparse: true }));
  const path = sources[0]?.path ?? "";
  await using stage = await openStage(sources);
  const { objects, target, clear } = stage;
  const api = `${stage.api}/plain`;
  const down = await runWatched(ours(api, target, ["download", path]));
  await checkFiles(objects, sources, inFolders(target));
  await clear();
  const up = await runWatched(ours(api, target, ["upload", join(objects, path)]));
  await checkUploaded(stage, join(objects, path));
  return [peakResult("download of 4 GiB", [down]), peakResult("upload of 4 GiB", [up])];
}
