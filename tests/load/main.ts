/** The archive under load, and when it is killed: `deno task test:load`. It takes two minutes and prints measurements. */
import { hashFile } from "../../src/disk.ts";
import { Figures } from "./figures.ts";
import { Ledger, type Shown } from "./ledger.ts";
import { loadClient } from "./load_client.ts";
import { startBareServe } from "../support/cli.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { join } from "@std/path";

const CLIENTS = 64;
/** The duration of the load; `LOAD_SECONDS=10` is for a quick run. */
const LOAD_SECONDS = Number(Deno.env.get("LOAD_SECONDS") ?? 60);
/** How many times the archive is killed. */
const KILLS = 20;
/** How long it runs before it is killed: long enough for every client to have a request under way. */
const [MIN_RUN_MS, MAX_RUN_MS] = [300, 1_500];

/** Starts the clients; returns the error of each one, or undefined. */
function startClients(url: string, ledger: Ledger, figures: Figures, signal: AbortSignal): Promise<unknown[]> {
  const run = { url, ledger, figures, signal };
  return Promise.all(Array.from({ length: CLIENTS }, () => loadClient(run).then(() => undefined, (error) => error)));
}

/** What queries list, and the files on the disk, which are read completely. */
async function look(url: string, { path, files }: TestFolder): Promise<Shown> {
  const rows: { file_path: string }[] = await (await fetch(`${url}/query?instrument=mag`)).json();
  const found = new Map<string, string>();
  for (const name of (await files()).filter((name) => name.startsWith("imap/"))) {
    using file = await Deno.open(join(path, name));
    found.set(name, await hashFile(file));
  }
  assertEquals(new Set(rows.map(({ file_path }) => file_path)).size, rows.length);
  return { listed: new Set(rows.map(({ file_path }) => file_path)), files: found };
}

/** The other contents of the folder: the catalog, the lock, and nothing unfinished. */
async function litter(folder: TestFolder): Promise<string[]> {
  const known = /^imap\/|^\.imap-archive\/(?:lock|catalogue\.sqlite(?:-wal|-shm)?|orders\.ndjson)$/;
  return (await folder.files()).filter((path) => !known.test(path));
}

function lostOf(problems: readonly string[]): number {
  return problems.filter((problem) => problem.startsWith("lost")).length;
}

function print(title: string, lines: readonly string[]): void {
  // deno-lint-ignore no-console -- The figures are what this is run for.
  console.log([title, ...lines].join("\n"));
}

Deno.test(`The archive loses nothing while ${CLIENTS} clients upload, query and download`, async () => {
  await using folder = await testFolder();
  await using serve = await startBareServe(["--root", folder.path, "--unlimited"]);
  const [ledger, figures] = [new Ledger(), new Figures()];
  const ends = await startClients(serve.url, ledger, figures, AbortSignal.timeout(LOAD_SECONDS * 1000));
  const lines = figures.lines();
  assertEquals(ends.filter((end) => end !== undefined), []);

  const shown = await look(serve.url, folder);
  const problems = ledger.problems(shown);
  print(`${CLIENTS} clients`, [`  uploads answered: ${ledger.answered}, lost: ${lostOf(problems)}`, ...lines]);
  assertEquals([problems, await litter(folder)], [[], []]);
  assert(ledger.answered > CLIENTS && ledger.answered === figures.count("uploads"));
});

Deno.test(`The archive loses no upload that got a response when it is killed ${KILLS} times`, async () => {
  await using folder = await testFolder();
  const [ledger, figures] = [new Ledger(), new Figures()];
  const problems: string[] = [];
  let [cut, unanswered, most] = [0, 0, 0];
  for (let kill = 0; kill < KILLS; kill++) {
    await using serve = await startBareServe(["--root", folder.path, "--unlimited"]);
    const stop = new AbortController();
    const clients = startClients(serve.url, ledger, figures, stop.signal);
    await delay(MIN_RUN_MS + Math.random() * (MAX_RUN_MS - MIN_RUN_MS));
    serve.process.kill("SIGKILL");
    const { signal } = await serve.process.status;
    assertEquals(signal, "SIGKILL");
    stop.abort();
    const ends = await clients;
    // A refusal or wrong bytes would not be caused by the kill.
    assertEquals(ends.filter((end) => !(end === undefined || end instanceof TypeError)), []);
    cut += ends.length;
    most = Math.max(most, (await litter(folder)).length);

    await using again = await startBareServe(["--root", folder.path, "--unlimited"]);
    const shown = await look(again.url, folder);
    problems.push(...ledger.problems(shown), ...(await litter(folder)).map((path) => `${path} is left over`));
    unanswered += ledger.unanswered(shown);
    ledger.settle(shown);
  }
  print(`killed ${KILLS} times`, [
    `  uploads answered: ${ledger.answered}, lost: ${lostOf(problems)}`,
    `  clients cut off: ${cut}; uploads whose answer was lost, and that are there, whole: ${unanswered}`,
    `  temporary files after a kill: ${most} at most, and none after the next start`,
    ...figures.lines(),
  ]);
  assertEquals(problems, []);
  assert(ledger.answered > KILLS && unanswered < cut);
});
