/**
 * How many connections may still be opened. Each file of a batch holds one; a large file borrows those that are free.
 */
export class ConnectionSlots {
  #free: number;

  /** @param count How many connections there may be at once. */
  constructor(count: number) {
    this.#free = count;
  }

  /** How many are free. */
  get free(): number {
    return this.#free;
  }

  /** Takes up to `most` slots, as many as are free. */
  take(most: number): number {
    const taken = Math.max(0, Math.min(most, this.#free));
    this.#free -= taken;
    return taken;
  }

  /** Gives slots back. */
  give(count: number): void {
    this.#free += count;
  }
}
