import { parseRetryAfter } from "../../src/http/transport.ts";
import { assertEquals } from "@std/assert";

const NOW = Date.parse("2026-01-01T00:00:00Z");

Deno.test("parseRetryAfter() parses seconds and dates", () => {
  assertEquals(parseRetryAfter(" 120 ", NOW), 120_000);
  assertEquals(parseRetryAfter("Thu, 01 Jan 2026 00:01:00 GMT", NOW), 60_000);
});

Deno.test("parseRetryAfter() ignores a time in the past: a clock may be wrong", () => {
  for (const header of ["0", "Wed, 31 Dec 2025 00:00:00 GMT"]) assertEquals(parseRetryAfter(header, NOW), undefined);
});

Deno.test("parseRetryAfter() ignores malformed headers", () => {
  for (const header of [null, "", "soon", "-1", "1.5", "1e3", "2026-01-01", "9".repeat(40)]) {
    assertEquals(parseRetryAfter(header, NOW), undefined);
  }
});
