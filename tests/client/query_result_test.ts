import { QueryResult, showAsCards } from "../../src/client/query_result.ts";
import { JUPYTER_DISPLAY, PendingPicture, Picture } from "../../src/display/notebook.ts";
import type { FileRecord } from "../../src/protocol/tables.ts";
import { InputError } from "../../src/errors.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

const rows: FileRecord[] = ["b", "a", "c"].map((name) => ({ file_path: `imap/${name}`, instrument: "mag" }));

Deno.test("QueryResult is an array of rows", () => {
  const files = QueryResult.fromRows(rows);
  assertEquals([...files], rows);
  assertEquals(JSON.stringify(files), JSON.stringify(rows));
  assert(Array.isArray(files));
});

Deno.test("methods that select rows return a QueryResult, other methods return a plain array", () => {
  const files = QueryResult.fromRows(rows);
  const joined = [files.concat(rows), QueryResult.of(files, rows), QueryResult.of(rows[0])];
  const picked = [files.filter(() => true), files.slice(1), files.toSorted(), files.toReversed(), files.head(2)];
  for (const result of [...joined, ...picked, files.sortBy("file_path"), files.latest(), files.columns("file_path")]) {
    assert(result instanceof QueryResult);
  }
  for (
    const other of [
      files.map(({ file_path }) => file_path),
      files.flatMap(() => [1]),
      files.with(0, {
        file_path: "imap/d",
      }),
    ]
  ) {
    assert(!(other instanceof QueryResult));
  }
  const paths = files.toSorted((a, b) => a.file_path < b.file_path ? -1 : 1).map(({ file_path }) => file_path);
  assertEquals(paths, ["imap/a", "imap/b", "imap/c"]);
});

Deno.test("QueryResult displays as HTML with a text fallback in notebooks, as text in the REPL", async () => {
  const files = QueryResult.fromRows(rows);
  const bundle = await files[JUPYTER_DISPLAY]();
  assertEquals(Object.keys(bundle), ["text/plain", "text/html"]);
  assertStringIncludes(bundle["text/html"], "<caption");
  assertEquals(bundle["text/plain"], files.toText());
  assertEquals(Deno.inspect(files), files.toText().trimEnd());
});

Deno.test("QueryResult shows its query and links to the files on pages, and so does a part of it", () => {
  const asked = { instrument: "mag", version: "latest" };
  const files = QueryResult.fromRows(rows, { asked, url: "https://sdc.test" });
  for (const picked of [files, files.filter(() => true), files.slice(0, 2), files.toSorted()]) {
    const left = picked.length === 3 ? "" : " <span>· slice() kept 2 of 3 files</span>";
    const caption = `matching files <span>· instrument=mag, version=latest</span>${left}</caption>`;
    assertStringIncludes(picked.toHtml(), caption);
    assertStringIncludes(picked.toHtml(), `<a href="https://sdc.test/download/imap/a" rel="noopener noreferrer">a</a>`);
  }
  assertEquals(files.toText().split("\n")[0], "Found [3] matching files");
  assert(!QueryResult.fromRows(rows, { asked, url: "http://sdc.test" }).toHtml().includes("<a "));
});

Deno.test("QueryResult shows days with hyphens on pages, and unchanged in text", () => {
  const files = QueryResult.fromRows([{ file_path: "imap/a", start_date: "20240723" }, { file_path: "imap/b" }]);
  assertStringIncludes(files.toHtml(), ">2024-07-23</td>");
  assertStringIncludes(files.toText(), "|20240723  |");
});

Deno.test("QueryResult of a single row is a card in pages, and the table elsewhere", async () => {
  const bundle = await QueryResult.fromRows(rows).slice(1, 2)[JUPYTER_DISPLAY]();
  assertStringIncludes(bundle["text/html"], `<th scope="row" style="text-align:left">Filename</th>`);
  assert(bundle["text/plain"].startsWith("Found [1] matching files\n---"));
});

