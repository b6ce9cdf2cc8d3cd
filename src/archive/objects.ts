import { isFromForeignPage, letPagesRead } from "./access.ts";
import { PlaceTakenError } from "./folders.ts";
import type { Handler } from "./http_server.ts";
import { IncompleteBodyError, isArchivePath, type ObjectStore } from "./object_store.ts";
import { escape } from "@std/html";
import { Buffer } from "node:buffer";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** A part of an object: its first and its last byte, both in it, counted from 0. */
interface ByteRange {
  /** The first byte. */
  readonly first: number;
  /** The last byte, which belongs to the part. */
  readonly last: number;
}

/** `bytes=0-99`, `bytes=100-` or `bytes=-100`: one range alone. */
const SINGLE_RANGE = /^bytes=(?:(\d+)-(\d*)|-(\d+))$/i;

/**
 * Reads a `Range` header (RFC 9110, section 14.1.2).
 *
 * @param header The header's value, or null.
 * @param size How many bytes the object has.
 * @returns The part that is asked for. `whole` when there is no such header, or one that the store ignores, as S3 does:
 * several ranges, another unit, one that ends before it begins. `unsatisfiable` when it begins behind the end.
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

/** What conditions are held against. */
interface ObjectState {
  /** In quotes. */
  readonly etag: string;
  /** When it last changed. */
  readonly modified: Date;
  /** In bytes. */
  readonly size: number;
}

/** What a GET is answered with. */
export type AnswerPlan =
  | { readonly status: 200 | 304 | 412 | 416 }
  | { readonly status: 206; readonly range: ByteRange };

