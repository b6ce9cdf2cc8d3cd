import { createServer, type Socket } from "node:net";
import type { SeenRequest } from "./server.ts";
import { CredentialWatch } from "./server_credentials.ts";
import { type SocketReader, socketReader } from "./socket_reader.ts";

/** One request on a connection of its own, which the server writes to byte for byte. */
export interface SocketRequest extends SeenRequest {
  /** The address, whole. */
  readonly url: string;
  readonly socket: Socket;
  /** The body after the head. */
  readonly read: SocketReader;
}

/** A server that can do to a connection whatever it wants to. */
export interface SocketServer extends AsyncDisposable {
  /** Its address, without a slash at the end. */
  readonly url: string;
}

/** What a server is, and what it does. */
export interface SocketServerOptions {
  /** Whether it is the API; no other server may see credentials. */
  readonly role: "api" | "elsewhere";
  /** Answers a request, or does something else to its connection. */
  readonly serve: (request: SocketRequest) => Promise<void>;
}

function headersOf(lines: readonly string[]): Headers {
  const headers = new Headers();
  for (const line of lines.filter(Boolean)) {
    const colon = line.indexOf(":");
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return headers;
}

/** Starts one on a free port. It ends with its `await using`, and fails the test when a wrong credential was sent to it. */
export async function startSocketServer({ role, serve }: SocketServerOptions): Promise<SocketServer> {
  const watch = new CredentialWatch(role);
  const sockets = new Set<Socket>();
  const serving = new Set<Promise<void>>();

  const answer = async (socket: Socket) => {
    const read = socketReader(socket);
    const [first = "", ...lines] = (await read.until("\r\n\r\n")).split("\r\n");
    const [method = "", target = ""] = first.split(" ");
    if (target === "") return;
    const request = { method, url: `${url}${target}`, headers: headersOf(lines), socket, read };
    if (watch.allows(request)) await serve(request);
    else socket.destroy();
  };
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}).once("close", () => sockets.delete(socket)));
    const served = answer(socket).catch(() => void socket.destroy()).finally(() => serving.delete(served));
    serving.add(served);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  return {
    url,
    async [Symbol.asyncDispose]() {
      const over = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await Promise.all([over, ...serving]);
      watch.close();
    },
  };
}
