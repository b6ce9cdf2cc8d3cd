import { escapeHtml } from "../display/table.ts";
import { Access, isFromForeignPage, isLocalHost, letPagesRead, type Sight } from "./access.ts";
import type { Catalog } from "./catalog.ts";
import { formatTimestamp } from "./catalog_entry.ts";
import { RESPONSES, type Responses } from "./dialect.ts";
import type { HapiServer } from "./hapi.ts";
import type { Handler } from "./http_server.ts";
import { answerJobLog, answerJobs, answerRelease, type Journal } from "./orders.ts";
import { answerMetakernel, answerSpanTable, answerSpiceQuery } from "./spice_tables.ts";
import { isCanonicalPath, type ObjectStore } from "./object_store.ts";
import { FilePage, isFilePageRequest } from "./file_page.ts";
import { isPageRequest, WebPage } from "./page.ts";
import { answerQuery } from "./tables.ts";
import { answerPackets } from "./webpoda.ts";
import { archivePath, parseFileName } from "../names/file_name.ts";
import { ConnectionError, FileNameError, ImapError } from "../errors.ts";
import { type Dialect, readPacketRoute, readRoute, type Route } from "../protocol/tables.ts";
import { randomUUID } from "node:crypto";

/** The maximum size of a response of a Lambda function, 6 MiB: the SDC cannot send a larger one. */
export const MAX_ANSWER_BYTES = 6 * 1024 * 1024;

/** The lifetimes of presigned URLs, in seconds. */
interface UrlLifetimes {
  /** Default: 86,400. */
  readonly download?: number | undefined;
  /** Default: 3,600. */
  readonly upload?: number | undefined;
}

/** How an archive answers requests. */
export interface AnswerOptions {
  /** The dialect: `now` for the SDC of today, or `2024`. Default: `now`. */
  readonly as?: Dialect | undefined;
  /**
   * The key that every request needs, on every path: as `x-api-key`, or below `/authorized` as an access token.
   * Default: none; everyone has full access.
   */
  readonly apiKey?: string | undefined;
  /**
   * Whether paths without a prefix serve released files to everyone, as at the SDC. Requires a key. Uploads,
   * reprocessing, and releases are then below `/api-key`. Default: false.
   */
  readonly public?: boolean | undefined;
  /** The maximum size of a response to a query, in bytes; null for no limit. Default: 6 MiB, as at the SDC. */
  readonly answerLimit?: number | null | undefined;
  /** Whether HAPI is served below `/hapi`: the data of CDF files, variable by variable. Default: true. */
  readonly hapi?: boolean | undefined;
  /** The lifetimes of presigned URLs. Default: 86,400 s for downloads and 3,600 s for uploads, as at the SDC. */
  readonly urlLifetimeSeconds?: UrlLifetimes | undefined;
  /** Called with each internal error, which callers see only as a 500. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** The dependencies and settings of the API's handler. */
export interface ArchiveHandlerOptions extends AnswerOptions {
  /** The catalog of the archive. */
  readonly catalog: Catalog;
  /** The files. */
  readonly store: ObjectStore;
  /** The journal of reprocessing and release requests. */
  readonly journal: Journal;
  /** The clock. */
  readonly now: () => Date;
  /** Returns the origin of the archive's own objects for a caller who used this URL, such as `http://127.0.0.1:40001`. */
  readonly objectsOrigin: (requested: URL) => string;
  /** Whether requests must address this machine by an IP address or as localhost. Default: false. */
  readonly localHostOnly?: boolean | undefined;
  /** The maximum size of a response of HAPI, in bytes of its binary format. Default: 64 GiB. */
  readonly hapiLimit?: number | undefined;
}

/** Returns the response to a HEAD request: everything but the body. */
async function headOf(response: Response): Promise<Response> {
  const { status, headers } = response;
  headers.set("content-length", String((await response.bytes()).length));
  return new Response(null, { status, headers });
}

/**
 * The SDC's Data Access API over a local archive (SDC protocol): queries, reprocessing and release requests, and the
 * URLs of files, also below `/api-key` and `/authorized`; webpoda; and a web page. It does not open sockets: it maps a
 * `Request` to a `Response`.
 */
class Api {
  readonly #options: ArchiveHandlerOptions;
  readonly #responses: Responses;
  readonly #access: Access;
  readonly #page: WebPage;
  #hapi: HapiServer | undefined;
  readonly #filePage: FilePage;

  constructor(options: ArchiveHandlerOptions) {
    const { as: dialect = "now", apiKey, public: isPublic } = options;
    this.#options = options;
    this.#responses = RESPONSES[dialect];
    this.#access = new Access({ apiKey, isPublic, dialect });
    this.#page = new WebPage(options.catalog, this.#access, options);
    this.#filePage = new FilePage(options, this.#access);
  }

