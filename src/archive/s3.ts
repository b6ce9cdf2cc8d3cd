import { ConnectionError, hideSecret, type ImapError, InputError, ProtocolError, ResponseError } from "../errors.ts";
import {
  Call,
  contentRange,
  lengthOfHeaders,
  md5OfEtag,
  md5OfHeaders,
  type Reply,
  timeoutError,
} from "../http/call.ts";
import { FileBody } from "../http/put_file.ts";
import { type HttpLog, parseRetryAfter, safeWords, serverTime, startTimer, type Transport } from "../http/transport.ts";
import { IncompleteBodyError } from "./object_store.ts";
import { createHash, createHmac } from "node:crypto";

/** Where a store's objects are. */
export interface StoreLocation {
  readonly bucket: string;
  /** The prefix of the key of each object: empty, or with a slash at its end. */
  readonly prefix: string;
  /** The origin that the replicas use. */
  readonly endpoint: URL;
  /** The origin in presigned URLs, for callers who reach the store under another name. */
  readonly publicEndpoint: URL;
  readonly region: string;
  /** Whether the bucket is the first folder of the path, or the first label of the host name. */
  readonly style: "path" | "host";
}

const STORE_FORM = "s3://BUCKET[/PREFIX][?endpoint=https://HOST:PORT&region=REGION&style=path|host&publicEndpoint=URL]";
/** The parameters of a store's URL. */
const STORE_PARAMETERS: readonly string[] = ["endpoint", "publicEndpoint", "region", "style"];
/** AWS, "Bucket naming rules"; other stores also take capital letters and underscores. */
const BUCKET = /^[A-Za-z0-9][\w.-]{1,61}[A-Za-z0-9]$/;
const REGION = /^[\w-]+$/;
/** The region that AWS uses if there is none, as other stores do. */
const DEFAULT_REGION = "us-east-1";

function wrongStore(reason: string): InputError {
  return new InputError(`Cannot use the store: ${reason}; expected ${STORE_FORM}`);
}

/** Reads the origin of an endpoint. */
function endpointOf(parameter: string, text: string): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url;
  // The text is not shown: it may contain a password.
  throw wrongStore(`its ${parameter} is not an origin such as https://s3.example.org:9000`);
}

function decodedPath({ pathname }: URL): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    throw wrongStore("its prefix is not UTF-8");
  }
}

/**
 * Parses the URL of a store.
 *
 * @param text `s3://bucket/prefix?endpoint=https://s3.example.org&region=us-east-1&style=path`. Without `endpoint`, it is
 *   AWS's.
 * @throws {InputError} When it is not such a URL. The message does not contain what may be a secret.
 */
export function parseStoreUrl(text: string): StoreLocation {
  const url = URL.parse(text);
  if (url === null || url.protocol !== "s3:" || url.hash !== "") throw wrongStore("it is not a URL of that form");
  if (url.username !== "" || url.password !== "") {
    throw wrongStore(
      "keys do not belong in its URL, but in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or in a file",
    );
  }
  for (const name of url.searchParams.keys()) {
    if (!STORE_PARAMETERS.includes(name)) throw wrongStore(`"${name}" is not one of its parameters`);
    if (url.searchParams.getAll(name).length > 1) throw wrongStore(`"${name}" is given twice`);
  }
  // The host of an s3: URL keeps its case.
  const bucket = url.hostname;
  if (url.port !== "") throw wrongStore("it begins with a bucket, which has no port; write endpoint=https://HOST:PORT");
  if (!BUCKET.test(bucket)) throw wrongStore(`"${bucket}" is not the name of a bucket`);
  const region = url.searchParams.get("region") ?? DEFAULT_REGION;
  if (!REGION.test(region)) throw wrongStore(`"${region}" is not a region`);
  const given = url.searchParams.get("endpoint");
  const endpoint = endpointOf("endpoint", given ?? `https://s3.${region}.amazonaws.com`);
  const publicEndpoint = url.searchParams.get("publicEndpoint");
  // AWS's certificate covers one label before the endpoint, so not a bucket with dots.
  const isHostStyle = endpoint.hostname.endsWith(".amazonaws.com") && !bucket.includes(".");
  const style = url.searchParams.get("style") ?? (isHostStyle ? "host" : "path");
  if (style !== "path" && style !== "host") throw wrongStore(`"${style}" is not a style`);
  const folders = decodedPath(url).split("/").filter((name) => name !== "");
  if (folders.some((name) => name === "." || name === "..")) throw wrongStore("its prefix contains a dot as a folder");
  return {
    bucket,
    prefix: folders.map((name) => `${name}/`).join(""),
    endpoint,
    publicEndpoint: publicEndpoint === null ? endpoint : endpointOf("publicEndpoint", publicEndpoint),
    region,
    style,
  };
}

