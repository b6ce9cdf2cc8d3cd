// Tables of what changes in a data directory between runs.
import { type Column, formatBytes, type Table } from "../display/table.ts";
import { bareName } from "../names/file_name.ts";
import { ImapError } from "../errors.ts";
import type { SyncChange, SyncResult } from "../mirror/sync.ts";

/** The result of a sync, as it is shown. */
interface ShownSync extends SyncResult {
  /** Whether it is a plan: nothing was done. */
  readonly isPlan: boolean;
}

/** The states, in the order in which a summary counts them. */
const SYNC_STATES = ["new", "redelivered", "superseded", "gone", "local change", "failed"] as const;

/** The order of a table: what needs attention comes first. */
const ORDER: readonly string[] = ["failed", "local change", "gone", "new", "redelivered", "superseded"];

/** `1,234 unchanged`. Without `toLocaleString`, whose first call takes longer than the rest of a run without news. */
function countOf(count: number, word: string): string {
  const digits = String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
  return `${digits} ${word}${word === "local change" && count !== 1 ? "s" : ""}`;
}

/** What was transferred, or would be. */
function bytesText({ changes, isPlan }: ShownSync): string {
  if (!isPlan) return formatBytes(changes.reduce((sum, { bytes }) => sum + bytes, 0));
  const wanted = changes.filter(({ done }) => done === "would fetch" || done === "would resume");
  const sizes = wanted.map(({ size }) => size).filter((size) => size !== undefined);
  const known = sizes.reduce((sum, size) => sum + size, 0);
  if (wanted.length === 0) return "nothing to transfer";
  if (sizes.length === wanted.length) return `${formatBytes(known)} to transfer`;
  if (sizes.length === 0) return "sizes unknown";
  const all = known / sizes.length * wanted.length;
  return `about ${formatBytes(all)} to transfer, estimated from ${sizes.length} of ${wanted.length} files`;
}

/** Summarizes a sync in a line: `5 new, 3 redelivered, 9,992 unchanged; 1.2 MB`. */
export function syncSummary(sync: ShownSync): string {
  const counts = SYNC_STATES.map((state) =>
    [state, sync.changes.filter((change) => change.state === state).length] as const
  )
    .filter(([, count]) => count > 0).map(([state, count]) => countOf(count, state));
  const all = [...counts, countOf(sync.unchanged, "unchanged")].join(", ");
  return `${sync.isPlan ? "Plan: " : ""}${all}; ${bytesText(sync)}`;
}

/** Says what else a user should know of a sync; empty for nothing. */
export function syncNote({ refusal, damage, isPlan }: ShownSync): string {
  const refused = refusal === undefined ? [] : [`Not removed: ${refusal}`];
  if (damage === undefined) return refused.join("");
  const lost =
    `The journal "${damage.path}" of a run that was stopped is damaged from line ${damage.line} on: what that ` +
    `run noted there is lost. Its files ${isPlan ? "are" : "were"} compared with the archive's; some may be handed ` +
    "over again, or not at all";
  return [...refused, lost].join(". ");
}

/** Says what was done for a file, and why it failed. */
function doneText({ done, by, error, lockFile, path, state }: SyncChange): string {
  if (error !== undefined) return error instanceof ImapError ? error.reason : error.message;
  if (lockFile !== undefined) return `${done}: ${lockFile} lists it`;
  if (done === "moved") return `moved to ${path}`;
  if (state === "superseded" && by !== undefined) return `${done}, replaced by ${bareName(by)}`;
  return done;
}

/** Makes a table of the changes of a sync, with the summary as its title. */
export function syncTable(sync: ShownSync): Table<SyncChange> {
  const rows = sync.changes.toSorted((a, b) =>
    ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (a.file < b.file ? -1 : 1)
  );
  const amount = ({ bytes, size }: SyncChange) => (size ?? bytes) === 0 ? "" : formatBytes(size ?? bytes);
  const left = (header: string, text: (change: SyncChange) => string, more: Partial<Column<SyncChange>> = {}) => ({
    header,
    align: "left" as const,
    text,
    ...more,
  });
  const hasBytes = rows.some((change) => amount(change) !== "");
  const note = syncNote(sync);
  return {
    title: syncSummary(sync),
    ...(note === "" ? {} : { note }),
    columns: [
      left("File", ({ file }) => bareName(file)),
      left("State", ({ state }) => state),
      ...(hasBytes ? [{ header: "Size", align: "right" as const, text: amount }] : []),
      left("What was done", doneText, { isLong: true }),
      left("Folder", ({ file }) => file.slice(0, Math.max(0, file.lastIndexOf("/"))), { yields: 0 }),
    ],
    isFailed: ({ state }) => state === "failed",
    rows,
  };
}
