// Every fault in every place: the result of the operation, and that no harm is done.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FAULTS } from "../support/faults/faults.ts";
import { assertTakesLess } from "../support/time.ts";
import { assertHarmlessText } from "../views/hostile.ts";
import type { Cell } from "./fault_cell.ts";
import { observe, type Observed, type Step, STEPS } from "./fault_lab.ts";
import { FAULT_TABLE } from "./fault_table.ts";

/** No operation may take longer, with three tries and waits of a second before retries. */
const MAX_MS = 20_000;

/** Valid rows are read until there are 256 MB of them. */
const ROWS = "sends a gigabyte of rows";

function longestOf(name: string): number {
  return name === ROWS ? 3 * MAX_MS : MAX_MS;
}

/** Faults that take time to show have a client with a short timeout. */
function timeoutOf(name: string): number {
  return /^(never answers|stalls|sends a byte|drips|answers 102)/.test(name) ? 400 : 10_000;
}

/** One operation, one fault. */
async function observeCell(name: string, step: Step, times: "once" | "always"): Promise<Observed> {
  const fault = FAULTS.get(name);
  assert(fault !== undefined);
  const attempts: Observed[] = [];
  await assertTakesLess(longestOf(name), async () => {
    const observed = await observe({
      step,
      fault,
      times,
      timeoutMs: timeoutOf(name),
      length: 2000,
      resumes: name.includes("a range was requested") || name.includes("another range"),
      byRows: name.startsWith("names"),
    });
    attempts.push(observed);
    return observed.milliseconds;
  });
  const last = attempts.at(-1);
  assert(last !== undefined);
  return last;
}

/** Asserts what must hold no matter what a server does. */
function assertHarmless({ seen, damage }: Observed): void {
  assertHarmlessText(seen);
  assert(!/k3y-|s3cret/.test(seen), "a secret is to be seen");
  assertEquals(damage, []);
}

function assertError({ error }: Observed, { error: name, says }: { error: string; says: string }): void {
  assertEquals(error?.name, name, error?.message);
  assertStringIncludes(error?.message ?? "", says);
  // The message is readable, however much the server has sent.
  assert((error?.message.length ?? 0) < 1000, `the message has ${error?.message.length} characters`);
}

function assertDone({ error }: Observed): void {
  assertEquals(error?.message, undefined);
}

async function walk(name: string, step: Step, cell: Cell): Promise<void> {
  if (cell.gives === "not applicable") return;
  const once = observeCell(name, step, "once");
  // One at a time, since it takes much memory.
  if (name === ROWS) await once;
  const observed = await Promise.all([once, observeCell(name, step, "always")]);
  for (const one of observed) assertHarmless(one);
  const [first, always] = observed;
  if (cell.gives === "error") assertError(first, cell);
  else assertDone(first);
  if (cell.gives === "done") assertDone(always);
  else assertError(always, cell);
}

Deno.test("the table of faults has a row for each fault", () => {
  assertEquals(Object.keys(FAULT_TABLE).toSorted(), [...FAULTS.keys()].toSorted());
});

for (const [name, row] of Object.entries(FAULT_TABLE)) {
  Deno.test(`a server that ${name} is handled as the table of faults says`, async () => {
    const walks = await Promise.allSettled(row.map(async (cell, at) => {
      const step = STEPS[at] ?? "query";
      await walk(name, step, cell).catch((cause) => {
        throw new Error(`${step}: ${cause.message}`, { cause });
      });
    }));
    const wrong = walks.flatMap((result) => result.status === "rejected" ? [result.reason] : []);
    if (wrong.length > 0) throw new AggregateError(wrong, wrong.map(({ message }) => message).join("\n"));
  });
}
