import { createHash, timingSafeEqual } from "node:crypto";
import { ACCESS_TOKEN_PREFIX } from "../protocol/routes.ts";

/** `Bearer abc` -> `abc` (RFC 6750); the scheme's case does not count. */
const BEARER = /^bearer +(\S+)$/i;

/** `Basic dXNlcjpwYXNzd29yZA==` -> the token (RFC 7617). */
const BASIC = /^basic +([A-Za-z0-9+/]+=*)$/i;

/** The password that a browser sends, or a client of webpoda; undefined when there is none. */
export function basicPassword(headers: Headers): string | undefined {
  try {
    const text = atob(BASIC.exec(headers.get("authorization") ?? "")?.[1] ?? "");
    return text.includes(":") ? text.slice(text.indexOf(":") + 1) : undefined;
  } catch {
    return undefined; // No base64.
  }
}

/** Whether two secrets are equal, found out in a time that tells nothing about where they differ: both are hashed to the same length. */
export function sameSecret(a: string, b: string): boolean {
  const [hashA, hashB] = [a, b].map((secret) => createHash("sha256").update(secret).digest());
  return hashA !== undefined && hashB !== undefined && timingSafeEqual(hashA, hashB);
}

/** Whether a request carries the key: as `x-api-key`, or below `/authorized` as an access token. */
export function isAuthorised(pathname: string, headers: Headers, apiKey: string): boolean {
  const given = headers.get("x-api-key");
  if (given !== null) return sameSecret(given, apiKey);
  const token = BEARER.exec(headers.get("authorization") ?? "")?.[1];
  return token !== undefined && pathname.startsWith(`${ACCESS_TOKEN_PREFIX}/`) && sameSecret(token, apiKey);
}
