import { hashChunks, hashFile } from "../disk.ts";
import { ConnectionError, FileError, fileError, ProtocolError, ResponseError } from "../errors.ts";
import {
  type Call,
  type CallEnd,
  contentRange,
  lengthOfHeaders,
  md5OfHeaders,
  type Reply,
  strongEtag,
} from "../http/call.ts";

/** What a store reports about an object. */
export interface ObjectFacts {
  /** Its size in bytes; undefined if unknown. */
  readonly size: number | undefined;
  /** Its MD5 in hex; undefined if unknown. */
  readonly md5: string | undefined;
}

/** What a store reports about an object if only one byte is requested. */
interface LookedUp extends ObjectFacts {
  readonly etag: string | undefined;
  /** Whether it is stored with gzip: the size and the MD5 are those of the stored bytes. */
  readonly isPacked: boolean;
}

/** Whether a body is an object that is stored with gzip: `Content-Encoding` is part of its metadata (S3). */
export function isPacked(headers: Headers): boolean {
  return /^(x-)?gzip$/i.test(headers.get("content-encoding")?.trim() ?? "");
}

/** Unpacks bytes. Fails if they are incomplete or wrong: they end with their length and CRC (RFC 1952). */
export function unpack(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncIterable<Uint8Array<ArrayBuffer>> {
  return bytes.pipeThrough(new DecompressionStream("gzip"));
}

/**
 * Requests the size and MD5 of an object, without retries. Requests one byte, since a presigned URL for GET rejects
 * HEAD (S3).
 */
export async function lookUpObject(call: Call, url: URL): Promise<LookedUp> {
  const reply = await call.getObject(url, { range: "bytes=0-0" });
  const { status, headers } = reply;
  if (status !== 200 && status !== 206 && status !== 416) throw await reply.refusal();
  await reply.discard();
  // An empty object has no first byte.
  if (status === 416) return { size: 0, md5: undefined, etag: undefined, isPacked: false };
  const size = status === 206 ? contentRange(headers)?.size : lengthOfHeaders(headers);
  return { size, md5: md5OfHeaders(headers), etag: strongEtag(headers), isPacked: isPacked(headers) };
}

/** The MD5 of the file at a path, in hex. */
export async function md5OfFile(path: string, options: Parameters<typeof hashFile>[1] = {}): Promise<string> {
  using file = await Deno.open(path, { read: true });
  return await hashFile(file, options);
}

/** Reads the bytes of the file that an object contains. */
function fileBytes(reply: Reply): AsyncIterable<Uint8Array<ArrayBuffer>> {
  return isPacked(reply.headers) ? unpack(ReadableStream.from(reply.chunks())) : reply.chunks();
}

/** Computes the MD5 of a file whose store does not provide it, in hex, by downloading it without storing it. */
async function md5OfObject(call: Call, url: URL): Promise<string> {
  const reply = await call.getObject(url);
  if (!reply.ok) throw await reply.refusal();
  return await hashChunks(fileBytes(reply));
}

/** The source of presigned URLs for a transfer. They are requested when needed, and again when they have expired. */
export interface UrlSource {
  /** A presigned URL to GET an object from; `archivePath` is its full path in the archive. */
  downloadUrl(archivePath: string, by: CallEnd): Promise<URL>;
  /** A presigned URL to PUT a file to. */
  uploadUrl(fileName: string, signal: AbortSignal | undefined): Promise<URL>;
}

/** A file on this machine, and the object to compare it with. */
interface Comparison {
  readonly archivePath: string;
  readonly path: string;
}

/** The result of a comparison. */
interface Compared {
  readonly isSame: boolean;
  /** The size of the object in bytes; undefined if the store does not report it. */
  readonly size: number | undefined;
}

/**
 * Compares a file with an object: by length, then by the store's MD5, or by the MD5 of the downloaded bytes if the
 * store has none, or only that of packed bytes.
 *
 * @throws {ResponseError} 404 when the archive has no such file. {FileError} When the file cannot be read.
 */
export async function compareObject(
  call: Call,
  urls: UrlSource,
  { archivePath, path }: Comparison,
): Promise<Compared> {
  const url = () => urls.downloadUrl(archivePath, call);
  const found = await call.retry(async () => await lookUpObject(call, await url()));
  const { size, md5 } = found.isPacked ? { size: undefined, md5: undefined } : found;
  const onDisk = <T>(work: Promise<T>) =>
    work.catch((error) => {
      call.signal?.throwIfAborted();
      throw fileError(call.action, path, error);
    });
  if (size !== undefined && size !== (await onDisk(Deno.stat(path))).size) return { isSame: false, size };
  const theirs = md5 ?? await call.retry(async () => await md5OfObject(call, await url()));
  return { isSame: theirs === await onDisk(md5OfFile(path, { signal: call.signal })), size };
}

/** Whether the store rejected a presigned URL, as it does when the URL has expired (S3). */
export function isRefusedUrl(error: unknown): error is ResponseError {
  return error instanceof ResponseError && error.status === 403;
}

/** Turns this rejection into an error that is retried immediately: another URL may be accepted. */
export function retryableRefusal({ message, status }: ResponseError): ResponseError {
  return new ResponseError(message, { status, retryable: true, retryAfterMs: 0 });
}

/** A remote file, and where its ranges come from. */
interface RemoteFileParts {
  readonly call: Call;
  readonly urls: UrlSource;
  readonly archivePath: string;
  readonly url: URL;
  readonly size: number;
  readonly etag: string | undefined;
}

/** The statuses with which object stores refuse a presigned URL that has expired (S3: 403; others: 400, 401). */
const EXPIRED: ReadonlySet<number> = new Set([400, 401, 403]);

/** A file in the archive whose ranges are read over HTTP (RFC 9110, section 14). A presigned URL that expires is renewed. */
export class RemoteFile {
  /** Its size in bytes. */
  readonly size: number;
  readonly #parts: RemoteFileParts;
  #url: URL;

  private constructor(parts: RemoteFileParts) {
    this.#parts = parts;
    this.#url = parts.url;
    this.size = parts.size;
  }

  /**
   * Looks at a file without downloading it.
   *
   * @throws {ResponseError} 404 when the archive has no such file. {ProtocolError} When its ranges cannot be read.
   */
  static async open(call: Call, urls: UrlSource, archivePath: string): Promise<RemoteFile> {
    return await call.retry(async () => {
      const url = await urls.downloadUrl(archivePath, call);
      const { size, etag, isPacked } = await lookUpObject(call, url);
      if (size === undefined || isPacked) {
        const reason = isPacked ? "it is stored with gzip" : "the store does not state its size";
        throw new ProtocolError(`${reason}; download it to open it`, { action: call.action });
      }
      return new RemoteFile({ call, urls, archivePath, url, size, etag });
    });
  }

  /** Reads exactly these bytes. @throws {FileError} If the file has changed since it was opened. */
  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const { call } = this.#parts;
    return await call.retry(async () => {
      const reply = await this.#get(offset, length);
      if (reply.status !== 206) throw await this.#refusal(reply);
      const { etag } = this.#parts;
      const range = contentRange(reply.headers);
      if (range?.size !== this.size || (etag !== undefined && strongEtag(reply.headers) !== etag)) {
        await reply.discard();
        throw this.#changed();
      }
      if (range.first !== offset || range.last !== offset + length - 1) {
        await reply.discard();
        throw new ProtocolError(`${reply.url.host} sent other bytes than requested`, { action: call.action });
      }
      return await this.#body(reply, length);
    });
  }

  /** Requests a range; once more with a new URL if this one has expired. */
  async #get(offset: number, length: number): Promise<Reply> {
    const { call, urls, archivePath } = this.#parts;
    const range = { range: `bytes=${offset}-${offset + length - 1}` };
    const reply = await call.getObject(this.#url, range);
    if (!EXPIRED.has(reply.status)) return reply;
    await reply.discard();
    this.#url = await urls.downloadUrl(archivePath, call);
    return await call.getObject(this.#url, range);
  }

  async #body(reply: Reply, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    let filled = 0;
    for await (const chunk of reply.chunks()) {
      if (filled + chunk.length > length) break;
      bytes.set(chunk, filled);
      filled += chunk.length;
    }
    if (filled === length) return bytes;
    const { action } = this.#parts.call;
    throw new ConnectionError(`${reply.url.host} sent ${filled} of ${length} bytes`, { action, retryable: true });
  }

  async #refusal(reply: Reply): Promise<Error> {
    const { call } = this.#parts;
    if (reply.status === 200) {
      await reply.discard();
      return new ProtocolError(`${reply.url.host} does not send parts of files; download it to open it`, {
        action: call.action,
      });
    }
    // The file has become shorter.
    if (reply.status === 416) {
      await reply.discard();
      return this.#changed();
    }
    const refusal: ResponseError = await reply.refusal();
    return refusal;
  }

  #changed(): FileError {
    const { archivePath } = this.#parts;
    return new FileError("it has changed since it was opened; open it again", {
      action: `read "${archivePath}"`,
      path: archivePath,
    });
  }
}
