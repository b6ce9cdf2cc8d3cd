import { fileError } from "../disk.ts";
import { ConnectionError, ProtocolError, ResponseError } from "../errors.ts";
import { Patience } from "../http/patience.ts";
import { connectionError, MIN_SPEED, stallError } from "../http/failures.ts";
import { getObject, refusalOf } from "../http/request.ts";
import type { Transport } from "../http/transport.ts";
import {
  contentRange,
  isPage,
  isPlainBody,
  lengthOfHeaders,
  lookUpObject,
  md5OfHeaders,
  strongEtag,
} from "./objects.ts";
import { type ByteRange, bytesIn, cutRanges, joinRanges, type PartFile, type PartRecord } from "./part_file.ts";
import { delay } from "@std/async";

/** One try to get an object, or the rest of it, into its part. */
export interface Receiving {
  /** How messages begin, behind `Cannot `. */
  readonly action: string;
  readonly archivePath: string;
  /** A presigned URL that was just asked for. */
  readonly url: URL;
  readonly part: PartFile;
  /** Connections that a large object may borrow. */
  readonly slots: ConnectionSlots;
  /** Told how many bytes of the object are there that need not come again: 0 when it comes from its start. */
  readonly onResume: (bytes: number, size: number | undefined) => void;
  /** Told how many bytes of the object are there. */
  readonly onBytes: (bytes: number, size: number | undefined) => void;
  /** Told that the store does not do what several connections need. */
  readonly onUnsplittable: () => void;
  readonly signal: AbortSignal | undefined;
}

/** What is known of an object once its bytes are there. */
export interface ObjectFacts {
  /** Its size; undefined when the server did not tell. */
  readonly size: number | undefined;
  /** Its MD5 in hex; undefined when the server did not tell. */
  readonly md5: string | undefined;
}

/** What to look for while a file is being written by native code, which tells nothing itself. */
interface GrowthWatch {
  /** How many bytes are there. */
  readonly size: () => number;
  /** How long the file may stay as it is, or next to it. */
  readonly stallMs: number;
  /** Called when it stayed as it is for longer. */
  readonly onStall: () => void;
  /** Called at each look with the size. */
  readonly onSize: (size: number) => void;
  /** Called when a look fails, or what is called by it: nothing may be thrown from a timer, where it ends the program. */
  readonly onFailure: (error: unknown) => void;
}

/** How often to look. */
const LOOK_MS = 200;

/**
 * Watches a file grow. Looking at its size leaves the bytes alone: they never come to JavaScript.
 *
 * @returns Ends the watch.
 */
function watchGrowth({ size: sizeNow, stallMs, onStall, onSize, onFailure }: GrowthWatch): () => void {
  let size = sizeNow();
  let looked = performance.now();
  const patience = new Patience(stallMs, MIN_SPEED);
  const look = () => {
    const [before, now] = [size, performance.now()];
    patience.waited(now - looked);
    [size, looked] = [sizeNow(), now];
    patience.moved(size - before);
    if (patience.isSpent) onStall();
    onSize(size);
  };
  const timer = setInterval(() => {
    try {
      look();
    } catch (error) {
      onFailure(error);
    }
  }, Math.min(LOOK_MS, stallMs / 2));
  return () => clearInterval(timer);
}

/** Where the bytes of a body go, and who is told of them. */
interface Piping {
  /** The part's file, open where the bytes belong. It stays open. */
  readonly file: Deno.FsFile;
  /** Up to where its bytes are there. */
  readonly position: () => number;
  /** Told now and then up to where they are. @returns Whether that is enough: then the pipe ends. */
  readonly onPosition: (position: number) => boolean | void;
}

/**
 * Pipes a body to a part. The bytes stay in native code: whoever counts them looks at the file.
 *
 * @returns Whether all of the body is there; false when it was enough before.
 * @throws {ConnectionError} When the body breaks off or stalls. {ImapError} When the disk takes no more.
 */
async function pipeToPart(
  { timeoutMs }: Transport,
  { action, url, part, signal }: Pick<Receiving, "action" | "url" | "part" | "signal">,
  body: ReadableStream<Uint8Array>,
  { file, position, onPosition }: Piping,
): Promise<boolean> {
  const stop = new AbortController();
  let isEnough = false;
  let failure: unknown;
  const end = (error: unknown) => {
    failure ??= error;
    stop.abort();
  };
  const unwatch = watchGrowth({
    size: position,
    stallMs: timeoutMs,
    onStall: () => end(stallError(action, url.host, timeoutMs)),
    onFailure: end,
    onSize: (size) => {
      if (onPosition(size) !== true) return;
      isEnough = true;
      stop.abort();
    },
  });
  const either = AbortSignal.any(signal === undefined ? [stop.signal] : [stop.signal, signal]);
  try {
    await body.pipeTo(file.writable, { signal: either, preventClose: true, preventAbort: true });
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    if (failure !== undefined) throw failure;
    if (isEnough) return false;
    // A body that breaks is a TypeError of fetch's; everything else comes from the disk.
    throw error instanceof TypeError ? connectionError(action, url.host, error) : fileError(action, part.path, error);
  } finally {
    unwatch();
  }
}

