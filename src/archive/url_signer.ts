import { Buffer } from "node:buffer";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { S3ErrorCode } from "./s3_error.ts";

/** What a signed address allows. */
export interface SignedAccess {
  /** What may be done. */
  readonly method: "GET" | "PUT";
  /** The object's path, not encoded, without a slash in front. */
  readonly path: string;
  /** The origin of the objects, `http://127.0.0.1:40001`. */
  readonly origin: string;
  /** For how long, from now. */
  readonly lifetimeSeconds: number;
}

/** Why an address does not give access. */
export interface Refusal {
  /** What S3 calls it. */
  readonly code: S3ErrorCode;
  /** Words that fit better than the usual ones. */
  readonly message?: string;
}

/** The names in the query of S3's presigned addresses, besides the signature (AWS Signature Version 4). */
const ALGORITHM = "X-Amz-Algorithm";
const CREDENTIAL = "X-Amz-Credential";
const DATE = "X-Amz-Date";
const EXPIRES = "X-Amz-Expires";
const SIGNED_HEADERS = "X-Amz-SignedHeaders";
const SIGNATURE = "X-Amz-Signature";

/** `20240709T154223Z` -> its parts. */
const SIGNING_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

function formatSigningDate(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}

/** Milliseconds since 1970; NaN when the text is no date. */
function readSigningDate(text: string): number {
  return Date.parse(text.replace(SIGNING_DATE, "$1-$2-$3T$4:$5:$6Z"));
}

/** The path as it was before it was encoded: a caller may encode it otherwise, and means the same object. */
function decodedPath(url: URL): string | undefined {
  try {
    return decodeURIComponent(url.pathname.slice(1));
  } catch {
    return undefined; // A percent sign that encodes nothing.
  }
}

/**
 * Signs addresses of objects and checks them. The signature covers the method, the path and the whole query, so the
 * date and the lifetime too. It is not Amazon's own scheme, for nobody but the archive needs to make one; the names in
 * the query are Amazon's.
 */
export class UrlSigner {
  readonly #secret = randomBytes(32);
  readonly #now: () => Date;

  /** Makes a signer with a secret of its own: another start of the archive does not honour its addresses. */
  constructor(now: () => Date) {
    this.#now = now;
  }

  /** The address under which an object may be read or written. */
  sign(access: SignedAccess): string {
    const date = formatSigningDate(this.#now());
    const url = new URL(access.path.split("/").map(encodeURIComponent).join("/"), `${access.origin}/`);
    url.searchParams.set(ALGORITHM, "AWS4-HMAC-SHA256");
    url.searchParams.set(CREDENTIAL, `LOCALARCHIVE/${date.slice(0, 8)}/local/s3/aws4_request`);
    url.searchParams.set(DATE, date);
    url.searchParams.set(EXPIRES, String(access.lifetimeSeconds));
    url.searchParams.set(SIGNED_HEADERS, "host");
    url.searchParams.set(SIGNATURE, this.#signature(access.method, access.path, url.searchParams).toString());
    return url.href;
  }

  /** Checks an address; returns why it gives no access, or the path of the object that it gives access to. */
  check(method: string, url: URL): Refusal | string {
    const path = decodedPath(url);
    if (path === undefined) return { code: "InvalidURI" };
    const given = url.searchParams.getAll(SIGNATURE);
    if (given.length === 0) return { code: "AccessDenied" };
    const expected = this.#signature(method, path, url.searchParams);
    const signature = Buffer.from(given.join());
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      return { code: "SignatureDoesNotMatch" };
    }
    const signed = readSigningDate(url.searchParams.get(DATE) ?? "");
    const end = signed + Number(url.searchParams.get(EXPIRES)) * 1000;
    return this.#now().getTime() < end ? path : { code: "AccessDenied", message: "Request has expired" };
  }

  /** In hex, as bytes. */
  #signature(method: string, path: string, query: URLSearchParams): Buffer {
    const pairs = [...query].filter(([name]) => name !== SIGNATURE).sort();
    // As JSON, so that no two different requests give the same text.
    return Buffer.from(createHmac("sha256", this.#secret).update(JSON.stringify([method, path, pairs])).digest("hex"));
  }
}
