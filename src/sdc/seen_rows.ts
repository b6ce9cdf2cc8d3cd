import type { FileRecord } from "../protocol/file_record.ts";

/**
 * Tells which rows have come before. Requests that share no file need that of one at a time: a part whose answer broke off
 * and that is asked for again. To keep the paths of millions of rows would take more memory than all else. Rows without a
 * day are few, and a server may count them to every day: their paths are kept.
 */
export class SeenRows {
  readonly #paths = new Set<string>();
  readonly #withoutDay = new Set<string>();
  #mayOverlap: boolean;

  constructor(mayOverlap: boolean) {
    this.#mayOverlap = mayOverlap;
  }

  isNew({ file_path, start_date }: FileRecord): boolean {
    const paths = start_date === undefined || start_date === null ? this.#withoutDay : this.#paths;
    if (paths.has(file_path)) return false;
    paths.add(file_path);
    return true;
  }

  /** A part has come whole: nothing of it comes again, unless parts overlap. */
  endPart(): void {
    if (!this.#mayOverlap) this.#paths.clear();
  }

  /** A part is asked for again in smaller ones, over which what has come of it is spread. */
  splitPart(): void {
    this.#mayOverlap ||= this.#paths.size > 0;
  }
}
