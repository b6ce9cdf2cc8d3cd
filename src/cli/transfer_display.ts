import { fromEnvironmentIfAllowed } from "../config.ts";
import type { OnProgress } from "../transfer/outcome.ts";
import { transferLine, transferLines } from "../views/transfer_lines.ts";
import { TransferTracker } from "../views/transfer_state.ts";
import { writeNotice } from "./output.ts";

/** Shows how a transfer goes, on standard error. */
export interface TransferDisplay {
  readonly onProgress: OnProgress;
  /** Ends the display; what stood there is taken away. */
  stop(): void;
}

const REDRAW_MS = 100;
const PLAIN_LINE_MS = 10_000;

/** Lines that are redrawn in place. The library that does it is loaded when there is a terminal, and only then. */
async function terminalDisplay(): Promise<TransferDisplay> {
  const [{ createLogUpdate }, { stderr }] = await Promise.all([import("log-update"), import("node:process")]);
  // To hide the cursor it would catch SIGINT and end the program before that has put its parts in order.
  const redraw = createLogUpdate(stderr, { showCursor: true });
  const tracker = new TransferTracker();
  const draw = () => {
    // A line that wraps would not be found again to be redrawn.
    const width = (Deno.consoleSize().columns || 80) - 1;
    redraw(transferLines(tracker.state()).map((line) => line.slice(0, width)).join("\n"));
  };
  const timer = setInterval(draw, REDRAW_MS);
  return {
    onProgress: (event) => tracker.take(event),
    stop: () => {
      clearInterval(timer);
      redraw.clear();
    },
  };
}

/** A plain line now and then, for logs. */
function plainDisplay(): TransferDisplay {
  const tracker = new TransferTracker();
  const timer = setInterval(() => void writeNotice(transferLine(tracker.state())), PLAIN_LINE_MS);
  return { onProgress: (event) => tracker.take(event), stop: () => clearInterval(timer) };
}

/** Whether lines can be redrawn: in a terminal, whose kind the library finds out from the whole environment. */
async function canRedraw(): Promise<boolean> {
  if (!Deno.stderr.isTerminal() || fromEnvironmentIfAllowed("TERM") === "dumb") return false;
  return (await Deno.permissions.query({ name: "env" })).state === "granted";
}

/** Which display is wanted. */
export interface DisplayWish {
  /** None at all. */
  readonly quiet: boolean;
  /** Lines that stay, since others are written between them. */
  readonly plain: boolean;
}

/** The display that fits: lines in place in a terminal, plain lines elsewhere, none when it shall be quiet. */
export async function transferDisplay({ quiet, plain }: DisplayWish): Promise<TransferDisplay> {
  if (quiet) return { onProgress: () => {}, stop: () => {} };
  return !plain && await canRedraw() ? await terminalDisplay() : plainDisplay();
}
