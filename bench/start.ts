// Measures how long the program takes to start, as a ratio to an empty script: with the checkout's lock file, and without
// one, as users of the published package run it.
import { startServe } from "../tests/support/cli.ts";
import { ratio, type Result, sideBySide } from "./measure.ts";
import { fromFileUrl, join } from "@std/path";

const ROOT = fromFileUrl(new URL("..", import.meta.url));
const ROUNDS = 15;
/** A file of the demo archive, 146 kB long. */
const FILE = "imap_glows_l1b_hist_20110921_v001.cdf";

/** Runs Deno, which must succeed. */
async function run(...args: readonly string[]): Promise<void> {
  const all = ["run", "-A", "--quiet", ...args];
  const { code, stderr } = await new Deno.Command(Deno.execPath(), { args: all, cwd: ROOT, stdin: "null" }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
}

/** Measures `--version`, a query with a small result, the download of a small file, and the import of the library. */
export async function benchStart(): Promise<Result[]> {
  await using archive = await startServe(["--demo"]);
  const folder = await Deno.makeTempDir({ prefix: "imap_bench_" });
  try {
    const [empty, importing, data] = ["empty.ts", "import.ts", "data"].map((name) => join(folder, name));
    if (empty === undefined || importing === undefined || data === undefined) return [];
    await Deno.writeTextFile(empty, "");
    await Deno.writeTextFile(importing, `import ${JSON.stringify(import.meta.resolve("../mod.ts"))};`);
    const url = ["--url", archive.url];
    const removeData = () => Deno.remove(data, { recursive: true });
    const works = (...flags: readonly string[]) => ({
      version: () => run(...flags, "cli.ts", "--version"),
      query: () => run(...flags, "cli.ts", "query", "--instrument", "glows", ...url),
      download: {
        run: () => run(...flags, "cli.ts", "download", FILE, "--data-dir", data, ...url),
        after: removeData,
      },
      import: () => run(...flags, "--config", "deno.json", importing),
    });
    const [locked, unlocked] = [works(), works("--no-lock")];
    const times = await sideBySide({
      empty: () => run(empty),
      version: locked.version,
      versionUnlocked: unlocked.version,
      query: locked.query,
      queryUnlocked: unlocked.query,
      download: locked.download,
      downloadUnlocked: unlocked.download,
      import: locked.import,
      importUnlocked: unlocked.import,
    }, ROUNDS);
    const figures: ReadonlyArray<readonly [work: string, milliseconds: number, most: number]> = [
      ["cli.ts --version", times.version, 1.5],
      ["cli.ts --version, without a lock file", times.versionUnlocked, 1.5],
      ["query of 7 rows", times.query, 3.5],
      ["query of 7 rows, without a lock file", times.queryUnlocked, 3.5],
      ["download of a small file", times.download, 5],
      ["download of a small file, without a lock file", times.downloadUnlocked, 5],
      ["import of mod.ts", times.import, 1.7],
      ["import of mod.ts, without a lock file", times.importUnlocked, 1.7],
    ];
    return figures.map(([work, ours, most]) => ratio(`${work} / an empty script`, ours, times.empty, most));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
