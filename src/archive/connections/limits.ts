/** What a server takes from those who call it, so that none can use it up alone. */
export interface ConnectionLimits {
  /** How many connections may be open at once; one more is closed without an answer. Default: 256. */
  readonly connections?: number | undefined;
  /**
   * For how long a caller may send less than 1 KiB a second, in milliseconds, and, four times as long, take nothing of an
   * answer. Default: 30,000.
   */
  readonly patienceMs?: number | undefined;
  /** For how long the head of a request may be on its way, in milliseconds. Default: 10,000. */
  readonly headMs?: number | undefined;
}

/** How many connections may be open at once: each takes two open files at most, its own and that of the one exchange on it. */
export const MOST_CONNECTIONS = 256;
/** How many requests may come on a connection before the one before them is answered. */
export const MOST_WAITING = 16;
/** Bytes a second: who is slower for too long is given up. */
export const LEAST_SPEED = 1024;
/** For how long a caller may be slow. */
export const PATIENCE_MS = 30_000;
/**
 * Who takes an answer is given so much more time than who sends a body: buffers of up to some MB lie between, and all
 * that can be seen of a caller is that they empty, in large steps.
 */
export const TAKING_FACTOR = 4;
/** How much of a connection's bytes are in memory at a time, each way. */
export const BUFFER_BYTES = 256 * 1024;
/** For how long the head of a request may be on its way. */
export const HEAD_MS = 10_000;
/** The longest head of a request, all headers and the address together, in bytes. */
export const MOST_HEAD_BYTES = 16 * 1024;
/** The longest address, path and query together: a presigned one of the archive's own has some 600. */
export const MOST_TARGET_BYTES = 8 * 1024;
/** For how long a connection may wait for its next request, in milliseconds. */
export const IDLE_MS = 15_000;
/** After an answer that did not need the body: for how long the rest of it may still come, in milliseconds. */
export const LINGER_MS = 2_000;
/** When a server ends and its connections are cut: for how long its handlers may tidy up, in milliseconds. */
export const TIDY_MS = 5_000;
