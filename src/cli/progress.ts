import type { Output } from "./shell.ts";
import { fromEnvironmentIfAllowed, terminalColumns } from "../config.ts";
import { cutToWidth, textWidth } from "../display/table.ts";
import { startInterval } from "../http/transport.ts";
import type { QueryProgress } from "../sdc/run_query.ts";
import type { OnProgress } from "../transfer/batch.ts";

const MOVE_UP = (lines: number) => lines > 0 ? `\x1b[${lines}A` : "";
const CLEAR_TO_END_OF_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";
/** A terminal of unknown size reports 0. */
const DEFAULT_ROWS = 24;

/** Lines at the end of standard error, in a terminal, that are redrawn in place. */
class LiveLines {
  /** The lines drawn last. */
  #drawn: readonly string[] = [];

  /**
   * Draws lines over those drawn before. Each is truncated to the width of the terminal; in a small terminal only the
   * last lines are drawn.
   */
  draw(lines: readonly string[]): void {
    const { columns, rows } = this.#size();
    const start = this.#start(columns);
    // The line that the cursor is on must stay visible.
    this.#drawn = lines.slice(-Math.max(1, rows - 1)).map((line) => cutToWidth(line, this.columns));
    this.#write(`${start}${this.#drawn.map((line) => line + CLEAR_TO_END_OF_LINE).join("\n")}${CLEAR_BELOW}`);
  }

  /** The maximum length of a line: one as wide as the terminal would wrap. */
  get columns(): number {
    return this.#size().columns - 1;
  }

  /** Removes the lines from the terminal. */
  clear(): void {
    if (this.#drawn.length === 0) return;
    this.#write(`${this.#start(this.#size().columns)}${CLEAR_BELOW}`);
    this.#drawn = [];
  }

  /**
   * Moves the cursor to the start of the first line. If the terminal has become narrower, the lines drawn before have
   * wrapped.
   */
  #start(columns: number): string {
    const rows = this.#drawn.map((line) => Math.max(1, Math.ceil(textWidth(line) / columns)));
    return `${MOVE_UP(rows.reduce((sum, count) => sum + count, 0) - 1)}\r`;
  }

  #size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = Deno.consoleSize();
    // A line longer than the real width would wrap, whatever COLUMNS says.
    return {
      columns: Math.min(terminalColumns(Deno.stderr) ?? Infinity, columns || Infinity),
      rows: rows || DEFAULT_ROWS,
    };
  }

  #write(text: string): void {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  }
}

/** Whether lines can be redrawn in place: in a terminal that can move its cursor, when standard error is not JSON. */
function canRedraw(output: Output): boolean {
  return Deno.stderr.isTerminal() && !output.isJson && fromEnvironmentIfAllowed("TERM") !== "dumb";
}

/** Shows progress on standard error. */
interface Display<Listener> {
  readonly onProgress: Listener;
  /** Ends the display and removes it from the terminal. */
  stop(): void;
}

const NO_DISPLAY = { onProgress: () => {}, stop: () => {} } as const;

const TRANSFER_REDRAW_MS = 100;
const PLAIN_LINE_MS = 10_000;

/**
 * Shows the progress of a transfer: lines redrawn in place in a terminal, otherwise a line every 10 s.
 *
 * @param options `quiet`: show nothing. `plain`: do not redraw, because other lines are written in between.
 */
export async function transferDisplay(
  output: Output,
  { quiet, plain }: { readonly quiet: boolean; readonly plain: boolean },
): Promise<Display<OnProgress>> {
  if (quiet) return NO_DISPLAY;
  const { transferLine, transferLines, TransferTracker } = await import("../views/transfers.ts");
  const tracker = new TransferTracker();
  const live = !plain && canRedraw(output) ? new LiveLines() : undefined;
  const show = () => {
    if (live === undefined) void output.notice(transferLine(tracker.state()));
    else live.draw(transferLines(tracker.state(), live.columns));
  };
  const stop = startInterval(live === undefined ? PLAIN_LINE_MS : TRANSFER_REDRAW_MS, show);
  return {
    onProgress: (event) => tracker.take(event),
    stop: () => {
      stop();
      live?.clear();
    },
  };
}

/** The time after which a query shows its progress. */
const QUERY_FIRST_MS = 1_000;
const QUERY_REDRAW_MS = 200;

/** `20,000 rows so far, from 3 responses`. */
function queryLine({ rows, answers }: QueryProgress): string {
  const count = (number: number, word: string) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
  return `${count(rows, "row")} so far, from ${count(answers, "response")}`;
}

/** Shows the progress of a query, as {@linkcode lineDisplay} does. */
export function queryDisplay(
  output: Output,
  { quiet }: { readonly quiet: boolean },
): Display<(progress: QueryProgress) => void> {
  return lineDisplay(output, { quiet, line: queryLine });
}

/**
 * Shows the progress of a call: a line redrawn in place in a terminal, otherwise a line every 10 s. It does not use a
 * timer, since starting one would take longer than the rest of a short query.
 *
 * @param options `quiet`: show nothing. `line`: writes the line.
 */
export function lineDisplay<Progress>(
  output: Output,
  { quiet, line }: { readonly quiet: boolean; readonly line: (progress: Progress) => string },
): Display<(progress: Progress) => void> {
  if (quiet) return NO_DISPLAY;
  const live = canRedraw(output) ? new LiveLines() : undefined;
  let next = performance.now() + (live === undefined ? PLAIN_LINE_MS : QUERY_FIRST_MS);
  return {
    onProgress: (progress) => {
      if (performance.now() < next) return;
      next = performance.now() + (live === undefined ? PLAIN_LINE_MS : QUERY_REDRAW_MS);
      if (live === undefined) void output.notice(line(progress));
      else live.draw([line(progress)]);
    },
    stop: () => live?.clear(),
  };
}
