import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { openCli } from "./transfer_cli.ts";

Deno.test("download reads names from standard input", async () => {
  await using cli = await openCli({ count: 3 });
  const [a = "", b = "", c = ""] = cli.names;
  const { code, stdout } = await cli.run(["download", a, "-"], { stdin: `\n${b}\r\n  ${cli.paths[2]}\n${c}` });
  assertEquals(code, 0);
  assertEquals(
    stdout,
    cli.paths.map((path) => `Successfully downloaded the file to: ${cli.folder.path}/${path}\n`).join(""),
  );
  assertEquals(await cli.folder.files(), cli.paths);
});

Deno.test("download accepts the filters of query", async () => {
  await using cli = await openCli({ count: 3 });
  const { code } = await cli.run(["download", "--instrument", "swe", "--start-date", "20240101"]);
  assertEquals([code, await cli.folder.files()], [0, cli.paths]);
  assertMatch(cli.store.asked[0]?.url ?? "", /\/query\?(?=.*instrument=swe)(?=.*start_date=20240101)/);
});

Deno.test("download says that no file matches its filters", async () => {
  await using server = startServer(() => Response.json([]));
  await using folder = await testFolder();
  const env = { IMAP_DATA_ACCESS_URL: server.url, IMAP_DATA_DIR: folder.path };
  const { code, stdout, stderr } = await runCli(["download", "--instrument", "mag"], { env });
  assertEquals([code, stdout, stderr], [0, "", "no file matches the filters; query shows what there is\n"]);
});

Deno.test("download rejects invalid lines", async () => {
  await using cli = await openCli();
  const lines = [
    ["download"],
    ["download", ...cli.names, "--instrument", "swe"],
    ["download", ...cli.names, "--verify", "--force"],
    ["download", ...cli.names, "--shard", "0/3"],
    ["download", ...cli.names, "--shard", "3"],
    ["download", ...cli.names, "--concurrency", "0"],
    ["download", ...cli.names, "--concurrency", "1000"],
    ["download", ...cli.names, "--retries", "-1"],
    ["download", ...cli.names, "--stall-timeout", "0"],
  ];
  for (const args of lines) {
    const { code, stdout, stderr } = await cli.run(args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, /^imap-data-access download: Cannot .*\n$/);
  }
  assertEquals([cli.store.asked.length, await cli.folder.files()], [0, []]);
});

Deno.test("download --shard over all shards fetches everything once", async () => {
  await using cli = await openCli({ count: 20, length: 100 });
  const parts = [1, 2, 3, 4, 5];
  const runs = await Promise.all(
    parts.map((part) => cli.run(["download", "--instrument", "swe", "--shard", `${part}/5`])),
  );
  assertEquals(runs.map(({ code }) => code), parts.map(() => 0));
  assertEquals(await cli.folder.files(), cli.paths);
  assertEquals(cli.store.requests.length, 20);
});

Deno.test("download --dry-run only prints what it would do", async () => {
  await using cli = await openCli({ count: 3 });
  await cli.run(["download", cli.names[1] ?? ""]);
  const { code, stdout, stderr } = await cli.run(["download", "--dry-run", ...cli.names]);
  const [a, b, c] = cli.paths;
  assertEquals([code, stdout], [0, `would fetch ${a} (100 kB)\nwould skip ${b}\nwould fetch ${c} (100 kB)\n`]);
  assertEquals(stderr, "3 planned; 200 kB to transfer\n");
  // The sizes of the two files are requested, and nothing else.
  assertEquals([cli.store.requests.length, await cli.folder.files()], [3, [b ?? ""]]);
});

