import { formatBytes } from "@std/fmt";
import { escape } from "@std/html";
import { dirname } from "@std/path";
import { MOST_ROWS } from "../display/abridge.ts";
import { htmlTable } from "../display/html_table.ts";
import type { MimeBundle } from "../display/notebook.ts";
import type { Table } from "../display/table.ts";
import { textTable } from "../display/text_table.ts";
import { archivePath } from "../names/archive_path.ts";
import type { Outcome } from "../transfer/outcome.ts";
import { bareName } from "./bare_name.ts";

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

/** Why a file failed, without the words that only name it: its row does. */
function reasonOf({ file, error }: Extract<Outcome, { state: "failed" }>): string {
  const named = /^Cannot \w+ "([^"]*)": /.exec(error.message);
  return named !== null && bareName(named[1] ?? "") === bareName(file)
    ? error.message.slice(named[0].length)
    : error.message;
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
        text: (outcome) => outcome.state === "failed" ? reasonOf(outcome) : folderOf(outcome.file),
      },
    ],
    rows: [...outcomes.filter(isFailed), ...outcomes.filter((outcome) => !isFailed(outcome))],
  };
}

/** What a notebook shows of the outcomes of a batch. */
export function outcomesBundle(outcomes: readonly Outcome[]): MimeBundle {
  const table = outcomesTable(outcomes);
  return { "text/plain": textTable(table, MOST_ROWS), "text/html": htmlTable(table) };
}

/** What a notebook shows of outcomes whose table stands there already. */
export function shownSummary(outcomes: readonly Outcome[]): MimeBundle {
  const line = `${outcomesSummary(outcomes)} (await report.show() shows the table again)`;
  return { "text/plain": line, "text/html": `<div>${escape(line)}</div>` };
}
