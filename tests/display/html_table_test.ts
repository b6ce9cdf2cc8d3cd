import { htmlCard, htmlTable } from "../../src/display/table.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const table = (rows: readonly string[]) => ({
  title: "Found <b>",
  columns: [{ header: "Name & more", align: "left" as const, text: (row: string) => row }],
  rows,
});

Deno.test("htmlTable() escapes everything", () => {
  const html = htmlTable(table([`<script>alert("1")</script>`, "a'b&c", "\u001b[31m"]));
  assertStringIncludes(html, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;");
  assertStringIncludes(html, "a&#39;b&amp;c");
  assertStringIncludes(html, "Found &lt;b&gt;");
  assertStringIncludes(html, "Name &amp; more");
  assert(!html.includes("<script") && !html.includes("\u001b"));
});

Deno.test("htmlTable() draws the first and the last 50 of many rows and says how many are hidden", () => {
  const html = htmlTable(table(Array.from({ length: 1000 }, (_, index) => `row ${index}.`)));
  assertEquals(html.match(/<tr>/g)?.length, 102);
  for (
    const shown of [
      "row 0.",
      "row 49.",
      "900 rows hidden: slice(50, 150) or filter() shows them",
      "row 950.",
      "row 999.",
    ]
  ) {
    assertStringIncludes(html, shown);
  }
  for (const hidden of ["row 50.", "row 949."]) assert(!html.includes(hidden));
});

Deno.test("htmlTable() draws 100 rows in full, and says so when a single one is hidden", () => {
  const rows = (count: number) => htmlTable(table(Array.from({ length: count }, (_, index) => `row ${index}.`)));
  const all = rows(100);
  assertEquals([all.match(/<tr>/g)?.length, all.includes("hidden:")], [101, false]);
  const one = rows(101);
  assertEquals(one.match(/<tr>/g)?.length, 102);
  assertStringIncludes(one, "1 row hidden: slice(50, 51) or filter() shows it");
  assert(!one.includes("row 50.") && one.includes("row 49.") && one.includes("row 51."));
});

Deno.test("htmlTable() without rows is only a caption", () => {
  const html = htmlTable(table([]));
  assertStringIncludes(html, '<table><caption style="text-align:left">Found &lt;b&gt;</caption></table>');
});

Deno.test("htmlTable() shows the query after the title, and the texts for web pages", () => {
  const days = [{ header: "Day", align: "right" as const, text: () => "20260105", pageText: () => "2026-01-05" }];
  const html = htmlTable({ title: "Found [1]", subtitle: "instrument=<mag>", columns: days, rows: [1] });
  assertStringIncludes(html, "Found [1] <span>· instrument=&lt;mag&gt;</span></caption>");
  assertStringIncludes(html, '<th scope="col" align="right" style="text-align:right">Day</th>');
  assertStringIncludes(html, '<td align="right" style="text-align:right">2026-01-05</td>');
});

/** The content of the only cell of a table, which is linked to an address. */
function linked(address: string): string {
  const columns = [{ header: "File", align: "left" as const, text: () => "file", link: () => address }];
  return /<td style="text-align:left">(.*)<\/td>/.exec(htmlTable({ title: "", columns, rows: [1] }))?.[1] ?? "";
}

Deno.test("htmlTable() links only to web servers", () => {
  assertEquals(
    linked("https://sdc.test/download/a%20b.cdf"),
    '<a href="https://sdc.test/download/a%20b.cdf" rel="noopener noreferrer">file</a>',
  );
  assertStringIncludes(linked("http://127.0.0.1:8000/x"), "<a ");
  assertStringIncludes(linked(`https://sdc.test/${"x".repeat(1900)}`), "<a ");
  assertEquals(linked(`https://sdc.test/${"x".repeat(2000)}`), "file");
  for (
    const address of ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "https://u:p@sdc.test/", "x"]
  ) {
    assertEquals(linked(address), "file");
  }
  assertStringIncludes(linked(`https://sdc.test/"><script>'`), "%22%3E%3Cscript%3E");
});

Deno.test("htmlCard() has a line for each column that is not empty", () => {
  const column = (header: string, text: string) => ({ header, align: "right" as const, text: () => text });
  const columns = [column("Name", "a<b"), column("Nothing", ""), column("Count", "7")];
  const html = htmlCard({ title: "Found [1]", columns, rows: [1] }, 1);
  assertEquals(html.match(/<tr>/g)?.length, 2);
  assertStringIncludes(
    html,
    '<th scope="row" style="text-align:left">Name</th><td style="text-align:left">a&lt;b</td>',
  );
  assert(!html.includes("Nothing"));
});

Deno.test("htmlTable() links no empty cell, and names its frame", () => {
  const columns = [{ header: "File", align: "left" as const, text: () => "", link: () => "https://sdc.test/x" }];
  const html = htmlTable({ title: 'All "files"', columns, rows: [1], note: "2 more columns: <a>" });
  assert(!html.includes("<a"));
  assertStringIncludes(html, 'role="region" aria-label="All &quot;files&quot;" tabindex="0"');
  assertStringIncludes(html, "<span>· 2 more columns: &lt;a&gt;</span></caption>");
});

Deno.test("htmlTable() without rows lets its title and note wrap", () => {
  const note = "codice has l0 (7), l1a (2), l1b (1)";
  const empty = htmlTable({ title: "0 matching files", note, columns: [], rows: [] });
  assertStringIncludes(empty, ";width:auto");
  assertStringIncludes(empty, `white-space:normal">0 matching files <span>· ${note}</span></caption>`);
});
