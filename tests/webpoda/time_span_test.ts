import { spanOfDays, spanOfFile } from "../../src/client/webpoda.ts";
import { assertEquals } from "@std/assert";

Deno.test("spanOfFile() adds each instrument's margin on both sides of the day", () => {
  const margins = {
    mag: ["23:30", "00:30"],
    hit: ["23:40", "00:20"],
    swe: ["23:59", "00:01"],
    swapi: ["23:59", "00:01"],
  };
  for (const [instrument, [from, to]] of Object.entries({ ...margins, codice: ["23:53", "00:07"] })) {
    const span = spanOfFile(instrument as "mag", "20260101");
    assertEquals(span, { from: `2025-12-31T${from}:00.000000`, to: `2026-01-02T${to}:00.000000` });
  }
  assertEquals(spanOfFile("idex", "20260228"), {
    from: "2026-02-28T00:00:00.000000",
    to: "2026-03-01T00:00:00.000000",
  });
});

Deno.test("spanOfDays() includes all of the last day", () => {
  assertEquals(spanOfDays("20260101", "20260103"), {
    from: "2026-01-01T00:00:00.000000",
    to: "2026-01-04T00:00:00.000000",
  });
});
