// Defines the tests of the client or the archive against the samples. Pending tests must fail.
import { assert, assertEquals } from "@std/assert";
import { PENDING, SAMPLES } from "./samples/index.ts";

/** Which program is tested. */
export type Side = "client" | "archive";

/** The samples that need a test on a side. */
function samplesOf(side: Side): string[] {
  return Object.entries(SAMPLES)
    .filter(([, { clientOnly }]) => side === "client" || clientOnly === undefined)
    .map(([file]) => file);
}

/** Defines the tests of a side. There must be exactly one for each of its samples. */
export function sampleTests(side: Side, tests: Readonly<Record<string, () => Promise<void>>>): void {
  Deno.test(`every sample has a test of the ${side}`, () => {
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
