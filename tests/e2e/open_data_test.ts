// The commands `plot` and `export`, as people and other programs use them.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { minimalCdf } from "../../src/demo/cdf.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";

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
      [["export", ISTP, "--output-format", "parquet"], "expected one of csv, ndjson"],
    ] as const
  ) {
    const { code, stdout, stderr } = await runCli(words);
    assertEquals([code, stdout], [2, ""], words.join(" "));
    assertStringIncludes(stderr, message);
  }
});
