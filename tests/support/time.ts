// What tests measure, so that other work of the machine fails none of them.
import { assert } from "@std/assert";
import process from "node:process";

/** How often a limit of wall time may be missed before it counts: other work disturbs one attempt, a slow program all. */
const MAX_ATTEMPTS = 3;

/**
 * Asserts that something takes less than a limit of wall time, in at least one of three attempts. Tests whose limit is not
 * far above what they take are in files named `*_clock_test.ts`, which run one after another.
 *
 * @param limitMs The limit in milliseconds.
 * @param attempt Prepares everything, measures, and returns the time in milliseconds. Whatever it asserts fails the test.
 */
export async function assertTakesLess(limitMs: number, attempt: () => Promise<number>): Promise<void> {
  const times: number[] = [];
  do {
    times.push(Math.round(await attempt()));
  } while (times.length < MAX_ATTEMPTS && Math.min(...times) >= limitMs);
  assert(Math.min(...times) < limitMs, `it took ${times.join(", ")} ms instead of less than ${limitMs} ms`);
}

/** Measures the wall time of something, in milliseconds. */
export async function wallTimeOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Whether the processor time of a thread can be read to the nanosecond. */
const HAS_SCHEDULE = Deno.build.os === "linux" && (() => {
  try {
    return Deno.statSync("/proc/thread-self/schedstat").isFile;
  } catch {
    return false;
  }
})();

/**
 * The processor time of this thread, in milliseconds: how long its work would take on a machine that does nothing else.
 * Threads of the system that read files, and the collector's, are not part of it.
 */
export function processorTime(): number {
  if (HAS_SCHEDULE) return Number(Deno.readTextFileSync("/proc/thread-self/schedstat").split(" ")[0]) / 1e6;
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e3;
}
