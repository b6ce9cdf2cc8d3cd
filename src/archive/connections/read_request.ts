import type { IncomingMessage } from "node:http";
import { MOST_TARGET_BYTES } from "./limits.ts";
import type { Patience } from "../../http/patience.ts";

/** The bytes of a body as the caller sends them. One that breaks off is an error. */
function bodyOf(incoming: IncomingMessage, patience: Patience): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks = incoming.iterator({ destroyOnReturn: false });
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await patience.during(chunks.next(), () => void incoming.socket.destroy());
      if (done) return controller.close();
      const chunk: Uint8Array<ArrayBuffer> = value;
      patience.moved(chunk.length);
      controller.enqueue(chunk);
    },
    async cancel() {
      await chunks.return?.();
    },
  }, { highWaterMark: 0 });
}

/** A name or address and a port, and nothing that would begin another part of an address. */
const HOST = /^[^/?#@\\\s]+$/;

function unreadable(): Response {
  return new Response("The request cannot be read", { status: 400 });
}

/**
 * What came on a connection, as the handlers read it.
 *
 * @returns The answer instead, when it is no request that a handler could read.
 */
export function readRequest(incoming: IncomingMessage, patience: Patience): Request | Response {
  const { method = "", url: target = "", headersDistinct } = incoming;
  const [host = "localhost", ...otherHosts] = headersDistinct.host ?? [];
  if (target.length > MOST_TARGET_BYTES) return new Response("The address is too long", { status: 414 });
  if (!HOST.test(host) || otherHosts.length > 0) return unreadable();
  try {
    const headers = new Headers();
    for (const [name, values = []] of Object.entries(headersDistinct)) {
      for (const value of values) headers.append(name, value);
    }
    const url = new URL(target.startsWith("/") ? `http://${host}${target}` : target);
    const hasBody = method === "PUT" || method === "POST";
    return new Request(url, { method, headers, ...(hasBody ? { body: bodyOf(incoming, patience) } : {}) });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return unreadable();
  }
}
