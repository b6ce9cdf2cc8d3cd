import { ImapError } from "../errors.ts";

/** What the operating system says, without the word "(os error N)" and without Deno's own preface. */
function reason(error: Error): string {
  return error.message.replace(/ \(os error \d+\).*$/s, "").replace(
    /^Writable stream is closed or errored\.?$/,
    "broken",
  );
}

/**
 * The error of a file or folder on this machine that cannot be read or written.
 *
 * @param action How the message begins, behind `Cannot `.
 * @param path What could not be used.
 */
export function fileError(action: string, path: string, thrown: unknown): ImapError {
  if (thrown instanceof ImapError) return thrown;
  if (thrown instanceof Deno.errors.NotCapable) {
    return new ImapError(`Cannot ${action}: Deno may not use "${path}"; run it with --allow-read and --allow-write`);
  }
  if (thrown instanceof Error && /os error 24\)|EMFILE/.test(thrown.message)) {
    return new ImapError(
      `Cannot ${action}: too many files are open; use a lower concurrency, or raise the limit (ulimit -n)`,
    );
  }
  const state = thrown instanceof Error ? reason(thrown) : String(thrown);
  return new ImapError(`Cannot ${action}: "${path}" cannot be used: ${state}`, { cause: thrown });
}
