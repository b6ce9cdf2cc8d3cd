import { prefixed, writeError } from "./report.ts";
import { EXIT, type ExitCode, noticesAreJson, PROGRAM, writeData, writeNotice } from "./shell.ts";
import type { QueryResult } from "../client/query_result.ts";
import type { TransferReport } from "../client/transfers.ts";
import { fromEnvironmentIfAllowed } from "../config.ts";
import type { HttpEvent, HttpLog } from "../http/transport.ts";
import type { FileRecord } from "../protocol/rows.ts";
import { printable, printableJson } from "../safe_text.ts";
import type { QueryProgress } from "../sdc/run_query.ts";
import type { OnProgress, Outcome } from "../transfer/batch.ts";
import { recordKeys, valueAt } from "../views/records.ts";
import { transferLine, transferLines, TransferTracker } from "../views/transfers.ts";

/** Shows how a transfer goes, on standard error. */
interface TransferDisplay {
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
interface DisplayWish {
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

/** How to tell what became of a transfer. */
interface OutcomeReport {
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

/** Shows on standard error how far a query is. */
interface QueryDisplay {
  readonly onProgress: (progress: QueryProgress) => void;
  /** Ends the display; what stood there is taken away. */
  stop(): void;
}

/** What is done sooner needs no words. */
const FIRST_MS = 1_000;
const QUERY_REDRAW_MS = 200;
const QUERY_PLAIN_LINE_MS = 10_000;
/** To the line's beginning, and nothing behind it. */
const CLEAR_LINE = "\r\x1b[K";

/** `20,000 rows so far`. */
function progressLine({ rows, answers }: QueryProgress): string {
  const count = (number: number, word: string) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
  return `${count(rows, "row")} so far, from ${count(answers, "answer")}`;
}

/** The display that fits: a line in place in a terminal, plain lines elsewhere and where lines are JSON, none when it shall be quiet. */
export function queryDisplay({ quiet }: { readonly quiet: boolean }): QueryDisplay {
  if (quiet) return { onProgress: () => {}, stop: () => {} };
  const inPlace = Deno.stderr.isTerminal() && !noticesAreJson();
  let next = performance.now() + (inPlace ? FIRST_MS : QUERY_PLAIN_LINE_MS);
  let isDrawn = false;
  const draw = (text: string) => {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  };
  return {
    onProgress: (progress) => {
      if (performance.now() < next) return;
      next = performance.now() + (inPlace ? QUERY_REDRAW_MS : QUERY_PLAIN_LINE_MS);
      if (inPlace) draw(`${CLEAR_LINE}${progressLine(progress)}`);
      else void writeNotice(progressLine(progress));
      isDrawn = inPlace;
    },
    stop: () => {
      if (isDrawn) draw(CLEAR_LINE);
      isDrawn = false;
    },
  };
}

/** What to tell of the traffic. */
interface HttpNotices {
  /** Each request: method, URL, status, milliseconds. */
  readonly requests: boolean;
  /** What a transfer does other than usual, and why. */
  readonly decisions: boolean;
  /** Each retry, with its reason and wait. */
  readonly retries: boolean;
}

function line(event: HttpEvent): string {
  if (event.type === "request") {
    return `${event.method} ${event.url} ${event.status ?? "no answer"} ${event.milliseconds} ms`;
  }
  if (event.type === "decision") return `${event.action}: ${event.decision}: ${event.reason}`;
  const { reason, delayMs, retry, retries } = event;
  return `${reason}; trying again in ${(delayMs / 1000).toFixed(1)} s (${retry} of ${retries})`;
}

/** A log of the traffic on standard error. */
export function httpNotices(notices: HttpNotices): HttpLog {
  const isWanted = { request: notices.requests, decision: notices.decisions, retry: notices.retries };
  return (event) => {
    const { type, ...told } = event;
    // A program finds a request without an answer by its null.
    const facts = "url" in told ? { ...told, status: told.status ?? null } : told;
    if (isWanted[type]) void writeNotice({ type, text: line(event), facts });
  };
}

/** How many rows become one text: enough for speed, few enough for memory. */
const AT_ONCE = 200;

/** One row as JSON on one line. */
export function jsonLine(row: FileRecord): string {
  return printableJson(JSON.stringify(row));
}

/** Texts of some rows at a time. */
function* batches(rows: readonly FileRecord[], text: (rows: readonly FileRecord[]) => string): Generator<string> {
  for (let at = 0; at < rows.length; at += AT_ONCE) yield text(rows.slice(at, at + AT_ONCE));
}

/** An array, a row a line, which a person can read and every JSON parser takes. */
export function* json(rows: readonly FileRecord[]): Generator<string> {
  if (rows.length === 0) return yield "[]\n";
  let before = "[\n";
  for (const text of batches(rows, (some) => some.map(jsonLine).join(",\n"))) {
    yield before + text;
    before = ",\n";
  }
  yield "\n]\n";
}

/** A field as RFC 4180 writes it: in quotes where it must be, its own quotes doubled. */
function csvField(value: unknown): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Lines of fields with a header (RFC 4180): the keys of the table, then what the rows have more. Values stay as they are. */
export function* csv(rows: QueryResult): Generator<string> {
  const keys = recordKeys(rows.table, rows);
  // To a terminal nothing goes that could act on it; a file gets the very values.
  const safe = Deno.stdout.isTerminal() ? printable : (text: string) => text;
  const line = (fields: readonly unknown[]) => `${fields.map((field) => safe(csvField(field))).join(",")}\r\n`;
  yield line(keys);
  yield* batches(rows, (some) => some.map((row) => line(keys.map((key) => valueAt(row, key)))).join(""));
}

/** A path a line: each is one line, whatever a server sends. */
export function* paths(rows: readonly FileRecord[]): Generator<string> {
  yield* batches(rows, (some) => some.map(({ file_path }) => `${printable(file_path)}\n`).join(""));
}