Deno.test("QueryResult.coverage() and summary() draw its rows, with the query", async () => {
  const dated = rows.map((row) => ({ ...row, start_date: "20260105" }));
  const asked = { instrument: "mag" };
  const filesHere = (paths: readonly string[]) => Promise.resolve(new Set(paths.slice(0, 3)));
  const files = QueryResult.fromRows(dated, { asked, filesHere });
  const coverage = await files.coverage();
  assertStringIncludes(coverage.toText(), "mag – – – ███");
  assertStringIncludes(await coverage.toSvg(), ">instrument=mag<");
  assertStringIncludes(files.slice(0, 2).summary().toText(), "2 files by instrument");
  assertStringIncludes((await QueryResult.fromRows([]).coverage()).toText(), "nothing found");
});

Deno.test("QueryResult of 100,000 rows displays much less than a notebook can handle, and keeps its whole text", async () => {
  const many = QueryResult.fromRows(
    Array.from({ length: 100_000 }, (_, index) => ({ file_path: `imap/file ${index}.` })),
  );
  const bundle = await many[JUPYTER_DISPLAY]();
  for (const text of Object.values(bundle)) {
    assert(text.length < 100_000);
    for (const shown of ["file 0.", "file 49.", "99900 rows hidden", "file 99950.", "file 99999."]) {
      assertStringIncludes(text, shown);
    }
  }
  assertStringIncludes(Deno.inspect(many), "99900 rows hidden");
  assertEquals(many.toText().split("\n").length, 100_005 + 1);
});

Deno.test("QueryResult of 100 hostile rows stays below 1 MB", async () => {
  const hostile = Array.from({ length: 100 }, (_, index): FileRecord => ({
    ...Object.fromEntries(Array.from({ length: 20 }, (_, key) => [`${key}${"<".repeat(500)}`, '"'.repeat(10_000)])),
    ...Object.fromEntries(
      ["instrument", "data_level", "descriptor", "version"].map((key) => [key, "\u202e&".repeat(5_000)]),
    ),
    file_path: `imap/${index}${"'".repeat(10_000)}`,
  }));
  const files = QueryResult.fromRows(hostile, { url: "https://sdc.test", asked: { descriptor: "&".repeat(10_000) } });
  assert(JSON.stringify(await files[JUPYTER_DISPLAY]()).length < 1_000_000);
  assert(JSON.stringify(await files.slice(0, 1)[JUPYTER_DISPLAY]()).length < 1_000_000);
});

Deno.test("QueryResult says which keys have no column, and shows all of them of a single row", () => {
  const row = {
    file_path: "imap/a",
    ...Object.fromEntries(Array.from({ length: 20 }, (_, key) => [`key_${key}`, key])),
  };
  const two = QueryResult.fromRows([row, row], { asked: { instrument: "mag" } });
  const words = "12 more columns: key_8, key_9, key_10";
  assertStringIncludes(two.toHtml(), `<span>· instrument=mag</span> <span>· ${words}`);
  assertStringIncludes(two.toText(), `\n${words}`);
  const card = two.slice(0, 1).toHtml();
  assertStringIncludes(card, ">Key 19</th>");
  assert(!card.includes("more columns"));
});

/** Rows of a product of each of two instruments, with two versions of one day. */
const VERSIONS: FileRecord[] = [
  {
    file_path: "imap/m1",
    instrument: "mag",
    data_level: "l1a",
    descriptor: "x",
    start_date: "20260102",
    version: "v1",
  },
  ...["v001", "v002"].map((version): FileRecord => ({
    file_path: `imap/imap_mag_l1a_x_20260101_${version}.cdf`,
    instrument: "mag",
    data_level: "l1a",
    descriptor: "x",
    start_date: "20260101",
    version,
  })),
  { file_path: "imap/s1", instrument: "swe", data_level: "l0", descriptor: "y", start_date: null, version: "v001" },
];

