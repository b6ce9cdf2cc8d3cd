// Compares the upload of 1 GiB with `curl -T`, which first requests the URL from the API, as our program does; and with `curl -T`
// and `md5sum` if the response of the store has an MD5, as with S3.
import { basename, join } from "@std/path";
import { ratio, type Result, type RunAndAfter, shownTime, sideBySide } from "../measure.ts";
import { checkUploaded } from "./check_files.ts";
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
  const { api, objects, target } = stage;
  const [file, name] = [join(objects, path), basename(path)];
  const peaks = { plain: [] as number[], md5: [] as number[] };
  const timed = (run: () => Promise<void>): RunAndAfter => ({
    run,
    after: async () => {
      await checkUploaded(stage, file);
      await stage.clear();
    },
  });
  const viaOurs = (kind: keyof typeof peaks) =>
    timed(async () => void peaks[kind].push(await runWatched(ours(`${api}/${kind}`, target, ["upload", file]))));
  const curlPut = async () => {
    const said = await outputOf({ command: "curl", args: ["-q", "-sf", `${api}/plain/upload/${name}`] });
    await runProgram({ command: "curl", args: ["-q", "-sf", "-T", file, String(JSON.parse(said))] });
  };
  const client = pythonClient();
  const times = await sideBySide({
    plain: viaOurs("plain"),
    curl: timed(curlPut),
    md5: viaOurs("md5"),
    curlMd5: timed(async () => {
      await curlPut();
      await runProgram({ command: "md5sum", args: [file] });
    }),
    python: client === undefined
      ? undefined
      : timed(() => runProgram(python(client, `${api}/plain`, target, ["upload", file]))),
  }, ROUNDS);
  return [
    { ...ratio("upload of 1 GiB / curl -T", times.plain, times.curl, 1.2), python: shownTime(times.python) },
    ratio("upload of 1 GiB, MD5 compared / curl -T, then md5sum", times.md5, times.curlMd5, 1),
    peakResult("upload of 1 GiB", peaks.plain),
    peakResult("upload of 1 GiB, MD5 compared", peaks.md5),
  ];
}
