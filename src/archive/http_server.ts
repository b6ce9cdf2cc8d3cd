import { ImapError } from "../errors.ts";
import { Patience } from "../http/transport.ts";
import { delay } from "@std/async";
import { STATUS_TEXT } from "@std/http";
import { lookup } from "node:dns/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";

/** What to do if a port cannot be used, by the system's code. */
const LISTEN_FAULTS: ReadonlyMap<string, string> = new Map([
  ["EADDRINUSE", "another program uses this port; choose another one, or 0 for any free port"],
  ["EACCES", "this user may not use this port; choose one from 1024 on, or 0 for any free port"],
  ["EADDRNOTAVAIL", "no network interface of this machine has that address"],
]);

/** The system's code of an error of Node's layer, such as `EADDRINUSE`. */
function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Handles a request. It never throws: errors are responses, too. */
export type Handler = (request: Request) => Promise<Response>;

/** Limits per caller, so that no caller can exhaust the server's resources. */
export interface ConnectionLimits {
  /** The maximum number of open connections; further ones are closed without a response. Default: 256. */
  readonly connections?: number | undefined;
  /**
   * How long a caller may send less than 1 KiB per second, in milliseconds. A caller may read nothing of a response for
   * four times as long. Default: 30,000.
   */
  readonly patienceMs?: number | undefined;
  /** The maximum time to receive the headers of a request, in milliseconds. Default: 10,000. */
  readonly headMs?: number | undefined;
}

/** The outcome of a request, or of a connection that did not send a valid request. */
export interface ServedRequest {
  /** Undefined if there was no valid request. */
  readonly method: string | undefined;
  /** Without the query, which may contain signatures; undefined if there was no valid request. */
  readonly path: string | undefined;
  /** The status of the response; null if there was none. */
  readonly status: number | null;
  /** The time from receiving the headers of the request to the end of the response, in milliseconds. */
  readonly milliseconds: number;
  /**
   * Why the connection was refused, or dropped before the end of the response; undefined if the response was sent
   * completely.
   */
  readonly dropped: string | undefined;
}

/** Called for each request. */
export type ServeLog = (served: ServedRequest) => void;

/** The options of a server. */
interface ServeHandlerOptions {
  /** Handles the requests. */
  readonly handler: Handler;
  /** The name or address to listen on. */
  readonly host: string;
  /** The port; 0 for any free one. */
  readonly port: number;
  /** Whether other processes listen on the same port, and the system divides the connections. Default: false. */
  readonly isPortShared?: boolean | undefined;
  /** The limits per caller. */
  readonly limits?: ConnectionLimits | undefined;
  /** Called for each request. */
  readonly log?: ServeLog | undefined;
}

/** A running server. */
export interface RunningServer {
  /** The port that it listens on. */
  readonly port: number;
  /**
   * Stops the server: responses in progress have `graceMs` milliseconds to finish, then their connections are closed.
   */
  close(graceMs: number): Promise<void>;
}

/** Each connection needs up to two open files: its socket, and the file that is being sent on it. */
const MAX_CONNECTIONS = 256;
/** The maximum number of pipelined requests that wait on a connection. */
const MAX_WAITING = 16;
/** The minimum speed in bytes per second: slower callers are disconnected after a while. */
const MIN_SPEED = 1024;
const PATIENCE_MS = 30_000;
/**
 * The time limit for reading a response is this many times that for sending a body: network buffers of several
 * megabytes are emptied in large steps, so the speed of a reader cannot be measured precisely.
 */
const READER_FACTOR = 4;
/** The number of bytes buffered per connection, in each direction. */
const BUFFER_BYTES = 256 * 1024;
const HEAD_MS = 10_000;
/** The maximum size of the request target and all headers together. */
const MAX_HEAD_BYTES = 16 * 1024;
/** The maximum length of path and query: a presigned URL of the archive has about 600 bytes. */
const MAX_TARGET_BYTES = 8 * 1024;
/** The maximum time between requests on a connection. */
const IDLE_MS = 15_000;
/** The maximum time to receive the rest of a body that the response did not need. */
const LINGER_MS = 2_000;
/** The maximum time for handlers to clean up after the connections were closed. */
const CLEAN_UP_MS = 5_000;

/**
 * Serves a handler on a port, within limits. `Deno.serve` would accept any number of connections, wait for each one
 * forever, and end the process when no more files can be opened. Therefore this uses Node's server.
 *
 * @throws {ImapError} When the port is not available.
 */
