import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { cliCommand, runCli, startServe } from "../support/cli.ts";
import { startServer } from "../support/server.ts";

Deno.test("query and catalog print every format through the real command line", async (t) => {
  await using archive = await startServe(["--demo"]);
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli(args, { env: { IMAP_DATA_ACCESS_URL: archive.url } });
    assertEquals(code, 0, stderr);
    return stdout;
  };
  await t.step("paths, for several instruments and a pattern", async () => {
    const lines = (await run("query", "--instrument", "glows,mag", "--descriptor", "h*", "--output-format", "paths"))
      .trimEnd().split("\n");
    assert(
      lines.length > 1 && lines.every((line) => /^imap\/glows\/l1[ab]\/2011\/09\/imap_glows_l1[ab]_hist_/.test(line)),
    );
  });
  await t.step("ndjson, one row per line", async () => {
    const lines = (await run("query", "--instrument", "mag", "--output-format", "ndjson")).trimEnd().split("\n");
    assert(lines.length > 1);
    for (const line of lines) assertEquals(JSON.parse(line).instrument, "mag");
  });
  await t.step("csv, with the line ends of RFC 4180", async () => {
    const lines = (await run("query", "--filename", "*.pkts", "--output-format", "csv")).split("\r\n");
    assertStringIncludes(lines[0] ?? "", "file_path,instrument");
    assert(lines.length > 2 && lines.at(-1) === "");
  });
  await t.step("catalog, as a table and as JSON", async () => {
    assertStringIncludes(await run("catalog"), "Instrument|Data Level|Descriptor|Files|First Date|Last Date|");
    const products: Array<{ instrument: string }> = JSON.parse(
      await run("catalog", "--instrument", "glows", "--output-format", "json"),
    );
    assert(products.length > 1 && products.every(({ instrument }) => instrument === "glows"));
  });
});

Deno.test("query as ndjson writes its first line before the last row has arrived", async () => {
  const more = Promise.withResolvers<void>();
  await using server = startServer(() =>
    new Response(
      new ReadableStream<Uint8Array>({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode('[{"file_path":"imap/first"},'));
          await more.promise;
          controller.enqueue(new TextEncoder().encode('{"file_path":"imap/last"}]'));
          controller.close();
        },
      }),
    )
  );
  const args = ["query", "--instrument", "mag", "--output-format", "ndjson"];
  const child = cliCommand(args, { env: { IMAP_DATA_ACCESS_URL: server.url } }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await reader.read()).value, '{"file_path":"imap/first"}\n');
  more.resolve();
  assertEquals((await reader.read()).value, '{"file_path":"imap/last"}\n');
  assertEquals((await reader.read()).done, true);
  await child.stderr.cancel();
  assertEquals((await child.status).code, 0);
});
