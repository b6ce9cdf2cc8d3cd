import { hashChunks, hashFile } from "../disk.ts";
import { fileError, ResponseError } from "../errors.ts";
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
