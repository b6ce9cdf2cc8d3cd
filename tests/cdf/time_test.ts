import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  CdfError,
  type CdfTime,
  instantToTime,
  isoToTime,
  timesToMilliseconds,
  timeToDate,
  timeToInstant,
  timeToIso,
} from "../../src/cdf/cdf.ts";

// From NASA's and cdflib's documentation and tests; `deno task test:cdf` compares many more with cdflib.
const KNOWN: ReadonlyArray<readonly [iso: string, time: CdfTime]> = [
  ["2000-01-01T11:58:55.816000000Z", 0n],
  ["2000-01-01T12:00:00.000000000Z", 64_184_000_000n],
  ["2016-12-31T23:59:59.000000000Z", 536_500_867_184_000_000n],
  ["2016-12-31T23:59:60.000000000Z", 536_500_868_184_000_000n],
  ["2016-12-31T23:59:60.999999999Z", 536_500_869_183_999_999n],
  ["2017-01-01T00:00:00.000000000Z", 536_500_869_184_000_000n],
  ["1972-06-30T23:59:60.500000000Z", -867_931_157_316_000_000n],
  ["0000-01-01T00:00:00.000Z", 0],
  ["1970-01-01T00:00:00.000Z", 62_167_219_200_000],
  ["9999-12-31T23:59:59.998Z", 315_569_519_999_998],
  ["1970-01-01T00:00:00.000000000001Z", [62_167_219_200, 1]],
  ["2030-02-28T23:59:59.999999999999Z", [64_065_772_799, 999_999_999_999]],
];

Deno.test("timeToIso() and isoToTime() know leap seconds, and every digit that a type has", () => {
  for (const [iso, time] of KNOWN) {
    assertEquals(timeToIso(time), iso);
    const type = typeof time === "bigint" ? "TT2000" : typeof time === "number" ? "EPOCH" : "EPOCH16";
    assertEquals<unknown>(isoToTime(iso, type), time);
  }
});

Deno.test("timeToIso() cuts the digits that are not wanted", () => {
  assertEquals(timeToIso(536_500_869_183_999_999n, 3), "2016-12-31T23:59:60.999Z");
  assertEquals(timeToIso(0n, 0), "2000-01-01T11:58:55Z");
  assertEquals(timeToIso(62_167_219_200_000.5, 6), "1970-01-01T00:00:00.000500Z");
});

Deno.test("fill and pad values are no times", () => {
  const none: CdfTime[] = [-(2n ** 63n), -(2n ** 63n) + 1n, -1e31, -1e30, NaN, Infinity, [-1e31, -1e31], [NaN, 0]];
  for (const time of none) {
    assertEquals([timeToIso(time), timeToDate(time), timeToInstant(time)], [undefined, undefined, undefined]);
  }
  assertEquals(
    timesToMilliseconds(BigInt64Array.of(-(2n ** 63n), 64_184_000_000n), "TT2000"),
    Float64Array.of(NaN, 946_728_000_000),
  );
  assertEquals(timesToMilliseconds(Float64Array.of(-1e31, 62_167_219_200_000.25), "EPOCH"), Float64Array.of(NaN, 0.25));
  assertEquals(timesToMilliseconds(Float64Array.of(62_167_219_200, 5e11), "EPOCH16"), Float64Array.of(500));
});

Deno.test("the ends of the range of TT2000", () => {
  assertEquals(timeToIso(-(2n ** 63n) + 2n), "1707-09-22T12:12:10.961224194Z");
  assertEquals(timeToIso(2n ** 63n - 1n), "2292-04-11T11:46:07.670775807Z");
  assertThrows(() => isoToTime("2292-04-12", "TT2000"), CdfError, "1707-09-22 to 2292-04-11");
  assertThrows(() => isoToTime("1707-09-22", "TT2000"), CdfError);
});

Deno.test("isoToTime() takes days and minutes, and rejects what is no time", () => {
  assertEquals(isoToTime("1970-01-01", "EPOCH"), 62_167_219_200_000);
  assertEquals(isoToTime("1970-01-01T00:01", "EPOCH"), 62_167_219_260_000);
  assertEquals(isoToTime("1970-01-01 00:01:00.25", "EPOCH"), 62_167_219_260_250);
  for (
    const wrong of [
      "",
      "2025",
      "2025-02-30",
      "2025-13-01",
      "2025-01-01T24:00",
      "2025-01-01T23:59:60",
      "2016-12-31T12:59:60",
      "yesterday",
    ]
  ) {
    assertThrows(() => isoToTime(wrong, "TT2000"), CdfError, JSON.stringify(wrong));
  }
});

Deno.test("a Temporal.Instant keeps nanoseconds, a Date milliseconds; both get the second before a leap second", () => {
  const time = isoToTime("2024-02-29T12:34:56.789012345Z", "TT2000");
  assertEquals(timeToInstant(time)?.toString(), "2024-02-29T12:34:56.789012345Z");
  assertEquals(timeToDate(time)?.toISOString(), "2024-02-29T12:34:56.789Z");
  const leap = isoToTime("2016-12-31T23:59:60.25", "TT2000");
  assertEquals(timeToInstant(leap)?.toString(), "2016-12-31T23:59:59.25Z");
  assertEquals(timeToDate(leap)?.toISOString(), "2016-12-31T23:59:59.250Z");
  assertEquals(timesToMilliseconds(BigInt64Array.of(leap), "TT2000")[0], Date.UTC(2016, 11, 31, 23, 59, 59, 250));
});

Deno.test("instantToTime() is the way back", () => {
  for (const text of ["1969-12-31T23:59:59.999999999Z", "1999-12-31T00:00:00Z", "2030-06-15T12:00:00.123456789Z"]) {
    const instant = Temporal.Instant.from(text);
    assertEquals(timeToInstant(instantToTime(instant, "TT2000")), instant);
    assertEquals(timeToInstant(instantToTime(instant, "EPOCH16")), instant);
    const date = new Date(instant.epochMilliseconds);
    assertEquals(timeToDate(instantToTime(date, "EPOCH")), date);
    assertEquals(timeToDate(instantToTime(date, "TT2000")), date);
  }
  assertThrows(() => instantToTime(new Date(NaN), "EPOCH"), CdfError, "invalid");
});

Deno.test("timesToMilliseconds() does not take the last nanoseconds of a day for a leap second", () => {
  for (const day of ["1971-12-31", "2026-01-01", "2016-12-30"]) {
    const time = isoToTime(`${day}T23:59:59.999999999`, "TT2000");
    const midnight = Date.parse(`${day}T00:00:00Z`) + 86_400_000;
    assertEquals(Math.round(timesToMilliseconds(BigInt64Array.of(time), "TT2000")[0] ?? NaN), midnight);
  }
});

Deno.test("timesToMilliseconds() agrees with timeToDate() over many years", () => {
  const times = BigInt64Array.from(
    { length: 5000 },
    (_, index) => -1_200_000_000_000_000_000n + BigInt(index) * 501_234_567_890_123n,
  );
  const milliseconds = timesToMilliseconds(times, "TT2000");
  times.forEach((time, index) => {
    // A Date cuts what is less than a millisecond.
    const difference = (milliseconds[index] ?? NaN) - (timeToDate(time)?.getTime() ?? NaN);
    assert(difference > -1e-3 && difference < 1 + 1e-3, `${time}: ${difference}`);
  });
  assertThrows(() => timesToMilliseconds([1, 2], "TT2000"), CdfError);
});
