import { bytesIn, cutRanges, joinRanges } from "../../src/transfer/partial_file.ts";
import { assert, assertEquals } from "@std/assert";

const range = (first: number, last: number) => ({ first, last });

Deno.test("cutRanges() covers every byte exactly once", () => {
  assertEquals(cutRanges([], 10), []);
  assertEquals(cutRanges([range(0, 0)], 10), [range(0, 0)]);
  assertEquals(cutRanges([range(5, 14)], 10), [range(5, 14)]);
  assertEquals(cutRanges([range(5, 15)], 10), [range(5, 14), range(15, 15)]);
  assertEquals(cutRanges([range(0, 24), range(30, 31)], 10), [
    range(0, 9),
    range(10, 19),
    range(20, 24),
    range(30, 31),
  ]);
});

Deno.test("joinRanges() joins adjacent and overlapping ranges, in any order", () => {
  assertEquals(joinRanges([]), []);
  assertEquals(joinRanges([range(10, 19), range(0, 9)]), [range(0, 19)]);
  assertEquals(joinRanges([range(11, 19), range(0, 9)]), [range(0, 9), range(11, 19)]);
  assertEquals(joinRanges([range(0, 30), range(10, 19)]), [range(0, 30)]);
  assertEquals(joinRanges([range(20, 19), range(0, 9)]), [range(0, 9)], "a piece that is through is none");
});

Deno.test("joinRanges() undoes cutRanges() for every length", () => {
  const ranges = [range(3, 70), range(80, 80), range(90, 200)];
  for (let length = 1; length < 130; length++) {
    const pieces = cutRanges(ranges, length);
    assert(pieces.every(({ first, last }) => last - first < length));
    assertEquals(bytesIn(pieces), bytesIn(ranges));
    assertEquals(joinRanges(pieces.toReversed()), ranges);
  }
});
