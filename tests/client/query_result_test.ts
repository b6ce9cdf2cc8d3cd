import { QueryResult } from "../../src/client/query_result.ts";
import { JUPYTER_DISPLAY } from "../../src/display/notebook.ts";
import type { FileRecord } from "../../src/protocol/file_record.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const rows: FileRecord[] = ["b", "a", "c"].map((name) => ({ file_path: `imap/${name}`, instrument: "mag" }));

Deno.test("QueryResult is an array of rows", () => {
  const files = QueryResult.fromRows(rows);
  assertEquals([...files], rows);
  assertEquals(JSON.stringify(files), JSON.stringify(rows));
  assert(Array.isArray(files));
});

Deno.test("QueryResult stays one through methods that pick rows, and is a plain array through the others", () => {
  const files = QueryResult.fromRows(rows);
  for (const picked of [files.filter(() => true), files.slice(1), files.toSorted()]) {
    assert(picked instanceof QueryResult);
  }
  for (const other of [files.map(({ file_path }) => file_path), files.concat(rows), files.flatMap(() => [1])]) {
    assert(!(other instanceof QueryResult));
  }
  const paths = files.toSorted((a, b) => a.file_path < b.file_path ? -1 : 1).map(({ file_path }) => file_path);
  assertEquals(paths, ["imap/a", "imap/b", "imap/c"]);
});

Deno.test("QueryResult shows itself as HTML with a text fallback in notebooks, as text in the REPL", () => {
  const files = QueryResult.fromRows(rows);
  const bundle = files[JUPYTER_DISPLAY]();
  assertEquals(Object.keys(bundle), ["text/plain", "text/html"]);
  assertStringIncludes(bundle["text/html"], "<caption");
  assertEquals(bundle["text/plain"], files.toText());
  assertEquals(Deno.inspect(files), files.toText().trimEnd());
});

Deno.test("QueryResult of 100,000 rows shows itself in far less than a notebook can take, and keeps its whole text", () => {
  const many = QueryResult.fromRows(
    Array.from({ length: 100_000 }, (_, index) => ({ file_path: `imap/file ${index}.` })),
  );
  const bundle = many[JUPYTER_DISPLAY]();
  for (const text of Object.values(bundle)) {
    assert(text.length < 100_000);
    for (const shown of ["file 0.", "file 49.", "99900 rows between", "file 99950.", "file 99999."]) {
      assertStringIncludes(text, shown);
    }
  }
  assertStringIncludes(Deno.inspect(many), "99900 rows between");
  assertEquals(many.toText().split("\n").length, 100_005 + 1);
});
