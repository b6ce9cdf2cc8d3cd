import { DEFAULT_CONCURRENCY } from "../client/call_options.ts";
import { MOST_CONCURRENCY } from "../transfer/concurrency.ts";
import type { Option } from "./option.ts";
import { UsageError } from "./usage_error.ts";

/** Options of every transfer. */
export const TRANSFER_OPTIONS: readonly Option[] = [
  {
    name: "concurrency",
    value: "N",
    help: `how many connections at once, 1 to ${MOST_CONCURRENCY} (else ${DEFAULT_CONCURRENCY})`,
  },
  { name: "dry-run", help: "only print what would be done" },
  { name: "retries", value: "N", help: "how often a failure that may pass is tried again (else 5)" },
  { name: "stall-timeout", value: "SECONDS", help: "how long to wait for the next byte (else 30)" },
];

/** Timers take no more, about 24 days in seconds. */
export const MOST_SECONDS = 2_147_483;

/** An option's value as a whole number within bounds; undefined when it is not given. */
export function wholeNumber(
  values: ReadonlyMap<string, string>,
  name: string,
  [least, most]: readonly [least: number, most: number],
): number | undefined {
  const text = values.get(name);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
  throw new UsageError(`Cannot use "${text}" for --${name}: expected a whole number from ${least} to ${most}`);
}

/** How many connections there may be; undefined when nothing is said. */
export function concurrencyOf(values: ReadonlyMap<string, string>): number | undefined {
  return wholeNumber(values, "concurrency", [1, MOST_CONCURRENCY]);
}

/** The settings of a client that these options stand for. */
export function transferSettings(values: ReadonlyMap<string, string>): { retries?: number; timeoutMs?: number } {
  const retries = wholeNumber(values, "retries", [0, 1_000]);
  const seconds = wholeNumber(values, "stall-timeout", [1, MOST_SECONDS]);
  return {
    ...(retries === undefined ? {} : { retries }),
    ...(seconds === undefined ? {} : { timeoutMs: seconds * 1000 }),
  };
}
