/** What the command's exit code says. */
export const EXIT = {
  done: 0,
  /** Something failed: the network, the server, the disk. */
  failed: 1,
  /** What was typed cannot be used; nothing was sent or written. */
  usage: 2,
  /** Stopped by Ctrl-C or by SIGTERM: 128 and the signal's number. */
  interrupted: 130,
} as const;

/** One of the exit codes. */
export type ExitCode = typeof EXIT[keyof typeof EXIT];
