import { DATA_LEVELS, isDataLevel } from "../../names/data_levels.ts";
import type { FileRecord } from "../../protocol/file_record.ts";
import { rowLabel } from "../label.ts";

/** How many files there are of each instrument and level. */
export interface Counts {
  readonly files: number;
  readonly instruments: readonly string[];
  /** From raw packets on; words that are no level come last. */
  readonly levels: readonly string[];
  /** How many instruments and levels there are beyond those. */
  readonly more: number;
  /** The files of an instrument and a level; of all levels or all instruments where none is named. */
  readonly count: (of: { readonly instrument?: string | undefined; readonly level?: string }) => number;
}

/** A picture of more shows nothing any more. */
const MOST = 30;

function placeOf(level: string): number {
  return isDataLevel(level) ? DATA_LEVELS.indexOf(level) : DATA_LEVELS.length;
}

/** Counts files by instrument and level. */
export function countsOf(records: readonly FileRecord[]): Counts {
  const counts = new Map<string, number>();
  const [instruments, levels] = [new Set<string>(), new Set<string>()];
  const key = (instrument = "", level = "") => `${instrument}\n${level}`;
  for (const record of records) {
    const [instrument, level] = [rowLabel.instrument(record), rowLabel.level(record)];
    instruments.add(instrument);
    levels.add(level);
    for (const to of [key(instrument, level), key(instrument), key("", level), key()]) {
      counts.set(to, (counts.get(to) ?? 0) + 1);
    }
  }
  return {
    files: records.length,
    instruments: [...instruments].sort().slice(0, MOST),
    levels: [...levels].sort().sort((a, b) => placeOf(a) - placeOf(b)).slice(0, MOST),
    more: Math.max(0, instruments.size - MOST) + Math.max(0, levels.size - MOST),
    count: ({ instrument, level }) => counts.get(key(instrument, level)) ?? 0,
  };
}
