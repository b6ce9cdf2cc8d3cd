import { InputError } from "../errors.ts";
import { guardCredentials } from "../http/api_access.ts";
import type { Transport } from "../http/transport.ts";

/** Access to webpoda, packets on demand. */
export interface Webpoda {
  /** Its own: what it must not show is the token, and there is no key of the SDC's in it. */
  readonly transport: Transport;
  /** What shows who asks; for the origin of the transport alone. */
  readonly authorization: string;
}

/** Where webpoda is and who asks. */
export interface WebpodaSettings {
  readonly webpodaUrl: string;
  readonly webpodaToken: string | undefined;
}

/** How to make a token, for messages. */
const HOW_TO = "set IMAP_WEBPODA_TOKEN or use --webpoda-token; printf %s 'user:password' | base64 makes one";

/** The user and password in a token; undefined when it is none. */
function credentialsIn(token: string): string | undefined {
  try {
    const text = atob(token);
    return text.includes(":") ? text : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Makes access to webpoda from settings. Nothing is sent.
 *
 * @param transport The SDC's, whose patience and log are taken over.
 * @throws {InputError} When there is no token, or it is no base64 of `user:password`, or it would go over plain HTTP
 *   to the open internet; the message does not show it.
 */
export function createWebpoda(transport: Transport, { webpodaUrl, webpodaToken }: WebpodaSettings): Webpoda {
  if (webpodaToken === undefined) throw new InputError(`Cannot ask webpoda: there is no token; ${HOW_TO}`);
  const credentials = credentialsIn(webpodaToken);
  if (credentials === undefined) {
    throw new InputError(`Cannot use the webpoda token: expected the base64 of user:password; ${HOW_TO}`);
  }
  const password = credentials.slice(credentials.indexOf(":") + 1);
  const secrets = [webpodaToken, credentials, password].filter((secret) => secret !== "");
  guardCredentials(webpodaUrl, "webpoda token", secrets);
  const { origin } = new URL(webpodaUrl);
  const api = { base: webpodaUrl, origin, headers: {}, secrets };
  return { transport: { ...transport, api }, authorization: `Basic ${webpodaToken}` };
}
