/**
 * How long to wait for a peer. Waiting uses patience up, and bytes that move restore it: a peer that stays below a minimum
 * speed for too long is given up; a faster one never is, however much there is to transfer.
 */
export class Patience {
  readonly #maxMs: number;
  readonly #msPerByte: number;
  #leftMs: number;

  /**
   * Starts with full patience.
   *
   * @param maxMs How long nothing may move.
   * @param minSpeed Bytes per second: a slower peer uses patience up.
   */
  constructor(maxMs: number, minSpeed: number) {
    this.#maxMs = maxMs;
    this.#msPerByte = 1000 / minSpeed;
    this.#leftMs = maxMs;
  }

  /** Whether none is left. */
  get isSpent(): boolean {
    return this.#leftMs <= 0;
  }

  /** Counts time that was spent waiting. */
  waited(milliseconds: number): void {
    this.#leftMs -= milliseconds;
  }

  /** Counts bytes that were transferred. */
  moved(bytes: number): void {
    this.#leftMs = Math.min(this.#maxMs, this.#leftMs + bytes * this.#msPerByte);
  }

  /**
   * Waits for a promise. Only this time counts as waiting, not what the caller does between two calls.
   *
   * @param giveUp Called when no patience is left; it must end the wait.
   */
  async during<Value>(waiting: Promise<Value>, giveUp: () => void): Promise<Value> {
    const begun = performance.now();
    const timer = setTimeout(giveUp, Math.max(0, this.#leftMs));
    try {
      return await waiting;
    } finally {
      clearTimeout(timer);
      this.waited(performance.now() - begun);
    }
  }
}
