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
