import {
  type Column,
  escapeHtml,
  formatBytes,
  htmlTable,
  padToWidth,
  shorten,
  shownTable,
  type Table,
  textTable,
  textWidth,
} from "../display/table.ts";
import { JUPYTER_DISPLAY, type MimeBundle, showBundle } from "../display/notebook.ts";
import { excerpt, ImapError } from "../errors.ts";
import { archivePath, bareName } from "../names/file_name.ts";
import type { Outcome, TransferEvent } from "../transfer/batch.ts";

/** The states of outcomes, in the order in which a summary counts them. */
const STATES = ["fetched", "resumed", "sent", "skipped", "planned", "failed"] as const;

/** Returns the total number of transferred bytes. */
function bytesOf(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Returns the bytes that a dry run would transfer. Unless the sizes of all files are known, the total is estimated from the
 * known ones.
 */
function plannedBytes(outcomes: readonly Outcome[]): string {
  const wanted = outcomes.flatMap((outcome) =>
    outcome.state === "planned" && outcome.plan !== "skip" ? [outcome.size] : []
  );
  if (wanted.length === 0) return "nothing to transfer";
  const sizes = wanted.filter((size) => size !== undefined);
  const known = sizes.reduce((sum, size) => sum + size, 0);
  if (sizes.length === wanted.length) return `${formatBytes(known)} to transfer`;
  if (sizes.length === 0) return "sizes unknown";
  const all = known / sizes.length * wanted.length;
  return `about ${formatBytes(all)} to transfer, estimated from ${sizes.length} of ${wanted.length} files`;
}

/** The size of an existing file that was skipped. */
function sizeHere(outcome: Outcome): number | undefined {
  return outcome.state === "skipped" ? outcome.size : undefined;
}

/** The total size of files that all existed already; undefined for other outcomes. */
function bytesHere(outcomes: readonly Outcome[]): number | undefined {
  const sizes = outcomes.map(sizeHere).filter((size) => size !== undefined);
  const isAll = sizes.length > 0 && sizes.length === outcomes.length;
  return isAll ? sizes.reduce((sum, size) => sum + size, 0) : undefined;
}

/** Summarizes outcomes in a line: `3 fetched, 1 failed; 1.2 MB`. */
export function outcomesSummary(outcomes: readonly Outcome[]): string {
  const counts = STATES.map((state) => [state, outcomes.filter((outcome) => outcome.state === state).length] as const)
    .filter(([, count]) => count > 0).map(([state, count]) => `${count} ${state}`);
  const isPlan = outcomes.some(({ state }) => state === "planned");
  const here = bytesHere(outcomes);
  const moved = () => isPlan ? plannedBytes(outcomes) : formatBytes(bytesOf(outcomes));
  const bytes = here === undefined ? moved() : `${formatBytes(here)} already here`;
  return `${counts.length === 0 ? "no files" : counts.join(", ")}; ${bytes}`;
}

/** The bytes of an outcome: those that were transferred, or that would be; empty for none. */
function amountOf(outcome: Outcome): string {
  const bytes = outcome.state === "planned" ? outcome.size ?? 0 : outcome.bytes;
  return bytes === 0 ? "" : formatBytes(bytes);
}

function stateText(outcome: Outcome): string {
  return outcome.state === "planned" ? `would ${outcome.plan ?? "fetch"}` : outcome.state;
}

/** Returns the folder of a file in the archive, and so below the data directory; empty for a name without one. */
function folderOf(file: string): string {
  try {
    const path = file.startsWith("imap/") ? file : archivePath(bareName(file));
    return path.slice(0, path.lastIndexOf("/"));
  } catch {
    return "";
  }
}

/** Says why a file failed, without its name, which the row already shows. */
function reasonOf(error: Error): string {
  return error instanceof ImapError ? error.reason : error.message;
}

/** Makes a table of outcomes, with the summary as its title. Failures come first: they need attention. */
export function outcomesTable(outcomes: readonly Outcome[]): Table<Outcome> {
  const isFailed = ({ state }: Outcome) => state === "failed";
  const isPlan = outcomes.some(({ state }) => state === "planned");
  const error: Column<Outcome> = {
    header: "Error",
    align: "left",
    isLong: true,
    text: (outcome) => outcome.state === "failed" ? reasonOf(outcome.error) : "",
  };
  const folder: Column<Outcome> = {
    header: "Folder",
    align: "left",
    yields: 0,
    text: (outcome) => isFailed(outcome) ? "" : folderOf(outcome.file),
  };
  return {
    title: outcomesSummary(outcomes),
    columns: [
      { header: "File", align: "left", text: ({ file }) => bareName(file) },
      { header: "Outcome", align: "left", text: stateText },
      bytesHere(outcomes) === undefined
        ? { header: isPlan ? "To transfer" : "Transferred", align: "right", text: amountOf }
        : { header: "Size", align: "right", text: (outcome) => formatBytes(sizeHere(outcome) ?? 0) },
      ...(outcomes.some(isFailed) ? [error] : []),
      ...(outcomes.every(isFailed) && outcomes.length > 0 ? [] : [folder]),
    ],
    isFailed,
    rows: [...outcomes.filter(isFailed), ...outcomes.filter((outcome) => !isFailed(outcome))],
  };
}

/** Returns what a notebook shows for outcomes. */
export function outcomesBundle(outcomes: readonly Outcome[]): MimeBundle {
  const table = outcomesTable(outcomes);
  return { "text/plain": shownTable(table), "text/html": outcomesHtml(outcomes) };
}

/** Draws outcomes for a web page, without empty columns. Failed files are marked. */
function outcomesHtml(outcomes: readonly Outcome[]): string {
  const table = outcomesTable(outcomes);
  const isUsed = ({ text }: Column<Outcome>) => outcomes.some((outcome) => text(outcome) !== "");
  return htmlTable({ ...table, columns: table.columns.filter(isUsed) });
}

/** Returns what a notebook shows for outcomes whose table is already displayed. */
export function shownSummary(outcomes: readonly Outcome[]): MimeBundle {
  const line = `${outcomesSummary(outcomes)} (the table is above; show() repeats it)`;
  return { "text/plain": line, "text/html": `<div>${escapeHtml(line)}</div>` };
}

// A running transfer, as lines and as a panel.

/** The maximum number of active files listed. */
const MAX_ACTIVE = 8;
const MAX_NAME = 100;

function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const pad = (number: number) => String(number).padStart(2, "0");
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** The number of files that succeeded, and of those that failed: a failure is not progress. */
function countsOf({ files, done, failed }: TransferState): string[] {
  return [`${done - failed} of ${files} file${files === 1 ? "" : "s"}`, ...failed > 0 ? [`${failed} failed`] : []];
}

/** Describes the progress of a transfer that has ended. */
function amountLine(state: TransferState): string {
  return [...countsOf(state), ...state.bytes > 0 ? [formatBytes(state.bytes)] : []].join(", ");
}

function speedOf({ speed }: TransferState): string {
  return `${formatBytes(Math.round(speed))}/s`;
}

/** The time left, if it is known. */
function timeLeft({ files, done, leftMs }: TransferState): string[] {
  return leftMs === undefined || done >= files ? [] : [`${duration(leftMs)} left`];
}

/** Describes a running transfer in a line: its progress, its speed, and the time left. */
export function transferLine(state: TransferState): string {
  return [...countsOf(state), formatBytes(state.bytes), speedOf(state), ...timeLeft(state)].join(", ");
}

/** Returns the name of an active file, safe to print on one line. */
function activeName({ file }: ActiveFile): string {
  return excerpt(bareName(file), MAX_NAME);
}

function percent(share: number): number {
  return Math.floor(Math.min(1, share) * 100);
}

function bar(share: number, width: number): string {
  const filled = Math.floor(Math.min(1, share) * width);
  return "█".repeat(filled) + "░".repeat(width - filled);
}

/** The width of two sizes with three digits: `1.42 MB of 3.05 MB`. */
const SIZES_WIDTH = 18;

/** The lines for active files. Names are shortened, so that the sizes are never cut off, and the sizes are aligned. */
function activeLines(active: readonly ActiveFile[], columns: number): string[] {
  const width = columns >= 100 ? 20 : 10;
  const room = Math.max(8, columns - width - SIZES_WIDTH - "    ".length);
  const names = active.map((file) => shorten(activeName(file), room));
  const longest = Math.max(0, ...names.map(textWidth));
  return active.map(({ bytes, size }, index) => {
    const drawn = size === undefined || size === 0 ? "·".repeat(width) : bar(bytes / size, width);
    const sizes = `${formatBytes(bytes)}${size === undefined ? "" : ` of ${formatBytes(size)}`}`;
    return `  ${drawn} ${padToWidth(names[index] ?? "", longest)} ${sizes}`;
  });
}

/** The line for the whole transfer: a bar, and as many facts as fit; the most useful ones are left out last. */
function wholeLine(state: TransferState, columns: number): string {
  const [counts, amount, speed, left] = [countsOf(state), formatBytes(state.bytes), speedOf(state), timeLeft(state)];
  const texts = [[...counts, amount, speed, ...left], [...counts, speed, ...left], [...counts, ...left], counts];
  const room = columns - "100% ".length;
  const text = texts.map((words) => words.join(", ")).find((text) => text.length + 1 + MIN_BAR <= room) ?? "";
  const width = Math.max(MIN_BAR, Math.min(MAX_BAR, room - text.length - 1));
  return `${bar(state.share, width)} ${`${percent(state.share)}%`.padStart(4)} ${text}`;
}

const MIN_BAR = 8;
const MAX_BAR = 30;

/**
 * Describes a running transfer: a line for each active file, up to a limit, and one for the whole transfer. That line
 * is last, because a small terminal shows only the end.
 *
 * @param columns The maximum length of a line.
 */
export function transferLines(state: TransferState, columns = 120): string[] {
  const { active } = state;
  const lines = activeLines(active.slice(0, MAX_ACTIVE), columns);
  if (active.length > MAX_ACTIVE) lines.push(`  and ${active.length - MAX_ACTIVE} more`);
  return [...lines, wholeLine(state, columns)];
}

// Text has the color of the page. The colors are visible on light and dark pages (contrast of at least 3:1, WCAG 1.4.11).
const BLUE = "#3b82f6";
const RED = "#e5484d";
const PANEL = "font-variant-numeric:tabular-nums;line-height:1.6;overflow-wrap:anywhere";
const LIST = "list-style:none;margin:0;padding:0";
const BAR =
  `display:inline-block;box-sizing:border-box;height:10px;border:1px solid ${BLUE};border-radius:5px;vertical-align:middle`;
/** Numbers that grow keep their place: each is aligned right, in a space for the longest. */
const percentHtml = (filled: number) => number(`${filled}%`, "3em");
const number = (text: string, width: string) =>
  `<span style="display:inline-block;min-width:${width};text-align:right">${text}</span>`;

/** Draws a progress bar and its number. Failures have a color and a place of their own, at the end of what is done. */
function htmlBar(share: number | undefined, label: string, width: string, failedShare = 0): string {
  // Nobody knows how far a file of unknown size is.
  if (share === undefined) {
    return `<span role="progressbar" aria-label="${label}" style="${BAR};${width}"></span> ${number("", "3em")}`;
  }
  const filled = percent(share);
  const good = Math.max(0, Math.min(filled, Math.round((share - failedShare) * 100)));
  const role = `role="progressbar" aria-label="${label}" aria-valuenow="${filled}"`;
  const fill = `linear-gradient(90deg,${BLUE} ${good}%,${RED} ${good}% ${filled}%,transparent ${filled}%)`;
  return `<span ${role} style="${BAR};${width};background:${fill}"></span> ${percentHtml(filled)}`;
}

function fileHtml(active: ActiveFile): string {
  const { bytes, size } = active;
  const name = escapeHtml(activeName(active));
  const amount = size === undefined ? formatBytes(bytes) : `${formatBytes(bytes)} of ${formatBytes(size)}`;
  const share = size === undefined || size === 0 ? undefined : bytes / size;
  return `<li>${htmlBar(share, "this file", "width:100px")} ${number(amount, "11em")} ${name}</li>`;
}

/**
 * Returns what a notebook shows for a running transfer: a bar and a line for the whole transfer, and a line for each
 * active file.
 */
export function transferPanel(state: TransferState): MimeBundle {
  const { share, files: count, failed } = state;
  // A file without received bytes would be an empty bar that appears and disappears.
  const active = state.active.filter(({ bytes }) => bytes > 0);
  const files = active.slice(0, MAX_ACTIVE).map(fileHtml);
  if (active.length > MAX_ACTIVE) files.push(`<li>and ${active.length - MAX_ACTIVE} more</li>`);
  const list = files.length === 0 ? [] : [`<ul style="${LIST}">`, ...files, "</ul>"];
  const html = [
    `<div style="${PANEL}">`,
    htmlBar(share, "all files", "width:calc(100% - 4em);max-width:520px", count === 0 ? 0 : failed / count),
    `<div>${escapeHtml(transferLine(state))}</div>`,
    ...list,
    "</div>",
  ];
  return { "text/plain": `${transferLines(state).join("\n")}\n`, "text/html": html.join("\n") };
}

/**
 * Returns what a notebook shows for a transfer that ended early: its progress, and how to continue.
 *
 * @param advice What to do next, if it was stopped; empty if it failed, because the error says that.
 */
export function endedPanel(state: TransferState, advice: string): MimeBundle {
  const line = advice === "" ? amountLine(state) : `Stopped at ${amountLine(state)}; ${advice}`;
  return { "text/plain": `${line}\n`, "text/html": `<div>${escapeHtml(line)}</div>` };
}

// The state of a running transfer, from its events.

/** A file that is being transferred. */
interface ActiveFile {
  readonly file: string;
  readonly bytes: number;
  /** Undefined until the server sends it. */
  readonly size: number | undefined;
}

/** The state of a running transfer, for displays. */
export interface TransferState {
  readonly files: number;
  readonly done: number;
  readonly failed: number;
  /** The share of the files that is done, from 0 to 1; an active file counts by its bytes. */
  readonly share: number;
  /** Bytes transferred in this call. */
  readonly bytes: number;
  /** Bytes per second, over the last few seconds. */
  readonly speed: number;
  /** Milliseconds left; undefined while unknown. */
  readonly leftMs: number | undefined;
  /** Files that are completely received are last. */
  readonly active: readonly ActiveFile[];
}

/** The time over which the speed is measured. */
const WINDOW_MS = 5000;

/** Follows a transfer through its events. */
export class TransferTracker {
  #files = 0;
  #done = 0;
  #failed = 0;
  /** The number of files with a known size, and the sum of these sizes. */
  #sized = 0;
  #sizes = 0;
  #bytes = 0;
  readonly #active = new Map<string, ActiveFile>();
  /** The last reported bytes of each active file. */
  readonly #counted = new Map<string, number>();
  readonly #samples: Array<{ readonly at: number; readonly bytes: number }>;
  readonly #now: () => number;

  /** @param now The clock, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#samples = [{ at: now(), bytes: 0 }];
  }

  /** Takes an event into account. */
  take(event: TransferEvent): void {
    if (event.type === "begin") this.#files = event.files;
    if (event.type === "file") this.#active.set(event.file, { file: event.file, bytes: 0, size: undefined });
    if (event.type === "bytes") {
      const { file, bytes, size } = event;
      // A resumed file starts with the bytes of an earlier run, which are not counted.
      const before = this.#counted.get(file) ?? bytes;
      this.#counted.set(file, bytes);
      this.#bytes += Math.max(0, bytes - before);
      if (size !== undefined && this.#active.get(file)?.size === undefined) {
        this.#sized += 1;
        this.#sizes += size;
      }
      this.#active.set(file, { file, bytes, size });
    }
    if (event.type === "outcome") {
      this.#active.delete(event.outcome.file);
      this.#counted.delete(event.outcome.file);
      this.#done += 1;
      if (event.outcome.state === "failed") this.#failed += 1;
    }
  }

  /** The time left at the current speed. A file of unknown size counts as the mean of the others. */
  #leftMs(speed: number): number | undefined {
    const active = [...this.#active.values()];
    const known = active.reduce((sum, { bytes, size = bytes }) => sum + Math.max(0, size - bytes), 0);
    const unknown = this.#files - this.#done - active.filter(({ size }) => size !== undefined).length;
    if (speed === 0 || (unknown > 0 && this.#sized === 0)) return undefined;
    const mean = this.#sized === 0 ? 0 : this.#sizes / this.#sized;
    return (known + Math.max(0, unknown) * mean) / speed * 1000;
  }

  /** Returns the current state. */
  state(): TransferState {
    const now = this.#now();
    this.#samples.push({ at: now, bytes: this.#bytes });
    while ((this.#samples[1]?.at ?? now) < now - WINDOW_MS) this.#samples.shift();
    const oldest = this.#samples[0] ?? { at: now, bytes: this.#bytes };
    const speed = now === oldest.at ? 0 : (this.#bytes - oldest.bytes) / (now - oldest.at) * 1000;
    const active = [...this.#active.values()];
    // The size of files that have not started is unknown, so the progress cannot be computed from bytes.
    const partly = active.reduce((sum, { bytes, size = 0 }) => sum + (size === 0 ? 0 : bytes / size), 0);
    const [files, done] = [this.#files, this.#done];
    const share = files === 0 ? 0 : Math.min(1, (done + partly) / files);
    const leftMs = this.#leftMs(speed);
    // Files that were received, and wait for the disk, must not hide those that are being received.
    const isReceived = ({ bytes, size }: ActiveFile) => bytes === size;
    active.sort((a, b) => Number(isReceived(a)) - Number(isReceived(b)));
    return { files, done, failed: this.#failed, share, bytes: this.#bytes, speed, leftMs, active };
  }
}

// The report of a call.

/**
 * Repeats a transfer for some of its files; `merge` adds the outcomes of the others, for the panel and the report.
 *
 * @ignore
 */
export type Repeat = (
  files: readonly string[],
  merge: (outcomes: readonly Outcome[]) => Outcome[],
) => Promise<TransferReport>;

/**
 * The outcome of a download or an upload of many files. It displays itself as a table, in notebooks and in the REPL. In
 * a notebook, the call that returned it has already displayed the table: as the last value of a cell it is only one
 * line, and `show()` displays the table again.
 *
 * @example
 * ```ts
 * import { query } from "@imap-sdc/data-access";
 *
 * const files = await query({ instrument: "mag", data_level: "l0" });
 * let report = await files.download({ concurrency: 4 });
 * if (report.failed.length > 0) report = await report.retry();
 * for (const path of report.paths) console.log(path);
 * ```
 *
 * @category Download and upload
 */
export class TransferReport {
  /** An outcome for each file, in the order of the files. */
  readonly outcomes: readonly Outcome[];
  readonly #repeat: Repeat;
  readonly #isShown: boolean;

  /** Creates a report of outcomes; `isShown` means that a notebook already displays their table. */
  constructor(outcomes: readonly Outcome[], repeat: Repeat, { isShown = false }: { isShown?: boolean } = {}) {
    this.outcomes = outcomes;
    this.#repeat = repeat;
    this.#isShown = isShown;
  }

  /** The local paths of all files that did not fail. */
  get paths(): string[] {
    return this.outcomes.filter(({ state }) => state !== "failed").map(({ path }) => path);
  }

  /** The outcomes of the files that failed, each with its error. */
  get failed(): Extract<Outcome, { state: "failed" }>[] {
    return this.outcomes.filter((outcome) => outcome.state === "failed");
  }

  /** The number of transferred bytes. */
  get bytes(): number {
    return bytesOf(this.outcomes);
  }

  /**
   * Tries the failed files again, with the same settings.
   *
   * @returns A report of all files: new outcomes for the files that had failed, the old ones for the others.
   */
  async retry(): Promise<TransferReport> {
    return await this.#repeat(this.failed.map(({ file }) => file), (again) => {
      const byFile = new Map(again.map((outcome) => [outcome.file, outcome]));
      return this.outcomes.map((outcome) => byFile.get(outcome.file) ?? outcome);
    });
  }

  /** A summary in one line: `3 fetched, 1 failed; 1.2 MB`. */
  summary(): string {
    return outcomesSummary(this.outcomes);
  }

  /** The outcomes as a text table. */
  toText(): string {
    return textTable(outcomesTable(this.outcomes));
  }

  /** The outcomes as an HTML table; everything in it is escaped. */
  toHtml(): string {
    return outcomesHtml(this.outcomes);
  }

  /** Displays the table: in a notebook as an output of the cell, elsewhere as text on standard output. */
  async show(): Promise<void> {
    await showBundle(outcomesBundle(this.outcomes));
  }

  /** What a notebook displays for it as the last value of a cell: the table, or a line if the table has been displayed. */
  [JUPYTER_DISPLAY](): MimeBundle {
    return this.#isShown ? shownSummary(this.outcomes) : outcomesBundle(this.outcomes);
  }

  /** What `console.log` and the REPL display for it. */
  [Symbol.for("Deno.customInspect")](): string {
    return outcomesBundle(this.outcomes)["text/plain"].trimEnd();
  }
}
