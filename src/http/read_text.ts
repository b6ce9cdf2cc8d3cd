import { ConnectionError } from "../errors.ts";
import { connectionError } from "./connection_error.ts";
import { timeoutError } from "./exchange.ts";
import { readOrTimeOut } from "./read_or_time_out.ts";

/** What reading a body needs to know. */
export interface ReadTextOptions {
  /** How messages begin, behind `Cannot `. */
  readonly action: string;
  /** Where the body comes from. */
  readonly host: string;
  /** How long to wait for each piece. */
  readonly timeoutMs: number;
  /** The most bytes to take. */
  readonly limit: number;
  /** What to do with a longer body: keep its start, or fail. */
  readonly beyond: "cut" | "fail";
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a body as text, in bounded time and memory.
 *
 * @throws {ConnectionError} When it breaks off, stalls, or is too long and must not be cut.
 */
export async function readText(response: Response, options: ReadTextOptions): Promise<string> {
  const { action, host, timeoutMs, limit, signal } = options;
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const texts: string[] = [];
  let bytes = 0;
  try {
    while (bytes < limit) {
      const { done, value } = await readOrTimeOut(reader, timeoutMs, () => timeoutError(action, host, timeoutMs));
      if (done) return texts.join("") + decoder.decode();
      bytes += value.byteLength;
      texts.push(decoder.decode(value, { stream: true }));
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof ConnectionError ? error : connectionError(action, host, error);
  } finally {
    // A body that is not read to its end would keep its connection.
    reader.cancel().catch(() => {});
  }
  if (options.beyond === "cut") return texts.join("");
  throw new ConnectionError(`Cannot ${action}: ${host} sent more than ${limit} bytes; ask for less at once`, {
    retryable: false,
  });
}
