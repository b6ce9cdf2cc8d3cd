import { ProtocolError, ResponseError } from "../errors.ts";
import { bodyPieces } from "../http/body_pieces.ts";
import { exchange } from "../http/exchange.ts";
import { isRedirect } from "../http/redirect.ts";
import { refusalOf } from "../http/refusal_of.ts";
import { type PacketRoute, packetRoute, PROJECTIONS } from "../protocol/webpoda.ts";
import type { TimeSpan } from "./time_span.ts";
import type { Webpoda } from "./webpoda.ts";

/** Which packets, or whose times. */
export interface PacketRequest extends PacketRoute {
  /** The clock that the span is of: `time` on board, `ert` when Earth received them. */
  readonly clock: "time" | "ert";
  readonly span: TimeSpan;
  readonly signal: AbortSignal | undefined;
}

/** How messages begin, behind `Cannot `. */
export function packetAction({ apid, form }: PacketRoute): string {
  return `fetch ${form === "bin" ? "packets" : "packet times"} of APID "${apid}"`;
}

/** The address: its query is a DAP2 expression (SDC protocol, "webpoda"). */
function packetUrl({ transport }: Webpoda, { apid, form, clock, span }: PacketRequest): URL {
  const url = new URL(`${transport.api.base}${packetRoute({ apid, form })}`);
  url.search = `${clock}>=${span.from}&${clock}<${span.to}&${PROJECTIONS[form]}`;
  return url;
}

/** An answer that has packets in it, or their times. A redirect is none: where it leads, the token must not go. */
async function open(webpoda: Webpoda, request: PacketRequest): Promise<Response> {
  const { transport, authorization } = webpoda;
  const { signal } = request;
  const [action, url] = [packetAction(request), packetUrl(webpoda, request)];
  const headers = { authorization, accept: "*/*" };
  const response = await exchange(transport, { action, method: "GET", url, headers, showQuery: true, signal });
  const { status } = response;
  if (status === 401 || status === 403) {
    await response.body?.cancel();
    const advice = "check the webpoda token (IMAP_WEBPODA_TOKEN), the base64 of user:password";
    throw new ResponseError(`Cannot ${action}: ${url.host} answered ${status} to it; ${advice}`, { status });
  }
  if (isRedirect(response) || response.headers.get("content-type")?.startsWith("text/html")) {
    await response.body?.cancel();
    const what = isRedirect(response) ? "a redirect" : "a page";
    throw new ProtocolError(`Cannot ${action}: ${url.host} answered with ${what} instead; is it webpoda's address?`);
  }
  if (!response.ok) throw await refusalOf(transport, { action, url, signal }, response);
  return response;
}

/**
 * Asks webpoda once, and gives out what comes, piece by piece.
 *
 * @throws {ConnectionError} When it breaks off or stalls. {ResponseError} When the answer is no.
 */
export async function* packetBytes(webpoda: Webpoda, request: PacketRequest): AsyncGenerator<Uint8Array> {
  const { transport: { timeoutMs, api } } = webpoda;
  const { host } = new URL(api.base);
  const action = packetAction(request);
  const { body } = await open(webpoda, request);
  yield* bodyPieces(body, { action, host, timeoutMs, signal: request.signal });
}
