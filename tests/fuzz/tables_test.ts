import { htmlCard, htmlTable, type Table, textTable, textWidth } from "../../src/display/table.ts";
import type { FileRecord } from "../../src/protocol/tables.ts";
import { excerpt, printable, printableJson } from "../../src/errors.ts";
import { recordsTable } from "../../src/views/records.ts";
import { fuzz, JSON_VALUE, TEXT } from "./fuzz.ts";
import { elementsOf, type HtmlElement } from "../support/html.ts";
import { assertHarmlessText } from "../views/hostile.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";

type Cells = readonly string[];

const TABLE = fc.integer({ min: 1, max: 4 }).chain((count) =>
  fc.record({
    title: TEXT,
    subtitle: TEXT,
    headers: fc.array(TEXT, { minLength: count, maxLength: count }),
    aligns: fc.array(fc.constantFrom("left" as const, "right" as const), { minLength: count, maxLength: count }),
    rows: fc.array(fc.array(TEXT, { minLength: count, maxLength: count }), { minLength: 1, maxLength: 5 }),
    hrefs: fc.array(fc.oneof(TEXT, fc.webUrl(), TEXT.map((text) => `javascript:${text}`)), { minLength: 1 }),
  })
).map(({ title, subtitle, headers, aligns, rows, hrefs }): Table<Cells> => ({
  title,
  subtitle,
  columns: headers.map((header, at) => ({
    header,
    align: aligns[at] ?? "left",
    text: (row) => row[at] ?? "",
    link: (row) => hrefs[(row[at] ?? "").length % hrefs.length],
  })),
  rows,
}));

fuzz("textTable() writes no control characters, and aligned columns", TABLE, (table) => {
  const text = textTable(table);
  assertHarmlessText(text);
  const [, hyphens = "", ...lines] = text.trimEnd().split("\n");
  assertEquals(lines.length, table.rows.length + 3);
  const widths = new Set([hyphens, ...lines].map(textWidth));
  assertEquals(widths.size, 1, JSON.stringify(lines));
});

/** How long a text is as markup. */
function markupLength(text: string): number {
  const long: Readonly<Record<string, number>> = { "&": 5, "<": 4, ">": 4, '"': 6, "'": 5 };
  return [...text].reduce((sum, character) => sum + (long[character] ?? character.length), 0);
}

/** The part of a text that a page shows: at most 200 characters, fewer if most of it is markup. */
function shown(text: string): string {
  const cuts = [200, 100, 50].map((most) => printable(text.length > most ? `${text.slice(0, most)}…` : text));
  return cuts.find((cut) => markupLength(cut) <= 400) ?? "";
}

/** All elements of a page's body. */
function elements(html: string): HtmlElement[] {
  return elementsOf(`<!doctype html><html><body>${html}</body></html>`).filter(({ inside }) => inside.has("body"));
}

/** The texts of all elements of a kind. */
function textsOf(html: string, tag: string): string[] {
  return elements(html).filter((element) => element.tag === tag).map(({ text }) => text);
}

const TAGS = new Set(["div", "style", "table", "caption", "span", "thead", "tbody", "tr", "th", "td", "a"]);
const ATTRIBUTES = new Set([
  "class",
  "style",
  "role",
  "aria-label",
  "tabindex",
  "scope",
  "align",
  "href",
  "rel",
  "colspan",
]);

function assertOnlyTables(html: string): void {
  assertHarmlessText(html);
  for (const element of elements(html)) {
    assert(TAGS.has(element.tag), element.tag);
    for (const [name, value] of element.attributes) {
      assert(ATTRIBUTES.has(name), name);
      if (name === "href") assert(/^https?:\/\//.test(value), value);
    }
  }
}

fuzz("htmlTable() is a page that parses to the texts of the table, and has nothing else", TABLE, (table) => {
  const html = htmlTable(table);
  assertOnlyTables(html);
  assertEquals(textsOf(html, "td"), table.rows.flat().map(shown));
  assertEquals(
    textsOf(html, "th"),
    table.columns.map(({ header }) => shown(header)),
  );
  for (const row of table.rows.slice(0, 1)) assertOnlyTables(htmlCard(table, row));
});

const RECORD = fc.tuple(fc.dictionary(TEXT, JSON_VALUE, { maxKeys: 4 }), TEXT, JSON_VALUE, TEXT).map(
  ([more, path, version, asked]) => ({
    rows: [{ ...more, file_path: path || "x", major_version: 1, minor_version: 12345, extra: version }, {
      file_path: "y",
      version: path,
    }] as FileRecord[],
    asked,
  }),
);

fuzz("rows with keys of any name show themselves as safely", RECORD, ({ rows, asked }) => {
  const table = recordsTable(rows, { asked: { instrument: asked }, linkTo: ({ file_path }) => file_path });
  assertHarmlessText(textTable(table));
  assertOnlyTables(htmlTable(table));
});

fuzz(
  "printable(), printableJson() and excerpt() leave nothing that acts",
  fc.tuple(TEXT, fc.integer({ min: 1, max: 50 })),
  ([text, limit]) => {
    const safe = printable(text);
    assertHarmlessText(safe);
    assert(!/[\n\t\p{Surrogate}]/u.test(safe));
    assertEquals(printable(safe), safe);
    const short = excerpt(text, limit);
    assertEquals(printable(short), short);
    assert(short.length <= limit + 1);
    const json = printableJson(JSON.stringify(text));
    assertEquals([JSON.parse(json), printable(json)], [text, json]);
  },
);
