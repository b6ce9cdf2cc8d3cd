import { fromEnvironmentIfAllowed } from "../config.ts";
import { ImapError } from "../errors.ts";
import {
  connectionError,
  followRedirects,
  isRedirect,
  redirectTarget,
  shownUrl,
  stallError,
  statusError,
  timeoutError,
} from "./request.ts";
import type { Transport } from "./transport.ts";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { AgentOptions, RequestOptions } from "node:https";

/** The names under which proxies are told; `fetch` follows them by itself (curl's convention). */
const PROXY_NAMES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];

/** Which certificates are trusted besides Node's own; undefined when those are all. */
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
 * How a request of `node:http` goes the way that `fetch` goes by itself: through the proxy of the environment, and to hosts
 * whose certificates Deno was told to trust (`DENO_CERT`, `DENO_TLS_CA_STORE`). What may not be read counts as not set.
 *
 * @returns Options of the request; none where nothing is set.
 */
async function putWay({ protocol }: URL): Promise<RequestOptions> {
  const set = PROXY_NAMES.flatMap((name) => {
    const value = fromEnvironmentIfAllowed(name);
    return value === undefined ? [] : [[name, value]];
  });
  const ca = protocol === "https:" ? await trusted() : undefined;
  const trust = ca === undefined ? {} : { ca };
  if (set.length === 0) return trust;
  const { Agent } = protocol === "https:" ? await import("node:https") : await import("node:http");
  // Deno's types do not know of it yet (Node.js 24.5).
  const way: AgentOptions & { readonly proxyEnv: Readonly<Record<string, string>> } = {
    ...trust,
    proxyEnv: Object.fromEntries(set),
  };
  return { ...trust, agent: new Agent(way) };
}

/** The answer to a PUT: its head, and the start of its body. */
interface PutAnswer {
  readonly response: Response;
  readonly body: string;
}

/** Enough of an answer to tell what went wrong. */
const ANSWER_BYTES = 16 * 1024;

/** Opens a PUT of so many bytes; they are the caller's to write. */
async function openPut(url: URL, size: number): Promise<ClientRequest> {
  const { request } = url.protocol === "https:" ? await import("node:https") : await import("node:http");
  // The empty content type is part of what the SDC signs.
  return request(url, {
    method: "PUT",
    headers: { "content-length": size, "content-type": "" },
    ...await putWay(url),
  });
}

/** How long an answer is waited for. */
interface AnswerWait {
  readonly timeoutMs: number;
  /** Settles when the whole request is on its way: from then on the answer, all of it, has that time. */
  readonly sent: Promise<unknown>;
  /** The error when nothing moved in either direction. */
  readonly silent: () => Error;
  /** The error when something came, and no end of it. */
  readonly stalled: () => Error;
}

/**
 * Waits for the answer of a request, as much of it as counts; rejects when nothing moves in either direction for too
 * long, and when an answer drips, in its head, its body or in answers before it (`102 Processing`).
 */
function answerOf(
  request: ClientRequest,
  { timeoutMs, sent, silent, stalled }: AnswerWait,
): Promise<PutAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PutAnswer>();
  request.setTimeout(timeoutMs, () => request.destroy(silent()));
  let isOver = false;
  let stopWaiting = () => {};
  const giveUp = () => request.destroy((request.socket?.bytesRead ?? 0) > 0 ? stalled() : silent());
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
    const pieces: string[] = [];
    let length = 0;
    const done = () => resolve({ response: toResponse(message), body: pieces.join("") });
    message.setEncoding("utf8");
    message.on("data", (piece: string) => {
      pieces.push(piece);
      length += piece.length;
      // An answer without end would hold the caller for ever.
      if (length >= ANSWER_BYTES) done();
    });
    message.once("error", reject);
    message.once("end", done);
  });
  return promise;
}

/** The head of a `node:http` answer in the shape that the rest of the library knows. */
function toResponse(message: IncomingMessage): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers)) {
    if (typeof value === "string") headers.set(name, value);
  }
  return new Response(null, { status: message.statusCode ?? 500, headers });
}

/** What of a file goes where. */
interface FileBody {
  /** How messages begin, behind `Cannot `. */
  readonly action: string;
  readonly path: string;
  /** How many bytes to send. */
  readonly size: number;
  /** Told how many bytes have been handed over. */
  readonly onBytes: (bytes: number) => void;
  /** How long the other side may take nothing, in milliseconds. */
  readonly timeoutMs: number;
  /** The error when it does. */
  readonly stalled: () => Error;
}

/** How much is read and sent at a time. */
const PIECE_LENGTH = 256 * 1024;
/** Buffers lie between, which empty in large steps: so many times as long may a piece take as an answer. */
const TAKING_FACTOR = 4;