/** The keys of a store. */
export interface StoreCredentials {
  /** The name of the key, which is part of every presigned URL. */
  readonly accessKeyId: string;
  /** The secret part. */
  readonly secretAccessKey: string;
  /** The session token of temporary keys. */
  readonly sessionToken?: string | undefined;
}

function hmac(key: Uint8Array | string, text: string): Uint8Array {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The characters that RFC 3986 reserves, but that `encodeURIComponent` does not encode. */
const RESERVED = /[!'()*]/g;

/** Encodes a text as a signature needs it: everything but letters, digits, and `-._~`, as UTF-8. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    RESERVED,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Encodes the path of a URL. S3 does not normalize paths, and encodes them once. */
function encodePath(path: string): string {
  return path.split("/").map(encode).join("/");
}

/** `20130524T000000Z`. */
function signingDate(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d+/g, "");
}

const ALGORITHM = "AWS4-HMAC-SHA256";
/** Stands for the hash of a body that is not signed. */
const UNSIGNED = "UNSIGNED-PAYLOAD";
/** The SHA-256 of nothing. */
const NO_BODY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** The store is not the SDC's API, so no origin is its API's. Its secrets are kept out of messages. */
function accessOf({ secretAccessKey, sessionToken }: StoreCredentials): Transport["api"] {
  const secrets = sessionToken === undefined ? [secretAccessKey] : [secretAccessKey, sessionToken];
  return { base: "", origin: "", headers: {}, secrets };
}

/** A request to sign. */
export interface RequestToSign {
  readonly method: string;
  /** The host, with its port unless it is the usual one. */
  readonly host: string;
  /** Not encoded. */
  readonly path: string;
  /** Not encoded. */
  readonly query?: readonly (readonly [name: string, value: string])[];
  /** Without the host. A value may hold several headers of that name, joined by commas. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The SHA-256 of the body in hex. Default: that of no body. */
  readonly bodyHash?: string;
  readonly date: Date;
}

/**
 * Signs requests by Signature Version 4 (AWS, "AWS Signature Version 4 for API requests"; S3 API, "Authenticating
 * Requests"). The keys are in private fields, so that no log, message, or inspection shows them.
 */
export class RequestSigner {
  readonly #accessKeyId: string;
  readonly #secretAccessKey: string;
  readonly #sessionToken: string | undefined;
  readonly #region: string;
  readonly #service: string;
  #dayKey: { readonly day: string; readonly key: Uint8Array | string } | undefined;

  /** Creates a signer for a region, and hides the keys in all output. */
  constructor({ accessKeyId, secretAccessKey, sessionToken }: StoreCredentials, region: string, service = "s3") {
    this.#accessKeyId = accessKeyId;
    this.#secretAccessKey = secretAccessKey;
    this.#sessionToken = sessionToken;
    this.#region = region;
    this.#service = service;
    hideSecret(secretAccessKey);
    if (sessionToken !== undefined) hideSecret(sessionToken);
  }

  /** Returns the headers of a request, with those that authorize it. */
  authorize(request: RequestToSign): Record<string, string> {
    const headers: Record<string, string> = { ...request.headers, "x-amz-date": signingDate(request.date) };
    if (this.#sessionToken !== undefined) headers["x-amz-security-token"] = this.#sessionToken;
    const { signedHeaders, signature } = this.#sign({ ...request, headers });
    const credential = `${this.#accessKeyId}/${this.#scope(request.date)}`;
    return {
      ...headers,
      authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
    };
  }

  /**
   * Returns the query of a presigned URL.
   *
   * @param lifetimeSeconds At most 604,800, seven days.
   */
  presign(request: RequestToSign, lifetimeSeconds: number): string {
    const names = headerNames(request.headers);
    const query: (readonly [string, string])[] = [
      ...request.query ?? [],
      ["X-Amz-Algorithm", ALGORITHM],
      ["X-Amz-Credential", `${this.#accessKeyId}/${this.#scope(request.date)}`],
      ["X-Amz-Date", signingDate(request.date)],
      ["X-Amz-Expires", String(lifetimeSeconds)],
      ...(this.#sessionToken === undefined ? [] : [["X-Amz-Security-Token", this.#sessionToken] as const]),
      ["X-Amz-SignedHeaders", names.join(";")],
    ];
    const { signature } = this.#sign({ ...request, query, bodyHash: UNSIGNED });
    return `${canonicalQuery(query)}&X-Amz-Signature=${signature}`;
  }

  #scope(date: Date): string {
    return `${signingDate(date).slice(0, 8)}/${this.#region}/${this.#service}/aws4_request`;
  }

  #sign(request: RequestToSign): { readonly signedHeaders: string; readonly signature: string } {
    const { method, host, path, query = [], headers = {}, bodyHash = NO_BODY, date } = request;
    const values = new Map(
      Object.entries({ ...headers, host }).map(([name, value]) =>
        [name.toLowerCase(), value.trim().replace(/\s+/g, " ")] as const
      ),
    );
    const names = headerNames(headers);
    const signedHeaders = names.join(";");
    const canonicalRequest = [
      method,
      encodePath(path),
      canonicalQuery(query),
      ...names.map((name) => `${name}:${values.get(name)}`),
      "",
      signedHeaders,
      bodyHash,
    ].join("\n");
    const toSign = [ALGORITHM, signingDate(date), this.#scope(date), sha256(canonicalRequest)].join("\n");
    const key = this.#signingKey(signingDate(date).slice(0, 8));
    return { signedHeaders, signature: createHmac("sha256", key).update(toSign).digest("hex") };
  }

  /** Returns the key that signs the requests of a day. */
  #signingKey(day: string): Uint8Array | string {
    if (this.#dayKey?.day !== day) {
      const start: Uint8Array | string = `AWS4${this.#secretAccessKey}`;
      const steps = [day, this.#region, this.#service, "aws4_request"];
      this.#dayKey = { day, key: steps.reduce<Uint8Array | string>(hmac, start) };
    }
    return this.#dayKey.key;
  }
}

/** The names of the signed headers, with `host`, in order. */
function headerNames(headers: Readonly<Record<string, string>> = {}): string[] {
  return ["host", ...Object.keys(headers).map((name) => name.toLowerCase())].sort();
}

/** Encodes a query, in the order of its encoded bytes. */
function canonicalQuery(query: readonly (readonly [string, string])[]): string {
  const pairs = query.map(([name, value]) => [encode(name), encode(value)] as const);
  const compare = (one: string, other: string) => one < other ? -1 : one > other ? 1 : 0;
  pairs.sort(([name, value], [other, otherValue]) => compare(name, other) || compare(value, otherValue));
  return pairs.map((pair) => pair.join("=")).join("&");
}

/** An element of an XML document. */
interface XmlElement {
  readonly name: string;
  /** The text between its tags; of an element with children, all white space. */
  text: string;
  readonly children: XmlElement[];
}

/** A tag, or the text before one. S3's documents have neither comments nor sections of other kinds. */
const XML_TOKEN = /([^<]*)<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+="[^"<]*")*)\s*(\/?)>/y;
const XML_HEAD = /^\ufeff?\s*<\?xml[^>]*\?>\s*/;
const XML_ENTITY = /&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([\dA-Fa-f]{1,6}));|&/g;
const XML_NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
/** The deepest nesting, and the maximum number of elements, more than any document of S3 has: a list has up to 1,000 objects. */
const MAX_DEPTH = 16;
const MAX_ELEMENTS = 50_000;

