import type { Option } from "./option.ts";
import { UsageError } from "./usage_error.ts";

/** Options of every transfer. */
export const TRANSFER_OPTIONS: readonly Option[] = [
  { name: "concurrency", value: "N", help: "how many connections at once, 1 to 256 (else 8)" },
  { name: "dry-run", help: "only print what would be done" },
  { name: "retries", value: "N", help: "how often a failure that may pass is tried again (else 5)" },
  { name: "stall-timeout", value: "SECONDS", help: "how long to wait for the next byte (else 30)" },
];

/** An option's value as a whole number; undefined when it is not given. */
export function wholeNumber(values: ReadonlyMap<string, string>, name: string, least: number): number | undefined {
  const text = values.get(name);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text);
  throw new UsageError(`Cannot use "${text}" for --${name}: expected a whole number, ${least} or more`);
}

/** The settings of a client that these options stand for. */
export function transferSettings(values: ReadonlyMap<string, string>): { retries?: number; timeoutMs?: number } {
  const retries = wholeNumber(values, "retries", 0);
  const seconds = wholeNumber(values, "stall-timeout", 1);
  return {
    ...(retries === undefined ? {} : { retries }),
    ...(seconds === undefined ? {} : { timeoutMs: seconds * 1000 }),
  };
}
