import { type Catalog, formatTimestamp } from "./catalog.ts";
import type { Handler } from "./http_server.ts";
import type { Journal, Order } from "./journal.ts";
import type { ObjectStore } from "./object_store.ts";
import type { UrlSigner } from "./objects.ts";
import { answerPage, isPageRequest, mayRead, PageCache } from "./page.ts";
import {
  ANCILLARY_TABLE,
  type ArchiveTable,
  conditionsOf,
  REPOINT_TABLE,
  SCIENCE_TABLE,
  SPICE_TABLE,
  tableStatement,
} from "./tables.ts";
import { answerPackets } from "./webpoda.ts";
import { isCalendarDate } from "../names/calendar_date.ts";
import { archivePath, parseFileName } from "../names/file_name.ts";
import { FileNameError } from "../names/file_name_error.ts";
import { isDataLevel, isInstrument } from "../names/vocabulary.ts";
import { ACCESS_TOKEN_PREFIX, readRoute, type Route } from "../protocol/routes.ts";
import {
  ANCILLARY_PARAMETERS,
  RELEASE_PARAMETERS,
  RELEASE_TYPES,
  REPOINT_TABLE_PARAMETERS,
  REPROCESS_PARAMETERS,
  SCIENCE_PARAMETERS,
  SPICE_PARAMETERS,
} from "../protocol/tables.ts";
import { readPacketRoute } from "../protocol/webpoda.ts";
import { createHash, timingSafeEqual } from "node:crypto";

/** Answers in the words of the gateway that stands before the SDC's API (SDC protocol, "Gateway"). */

/** An answer as JSON. */
function jsonResponse(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json" } });
}

/** There is no such route, or not with this method. */
function noSuchRoute(): Response {
  return jsonResponse({ message: "Missing Authentication Token" }, 403);
}

/** The caller has no key, or a wrong one. */
function forbidden(): Response {
  return jsonResponse({ message: "Forbidden" }, 403);
}

/** The code behind the gateway crashed, or its answer is too large. */
function badGateway(): Response {
  return jsonResponse({ message: "Internal server error" }, 502);
}

/** The code behind the gateway refuses: a JSON string says why. */
function badRequest(problem: string): Response {
  return jsonResponse(problem, 400);
}

/** Takes note of what was asked for. */
type TakeNote = (parameters: Readonly<Record<string, string>>) => void;

/** Why the parameters cannot be: one that there is not, or one that must be there and is not. */
function problemOf(
  given: ReadonlyMap<string, string>,
  known: readonly string[],
  required: readonly string[],
): string | undefined {
  for (const name of given.keys()) {
    if (!known.includes(name)) return `${name} is not a parameter; valid ones are ${known.join(", ")}`;
  }
  const missing = required.find((name) => !given.get(name));
  return missing === undefined ? undefined : `${missing} is required`;
}

function reprocessProblem(given: ReadonlyMap<string, string>): string | undefined {
  const problem = problemOf(given, REPROCESS_PARAMETERS, ["start_date", "end_date"]);
  if (problem !== undefined) return problem;
  const [start, end] = [given.get("start_date") ?? "", given.get("end_date") ?? ""];
  const [instrument, level] = [given.get("instrument"), given.get("data_level")];
  if (!isCalendarDate(start)) return `Invalid value for start_date: ${start}`;
  if (!isCalendarDate(end)) return `Invalid value for end_date: ${end}`;
  if (start > end) return "start_date is after end_date";
  if (given.has("data_level") && !given.has("descriptor")) return "data_level needs instrument and descriptor";
  if (given.has("descriptor") && instrument === undefined) return "descriptor needs instrument";
  if (instrument !== undefined && !isInstrument(instrument)) return `Invalid value for instrument: ${instrument}`;
  if (level !== undefined && !isDataLevel(level)) return `Invalid value for data_level: ${level}`;
  if ((given.get("reprocessing") ?? "True") !== "True") return "reprocessing can be True alone";
  return undefined;
}

/** Answers `POST /reprocess` (SDC protocol): takes note of it, or says in a JSON string what is wrong. */
function answerReprocess(search: URLSearchParams, takeNote: TakeNote): Response {
  const given = new Map(search);
  const problem = reprocessProblem(given);
  if (problem !== undefined) return badRequest(problem);
  takeNote(Object.fromEntries(given));
  return jsonResponse({ message: "Reprocessing was requested", parameters: Object.fromEntries(given) });
}

