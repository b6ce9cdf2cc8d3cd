import { type FakeArchive, nameOf, openFakeArchive } from "./fake_archive.ts";
import { FileError, ImapError, InputError, type SyncOptions, type SyncReport } from "../../mod.ts";
import { lockText } from "../../src/mirror/lock_file.ts";
import { SyncState } from "../../src/mirror/sync_state.ts";
import { ownPathOf, partialPathOf } from "../../src/transfer/partial_file.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";

const MAG = { instrument: "mag", data_level: "l2" } as const;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** What a report says, without the paths: `new imap_...: fetched`. */
function said({ changes }: SyncReport): string[] {
  return changes.map(({ state, file, done }) => `${state} ${file.split("/").at(-1)}: ${done}`).sort();
}

/** An archive with some files that are synced already. */
async function synced(days: number, options: SyncOptions = {}): Promise<FakeArchive> {
  const archive = await openFakeArchive();
  for (let day = 0; day < days; day++) archive.put(nameOf(day));
  await archive.client().sync(MAG, options);
  archive.now += HOUR;
  archive.requests.length = 0;
  return archive;
}

/** The state file of the only query. */
async function statePath({ folder }: FakeArchive): Promise<string> {
  const [name = ""] = (await folder.files()).filter((path) => path.startsWith(".imap-data-access/"));
  return join(folder.path, name);
}

Deno.test("sync() fetches all files in the first run, and nothing in the next one, with one request", async () => {
  await using archive = await openFakeArchive();
  const paths = [0, 1, 2].map((day) => archive.put(nameOf(day)));
  const clock = { now: () => new Date(archive.now) };
  const first = await archive.client().sync(MAG, clock);
  assertEquals(said(first), [0, 1, 2].map((day) => `new ${nameOf(day)}: fetched`));
  assertEquals(first.isFull, true);
  for (const path of paths) assertEquals(await archive.read(path), path.split("/").at(-1));
  archive.now += 3 * DAY;
  archive.requests.length = 0;
  const second = await archive.client().sync(MAG, clock);
  assertEquals([second.changes.length, second.unchanged, second.isFull], [0, 3, false]);
  assertEquals(archive.requests, ["/query?instrument=mag&data_level=l2&ingestion_start_date=20260530"]);
});

Deno.test("sync() does exactly what changed, and says so", async () => {
  await using archive = await synced(20);
  for (const day of [0, 1, 2]) archive.put(nameOf(day), `another delivery of ${day}`);
  for (const day of [3, 4, 5, 6, 7]) archive.put(nameOf(day, "v001.0002"));
  for (const day of [8, 9]) archive.put(nameOf(day, "v002.0001"));
  archive.remove(nameOf(10));
  const changed = `imap/mag/l2/2026/01/${nameOf(11)}`;
  await Deno.writeTextFile(join(archive.folder.path, changed), "mine");
  const report = await archive.client().sync(MAG);
  assertEquals(said(report), [
    `gone ${nameOf(10)}: kept`,
    `local change ${nameOf(11)}: kept`,
    ...[3, 4, 5, 6, 7].map((day) => `new ${nameOf(day, "v001.0002")}: fetched`),
    ...[8, 9].map((day) => `new ${nameOf(day, "v002.0001")}: fetched`),
    ...[0, 1, 2].map((day) => `redelivered ${nameOf(day)}: fetched`),
    ...[3, 4, 5, 6, 7, 8, 9].map((day) => `superseded ${nameOf(day)}: kept`),
  ]);
  assertEquals(report.unchanged, 8);
  assertEquals(await archive.read(changed), "mine");
  assertEquals(await archive.read(`imap/mag/l2/2026/01/${nameOf(0)}`), "another delivery of 0");
  assertStringIncludes(report.summary(), "7 new, 3 redelivered, 7 superseded, 1 gone, 1 local change, 8 unchanged");
  assertEquals(report.toJSON().new, 7);
  // What still needs attention is reported again, the rest is not.
  const next = await archive.client().sync(MAG);
  assertEquals(said(next), [`gone ${nameOf(10)}: kept`, `local change ${nameOf(11)}: kept`]);
});

Deno.test("sync() fetches files with local changes again with force", async () => {
  await using archive = await synced(3);
  const path = `imap/mag/l2/2026/01/${nameOf(1)}`;
  await Deno.writeTextFile(join(archive.folder.path, path), "mine");
  assertEquals(said(await archive.client().sync(MAG)), [`local change ${nameOf(1)}: kept`]);
  assertEquals(said(await archive.client().sync(MAG, { force: true })), [`redelivered ${nameOf(1)}: fetched`]);
  assertEquals(await archive.read(path), nameOf(1));
  assertEquals(said(await archive.client().sync(MAG)), []);
});

