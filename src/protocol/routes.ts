/** Where a caller with an API key goes: behind the base address (SDC protocol). */
export const API_KEY_PREFIX = "/api-key";
/** Where a caller with an access token goes. */
export const ACCESS_TOKEN_PREFIX = "/authorized";

/** `a b/c` -> `a%20b/c`: each folder is encoded, the slashes between them stay. */
function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** The path of a query. */
export const QUERY_ROUTE = "/query";

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
  | { readonly to: "query" }
  | { readonly to: "download"; readonly path: string }
  | { readonly to: "upload"; readonly path: string };

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
  const match = /^\/(query|download|upload)(?:\/(.*))?$/s.exec(pathname.slice(prefix.length));
  const path = decodePath(match?.[2] ?? "");
  if (match === null || path === undefined) return undefined;
  if (match[1] === "query") return path === "" ? { to: "query" } : undefined;
  return { to: match[1] === "download" ? "download" : "upload", path };
}
