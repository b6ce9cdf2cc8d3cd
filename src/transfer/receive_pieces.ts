import { ConnectionError, ResponseError } from "../errors.ts";
import type { Transport } from "../http/transport.ts";
import { type ByteRange, bytesIn, cutRanges, joinRanges } from "./byte_ranges.ts";
import { fileError } from "./file_error.ts";
import type { PartRecord } from "./part_record.ts";
import { receivePiece } from "./receive_piece.ts";
import type { Receiving } from "./receiving.ts";

/** Short enough that a killed run loses little, long enough that requests do not count. */
export const PIECE_LENGTH = 8 * 1024 * 1024;

/** What is known of an object that comes over several connections. */
export interface SplitRecord extends PartRecord {
  readonly missing: readonly ByteRange[];
}

/**
 * Gets the missing bytes of an object piece by piece over several connections and notes what is there. Whatever ends it,
 * all bytes that came stay.
 *
 * @param connections How many connections to use.
 */
export async function receivePieces(
  transport: Transport,
  receiving: Receiving,
  record: SplitRecord,
  connections: number,
): Promise<void> {
  const { action, url, part, signal, onBytes, onResume } = receiving;
  const { size } = record;
  const waiting: ByteRange[] = cutRanges(record.missing, PIECE_LENGTH);
  const running = new Map<number, ByteRange>();
  const missing = () => joinRanges([...waiting, ...running.values()]);
  let there = size - bytesIn(record.missing);
  onResume(there, size);

  const stop = new AbortController();
  let failure: unknown;
  let isUnfit = false;
  const fail = (error: unknown) => {
    failure ??= error;
    // A refused connection leaves the others alone: the store may allow fewer, or the URL may have expired.
    if (!(error instanceof ResponseError)) stop.abort();
  };
  let noting = Promise.resolve();
  const note = () => {
    const now = { ...record, missing: missing() };
    // The bytes first: after a power cut, none may be missing that the record does not tell of.
    noting = noting.then(() => part.file.syncData()).then(() => part.note(now));
    return noting;
  };
  const settings = {
    ...receiving,
    signal: AbortSignal.any(signal === undefined ? [stop.signal] : [stop.signal, signal]),
  };
  const work = async (worker: number) => {
    for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) {
      const { last } = piece;
      running.set(worker, piece);
      try {
        const fits = await receivePiece(transport, settings, record, piece, (first) => {
          there += first - (running.get(worker)?.first ?? first);
          running.set(worker, { first, last });
          onBytes(there, size);
        });
        if (!fits) {
          isUnfit = true;
          stop.abort();
        }
      } catch (error) {
        fail(error);
      }
      const rest = running.get(worker);
      running.delete(worker);
      if (rest !== undefined && rest.first <= rest.last) return void waiting.push(rest);
      note().catch(fail);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, connections) }, (_, worker) => work(worker)));
  await noting.catch(() => {});
  if (isUnfit) {
    receiving.onUnsplittable();
    await part.empty();
    throw new ConnectionError(`Cannot ${action}: the object changed at ${url.host}; it is fetched from its start`);
  }
  if (waiting.length === 0 && !stop.signal.aborted) return;
  // What came of unfinished pieces counts too. A full disk must not hide why it ended.
  await note().catch(() => {});
  signal?.throwIfAborted();
  throw fileError(action, part.path, failure);
}
