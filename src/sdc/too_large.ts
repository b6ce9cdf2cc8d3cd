/** An answer that did not come, or not whole, because it is too large: only parts of what was asked for will. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";

  /** Keeps the error that is thrown when there are no smaller parts. */
  constructor(override readonly cause: Error) {
    super(cause.message);
  }
}
