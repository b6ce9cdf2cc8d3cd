import {
  dateOfMissionSeconds,
  dateOfTdbSeconds,
  missionSeconds,
  startOfDay,
  tdbSeconds,
  tt2000,
} from "../src/names/fields.ts";
import { assertEquals } from "@std/assert";

Deno.test("tt2000() counts the leap seconds", () => {
  // The numbers are those of cdflib's compute_tt2000.
  const expected: readonly (readonly [day: string, nanoseconds: bigint])[] = [
    ["20050601", 170856064184000000n],
    ["20070101", 220881665184000000n],
    ["20100101", 315576066184000000n],
    ["20130101", 410270467184000000n],
    ["20160101", 504878468184000000n],
    ["20240720", 774705669184000000n],
  ];
  for (const [day, nanoseconds] of expected) assertEquals(tt2000(startOfDay(day)), nanoseconds, day);
});

Deno.test("missionSeconds() starts at 2010-01-01 and counts the three leap seconds since", () => {
  assertEquals(missionSeconds(startOfDay("20100101")), 0);
  assertEquals(missionSeconds(startOfDay("20100102")), 86_400);
  assertEquals(missionSeconds(startOfDay("20170101")), 2557 * 86_400 + 3);
});

Deno.test("dateOfMissionSeconds() is the inverse of missionSeconds(), around leap seconds too", () => {
  for (const day of ["20100101", "20120630", "20120701", "20150701", "20161231", "20170101", "20260131"]) {
    const midnight = startOfDay(day).getTime();
    for (const moment of [midnight, midnight + 1000, midnight + 86_399_000]) {
      assertEquals(dateOfMissionSeconds(missionSeconds(new Date(moment))), new Date(moment), day);
    }
  }
});

Deno.test("tdbSeconds() counts as SPICE does", () => {
  // The numbers are the SDC's, of its static kernels; the last one is of a kernel that starts 178 microseconds later.
  assertEquals(tdbSeconds(startOfDay("20100101")), 315576066.1839245);
  assertEquals(tdbSeconds(startOfDay("21450101")), 4575787269.183866);
  const difference = 812631669.2765242 - tdbSeconds(new Date("2025-10-01T23:00:00.094Z"));
  assertEquals(difference.toFixed(6), "0.000178");
});

Deno.test("dateOfTdbSeconds() is the inverse of tdbSeconds(), around leap seconds too", () => {
  for (const day of ["20100101", "20161231", "20170101", "20260131"]) {
    const midnight = startOfDay(day).getTime();
    for (const moment of [midnight, midnight + 1, midnight + 86_399_999]) {
      assertEquals(dateOfTdbSeconds(tdbSeconds(new Date(moment))), new Date(moment), day);
    }
  }
  assertEquals(dateOfTdbSeconds(1e300), undefined);
  assertEquals(dateOfTdbSeconds(NaN), undefined);
});
