// `sync` on the real command line.
import { nameOf, openFakeArchive } from "../mirror/fake_archive.ts";
import { cliCommand, type CliResult, runCli } from "../support/cli.ts";
import { until } from "../support/archive.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";

/** An archive with two files, and the command line. */
async function openCli() {
  const archive = await openFakeArchive();
  archive.now = Date.now();
  for (const day of [0, 1]) archive.put(nameOf(day));
  const args = ["sync", "--instrument", "mag", "--data-level", "l2"];
  const more = ["--url", archive.url, "--data-dir", archive.folder.path];
  const sync = (...words: readonly string[]): Promise<CliResult> => runCli([...args, ...more, ...words]);
  return { archive, args: [...args, ...more], sync, [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose]() };
}

Deno.test("sync prints a table, JSON, and a summary, and ends with exit code 1 if a file failed", async () => {
  await using cli = await openCli();
  const first = await cli.sync();
  assertEquals([first.code, first.stderr], [0, ""]);
  assertStringIncludes(first.stdout, "2 new, 0 unchanged");
  assertStringIncludes(first.stdout, nameOf(1));
  assertEquals((await cli.sync()).stdout, "2 unchanged; 0 B\n");
  cli.archive.put(nameOf(2));
  cli.archive.instead = (request) =>
    request.url.includes("/objects/") ? new Response("<Error/>", { status: 404 }) : undefined;
  const { code, stdout, stderr } = await cli.sync("--output-format", "json", "--retries", "0");
  const { changes: [change], ...counts } = JSON.parse(stdout);
  assertEquals([code, change.state, change.file.split("/").at(-1)], [1, "failed", nameOf(2)]);
  assertEquals([counts.failed, counts.unchanged, counts.new], [1, 2, 0]);
  assertStringIncludes(stderr, "404");
});

Deno.test("sync --exec runs a program for each new file, without a shell, and tries again in the next run", async () => {
  await using cli = await openCli();
  const { path: folder } = cli.archive.folder;
  const [log, flag] = [join(folder, "log $HOME;"), join(folder, "flag")];
  const program = join(folder, "program.sh");
  const script = `#!/bin/sh\n[ -e "$3" ] || exit 3\nprintf '%s\\n' "$1" >> "$2"\n`;
  await Deno.writeTextFile(program, script, { mode: 0o755 });
  const exec = ["--exec", program, "{}", log, flag];
  const failed = await cli.sync(...exec);
  assertEquals(failed.code, 1);
  assertStringIncludes(failed.stderr, `program.sh" ended with exit code 3`);
  await Deno.writeTextFile(flag, "");
  assertEquals((await cli.sync(...exec)).code, 0);
  assertEquals((await cli.sync(...exec)).code, 0);
  const paths = [0, 1].map((day) => join(folder, `imap/mag/l2/2026/01/${nameOf(day)}`));
  assertEquals(await Deno.readTextFile(log), `${paths.join("\n")}\n`);
});

Deno.test("sync --watch prints each change, goes on without a network, and ends with exit code 130", async () => {
  await using cli = await openCli();
  const run = cliCommand([...cli.args, "--watch", "1s", "--output-format", "json", "--retries", "0"]).spawn();
  let stdout = "";
  const reading = (async () => {
    for await (const text of run.stdout.pipeThrough(new TextDecoderStream())) stdout += text;
  })();
  const errors = new Response(run.stderr).text();
  await until(() => stdout.split("\n").length > 2);
  const before = cli.archive.requests.length;
  cli.archive.instead = () => new Response("down", { status: 503 });
  await until(() => cli.archive.requests.length > before + 1);
  cli.archive.put(nameOf(2));
  cli.archive.instead = undefined;
  await until(() => stdout.split("\n").length > 3);
  run.kill("SIGINT");
  assertEquals((await run.status).code, 130);
  await reading;
  const files = stdout.trim().split("\n").map((line) => JSON.parse(line).file.split("/").at(-1));
  assertEquals(files.sort(), [0, 1, 2].map((day) => nameOf(day)));
  assertStringIncludes(await errors, "503");
});

Deno.test("sync rejects wrong options before anything is sent or written", async () => {
  await using cli = await openCli();
  const { url, folder, requests } = cli.archive;
  const wrong: ReadonlyArray<readonly [words: readonly string[], message: string]> = [
    [["--watch", "5"], "expected a time from 1s to 7d"],
    [["--exec"], "it needs a program"],
    [["--exec", "gzip", "-k"], "expected {} among the program's arguments"],
    [["--exec", "no-such-program", "{}"], 'Cannot use "no-such-program" for --exec: there is no such program'],
    [["--exec", folder.path, "{}"], "there is no such program"],
    [["--watch", "0s"], "expected a time from 1s to 7d"],
    [["--overlap", "x"], "--overlap"],
    [["--superseded", "delete"], "keep, move, remove"],
    [["--days-ago", "3"], "no such option"],
    [["--shard", "3/2"], "shard"],
    [["--watch", "1m", "--dry-run"], "--dry-run together with --watch"],
  ];
  for (const [words, message] of wrong) {
    const { code, stderr } = await cli.sync(...words);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, message);
  }
  const { code, stderr } = await runCli(["sync", "--url", url, "--data-dir", folder.path]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "no filter is given");
  const everything = await runCli(["sync", "--table", "spice", "--url", url, "--data-dir", folder.path]);
  assertStringIncludes(everything.stderr, "Cannot sync everything: give at least one of --type, --start-date");
  assertEquals([everything.code, everything.stderr.includes("ingestion")], [2, false]);
  assertEquals([requests, await folder.files()], [[], []]);
});

