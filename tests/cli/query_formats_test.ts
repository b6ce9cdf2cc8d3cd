import { csv, json, jsonLines, paths } from "../../src/cli/formats.ts";
import { queryOf } from "../../src/cli/filters.ts";
import { columnNames, decodeFileRecords } from "../../src/protocol/tables.ts";
import { assertEquals } from "@std/assert";

const ROWS = [
  { file_path: "imap/a", descriptor: 'with "quotes", and a comma', note: "two\nlines", cr: 2345 },
  { file_path: "imap/b\u001b[31m", descriptor: null, more: { deep: [1] } },
];

Deno.test("csv() writes RFC 4180: unchanged values, a header, CRLF", () => {
  const text = [...csv({ rows: ROWS, table: "ancillary" })].join("");
  const header =
    "file_path,instrument,descriptor,start_date,end_date,version,extension,ingestion_date,released,note,cr,more";
  assertEquals(
    text,
    [
      header,
      'imap/a,,"with ""quotes"", and a comma",,,,,,,"two\nlines",2345,',
      'imap/b\u001b[31m,,,,,,,,,,,"{""deep"":[1]}"',
      "",
    ].join("\r\n"),
  );
});

/** The keys of a kernel's row: those of the SDC, and the path. */
const KERNEL_KEYS = ["file_path", ...columnNames("spice").filter((name) => name !== "file_path")];

Deno.test("csv() without rows is the header of the table", () => {
  const text = [...csv({ rows: [], table: "spice" })].join("");
  assertEquals(text, `${KERNEL_KEYS.join(",")}\r\n`);
});

Deno.test("csv() leaves a field empty if the row lacks it, even if every object inherits a property of that name", () => {
  const rows = decodeFileRecords(JSON.parse('[{"file_path":"imap/a","toString":"sent"},{"file_path":"imap/b"}]'));
  const lines = [...csv({ rows, table: "spice" })].join("").split("\r\n");
  const empty = ",".repeat(KERNEL_KEYS.length);
  assertEquals(lines.slice(1), [`imap/a${empty}sent`, `imap/b${empty}`, ""]);
});

Deno.test("paths() writes one line per path, whatever it contains", () => {
  assertEquals([...paths(ROWS)].join(""), "imap/a\nimap/b\ufffd[31m\n");
  assertEquals([...paths([])].join(""), "");
});

Deno.test("json() writes an array of any length, a few rows at a time", () => {
  const many = Array.from({ length: 2_500 }, (_, index) => ({ file_path: `imap/${index}` }));
  const texts = [...json(many)];
  assertEquals(texts.length > 2, true);
  assertEquals(JSON.parse(texts.join("")), many);
  assertEquals([...json([])].join(""), "[]\n");
  assertEquals([...json(ROWS)].join("").includes("\u001b"), false);
});

Deno.test("json() and jsonLines() write one row per line, whatever is in it", () => {
  const rows = [
    { file_path: "imap/a", note: "ends like a row},{" },
    { file_path: "imap/b", more: [{ a: 1 }, { b: 2 }] },
    { file_path: "imap/c" },
  ];
  for (const some of [rows, rows.slice(1), rows.slice(2)]) {
    const lines = jsonLines(some).trimEnd().split("\n");
    assertEquals(lines.map((line) => JSON.parse(line)), some);
    const array = [...json(some)].join("").trimEnd().split("\n");
    assertEquals([array.length, JSON.parse(array.join(""))], [some.length + 2, some]);
  }
});

Deno.test("queryOf() splits lists at commas, and turns flags into true", () => {
  const values = new Map([["instrument", "mag,swe"], ["descriptor", "hi-*"], ["start-date", "7d"], ["days-ago", "3"]]);
  const given = Object.entries(queryOf({ values, flags: new Set(["today"]) })).filter(([, value]) =>
    value !== undefined
  );
  assertEquals(Object.fromEntries(given), {
    instrument: ["mag", "swe"],
    descriptor: "hi-*",
    start_date: "7d",
    today: true,
    days_ago: "3",
  });
});
