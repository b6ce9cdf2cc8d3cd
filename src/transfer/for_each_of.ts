import type { OnProgress, Outcome, TransferEvent } from "./outcome.ts";

/** How long work may go on before timers and signals get their turn. */
const LONGEST_TURN_MS = 50;

/** How to work through files. */
export interface ForEachSettings {
  /** How many at once. */
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress;
  /** Where a file is, or would be, on this machine; empty when nobody can tell. */
  readonly pathOf: (file: string) => string;
}

/** What the work on one file goes by. */
export interface WorkSettings {
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/**
 * Works through files, several at once, and tells of it. A failure becomes the file's outcome; only an abort ends all, and
 * an error of the caller's own `onProgress`, which is thrown on.
 *
 * @returns The outcomes in the order of the files.
 */
export async function forEachOf(
  files: readonly string[],
  settings: ForEachSettings,
  work: (file: string, settings: WorkSettings) => Promise<Outcome>,
): Promise<Outcome[]> {
  const { concurrency, pathOf } = settings;
  const stop = new AbortController();
  const signal = settings.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, settings.signal]);
  const onProgress = (event: TransferEvent) => {
    try {
      if (!stop.signal.aborted) settings.onProgress(event);
    } catch (error) {
      stop.abort(error);
    }
  };
  const outcomes: Outcome[] = [];
  const waiting = files.entries();
  onProgress({ type: "begin", files: files.length });
  let turned = performance.now();
  const worker = async () => {
    for (const [index, file] of waiting) {
      // Files that are there already need no waiting: without a pause, nobody would hear of an abort.
      if (performance.now() - turned > LONGEST_TURN_MS) {
        await new Promise((resolve) => setTimeout(resolve));
        turned = performance.now();
      }
      signal.throwIfAborted();
      onProgress({ type: "file", file });
      const outcome = await work(file, { signal, onProgress }).catch((error: unknown): Outcome => {
        signal.throwIfAborted();
        if (!(error instanceof Error)) throw error;
        return { state: "failed", file, path: pathOf(file), bytes: 0, error };
      });
      outcomes[index] = outcome;
      onProgress({ type: "outcome", outcome });
    }
  };
  const workers = Array.from({ length: Math.min(concurrency, files.length) }, worker);
  // All have stopped before the call ends, whatever the reason: nothing is written behind the caller's back.
  for (const result of await Promise.allSettled(workers)) {
    if (result.status === "rejected") throw result.reason;
  }
  onProgress({ type: "end" });
  signal.throwIfAborted();
  return outcomes;
}
