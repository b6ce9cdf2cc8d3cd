import type { FileRecord } from "../protocol/rows.ts";
import type { QueryParameters } from "../protocol/tables.ts";
import { isGiven } from "../sdc/check_query.ts";

/** What there is of one product. */
export interface CatalogEntry {
  /** For instance `mag`; null for SPICE files. */
  readonly instrument: string | null;
  /** For instance `l1a`; null for ancillary and SPICE files. */
  readonly data_level: string | null;
  /** The product's name; of SPICE files their type. */
  readonly descriptor: string;
  /** How many files there are, of all versions that the SDC gives out: those of older major ones may be left out. */
  readonly files: number;
  /** The first day, YYYYMMDD, or null where files have none. */
  readonly first_date: string | null;
  /** The last day on which a file starts, YYYYMMDD, or null; of SPICE files without a first day the last one. */
  readonly last_date: string | null;
}

/** The day of a row: of a SPICE file the first one that it covers, or the last where it covers all before. */
function dayOfRow({ start_date, min_date_datetime, max_date_datetime }: FileRecord): string | null {
  if (typeof start_date === "string") return start_date;
  const moment = min_date_datetime ?? max_date_datetime;
  return typeof moment === "string" ? moment.slice(0, 10).replaceAll("-", "") : null;
}

function earlier(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && b < a) ? b : a;
}

function later(a: string | null, b: string | null): string | null {
  return a === null || (b !== null && b > a) ? b : a;
}

/** Counts rows as they come: what is kept grows with the products, not with the files. */
export class CatalogCount {
  readonly #entries = new Map<string, CatalogEntry>();

  /** Counts some rows. */
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

  /** What was counted, by instrument, level and descriptor. */
  entries(): CatalogEntry[] {
    return [...this.#entries].toSorted(([a], [b]) => a < b ? -1 : 1).map(([, entry]) => entry);
  }
}

/** What all files have: a query needs a condition, a catalog none. */
const EVERYTHING: QueryParameters = { filename: "*" };

/** The query whose rows are counted. */
export function catalogQuery(parameters: QueryParameters): QueryParameters {
  // Untyped code may give anything: the query says so.
  if (typeof parameters !== "object" || parameters === null) return parameters;
  const given = Object.entries(parameters).filter(([name, value]) => isGiven(name, value));
  const names = given.map(([name]) => name);
  return names.some((name) => name !== "table" && name !== "version") ? parameters : { ...parameters, ...EVERYTHING };
}
