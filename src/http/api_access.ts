import { InputError } from "../errors.ts";
import { ACCESS_TOKEN_PREFIX, API_KEY_PREFIX } from "../protocol/routes.ts";
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
 * Works out address and header; an API key goes before an access token (SDC protocol).
 *
 * @throws {InputError} When credentials would go over plain HTTP to a host of the open internet.
 */
export function apiAccess(url: string, { apiKey, accessToken }: Credentials): ApiAccess {
  const { origin, protocol, hostname, host } = new URL(url);
  if (protocol === "http:" && !isPrivateHost(hostname) && (apiKey ?? accessToken) !== undefined) {
    throw new InputError(
      `Cannot send the ${apiKey === undefined ? "access token" : "API key"} to http://${host}: everyone on the way ` +
        "could read it; use https, or take the credentials away",
    );
  }
  if (apiKey !== undefined) {
    return { base: withPrefix(url, API_KEY_PREFIX), origin, headers: { "x-api-key": apiKey }, secrets: [apiKey] };
  }
  if (accessToken !== undefined) {
    const headers = { authorization: `Bearer ${accessToken}` };
    return { base: withPrefix(url, ACCESS_TOKEN_PREFIX), origin, headers, secrets: [accessToken] };
  }
  return { base: url, origin, headers: {}, secrets: [] };
}
