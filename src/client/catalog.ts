import type { FileRecord } from "../protocol/rows.ts";
import type { QueryParameters } from "../protocol/tables.ts";
import { isGiven } from "../sdc/check_query.ts";

/** One product of a catalog. */
export interface CatalogEntry {
  /** The instrument, for instance `mag`; null for SPICE files. */
  readonly instrument: string | null;
  /** The data level, for instance `l1a`; null for ancillary and SPICE files. */
  readonly data_level: string | null;
  /** The product's name; for SPICE files their type. */
  readonly descriptor: string;
  /** The number of files. Default: all minor versions of the newest major version; `major_version` selects others. */
  readonly files: number;
  /** The first day, `YYYYMMDD`, or null if the files have none. */
  readonly first_date: string | null;
  /** The last start date, `YYYYMMDD`, or null; for SPICE files without a start, the last end of their coverage. */
  readonly last_date: string | null;
}

/** Returns the day of a row: for a SPICE file the first day that it covers, or the last if it has no start. */
function dayOfRow({ start_date, min_date_datetime, max_date_datetime }: FileRecord): string | null {
  const moment = start_date ?? min_date_datetime ?? max_date_datetime;
  // `20260924`, or `2026-09-24, 00:00:00` of SPICE files.
  return typeof moment === "string" ? moment.slice(0, 10).replaceAll("-", "") : null;
}

function earlier(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && b < a) ? b : a;
}

function later(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && b > a) ? b : a;
}

/** Counts rows as they are received. Memory grows with the number of products, not of files. */
export class CatalogCount {
  readonly #entries = new Map<string, CatalogEntry>();

  /** Counts further rows. */
  add(rows: readonly FileRecord[]): void {
    for (const row of rows) {
      const { instrument = null, data_level = null } = row;
      const descriptor = String(row.kernel_type ?? row.descriptor ?? "");
      const key = JSON.stringify([instrument, data_level, descriptor]);
      const { files, first_date, last_date } = this.#entries.get(key) ??
        { files: 0, first_date: null, last_date: null };
      const day = dayOfRow(row);
      this.#entries.set(key, {
        instrument,
        data_level,
        descriptor,
        files: files + 1,
        first_date: earlier(first_date, day),
        last_date: later(last_date, day),
      });
    }
  }

  /** The products, sorted by instrument, data level and descriptor. */
  entries(): CatalogEntry[] {
    return [...this.#entries].toSorted(([a], [b]) => a < b ? -1 : 1).map(([, entry]) => entry);
  }
}

/** Matches all files: a query requires a condition, a catalog does not. */
const EVERYTHING: QueryParameters = { filename: "*" };

/** The query whose rows are counted. */
export function catalogQuery(parameters: QueryParameters): QueryParameters {
  // Untyped callers may pass anything: the query rejects it.
  if (typeof parameters !== "object" || parameters === null) return parameters;
  const given = Object.entries(parameters).filter(([name, value]) => isGiven(name, value));
  const names = given.map(([name]) => name);
  return names.some((name) => name !== "table" && name !== "version") ? parameters : { ...parameters, ...EVERYTHING };
}
