/**
 * How long somebody is waited for. Waiting uses patience up, bytes that move give it back: who is slower than some bytes a
 * second for too long is given up, who is faster never, however much there is to come.
 */
export class Patience {
  readonly #mostMs: number;
  readonly #msPerByte: number;
  #leftMs: number;

  /**
   * Begins with all of it.
   *
   * @param mostMs How long nothing may move.
   * @param leastSpeed Bytes a second: who is slower uses patience up.
   */
  constructor(mostMs: number, leastSpeed: number) {
    this.#mostMs = mostMs;
    this.#msPerByte = 1000 / leastSpeed;
    this.#leftMs = mostMs;
  }

  /** Whether none is left. */
  get isSpent(): boolean {
    return this.#leftMs <= 0;
  }

  /** Somebody was waited for. */
  waited(milliseconds: number): void {
    this.#leftMs -= milliseconds;
  }

  /** So many bytes moved. */
  moved(bytes: number): void {
    this.#leftMs = Math.min(this.#mostMs, this.#leftMs + bytes * this.#msPerByte);
  }

  /**
   * Waits for what somebody does next. Only this time counts: what is done with it meanwhile is not theirs.
   *
   * @param giveUp Called when no patience is left: it ends what is waited for.
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
