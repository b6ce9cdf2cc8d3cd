import type { TransferEvent } from "../transfer/outcome.ts";

/** A file that is on its way. */
export interface ActiveFile {
  readonly file: string;
  readonly bytes: number;
  /** Undefined as long as the server has not told. */
  readonly size: number | undefined;
}

/** Where a transfer stands, for a display. */
export interface TransferState {
  readonly files: number;
  readonly done: number;
  readonly failed: number;
  /** Which part of the files is done, from 0 to 1; one that is on its way counts for what it has. */
  readonly share: number;
  /** Bytes transferred in this call. */
  readonly bytes: number;
  /** Bytes a second, over the last few seconds. */
  readonly speed: number;
  /** Milliseconds that the rest will take; undefined when nobody can tell. */
  readonly leftMs: number | undefined;
  readonly active: readonly ActiveFile[];
}

/** The speed is that of so many milliseconds before now. */
const WINDOW_MS = 5000;

/** Follows a transfer by its events. */
export class TransferTracker {
  #files = 0;
  #done = 0;
  #failed = 0;
  /** How many files have told their size, and their sizes in all. */
  #sized = 0;
  #sizes = 0;
  #bytes = 0;
  readonly #active = new Map<string, ActiveFile>();
  /** The last figure of each file on its way. */
  readonly #counted = new Map<string, number>();
  readonly #samples: Array<{ readonly at: number; readonly bytes: number }>;
  readonly #now: () => number;

  /** @param now The clock, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#samples = [{ at: now(), bytes: 0 }];
  }

  /** Takes note of an event. */
  take(event: TransferEvent): void {
    if (event.type === "begin") this.#files = event.files;
    if (event.type === "file") this.#active.set(event.file, { file: event.file, bytes: 0, size: undefined });
    if (event.type === "bytes") {
      const { file, bytes, size } = event;
      // What an earlier run had brought was not transferred now: the first figure of a file is where it begins.
      const before = this.#counted.get(file) ?? bytes;
      this.#counted.set(file, bytes);
      this.#bytes += Math.max(0, bytes - before);
      if (size !== undefined && this.#active.get(file)?.size === undefined) {
        this.#sized += 1;
        this.#sizes += size;
      }
      this.#active.set(file, { file, bytes, size });
    }
    if (event.type === "outcome") {
      this.#active.delete(event.outcome.file);
      this.#counted.delete(event.outcome.file);
      this.#done += 1;
      if (event.outcome.state === "failed") this.#failed += 1;
    }
  }

  /** What is still to come, at the speed of the last seconds. A file of unknown size counts like the mean of the others. */
  #leftMs(speed: number): number | undefined {
    const active = [...this.#active.values()];
    const known = active.reduce((sum, { bytes, size = bytes }) => sum + Math.max(0, size - bytes), 0);
    const unknown = this.#files - this.#done - active.filter(({ size }) => size !== undefined).length;
    if (speed === 0 || (unknown > 0 && this.#sized === 0)) return undefined;
    const mean = this.#sized === 0 ? 0 : this.#sizes / this.#sized;
    return (known + Math.max(0, unknown) * mean) / speed * 1000;
  }

  /** Where the transfer stands now. */
  state(): TransferState {
    const now = this.#now();
    this.#samples.push({ at: now, bytes: this.#bytes });
    while ((this.#samples[1]?.at ?? now) < now - WINDOW_MS) this.#samples.shift();
    const oldest = this.#samples[0] ?? { at: now, bytes: this.#bytes };
    const speed = now === oldest.at ? 0 : (this.#bytes - oldest.bytes) / (now - oldest.at) * 1000;
    const active = [...this.#active.values()];
    // Files that have not begun have no known size: how far it is comes from the share of files that is done.
    const partly = active.reduce((sum, { bytes, size = 0 }) => sum + (size === 0 ? 0 : bytes / size), 0);
    const [files, done] = [this.#files, this.#done];
    const share = files === 0 ? 0 : Math.min(1, (done + partly) / files);
    const leftMs = this.#leftMs(speed);
    return { files, done, failed: this.#failed, share, bytes: this.#bytes, speed, leftMs, active };
  }
}
