import type { ConnectionSlots } from "./connection_slots.ts";
import type { PartFile } from "./part_file.ts";

/** One try to get an object, or the rest of it, into its part. */
export interface Receiving {
  /** How messages begin, behind `Cannot `. */
  readonly action: string;
  readonly archivePath: string;
  /** A presigned URL that was just asked for. */
  readonly url: URL;
  readonly part: PartFile;
  /** Connections that a large object may borrow. */
  readonly slots: ConnectionSlots;
  /** Told how many bytes of the object are there that need not come again: 0 when it comes from its start. */
  readonly onResume: (bytes: number, size: number | undefined) => void;
  /** Told how many bytes of the object are there. */
  readonly onBytes: (bytes: number, size: number | undefined) => void;
  /** Told that the store does not do what several connections need. */
  readonly onUnsplittable: () => void;
  readonly signal: AbortSignal | undefined;
}

/** What is known of an object once its bytes are there. */
export interface ObjectFacts {
  /** Its size; undefined when the server did not tell. */
  readonly size: number | undefined;
  /** Its MD5 in hex; undefined when the server did not tell. */
  readonly md5: string | undefined;
}
