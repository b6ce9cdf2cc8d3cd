import { ConnectionError } from "../errors.ts";
import { getObject } from "../http/call.ts";
import { refusalOf } from "../http/refusal_of.ts";
import type { Transport } from "../http/transport.ts";
import type { ByteRange } from "./byte_ranges.ts";
import { contentRange, isPlainBody, lengthOfHeaders, strongEtag } from "./object_headers.ts";
import type { PartRecord } from "./part_record.ts";
import { pipeToPart } from "./pipe_to_part.ts";
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
  using sink = Deno.openSync(part.path, { write: true });
  sink.seekSync(first, Deno.SeekMode.Start);
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
  const position = () => sink.seekSync(0, Deno.SeekMode.Current);
  const tell = (end: number) => onWritten(Math.min(end, last + 1));
  try {
    await pipeToPart(transport, receiving, body, { file: sink, position, onPosition: tell });
  } finally {
    tell(position());
  }
  const missing = last + 1 - position();
  if (missing > 0) throw new ConnectionError(`Cannot ${action}: ${host} sent ${missing} bytes too few`);
  return true;
}
