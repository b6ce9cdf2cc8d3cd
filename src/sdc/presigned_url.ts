import { ProtocolError, ResponseError } from "../errors.ts";
import {
  apiUrl,
  checkedTarget,
  followRedirects,
  getApi,
  getApiOnce,
  isGatewayBody,
  isRedirect,
  readText,
  redirectTarget,
  refusalOf,
  statusError,
  type UrlCall,
} from "../http/request.ts";
import type { Transport } from "../http/transport.ts";
import { downloadRoute, uploadRoute } from "../protocol/routes.ts";
import { decodeAnswer, notTheSdcs } from "./read_json.ts";
import { basename } from "@std/path";

/** Enough for a presigned URL. */
const ANSWER_BYTES = 64 * 1024;

/** Reads the body of an answer of the API, cut at a length that no rightful one has. */
function readAnswer(transport: Transport, action: string, response: Response, signal?: AbortSignal): Promise<string> {
  const { timeoutMs, api } = transport;
  const host = new URL(api.base).host;
  return readText(response, { action, host, timeoutMs, limit: ANSWER_BYTES, beyond: "cut", signal });
}

/** The error of an answer of `/download` that is no redirect. */
async function noRedirect(transport: Transport, { action, url, signal }: UrlCall, response: Response): Promise<Error> {
  const text = await readAnswer(transport, action, response, signal);
  // The gateway's 404 says that there is no such route; the archive's own has another form.
  if (response.status === 404 && !isGatewayBody(text)) {
    const advice = "has no such file; query shows the names that it has";
    return new ResponseError(`Cannot ${action}: the archive at ${url.host} ${advice}`, { status: 404 });
  }
  if (!response.ok) return statusError({ action, url, response, body: text, api: transport.api });
  const answer = { action, url: url.href, text, api: transport.api };
  return notTheSdcs(answer, `it is ${response.status} instead of a redirect to the file`);
}

/**
 * Asks once for the presigned URL of an object (SDC protocol, `GET /download/{file_path}`). The URL is a secret.
 * A redirect to a place without a query on the API itself, as a proxy may send it, is followed; any other leads to the
 * presigned URL.
 *
 * @param archivePath The full path in the archive.
 * @throws {ResponseError} 404 when the archive has no such file.
 */
export function downloadUrl(transport: Transport, archivePath: string, signal?: AbortSignal): Promise<URL> {
  const action = `download "${basename(archivePath)}"`;
  return followRedirects(action, apiUrl(transport, downloadRoute(archivePath)), async (url) => {
    if (url.origin !== transport.api.origin || url.search !== "") return { done: url };
    const call = { action, url, signal };
    const response = await getApiOnce(transport, call);
    if (!isRedirect(response)) throw await noRedirect(transport, call, response);
    return { next: await redirectTarget(action, response, url) };
  });
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
  if (response.status === 409) {
    await response.body?.cancel();
    throw new ResponseError(
      `Cannot ${action}: the archive at ${url.host} has a file of that name; give the new file a higher version`,
      { status: 409 },
    );
  }
  if (!response.ok) throw await refusalOf(transport, { action, url, signal }, response);
  const text = await readAnswer(transport, action, response, signal);
  const answer = { action, url: url.href, text, api: transport.api };
  return checkedTarget(action, decodeAnswer(answer, decodeUrlText), url);
}
