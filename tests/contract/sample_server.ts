// A server that sends literal responses of the SDC.
import { createHash } from "node:crypto";
import { startServer, type TestServer } from "../support/server.ts";
import { type Sample, SAMPLES } from "./samples/index.ts";

/** A sample by its file's name. */
export function sampleOf(file: string): Sample {
  const sample = SAMPLES[file];
  if (sample === undefined) throw new TypeError(`there is no sample ${file}`);
  return sample;
}

/** The body of a sample. */
export function bodyOf(file: string): Promise<string> {
  return Deno.readTextFile(new URL(`./samples/${file}`, import.meta.url));
}

/** The rows of a sample that is an array of objects. */
export async function rowsOf(file: string): Promise<Record<string, unknown>[]> {
  const rows: unknown = JSON.parse(await bodyOf(file));
  if (!Array.isArray(rows)) throw new TypeError(`${file} is no array`);
  return rows.map((row: unknown) => ({ ...Object(row) }));
}

/** Where the samples' presigned URLs point. */
const S3_ORIGIN = "https://s3.us-west-2.amazonaws.com";

/** A server that responds with samples, and the object store of its presigned URLs. */
export interface SampleServer extends AsyncDisposable {
  readonly api: TestServer;
  readonly objects: TestServer;
}

/** How a sample server responds. */
export interface SampleAnswers {
  /** The sample for each route, such as `/query`. All other routes respond with gateway-404.json. */
  readonly routes: Readonly<Record<string, string>>;
  /** How the object store responds. Default: it has one object, `data`, which a PUT replaces. */
  readonly objects?: (request: Request) => Response | Promise<Response>;
}

/** `/api-key/query/x?a=b` -> `/query`. */
function routeOf(url: string): string {
  const [first = "", second = ""] = new URL(url).pathname.split("/").slice(1);
  return `/${first === "api-key" || first === "authorized" ? second : first}`;
}

/** Serves samples unchanged, except for the origin of presigned URLs, which is that of a local server. */
export function startSampleServer({ routes, objects: answer = objectStore() }: SampleAnswers): SampleServer {
  const objects = startServer(answer);
  const api = startServer(async (request) => {
    const file = routes[routeOf(request.url)] ?? "gateway-404.json";
    const { status, contentType } = sampleOf(file);
    const body = (await bodyOf(file)).replace(S3_ORIGIN, objects.url);
    const headers = new Headers({
      "content-type": contentType ?? (/json$/.test(file) ? "application/json" : "text/plain"),
    });
    if (status === 302) headers.set("location", String(JSON.parse(body).download_url));
    return new Response(body, { status, headers });
  });
  return {
    api,
    objects,
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await objects[Symbol.asyncDispose]();
    },
  };
}

/** An object store with one object, which is `data` until a PUT replaces it. */
function objectStore(): (request: Request) => Promise<Response> {
  let bytes = new TextEncoder().encode("data");
  return async (request) => {
    if (request.method === "PUT") bytes = await request.bytes();
    const headers = { etag: `"${createHash("md5").update(bytes).digest("hex")}"` };
    return new Response(request.method === "PUT" ? null : bytes, { headers });
  };
}