/** Whether a list of tags has this one. A weak tag equals its strong form, for a GET that is enough. */
function lists(header: string, etag: string): boolean {
  return header.split(",").map((tag) => tag.trim().replace(/^W\//, "")).some((tag) => tag === "*" || tag === etag);
}

/** The time in whole seconds, which is all that headers carry. */
function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** Whether a part may be sent: without the header always, else when it is the very same object. */
function rangeApplies(header: string | null, state: ObjectState): boolean {
  if (header === null || header === state.etag) return true;
  return seconds(new Date(header)) === seconds(state.modified); // NaN, which no tag escapes, equals nothing.
}

/**
 * Decides how to answer a GET from its headers, in the order that RFC 9110, section 13.2.2, gives: `If-Match`,
 * `If-Unmodified-Since`, `If-None-Match`, `If-Modified-Since`, then `Range` under `If-Range`.
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

/** The code of an error of the object store. */
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

/** The errors that the object store knows, with their status and words (Amazon S3 API, "Error responses"). */
const ERRORS: Readonly<Record<S3ErrorCode, readonly [status: number, message: string]>> = {
  AccessDenied: [403, "Access Denied"],
  EntityTooLarge: [400, "Your upload is larger than one PUT may be"],
  IncompleteBody: [400, "The body does not have the number of bytes that Content-Length announced"],
  InternalError: [500, "An internal error happened; try again"],
  InvalidArgument: [400, "Only one auth mechanism allowed"],
  InvalidRange: [416, "The range lies outside of the object"],
  InvalidURI: [400, "The address cannot be read"],
  MissingContentLength: [411, "A PUT needs the Content-Length header"],
  NoSuchKey: [404, "There is no object with this key"],
  NotImplemented: [501, "A header asks for something that the store does not do"],
  PreconditionFailed: [412, "A condition of the request does not hold"],
  SignatureDoesNotMatch: [
    403,
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
  ],
};

/** What else an error says. */
interface S3ErrorOptions {
  /** Words that fit better than the usual ones. */
  readonly message?: string;
  /** More elements of the document, such as the header that was wrong. */
  readonly details?: Readonly<Record<string, string>>;
  /** Beside its content type. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer of the object store that says no: an XML document, as S3 sends it. */
function s3Error(code: S3ErrorCode, options: S3ErrorOptions = {}): Response {
  const [status, usual] = ERRORS[code];
  const elements = Object.entries({ Code: code, Message: options.message ?? usual, ...options.details });
  const content = elements.map(([name, text]) => `<${name}>${escape(text)}</${name}>`).join("");
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>\n<Error>${content}</Error>`, {
    status,
    headers: { ...options.headers, "content-type": "application/xml" },
  });
}

/** How much of a file is in memory at a time: a read from the disk costs much the same for 1 KiB and for this much. */
const CHUNK_BYTES = 256 * 1024;

/** A part of an open file, read as it is taken; the file is closed at its end. */
function streamPart(file: Deno.FsFile, length: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = length;
  return new ReadableStream({
    async pull(controller) {
      const chunk = new Uint8Array(Math.min(left, CHUNK_BYTES));
      const read = await file.read(chunk).catch((error) => {
        file.close();
        throw error;
      });
      if (read !== null) controller.enqueue(chunk.subarray(0, read));
      left -= read ?? left;
      if (left > 0) return;
      file.close();
      controller.close();
    },
    cancel: () => file.close(),
  });
}

/** The bytes of a part. */
async function openPartialFile(file: Deno.FsFile, { first, last }: ByteRange): Promise<ReadableStream> {
  await file.seek(first, Deno.SeekMode.Start);
  return streamPart(file, last - first + 1);
}

/** Answers a GET of an object (Amazon S3 API, `GetObject`). */
async function answerGet(store: ObjectStore, path: string, headers: Headers): Promise<Response> {
  const object = await store.open(path);
  if (object === undefined) return s3Error("NoSuchKey", { details: { Key: path } });
  const { file, size, modified, md5 } = object;
  const etag = `"${md5}"`;
  const plan = planAnswer(headers, { etag, modified, size });
  const known = { etag, "last-modified": modified.toUTCString(), "accept-ranges": "bytes" };
  const content = { ...known, "content-type": "binary/octet-stream" };
  if (plan.status === 200) {
    return new Response(streamPart(file, size), { headers: { ...content, "content-length": String(size) } });
  }
  if (plan.status === 206) {
    const { first, last } = plan.range;
    const body = await openPartialFile(file, plan.range);
    const range = { "content-range": `bytes ${first}-${last}/${size}`, "content-length": String(last - first + 1) };
    return new Response(body, { status: 206, headers: { ...content, ...range } });
  }
  file.close();
  if (plan.status === 304) return new Response(null, { status: 304, headers: known });
  if (plan.status === 412) return s3Error("PreconditionFailed");
  return s3Error("InvalidRange", {
    details: { RangeRequested: headers.get("range") ?? "", ActualObjectSize: String(size) },
    headers: { "content-range": `bytes */${size}` },
  });
}

/** The most that one PUT takes, 5 GiB (Amazon S3 API, `PutObject`). */
const MOST_BYTES = 5 * 1024 ** 3;

/** Answers a PUT of an object (Amazon S3 API, `PutObject`). */
async function answerPut(store: ObjectStore, path: string, request: Request): Promise<Response> {
  if (request.headers.has("transfer-encoding")) {
    return s3Error("NotImplemented", { details: { Header: "Transfer-Encoding" } });
  }
  const announced = request.headers.get("content-length");
  if (announced === null) return s3Error("MissingContentLength");
  const length = Number(announced);
  if (!/^\d+$/.test(announced)) return s3Error("InvalidArgument", { message: "Content-Length is no number" });
  if (length > MOST_BYTES) return s3Error("EntityTooLarge", { details: { MaxSizeAllowed: String(MOST_BYTES) } });
  if (!isArchivePath(path)) return s3Error("AccessDenied");
  try {
    const md5 = await store.put(path, request.body, length);
    return new Response(null, { headers: { etag: `"${md5}"` } });
  } catch (error) {
    if (error instanceof IncompleteBodyError) return s3Error("IncompleteBody");
    if (error instanceof PlaceTakenError) {
      return s3Error("AccessDenied", { message: "Something else lies in its place" });
    }
    throw error;
  }
}

/** What the object store's handler works with. */
interface ObjectsHandlerOptions {
  /** The files. */
  readonly store: ObjectStore;
  /** The signer that made the addresses. */
  readonly signer: UrlSigner;
  /** Told of what went wrong here, which the caller learns no more of than that it did. */
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
 * The object store, as strict as S3 with presigned addresses: it knows no credentials but the address itself, and the
 * address fits one method, one object and one span of time. No sockets: a request comes in, a response goes out.
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

/** What a signed address allows. */
interface SignedAccess {
  /** What may be done. */
  readonly method: "GET" | "PUT";
  /** The object's path, not encoded, without a slash in front. */
  readonly path: string;
  /** The origin of the objects, `http://127.0.0.1:40001`. */
  readonly origin: string;
  /** For how long, from now. */
  readonly lifetimeSeconds: number;
  /** What the header `x-amz-tagging` must be, empty for none; undefined when it does not matter. */
  readonly tagging?: string | undefined;
}

/** What a signature covers. */
interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly tagging?: string | undefined;
  readonly query: URLSearchParams;
}

/** Why an address does not give access. */
interface Refusal {
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
/** The header that puts tags on an object. */
const TAGGING = "x-amz-tagging";

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
    url.searchParams.set(SIGNED_HEADERS, access.tagging === undefined ? "host" : `host;${TAGGING}`);
    url.searchParams.set(SIGNATURE, this.#signature({ ...access, query: url.searchParams }).toString());
    return url.href;
  }

  /** Checks an address; returns why it gives no access, or the path of the object that it gives access to. */
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

  /** In hex, as bytes. */
  #signature({ method, path, tagging, query }: SignedRequest): Buffer {
    const pairs = [...query].filter(([name]) => name !== SIGNATURE).sort();
    // As JSON, so that no two different requests give the same text.
    const text = JSON.stringify([method, path, tagging ?? null, pairs]);
    return Buffer.from(createHmac("sha256", this.#secret).update(text).digest("hex"));
  }
}
