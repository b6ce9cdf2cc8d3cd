import type { FileRecord } from "../../src/protocol/tables.ts";
import { assert } from "@std/assert";

/** A row that a server could send with bad intentions, or by mistake. */
export const HOSTILE: FileRecord = {
  file_path: `imap/mag/<script>alert("1")</script>/"' onmouseover='alert(1)'\u202efdc.cdf`,
  instrument: "<script>alert(1)</script>",
  data_level: "\u001b[2J\u001b]0;title\u0007\u202e",
  descriptor: "x".repeat(10_000),
  start_date: "20250502",
  version: `"'><img src=x onerror=alert(1)>`,
  repointing: null,
  ingestion_date: "\u2066\u200f\u0085\r\n</td></table></svg>",
};

/** Asserts that a text has no control or bidi characters except line feeds, and no endless values. */
export function assertHarmlessText(text: string): void {
  // deno-lint-ignore no-control-regex
  assert(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/.test(text));
  assert(!text.includes("x".repeat(300)));
}

/** Asserts the same for HTML or SVG, and that nothing in it runs or is fetched. */
export function assertHarmlessMarkup(markup: string): void {
  assertHarmlessText(markup);
  assert(!/<(script|img|image|iframe|object|embed|link|foreignObject)/i.test(markup));
  assert(!/<[^>]* on\w+=/i.test(markup));
  assert(!/url\(|@import|javascript:/i.test(markup));
}
