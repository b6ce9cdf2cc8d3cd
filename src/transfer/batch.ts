import { InputError } from "../errors.ts";

/** How long work may go on before timers and signals get their turn. */
const LONGEST_TURN_MS = 50;

/** How to work through files. */
interface ForEachSettings {
  /** How many at once. */
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress;
  /** Where a file is, or would be, on this machine; empty when nobody can tell. */
  readonly pathOf: (file: string) => string;
}

/** What the work on one file goes by. */
interface WorkSettings {
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

/** More connections than this at once help nobody, and a server takes them for an attack. */
export const MOST_CONCURRENCY = 256;

/** Checks a count of connections. @throws {InputError} When it is none. */
export function checkedConcurrency(concurrency: number): number {
  if (Number.isSafeInteger(concurrency) && concurrency >= 1 && concurrency <= MOST_CONCURRENCY) return concurrency;
  throw new InputError(
    `Cannot use the concurrency "${concurrency}": expected a whole number from 1 to ${MOST_CONCURRENCY}`,
  );
}

/** What would be done, or was found to be needed, for a file: see {@linkcode planDownload}. */
export type DownloadPlan = "skip" | "verify" | "resume" | "fetch";

/** What became of one file of a download or an upload. */
export type Outcome =
  | {
    /**
     * `fetched` from its first byte, `resumed` from a part, `skipped` since it was there already, `sent` to the archive,
     * or only `planned` when nothing was to be done in earnest.
     */
    readonly state: "fetched" | "resumed" | "skipped" | "sent" | "planned";
    /** What was asked for: an archive path, or the path of a file to send. */
    readonly file: string;
    /** Where it is on this machine. */
    readonly path: string;
    /** How many bytes were transferred for it in this call. */
    readonly bytes: number;
    /** Only for `planned`: what would be done. */
    readonly plan?: DownloadPlan | "send";
  }
  | {
    readonly state: "failed";
    readonly file: string;
    /** Where it would be on this machine; empty when its name is no path. */
    readonly path: string;
    readonly bytes: number;
    /** Why it failed; its message is for the reader. */
    readonly error: Error;
  };

/** What happens in a transfer of many files, for a display. */
export type TransferEvent =
  /** All of it begins. */
  | { readonly type: "begin"; readonly files: number }
  /** A file begins; its size is known when bytes come. */
  | { readonly type: "file"; readonly file: string }
  /** So many bytes of a file are there, of those from earlier runs too. */
  | { readonly type: "bytes"; readonly file: string; readonly bytes: number; readonly size: number | undefined }
  /** A file is done, one way or another. */
  | { readonly type: "outcome"; readonly outcome: Outcome }
  /** All of it is done. */
  | { readonly type: "end" };

/** Is told of each event as it happens. */
export type OnProgress = (event: TransferEvent) => void;