Deno.test("sync() never overwrites a local change when the archive delivers the file again", async () => {
  await using archive = await synced(3);
  const path = `imap/mag/l2/2026/01/${nameOf(1)}`;
  await Deno.writeTextFile(join(archive.folder.path, path), "mine");
  archive.put(nameOf(1), "another delivery");
  for (const full of [false, true, false]) {
    assertEquals(said(await archive.client().sync(MAG, { full })), [`local change ${nameOf(1)}: kept`]);
  }
  assertEquals(await archive.read(path), "mine");
});

Deno.test("sync() fetches a file that was removed here", async () => {
  await using archive = await synced(3);
  await Deno.remove(join(archive.folder.path, `imap/mag/l2/2026/01/${nameOf(1)}`));
  archive.now += 5 * DAY;
  assertEquals(said(await archive.client().sync(MAG)), [`new ${nameOf(1)}: fetched`]);
});

Deno.test("sync() compares files that were here before, and leaves those that differ", async () => {
  await using archive = await openFakeArchive();
  for (const day of [0, 1, 2]) archive.put(nameOf(day));
  await archive.client().download([nameOf(0), nameOf(1)]);
  await Deno.writeTextFile(join(archive.folder.path, `imap/mag/l2/2026/01/${nameOf(1)}`), "mine");
  const report = await archive.client().sync(MAG);
  assertEquals(said(report), [`local change ${nameOf(1)}: kept`, `new ${nameOf(2)}: fetched`]);
  assertEquals(report.unchanged, 1);
  archive.requests.length = 0;
  assertEquals(said(await archive.client().sync(MAG)), [`local change ${nameOf(1)}: kept`]);
  assertEquals(archive.requests.length, 1);
});

Deno.test("sync() does not transfer a redelivered file again that has the same bytes", async () => {
  await using archive = await synced(3);
  archive.put(nameOf(1));
  const report = await archive.client().sync(MAG);
  assertEquals([said(report), report.bytes], [[`redelivered ${nameOf(1)}: same bytes`], 0]);
  assertEquals(said(await archive.client().sync(MAG)), []);
});

Deno.test("sync() finds other bytes under the same ingestion date with verify", async () => {
  await using archive = await synced(3);
  archive.now -= HOUR;
  archive.put(nameOf(1), "other bytes");
  archive.now += HOUR;
  assertEquals(said(await archive.client().sync(MAG)), []);
  assertEquals(said(await archive.client().sync(MAG, { verify: true })), [`redelivered ${nameOf(1)}: fetched`]);
  assertEquals(await archive.read(`imap/mag/l2/2026/01/${nameOf(1)}`), "other bytes");
});

for (const superseded of ["move", "remove"] as const) {
  Deno.test(`sync() with superseded "${superseded}" keeps only the newest version in place`, async () => {
    await using archive = await synced(4);
    archive.put(nameOf(0, "v001.0002"));
    archive.put(nameOf(1, "v002.0001"));
    archive.put(nameOf(2, "v001.0002"));
    const mine = join(archive.folder.path, `imap/mag/l2/2026/01/${nameOf(2)}`);
    await Deno.writeTextFile(mine, "mine");
    const done = { move: "moved", remove: "removed" }[superseded];
    assertEquals(said(await archive.client().sync(MAG, { superseded })), [
      `local change ${nameOf(2)}: kept`,
      `new ${nameOf(0, "v001.0002")}: fetched`,
      `new ${nameOf(1, "v002.0001")}: fetched`,
      `new ${nameOf(2, "v001.0002")}: fetched`,
      `superseded ${nameOf(0)}: ${done}`,
      `superseded ${nameOf(1)}: ${done}`,
      `superseded ${nameOf(2)}: kept`,
    ]);
    const files = await archive.folder.files();
    const inPlace = files.filter((path) => path.startsWith("imap/")).map((path) => path.split("/").at(-1));
    assertEquals(inPlace, [
      nameOf(0, "v001.0002"),
      nameOf(1, "v002.0001"),
      nameOf(2),
      nameOf(2, "v001.0002"),
      nameOf(3),
    ]);
    const moved = files.filter((path) => path.startsWith(".imap-data-access/superseded/"));
    assertEquals(moved.length, superseded === "move" ? 2 : 0);
    assertEquals(said(await archive.client().sync(MAG, { superseded, full: true })), [
      `local change ${nameOf(2)}: kept`,
    ]);
  });
}

Deno.test("sync() with superseded remove keeps an old version until the new one is here", async () => {
  await using archive = await synced(1);
  const path = archive.put(nameOf(0, "v001.0002"));
  archive.instead = (request) =>
    request.url.includes("/objects/") ? new Response("<Error/>", { status: 503 }) : undefined;
  const report = await archive.client().sync(MAG, { superseded: "remove" });
  assertEquals(said(report), [`failed ${nameOf(0, "v001.0002")}: not fetched`, `superseded ${nameOf(0)}: kept`]);
  archive.instead = undefined;
  archive.now += 9 * DAY;
  const next = await archive.client().sync(MAG, { superseded: "remove" });
  assertEquals(said(next), [`new ${nameOf(0, "v001.0002")}: fetched`, `superseded ${nameOf(0)}: removed`]);
  assertEquals(await archive.read(path), nameOf(0, "v001.0002"));
});