  /** Answers a request. Internal errors become the 500 of the gateway, or a 503 if they are temporary. */
  async handle(request: Request): Promise<Response> {
    try {
      return await this.#answer(request);
    } catch (error) {
      this.#options.onError?.(error);
      // The database or the store of the archive cannot be reached, or is too busy.
      const isPassing = error instanceof ConnectionError || (error instanceof ImapError && error.retryable);
      return isPassing ? unavailable() : this.#responses.crashed();
    }
  }

  async #answer(request: Request): Promise<Response> {
    const { method, headers } = request;
    const url = URL.parse(request.url);
    if (url === null) return this.#responses.noSuchRoute();
    if (this.#options.localHostOnly && !isLocalHost(url.hostname)) return this.#responses.forbidden();
    if (isPageRequest(method, url, headers)) return await this.#page.answer(url, headers);
    if (isFilePageRequest(method, url)) return await this.#filePage.answer(url, headers);
    if (url.pathname === "/" && ["GET", "HEAD"].includes(method)) return this.#responses.home();
    const hapi = this.#options.hapi === false ? undefined : HAPI_PATH.exec(url.pathname)?.[1];
    if (hapi !== undefined) return await this.#answerHapi(request, url, hapi);
    const packets = method === "GET" ? readPacketRoute(url.pathname) : undefined;
    if (packets !== undefined) {
      const { catalog, store } = this.#options;
      return answerPackets({ route: packets, search: url.search, headers, catalog, store, access: this.#access });
    }
    const route = readRoute(url.pathname);
    if (method === "OPTIONS") return this.#preflight(route, request);
    if (route === undefined || !this.#responses.hasRoute(route.to, method)) return this.#responses.noSuchRoute();
    if (CHANGES.has(route.to) && isFromForeignPage(request)) return this.#responses.forbidden();
    const sight = this.#access.check(route.to, url.pathname, headers);
    const response = sight === "all" || sight === "released"
      ? await this.#answerRoute(route, url, sight)
      : this.#responses[sight]();
    if (!CHANGES.has(route.to)) letPagesRead(request, response);
    return method === "HEAD" ? await headOf(response) : response;
  }

  /** Responds to a CORS preflight request: pages of other origins may read, with any header. */
  #preflight(route: Route | undefined, request: Request): Response {
    const { headers } = request;
    const method = headers.get("access-control-request-method") ?? "";
    if (!headers.has("origin") || method === "") return this.#responses.noSuchRoute();
    const mayRead = route !== undefined && !CHANGES.has(route.to) && ["GET", "HEAD"].includes(method);
    if (!mayRead) return this.#responses.forbidden();
    const response = new Response(null, { status: 204 });
    letPagesRead(request, response);
    response.headers.set("access-control-allow-methods", "GET, HEAD");
    const asked = headers.get("access-control-request-headers");
    if (asked !== null) response.headers.set("access-control-allow-headers", asked);
    return response;
  }

  /** Responds to a request below `/hapi`, which is loaded with the first one. The rules for downloads apply. */
  async #answerHapi(request: Request, url: URL, route: string): Promise<Response> {
    const { HapiServer, hapiUnauthorized } = await import("./hapi.ts");
    const sight = request.method === "OPTIONS"
      ? "released"
      : this.#access.check("download", url.pathname, request.headers);
    if (sight !== "all" && sight !== "released") return hapiUnauthorized(sight === "unauthorized" ? 401 : 403);
    const { catalog, store, hapiLimit, onError } = this.#options;
    this.#hapi ??= new HapiServer({ catalog, store, onError, maxBytes: hapiLimit });
    return await this.#hapi.answer({ request, url, route, sight });
  }

  async #answerRoute(route: Route, url: URL, sight: Sight): Promise<Response> {
    const { catalog, store, answerLimit = MAX_ANSWER_BYTES } = this.#options;
    const responses = this.#responses;
    const rows = {
      catalog,
      search: url.searchParams,
      byteLimit: answerLimit,
      responses,
      seesUnreleased: sight === "all",
    };
    switch (route.to) {
      case "query":
        return await answerQuery(rows);
      case "spice-query":
        return await answerSpiceQuery(rows);
      case "spin-table":
        return await answerSpanTable("spin", rows);
      case "repoint-table":
        return await answerSpanTable("repoint", rows);
      case "small-forces-table":
        return await answerSpanTable("thruster", rows);
      case "metakernel":
        return await answerMetakernel({ ...rows, now: this.#options.now });
      case "processing-jobs":
        return answerJobs({ ...rows, orders: await this.#options.journal.orders() });
      case "processing-logs":
        return answerJobLog({ ...rows, orders: await this.#options.journal.orders() });
      case "download":
        return await this.#answerDownload(route.path, url, sight);
      case "upload":
        return await this.#answerUpload(route.path, url);
      case "reprocess":
        return await this.#answerReprocess(url.searchParams);
      case "release":
        return await answerRelease(
          { search: url.searchParams, catalog, store, responses },
          (order) => this.#note("release", order),
        );
    }
  }

  /** Answers `GET /download/{path}` (SDC protocol): a redirect to the object. A file name without its path is not found. */
  async #answerDownload(path: string, url: URL, sight: Sight): Promise<Response> {
    const { catalog, store, objectsOrigin, urlLifetimeSeconds } = this.#options;
    if (path === "") return htmlResponse(NO_FILE_REQUESTED, 400);
    // Each answer follows from one call, so that it is right even if the file changes between two calls.
    const isVisible = sight === "all" ? await this.#isListed(path) : await catalog.isPublic(path);
    if (!isVisible) {
      // A caller without the key cannot make the archive ask its store.
      if (sight === "all" || !await catalog.has(path)) return htmlResponse(FILE_NOT_FOUND, 404);
      return htmlResponse(`The file ${escapeHtml(path)} is not a part of a public release yet.`, 403);
    }
    const lifetimeSeconds = urlLifetimeSeconds?.download ?? 86_400;
    const location = await store.presign({ method: "GET", path, lifetimeSeconds, origin: objectsOrigin(url) });
    const response = htmlResponse(JSON.stringify({ download_url: location }), 302);
    response.headers.set("location", location);
    return response;
  }

  /** Whether the catalog has a file, now or after the store was asked whether it has just been uploaded. */
  async #isListed(path: string): Promise<boolean> {
    const { catalog, store } = this.#options;
    if (await catalog.has(path)) return true;
    return isCanonicalPath(path) && await store.has(path) && await catalog.has(path);
  }

  /**
   * Answers `GET /upload/{name}` (SDC protocol): the URL to PUT the file to. Folders before the name are ignored. The
   * URL does not reserve the path.
   */
  async #answerUpload(path: string, url: URL): Promise<Response> {
    const { store, objectsOrigin, urlLifetimeSeconds } = this.#options;
    const name = path.slice(path.lastIndexOf("/") + 1); // A backslash is not a separator at the SDC.
    if (name === "") return this.#responses.noFileName();
    const place = this.#placeOf(name);
    if (typeof place !== "string") return place;
    if (await store.has(place)) return this.#responses.fileExists(place);
    const isReprocessed = url.searchParams.get("manually_reprocessed")?.toLowerCase() === "true";
    const address = await store.presign({
      method: "PUT",
      path: place,
      lifetimeSeconds: urlLifetimeSeconds?.upload ?? 3_600,
      origin: objectsOrigin(url),
      tagging: this.#responses.signsTagging ? isReprocessed ? "manually_reprocessed=true" : "" : undefined,
    });
    return this.#responses.untypedJson(address);
  }

  /** Returns the path of a file by the SDC's convention, or the response if the dialect does not accept its name. */
  #placeOf(name: string): string | Response {
    try {
      const file = parseFileName(name);
      if (file.kind === "science" && !this.#responses.takesVersion(file.version)) {
        return this.#responses.badFileName(`Invalid version: ${file.version}`);
      }
      return archivePath(name);
    } catch (error) {
      if (!(error instanceof FileNameError)) throw error;
      return this.#responses.badFileName(error.message);
    }
  }

  /**
   * Answers `POST /reprocess` (SDC protocol): the SDC queues the request without any checks; the archive writes it to
   * the journal.
   */
  async #answerReprocess(search: URLSearchParams): Promise<Response> {
    const id = randomUUID();
    await this.#note("reprocess", Object.fromEntries(search), id);
    return this.#responses.untypedJson({ message: "Reprocess job queued", reprocess_id: id });
  }

  async #note(
    order: "reprocess" | "release",
    parameters: Readonly<Record<string, string>>,
    id?: string,
  ): Promise<void> {
    const { journal, now } = this.#options;
    await journal.append({ time: formatTimestamp(now()), order, parameters, ...(id === undefined ? {} : { id }) });
  }
}

/** The path of HAPI, with or without the prefix for callers with credentials. */
const HAPI_PATH = /^(?:\/api-key|\/authorized)?\/hapi((?:\/.*)?)$/s;

/** The routes that change data, or return URLs that allow changes: pages of other origins may not call them. */
const CHANGES: ReadonlySet<Route["to"]> = new Set<Route["to"]>(["upload", "release", "reprocess"]);

const NO_FILE_REQUESTED = "No file requested for download. Please provide a filename in the path. " +
  "Eg. /download/path/to/file/filename.pkts";
const FILE_NOT_FOUND = "File not found, make sure you include the full path to the file in the request, " +
  "e.g. /download/path/to/file/filename.pkts.";

/** Returns a text response of `/download`, which the SDC labels as HTML although it is not. */
function htmlResponse(text: string, status: number): Response {
  return new Response(text, { status, headers: { "content-type": "text/html" } });
}

function unavailable(): Response {
  return new Response("The archive cannot reach its database or its store; try again", {
    status: 503,
    headers: { "content-type": "text/plain", "retry-after": "1" },
  });
}

/** Creates the handler of the API. */
export function createArchiveHandler(options: ArchiveHandlerOptions): Handler {
  const api = new Api(options);
  return (request) => api.handle(request);
}
