import { QueryResult } from "../../src/client/query_result.ts";
import { JUPYTER_DISPLAY } from "../../src/display/notebook.ts";
import type { FileRecord } from "../../src/protocol/rows.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const rows: FileRecord[] = ["b", "a", "c"].map((name) => ({ file_path: `imap/${name}`, instrument: "mag" }));

Deno.test("QueryResult is an array of rows", () => {
  const files = QueryResult.fromRows(rows);
  assertEquals([...files], rows);
  assertEquals(JSON.stringify(files), JSON.stringify(rows));
  assert(Array.isArray(files));
});

Deno.test("methods that select rows return a QueryResult, other methods return a plain array", () => {
  const files = QueryResult.fromRows(rows);
  for (const picked of [files.filter(() => true), files.slice(1), files.toSorted(), files.toReversed()]) {
    assert(picked instanceof QueryResult);
  }
  for (
    const other of [
      files.map(({ file_path }) => file_path),
      files.concat(rows),
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

Deno.test("QueryResult displays as HTML with a text fallback in notebooks, as text in the REPL", () => {
  const files = QueryResult.fromRows(rows);
  const bundle = files[JUPYTER_DISPLAY]();
  assertEquals(Object.keys(bundle), ["text/plain", "text/html"]);
  assertStringIncludes(bundle["text/html"], "<caption");
  assertEquals(bundle["text/plain"], files.toText());
  assertEquals(Deno.inspect(files), files.toText().trimEnd());
});

Deno.test("QueryResult shows its query and links to the files on pages, and so does a part of it", () => {
  const asked = { instrument: "mag", version: "latest" };
  const files = QueryResult.fromRows(rows, { asked, url: "https://sdc.test" });
  for (const picked of [files, files.filter(() => true), files.slice(0, 2), files.toSorted()]) {
    assertStringIncludes(picked.toHtml(), `matching files <span>· instrument=mag, version=latest</span></caption>`);
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

Deno.test("QueryResult of a single row is a card in pages, and the table elsewhere", () => {
  const bundle = QueryResult.fromRows(rows).slice(1, 2)[JUPYTER_DISPLAY]();
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

Deno.test("QueryResult of 100,000 rows displays much less than a notebook can handle, and keeps its whole text", () => {
  const many = QueryResult.fromRows(
    Array.from({ length: 100_000 }, (_, index) => ({ file_path: `imap/file ${index}.` })),
  );
  const bundle = many[JUPYTER_DISPLAY]();
  for (const text of Object.values(bundle)) {
    assert(text.length < 100_000);
    for (const shown of ["file 0.", "file 49.", "99900 rows hidden", "file 99950.", "file 99999."]) {
      assertStringIncludes(text, shown);
    }
  }
  assertStringIncludes(Deno.inspect(many), "99900 rows hidden");
  assertEquals(many.toText().split("\n").length, 100_005 + 1);
});

Deno.test("QueryResult of 100 hostile rows stays below 1 MB", () => {
  const hostile = Array.from({ length: 100 }, (_, index): FileRecord => ({
    ...Object.fromEntries(Array.from({ length: 20 }, (_, key) => [`${key}${"<".repeat(500)}`, '"'.repeat(10_000)])),
    ...Object.fromEntries(
      ["instrument", "data_level", "descriptor", "version"].map((key) => [key, "\u202e&".repeat(5_000)]),
    ),
    file_path: `imap/${index}${"'".repeat(10_000)}`,
  }));
  const files = QueryResult.fromRows(hostile, { url: "https://sdc.test", asked: { descriptor: "&".repeat(10_000) } });
  assert(JSON.stringify(files[JUPYTER_DISPLAY]()).length < 1_000_000);
  assert(JSON.stringify(files.slice(0, 1)[JUPYTER_DISPLAY]()).length < 1_000_000);
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