Deno.test("sync says that a state is of a newer version, and how to go on", async () => {
  await using cli = await openCli();
  await cli.sync();
  const [state = ""] = (await cli.archive.folder.files()).filter((path) => path.startsWith(".imap-data-access/"));
  const path = join(cli.archive.folder.path, state);
  await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace('"version": 1', '"version": 2'));
  const { code, stderr } = await cli.sync("--force");
  assertEquals(code, 1);
  assert(/newer version.*update the program/s.test(stderr), stderr);
});

Deno.test("sync ends a program of --exec that does not end, when it is asked to stop", async () => {
  await using cli = await openCli();
  const { path: folder } = cli.archive.folder;
  const started = join(folder, "started");
  const script = join(folder, "hang.sh");
  await Deno.writeTextFile(script, `#!/bin/sh\necho $$ > "${started}"\nexec sleep 1000\n`, { mode: 0o755 });
  const run = cliCommand([...cli.args, "--exec", script, "{}"]).spawn();
  const output = Promise.all([run.stdout.cancel(), new Response(run.stderr).text()]);
  const pid = () => Number(Deno.readTextFileSync(started));
  await until(() => cli.archive.folder.files().then((files) => files.includes("started") && pid() > 0));
  run.kill("SIGTERM");
  assertEquals((await run.status).code, 130);
  assertStringIncludes((await output)[1], "interrupted");
  assertThrows(() => Deno.kill(pid(), "SIGTERM"), Deno.errors.NotFound);
  // The file that was being processed is handed over again.
  await Deno.writeTextFile(script, `#!/bin/sh\necho "$1" >> "${started}.log"\n`);
  assertEquals((await cli.sync("--exec", script, "{}")).code, 0);
  assertEquals((await Deno.readTextFile(`${started}.log`)).trim().split("\n").length, 2);
});

Deno.test("sync --watch says once what stays as it is, and why files were not removed", async () => {
  await using cli = await openCli();
  await cli.sync();
  const { archive } = cli;
  archive.remove(nameOf(0));
  await Deno.writeTextFile(join(archive.folder.path, `imap/mag/l2/2026/01/${nameOf(1)}`), "mine");
  archive.requests.length = 0;
  const run = cliCommand([...cli.args, "--watch", "1s", "--remove-missing"]).spawn();
  const output = Promise.all([new Response(run.stdout).text(), new Response(run.stderr).text()]);
  await until(() => archive.requests.length >= 3);
  run.kill("SIGINT");
  await run.status;
  const [stdout, stderr] = await output;
  assertEquals(stdout.trim().split("\n"), [
    `local change imap/mag/l2/2026/01/${nameOf(1)} (kept)`,
    `gone imap/mag/l2/2026/01/${nameOf(0)} (kept)`,
  ]);
  assertEquals(stderr.match(/1 of 2 files would be removed/g)?.length, 1);
});

Deno.test("sync finds what was changed and removed here among many files, also from a relative data directory", async () => {
  await using archive = await openFakeArchive();
  // Later than the overlap, a run only compares the files here with what it remembers.
  archive.now = Date.now() - 5 * 86_400_000;
  const days = 130;
  for (let day = 0; day < days; day++) archive.put(nameOf(day));
  archive.now = Date.now();
  const { path: folder } = archive.folder;
  await Deno.mkdir(join(folder, "data/inner"), { recursive: true });
  const words = ["sync", "--instrument", "mag", "--data-level", "l2", "--url", archive.url, "--output-format", "json"];
  const sync = async (cwd: string, dataDir: string) => {
    const { code, stdout, stderr } = await runCli([...words, "--data-dir", dataDir], { cwd: join(folder, cwd) });
    assertEquals([code, stderr], [0, ""]);
    const { changes, unchanged } = JSON.parse(stdout);
    return [unchanged, ...changes.map(({ state, path }: { state: string; path: string }) => `${state} ${path}`)];
  };
  await sync("data", ".");
  const path = (day: number) => join(folder, `data/imap/mag/l2/2026/0${day < 31 ? 1 : 5}/${nameOf(day)}`);
  const read = archive.requests.length;
  assertEquals(await sync("data/inner", "../"), [days]);
  assertEquals(archive.requests.length, read + 1);
  await Deno.writeTextFile(path(129), "mine");
  assertEquals(await sync("data/inner", ".."), [days - 1, `local change ${path(129)}`]);
  await Deno.remove(path(0));
  const changes = [`new ${path(0)}`, `local change ${path(129)}`];
  assertEquals(await sync("", "data"), [days - 2, ...changes]);
  assertEquals(await Deno.readTextFile(path(0)), nameOf(0));
});
