import { ResponseError } from "../errors.ts";
import { excerpt } from "../printable.ts";
import { STATUS_TEXT } from "@std/http";
import type { ApiAccess } from "./api_access.ts";
import { LONGEST_RETRY_AFTER_MS, parseRetryAfter } from "./retry_after.ts";

/** Overload, time-outs and the server's own faults may pass; what the caller did wrong does not. */
function mayPass(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

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

/** The query of a URL, however its slashes are written. */
const URL_QUERY = /(https?:[^\s"'<>?]+)\?[^\s"'<>]*/gi;
/** A parameter of a signed URL, wherever it stands (S3: signature versions 4 and 2). */
const SIGNED_PARAMETER = /\b(X-Amz-[\w-]+|Signature|AWSAccessKeyId)(=|%3D)[^\s"'<>&]*/gi;

/** A server's text for a message: on one line, short, and without credentials or what makes a URL valid. */
export function safeWords(text: string, api: ApiAccess): string {
  const open = api.secrets.reduce((text, secret) => text.replaceAll(secret, "[secret]"), text);
  return excerpt(open.replace(URL_QUERY, "$1?…").replace(SIGNED_PARAMETER, "$1=…"));
}

function hint(status: number, api: ApiAccess, isApi: boolean): string {
  if (!isApi || (status !== 401 && status !== 403)) return "";
  return api.secrets.length > 0
    ? "; check the API key or access token"
    : "; it may ask for an API key (IMAP_API_KEY) or an access token (IMAP_ACCESS_TOKEN)";
}

/** A refusal, and where it comes from. */
export interface Refusal {
  /** What failed, as messages begin behind `Cannot `. */
  readonly action: string;
  /** Where the request went. */
  readonly url: URL;
  readonly response: Response;
  /** The start of its body. */
  readonly body: string;
  readonly api: ApiAccess;
}

/** The error of an answer whose status says no. */
export function statusError({ action, url, response, body, api }: Refusal): ResponseError {
  const { status } = response;
  const said = safeWords(words(body), api);
  const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"));
  const later = (retryAfterMs ?? 0) > LONGEST_RETRY_AFTER_MS
    ? `; it asks to come back in ${Math.ceil((retryAfterMs ?? 0) / 60_000)} minutes`
    : "";
  const name = `${status} ${STATUS_TEXT[status] ?? ""}`.trim();
  return new ResponseError(
    `Cannot ${action}: ${url.host} answered ${name}${said === "" ? "" : ` (${said})`}` +
      hint(status, api, url.origin === api.origin) + later,
    {
      status,
      retryable: mayPass(status),
      retryAfterMs,
    },
  );
}
