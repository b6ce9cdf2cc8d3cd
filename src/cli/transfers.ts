import { EXIT, type ExitCode, MAX_SECONDS, type Option, type Output, PROGRAM, wholeNumber } from "./shell.ts";
import { DEFAULT_CONCURRENCY } from "../client/options.ts";
import type { TransferReport } from "../client/transfer_report.ts";
import { MAX_CONCURRENCY } from "../transfer/batch.ts";
import type { Outcome } from "../transfer/batch.ts";

/** The options of every transfer. */
export const TRANSFER_OPTIONS: readonly Option[] = [
  {
    name: "concurrency",
    value: "N",
    help: `number of connections at a time, 1 to ${MAX_CONCURRENCY} (default: ${DEFAULT_CONCURRENCY})`,
  },
  { name: "dry-run", help: "only print what would be done" },
  { name: "retries", value: "N", help: "how often to retry after a temporary failure (default: 5)" },
  { name: "stall-timeout", value: "SECONDS", help: "how long to wait for the next byte (default: 30)" },
];

/** Returns the value of `--concurrency`; undefined if it is not given. */
export function concurrencyOf(values: ReadonlyMap<string, string>): number | undefined {
  return wholeNumber(values, "concurrency", [1, MAX_CONCURRENCY]);
}

/** Returns the settings of a client for `--retries` and `--stall-timeout`. */
export function transferSettings(values: ReadonlyMap<string, string>): { retries?: number; timeoutMs?: number } {
  const retries = wholeNumber(values, "retries", [0, 1_000]);
  const seconds = wholeNumber(values, "stall-timeout", [1, MAX_SECONDS]);
  return {
    ...(retries === undefined ? {} : { retries }),
    ...(seconds === undefined ? {} : { timeoutMs: seconds * 1000 }),
  };
}

/** The result of a transfer, and how to print it. */
interface TransferResult {
  readonly command: string;
  readonly report: TransferReport;
  /** The line for a file that did not fail. */
  readonly line: (outcome: Outcome) => string;
  readonly output: Output;
  readonly quiet: boolean;
}

/**
 * Prints the result of a transfer: completed files to standard output; failures, and a summary if there are several
 * files, to standard error.
 */
export async function reportTransfer({ command, report, line, output, quiet }: TransferResult): Promise<ExitCode> {
  const { outcomes, failed } = report;
  const done = outcomes.filter(({ state }) => state !== "failed");
  if (done.length > 0) await output.data(`${done.map(line).join("\n")}\n`);
  if (failed.length > 0) await output.error(`${PROGRAM} ${command}`, ...failed.map(({ error }) => error.message));
  if (outcomes.length !== 1 && !quiet) await output.notice(report.summary());
  return failed.length > 0 ? EXIT.failed : EXIT.done;
}
