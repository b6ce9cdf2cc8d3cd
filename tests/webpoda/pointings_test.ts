import { ProtocolError } from "../../src/errors.ts";
import { pointingsIn, readPointings } from "../../src/client/webpoda.ts";
import { assertEquals, assertThrows } from "@std/assert";

const HEADER = "repoint_start_sec_sclk,repoint_start_subsec_sclk,repoint_end_sec_sclk,repoint_end_subsec_sclk," +
  "repoint_start_utc,repoint_end_utc,repoint_id";
const row = (end: string, id: number) => `1,0,2,0,2026-01-01 00:00:00.000000,${end},${id}`;

Deno.test("readPointings() reads the times from the end of one repointing to the end of the next", () => {
  const table = [HEADER, row("2026-01-01 00:15:00.123456", 12), row("2026-01-02T00:16:00.5", 13), ""].join("\r\n");
  assertEquals(readPointings(table), [
    { repointing: 12, from: "2026-01-01T00:15:00.123456", to: "2026-01-02T00:16:00.500000" },
  ]);
});

Deno.test("readPointings() omits pointings without a start or an end, and those that end before they start", () => {
  const ends = ["nan", "2026-01-02 00:00:00.0", "NaN", "2026-01-04 00:00:00.0", "2026-01-03 00:00:00.0"];
  assertEquals(readPointings([HEADER, ...ends.map((end, index) => row(end, index))].join("\n")), []);
});

Deno.test("readPointings() says what is wrong with anything that is not such a table", () => {
  const missing = "it has no columns repoint_end_utc and repoint_id";
  for (
    const [table, message] of [
      ["", missing],
      ["a,b\n1,2", missing],
      [[HEADER, row("soon", 1)].join("\n"), 'it has "soon" instead of a time'],
      [[HEADER, row("2026-02-30 00:00:00", 1)].join("\n"), 'it has "2026-02-30 00:00:00" instead of a time'],
    ] as const
  ) {
    assertThrows(() => readPointings(table), ProtocolError, message);
  }
});

Deno.test("pointingsIn() returns the pointings that overlap a time span", () => {
  const pointing = { repointing: 1, from: "2026-01-01T12:00:00.000000", to: "2026-01-02T12:00:00.000000" };
  const during = (from: string, to: string) => pointingsIn([pointing], { from, to }).length;
  assertEquals(during("2026-01-02T00:00:00.000000", "2026-01-03T00:00:00.000000"), 1);
  assertEquals(during("2026-01-02T12:00:00.000000", "2026-01-03T00:00:00.000000"), 0);
  assertEquals(during("2026-01-01T00:00:00.000000", "2026-01-01T12:00:00.000000"), 0);
});
