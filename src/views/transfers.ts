import { htmlTable } from "../display/html_table.ts";
import type { MimeBundle } from "../display/notebook.ts";
import { MAX_ROWS, type Table, textTable } from "../display/text_table.ts";
import { ImapError } from "../errors.ts";
import { archivePath, bareName } from "../names/file_name.ts";
import { excerpt } from "../safe_text.ts";
import type { Outcome, TransferEvent } from "../transfer/batch.ts";
import { format as formatBytes } from "@std/fmt/bytes";
import { escape } from "@std/html";
import { dirname } from "@std/path";

/** The states of outcomes, in the order in which a summary counts them. */
const STATES = ["fetched", "resumed", "sent", "skipped", "planned", "failed"] as const;

/** How many bytes were transferred in all. */
export function bytesOf(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** `3 fetched, 1 failed; 1.2 MB`: what became of a batch, in a line. */
export function outcomesSummary(outcomes: readonly Outcome[]): string {
  const counts = STATES.map((state) => [state, outcomes.filter((outcome) => outcome.state === state).length] as const)
    .filter(([, count]) => count > 0).map(([state, count]) => `${count} ${state}`);
  return `${counts.length === 0 ? "no files" : counts.join(", ")}; ${formatBytes(bytesOf(outcomes))}`;
}

function stateText(outcome: Outcome): string {
  return outcome.state === "planned" ? `would ${outcome.plan ?? "fetch"}` : outcome.state;
}

/** The folder of a file in the archive; below the data directory it is the same one. Empty when nobody can tell. */
function folderOf(file: string): string {
  if (file.startsWith("imap/")) return dirname(file);
  try {
    return dirname(archivePath(bareName(file)));
  } catch {
    return "";
  }
}

/** Says why a file failed, without repeating which one: its row shows that. */
function reasonOf(error: Error): string {
  return error instanceof ImapError ? error.reason : error.message;
}

/** The outcomes of a batch as a table, with the summary as its title. Those that failed come first: they want a reader. */
export function outcomesTable(outcomes: readonly Outcome[]): Table<Outcome> {
  const isFailed = ({ state }: Outcome) => state === "failed";
  return {
    title: outcomesSummary(outcomes),
    columns: [
      { header: "File", align: "left", text: ({ file }) => bareName(file) },
      { header: "Outcome", align: "left", text: stateText },
      { header: "Transferred", align: "right", text: ({ bytes }) => bytes === 0 ? "" : formatBytes(bytes) },
      {
        header: "Folder or error",
        align: "left",
        text: (outcome) => outcome.state === "failed" ? reasonOf(outcome.error) : folderOf(outcome.file),
      },
    ],
    rows: [...outcomes.filter(isFailed), ...outcomes.filter((outcome) => !isFailed(outcome))],
  };
}

/** What a notebook shows of the outcomes of a batch. */
export function outcomesBundle(outcomes: readonly Outcome[]): MimeBundle {
  const table = outcomesTable(outcomes);
  return { "text/plain": textTable(table, MAX_ROWS), "text/html": htmlTable(table) };
}

/** What a notebook shows of outcomes whose table stands there already. */
export function shownSummary(outcomes: readonly Outcome[]): MimeBundle {
  const line = `${outcomesSummary(outcomes)} (await report.show() shows the table again)`;
  return { "text/plain": line, "text/html": `<div>${escape(line)}</div>` };
}

/** No more files than this are named at once. */
const MOST_ACTIVE = 8;
const LONGEST_NAME = 100;
const BAR_WIDTH = 20;

function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const pad = (number: number) => String(number).padStart(2, "0");
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** How far a transfer came, in a line. */
function standLine({ files, done, failed, bytes }: TransferState): string {
  const words = [`${done} of ${files} files`, ...failed > 0 ? [`${failed} failed`] : [], formatBytes(bytes)];
  return words.join(", ");
}

/** Where a transfer stands, in a line: how far it came, how fast it is, how long it will take. */
export function transferLine(state: TransferState): string {
  const { files, done, speed, leftMs } = state;
  const left = leftMs === undefined || done >= files ? "" : `, ${duration(leftMs)} left`;
  return `${standLine(state)}, ${formatBytes(Math.round(speed))}/s${left}`;
}

/** The name of a file that is on its way, safe on a line. */
function activeName({ file }: ActiveFile): string {
  return excerpt(bareName(file), LONGEST_NAME);
}

function bar({ bytes, size }: ActiveFile): string {
  if (size === undefined || size === 0) return "·".repeat(BAR_WIDTH);
  const filled = Math.min(BAR_WIDTH, Math.floor(bytes / size * BAR_WIDTH));
  return "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
}

function activeLine(active: ActiveFile): string {
  const of = active.size === undefined ? "" : ` of ${formatBytes(active.size)}`;
  return `  ${bar(active)} ${activeName(active)} ${formatBytes(active.bytes)}${of}`;
}

/**
 * Where a transfer stands: a line for each of the files on their way, up to a few, and one for all. That one is the last:
 * a low window shows the end.
 */
export function transferLines(state: TransferState): string[] {
  const { active } = state;
  const lines = active.slice(0, MOST_ACTIVE).map(activeLine);
  if (active.length > MOST_ACTIVE) lines.push(`  and ${active.length - MOST_ACTIVE} more`);
  return [...lines, transferLine(state)];
}

// The text takes the page's colour; the blue stands out from light pages and from dark ones (3:1 at least, WCAG 1.4.11).
const BLUE = "#3b82f6";
const PANEL = "font-variant-numeric:tabular-nums;line-height:1.6;overflow-wrap:anywhere";
const LIST = "list-style:none;margin:0;padding:0";
const BAR =
  `display:inline-block;box-sizing:border-box;height:10px;border:1px solid ${BLUE};border-radius:5px;font-size:0;vertical-align:middle`;

/** A bar; where styles are dropped, the figure in it shows instead. */
function htmlBar(share: number, label: string, width: string): string {
  const percent = Math.floor(Math.min(1, share) * 100);
  const role = `role="progressbar" aria-label="${label}" aria-valuenow="${percent}"`;
  const fill = `linear-gradient(90deg,${BLUE} ${percent}%,transparent ${percent}%)`;
  return `<span ${role} style="${BAR};${width};background:${fill}">${percent}%</span>`;
}

function fileHtml(active: ActiveFile): string {
  const { bytes, size } = active;
  const name = escape(activeName(active));
  const amount = size === undefined ? formatBytes(bytes) : `${formatBytes(bytes)} of ${formatBytes(size)}`;
  const share = size === undefined || size === 0 ? 0 : bytes / size;
  return `<li>${htmlBar(share, "this file", "width:100px")} ${name} ${amount}</li>`;
}

/** Where a transfer stands, as a notebook shows it: a bar and a line for all, and a line for each of the active files. */
export function transferPanel(state: TransferState): MimeBundle {
  const { active, share } = state;
  const files = active.slice(0, MOST_ACTIVE).map(fileHtml);
  if (active.length > MOST_ACTIVE) files.push(`<li>and ${active.length - MOST_ACTIVE} more</li>`);
  const list = files.length === 0 ? [] : [`<ul style="${LIST}">`, ...files, "</ul>"];
  const html = [
    `<div style="${PANEL}">`,
    htmlBar(share, "all files", "width:100%;max-width:520px"),
    `<div>${escape(transferLine(state))}</div>`,
    ...list,
    "</div>",
  ];
  return { "text/plain": `${transferLines(state).join("\n")}\n`, "text/html": html.join("\n") };
}

/**
 * What stays of a transfer that ended before its time: how far it came, and how to go on. It has no speed and no time.
 *
 * @param advice What to do next, when it was stopped; empty when it failed, which an error says.
 */
export function endedPanel(state: TransferState, advice: string): MimeBundle {
  const line = advice === "" ? standLine(state) : `Stopped at ${standLine(state)}; ${advice}`;
  return { "text/plain": `${line}\n`, "text/html": `<div>${escape(line)}</div>` };
}

/** A file that is on its way. */
interface ActiveFile {
  readonly file: string;
  readonly bytes: number;
  /** Undefined as long as the server has not told. */
  readonly size: number | undefined;
}

/** Where a transfer stands, for a display. */
export interface TransferState {
  readonly files: number;
  readonly done: number;
  readonly failed: number;
  /** Which part of the files is done, from 0 to 1; one that is on its way counts for what it has. */
  readonly share: number;
  /** Bytes transferred in this call. */
  readonly bytes: number;
  /** Bytes a second, over the last few seconds. */
  readonly speed: number;
  /** Milliseconds that the rest will take; undefined when nobody can tell. */
  readonly leftMs: number | undefined;
  readonly active: readonly ActiveFile[];
}

/** The speed is that of so many milliseconds before now. */
const WINDOW_MS = 5000;

/** Follows a transfer by its events. */
export class TransferTracker {
  #files = 0;
  #done = 0;
  #failed = 0;
  /** How many files have told their size, and their sizes in all. */
  #sized = 0;
  #sizes = 0;
  #bytes = 0;
  readonly #active = new Map<string, ActiveFile>();
  /** The last figure of each file on its way. */
  readonly #counted = new Map<string, number>();
  readonly #samples: Array<{ readonly at: number; readonly bytes: number }>;
  readonly #now: () => number;

  /** @param now The clock, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#samples = [{ at: now(), bytes: 0 }];
  }

  /** Takes note of an event. */
  take(event: TransferEvent): void {
    if (event.type === "begin") this.#files = event.files;
    if (event.type === "file") this.#active.set(event.file, { file: event.file, bytes: 0, size: undefined });
    if (event.type === "bytes") {
      const { file, bytes, size } = event;
      // What an earlier run had brought was not transferred now: the first figure of a file is where it begins.
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

  /** What is still to come, at the speed of the last seconds. A file of unknown size counts like the mean of the others. */
  #leftMs(speed: number): number | undefined {
    const active = [...this.#active.values()];
    const known = active.reduce((sum, { bytes, size = bytes }) => sum + Math.max(0, size - bytes), 0);
    const unknown = this.#files - this.#done - active.filter(({ size }) => size !== undefined).length;
    if (speed === 0 || (unknown > 0 && this.#sized === 0)) return undefined;
    const mean = this.#sized === 0 ? 0 : this.#sizes / this.#sized;
    return (known + Math.max(0, unknown) * mean) / speed * 1000;
  }

  /** Where the transfer stands now. */
  state(): TransferState {
    const now = this.#now();
    this.#samples.push({ at: now, bytes: this.#bytes });
    while ((this.#samples[1]?.at ?? now) < now - WINDOW_MS) this.#samples.shift();
    const oldest = this.#samples[0] ?? { at: now, bytes: this.#bytes };
    const speed = now === oldest.at ? 0 : (this.#bytes - oldest.bytes) / (now - oldest.at) * 1000;
    const active = [...this.#active.values()];
    // Files that have not begun have no known size: how far it is comes from the share of files that is done.
    const partly = active.reduce((sum, { bytes, size = 0 }) => sum + (size === 0 ? 0 : bytes / size), 0);
    const [files, done] = [this.#files, this.#done];
    const share = files === 0 ? 0 : Math.min(1, (done + partly) / files);
    const leftMs = this.#leftMs(speed);
    return { files, done, failed: this.#failed, share, bytes: this.#bytes, speed, leftMs, active };
  }
}
