import { delay } from "@std/async";
import type { Result } from "../measure.ts";

/** The interval of looks. The figure never decreases, so only the last moment of a process is missed. */
const LOOK_MS = 15;
const MEGABYTE = 1_000_000;
const MAX_MB = 120;

/** The peak resident memory of a process, in bytes (VmHWM, proc(5)); undefined when it has ended. */
export async function peakOf(pid: number): Promise<number | undefined> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** Watches a process until it ends. @returns Its peak memory in bytes; 0 on systems without /proc. */
export async function watchPeak(pid: number): Promise<number> {
  let peak = 0;
  for (let now = await peakOf(pid); now !== undefined; now = await peakOf(pid)) {
    peak = now;
    await delay(LOOK_MS);
  }
  return peak;
}

/** The line of the report with the highest of several peaks. */
export function peakResult(work: string, peaks: readonly number[]): Result {
  const peak = Math.max(...peaks) / MEGABYTE;
  const unknown = peak === 0;
  return {
    work: `peak memory: ${work}`,
    figure: unknown ? "unknown: no /proc here" : `${peak.toFixed(0)} MB`,
    goal: `at most ${MAX_MB} MB`,
    met: unknown ? undefined : peak <= MAX_MB,
  };
}
