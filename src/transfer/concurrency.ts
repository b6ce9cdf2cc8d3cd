import { InputError } from "../errors.ts";

/** More connections than this at once help nobody, and a server takes them for an attack. */
export const MOST_CONCURRENCY = 256;

/** Checks a count of connections. @throws {InputError} When it is none. */
export function checkedConcurrency(concurrency: number): number {
  if (Number.isSafeInteger(concurrency) && concurrency >= 1 && concurrency <= MOST_CONCURRENCY) return concurrency;
  throw new InputError(
    `Cannot use the concurrency "${concurrency}": expected a whole number from 1 to ${MOST_CONCURRENCY}`,
  );
}
