import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";

/** An HTTP proxy on this machine, and what it was asked for. */
export interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** `PUT http://host/path`, or `CONNECT host:port` for what goes through encrypted. */
  readonly asked: readonly string[];
}

/** Starts a proxy (RFC 9110, 7.6 and 9.3.6). It ends with its `await using`. */
export async function startProxy(): Promise<Proxy> {
  const asked: string[] = [];
  const tunnels = new Set<Duplex>();
  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url?.split("?")[0]}`);
    const { method = "GET", headers } = incoming;
    const onward = request(new URL(incoming.url ?? ""), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.on("connect", (incoming, near, head) => {
    asked.push(`CONNECT ${incoming.url}`);
    const [host, port] = (incoming.url ?? "").split(":");
    const far = connect(Number(port), host, () => {
      near.write("HTTP/1.1 200 OK\r\n\r\n");
      far.write(head);
      far.pipe(near);
      near.pipe(far);
    });
    for (const socket of [near, far]) {
      tunnels.add(socket);
      socket.on("error", () => [near, far].forEach((end) => end.destroy()));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of tunnels) socket.destroy();
      }),
  };
}
