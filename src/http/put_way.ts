import type { AgentOptions, RequestOptions } from "node:https";
import { fromEnvironmentIfAllowed } from "../config.ts";

/** The names under which proxies are told; `fetch` follows them by itself (curl's convention). */
const PROXY_NAMES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];

/** Which certificates are trusted besides Node's own; undefined when those are all. */
async function trusted(): Promise<string[] | undefined> {
  const file = fromEnvironmentIfAllowed("DENO_CERT");
  const stores = fromEnvironmentIfAllowed("DENO_TLS_CA_STORE")?.split(",") ?? [];
  if (file === undefined && !stores.includes("system")) return undefined;
  const { getCACertificates, rootCertificates } = await import("node:tls");
  return [
    ...rootCertificates,
    ...stores.includes("system") ? getCACertificates("system") : [],
    ...file === undefined ? [] : [await Deno.readTextFile(file)],
  ];
}

/**
 * How a request of `node:http` goes the way that `fetch` goes by itself: through the proxy of the environment, and to hosts
 * whose certificates Deno was told to trust (`DENO_CERT`, `DENO_TLS_CA_STORE`). What may not be read counts as not set.
 *
 * @returns Options of the request; none where nothing is set.
 */
export async function putWay({ protocol }: URL): Promise<RequestOptions> {
  const set = PROXY_NAMES.flatMap((name) => {
    const value = fromEnvironmentIfAllowed(name);
    return value === undefined ? [] : [[name, value]];
  });
  const ca = protocol === "https:" ? await trusted() : undefined;
  const trust = ca === undefined ? {} : { ca };
  if (set.length === 0) return trust;
  const { Agent } = protocol === "https:" ? await import("node:https") : await import("node:http");
  // Deno's types do not know of it yet (Node.js 24.5).
  const way: AgentOptions & { readonly proxyEnv: Readonly<Record<string, string>> } = {
    ...trust,
    proxyEnv: Object.fromEntries(set),
  };
  return { ...trust, agent: new Agent(way) };
}
