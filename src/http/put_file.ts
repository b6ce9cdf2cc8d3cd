import { fromEnvironmentIfAllowed } from "../config.ts";
import { fileError } from "../disk.ts";
import { FileError, ImapError } from "../errors.ts";
import { type Call, Reply } from "./call.ts";
import { connectionError, shownUrl, stallError, timeoutError } from "./failures.ts";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { AgentOptions, RequestOptions } from "node:https";

/** The variables that name proxies; `fetch` obeys them by itself (curl's convention). */
const PROXY_NAMES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];

/** The certificates to trust; undefined if Node's own are all. */
async function trusted(): Promise<string[] | undefined> {
  const file = fromEnvironmentIfAllowed("DENO_CERT");
  const stores = fromEnvironmentIfAllowed("DENO_TLS_CA_STORE")?.split(",") ?? [];
  if (file === undefined && !stores.includes("system")) return undefined;
  const { getCACertificates, rootCertificates } = await import("node:tls");
  return [
    ...rootCertificates,
    ...stores.includes("system") ? getCACertificates("system") : [],
    ...file === undefined ? [] : [await Deno.readTextFile(file)],
  ];
}

/**
 * The options that make `node:http` do what `fetch` does by itself: use the environment's proxy, and trust the certificates
 * that Deno was told to trust (`DENO_CERT`, `DENO_TLS_CA_STORE`). A variable that may not be read counts as not set.
 *
 * @returns Options of the request; none if nothing is set.
 */
async function proxyAndTrust({ protocol }: URL): Promise<RequestOptions> {
  const set = PROXY_NAMES.flatMap((name) => {
    const value = fromEnvironmentIfAllowed(name);
    return value === undefined ? [] : [[name, value]];
  });
  const ca = protocol === "https:" ? await trusted() : undefined;
  const trust = ca === undefined ? {} : { ca };
  if (set.length === 0) return trust;
  const { Agent } = protocol === "https:" ? await import("node:https") : await import("node:http");
  // Missing in Deno's types (Node.js 24.5).
  const options: AgentOptions & { readonly proxyEnv: Readonly<Record<string, string>> } = {
    ...trust,
    proxyEnv: Object.fromEntries(set),
  };
  return { ...trust, agent: new Agent(options) };
}

/** Enough of a response to show what went wrong. */
const MAX_RESPONSE_LENGTH = 16 * 1024;

/** Opens a PUT with a body of `size` bytes, which the caller writes. */
async function openPut(url: URL, size: number): Promise<ClientRequest> {
  const { request } = url.protocol === "https:" ? await import("node:https") : await import("node:http");
  // The empty content type is part of what the SDC signs.
  return request(url, {
    method: "PUT",
    headers: { "content-length": size, "content-type": "" },
    ...await proxyAndTrust(url),
  });
}

/** A PUT that is on its way. */
interface SentPut {
  readonly call: Call;
  readonly url: URL;
  readonly request: ClientRequest;
  /** Settles when the whole request has been sent: from then on, the whole response has the client's timeout. */
  readonly sent: Promise<unknown>;
}

/**
 * Waits for the response; rejects when nothing moves in either direction for too long, and when a response drips: in its
 * head, its body, or in responses before it (`102 Processing`).
 */
function responseTo({ call, url, request, sent }: SentPut): Promise<Reply> {
  const { action, transport: { timeoutMs } } = call;
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const silent = () => timeoutError(action, url.host, timeoutMs);
  request.setTimeout(timeoutMs, () => request.destroy(silent()));
  let isOver = false;
  let stopWaiting = () => {};
  const giveUp = () => {
    const hasBegun = (request.socket?.bytesRead ?? 0) > 0;
    request.destroy(hasBegun ? stallError(action, url.host, timeoutMs) : silent());
  };
  void sent.then(() => {
    if (isOver) return;
    const timer = setTimeout(giveUp, timeoutMs);
    stopWaiting = () => clearTimeout(timer);
  });
  request.once("close", () => {
    isOver = true;
    stopWaiting();
  });
  request.once("error", reject);
  request.once("response", (message: IncomingMessage) => {
    const chunks: string[] = [];
    let length = 0;
    const done = () => resolve(new Reply(call, url, toResponse(message, chunks.join(""))));
    message.setEncoding("utf8");
    message.on("data", (chunk: string) => {
      chunks.push(chunk);
      length += chunk.length;
      // A response without an end would occupy the caller forever.
      if (length >= MAX_RESPONSE_LENGTH) done();
    });
    message.once("error", reject);
    message.once("end", done);
  });
  return promise;
}

/** The statuses whose responses have no body (Fetch standard, "null body status"). */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** A response of `node:http` as a `Response`. */
function toResponse(message: IncomingMessage, body: string): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers)) {
    if (typeof value === "string") headers.set(name, value);
  }
  const status = message.statusCode ?? 500;
  return new Response(WITHOUT_BODY.has(status) ? null : body, { status, headers });
}

