import { htmlTable } from "../../src/display/html_table.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const table = (rows: readonly string[]) => ({
  title: "Found <b>",
  columns: [{ header: "Name & more", align: "left" as const, text: (row: string) => row }],
  rows,
});

Deno.test("htmlTable() escapes everything that it is given", () => {
  const html = htmlTable(table([`<script>alert("1")</script>`, "a'b&c", "\u001b[31m"]));
  assertStringIncludes(html, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;");
  assertStringIncludes(html, "a&#39;b&amp;c");
  assertStringIncludes(html, "Found &lt;b&gt;");
  assertStringIncludes(html, "Name &amp; more");
  assert(!html.includes("<script") && !html.includes("\u001b"));
});

Deno.test("htmlTable() draws the first and the last 50 of many rows and says how many lie between", () => {
  const html = htmlTable(table(Array.from({ length: 1000 }, (_, index) => `row ${index}.`)));
  assertEquals(html.match(/<tr>/g)?.length, 102);
  for (const shown of ["row 0.", "row 49.", "900 rows between", "row 950.", "row 999."]) {
    assertStringIncludes(html, shown);
  }
  for (const hidden of ["row 50.", "row 949."]) assert(!html.includes(hidden));
});

Deno.test("htmlTable() of no rows is its caption", () => {
  assertEquals(htmlTable(table([])), '<table><caption style="text-align:left">Found &lt;b&gt;</caption></table>');
});
