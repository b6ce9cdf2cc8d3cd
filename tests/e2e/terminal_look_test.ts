// What a person sees in terminals of several sizes and kinds, and what a pipe gets.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { runCli, startServe } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { hasTerminal, openTerminal } from "../support/terminal.ts";

const ignore = !hasTerminal();
// deno-lint-ignore no-control-regex
const STYLE = /\u001b\[[\d;]*m/g;

/** Runs a command line in a terminal of a certain width. Returns its lines without styles, and its whole output. */
async function see(args: readonly string[], columns: number, env: Readonly<Record<string, string>>) {
  const terminal = openTerminal(args, { env, size: { rows: 24, columns } });
  const code = await terminal.done();
  const shown = terminal.shown();
  return { code, shown, lines: shown.replace(STYLE, "").trimEnd().split("\r\n") };
}

Deno.test("tables fit the terminal: columns are left out or shortened, and no row wraps", { ignore }, async () => {
  await using archive = await startServe(["--demo"]);
  const env = { IMAP_DATA_ACCESS_URL: archive.url };
  const query = ["query", "--instrument", "mag", "--data-level", "l0"];
  for (const columns of [30, 60, 80, 200]) {
    for (const args of [query, ["query", "--table", "spice", "--type", "kernels"], ["catalog"]]) {
      const { code, lines } = await see(args, columns, env);
      assertEquals(code, 0);
      assert(lines.length > 4 && lines.every((line) => line.length <= columns), `${columns}\n${lines.join("\n")}`);
      // All lines of the table have the same length.
      const rows = lines.filter((line) => line.endsWith("|"));
      assertEquals(new Set(rows.map((row) => row.length)).size, 1, lines.join("\n"));
    }
  }
  const wide = await see(query, 200, env);
  const pipe = await runCli(query, { env });
  assertEquals(wide.lines.join("\n"), pipe.stdout.trimEnd());
  const narrow = await see(query, 80, env);
  assertEquals(narrow.lines[2], "Instrument|Data Level|Descriptor|Start Date|Filename                          |");
  assertStringIncludes(narrow.lines.at(-2) ?? "", "Not shown: Repointing, Version, Ingestion Date");
  // COLUMNS says how wide tables are to be, and in a pipe they are not limited.
  const wanted = await see(query, 200, { ...env, COLUMNS: "60" });
  assertEquals(wanted.lines, (await see(query, 60, env)).lines);
  assertEquals((await runCli(query, { env: { ...env, COLUMNS: "60" } })).stdout, pipe.stdout);
});

Deno.test(
  "a query that finds nothing says in a terminal what there is, and only the result in a pipe",
  { ignore },
  async () => {
    await using archive = await startServe(["--demo"]);
    const env = { IMAP_DATA_ACCESS_URL: archive.url };
    const query = ["query", "--instrument", "mag", "--descriptor", "norm"];
    assertEquals((await see(query, 80, env)).lines, [
      "Found [0] matching files",
      "mag has norm-gse (1), norm-mago (2), raw (4)",
    ]);
    assertEquals((await see([...query, "--quiet"], 80, env)).lines, ["Found [0] matching files"]);
    const { stdout, stderr } = await runCli(query, { env });
    assertEquals([stdout, stderr], ["Found [0] matching files\n", ""]);
  },
);

Deno.test(
  "console.log and show() of a program fit their tables to the terminal, but not to a pipe",
  { ignore },
  async () => {
    await using archive = await startServe(["--demo"]);
    await using folder = await testFolder();
    const program = `${folder.path}/show.ts`;
    const library = new URL("../../mod.ts", import.meta.url).href;
    await Deno.writeTextFile(
      program,
      `import { query } from "${library}";
    const files = await query({ instrument: "mag" });
    console.log(files);
    await files.show();`,
    );
    const config = fromFileUrl(new URL("../../deno.json", import.meta.url));
    const env = { IMAP_DATA_ACCESS_URL: archive.url };
    const terminal = openTerminal(["--config", config, program], {
      env,
      size: { rows: 24, columns: 80 },
      program: "deno",
    });
    assertEquals(await terminal.done(), 0);
    const lines = terminal.shown().trimEnd().split("\r\n");
    assert(lines.length > 15 && lines.every((line) => line.length <= 80), lines.join("\n"));
    const args = ["run", "-A", "--quiet", "--config", config, program];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args, env }).output();
    const piped = new TextDecoder().decode(stdout).split("\n");
    assertEquals(piped.filter((line) => line.startsWith("Instrument|")).map((line) => line.length > 100), [true, true]);
  },
);

