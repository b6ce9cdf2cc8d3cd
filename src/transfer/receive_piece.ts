import { ConnectionError } from "../errors.ts";
import { getObject } from "../http/call.ts";
import { connectionError } from "../http/connection_error.ts";
import { stallError } from "../http/exchange.ts";
import { refusalOf } from "../http/refusal_of.ts";
import type { Transport } from "../http/transport.ts";
import type { ByteRange } from "./byte_ranges.ts";
import { fileError } from "./file_error.ts";
import { contentRange, isPlainBody, lengthOfHeaders, strongEtag } from "./object_headers.ts";
import type { PartRecord } from "./part_record.ts";
import type { Receiving } from "./receiving.ts";
import { watchGrowth } from "./watch_growth.ts";

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
    range?.first === first && range.last === last && range.size === record.size &&
    // Without its length, a body could go on into the next piece.
    lengthOfHeaders(response.headers) === last - first + 1;
  if (!fits || body === null) {
    await body?.cancel();
    return false;
  }
  using sink = await Deno.open(part.path, { write: true });
  await sink.seek(first, Deno.SeekMode.Start);
  const position = () => sink.seekSync(0, Deno.SeekMode.Current);
  const tell = (end: number) => onWritten(Math.min(end, last + 1));
  const stop = new AbortController();
  let failure: unknown;
  const end = (error: unknown) => {
    failure ??= error;
    stop.abort();
  };
  const unwatch = watchGrowth({
    size: position,
    stallMs: timeoutMs,
    onStall: () => end(stallError(action, host, timeoutMs)),
    onSize: tell,
    onFailure: end,
  });
  const either = AbortSignal.any(signal === undefined ? [stop.signal] : [stop.signal, signal]);
  try {
    await body.pipeTo(sink.writable, { signal: either, preventClose: true, preventAbort: true });
  } catch (error) {
    signal?.throwIfAborted();
    if (failure !== undefined) throw failure;
    throw error instanceof TypeError ? connectionError(action, host, error) : fileError(action, part.path, error);
  } finally {
    unwatch();
    tell(position());
  }
  const missing = last + 1 - position();
  if (missing > 0) throw new ConnectionError(`Cannot ${action}: ${host} sent ${missing} bytes too few`);
  return true;
}