/** Replaces the entities of a text. @throws {ProtocolError} When one is unknown. */
function xmlText(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(XML_ENTITY, (entity, name?: string, decimal?: string, hex?: string) => {
    const code = decimal !== undefined ? Number(decimal) : hex !== undefined ? parseInt(hex, 16) : undefined;
    const character = name !== undefined
      ? XML_NAMED[name]
      : code !== undefined && code <= 0x10ffff
      ? String.fromCodePoint(code)
      : undefined;
    if (character === undefined) throw new ProtocolError(`the XML contains "${entity}"`);
    return character;
  });
}

/** Parses a document of S3: elements and text only. @throws {ProtocolError} When it is anything else, or not complete. */
export function parseXml(document: string): XmlElement {
  const root: XmlElement = { name: "", text: "", children: [] };
  const open = [root];
  let count = 0;
  const start = XML_HEAD.exec(document)?.[0].length ?? 0;
  XML_TOKEN.lastIndex = start;
  while (open.length > 1 || root.children.length === 0) {
    const token = XML_TOKEN.exec(document);
    const parent = open.at(-1);
    if (token === null || parent === undefined) throw new ProtocolError("the response is not complete XML");
    const [, text = "", isEnd, name = "", , isEmpty] = token;
    if (text !== "") parent.text += xmlText(text);
    if (isEnd === "") {
      const element: XmlElement = { name, text: "", children: [] };
      parent.children.push(element);
      if (isEmpty === "") open.push(element);
      if (open.length > MAX_DEPTH) throw new ProtocolError("the XML is nested too deeply");
      if (++count > MAX_ELEMENTS) throw new ProtocolError(`the XML has more than ${MAX_ELEMENTS} elements`);
    } else {
      if (parent.name !== name) throw new ProtocolError(`the XML closes <${name}> inside of <${parent.name}>`);
      open.pop();
    }
  }
  const [top] = root.children;
  const consumed = XML_TOKEN.lastIndex;
  XML_TOKEN.lastIndex = 0;
  if (top === undefined || root.text.trim() !== "" || document.slice(consumed).trim() !== "") {
    throw new ProtocolError("the XML contains more than one element");
  }
  return top;
}

/** Returns the text of a child; undefined if there is none. */
function childText({ children }: XmlElement, name: string): string | undefined {
  return children.find((child) => child.name === name)?.text;
}

