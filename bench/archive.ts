// Queries of an archive with 200,000 rows: how many a second, and the processor time of each. With the variable
// IMAP_BENCH_BEFORE, the folder of an earlier checkout that has this file, the two are measured alternately.
import { median, type Result } from "./measure.ts";
import { fromFileUrl } from "@std/path";

const ROUNDS = 20;
const SECONDS = 1;
const CONNECTIONS = 16;
/** The queries, and how many rows each has. */
export const QUERIES = [
  { work: "a day", path: "/query?start_date=20280101&end_date=20280101", rows: 100 },
  { work: "a product", path: "/query?instrument=INSTRUMENT&data_level=l2&descriptor=rare-200", rows: 5 },
] as const;
/** An archive may need this much more time than before. */
const MOST = 1.05;

/** An archive in a process of its own. */
export interface Server extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

/** Starts the archive of a checkout. `args` are those of its program. */
export async function startServer(checkout: URL, args: readonly string[] = []): Promise<Server> {
  const program = fromFileUrl(new URL("bench/queries/archive_server.ts", checkout));
  const server = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", program, ...args],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const port = Number(URL.parse((await reader.read()).value?.trim() ?? "")?.port);
  return {
    port,
    pid: server.pid,
    async [Symbol.asyncDispose]() {
      await reader.cancel();
      server.kill("SIGTERM");
      await server.status;
    },
  };
}

/** The processor time of a process in milliseconds; NaN without /proc. */
async function processorTime(pid: number): Promise<number> {
  const text = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Sends a query repeatedly on one connection. The client is as simple as it can be: it shares the processor. */
async function ask(port: number, path: string, until: number): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  const buffer = new Uint8Array(256 * 1024);
  const decoder = new TextDecoder();
  let count = 0;
  for (; performance.now() < until; count++) {
    await connection.write(request);
    let total = Infinity;
    for (let filled = 0; filled < total;) {
      const read = await connection.read(buffer.subarray(filled));
      if (read === null) throw new Error("The archive has closed a connection");
      filled += read;
      if (total < Infinity) continue;
      const head = decoder.decode(buffer.subarray(0, Math.min(filled, 4096)));
      const end = head.indexOf("\r\n\r\n");
      const length = /^content-length: (\d+)/im.exec(head)?.[1];
      if (end >= 0 && !head.startsWith("HTTP/1.1 200 ")) throw new Error(`The archive has answered ${head}`);
      if (end >= 0 && length !== undefined) total = end + 4 + Number(length);
    }
  }
  return count;
}

/** The result of a round. */
export interface Figures {
  readonly perSecond: number;
  /** Milliseconds of processor time for each query. */
  readonly each: number;
}

/** Measures one round of a query. */
export async function measure({ port, pid }: Server, path: string): Promise<Figures> {
  const before = await processorTime(pid);
  const started = performance.now();
  const until = started + SECONDS * 1000;
  const counts = await Promise.all(Array.from({ length: CONNECTIONS }, () => ask(port, path, until)));
  const count = counts.reduce((sum, one) => sum + one, 0);
  const seconds = (performance.now() - started) / 1000;
  return { perSecond: count / seconds, each: (await processorTime(pid) - before) / count };
}

/** The medians of rounds. */
export function middle(figures: readonly Figures[]): Figures {
  return { perSecond: median(figures.map((one) => one.perSecond)), each: median(figures.map((one) => one.each)) };
}

/** Measures queries of an archive. */
export async function benchArchive(): Promise<Result[]> {
  const earlier = Deno.env.get("IMAP_BENCH_BEFORE") || undefined;
  await using now = await startServer(new URL("..", import.meta.url));
  await using before = earlier === undefined ? undefined : await startServer(new URL(`file://${earlier}/`));
  const results: Result[] = [];
  for (const { work, path, rows } of QUERIES) {
    const [first] = await (await fetch(`http://127.0.0.1:${now.port}/query?descriptor=rare-200`)).json();
    const query = path.replace("INSTRUMENT", first.instrument);
    const found = (await (await fetch(`http://127.0.0.1:${now.port}${query}`)).json()).length;
    const [ours, ratios]: [Figures[], number[]] = [[], []];
    for (let round = 0; round <= ROUNDS; round++) {
      // In turn, and each first in every other round: what disturbs the machine disturbs both.
      const isLast = before !== undefined && round % 2 === 0;
      const early = isLast ? await measure(before, query) : undefined;
      const one = await measure(now, query);
      const other = early ?? (before === undefined ? undefined : await measure(before, query));
      if (round === 0) continue; // Warms up.
      ours.push(one);
      if (other !== undefined) ratios.push(one.each / other.each);
    }
    const { perSecond, each } = middle(ours);
    const name = `queries of 200,000 rows in SQLite, ${work} with ${rows} rows`;
    results.push({
      work: `${name}, ${CONNECTIONS} at a time`,
      figure: `${perSecond.toFixed(0)} a second, ${each.toFixed(2)} ms of a processor each`,
      goal: `${rows} rows`,
      met: found === rows,
    });
    if (before === undefined) continue;
    const ratio = median(ratios);
    results.push({
      work: `${name}: processor time, to the earlier checkout`,
      figure: ratio.toFixed(2),
      goal: `at most ${MOST}`,
      met: ratio <= MOST,
    });
  }
  return results;
}
