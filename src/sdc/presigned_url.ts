import { ProtocolError, ResponseError } from "../errors.ts";
import { apiUrl, callApi } from "../http/call.ts";
import { readText } from "../http/read_text.ts";
import { checkedTarget, isRedirect } from "../http/redirect.ts";
import { statusError } from "../http/status_error.ts";
import type { Transport } from "../http/transport.ts";
import { downloadRoute, uploadRoute } from "../protocol/routes.ts";
import { decodeAnswer } from "./decode_answer.ts";

/** Enough for a presigned URL and for every refusal. */
const ANSWER_BYTES = 64 * 1024;

/** Reads the body of an answer of the API, cut at a length that no rightful one has. */
function readAnswer(transport: Transport, action: string, response: Response, signal?: AbortSignal): Promise<string> {
  const { timeoutMs, api } = transport;
  const host = new URL(api.base).host;
  return readText(response, { action, host, timeoutMs, limit: ANSWER_BYTES, beyond: "cut", signal });
}

/**
 * Asks once for the presigned URL of an object (SDC protocol, `GET /download/{file_path}`). The URL is a secret.
 *
 * @param archivePath The full path in the archive.
 * @throws {ResponseError} 404 when the archive has no such file.
 */
export async function downloadUrl(transport: Transport, archivePath: string, signal?: AbortSignal): Promise<URL> {
  const action = `download "${archivePath}"`;
  const route = downloadRoute(archivePath);
  const response = await callApi(transport, { action, route, signal });
  const url = apiUrl(transport, route);
  if (isRedirect(response)) {
    await response.body?.cancel();
    return checkedTarget(action, response.headers.get("location"), url);
  }
  const body = await readAnswer(transport, action, response, signal);
  if (response.status === 404) {
    throw new ResponseError(
      `Cannot ${action}: the archive at ${url.host} has no such file; query shows the names that it has`,
      { status: 404 },
    );
  }
  if (!response.ok) throw statusError(action, response, body, transport.api);
  throw new ProtocolError(
    `Cannot ${action}: ${url.host} answered ${response.status} instead of a redirect to the file`,
  );
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
  const response = await callApi(transport, { action, route, signal });
  const url = apiUrl(transport, route);
  const text = await readAnswer(transport, action, response, signal);
  if (response.status === 409) {
    throw new ResponseError(
      `Cannot ${action}: the archive at ${url.host} has a file of that name; give the new file a higher version`,
      { status: 409 },
    );
  }
  if (!response.ok) throw statusError(action, response, text, transport.api);
  const target = decodeAnswer({ action, url: url.href, text, api: transport.api }, decodeUrlText);
  return checkedTarget(action, target, url);
}
