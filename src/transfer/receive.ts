import { hashFile, writeAll } from "../disk.ts";
import { ConnectionError, fileError, ProtocolError, ResponseError } from "../errors.ts";
import {
  type Call,
  contentRange,
  isPage,
  isPlainBody,
  lengthOfHeaders,
  md5OfHeaders,
  MIN_SPEED,
  type Reply,
  stallError,
  strongEtag,
} from "../http/call.ts";
import { Patience, startInterval } from "../http/transport.ts";
import { isPacked, lookUpObject, type ObjectFacts, unpack } from "./objects.ts";
import {
  type ByteRange,
  bytesIn,
  cutRanges,
  joinRanges,
  type PartialFile,
  type PartialRecord,
} from "./partial_file.ts";

/** The pool of connections of a batch: each file waits for one, and a large file borrows those that no file waits for. */
export class ConnectionSlots {
  #free: number;
  /** The files that wait for a connection. */
  readonly #waiting: Array<() => void> = [];

  /** @param free The initial number of free connections. */
  constructor(free: number) {
    this.#free = free;
  }

  /** The number of free connections. */
  get free(): number {
    return this.#free;
  }

  /** Takes one. @returns Whether one was free. */
  take(): boolean {
    if (this.#free <= 0) return false;
    this.#free -= 1;
    return true;
  }

  /** Takes one, as soon as one is free. */
  async wait(): Promise<void> {
    if (this.take()) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Returns a connection to the pool. A file that waits for one gets it. */
  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

/** The connection of one file, which it has only while it needs one. */
export class FileConnection implements Disposable {
  readonly #slots: ConnectionSlots;
  #isTaken = false;

  /** @param slots The pool that it belongs to. */
  constructor(slots: ConnectionSlots) {
    this.#slots = slots;
  }

  /** Waits for a connection, unless the file has one. */
  async take(): Promise<void> {
    if (!this.#isTaken) await this.#slots.wait();
    this.#isTaken = true;
  }

  /** Whether the file has one. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** Leaves it to other files. */
  give(): void {
    if (this.#isTaken) this.#slots.give();
    this.#isTaken = false;
  }

  [Symbol.dispose](): void {
    this.give();
  }
}

/** The interval at which to check the size of a file that native code writes. */
const LOOK_MS = 250;

/** Where the bytes of a body go. */
interface PipeTarget {
  readonly path: string;
  /** The open file, positioned where the bytes belong. It is not closed. */
  readonly file: Deno.FsFile;
  /** The position at which to write the body. */
  readonly start: number;
  /** Returns the position up to which the bytes have been written. */
  readonly position: () => number;
  /** Called now and then with that position. @returns Whether to stop the pipe. */
  readonly onPosition: (position: number) => boolean | void;
}

/**
 * Pipes a body to a file. The bytes stay in native code, which does not report progress, so progress is read from the
 * file.
 *
 * @returns Whether the whole body was written; false if `onPosition` stopped it.
 * @throws {ConnectionError} When the body breaks off or stalls. {FileError} When the disk fails.
 */
async function pipeToFile(reply: Reply, { path, file, start, position, onPosition }: PipeTarget): Promise<boolean> {
  const { call: { action, signal, transport: { timeoutMs } }, url: { host }, body } = reply;
  if (body === null) return true;
  const end = reply.call.endOfRequest();
  const pipe = { signal: end.signal, preventClose: true, preventAbort: true };
  let isEnough = false;
  let failure: unknown;
  const fail = (error: unknown) => {
    failure ??= error;
    end.stop();
  };
  const patience = new Patience(timeoutMs, MIN_SPEED);
  let [size, looked] = [start, performance.now()];
  const look = () => {
    const [before, now] = [size, performance.now()];
    patience.waited(now - looked);
    [size, looked] = [position(), now];
    patience.moved(size - before);
    if (patience.isSpent) fail(stallError(action, host, timeoutMs));
    if (onPosition(size) !== true) return;
    isEnough = true;
    end.stop();
  };
  const stopLooking = startInterval(Math.min(LOOK_MS, timeoutMs / 2), () => {
    try {
      look();
    } catch (error) {
      // An error thrown from a timer would end the program.
      fail(error);
    }
  });
  try {
    await body.pipeTo(file.writable, pipe);
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    if (failure !== undefined) throw failure;
    if (isEnough) return false;
    // If a body breaks off, fetch throws a TypeError; all other errors are disk errors.
    throw error instanceof TypeError ? await reply.call.failure(reply.url, error) : fileError(action, path, error);
  } finally {
    stopLooking();
  }
}

/** Callbacks while an object is received. */
interface ReceiveListener {
  /**
   * Called when the first bytes arrive, with the number of bytes that are resumed from: 0 if the object is received
   * from its start.
   */
  readonly onResume: (bytes: number, size: number | undefined) => void;
  /** Called with the number of bytes of the object written so far. */
  readonly onBytes: (bytes: number, size: number | undefined) => void;
  /** Called when all bytes have been received: what follows needs no connection. */
  readonly onReceived: () => void;
}

/** The source and the destination of an object. */
interface ReceiveOptions extends ReceiveListener {
  readonly archivePath: string;
  /** A presigned URL that was just requested. */
  readonly url: URL;
  readonly file: PartialFile;
  /** Connections that a large object may borrow. */
  readonly slots: ConnectionSlots;
}

/** The progress of a stream. */
interface StreamPace {
  /** In bytes: the size of the object, the part received before the stream started, and the part received so far. */
  readonly size: number;
  readonly startedAt: number;
  readonly position: number;
  /** The duration of the stream so far, in milliseconds. */
  readonly elapsedMs: number;
}

/** Smaller objects are received in one stream. */
const MIN_SPLIT_SIZE = 64 * 1024 * 1024;
/** How long the throughput of a stream is measured before the decision to split. */
const SPLIT_AFTER_MS = 1000;
/** A split pays off only if the rest would take longer than this in one stream. */
const MIN_SPLIT_GAIN_MS = 2000;
/**
 * The length of a segment: short enough that a killed run loses little, long enough that the overhead of requests is
 * negligible.
 */
const SEGMENT_LENGTH = 8 * 1024 * 1024;

/** Decides whether the rest of an object would arrive sooner over several connections; has no side effects. */
export function isWorthSplitting({ size, startedAt, position, elapsedMs }: StreamPace): boolean {
  const rest = size - position;
  if (size < MIN_SPLIT_SIZE || elapsedMs < SPLIT_AFTER_MS || rest < 2 * SEGMENT_LENGTH) return false;
  return rest * elapsedMs / (position - startedAt) > MIN_SPLIT_GAIN_MS;
}

/**
 * For objects larger than this, the record is written before the first byte; for others, when their stream breaks off.
 */
const NOTED_AHEAD_SIZE = 1024 * 1024;

/** Files up to this size are read at once to be hashed: the system still has them in memory. */
const MAX_SMALL_SIZE = 1024 * 1024;
/**
 * The number of bytes of small files that are hashed by code of this project: loading `node:crypto`, which is faster,
 * takes longer than a whole small download.
 */
const MAX_OWN_HASHED = 8 * 1024 * 1024;
let ownHashed = 0;
/** Small files are hashed one after another, so they share it. */
const block = new Uint8Array(64 * 1024);

/** Computes the MD5 of the first bytes of a small file, in hex. */
async function hashSmallFile(file: Deno.FsFile, size: number): Promise<string> {
  if (ownHashed < MAX_OWN_HASHED) {
    ownHashed += size;
    const { md5 } = await import("../cdf/md5.ts");
    const hash = await md5(size, (_, target) => {
      for (let count = 0; count < target.length;) {
        const more = file.readSync(target.subarray(count));
        if (more === null) break; // Another process has truncated it: the MD5 will differ.
        count += more;
      }
      return Promise.resolve();
    });
    return hash.toHex();
  }
  const { createHash } = await import("node:crypto");
  const hash = createHash("md5");
  for (let left = size; left > 0;) {
    const count = file.readSync(block.subarray(0, Math.min(left, block.length)));
    if (count === null) break;
    hash.update(block.subarray(0, count));
    left -= count;
  }
  return hash.digest("hex");
}

/** The start of a response whose body is the object, or the rest of it. */
interface StreamHead extends ObjectFacts {
  readonly reply: Reply;
  /** The object that the bytes belong to; undefined if the headers do not suffice to resume. */
  readonly record: PartialRecord | undefined;
  /** Whether the object is stored with gzip. */
  readonly isPacked: boolean;
}

/** A partially received object with missing segments. */
interface SplitRecord extends PartialRecord {
  readonly missing: readonly ByteRange[];
}

function factsOf({ size, md5 }: PartialRecord): ObjectFacts {
  return { size, md5: md5 ?? undefined };
}

/** The minimum length of a partial file that lacks only the ranges in its record. */
function minLength({ size, missing }: PartialRecord): number {
  if (missing === null) return 0;
  const end = missing.at(-1);
  return end?.last === size - 1 ? end.first : size;
}

/**
 * One attempt to receive an object into its partial file. The missing bytes are received in one stream, or over several
 * connections if the stream is slow and connections are free. However an attempt ends, its bytes are kept unless they
 * are wrong.
 */
export class Receiver {
  readonly #call: Call;
  readonly #options: ReceiveOptions;
  readonly #url: URL;
  readonly #file: PartialFile;
  #isUnsplittable = false;

  /** Prepares an attempt; nothing is sent yet. */
  constructor(call: Call, options: ReceiveOptions) {
    this.#call = call;
    this.#options = options;
    this.#url = options.url;
    this.#file = options.file;
  }

  /** Whether the store turned out not to support downloads over several connections. */
  get isUnsplittable(): boolean {
    return this.#isUnsplittable;
  }

  /**
   * Receives the missing bytes, verifies all bytes, and flushes them.
   *
   * @returns The object's size in bytes.
   * @throws {ConnectionError} When bytes are missing or wrong.
   */
  async receive(): Promise<number> {
    return await this.#verify(await this.#receiveMissing());
  }

  async #receiveMissing(): Promise<ObjectFacts> {
    const usable = this.#file.isBlank ? undefined : await this.#usableRecord();
    const known = usable === undefined ? undefined : await this.#confirmed(usable);
    if (known !== undefined && known.missing !== null && known.missing.length > 0) {
      return await this.#receiveSegments({ ...known, missing: known.missing });
    }
    if (known !== undefined && (known.missing !== null || this.#file.size === known.size)) {
      this.#options.onResume(this.#file.size, known.size);
      return factsOf(known);
    }
    const head = await this.#open(known);
    if (head.isPacked) return await this.#receivePacked(head);
    if (await this.#receiveStream(head) || head.record === undefined) return head;
    const { size } = head.record;
    const first = this.#file.size;
    const record = { ...head.record, missing: first < size ? [{ first, last: size - 1 }] : [] };
    await this.#file.noteHoles(record);
    return await this.#receiveSegments(record);
  }

  /** The record of the partial file, if it can be resumed: the record must be of this object and match the bytes. */
  async #usableRecord(): Promise<PartialRecord | undefined> {
    const { size } = this.#file;
    if (size > 0) {
      const { record } = this.#file;
      const fits = record?.archivePath === this.#options.archivePath && size <= record.size &&
        size >= minLength(record);
      if (fits) return record;
      this.#call.decide("restart", "the partial file belongs to another object, or it is unknown to which");
    }
    await this.#file.empty();
    return undefined;
  }

  /** If no bytes are missing, no response would reveal a change of the object, so its size and ETag are looked up. */
  async #confirmed(known: PartialRecord): Promise<PartialRecord | undefined> {
    const lacksNothing = known.missing === null ? this.#file.size === known.size : known.missing.length === 0;
    if (!lacksNothing) return known;
    const { size, etag } = await lookUpObject(this.#call, this.#url);
    if (etag === known.etag && size === known.size) return known;
    this.#call.decide("restart", "the object in the archive has changed");
    await this.#file.empty();
    return undefined;
  }

  /** Requests the object, or the rest of it, and reads the headers of the response. */
  async #open(known: PartialRecord | undefined): Promise<StreamHead> {
    const headers: Record<string, string> = known === undefined
      ? {}
      : { range: `bytes=${this.#file.size}-`, "if-range": known.etag };
    const reply = await this.#call.getObject(this.#url, headers);
    try {
      return await this.#headOf(reply, known);
    } catch (error) {
      // An unread body would keep its connection open.
      await reply.discard().catch(() => {});
      throw error;
    }
  }

  /** Whether a response is the rest that was requested, the whole object, or neither. */
  async #headOf(reply: Reply, known: PartialRecord | undefined): Promise<StreamHead> {
    const { status, headers } = reply;
    const isPlain = isPlainBody(headers);
    const isWholePacked = !isPlain && status === 200 && isPacked(headers);
    if (reply.ok && !isPlain && !isWholePacked) return await this.#restart("sent the file compressed");
    if (reply.ok && isPage(headers)) {
      const question = "is there a login page in between?";
      throw new ProtocolError(
        `${this.#url.host} sent a page instead of the file; ${question}`,
        { action: this.#call.action },
      );
    }
    if (status === 206 && known !== undefined) {
      const have = this.#file.size;
      const range = contentRange(headers);
      const fits = range?.first === have && range.size === known.size && range.last === known.size - 1 &&
        strongEtag(headers) === known.etag;
      if (!fits) return await this.#restart("sent different bytes than requested");
      this.#options.onResume(have, known.size);
      return { reply, record: known, isPacked: false, ...factsOf(known) };
    }
    if (status === 200) return await this.#wholeHeadOf(reply, isWholePacked);
    if (status === 416) return await this.#restart("no longer has such bytes");
    throw await reply.refusal();
  }

  async #wholeHeadOf(reply: Reply, isPacked: boolean): Promise<StreamHead> {
    const { headers } = reply;
    if (!this.#file.isBlank) await this.#file.empty();
    const [size, etag, md5] = [lengthOfHeaders(headers), strongEtag(headers), md5OfHeaders(headers)];
    this.#options.onResume(0, isPacked ? undefined : size);
    // Unpacking cannot be resumed.
    if (size === undefined || etag === undefined || isPacked) {
      return { reply, record: undefined, isPacked, size, md5 };
    }
    const record = { archivePath: this.#options.archivePath, size, etag, md5: md5 ?? null, missing: null };
    // Not needed for a small object: it is quickly fetched again if the process is killed.
    if (size > NOTED_AHEAD_SIZE) await this.#file.note(record);
    return { reply, record, isPacked, size, md5 };
  }

  /** Discards the bytes; the next attempt starts from 0. */
  async #restart(why: string): Promise<never> {
    await this.#file.empty();
    throw new ConnectionError(
      `${this.#url.host} ${why}; starting over`,
      { action: this.#call.action },
    );
  }

  /**
   * Appends a body to the bytes received so far.
   *
   * @returns Whether all bytes were received; false if the rest should be
   * split.
   */
  async #receiveStream({ reply, record, size }: StreamHead): Promise<boolean> {
    const [startedAt, started] = [this.#file.seekEnd(), performance.now()];
    const { file, path } = this.#file;
    const { slots, onBytes } = this.#options;
    const onPosition = (position: number) => {
      onBytes(position, size);
      if (record === undefined || slots.free === 0) return false;
      return isWorthSplitting({ size: record.size, startedAt, position, elapsedMs: performance.now() - started });
    };
    try {
      // The file stays open for the next attempt, and for its lock, which others see.
      return await pipeToFile(reply, { path, file, start: startedAt, position: () => this.#file.size, onPosition });
    } catch (error) {
      // The error of a full disk must not replace the original error.
      if (record !== undefined && this.#file.size > 0) await this.#file.note(record).catch(() => {});
      throw error;
    }
  }

  /**
   * Receives an object that is stored with gzip, and unpacks it: its name is that of the unpacked file. The length and
   * the MD5 of the stored bytes are checked if the headers have them, and the CRC of the unpacked bytes in any case.
   *
   * @returns What was received.
   */
  async #receivePacked({ reply, size, md5 }: StreamHead): Promise<ObjectFacts> {
    const { action, signal } = this.#call;
    const { host } = this.#url;
    const { file, path } = this.#file;
    const hash = md5 === undefined ? undefined : (await import("node:crypto")).createHash("md5");
    let [received, written] = [0, 0];
    const chunks = async function* () {
      for await (const chunk of reply.chunks()) {
        received += chunk.length;
        hash?.update(chunk);
        yield chunk;
      }
    };
    file.seekSync(0, Deno.SeekMode.Start);
    try {
      // Not `file.writable`: it keeps the last chunk of a stream from JavaScript until it is closed (Deno 2.9).
      for await (const chunk of unpack(ReadableStream.from(chunks()))) {
        await writeAll(file, chunk);
        written += chunk.length;
        this.#options.onBytes(written, undefined);
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof TypeError ? await reply.call.failure(reply.url, error) : fileError(action, path, error);
    }
    if (size !== undefined && received !== size) {
      throw new ConnectionError(`${host} sent ${received} of ${size} bytes`, { action });
    }
    // If a proxy has packed it, the MD5 is that of the unpacked bytes.
    return { size: written, md5: hash?.digest("hex") === md5 ? undefined : md5 };
  }

  async #receiveSegments(record: SplitRecord): Promise<ObjectFacts> {
    this.#call.decide("split", "the rest is fetched in segments, over as many connections as are free");
    if (await new SegmentReceiver(this.#call, this.#options, record).run()) return factsOf(record);
    this.#isUnsplittable = true;
    return await this.#restart("now has a different object, or does not support ranges");
  }

  /** Verifies the bytes by length and MD5, as far as known, and flushes them. Wrong bytes are discarded. */
  async #verify(facts: ObjectFacts): Promise<number> {
    const { action, end } = this.#call;
    const { host } = this.#url;
    const have = this.#file.size;
    const isUnknown = facts.size === undefined && facts.md5 === undefined;
    const { size, md5 } = isUnknown ? await lookUpObject(this.#call, this.#url) : facts;
    if (size === undefined && md5 === undefined) {
      throw new ConnectionError(`${host} reports neither the length nor the MD5 of the file: it may be incomplete`, {
        action,
      });
    }
    if (size !== undefined && have !== size) {
      if (have > size) await this.#file.empty();
      throw new ConnectionError(`${host} sent ${have} of ${size} bytes`, { action });
    }
    this.#options.onReceived();
    // Flushing and hashing run in parallel.
    const flushing = this.#file.flush();
    const settled = md5 === undefined
      ? flushing.then(() => undefined)
      : Promise.all([this.#hash(have), flushing]).then(([found]) => found);
    const found = await (end === undefined ? settled : end.during(settled));
    if (found !== md5) {
      await this.#file.empty();
      throw new ConnectionError(
        `the received bytes differ from the archive's (MD5 mismatch)`,
        { action },
      );
    }
    return have;
  }

  async #hash(size: number): Promise<string> {
    using file = Deno.openSync(this.#file.path, { read: true });
    if (size > MAX_SMALL_SIZE) return await hashFile(file, { signal: this.#call.signal });
    return await hashSmallFile(file, size);
  }
}

/** The maximum time that a canceled transfer may block on a slow disk. */
const MAX_NOTE_MS = 500;

/**
 * Receives the missing bytes of an object in segments, over one connection plus all connections that are or become
 * free, and records what has been received. However it ends, the received bytes are kept.
 */
class SegmentReceiver {
  readonly #call: Call;
  readonly #options: ReceiveOptions;
  readonly #file: PartialFile;
  readonly #record: SplitRecord;
  readonly #stop = new AbortController();
  /** The same call, which `#stop` can also end. */
  readonly #stoppable: Call;
  /** Segments that no worker has taken yet. */
  readonly #waiting: ByteRange[];
  /** The missing rest of the segments in progress, by worker. */
  readonly #running = new Map<number, ByteRange>();
  readonly #helpers: Promise<void>[] = [];
  /** The number of bytes of the object received so far. */
  #received: number;
  #failure: unknown;
  #isUnfit = false;
  #noting = Promise.resolve();
  #isOver = false;

  constructor(call: Call, options: ReceiveOptions, record: SplitRecord) {
    this.#call = call;
    this.#options = options;
    this.#file = options.file;
    this.#record = record;
    this.#stoppable = call.endedBy(this.#stop.signal);
    this.#waiting = cutRanges(record.missing, SEGMENT_LENGTH);
    this.#received = record.size - bytesIn(record.missing);
  }

  /**
   * Receives all segments.
   *
   * @returns Whether the store sent what was requested; false if the object has changed, or the store does not support
   * ranges.
   * @throws The error that ended it.
   */
  async run(): Promise<boolean> {
    const { action, signal } = this.#call;
    this.#options.onResume(this.#received, this.#record.size);
    this.#recruit();
    await this.#work(0);
    // Workers may start further workers in the meantime; wait for those, too.
    for (const helper of this.#helpers) await helper;
    if (!signal?.aborted) await this.#noting.catch(() => {});
    if (this.#isUnfit) return false;
    if (this.#waiting.length === 0 && !this.#stop.signal.aborted) return true;
    await this.#noteUnfinished();
    signal?.throwIfAborted();
    throw fileError(action, this.#file.path, this.#failure);
  }

  /** Opens one more connection for each free slot, unless something has failed. */
  #recruit(): void {
    const { slots } = this.#options;
    while (this.#waiting.length > 0 && this.#failure === undefined && !this.#stop.signal.aborted && slots.take()) {
      this.#helpers.push(this.#work(this.#helpers.length + 1).finally(() => slots.give()));
    }
  }

  /** Receives segments one after another over one connection, until none is left or one fails. */
  async #work(worker: number): Promise<void> {
    for (let segment = this.#waiting.shift(); segment !== undefined; segment = this.#waiting.shift()) {
      this.#running.set(worker, segment);
      try {
        if (!await this.#receive(segment, (position) => this.#advance(worker, position))) {
          this.#isUnfit = true;
          this.#stop.abort();
        }
      } catch (error) {
        this.#fail(error);
      }
      const rest = this.#running.get(worker);
      this.#running.delete(worker);
      if (rest !== undefined && rest.first <= rest.last) {
        this.#waiting.push(rest);
        return;
      }
      this.#note().catch((error) => this.#fail(error));
      this.#recruit();
    }
  }

  /** A worker has written its segment up to a position. */
  #advance(worker: number, position: number): void {
    const segment = this.#running.get(worker);
    if (segment === undefined) return;
    const first = Math.min(position, segment.last + 1);
    this.#received += first - segment.first;
    this.#running.set(worker, { first, last: segment.last });
    this.#options.onBytes(this.#received, this.#record.size);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    // A refused connection does not stop the others: the store may allow fewer connections, or the URL may have
    // expired.
    if (!(error instanceof ResponseError)) this.#stop.abort();
  }

  /** Receives one segment and writes it at its position. @returns Whether the store sent what was requested. */
  async #receive({ first, last }: ByteRange, onPosition: (position: number) => void): Promise<boolean> {
    const { url } = this.#options;
    const { path } = this.#file;
    const { etag, size } = this.#record;
    using file = Deno.openSync(path, { write: true });
    file.seekSync(first, Deno.SeekMode.Start);
    const reply = await this.#stoppable.getObject(url, { range: `bytes=${first}-${last}`, "if-range": etag });
    const { status, headers, body } = reply;
    if (status !== 200 && status !== 206 && status !== 416) throw await reply.refusal();
    const range = contentRange(headers);
    const fits = status === 206 && isPlainBody(headers) && strongEtag(headers) === etag &&
      range?.first === first && range.last === last && range.size === size &&
      // A body of unknown length could overwrite the next segment.
      lengthOfHeaders(headers) === last - first + 1;
    if (!fits || body === null) {
      await reply.discard();
      return false;
    }
    const position = () => file.seekSync(0, Deno.SeekMode.Current);
    try {
      await pipeToFile(reply, { path, file, start: first, position, onPosition });
    } finally {
      onPosition(position());
    }
    const missing = last + 1 - position();
    if (missing <= 0) return true;
    throw new ConnectionError(`${url.host} sent ${missing} bytes too few`, { action: this.#call.action });
  }

  /** Records what is missing. */
  #note(): Promise<void> {
    const missing = joinRanges([...this.#waiting, ...this.#running.values()]);
    // The bytes are flushed first: after a power failure, all bytes that the record counts as received must exist.
    this.#noting = this.#noting.then(() => this.#file.flush())
      .then(() => this.#isOver ? undefined : this.#file.note({ ...this.#record, missing }));
    return this.#noting;
  }

  /**
   * Records the received part of unfinished segments. The error of a full disk must not replace the original error, and
   * a slow disk must not delay it.
   */
  async #noteUnfinished(): Promise<void> {
    const { delay } = await import("@std/async");
    const noted = new AbortController();
    await Promise.race([this.#note(), delay(MAX_NOTE_MS, { signal: noted.signal })]).catch(() => {});
    noted.abort();
    this.#isOver = true;
  }
}
