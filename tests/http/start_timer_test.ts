import { startInterval, startTimer } from "../../src/http/transport.ts";
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";

/** How long a timer takes, in milliseconds. */
async function timeOf(delayMs: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const started = performance.now();
  startTimer(delayMs, resolve);
  await promise;
  return performance.now() - started;
}

Deno.test("startTimer() calls after its delay, whether short or long, and regardless of other timers", async () => {
  const delays = [0, 20, 250, 251, 300, 400];
  const first = delays.map(timeOf);
  await timeOf(100);
  // These may share what the first ones began.
  const second = delays.map(timeOf);
  const times = await Promise.all([...first, ...second]);
  // Timers count whole milliseconds.
  for (const [index, delay] of [...delays, ...delays].entries()) {
    assert((times[index] ?? 0) >= delay - 2, `${delay} ms took ${times[index]} ms`);
  }
});

Deno.test("startTimer() does not call once it is stopped, at any time before", async () => {
  const called: string[] = [];
  startTimer(300, () => called.push("stopped at once"))();
  // A busy machine may wake this test too late to stop the other one.
  for (let isStopped = false; !isStopped;) {
    const stopLater = startTimer(350, () => called.push("stopped later"));
    // By then it has waited for most of its delay.
    await timeOf(280);
    isStopped = !called.includes("stopped later");
    if (!isStopped) called.pop();
    stopLater();
  }
  await timeOf(400);
  assertEquals(called, []);
});

Deno.test("startTimer() and startInterval() do not call if another one stops them that ends at the same time", async () => {
  const called: string[] = [];
  const stops: Array<() => void> = [];
  const stopAll = () => stops.forEach((stop) => stop());
  startTimer(20, stopAll);
  stops.push(startTimer(20, () => called.push("timer")), startInterval(20, () => called.push("interval")));
  // All of them are due at the next look.
  for (const started = performance.now(); performance.now() - started < 40;);
  await timeOf(100);
  stopAll();
  assertEquals(called, []);
});

Deno.test("startTimer() keeps the program running until its end, but not if it is stopped", async () => {
  const program = `
    import { startTimer } from "./src/http/transport.ts";
    const stop = startTimer(60_000, () => console.log("stopped"));
    startTimer(20, () => {
      stop();
      startTimer(300, () => console.log("ended"));
      startTimer(90_000, () => console.log("stopped"))();
    });`;
  const started = performance.now();
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", program],
    cwd: fromFileUrl(new URL("../..", import.meta.url)),
  }).output();
  assertEquals([success, new TextDecoder().decode(stdout)], [true, "ended\n"]);
  assert(performance.now() - started < 50_000);
});

Deno.test("startTimer() prints no warning when the program is busy until after its end", async () => {
  const program = `
    import { startTimer } from "./src/http/transport.ts";
    const { promise, resolve } = Promise.withResolvers();
    startTimer(300, resolve);
    for (const started = performance.now(); performance.now() - started < 350;);
    await promise;`;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", program],
    cwd: fromFileUrl(new URL("../..", import.meta.url)),
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals([success, new TextDecoder().decode(stderr)], [true, ""]);
});

Deno.test("startInterval() calls again and again at its interval, whether short or long, until it is stopped", async () => {
  const counts = await Promise.all([20, 100, 300].map(async (interval) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const started = performance.now();
    let calls = 0;
    const stop = startInterval(interval, () => {
      calls += 1;
      if (calls === 3) resolve();
    });
    await promise;
    const time = performance.now() - started;
    stop();
    assert(time >= 3 * (interval - 2), `3 times ${interval} ms took ${time} ms`);
    await timeOf(2 * interval);
    return calls;
  }));
  assertEquals(counts, [3, 3, 3]);
});

Deno.test("startInterval() does not call if it is stopped before its first interval is over", async () => {
  let calls = 0;
  const stop = startInterval(20, () => calls++);
  stop();
  await timeOf(60);
  assertEquals(calls, 0);
});
