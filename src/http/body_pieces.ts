import { ConnectionError } from "../errors.ts";
import { connectionError } from "./connection_error.ts";
import { LEAST_SPEED, stallError } from "./exchange.ts";
import { Patience } from "./patience.ts";

/** How to read a body. */
export interface BodyReading {
  /** How messages begin, behind `Cannot `. */
  readonly action: string;
  /** Where the body comes from. */
  readonly host: string;
  /** How long nothing may come. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A body that broke off before its end, as one does that is too large for the server in front of the archive. */
export class BrokenBody extends ConnectionError {
}

/**
 * Reads a body, piece by piece as it comes, in bounded time. The connection is let go, whatever ends it.
 *
 * @throws {BrokenBody} When it breaks off. {ConnectionError} When it stalls, or nearly so.
 */
export async function* bodyPieces(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  { action, host, timeoutMs, signal }: BodyReading,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  if (body === null) return;
  const reader = body.getReader();
  const patience = new Patience(timeoutMs, LEAST_SPEED);
  const next = () => {
    const { promise, reject } = Promise.withResolvers<never>();
    const giveUp = () => reject(stallError(action, host, timeoutMs));
    return patience.during(Promise.race([reader.read(), promise]), giveUp);
  };
  try {
    for (;;) {
      const { done, value } = await next();
      if (done) return;
      patience.moved(value.byteLength);
      yield value;
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ConnectionError) throw error;
    const { message, retryable } = connectionError(action, host, error);
    throw new BrokenBody(message, { retryable });
  } finally {
    reader.cancel().catch(() => {});
  }
}
