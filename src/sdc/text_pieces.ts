import { bodyPieces, type BodyReading } from "../http/body_pieces.ts";

/**
 * Reads a body as text, piece by piece as it comes.
 *
 * @throws {BrokenBody} When it breaks off. {ConnectionError} When it stalls.
 */
export async function* textPieces(response: Response, reading: BodyReading): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const piece of bodyPieces(response.body, reading)) yield decoder.decode(piece, { stream: true });
  yield decoder.decode();
}