/** The manifest's path; undefined when the name is none of a manifest. */
function manifestPath(name: string): string | undefined {
  try {
    return parseFileName(name).kind === "release" ? archivePath(name) : undefined;
  } catch (error) {
    if (error instanceof FileNameError) return undefined;
    throw error;
  }
}

/**
 * Answers `GET /release` (SDC protocol): takes note of it, or says in a JSON string what is wrong; 404 while the
 * archive does not have the manifest.
 */
function answerRelease(catalog: Catalog, search: URLSearchParams, takeNote: TakeNote): Response {
  const given = new Map(search);
  const problem = problemOf(given, RELEASE_PARAMETERS, RELEASE_PARAMETERS);
  if (problem !== undefined) return badRequest(problem);
  const [type = "", manifest = ""] = RELEASE_PARAMETERS.map((name) => given.get(name));
  const types: readonly string[] = RELEASE_TYPES;
  if (!types.includes(type)) return badRequest(`${type} is not a release_type; valid ones are ${types.join(", ")}`);
  if (type !== "release") return badRequest(`release_type ${type} is not supported yet`);
  const path = manifestPath(manifest);
  if (path === undefined) return badRequest(`${manifest} is not the name of a release manifest`);
  if (!catalog.has(path)) return jsonResponse(`${manifest} was not found; upload it first`, 404);
  takeNote(Object.fromEntries(given));
  return jsonResponse({ message: "The release was requested", manifest_file: manifest });
}

/** A table, and how the SDC's code behind its route takes what is wrong. */
interface Asked {
  readonly table: ArchiveTable;
  /** What it is called in messages. */
  readonly name: string;
  readonly parameters: readonly string[];
  /** The code behind `GET /query` crashes on a date that no calendar has; the newer one says so. */
  readonly crashes: boolean;
}

const SCIENCE: Asked = { table: SCIENCE_TABLE, name: "science", parameters: SCIENCE_PARAMETERS, crashes: true };
const ANCILLARY: Asked = {
  table: ANCILLARY_TABLE,
  name: "ancillary",
  parameters: ANCILLARY_PARAMETERS,
  crashes: true,
};
const SPICE: Asked = { table: SPICE_TABLE, name: "spice", parameters: SPICE_PARAMETERS, crashes: false };
const REPOINT: Asked = {
  table: REPOINT_TABLE,
  name: "repoint-table",
  parameters: REPOINT_TABLE_PARAMETERS,
  crashes: false,
};

/** What a request for rows is answered from. */
interface TableRequest {
  /** What the archive has. */
  readonly catalog: Catalog;
  /** The query of the address; of a parameter that is given twice the last one counts. */
  readonly search: URLSearchParams;
  /** How long the answer may be, in bytes, or null. */
  readonly byteLimit: number | null;
}

function tableResponse(asked: Asked, { catalog, search, byteLimit }: TableRequest): Response {
  if (search.size === 0) return badGateway();
  const { table, name, parameters, crashes } = asked;
  const given = new Map(search);
  for (const parameter of given.keys()) {
    if (parameters.includes(parameter)) continue;
    return badRequest(`${parameter} is not a parameter of the table ${name}; valid ones are ${parameters.join(", ")}`);
  }
  const conditions = conditionsOf(table, given);
  if ("bad" in conditions) {
    return crashes ? badGateway() : badRequest(`Invalid value for ${conditions.bad}: ${given.get(conditions.bad)}`);
  }
  const latest = given.get("latest")?.toLowerCase() === "true";
  const rows = catalog.query(tableStatement(table, conditions, latest), byteLimit);
  return rows?.toResponse({ "content-type": "application/json" }) ?? badGateway();
}

/**
 * Answers `GET /query` (SDC protocol): 200 with rows, 400 with a JSON string, or the gateway's 502 where the SDC's own
 * code crashes, which is without any parameter, with a date that no calendar has and with an answer over the limit.
 */
export function answerQuery(request: TableRequest): Response {
  const name = request.search.getAll("table").at(-1) ?? "science";
  if (name === "science") return tableResponse(SCIENCE, request);
  if (name === "ancillary") return tableResponse(ANCILLARY, request);
  const place = name === "spice" ? "; SPICE files are found by /spice-query" : "";
  return badRequest(`${name} is not a table of /query; valid ones are science, ancillary${place}`);
}

/** Answers `GET /spice-query` (SDC protocol). */
function answerSpiceQuery(request: TableRequest): Response {
  return tableResponse(SPICE, request);
}

/** Answers `GET /repoint-table` (Python client 1.3.0). */
function answerRepointTable(request: TableRequest): Response {
  return tableResponse(REPOINT, request);
}

