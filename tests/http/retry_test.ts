import { ConnectionError, ImapError, ResponseError } from "../../src/errors.ts";
import { retry, type RetryOptions } from "../../src/http/call.ts";
import type { HttpEvent } from "../../src/http/transport.ts";
import { assertEquals, assertRejects } from "@std/assert";

/** Options whose waits are only recorded. */
function counting(retries: number, random = 1) {
  const waits: number[] = [];
  const events: HttpEvent[] = [];
  const options: RetryOptions = {
    action: "try",
    retries,
    log: (event) => events.push(event),
    random: () => random,
    sleep: (milliseconds) => {
      waits.push(milliseconds);
      return Promise.resolve();
    },
  };
  return { options, waits, events };
}

const busy = (retryAfterMs?: number) => new ResponseError("busy", { status: 503, retryable: true, retryAfterMs });

Deno.test("retry() retries after retryable errors, and waits twice as long each time", async () => {
  const { options, waits, events } = counting(9);
  let tries = 0;
  const result = await retry(() => {
    tries += 1;
    return tries <= 7 ? Promise.reject(new ConnectionError("broken")) : Promise.resolve("done");
  }, options);
  assertEquals(result, "done");
  assertEquals(waits, [500, 1000, 2000, 4000, 8000, 16000, 20000]);
  assertEquals(events.length, 7);
});

Deno.test("retry() waits for a random part of the time, so that clients do not retry at the same time", async () => {
  const { options, waits } = counting(3, 0.25);
  await assertRejects(() => retry(() => Promise.reject(new ConnectionError("broken")), options), ConnectionError);
  assertEquals(waits, [125, 250, 500]);
});

Deno.test("retry() waits no less than usual when the server asks for less", async () => {
  const { options, waits } = counting(3);
  await assertRejects(() => retry(() => Promise.reject(busy(700)), options), ResponseError);
  assertEquals(waits, [770, 1000, 2000]);
});

Deno.test("retry() gives up after the last retry with the last error", async () => {
  const { options, waits } = counting(2);
  let tries = 0;
  const fail = () => Promise.reject(new ConnectionError(`no ${tries++}`));
  await assertRejects(() => retry(fail, options), ConnectionError, "no 2");
  assertEquals(waits.length, 2);
});

Deno.test("retry() counts from 0 after an attempt that made progress", async () => {
  const { options, waits } = counting(1);
  const progress = [true, true, true, false, false];
  let tries = 0;
  const fail = () => Promise.reject(new ConnectionError(`no ${tries++}`));
  const progressed = () => progress.shift() ?? false;
  await assertRejects(() => retry(fail, { ...options, hasProgressed: progressed }), ConnectionError, "no 3");
  assertEquals(waits, [500, 500, 500]);
});

Deno.test("retry() does not retry after other errors", async () => {
  for (const error of [new ImapError("no"), new ResponseError("no", { status: 404 }), new TypeError("a defect")]) {
    const { options, waits } = counting(5);
    await assertRejects(() => retry(() => Promise.reject(error), options), Error);
    assertEquals(waits, []);
  }
});

Deno.test("retry() never retries sooner than Retry-After asks", async () => {
  const { options, waits } = counting(1, 0);
  await assertRejects(() => retry(() => Promise.reject(busy(7000)), options), ResponseError);
  assertEquals(waits, [7000]);
});

Deno.test("retry() does not wait for a server that asks for an hour", async () => {
  const { options, waits } = counting(5);
  await assertRejects(() => retry(() => Promise.reject(busy(3_600_000)), options), ResponseError);
  assertEquals(waits, []);
});

Deno.test("retry() ends its wait when the signal is aborted", async () => {
  const stop = new AbortController();
  const options = { action: "try", retries: 3, log: () => stop.abort(new Error("stopped")), signal: stop.signal };
  await assertRejects(() => retry(() => Promise.reject(busy(60_000)), options), Error, "stopped");
});