Deno.test("QueryResult.concat() and of() keep the query, the links, the downloads, and what is in the data directory", async () => {
  const downloaded: string[] = [];
  const origin = (instrument: string) => ({
    asked: { instrument },
    url: "https://sdc.test",
    download: (rows: readonly FileRecord[]) => {
      downloaded.push(`${instrument} ${rows.length}`);
      return Promise.reject(new Error("enough"));
    },
    filesHere: (paths: readonly string[]) => Promise.resolve(new Set(paths)),
  });
  const mag = QueryResult.fromRows(VERSIONS.slice(0, 3), origin("mag"));
  const swe = QueryResult.fromRows(VERSIONS.slice(3), origin("swe"));
  for (const both of [mag.concat(swe), QueryResult.of(mag, swe)]) {
    assertEquals([...both], VERSIONS);
    const caption = "· instrument=mag + instrument=swe</span></caption>";
    assertStringIncludes(both.toHtml(), caption);
    assertStringIncludes(both.toHtml(), "https://sdc.test/download/imap/s1");
    assertStringIncludes((await both.coverage()).toText(), "in the data directory");
    await both.download().catch(() => {});
  }
  assertEquals(downloaded, ["mag 4", "mag 4"]);
  assertEquals([...QueryResult.of(...VERSIONS)], VERSIONS);
  assertEquals([...QueryResult.of()], []);
  assertStringIncludes(mag.filter(() => false).concat(swe).toText(), "filter() kept 1 of 4 files");
});

Deno.test("QueryResult.sortBy() sorts by a column or a function, and puts rows without a value last", () => {
  const files = QueryResult.fromRows(VERSIONS);
  const names = (rows: readonly FileRecord[]) => rows.map(({ file_path }) => file_path.slice(-8));
  const [first, second, third] = ["v001.cdf", "v002.cdf", "imap/m1"];
  assertEquals(names(files.sortBy("start_date")), [first, second, third, "imap/s1"]);
  assertEquals(names(files.sortBy("start_date", { descending: true })), [third, first, second, "imap/s1"]);
  assertEquals(
    names(files.sortBy((row) => row.file_path.length)),
    names(files.toSorted((a, b) => {
      return a.file_path.length - b.file_path.length;
    })),
  );
  const kernels = QueryResult.fromRows(
    ["10", "9", "0008"].map((version) => ({ file_path: `imap/${version}`, version })),
  );
  assertEquals(kernels.sortBy("version").map(({ version }) => version), ["0008", "9", "10"]);
  assertEquals(names(files), names(VERSIONS));
  const error = assertThrows(() => files.sortBy("strat_date"), InputError);
  assertStringIncludes(error.message, `Cannot sort by "strat_date": expected one of file_name, file_path`);
  assertStringIncludes(error.message, `did you mean "start_date"?`);
});

Deno.test("QueryResult.latest() keeps the newest version of each file, and says how many it left out", () => {
  const latest = QueryResult.fromRows(VERSIONS, { asked: { instrument: ["mag", "swe"] } }).latest();
  assertEquals(latest.map(({ version }) => version), ["v1", "v002", "v001"]);
  assertStringIncludes(latest.toText(), "\nlatest() kept 3 of 4 files\n");
  assertStringIncludes(latest.filter(() => false).toText(), "latest() and filter() kept 0 of 4 files");
});

Deno.test("QueryResult.groupBy() returns a map of results that displays itself as a table", () => {
  const groups = QueryResult.fromRows(VERSIONS).groupBy("instrument");
  assertEquals([...groups].map(([name, rows]) => [name, rows.length]), [["mag", 3], ["swe", 1]]);
  assert(groups.get("mag") instanceof QueryResult);
  assertStringIncludes(groups.toText(), "mag       |    3|2026-01-01|2026-01-02|");
  assertStringIncludes(groups.toHtml(), ">2026-01-02</td>");
  assertEquals(Deno.inspect(groups), groups.toText().trimEnd());
  assertEquals([...QueryResult.fromRows(VERSIONS).groupBy((row) => row.start_date?.slice(0, 4)).keys()], ["", "2026"]);
});

