import { readRoute, type Route } from "../protocol/routes.ts";
import { readPacketRoute } from "../protocol/webpoda.ts";
import { answerRelease, answerReprocess } from "./answer_orders.ts";
import { answerQuery, answerRepointTable, answerSpiceQuery } from "./answer_table.ts";
import { answerDownload, answerUpload } from "./answer_urls.ts";
import type { Catalogue } from "./catalogue.ts";
import { formatTimestamp } from "./catalogue_entry.ts";
import { badGateway, forbidden, noSuchRoute } from "./gateway.ts";
import type { Handler } from "./handler.ts";
import { isAuthorised } from "./is_authorised.ts";
import type { Journal, Order } from "./journal.ts";
import type { ObjectStore } from "./object_store.ts";
import { answerPage, isPageRequest, mayRead } from "./page/answer_page.ts";
import { PageCache } from "./page/page_cache.ts";
import type { UrlSigner } from "./url_signer.ts";
import { answerPackets } from "./webpoda/answer_packets.ts";

/** What a Lambda function may answer with, 6 MiB: a longer answer never leaves the SDC. */
export const DEFAULT_ANSWER_LIMIT = 6 * 1024 * 1024;

/** How long signed addresses are valid, in seconds. */
export interface UrlLifetimes {
  /** Default: 86,400. */
  readonly download?: number | undefined;
  /** Default: 3,600. */
  readonly upload?: number | undefined;
}

/** What the API's handler works with. */
export interface ArchiveHandlerOptions {
  /** What the archive has. */
  readonly catalogue: Catalogue;
  /** The files. */
  readonly store: ObjectStore;
  /** What the archive was asked to do besides. */
  readonly journal: Journal;
  /** The clock. */
  readonly now: () => Date;
  /** The signer that the handler of the objects asks. */
  readonly signer: UrlSigner;
  /** Where the objects are, `http://127.0.0.1:40001`, for who asked under this address. */
  readonly objectsOrigin: (requested: URL) => string;
  /** Without it everyone may ask. */
  readonly apiKey?: string | undefined;
  /** The longest answer of a query, in bytes; null for none. Default: {@linkcode DEFAULT_ANSWER_LIMIT}. */
  readonly answerLimit?: number | null | undefined;
  /** How long signed addresses are valid. */
  readonly urlLifetimeSeconds?: UrlLifetimes | undefined;
  /** Told of what went wrong here, which the caller learns no more of than that it did. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** With what a route is asked; every other method is as good as another route. */
function methodOf(route: Route): string {
  return route.to === "reprocess" ? "POST" : "GET";
}

async function answerRoute(route: Route, url: URL, options: ArchiveHandlerOptions): Promise<Response> {
  const { catalogue, store, signer, objectsOrigin, answerLimit = DEFAULT_ANSWER_LIMIT } = options;
  const { download = 86_400, upload = 3_600 } = options.urlLifetimeSeconds ?? {};
  const presigner = (method: "GET" | "PUT", lifetimeSeconds: number) => (path: string) =>
    signer.sign({ method, path, lifetimeSeconds, origin: objectsOrigin(url) });
  const rows = { catalogue, search: url.searchParams, byteLimit: answerLimit };
  const takeNoteOf = (order: Order["order"]) => (parameters: Order["parameters"]) =>
    options.journal.append({ time: formatTimestamp(options.now()), order, parameters });
  switch (route.to) {
    case "query":
      return answerQuery(rows);
    case "spice-query":
      return answerSpiceQuery(rows);
    case "repoint-table":
      return answerRepointTable(rows);
    case "reprocess":
      return answerReprocess(url.searchParams, takeNoteOf("reprocess"));
    case "release":
      return answerRelease(catalogue, url.searchParams, takeNoteOf("release"));
    case "download":
      return answerDownload(catalogue, route.path, presigner("GET", download));
    case "upload":
      return await answerUpload(store, route.path, presigner("PUT", upload));
  }
}

async function answer(request: Request, options: ArchiveHandlerOptions, cache: PageCache): Promise<Response> {
  const { apiKey, catalogue, store } = options;
  const { method, headers } = request;
  const url = URL.parse(request.url);
  if (url === null) return noSuchRoute();
  if (isPageRequest(method, url, headers)) return await answerPage({ url, headers, catalogue, cache, apiKey });
  const packets = method === "GET" ? readPacketRoute(url.pathname) : undefined;
  if (packets !== undefined) {
    return answerPackets({ route: packets, search: url.search, headers, apiKey, catalogue, store });
  }
  const route = readRoute(url.pathname);
  if (route === undefined || method !== methodOf(route)) return noSuchRoute();
  // Files can be opened from the front page too, by a person who gave the key to the browser.
  const isReader = route.to === "download" && mayRead(headers, apiKey);
  if (apiKey !== undefined && !isReader && !isAuthorised(url.pathname, headers, apiKey)) return forbidden();
  return await answerRoute(route, url, options);
}

/**
 * The SDC's Data Access API over a local archive (SDC protocol): queries, orders, and the addresses of
 * files, also below `/api-key` and `/authorized`; webpoda; and a page for people who open the
 * archive's address. No sockets: a request comes in, a response goes out.
 */
export function createArchiveHandler(options: ArchiveHandlerOptions): Handler {
  const cache = new PageCache();
  return async (request) => {
    try {
      return await answer(request, options, cache);
    } catch (error) {
      options.onError?.(error);
      return badGateway();
    }
  };
}
