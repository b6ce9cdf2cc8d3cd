import { ProtocolError, ResponseError } from "../errors.ts";
import { Call, checkedTarget, type Reply } from "../http/call.ts";
import { isGatewayBody } from "../http/failures.ts";
import type { Transport } from "../http/transport.ts";
import { downloadRoute, uploadRoute } from "../protocol/routes.ts";
import { decodeReply, unexpectedReply } from "./read_json.ts";
import { basename } from "@std/path";

/** Enough for a presigned URL, and for a refusal. */
const MAX_BODY = { limit: 64 * 1024, beyond: "cut" } as const;

/** The error of a response of `/download` that is not a redirect. */
async function noRedirect(reply: Reply): Promise<Error> {
  const { call: { action }, status, url } = reply;
  const text = await reply.text(MAX_BODY);
  // The gateway's 404 means that there is no such route; that of the SDC's own code has another form.
  if (status === 404 && !isGatewayBody(text)) {
    const advice = "has no such file; query shows the names that it has";
    return new ResponseError(`the archive at ${url.host} ${advice}`, { action, status });
  }
  if (!reply.ok) return await reply.refusal(text);
  return unexpectedReply(reply, text, `it is ${status} instead of a redirect to the file`);
}

/**
 * Requests the presigned URL of an object once (SDC protocol, `GET /download/{file_path}`). The URL is a secret. A redirect
 * to another URL of the API without a query, as a proxy may send it, is followed; any other leads to the presigned URL.
 *
 * @param archivePath The full path in the archive.
 * @throws {ResponseError} 404 when the archive has no such file; 403 when it is not released and the caller has no key.
 */
export function downloadUrl(transport: Transport, archivePath: string, signal?: AbortSignal): Promise<URL> {
  const call = new Call(transport, { action: `download "${basename(archivePath)}"`, signal });
  return call.followRedirects<URL>(call.apiUrl(downloadRoute(archivePath)), async (url) => {
    if (url.origin !== transport.api.origin || url.search !== "") return { done: url };
    const reply = await call.getApiOnce(url);
    if (!reply.isRedirect) throw await noRedirect(reply);
    return { next: await reply.redirectTarget() };
  });
}

function decodeUrl(json: unknown): string {
  if (typeof json === "string" && URL.canParse(json)) return json;
  throw new ProtocolError("it is not a URL in a JSON string");
}

/**
 * Requests a presigned URL to PUT a file to once (SDC protocol, `GET /upload/{file_name}`). The URL is a secret.
 *
 * @param fileName The bare file name.
 * @throws {ResponseError} 409 when the archive has a file of that name; 400 when it refuses the name.
 */
export async function uploadUrl(transport: Transport, fileName: string, signal?: AbortSignal): Promise<URL> {
  const call = new Call(transport, { action: `upload "${fileName}"`, signal });
  const url = call.apiUrl(uploadRoute(fileName));
  const reply = await call.getApi(url);
  if (reply.status === 409) {
    await reply.discard();
    throw new ResponseError(
      `the archive at ${url.host} has a file of that name; give the new file a higher version`,
      { action: call.action, status: 409 },
    );
  }
  if (!reply.ok) throw await reply.refusal();
  return checkedTarget(call.action, decodeReply(reply, await reply.text(MAX_BODY), decodeUrl), url);
}
