import { matchesGlob } from "../../src/names/fields.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { processorTime } from "../support/time.ts";

Deno.test("matchesGlob() agrees with the pattern that a glob stands for", () => {
  const text = fc.string({ unit: fc.constantFrom(..."ab_."), maxLength: 12 });
  const glob = fc.string({ unit: fc.constantFrom(..."ab_.*?"), maxLength: 8 });
  fc.assert(
    fc.property(text, glob, (text, glob) => {
      const pattern = glob.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
      assertEquals(matchesGlob(text, glob), new RegExp(`^${pattern}$`, "s").test(text), `${text} ${glob}`);
    }),
    { seed: 20260924, numRuns: 5_000 },
  );
});

Deno.test("matchesGlob() takes no more than the product of both lengths", () => {
  const started = processorTime();
  assertEquals(matchesGlob("a".repeat(10_000), `${"a*".repeat(100)}b`), false);
  assert(processorTime() - started < 2_000);
});
