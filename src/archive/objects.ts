import { escapeHtml } from "../display/table.ts";
import { isFromForeignPage, letPagesRead } from "./access.ts";
import type { Handler } from "./http_server.ts";
import {
  IncompleteBodyError,
  isCanonicalPath,
  type ObjectStore,
  PlaceTakenError,
  type PresignedAccess,
} from "./object_store.ts";
import { Buffer } from "node:buffer";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** A range of bytes, counted from 0; both ends are inclusive. */
interface ByteRange {
  /** The first byte. */
  readonly first: number;
  /** The last byte. */
  readonly last: number;
}

/** A single range: `bytes=0-99`, `bytes=100-` or `bytes=-100`. */
const SINGLE_RANGE = /^bytes=(?:(\d+)-(\d*)|-(\d+))$/i;

/**
 * Parses a `Range` header (RFC 9110, section 14.1.2).
 *
 * @param header The value of the header, or null.
 * @param size The size of the object in bytes.
 * @returns The range. `whole` without a header, or with one that the store ignores as S3 does: several ranges, another
 * unit, a range that ends before it begins. `unsatisfiable` if it begins after the end of the object.
 */
export function readRange(header: string | null, size: number): ByteRange | "whole" | "unsatisfiable" {
  const [, from, to, suffix] = SINGLE_RANGE.exec(header ?? "") ?? [];
  if (suffix !== undefined) {
    const length = Math.min(Number(suffix), size);
    return length === 0 ? "unsatisfiable" : { first: size - length, last: size - 1 };
  }
  if (from === undefined) return "whole";
  const first = Number(from);
  const last = to === undefined || to === "" ? Infinity : Number(to);
  if (last < first) return "whole";
  if (first >= size) return "unsatisfiable";
  return { first, last: Math.min(last, size - 1) };
}

/** The state of an object, for comparison with conditions. */
interface ObjectState {
  /** Including the quotes. */
  readonly etag: string;
  /** When it was last modified. */
  readonly modified: Date;
  /** In bytes. */
  readonly size: number;
}

/** The decision on a GET request. */
export type AnswerPlan =
  | { readonly status: 200 | 304 | 412 | 416 }
  | { readonly status: 206; readonly range: ByteRange };

