// A mirror of 10,000 files against the real `serve`, with real processes: `deno task test:mirror`. Takes a few minutes.
// deno-lint-ignore-file no-console
import { cliCommand, runCli, type ServeProcess, startServe } from "../support/cli.ts";
import { writeFiles } from "../support/archive.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { fromFileUrl, join } from "@std/path";

const FILES = Number(Deno.env.get("MIRROR_FILES") ?? 10_000);
const KILLS = Number(Deno.env.get("MIRROR_KILLS") ?? 20);
/** The goal: how many times as long as an empty script a run without news takes. */
const GOAL = 6;
/** It may be missed by a little: a third of the time goes into a look at each file, for its size and time. */
const MAX_RATIO = 7;
/** About the most files that a run has fetched before it is killed. */
const MAX_FETCHED = 400;
const CLI = fromFileUrl(new URL("../../cli.ts", import.meta.url));

/** `imap_mag_l2_norm-d3_20260101_v001.0001.cdf`; a thousand days for each descriptor. */
function nameOf(number: number, version = "v001.0001"): string {
  const date = new Date(Date.UTC(2025, 8, 1 + number % 1_000)).toISOString().slice(0, 10).replaceAll("-", "");
  return `imap_mag_l2_norm-d${Math.floor(number / 1_000)}_${date}_${version}.cdf`;
}

function pathOf(name: string): string {
  const [, year, month] = /_(\d{4})(\d\d)\d\d_v/.exec(name) ?? [];
  return `imap/mag/l2/${year}/${month}/${name}`;
}

/** An archive with all files, and a data directory. */
interface Lab extends AsyncDisposable {
  readonly archive: ServeProcess;
  readonly root: string;
  readonly data: TestFolder;
  readonly args: readonly string[];
}

