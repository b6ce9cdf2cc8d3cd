// An upload of 1 GiB against curl, which asks the API for the URL first, as we do.
import { basename, join } from "@std/path";
import { ratio, type Result, type RunAndAfter, shownTime, sideBySide } from "../measure.ts";
import { checkSame } from "./check_files.ts";
import { ours, python } from "./contestants.ts";
import { peakResult } from "./peak_memory.ts";
import { pythonClient } from "./programs.ts";
import { outputOf, runProgram, runWatched } from "./run_program.ts";
import { scienceFiles } from "./source_file.ts";
import { openStage } from "./stage.ts";

const ROUNDS = 5;

/** Measures uploads. */
export async function benchUpload(): Promise<Result[]> {
  const sources = scienceFiles("upload", 1, 1024 ** 3);
  const path = sources[0]?.path ?? "";
  await using stage = await openStage(sources);
  const { objects, uploads, target, clear } = stage;
  const api = `${stage.api}/plain`;
  const [file, name] = [join(objects, path), basename(path)];
  const peaks: number[] = [];
  const timed = (run: () => Promise<void>): RunAndAfter => ({
    run,
    after: async () => {
      await checkSame(join(uploads, name), file);
      await clear();
    },
  });
  const client = pythonClient();
  const times = await sideBySide({
    ours: timed(async () => void peaks.push(await runWatched(ours(api, target, ["upload", file])))),
    curl: timed(async () => {
      const said = await outputOf({ command: "curl", args: ["-q", "-sf", `${api}/upload/${name}`] });
      await runProgram({ command: "curl", args: ["-q", "-sf", "-T", file, String(JSON.parse(said))] });
    }),
    python: client === undefined ? undefined : timed(() => runProgram(python(client, api, target, ["upload", file]))),
  }, ROUNDS);
  return [
    { ...ratio("upload of 1 GiB / curl -T", times.ours, times.curl, 1.5), python: shownTime(times.python) },
    peakResult("upload of 1 GiB", peaks),
  ];
}
