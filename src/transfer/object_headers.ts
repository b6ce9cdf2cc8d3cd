import { isStrongEtag } from "./part_record.ts";

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
export interface ContentRange {
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
