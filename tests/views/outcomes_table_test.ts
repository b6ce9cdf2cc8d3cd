import { textTable } from "../../src/display/text_table.ts";
import type { Outcome } from "../../src/transfer/outcome.ts";
import { outcomesSummary, outcomesTable } from "../../src/views/outcomes_table.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";

const PLACE = { file: "imap/mag/x.cdf", path: "/data/imap/mag/x.cdf" };

Deno.test("outcomesTable() has a line for each file: its name, what became of it, and where it is or why not", () => {
  const outcomes: Outcome[] = [
    { ...PLACE, state: "fetched", bytes: 1234 },
    { ...PLACE, state: "skipped", bytes: 0 },
    { ...PLACE, state: "failed", bytes: 0, error: new Error("Cannot download it") },
  ];
  const lines = textTable(outcomesTable(outcomes)).split("\n");
  assertEquals(lines[0], "1 fetched, 1 skipped, 1 failed; 1.23 kB");
  assertStringIncludes(lines.join("\n"), "x.cdf");
  assertEquals(lines.filter((line) => /\|fetched *\| *1\.23 kB *\|\/data\/imap\/mag\/x\.cdf *\|/.test(line)).length, 1);
  assertEquals(lines.filter((line) => /\|failed *\| *\|Cannot download it *\|/.test(line)).length, 1);
});

Deno.test("outcomesTable() says what would be done", () => {
  const outcomes: Outcome[] = [
    { ...PLACE, state: "planned", plan: "resume", bytes: 0 },
    { ...PLACE, state: "planned", plan: "skip", bytes: 0 },
    { ...PLACE, state: "planned", plan: "send", bytes: 0 },
  ];
  const text = textTable(outcomesTable(outcomes));
  for (const words of ["would resume", "would skip", "would send", "3 planned; 0 B"]) assertStringIncludes(text, words);
});

Deno.test("outcomesSummary() has words for nothing", () => {
  assertEquals(outcomesSummary([]), "no files; 0 B");
});
