// Measures a `sync` of 10,000 files that finds nothing new, next to an empty script.
import { comparison, ratio, type Result, sideBySide } from "./measure.ts";
import { startServe } from "../tests/support/cli.ts";
import { dirname, fromFileUrl, join } from "@std/path";

const CLI = fromFileUrl(new URL("../cli.ts", import.meta.url));
const FILES = 10_000;
const ROUNDS = 15;
const DAY_MS = 86_400_000;

/** The archive path of a file: a thousand days of each of ten descriptors. */
function pathOf(number: number): string {
  const day = new Date(Date.UTC(2025, 8, 1 + number % 1_000)).toISOString().slice(0, 10).replaceAll("-", "");
  const name = `imap_mag_l2_norm-d${Math.floor(number / 1_000)}_${day}_v001.0001.cdf`;
  return `imap/mag/l2/${day.slice(0, 4)}/${day.slice(4, 6)}/${name}`;
}

/** Writes files that were ingested a month ago. */
function writeFiles(root: string): void {
  const ingested = new Date(Date.now() - 30 * DAY_MS);
  for (let number = 0; number < FILES; number++) {
    const path = join(root, pathOf(number));
    Deno.mkdirSync(dirname(path), { recursive: true });
    Deno.writeTextFileSync(path, `file ${number}`);
    Deno.utimeSync(path, ingested, ingested);
  }
}

/** Runs Deno to the end. */
async function run(args: readonly string[]): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--quiet", ...args], stdin: "null" });
  const { code, signal, stderr } = await command.output();
  if (code === 0) return;
  throw new Error(`deno run ${args.join(" ")} ended with ${signal ?? code}: ${new TextDecoder().decode(stderr)}`);
}

/** Measures a run without news against the local archive, with the start of the process; and its query without it. */
export async function benchSync(): Promise<Result[]> {
  const folder = await Deno.makeTempDir({ prefix: "imap_bench_" });
  try {
    const [root, data, empty] = [join(folder, "archive"), join(folder, "data"), join(folder, "empty.ts")];
    writeFiles(root);
    await Deno.writeTextFile(empty, "");
    await using archive = await startServe(["--root", root]);
    const query = ["--instrument", "mag", "--data-level", "l2", "--url", archive.url];
    const sync = () => run([CLI, "sync", ...query, "--data-dir", data]);
    await sync();
    const times = await sideBySide({
      empty: () => run([empty]),
      query: () => run([CLI, "query", ...query, "--ingestion-start-date", "20300101"]),
      sync,
    }, ROUNDS);
    return [
      ratio("sync of 10,000 files without news / an empty script", times.sync, times.empty, 6),
      comparison("a query without a result / an empty script", times.query, times.empty),
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
