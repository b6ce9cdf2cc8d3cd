import { ProtocolError, ResponseError } from "../errors.ts";
import { Call, type CallEnd, checkedTarget, type Reply, shownUrl } from "../http/call.ts";
import { downloadRoute, gatewayMessage, isWebPage, parseJson, uploadRoute } from "../protocol/tables.ts";
import { safeWords, type Transport } from "../http/transport.ts";
import { bareName } from "../names/file_name.ts";

/**
 * Creates the error for a response that does not follow the SDC's protocol.
 *
 * @param text The start of its body.
 * @param why What is wrong with it, as it follows a colon in messages.
 */
export function unexpectedReply({ call, url }: Reply, text: string, why: string): ProtocolError {
  const { api } = call.transport;
  const start = text.trim() === "" ? "It is empty" : `It begins with: ${safeWords(text, api)}`;
  // After a redirect, the query of the URL may be a secret.
  const isApi = url.origin === api.origin;
  const from = isApi ? "" : `, to which ${new URL(api.base).host} redirects,`;
  const page = isWebPage(text)
    ? `. That is a web page: check the URL of the API (${
      api.variable ?? "IMAP_DATA_ACCESS_URL"
    }), and whether this network ` +
      "asks for a login"
    : "";
  return new ProtocolError(
    `the response of ${shownUrl(url, isApi)}${from} is not what the SDC sends: ${why}. ${start}${page}`,
    { action: call.action },
  );
}

/**
 * Decodes the body of a response that must be JSON.
 *
 * @param decode Turns the JSON into a value, or throws a ProtocolError that says what is wrong with it.
 * @throws {ProtocolError} With the URL and the start of the body.
 */
export function decodeReply<T>(reply: Reply, text: string, decode: (json: unknown) => T): T {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch {
    throw unexpectedReply(reply, text, "it is not JSON");
  }
  try {
    return decode(json);
  } catch (error) {
    if (error instanceof ProtocolError) throw unexpectedReply(reply, text, error.message);
    throw error;
  }
}

/** The maximum size of all responses except those with rows. */
const MAX_RESPONSE_BYTES = 8 * 1024 * 1024;

/**
 * Reads a response of the API that must be JSON, whatever its content type says.
 *
 * @param decode Turns the JSON into a value, or throws a ProtocolError that says what is wrong with it.
 * @throws {ResponseError} When the status is an error. {ProtocolError} When the JSON is not what was expected.
 */
export async function readJson<T>(reply: Reply, decode: (json: unknown) => T): Promise<T> {
  if (!reply.ok) throw await reply.refusal();
  return decodeReply(reply, await reply.text({ limit: MAX_RESPONSE_BYTES, beyond: "fail", isStrict: true }), decode);
}

/** The maximum size of a response: enough for a presigned URL, and for an error message. */
const MAX_BODY = { limit: 64 * 1024, beyond: "cut" } as const;

/**
 * Whether a 404 was sent by the SDC's own code; a 404 of the gateway, or of another web server, means that the route
 * does not exist.
 */
export function isNotFound(status: number, body: string): boolean {
  return status === 404 && gatewayMessage(body) === undefined && !isWebPage(body);
}

/**
 * Requests the presigned URL of an object, without retries (SDC protocol, `GET /download/{file_path}`). The URL is a
 * secret. A redirect to another URL of the API without a query, as a proxy may send it, is followed; the target of any
 * other redirect is the presigned URL.
 *
 * @param archivePath The full path in the archive.
 * @returns Undefined if the archive does not have the file.
 * @throws {ResponseError} 403 when the file is not released and the caller has no key.
 */
export function findObject(call: Call, archivePath: string): Promise<URL | undefined> {
  return objectAt(call, call.apiUrl(downloadRoute(archivePath)));
}

/** Requests a presigned URL from any URL that redirects to an object as the API's `/download` does. */
export function objectAt(call: Call, url: URL): Promise<URL | undefined> {
  return call.followRedirects<URL | undefined>(url, async (url) => {
    if (url.origin !== call.transport.api.origin || url.search !== "") return { done: url };
    const reply = await call.getApiOnce(url);
    if (reply.isRedirect) return { next: await reply.redirectTarget() };
    const text = await reply.text(MAX_BODY);
    if (isNotFound(reply.status, text)) return { done: undefined };
    if (!reply.ok) throw await reply.refusal(text);
    throw unexpectedReply(reply, text, `it is ${reply.status} instead of a redirect to the file`);
  });
}

/**
 * Requests the presigned URL for a download: a missing file is an error.
 *
 * @param by What ends the request.
 * @throws {ResponseError} 404 if the archive does not have the file.
 */
export async function downloadUrl(transport: Transport, archivePath: string, by: CallEnd = {}): Promise<URL> {
  const call = new Call(transport, { action: `download "${bareName(archivePath)}"`, signal: by.signal, end: by.end });
  const url = await findObject(call, archivePath);
  if (url !== undefined) return url;
  const { host } = new URL(transport.api.base);
  const advice = "has no such file; query shows the names that it has";
  throw new ResponseError(`the archive at ${host} ${advice}`, { action: call.action, status: 404, isMissing: true });
}

function decodeUrl(json: unknown): string {
  if (typeof json === "string" && URL.canParse(json)) return json;
  throw new ProtocolError("it is not a URL in a JSON string");
}

/**
 * Requests a presigned URL to PUT a file to, without retries (SDC protocol, `GET /upload/{file_name}`). The URL is a
 * secret.
 *
 * @param fileName The bare file name.
 * @throws {ResponseError} 409 when the archive has a file of that name; 400 when it rejects the name.
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
