import { ConnectionError, ImapError } from "../errors.ts";
import { getObject } from "../http/call.ts";
import { connectionError } from "../http/connection_error.ts";
import { timeoutError } from "../http/exchange.ts";
import { readOrTimeOut } from "../http/read_or_time_out.ts";
import { refusalOf } from "../http/refusal_of.ts";
import type { Transport } from "../http/transport.ts";
import type { ByteRange } from "./byte_ranges.ts";
import { fileError } from "./file_error.ts";
import { contentRange, isPlainBody, strongEtag } from "./object_headers.ts";
import type { PartRecord } from "./part_record.ts";
import type { Receiving } from "./receiving.ts";

/**
 * Gets some bytes of an object to their place in its part.
 *
 * @param onWritten Told up to where, exclusive, the piece is there.
 * @returns Whether the store sent what was asked for: false when it has another object now, or does no ranges.
 */
export async function receivePiece(
  transport: Transport,
  receiving: Receiving,
  record: PartRecord,
  { first, last }: ByteRange,
  onWritten: (end: number) => void,
): Promise<boolean> {
  const { action, url, part, signal } = receiving;
  const { host } = url;
  const { timeoutMs } = transport;
  const headers = { range: `bytes=${first}-${last}`, "if-range": record.etag };
  const response = await getObject(transport, { action, url, headers, signal });
  const { status, body } = response;
  if (status !== 200 && status !== 206 && status !== 416) {
    throw await refusalOf(transport, { action, url, signal }, response);
  }
  const range = contentRange(response.headers);
  const fits = status === 206 && isPlainBody(response.headers) && strongEtag(response.headers) === record.etag &&
    range?.first === first && range.last === last && range.size === record.size;
  if (!fits || body === null) {
    await body?.cancel();
    return false;
  }
  const reader = body.getReader();
  try {
    using sink = await Deno.open(part.path, { write: true });
    await sink.seek(first, Deno.SeekMode.Start);
    for (let at = first; at <= last;) {
      const { done, value } = await readOrTimeOut(reader, timeoutMs, () => timeoutError(action, host, timeoutMs));
      if (done) throw new ConnectionError(`Cannot ${action}: ${host} sent ${last + 1 - at} bytes too few`);
      const bytes = value.subarray(0, last + 1 - at);
      for (let written = 0; written < bytes.length;) written += await sink.write(bytes.subarray(written));
      at += bytes.length;
      onWritten(at);
    }
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ImapError) throw error;
    throw error instanceof TypeError ? connectionError(action, host, error) : fileError(action, part.path, error);
  } finally {
    await reader.cancel().catch(() => {});
  }
}
