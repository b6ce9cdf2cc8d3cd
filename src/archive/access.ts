import { ACCESS_TOKEN_PREFIX, API_KEY_PREFIX, type Route } from "../protocol/routes.ts";
import type { Dialect } from "../protocol/tables.ts";
import { createHash, timingSafeEqual } from "node:crypto";

/** `Bearer abc` -> `abc` (RFC 6750); the case of the scheme does not matter. */
const BEARER = /^bearer +(\S+)$/i;

/** `Basic dXNlcjpwYXNzd29yZA==` -> the token (RFC 7617). */
const BASIC = /^basic +([A-Za-z0-9+/]+=*)$/i;

/** The password of Basic authentication, as browsers and clients of webpoda send it; undefined when there is none. */
export function basicPassword(headers: Headers): string | undefined {
  try {
    const text = atob(BASIC.exec(headers.get("authorization") ?? "")?.[1] ?? "");
    return text.includes(":") ? text.slice(text.indexOf(":") + 1) : undefined;
  } catch {
    return undefined; // Not base64.
  }
}

/** Compares two secrets in a time that does not depend on where they differ: both are hashed to the same length. */
export function sameSecret(a: string, b: string): boolean {
  const [hashA, hashB] = [a, b].map((secret) => createHash("sha256").update(secret).digest());
  return hashA !== undefined && hashB !== undefined && timingSafeEqual(hashA, hashB);
}

/** What a caller may see: every file, or only those that are released. */
export type Sight = "all" | "released";

/** Why a request is refused: the name of the response in `dialect.ts`. */
export type Refusal = "noSuchRoute" | "unauthorized" | "forbidden";

/** The access rules of an archive. */
export interface AccessOptions {
  /** The key that callers need. Default: none, and everyone may do everything. */
  readonly apiKey?: string | undefined;
  /** Whether released files are served without the key, on paths without a prefix. Needs a key. */
  readonly isPublic?: boolean | undefined;
  /** The dialect: in 2024 the SDC knew neither releases nor prefixes. */
  readonly dialect: Dialect;
}

/** The prefixes under which the SDC has its routes that change something (SDC protocol, "Hosts, prefixes, credentials"). */
const PREFIXES_OF_CHANGES: Readonly<Partial<Record<Route["to"], readonly string[]>>> = {
  upload: [API_KEY_PREFIX],
  release: [API_KEY_PREFIX],
  reprocess: [API_KEY_PREFIX, ACCESS_TOKEN_PREFIX],
};

/** Decides who may do what. An archive is open, or closed by a key, or closed except for released files. */
export class Access {
  readonly #options: AccessOptions;

  /** Applies the rules. */
  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** Decides about a request to a route: which files the caller sees, or why the request is refused. */
  check(to: Route["to"], pathname: string, headers: Headers): Sight | Refusal {
    const { apiKey, isPublic = false } = this.#options;
    if (apiKey === undefined) return "all";
    // The page has links to files, for which browsers send the key as they do for the page.
    if (to === "download" && this.mayRead(headers)) return "all";
    if (isPublic) {
      if (!this.#hasRoute(to, pathname)) return "noSuchRoute";
      // Without a prefix the SDC shows only released files, whatever credentials a request has.
      const isBare = prefixOf(pathname) === "" && PREFIXES_OF_CHANGES[to] === undefined;
      if (isBare) return this.#options.dialect === "2024" ? "all" : "released";
    }
    const given = credentials(pathname, headers);
    if (given === undefined) return "unauthorized";
    return sameSecret(given, apiKey) ? "all" : "forbidden";
  }

  /** Whether a reader with a browser sees everything: browsers send the key as the password of any user. */
  mayRead(headers: Headers): boolean {
    const { apiKey } = this.#options;
    const password = basicPassword(headers);
    return apiKey === undefined || (password !== undefined && sameSecret(password, apiKey));
  }

  /** Which files a reader with a browser sees; undefined for none. */
  sightOf(headers: Headers): Sight | undefined {
    if (this.mayRead(headers)) return "all";
    if (!this.#options.isPublic) return undefined;
    return this.#options.dialect === "2024" ? "all" : "released";
  }

  /** Whether a client of webpoda has access: it must send a user and a password, which is the key of a closed archive. */
  mayGetPackets(headers: Headers): boolean {
    return basicPassword(headers) !== undefined && this.mayRead(headers);
  }

  /** Whether a public archive has a route under the prefix of a path. The server of 2024 has no prefixes. */
  #hasRoute(to: Route["to"], pathname: string): boolean {
    if (this.#options.dialect === "2024") return true;
    return PREFIXES_OF_CHANGES[to]?.includes(prefixOf(pathname)) ?? true;
  }
}

/** The prefix of a path: `/api-key`, `/authorized`, or none. */
function prefixOf(pathname: string): string {
  return [API_KEY_PREFIX, ACCESS_TOKEN_PREFIX].find((prefix) => pathname.startsWith(`${prefix}/`)) ?? "";
}

/** The key in a request: `x-api-key`, or below `/authorized` an access token. */
function credentials(pathname: string, headers: Headers): string | undefined {
  const key = headers.get("x-api-key");
  if (key !== null || prefixOf(pathname) !== ACCESS_TOKEN_PREFIX) return key ?? undefined;
  return BEARER.exec(headers.get("authorization") ?? "")?.[1];
}

/**
 * Whether a request was sent by a web page of another origin. Browsers say so with `Origin`, or, for a simple GET such as
 * that of an image, with `Sec-Fetch-Site`. Only the hosts are compared, because a proxy may have terminated TLS.
 */
export function isFromForeignPage(request: Request): boolean {
  const { headers } = request;
  const origin = headers.get("origin");
  if (origin !== null) return URL.parse(origin)?.host !== URL.parse(request.url)?.host;
  return !["none", "same-origin"].includes(headers.get("sec-fetch-site") ?? "none");
}

/** Lets pages of any origin read a response, like the SDC (CORS). Browsers send no stored credentials with it. */
export function letPagesRead(request: Request, response: Response): void {
  if (!request.headers.has("origin")) return;
  response.headers.set("access-control-allow-origin", "*");
  response.headers.set("access-control-expose-headers", "*");
}

/** An IPv4 address, or an IPv6 address in brackets, as URLs have them. */
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[.*\])$/;

/**
 * Whether a host cannot belong to a web site. A site whose name suddenly resolves to 127.0.0.1 (DNS rebinding) has the same
 * origin as the archive for a browser, but the host of its requests is the site's name.
 */
export function isLocalHost(hostname: string): boolean {
  return ADDRESS.test(hostname) || hostname === "localhost" || hostname.endsWith(".localhost");
}
