import { ConnectionError, FileError, fileError, type ImapError } from "../errors.ts";
import { type Call, either, Reply, shownUrl, timeoutError } from "./call.ts";
import { startTimer } from "./transport.ts";

/**
 * A file as the body of a `fetch`. S3 requires a `Content-Length`. `fetch` sends one with a `Blob` but not with a
 * stream, and Deno asks the `Blob` for its size and its stream. This one has the size and the stream of a file, so the
 * file is never in memory as a whole.
 */
export class FileBody extends Blob {
  readonly #size: number;
  readonly #stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Whether somebody asked for the stream. */
  isStreamed = false;

  /** Wraps a stream of that many bytes. */
  constructor(size: number, stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    super();
    this.#size = size;
    this.#stream = stream;
  }

  override get size(): number {
    return this.#size;
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.isStreamed = true;
    return this.#stream;
  }
}

/** The number of bytes that are read and sent at a time. Longer chunks are not faster, and take more memory. */
const CHUNK_LENGTH = 256 * 1024;
/** How many chunks to keep until their memory is freed. Two may not have been taken yet. */
const KEPT_CHUNKS = 4;
/** Deno and the operating system take this many bytes before the connection exists. */
const BUFFERED_LENGTH = 4 * CHUNK_LENGTH;
/**
 * How long the first bytes of a large file wait, in milliseconds, so that on a fast network the headers arrive before them.
 * nginx would store bytes that arrive with them first, and then all others at odd positions in its file, which takes a
 * third more CPU. `curl` waits for `100 Continue`, which `fetch` cannot.
 */
const HEADERS_MS = 2;
/** Sending a smaller file takes not much longer than that. */
const MIN_WAITING_SIZE = 16 * 1024 * 1024;
/** Network buffers are emptied in large steps, so a chunk may take this many times as long as a response. */
const SENDING_FACTOR = 4;

/** How much of a response to read: S3 sends no body, and a response that never ends must not be waited for. */
const MAX_RESPONSE = { limit: 16 * 1024, beyond: "cut" } as const;

/** A file to send to a presigned URL. */
interface FilePut {
  readonly url: URL;
  /** The file on disk. */
  readonly path: string;
  /** Its size in bytes. */
  readonly size: number;
  /** Called with the number of bytes that have been sent so far. */
  readonly onBytes?: (bytes: number) => void;
}

/** One PUT of a file: reads it, sends it, and waits for the response. */
class OnePut implements AsyncDisposable {
  readonly #call: Call;
  readonly #put: FilePut;
  readonly #ending = new AbortController();
  /** Settles when all bytes have been taken, or none will be taken anymore. */
  readonly #sent = Promise.withResolvers<void>();
  #file: Deno.FsFile | undefined;
  /** The read in progress. */
  #reading: Promise<unknown> = Promise.resolve();
  /** The last chunks. */
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  /** Why this program ended the request. */
  #failure: ImapError | undefined;
  /** The number of bytes that have been read. */
  #bytes = 0;
  /** When the last chunk was taken. */
  #progressed = performance.now();
  #stopTimer = () => {};

  constructor(call: Call, put: FilePut) {
    this.#call = call;
    this.#put = put;
    this.#sent.promise.catch(() => {});
  }

