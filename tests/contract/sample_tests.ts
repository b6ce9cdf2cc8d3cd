// Defines the tests of one side against the samples: one for each, and the pending ones must fail.
import { assert, assertEquals } from "@std/assert";
import { PENDING, SAMPLES } from "./samples/index.ts";

/** Which program is held against the samples. */
export type Side = "client" | "archive";

/** The samples that a side has to have a test for. */
function samplesOf(side: Side): string[] {
  return Object.entries(SAMPLES)
    .filter(([, { clientOnly }]) => side === "client" || clientOnly === undefined)
    .map(([file]) => file);
}

/** Defines the tests of a side: one for each of its samples, no more and no fewer. */
export function sampleTests(side: Side, tests: Readonly<Record<string, () => Promise<void>>>): void {
  Deno.test(`every sample has its test: ${side}`, () => {
    assertEquals(samplesOf(side).filter((file) => !(file in tests)), []);
    assertEquals(Object.keys(tests).filter((file) => !samplesOf(side).includes(file)), []);
    assertEquals(Object.keys(PENDING[side]).filter((file) => !(file in tests)), []);
  });
  for (const [file, test] of Object.entries(tests)) {
    const pending = PENDING[side][file];
    if (pending === undefined) {
      Deno.test(`${side}: ${file}`, test);
      continue;
    }
    Deno.test(`${side}: ${file} (pending: ${pending})`, async () => {
      const failure = await test().then(() => undefined, (error: unknown) => error);
      assert(failure !== undefined, `${file} no longer fails: remove it from PENDING`);
    });
  }
}
