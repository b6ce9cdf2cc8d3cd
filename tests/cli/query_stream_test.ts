import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async";
import { cliCommand } from "../support/cli.ts";
import { startServer } from "../support/server.ts";

/** The number of rows that are sent after the reader has left, one every 200 ms. Then nothing is sent for a long time. */
const [MORE_ROWS, PAUSE_MS] = [15, 60_000];

Deno.test("query as ndjson ends soon after its reader has closed the pipe, as `head -1` does", async () => {
  let [sent, last, isAll] = [0, Infinity, false];
  const slowRows = () => {
    const gone = new AbortController();
    return new ReadableStream({
      cancel: () => gone.abort(),
      async pull(controller) {
        if (sent > 0) await delay(sent < last ? 200 : PAUSE_MS, { signal: gone.signal });
        isAll = sent >= last;
        const text = isAll ? "]" : `${sent === 0 ? "[" : ","}{"file_path":"imap/${sent++}"}`;
        controller.enqueue(new TextEncoder().encode(text));
        if (isAll) controller.close();
      },
    }, { highWaterMark: 0 });
  };
  await using server = startServer(() => new Response(slowRows()));
  const args = ["query", "--instrument", "mag", "--output-format", "ndjson"];
  const child = cliCommand(args, { env: { IMAP_DATA_ACCESS_URL: server.url } }).spawn();
  const reader = child.stdout.getReader();
  assert(new TextDecoder().decode((await reader.read()).value).startsWith('{"file_path":"imap/0"}\n'));
  await reader.cancel();
  last = sent + MORE_ROWS;
  const [{ code }, stderr] = await Promise.all([child.status, new Response(child.stderr).text()]);
  assertEquals([code, stderr, isAll], [0, "", false]);
});
