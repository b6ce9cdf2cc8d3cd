/** A caller who is slower than this uses patience up; bytes a millisecond, near 1 KiB a second. */
const BYTES_A_MILLISECOND = 1;

/**
 * Waits for a caller, as long as that is worth it. Waiting uses patience up, bytes that move give it back: who is slower
 * than 1 KiB a second for too long is given up, who is faster never, however large the file. The disk's time is not the
 * caller's: only waits for the caller count.
 */
export class Patience {
  readonly #mostMs: number;
  readonly #giveUp: () => void;
  #leftMs: number;

  /**
   * Begins with all of it.
   *
   * @param mostMs How long a caller may do nothing.
   * @param giveUp Ends the connection, and with it whatever is waited for.
   */
  constructor(mostMs: number, giveUp: () => void) {
    this.#mostMs = mostMs;
    this.#leftMs = mostMs;
    this.#giveUp = giveUp;
  }

  /** Waits for what the caller does next. */
  async during<Value>(waiting: Promise<Value>): Promise<Value> {
    const begun = performance.now();
    const timer = setTimeout(this.#giveUp, this.#leftMs);
    try {
      return await waiting;
    } finally {
      clearTimeout(timer);
      this.#leftMs = Math.max(0, this.#leftMs - (performance.now() - begun));
    }
  }

  /** The caller sent or took so many bytes. */
  moved(bytes: number): void {
    this.#leftMs = Math.min(this.#mostMs, this.#leftMs + bytes / BYTES_A_MILLISECOND);
  }
}
