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

/** What a visit ended in: what was looked for, or another address. */
export type Visit<T> = { readonly done: T } | { readonly next: URL };

/** More redirects than this are a loop. */
const MOST_REDIRECTS = 5;

/** Goes from address to address until a visit is done. The only redirect loop of the library. */
export async function followRedirects<T>(
  action: string,
  start: URL,
  visit: (url: URL) => Promise<Visit<T>>,
): Promise<T> {
  let at = start;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const visited = await visit(at);
    if ("done" in visited) return visited.done;
    at = visited.next;
  }
  throw new ProtocolError(`Cannot ${action}: ${at.host} redirects in circles`);
}

/** Where an answer that {@linkcode isRedirect} leads; its body is let go. */
export async function redirectTarget(action: string, response: Response, from: URL): Promise<URL> {
  await response.body?.cancel();
  return checkedTarget(action, response.headers.get("location"), from);
}
