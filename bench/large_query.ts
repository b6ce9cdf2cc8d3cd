// Queries whose answers are too large for the SDC's limit of 6 MB: whether all comes, how quickly, and in what memory.
import { fromFileUrl } from "@std/path";
import type { Result } from "./measure.ts";
import { watchPeak } from "./transfers/peak_memory.ts";

const ROWS = 200_000;
const MEGABYTE = 1_000_000;

/** What one run of the command line brought. */
interface Run {
  readonly seconds: number;
  readonly peakMb: number;
  /** How many file names there are among the lines, each counted once. */
  readonly files: number;
  readonly lines: number;
}

async function runQuery(url: string, format: string): Promise<Run> {
  const started = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      "--no-check",
      fromFileUrl(new URL("../cli.ts", import.meta.url)),
      ...["query", "--url", url, "--start-date", "20160101", "--output-format", format],
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const peak = watchPeak(child.pid);
  const text = new Response(child.stdout).text();
  await child.status;
  const seconds = (performance.now() - started) / 1000;
  const names = [...(await text).matchAll(/\bimap_[\w.-]+/g)].map(([name]) => name);
  return { seconds, peakMb: await peak / MEGABYTE, files: new Set(names).size, lines: names.length };
}

function results(format: string, mostMb: number, { seconds, peakMb, files, lines }: Run): Result[] {
  const work = `${ROWS.toLocaleString("en")} rows past the limit of 6 MB, as ${format}`;
  const isWhole = files === ROWS && lines === ROWS;
  return [
    { work: `${work}: each once`, figure: `${files} in ${lines} lines`, goal: "all", met: isWhole },
    { work: `${work}: time`, figure: `${seconds.toFixed(1)} s`, goal: "below 10 s", met: seconds < 10 },
    {
      work: `${work}: peak memory`,
      figure: peakMb === 0 ? "unknown: no /proc here" : `${peakMb.toFixed(0)} MB`,
      goal: `below ${mostMb} MB`,
      met: peakMb === 0 ? undefined : peakMb < mostMb,
    },
  ];
}

/** Measures the query of all rows in the formats that hold all of them, and in the one that does not. */
export async function benchLargeQuery(): Promise<Result[]> {
  const server = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", fromFileUrl(new URL("queries/row_server.ts", import.meta.url)), String(ROWS)],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  try {
    const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const url = (await reader.read()).value?.trim() ?? "";
    const all: Result[] = [];
    for (const [format, mostMb] of [["table", 300], ["paths", 300], ["json", 300], ["ndjson", 150]] as const) {
      all.push(...results(format, mostMb, await runQuery(url, format)));
    }
    await reader.cancel();
    return all;
  } finally {
    server.kill("SIGTERM");
    await server.status;
  }
}
