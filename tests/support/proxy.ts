import { createServer, request, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import type { Certificate } from "./server_certificate.ts";

/** An HTTP proxy on this machine, and the requests that it has received. */
export interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** `PUT http://host/path`, or `CONNECT host:port` for encrypted connections. */
  readonly asked: readonly string[];
}

/** How a proxy behaves. */
interface ProxyOptions {
  /** The host that it connects to, whatever host is requested: names of tests do not exist. */
  readonly host?: string;
  /** `user:password`, without which it answers 407. */
  readonly credentials?: string;
  /** Called with the first line of each request, before the request is forwarded. */
  readonly before?: (line: string) => Promise<void> | void;
  /** Uses TLS with its clients. */
  readonly tls?: Certificate;
}

/** Starts a proxy (RFC 9110, 7.6 and 9.3.6). It ends with its `await using`. */
export async function startProxy({ host, credentials, before, tls }: ProxyOptions = {}): Promise<Proxy> {
  const asked: string[] = [];
  const tunnels = new Set<Duplex>();
  const allowed = credentials === undefined ? undefined : `Basic ${btoa(credentials)}`;
  const listener: RequestListener = async (incoming, outgoing) => {
    const line = `${incoming.method} ${incoming.url?.split("?")[0]}`;
    asked.push(line);
    await before?.(line);
    const { method = "GET", headers } = incoming;
    if (allowed !== undefined && headers["proxy-authorization"] !== allowed) {
      return void outgoing.writeHead(407).end();
    }
    const url = new URL(incoming.url ?? "");
    const onward = request({
      host: host ?? url.hostname,
      port: url.port,
      path: url.pathname + url.search,
      method,
      headers,
    });
    onward.on("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  };
  const server = tls === undefined ? createServer(listener) : createSecureServer({ ...tls }, listener);
  server.on("connect", (incoming, near, head) => {
    asked.push(`CONNECT ${incoming.url}`);
    if (allowed !== undefined && incoming.headers["proxy-authorization"] !== allowed) {
      return void near.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    }
    const { hostname, port } = new URL(`http://${incoming.url}`);
    const far = connect(Number(port), host ?? hostname.replace(/^\[|\]$/g, ""), () => {
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
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of tunnels) socket.destroy();
      }),
  };
}

/** Reads exactly as many bytes as are asked for. */
async function readExactly(connection: Deno.Conn, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count;) {
    const read = await connection.read(bytes.subarray(at));
    if (read === null) throw new Error("the client has left");
    at += read;
  }
  return bytes;
}

/** Serves one client of a SOCKS proxy, and connects it to the requested port on this machine (RFC 1928). */
async function serveSocks(near: Deno.TcpConn, asked: string[]): Promise<void> {
  const [, methods = 0] = await readExactly(near, 2);
  await readExactly(near, methods);
  await near.write(new Uint8Array([5, 0]));
  const [, , , kind] = await readExactly(near, 4);
  const length = kind === 1 ? 4 : kind === 4 ? 16 : (await readExactly(near, 1))[0] ?? 0;
  const address = await readExactly(near, length);
  const host = kind === 3 ? new TextDecoder().decode(address) : kind === 1 ? address.join(".") : "[IPv6]";
  const port = new DataView((await readExactly(near, 2)).buffer).getUint16(0);
  asked.push(`SOCKS ${host}:${port}`);
  const far = await Deno.connect({ hostname: "127.0.0.1", port });
  await near.write(new Uint8Array([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
  await Promise.allSettled([near.readable.pipeTo(far.writable), far.readable.pipeTo(near.writable)]);
}

/** Starts a SOCKS proxy, version 5. It ends with its `await using`. */
export function startSocksProxy(): Proxy {
  const asked: string[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving: Promise<unknown>[] = [];
  const open = new Set<Deno.Conn>();
  const accepting = (async () => {
    for await (const near of listener) {
      open.add(near);
      serving.push(serveSocks(near, asked).catch(() => {}));
    }
  })();
  return {
    url: `socks5://127.0.0.1:${listener.addr.port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      for (const connection of open) {
        try {
          connection.close();
        } catch {
          // Its client has left.
        }
      }
      await Promise.all([accepting, ...serving]);
    },
  };
}
