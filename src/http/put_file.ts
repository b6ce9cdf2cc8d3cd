import { fromEnvironmentIfAllowed } from "../config.ts";
import { fileError } from "../disk.ts";
import { FileError, ImapError } from "../errors.ts";
import { type Call, Reply, shownUrl, stallError, timeoutError } from "./call.ts";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { AgentOptions, RequestOptions } from "node:https";

/** The environment variables for proxies, by curl's convention; `fetch` reads them itself. */
const PROXY_NAMES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];

/** The certificates to trust; undefined for Node's default. */
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
 * Returns options that make `node:http` behave as `fetch` does by default: use the environment's proxy, and trust the
 * certificates that Deno was told to trust (`DENO_CERT`, `DENO_TLS_CA_STORE`). A variable that may not be read counts
 * as unset.
 *
 * @returns Options of the request; empty if nothing is set.
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

/** The maximum size of a response to read, enough for a message. */
const MAX_RESPONSE_LENGTH = 16 * 1024;

/** Opens a PUT with a body of `size` bytes, which the caller writes. */
async function openPut(url: URL, size: number): Promise<ClientRequest> {
  const { request } = url.protocol === "https:" ? await import("node:https") : await import("node:http");
  // The SDC's signature covers an empty content type.
  return request(url, {
    method: "PUT",
    headers: { "content-length": size, "content-type": "" },
    ...await proxyAndTrust(url),
  });
}

/** A PUT in progress. */
interface SentPut {
  readonly call: Call;
  readonly url: URL;
  readonly request: ClientRequest;
  /** Settles when the whole request has been sent; from then on, the client's timeout applies to the whole response. */
  readonly sent: Promise<unknown>;
}

/**
 * Waits for the response. Rejects when nothing is transferred in either direction for too long, or when the response
 * arrives too slowly, including its headers and interim responses (`102 Processing`).
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
      // A response that never ends would keep the caller waiting forever.
      if (length >= MAX_RESPONSE_LENGTH) done();
    });
    message.once("error", reject);
    message.once("end", done);
  });
  return promise;
}

/** The statuses whose responses have no body (Fetch standard, "null body status"). */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** Converts a response of `node:http` to a `Response`. */
function toResponse(message: IncomingMessage, body: string): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers)) {
    if (typeof value === "string") headers.set(name, value);
  }
  const status = message.statusCode ?? 500;
  return new Response(WITHOUT_BODY.has(status) ? null : body, { status, headers });
}

/** The number of bytes that are read and sent at a time. */
const CHUNK_LENGTH = 256 * 1024;
/** Network buffers are emptied in large steps, so a chunk may take this many times as long as a response. */
const SENDING_FACTOR = 4;

/** A file to send to a presigned URL. */
interface FilePut {
  readonly url: URL;
  /** The file on disk. */
  readonly path: string;
  /** Its size in bytes. */
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
    // A server that rejects the upload may respond before the whole file is sent. Then its response is returned, not
    // the error of the broken connection. A file that cannot be read ends the request.
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
      throw error instanceof ImapError ? error : await this.#call.failure(url, error);
    } finally {
      signal?.removeEventListener("abort", stop);
      request.destroy();
      await sent;
      const milliseconds = Math.round(performance.now() - started);
      transport.log({ type: "request", method: "PUT", url: shownUrl(url, false), status, milliseconds });
    }
  }

  /**
   * Sends the open file as the body, in constant memory: while one chunk is sent, the next one is read. A Node stream
   * would allocate a buffer for each chunk, which is slower and takes more memory.
   */
  async #sendFile(file: Deno.FsFile, request: ClientRequest): Promise<void> {
    const { url, size, onBytes = () => {} } = this.#put;
    const { timeoutMs } = this.#call.transport;
    const length = Math.min(CHUNK_LENGTH, size);
    let [chunk, next] = [new Uint8Array(length), new Uint8Array(length)];
    const closed = Promise.withResolvers<never>();
    closed.promise.catch(() => {});
    request.once(
      "close",
      () => closed.reject(new Error("the connection was closed before the file was sent completely")),
    );
    const write = (bytes: Uint8Array): Promise<void> => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      // Only progress of the file counts, not other bytes that arrive in the meantime, such as interim responses.
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

  /** Reads the next bytes. @throws {FileError} When the file cannot be read, or has become shorter. */
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
 * Streams a file to a presigned URL, without credentials, in constant memory. S3 requires a `Content-Length`, which
 * `fetch` does not send with a stream, so this uses `node:https`. Redirects, as S3 sends them for new buckets, are
 * followed.
 *
 * @returns The headers of the response.
 * @throws {ConnectionError} When the connection fails. {ResponseError} When the server rejects the upload. {FileError}
 *   When the file cannot be read, or becomes shorter while it is sent.
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
