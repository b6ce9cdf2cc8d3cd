import type { Shard } from "../names/shard.ts";
import type { QueryProgress } from "../sdc/run_query.ts";
import type { OnProgress } from "../transfer/batch.ts";
import type { IfPresent } from "../transfer/download.ts";

/** Options of every call. */
export interface CallOptions {
  /** Cancels the call: its promise rejects with the signal's reason. The next download of the same file resumes. */
  signal?: AbortSignal | undefined;
}

/** Options of a query. */
export interface QueryOptions extends CallOptions {
  /** Called with the progress of the query each time that rows are received. */
  onProgress?: ((progress: QueryProgress) => void) | undefined;
  /** Returns the current time, for `today`, `yesterday` and `7d`. Default: the clock of this machine. */
  now?: (() => Date) | undefined;
}

/** Options of downloads and uploads. */
export interface TransferOptions extends CallOptions {
  /** The maximum number of files transferred at a time, and of connections in total: 1 to 256. Default: 8. */
  concurrency?: number | undefined;
  /**
   * Whether to only report what would be done: the state of each outcome is `planned`, and nothing is sent or written.
   * Default: false.
   */
  dryRun?: boolean | undefined;
  /** Whether a notebook shows the progress and the outcome of each file. It has no effect elsewhere. Default: true. */
  progress?: boolean | undefined;
  /** Called for each event as it happens, independently of what a notebook shows. */
  onProgress?: OnProgress | undefined;
}

/** Options of a download. */
export interface DownloadOptions extends TransferOptions {
  /**
   * What to do with existing files: `skip` keeps them without a request; `verify` compares them with the archive and
   * downloads those that differ; `fetch` downloads all of them again. Empty files are always downloaded. Default:
   * `skip`.
   */
  ifPresent?: IfPresent | undefined;
  /** The shard of the files to download, if several machines divide a list among themselves. Default: all files. */
  shard?: Shard | undefined;
}

/** Options of an upload. */
export interface UploadOptions extends TransferOptions {
  /** Whether a file that the archive already has is skipped, instead of being an error. Default: false. */
  skipExisting?: boolean | undefined;
}

/** The default of `concurrency`. */
export const DEFAULT_CONCURRENCY = 8;
