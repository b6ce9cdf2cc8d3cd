import type { DownloadPlan } from "./outcome.ts";

/** What of a file is on the disk. */
export interface DiskState {
  /** The size of the file at its final path; undefined when there is none. */
  readonly size: number | undefined;
  /** The size of the part that an earlier try left; undefined when there is none. */
  readonly partSize: number | undefined;
}

/** How to treat a file that is there: take it for good, check it against the server, or fetch it anew. */
export type IfPresent = "skip" | "verify" | "fetch";

/**
 * Decides what to do for a file. Pure.
 *
 * A file that is there is whole, since nothing else gets a final name here; an empty one is what other clients leave.
 */
export function planDownload({ size, partSize }: DiskState, ifPresent: IfPresent): DownloadPlan {
  const isThere = size !== undefined && size > 0;
  if (isThere && ifPresent !== "fetch") return ifPresent;
  return partSize !== undefined && partSize > 0 ? "resume" : "fetch";
}
