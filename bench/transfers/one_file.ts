// Compares the download of one file of 1 GiB with `curl` if the length is checked, and with `curl` and `md5sum` if the MD5 is
// checked.
import { comparison, ratio, type Result, type RunAndAfter, shownTime, sideBySide } from "../measure.ts";
import { checkAndClear, flat, inFolders } from "./check_files.ts";
import { curl, ours, python } from "./contestants.ts";
import { peakResult } from "./peak_memory.ts";
import { pythonClient } from "./programs.ts";
import { outputOf, runProgram, runWatched } from "./run_program.ts";
import { scienceFiles } from "./source_file.ts";
import { openStage } from "./stage.ts";

const ROUNDS = 5;
const GIBIBYTE = 1024 ** 3;

/** Measures downloads of one large file. */
export async function benchOneFile(): Promise<Result[]> {
  const sources = scienceFiles("large", 1, GIBIBYTE);
  const path = sources[0]?.path ?? "";
  await using stage = await openStage(sources);
  const { api, target, md5s } = stage;
  const peaks = { plain: [] as number[], md5: [] as number[] };
  const after = (place: typeof flat) => checkAndClear(stage, sources, place);
  const viaOurs = (kind: keyof typeof peaks): RunAndAfter => ({
    run: async () => void peaks[kind].push(await runWatched(ours(`${api}/${kind}`, target, ["download", path]))),
    after: after(inFolders),
  });
  const viaCurl = (then: (file: string) => Promise<void>): RunAndAfter => ({
    run: async () => {
      await runProgram(curl(`${api}/plain`, target, path));
      await then(flat(target)({ path, size: 0 }));
    },
    after: after(flat),
  });
  const client = pythonClient();
  const times = await sideBySide({
    plain: viaOurs("plain"),
    curl: viaCurl(async () => {}),
    md5: viaOurs("md5"),
    curlMd5: viaCurl(async (file) => {
      const said = await outputOf({ command: "md5sum", args: [file] });
      if (!said.startsWith(md5s.get(path) ?? "-")) throw new Error(`md5sum says ${said}`);
    }),
    curlSync: viaCurl((file) => runProgram({ command: "sync", args: [file] })),
    python: client === undefined ? undefined : {
      run: () => runProgram(python(client, `${api}/plain`, target, ["download", path])),
      after: after(inFolders),
    },
  }, ROUNDS);
  return [
    { ...ratio("1 GiB, length checked / curl", times.plain, times.curl, 1.05), python: shownTime(times.python) },
    comparison("the same / curl, then sync of the file", times.plain, times.curlSync),
    ratio("1 GiB, MD5 checked / curl, then md5sum", times.md5, times.curlMd5, 1.0),
    peakResult("1 GiB, length checked", peaks.plain),
    peakResult("1 GiB, MD5 checked", peaks.md5),
  ];
}
