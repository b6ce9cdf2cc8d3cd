import { ConnectionError } from "../errors.ts";
import { connectionError } from "../http/connection_error.ts";
import { timeoutError } from "../http/exchange.ts";
import { readOrTimeOut } from "../http/read_or_time_out.ts";

/** How to read a body. */
export interface ReadPiecesOptions {
  /** How messages begin, behind `Cannot `. */
  readonly action: string;
  /** Where the body comes from. */
  readonly host: string;
  /** How long to wait for each piece. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** A body that broke off before its end, as one does that is too large for the server in front of the archive. */
export class BrokenBody extends ConnectionError {
}

/**
 * Reads a body as text, piece by piece as it comes.
 *
 * @throws {BrokenBody} When it breaks off. {ConnectionError} When it stalls.
 */
export async function* textPieces(response: Response, options: ReadPiecesOptions): AsyncGenerator<string> {
  const { action, host, timeoutMs, signal } = options;
  if (response.body === null) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await readOrTimeOut(reader, timeoutMs, () => timeoutError(action, host, timeoutMs));
      yield done ? decoder.decode() : decoder.decode(value, { stream: true });
      if (done) return;
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ConnectionError) throw error;
    const { message, retryable } = connectionError(action, host, error);
    throw new BrokenBody(message, { retryable });
  } finally {
    // A body that is not read to its end would keep its connection.
    reader.cancel().catch(() => {});
  }
}
