import { dayNumber, isoDay, timeTicks } from "../../src/display/time_ticks.ts";
import { assert, assertEquals } from "@std/assert";

const labels = (first: string, last: string, most: number) =>
  timeTicks(dayNumber(first), dayNumber(last), most).map(({ label }) => label);

Deno.test("timeTicks() gives days, months or years, as fine as there is room for", () => {
  assertEquals(labels("20260105", "20260105", 8), ["2026-01-05"]);
  assertEquals(labels("20251231", "20260102", 8), ["2025-12-31", "2026-01-01", "2026-01-02"]);
  assertEquals(labels("20260105", "20260203", 5), [
    "2026-01-05",
    "2026-01-12",
    "2026-01-19",
    "2026-01-26",
    "2026-02-02",
  ]);
  assertEquals(labels("20260105", "20260710", 7), ["2026-02", "2026-03", "2026-04", "2026-05", "2026-06", "2026-07"]);
  assertEquals(labels("20251105", "20261104", 5), ["2026-01", "2026-04", "2026-07", "2026-10"]);
  assertEquals(labels("20250901", "20350831", 6), ["2026", "2028", "2030", "2032", "2034"]);
});

Deno.test("timeTicks() has an answer for all the time that dates can tell", () => {
  for (const most of [0, 1, 7, 50]) {
    const ticks = labels("01000101", "99991231", most);
    assert(ticks.length >= 1 && ticks.length <= Math.max(2, most + 1), `${most}: ${ticks.length}`);
    assert(labels("20260105", "20260710", most).length >= 1);
  }
});

Deno.test("dayNumber() counts days from 1970, isoDay() writes them", () => {
  assertEquals([dayNumber("19700101"), dayNumber("19700201"), dayNumber("20240229")], [0, 31, 19_782]);
  assertEquals(isoDay(19_782), "2024-02-29");
});