Deno.test("sync() removes files that are gone only with removeMissing, and not more than 10 % unless forced", async () => {
  await using archive = await synced(20);
  for (const day of [0, 1, 2]) archive.remove(nameOf(day));
  const gone = (done: string) => [0, 1, 2].map((day) => `gone ${nameOf(day)}: ${done}`);
  assertEquals(said(await archive.client().sync(MAG)), gone("kept"));
  const refused = await archive.client().sync(MAG, { removeMissing: true });
  assertEquals([said(refused), refused.refusal], [gone("kept"), "3 of 20 files would be removed, more than 10 %"]);
  archive.put(nameOf(2));
  const removed = await archive.client().sync(MAG, { removeMissing: true });
  assertEquals(said(removed).slice(0, 2), gone("removed").slice(0, 2));
  for (let day = 3; day < 20; day++) archive.remove(nameOf(day));
  const forced = await archive.client().sync(MAG, { removeMissing: true, force: true });
  assertEquals(forced.gone.length, 17);
  assertEquals((await archive.folder.files()).filter((path) => path.startsWith("imap/")).length, 1);
});

Deno.test("sync() removes nothing after a response that breaks off, or that is empty", async () => {
  await using archive = await synced(20);
  archive.instead = () => new Response('[{"file_path": "imap/mag/l2/2026/01/imap_mag_l2_norm_2026');
  await assertRejects(() => archive.client().sync(MAG, { removeMissing: true, full: true }), ImapError);
  archive.instead = () => Response.json([]);
  const report = await archive.client().sync(MAG, { removeMissing: true, full: true });
  assertEquals(report.refusal, "20 of 20 files would be removed, more than 10 %");
  assertEquals((await archive.folder.files()).filter((path) => path.startsWith("imap/")).length, 20);
  archive.instead = undefined;
  assertEquals(said(await archive.client().sync(MAG, { full: true })), []);
});

Deno.test("sync() with dryRun shows the plan with sizes, and changes nothing", async () => {
  await using archive = await synced(3);
  archive.put(nameOf(0), "another delivery");
  archive.put(nameOf(1, "v001.0002"));
  archive.remove(nameOf(2));
  const before = await Deno.readTextFile(await statePath(archive));
  const files = await archive.folder.files();
  const plan = await archive.client().sync(MAG, {
    dryRun: true,
    superseded: "remove",
    removeMissing: true,
    force: true,
  });
  assertEquals(said(plan), [
    `gone ${nameOf(2)}: would remove`,
    `new ${nameOf(1, "v001.0002")}: would fetch`,
    `redelivered ${nameOf(0)}: would fetch`,
    `superseded ${nameOf(1)}: would remove`,
  ]);
  assertEquals(plan.changes.find(({ state }) => state === "redelivered")?.size, "another delivery".length);
  assertStringIncludes(plan.summary(), "to transfer");
  assertEquals(await Deno.readTextFile(await statePath(archive)), before);
  assertEquals(await archive.folder.files(), files);
  await using other = await openFakeArchive();
  other.put(nameOf(0));
  await other.client().sync(MAG, { dryRun: true });
  assertEquals(await other.folder.files(), []);
});

Deno.test("sync() asks for everything after 7 days, and finds what has gone in the meantime", async () => {
  await using archive = await synced(20);
  let now = archive.now;
  const clock = { now: () => new Date(now) };
  const sync = () => archive.client().sync(MAG, clock);
  const step = (time: number) => [now += time, archive.now += time];
  await sync();
  step(3 * DAY);
  await sync();
  archive.remove(nameOf(1));
  step(DAY);
  const early = await sync();
  assertEquals([early.isFull, said(early)], [false, []]);
  step(3.5 * DAY);
  const full = await sync();
  assertEquals([full.isFull, said(full)], [true, [`gone ${nameOf(1)}: kept`]]);
  assertEquals((await sync()).isFull, false);
});