/** How much is read and sent at a time. */
const CHUNK_LENGTH = 256 * 1024;
/** Buffers on the way empty in large steps: a chunk may take this many times as long as a response. */
const SENDING_FACTOR = 4;

/** A file to send to a presigned URL. */
interface FilePut {
  readonly url: URL;
  /** The file on disk. */
  readonly path: string;
  /** How many bytes it has. */
  readonly size: number;
  /** Called with the number of bytes that have been sent so far. */
  readonly onBytes?: (bytes: number) => void;
}

/** One PUT of a file: reads it, sends it, and waits for the response. */
class OnePut {
  readonly #call: Call;
  readonly #put: FilePut;
  readonly #action: string;

  constructor(call: Call, put: FilePut) {
    this.#call = call;
    this.#put = put;
    this.#action = call.action;
  }

  /** Sends it. @returns The response, whatever its status. */
  async send(): Promise<Reply> {
    const { signal, transport } = this.#call;
    const { url, path, size } = this.#put;
    signal?.throwIfAborted();
    const started = performance.now();
    let status: number | undefined;
    using file = await Deno.open(path, { read: true }).catch((error) => {
      throw fileError(this.#action, path, error);
    });
    const request = await openPut(url, size);
    const stop = () => request.destroy(new Error("aborted"));
    signal?.addEventListener("abort", stop, { once: true });
    // A server that refuses may respond before the whole file is sent: then its response counts, not the connection that
    // broke. A file that cannot be read ends the request.
    const sent = this.#sendFile(file, request).catch((error: Error) => {
      if (error instanceof ImapError) request.destroy(error);
      return error;
    });
    try {
      const reply = await responseTo({ call: this.#call, url, request, sent });
      status = reply.status;
      const failure = reply.ok ? await sent : undefined;
      if (failure !== undefined) throw failure;
      return reply;
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof ImapError ? error : connectionError(this.#action, url.host, error);
    } finally {
      signal?.removeEventListener("abort", stop);
      request.destroy();
      await sent;
      const milliseconds = Math.round(performance.now() - started);
      transport.log({ type: "request", method: "PUT", url: shownUrl(url, false), status, milliseconds });
    }
  }

  /**
   * Sends the open file as the body, in constant memory: while one chunk is sent, the next one is read. A stream of Node's
   * would allocate a buffer for each chunk, which is slower and takes more memory.
   */
  async #sendFile(file: Deno.FsFile, request: ClientRequest): Promise<void> {
    const { url, size, onBytes = () => {} } = this.#put;
    const { timeoutMs } = this.#call.transport;
    const length = Math.min(CHUNK_LENGTH, size);
    let [chunk, next] = [new Uint8Array(length), new Uint8Array(length)];
    const closed = Promise.withResolvers<never>();
    closed.promise.catch(() => {});
    request.once("close", () => closed.reject(new Error("the connection closed before all was sent")));
    const write = (bytes: Uint8Array): Promise<void> => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      // Only the file's own progress counts, whatever else arrives meanwhile, such as interim responses.
      const stall = () => request.destroy(stallError(this.#action, url.host, timeoutMs));
      const timer = setTimeout(stall, timeoutMs * SENDING_FACTOR);
      request.write(bytes, (error) => error ? reject(error) : resolve());
      return Promise.race([promise, closed.promise]).finally(() => clearTimeout(timer));
    };
    let count = await this.#read(file, chunk);
    for (let sent = 0; sent < size;) {
      const bytes = chunk.subarray(0, Math.min(count, size - sent));
      sent += bytes.length;
      const [following] = await Promise.all([sent < size ? this.#read(file, next) : 0, write(bytes)]);
      count = following;
      [chunk, next] = [next, chunk];
      onBytes(sent);
    }
    request.end();
  }

  /** Reads some bytes. @throws {FileError} When the disk fails, or the file has become shorter. */
  async #read(file: Deno.FsFile, chunk: Uint8Array<ArrayBuffer>): Promise<number> {
    const { path } = this.#put;
    const count = await file.read(chunk).catch((error) => {
      throw fileError(this.#action, path, error);
    });
    if (count !== null) return count;
    throw new FileError(`"${path}" became shorter while it was sent`, { action: this.#action, path });
  }
}

/**
 * Streams a file to a presigned URL, without credentials, in constant memory. S3 requires the length in advance, which
 * `fetch` drops from a stream, so this uses `node:https`. Redirects, as S3 sends them for new buckets, are followed.
 *
 * @returns The headers of the response.
 * @throws {ConnectionError} When the connection fails. {ResponseError} When the server refuses.
 *   {FileError} When the file cannot be read, or becomes shorter while it is sent.
 */
export function putFile(call: Call, put: FilePut): Promise<Headers> {
  return call.followRedirects<Headers>(put.url, async (url) => {
    const reply = await new OnePut(call, { ...put, url }).send();
    // Only this status means that the store has the file (S3, PutObject).
    if (reply.status === 200) return { done: reply.headers };
    if (!reply.isRedirect) throw await reply.refusal();
    return { next: await reply.redirectTarget() };
  });
}