/** What a store says about an object. */
export interface ObjectFacts {
  /** In bytes. */
  readonly size: number;
  /** When it was last modified, in whole seconds: milliseconds since 1970. */
  readonly mtime: number;
  /** Without quotes. */
  readonly etag: string;
  /** Lower-case hex; undefined if the ETag is not an MD5. */
  readonly md5: string | undefined;
}

/** An object of a list. Its MD5 is unknown if the store encrypts it with a key of its own, which lists do not show. */
export interface ListedObject extends ObjectFacts {
  /** The key without the prefix of the store. */
  readonly path: string;
}

/** Removes the quotes of an ETag. */
function bareEtag(etag: string): string {
  return etag.replace(/^"(.*)"$/, "$1");
}

function wholeSeconds(time: number): number {
  return Math.floor(time / 1000) * 1000;
}

/** Reads an object of a list. */
function listedObject(element: XmlElement, decodeKey: (key: string) => string, prefix: string): ListedObject {
  const [key, size, modified, etag] = ["Key", "Size", "LastModified", "ETag"].map((name) => childText(element, name));
  const mtime = Date.parse(modified ?? "");
  if (key === undefined || size === undefined || !/^\d{1,15}$/.test(size) || Number.isNaN(mtime)) {
    throw new ProtocolError("an object of the list has no key, size, or date");
  }
  const decoded = decodeKey(key);
  if (!decoded.startsWith(prefix)) throw new ProtocolError("the list contains an object outside of the prefix");
  const bare = bareEtag(etag ?? "");
  return {
    path: decoded.slice(prefix.length),
    size: Number(size),
    mtime: wholeSeconds(mtime),
    etag: bare,
    md5: md5OfEtag(bare),
  };
}

/** A page of a list. */
interface ListPage {
  readonly objects: ListedObject[];
  /** Where the next page starts; undefined for the last one. */
  readonly next: string | undefined;
}

/** Reads a page of ListObjectsV2. @throws {ProtocolError} When it is not complete. */
function readListPage(text: string, prefix: string): ListPage {
  const top = parseXml(text);
  const isTruncated = childText(top, "IsTruncated");
  if (top.name !== "ListBucketResult" || (isTruncated !== "true" && isTruncated !== "false")) {
    throw new ProtocolError("it is not a list of objects");
  }
  const isEncoded = childText(top, "EncodingType") === "url";
  // In this encoding, a plus sign is a space.
  const decodeKey = (key: string) => isEncoded ? decodeURIComponent(key.replaceAll("+", "%20")) : key;
  const objects = top.children.filter(({ name }) => name === "Contents").map((element) =>
    listedObject(element, decodeKey, prefix)
  );
  const next = childText(top, "NextContinuationToken");
  if (isTruncated === "true" && (next === undefined || next === "")) {
    throw new ProtocolError("the list is not complete, and does not say where it continues");
  }
  return { objects, next: isTruncated === "true" ? next : undefined };
}

/** A clock that is off by more than this is the cause of a refusal (S3, RequestTimeTooSkewed). */
const MAX_SKEW_MS = 15 * 60_000;