for (
  const [which, ours, ahead] of [
    ["this machine's clock is a day ahead", DAY, 0],
    ["this machine's clock is a day behind", -DAY, 0],
    ["the server's Date is a day ahead", 0, DAY],
    ["the server's Date is a day behind", 0, -DAY],
    ["there is no Date", 0, NaN],
  ] as const
) {
  Deno.test(`sync() misses nothing if ${which}, and files are indexed an hour late`, async () => {
    await using archive = await openFakeArchive();
    archive.dateAhead = ahead;
    const clock = { now: () => new Date(archive.now + ours) };
    let seen = 0;
    for (let hour = 0; hour < 24 * 5; hour++) {
      // Around each run, and around midnight.
      for (const lateMs of [0, HOUR]) {
        archive.put(nameOf(hour * 2 + (lateMs > 0 ? 1 : 0)), "", { lateMs });
      }
      archive.now += HOUR;
      if (hour % 7 === 0) seen += (await archive.client().sync(MAG, clock)).new.length;
    }
    archive.now += HOUR;
    const last = await archive.client().sync(MAG, clock);
    assertEquals([last.isFull, seen + last.new.length], [false, 24 * 5 * 2]);
  });
}

Deno.test("sync() continues a run that was stopped, and fetches nothing twice", async () => {
  await using archive = await openFakeArchive();
  for (let day = 0; day < 30; day++) archive.put(nameOf(day));
  const stop = new AbortController();
  let fetched = 0;
  const onProgress = ({ type }: { readonly type: string }) => {
    if (type === "outcome" && ++fetched === 10) stop.abort(new Error("stopped"));
  };
  await assertRejects(() => archive.client().sync(MAG, { onProgress, signal: stop.signal, concurrency: 1 }), Error);
  const downloads = () => archive.requests.filter((path) => path.startsWith("/download/")).length;
  const before = downloads();
  const report = await archive.client().sync(MAG);
  assert(downloads() - before <= 21, `${downloads() - before} requests`);
  assertEquals(report.new.length + report.unchanged, 30);
  assertEquals(said(await archive.client().sync(MAG, { full: true })), []);
});

Deno.test("sync() removes what a run that was killed has left, in all folders", async () => {
  await using archive = await synced(40);
  const january = join(archive.folder.path, `imap/mag/l2/2026/01/${nameOf(0)}`);
  const remains = [january, await statePath(archive)].map((path) => ownPathOf(partialPathOf(path)));
  for (const path of remains) await Deno.writeTextFile(path, "");
  const stop = new AbortController();
  archive.put(nameOf(100));
  archive.instead = ({ url }) => {
    if (url.includes("/download/")) stop.abort(new Error("stopped"));
    return undefined;
  };
  await assertRejects(() => archive.client().sync(MAG, { signal: stop.signal }), Error, "stopped");
  archive.instead = undefined;
  assertEquals((await archive.client().sync(MAG)).new.length, 1);
  assertEquals((await archive.folder.files()).filter((path) => path.endsWith(".part")), []);
});

Deno.test("two sync() at once in one data directory fetch each file once", async () => {
  await using archive = await openFakeArchive();
  for (let day = 0; day < 40; day++) archive.put(nameOf(day));
  const reports = await Promise.all([1, 2].map(() => archive.client().sync(MAG)));
  assertEquals(reports.map((report) => report.new.length).sort(), [0, 40]);
  assertEquals(archive.requests.filter((path) => path.startsWith("/download/")).length, 40);
});

Deno.test("sync() without news neither waits for another process nor writes anything", async () => {
  await using archive = await synced(3);
  const clock = { now: () => new Date(archive.now) };
  archive.now += 5 * DAY;
  assertEquals((await archive.client().sync(MAG, clock)).unchanged, 3);
  const state = await statePath(archive);
  const { url, query, shard } = JSON.parse(await Deno.readTextFile(state));
  const options = { isReadOnly: false, signal: undefined, onWait: () => {} };
  await using other = await SyncState.open(archive.folder.path, { url, query, shard }, options);
  await other.claim();
  const before = (await archive.folder.files()).sort();
  const { mtime } = await Deno.stat(state);
  archive.now += HOUR;
  const signal = AbortSignal.timeout(60_000);
  assertEquals((await archive.client().sync(MAG, { ...clock, signal })).unchanged, 3);
  assertEquals([(await archive.folder.files()).sort(), (await Deno.stat(state)).mtime], [before, mtime]);
});

Deno.test("sync() asks again if another process changes the state in the meantime", async () => {
  await using archive = await synced(3);
  const clock = { now: () => new Date(archive.now) };
  archive.now += 5 * DAY;
  await archive.client().sync(MAG, clock);
  archive.now += HOUR;
  archive.put(nameOf(3));
  let other: SyncReport | undefined;
  archive.instead = async () => {
    archive.instead = undefined;
    other = await archive.client().sync(MAG, clock);
    return undefined;
  };
  const report = await archive.client().sync(MAG, clock);
  assertEquals(said(other ?? report), [`new ${nameOf(3)}: fetched`]);
  assertEquals([said(report), report.unchanged], [[], 4]);
  assertEquals(archive.requests.filter((path) => path.startsWith("/download/")).length, 1);
});