/** Reads some bytes. @throws {ImapError} When the disk does not give them. */
async function read(file: Deno.FsFile, piece: Uint8Array<ArrayBuffer>, { action, path }: FileBody): Promise<number> {
  const count = await file.read(piece).catch((error: Error) => {
    throw new ImapError(`Cannot ${action}: "${path}" cannot be read: ${error.message}`, { cause: error });
  });
  if (count !== null) return count;
  throw new ImapError(`Cannot ${action}: "${path}" became shorter while it was sent`);
}

/**
 * Sends an open file as the body of a request, in constant memory: while one piece is on its way, the next one is read.
 * A stream of Node's would make a new buffer for each piece, which is slower and leaves more behind.
 */
async function sendFile(file: Deno.FsFile, request: ClientRequest, body: FileBody): Promise<void> {
  const { size, onBytes, timeoutMs, stalled } = body;
  const length = Math.min(PIECE_LENGTH, size);
  let [piece, next] = [new Uint8Array(length), new Uint8Array(length)];
  const closed = Promise.withResolvers<never>();
  closed.promise.catch(() => {});
  request.once("close", () => closed.reject(new Error("the connection closed before all was sent")));
  const write = (bytes: Uint8Array): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Whatever else comes meanwhile, such as answers before the answer: it counts that the file goes out.
    const timer = setTimeout(() => request.destroy(stalled()), timeoutMs * TAKING_FACTOR);
    request.write(bytes, (error) => error ? reject(error) : resolve());
    return Promise.race([promise, closed.promise]).finally(() => clearTimeout(timer));
  };
  let count = await read(file, piece, body);
  for (let sent = 0; sent < size;) {
    const bytes = piece.subarray(0, Math.min(count, size - sent));
    sent += bytes.length;
    const [following] = await Promise.all([sent < size ? read(file, next, body) : 0, write(bytes)]);
    count = following;
    [piece, next] = [next, piece];
    onBytes(sent);
  }
  request.end();
}

/** A file to send to a presigned URL. */
interface FilePut {
  /** How messages about it begin, behind `Cannot `. */
  readonly action: string;
  readonly url: URL;
  /** The file on disk. */
  readonly path: string;
  /** How many bytes it has. */
  readonly size: number;
  /** Told how many bytes have been handed over. */
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Streams a file to a presigned URL, bare, in constant memory. S3 wants the length ahead, which `fetch` drops from a
 * stream, so this goes through `node:https`. A redirect, as S3 sends it for new buckets, is followed.
 *
 * @returns The headers of the answer.
 * @throws {ConnectionError} When the connection fails. {ResponseError} When the answer is no.
 *   {ImapError} When the file cannot be read, or becomes shorter while it is sent.
 */
export function putFile(transport: Transport, put: FilePut): Promise<Headers> {
  const { action } = put;
  return followRedirects(action, put.url, async (url) => {
    const { response, body } = await putOnce(transport, { ...put, url });
    // Nothing else says that the store has the file (S3, PutObject).
    if (response.status === 200) return { done: response.headers };
    if (!isRedirect(response)) throw statusError({ action, url, response, body, api: transport.api });
    return { next: await redirectTarget(action, response, url) };
  });
}

/** One PUT. */
async function putOnce(transport: Transport, put: FilePut): Promise<PutAnswer> {
  const { action, url, path, size, onBytes = () => {}, signal } = put;
  signal?.throwIfAborted();
  const started = performance.now();
  const { timeoutMs } = transport;
  let status: number | undefined;
  using file = await Deno.open(path, { read: true }).catch((error: Error) => {
    throw new ImapError(`Cannot ${action}: "${path}" cannot be read: ${error.message}`, { cause: error });
  });
  const request = await openPut(url, size);
  const stalled = () => stallError(action, url.host, timeoutMs);
  const stop = () => request.destroy(new Error("aborted"));
  signal?.addEventListener("abort", stop, { once: true });
  // A server that refuses answers before the file is through: its answer counts, not the connection that broke. A file
  // that cannot be read ends the request.
  const sent = sendFile(file, request, { action, path, size, onBytes, timeoutMs, stalled }).catch((error: Error) => {
    if (error instanceof ImapError) request.destroy(error);
    return error;
  });
  const silent = () => timeoutError(action, url.host, timeoutMs);
  try {
    const answer = await answerOf(request, { timeoutMs, sent, silent, stalled });
    status = answer.response.status;
    const broke = answer.response.ok ? await sent : undefined;
    if (broke !== undefined) throw broke;
    return answer;
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof ImapError ? error : connectionError(action, url.host, error);
  } finally {
    signal?.removeEventListener("abort", stop);
    request.destroy();
    await sent;
    const milliseconds = Math.round(performance.now() - started);
    transport.log({ type: "request", method: "PUT", url: shownUrl(url, false), status, milliseconds });
  }
}
