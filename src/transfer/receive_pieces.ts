import { ConnectionError, ResponseError } from "../errors.ts";
import type { Transport } from "../http/transport.ts";
import { delay } from "@std/async";
import { type ByteRange, bytesIn, cutRanges, joinRanges } from "./byte_ranges.ts";
import { fileError } from "./file_error.ts";
import type { PartRecord } from "./part_record.ts";
import { receivePiece } from "./receive_piece.ts";
import type { Receiving } from "./receiving.ts";

/** Short enough that a killed run loses little, long enough that requests do not count. */
export const PIECE_LENGTH = 8 * 1024 * 1024;

/** Who stops a transfer shall not wait for the disk for longer. */
const LONGEST_NOTE_MS = 500;

/** What is known of an object that comes over several connections. */
export interface SplitRecord extends PartRecord {
  readonly missing: readonly ByteRange[];
}

/**
 * Gets the missing bytes of an object piece by piece, over one connection and as many more as are free or become so, and
 * notes what is there. Whatever ends it, all bytes that came stay.
 */
export async function receivePieces(
  transport: Transport,
  receiving: Receiving,
  record: SplitRecord,
): Promise<void> {
  const { action, url, part, slots, signal, onBytes, onResume } = receiving;
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
  let isOver = false;
  const note = () => {
    const now = { ...record, missing: missing() };
    // The bytes first: after a power cut, none may be missing that the record does not tell of.
    noting = noting.then(() => part.file.syncData()).then(() => isOver ? undefined : part.note(now));
    return noting;
  };
  const settings = {
    ...receiving,
    signal: AbortSignal.any(signal === undefined ? [stop.signal] : [stop.signal, signal]),
  };
  const helpers: Promise<void>[] = [];
  /** Begins one more connection for each slot that is free, unless the store has refused one. */
  const recruit = () => {
    while (waiting.length > 0 && failure === undefined && !stop.signal.aborted && slots.take()) {
      helpers.push(work(helpers.length + 1).finally(() => slots.give()));
    }
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
      recruit();
    }
  };
  recruit();
  await work(0);
  // Whoever is recruited meanwhile is waited for as well.
  for (const helper of helpers) await helper;
  if (!signal?.aborted) await noting.catch(() => {});
  if (isUnfit) {
    receiving.onUnsplittable();
    await part.empty();
    throw new ConnectionError(`Cannot ${action}: the object changed at ${url.host}; it is fetched from its start`);
  }
  if (waiting.length === 0 && !stop.signal.aborted) return;
  // What came of unfinished pieces counts too. A full disk must not hide why it ended, nor a slow one hold it up.
  const noted = new AbortController();
  await Promise.race([note(), delay(LONGEST_NOTE_MS, { signal: noted.signal })]).catch(() => {});
  noted.abort();
  isOver = true;
  signal?.throwIfAborted();
  throw fileError(action, part.path, failure);
}