Deno.test("an abort ends sync() while it looks at the files here", async () => {
  const days = 200;
  await using archive = await synced(days);
  const clock = { now: () => new Date(archive.now) };
  archive.now += 5 * DAY;
  await archive.client().sync(MAG, clock);
  const { statSync } = Deno;
  for (const more of [{}, { verify: true }]) {
    archive.now += HOUR;
    const abort = new AbortController();
    let looks = 0;
    // A slow disk.
    Deno.statSync = (path) => {
      for (const begun = performance.now(); performance.now() - begun < 0.5;);
      if (++looks === 60) abort.abort(new Error("enough"));
      return statSync(path);
    };
    try {
      await assertRejects(
        () => archive.client().sync(MAG, { ...clock, ...more, signal: abort.signal }),
        Error,
        "enough",
      );
    } finally {
      Deno.statSync = statSync;
    }
    assert(looks < days, `${looks} looks`);
  }
});

Deno.test("sync() begins anew if its state is moved away in the meantime", async () => {
  await using archive = await synced(3);
  const clock = { now: () => new Date(archive.now) };
  archive.now += 5 * DAY;
  await archive.client().sync(MAG, clock);
  archive.now += HOUR;
  archive.put(nameOf(3));
  archive.instead = async () => {
    archive.instead = undefined;
    await Deno.remove(await statePath(archive));
    return undefined;
  };
  const report = await archive.client().sync(MAG, clock);
  assertEquals([report.isFull, said(report), report.unchanged], [true, [`new ${nameOf(3)}: fetched`], 3]);
});

Deno.test("sync() says once that the journal of a run which was killed is damaged, and loses no file", async () => {
  await using archive = await synced(3);
  const state = await statePath(archive);
  const journal = state.replace(/json$/, "journal");
  const head = JSON.stringify({ version: 1, generation: 1 });
  const line = (day: number) => JSON.stringify([`imap/mag/l2/2026/01/${nameOf(day)}`, "2026-06-01 12:00:00", 1, 1]);
  for (
    const [text, damaged] of [
      [`${head}\n${line(8)}\n\0\0\0\0\n${line(9)}\n`, 3],
      [`\0\0\0\0\0\n${line(8)}\n`, 1],
      // A kill cuts the last line, and loses nothing.
      [`${head}\n${line(8)}\n${line(9).slice(0, 20)}`, undefined],
      [head.slice(0, 10), undefined],
    ] as const
  ) {
    await Deno.writeTextFile(state, (await Deno.readTextFile(state)).replace(/"generation": \d+/, '"generation": 1'));
    await Deno.writeTextFile(journal, text);
    const report = await archive.client().sync(MAG);
    assertEquals(report.damage, damaged === undefined ? undefined : { path: journal, line: damaged }, text);
    assertEquals(report.toText().includes(`damaged from line ${damaged} on`), damaged !== undefined);
    assertEquals([report.failed.length, report.gone.length, report.localChanges.length, report.unchanged], [
      0,
      0,
      0,
      3,
    ]);
    const next = await archive.client().sync(MAG);
    assertEquals([next.damage, next.changes.length, next.unchanged], [undefined, 0, 3]);
  }
});

Deno.test("sync() leaves it to the process that reads a damaged journal first to say so", async () => {
  await using archive = await synced(3);
  const clock = { now: () => new Date(archive.now) };
  await Deno.writeTextFile((await statePath(archive)).replace(/json$/, "journal"), "\0\0\0\n[]\n");
  let other: SyncReport | undefined;
  archive.instead = async () => {
    archive.instead = undefined;
    other = await archive.client().sync(MAG, clock);
    return undefined;
  };
  const report = await archive.client().sync(MAG, clock);
  assertEquals([other?.damage?.line, report.damage, report.unchanged], [1, undefined, 3]);
});

Deno.test("sync() says which file cannot be written when the disk is full", async () => {
  await using archive = await synced(3);
  archive.put(nameOf(3));
  const { writeTextFile } = Deno;
  Deno.writeTextFile = () => Promise.reject(new Error("No space left on device (os error 28)"));
  try {
    const error = await assertRejects(() => archive.client().sync(MAG), FileError, "No space left on device");
    assertEquals(error.path, await statePath(archive));
  } finally {
    Deno.writeTextFile = writeTextFile;
  }
  assertEquals(said(await archive.client().sync(MAG)), [`new ${nameOf(3)}: fetched`]);
});

Deno.test("sync() removes a state that a killed run has not written completely", async () => {
  await using archive = await synced(3);
  const unfinished = ownPathOf(partialPathOf(await statePath(archive))).replace(/part$/, "new");
  await Deno.writeTextFile(unfinished, "{");
  archive.put(nameOf(3));
  await archive.client().sync(MAG);
  assertEquals((await archive.folder.files()).filter((path) => path.startsWith(".imap-data-access/")).length, 1);
});

