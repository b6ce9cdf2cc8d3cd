import { isNotebook } from "../display/notebook.ts";
import { LiveOutput } from "../display/live_output.ts";
import { listenToStopButton } from "../display/stop_button.ts";
import { ImapError } from "../errors.ts";
import type { OnProgress, Outcome, TransferEvent } from "../transfer/outcome.ts";
import { outcomesBundle } from "../views/outcomes_table.ts";
import { endedPanel, transferPanel } from "../views/transfer_panel.ts";
import { TransferTracker } from "../views/transfer_state.ts";
import type { TransferOptions } from "./call_options.ts";

/** How to go on with a transfer that was stopped. */
const ADVICE = {
  download: "run the cell again: what came is kept",
  upload: "run the cell again with skipExisting: true, which leaves out what was sent",
} as const;

/** What a transfer goes by. */
export interface RunningTransfer {
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

/** The progress of a transfer as one output of a cell, from its first event on. */
class Panel {
  readonly #tracker = new TransferTracker();
  readonly #output = new LiveOutput(() => transferPanel(this.#tracker.state()));
  #hasBegun = false;

  take(event: TransferEvent): void {
    this.#tracker.take(event);
    if (event.type !== "begin") return;
    this.#hasBegun = true;
    this.#output.begin();
  }

  async end(outcomes: readonly Outcome[]): Promise<void> {
    await this.#output.end(outcomesBundle(outcomes));
  }

  /** Ends without outcomes. What was wrong before anything began is left to the error. */
  async endEarly(advice: string): Promise<void> {
    if (this.#hasBegun) await this.#output.end(endedPanel(this.#tracker.state(), advice));
  }
}

/** Whether a notebook shows a panel for a transfer with these options. */
export function showsPanel({ progress = true }: TransferOptions): boolean {
  return progress && isNotebook();
}

/**
 * Runs a transfer. In a notebook one panel shows how it goes, and in the end what became of each file; and the Stop button
 * ends the transfer, not the kernel. All of it has been shown when the promise resolves or rejects.
 */
export async function showTransfer(
  action: keyof typeof ADVICE,
  options: TransferOptions,
  transfer: (running: RunningTransfer) => Promise<Outcome[]>,
): Promise<Outcome[]> {
  const { onProgress = () => {}, signal } = options;
  if (!isNotebook()) return await transfer({ onProgress, signal });
  using stop = listenToStopButton(() =>
    new ImapError(`Cannot finish the ${action}: it was stopped; ${ADVICE[action]}`)
  );
  const panel = showsPanel(options) ? new Panel() : undefined;
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const take = (event: TransferEvent) => {
    panel?.take(event);
    onProgress(event);
  };
  let outcomes: Outcome[];
  try {
    outcomes = await transfer({ onProgress: take, signal: either });
  } catch (error) {
    await panel?.endEarly(either.aborted ? ADVICE[action] : "");
    throw error;
  }
  await panel?.end(outcomes);
  return outcomes;
}

/** Runs a transfer of one file, as {@linkcode showTransfer} does. @throws What made it fail. */
export async function showOne(
  ...[action, options, transfer]: Parameters<typeof showTransfer>
): Promise<Outcome | undefined> {
  const [outcome] = await showTransfer(action, options, async (running) => {
    const outcomes = await transfer(running);
    for (const outcome of outcomes) if (outcome.state === "failed") throw outcome.error;
    return outcomes;
  });
  return outcome;
}
