import { ImapError } from "../errors.ts";
import { Patience } from "../http/patience.ts";
import { delay } from "@std/async";
import { STATUS_TEXT } from "@std/http";
import { lookup } from "node:dns/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";

/** What a server takes from those who call it, so that none can use it up alone. */
export interface ConnectionLimits {
  /** How many connections may be open at once; one more is closed without an answer. Default: 256. */
  readonly connections?: number | undefined;
  /**
   * For how long a caller may send less than 1 KiB a second, in milliseconds, and, four times as long, take nothing of an
   * answer. Default: 30,000.
   */
  readonly patienceMs?: number | undefined;
  /** For how long the head of a request may be on its way, in milliseconds. Default: 10,000. */
  readonly headMs?: number | undefined;
}

/** How many connections may be open at once: each takes two open files at most, its own and that of the one exchange on it. */
const MOST_CONNECTIONS = 256;
/** How many requests may come on a connection before the one before them is answered. */
const MOST_WAITING = 16;
/** Bytes a second: who is slower for too long is given up. */
const LEAST_SPEED = 1024;
/** For how long a caller may be slow. */
const PATIENCE_MS = 30_000;
/**
 * Who takes an answer is given so much more time than who sends a body: buffers of up to some MB lie between, and all
 * that can be seen of a caller is that they empty, in large steps.
 */
const TAKING_FACTOR = 4;
/** How much of a connection's bytes are in memory at a time, each way. */
const BUFFER_BYTES = 256 * 1024;
/** For how long the head of a request may be on its way. */
const HEAD_MS = 10_000;
/** The longest head of a request, all headers and the address together, in bytes. */
const MOST_HEAD_BYTES = 16 * 1024;
/** The longest address, path and query together: a presigned one of the archive's own has some 600. */
const MOST_TARGET_BYTES = 8 * 1024;
/** For how long a connection may wait for its next request, in milliseconds. */
const IDLE_MS = 15_000;
/** After an answer that did not need the body: for how long the rest of it may still come, in milliseconds. */
const LINGER_MS = 2_000;
/** When a server ends and its connections are cut: for how long its handlers may tidy up, in milliseconds. */
const TIDY_MS = 5_000;

/** The bytes of a body as the caller sends them. One that breaks off is an error. */
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

