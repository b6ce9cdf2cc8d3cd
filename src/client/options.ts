import type { Shard } from "../names/shard.ts";
import type { QueryProgress } from "../sdc/run_query.ts";
import type { OnProgress } from "../transfer/batch.ts";
import type { IfPresent } from "../transfer/download.ts";

/** What every call takes besides its subject. */
export interface CallOptions {
  /** Ends the call early: its promise rejects with the signal's reason. A download keeps what it has for the next time. */
  signal?: AbortSignal | undefined;
}

/** How to query. */
export interface QueryOptions extends CallOptions {
  /** Is told how far the query is, each time that rows come. */
  onProgress?: ((progress: QueryProgress) => void) | undefined;
  /** Tells the time, which `today` and its like need. Default: the clock of this machine. */
  now?: (() => Date) | undefined;
}

/** What transfers take besides. */
export interface TransferOptions extends CallOptions {
  /** How many files at once, and how many connections in all: 1 to 256. Default: 8. */
  concurrency?: number | undefined;
  /** Only say what would be done: outcomes are `planned`, nothing is sent or written. Default: false. */
  dryRun?: boolean | undefined;
  /** Whether a notebook shows how it goes, and what became of each file. Nothing shows outside notebooks. Default: true. */
  progress?: boolean | undefined;
  /** Is told of each event as it happens, whatever a notebook shows. */
  onProgress?: OnProgress | undefined;
}

/** How to download. */
export interface DownloadOptions extends TransferOptions {
  /**
   * What to do with files that are there: `skip` takes them for good, without a request; `verify` compares them with the
   * archive and fetches those that differ; `fetch` fetches all anew. Empty files are always fetched. Default: `skip`.
   */
  ifPresent?: IfPresent | undefined;
  /** Only this part of the files, for machines that share a list. Default: all. */
  shard?: Shard | undefined;
}

/** How to upload. */
export interface UploadOptions extends TransferOptions {
  /** Whether a file that the archive has already is skipped instead of failed. Default: false. */
  skipExisting?: boolean | undefined;
}

/** How many connections there are without a word from the caller. */
export const DEFAULT_CONCURRENCY = 8;
