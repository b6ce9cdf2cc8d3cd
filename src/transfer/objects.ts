import { fileError, hashFile } from "../disk.ts";
import { ResponseError } from "../errors.ts";
import { type Call, contentRange, lengthOfHeaders, md5OfHeaders, strongEtag } from "../http/call.ts";

/** What a store reports about an object. */
export interface ObjectFacts {
  /** Its size in bytes; undefined if unknown. */
  readonly size: number | undefined;
  /** Its MD5 in hex; undefined if unknown. */
  readonly md5: string | undefined;
}

/**
 * Requests the size and MD5 of an object, without retries. Requests one byte, since a presigned URL for GET rejects
 * HEAD (S3).
 */
export async function lookUpObject(call: Call, url: URL): Promise<ObjectFacts & { readonly etag: string | undefined }> {
  const reply = await call.getObject(url, { range: "bytes=0-0" });
  const { status, headers } = reply;
  if (status !== 200 && status !== 206 && status !== 416) throw await reply.refusal();
  await reply.discard();
  // An empty object has no first byte.
  if (status === 416) return { size: 0, md5: undefined, etag: undefined };
  const size = status === 206 ? contentRange(headers)?.size : lengthOfHeaders(headers);
  return { size, md5: md5OfHeaders(headers), etag: strongEtag(headers) };
}

/** The MD5 of the file at a path, in hex. @param signal Cancels it. */
export async function md5OfFile(path: string, signal?: AbortSignal): Promise<string> {
  using file = await Deno.open(path, { read: true });
  return await hashFile(file, signal);
}

/** Computes the MD5 of an object whose store does not provide it, in hex, by downloading it without storing it. */
async function md5OfObject(call: Call, url: URL): Promise<string> {
  const reply = await call.getObject(url);
  if (!reply.ok) throw await reply.refusal();
  const { createHash } = await import("node:crypto");
  const hash = createHash("md5");
  for await (const chunk of reply.chunks()) hash.update(chunk);
  return hash.digest("hex");
}

/** The source of presigned URLs for a transfer. They are requested when needed, and again when they have expired. */
export interface UrlSource {
  /** A presigned URL to GET an object from; `archivePath` is its full path in the archive. */
  downloadUrl(archivePath: string, signal: AbortSignal | undefined): Promise<URL>;
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
 * store has none.
 *
 * @throws {ResponseError} 404 when the archive has no such file. {FileError} When the file cannot be read.
 */
export async function compareObject(
  call: Call,
  urls: UrlSource,
  { archivePath, path }: Comparison,
): Promise<Compared> {
  const url = () => urls.downloadUrl(archivePath, call.signal);
  const { size, md5 } = await call.retry(async () => await lookUpObject(call, await url()));
  const onDisk = <T>(work: Promise<T>) =>
    work.catch((error) => {
      call.signal?.throwIfAborted();
      throw fileError(call.action, path, error);
    });
  if (size !== undefined && size !== (await onDisk(Deno.stat(path))).size) return { isSame: false, size };
  const theirs = md5 ?? await call.retry(async () => await md5OfObject(call, await url()));
  return { isSame: theirs === await onDisk(md5OfFile(path, call.signal)), size };
}

/** Whether the store rejected a presigned URL, as it does when the URL has expired (S3). */
export function isRefusedUrl(error: unknown): error is ResponseError {
  return error instanceof ResponseError && error.status === 403;
}

/** Turns this rejection into an error that is retried immediately: another URL may be accepted. */
export function retryableRefusal({ message, status }: ResponseError): ResponseError {
  return new ResponseError(message, { status, retryable: true, retryAfterMs: 0 });
}