/** A name or address and a port, and nothing that would begin another part of an address. */
const HOST = /^[^/?#@\\\s]+$/;

function unreadable(): Response {
  return new Response("The request cannot be read", { status: 400 });
}

/**
 * What came on a connection, as the handlers read it.
 *
 * @returns The answer instead, when it is no request that a handler could read.
 */
function readRequest(incoming: IncomingMessage, patience: Patience): Request | Response {
  const { method = "", url: target = "", headersDistinct } = incoming;
  const [host = "localhost", ...otherHosts] = headersDistinct.host ?? [];
  if (target.length > MOST_TARGET_BYTES) return new Response("The address is too long", { status: 414 });
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

/** Until something happens to an answer, or its connection is gone: an answer that is none's yet does not hear of that. */
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

/** What has been read of a body, and the rest. */
interface BegunBody {
  readonly pieces: readonly Uint8Array[];
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Whether the pieces are all of it. */
  readonly isWhole: boolean;
}

/** Reads the first two pieces: a text comes in one, so that its length can be told. */
async function begin(body: ReadableStream<Uint8Array>): Promise<BegunBody> {
  const reader = body.getReader();
  const pieces: Uint8Array[] = [];
  while (pieces.length < 2) {
    const { done, value } = await reader.read();
    if (done) return { pieces, reader, isWhole: true };
    pieces.push(value);
  }
  return { pieces, reader, isWhole: false };
}

/** Sends a body as fast as the caller takes it; lets go of it when the caller has gone. */
async function sendBody({ pieces, reader }: BegunBody, outgoing: ServerResponse, patience: Patience): Promise<void> {
  const begun = [...pieces];
  const { socket } = outgoing.req;
  try {
    for (;;) {
      const piece = begun.shift() ?? (await reader.read()).value;
      if (piece === undefined || socket.destroyed) return;
      if (!outgoing.write(piece)) await patience.during(until(outgoing, "drain"), () => void socket.destroy());
      patience.moved(piece.length);
    }
  } finally {
    await reader.cancel();
  }
}

/** Statuses whose answers have no body, and say nothing of its length (RFC 9110). */
const BODILESS = [204, 304];

/** Sends an answer; returns when all of it has left, or the caller has gone. */
async function sendResponse(response: Response, outgoing: ServerResponse, patience: Patience): Promise<void> {
  const { status, headers } = response;
  const body = response.body === null ? undefined : await begin(response.body);
  if ((body === undefined || body.isWhole) && !headers.has("content-length") && !BODILESS.includes(status)) {
    const length = body?.pieces.reduce((sum, { length }) => sum + length, 0) ?? 0;
    outgoing.setHeader("content-length", length);
  }
  outgoing.writeHead(status, Object.fromEntries(headers));
  if (body !== undefined) await sendBody(body, outgoing, patience);
  const { socket } = outgoing.req;
  if (socket.destroyed) return;
  const finished = until(outgoing, "finish");
  outgoing.end();
  await patience.during(finished, () => void socket.destroy());
}

/** A request as Node has it, and where its answer goes. */
interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly handler: Handler;
  /** For how long the caller may be slow. */
  readonly patienceMs: number;
}

/** Takes the rest of a body that the answer did not need, for a moment, so that the caller comes to read the answer. */
async function endBody(incoming: IncomingMessage): Promise<void> {
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

/** The path of an address as it came, without the query, where the archive's own signatures stand. */
function pathOf(target = ""): string {
  return target.startsWith("/") ? target.replace(/[?#].*/s, "") : URL.parse(target)?.pathname ?? "";
}

/** Reads a request, answers it, and tells what became of it. A connection on which something fails is over. */
async function exchange({ incoming, outgoing, handler, patienceMs }: Exchange): Promise<ServedRequest> {
  const started = performance.now();
  const { socket, method, url } = incoming;
  const giving = new Patience(patienceMs, LEAST_SPEED);
  const taking = new Patience(patienceMs * TAKING_FACTOR, LEAST_SPEED);
  try {
    const request = readRequest(incoming, giving);
    const response = request instanceof Response ? request : await handler(request);
    if (socket.destroyed) await response.body?.cancel();
    else await sendResponse(response, outgoing, taking);
    await endBody(incoming);
  } catch {
    socket.destroy();
  }
  const isSlow = giving.isSpent || taking.isSpent;
  return {
    method,
    path: pathOf(url),
    status: outgoing.headersSent ? outgoing.statusCode : null,
    milliseconds: Math.round(performance.now() - started),
    dropped: outgoing.writableFinished ? undefined : isSlow ? "the caller is too slow" : "the connection broke",
  };
}

/** What became of a request, or of a connection on which none came that could be read. */
export interface ServedRequest {
  /** Undefined when no request could be read. */
  readonly method: string | undefined;
  /** Without the query, in which signatures stand; undefined when no request could be read. */
  readonly path: string | undefined;
  /** The answer's; null when there was none. */
  readonly status: number | null;
  /** From the head of the request to the end of the answer. */
  readonly milliseconds: number;
  /** Why the caller was let go before the end of the answer, or refused; undefined when it has all of it. */
  readonly dropped: string | undefined;
}

/** Is told of each. */
export type ServeLog = (served: ServedRequest) => void;

/** What is told of a connection on which no request came that could be read. */
function refusal(status: number | null, dropped: string): ServedRequest {
  return { method: undefined, path: undefined, status, milliseconds: 0, dropped };
}

/** Node's errors of heads that are too long or too slow, and their statuses; everything else is no HTTP. */
const STATUSES: ReadonlyMap<string, number> = new Map([
  ["HPE_HEADER_OVERFLOW", 431],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", 413],
  ["ERR_HTTP_REQUEST_TIMEOUT", 408],
]);

/** Whether one of the requests under way is not whole: then what cannot be read is part of its body. */
function isInBody(turns: Turns, socket: Duplex): boolean {
  return turns.waiting(socket).some(({ complete }) => !complete);
}

/**
 * Makes what ends a connection on which something came that is no request. Requests that came whole before it are
 * answered first: who reads 400 must not find that the upload counts.
 */
function refuseConnections(turns: Turns, log: ServeLog): (error: Error, socket: Duplex) => Promise<void> {
  const refused = new WeakSet<Duplex>();
  return async (error, socket) => {
    // It is told again of what still comes.
    if (refused.has(socket)) return;
    refused.add(socket);
    const code = "code" in error ? String(error.code) : "";
    const cutsBody = isInBody(turns, socket);
    if (!cutsBody) await turns.over(socket);
    if (!socket.writable || cutsBody) return void socket.destroy();
    const status = STATUSES.get(code) ?? 400;
    log(refusal(status, "it sent no request that can be read"));
    socket.end(`HTTP/1.1 ${status} ${STATUS_TEXT[status]}\r\nConnection: close\r\n\r\n`, () => socket.destroy());
  };
}

/** What one connection asks for, in the order in which it came. */
interface Queue {
  /** The requests that are not answered yet; the first one is being answered. */
  readonly requests: IncomingMessage[];
  /** Settles with the last of them. */
  over: Promise<void>;
}

/**
 * Answers the requests of a connection one after the other. HTTP lets a caller send the next ones before it has the answer
 * (RFC 9112, 9.3.2): with all of them at work at once, a single connection could have any number of files open.
 */
class Turns {
  readonly #queues = new WeakMap<Duplex, Queue>();

  /**
   * Runs an exchange when those that came before it on the connection are over.
   *
   * @returns Undefined when too many wait: nobody needs that.
   */
  take(incoming: IncomingMessage, exchange: () => Promise<void>): Promise<void> | undefined {
    const queue = this.#queues.get(incoming.socket) ?? { requests: [], over: Promise.resolve() };
    if (queue.requests.length > MOST_WAITING) return undefined;
    this.#queues.set(incoming.socket, queue);
    queue.requests.push(incoming);
    queue.over = queue.over.then(exchange).finally(() => queue.requests.shift());
    return queue.over;
  }

  /** The requests of a connection that are not answered yet. */
  waiting(socket: Duplex): readonly IncomingMessage[] {
    return this.#queues.get(socket)?.requests ?? [];
  }

  /** Until all of them are answered, or given up. */
  async over(socket: Duplex): Promise<void> {
    await this.#queues.get(socket)?.over;
  }
}

/** What a server is started with. */
interface ServeHandlerOptions {
  /** What answers. */
  readonly handler: Handler;
  /** The name or address to listen on. */
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** What it takes from callers. */
  readonly limits?: ConnectionLimits | undefined;
  /** Told what became of each request. */
  readonly log?: ServeLog | undefined;
}

/** A server that listens. */
export interface RunningServer {
  /** Where it listens. */
  readonly port: number;
  /** Ends it: answers under way have so many milliseconds to finish, then their connections are cut. */
  close(graceMs: number): Promise<void>;
}

/** The address of a name. */
async function lookUp(host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) throw error;
    throw new Deno.errors.NotCapable(`run again with --allow-net=${host}`);
  }
}

/** The address to listen on. Node's server looks up and asks for leave where no error of it can be caught; so that is done here. */
async function addressOf({ host, port }: ServeHandlerOptions): Promise<string> {
  const address = isIP(host) === 0 ? await lookUp(host) : host;
  const leave = { name: "net", host: `${isIP(address) === 6 ? `[${address}]` : address}:${port}` } as const;
  if ((await Deno.permissions.request(leave)).state === "granted") return address;
  throw new Deno.errors.NotCapable(`run again with --allow-net=${address}`);
}

/** Takes the port. */
async function listen(server: Server, options: ServeHandlerOptions): Promise<number> {
  const { host, port } = options;
  try {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject).listen(port, await addressOf(options), resolve);
    await promise;
    server.off("error", reject);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ImapError(`Cannot listen on ${host}:${port}: ${reason}`, { cause: error });
  }
  const address = server.address();
  if (address === null || typeof address === "string") throw new ImapError(`Cannot listen on ${host}: it has no port`);
  return address.port;
}

/** Waits for something, and not longer. */
async function within(milliseconds: number, waiting: Promise<unknown>): Promise<void> {
  const patience = new AbortController();
  const spent = delay(milliseconds, { signal: patience.signal }).catch(() => {});
  await Promise.race([waiting, spent]);
  patience.abort();
}

/** What a server answers that is about to end, or has its hands full. */
function refuse(): Promise<Response> {
  return Promise.resolve(new Response(null, { status: 503, headers: { connection: "close" } }));
}

/**
 * Serves a handler on a port, within limits: `Deno.serve` would take any number of connections, wait for each as long as
 * it pleases its caller, and end the process when no more files can be opened. So this is Node's server.
 *
 * @throws {ImapError} When the port cannot be had.
 */
export async function serveHandler(options: ServeHandlerOptions): Promise<RunningServer> {
  const { connections = MOST_CONNECTIONS, patienceMs = PATIENCE_MS, headMs = HEAD_MS } = options.limits ?? {};
  const { handler, log = () => {} } = options;
  const answering = new Set<Promise<void>>();
  const sockets = new Set<Socket>();
  const turns = new Turns();
  let working = 0;
  let closing = false;

  const server = createServer({
    maxHeaderSize: MOST_HEAD_BYTES,
    highWaterMark: BUFFER_BYTES,
    headersTimeout: headMs,
    requestTimeout: 0, // A large file takes its time; who sends it too slowly is given up.
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: Math.min(headMs, 1_000),
  }, (incoming, outgoing) => {
    const settled = turns.take(incoming, async () => {
      if (incoming.socket.destroyed) return;
      // Callers who leave may leave a handler behind that has yet to let go of its file.
      const answer = closing || working >= connections ? refuse : handler;
      working++;
      log(await exchange({ incoming, outgoing, handler: answer, patienceMs }).finally(() => working--));
    });
    if (settled === undefined) return void incoming.socket.destroy();
    answering.add(settled);
    void settled.finally(() => answering.delete(settled));
  });
  server.maxConnections = connections;
  server.on("connection", (socket) => {
    sockets.add(socket.once("close", () => sockets.delete(socket)));
  });
  server.on("drop", () => log(refusal(null, "too many connections are open")));
  server.on("clientError", refuseConnections(turns, log));
  const port = await listen(server, options);
  return {
    port,
    async close(graceMs) {
      closing = true;
      await within(graceMs, Promise.all(answering));
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      // Handlers whose connection is gone tidy up. One that does not end must not keep the program from it.
      await within(TIDY_MS, Promise.all([closed, ...answering]));
    },
  };
}

/** Answers a request. It never throws: what goes wrong is an answer too. */
export type Handler = (request: Request) => Promise<Response>;