Deno.test("headings are bold and failures red where colors are wanted", { ignore }, async () => {
  await using archive = await startServe(["--demo"]);
  const env = { IMAP_DATA_ACCESS_URL: archive.url };
  const query = ["query", "--instrument", "mag", "--data-level", "l0"];
  const wrong = ["query", "--instrument", "glow"];
  const bold = "\u001b[1mFound [4] matching files\u001b[0m";
  const red = "\u001b[1;31mimap-data-access query:\u001b[0m Cannot query --instrument";
  assertStringIncludes((await see(query, 80, env)).shown, bold);
  assertStringIncludes((await see(wrong, 80, env)).shown, red);
  assertStringIncludes((await see(["help"], 80, env)).shown, "\u001b[1mCommands:\u001b[0m");
  for (const plain of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
    for (const args of [query, wrong, ["help"]]) {
      assert(!(await see(args, 80, { ...env, ...plain })).shown.includes("\u001b"), JSON.stringify(plain));
    }
  }
  // A pipe gets no colors, except on demand, as with Deno itself.
  const unset = { ...env, NO_COLOR: "" };
  assert(!(await runCli(query, { env: unset })).stdout.includes("\u001b"));
  assert(!(await runCli(wrong, { env: unset })).stderr.includes("\u001b"));
  assertStringIncludes((await runCli(query, { env: { ...unset, FORCE_COLOR: "1" } })).stdout, bold);
  assertStringIncludes((await runCli(wrong, { env: { ...unset, FORCE_COLOR: "1" } })).stderr, red);
});

Deno.test("messages wrap between words in a terminal, and are one line in a pipe", { ignore }, async () => {
  const args = ["query", "--instrument", "glow"];
  const { lines } = await see(args, 60, { NO_COLOR: "1" });
  assert(lines.length > 2 && lines.every((line) => line.length <= 60), lines.join("\n"));
  const { stderr } = await runCli(args);
  assertEquals(lines.map((line) => line.trim()).join(" "), stderr.trimEnd());
});

Deno.test("help fits the terminal, and is at most 80 columns wide", { ignore }, async () => {
  for (const columns of [44, 60, 80, 200]) {
    for (const args of [["help"], ["help", "query"], ["download", "--help"]]) {
      const { code, lines } = await see(args, columns, {});
      const tooLong = lines.filter((line) => line.length > Math.min(columns, 80));
      assertEquals([code, tooLong], [0, []], String(columns));
    }
  }
});

Deno.test("help shows what --help shows, and names the closest command", async () => {
  assertEquals(await runCli(["help"]), await runCli(["--help"]));
  for (const name of ["query", "help", "job-log"]) {
    assertEquals(await runCli(["help", name]), await runCli([name, "--help"]), name);
  }
  assertEquals((await runCli(["help", "QUERY"])).code, 0);
});

Deno.test("--dates iso writes days with hyphens, in tables only", async () => {
  await using archive = await startServe(["--demo"]);
  const env = { IMAP_DATA_ACCESS_URL: archive.url };
  const { stdout } = await runCli(["query", "--instrument", "mag", "--dates", "ISO"], { env });
  assertStringIncludes(stdout, "|2025-05-02|");
  assertStringIncludes(
    (await runCli(["catalog", "--instrument", "mag", "--dates", "iso"], { env })).stdout,
    "|2025-05-02",
  );
  const { code, stderr } = await runCli(["query", "--instrument", "mag", "--dates", "iso", "--output-format", "csv"]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "Cannot use --dates together with --output-format csv");
});
