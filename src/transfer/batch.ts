import { InputError } from "../errors.ts";
import { either } from "../http/call.ts";

/** How long to work before timers and signals get a turn. */
const MAX_TURN_MS = 50;

/** How to process a list of files. */
interface ForEachSettings<Item> {
  /** How many at once. */
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress;
  /** What was requested: an archive path, or the path of a file to send. */
  readonly fileOf: (item: Item) => string;
  /** Where a file is, or would be, on this machine; empty when that is unknown. */
  readonly pathOf: (item: Item) => string;
}

/** What the work on one file gets. */
interface WorkSettings {
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/**
 * Processes files, several at once, and reports progress. A failure becomes the file's outcome; only an abort ends the
 * batch, and an error of the caller's own `onProgress`, which is rethrown.
 *
 * @returns The outcomes in the order of the files.
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
    for (const [index, item] of waiting) {
      const file = fileOf(item);
      // Files that exist already involve no waiting: without a pause, an abort would go unnoticed.
      if (performance.now() - turned > MAX_TURN_MS) {
        await new Promise((resolve) => setTimeout(resolve));
        turned = performance.now();
      }
      signal.throwIfAborted();
      onProgress({ type: "file", file });
      const outcome = await work(item, { signal, onProgress }).catch((error: unknown): Outcome => {
        signal.throwIfAborted();
        if (!(error instanceof Error)) throw error;
        return { state: "failed", file, path: pathOf(item), bytes: 0, error };
      });
      outcomes[index] = outcome;
      onProgress({ type: "outcome", outcome });
    }
  };
  const workers = Array.from({ length: Math.min(concurrency, items.length) }, worker);
  // All workers stop before the call ends, whatever the reason: nothing is written after it.
  for (const result of await Promise.allSettled(workers)) {
    if (result.status === "rejected") throw result.reason;
  }
  onProgress({ type: "end" });
  signal.throwIfAborted();
  return outcomes;
}

/** More connections at once gain nothing, and look like an attack to a server. */
export const MAX_CONCURRENCY = 256;

/** Checks a number of connections. @throws {InputError} When it is not one. */
export function checkedConcurrency(concurrency: number): number {
  if (Number.isSafeInteger(concurrency) && concurrency >= 1 && concurrency <= MAX_CONCURRENCY) return concurrency;
  const expected = `a whole number from 1 to ${MAX_CONCURRENCY}`;
  throw new InputError(`Cannot use the concurrency "${concurrency}": expected ${expected}`, {
    problems: [{ parameter: "concurrency", value: String(concurrency), expected }],
  });
}

/** What a download does, or would do, for a file: see {@linkcode planDownload}. */
export type DownloadPlan = "skip" | "verify" | "resume" | "fetch";

/** The outcome of one file of a download or an upload. */
export type Outcome =
  | {
    /**
     * `fetched` from its first byte, `resumed` from a partial file, `skipped` since it existed already, `sent` to the
     * archive, or only `planned` in a dry run.
     */
    readonly state: "fetched" | "resumed" | "skipped" | "sent" | "planned";
    /** What was requested: an archive path, or the path of a file to send. */
    readonly file: string;
    /** Where it is on this machine. */
    readonly path: string;
    /** How many bytes were transferred for it in this call. */
    readonly bytes: number;
    /** Only if `planned`: what would be done. */
    readonly plan?: DownloadPlan | "send";
  }
  | {
    readonly state: "failed";
    readonly file: string;
    /** Where it would be on this machine; empty when its name is not a path. */
    readonly path: string;
    readonly bytes: number;
    /** Why it failed; its message is for the user. */
    readonly error: Error;
  };

/** What happens during a transfer of many files, for a display. */
export type TransferEvent =
  /** The transfer begins. */
  | { readonly type: "begin"; readonly files: number }
  /** A file begins; its size becomes known with its first bytes. */
  | { readonly type: "file"; readonly file: string }
  /** `bytes` of a file are there, including those of earlier runs; `size` is undefined until it is known. */
  | { readonly type: "bytes"; readonly file: string; readonly bytes: number; readonly size: number | undefined }
  /** A file is done, whether it succeeded or failed. */
  | { readonly type: "outcome"; readonly outcome: Outcome }
  /** The transfer is done. */
  | { readonly type: "end" };

/** Called for each event as it happens. */
export type OnProgress = (event: TransferEvent) => void;
