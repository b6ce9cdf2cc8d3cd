import { readRange } from "../../src/archive/objects.ts";
import { assertEquals } from "@std/assert";

const part = (first: number, last: number) => ({ first, last });

Deno.test("readRange() reads each form of a single range", () => {
  assertEquals(readRange("bytes=0-0", 10), part(0, 0));
  assertEquals(readRange("bytes=2-5", 10), part(2, 5));
  assertEquals(readRange("bytes=2-", 10), part(2, 9));
  assertEquals(readRange("bytes=-3", 10), part(7, 9));
  assertEquals(readRange("Bytes=9-", 10), part(9, 9));
});

Deno.test("readRange() ends at the end of the object", () => {
  assertEquals(readRange("bytes=5-99999999999999999999", 10), part(5, 9));
  assertEquals(readRange("bytes=-11", 10), part(0, 9));
});

Deno.test("readRange() returns unsatisfiable for a range that begins behind the end", () => {
  for (const header of ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-"]) {
    assertEquals(readRange(header, 10), "unsatisfiable");
  }
  assertEquals(readRange("bytes=0-", 0), "unsatisfiable");
  assertEquals(readRange("bytes=-1", 0), "unsatisfiable");
});

Deno.test("readRange() returns the whole object for headers that it does not support", () => {
  for (const header of [null, "", "bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "0-1"]) {
    assertEquals(readRange(header, 10), "whole");
  }
});
