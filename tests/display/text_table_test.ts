import { type Table, textTable } from "../../src/display/text_table.ts";
import { assert, assertEquals } from "@std/assert";

type Row = readonly [string, string];
const table = (rows: readonly Row[]): Table<Row> => ({
  title: `Found [${rows.length}] matching files`,
  columns: [
    { header: "Name", align: "left", text: ([name]) => name },
    { header: "N", align: "right", text: ([, n]) => n },
  ],
  rows,
});

Deno.test("textTable() draws columns as wide as their widest cell, numbers to the right", () => {
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

Deno.test("textTable() of no rows is its title", () => {
  assertEquals(textTable(table([])), "Found [0] matching files\n");
});

Deno.test("textTable() keeps its columns aligned with wide characters, accents and emoji", () => {
  const lines = textTable(table([["天地", "1"], ["e\u0301a", "2"], ["🚀", "3"], ["plain", "4"]])).split("\n");
  assertEquals(lines.slice(4, 8), ["天地 |1|", "e\u0301a   |2|", "🚀   |3|", "plain|4|"]);
});

Deno.test("textTable() lets nothing act on the terminal and no cell take more than its share", () => {
  const text = textTable(table([["\u001b]0;x\u0007\n\u202e", "x".repeat(10_000)]]));
  // deno-lint-ignore no-control-regex
  assert(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/.test(text));
  assertEquals(text.split("\n").length, 7);
  assert(text.length < 2000);
});

Deno.test("textTable() takes time in proportion to its rows", () => {
  const rows = (count: number) => Array.from({ length: count }, (_, index): Row => [`row ${index}`, String(index)]);
  const [few, many] = [table(rows(20_000)), table(rows(200_000))];
  const time = (draw: () => string) => {
    const started = performance.now();
    draw();
    return performance.now() - started;
  };
  textTable(few);
  const best = (of: Table<Row>) => Math.min(...[1, 2, 3].map(() => time(() => textTable(of))));
  // Ten times the rows: a quadratic renderer would take a hundred times as long.
  assert(best(many) < 40 * best(few));
});
