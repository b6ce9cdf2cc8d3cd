import { ProtocolError } from "../errors.ts";

/** The statuses that send a caller elsewhere with the same method (RFC 9110, 15.4). */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Whether an answer sends its caller elsewhere. */
export function isRedirect(response: Response): boolean {
  return REDIRECTS.has(response.status);
}

/**
 * Where an answer or a presigned URL sends its caller.
 *
 * @param location The address, absolute or relative to `from`.
 * @throws {ProtocolError} When it leads nowhere that a file could come from, or from https to http.
 */
export function checkedTarget(action: string, location: string | null, from: URL): URL {
  if (location === null || !URL.canParse(location, from)) {
    throw new ProtocolError(`Cannot ${action}: ${from.host} redirects to no usable address`);
  }
  const target = new URL(location, from);
  if (target.protocol !== "https:" && target.protocol !== "http:") {
    throw new ProtocolError(`Cannot ${action}: ${from.host} redirects to a ${target.protocol} address`);
  }
  if (from.protocol === "https:" && target.protocol === "http:") {
    throw new ProtocolError(`Cannot ${action}: ${from.host} redirects from https to unprotected http`);
  }
  if (target.username !== "" || target.password !== "") {
    throw new ProtocolError(`Cannot ${action}: ${from.host} redirects to an address with a password`);
  }
  return target;
}
