import { htmlTable, shownTable, textTable } from "../display/table.ts";
import { JUPYTER_DISPLAY, type MimeBundle, showBundle } from "../display/notebook.ts";
import type { SyncChange, SyncResult } from "../mirror/sync.ts";
import { syncSummary, syncTable } from "../views/mirror.ts";

/**
 * The outcome of a sync. It displays itself as a table, in notebooks and in the REPL.
 *
 * @example
 * ```ts
 * import { sync } from "@imap-sdc/data-access";
 *
 * const report = await sync({ instrument: "glows", data_level: "l1b" });
 * for (const { file, error } of report.failed) console.log(file, error?.message);
 * await report.show();
 * ```
 *
 * @category Between runs
 */
export class SyncReport {
  /** What changed, file by file; unchanged files are only counted. */
  readonly changes: readonly SyncChange[];
  /** The number of files that were as they should be. */
  readonly unchanged: number;
  /** Whether the archive was asked for all files, and not only for those ingested since the last run. */
  readonly isFull: boolean;
  /** Whether it is the plan of a dry run: nothing was done. */
  readonly isPlan: boolean;
  /** Why files that are gone were not removed although that was asked for; undefined if nothing was refused. */
  readonly refusal: string | undefined;

  /**
   * The journal of the run before this one, if that was killed and its journal is damaged: what it had recorded from this line
   * on is lost. Its files were compared with the archive's; some may be handed over again, or not at all.
   */
  readonly damage: { readonly path: string; readonly line: number } | undefined;

  /** Creates a report of a result. */
  constructor(result: SyncResult, { isPlan }: { readonly isPlan: boolean }) {
    this.changes = result.changes;
    this.unchanged = result.unchanged;
    this.isFull = result.isFull;
    this.refusal = result.refusal;
    this.damage = result.damage;
    this.isPlan = isPlan;
  }

  /** The files that were not here. */
  get new(): readonly SyncChange[] {
    return this.changes.filter(({ state }) => state === "new");
  }

  /** The files of which the archive has another delivery. */
  get redelivered(): readonly SyncChange[] {
    return this.changes.filter(({ state }) => state === "redelivered");
  }

  /** The versions that a newer one replaces. */
  get superseded(): readonly SyncChange[] {
    return this.changes.filter(({ state }) => state === "superseded");
  }

  /** The files that the archive no longer has. */
  get gone(): readonly SyncChange[] {
    return this.changes.filter(({ state }) => state === "gone");
  }

  /** The files that somebody has changed here. */
  get localChanges(): readonly SyncChange[] {
    return this.changes.filter(({ state }) => state === "local change");
  }

  /** The files that could not be brought up to date, each with its error. */
  get failed(): readonly SyncChange[] {
    return this.changes.filter(({ state }) => state === "failed");
  }

  /** The number of transferred bytes. */
  get bytes(): number {
    return this.changes.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** A summary in one line: `5 new, 3 redelivered, 9,992 unchanged; 1.2 MB`. */
  summary(): string {
    return syncSummary(this);
  }

  /** The changes as a text table. */
  toText(): string {
    return textTable(syncTable(this));
  }

  /** The changes as an HTML table; everything in it is escaped. */
  toHtml(): string {
    return htmlTable(syncTable(this));
  }

  /** What `JSON.stringify` writes: a count for each state, and the changes; errors as their messages. */
  toJSON(): Record<string, unknown> {
    return {
      new: this.new.length,
      redelivered: this.redelivered.length,
      superseded: this.superseded.length,
      gone: this.gone.length,
      local_changes: this.localChanges.length,
      failed: this.failed.length,
      unchanged: this.unchanged,
      bytes: this.bytes,
      full: this.isFull,
      dry_run: this.isPlan,
      ...(this.refusal === undefined ? {} : { refusal: this.refusal }),
      ...(this.damage === undefined ? {} : { damaged_journal: this.damage }),
      changes: this.changes.map((change) =>
        change.error === undefined ? change : { ...change, error: change.error.message }
      ),
    };
  }

  /** Displays the table: in a notebook as an output of the cell, elsewhere as text on standard output. */
  async show(): Promise<void> {
    await showBundle(this[JUPYTER_DISPLAY]());
  }

  /** What a notebook displays for it as the last value of a cell. */
  [JUPYTER_DISPLAY](): MimeBundle {
    return { "text/plain": shownTable(syncTable(this)), "text/html": this.toHtml() };
  }

  /** What `console.log` and the REPL display for it. */
  [Symbol.for("Deno.customInspect")](): string {
    return shownTable(syncTable(this)).trimEnd();
  }
}
