/** Where a caller with an API key goes: behind the base address (SDC protocol). */
export const API_KEY_PREFIX = "/api-key";
/** Where a caller with an access token goes. */
export const ACCESS_TOKEN_PREFIX = "/authorized";

/** `a b/c` -> `a%20b/c`: each folder is encoded, the slashes between them stay. */
function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** The path of a query of science or ancillary files. */
export const QUERY_ROUTE = "/query";

/** The path of a query of SPICE files. */
export const SPICE_QUERY_ROUTE = "/spice-query";

/** The path of the list of spin files. */
export const SPIN_TABLE_ROUTE = "/spin-table";

/** The path of the list of repoint files. */
export const REPOINT_TABLE_ROUTE = "/repoint-table";

/** The path of the list of small-forces files, which `GET /spice-query` calls `thruster`. */
export const SMALL_FORCES_TABLE_ROUTE = "/small-forces-table";

/** The path of a metakernel, which names the SPICE kernels that cover some time. */
export const METAKERNEL_ROUTE = "/metakernel";

/** The path of the list of processing jobs. */
export const PROCESSING_JOBS_ROUTE = "/processing-jobs";

/** The path of a job's log, with anything behind it. */
const PROCESSING_LOGS_ROUTE = "/processing-logs";

/** The path that asks for products to be made again, by POST. */
export const REPROCESS_ROUTE = "/reprocess";

/** The path that asks for files to be released to the public. */
export const RELEASE_ROUTE = "/release";

/** The path that answers with the presigned URL of an object. `archivePath` is the full path in the archive. */
export function downloadRoute(archivePath: string): string {
  return `/download/${encodePath(archivePath)}`;
}

/** The path that answers with a presigned URL to PUT a file to. */
export function uploadRoute(fileName: string): string {
  return `/upload/${encodeURIComponent(fileName)}`;
}

/** What a request to the API asks for; `path` is decoded and has no slash in front. */
export type Route =
  | { readonly to: "query" | "spice-query" | "spin-table" | "repoint-table" | "small-forces-table" }
  | { readonly to: "metakernel" | "processing-jobs" | "processing-logs" | "reprocess" | "release" }
  | { readonly to: "download" | "upload"; readonly path: string };

/** Routes of their own, with nothing behind them. */
const FIXED_ROUTES: ReadonlyMap<string, Route> = new Map([
  [QUERY_ROUTE, { to: "query" }],
  [SPICE_QUERY_ROUTE, { to: "spice-query" }],
  [SPIN_TABLE_ROUTE, { to: "spin-table" }],
  [REPOINT_TABLE_ROUTE, { to: "repoint-table" }],
  [SMALL_FORCES_TABLE_ROUTE, { to: "small-forces-table" }],
  [METAKERNEL_ROUTE, { to: "metakernel" }],
  [PROCESSING_JOBS_ROUTE, { to: "processing-jobs" }],
  [REPROCESS_ROUTE, { to: "reprocess" }],
  [RELEASE_ROUTE, { to: "release" }],
]);

function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined; // A percent sign that encodes nothing.
  }
}

/**
 * Reads a request's path, with or without the prefix of an authorised caller.
 *
 * @returns Undefined when the API has no such route.
 */
export function readRoute(pathname: string): Route | undefined {
  const prefix = [API_KEY_PREFIX, ACCESS_TOKEN_PREFIX].find((prefix) => pathname.startsWith(`${prefix}/`)) ?? "";
  const rest = pathname.slice(prefix.length);
  // The gateway takes anything behind /query.
  const fixed = FIXED_ROUTES.get(rest.startsWith(`${QUERY_ROUTE}/`) ? QUERY_ROUTE : rest.replace(/(?<=.)\/$/, ""));
  if (fixed !== undefined) return fixed;
  if (rest.startsWith(`${PROCESSING_LOGS_ROUTE}/`)) return { to: "processing-logs" };
  const match = /^\/(download|upload)(?:\/(.*))?$/s.exec(rest);
  const path = decodePath(match?.[2] ?? "");
  if (match === null || path === undefined) return undefined;
  return { to: match[1] === "download" ? "download" : "upload", path };
}
