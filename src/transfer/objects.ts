import { hashFile } from "../disk.ts";
import { ResponseError } from "../errors.ts";
import { bodyPieces, getObject, refusalOf, type UrlCall } from "../http/request.ts";
import { retry, type Transport } from "../http/transport.ts";
import { isStrongEtag } from "./part_file.ts";

/** A plain MD5 in quotes. With a dash in it the object was put in pieces and the tag is no MD5 of the whole (S3). */
const MD5_TAG = /^"([0-9a-f]{32})"$/i;

/**
 * The MD5 that an object must have, if its headers tell.
 *
 * @returns Lower-case hex; undefined when the ETag is no MD5, as for objects in pieces or encrypted with KMS (S3).
 */
export function md5OfHeaders(headers: Headers): string | undefined {
  if (headers.get("x-amz-server-side-encryption")?.startsWith("aws:kms")) return undefined;
  return MD5_TAG.exec(headers.get("etag") ?? "")?.[1]?.toLowerCase();
}

/** The length of a body; undefined when the headers do not tell. */
export function lengthOfHeaders(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Whether a body is the object's own bytes: not when a server compresses it, though it was asked not to. */
export function isPlainBody(headers: Headers): boolean {
  return ["", "identity"].includes(headers.get("content-encoding")?.trim().toLowerCase() ?? "");
}

/** Whether a body is someone else's words, such as a login page's, and no object: a store gives those an ETag (S3). */
export function isPage(headers: Headers): boolean {
  const type = headers.get("content-type") ?? "";
  return !headers.has("etag") && /^(text\/(html|xml)|application\/(xhtml\+xml|xml|json))\b/i.test(type);
}

/** The ETag, when it is one that promises the same bytes. */
export function strongEtag(headers: Headers): string | undefined {
  const etag = headers.get("etag");
  return etag !== null && isStrongEtag(etag) ? etag : undefined;
}

/** Which bytes of an object an answer holds: `bytes 5-9/10` (RFC 9110, 14.4). */
interface ContentRange {
  readonly first: number;
  readonly last: number;
  readonly size: number;
}

/** Reads `Content-Range`; undefined when it is missing or says nothing of use. */
export function contentRange(headers: Headers): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(headers.get("content-range") ?? "");
  if (match === null) return undefined;
  const [first = 0, last = 0, size = 0] = match.slice(1).map(Number);
  return first <= last && last < size ? { first, last, size } : undefined;
}

/** What a store tells of an object; undefined is what it does not tell. */
interface ObjectLook {
  readonly size: number | undefined;
  readonly md5: string | undefined;
  readonly etag: string | undefined;
}

/** Asks once what an object is. One byte is asked for, since a presigned URL for GET refuses HEAD (S3). */
export async function lookUpObject(transport: Transport, call: UrlCall): Promise<ObjectLook> {
  const { action, url, signal } = call;
  const response = await getObject(transport, { action, url, headers: { range: "bytes=0-0" }, signal });
  const { status, headers } = response;
  if (status !== 200 && status !== 206 && status !== 416) throw await refusalOf(transport, call, response);
  await response.body?.cancel();
  // An empty object has no first byte.
  if (status === 416) return { size: 0, md5: undefined, etag: undefined };
  const size = status === 206 ? contentRange(headers)?.size : lengthOfHeaders(headers);
  return { size, md5: md5OfHeaders(headers), etag: strongEtag(headers) };
}

/** The MD5 of the file under a path, in hex. @param signal Ends it early. */
export async function md5OfFile(path: string, signal?: AbortSignal): Promise<string> {
  using file = await Deno.open(path, { read: true });
  return await hashFile(file, signal);
}

/** The MD5 of an object whose store does not tell it, in hex: all of it is read, nothing is kept. */
async function md5OfObject(transport: Transport, call: UrlCall): Promise<string> {
  const { action, url: { host }, signal } = call;
  const { timeoutMs } = transport;
  const response = await getObject(transport, call);
  if (!response.ok) throw await refusalOf(transport, call, response);
  const { createHash } = await import("node:crypto");
  const hash = createHash("md5");
  for await (const piece of bodyPieces(response.body, { action, host, timeoutMs, signal })) hash.update(piece);
  return hash.digest("hex");
}

/** A file on this machine, and the object that it is compared with. */
interface Comparison {
  /** How messages begin, behind `Cannot `. */
  readonly action: string;
  readonly archivePath: string;
  readonly path: string;
  readonly signal: AbortSignal | undefined;
}

/** What a comparison found. */
interface Compared {
  readonly isSame: boolean;
  /** How many bytes the object has; undefined where the store does not tell. */
  readonly size: number | undefined;
}

/**
 * Compares a file with an object: by length, then by the MD5 that the store tells, or else by all of its bytes.
 *
 * @throws {ResponseError} 404 when the archive has no such file.
 */
export async function compareObject(
  transport: Transport,
  urls: UrlSource,
  { action, archivePath, path, signal }: Comparison,
): Promise<Compared> {
  const { retries, log } = transport;
  const asking = { action, retries, log, signal };
  const url = () => urls.downloadUrl(archivePath, signal);
  const { size, md5 } = await retry(
    async () => lookUpObject(transport, { action, url: await url(), signal }),
    asking,
  );
  if (size !== undefined && size !== (await Deno.stat(path)).size) return { isSame: false, size };
  const theirs = md5 ??
    await retry(async () => md5OfObject(transport, { action, url: await url(), signal }), asking);
  return { isSame: theirs === await md5OfFile(path, signal), size };
}

/** Whether the store refused a signed URL, as it does when that has expired (S3). */
export function isRefusedUrl(error: unknown): error is ResponseError {
  return error instanceof ResponseError && error.status === 403;
}

/** The same error, judged anew: with another URL it is worth a try, at once. */
export function worthANewUrl({ message, status }: ResponseError): ResponseError {
  return new ResponseError(message, { status, retryable: true, retryAfterMs: 0 });
}

/**
 * Where a transfer gets its presigned URLs from. They expire, so they are asked for when needed, and again when spent.
 */
export interface UrlSource {
  /** A presigned URL to GET an object from; `archivePath` is its full path in the archive. */
  downloadUrl(archivePath: string, signal: AbortSignal | undefined): Promise<URL>;
  /** A presigned URL to PUT a file to. */
  uploadUrl(fileName: string, signal: AbortSignal | undefined): Promise<URL>;
}
