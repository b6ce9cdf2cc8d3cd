import { type Table, textTable, textWidth } from "../../src/display/table.ts";
import { hideSecret } from "../../src/errors.ts";
import { assert, assertEquals } from "@std/assert";
import { cpuUsage } from "node:process";

type Row = readonly [string, string];
const table = (rows: readonly Row[]): Table<Row> => ({
  title: `Found [${rows.length}] matching files`,
  columns: [
    { header: "Name", align: "left", text: ([name]) => name },
    { header: "N", align: "right", text: ([, n]) => n },
  ],
  rows,
});

Deno.test("textTable() draws columns as wide as their widest cell, with numbers on the right", () => {
  assertEquals(
    textTable(table([["a", "7"], ["longer", "1234"]])),
    [
      "Found [2] matching files",
      "-----------|",
      "Name  |N   |",
      "-----------|",
      "a     |   7|",
      "longer|1234|",
      "-----------|",
      "",
    ].join("\n"),
  );
});

Deno.test("textTable() without rows is only a title", () => {
  assertEquals(textTable(table([])), "Found [0] matching files\n");
});

Deno.test("textTable() keeps its columns aligned with wide characters, accents and emoji", () => {
  const lines = textTable(table([["天地", "1"], ["e\u0301a", "2"], ["🚀", "3"], ["plain", "4"]])).split("\n");
  assertEquals(lines.slice(4, 8), ["天地 |1|", "e\u0301a   |2|", "🚀   |3|", "plain|4|"]);
});

Deno.test("textTable() makes room for wide characters in a cell that has fewer characters than its header", () => {
  const lines = textTable(table([["太陽風", "1"], ["a", "2"]])).split("\n");
  assertEquals(lines.slice(2, 6), ["Name  |N|", "--------|", "太陽風|1|", "a     |2|"]);
});

Deno.test("textTable() does not let a line feed in a cell start a new line", () => {
  assertEquals(textTable(table([["a\nb", "1"]])).split("\n").slice(4, 5), ["a\ufffdb |1|"]);
});

Deno.test("textTable() removes control characters and truncates very long cells", () => {
  const text = textTable(table([["\u001b]0;x\u0007\n\u202e", "x".repeat(10_000)]]));
  // deno-lint-ignore no-control-regex
  assert(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/.test(text));
  assertEquals(text.split("\n").length, 7);
  assert(text.length < 2000);
});

Deno.test("textTable() takes time proportional to its rows", () => {
  const rows = (count: number) => Array.from({ length: count }, (_, index): Row => [`row ${index}`, String(index)]);
  const [few, many] = [table(rows(20_000)), table(rows(200_000))];
  // Processor time: on a busy machine, long calls are interrupted more often than short ones.
  const time = (draw: () => string) => {
    const before = cpuUsage();
    draw();
    const { user, system } = cpuUsage(before);
    return (user + system) / 1000;
  };
  textTable(few);
  const rounds = Array.from({ length: 5 }, () => [time(() => textTable(many)), time(() => textTable(few))] as const);
  const [long, short] = [Math.min(...rounds.map(([long]) => long)), Math.min(...rounds.map(([, short]) => short))];
  // Ten times the rows: a quadratic renderer would take a hundred times as long.
  assert(long < 40 * short, `${long} ms, ${short} ms`);
});

Deno.test("textTable() draws a row that needs checking like any other", () => {
  const rows: Row[] = Array.from({ length: 2500 }, (_, index) => [`row ${index}`, String(index)]);
  const plain = textTable(table(rows)).split("\n");
  const lines = textTable(table(rows.with(1200, ["a\nb\u001b", "1"]).with(2000, ["太陽", "2"]))).split("\n");
  assertEquals(lines.length, plain.length);
  assertEquals(lines[4 + 1200], "a\ufffdb\ufffd    |   1|");
  assertEquals(lines[4 + 2000], "太陽    |   2|");
  const others = (all: readonly string[]) => all.filter((_, index) => index !== 1204 && index !== 2004);
  assertEquals(others(lines), others(plain));
});

Deno.test("textTable() shows no credential, wherever it is", () => {
  hideSecret("s3cr3t-value");
  const text = textTable(table([["a", "1"], ["the key s3cr3t-value", "2"]]));
  assert(!text.includes("s3cr3t"), text);
  assertEquals(text.split("\n").slice(4, 6).map((line) => line.replace(/ +/g, " ")), ["a |1|", "the key [secret] |2|"]);
  assertEquals(new Set(text.trimEnd().split("\n").slice(1).map(({ length }) => length)).size, 1);
});

