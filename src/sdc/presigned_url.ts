import { ProtocolError, ResponseError } from "../errors.ts";
import { type ApiCall, apiUrl, getApi, getApiOnce } from "../http/call.ts";
import { readText } from "../http/read_text.ts";
import { checkedTarget, isRedirect } from "../http/redirect.ts";
import { statusError } from "../http/status_error.ts";
import type { Transport } from "../http/transport.ts";
import { downloadRoute, uploadRoute } from "../protocol/routes.ts";
import { decodeAnswer, notTheSdcs } from "./decode_answer.ts";

/** Enough for a presigned URL and for every refusal. */
const ANSWER_BYTES = 64 * 1024;
/** More redirects than this are a loop. */
const MOST_REDIRECTS = 5;

/** Reads the body of an answer of the API, cut at a length that no rightful one has. */
function readAnswer(transport: Transport, action: string, response: Response, signal?: AbortSignal): Promise<string> {
  const { timeoutMs, api } = transport;
  const host = new URL(api.base).host;
  return readText(response, { action, host, timeoutMs, limit: ANSWER_BYTES, beyond: "cut", signal });
}

/**
 * Goes where a redirect of the API leads on the API itself, which a proxy may do; a target with a query, or on another
 * origin, is the presigned URL.
 */
async function presignedTarget(transport: Transport, call: ApiCall, first: Response, from: URL): Promise<URL> {
  const { action, signal } = call;
  let [answer, at] = [first, from];
  for (let redirects = 0; redirects < MOST_REDIRECTS; redirects++) {
    await answer.body?.cancel();
    at = checkedTarget(action, answer.headers.get("location"), at);
    if (at.origin !== transport.api.origin || at.search !== "") return at;
    answer = await getApiOnce(transport, { action, url: at, signal });
    if (!isRedirect(answer)) throw await refusalOf(transport, call, answer, at);
  }
  throw new ProtocolError(`Cannot ${action}: ${at.host} redirects in circles`);
}

/** The error of an answer of `/download` that is no redirect. */
async function refusalOf(transport: Transport, call: ApiCall, response: Response, url: URL): Promise<Error> {
  const { action, signal } = call;
  const text = await readAnswer(transport, action, response, signal);
  const { api } = transport;
  if (response.status === 404) {
    const advice = "has no such file; query shows the names that it has";
    return new ResponseError(`Cannot ${action}: the archive at ${url.host} ${advice}`, { status: 404 });
  }
  if (!response.ok) return statusError({ action, url, response, body: text, api });
  return notTheSdcs({ action, url: url.href, text, api }, `it is ${response.status} instead of a redirect to the file`);
}

/**
 * Asks once for the presigned URL of an object (SDC protocol, `GET /download/{file_path}`). The URL is a secret.
 *
 * @param archivePath The full path in the archive.
 * @throws {ResponseError} 404 when the archive has no such file.
 */
export async function downloadUrl(transport: Transport, archivePath: string, signal?: AbortSignal): Promise<URL> {
  const call = { action: `download "${archivePath}"`, route: downloadRoute(archivePath), signal };
  const url = apiUrl(transport, call.route);
  const response = await getApiOnce(transport, { action: call.action, url, signal });
  if (isRedirect(response)) return await presignedTarget(transport, call, response, url);
  throw await refusalOf(transport, call, response, url);
}

function decodeUrlText(json: unknown): string {
  if (typeof json === "string" && URL.canParse(json)) return json;
  throw new ProtocolError("it is no URL in a JSON string");
}

/**
 * Asks once for a presigned URL to PUT a file to (SDC protocol, `GET /upload/{file_name}`). The URL is a secret.
 *
 * @param fileName The bare file name.
 * @throws {ResponseError} 409 when the archive has a file of that name; 400 when it refuses the name.
 */
export async function uploadUrl(transport: Transport, fileName: string, signal?: AbortSignal): Promise<URL> {
  const action = `upload "${fileName}"`;
  const route = uploadRoute(fileName);
  const response = await getApi(transport, { action, route, signal });
  const url = apiUrl(transport, route);
  const text = await readAnswer(transport, action, response, signal);
  const { api } = transport;
  if (response.status === 409) {
    throw new ResponseError(
      `Cannot ${action}: the archive at ${url.host} has a file of that name; give the new file a higher version`,
      { status: 409 },
    );
  }
  if (!response.ok) throw statusError({ action, url, response, body: text, api });
  return checkedTarget(action, decodeAnswer({ action, url: url.href, text, api }, decodeUrlText), url);
}
