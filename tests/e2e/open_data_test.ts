// The commands `plot` and `export`, as people and other programs use them.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { minimalCdf } from "../../src/demo/cdf.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { hasTerminal, openTerminal } from "../support/terminal.ts";
import { parquetMetadata, parquetReadObjects } from "hyparquet";

const ISTP = fromFileUrl(new URL("../dataset/files/istp.cdf", import.meta.url));

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(args);
  assertEquals([code, stderr], [0, ""], args.join(" "));
  return stdout;
}

Deno.test("export writes a line for each record, with times, labels, missing values, and all digits", async () => {
  assertEquals(
    await run("export", ISTP, "--variables", "vectors,counts,mode", "--to", "2026-01-01T00:00:04"),
    [
      "epoch,vectors[x],vectors[y],vectors[z],counts,mode",
      "2026-01-01T00:00:00.000000000Z,0,1,2,1,norm",
      "2026-01-01T00:00:01.000000000Z,3,,5,2,burst",
      "2026-01-01T00:00:02.000000000Z,6,7,100.5,9007199254740993,",
      "2026-01-01T00:00:03.000000000Z,9,10,11,,norm",
      "",
    ].join("\r\n"),
  );
  const lines = await run(
    "export",
    ISTP,
    "--variables",
    "counts",
    "--from",
    "2026-01-01T00:00:02",
    "--output-format",
    "ndjson",
  );
  assertEquals(lines.trimEnd().split("\n").map((line) => JSON.parse(line)), [
    { epoch: "2026-01-01T00:00:02.000000000Z", counts: "9007199254740993" },
    { epoch: "2026-01-01T00:00:03.000000000Z", counts: null },
    { epoch: "2026-01-01T00:00:04.000000000Z", counts: 5 },
    { epoch: "2026-01-01T00:00:05.000000000Z", counts: 6 },
  ]);
  // The times of these records do not increase, and one is missing.
  assertEquals(
    await run("export", ISTP, "--variables", "event", "--from", "2026-01-01T00:00:01"),
    [
      "event_time,event",
      "2026-01-01T00:00:03.000000000Z,30",
      "2026-01-01T00:00:05.000000000Z,50",
      "2026-01-01T00:00:01.000000000Z,10",
      "",
    ].join("\r\n"),
  );
  assertStringIncludes(await run("export", ISTP), "epoch,vectors[x],vectors[y],vectors[z],counts,flux[1.5],flux[10]");
});

Deno.test("export writes all chunks of a large file", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "large.cdf");
  const values = Int32Array.from({ length: 60_000 }, (_, index) => index);
  const variables = [{ name: "a", values, recordShape: [2], attributes: { VAR_TYPE: "data" } }];
  await Deno.writeFile(path, minimalCdf({ attributes: {}, variables }));
  const lines = (await run("export", path, "--variables", "a")).split("\r\n");
  assertEquals([lines.length, lines[0], lines[1], lines.at(-2)], [30_002, "a[0],a[1]", "0,1", "59998,59999"]);
});

Deno.test("export writes a Parquet file with types, UTC times, and nulls, and replaces the file when it is whole", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "a.parquet");
  await Deno.writeTextFile(path, "old");
  const words = ["export", ISTP, "--variables", "vectors,counts,mode", "--output", path];
  const { code, stdout, stderr } = await runCli(words);
  assertEquals([code, stdout, stderr], [0, "", `Wrote ${path}\n`]);
  const { buffer } = await Deno.readFile(path);
  const { schema } = parquetMetadata(buffer);
  assertEquals(schema.slice(1).map(({ name, type, converted_type }) => [name, type, converted_type]), [
    ["epoch", "INT64", undefined],
    ["vectors[x]", "FLOAT", undefined],
    ["vectors[y]", "FLOAT", undefined],
    ["vectors[z]", "FLOAT", undefined],
    ["counts", "INT64", "INT_64"],
    ["mode", "BYTE_ARRAY", "UTF8"],
  ]);
  assertEquals(schema[1]?.logical_type, { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "NANOS" });
  const rows = await parquetReadObjects({ file: buffer });
  assertEquals(rows.length, 6);
  assertEquals(rows.slice(1, 4), [
    { ...times(1), "vectors[x]": 3, "vectors[y]": null, "vectors[z]": 5, counts: 2n, mode: "burst" },
    { ...times(2), "vectors[x]": 6, "vectors[y]": 7, "vectors[z]": 100.5, counts: 9007199254740993n, mode: null },
    { ...times(3), "vectors[x]": 9, "vectors[y]": 10, "vectors[z]": 11, counts: null, mode: "norm" },
  ]);
  assertEquals((await folder.files()).length, 1);
  // What fails in the middle, or at once, leaves the old file, and nothing else.
  const failed = await runCli(["export", ISTP, "--variables", "vectors,event", "--output", path]);
  assertEquals(failed.code, 2);
  assertEquals((await Deno.readFile(path)).length, buffer.byteLength);
  assertEquals((await folder.files()).length, 1);
});