/** A table like those of queries: the name stays, and the other columns are left out from the right. */
const wide = (rows: readonly Row[]): Table<Row> => ({
  title: "Found",
  columns: [
    { header: "Kind", align: "left", text: () => "kind", yields: 0 },
    { header: "Empty", align: "left", text: () => "", yields: 1 },
    { header: "Number", align: "right", text: ([, n]) => n, yields: 2 },
    { header: "Name", align: "left", text: ([name]) => name },
  ],
  rows,
});

Deno.test("textTable() leaves out columns in a narrow terminal, empty ones first, and then shortens the others", () => {
  const draw = (columns: number) =>
    textTable(wide([["imap_mag_l0_raw_20250502_v001.pkts", "12"]]), Infinity, { columns }).split("\n").slice(2, 5);
  assertEquals(draw(53)[0], "Kind|Empty|Number|Name                              |");
  assertEquals(draw(52)[0], "Kind|Number|Name                              |");
  assertEquals(draw(46)[0], "Kind|Name                              |");
  assertEquals(draw(39), [
    "Name                              |",
    "----------------------------------|",
    "imap_mag_l0_raw_20250502_v001.pkts|",
  ]);
  assertEquals(draw(21), [
    "Name                |",
    "--------------------|",
    "imap_mag_…2_v001.pkts|".replace("…2", "…"),
  ]);
});

Deno.test("textTable() leaves out empty columns, and shortens names only when nothing else is left", () => {
  const table: Table<string> = {
    title: "Variables",
    columns: [
      { header: "Name", align: "left", text: (name) => name, isName: true },
      { header: "Reason", align: "left", text: () => "" },
      { header: "Description", align: "left", text: () => "a description of the column" },
    ],
    rows: ["direction_label"],
  };
  const draw = (columns: number) => textTable(table, Infinity, { columns }).split("\n").slice(2, 5);
  assertEquals(draw(50)[0], "Name           |Description                |");
  assertEquals(draw(30)[2]?.slice(0, 22), "direction_label|a desc");
  assertEquals(draw(30)[2]?.length, 30);
  assertEquals(draw(20)[2], "direction_label|");
  assertEquals(draw(10)[2]?.length, 10);
});

Deno.test("textTable() says which columns are not shown, on lines that fit", () => {
  const lines = textTable(wide([["name", "1"]]), Infinity, { columns: 20 }).trimEnd().split("\n");
  assertEquals(lines.slice(6), ["Not shown: Empty (a", "wider terminal, a", "file, or a pipe", "shows all columns)"]);
});

Deno.test("textTable() keeps shortened columns aligned, whatever is in them, and shows no part of a credential", () => {
  hideSecret("t0ken-of-someone");
  const rows: Row[] = [
    ["太陽風".repeat(10), "1"],
    ["a\u001b[31m".repeat(9), "2"],
    ["begins t0ken-of-someone", "3"],
    ["a plain name that is too long", "4"],
    ["x".repeat(10_000), "5"],
  ];
  for (const some of [rows, ...rows.map((row) => [row])]) {
    const text = textTable(table(some), Infinity, { columns: 16 });
    for (const part of ["t0k", "omeone", "\u001b"]) assert(!text.includes(part), text);
    for (const line of text.trimEnd().split("\n").slice(2)) assertEquals(textWidth(line), 16, text);
  }
});

Deno.test("textTable() takes at most twice as long when it shortens all rows of a long table", () => {
  const rows = Array.from(
    { length: 100_000 },
    (_, index): Row => [`imap_ultra_l2_45sensor-map_20261206_${index}`, "7"],
  );
  const time = (columns: number) => {
    const before = cpuUsage();
    textTable(table(rows), Infinity, { columns });
    const { user, system } = cpuUsage(before);
    return (user + system) / 1000;
  };
  time(30);
  const [whole, short] = [Infinity, 30].map((columns) => Math.min(...[1, 2, 3, 4, 5].map(() => time(columns))));
  assert(whole !== undefined && short !== undefined && short < 4 * whole + 50, `${short} ms, ${whole} ms`);
});
