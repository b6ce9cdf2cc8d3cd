import type { Socket } from "node:net";

/** Returns the bytes of a connection, as many as are asked for. */
export interface SocketReader {
  /** Text up to and with `end`; empty when the connection is over before. */
  until(end: string): Promise<string>;
  /** So many bytes; undefined when the connection is over before. */
  exactly(count: number): Promise<Uint8Array | undefined>;
}

/** Reads the bytes of a connection as they arrive. */
export function socketReader(socket: Socket): SocketReader {
  let bytes = new Uint8Array();
  let wake = () => {};
  socket.on("data", (piece: Uint8Array) => {
    const joined = new Uint8Array(bytes.length + piece.length);
    joined.set(bytes);
    joined.set(piece, bytes.length);
    bytes = joined;
    wake();
  });
  socket.once("close", () => wake());
  const more = () => new Promise<void>((resolve) => wake = resolve);
  const taken = (count: number) => {
    const head = bytes.slice(0, count);
    bytes = bytes.slice(count);
    return head;
  };
  return {
    async until(end) {
      for (;;) {
        const at = new TextDecoder("latin1").decode(bytes).indexOf(end);
        if (at >= 0) return new TextDecoder().decode(taken(at + end.length));
        if (socket.destroyed) return "";
        await more();
      }
    },
    async exactly(count) {
      while (bytes.length < count) {
        if (socket.destroyed) return undefined;
        await more();
      }
      return taken(count);
    },
  };
}
