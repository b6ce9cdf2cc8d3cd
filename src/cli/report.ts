import { optionName } from "./options.ts";
import { EXIT, type ExitCode, PROGRAM, writeData, writeNotice } from "./shell.ts";
import type { TransferReport } from "../client/transfers.ts";
import { ImapError, InputError } from "../errors.ts";
import type { Outcome } from "../transfer/batch.ts";

/** Puts the program's name before each line that begins a message; lines that go on with one are indented. */
export function prefixed(program: string, message: string): string {
  return message.split("\n").map((line) => line.startsWith(" ") ? line : `${program}: ${line}`).join("\n");
}

/** What this machine does not let the program do; undefined for everything else. */
function faultOfMachine(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof Deno.errors.NotCapable) {
    return `Cannot go on: Deno denies something (${error.message}); README lists the permissions that are needed`;
  }
  const isFault = error instanceof Deno.errors.PermissionDenied ||
    /\(os error \d+\)|^ENOSPC|^EACCES/.test(error.message);
  return isFault ? `Cannot go on: this machine refuses something (${error.message})` : undefined;
}

/** Writes what failed. */
export async function writeError(text: string): Promise<void> {
  await writeNotice({ type: "error", text });
}

/** Says what went wrong on standard error, and which exit code stands for it. */
export async function report(error: unknown, program: string): Promise<ExitCode> {
  if (error instanceof InputError) {
    await writeError(`${prefixed(program, error.messageFor(optionName))}; see ${program} --help`);
    return EXIT.usage;
  }
  if (error instanceof ImapError) {
    await writeError(prefixed(program, error.message));
    return EXIT.failed;
  }
  const stack = error instanceof Error ? error.stack : String(error);
  await writeError(`${program}: ${faultOfMachine(error) ?? `a defect of this program: ${stack}`}`);
  return EXIT.failed;
}

/** The result of a transfer, and how to print it. */
interface TransferResult {
  readonly command: string;
  readonly report: TransferReport;
  /** The line for a file that did not fail. */
  readonly line: (outcome: Outcome) => string;
  readonly quiet: boolean;
}

/**
 * Prints the result of a transfer: the files that are done on standard output, the failures and a summary of several files on
 * standard error.
 */
export async function reportTransfer({ command, report, line, quiet }: TransferResult): Promise<ExitCode> {
  const { outcomes, failed } = report;
  const done = outcomes.filter(({ state }) => state !== "failed");
  if (done.length > 0) await writeData(`${done.map(line).join("\n")}\n`);
  if (failed.length > 0) {
    await writeError(failed.map(({ error }) => prefixed(`${PROGRAM} ${command}`, error.message)).join("\n"));
  }
  if (outcomes.length !== 1 && !quiet) await writeNotice(report.summary());
  return failed.length > 0 ? EXIT.failed : EXIT.done;
}
