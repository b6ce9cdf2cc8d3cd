// Lock files as tables: their files, how a data directory differs, and what has changed in the archive.
import type { Column, Table } from "../display/table.ts";
import type { ArchiveChange } from "../mirror/lock_changes.ts";
import type { LockContents, LockedFile } from "../mirror/lock_file.ts";
import type { FileDifference } from "../mirror/verify.ts";
import { bareName } from "../names/file_name.ts";
import { formatBytes } from "../safe_text.ts";

/** A lock file, and where it is. */
type ShownLock = Pick<LockContents, "files" | "created"> & { readonly path: string };

function files(count: number): string {
  return `${count} file${count === 1 ? "" : "s"}`;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/** The name of a file, and the folder, which a narrow terminal leaves out. */
function pathColumns(): Column<{ readonly path: string }>[] {
  return [
    { header: "File", align: "left", text: ({ path }) => bareName(path) },
    { header: "Folder", align: "left", yields: 2, text: ({ path }) => folderOf(path) },
  ];
}

/** Returns counts in words: `1 missing, 2 changed`. */
function counts(rows: ReadonlyArray<{ readonly state: string }>, states: readonly string[]): string {
  return states.map((state) => [state, rows.filter((row) => row.state === state).length] as const)
    .filter(([, count]) => count > 0).map(([state, count]) => `${count} ${state}`).join(", ");
}

/** Makes the table of the files of a lock file. */
export function lockedTable(lock: ShownLock): Table<LockedFile> {
  const size = lock.files.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    title: `Locked [${lock.files.length}] files, ${formatBytes(size)}, in ${lock.path}`,
    columns: [
      ...pathColumns(),
      { header: "Size", align: "right", yields: 1, text: ({ bytes }) => formatBytes(bytes) },
      { header: "SHA-256", align: "left", yields: 3, text: ({ sha256 }) => sha256.slice(0, 12) },
    ],
    rows: lock.files,
  };
}

/** Makes the table of how a data directory differs from a lock file. */
export function differencesTable(rows: readonly FileDifference[], lock: ShownLock): Table<FileDifference> {
  const count = files(lock.files.length);
  const title = rows.length === 0
    ? `All ${count} are as ${lock.path} says`
    : `Not as ${lock.path} says: ${counts(rows, ["missing", "changed", "unreadable", "extra"])}; it lists ${count}`;
  return {
    title,
    columns: rows.length === 0 ? [] : [
      { header: "State", align: "left", text: ({ state }) => state },
      ...pathColumns(),
      { header: "Reason", align: "left", isLong: true, text: ({ reason }) => reason },
    ],
    rows,
  };
}

/** Makes the table of what has changed in the archive since a lock file was written. */
export function changesTable(rows: readonly ArchiveChange[], lock: ShownLock): Table<ArchiveChange> {
  const title = rows.length === 0
    ? `The archive has nothing newer than ${lock.path} (${lock.created})`
    : `Changed in the archive since ${lock.created}: ${counts(rows, ["new", "superseded", "redelivered", "gone"])}`;
  return {
    title,
    columns: rows.length === 0 ? [] : [
      { header: "State", align: "left", text: ({ state }) => state },
      ...pathColumns(),
      { header: "Newer version", align: "left", text: ({ newer }) => newer === undefined ? "" : bareName(newer) },
      { header: "Ingested", align: "left", yields: 1, text: ({ ingestion_date }) => ingestion_date ?? "" },
    ],
    rows,
  };
}
