// What users of the command in scripts and batch jobs rely on: signals, pipes, and where output goes.
import { until } from "../support/archive.ts";
import { runInShell, shellCommand, startServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { openCli } from "./transfer_cli.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const FILE = "imap_mag_l0_raw_20250502_v001.pkts";
const ignore = Deno.build.os === "windows";
const linux = { ignore: Deno.build.os !== "linux" };

for (const [signal, trap] of [["SIGINT", "INT"], ["SIGTERM", "TERM"], ["SIGHUP", "HUP"]] as const) {
  Deno.test(`${signal} that is ignored when the program starts stays ignored`, linux, async () => {
    await using cli = await openCli({ length: 100_000 });
    cli.store.usually = { bytesPerSecond: 100_000 };
    const running = cli.start(["download", ...cli.names], { setup: `trap '' ${trap}` });
    await until(() => cli.store.requests.some(({ sent }) => sent > 20_000));
    running.kill(signal);
    const { code, stdout } = await running.done;
    assertEquals([code, await cli.wrong(), await cli.folder.files()], [0, [], cli.paths]);
    assertStringIncludes(stdout, "Successfully downloaded");
  });
}

Deno.test("Ctrl-C of a script does not end its background jobs, and nohup keeps a job", linux, async () => {
  await using cli = await openCli({ length: 100_000 });
  cli.store.usually = { bytesPerSecond: 100_000 };
  const env = { IMAP_DATA_ACCESS_URL: cli.store.url, IMAP_DATA_DIR: cli.folder.path };
  const line = `nohup "\${IDA[@]}" download ${cli.names[0]} & echo $!; wait $!; echo "exit $?"`;
  const child = shellCommand(line, { env, cwd: cli.folder.path }).spawn();
  let said = "";
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) said += text;
  })();
  await until(() => cli.store.requests.some(({ sent }) => sent > 20_000));
  const job = Number(said.split("\n")[0]);
  assert(job > 1);
  Deno.kill(job, "SIGINT");
  Deno.kill(job, "SIGHUP");
  await Promise.all([child.status, reading, child.stderr.cancel()]);
  assertStringIncludes(said, "exit 0");
  assertEquals(await cli.wrong(), []);
});

Deno.test("SIGHUP, from a terminal that is closed, ends a download, and the next run resumes", { ignore }, async () => {
  await using cli = await openCli({ count: 2, length: 300_000 });
  cli.store.usually = { bytesPerSecond: 100_000 };
  const running = cli.start(["download", ...cli.names]);
  await until(() => cli.store.requests.some(({ sent }) => sent > 50_000));
  running.kill("SIGHUP");
  assertEquals((await running.done).code, 130);
  cli.store.usually = {};
  const again = await cli.run(["download", ...cli.names]);
  assertEquals([again.code, await cli.wrong(), await cli.folder.files()], [0, [], cli.paths]);
  assertStringIncludes(again.stderr, "resumed");
});

/** Text that redraws nothing. */
const PLAIN = new RegExp(String.raw`^[^\r\u001b]*$`);

/** Lines of a script, and their exit codes, their standard output, and words of standard error. */
const LINES: ReadonlyArray<readonly [line: string, code: number, stdout: RegExp, stderr: RegExp]> = [
  // The exit code of a pipeline with pipefail is that of the command.
  ["set -o pipefail; ida query --instrument mag | head -1", 0, /^Found \[\d+\] matching files\n$/, /^$/],
  ["set -o pipefail; ida query --instrument mag --output-format ndjson | head -1", 0, /^\{.*\}\n$/, /^$/],
  ["set -o pipefail; ida --help | true", 0, /^$/, /^$/],
  ["set -o pipefail; ida --version | true", 0, /^$/, /^$/],
  ["ida query --instrument mag 2>&1 >/dev/full | head -1", 0, /Cannot write to standard output: No space left/, /^$/],
  ["ida query --instrument mag >/dev/full", 1, /^$/, /Cannot write to standard output: No space left on device\n/],
  ["ida query --instrument mag --output-format ndjson >/dev/full", 1, /^$/, /standard output: No space left/],
  ["ida catalog >/dev/full", 1, /^$/, /standard output: No space left/],
  ["ida --help >/dev/full", 1, /^$/, /standard output: No space left/],
  ["ida --version >/dev/full", 1, /^$/, /imap-data-access: Cannot write to standard output: No space left/],
  [
    `ida download ${FILE} >/dev/full; code=$?; cat $(find . -name '*.pkts') | wc -c; exit $code`,
    1,
    /^[1-9]\d*\n$/,
    /No space/,
  ],
  ["ida query --instrument mag 2>/dev/full", 0, /^Found/, /^$/],
  ["ida query --instrument glow 2>/dev/full", 2, /^$/, /^$/],
  // A closed stream means that its output is not wanted.
  [`ida download ${FILE} >&- && find . -name '*.pkts' | wc -l`, 0, /^1\n$/, /^/],
  [`ida download ${FILE} >&- 2>&- && find . -name '*.pkts' | wc -l`, 0, /^1\n$/, /^$/],
  ["ida query --instrument mag <&-", 0, /^Found/, /^$/],
  ["ida download - <&-", 0, /^$/, /no files/],
  ["ida download --quiet -", 0, /^$/, /^$/],
  // Without a terminal, and without what a login shell sets.
  [
    `env -u TERM setsid -w "\${IDA[@]}" download ${FILE} | cat -v`,
    0,
    /^Successfully downloaded [^^]*\n$/,
    PLAIN,
  ],
  [`printf '%s\\n' ${FILE} | ida download -`, 0, /^Successfully downloaded/, PLAIN],
  ["if ida query --instrument glow; then echo yes; else echo no; fi", 0, /^no\n$/, /did you mean "glows"/],
  [`ida download ${FILE} imap_mag_l0_raw_19990101_v001.pkts; echo $?`, 0, /^Successfully [^]*\n1\n$/, /19990101/],
];

Deno.test("pipes, redirections, and exit codes work as in other programs", linux, async (t) => {
  await using archive = await startServe(["--demo"]);
  for (const [line, code, out, err] of LINES) {
    await t.step(line, async () => {
      await using folder = await testFolder();
      const env = { IMAP_DATA_ACCESS_URL: archive.url };
      const result = await runInShell(line, { cwd: folder.path, env });
      assert(out.test(result.stdout), `stdout: ${result.stdout}`);
      assert(err.test(result.stderr), `stderr: ${result.stderr}`);
      assertEquals(result.code, code);
    });
  }
});
