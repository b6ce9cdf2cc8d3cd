import { nameOf, openFakeArchive } from "./fake_archive.ts";
import { ImapError, type NewFile, type SyncReport } from "../../mod.ts";
import { assertEquals, assertRejects } from "@std/assert";

const MAG = { instrument: "mag", data_level: "l2" } as const;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** How large the simulated year is: `deno task test:mirror` makes it as large as a mission's. */
const FILES = Number(Deno.env.get("MIRROR_WATCHED_FILES") ?? 200);
const RESTARTS = 50;

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

Deno.test(`watch() hands over each of ${FILES} files of a year once, over ${RESTARTS} restarts`, async () => {
  await using archive = await openFakeArchive();
  const random = randomOf(17);
  const begin = archive.now;
  const year = 365 * DAY;
  const times = Array.from({ length: FILES }, () => random() * year).sort((a, b) => a - b);
  let added = 0;
  const addNew = () => {
    for (const now = archive.now; added < FILES && begin + (times[added] ?? 0) <= now; added++) {
      archive.now = begin + (times[added] ?? 0);
      archive.put(nameOf(added), "x", { lateMs: random() < 0.3 ? HOUR : 0 });
      archive.now = now;
    }
  };
  const handed = new Map<string, number>();
  const intervalMs = 2 * DAY;
  const end = begin + year + 4 * DAY;
  const wait = (milliseconds: number) => {
    archive.now += milliseconds;
    addNew();
    return archive.now > end ? Promise.reject(new Error("over")) : Promise.resolve();
  };
  const perRun = Math.ceil(FILES / RESTARTS);
  const options = { intervalMs, wait, now: () => new Date(archive.now) };
  addNew();
  for (let restart = 0; restart <= RESTARTS; restart++) {
    let taken = 0;
    try {
      for await (const { file } of archive.client().watch(MAG, options)) {
        handed.set(file, (handed.get(file) ?? 0) + 1);
        taken += 1;
        if (taken === perRun && restart < RESTARTS) break;
      }
    } catch (error) {
      if (!(error instanceof Error) || error.message !== "over") throw error;
      break;
    }
  }
  assertEquals(handed.size, FILES);
  assertEquals([...handed].filter(([, times]) => times !== 1), []);
});

Deno.test("watch() yields a redelivered file again, and reports each poll", async () => {
  await using archive = await openFakeArchive();
  archive.put(nameOf(0));
  const seen: string[] = [];
  const reports: SyncReport[] = [];
  let polls = 0;
  const wait = () => {
    archive.now += HOUR;
    if (++polls === 1) archive.put(nameOf(0), "another delivery");
    if (polls === 2) archive.put(nameOf(1));
    return polls === 4 ? Promise.reject(new ImapError("over")) : Promise.resolve();
  };
  const watching = archive.client().watch(MAG, { wait, onReport: (report) => reports.push(report) });
  await assertRejects(async () => {
    for await (const { path } of watching) seen.push(`${path.split("/").at(-1)}: ${await Deno.readTextFile(path)}`);
  }, ImapError);
  assertEquals(seen, [`${nameOf(0)}: ${nameOf(0)}`, `${nameOf(0)}: another delivery`, `${nameOf(1)}: ${nameOf(1)}`]);
  assertEquals(reports.map(({ changes }) => changes.length), [1, 1, 1, 0]);
});

Deno.test("watch() does not hand a file over again if it is only touched, or delivered again with the same bytes", async () => {
  await using archive = await openFakeArchive();
  archive.put(nameOf(0));
  const seen: string[] = [];
  let polls = 0;
  const wait = async () => {
    archive.now += HOUR;
    if (++polls === 1) await Deno.utime(seen[0] ?? "", new Date(archive.now), new Date(archive.now));
    if (polls === 2) archive.put(nameOf(0));
    if (polls === 4) throw new ImapError("over");
  };
  await assertRejects(async () => {
    for await (const { path } of archive.client().watch(MAG, { wait })) seen.push(path);
  }, ImapError);
  assertEquals(seen.length, 1);
});

Deno.test("watch() goes on after a poll that fails, and ends when its signal is aborted", async () => {
  await using archive = await openFakeArchive();
  const stop = new AbortController();
  const errors: string[] = [];
  let polls = 0;
  archive.instead = () => new Response("down", { status: 503 });
  const wait = (_: number, signal: AbortSignal | undefined) => {
    archive.instead = undefined;
    archive.put(nameOf(0));
    if (++polls === 2) stop.abort(new Error("stopped"));
    signal?.throwIfAborted();
    return Promise.resolve();
  };
  const seen: NewFile[] = [];
  const options = { wait, signal: stop.signal, onError: (error: Error) => errors.push(error.name) };
  await assertRejects(async () => {
    for await (const file of archive.client().watch(MAG, options)) seen.push(file);
  }, Error);
  assertEquals([errors, seen.length], [["ResponseError"], 1]);
});

Deno.test("files that were here before the first watch() are not handed over", async () => {
  await using archive = await openFakeArchive();
  archive.put(nameOf(0));
  await archive.client().sync(MAG);
  archive.put(nameOf(1));
  for await (const { file } of archive.client().watch(MAG)) {
    assertEquals(file.endsWith(nameOf(1)), true);
    break;
  }
});

Deno.test("sync() with onFile tries a file again that fails: in the same run, and in the next one", async () => {
  await using archive = await openFakeArchive();
  for (const day of [0, 1, 2]) archive.put(nameOf(day));
  const tries: string[] = [];
  const waits: number[] = [];
  const wait = (milliseconds: number) => Promise.resolve(void waits.push(milliseconds));
  let isBroken = true;
  const onFile = ({ file }: NewFile) => {
    tries.push(file);
    if (file.endsWith(nameOf(1)) && isBroken) throw new Error("no license");
  };
  const first = await archive.client().sync(MAG, { onFile, wait });
  assertEquals([tries.length, waits], [5, [1_000, 2_000]]);
  const [failed] = first.failed;
  assertEquals(first.failed.length, 1);
  assertEquals(failed?.error?.message.includes("no license"), true);
  isBroken = false;
  tries.length = 0;
  const second = await archive.client().sync(MAG, { onFile, wait });
  assertEquals([tries.length, second.failed.length], [1, 0]);
});

Deno.test("two watch() at once hand over each file once in all", async () => {
  await using archive = await openFakeArchive();
  for (let day = 0; day < 20; day++) archive.put(nameOf(day));
  const seen: string[] = [];
  let polls = 0;
  const wait = () => ++polls >= 2 ? Promise.reject(new ImapError("over")) : Promise.resolve();
  const one = async () => {
    for await (const { file } of archive.client().watch(MAG, { wait })) seen.push(file);
  };
  await Promise.allSettled([one(), one()]);
  assertEquals([seen.length, new Set(seen).size], [20, 20]);
});
