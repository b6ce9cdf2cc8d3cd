import { ConnectionError, ImapError } from "../errors.ts";
import { getObject } from "../http/call.ts";
import { connectionError } from "../http/connection_error.ts";
import { timeoutError } from "../http/exchange.ts";
import { readOrTimeOut } from "../http/read_or_time_out.ts";
import { readText } from "../http/read_text.ts";
import { statusError } from "../http/status_error.ts";
import type { Transport } from "../http/transport.ts";
import { fileError } from "./file_error.ts";
import { contentRange } from "./object_headers.ts";
import type { PartRecord, Pieces } from "./part_record.ts";
import type { Receiving } from "./receiving.ts";

/** Short enough that a broken run loses little, long enough that requests do not count. */
export const PIECE_LENGTH = 8 * 1024 * 1024;
const ERROR_BYTES = 16 * 1024;

interface Piece {
  readonly number: number;
  readonly first: number;
  /** The last byte of it, inclusive. */
  readonly last: number;
}

/** The pieces of an object that are not there yet. */
export function missingPieces(size: number, { from, length, done }: Pieces): Piece[] {
  const count = Math.max(0, Math.ceil((size - from) / length));
  const there = new Set(done);
  return Array.from({ length: count }, (_, number) => {
    const first = from + number * length;
    return { number, first, last: Math.min(size, first + length) - 1 };
  }).filter(({ number }) => !there.has(number));
}

/**
 * Gets the missing pieces of an object over several connections and notes each one that is there.
 *
 * @param record What is known of the object; its `pieces` say what is there.
 * @param connections How many connections to use.
 */
export async function receivePieces(
  transport: Transport,
  receiving: Receiving,
  record: PartRecord & { readonly pieces: Pieces },
  connections: number,
): Promise<void> {
  const { part, signal, onBytes, onResume } = receiving;
  const missing = missingPieces(record.size, record.pieces);
  const done = [...record.pieces.done];
  let bytes = record.size - missing.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  onResume(bytes);
  let noting = Promise.resolve();
  const failed = new AbortController();
  const either = AbortSignal.any(signal === undefined ? [failed.signal] : [failed.signal, signal]);
  const work = async () => {
    for (let piece = missing.shift(); piece !== undefined; piece = missing.shift()) {
      const { number } = piece;
      await receivePiece(transport, { ...receiving, signal: either }, record, piece, (count) => {
        bytes += count;
        onBytes(bytes, record.size);
      });
      done.push(number);
      noting = noting.then(() => part.note({ ...record, pieces: { ...record.pieces, done: [...done] } }));
      await noting;
    }
  };
  const workers = Array.from({ length: Math.max(1, connections) }, () =>
    work().catch((error: unknown) => {
      failed.abort();
      throw error;
    }));
  const results = await Promise.allSettled(workers);
  signal?.throwIfAborted();
  // The first failure ended the others; theirs say no more than that.
  const reasons = results.flatMap((result) => result.status === "rejected" ? [result.reason as unknown] : []);
  const first = reasons.find((reason) => reason instanceof ImapError) ?? reasons[0];
  if (first !== undefined) throw first;
}

async function receivePiece(
  transport: Transport,
  receiving: Receiving,
  record: PartRecord,
  piece: Piece,
  onCount: (bytes: number) => void,
): Promise<void> {
  const { action, url, part, signal } = receiving;
  const { host } = url;
  const { timeoutMs } = transport;
  const headers = { range: `bytes=${piece.first}-${piece.last}`, "if-range": record.etag };
  const response = await getObject(transport, { action, url, headers, signal });
  if (response.status !== 200 && response.status !== 206) {
    const reading = { action, host, timeoutMs, limit: ERROR_BYTES, beyond: "cut", signal } as const;
    throw statusError(action, response, await readText(response, reading), transport.api);
  }
  const range = contentRange(response.headers);
  const fits = range?.first === piece.first && range.last === piece.last && range.size === record.size;
  if (!fits || response.body === null) {
    await response.body?.cancel();
    await part.empty();
    throw new ConnectionError(`Cannot ${action}: the object changed at ${host}; it is fetched from its start`);
  }
  const reader = response.body.getReader();
  using sink = await Deno.open(part.path, { write: true });
  try {
    await sink.seek(piece.first, Deno.SeekMode.Start);
    let missing = piece.last - piece.first + 1;
    while (missing > 0) {
      const { done, value } = await readOrTimeOut(reader, timeoutMs, () => timeoutError(action, host, timeoutMs));
      if (done) throw new ConnectionError(`Cannot ${action}: ${host} sent ${missing} bytes too few`);
      const bytes = value.subarray(0, missing);
      for (let at = 0; at < bytes.length;) at += await sink.write(bytes.subarray(at));
      missing -= bytes.length;
      onCount(bytes.length);
    }
  } catch (error) {
    if (error instanceof ImapError) throw error;
    throw error instanceof TypeError ? connectionError(action, host, error) : fileError(action, part.path, error);
  } finally {
    await reader.cancel().catch(() => {});
  }
}
