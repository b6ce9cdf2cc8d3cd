import type { PacketRoute } from "../../protocol/webpoda.ts";
import { basicPassword, sameSecret } from "../is_authorised.ts";
import { findPackets, type PacketPlace } from "./find_packets.ts";
import { readPacketQuery } from "./packet_query.ts";

/** Whether a caller is let in: anyone who brings a user and a password; to a closed archive, with its key as password. */
function isLetIn(headers: Headers, apiKey: string | undefined): boolean {
  const password = basicPassword(headers);
  return password !== undefined && (apiKey === undefined || sameSecret(password, apiKey));
}

function plain(text: string, status: number, headers: Record<string, string> = {}): Response {
  return new Response(text, { status, headers: { "content-type": "text/plain", ...headers } });
}

/** The request and what answers it. */
export interface PacketRequest extends PacketPlace {
  /** What the path asks for. */
  readonly route: PacketRoute;
  /** The query of the address: a DAP2 expression. */
  readonly search: string;
  readonly headers: Headers;
  /** The archive's key; without it any user and password will do. */
  readonly apiKey: string | undefined;
}

/**
 * Answers as webpoda, packets on demand, does: the packets of an APID, or their times, a line each (SDC protocol,
 * "webpoda"). The body is made while it is sent.
 */
export function answerPackets(request: PacketRequest): Response {
  const { route: { apid, form }, search, headers, apiKey } = request;
  if (!isLetIn(headers, apiKey)) return plain("Unauthorized", 401, { "www-authenticate": 'Basic realm="webpoda"' });
  const query = readPacketQuery(search, form);
  if (query === undefined) return plain("The expression cannot be read", 400);
  const packets = findPackets(request, apid, query);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await packets.next();
      if (done) controller.close();
      else {controller.enqueue(
          form === "bin" ? value.bytes : encoder.encode(`${value.time.toISOString().slice(0, 19)}\r\n`),
        );}
    },
    async cancel() {
      await packets.return(undefined);
    },
  });
  return new Response(body, {
    headers: { "content-type": form === "bin" ? "application/octet-stream" : "text/plain" },
  });
}
