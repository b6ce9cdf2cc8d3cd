import type { Transport } from "../http/transport.ts";
import { checkReprocess, type ReprocessParameters } from "../sdc/check_reprocess.ts";
import { reprocess } from "../sdc/reprocess.ts";
import type { CallOptions } from "./call_options.ts";

/** How to ask for a reprocessing. */
export interface ReprocessOptions extends CallOptions {
  /** Only check: nothing is sent. Default: false. */
  dryRun?: boolean | undefined;
  /** Tells the time, which `today` and its like need. Default: the clock of this machine. */
  now?: (() => Date) | undefined;
}

/** What became of an order to reprocess. */
export interface ReprocessReport {
  /** What was asked for, as the SDC gets it: days are YYYYMMDD. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What the SDC answered, as JSON has it; undefined when nothing was sent. */
  readonly answer: unknown;
}

/** Checks what to make again, and asks for it. */
export async function triggerReprocessing(
  transport: () => Transport,
  order: ReprocessParameters,
  options: ReprocessOptions,
): Promise<ReprocessReport> {
  const { signal, dryRun = false, now = () => new Date() } = options;
  const parameters = checkReprocess(order, now());
  return { parameters, answer: dryRun ? undefined : await reprocess(transport(), parameters, signal) };
}
