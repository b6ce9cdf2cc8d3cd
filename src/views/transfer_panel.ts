import { formatBytes } from "@std/fmt";
import { escape } from "@std/html";
import type { MimeBundle } from "../display/notebook.ts";
import { activeName, MOST_ACTIVE, standLine, transferLine, transferLines } from "./transfer_lines.ts";
import type { ActiveFile, TransferState } from "./transfer_state.ts";

// The text takes the page's colour; the blue stands out from light pages and from dark ones (3:1 at least, WCAG 1.4.11).
const BLUE = "#3b82f6";
const PANEL = "font-variant-numeric:tabular-nums;line-height:1.6;overflow-wrap:anywhere";
const LIST = "list-style:none;margin:0;padding:0";
const BAR =
  `display:inline-block;box-sizing:border-box;height:10px;border:1px solid ${BLUE};border-radius:5px;font-size:0;vertical-align:middle`;

/** A bar; where styles are dropped, the figure in it shows instead. */
function bar(share: number, label: string, width: string): string {
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
  return `<li>${bar(share, "this file", "width:100px")} ${name} ${amount}</li>`;
}

/** Where a transfer stands, as a notebook shows it: a bar and a line for all, and a line for each of the active files. */
export function transferPanel(state: TransferState): MimeBundle {
  const { active, share } = state;
  const files = active.slice(0, MOST_ACTIVE).map(fileHtml);
  if (active.length > MOST_ACTIVE) files.push(`<li>and ${active.length - MOST_ACTIVE} more</li>`);
  const list = files.length === 0 ? [] : [`<ul style="${LIST}">`, ...files, "</ul>"];
  const html = [
    `<div style="${PANEL}">`,
    bar(share, "all files", "width:100%;max-width:520px"),
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
