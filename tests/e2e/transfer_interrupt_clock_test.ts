// A signal ends a transfer within a second, however much is left to do.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { until } from "../support/archive.ts";
import { hasTerminal, openTerminal } from "../support/terminal.ts";
import { assertTakesLess, wallTimeOf } from "../support/time.ts";
import { openCli } from "./transfer_cli.ts";

const MAX_MS = 1_000;
const CTRL_C = "\u0003";

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} stops a download within a second, says how to resume, and the next run does`, async () => {
    await assertTakesLess(MAX_MS, async () => {
      await using cli = await openCli({ count: 5, length: 300_000 });
      cli.store.usually = { bytesPerSecond: 50_000 };
      const running = cli.start(["download", ...cli.names]);
      await until(() => cli.store.requests.filter(({ sent }) => sent > 30_000).length === 5);
      const took = await wallTimeOf(() => (running.kill(signal), running.done));
      const { code, stdout, stderr } = await running.done;
      assertEquals([code, stdout], [130, ""]);
      assertStringIncludes(stderr, "interrupted; the bytes received so far are kept; run the same command to resume");
      assert((await cli.folder.files()).every((path) => path.includes("/.")));

      cli.store.usually = {};
      const again = await cli.run(["download", ...cli.names]);
      assertEquals([again.code, await cli.folder.files(), await cli.wrong()], [0, cli.paths, []]);
      const ranges = cli.store.requests.slice(5).map(({ headers }) => Number(headers.get("range")?.slice(6, -1)));
      assert(ranges.length === 5 && ranges.every((first) => first > 0), ranges.join());
      assertStringIncludes(again.stderr, "5 resumed");
      return took;
    });
  });
}

Deno.test("SIGINT stops an upload within a second", async () => {
  await assertTakesLess(MAX_MS, async () => {
    await using cli = await openCli();
    const name = cli.names[0] ?? "";
    cli.store.objects.clear();
    await Deno.writeFile(`${cli.folder.path}/${name}`, new Uint8Array(1000));
    cli.store.usually = { stallAfter: 0 };
    const running = cli.start(["upload", name]);
    await cli.store.cameIn(1);
    const took = await wallTimeOf(() => (running.kill("SIGINT"), running.done));
    const { code, stderr } = await running.done;
    assertEquals(code, 130);
    assertStringIncludes(stderr, "interrupted");
    return took;
  });
});

Deno.test("SIGINT stops waiting for names on standard input within a second", async () => {
  await assertTakesLess(MAX_MS, async () => {
    await using cli = await openCli();
    const running = cli.start(["download", "-"], { stdin: null });
    // More than a pipe holds: once all is written, the names are being read.
    await running.type("\n".repeat(1024 * 1024));
    const took = await wallTimeOf(() => (running.kill("SIGINT"), running.done));
    const { code, stderr } = await running.done;
    assertEquals(code, 130);
    assertStringIncludes(stderr, "interrupted");
    return took;
  });
});

Deno.test("Ctrl-C in a terminal removes the progress and says how to resume within a second", {
  ignore: !hasTerminal(),
}, async () => {
  await assertTakesLess(MAX_MS, async () => {
    await using cli = await openCli({ count: 3 });
    cli.store.usually = { bytesPerSecond: 20_000 };
    const env = { IMAP_DATA_ACCESS_URL: cli.store.url, IMAP_DATA_DIR: cli.folder.path, IMAP_API_KEY: "k3y" };
    const terminal = openTerminal(["download", ...cli.names], { env });
    await until(() => terminal.shown().includes("of 3 files, "));
    const took = await wallTimeOf(async () => {
      await terminal.type(CTRL_C);
      assertEquals(await terminal.done(), 130);
    });
    const last = terminal.shown().slice(terminal.shown().lastIndexOf("\u001b["));
    assertStringIncludes(last, "interrupted; the bytes received so far are kept; run the same command to resume");
    return took;
  });
});
