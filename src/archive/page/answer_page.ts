import { basicPassword, sameSecret } from "../is_authorised.ts";
import type { Catalogue } from "../catalogue.ts";
import { contentPolicy } from "./content_policy.ts";
import { frontPage } from "./front_page.ts";
import type { PageCache } from "./page_cache.ts";
import { findPage, readPageFilter } from "./page_filter.ts";

/** A request for the front page, and what it is answered from. */
export interface PageRequest {
  readonly url: URL;
  readonly headers: Headers;
  readonly catalogue: Catalogue;
  readonly cache: PageCache;
  /** The archive's key; without it everyone may look. */
  readonly apiKey: string | undefined;
}

/** What every answer to a browser says: nothing is kept, guessed, framed or told to others. */
const CAREFUL = {
  "cache-control": "private, no-cache",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "vary": "accept, authorization",
};
/** For a picture that is opened by itself: its own style attributes, and no more. */
const PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/** Whether a request comes from a person's browser and asks for the front page or its picture. */
export function isPageRequest(method: string, url: URL, headers: Headers): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  if (url.pathname === "/coverage.svg") return true;
  return url.pathname === "/" && (headers.get("accept") ?? "").includes("text/html");
}

/** Whether a reader may look: a browser asks for the key, as the password of whatever user. */
export function mayRead(headers: Headers, apiKey: string | undefined): boolean {
  const password = basicPassword(headers);
  return apiKey === undefined || (password !== undefined && sameSecret(password, apiKey));
}

/** Answers with the front page, or the picture in it. */
export async function answerPage({ url, headers, catalogue, cache, apiKey }: PageRequest): Promise<Response> {
  if (!mayRead(headers, apiKey)) {
    const ask = { "www-authenticate": `Basic realm="IMAP archive: the key is the password"` };
    return new Response("The archive is closed: its key is the password", {
      status: 401,
      headers: { ...CAREFUL, ...ask },
    });
  }
  if (url.pathname === "/coverage.svg") {
    const headers = { ...CAREFUL, "content-type": "image/svg+xml", "content-security-policy": PICTURE_POLICY };
    return new Response(await cache.coverage(catalogue), { headers });
  }
  const filter = readPageFilter(url.searchParams);
  const html = frontPage({
    origin: url.origin,
    summary: cache.summary(catalogue),
    filter,
    found: findPage(catalogue, filter),
    revision: catalogue.revision,
  });
  const policy = contentPolicy(html);
  return new Response(html, {
    headers: { ...CAREFUL, "content-type": "text/html; charset=utf-8", "content-security-policy": policy },
  });
}
