import {
  EXIT,
  type ExitCode,
  isExplained,
  MAX_SECONDS,
  type Option,
  type Output,
  PROGRAM,
  wholeNumber,
} from "./shell.ts";
import { DEFAULT_CONCURRENCY } from "../client/options.ts";
import type { TransferReport } from "../views/transfers.ts";
import { MAX_CONCURRENCY } from "../transfer/batch.ts";
import type { Outcome } from "../transfer/batch.ts";
import { formatBytes } from "../display/table.ts";
import { printable, printableJson } from "../errors.ts";

/** The options of every transfer. */
export const TRANSFER_OPTIONS: readonly Option[] = [
  {
    name: "concurrency",
    value: "N",
    help: `number of connections at a time, 1 to ${MAX_CONCURRENCY} (default: ${DEFAULT_CONCURRENCY})`,
  },
  { name: "dry-run", help: "only print what would be done, and how many bytes it would transfer" },
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

/** ` (1.42 MB)`: what a dry run knows about the size of a file; empty if it knows nothing. */
export function plannedSize(outcome: Outcome): string {
  const size = outcome.state === "planned" ? outcome.size : undefined;
  return size === undefined ? "" : ` (${formatBytes(size)})`;
}

/** What to print for each file instead of a sentence. */
export const PRINT_FORMATS = ["text", "paths", "json"] as const;

/** Formats outcomes as a JSON array, one per line. A failure is its message. */
function jsonOf(outcomes: readonly Outcome[]): string {
  const lines = outcomes.map((outcome) => {
    const facts = outcome.state === "failed" ? { ...outcome, error: outcome.error.message } : outcome;
    return printableJson(JSON.stringify(facts));
  });
  return lines.length === 0 ? "[]\n" : `[\n${lines.join(",\n")}\n]\n`;
}

/** The result of a transfer, and how to print it. */
interface TransferResult {
  readonly command: string;
  readonly report: TransferReport;
  /** The line for a file that did not fail. */
  readonly line: (outcome: Outcome) => string;
  /** What to print on standard output. Default: `text`. */
  readonly print?: typeof PRINT_FORMATS[number] | undefined;
  readonly output: Output;
  readonly quiet: boolean;
}

/**
 * Prints the result of a transfer: completed files to standard output; failures, and a summary if there are several
 * files, to standard error.
 */
export async function reportTransfer(result: TransferResult): Promise<ExitCode> {
  const { command, report, line, print = "text", output, quiet } = result;
  const { outcomes, failed } = report;
  const done = outcomes.filter(({ state }) => state !== "failed");
  const lineOf = print === "paths" ? ({ path }: Outcome) => printable(path) : line;
  if (print === "json") await output.data(jsonOf(outcomes));
  else if (done.length > 0) await output.data(`${done.map(lineOf).join("\n")}\n`);
  output.isExplained = failed.every(({ error }) => isExplained(error));
  if (failed.length > 0) await output.error(`${PROGRAM} ${command}`, ...failed.map(({ error }) => error.message));
  if (outcomes.length !== 1 && !quiet) {
    const text = report.summary();
    await output.notice({ type: "notice", text, ...(failed.length > 0 ? { failed: text } : {}) });
  }
  return failed.length > 0 ? EXIT.failed : EXIT.done;
}
