/** The median of some figures: on a busy machine it says more than their mean. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] ?? NaN : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** A timed function. */
export type Run = () => Promise<void> | void;

/** A timed function, and one that runs after it and is not timed: it checks the result and cleans up. */
export interface RunAndAfter {
  readonly run: Run;
  readonly after: Run;
}

/**
 * Runs functions in turn, round after round, so that other load on the machine affects all of them.
 *
 * @returns The median time of each in milliseconds; NaN for one that is undefined and was skipped.
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
  /** Undefined for figures without a goal, which are only for comparison. */
  readonly met: boolean | undefined;
  /** The time of the Python client for the same work, if it can do that and is installed. */
  readonly python?: string | undefined;
}

/** A ratio, together with the times it was computed from. */
export function ratio(work: string, ours: number, theirs: number, most: number): Result {
  return {
    ...comparison(work, ours, theirs),
    goal: `at most ${Number(most.toPrecision(3))}`,
    met: ours / theirs <= most,
  };
}

/** Formats a time for the report; undefined if it was not measured. */
export function shownTime(milliseconds: number): string | undefined {
  return Number.isNaN(milliseconds) ? undefined : `${milliseconds.toFixed(0)} ms`;
}

/** A ratio without a goal. */
export function comparison(work: string, ours: number, theirs: number): Result {
  const figure = `${(ours / theirs).toFixed(2)} (${ours.toFixed(0)} ms / ${theirs.toFixed(0)} ms)`;
  return { work, figure, goal: "-", met: undefined };
}
