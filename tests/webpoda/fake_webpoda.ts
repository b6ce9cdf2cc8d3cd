import { Webpoda } from "../../src/client/webpoda.ts";
import { testTransport } from "../support/client.ts";
import { startServer, type TestServer } from "../support/server.ts";

/** The base64 of `user:hunter2`. */
export const TOKEN = btoa("user:hunter2");

/** What a request to webpoda asks for. */
export interface Asked {
  readonly apid: number;
  readonly form: string;
  /** The DAP2 expression, decoded. */
  readonly expression: string;
  readonly authorization: string | null;
}

/** A fake webpoda that responds as a test wants, and access to it. */
export interface FakeWebpoda extends AsyncDisposable {
  readonly url: string;
  readonly webpoda: Webpoda;
  readonly asked: Asked[];
  readonly server: TestServer;
}

/** Starts a fake webpoda. */
export function fakeWebpoda(
  answer: (asked: Asked) => Response | Promise<Response>,
  { retries = 0, timeoutMs = 5_000 }: { retries?: number; timeoutMs?: number } = {},
): FakeWebpoda {
  const asked: Asked[] = [];
  const server = startServer((request) => {
    const { pathname, search } = new URL(request.url);
    const [, apid = "", form = ""] = /^\/ops\/imap\/poda\/dap2\/apids\/SID1\/apid_(\d+)\.(bin|txt)$/.exec(pathname) ??
      [];
    const authorization = request.headers.get("authorization");
    const one = { apid: Number(apid), form, expression: decodeURIComponent(search.slice(1)), authorization };
    asked.push(one);
    return answer(one);
  });
  const { transport } = testTransport(server.url, { retries, timeoutMs, apiKey: "s3cret-k3y" });
  const webpoda = new Webpoda(transport, { webpodaUrl: server.url, webpodaToken: TOKEN });
  return { url: server.url, webpoda, asked, server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** A body that is sent in the given chunks and, with `breaks`, ends too early. */
export function bodyOf(
  pieces: readonly string[],
  { breaks = false }: { breaks?: boolean } = {},
): ReadableStream<Uint8Array> {
  const left = [...pieces];
  return new ReadableStream({
    pull(controller) {
      const piece = left.shift();
      if (piece !== undefined) controller.enqueue(new TextEncoder().encode(piece));
      else if (breaks) controller.error(new Error("broken by the test"));
      else controller.close();
    },
  });
}
