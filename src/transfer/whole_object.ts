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

/** The length that an object must have; undefined when the headers do not tell. */
export function lengthOfHeaders(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
