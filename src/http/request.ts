// The former functions of a call, until src/sdc uses Call itself.
import { Call, Reply } from "./call.ts";
import type { ResponseError } from "../errors.ts";
import type { Transport } from "./transport.ts";

export { BrokenBody, checkedTarget } from "./call.ts";
export { isGatewayBody, safeWords, shownUrl, statusError } from "./failures.ts";
export { isPrivateHost } from "./transport.ts";

/** A request for a URL. */
export interface UrlCall {
  readonly action: string;
  readonly url: URL;
  readonly signal?: AbortSignal | undefined;
}

/** How to read a body. */
export interface BodyReading {
  readonly action: string;
  readonly host: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface ApiCall {
  readonly action: string;
  readonly route: string;
  readonly search?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** See {@linkcode Call.apiUrl}. */
export function apiUrl(transport: Transport, route: string, search: Readonly<Record<string, string>> = {}): URL {
  return new Call(transport, { action: "" }).apiUrl(route, search);
}

/** See {@linkcode Call.getApi}. */
export async function getApi(transport: Transport, { route, search, ...options }: ApiCall): Promise<Response> {
  const call = new Call(transport, options);
  return (await call.getApi(call.apiUrl(route, search))).response;
}

/** See {@linkcode Call.getApiOnce}. */
export async function getApiOnce(transport: Transport, { url, ...options }: UrlCall): Promise<Response> {
  return (await new Call(transport, options).getApiOnce(url)).response;
}

/** See {@linkcode Call.send}. */
export async function exchange(
  transport: Transport,
  { url, action, signal, ...request }: UrlCall & {
    readonly method: "GET" | "POST";
    readonly headers: Readonly<Record<string, string>>;
    readonly showQuery: boolean;
  },
): Promise<Response> {
  return (await new Call(transport, { action, signal }).send({ url, ...request })).response;
}

/** See {@linkcode Reply.refusal}. */
export function refusalOf(
  transport: Transport,
  { url, ...options }: UrlCall,
  response: Response,
): Promise<ResponseError> {
  return new Reply(new Call(transport, options), url, response).refusal();
}

function replyOf(response: Response, { action, host, timeoutMs, signal }: BodyReading): Reply {
  const api = { base: "", origin: "", headers: {}, secrets: [] };
  const transport = { api, timeoutMs, retries: 0, log: () => {}, random: Math.random };
  return new Reply(new Call(transport, { action, signal }), new URL(`http://${host}`), response);
}

/** See {@linkcode Reply.chunks}. */
export function bodyPieces(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  reading: BodyReading,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  return replyOf(new Response(body), reading).chunks();
}

/** See {@linkcode Reply.text}. */
export function readText(
  response: Response,
  reading: BodyReading & { readonly limit: number; readonly beyond: "cut" | "fail" },
): Promise<string> {
  return replyOf(response, reading).text(reading);
}

/** See {@linkcode Call.followRedirects}. */
export function followRedirects<T>(
  action: string,
  start: URL,
  visit: (url: URL) => Promise<{ readonly done: T } | { readonly next: URL }>,
): Promise<T> {
  const api = { base: "", origin: "", headers: {}, secrets: [] };
  const transport = { api, timeoutMs: 0, retries: 0, log: () => {}, random: Math.random };
  return new Call(transport, { action }).followRedirects(start, visit);
}

/** See {@linkcode Reply.isRedirect}. */
export function isRedirect(response: Response): boolean {
  return [301, 302, 303, 307, 308].includes(response.status);
}

/** See {@linkcode Reply.redirectTarget}. */
export function redirectTarget(action: string, response: Response, from: URL): Promise<URL> {
  const { call } = replyOf(response, { action, host: from.host, timeoutMs: 0 });
  return new Reply(call, from, response).redirectTarget();
}

/** See {@linkcode Call.getObject}. */
export async function getObject(
  transport: Transport,
  { url, headers, ...options }: UrlCall & { readonly headers?: Readonly<Record<string, string>> },
): Promise<Response> {
  return (await new Call(transport, options).getObject(url, headers)).response;
}
