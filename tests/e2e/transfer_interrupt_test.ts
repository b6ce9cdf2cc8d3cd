import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { until } from "../support/archive.ts";
import { openCli } from "./transfer_cli.ts";

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} stops a download within a second, says how to resume, and the next run does`, async () => {
    await using cli = await openCli({ count: 5, length: 300_000 });
    cli.store.usually = { bytesPerSecond: 100_000 };
    const running = cli.start(["download", ...cli.names]);
    await until(() => cli.store.requests.filter(({ sent }) => sent > 50_000).length === 5);
    const started = performance.now();
    running.kill(signal);
    const { code, stdout, stderr } = await running.done;
    assert(performance.now() - started < 1000, `${performance.now() - started} ms`);
    assertEquals([code, stdout], [130, ""]);
    assertStringIncludes(stderr, "interrupted; the bytes received so far are kept; run the same command to resume");
    assert((await cli.folder.files()).every((path) => path.includes("/.")));

    cli.store.usually = {};
    const again = await cli.run(["download", ...cli.names]);
    assertEquals([again.code, await cli.folder.files(), await cli.wrong()], [0, cli.paths, []]);
    const ranges = cli.store.requests.slice(5).map(({ headers }) => Number(headers.get("range")?.slice(6, -1)));
    assert(ranges.length === 5 && ranges.every((first) => first > 0), ranges.join());
    assertStringIncludes(again.stderr, "5 resumed");
  });
}

Deno.test("SIGINT stops an upload within a second", async () => {
  await using cli = await openCli();
  const name = cli.names[0] ?? "";
  cli.store.objects.clear();
  await Deno.writeFile(`${cli.folder.path}/${name}`, new Uint8Array(1000));
  cli.store.usually = { stallAfter: 0 };
  const running = cli.start(["upload", name]);
  await cli.store.cameIn(1);
  const started = performance.now();
  running.kill("SIGINT");
  const { code, stderr } = await running.done;
  assert(performance.now() - started < 1000);
  assertEquals(code, 130);
  assertStringIncludes(stderr, "interrupted");
});

Deno.test("SIGINT stops waiting for names on standard input", async () => {
  await using cli = await openCli();
  const running = cli.start(["download", "-"], { stdin: null });
  // More than a pipe holds: once all is written, the names are being read.
  await running.type("\n".repeat(1024 * 1024));
  const started = performance.now();
  running.kill("SIGINT");
  const { code, stderr } = await running.done;
  assert(performance.now() - started < 1000);
  assertEquals(code, 130);
  assertStringIncludes(stderr, "interrupted");
});
