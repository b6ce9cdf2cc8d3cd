import { ResponseError } from "../errors.ts";

/** How a download goes, from one try to the next. */
export class Progress {
  /** How many bytes of the object are there. */
  bytes = 0;
  #bytesBefore = 0;
  #isRefused = false;
  #resumedFrom: number | undefined;

  /** How many bytes earlier runs have brought; undefined before the first try. Less when a try had to start anew. */
  get resumedFrom(): number | undefined {
    return this.#resumedFrom;
  }

  /** A try begins with so many bytes. */
  resume(bytes: number): void {
    this.#resumedFrom = Math.min(bytes, this.#resumedFrom ?? bytes);
    this.bytes = bytes;
    this.#bytesBefore = bytes;
  }

  /** Whether the try has brought bytes. */
  since(): boolean {
    const progressed = this.bytes > this.#bytesBefore;
    if (progressed) this.#isRefused = false;
    return progressed;
  }

  /**
   * Judges the store's refusal of a signed URL: it may have expired, so one more is asked for. When that is refused too,
   * it is not the time that is wrong.
   *
   * @throws The error, with its new judgement.
   */
  judge(error: unknown): never {
    if (!(error instanceof ResponseError) || error.status !== 403 || this.#isRefused) throw error;
    this.#isRefused = true;
    throw new ResponseError(error.message, { status: 403, retryable: true, retryAfterMs: 0 });
  }
}