Deno.test("QueryResult.columns() chooses the columns of tables and of CSV, also for a part of the result", () => {
  const files = QueryResult.fromRows(VERSIONS, { url: "https://sdc.test" }).columns("start_date", "file_name");
  assertEquals(files.head(1).toText().split("\n")[2], "Start Date|Filename|");
  assertStringIncludes(files.toHtml(), `<a href="https://sdc.test/download/imap/s1"`);
  assertEquals(files.head(1).toCsv(), "start_date,file_name\r\n20260102,m1\r\n");
  assertEquals(files.columns().toText(), QueryResult.fromRows(VERSIONS).toText());
  assertEquals([...files], VERSIONS);
  assertThrows(() => files.columns("filename"), InputError, `did you mean "file_name"?`);
});

Deno.test("QueryResult.toCsv() has all keys of the rows", () => {
  const csv = QueryResult.fromRows([{ file_path: "imap/a", note: 'say "no", or not' }]).toCsv().split("\r\n");
  assert(csv[0]?.startsWith("file_path,instrument,") && csv[0].endsWith(",note"));
  assert(csv[1]?.startsWith("imap/a,") && csv[1].endsWith(`,"say ""no"", or not"`));
});

Deno.test("QueryResult.head() returns the first rows, 5 by default", () => {
  const files = QueryResult.fromRows(VERSIONS.concat(VERSIONS));
  assertEquals([files.head().length, files.head(2).length, files.head(0).length], [5, 2, 0]);
  assertThrows(() => files.head(-1), InputError, "expected a number of rows, 0 or more");
});

Deno.test("coverage() and summary() are called in the same way, and show themselves without a first await", async () => {
  const files = QueryResult.fromRows(VERSIONS, { filesHere: () => Promise.resolve(new Set()) });
  for (const chart of [files.coverage(), files.summary()]) {
    assert((await chart[JUPYTER_DISPLAY]())["image/svg+xml"].startsWith("<svg "));
    assert((await chart.toSvg()).startsWith("<svg "));
    assertStringIncludes((await chart).toText(), "4 files");
  }
  assertEquals(Deno.inspect(files.coverage()), "The coverage: await it, or its show(), to see it");
  assertEquals(await files.coverage().finally(() => {}).then((chart) => chart instanceof Picture), true);
  const failing = new PendingPicture("A chart", () => Promise.reject(new Error("no")));
  assertEquals(await failing.catch((error) => error instanceof Error && error.message), "no");
});

Deno.test("a row displays itself as a card with its local file, and remains a plain object", async () => {
  const plain: FileRecord = { file_path: "imap/mag/l0/2025/05/imap_mag_l0_raw_20250502_v001.pkts", instrument: "mag" };
  const row = { ...plain };
  let size: number | undefined = 1_420_000;
  showAsCards([row], { localFile: () => Promise.resolve({ path: "/data/<mag>.pkts", size }) });
  const bundle = async (): Promise<Record<string, string>> => {
    assert(JUPYTER_DISPLAY in row && typeof row[JUPYTER_DISPLAY] === "function");
    return await row[JUPYTER_DISPLAY]();
  };
  const here = (await bundle())["text/html"] ?? "";
  for (const words of ["/data/&lt;mag&gt;.pkts", "yes, 1.42 MB", "To open"]) assertStringIncludes(here, words);
  size = undefined;
  const missing = (await bundle())["text/html"] ?? "";
  assertStringIncludes(missing, ">no</td>");
  assertStringIncludes(missing, "await imap.download(&quot;imap_mag_l0_raw_20250502_v001.pkts&quot;)");

  assertEquals<FileRecord>(row, plain);
  assertEquals([JSON.stringify(row), Deno.inspect(row)], [JSON.stringify(plain), Deno.inspect(plain)]);
  assertEquals([Object.keys(row), Object.getPrototypeOf(row)], [Object.keys(plain), Object.prototype]);
  assertEquals([structuredClone(row), { ...row }], [structuredClone(plain), plain]);
  const frozen = Object.freeze({ ...plain });
  showAsCards([frozen], {});
  // Outside of notebooks, rows have nothing of the kind.
  const [first = {}] = QueryResult.fromRows([plain], { localFile: () => Promise.reject(new Error("no")) });
  assertEquals([JUPYTER_DISPLAY in frozen, JUPYTER_DISPLAY in first], [false, false]);
});
