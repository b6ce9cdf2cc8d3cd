import { ProtocolError } from "../errors.ts";
import { type Reply, shownUrl } from "../http/call.ts";
import { isWebPage } from "../protocol/routes.ts";
import { parseJson } from "../protocol/rows.ts";
import { safeWords } from "../http/transport.ts";

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
