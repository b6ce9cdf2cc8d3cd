import type { Socket } from "node:net";
import { delay } from "@std/async";
import { STATUS_TEXT } from "@std/http";

/** What a server does with one request. What is not said, it does as S3, or the SDC's API, does. */
export interface Behaviour {
  /** Answers with this status; without a body of its own it is a refusal in S3's words. */
  readonly status?: number;
  /** Sends this body instead of the right one, without a length when it comes piece by piece. */
  readonly body?: Uint8Array | Iterable<Uint8Array>;
  /** Headers besides or instead of the usual ones; null leaves one out. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** Answers a request for a range with the whole. */
  readonly ignoreRange?: boolean;
  /** Pretends that the object still is what `If-Range` says. */
  readonly ignoreIfRange?: boolean;
  /** Sends this in place of the head. */
  readonly head?: string;
  /** Breaks the connection behind so many bytes of the head. */
  readonly cutHeadAfter?: number;
  /** Falls silent instead of answering. */
  readonly silent?: boolean;
  /** Breaks the connection behind so many bytes of the body. */
  readonly cutAfter?: number;
  /** How it breaks: with an orderly end (the default), or with a reset. */
  readonly cut?: "end" | "reset";
  /** Falls silent behind so many bytes of the body; of a PUT, once it is there. */
  readonly stallAfter?: number;
  /** Sends so many bytes a second on each connection. */
  readonly bytesPerSecond?: number;
  /** Sends a start, and then the same bit again and again for as long as anybody listens. */
  readonly drips?: { readonly start: string; readonly bit: string };
  /** Takes the bytes of a PUT, and breaks the connection instead of answering. */
  readonly loseAnswer?: boolean;
}

/** Where a misbehaving answer goes, and what it may point to. */
export interface Place {
  /** The request's address. */
  readonly url: URL;
  /** The last credential that came to the API. */
  readonly credential: string;
  /** Another origin that has the same API and the same objects, and must see no credential. */
  readonly elsewhere: string;
}

/** What a server makes of the answer that would be right. */
export type Fault = (right: Answer, place: Place) => Behaviour;

/** An object as it lies in the store. */
export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** The head and the body of an answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | Iterable<Uint8Array>;
}

const encoder = new TextEncoder();
/** How often a slow answer goes on. */
const TICK_MS = 20;

/** The answer that a behaviour makes of the right one, but for how it is sent. */
export function answerBy(right: Answer, { status, body }: Behaviour): Answer {
  if (body !== undefined) return { ...right, status: status ?? right.status, body };
  return status === undefined ? right : refusal(status);
}

/** A refusal in S3's words. */
export function refusal(status: number): Answer {
  const code = status === 403 ? "AccessDenied" : status === 416 ? "InvalidRange" : `Status${status}`;
  const body = encoder.encode(`<Error><Code>${code}</Code><Message>on purpose</Message></Error>`);
  return { status, headers: { "content-type": "application/xml", "retry-after": "0" }, body };
}

/** The object, or the range of it that is asked for, as S3 answers. */
export function objectAnswer({ bytes, etag }: StoredObject, asked: Headers, behaviour: Behaviour): Answer {
  const headers = { etag, "accept-ranges": "bytes" };
  const range = /^bytes=(\d+)-(\d*)$/.exec(asked.get("range") ?? "");
  const condition = asked.get("if-range");
  const isSame = condition === null || condition === etag || behaviour.ignoreIfRange === true;
  if (range === null || behaviour.ignoreRange === true || !isSame) return { status: 200, headers, body: bytes };
  const first = Number(range[1]);
  const last = Math.min(range[2] === "" ? Infinity : Number(range[2]), bytes.length - 1);
  if (first >= bytes.length || first > last) return refusal(416);
  const contentRange = `bytes ${first}-${last}/${bytes.length}`;
  return { status: 206, headers: { ...headers, "content-range": contentRange }, body: bytes.subarray(first, last + 1) };
}

function headText({ status, headers, body }: Answer, more: Behaviour["headers"] = {}): string {
  const length = body instanceof Uint8Array ? String(body.length) : null;
  const all: Record<string, string | null> = { "content-length": length, ...headers, ...more };
  const lines = Object.entries(all).flatMap(([name, value]) => value === null ? [] : [`${name}: ${value}`]);
  return [`HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? "?"}`, "connection: close", ...lines, "", ""].join("\r\n");
}

/** Writes and waits until it is on its way; false when the other side has gone. */
export function write(socket: Socket, bytes: Uint8Array): Promise<boolean> {
  if (socket.destroyed) return Promise.resolve(false);
  // A connection that ends calls back too, with an error.
  return new Promise((resolve) => socket.write(bytes, (error) => resolve(error === null || error === undefined)));
}

/** Resolves when the connection is over. */
export function closed(socket: Socket): Promise<void> {
  return socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once("close", () => resolve()));
}

/** Breaks a connection. A reset overtakes what has not been read: the other side gets a moment to read it. */
async function breakOff(socket: Socket, cut: "end" | "reset"): Promise<void> {
  if (cut === "end") return void socket.end();
  await delay(TICK_MS);
  socket.resetAndDestroy();
}

/** Sends a bit now and then, for ever. */
async function drip(socket: Socket, { start, bit }: { start: string; bit: string }): Promise<void> {
  for (let text = start; await write(socket, encoder.encode(text)); text = bit) await delay(TICK_MS);
}

/** Sends an answer the way `behaviour` says. @param onSent Told of the bytes of the body that went out. */
export async function send(
  socket: Socket,
  answer: Answer,
  behaviour: Behaviour,
  onSent: (bytes: number) => void,
): Promise<void> {
  const { cutAfter = Infinity, stallAfter = Infinity, bytesPerSecond = Infinity, cut = "end" } = behaviour;
  if (behaviour.silent) return await closed(socket);
  if (behaviour.drips !== undefined) return await drip(socket, behaviour.drips);
  const head = encoder.encode(behaviour.head ?? headText(answer, behaviour.headers));
  if (!await write(socket, head.subarray(0, behaviour.cutHeadAfter))) return;
  if (behaviour.cutHeadAfter !== undefined) return await breakOff(socket, cut);
  const { body } = answer;
  if (!(body instanceof Uint8Array)) {
    for (const piece of body) if (!await write(socket, piece)) return;
    return void socket.end();
  }
  const end = Math.min(body.length, cutAfter, stallAfter);
  const step = Math.min(1024 * 1024, Math.max(1, Math.floor(bytesPerSecond * TICK_MS / 1000)));
  for (let at = 0; at < end; at += step) {
    const piece = body.subarray(at, Math.min(end, at + step));
    if (!await write(socket, piece)) return;
    onSent(piece.length);
    if (bytesPerSecond !== Infinity) await delay(Math.max(TICK_MS, 1000 * step / bytesPerSecond));
  }
  if (stallAfter <= body.length) return await closed(socket);
  await breakOff(socket, cutAfter < body.length ? cut : "end");
}