Deno.test("download --print writes only the paths, or JSON with the outcome of each file", async () => {
  await using cli = await openCli({ count: 3 });
  cli.store.objects.delete(cli.paths[1] ?? "");
  const local = cli.paths.map((path) => `${cli.folder.path}/${path}`);
  const paths = await cli.run(["download", ...cli.names, "--print", "paths"]);
  assertEquals([paths.code, paths.stdout], [1, `${local[0]}\n${local[2]}\n`]);
  const json = await cli.run(["download", ...cli.names, "--print", "json"]);
  assertEquals(json.code, 1);
  const outcomes: Array<{ state: string; file: string; path: string; error?: string }> = JSON.parse(json.stdout);
  assertEquals(outcomes.map(({ state, file, path }) => [state, file, path]), [
    ["skipped", cli.paths[0], local[0]],
    ["failed", cli.paths[1], local[1]],
    ["skipped", cli.paths[2], local[2]],
  ]);
  assertMatch(outcomes[1]?.error ?? "", /has no such file/);
  const planned = await cli.run(["download", cli.names[0] ?? "", "--force", "--dry-run", "--print", "json"]);
  assertEquals(JSON.parse(planned.stdout), [
    { state: "planned", plan: "fetch", file: cli.paths[0], path: local[0], bytes: 0, size: 100_000 },
  ]);
});

Deno.test("download fetches what it can, lists failures at the end, and exits with 1", async () => {
  await using cli = await openCli({ count: 4 });
  cli.store.objects.delete(cli.paths[1] ?? "");
  const { code, stdout, stderr } = await cli.run(["download", ...cli.names]);
  assertEquals([code, stdout.split("\n").length], [1, 4]);
  const lines = stderr.trimEnd().split("\n");
  // Details would not say more about a file that the archive does not have.
  assertEquals(lines.length, 2);
  assertMatch(lines[0] ?? "", /^imap-data-access download: Cannot download "\S+20240102\S+": .* has no such file/);
  assertEquals(lines[1], "3 fetched, 1 failed; 300 kB");
});

Deno.test("download -q prints only what failed; without a terminal, output is plain lines", async () => {
  await using cli = await openCli({ count: 3 });
  assertEquals((await cli.run(["-q", "download", ...cli.names])).stderr, "");
  const { stderr } = await cli.run(["download", "--force", ...cli.names]);
  assertEquals(stderr, "3 fetched; 300 kB\n");
  cli.store.usually = { status: 404 };
  const failed = await cli.run(["-q", "download", "--force", ...cli.names]);
  assertEquals([failed.code, failed.stderr.trimEnd().split("\n").length], [1, 3]);
});

Deno.test("download -v prints what is retried and why, without the key and the presigned URL", async () => {
  await using cli = await openCli();
  cli.store.script.push({ status: 503 }, { cutAfter: 30_000 });
  const { code, stderr } = await cli.run(["-v", "--debug", "download", ...cli.names]);
  assertEquals(code, 0);
  assertMatch(stderr, /503 Service Unavailable \(Status503: on purpose\); .*trying again in 0\.\d s \(1 of 5\)/);
  assertEquals(cli.store.requests.at(-1)?.headers.get("range"), "bytes=30000-");
  assert(!stderr.includes("s3cret") && !stderr.includes("k3y"), stderr);
});

Deno.test("download --verify repairs files, --force downloads all, and --retries and --stall-timeout apply", async () => {
  await using cli = await openCli();
  const [name = "", path = ""] = [cli.names[0], `${cli.folder.path}/${cli.paths[0]}`];
  await cli.run(["download", name]);
  await Deno.writeTextFile(path, "damaged");
  assertEquals((await cli.run(["download", name])).code, 0);
  assertEquals(await Deno.readTextFile(path), "damaged");
  assertEquals((await cli.run(["download", "--verify", name])).code, 0);
  assertEquals(await cli.wrong(), []);
  const before = cli.store.requests.length;
  cli.store.usually = { stallAfter: 100 };
  const { code, stderr } = await cli.run(["download", "--force", "--retries", "0", "--stall-timeout", "1", name]);
  assertEquals([code, cli.store.requests.length], [1, before + 1]);
  assertStringIncludes(stderr, "sent next to nothing for 1 s");
});

Deno.test("two processes that download the same file at once end with one complete file, fetched once", async () => {
  await using cli = await openCli({ count: 2 });
  cli.store.usually = { bytesPerSecond: 100_000 };
  const runs = await Promise.all([1, 2, 3].map(() => cli.run(["download", ...cli.names])));
  assertEquals(runs.map(({ code }) => code), [0, 0, 0]);
  assertEquals([await cli.folder.files(), await cli.wrong()], [cli.paths, []]);
  assertEquals(cli.store.requests.length, 2);
});
