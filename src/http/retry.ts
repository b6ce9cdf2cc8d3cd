import { ImapError } from "../errors.ts";
import { delay } from "@std/async";
import type { HttpLog } from "./events.ts";
import { LONGEST_RETRY_AFTER_MS } from "./retry_after.ts";

/** How and how often to try again. */
export interface RetryOptions {
  /** What is tried, for the log. */
  readonly action: string;
  /** The most retries after the first try. */
  readonly retries: number;
  readonly log: HttpLog;
  readonly signal?: AbortSignal | undefined;
  /** Whether the last try brought something that stays: then the count of retries begins anew. */
  readonly progressed?: () => boolean;
  /** Waits; tests put a clock of their own here. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  /** From 0 to below 1. */
  readonly random?: () => number;
}

/** The longest first wait; it doubles with each retry. */
const FIRST_DELAY_MS = 500;
/** No wait of our own choosing is longer. */
const LONGEST_DELAY_MS = 20_000;

/** Exponential backoff with full jitter: any time up to a bound that doubles, so that clients do not come back in step. */
function backoffMs(retry: number, random: () => number): number {
  return random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (retry - 1));
}

/**
 * The server's own wish, spread a little among all who were told the same, but no sooner than without it: a server whose
 * wish lies in the past, since a clock is wrong, is not to be asked without a pause. Only what throws 0 needs none.
 */
function waitMs(retryAfterMs: number | undefined, retry: number, random: () => number): number {
  if (retryAfterMs === 0) return 0;
  return Math.max(backoffMs(retry, random), (retryAfterMs ?? 0) * (1 + random() / 10));
}

/**
 * Runs an operation again for as long as it throws errors that say of themselves that they can be retried.
 * The only retry loop of the library.
 *
 * @throws The operation's last error.
 */
export async function retry<T>(operation: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { action, retries, log, signal, random = Math.random } = options;
  const sleep = options.sleep ?? ((milliseconds, signal) => delay(milliseconds, signal && { signal }));
  for (let retry = 0;;) {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof ImapError) || !error.retryable) throw error;
      if (options.progressed?.()) retry = 0;
      if (retry >= retries) throw error;
      if ((error.retryAfterMs ?? 0) > LONGEST_RETRY_AFTER_MS) throw error;
      retry += 1;
      const delayMs = Math.round(waitMs(error.retryAfterMs, retry, random));
      log({ type: "retry", action, reason: error.message, retry, retries, delayMs });
      await sleep(delayMs, signal);
    }
  }
}
