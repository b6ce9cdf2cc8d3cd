// kill -9 at random moments: a file under its final name is complete, and the next run resumes.
import { partialPathOf } from "../../src/transfer/partial_file.ts";
import { type CliRun, openCli, type TransferCli } from "./transfer_cli.ts";
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { dirname, join } from "@std/path";

const KILLS = 50;
/** How many data directories are used at once. */
const LANES = 5;
/** Sizes below and above that from which a record is written ahead. */
const LENGTHS = [100_000, 1_200_000];

/** Random numbers from 0 to 1 that depend on a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Empties the data directory, except for a partial file with holes. */
async function beginAnew({ folder, store, paths }: TransferCli) {
  await Deno.remove(join(folder.path, "imap"), { recursive: true }).catch(() => {});
  const archivePath = paths.at(-1) ?? "";
  const { bytes, etag } = store.objects.get(archivePath) ?? { bytes: new Uint8Array(), etag: "" };
  const size = bytes.length;
  const first = (number: number) => number * size / 20;
  const missing = Array.from({ length: 20 }, (_, at) => ({ first: first(at), last: first(at + 1) - size / 100 - 1 }));
  const part = bytes.slice();
  for (const { first, last } of missing) part.fill(0, first, last + 1);
  const partPath = partialPathOf(join(folder.path, archivePath));
  await Deno.mkdir(dirname(partPath), { recursive: true });
  await Deno.writeFile(partPath, part);
  await Deno.writeTextFile(`${partPath}.json`, JSON.stringify({ archivePath, size, etag, md5: null, missing }));
}

/** A random moment of a run: mostly while bytes are received, sometimes during startup. */
async function moment({ store }: TransferCli, random: () => number, signal: AbortSignal): Promise<undefined> {
  if (random() < 0.2) return void await delay(random() * 300, { signal });
  await store.cameIn(store.requests.length + 1);
  await delay(random() * 900, { signal });
}

/** Kills a run; false if it has just ended by itself. */
function kill(run: CliRun): boolean {
  try {
    run.kill("SIGKILL");
    return true;
  } catch {
    return false;
  }
}

/** Kills a number of runs in one data directory, and lets a last one finish. */
async function killLane(random: () => number, kills: number, length: number) {
  await using cli = await openCli({ count: 6, length });
  // An ETag that is not an MD5: only the order of writes keeps wrong bytes out.
  for (const [path, { bytes }] of cli.store.objects) cli.store.add(path, bytes, `"${path.length}-3"`);
  cli.store.usually = { bytesPerSecond: length * 1.5 };
  const args = ["download", "--concurrency", "4", ...cli.names];
  let inside = 0;
  await beginAnew(cli);
  for (let killed = 0; killed < kills;) {
    const running = cli.start(args);
    const ended = running.done.then(({ code, stderr }) => ({ code, stderr }));
    const over = new AbortController();
    const early = await Promise.race([ended, moment(cli, random, over.signal).catch(() => undefined)]);
    // If a run ended by itself, its moment is used for the next one.
    over.abort();
    const isInside = cli.store.requests.some(({ sent, over }) => sent > 0 && !over);
    const isKilled = early === undefined && kill(running);
    const { code, stderr } = await ended;
    assertEquals(await cli.wrong(), []);
    if (isKilled) {
      killed += 1;
      inside += isInside ? 1 : 0;
    } else {
      assertEquals(code, 0, stderr);
      await beginAnew(cli);
    }
  }
  const resumed = cli.store.requests.filter(({ headers }) => headers.has("range")).length;
  cli.store.usually = {};
  const { code, stderr } = await cli.run(args);
  assertEquals([code, await cli.folder.files(), await cli.wrong()], [0, cli.paths, []], stderr);
  return { inside, resumed };
}

Deno.test("kill -9 at 50 random moments leaves no wrong file, and the next run completes", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  try {
    const lanes = Array.from({ length: LANES }, (_, lane) => {
      return killLane(randomOf(seed + lane), KILLS / LANES, LENGTHS[lane % 2] ?? 0);
    });
    // All have ended before the test does.
    await Promise.allSettled(lanes);
    const figures = await Promise.all(lanes);
    const [inside, resumed] = [
      figures.reduce((sum, { inside }) => sum + inside, 0),
      figures.reduce((sum, { resumed }) => sum + resumed, 0),
    ];
    assert(inside >= KILLS / 2, `only ${inside} of ${KILLS} kills fell into transfers`);
    assert(resumed > 0, "no run went on from a part");
  } catch (error) {
    throw new Error(`with the seed ${seed}`, { cause: error });
  }
});
