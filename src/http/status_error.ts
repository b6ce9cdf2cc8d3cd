import { ResponseError } from "../errors.ts";
import { excerpt } from "../printable.ts";
import { STATUS_TEXT } from "@std/http";
import type { ApiAccess } from "./api_access.ts";
import { parseRetryAfter } from "./retry_after.ts";

/** Overload, time-outs and crashes pass; what the caller did wrong does not. */
const PASSING: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** What a server says in the body of an error: a JSON string, a JSON message, S3's XML, or text. */
function words(body: string): string {
  try {
    const json: unknown = JSON.parse(body);
    if (typeof json === "string") return json;
    if (typeof json === "object" && json !== null && "message" in json) return String(json.message);
  } catch {
    // Not JSON.
  }
  const code = /<Code>([^<]*)<\/Code>/.exec(body)?.[1];
  const message = /<Message>([^<]*)<\/Message>/.exec(body)?.[1];
  return code === undefined ? body : [code, message].filter(Boolean).join(": ");
}

/** A server's text for a message: on one line, short, and without credentials or the queries of URLs. */
export function safeWords(text: string, api: ApiAccess): string {
  const open = api.secrets.reduce((text, secret) => text.replaceAll(secret, "[secret]"), text);
  return excerpt(open.replace(/(https?:\/\/[^\s"'<>?]+)\?[^\s"'<>]*/gi, "$1?…"));
}

function hint(status: number, api: ApiAccess, isApi: boolean): string {
  if (!isApi || (status !== 401 && status !== 403)) return "";
  return api.secrets.length > 0
    ? "; check the API key or access token"
    : "; it may ask for an API key (IMAP_API_KEY) or an access token (IMAP_ACCESS_TOKEN)";
}

/**
 * The error of an answer whose status says no.
 *
 * @param body The start of the answer's body.
 */
export function statusError(action: string, response: Response, body: string, api: ApiAccess): ResponseError {
  const { status } = response;
  const url = URL.canParse(response.url) ? new URL(response.url) : undefined;
  const said = safeWords(words(body), api);
  const name = `${status} ${STATUS_TEXT[status] ?? ""}`.trim();
  return new ResponseError(
    `Cannot ${action}: ${url?.host ?? "the server"} answered ${name}${said === "" ? "" : ` (${said})`}` +
      hint(status, api, url?.origin === api.origin),
    {
      status,
      retryable: PASSING.has(status),
      retryAfterMs: parseRetryAfter(response.headers.get("retry-after")),
    },
  );
}
