import type { TransferReport } from "../client/transfer_report.ts";
import type { Outcome } from "../transfer/outcome.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { writeData, writeNotice } from "./output.ts";
import { prefixed, writeError } from "./report.ts";
import { PROGRAM } from "./option.ts";

/** How to tell what became of a transfer. */
export interface OutcomeReport {
  readonly command: string;
  readonly report: TransferReport;
  /** The line for a file that did not fail. */
  readonly line: (outcome: Outcome) => string;
  readonly quiet: boolean;
}

/**
 * Prints a line for each file that is done on standard output, and on standard error those that failed, with a summary of
 * more than one.
 *
 * @returns The exit code.
 */
export async function tellOutcome({ command, report, line, quiet }: OutcomeReport): Promise<ExitCode> {
  const { outcomes, failed } = report;
  const done = outcomes.filter(({ state }) => state !== "failed");
  if (done.length > 0) await writeData(`${done.map(line).join("\n")}\n`);
  if (failed.length > 0) {
    await writeError(failed.map(({ error }) => prefixed(`${PROGRAM} ${command}`, error.message)).join("\n"));
  }
  if (outcomes.length !== 1 && !quiet) await writeNotice(report.summary());
  return failed.length > 0 ? EXIT.failed : EXIT.done;
}
