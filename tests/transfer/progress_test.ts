import { ResponseError } from "../../src/errors.ts";
import { Progress } from "../../src/transfer/download.ts";
import { assert, assertEquals } from "@std/assert";

const refused = new ResponseError("no", { status: 403 });

function isRetryable(error: unknown): boolean {
  return error instanceof ResponseError && error.retryable;
}

Deno.test("Progress counts only kept bytes that clearly exceed all earlier ones", () => {
  const progress = new Progress(100_000);
  const tries: [kept: number, progressed: boolean][] = [
    [100_000, false],
    [150_000, true],
    [0, false],
    [120_000, false],
    [150_400, false],
    [150_499, false],
    [150_500, true],
  ];
  for (const [kept, progressed] of tries) {
    progress.begin();
    progress.end(kept);
    assertEquals(progress.hasProgressed, progressed, `${kept}`);
  }
  progress.begin();
  assert(!progress.hasProgressed, "a try that never came to the store has brought nothing");
});

Deno.test("Progress tolerates one rejected URL, and one more after each attempt that made progress", () => {
  const progress = new Progress(0);
  assertEquals([isRetryable(progress.judge(refused)), isRetryable(progress.judge(refused))], [true, false]);
  progress.end(10_000);
  assertEquals([isRetryable(progress.judge(refused)), isRetryable(progress.judge(refused))], [true, false]);
  const other = new ResponseError("no", { status: 404 });
  assertEquals(progress.judge(other), other);
});

Deno.test("Progress reports how many bytes were not transferred again", () => {
  const progress = new Progress(100);
  assertEquals(progress.resumedFrom, 0);
  progress.resume(100);
  progress.resume(150);
  assertEquals(progress.resumedFrom, 100);
  progress.resume(0);
  assertEquals(progress.resumedFrom, 0);
});
