import type { DayRange } from "./day_range.ts";

/** The files of one version on one day. */
export interface DayCount {
  files: number;
  /** How many of them begin on this day: one that goes on for many days is still one file. */
  begin: number;
  /** How many of them are in the data directory. */
  here: number;
}

/** By the number of the day, then by version. */
type DayCounts = Map<number, Map<string, DayCount>>;

/** A file that is for several days. */
interface LongFile extends DayRange {
  /** Whether its first day is among those that are shown. */
  readonly begins: boolean;
  readonly isHere: boolean;
}

/** Counts the files of a product by day and version. */
export class DayCounter {
  readonly #days: DayCounts = new Map();
  readonly #long = new Map<string, LongFile[]>();
  readonly #versions = new Set<string>();

  /** All versions that came up. */
  get versions(): string[] {
    return [...this.#versions];
  }

  /** Counts a file on its days, as far as they are among those that are shown. */
  add(days: DayRange, shown: DayRange, version: string, isHere: boolean): void {
    this.#versions.add(version);
    if (days.first === days.last) {
      this.#count(days.first, version, { files: 1, begin: 1, here: isHere ? 1 : 0 });
      return;
    }
    const [first, last] = [Math.max(days.first, shown.first), Math.min(days.last, shown.last)];
    const files = this.#long.get(version) ?? [];
    this.#long.set(version, files);
    files.push({ first, last, begins: first === days.first, isHere });
  }

  /** All that was counted. */
  counts(): DayCounts {
    for (const [version, files] of this.#long) this.#countLong(version, files);
    this.#long.clear();
    return this.#days;
  }

  /** Goes along the days once, however many files each of them has. */
  #countLong(version: string, files: readonly LongFile[]): void {
    const changes = new Map<number, DayCount>();
    const change = (day: number, by: number, { isHere }: LongFile, begin: number) => {
      const at = changes.get(day) ?? { files: 0, begin: 0, here: 0 };
      changes.set(day, { files: at.files + by, begin: at.begin + begin, here: at.here + (isHere ? by : 0) });
    };
    for (const file of files) {
      change(file.first, 1, file, file.begins ? 1 : 0);
      change(file.last + 1, -1, file, 0);
    }
    let [now, here] = [0, 0];
    const days = [...changes.keys()].sort((a, b) => a - b);
    for (const [index, from] of days.entries()) {
      const { files = 0, begin = 0, here: hereBy = 0 } = changes.get(from) ?? {};
      [now, here] = [now + files, here + hereBy];
      if (now === 0) continue;
      for (let day = from; day < (days[index + 1] ?? from); day++) {
        this.#count(day, version, { files: now, begin: day === from ? begin : 0, here });
      }
    }
  }

  #count(day: number, version: string, { files, begin, here }: DayCount): void {
    const versions = this.#days.get(day) ?? new Map<string, DayCount>();
    if (versions.size === 0) this.#days.set(day, versions);
    const count = versions.get(version) ?? { files: 0, begin: 0, here: 0 };
    if (count.files === 0) versions.set(version, count);
    count.files += files;
    count.begin += begin;
    count.here += here;
  }
}
