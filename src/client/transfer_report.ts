import { JUPYTER_DISPLAY, type MimeBundle, showBundle } from "../display/notebook.ts";
import { textTable } from "../display/text_table.ts";
import type { Outcome } from "../transfer/batch.ts";
import {
  bytesOf,
  outcomesBundle,
  outcomesHtml,
  outcomesSummary,
  outcomesTable,
  shownSummary,
} from "../views/transfers.ts";

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
