import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { cliCommand } from "../support/cli.ts";
import { startServer } from "../support/server.ts";

/** An answer that lasts: a row each 200 ms. */
function slowRows(): ReadableStream<Uint8Array> {
  let sent = 0;
  const gone = new AbortController();
  return new ReadableStream({
    cancel: () => gone.abort(),
    async pull(controller) {
      if (sent > 0) await delay(200, { signal: gone.signal });
      const row = `${sent === 0 ? "[" : ","}{"file_path":"imap/${sent}"}`;
      sent += 1;
      if (sent <= 50) return controller.enqueue(new TextEncoder().encode(row));
      controller.enqueue(new TextEncoder().encode("]"));
      controller.close();
    },
  }, { highWaterMark: 0 });
}

Deno.test("query as ndjson ends soon after its reader has closed the pipe, as `head -1` does", async () => {
  await using server = startServer(() => new Response(slowRows()));
  const args = ["query", "--instrument", "mag", "--output-format", "ndjson"];
  const child = cliCommand(args, { env: { IMAP_DATA_ACCESS_URL: server.url } }).spawn();
  const reader = child.stdout.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), '{"file_path":"imap/0"}\n');
  await reader.cancel();
  const left = performance.now();
  const [{ code }, stderr] = await Promise.all([child.status, new Response(child.stderr).text()]);
  assertEquals([code, stderr], [0, ""]);
  assert(performance.now() - left < 3_000);
});
