/** The middle of some figures: on a noisy machine it says more than their mean. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] ?? NaN : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** What is timed. */
export type Run = () => Promise<void> | void;

/** What is timed, with what follows it outside of the time: checks and cleaning up. */
export interface RunAndAfter {
  readonly run: Run;
  readonly after: Run;
}

/**
 * Runs things in turn, round after round, so that what disturbs the machine disturbs all of them.
 *
 * @returns The median of each in milliseconds; NaN for one that is undefined, which is left out.
 */
export async function sideBySide<Name extends string>(
  runs: Readonly<Record<Name, Run | RunAndAfter | undefined>>,
  rounds: number,
): Promise<Record<Name, number>> {
  const names = Object.keys(runs) as Name[];
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const timed = runs[name];
      if (timed === undefined) continue;
      const { run, after } = typeof timed === "function" ? { run: timed, after: () => {} } : timed;
      const started = performance.now();
      await run();
      // The first round fills caches.
      if (round > 0) times.get(name)?.push(performance.now() - started);
      await after();
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times.get(name) ?? [])])) as Record<Name, number>;
}

/** One line of the report. */
export interface Result {
  readonly work: string;
  readonly figure: string;
  readonly goal: string;
  /** Undefined where the figure is for comparison and has no goal. */
  readonly met: boolean | undefined;
  /** What the Python client needs for the same, where it can do it and is there. */
  readonly python?: string | undefined;
}

/** A ratio with the times that it comes from. */
export function ratio(work: string, ours: number, theirs: number, most: number): Result {
  return {
    ...comparison(work, ours, theirs),
    goal: `at most ${Number(most.toPrecision(3))}`,
    met: ours / theirs <= most,
  };
}

/** A time for the report; undefined for one that was not measured. */
export function shownTime(milliseconds: number): string | undefined {
  return Number.isNaN(milliseconds) ? undefined : `${milliseconds.toFixed(0)} ms`;
}

/** A ratio that has no goal. */
export function comparison(work: string, ours: number, theirs: number): Result {
  const figure = `${(ours / theirs).toFixed(2)} (${ours.toFixed(0)} ms / ${theirs.toFixed(0)} ms)`;
  return { work, figure, goal: "-", met: undefined };
}
