import type { Socket } from "node:net";

/** Takes what comes on a connection piece by piece. */
export interface SocketReader {
  /** Text up to and with `end`; empty when the connection is over before. */
  until(end: string): Promise<string>;
  /** So many bytes; undefined when the connection is over before. */
  exactly(count: number): Promise<Uint8Array | undefined>;
}

/** Reads what comes on a connection bit by bit. */
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
