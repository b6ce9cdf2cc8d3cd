import { readRoute } from "../protocol/routes.ts";
import { answerQuery } from "./answer_query.ts";
import { answerDownload, answerUpload } from "./answer_urls.ts";
import type { Catalogue } from "./catalogue.ts";
import { badGateway, forbidden, noSuchRoute } from "./gateway.ts";
import type { Handler } from "./handler.ts";
import { isAuthorised } from "./is_authorised.ts";
import type { ObjectStore } from "./object_store.ts";
import type { UrlSigner } from "./url_signer.ts";

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

async function answer(request: Request, options: ArchiveHandlerOptions): Promise<Response> {
  const { catalogue, store, signer, objectsOrigin, apiKey, answerLimit = DEFAULT_ANSWER_LIMIT } = options;
  const { download = 86_400, upload = 3_600 } = options.urlLifetimeSeconds ?? {};
  const url = URL.parse(request.url);
  const route = url === null || request.method !== "GET" ? undefined : readRoute(url.pathname);
  if (url === null || route === undefined) return noSuchRoute();
  if (apiKey !== undefined && !isAuthorised(url.pathname, request.headers, apiKey)) return forbidden();

  const presigner = (method: "GET" | "PUT", lifetimeSeconds: number) => (path: string) =>
    signer.sign({ method, path, lifetimeSeconds, origin: objectsOrigin(url) });
  if (route.to === "query") return answerQuery(catalogue, url.searchParams, answerLimit);
  if (route.to === "download") return answerDownload(catalogue, route.path, presigner("GET", download));
  return await answerUpload(store, route.path, presigner("PUT", upload));
}

/**
 * The SDC's Data Access API over a local archive (SDC protocol): `/query`, `/download` and `/upload`, also below
 * `/api-key` and `/authorized`. No sockets: a request comes in, a response goes out.
 */
export function createArchiveHandler(options: ArchiveHandlerOptions): Handler {
  return async (request) => {
    try {
      return await answer(request, options);
    } catch (error) {
      options.onError?.(error);
      return badGateway();
    }
  };
}
