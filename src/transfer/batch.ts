import { InputError } from "../errors.ts";
import { either, EndOfMany } from "../http/call.ts";
import { startTimer } from "../http/transport.ts";

/** The time to work before yielding to timers and signals, in milliseconds. */
const MAX_TURN_MS = 50;

/** How to process a list of files. */
interface ForEachSettings<Item> {
  /** The maximum number of files at a time. */
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress;
  /** What was requested: an archive path, or the path of a file to send. */
  readonly fileOf: (item: Item) => string;
  /** The local path where a file is or would be; empty if unknown. */
  readonly pathOf: (item: Item) => string;
}

/** What is passed to the work on one file. */
interface WorkSettings {
  readonly signal: AbortSignal;
  /** Ends the requests of one file after another, when the signal does. */
  readonly end: EndOfMany;
  readonly onProgress: OnProgress;
}

/**
 * Processes several files at a time, and reports progress. A failure becomes the file's outcome. Only an abort, or an
 * error thrown by the caller's `onProgress`, ends the batch and is rethrown.
 *
 * @returns The outcomes, in the order of the files.
 */
export async function forEachOf<Item>(
  items: readonly Item[],
  settings: ForEachSettings<Item>,
  work: (item: Item, settings: WorkSettings) => Promise<Outcome>,
): Promise<Outcome[]> {
  const { concurrency, fileOf, pathOf } = settings;
  const stop = new AbortController();
  const signal = either(stop.signal, settings.signal);
  const onProgress = (event: TransferEvent) => {
    try {
      if (!stop.signal.aborted) settings.onProgress(event);
    } catch (error) {
      stop.abort(error);
    }
  };
  const outcomes: Outcome[] = [];
  const waiting = items.entries();
  onProgress({ type: "begin", files: items.length });
  let turned = performance.now();
  const worker = async () => {
    using end = new EndOfMany(signal);
    for (const [index, item] of waiting) {
      const file = fileOf(item);
      // Existing files are skipped without waiting for anything: without a pause, an abort would go unnoticed.
      if (performance.now() - turned > MAX_TURN_MS) {
        await new Promise<void>((resolve) => startTimer(0, resolve));
        turned = performance.now();
      }
      signal.throwIfAborted();
      const outcome = await work(item, { signal, end, onProgress }).catch((error: unknown): Outcome => {
        signal.throwIfAborted();
        if (!(error instanceof Error)) throw error;
        return { state: "failed", file, path: pathOf(item), bytes: 0, error };
      });
      outcomes[index] = outcome;
      onProgress({ type: "outcome", outcome });
    }
  };
  const workers = Array.from({ length: Math.min(concurrency, items.length) }, worker);
  // All workers stop before the call ends, for whatever reason, so that nothing is written afterwards.
  for (const result of await Promise.allSettled(workers)) {
    if (result.status === "rejected") throw result.reason;
  }
  onProgress({ type: "end" });
  signal.throwIfAborted();
  return outcomes;
}

/** More connections do not increase the throughput, and look like an attack to a server. */
export const MAX_CONCURRENCY = 256;

/** Checks a number of connections. @throws {InputError} When it is not a whole number from 1 to the maximum. */
export function checkedConcurrency(concurrency: number): number {
  if (Number.isSafeInteger(concurrency) && concurrency >= 1 && concurrency <= MAX_CONCURRENCY) return concurrency;
  const expected = `a whole number from 1 to ${MAX_CONCURRENCY}`;
  throw new InputError(`Cannot use the concurrency "${concurrency}": expected ${expected}`, {
    problems: [{ parameter: "concurrency", value: String(concurrency), expected }],
  });
}

/**
 * What a download does, or would do, for a file: see {@linkcode planDownload}.
 *
 * @category Download and upload
 */
export type DownloadPlan = "skip" | "verify" | "resume" | "fetch";

/**
 * The outcome of one file of a download or an upload.
 *
 * @category Download and upload
 */
export type Outcome =
  | {
    /**
     * `fetched` from the first byte, `resumed` from a partial file, `skipped` because it existed already, `sent` to the
     * archive, or only `planned` in a dry run.
     */
    readonly state: "fetched" | "resumed" | "skipped" | "sent" | "planned";
    /** What was requested: an archive path, or the path of a file to send. */
    readonly file: string;
    /** The local path of the file. */
    readonly path: string;
    /** The number of bytes that this call transferred. */
    readonly bytes: number;
    /** Only if `planned`: what would be done. */
    readonly plan?: DownloadPlan | "send";
    /**
     * If `planned`: the number of bytes that would be transferred. If a download was `skipped`: the size of the existing
     * file. Undefined if it is not known.
     */
    readonly size?: number;
  }
  | {
    readonly state: "failed";
    readonly file: string;
    /** The local path where it would be; empty if the name is not a path. */
    readonly path: string;
    readonly bytes: number;
    /** Why it failed; its message is for the user. */
    readonly error: Error;
  };

/**
 * An event during a transfer of many files, for a progress display.
 *
 * @category Download and upload
 */
export type TransferEvent =
  /** The transfer starts. */
  | { readonly type: "begin"; readonly files: number }
  /** A file starts; its size is known once its first bytes arrive. */
  | { readonly type: "file"; readonly file: string }
  /**
   * `bytes` of a file have been transferred, including those of earlier runs; `size` is undefined until it is known.
   */
  | { readonly type: "bytes"; readonly file: string; readonly bytes: number; readonly size: number | undefined }
  /** A file is done, whether it succeeded or failed. */
  | { readonly type: "outcome"; readonly outcome: Outcome }
  /** The transfer is done. */
  | { readonly type: "end" };

/**
 * Called for each event as it happens.
 *
 * @category Download and upload
 */
export type OnProgress = (event: TransferEvent) => void;

/**
 * A shard of a list of files that is divided among several machines, for instance the third of sixteen.
 *
 * @category Download and upload
 */
export interface Shard {
  /** The number of this shard, from 1. */
  readonly part: number;
  /** The total number of shards. */
  readonly of: number;
}

const utf8 = new TextEncoder();

/** A hash from 0 to 2^32 - 1 that depends on every bit of a text: FNV-1a, followed by the final mix of MurmurHash3. */
function hash(text: string): number {
  let bits = 0x811c9dc5;
  for (const byte of utf8.encode(text)) bits = Math.imul(bits ^ byte, 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/**
 * Checks a shard.
 *
 * @throws {InputError} When its number is not from 1 to the total.
 */
export function checkedShard({ part, of }: Shard): Shard {
  if (Number.isSafeInteger(part) && Number.isSafeInteger(of) && part >= 1 && part <= of) return { part, of };
  const expected = "K/N with K from 1 to N, for example 3/16";
  throw new InputError(`Cannot use the shard "${part}/${of}": expected ${expected}`, {
    problems: [{ parameter: "shard", value: `${part}/${of}`, expected }],
  });
}

/**
 * Whether a file belongs to a shard. This depends only on the file's path: each file is in exactly one shard, even if
 * the machines query at different times while new files are indexed. The shards differ in size only by chance.
 */
export function isInShard(archivePath: string, { part, of }: Shard): boolean {
  return hash(archivePath) % of === part - 1;
}
