import type { Certificate } from "./server_certificate.ts";
import { CredentialWatch } from "./server_credentials.ts";

/** A copy of a request, which itself cannot be read after its response. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
}

/** A real server on a free port of this machine, and all requests that it has received. */
export interface TestServer extends AsyncDisposable {
  /** Its address, without a slash at the end. */
  readonly url: string;
  /** The requests in the order of their arrival, without their bodies. */
  readonly requests: readonly SeenRequest[];
}

/**
 * Starts a server that responds with `handler`. It is stopped when its `await using` ends, and fails the test if it has received
 * a credential of another server.
 */
export function startServer(
  handler: (request: Request) => Response | Promise<Response>,
  { tls }: { tls?: Certificate } = {},
): TestServer {
  const requests: SeenRequest[] = [];
  const watch = new CredentialWatch("first");
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {}, ...tls }, (request) => {
    const seen = { method: request.method, url: request.url, headers: new Headers(request.headers) };
    requests.push(seen);
    return watch.allows(seen) ? handler(request) : new Response(null, { status: 400 });
  });
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${server.addr.port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      await server.shutdown();
      watch.close();
    },
  };
}

/** Returns an address of this machine that nothing listens on. */
export function deadUrl(): string {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  return `http://127.0.0.1:${port}`;
}