export async function serveHandler(options: ServeHandlerOptions): Promise<RunningServer> {
  const server = new LimitedServer(options);
  const port = await server.listen();
  return { port, close: (graceMs) => server.close(graceMs) };
}

/** A server with its connections, and the requests in progress. */
class LimitedServer {
  readonly #options: ServeHandlerOptions;
  readonly #server: Server;
  readonly #queues = new RequestQueues();
  readonly #sockets = new Set<Socket>();
  /** Requests in progress, or waiting in a queue. */
  readonly #pending = new Set<Promise<void>>();
  readonly #refused = new WeakSet<Duplex>();
  #working = 0;
  #isClosing = false;

  constructor(options: ServeHandlerOptions) {
    const { headMs = HEAD_MS } = options.limits ?? {};
    this.#options = options;
    this.#server = createServer({
      maxHeaderSize: MAX_HEAD_BYTES,
      highWaterMark: BUFFER_BYTES,
      headersTimeout: headMs,
      requestTimeout: 0, // Large files take long; slow callers are disconnected by the limits on speed.
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: Math.min(headMs, 1_000),
    }, (incoming, outgoing) => this.#enqueue(incoming, outgoing));
    this.#server.maxConnections = this.#maxConnections;
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket.once("close", () => this.#sockets.delete(socket)));
    });
    this.#server.on("drop", () => this.#log(unreadRequest(null, "too many connections are open")));
    this.#server.on("clientError", (error, socket) => void this.#refuse(error, socket));
  }

  get #maxConnections(): number {
    return this.#options.limits?.connections ?? MAX_CONNECTIONS;
  }

  #log(served: ServedRequest): void {
    this.#options.log?.(served);
  }

  /** Binds the port, and returns it. */
  async listen(): Promise<number> {
    const { host, port, isPortShared = false } = this.#options;
    try {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const place = { port, host: await addressOf(this.#options), reusePort: isPortShared };
      this.#server.once("error", reject).listen(place, resolve);
      await promise;
      this.#server.off("error", reject);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ImapError(`Cannot listen on ${host}:${port}: ${LISTEN_FAULTS.get(codeOf(error)) ?? reason}`, {
        cause: error,
      });
    }
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new ImapError(`Cannot listen on ${host}: no port`);
    return address.port;
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    await within(graceMs, Promise.all(this.#pending));
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    // Handlers whose connection was closed clean up. A handler that never ends must not keep the program running.
    await within(CLEAN_UP_MS, Promise.all([closed, ...this.#pending]));
  }

  #enqueue(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const settled = this.#queues.add(incoming, async () => {
      if (incoming.socket.destroyed) return;
      this.#log(await this.#answer(incoming, outgoing));
    });
    if (settled === undefined) return void incoming.socket.destroy();
    this.#pending.add(settled);
    void settled.finally(() => this.#pending.delete(settled));
  }

  /** Reads a request, handles it, and returns its outcome. If anything fails, the connection is closed. */
  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<ServedRequest> {
    const started = performance.now();
    const { socket, method, url } = incoming;
    const { patienceMs = PATIENCE_MS } = this.#options.limits ?? {};
    const senderPatience = new Patience(patienceMs, MIN_SPEED);
    const readerPatience = new Patience(patienceMs * READER_FACTOR, MIN_SPEED);
    // When a caller disconnects, its handler may not have released its file yet.
    const handler = this.#isClosing || this.#working >= this.#maxConnections
      ? answerUnavailable
      : this.#options.handler;
    this.#working++;
    try {
      const request = readRequest(incoming, senderPatience);
      const response = request instanceof Response ? request : await handler(request);
      if (socket.destroyed) await response.body?.cancel();
      else await sendResponse(response, outgoing, readerPatience);
      await drainBody(incoming);
    } catch {
      socket.destroy();
    } finally {
      this.#working--;
    }
    const isSlow = senderPatience.isSpent || readerPatience.isSpent;
    return {
      method,
      path: pathOf(url),
      status: outgoing.headersSent ? outgoing.statusCode : null,
      milliseconds: Math.round(performance.now() - started),
      dropped: outgoing.writableFinished ? undefined : isSlow ? "the caller is too slow" : "the connection broke",
    };
  }

  /**
   * Closes a connection that sent something that is not a request. Complete requests before it are handled first: a
   * caller that receives a 400 must not find that its upload was stored.
   */
  async #refuse(error: Error, socket: Duplex): Promise<void> {
    if (this.#refused.has(socket)) return; // Node also reports everything that arrives afterwards.
    this.#refused.add(socket);
    const code = "code" in error ? String(error.code) : "";
    const isInBody = this.#queues.waiting(socket).some(({ complete }) => !complete);
    if (!isInBody) await this.#queues.settled(socket);
    if (!socket.writable || isInBody) return void socket.destroy();
    const status = STATUS_OF_ERROR.get(code) ?? 400;
    this.#log(unreadRequest(status, "it did not send a valid request"));
    socket.end(`HTTP/1.1 ${status} ${STATUS_TEXT[status]}\r\nConnection: close\r\n\r\n`, () => socket.destroy());
  }
}

/**
 * Node's errors for headers that are too long or too slow, and their statuses; any other error means that it is not
 * HTTP.
 */
const STATUS_OF_ERROR: ReadonlyMap<string, number> = new Map([
  ["HPE_HEADER_OVERFLOW", 431],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", 413],
  ["ERR_HTTP_REQUEST_TIMEOUT", 408],
]);

function unreadRequest(status: number | null, dropped: string): ServedRequest {
  return { method: undefined, path: undefined, status, milliseconds: 0, dropped };
}

/** The response of a server that is closing or overloaded. */
function answerUnavailable(): Promise<Response> {
  return Promise.resolve(new Response(null, { status: 503, headers: { connection: "close" } }));
}

/** The requests of a connection, in the order in which they arrived. */
interface RequestQueue {
  /** The pending requests; the first one is being handled. */
  readonly requests: IncomingMessage[];
  /** Settles when the last one has been handled. */
  settled: Promise<void>;
}

/**
 * Handles the requests of each connection one at a time. HTTP allows a caller to send further requests before the first
 * response (RFC 9112, 9.3.2): handled in parallel, the requests of a single connection could open any number of files.
 */
class RequestQueues {
  readonly #queues = new WeakMap<Duplex, RequestQueue>();

  /**
   * Runs `answer` when the earlier requests of the connection have been handled.
   *
   * @returns Undefined if too many are already waiting.
   */
  add(incoming: IncomingMessage, answer: () => Promise<void>): Promise<void> | undefined {
    const queue = this.#queues.get(incoming.socket) ?? { requests: [], settled: Promise.resolve() };
    if (queue.requests.length > MAX_WAITING) return undefined;
    this.#queues.set(incoming.socket, queue);
    queue.requests.push(incoming);
    queue.settled = queue.settled.then(answer).finally(() => queue.requests.shift());
    return queue.settled;
  }

  /** Returns the pending requests of a connection. */
  waiting(socket: Duplex): readonly IncomingMessage[] {
    return this.#queues.get(socket)?.requests ?? [];
  }

  /** Waits until all of them have been handled or aborted. */
  async settled(socket: Duplex): Promise<void> {
    await this.#queues.get(socket)?.settled;
  }
}

/** Matches a name or address with a port, without characters that could begin another part of a URL. */
const HOST = /^[^/?#@\\\s]+$/;

/** Converts a request; returns a response instead if a handler could not process it. */
function readRequest(incoming: IncomingMessage, patience: Patience): Request | Response {
  const { method = "", url: target = "", headersDistinct } = incoming;
  const [host = "localhost", ...otherHosts] = headersDistinct.host ?? [];
  if (target.length > MAX_TARGET_BYTES) return new Response("The URL is too long", { status: 414 });
  if (!HOST.test(host) || otherHosts.length > 0) return unreadable();
  try {
    const headers = new Headers();
    for (const [name, values = []] of Object.entries(headersDistinct)) {
      for (const value of values) headers.append(name, value);
    }
    const url = new URL(target.startsWith("/") ? `http://${host}${target}` : target);
    const hasBody = method === "PUT" || method === "POST";
    return new Request(url, { method, headers, ...(hasBody ? { body: bodyOf(incoming, patience) } : {}) });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return unreadable();
  }
}

function unreadable(): Response {
  return new Response("The request cannot be read", { status: 400 });
}

/** Yields the chunks of a body as they arrive. Throws if the body breaks off. */
function bodyOf(incoming: IncomingMessage, patience: Patience): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks = incoming.iterator({ destroyOnReturn: false });
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await patience.during(chunks.next(), () => void incoming.socket.destroy());
      if (done) return controller.close();
      const chunk: Uint8Array<ArrayBuffer> = value;
      patience.moved(chunk.length);
      controller.enqueue(chunk);
    },
    async cancel() {
      await chunks.return?.();
    },
  }, { highWaterMark: 0 });
}

