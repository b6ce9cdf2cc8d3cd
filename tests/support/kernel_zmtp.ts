/**
 * ZMTP 3.0, the bytes that ZeroMQ sockets exchange (https://rfc.zeromq.org/spec/23/): a client's side, mechanism NULL.
 *
 * It is implemented here because `npm:zeromq` does not work reliably in Deno 2.9.6: a socket is polled only once, so messages
 * stay unread (denoland/deno#36317), and a receive timeout ends in a segmentation fault.
 */
import { KernelError } from "./kernel_error.ts";

/** Bytes that are not shared between threads, as `Deno.Conn.write` requires. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Reads exactly this many bytes from the other side. */
export type ReadBytes = (count: number) => Promise<Bytes>;

const MORE = 0b001;
const LONG = 0b010;
const COMMAND = 0b100;

const GREETING_LENGTH = 64;
/** A larger size is not a message of a kernel: the two sides are out of step. */
const LARGEST_FRAME = 1 << 30;

const utf8 = new TextEncoder();

/** Concatenates arrays of bytes. */
export function joinBytes(parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

function uint32(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** One frame: flags, size in one byte or in eight, body. */
function encodeFrame(flags: number, body: Uint8Array): Bytes {
  const isLong = body.length > 255;
  const head = new Uint8Array(isLong ? 9 : 2);
  head[0] = isLong ? flags | LONG : flags;
  if (isLong) new DataView(head.buffer).setBigUint64(1, BigInt(body.length));
  else head[1] = body.length;
  return joinBytes([head, body]);
}

/** Encodes a message: each frame except the last says that more follow. */
export function encodeFrames(frames: readonly Uint8Array[]): Bytes {
  return joinBytes(frames.map((frame, index) => encodeFrame(index < frames.length - 1 ? MORE : 0, frame)));
}

/** The greeting of a client: the signature, version 3.0, the mechanism NULL, and that it is not a server. */
export function encodeGreeting(): Bytes {
  const greeting = new Uint8Array(GREETING_LENGTH);
  greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0]);
  greeting.set(utf8.encode("NULL"), 12);
  return greeting;
}

/** The READY command of a client, which says which kind of socket it has. */
export function encodeReady(socketType: string): Bytes {
  const value = utf8.encode(socketType);
  const body = [utf8.encode("\x05READY\x0bSocket-Type"), uint32(value.length), value];
  return encodeFrame(COMMAND, joinBytes(body));
}

/** Reads the greeting of the other side, and rejects other protocols. */
export async function readGreeting(read: ReadBytes): Promise<void> {
  const greeting = await read(GREETING_LENGTH);
  const mechanism = new TextDecoder().decode(greeting.subarray(12, 32)).replaceAll("\0", "");
  const major = greeting[10] ?? 0;
  if (greeting[0] !== 0xff || greeting[9] !== 0x7f || major < 3 || mechanism !== "NULL") {
    throw new KernelError(`Cannot greet the other side: it speaks no ZMTP 3 with the mechanism NULL`);
  }
}

/** Reads the next message. Commands, such as the other side's READY, are skipped. */
export async function readFrames(read: ReadBytes): Promise<Bytes[]> {
  const frames: Bytes[] = [];
  for (;;) {
    const [flags = 0, shortSize = 0] = await read(2);
    let size = shortSize;
    if (flags & LONG) {
      const long = joinBytes([new Uint8Array([shortSize]), await read(7)]);
      size = Number(new DataView(long.buffer).getBigUint64(0));
    }
    if (size > LARGEST_FRAME) throw new KernelError(`Cannot read a frame of ${size} bytes: the two sides lost step`);
    const body = size === 0 ? new Uint8Array() : await read(size);
    if (flags & COMMAND) continue;
    frames.push(body);
    if (!(flags & MORE)) return frames;
  }
}