/**
 * Gets some bytes of an object to their place in its part.
 *
 * @param onWritten Told up to where, exclusive, the piece is there.
 * @returns Whether the store sent what was asked for: false when it has another object now, or does no ranges.
 */
async function receivePiece(
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

/** Short enough that a killed run loses little, long enough that requests do not count. */
const PIECE_LENGTH = 8 * 1024 * 1024;

/** Who stops a transfer shall not wait for the disk for longer. */
const LONGEST_NOTE_MS = 500;

/** What is known of an object that comes over several connections. */
interface SplitRecord extends PartRecord {
  readonly missing: readonly ByteRange[];
}

/**
 * Gets the missing bytes of an object piece by piece, over one connection and as many more as are free or become so, and
 * notes what is there. Whatever ends it, all bytes that came stay.
 */
async function receivePieces(
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

/** A larger object has its record from its first byte on, others when their stream breaks. */
const NOTED_AHEAD = 1024 * 1024;

/** What came in one stream. */
interface Stream {
  /** What is known of the object; undefined when the server tells too little to resume. */
  readonly record: PartRecord | undefined;
  readonly size: number | undefined;
  readonly md5: string | undefined;
  /** Whether the stream was ended since several would be quicker. */
  readonly split: boolean;
}

/** The error of a server that does not do what the part needs; the next try starts anew. */
async function startAnew(receiving: Receiving, response: Response, why: string): Promise<never> {
  await response.body?.cancel();
  await receiving.part.empty();
  throw new ConnectionError(`Cannot ${receiving.action}: ${receiving.url.host} ${why}; it is fetched from its start`);
}

/** Looks at the head of an answer: whether it is the rest that was asked for, the whole, or neither. */
async function headOf(
  transport: Transport,
  receiving: Receiving,
  response: Response,
  known: PartRecord | undefined,
): Promise<Omit<Stream, "split">> {
  const { action, url, part, archivePath, onResume, signal } = receiving;
  const { status, headers } = response;
  if (response.ok && !isPlainBody(headers)) await startAnew(receiving, response, "sent the file compressed");
  if (response.ok && isPage(headers)) {
    await response.body?.cancel();
    throw new ProtocolError(
      `Cannot ${action}: ${url.host} sent a page instead of the file; is there a login page in between?`,
    );
  }
  if (status === 206 && known !== undefined) {
    const range = contentRange(headers);
    const have = part.size;
    const fits = range?.first === have && range.size === known.size && range.last === known.size - 1;
    if (!fits || strongEtag(headers) !== known.etag) {
      await startAnew(receiving, response, "sent other bytes than asked for");
    }
    onResume(have, known.size);
    return { record: known, size: known.size, md5: known.md5 ?? undefined };
  }
  if (status === 200) {
    await part.empty();
    const [size, etag, md5] = [lengthOfHeaders(headers), strongEtag(headers), md5OfHeaders(headers)];
    onResume(0, size);
    if (size === undefined || etag === undefined) return { record: undefined, size, md5 };
    const record = { archivePath, size, etag, md5: md5 ?? null, missing: null };
    // A killed process loses no more of a small one than it takes to fetch it again.
    if (size > NOTED_AHEAD) await part.note(record);
    return { record, size, md5 };
  }
  if (status === 416) await startAnew(receiving, response, "has no such bytes any more");
  throw await refusalOf(transport, { action, url, signal }, response);
}

/**
 * Gets an object, or the rest behind the part of it that is there, in one stream.
 *
 * @param known What the part is of; undefined when it is empty or of no use.
 * @param shouldSplit Asked now and then with the bytes that are there; true ends the stream.
 */
async function receiveStream(
  transport: Transport,
  receiving: Receiving,
  known: PartRecord | undefined,
  shouldSplit: (bytes: number, record: PartRecord) => boolean,
): Promise<Stream> {
  const { action, url, part, onBytes, signal } = receiving;
  const headers = known === undefined ? {} : { range: `bytes=${part.size}-`, "if-range": known.etag };
  const response = await getObject(transport, { action, url, headers, signal });
  const head = await headOf(transport, receiving, response, known).catch(async (error) => {
    // A body that nobody reads would keep its connection.
    await response.body?.cancel().catch(() => {});
    throw error;
  });
  if (response.body === null) return { ...head, split: false };
  part.file.seekSync(0, Deno.SeekMode.End);
  const onPosition = (size: number) => {
    onBytes(size, head.size);
    return head.record !== undefined && shouldSplit(size, head.record);
  };
  try {
    // The part's handle stays open for its lock, and for the next try.
    const piping = { file: part.file, position: () => part.size, onPosition };
    return { ...head, split: !await pipeToPart(transport, receiving, response.body, piping) };
  } catch (error) {
    // A full disk must not hide why it ended.
    if (head.record !== undefined && part.size > 0) await part.note(head.record).catch(() => {});
    throw error;
  }
}

/** Smaller objects come in one stream. */
const SPLIT_SIZE = 64 * 1024 * 1024;
/** How long one stream is looked at before it is judged, and how much longer it must need to be split. */
const SPLIT_AFTER_MS = 1000;
const SPLIT_GAIN_MS = 2000;

/** How long a part is at least that lacks only what its record says. */
function leastLength({ size, missing }: PartRecord): number {
  const end = missing?.at(-1);
  if (missing === null) return 0;
  return end?.last === size - 1 ? end.first : size;
}

/** What the part is of, if it is of any use: a record for this object that fits the bytes which are there. */
async function usableRecord(
  transport: Transport,
  { action, part, archivePath }: Receiving,
): Promise<PartRecord | undefined> {
  const { size } = part;
  const record = size === 0 ? undefined : await part.record();
  const fits = record?.archivePath === archivePath && size <= record.size && size >= leastLength(record);
  if (fits) return record;
  if (size > 0) {
    const reason = "what is there of it came from elsewhere, or nobody knows from where";
    transport.log({ type: "decision", action, decision: "restart", reason });
  }
  await part.empty();
  return undefined;
}

/** A part that lacks nothing brings no answer that would tell of a change, so the store is asked whether it still fits. */
async function wholeOrNothing(
  transport: Transport,
  { action, url, part, signal }: Receiving,
  known: PartRecord | undefined,
): Promise<PartRecord | undefined> {
  const have = part.size;
  const lacksNothing = known?.missing === null ? have === known.size : known?.missing.length === 0;
  if (known === undefined || !lacksNothing) return known;
  const { size, etag } = await lookUpObject(transport, { action, url, signal });
  if (etag === known.etag && size === known.size) return known;
  transport.log({ type: "decision", action, decision: "restart", reason: "the archive has another object by now" });
  await part.empty();
  return undefined;
}

/**
 * Tries once to bring an object into its part: the rest behind what is there, in one stream, or over several connections
 * when that one is slow and some are free.
 *
 * @returns What is known of the object. All of its bytes are there then, but not checked.
 */
export async function receiveObject(transport: Transport, receiving: Receiving): Promise<ObjectFacts> {
  const { part, slots, onResume } = receiving;
  const known = await wholeOrNothing(transport, receiving, await usableRecord(transport, receiving));
  if (known?.missing && known.missing.length > 0) {
    return await finishPieces(transport, receiving, { ...known, missing: known.missing });
  }
  const have = part.size;
  if (known !== undefined && (have === known.size || known.missing !== null)) {
    onResume(have, known.size);
    return factsOf(known);
  }
  const stream = await receiveStream(transport, receiving, known, splitJudge(have, slots));
  if (!stream.split || stream.record === undefined) return stream;
  const from = part.size;
  const { size } = stream.record;
  const record: SplitRecord = { ...stream.record, missing: from < size ? [{ first: from, last: size - 1 }] : [] };
  await part.noteHoles(record);
  return await finishPieces(transport, receiving, record);
}

/** Judges a stream that began at `have` bytes: whether the rest would come sooner over more connections. */
function splitJudge(have: number, slots: ConnectionSlots): (bytes: number, record: PartRecord) => boolean {
  const started = performance.now();
  return (bytes, { size }) => {
    const elapsed = performance.now() - started;
    if (size < SPLIT_SIZE || elapsed < SPLIT_AFTER_MS || size - bytes < 2 * PIECE_LENGTH) return false;
    const restMs = (size - bytes) * elapsed / (bytes - have);
    return restMs > SPLIT_GAIN_MS && slots.free > 0;
  };
}

function factsOf({ size, md5 }: PartRecord): ObjectFacts {
  return { size, md5: md5 ?? undefined };
}

async function finishPieces(
  transport: Transport,
  receiving: Receiving,
  record: SplitRecord,
): Promise<ObjectFacts> {
  const reason = "what is missing comes in pieces, over as many connections as are free";
  transport.log({ type: "decision", action: receiving.action, decision: "split", reason });
  await receivePieces(transport, receiving, record);
  return factsOf(record);
}

/** How many more connections may be opened: each file of a batch has one, and a large file borrows those that are free. */
export class ConnectionSlots {
  #free: number;

  /** @param free How many are free at first. */
  constructor(free: number) {
    this.#free = free;
  }

  /** How many are free. */
  get free(): number {
    return this.#free;
  }

  /** Takes one. @returns Whether one was free. */
  take(): boolean {
    if (this.#free <= 0) return false;
    this.#free -= 1;
    return true;
  }

  /** Gives one back, or adds one. */
  give(): void {
    this.#free += 1;
  }
}