/** Starts the archive. @param ingested When its files were ingested. */
async function openLab(ingested: Date): Promise<Lab> {
  await using resources = new AsyncDisposableStack();
  const root = resources.use(await testFolder());
  const data = resources.use(await testFolder());
  const paths = Array.from({ length: FILES }, (_, number) => pathOf(nameOf(number)));
  await writeFiles(root.path, Object.fromEntries(paths.map((path, number) => [path, `file ${number}`])));
  for (const path of paths) Deno.utimeSync(join(root.path, path), ingested, ingested);
  const archive = resources.use(await startServe(["--root", root.path]));
  const all = resources.move();
  const args = ["sync", "--instrument", "mag", "--data-level", "l2", "--url", archive.url, "--data-dir", data.path];
  return { archive, root: root.path, data, args, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** What a run printed as JSON. */
interface Printed {
  readonly changes: ReadonlyArray<{ readonly state: string; readonly file: string; readonly done: string }>;
  readonly [key: string]: unknown;
}

async function sync({ args }: Lab, ...more: readonly string[]): Promise<Printed> {
  const { code, stdout, stderr } = await runCli([...args, "--output-format", "json", ...more]);
  assertEquals(code, 0, stderr);
  const printed: Printed = JSON.parse(stdout);
  return printed;
}

function said({ changes }: Printed): string[] {
  return changes.map(({ state, file, done }) => `${state} ${file.split("/").at(-1)}: ${done}`).sort();
}

/** Whether each file here has the bytes of the archive's. */
async function assertSame({ root, data }: Lab, except: readonly string[] = []): Promise<number> {
  const here = (await data.files()).filter((path) => path.startsWith("imap/"));
  assertEquals(here.filter((path) => /\.part|\/\./.test(path)), []);
  for (const path of here) {
    if (except.includes(path)) continue;
    assertEquals(await Deno.readTextFile(join(data.path, path)), await Deno.readTextFile(join(root, path)), path);
  }
  return here.length;
}

/** The number of complete files here. */
async function countHere({ data }: Lab): Promise<number> {
  return (await data.files()).filter((path) => /^imap\/.*\/imap_/.test(path)).length;
}

/** Waits until a run has fetched a random number of files, or has ended. */
async function untilItHasFetched(lab: Lab, ended: Promise<unknown>): Promise<void> {
  let hasEnded = false;
  void ended.then(() => hasEnded = true);
  const enough = await countHere(lab) + 1 + Math.floor(Math.random() * MAX_FETCHED);
  while (!hasEnded && await countHere(lab) < enough) await delay(20);
}

/** Waits until the archive lists a number of files. */
async function untilListed({ archive }: Lab, isRight: (paths: readonly string[]) => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const response = await fetch(`${archive.url}/query?instrument=mag&data_level=l2`);
    const rows: Array<{ file_path: string }> = await response.json();
    if (isRight(rows.map(({ file_path }) => file_path))) return;
    await delay(100);
  }
  throw new Error("The archive does not list what is in its folder");
}

Deno.test(`a first sync of ${FILES} files, killed ${KILLS} times, is completed, and the next run does what changed`, async () => {
  await using lab = await openLab(new Date());
  const { root, data, args } = lab;
  for (let kill = 0; kill < KILLS; kill++) {
    const run = cliCommand([...args, "--quiet"]).spawn();
    const output = Promise.all([run.stdout.cancel(), run.stderr.cancel()]);
    // Half of them at any moment, which on a busy machine is before anything is fetched.
    if (kill % 2 === 0) await delay(100 + Math.random() * 900);
    else await untilItHasFetched(lab, run.status);
    try {
      run.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await Promise.all([run.status, output]);
  }
  console.log(`  ${await countHere(lab)} files after ${KILLS} kills`);
  const first = await sync(lab);
  assertEquals([first.failed, first.gone, first.local_changes, first.redelivered], [0, 0, 0, 0]);
  assertEquals(await assertSame(lab), FILES);

  const range = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);
  const write = (name: string, text: string) => Deno.writeTextFile(join(root, pathOf(name)), text);
  for (const number of range(0, 3)) await write(nameOf(number), `another delivery of ${number}`);
  for (const number of range(3, 5)) await write(nameOf(number, "v001.0002"), `minor of ${number}`);
  for (const number of range(8, 2)) await write(nameOf(number, "v002.0001"), `major of ${number}`);
  await Deno.remove(join(root, pathOf(nameOf(10))));
  const mine = pathOf(nameOf(11));
  await Deno.writeTextFile(join(data.path, mine), "mine");
  const isListed = (paths: readonly string[]) =>
    paths.includes(pathOf(nameOf(9, "v002.0001"))) && paths.includes(pathOf(nameOf(7, "v001.0002"))) &&
    !paths.includes(pathOf(nameOf(10)));
  await untilListed(lab, isListed);
  await delay(2_000);
  const expected = [
    `gone ${nameOf(10)}: kept`,
    `local change ${nameOf(11)}: kept`,
    ...range(3, 5).map((number) => `new ${nameOf(number, "v001.0002")}: fetched`),
    ...range(8, 2).map((number) => `new ${nameOf(number, "v002.0001")}: fetched`),
    ...range(0, 3).map((number) => `redelivered ${nameOf(number)}: fetched`),
    ...range(3, 7).map((number) => `superseded ${nameOf(number)}: kept`),
  ].sort();
  const plan = await sync(lab, "--dry-run");
  assertEquals(said(plan), expected.map((line) => line.replace(/: fetched$/, ": would fetch")));
  const next = await sync(lab);
  assertEquals(said(next), expected);
  assertEquals(next.unchanged, FILES - 3 - 7 - 1 - 1);
  assertEquals(await assertSame(lab, [mine, pathOf(nameOf(10))]), FILES + 7);
  assertEquals(await Deno.readTextFile(join(data.path, mine)), "mine");
});

Deno.test("two processes on one state fetch each file once, and lose none", async () => {
  await using lab = await openLab(new Date());
  const counts = (await Promise.all([sync(lab), sync(lab)])).map((report) => Number(report.new));
  assertEquals(counts.toSorted((a, b) => a - b), [0, FILES]);
  assertEquals(await assertSame(lab), FILES);
  assertEquals(said(await sync(lab, "--full")), []);
});

/** The processor time of a program, in milliseconds: other work on the machine lengthens only the real time. */
async function processorTime(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const line = 'TIMEFORMAT="%U %S"; time "$@" > /dev/null 2>&1';
  const timed = ["-c", line, "bash", Deno.execPath(), "run", "-A", "--quiet", ...args];
  const { stderr } = await new Deno.Command("bash", { args: timed, env: { ...env }, stdin: "null" }).output();
  const [user = NaN, system = NaN] = new TextDecoder().decode(stderr).trim().split(" ").map(Number);
  return (user + system) * 1000;
}

Deno.test("a run without news sends at most 3 requests, and takes few times as long as an empty script", async () => {
  await using lab = await openLab(new Date(Date.now() - 30 * 86_400_000));
  assertEquals((await sync(lab)).new, FILES);
  const { stderr } = await runCli([...lab.args, "--debug"]);
  const requests = stderr.split("\n").filter((line) => /^(GET|HEAD|POST) /.test(line));
  assert(requests.length <= 3, requests.join("\n"));
  const empty = join(lab.data.path, "empty.ts");
  await Deno.writeTextFile(empty, "");
  const env = { IMAP_API_KEY: "", IMAP_ACCESS_TOKEN: "", DENO_NO_UPDATE_CHECK: "1" };
  let [none, run] = [Infinity, Infinity];
  for (let round = 0; round < 15; round++) {
    none = Math.min(none, await processorTime([empty], env));
    run = Math.min(run, await processorTime([CLI, ...lab.args], env));
  }
  const times = `${run.toFixed(0)} and ${none.toFixed(0)} ms of processor time`;
  const text = `${(run / none).toFixed(1)} times an empty script, goal ${GOAL} (${times})`;
  console.log(`  ${requests.length} request, ${text}`);
  assert(run / none <= MAX_RATIO, text);
});

Deno.test("after kill -9, a watch with --exec hands each file over, and at most the one in hand once more", async () => {
  await using folder = await testFolder();
  const count = 200;
  const root = join(folder.path, "archive");
  const names = Array.from({ length: count }, (_, number) => pathOf(nameOf(number)));
  await writeFiles(root, Object.fromEntries(names.map((path) => [path, "x"])));
  await using archive = await startServe(["--root", root]);
  const log = join(folder.path, "log");
  const program = join(folder.path, "program.sh");
  await Deno.writeTextFile(program, `#!/bin/sh\nbasename "$1" >> "${log}"\n`, { mode: 0o755 });
  const args = ["sync", "--instrument", "mag", "--data-level", "l2", "--url", archive.url];
  const all = [...args, "--data-dir", join(folder.path, "data"), "--watch", "1s", "--exec", program, "{}"];
  let kills = 0;
  const handed = async () => (await Deno.readTextFile(log).catch(() => "")).split("\n").filter((line) => line !== "");
  for (; new Set(await handed()).size < count; kills++) {
    assert(kills < 200, "it does not get on");
    const run = cliCommand(all).spawn();
    const output = Promise.all([run.stdout.cancel(), run.stderr.cancel()]);
    await delay(300 + Math.random() * 700);
    run.kill("SIGKILL");
    await Promise.all([run.status, output]);
  }
  const lines = await handed();
  console.log(`  ${lines.length} hand-overs of ${count} files, ${kills} kills`);
  assertEquals(new Set(lines).size, count);
  assert(lines.length <= count + kills, `${lines.length} hand-overs with ${kills} kills`);
  const times = new Map<string, number>();
  for (const line of lines) times.set(line, (times.get(line) ?? 0) + 1);
  assert([...times.values()].filter((number) => number > 1).length <= kills);
});