/** `16 minutes`. */
function shownDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const [count, unit] = seconds < 120
    ? [seconds, "second"]
    : seconds < 7_200
    ? [Math.round(seconds / 60), "minute"]
    : seconds < 172_800
    ? [Math.round(seconds / 3600), "hour"]
    : [Math.round(seconds / 86_400), "day"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** The error in a store's response. */
interface StoreRefusal {
  readonly status: number;
  readonly headers: Headers;
  /** The code of S3; empty if the response has none, as of HEAD. */
  readonly code: string;
  readonly message: string;
  /** The region of the bucket, if the store says it. */
  readonly region: string | undefined;
}

/** Reads the body of an error. */
function readRefusal(reply: Reply, body: string): StoreRefusal {
  const { status, headers } = reply;
  const headerRegion = headers.get("x-amz-bucket-region") ?? undefined;
  try {
    const error = parseXml(body);
    const [code = "", message = "", region] = ["Code", "Message", "Region"].map((name) => childText(error, name));
    return { status, headers, code, message, region: region ?? headerRegion };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { status, headers, code: "", message: body, region: headerRegion };
  }
}

/** The maximum size of an error's body that is read. */
const MAX_REFUSAL = { limit: 16 * 1024, beyond: "cut" } as const;
/** The maximum size of a page of a list, many times the usual. */
const MAX_PAGE = { limit: 16 * 1024 * 1024, beyond: "fail", isStrict: true } as const;
/** The longest lifetime of a presigned URL (S3), in seconds. */
export const MAX_LIFETIME_SECONDS = 604_800;

/** Certificates of authorities. */
interface Authorities {
  /** The file that they were read from. */
  readonly file: string;
  /** In PEM. */
  readonly certificates: string;
}

/** A store that can be used does not show an object: it refuses a request for one that is encrypted with a caller's key. */
export class HiddenObjectError extends ResponseError {}

/** The options of an {@linkcode S3Client}. */
export interface S3ClientOptions {
  readonly location: StoreLocation;
  readonly credentials: StoreCredentials;
  /** The authorities that are trusted besides those that Deno trusts. */
  readonly authorities?: Authorities | undefined;
  /** The clock that dates signatures. Default: the computer's. */
  readonly now?: (() => Date) | undefined;
  /** How long to wait for a response, and for progress of a body. Default: 30 s. */
  readonly timeoutMs?: number | undefined;
  /** How often to retry after a transient failure. Default: 3. */
  readonly retries?: number | undefined;
  /** Default: nothing is logged. */
  readonly log?: HttpLog | undefined;
}

/** How the keys of a store are renewed. */
export interface KeyRenewal {
  /** Reads the keys that are valid now. */
  readonly read: () => Promise<StoreCredentials>;
  /** The time between two reads, in milliseconds. */
  readonly everyMs: number;
}

/** A request to the store. */
interface StoreRequest {
  /** The purpose, as it follows `Cannot ` in messages. */
  readonly action: string;
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  /** The key, without the prefix; undefined for the bucket. */
  readonly path?: string;
  readonly query?: readonly (readonly [string, string])[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Blob | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes of an object. */
export interface ObjectSpan {
  readonly position: number;
  readonly length: number;
  /** The ETag that the object must have, without quotes. */
  readonly etag: string;
}

/** What a presigned URL of a store allows. */
export interface StoreAccess {
  readonly method: "GET" | "PUT";
  /** The path of the object. */
  readonly path: string;
  /** From now; at most seven days. */
  readonly lifetimeSeconds: number;
  /** The required value of the header `x-amz-tagging`; empty or undefined if there must not be one. */
  readonly tagging?: string | undefined;
  /** Whether the URL is for this machine, and not for callers. Default: false. */
  readonly isInternal?: boolean;
}

/**
 * A bucket of an S3-compatible store. Requests go through the same code as all others of this project, so the same
 * proxies, certificates, and time limits apply. Errors say in one sentence what is wrong.
 */
export class S3Client {
  /** `s3://bucket/prefix`, for messages. */
  readonly name: string;
  readonly #location: StoreLocation;
  #credentials: StoreCredentials;
  #signer: RequestSigner;
  #transport: Transport;
  readonly #now: () => Date;
  readonly #http: Deno.HttpClient | undefined;

  /** Creates a client. Nothing is sent. */
  constructor(options: S3ClientOptions) {
    const { location, credentials, now = () => new Date(), timeoutMs = 30_000, retries = 3, log = () => {} } = options;
    this.name = `s3://${location.bucket}${location.prefix === "" ? "" : `/${location.prefix.slice(0, -1)}`}`;
    this.#location = location;
    this.#credentials = credentials;
    this.#signer = new RequestSigner(credentials, location.region);
    const { authorities } = options;
    if (authorities !== undefined) this.#http = Deno.createHttpClient({ caCerts: [authorities.certificates] });
    const trust = { name: "--ca-file (caFile)", file: authorities?.file };
    const api = accessOf(credentials);
    this.#transport = { api, timeoutMs, retries, log, random: Math.random, http: this.#http, trust };
    this.#now = now;
  }

  /** Signs with these keys from now on. @returns Whether they differ from the earlier ones. */
  use(credentials: StoreCredentials): boolean {
    const { accessKeyId, secretAccessKey, sessionToken } = this.#credentials;
    const isSame = credentials.accessKeyId === accessKeyId && credentials.secretAccessKey === secretAccessKey &&
      credentials.sessionToken === sessionToken;
    if (isSame) return false;
    this.#credentials = credentials;
    this.#signer = new RequestSigner(credentials, this.#location.region);
    this.#transport = { ...this.#transport, api: accessOf(credentials) };
    return true;
  }

  /** Returns the path of a key; undefined if it is not below the prefix. */
  pathOf(key: string): string | undefined {
    const { prefix } = this.#location;
    return key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
  }

  /** Closes the connections. */
  close(): void {
    this.#http?.close();
  }

  /**
   * Checks that the store can be used: it is reached, its certificate is trusted, the keys are right, and the bucket
   * exists.
   *
   * @throws {ImapError} One plain sentence about what is wrong.
   */
  async check(): Promise<void> {
    await this.#listPage(undefined, { action: `use the store "${this.name}"`, most: 1 });
  }

  /**
   * Returns what the store says about an object; undefined if there is none.
   *
   * @param options `retries`: how often to retry. Default: that of the client.
   * @throws {HiddenObjectError} When the store can be used, but not to see this object. {ImapError} When it does not answer, or
   * refuses.
   */
  async head(
    path: string,
    { signal, retries }: { readonly signal?: AbortSignal | undefined; readonly retries?: number } = {},
  ): Promise<ObjectFacts | undefined> {
    const request: StoreRequest = { action: `look for "${path}" in "${this.name}"`, method: "HEAD", path, signal };
    const call = this.#call(request);
    return await call.retry(async () => {
      const reply = await this.#send(call, request);
      await reply.discard();
      const { status, headers } = reply;
      if (status === 404) return undefined;
      if (!reply.ok) {
        // A response to HEAD has no body that says why; one to another request has.
        if (status < 500) await this.check();
        const refusal = this.#refusal(call, reply, "");
        throw status === 400 ? new HiddenObjectError(refusal.reason, { action: call.action, status }) : refusal;
      }
      const size = lengthOfHeaders(headers);
      const mtime = Date.parse(headers.get("last-modified") ?? "");
      if (size === undefined || Number.isNaN(mtime)) {
        throw new ProtocolError(`${reply.url.host} does not say its size or date`, { action: call.action });
      }
      const etag = bareEtag(headers.get("etag") ?? "");
      return { size, mtime: wholeSeconds(mtime), etag, md5: md5OfHeaders(headers) };
    }, retries === undefined ? {} : { retries });
  }

  /**
   * Reads bytes of an object.
   *
   * @returns Exactly these bytes.
   * @throws {ImapError} When the object is gone, was replaced, or is shorter.
   */
  async read(path: string, span: ObjectSpan): Promise<Uint8Array<ArrayBuffer>> {
    const { length } = span;
    const action = `read "${path}" in "${this.name}"`;
    return await this.#call({ action }).retry(async () => {
      const bytes = new Uint8Array(length);
      let filled = 0;
      for await (const chunk of await this.#openOnce(action, path, span)) {
        if (filled + chunk.length > length) break;
        bytes.set(chunk, filled);
        filled += chunk.length;
      }
      if (filled === length) return bytes;
      throw new ConnectionError(`${this.#location.endpoint.host} broke the connection`, { action, retryable: true });
    });
  }

  /**
   * Streams bytes of an object.
   *
   * @throws {ImapError} When the object is gone or was replaced.
   */
  async stream(path: string, span: ObjectSpan): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const action = `read "${path}" in "${this.name}"`;
    return ReadableStream.from(await this.#call({ action }).retry(() => this.#openOnce(action, path, span)));
  }

  /** GETs bytes of an object, and returns their chunks. */
  async #openOnce(
    action: string,
    path: string,
    { position, length, etag }: ObjectSpan,
  ): Promise<AsyncIterable<Uint8Array<ArrayBuffer>>> {
    if (length === 0) return ReadableStream.from([]);
    const last = position + length - 1;
    const request: StoreRequest = { action, method: "GET", path, headers: { range: `bytes=${position}-${last}` } };
    const call = this.#call(request);
    const reply = await this.#open(call, request, etag);
    const range = contentRange(reply.headers);
    const isWhole = reply.status === 200 && position === 0 && lengthOfHeaders(reply.headers) === length;
    if (isWhole || (reply.status === 206 && range?.first === position && range.last === last)) return reply.chunks();
    await reply.discard();
    throw new ProtocolError(`${reply.url.host} sent other bytes than were asked for`, { action });
  }

  /**
   * Stores an object: all of it, or nothing.
   *
   * @param body The bytes; null for none.
   * @param length The number of bytes.
   * @returns The ETag, without quotes.
   * @throws {ImapError} When there are more or fewer bytes, or the store refuses.
   */
  async put(path: string, body: ReadableStream<Uint8Array> | null, length: number): Promise<string> {
    const action = `write "${path}" to "${this.name}"`;
    const { timeoutMs } = this.#transport;
    const ending = new AbortController();
    let failure: ImapError | undefined;
    let stopTimer = () => {};
    const fail = (error: ImapError) => {
      failure ??= error;
      ending.abort();
    };
    const progressed = () => {
      stopTimer();
      stopTimer = startTimer(timeoutMs, () => fail(timeoutError(action, this.#location.endpoint.host, timeoutMs)));
    };
    const wrongLength = () => new IncompleteBodyError(`there are not ${length} bytes, as announced`, { action });
    let count = 0;
    const reader = body?.getReader();
    const counted = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        progressed();
        const { done, value } = await reader?.read() ?? { done: true };
        count += value?.length ?? 0;
        if (count > length || (done && count < length)) {
          const error = wrongLength();
          fail(error);
          throw error;
        }
        if (done) return controller.close();
        controller.enqueue(new Uint8Array(value));
      },
      cancel: () => reader?.cancel(),
    }, { highWaterMark: 0 });
    const request: StoreRequest = {
      action,
      method: "PUT",
      path,
      // Deno sends a length with a Blob, but not with a stream, which S3 requires.
      body: length === 0 ? new Uint8Array() : new FileBody(length, counted),
      signal: ending.signal,
    };
    progressed();
    try {
      const call = this.#call(request);
      const reply = await this.#send(call, request);
      const text = await reply.text(MAX_REFUSAL);
      if (reply.status !== 200) throw this.#refusal(call, reply, text);
      return bareEtag(reply.headers.get("etag") ?? "");
    } catch (error) {
      throw failure ?? error;
    } finally {
      stopTimer();
      await reader?.cancel().catch(() => {});
    }
  }

  /**
   * Whether the store says that there is no such object. A response to HEAD does not distinguish a missing object from a
   * missing bucket, or from a key that is unknown.
   *
   * @throws {ImapError} When the store says anything else.
   */
  async isMissing(path: string, signal?: AbortSignal): Promise<boolean> {
    const action = `look for "${path}" in "${this.name}"`;
    const request: StoreRequest = { action, method: "GET", path, headers: { range: "bytes=0-0" }, signal };
    return await this.#retry(request, async (call) => {
      const reply = await this.#send(call, request);
      // An empty object has no first byte.
      if (reply.ok || reply.status === 416) {
        await reply.discard();
        return false;
      }
      const body = await reply.text(MAX_REFUSAL);
      if (reply.status === 404 && readRefusal(reply, body).code === "NoSuchKey") return true;
      throw this.#refusal(call, reply, body);
    });
  }

  /** Deletes an object, if there is one. @throws {ImapError} When the store refuses. */
  async delete(path: string): Promise<void> {
    const request: StoreRequest = { action: `delete "${path}" in "${this.name}"`, method: "DELETE", path };
    await this.#retry(request, async (call) => {
      const reply = await this.#send(call, request);
      const text = await reply.text(MAX_REFUSAL);
      if (!reply.ok && reply.status !== 404) throw this.#refusal(call, reply, text);
    });
  }

  /**
   * Lists all objects, page by page.
   *
   * @throws {ImapError} When the list is not complete: what was listed before says nothing about what is missing.
   */
  async *list(signal?: AbortSignal): AsyncGenerator<ListedObject[], void> {
    const action = `list the objects of "${this.name}"`;
    let start: string | undefined;
    do {
      const { objects, next } = await this.#listPage(start, { action, signal });
      if (next !== undefined && next === start) {
        throw new ProtocolError(`${this.#location.endpoint.host} sends the same page of the list again`, { action });
      }
      yield objects;
      start = next;
    } while (start !== undefined);
  }

  /** Returns a presigned URL: a secret. Nothing is sent. */
  presign({ method, path, lifetimeSeconds, tagging, isInternal = false }: StoreAccess): string {
    const { endpoint, publicEndpoint } = this.#location;
    const { origin, host, path: full } = this.#place(isInternal ? endpoint : publicEndpoint, path);
    const query = this.#signer.presign({
      method,
      host,
      path: full,
      headers: tagging === undefined || tagging === "" ? {} : { "x-amz-tagging": tagging },
      date: this.#now(),
    }, Math.min(lifetimeSeconds, MAX_LIFETIME_SECONDS));
    return `${origin}${encodePath(full)}?${query}`;
  }

  /** Returns the parts of the URL of an object, or of the bucket. */
  #place(endpoint: URL, path: string | undefined): { origin: string; host: string; path: string } {
    const { bucket, prefix, style } = this.#location;
    const host = style === "host" ? `${bucket}.${endpoint.host}` : endpoint.host;
    const folder = style === "host" ? "/" : path === undefined ? `/${bucket}` : `/${bucket}/`;
    return {
      origin: `${endpoint.protocol}//${host}`,
      host,
      path: path === undefined ? folder : `${folder}${prefix}${path}`,
    };
  }

  #call({ action, signal }: Pick<StoreRequest, "action" | "signal">): Call {
    return new Call(this.#transport, { action, signal });
  }

  #retry<T>(request: StoreRequest, operation: (call: Call) => Promise<T>): Promise<T> {
    const call = this.#call(request);
    return call.retry(() => operation(call));
  }

  /** Sends a signed request. */
  async #send(call: Call, { method, path, query = [], headers = {}, body }: StoreRequest): Promise<Reply> {
    const place = this.#place(this.#location.endpoint, path);
    const target = `${encodePath(place.path)}${query.length === 0 ? "" : `?${canonicalQuery(query)}`}`;
    const url = new URL(place.origin + target);
    // A URL has no folders with dots.
    if (url.href !== place.origin + target) {
      throw new InputError(`Cannot ${call.action}: its name contains a dot as a folder`);
    }
    const bodyHash = body === undefined ? NO_BODY : UNSIGNED;
    const signed = this.#signer.authorize({
      method,
      host: place.host,
      path: place.path,
      query,
      headers: { ...headers, "x-amz-content-sha256": bodyHash },
      bodyHash,
      date: this.#now(),
    });
    return await call.send({
      method,
      url,
      headers: { ...signed, "accept-encoding": "identity" },
      showQuery: false,
      ...(body === undefined ? {} : { body }),
    });
  }

  /** GETs an object, which must have an ETag. */
  async #open(call: Call, request: StoreRequest, etag: string): Promise<Reply> {
    const reply = await this.#send(call, request);
    const isGone = reply.status === 404;
    const isOther = reply.ok && bareEtag(reply.headers.get("etag") ?? "") !== etag;
    if (reply.ok && !isOther) return reply;
    if (!isGone && !isOther) throw this.#refusal(call, reply, await reply.text(MAX_REFUSAL));
    await reply.discard();
    const what = isGone ? "the store has no such object anymore" : "the object was replaced";
    throw new ResponseError(what, { action: call.action, status: isGone ? 404 : 412 });
  }

  async #listPage(
    start: string | undefined,
    { action, most, signal }: {
      readonly action: string;
      readonly most?: number;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<ListPage> {
    const { prefix } = this.#location;
    const query: (readonly [string, string])[] = [
      ["list-type", "2"],
      ["encoding-type", "url"],
      ...(prefix === "" ? [] : [["prefix", prefix] as const]),
      ...(start === undefined ? [] : [["continuation-token", start] as const]),
      ...(most === undefined ? [] : [["max-keys", String(most)] as const]),
    ];
    const request: StoreRequest = { action, method: "GET", query, signal };
    return await this.#retry(request, async (call) => {
      const reply = await this.#send(call, request);
      if (!reply.ok) throw this.#refusal(call, reply, await reply.text(MAX_REFUSAL));
      const text = await reply.text(MAX_PAGE);
      try {
        return readListPage(text, prefix);
      } catch (error) {
        if (!(error instanceof ProtocolError || error instanceof URIError)) throw error;
        const reason = `${reply.url.host} sent no list of objects: ${error.message}; is it an S3 store?`;
        throw new ProtocolError(reason, { action });
      }
    });
  }

  /** Creates the error of a response with an error status: what is wrong, and what to do. */
  #refusal(call: Call, reply: Reply, body: string): ResponseError {
    const refusal = readRefusal(reply, body);
    const { status, headers } = refusal;
    const time = serverTime(headers);
    return new ResponseError(this.#reason(call, reply.url.host, refusal, time), {
      action: call.action,
      status,
      serverText: safeWords(refusal.message, call.transport.api),
      retryable: status === 408 || status === 429 || (status >= 500 && status !== 501),
      retryAfterMs: parseRetryAfter(headers.get("retry-after"), time?.getTime()),
    });
  }

  #reason(call: Call, host: string, refusal: StoreRefusal, time: Date | undefined): string {
    const { bucket, region } = this.#location;
    const { status, code } = refusal;
    const skew = time === undefined ? 0 : this.#now().getTime() - time.getTime();
    if (code === "RequestTimeTooSkewed" || (status === 403 && Math.abs(skew) > MAX_SKEW_MS)) {
      const off = time === undefined
        ? "is wrong"
        : `is ${shownDuration(Math.abs(skew))} ${skew < 0 ? "behind" : "ahead"}`;
      return `the clock of this machine ${off}, compared with that of ${host}; set it`;
    }
    if (refusal.region !== undefined && refusal.region !== region && (status === 400 || status === 301)) {
      return `the bucket "${bucket}" is in the region ${refusal.region}, not in ${region}; write region=${refusal.region} ` +
        "in the URL of the store";
    }
    switch (code) {
      case "InvalidAccessKeyId":
      case "XAdminUserNotFound": // versitygw
        return `${host} does not know the access key; check AWS_ACCESS_KEY_ID, or the file with the store's keys`;
      case "SignatureDoesNotMatch":
        return `${host} has another secret for the access key; check AWS_SECRET_ACCESS_KEY, or the file with the store's keys`;
      case "NoSuchBucket":
        return `${host} has no bucket "${bucket}"; create it, or correct the URL of the store`;
      case "ExpiredToken":
        return `the session token has expired; get new temporary keys for ${host}`;
      case "InvalidToken":
        return `${host} rejects the session token; check AWS_SESSION_TOKEN, which belongs to temporary keys only`;
      case "AuthorizationHeaderMalformed":
      case "PermanentRedirect":
        return `the region ${region} or the style of the URL does not fit ${host} (${
          safeWords(refusal.message, call.transport.api)
        }); correct the URL of the store`;
      case "AccessDenied":
        return `${host} does not allow that to the access key; it needs s3:ListBucket, s3:GetObject, and s3:PutObject for ` +
          `the bucket "${bucket}"`;
      case "SlowDown":
      case "ServiceUnavailable":
        return `${host} is too busy`;
    }
    const words = safeWords([code, refusal.message].filter((text) => text !== "").join(": "), call.transport.api);
    return `${host} answered ${status}${words === "" ? "" : ` (${words})`}`;
  }
}
