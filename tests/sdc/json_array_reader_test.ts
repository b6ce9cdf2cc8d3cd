import { parseJson } from "../../src/protocol/tables.ts";
import { JsonArrayReader, NoJsonArray } from "../../src/sdc/run_query.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { processorTime } from "../support/time.ts";

/** Reads a text in pieces of some lengths. */
function readAll(text: string, lengths: readonly number[]): unknown[] {
  const reader = new JsonArrayReader();
  const values: unknown[] = [];
  let at = 0;
  for (let turn = 0; at < text.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    values.push(...reader.push(text.slice(at, at + length)));
    at += length;
  }
  assert(reader.isDone, text);
  return values;
}

Deno.test("JsonArrayReader returns the values of any array, however it is split into chunks", () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue()),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      fc.constantFrom(undefined, 2),
      (values, lengths, indent) => {
        const json = JSON.stringify(values, null, indent);
        assertEquals(readAll(` ${json}\n`, lengths), parseJson(json));
      },
    ),
    { seed: 20260924, numRuns: 500 },
  );
});

Deno.test("JsonArrayReader returns each value as soon as it is complete", () => {
  const reader = new JsonArrayReader();
  assertEquals(reader.push('[{"a":"],'), []);
  assertEquals(reader.push('\\"}"},{"a"'), [{ a: '],"}' }]);
  assertEquals(reader.push(":[1,2]},"), [{ a: [1, 2] }]);
  assertEquals(reader.isDone, false);
  assertEquals(reader.push("null]"), [null]);
  assertEquals(reader.isDone, true);
});

Deno.test("JsonArrayReader rejects what is not an array", () => {
  for (const text of ["<html>", '{"a":1}', "[1] x", '"[1]"', "1", "[1]]"]) {
    assertThrows(() => new JsonArrayReader().push(text), NoJsonArray);
  }
  for (const text of ["[1 2]", "[,]", "[{],1]", '["\n"]']) {
    assertThrows(() => new JsonArrayReader().push(text), SyntaxError);
  }
  const reader = new JsonArrayReader();
  reader.push('["');
  assertThrows(() => reader.push("x".repeat(5_000_000)), NoJsonArray, "too long");
});

Deno.test("JsonArrayReader rejects a comma without a value, wherever the chunks end", () => {
  for (const text of ["[,1]", "[ , 1 ]", "[1,,2]", "[1,]", '[,{"file_path":"imap/mag"}]']) {
    for (let at = 0; at <= text.length; at++) {
      const read = () => {
        const reader = new JsonArrayReader();
        reader.push(text.slice(0, at));
        reader.push(text.slice(at));
      };
      assertThrows(read, SyntaxError);
    }
  }
});

Deno.test("JsonArrayReader takes linear time for an array in small chunks", () => {
  const time = (rows: number) => {
    const text = `[${Array(rows).fill('{"file_path":"imap/mag"}').join(",")}]`;
    const started = processorTime();
    assertEquals(readAll(text, [64]).length, rows);
    return processorTime() - started;
  };
  time(20_000);
  const quickest = (rows: number) => Math.min(time(rows), time(rows), time(rows));
  const [short, long] = [quickest(20_000), quickest(200_000)];
  // Quadratic work takes a hundred times as long; linear work takes ten times as long, or more on a busy machine.
  assert(long < 50 * Math.max(short, 1), `${short} ms, then ${long} ms`);
});