/** Whether a list of ETags contains an ETag. Weak ETags also match, which is correct for a GET. */
function lists(header: string, etag: string): boolean {
  return header.split(",").map((tag) => tag.trim().replace(/^W\//, "")).some((tag) => tag === "*" || tag === etag);
}

/** Rounds a time down to whole seconds, the precision of headers. */
function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** Whether a range may be sent: always without an `If-Range` header, otherwise only if the object is unchanged. */
function rangeApplies(header: string | null, state: ObjectState): boolean {
  if (header === null || header === state.etag) return true;
  return seconds(new Date(header)) === seconds(state.modified); // An ETag is parsed as NaN, which is not equal to anything.
}

/**
 * Decides how to respond to a GET request by its headers, in the order of RFC 9110, section 13.2.2: `If-Match`,
 * `If-Unmodified-Since`, `If-None-Match`, `If-Modified-Since`, then `Range` with `If-Range`.
 */
export function planAnswer(headers: Headers, state: ObjectState): AnswerPlan {
  const match = headers.get("if-match");
  const unmodifiedSince = headers.get("if-unmodified-since");
  if (match !== null) {
    if (!lists(match, state.etag)) return { status: 412 };
  } else if (unmodifiedSince !== null && seconds(state.modified) > seconds(new Date(unmodifiedSince))) {
    return { status: 412 };
  }
  const noneMatch = headers.get("if-none-match");
  const modifiedSince = headers.get("if-modified-since");
  if (noneMatch !== null) {
    if (lists(noneMatch, state.etag)) return { status: 304 };
  } else if (modifiedSince !== null && seconds(state.modified) <= seconds(new Date(modifiedSince))) {
    return { status: 304 };
  }
  if (!rangeApplies(headers.get("if-range"), state)) return { status: 200 };
  const range = readRange(headers.get("range"), state.size);
  if (range === "whole") return { status: 200 };
  return range === "unsatisfiable" ? { status: 416 } : { status: 206, range };
}

/** The codes of the errors of the object store. */
type S3ErrorCode =
  | "AccessDenied"
  | "EntityTooLarge"
  | "IncompleteBody"
  | "InternalError"
  | "InvalidArgument"
  | "InvalidRange"
  | "InvalidURI"
  | "MissingContentLength"
  | "NoSuchKey"
  | "NotImplemented"
  | "PreconditionFailed"
  | "SignatureDoesNotMatch";

/** The status and the default message of each error (Amazon S3 API, "Error responses"). */
const ERRORS: Readonly<Record<S3ErrorCode, readonly [status: number, message: string]>> = {
  AccessDenied: [403, "Access Denied"],
  EntityTooLarge: [400, "Your proposed upload exceeds the maximum allowed size"],
  IncompleteBody: [400, "You did not provide the number of bytes specified by the Content-Length HTTP header"],
  InternalError: [500, "We encountered an internal error. Please try again."],
  InvalidArgument: [400, "Only one auth mechanism allowed"],
  InvalidRange: [416, "The requested range is not satisfiable"],
  InvalidURI: [400, "Couldn't parse the specified URI."],
  MissingContentLength: [411, "You must provide the Content-Length HTTP header."],
  NoSuchKey: [404, "The specified key does not exist."],
  NotImplemented: [501, "A header you provided implies functionality that is not implemented"],
  PreconditionFailed: [412, "At least one of the pre-conditions you specified did not hold"],
  SignatureDoesNotMatch: [
    403,
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
  ],
};

/** The options of an error. */
interface S3ErrorOptions {
  /** A message that is more specific than the default. */
  readonly message?: string;
  /** Further elements of the document, such as the name of a header. */
  readonly details?: Readonly<Record<string, string>>;
  /** Further headers besides the content type. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Creates an error response of the object store: an XML document as S3 sends it. */
function s3Error(code: S3ErrorCode, options: S3ErrorOptions = {}): Response {
  const [status, defaultMessage] = ERRORS[code];
  const elements = Object.entries({ Code: code, Message: options.message ?? defaultMessage, ...options.details });
  const content = elements.map(([name, text]) => `<${name}>${escapeHtml(text)}</${name}>`).join("");
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>\n<Error>${content}</Error>`, {
    status,
    headers: { ...options.headers, "content-type": "application/xml" },
  });
}

/** Answers a GET of an object (Amazon S3 API, `GetObject`). */
async function answerGet(store: ObjectStore, path: string, headers: Headers): Promise<Response> {
  const object = await store.open(path);
  if (object === undefined) return s3Error("NoSuchKey", { details: { Key: path } });
  const { size, modified } = object;
  let etag: string;
  try {
    etag = `"${await object.md5()}"`;
  } catch (error) {
    object.close();
    throw error;
  }
  const plan = planAnswer(headers, { etag, modified, size });
  const known = { etag, "last-modified": modified.toUTCString(), "accept-ranges": "bytes" };
  const content = { ...known, "content-type": "binary/octet-stream" };
  if (plan.status === 200) {
    return new Response(object.stream(), { headers: { ...content, "content-length": String(size) } });
  }
  if (plan.status === 206) {
    const { first, last } = plan.range;
    const length = last - first + 1;
    const range = { "content-range": `bytes ${first}-${last}/${size}`, "content-length": String(length) };
    return new Response(object.stream(first, length), { status: 206, headers: { ...content, ...range } });
  }
  object.close();
  if (plan.status === 304) return new Response(null, { status: 304, headers: known });
  if (plan.status === 412) return s3Error("PreconditionFailed");
  return s3Error("InvalidRange", {
    details: { RangeRequested: headers.get("range") ?? "", ActualObjectSize: String(size) },
    headers: { "content-range": `bytes */${size}` },
  });
}

/** The maximum size of a PUT, 5 GiB (Amazon S3 API, `PutObject`). */
const MAX_BYTES = 5 * 1024 ** 3;

/** Answers a PUT of an object (Amazon S3 API, `PutObject`). */
async function answerPut(store: ObjectStore, path: string, request: Request): Promise<Response> {
  if (request.headers.has("transfer-encoding")) {
    return s3Error("NotImplemented", { details: { Header: "Transfer-Encoding" } });
  }
  const announced = request.headers.get("content-length");
  if (announced === null) return s3Error("MissingContentLength");
  const length = Number(announced);
  if (!/^\d+$/.test(announced)) return s3Error("InvalidArgument", { message: "Content-Length is not a number" });
  if (length > MAX_BYTES) return s3Error("EntityTooLarge", { details: { MaxSizeAllowed: String(MAX_BYTES) } });
  if (!isCanonicalPath(path)) return s3Error("AccessDenied");
  try {
    const md5 = await store.put(path, request.body, length);
    return new Response(null, { headers: { etag: `"${md5}"` } });
  } catch (error) {
    if (error instanceof IncompleteBodyError) return s3Error("IncompleteBody");
    if (error instanceof PlaceTakenError) {
      return s3Error("AccessDenied", { message: "The path is taken by something that is not a file of the archive" });
    }
    throw error;
  }
}

/** The dependencies of the object store's handler. */
interface ObjectsHandlerOptions {
  /** The files. */
  readonly store: ObjectStore;
  /** The signer that created the URLs. */
  readonly signer: UrlSigner;
  /** Called with each internal error, which callers see only as a 500. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

function isReading({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}

async function answer(request: Request, { store, signer }: ObjectsHandlerOptions): Promise<Response> {
  const url = URL.parse(request.url);
  if (url === null) return s3Error("InvalidURI");
  if (!isReading(request) && isFromForeignPage(request)) return s3Error("AccessDenied");
  if (request.headers.has("authorization")) {
    return s3Error("InvalidArgument", { details: { ArgumentName: "Authorization" } });
  }
  const access = signer.check(request.method, url, request.headers);
  if (typeof access !== "string") return s3Error(access.code, access);
  return request.method === "PUT"
    ? await answerPut(store, access, request)
    : await answerGet(store, access, request.headers);
}

/**
 * Creates the handler of the object store. Like S3, it is strict about presigned URLs: the URL is the only credential,
 * and it is valid for one method, one object, and a limited time. It does not open sockets: it maps a `Request` to a
 * `Response`.
 */
export function createObjectsHandler(options: ObjectsHandlerOptions): Handler {
  return async (request) => {
    try {
      const response = await answer(request, options);
      if (isReading(request)) letPagesRead(request, response);
      return response;
    } catch (error) {
      options.onError?.(error);
      return s3Error("InternalError");
    }
  };
}

/** The signed contents of a URL. */
interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly tagging?: string | undefined;
  readonly query: URLSearchParams;
}

/** Why a URL is not valid. */
interface Refusal {
  /** The error. */
  readonly code: S3ErrorCode;
  /** A message that is more specific than the default. */
  readonly message?: string;
}

/** The parameters of S3's presigned URLs (AWS Signature Version 4). */
const ALGORITHM = "X-Amz-Algorithm";
const CREDENTIAL = "X-Amz-Credential";
const DATE = "X-Amz-Date";
const EXPIRES = "X-Amz-Expires";
const SIGNED_HEADERS = "X-Amz-SignedHeaders";
const SIGNATURE = "X-Amz-Signature";
/** The header that sets the tags of an object. */
const TAGGING = "x-amz-tagging";

/** `20240709T154223Z`. */
const SIGNING_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

function formatSigningDate(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}

/** Parses a date to milliseconds since 1970; NaN if the text is not a date. */
function readSigningDate(text: string): number {
  return Date.parse(text.replace(SIGNING_DATE, "$1-$2-$3T$4:$5:$6Z"));
}

/** Returns the decoded path: callers may encode the same path differently. */
function decodedPath(url: URL): string | undefined {
  try {
    return decodeURIComponent(url.pathname.slice(1));
  } catch {
    return undefined; // Invalid percent-encoding.
  }
}

/**
 * Signs URLs of objects and checks them. The signature covers the method, the path, the whole query including the date
 * and the lifetime, and the header `x-amz-tagging` if the URL requires it. The names of the parameters are Amazon's,
 * but the algorithm is not, since only the archive creates and checks signatures.
 */
export class UrlSigner {
  /** What another process needs to sign the same URLs. */
  readonly secret: string;
  readonly #secret: Uint8Array;
  readonly #now: () => Date;

  /** Creates a signer, by default with a new secret: URLs from before a restart of the archive are not valid. */
  constructor(now: () => Date, secret = randomBytes(32).toString("base64")) {
    this.secret = secret;
    this.#secret = Uint8Array.fromBase64(secret);
    this.#now = now;
  }

  /** Creates a URL to read or write an object. */
  sign(access: PresignedAccess): string {
    const date = formatSigningDate(this.#now());
    const url = new URL(access.path.split("/").map(encodeURIComponent).join("/"), `${access.origin}/`);
    url.searchParams.set(ALGORITHM, "AWS4-HMAC-SHA256");
    url.searchParams.set(CREDENTIAL, `LOCALARCHIVE/${date.slice(0, 8)}/local/s3/aws4_request`);
    url.searchParams.set(DATE, date);
    url.searchParams.set(EXPIRES, String(access.lifetimeSeconds));
    url.searchParams.set(SIGNED_HEADERS, access.tagging === undefined ? "host" : `host;${TAGGING}`);
    url.searchParams.set(SIGNATURE, this.#signature({ ...access, query: url.searchParams }).toString());
    return url.href;
  }

  /** Checks a URL; returns the path of its object, or the reason why it is not valid. */
  check(method: string, url: URL, headers = new Headers()): Refusal | string {
    const path = decodedPath(url);
    if (path === undefined) return { code: "InvalidURI" };
    const given = url.searchParams.getAll(SIGNATURE);
    if (given.length === 0) return { code: "AccessDenied" };
    const signsTagging = url.searchParams.get(SIGNED_HEADERS)?.split(";").includes(TAGGING) ?? false;
    const tagging = signsTagging ? headers.get(TAGGING) ?? "" : undefined;
    const expected = this.#signature({ method, path, tagging, query: url.searchParams });
    const signature = Buffer.from(given.join());
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      return { code: "SignatureDoesNotMatch" };
    }
    const signed = readSigningDate(url.searchParams.get(DATE) ?? "");
    const end = signed + Number(url.searchParams.get(EXPIRES)) * 1000;
    return this.#now().getTime() < end ? path : { code: "AccessDenied", message: "Request has expired" };
  }

  /** Returns the hex signature, as bytes. */
  #signature({ method, path, tagging, query }: SignedRequest): Buffer {
    const pairs = [...query].filter(([name]) => name !== SIGNATURE).sort();
    // JSON, so that different requests never result in the same text.
    const text = JSON.stringify([method, path, tagging ?? null, pairs]);
    return Buffer.from(createHmac("sha256", this.#secret).update(text).digest("hex"));
  }
}
