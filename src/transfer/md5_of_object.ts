import { bodyPieces } from "../http/body_pieces.ts";
import { getObject, type UrlCall } from "../http/call.ts";
import { refusalOf } from "../http/refusal_of.ts";
import type { Transport } from "../http/transport.ts";

/** The MD5 of an object whose store does not tell it, in hex: all of it is read, nothing is kept. */
export async function md5OfObject(transport: Transport, call: UrlCall): Promise<string> {
  const { action, url: { host }, signal } = call;
  const { timeoutMs } = transport;
  const response = await getObject(transport, call);
  if (!response.ok) throw await refusalOf(transport, call, response);
  const { createHash } = await import("node:crypto");
  const hash = createHash("md5");
  for await (const piece of bodyPieces(response.body, { action, host, timeoutMs, signal })) hash.update(piece);
  return hash.digest("hex");
}
