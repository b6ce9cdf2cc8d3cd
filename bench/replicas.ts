// An archive with 200,000 rows in PostgreSQL, beside one in SQLite: queries a second, the processor time of each in both
// processes, and all rows at once: the same bytes, and the memory for them.
import { startServers } from "../tests/replicas/servers.ts";
import { type Figures, measure, middle, QUERIES, type Server, startServer } from "./archive.ts";
import { median, type Result } from "./measure.ts";
import { peakOf } from "./transfers/peak_memory.ts";
import { createHash } from "node:crypto";

const ROUNDS = 10;
const CHECKOUT = new URL("..", import.meta.url);
const MEGABYTE = 1_000_000;
/** Queries a second of 100 rows. */
const MIN_PER_SECOND = 2_300;
const MAX_PEAK_MB = 300;
const EVERYTHING = "/query?start_date=20000101";

/** The processor time of PostgreSQL's connections, in milliseconds. */
async function databaseTime(): Promise<number> {
  let total = 0;
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const command = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (!/^postgres: archive archive 127/.test(command)) continue;
    const text = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    total += (Number(fields[11]) + Number(fields[12])) * 10 || 0;
  }
  return total;
}

interface SharedFigures extends Figures {
  /** Milliseconds of PostgreSQL's processor time for each query. */
  readonly inDatabase: number;
}

async function measureShared(server: Server, path: string): Promise<SharedFigures> {
  const [before, started] = [await databaseTime(), performance.now()];
  const figures = await measure(server, path);
  const count = figures.perSecond * (performance.now() - started) / 1000;
  return { ...figures, inDatabase: (await databaseTime() - before) / count };
}

/** Everything that an archive responds with, as its length and its hash. */
async function everything({ port }: Server): Promise<string> {
  const { status, body } = await fetch(`http://127.0.0.1:${port}${EVERYTHING}`);
  const hash = createHash("sha256");
  let length = 0;
  for await (const chunk of body ?? []) {
    hash.update(chunk);
    length += chunk.length;
  }
  return `${status}, ${(length / MEGABYTE).toFixed(1)} MB, ${hash.digest("hex").slice(0, 16)}`;
}

/** Measures an archive in PostgreSQL. */
export async function benchReplicas(): Promise<Result[]> {
  await using servers = await startServers();
  const { database, schema } = await servers.newArchivePlace();
  const results: Result[] = [];
  {
    await using sqlite = await startServer(CHECKOUT);
    const started = performance.now();
    await using shared = await startServer(CHECKOUT, [database]);
    const seconds = (performance.now() - started) / 1000;
    results.push({
      work: "200,000 rows into PostgreSQL",
      figure: `${seconds.toFixed(1)} s`,
      goal: "-",
      met: undefined,
    });
    await servers.sql(`VACUUM ANALYZE ${schema}.files`);
    for (const { work, path, rows } of QUERIES) {
      const [first] = await (await fetch(`http://127.0.0.1:${shared.port}/query?descriptor=rare-200`)).json();
      const query = path.replace("INSTRUMENT", first.instrument);
      const [inSqlite, inPostgres]: [Figures[], SharedFigures[]] = [[], []];
      for (let round = 0; round <= ROUNDS; round++) {
        const [one, other] = [await measure(sqlite, query), await measureShared(shared, query)];
        if (round === 0) continue; // Warms up.
        inSqlite.push(one);
        inPostgres.push(other);
      }
      const [theirs, ours] = [middle(inSqlite), middle(inPostgres)];
      const each = [ours.each, median(inPostgres.map(({ inDatabase }) => inDatabase))].map((time) => time.toFixed(2));
      results.push({
        work: `queries of 200,000 rows in PostgreSQL, ${work} with ${rows} rows, 16 at a time`,
        figure: `${ours.perSecond.toFixed(0)} a second, ${each[0]} + ${each[1]} ms of a processor each; ` +
          `in SQLite ${theirs.perSecond.toFixed(0)}, ${theirs.each.toFixed(2)} ms`,
        goal: rows === 100 ? `at least ${MIN_PER_SECOND}` : "-",
        met: rows === 100 ? ours.perSecond >= MIN_PER_SECOND : undefined,
      });
    }
  }
  await using sqlite = await startServer(CHECKOUT, ["", "no limit"]);
  await using shared = await startServer(CHECKOUT, [database, "no limit"]);
  const started = performance.now();
  const ours = await everything(shared);
  const seconds = (performance.now() - started) / 1000;
  const peak = (await peakOf(shared.pid) ?? 0) / MEGABYTE;
  results.push(
    {
      work: "all 200,000 rows: the same bytes as from SQLite",
      figure: `${ours}, ${seconds.toFixed(1)} s`,
      goal: "the same",
      met: ours === await everything(sqlite),
    },
    {
      work: "all 200,000 rows: peak memory",
      figure: peak === 0 ? "unknown: no /proc here" : `${peak.toFixed(0)} MB`,
      goal: `below ${MAX_PEAK_MB} MB`,
      met: peak === 0 ? undefined : peak < MAX_PEAK_MB,
    },
  );
  return results;
}
