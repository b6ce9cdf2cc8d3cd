import { isRefusedUrl, worthANewUrl } from "./refused_url.ts";

/** How many more bytes count: with a few a minute, a download would never come to its end. */
const LEAST_PROGRESS = 500;

/** How a download goes, from one try to the next. */
export class Progress {
  /** How many bytes had stayed when it last came further. */
  #most: number;
  #hasProgressed = false;
  #isRefused = false;
  #resumedFrom: number | undefined;

  /** @param kept How many bytes earlier runs have left. */
  constructor(kept: number) {
    this.#most = kept;
  }

  /** How many bytes did not have to come in this call: 0 as soon as one try had to start anew. */
  get resumedFrom(): number {
    return this.#resumedFrom ?? 0;
  }

  /**
   * Whether the last try brought the download further than any before it. Bytes that had to be thrown away do not count:
   * a server that always sends the wrong ones would be asked for ever.
   */
  get hasProgressed(): boolean {
    return this.#hasProgressed;
  }

  /** A try begins. */
  begin(): void {
    this.#hasProgressed = false;
  }

  /** The store sends what is behind so many bytes. */
  resume(bytes: number): void {
    this.#resumedFrom = Math.min(bytes, this.#resumedFrom ?? bytes);
  }

  /** A try has failed; so many bytes stay. */
  end(kept: number): void {
    this.#hasProgressed = kept >= this.#most + LEAST_PROGRESS;
    if (!this.#hasProgressed) return;
    this.#most = kept;
    this.#isRefused = false;
  }

  /**
   * Judges the store's refusal of a signed URL: it may have expired, so one more is asked for. When that is refused too,
   * it is not the time that is wrong.
   *
   * @returns The error, with its new judgement.
   */
  judge(error: unknown): unknown {
    if (!isRefusedUrl(error) || this.#isRefused) return error;
    this.#isRefused = true;
    return worthANewUrl(error);
  }
}