  /** Ends the request, even if the server has not received all of the file, and closes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopTimer();
    this.#ending.abort();
    await this.#reading.catch(() => {});
    this.#file?.close();
  }

  /**
   * Sends the file.
   *
   * @returns The response, whatever its status. A server that rejects the upload may respond before it has received the
   *   whole file. A status of 200 is returned only when the whole file has been sent.
   */
  async send(): Promise<Reply> {
    const { action, signal, transport } = this.#call;
    const { url, path, size, onBytes } = this.#put;
    signal?.throwIfAborted();
    const started = performance.now();
    let status: number | undefined;
    this.#file = await Deno.open(path, { read: true }).catch((error) => {
      throw fileError(action, path, error);
    });
    this.#watch();
    try {
      const response = await fetch(this.#request());
      status = response.status;
      if (response.ok) {
        await this.#sent.promise;
        onBytes?.(size);
      }
      // Reading the body has a time limit of its own.
      this.#stopTimer();
      return new Reply(this.#call, url, response);
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#failure ?? await this.#call.failure(url, error);
    } finally {
      const milliseconds = Math.round(performance.now() - started);
      transport.log({ type: "request", method: "PUT", url: shownUrl(url, false), status, milliseconds });
    }
  }

  #request(): Request {
    const { action, signal } = this.#call;
    const { url, size } = this.#put;
    const body = new FileBody(size, this.#stream());
    const request = new Request(url, {
      method: "PUT",
      // The SDC's signature covers an empty content type.
      headers: { "content-type": "", "accept-encoding": "identity" },
      body,
      redirect: "manual",
      signal: either(this.#ending.signal, signal),
    });
    // Without this, another version of Deno could send an empty file, which the archive would keep.
    if (body.isStreamed) return request;
    throw this.#failWith(
      new ConnectionError(`Deno ${Deno.version.deno} cannot send a file with its length; use Deno 2.9.6`, {
        action,
        retryable: false,
      }),
    );
  }

  #stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({
      pull: (controller) => {
        const reading = this.#pull(controller);
        this.#reading = reading;
        return reading;
      },
      cancel: () => this.#sent.reject(new Error("the connection was closed before the file was sent completely")),
    });
  }

  /** Reads the next chunk. It is called when the chunk before has been taken. */
  async #pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> {
    const { size, onBytes } = this.#put;
    this.#progressed = performance.now();
    if (this.#bytes > 0) onBytes?.(this.#bytes);
    else if (size >= MIN_WAITING_SIZE) await new Promise<void>((resolve) => startTimer(HEADERS_MS, resolve));
    const chunk = new Uint8Array(Math.min(CHUNK_LENGTH, size - this.#bytes));
    this.#chunks.push(chunk);
    // Frees the memory of a chunk that Deno has taken, instead of waiting for the garbage collector. If Deno had not
    // taken it, bytes would be missing, and the request would fail.
    if (this.#chunks.length > KEPT_CHUNKS) this.#chunks.shift()?.buffer.transfer(0);
    const count = await this.#read(chunk);
    controller.enqueue(chunk.subarray(0, count));
    this.#bytes += count;
    if (this.#bytes < size) return;
    controller.close();
    this.#sent.resolve();
  }

  /** Reads the next bytes. @throws {FileError} When the file cannot be read, or has become shorter. */
  async #read(chunk: Uint8Array<ArrayBuffer>): Promise<number> {
    const { action } = this.#call;
    const { path } = this.#put;
    try {
      const count = await this.#file?.read(chunk) ?? null;
      if (count !== null) return count;
      const advice = "nothing was stored; upload it again when it is finished";
      throw new FileError(`"${path}" became shorter while it was sent: ${advice}`, { action, path });
    } catch (error) {
      throw this.#failWith(fileError(action, path, error));
    }
  }

  /** Ends the request when nothing has been taken, and no response has arrived, for too long. */
  #watch(): void {
    const { action, transport: { timeoutMs } } = this.#call;
    // Later bytes wait for buffers of the network, which are emptied in large steps.
    const limit = this.#bytes > BUFFERED_LENGTH ? timeoutMs * SENDING_FACTOR : timeoutMs;
    const left = limit - (performance.now() - this.#progressed);
    if (left > 0) this.#stopTimer = startTimer(left, () => this.#watch());
    else this.#failWith(timeoutError(action, this.#put.url.host, limit));
  }

  /** Ends the request with an error. */
  #failWith(error: ImapError): ImapError {
    this.#failure ??= error;
    this.#sent.reject(error);
    this.#ending.abort();
    return error;
  }
}

/**
 * Streams a file to a presigned URL, without credentials, in constant memory. It uses `fetch`, as everything else does,
 * so the same proxy, certificates, and permissions apply. Redirects, as S3 sends them for new buckets, are followed.
 *
 * @returns The headers of the response.
 * @throws {ConnectionError} When the connection fails. {ResponseError} When the server rejects the upload. {FileError}
 *   When the file cannot be read, or becomes shorter while it is sent.
 */
export function putFile(call: Call, put: FilePut): Promise<Headers> {
  return call.followRedirects<Headers>(put.url, async (url) => {
    await using one = new OnePut(call, { ...put, url });
    const reply = await one.send();
    // Only this status means that the store has the file (S3, PutObject).
    if (reply.status === 200) {
      await reply.text(MAX_RESPONSE);
      return { done: reply.headers };
    }
    if (!reply.isRedirect) throw await reply.refusal();
    return { next: await reply.redirectTarget() };
  });
}
