/** The measurements of one kind of request. */
interface Measured {
  readonly milliseconds: number[];
}

/** The quantile of times: with `0.99`, 99% of the times are not longer. */
function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

/** The durations of requests, by kind. */
export class Figures {
  readonly #kinds = new Map<string, Measured>();
  readonly #begun = performance.now();

  /** Measures a request that must succeed; failed ones do not count. */
  async timed<Value>(kind: string, act: () => Promise<Value>): Promise<Value> {
    const begun = performance.now();
    const value = await act();
    const measured = this.#kinds.get(kind) ?? { milliseconds: [] };
    this.#kinds.set(kind, measured);
    measured.milliseconds.push(performance.now() - begun);
    return value;
  }

  /** The number of successful requests of a kind. */
  count(kind: string): number {
    return this.#kinds.get(kind)?.milliseconds.length ?? 0;
  }

  /** A line for each kind, and one for all requests. */
  lines(): string[] {
    const seconds = (performance.now() - this.#begun) / 1000;
    const all = [...this.#kinds.values()].reduce((sum, { milliseconds }) => sum + milliseconds.length, 0);
    const kinds = [...this.#kinds].map(([kind, { milliseconds }]) => {
      const sorted = milliseconds.toSorted((a, b) => a - b);
      const [p50, p99] = [0.5, 0.99].map((part) => percentile(sorted, part).toFixed(1));
      return `  ${kind}: ${sorted.length}, ${
        (sorted.length / seconds).toFixed(0)
      } a second, p50 ${p50} ms, p99 ${p99} ms`;
    });
    return [`  requests: ${all} in ${seconds.toFixed(0)} s, ${(all / seconds).toFixed(0)} a second`, ...kinds];
  }
}
