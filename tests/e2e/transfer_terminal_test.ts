// The progress display in a real terminal, made by `script` of util-linux.
import { assert, assertEquals } from "@std/assert";
import { until } from "../support/archive.ts";
import { startServer } from "../support/server.ts";
import { hasTerminal, openTerminal, type TerminalSize } from "../support/terminal.ts";
import { openCli, type TransferCli } from "./transfer_cli.ts";

const CTRL_C = "\u0003";
/** Back to the beginning of the line, and clear what is below: no drawing contains it. */
const CLEARED = "\r\u001b[J";

/** Starts the command line in a terminal. */
function startInTerminal({ store, folder }: TransferCli, args: readonly string[], size?: TerminalSize) {
  const env = { IMAP_DATA_ACCESS_URL: store.url, IMAP_DATA_DIR: folder.path, IMAP_API_KEY: "k3y" };
  return openTerminal(args, { env, ...(size === undefined ? {} : { size }) });
}

const ignore = !hasTerminal();

Deno.test("in a terminal, progress is redrawn in place and finally removed", { ignore }, async () => {
  await using cli = await openCli({ count: 3 });
  cli.store.usually = { bytesPerSecond: 100_000 };
  const terminal = startInTerminal(cli, ["download", ...cli.names]);
  assertEquals(await terminal.done(), 0);
  const shown = terminal.shown();
  const [drawn, erased, said] = ["of 3 files, ", CLEARED, "Successfully"].map((text) => shown.lastIndexOf(text));
  assert(drawn !== undefined && erased !== undefined && said !== undefined);
  assert(0 < drawn && drawn < erased && erased < said, shown);
  const frames = shown.split("of 3 files, ").length - 1;
  // About a second long: at most ten a second.
  assert(frames > 3 && frames < 30, `${frames}`);
  assert(shown.endsWith("3 fetched; 300 kB\r\n"), shown);
});

Deno.test("in a small terminal, progress takes no more lines and columns than there are", { ignore }, async () => {
  await using cli = await openCli({ count: 6 });
  cli.store.usually = { bytesPerSecond: 100_000 };
  const terminal = startInTerminal(cli, ["download", ...cli.names], { rows: 4, columns: 40 });
  assertEquals(await terminal.done(), 0);
  // Each drawing ends by clearing what is below it.
  const drawings = terminal.shown().split("\u001b[J").slice(0, -1).filter((text) => text.includes(" of 6 files"));
  assert(drawings.length > 3, terminal.shown());
  for (const drawing of drawings) {
    // deno-lint-ignore no-control-regex
    const lines = drawing.split("\r\n").map((line) => line.replace(/\u001b\[\d*[A-Z]|\r/g, ""));
    assert(lines.length <= 3 && lines.every((line) => line.length < 40), JSON.stringify(drawing));
    // The cursor goes back to the first of these lines, and no further.
    // deno-lint-ignore no-control-regex
    assert(Number(/\u001b\[(\d+)A/.exec(drawing)?.[1] ?? 0) <= 2, JSON.stringify(drawing));
  }
  assert(drawings.some((drawing) => drawing.split("\r\n").length === 3));
});

Deno.test("progress follows a terminal that becomes narrower", { ignore }, async () => {
  await using cli = await openCli({ count: 4 });
  cli.store.usually = { bytesPerSecond: 50_000 };
  const terminal = startInTerminal(cli, ["download", ...cli.names], { rows: 24, columns: 120 });
  /** The drawings so far, each as its lines without control sequences. */
  const drawings = () =>
    terminal.shown().split("\u001b[J").slice(0, -1).filter((text) => text.includes(" of 4 files"))
      // deno-lint-ignore no-control-regex
      .map((text) => text.split("\r\n").map((line) => line.replace(/\u001b\[\d*[A-Z]|\r/g, "")));
  await until(() => drawings().length > 2);
  await terminal.resize(50);
  const before = drawings().length;
  await until(() => drawings().length > before + 3);
  assertEquals(await terminal.done(), 0);
  assert(drawings()[0]?.some((line) => line.length > 60));
  for (const lines of drawings().slice(before + 1)) {
    // The last drawing is of files that are done.
    const isKnown = lines[0]?.includes(" of 100 kB") || lines.some((line) => line.includes("4 of 4 files"));
    assert(lines.every((line) => line.length < 50) && isKnown, lines.join("\n"));
  }
});

Deno.test("in a terminal, the progress of a long query is removed before the table", { ignore }, async () => {
  await using cli = await openCli();
  let isShown = false;
  // Rows are sent until the progress is shown.
  await using server = startServer(() => {
    let count = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const rows = Array.from({ length: 100 }, () => `{"file_path":"imap/mag/${count++}"}`).join(",");
        controller.enqueue(new TextEncoder().encode(`${count === 100 ? "[" : ","}${rows}`));
        if (isShown) {
          controller.enqueue(new TextEncoder().encode("]"));
          controller.close();
        } else await new Promise((resolve) => setTimeout(resolve, 20));
      },
    });
    return new Response(body, { headers: { "content-type": "application/json" } });
  });
  const terminal = startInTerminal(cli, ["query", "--url", server.url, "--instrument", "mag"]);
  await until(() => terminal.shown().includes(" rows so far"));
  isShown = true;
  assertEquals(await terminal.done(), 0);
  const shown = terminal.shown();
  const [cleared, table] = [shown.lastIndexOf(CLEARED), shown.indexOf("Found [")];
  assert(0 < shown.lastIndexOf("rows so far") && shown.lastIndexOf("rows so far") < cleared && cleared < table, shown);
});

Deno.test("in a terminal --api-key - prompts for the key and does not echo it", { ignore }, async () => {
  await using cli = await openCli();
  const terminal = startInTerminal(cli, ["query", "--instrument", "swe", "--api-key", "-"]);
  await until(() => terminal.shown().includes("API key: "));
  await terminal.type("typx\u007fed-k3y\r");
  await terminal.done();
  assertEquals(cli.store.asked.at(-1)?.headers.get("x-api-key"), "typed-k3y");
  assert(!terminal.shown().includes("typ"), terminal.shown());
});

Deno.test(
  "in a terminal Ctrl-C at the question for the key ends it and leaves the terminal as it was",
  { ignore },
  async () => {
    await using cli = await openCli();
    const terminal = startInTerminal(cli, ["query", "--instrument", "swe", "--api-key", "-"]);
    await until(() => terminal.shown().includes("API key: "));
    await terminal.type(CTRL_C);
    assertEquals([await terminal.done(), cli.store.asked.length], [130, 0]);
  },
);
