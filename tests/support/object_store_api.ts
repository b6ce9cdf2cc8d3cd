import type { Answer, StoredObject } from "./object_answer.ts";

/** The pattern of the API's URLs, with or without the prefix for callers with a key. */
export const API_ROUTE = /^(?:\/(?:api-key|authorized))?\/(query|spice-query|download|upload)(?:\/(.*))?$/;

let urls = 0;

/** A response with JSON. */
export function jsonAnswer(value: unknown, status = 200): Answer {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: new TextEncoder().encode(JSON.stringify(value)),
  };
}

/** Responds as the SDC's API does if nothing is wrong. @param origin The origin of the objects. */
export function apiAnswer(url: URL, objects: ReadonlyMap<string, StoredObject>, origin: string): Answer {
  const [, route, name = ""] = API_ROUTE.exec(decodeURIComponent(url.pathname)) ?? [];
  const presigned = `${origin}/${name}?X-Amz-Algorithm=AWS4&X-Amz-Signature=s3cret&n=${urls++}`;
  if (route === "query") return jsonAnswer([...objects.keys()].sort().map((file_path) => ({ file_path })));
  if (route === "upload") {
    const isThere = [...objects.keys()].some((path) => path.endsWith(name));
    return isThere ? jsonAnswer(`${name} already exists.`, 409) : jsonAnswer(presigned);
  }
  if (!objects.has(name)) return { status: 404, headers: {}, body: new TextEncoder().encode("File not found") };
  return { status: 302, headers: { location: presigned }, body: new Uint8Array() };
}