Deno.test("sync() divides the files among shards, all versions of a file in one", async () => {
  await using archive = await openFakeArchive();
  for (let day = 0; day < 30; day++) archive.put(nameOf(day));
  const shards = [1, 2, 3].map((part) => ({ shard: { part, of: 3 } }));
  const counts = [];
  for (const shard of shards) counts.push((await archive.client().sync(MAG, shard)).new.length);
  assertEquals(counts.reduce((sum, count) => sum + count, 0), 30);
  for (let day = 0; day < 30; day++) archive.put(nameOf(day, "v001.0002"));
  for (const [index, shard] of shards.entries()) {
    const report = await archive.client().sync(MAG, { ...shard, superseded: "remove" });
    assertEquals([report.new.length, report.superseded.length], [counts[index], counts[index]]);
  }
});

for (
  const [what, change, words] of [
    ["of a newer version", (text: string) => text.replace('"version": 1', '"version": 7'), /newer version.*update/s],
    ["that is cut", (text: string) => text.slice(0, text.length / 2), /damaged.*move it away/s],
    ["of random bytes", () => String.fromCharCode(...crypto.getRandomValues(new Uint8Array(999))), /damaged/],
    ["that is empty", () => "", /damaged/],
    ["with lines of another form", (text: string) => text.replace(/\["imap_/, '["imap_", {}, "'), /damaged/],
  ] as const
) {
  Deno.test(`sync() reports a state ${what}, and touches no data`, async () => {
    await using archive = await synced(3);
    // Later than the overlap, a run does not read all that is remembered of each file.
    archive.now += 5 * DAY;
    const quiet = { now: () => new Date(archive.now) };
    await archive.client().sync(MAG, quiet);
    archive.requests.length = 0;
    const path = await statePath(archive);
    await Deno.writeTextFile(path, change(await Deno.readTextFile(path)));
    const files = await archive.folder.files();
    const error = await assertRejects(
      () => archive.client().sync(MAG, { force: true, removeMissing: true }),
      FileError,
    );
    assert(words.test(error.message), error.message);
    await assertRejects(() => archive.client().sync(MAG, quiet), FileError, error.message);
    assertEquals(await archive.folder.files(), files);
    assertEquals(archive.requests.filter((path) => !path.startsWith("/query")), []);
  });
}

Deno.test("sync() rejects wrong parameters and options before anything is sent or written", async () => {
  await using archive = await openFakeArchive();
  const client = archive.client();
  for (
    const wrong of [{}, { ...MAG, today: true }, { ...MAG, ingestion_start_date: "20260101" }, { instrument: "magg" }]
  ) {
    await assertRejects(() => client.sync(wrong), InputError);
  }
  const misspelled: Record<string, unknown> = { instrument: "mag", dataLevel: "l2" };
  const misspelling = await assertRejects(() => client.sync(misspelled), InputError, 'Cannot sync by "dataLevel"');
  assertStringIncludes(misspelling.message, 'did you mean "data_level"?');
  assert(!misspelling.message.includes("ingestion_start_date"), misspelling.message);
  await assertRejects(() => client.sync({ data_level: "l9" }), InputError, 'Cannot sync data_level "l9"');
  for (const wrong of [{ overlapHours: -1 }, { concurrency: 0 }, { shard: { part: 3, of: 2 } }]) {
    await assertRejects(() => client.sync(MAG, wrong), InputError);
  }
  // As in a notebook, where nothing checks types.
  const untyped: Record<string, unknown> = { overlapHours: "48" };
  await assertRejects(() => client.sync(MAG, untyped), InputError, 'Cannot sync with overlapHours "48"');
  const interval: Record<string, unknown> = { intervalMs: "15m" };
  await assertRejects(() => client.watch(MAG, interval).next(), InputError, 'Cannot watch with intervalMs "15m"');
  assertEquals([archive.requests, await archive.folder.files()], [[], []]);
});

Deno.test("a SyncReport shows itself as a table", async () => {
  await using archive = await synced(2);
  archive.put(nameOf(0, "v002.0001"));
  const report = await archive.client().sync(MAG);
  assertStringIncludes(Deno.inspect(report), nameOf(0, "v002.0001"));
  assertStringIncludes(report.toText(), "replaced by");
  assertStringIncludes(report.toHtml(), "superseded");
});

Deno.test("sync() after a run that was stopped never overwrites a file that somebody has changed since", async () => {
  await using archive = await synced(3);
  archive.put(nameOf(0), "another delivery");
  const stop = new AbortController();
  let lookUps = 0;
  archive.instead = ({ url }) => {
    // The first one is for the comparison.
    if (!url.includes("/download/") || ++lookUps < 2) return undefined;
    stop.abort(new Error("stopped"));
    return new Response(null, { status: 503 });
  };
  await assertRejects(() => archive.client().sync(MAG, { signal: stop.signal }), Error, "stopped");
  archive.instead = undefined;
  const path = `imap/mag/l2/2026/01/${nameOf(0)}`;
  await Deno.writeTextFile(join(archive.folder.path, path), "mine");
  for (const full of [false, true]) {
    assertEquals(said(await archive.client().sync(MAG, { full })), [`local change ${nameOf(0)}: kept`]);
  }
  assertEquals(await archive.read(path), "mine");
  assertEquals(said(await archive.client().sync(MAG, { force: true })), [`redelivered ${nameOf(0)}: fetched`]);
});

Deno.test("sync() keeps the version that a newer one replaced until the archive took that back", async () => {
  await using archive = await synced(3);
  const clock = { now: () => new Date(archive.now) };
  archive.now += 3 * DAY;
  archive.put(nameOf(0, "v001.0002"));
  await archive.client().sync(MAG, clock);
  archive.remove(nameOf(0, "v001.0002"));
  const gone = [`gone ${nameOf(0, "v001.0002")}: kept`];
  assertEquals(said(await archive.client().sync(MAG, clock)), gone);
  archive.now += HOUR;
  await archive.client().sync(MAG, clock);
  archive.now += 3 * DAY;
  await archive.client().sync(MAG, clock);
  assertEquals(said(await archive.client().sync(MAG, { ...clock, superseded: "remove" })), gone);
  assertEquals(await archive.read(`imap/mag/l2/2026/01/${nameOf(0)}`), nameOf(0));
});

Deno.test("sync() with removeMissing does not remove a file that was gone, and is back", async () => {
  await using archive = await synced(20);
  const clock = { now: () => new Date(archive.now) };
  const indexed = archive.now - HOUR;
  archive.remove(nameOf(0));
  const now = archive.now += 5 * DAY;
  assertEquals(said(await archive.client().sync(MAG, { ...clock, full: true })), [`gone ${nameOf(0)}: kept`]);
  // With its old ingestion date, as when a release is withdrawn and repeated.
  archive.now = indexed;
  const path = archive.put(nameOf(0));
  archive.now = now;
  assertEquals(said(await archive.client().sync(MAG, { ...clock, removeMissing: true })), []);
  assertEquals(await archive.read(path), nameOf(0));
});

/** Writes a lock file to the data directory that lists some files. */
async function writeLock({ folder }: FakeArchive, ...paths: readonly string[]): Promise<void> {
  const hash = { sha256: "0".repeat(64), md5: "0".repeat(32) };
  const text = lockText({
    name: "figure",
    created: "2026-01-31T12:00:00Z",
    archive: "https://example.org",
    program: "test",
    query: undefined,
    files: paths.map((path) => ({ path, version: "v001.0001", bytes: 10, ...hash, ingestion_date: undefined })),
  });
  await Deno.writeTextFile(join(folder.path, "figure.lock.json"), text);
}

for (const superseded of ["move", "remove"] as const) {
  Deno.test(`sync() with superseded "${superseded}" or removeMissing keeps a file that a lock file lists`, async () => {
    await using archive = await synced(20);
    const path = `imap/mag/l2/2026/01/${nameOf(0)}`;
    await writeLock(archive, path);
    archive.put(nameOf(0, "v001.0002"));
    archive.put(nameOf(1, "v001.0002"));
    const done = { move: "moved", remove: "removed" }[superseded];
    for (const dryRun of [true, false]) {
      const report = await archive.client().sync(MAG, { superseded, dryRun });
      const [kept, away] = report.superseded;
      assertEquals([kept?.file, kept?.done, kept?.lockFile], [path, "kept", "figure.lock.json"]);
      assertEquals([away?.done, away?.lockFile], [dryRun ? `would ${superseded}` : done, undefined]);
      assertStringIncludes(report.toText(), "figure.lock.json lists it");
    }
    assertEquals(await archive.read(path), nameOf(0));
    await writeLock(archive, path, `imap/mag/l2/2026/01/${nameOf(2)}`);
    archive.remove(nameOf(2));
    const report = await archive.client().sync(MAG, { superseded, removeMissing: true, full: true });
    assertEquals(said(report), [`gone ${nameOf(2)}: kept`]);
    assertEquals(report.gone[0]?.lockFile, "figure.lock.json");
  });
}

Deno.test("sync() removes nothing while a lock file in the data directory cannot be read", async () => {
  await using archive = await synced(1);
  archive.put(nameOf(0, "v001.0002"));
  await Deno.writeTextFile(join(archive.folder.path, "figure.lock.json"), "{");
  await assertRejects(() => archive.client().sync(MAG, { superseded: "remove" }), FileError, "figure.lock.json");
  assertEquals(await archive.read(`imap/mag/l2/2026/01/${nameOf(0)}`), nameOf(0));
  assertEquals((await archive.client().sync(MAG)).superseded.length, 1);
});

for (const from of ["the first run", "a state of an earlier version"]) {
  Deno.test(`sync() removes versions that were superseded when they were fetched, if asked to later: ${from}`, async () => {
    await using archive = await openFakeArchive();
    const clock = { now: () => new Date(archive.now) };
    for (const version of ["v001.0001", "v001.0002"]) archive.put(nameOf(0, version));
    assertEquals((await archive.client().sync(MAG, clock)).new.length, 2);
    if (from !== "the first run") {
      const path = await statePath(archive);
      const text = await Deno.readTextFile(path);
      await Deno.writeTextFile(path, text.replace(/,\{"superseded":.*?\}/, ""));
    }
    archive.now += 5 * DAY;
    const report = await archive.client().sync(MAG, { ...clock, superseded: "remove" });
    assertEquals(said(report), [`superseded ${nameOf(0)}: removed`]);
  });
}

Deno.test("sync() does not report a version later that was superseded when it was fetched", async () => {
  await using archive = await openFakeArchive();
  for (const version of ["v001.0001", "v001.0002"]) archive.put(nameOf(0, version));
  await archive.client().sync(MAG);
  archive.put(nameOf(1));
  assertEquals(said(await archive.client().sync(MAG)), [`new ${nameOf(1)}: fetched`]);
});

Deno.test("quietLines() reads all files of a state that nothing has to be done for, and stops at the first other one", async () => {
  await using archive = await synced(3);
  archive.put(nameOf(1, "v002.0001"));
  const quiet = { now: () => new Date(archive.now) };
  await archive.client().sync(MAG, quiet);
  const path = await statePath(archive);
  const text = await Deno.readTextFile(path);
  assertStringIncludes(text, '{"superseded":');
  const { url, query, shard } = JSON.parse(text);
  /** Returns the names, and whether these are all. */
  const read = async (changed: string, before = "2027-01-01 00:00:00") => {
    await Deno.writeTextFile(path, changed);
    const options = { isReadOnly: true, signal: undefined, onWait: () => {} };
    await using state = await SyncState.open(archive.folder.path, { url, query, shard }, options);
    const lines = state.quietLines(before);
    if (lines === undefined) return undefined;
    const files: string[] = [];
    while (lines.next()) files.push(`${lines.folder}/${lines.name} ${lines.size} ${lines.modified}`);
    return { files, isAll: lines.isAtEnd };
  };
  {
    const options = { isReadOnly: true, signal: undefined, onWait: () => {} };
    await using state = await SyncState.open(archive.folder.path, { url, query, shard }, options);
    const files = Array.from(state.files, ([path, { size, modified }]) => `${path} ${size} ${modified}`);
    assertEquals([files.length, await read(text)], [4, { files, isAll: true }]);
  }
  const [, numbers = ""] = /",(\d+,\d+)\]\n/.exec(text) ?? [];
  const [size = "", time = ""] = numbers.split(",");
  const others: ReadonlyArray<readonly [from: string, to: string]> = [
    [`${numbers}]\n`, `${numbers},{"due":true}]\n`],
    [`${numbers}]\n`, `${numbers},{"superseded":"x","gone":true}]\n`],
    [`${numbers}]\n`, `${numbers},{}]\n`],
    [`${numbers}]\n`, `${numbers},]\n`],
    [`${numbers}]\n`, `${numbers}\n`],
    [`${numbers}]\n`, `${numbers}] \n`],
    [numbers, `${size},-${time}`],
    [numbers, `${size}.5,${time}`],
    [numbers, `${size},${time}000`],
    [numbers, `${size},`],
    [numbers, `"${size}",${time}`],
    [numbers, size],
    [`",${numbers}`, `",7",${numbers}`],
    [`",${numbers}`, `,${numbers}`],
    [" }\n}\n", " }\n}\n "],
    [" }\n}\n", " },\n}\n"],
    // Text that is not JSON.
    ['],\n   ["', ']\n   ["'],
    ["]\n  ]\n", "],\n  ]\n"],
    ["  ]\n }\n", "  ],\n }\n"],
    [": [\n", ": [\n  ],\n"],
    ["_v002", "_v\\u0030\\u0030\\u0032"],
  ];
  for (const [from, to] of others) {
    const changed = text.slice(0, text.lastIndexOf(from)) + to + text.slice(text.lastIndexOf(from) + from.length);
    const found = await read(changed);
    // No size and no time of a file equals NaN.
    const isOff = found !== undefined && (!found.isAll || found.files.some((file) => file.endsWith("NaN")));
    assert(isOff, `${from} -> ${to}: ${JSON.stringify(found)}`);
  }
  const start = text.indexOf('"files": {') + 10;
  for (let length = start; length < text.length; length += 7) {
    assertEquals((await read(text.slice(0, length)))?.isAll, false, `${length} characters`);
  }
  const [moment = ""] = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.exec(text) ?? [];
  assertEquals(await read(text, moment), { files: [], isAll: false });
});
