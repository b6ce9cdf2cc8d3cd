import type { SeenRequest } from "./server.ts";
import { assertEquals } from "@std/assert";

/** The headers that carry a credential: see src/http/transport.ts. */
const CARRIERS = ["x-api-key", "authorization", "cookie", "proxy-authorization"];

/** Whether a server may see credentials: the API may; of unknown servers, the first that sees one counts as the API. */
export type CredentialRole = "api" | "elsewhere" | "first";

/** Which servers may see a credential, while they run. */
const homes = new Map<string, Set<CredentialWatch>>();

/** `Bearer t0ken` -> `t0ken`. */
function bare(credential: string): string {
  return credential.replace(/^Bearer /, "");
}

/** Watches the requests to one test server, in every test: a credential may only arrive at the API, in its header. */
export class CredentialWatch {
  readonly #role: CredentialRole;
  readonly #leaks: string[] = [];

  /** @param role What the server is to credentials. */
  constructor(role: CredentialRole) {
    this.#role = role;
  }

  /** Looks at a request. @returns Whether it may be answered. */
  allows({ method, url, headers }: SeenRequest): boolean {
    const found = this.#leaksOf(headers, url);
    this.#leaks.push(...found.map((what) => `${method} ${url.split("?")[0]}: ${what}`));
    return found.length === 0;
  }

  /** Ends the watch. @throws {AssertionError} When a credential arrived that should not have been sent. */
  close(): void {
    for (const [secret, servers] of homes) if (servers.delete(this) && servers.size === 0) homes.delete(secret);
    assertEquals(this.#leaks.slice(0, 10), [], "a credential came to a server that must not see it");
  }

  #leaksOf(headers: Headers, url: string): string[] {
    const leaks: string[] = [];
    for (const name of CARRIERS) {
      const credential = headers.get(name);
      if (credential === null) continue;
      const secret = bare(credential);
      if (this.#mayBeHomeOf(secret)) homes.set(secret, (homes.get(secret) ?? new Set()).add(this));
      else leaks.push(name);
    }
    // Other headers and the address are for no credential, wherever they go.
    const rest = [...headers].filter(([name]) => !CARRIERS.includes(name)).map(([name, value]) => `${name}: ${value}`);
    for (const text of [decodeURIComponentOrNot(url), ...rest]) {
      if ([...homes.keys()].some((secret) => secret.length > 2 && text.includes(secret))) {
        leaks.push("an address or header with it");
      }
    }
    return leaks;
  }

  #mayBeHomeOf(secret: string): boolean {
    const servers = homes.get(secret);
    return this.#role === "api" || (this.#role === "first" && (servers === undefined || servers.has(this)));
  }
}

function decodeURIComponentOrNot(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
