import { colorScale, dayNumber, isoDay, scaleOf, timeTicks } from "../../src/display/chart.ts";
import { assert, assertEquals } from "@std/assert";

const labels = (first: string, last: string, most: number) =>
  timeTicks(dayNumber(first), dayNumber(last), most).map(({ label }) => label);

Deno.test("timeTicks() labels days, months or years, as fine as there is room for", () => {
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

Deno.test("timeTicks() labels every time that dates can express", () => {
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

Deno.test("scaleOf() maps a domain to pixels, linearly, by roots, or by powers of ten", () => {
  assertEquals([0, 5, 10, 20].map(scaleOf("linear", [0, 10], [100, 200]).at), [100, 150, 200, 300]);
  assertEquals([0, 1, 4, 16].map(scaleOf("sqrt", [0, 16], [0, 4]).at), [0, 1, 2, 4]);
  assertEquals([1, 10, 1000].map(scaleOf("log", [1, 1000], [300, 0]).at), [300, 200, 0]);
  assertEquals(scaleOf("linear", [7, 7], [0, 10]).at(7), 5, "a domain of one value is drawn in the middle");
  assertEquals(scaleOf("linear", [0, 1], [0, 10]).at(NaN), NaN);
});

Deno.test("ticks() are round values in the domain, at most as many as there is room for", () => {
  const labels = (from: number, to: number, most: number) =>
    scaleOf("linear", [from, to], [0, 1]).ticks(most).map(({ label }) => label);
  assertEquals(labels(0, 10, 5), ["0", "2", "4", "6", "8", "10"]);
  assertEquals(labels(-1, 1, 4), ["-1.0", "-0.5", "0.0", "0.5", "1.0"]);
  assertEquals(labels(0.1, 0.7, 6), ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"]);
  assertEquals(labels(0, 3e9, 3), ["0", "1000000000", "2000000000", "3000000000"]);
  assertEquals(labels(5, 5, 3), ["5"]);
  assertEquals(labels(NaN, 5, 3), ["NaN"]);
  const log = (from: number, to: number, most: number) =>
    scaleOf("log", [from, to], [0, 1]).ticks(most).map(({ label }) => label);
  assertEquals(log(1, 1e5, 10), ["1", "10", "100", "1000", "1e4", "1e5"]);
  assertEquals(log(0.5, 2e8, 3), ["1", "1000", "1e6"]);
  assertEquals(log(2, 8, 3), ["2", "4", "6", "8"]);
});

Deno.test("colorScale() mixes its colors, or uses them in bands", () => {
  const gray = colorScale({ type: "linear", domain: [0, 10], colors: ["#000000", "#ffffff"] });
  assertEquals([-5, 0, 5, 10, 99].map(gray), ["#000000", "#000000", "#808080", "#ffffff", "#ffffff"]);
  const three = colorScale({ type: "log", domain: [1, 100], colors: ["#000000", "#ff0000", "#ffffff"] });
  assertEquals([1, 10, 100].map(three), ["#000000", "#ff0000", "#ffffff"]);
  assertEquals([0, -1, NaN].map(three), [undefined, undefined, undefined]);
  const bands = colorScale({ type: "linear", domain: [0, 2], colors: ["#111111", "#222222"], isBanded: true });
  assertEquals([0, 0.9, 1.1, 2].map(bands), ["#111111", "#111111", "#222222", "#222222"]);
});

Deno.test("ticks end for numbers that are too large for their distance, and for infinite ones", () => {
  assertEquals(scaleOf("linear", [1e17, 1e17 + 32], [0, 1]).ticks(5).length <= 6, true);
  assertEquals(scaleOf("linear", [-Infinity, Infinity], [0, 1]).ticks(5).length, 1);
  assertEquals(scaleOf("log", [1, Infinity], [0, 1]).ticks(5), []);
  assertEquals(scaleOf("log", [0, 1], [0, 1]).ticks(5), []);
});
