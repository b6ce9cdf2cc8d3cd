import { createHash } from "node:crypto";
import { startServer, type TestServer } from "../support/server.ts";
import { readTar } from "./read_tar.ts";

/** A registry on this machine that speaks JSR's protocol: `deno publish` fills it, `JSR_URL` leads to it. */
export interface Registry extends TestServer {
  /** The files of what was published last, by their paths, which begin with a slash. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** How many bytes `deno publish` sent for it. */
  readonly sentBytes: number;
}

/** The routes of JSR's management API that `deno publish` calls; the first asks whether there is such a package. */
const PACKAGE = new URLPattern({ pathname: "/api/scopes/:scope/packages/:name" });
const VERSION = new URLPattern({ pathname: "/api/scopes/:scope/packages/:name/versions/:version" });

/** The content types that JSR sends: Deno relies on them. */
function typeOf(path: string): string {
  if (path.endsWith(".json")) return "application/json";
  return path.endsWith(".ts") ? "text/typescript" : "text/plain";
}

/** What the registry says about a version: its files with their checksums, and its exports. */
function versionMeta(files: ReadonlyMap<string, Uint8Array>, exports: unknown): unknown {
  const manifest = Object.fromEntries(
    [...files].map(([path, bytes]) => {
      const checksum = `sha256-${createHash("sha256").update(bytes).digest("hex")}`;
      return [path, { size: bytes.length, checksum }];
    }),
  );
  // JSR adds `moduleGraph2`, which spares Deno reading the modules to find their imports; it can do without.
  return { manifest, exports };
}

/** Starts an empty registry. It ends with the `await using` that holds it. */
export function startRegistry(): Registry {
  /** The answers to GET requests by their paths (https://jsr.io/docs/api#jsr-registry-api). */
  const answers = new Map<string, Uint8Array<ArrayBuffer> | string>();
  let files = new Map<string, Uint8Array<ArrayBuffer>>();
  let sentBytes = 0;

  async function publish({ scope, name, version }: Record<string, string | undefined>, request: Request) {
    const sent = await request.bytes();
    const tar = new Blob([sent]).stream().pipeThrough(new DecompressionStream("gzip"));
    files = readTar(await new Response(tar).bytes());
    sentBytes = sent.length;
    const { exports } = JSON.parse(new TextDecoder().decode(files.get("/deno.json")));
    const base = `/@${scope}/${name}`;
    answers.set(
      `${base}/meta.json`,
      JSON.stringify({ scope, name, latest: version, versions: { [`${version}`]: {} } }),
    );
    answers.set(`${base}/${version}_meta.json`, JSON.stringify(versionMeta(files, exports)));
    for (const [path, bytes] of files) answers.set(`${base}/${version}${path}`, bytes);
    return Response.json({ id: "1", status: "success" });
  }

  const server = startServer((request) => {
    const { pathname } = new URL(request.url);
    const version = VERSION.exec(request.url)?.pathname.groups;
    if (request.method === "POST" && version !== undefined) return publish(version, request);
    if (PACKAGE.test(request.url)) return Response.json({ latestVersion: null });
    const answer = answers.get(pathname);
    if (answer === undefined) return new Response("there is none", { status: 404 });
    return new Response(answer, { headers: { "content-type": typeOf(pathname) } });
  });
  return {
    ...server,
    get files() {
      return files;
    },
    get sentBytes() {
      return sentBytes;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
