// Long results. For those above the SDC's limit of 6 MB: whether all rows arrive, the time, and the memory. For one response
// of 100,000 rows: the time, compared with the Python client 1.3.0.
import { install } from "../tests/python/install.ts";
import { ratio, type Result, sideBySide } from "./measure.ts";
import { watchPeak } from "./transfers/peak_memory.ts";
import { pythonClient } from "./transfers/programs.ts";
import { fromFileUrl, join } from "@std/path";

const ROWS = 200_000;
const MEGABYTE = 1_000_000;
const ROUNDS = 7;
/** The Python client that the goals refer to; the environment variable IMAP_PYTHON_CLIENT can name another one. */
const PYTHON = "imap-data-access==1.3.0";

/** A server in its own process. */
interface Server extends AsyncDisposable {
  readonly url: string;
}

/** Starts a program from `queries/`, which prints its address. */
async function startServer(program: string, ...args: readonly string[]): Promise<Server> {
  const server = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", fromFileUrl(new URL(`queries/${program}`, import.meta.url)), ...args],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const url = (await reader.read()).value?.trim() ?? "";
  return {
    url,
    async [Symbol.asyncDispose]() {
      await reader.cancel();
      server.kill("SIGTERM");
      await server.status;
    },
  };
}

/** A query with our command line. */
function ours(url: string, filters: readonly string[], format: string): string[] {
  const cli = fromFileUrl(new URL("../cli.ts", import.meta.url));
  const query = ["query", "--url", url, ...filters, "--output-format", format];
  return ["run", "-A", "--quiet", "--no-check", cli, ...query];
}

/** The results of one run of the command line. */
interface Run {
  readonly seconds: number;
  readonly peakMb: number;
  /** The number of different file names in the output. */
  readonly files: number;
  readonly lines: number;
}

async function runQuery(url: string, format: string): Promise<Run> {
  const started = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ours(url, ["--start-date", "20160101"], format),
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
  const isComplete = files === ROWS && lines === ROWS;
  return [
    { work: `${work}: each once`, figure: `${files} in ${lines} lines`, goal: "all", met: isComplete },
    { work: `${work}: time`, figure: `${seconds.toFixed(1)} s`, goal: "below 10 s", met: seconds < 10 },
    {
      work: `${work}: peak memory`,
      figure: peakMb === 0 ? "unknown: no /proc here" : `${peakMb.toFixed(0)} MB`,
      goal: `below ${mostMb} MB`,
      met: peakMb === 0 ? undefined : peakMb < mostMb,
    },
  ];
}

/** Measures a query of all rows in the formats that collect them first, and in NDJSON, which does not. */
export async function benchLargeQuery(): Promise<Result[]> {
  await using server = await startServer("row_server.ts", String(ROWS));
  const all: Result[] = [];
  for (const [format, mostMb] of [["table", 300], ["paths", 300], ["json", 300], ["ndjson", 150]] as const) {
    all.push(...results(format, mostMb, await runQuery(server.url, format)));
  }
  return all;
}

/** Runs a program, which must succeed, and ignores its output. */
async function run(command: string, args: readonly string[]): Promise<void> {
  const env = { IMAP_DATA_ACCESS_URL: "", IMAP_API_KEY: "", IMAP_ACCESS_TOKEN: "" };
  const { success, stderr } = await new Deno.Command(command, { args: [...args], env, stdout: "null" }).output();
  if (!success) throw new Error(`${command} ${args.join(" ")}\n${new TextDecoder().decode(stderr)}`);
}

/** Runs both clients alternately with a server that responds immediately. */
export async function benchPython(): Promise<Result[]> {
  const python = pythonClient() ?? join(await install(PYTHON), "imap-data-access");
  await using server = await startServer("static_server.ts");
  const both = (instrument: string, format: string) => {
    const filters = ["--instrument", instrument];
    const theirs = ["--url", server.url, "query", ...filters, "--output-format", format];
    return [() => run(Deno.execPath(), ours(server.url, filters, format)), () => run(python, theirs)] as const;
  };
  const [[table, tablePython], [json, jsonPython], [few, fewPython]] = [
    both("ultra", "table"),
    both("ultra", "json"),
    both("glows", "table"),
  ];
  const times = await sideBySide({ table, tablePython, json, jsonPython, few, fewPython }, ROUNDS);
  return [
    ratio("100,000 rows as table, to the Python client", times.table, times.tablePython, 0.4),
    ratio("100,000 rows as json, to the Python client", times.json, times.jsonPython, 0.6),
    ratio("12 rows as table, to the Python client", times.few, times.fewPython, 0.45),
  ];
}