/** The time of a record, as hyparquet reads it. */
function times(second: number): { epoch: Date } {
  return { epoch: new Date(Date.UTC(2026, 0, 1, 0, 0, second)) };
}

Deno.test("export writes several row groups, and a Parquet file without rows", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "large.cdf");
  const values = Int32Array.from({ length: 600_000 }, (_, index) => index);
  const variables = [{ name: "a", values, recordShape: [2], attributes: { VAR_TYPE: "data" } }];
  await Deno.writeFile(path, minimalCdf({ attributes: {}, variables }));
  const output = join(folder.path, "large.parquet");
  await runCli(["export", path, "--output", output]);
  const { buffer } = await Deno.readFile(output);
  const { row_groups, num_rows } = parquetMetadata(buffer);
  assertEquals([row_groups.length, num_rows], [3, 300_000n]);
  const rows = await parquetReadObjects({ file: buffer, rowStart: 299_998 });
  assertEquals(rows, [{ "a[0]": 599_996, "a[1]": 599_997 }, { "a[0]": 599_998, "a[1]": 599_999 }]);
  const empty = join(folder.path, "empty.parquet");
  await runCli(["export", ISTP, "--variables", "counts", "--from", "2027-01-01", "--output", empty]);
  const none = await Deno.readFile(empty);
  assertEquals(await parquetReadObjects({ file: none.buffer }), []);
  assertEquals(parquetMetadata(none.buffer).schema.length, 3);
});

Deno.test({
  name: "export refuses to write a Parquet file to a terminal, and says how to get one",
  ignore: !hasTerminal(),
  async fn() {
    const terminal = openTerminal(["export", ISTP, "--output-format", "parquet"], { env: {} });
    assertEquals(await terminal.done(), 2);
    assertStringIncludes(terminal.shown(), "Cannot write a Parquet file to a terminal: name a file with");
    assert(!terminal.shown().includes("PAR1"));
  },
});

Deno.test("plot draws in the terminal, or writes an SVG file", async () => {
  const text = await run("plot", ISTP, "vectors", "flux");
  assertStringIncludes(text, "vectors · B (nT)");
  assertStringIncludes(text, "energy (keV) by time; ·░▒▓█ 1 to 23");
  assert(text.split("\n").every((line) => [...line].length <= 80));
  assertStringIncludes(await run("plot", ISTP), "counts · Counts (counts)");
  assertStringIncludes(await run("plot", ISTP, "flux", "--at", "energy=sum"), "sum over energy");
  await using folder = await testFolder();
  const path = join(folder.path, "chart.svg");
  const { code, stdout, stderr } = await runCli(["plot", ISTP, "flux", "--output", path]);
  assertEquals([code, stdout, stderr], [0, "", `Wrote ${path}\n`]);
  assertStringIncludes(await Deno.readTextFile(path), "<svg ");
});

Deno.test("plot and export say what is wrong with a command line", async () => {
  for (
    const [words, message] of [
      [["plot"], "no file is named"],
      [["plot", ISTP, "vector"], `did you mean "vectors"?`],
      [["plot", ISTP, "flux", "--at", "energy"], "expected DIMENSION=INDEX"],
      [["plot", ISTP, "flux", "--at", "energy=7"], "it has the indexes 0 to 3"],
      [["plot", ISTP, "--at", "energy=1"], "--at and --as need the names of variables"],
      [["plot", ISTP, "flux", "--output", "a.png"], "only SVG files are written"],
      [["plot", ISTP, "flux", "--from", "yesteryear"], "yesteryear"],
      [["export"], "no file is named"],
      [["export", ISTP, "flux"], "variables with --variables"],
      [["export", ISTP, "--variables", "energy"], "it has no records"],
      [["export", ISTP, "--variables", "counts,event"], "they have 6 and 5 records"],
      [["export", ISTP, "--variables", "old_time,matrix"], "it has no records"],
      [["export", ISTP, "--output-format", "excel"], "expected one of csv, ndjson, parquet"],
    ] as const
  ) {
    const { code, stdout, stderr } = await runCli(words);
    assertEquals([code, stdout], [2, ""], words.join(" "));
    assertStringIncludes(stderr, message);
  }
});
