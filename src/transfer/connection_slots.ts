/** How many more connections may be opened: each file of a batch has one, and a large file borrows those that are free. */
export class ConnectionSlots {
  #free: number;

  /** @param free How many are free at first. */
  constructor(free: number) {
    this.#free = free;
  }

  /** How many are free. */
  get free(): number {
    return this.#free;
  }

  /** Takes one. @returns Whether one was free. */
  take(): boolean {
    if (this.#free <= 0) return false;
    this.#free -= 1;
    return true;
  }

  /** Gives one back, or adds one. */
  give(): void {
    this.#free += 1;
  }
}
