import { assert, assertEquals, assertRejects } from "@std/assert";
import { assertTakesLess, processorTime } from "./time.ts";

Deno.test("assertTakesLess() needs one attempt of three below the limit, and makes no more than it needs", async () => {
  const attempts = async (...times: number[]) => {
    let count = 0;
    await assertTakesLess(100, () => Promise.resolve(times[count++] ?? 0));
    return count;
  };
  assertEquals([await attempts(99), await attempts(100, 50), await attempts(300, 200, 1)], [1, 2, 3]);
  await assertRejects(() => attempts(300, 100, 200), Error, "it took 300, 100, 200 ms instead of less than 100 ms");
});

Deno.test("processorTime() counts the work of this thread, and no wait", async () => {
  const before = processorTime();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const idle = processorTime() - before;
  for (const end = processorTime() + 100; processorTime() < end;);
  assert(idle < 250, `${idle} ms`);
});
