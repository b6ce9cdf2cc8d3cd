import type { Socket } from "node:net";
import { delay } from "@std/async";
import { STATUS_TEXT } from "@std/http";

/** How a server handles one request. In everything else, it behaves as S3, or the SDC's API, does. */
export interface Behavior {
  /** Responds with this status; without a `body`, with an error like those of S3. */
  readonly status?: number;
  /** Sends this body instead of the right one; without a length if it is sent in chunks. */
  readonly body?: Uint8Array | Iterable<Uint8Array>;
  /** Headers in addition to or instead of the usual ones; null omits one. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** Responds to a request for a range with the whole object. */
  readonly ignoreRange?: boolean;
  /** Ignores `If-Range`: responds with a range even if the object has changed. */
  readonly ignoreIfRange?: boolean;
  /** Sends this instead of the head. */
  readonly head?: string;
  /** Breaks the connection after this many bytes of the head. */
  readonly cutHeadAfter?: number;
  /** Never responds. */
  readonly silent?: boolean;
  /** Breaks the connection after this many bytes of the body. */
  readonly cutAfter?: number;
  /** How it breaks the connection. Default: an orderly end. */
  readonly cut?: "end" | "reset";
  /** Stalls after this many bytes of the body; for a PUT, once it has been received. */
  readonly stallAfter?: number;
  /** Limits each connection to this many bytes per second. */
  readonly bytesPerSecond?: number;
  /** Sends a start, and then the same bit repeatedly until the client leaves. */
  readonly drips?: { readonly start: string; readonly bit: string };
  /** Accepts the bytes of a PUT, and breaks the connection instead of responding. */
  readonly loseAnswer?: boolean;
}

/** The circumstances of a response, for faults that use them. */
export interface Place {
  /** The URL of the request. */
  readonly url: URL;
  /** The last credential that the API received. */
  readonly credential: string;
  /** Another origin that has the same API and the same objects, and must see no credential. */
  readonly elsewhere: string;
}

/** What a server does instead of sending the right response. */
export type Fault = (right: Answer, place: Place) => Behavior;

/** An object in the store. */
export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** The head and the body of a response. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | Iterable<Uint8Array>;
}

const encoder = new TextEncoder();
/** The interval of a slow response. */
const TICK_MS = 20;

/** Returns the right response as a behavior changes it, except for how it is sent. */
export function answerBy(right: Answer, { status, body }: Behavior): Answer {
  if (body !== undefined) return { ...right, status: status ?? right.status, body };
  return status === undefined ? right : refusal(status);
}

/** An error response like those of S3. */
export function refusal(status: number): Answer {
  const code = status === 403 ? "AccessDenied" : status === 416 ? "InvalidRange" : `Status${status}`;
  const body = encoder.encode(`<Error><Code>${code}</Code><Message>on purpose</Message></Error>`);
  return { status, headers: { "content-type": "application/xml", "retry-after": "0" }, body };
}

/** The object, or the requested range of it, as S3 sends it. */
export function objectAnswer({ bytes, etag }: StoredObject, asked: Headers, behavior: Behavior): Answer {
  const headers = { etag, "accept-ranges": "bytes" };
  const range = /^bytes=(\d+)-(\d*)$/.exec(asked.get("range") ?? "");
  const condition = asked.get("if-range");
  const isSame = condition === null || condition === etag || behavior.ignoreIfRange === true;
  if (range === null || behavior.ignoreRange === true || !isSame) return { status: 200, headers, body: bytes };
  const first = Number(range[1]);
  const last = Math.min(range[2] === "" ? Infinity : Number(range[2]), bytes.length - 1);
  if (first >= bytes.length || first > last) return refusal(416);
  const contentRange = `bytes ${first}-${last}/${bytes.length}`;
  return { status: 206, headers: { ...headers, "content-range": contentRange }, body: bytes.subarray(first, last + 1) };
}

function headText({ status, headers, body }: Answer, more: Behavior["headers"] = {}): string {
  const length = body instanceof Uint8Array ? String(body.length) : null;
  const all: Record<string, string | null> = { "content-length": length, ...headers, ...more };
  const lines = Object.entries(all).flatMap(([name, value]) => value === null ? [] : [`${name}: ${value}`]);
  return [`HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? "?"}`, "connection: close", ...lines, "", ""].join("\r\n");
}

/** Writes, and waits until it is sent; false if the client has left. */
export function write(socket: Socket, bytes: Uint8Array): Promise<boolean> {
  if (socket.destroyed) return Promise.resolve(false);
  // This is also called, with an error, when the connection ends.
  return new Promise((resolve) => socket.write(bytes, (error) => resolve(error === null || error === undefined)));
}

/** Resolves when the connection has ended. */
export function closed(socket: Socket): Promise<void> {
  return socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once("close", () => resolve()));
}

/** Breaks a connection. A reset discards what the client has not read, so the client gets a moment to read it. */
async function breakOff(socket: Socket, cut: "end" | "reset"): Promise<void> {
  if (cut === "end") return void socket.end();
  await delay(TICK_MS);
  socket.resetAndDestroy();
}

/** Sends a bit now and then, forever. */
async function drip(socket: Socket, { start, bit }: { start: string; bit: string }): Promise<void> {
  for (let text = start; await write(socket, encoder.encode(text)); text = bit) await delay(TICK_MS);
}

/** Sends a response as `behavior` says. @param onSent Called with the number of bytes of the body that were sent. */
export async function send(
  socket: Socket,
  answer: Answer,
  behavior: Behavior,
  onSent: (bytes: number) => void,
): Promise<void> {
  const { cutAfter = Infinity, stallAfter = Infinity, bytesPerSecond = Infinity, cut = "end" } = behavior;
  if (behavior.silent) return await closed(socket);
  if (behavior.drips !== undefined) return await drip(socket, behavior.drips);
  const head = encoder.encode(behavior.head ?? headText(answer, behavior.headers));
  if (!await write(socket, head.subarray(0, behavior.cutHeadAfter))) return;
  if (behavior.cutHeadAfter !== undefined) return await breakOff(socket, cut);
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
