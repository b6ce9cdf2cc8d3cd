import { ConnectionError } from "../errors.ts";
import { bodyPieces, type BodyReading } from "./body_pieces.ts";

/** What reading a body needs to know. */
export interface ReadTextOptions extends BodyReading {
  /** The most bytes to take. */
  readonly limit: number;
  /** What to do with a longer body: keep its start, or fail. */
  readonly beyond: "cut" | "fail";
}

/**
 * Reads a body as text, in bounded time and memory.
 *
 * @throws {ConnectionError} When it breaks off, stalls, or is too long and must not be cut.
 */
export async function readText(response: Response, options: ReadTextOptions): Promise<string> {
  const { action, host, limit, beyond } = options;
  const decoder = new TextDecoder();
  const texts: string[] = [];
  let bytes = 0;
  for await (const piece of bodyPieces(response.body, options)) {
    bytes += piece.byteLength;
    texts.push(decoder.decode(piece, { stream: true }));
    if (bytes < limit) continue;
    if (beyond === "cut") return texts.join("");
    throw new ConnectionError(`Cannot ${action}: ${host} sent more than ${limit} bytes; ask for less at once`, {
      retryable: false,
    });
  }
  return texts.join("") + decoder.decode();
}
