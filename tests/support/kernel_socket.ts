import { delay } from "@std/async";
import { KernelError } from "./kernel_error.ts";
import { type Bytes, encodeFrames, encodeGreeting, encodeReady, readFrames, readGreeting } from "./kernel_zmtp.ts";

/** How long to wait before connecting again to a port that nothing listens on yet. */
const KNOCK_MS = 10;

/** How to open a {@linkcode KernelSocket}. */
export interface KernelSocketOptions {
  /** The port on this machine. */
  readonly port: number;
  /** DEALER sends and receives; SUB receives all broadcasts of a PUB. */
  readonly socketType: "DEALER" | "SUB";
  /** Stops waiting for a listener. */
  readonly signal: AbortSignal;
}

/** A ZeroMQ socket with one connection, which needs only Deno's TCP: nothing is left of it after `close()`. */
export class KernelSocket {
  readonly #conn: Deno.TcpConn;
  #sent: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  /** Connects as soon as something listens on the port, and does the handshake. */
  static async open({ port, socketType, signal }: KernelSocketOptions): Promise<KernelSocket> {
    const socket = new KernelSocket(await connect(port, signal));
    const close = () => socket.close();
    signal.addEventListener("abort", close);
    try {
      signal.throwIfAborted();
      await socket.#write(encodeGreeting());
      await readGreeting((count) => socket.#read(count));
      await socket.#write(encodeReady(socketType));
      // The one byte is a subscription to all topics (ZMTP 3.0 sends it as a message).
      if (socketType === "SUB") await socket.send([new Uint8Array([1])]);
      return socket;
    } catch (error) {
      socket.close();
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener("abort", close);
    }
  }

  /** Sends one message; messages are sent in the order of the calls. */
  send(frames: readonly Uint8Array[]): Promise<void> {
    this.#sent = this.#sent.then(() => this.#write(encodeFrames(frames)));
    return this.#sent;
  }

  /** Returns the next message; null when the connection has ended. */
  async receive(): Promise<Bytes[] | null> {
    try {
      return await readFrames((count) => this.#read(count));
    } catch (error) {
      if (this.#isClosed || error instanceof EndOfStream || error instanceof Deno.errors.ConnectionReset) return null;
      throw error;
    }
  }

  /** Ends the connection; pending reads get null. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#conn.close();
  }

  async #write(bytes: Bytes): Promise<void> {
    for (let offset = 0; offset < bytes.length;) offset += await this.#conn.write(bytes.subarray(offset));
  }

  async #read(count: number): Promise<Bytes> {
    const bytes = new Uint8Array(count);
    for (let offset = 0; offset < count;) {
      const read = await this.#conn.read(bytes.subarray(offset));
      if (read === null) throw new EndOfStream(`Cannot read ${count} bytes: the other side hung up`);
      offset += read;
    }
    return bytes;
  }
}

class EndOfStream extends KernelError {}

async function connect(port: number, signal: AbortSignal): Promise<Deno.TcpConn> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await Deno.connect({ hostname: "127.0.0.1", port });
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await delay(KNOCK_MS, { signal });
    }
  }
}
