import { ConnectionError } from "../errors.ts";
import { getObject, type UrlCall } from "../http/call.ts";
import { connectionError } from "../http/connection_error.ts";
import { timeoutError } from "../http/exchange.ts";
import { readOrTimeOut } from "../http/read_or_time_out.ts";
import { refusalOf } from "../http/refusal_of.ts";
import type { Transport } from "../http/transport.ts";

/** The MD5 of an object whose store does not tell it, in hex: all of it is read, nothing is kept. */
export async function md5OfObject(transport: Transport, call: UrlCall): Promise<string> {
  const { action, url, signal } = call;
  const { createHash } = await import("node:crypto");
  const response = await getObject(transport, call);
  if (!response.ok) throw await refusalOf(transport, call, response);
  const hash = createHash("md5");
  const reader = response.body?.getReader();
  const stalled = () => timeoutError(action, url.host, transport.timeoutMs);
  try {
    for (;;) {
      const piece = reader === undefined ? undefined : await readOrTimeOut(reader, transport.timeoutMs, stalled);
      if (piece === undefined || piece.done) return hash.digest("hex");
      hash.update(piece.value);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof ConnectionError ? error : connectionError(action, url.host, error);
  } finally {
    reader?.cancel().catch(() => {});
  }
}
