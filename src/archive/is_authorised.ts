import { createHash, timingSafeEqual } from "node:crypto";
import { ACCESS_TOKEN_PREFIX } from "../protocol/routes.ts";

/** `Bearer abc` -> `abc` (RFC 6750); the scheme's case does not count. */
const BEARER = /^bearer +(\S+)$/i;

/** Equal, found out in a time that tells nothing about where they differ: both are hashed to the same length. */
function sameSecret(a: string, b: string): boolean {
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