/** Makes the address under which a file may be read or written. */
type Presign = (path: string) => string;

function plain(text: string, status: number, contentType = "text/plain"): Response {
  return new Response(text, { status, headers: { "content-type": contentType } });
}

/** Answers `GET /download/{path}` (SDC protocol): a redirect to the object. The path is the whole one, never a name. */
function answerDownload(catalog: Catalog, path: string, presign: Presign): Response {
  if (path === "") return plain("No file path was given: GET /download/<the file's full path in the archive>", 400);
  if (!catalog.has(path)) {
    return plain(
      "File not found, make sure you include the full path of the file in the archive, " +
        "as in /download/imap/<instrument>/<level>/<yyyy>/<mm>/<name>",
      404,
    );
  }
  const location = presign(path);
  return new Response(JSON.stringify({ download_url: location }), {
    status: 302,
    headers: { location, "content-type": "text/html" },
  });
}

/**
 * Answers `GET /upload/{name}` (SDC protocol): the address to PUT the file to. Folders before the name do not count.
 * Having the address reserves nothing. A wrong name gets plain text that is labelled JSON, as the SDC does it.
 */
async function answerUpload(store: ObjectStore, path: string, presign: Presign): Promise<Response> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  try {
    const place = archivePath(name);
    return await store.has(place) ? jsonResponse(`${place} already exists.`, 409) : jsonResponse(presign(place));
  } catch (error) {
    if (!(error instanceof FileNameError)) throw error;
    return plain(error.message, 400, "application/json");
  }
}

/** `Bearer abc` -> `abc` (RFC 6750); the scheme's case does not count. */
const BEARER = /^bearer +(\S+)$/i;

/** `Basic dXNlcjpwYXNzd29yZA==` -> the token (RFC 7617). */
const BASIC = /^basic +([A-Za-z0-9+/]+=*)$/i;

/** The password that a browser sends, or a client of webpoda; undefined when there is none. */
export function basicPassword(headers: Headers): string | undefined {
  try {
    const text = atob(BASIC.exec(headers.get("authorization") ?? "")?.[1] ?? "");
    return text.includes(":") ? text.slice(text.indexOf(":") + 1) : undefined;
  } catch {
    return undefined; // No base64.
  }
}

/** Whether two secrets are equal, found out in a time that tells nothing about where they differ: both are hashed to the same length. */
export function sameSecret(a: string, b: string): boolean {
  const [hashA, hashB] = [a, b].map((secret) => createHash("sha256").update(secret).digest());
  return hashA !== undefined && hashB !== undefined && timingSafeEqual(hashA, hashB);
}

/** Whether a request carries the key: as `x-api-key`, or below `/authorized` as an access token. */
export function isAuthorised(pathname: string, headers: Headers, apiKey: string): boolean {
  const given = headers.get("x-api-key");
  if (given !== null) return sameSecret(given, apiKey);
  const token = BEARER.exec(headers.get("authorization") ?? "")?.[1];
  return token !== undefined && pathname.startsWith(`${ACCESS_TOKEN_PREFIX}/`) && sameSecret(token, apiKey);
}

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
  readonly catalog: Catalog;
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
  const { catalog, store, signer, objectsOrigin, answerLimit = DEFAULT_ANSWER_LIMIT } = options;
  const { download = 86_400, upload = 3_600 } = options.urlLifetimeSeconds ?? {};
  const presigner = (method: "GET" | "PUT", lifetimeSeconds: number) => (path: string) =>
    signer.sign({ method, path, lifetimeSeconds, origin: objectsOrigin(url) });
  const rows = { catalog, search: url.searchParams, byteLimit: answerLimit };
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
      return answerRelease(catalog, url.searchParams, takeNoteOf("release"));
    case "download":
      return answerDownload(catalog, route.path, presigner("GET", download));
    case "upload":
      return await answerUpload(store, route.path, presigner("PUT", upload));
  }
}

async function answer(request: Request, options: ArchiveHandlerOptions, cache: PageCache): Promise<Response> {
  const { apiKey, catalog, store } = options;
  const { method, headers } = request;
  const url = URL.parse(request.url);
  if (url === null) return noSuchRoute();
  if (isPageRequest(method, url, headers)) return await answerPage({ url, headers, catalog, cache, apiKey });
  const packets = method === "GET" ? readPacketRoute(url.pathname) : undefined;
  if (packets !== undefined) {
    return answerPackets({ route: packets, search: url.search, headers, apiKey, catalog, store });
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
