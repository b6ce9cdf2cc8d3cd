// The commands `plot` and `export`, as people and other programs use them.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { startArchive } from "../../src/archive/start_archive.ts";
import { isoToTime } from "../../src/cdf/cdf.ts";
import { minimalCdf } from "../../src/demo/cdf.ts";
import { runCli } from "../support/cli.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { hasTerminal, openTerminal } from "../support/terminal.ts";
import { watchObjects } from "../support/watched_objects.ts";
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

Deno.test("export takes names of variables that have commas, in double quotes", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "commas.cdf");
  const variable = (name: string) => ({ name, values: Int32Array.of(1, 2), recordShape: [], attributes: {} });
  const variables = [variable("ions, all"), variable('5" tube'), variable("b")];
  await Deno.writeFile(path, minimalCdf({ attributes: {}, variables }));
  const [header] = (await run("export", path, "--variables", '"ions, all", b ,5" tube')).split("\r\n");
  assertEquals(header, '"ions, all",b,"5"" tube"');
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
  // A failure, in the middle or at the start, leaves the old file and nothing else.
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
      [["export", ISTP, "flux"], "name variables with --variables flux"],
      [["export", ISTP, "imap_mag_l0_raw_20260101_v001.pkts"], "only CDF files are read as one"],
      [["export", ISTP, "--variables", "energy"], "it has no records"],
      [["export", ISTP, "--variables", "counts,event"], "they have 6 and 5 records"],
      [["export", ISTP, "--variables", "old_time,matrix"], "it has no records"],
      [["export", ISTP, "--output", "a.xlsx"], "let it end in .csv, .ndjson, .parquet"],
      [["export", ISTP, "--output-format", "excel"], "expected one of csv, ndjson, parquet"],
    ] as const
  ) {
    const { code, stdout, stderr } = await runCli(words);
    assertEquals([code, stdout], [2, ""], words.join(" "));
    assertStringIncludes(stderr, message);
  }
});

const DAYS = [1, 2, 3].map((day) => `imap_mag_l2_norm-dsrf_2026010${day}_v001.cdf`);

/** The files of three days: the value of the first second of a day is its number. */
async function writeDays(folder: TestFolder): Promise<string> {
  const path = join(folder.path, "days");
  await Deno.mkdir(path);
  for (const [index, name] of DAYS.entries()) {
    const start = isoToTime(`2026-01-0${index + 1}`, "TT2000");
    const epoch = BigInt64Array.from({ length: 10_000 }, (_, second) => start + BigInt(second) * 1_000_000_000n);
    const field = Float64Array.from({ length: 10_000 }, (_, second) => index + 1 + second / 10_000);
    const variables = [
      { name: "epoch", values: epoch, recordShape: [], attributes: { VAR_TYPE: "support_data" } },
      { name: "field", values: field, recordShape: [], attributes: { VAR_TYPE: "data", DEPEND_0: "epoch" } },
    ];
    const attributes = { Logical_source: "imap_mag_l2_norm-dsrf" };
    await Deno.writeFile(join(path, name), minimalCdf({ attributes, variables }));
  }
  return path;
}

Deno.test("a damaged CDF file is an error that names it, not a defect of the program", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "cut.cdf");
  await Deno.writeFile(path, (await Deno.readFile(ISTP)).subarray(0, 700));
  for (const words of [["inspect", path], ["plot", path], ["export", path], ["export", path, path]]) {
    const { code, stdout, stderr } = await runCli(words);
    assertEquals([code, stdout], [1, ""]);
    assertStringIncludes(stderr, 'Cannot use "cut.cdf"');
    assertStringIncludes(stderr, "a part is missing; download it again, or copy it again");
    assert(!stderr.includes("Unexpected"), stderr);
  }
});

Deno.test("export and plot take several files as one", async () => {
  await using folder = await testFolder();
  const path = await writeDays(folder);
  const files = DAYS.map((name) => join(path, name)).reverse();
  const lines = (await run("export", ...files, "--from", "2026-01-01T02:46:38", "--to", "2026-01-03T00:00:01"))
    .trimEnd().split("\r\n");
  assertEquals([lines.length, lines[0], lines[1], lines[3], lines.at(-1)], [
    1 + 2 + 10_000 + 1,
    "epoch,field",
    "2026-01-01T02:46:38.000000000Z,1.9998",
    "2026-01-02T00:00:00.000000000Z,2",
    "2026-01-03T00:00:00.000000000Z,3",
  ]);
  const chart = await run("plot", ...files, "field");
  assertStringIncludes(chart, "imap_mag_l2_norm-dsrf, 3 files");
  assertStringIncludes(chart, "2026-01-01T00:00:00Z to 2026-01-03T02:46:39Z");
  assertStringIncludes(await run("plot", ...files), "field");
});

Deno.test("inspect, plot and export read files of the archive with --remote, also when a presigned URL expires", async () => {
  await using folder = await testFolder();
  const importFrom = await writeDays(folder);
  const root = join(folder.path, "archive");
  await Deno.mkdir(root);
  await using watched = await watchObjects();
  let [now, ranges, refused] = [new Date("2026-02-01T00:00:00Z"), 0, 0];
  // Stands before the objects: URLs expire while a file is being read.
  await using proxy = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    const { method, headers } = request;
    if (headers.has("range") && ++ranges === 3) now = new Date("2026-02-03T00:00:00Z");
    const response = await fetch(`http://127.0.0.1:${watched.port}${pathname}${search}`, { method, headers });
    if (response.status === 403) refused++;
    return response;
  });
  const archive = await startArchive({
    root,
    importFrom,
    objectsPort: watched.port,
    objectsUrl: `http://127.0.0.1:${proxy.addr.port}`,
    now: () => now,
  });
  await using _ = { [Symbol.asyncDispose]: () => archive.close() };
  const words = ["--remote", "--url", archive.url, "--data-dir", join(folder.path, "data")];
  const [day = ""] = DAYS;
  const rows = (await run("export", day, ...words)).trimEnd().split("\r\n");
  assertEquals([rows.length, rows.at(-1)], [10_001, "2026-01-01T02:46:39.000000000Z,1.9999"]);
  assertEquals([refused > 0, ranges > 3], [true, true], "the URL expired in the middle");
  assertStringIncludes(await run("inspect", day, ...words), `${day}: 2 variables`);
  assertStringIncludes(await run("inspect", day, "--variable", "field", ...words), "1 to 1.9999");
  assertStringIncludes(await run("plot", day, "field", ...words), "2026-01-01T00:00:00Z to 2026-01-01T02:46:39Z");
  // Of three days, only those that are needed.
  const before = await run("export", ...DAYS, "--from", "2026-01-03T01:00", "--to", "2026-01-03T01:00:01", ...words);
  assertEquals(before.split("\r\n"), ["epoch,field", "2026-01-03T01:00:00.000000000Z,3.36", ""]);
  assertStringIncludes(await run("plot", ...DAYS, "field", ...words), "2026-01-03T02:46:39Z");
  assertEquals((await folder.files()).filter((path) => path.startsWith("data/")), []);
  const missing = await runCli(["plot", ISTP, "/none/other.cdf", "flux"]);
  assertEquals([missing.code, missing.stderr.includes('Cannot open "/none/other.cdf": there is no such file')], [
    1,
    true,
  ]);
  const { code, stderr } = await runCli(["export", "imap_mag_l2_norm-dsrf_20270101_v001.cdf", ...words]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "imap_mag_l2_norm-dsrf_20270101_v001.cdf");
});
