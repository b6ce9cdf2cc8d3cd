/** The middle of some figures: on a noisy machine it says more than their mean. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] ?? NaN : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** Runs things in turn, round after round, so that what disturbs the machine disturbs all of them. */
export async function sideBySide<Name extends string>(
  runs: Readonly<Record<Name, () => Promise<void> | void>>,
  rounds: number,
): Promise<Record<Name, number>> {
  const names = Object.keys(runs) as Name[];
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const started = performance.now();
      await runs[name]();
      // The first round fills caches.
      if (round > 0) times.get(name)?.push(performance.now() - started);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times.get(name) ?? [])])) as Record<Name, number>;
}

/** One line of the report. */
export interface Result {
  readonly work: string;
  readonly figure: string;
  readonly goal: string;
  readonly met: boolean;
}

/** A ratio with the times that it comes from. */
export function ratio(work: string, ours: number, theirs: number, most: number): Result {
  const figure = `${(ours / theirs).toFixed(2)} (${ours.toFixed(0)} ms / ${theirs.toFixed(0)} ms)`;
  return { work, figure, goal: `at most ${most}`, met: ours / theirs <= most };
}
