import { KernelError } from "./kernel_error.ts";

/** The time limit of some work, and what else can end it. */
export interface DeadlineOptions {
  /** The limit in milliseconds. */
  readonly ms: number;
  /** Called when the time is over; returns what was awaited. */
  readonly describe: () => string;
  /** Ends the work earlier, with its reason as the error. */
  readonly signal: AbortSignal;
}

/**
 * Awaits work with a time limit. The work gets a signal that aborts when nothing waits for it anymore.
 *
 * @throws {KernelError} When the time is over.
 */
export async function withDeadline<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { ms, describe, signal }: DeadlineOptions,
): Promise<T> {
  const controller = new AbortController();
  const over = Promise.withResolvers<never>();
  const giveUp = (reason: unknown) => {
    over.reject(reason);
    controller.abort(reason);
  };
  const forward = () => giveUp(signal.reason);
  const timer = setTimeout(() => giveUp(new KernelError(describe())), ms);
  signal.addEventListener("abort", forward);
  if (signal.aborted) forward();
  try {
    return await Promise.race([over.promise, work(controller.signal)]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", forward);
  }
}
