import { InputError } from "../errors.ts";
import { ACCESS_TOKEN_PREFIX, API_KEY_PREFIX } from "../protocol/routes.ts";
import { keepSecret } from "../secrets.ts";
import { isPrivateHost } from "./private_host.ts";

/** The credentials of a caller, if any. */
export interface Credentials {
  readonly apiKey: string | undefined;
  readonly accessToken: string | undefined;
}

/** Where the API is for this caller, and what shows who calls. */
export interface ApiAccess {
  /** The base address, with the prefix of authorised callers where credentials are given. */
  readonly base: string;
  /** The one origin that may see the credentials. */
  readonly origin: string;
  /** The header that carries them. */
  readonly headers: Readonly<Record<string, string>>;
  /** What must never be shown. */
  readonly secrets: readonly string[];
}

/** Adds a prefix to an address that does not end with it yet. */
function withPrefix(url: string, prefix: string): string {
  return url.endsWith(prefix) ? url : `${url}${prefix}`;
}

/**
 * Makes sure that credentials are not sent in the clear, and that they are shown nowhere.
 *
 * @param what They are called in the message.
 * @throws {InputError} When they would go over plain HTTP to a host of the open internet.
 */
export function guardCredentials(url: string, what: string, secrets: readonly string[]): void {
  const { protocol, hostname, host } = new URL(url);
  for (const secret of secrets) keepSecret(secret);
  if (protocol !== "http:" || isPrivateHost(hostname)) return;
  throw new InputError(
    `Cannot send the ${what} to http://${host}: everyone on the way could read it; use https, or take the credentials ` +
      "away",
  );
}

/**
 * Works out address and header; an API key goes before an access token (SDC protocol).
 *
 * @throws {InputError} When credentials would go over plain HTTP to a host of the open internet.
 */
export function apiAccess(url: string, { apiKey, accessToken }: Credentials): ApiAccess {
  const { origin } = new URL(url);
  const secret = apiKey ?? accessToken;
  if (secret !== undefined) guardCredentials(url, apiKey === undefined ? "access token" : "API key", [secret]);
  if (apiKey !== undefined) {
    return { base: withPrefix(url, API_KEY_PREFIX), origin, headers: { "x-api-key": apiKey }, secrets: [apiKey] };
  }
  if (accessToken !== undefined) {
    const headers = { authorization: `Bearer ${accessToken}` };
    return { base: withPrefix(url, ACCESS_TOKEN_PREFIX), origin, headers, secrets: [accessToken] };
  }
  return { base: url, origin, headers: {}, secrets: [] };
}
