import type { Catalogue } from "../catalogue.ts";
import { type ArchiveSummary, summarise } from "./archive_summary.ts";
import { drawCoverage } from "./draw_coverage.ts";

/** Something that was made from the catalogue when it had this revision. */
interface Made<Value> {
  readonly revision: number;
  readonly value: Value;
}

/** What the front page shows of the whole archive: made when it is asked for, and again when the catalogue changed. */
export class PageCache {
  #summary: Made<ArchiveSummary> | undefined;
  #coverage: Made<Promise<string>> | undefined;

  /** What there is, in numbers. */
  summary(catalogue: Catalogue): ArchiveSummary {
    const { revision } = catalogue;
    if (this.#summary?.revision !== revision) this.#summary = { revision, value: summarise(catalogue) };
    return this.#summary.value;
  }

  /** Which days have files: SVG. All who ask meanwhile wait for one drawing. */
  coverage(catalogue: Catalogue): Promise<string> {
    const { revision } = catalogue;
    if (this.#coverage?.revision === revision) return this.#coverage.value;
    const value = drawCoverage(catalogue);
    this.#coverage = { revision, value };
    value.catch(() => this.#coverage = undefined); // The next one tries again; this one's caller has the error.
    return value;
  }
}
