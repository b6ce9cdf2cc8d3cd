import { excerpt, printable, printableJson } from "../src/errors.ts";
import { assertEquals } from "@std/assert";

Deno.test("printable() replaces every character that could control a terminal", () => {
  assertEquals(printable("a\u001b[31mb\u0007\u009b\r\nc"), "a\ufffd[31mb\ufffd\ufffd\ufffd\ufffdc");
  assertEquals(printable("\u202eabc\u2069\u200f"), "\ufffdabc\ufffd\ufffd");
  assertEquals(printable("\ud800 and \udc00"), "\ufffd and \ufffd");
  assertEquals(printable("naïve 天 🚀"), "naïve 天 🚀");
});

Deno.test("printableJson() leaves no control characters, and changes no value", () => {
  const value = ["\u202e\u009b\u2028 \ud800", "天 🚀 \n \u001b"];
  const json = printableJson(JSON.stringify(value));
  assertEquals(JSON.parse(json), value);
  assertEquals(printable(json), json);
});

Deno.test("excerpt() folds white space and cuts", () => {
  assertEquals(excerpt("  <html>\n\n  <body> "), "<html> <body>");
  assertEquals(excerpt("x".repeat(500), 10), "xxxxxxxxxx…");
});
