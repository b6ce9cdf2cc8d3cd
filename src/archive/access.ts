import { ACCESS_TOKEN_PREFIX, API_KEY_PREFIX, type Dialect, type Route } from "../protocol/tables.ts";
import { createHash, timingSafeEqual } from "node:crypto";

/** `Bearer abc` -> `abc` (RFC 6750); the case of the scheme does not matter. */
const BEARER = /^bearer +(\S+)$/i;

/** `Basic dXNlcjpwYXNzd29yZA==` -> the token (RFC 7617). */
const BASIC = /^basic +([A-Za-z0-9+/]+=*)$/i;

/**
 * Returns the password of Basic authentication, as sent by browsers and by clients of webpoda; undefined if there is
 * none.
 */
function basicPassword(headers: Headers): string | undefined {
  try {
    const text = atob(BASIC.exec(headers.get("authorization") ?? "")?.[1] ?? "");
    return text.includes(":") ? text.slice(text.indexOf(":") + 1) : undefined;
  } catch {
    return undefined; // Not base64.
  }
}

/** Compares two secrets in constant time: both are hashed to the same length. */
export function sameSecret(a: string, b: string): boolean {
  const [hashA, hashB] = [a, b].map((secret) => createHash("sha256").update(secret).digest());
  return hashA !== undefined && hashB !== undefined && timingSafeEqual(hashA, hashB);
}

/** What a caller may see: every file, or only those that are released. */
export type Sight = "all" | "released";

/** Why a request is rejected: the name of the response in `dialect.ts`. */
export type Refusal = "noSuchRoute" | "unauthorized" | "forbidden";

/** The access rules of an archive. */
interface AccessOptions {
  /** The key that callers need. Default: none; everyone has full access. */
  readonly apiKey?: string | undefined;
  /** Whether released files are served without the key, on paths without a prefix. Requires a key. */
  readonly isPublic?: boolean | undefined;
  /** The dialect: in 2024 the SDC had neither releases nor prefixes. */
  readonly dialect: Dialect;
}

/** The prefixes below which the SDC has the routes that change data (SDC protocol, "Hosts, prefixes, credentials"). */
const PREFIXES_OF_CHANGES: Readonly<Partial<Record<Route["to"], readonly string[]>>> = {
  upload: [API_KEY_PREFIX],
  release: [API_KEY_PREFIX],
  reprocess: [API_KEY_PREFIX, ACCESS_TOKEN_PREFIX],
};

/**
 * Controls access. An archive is open to everyone, protected by a key, or protected by a key except for released files.
 */
export class Access {
  readonly #options: AccessOptions;

  /** Creates access control with these rules. */
  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** Determines which files the caller of a route sees, or why the request is rejected. */
  check(to: Route["to"], pathname: string, headers: Headers): Sight | Refusal {
    const { apiKey, isPublic = false } = this.#options;
    if (apiKey === undefined) return "all";
    // The page links to files, and browsers send the key for them as they do for the page.
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

  /** Whether a visitor with a browser sees all files: browsers send the key as the password, with any user name. */
  mayRead(headers: Headers): boolean {
    const { apiKey } = this.#options;
    const password = basicPassword(headers);
    return apiKey === undefined || (password !== undefined && sameSecret(password, apiKey));
  }

  /** Returns the files that a visitor with a browser sees; undefined for none. */
  sightOf(headers: Headers): Sight | undefined {
    if (this.mayRead(headers)) return "all";
    if (!this.#options.isPublic) return undefined;
    return this.#options.dialect === "2024" ? "all" : "released";
  }

  /**
   * Whether a client of webpoda has access: it must send a user name and a password, which must be the key if the
   * archive has one.
   */
  mayGetPackets(headers: Headers): boolean {
    return basicPassword(headers) !== undefined && this.mayRead(headers);
  }

  /** Whether a public archive has a route below the prefix of a path. The server of 2024 has no prefixes. */
  #hasRoute(to: Route["to"], pathname: string): boolean {
    if (this.#options.dialect === "2024") return true;
    return PREFIXES_OF_CHANGES[to]?.includes(prefixOf(pathname)) ?? true;
  }
}

/** Returns the prefix of a path: `/api-key`, `/authorized`, or none. */
function prefixOf(pathname: string): string {
  return [API_KEY_PREFIX, ACCESS_TOKEN_PREFIX].find((prefix) => pathname.startsWith(`${prefix}/`)) ?? "";
}

/** Returns the key in a request: `x-api-key`, or below `/authorized` an access token. */
function credentials(pathname: string, headers: Headers): string | undefined {
  const key = headers.get("x-api-key");
  if (key !== null || prefixOf(pathname) !== ACCESS_TOKEN_PREFIX) return key ?? undefined;
  return BEARER.exec(headers.get("authorization") ?? "")?.[1];
}

/**
 * Whether a request was sent by a web page of another origin. Browsers indicate this with `Origin` or, for a simple GET
 * such as that of an image, with `Sec-Fetch-Site`. Only the hosts are compared, because a proxy may have terminated
 * TLS.
 */
export function isFromForeignPage(request: Request): boolean {
  const { headers } = request;
  const origin = headers.get("origin");
  if (origin !== null) return URL.parse(origin)?.host !== URL.parse(request.url)?.host;
  return !["none", "same-origin"].includes(headers.get("sec-fetch-site") ?? "none");
}

/**
 * Allows pages of any origin to read a response, like the SDC (CORS). Browsers do not send stored credentials with such
 * requests.
 */
export function letPagesRead(request: Request, response: Response): void {
  if (!request.headers.has("origin")) return;
  response.headers.set("access-control-allow-origin", "*");
  response.headers.set("access-control-expose-headers", "*");
}

/** Matches an IPv4 address, or an IPv6 address in brackets, as in URLs. */
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[.*\])$/;

/**
 * Whether a host cannot belong to a web site. If the name of a web site is made to resolve to 127.0.0.1 (DNS
 * rebinding), browsers treat the site and the archive as the same origin, but the host of the site's requests is still
 * its name.
 */
export function isLocalHost(hostname: string): boolean {
  return ADDRESS.test(hostname) || hostname === "localhost" || hostname.endsWith(".localhost");
}
