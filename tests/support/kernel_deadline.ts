import { KernelError } from "./kernel_error.ts";

/** How long some work may take, and what else may end it. */
export interface DeadlineOptions {
  /** The limit in milliseconds. */
  readonly ms: number;
  /** Says, when the time is over, what was awaited. */
  readonly describe: () => string;
  /** Ends the work sooner, with its reason as the error. */
  readonly signal: AbortSignal;
}

/**
 * Awaits work within a limit of time. The work gets a signal that says when nobody waits for it any more.
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