/**
 * Reads the rest of a body that the response did not need, for a limited time, so that the caller can read the
 * response.
 */
async function drainBody(incoming: IncomingMessage): Promise<void> {
  const { socket } = incoming;
  if (incoming.complete || socket.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  incoming.once("end", resolve).resume();
  socket.once("close", resolve);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  await promise;
  clearTimeout(timer);
  socket.off("close", resolve);
}

/** Returns the path of a request target, without the query, which may contain signatures. */
function pathOf(target = ""): string {
  return target.startsWith("/") ? target.replace(/[?#].*/s, "") : URL.parse(target)?.pathname ?? "";
}

/** Statuses whose responses have no body and no length (RFC 9110). */
const BODILESS = [204, 304];

/** Sends a response; returns when it was sent completely, or the caller has disconnected. */
async function sendResponse(response: Response, outgoing: ServerResponse, patience: Patience): Promise<void> {
  const { status, headers } = response;
  const body = response.body === null ? undefined : await startReading(response.body);
  // The length that a GET has is known only to the handler.
  const isLengthKnown = body?.isComplete ?? outgoing.req.method !== "HEAD";
  if (isLengthKnown && !headers.has("content-length") && !BODILESS.includes(status)) {
    const length = body?.chunks.reduce((sum, { length }) => sum + length, 0) ?? 0;
    outgoing.setHeader("content-length", length);
  }
  const fields = Object.fromEntries(headers);
  if (response.statusText === "") outgoing.writeHead(status, fields);
  else outgoing.writeHead(status, response.statusText, fields);
  if (body !== undefined) await sendBody(body, outgoing, patience);
  const { socket } = outgoing.req;
  if (socket.destroyed) return;
  const finished = until(outgoing, "finish");
  outgoing.end();
  await patience.during(finished, () => void socket.destroy());
}

/** The first chunks of a body, and a reader for the rest. */
interface StartedBody {
  readonly chunks: readonly Uint8Array[];
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Whether the chunks are the whole body. */
  readonly isComplete: boolean;
}

/** Reads up to two chunks: a text has only one, so that its length is known in advance. */
async function startReading(body: ReadableStream<Uint8Array>): Promise<StartedBody> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  while (chunks.length < 2) {
    const { done, value } = await reader.read();
    if (done) return { chunks, reader, isComplete: true };
    chunks.push(value);
  }
  return { chunks, reader, isComplete: false };
}

/** Sends a body as fast as the caller reads it, and releases it when the caller has disconnected. */
async function sendBody({ chunks, reader }: StartedBody, outgoing: ServerResponse, patience: Patience): Promise<void> {
  const waiting = [...chunks];
  const { socket } = outgoing.req;
  try {
    for (;;) {
      const chunk = waiting.shift() ?? (await reader.read()).value;
      if (chunk === undefined || socket.destroyed) return;
      if (!outgoing.write(chunk)) await patience.during(until(outgoing, "drain"), () => void socket.destroy());
      patience.moved(chunk.length);
    }
  } finally {
    await reader.cancel();
  }
}

/** Waits for an event of a response, or for the end of its connection, which may not be reported to the response. */
function until(outgoing: ServerResponse, event: "drain" | "finish"): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { socket } = outgoing.req;
  const done = () => {
    outgoing.off(event, done).off("close", done);
    socket.off("close", done);
    resolve();
  };
  outgoing.on(event, done).on("close", done);
  socket.on("close", done);
  if (socket.destroyed) done();
  return promise;
}

/**
 * Resolves the address to listen on. Node's server resolves names and requests permissions where errors cannot be
 * caught, so both are done here first.
 */
async function addressOf({ host, port }: ServeHandlerOptions): Promise<string> {
  const address = isIP(host) === 0 ? await lookUp(host) : host;
  const permission = { name: "net", host: `${isIP(address) === 6 ? `[${address}]` : address}:${port}` } as const;
  if ((await Deno.permissions.request(permission)).state === "granted") return address;
  throw new Deno.errors.NotCapable(`run again with --allow-net=${address}`);
}

async function lookUp(host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) throw error;
    throw new Deno.errors.NotCapable(`run again with --allow-net=${host}`);
  }
}

/** Waits for a promise, up to a number of milliseconds. */
async function within(milliseconds: number, waiting: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const elapsed = delay(milliseconds, { signal: timer.signal }).catch(() => {});
  await Promise.race([waiting, elapsed]);
  timer.abort();
}
