import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { archivePath } from "../../mod.ts";
import { assertEquals } from "@std/assert";
import { type Behaviour, closed, objectAnswer, refusal, send, type StoredObject } from "./object_answer.ts";
import { type SeenRequest, startServer } from "./server.ts";
import { type SocketReader, socketReader } from "./socket_reader.ts";

/** A request to the origin of the objects. */
export interface ObjectRequest extends SeenRequest {
  /** Bytes of the object that went out in answer to it so far. */
  sent: number;
  /** Whether the answer, or what was made of it, is over. */
  over: boolean;
}

/** An SDC that misbehaves on purpose: the API on one port, the objects on another, over plain sockets. */
export interface ObjectStore extends AsyncDisposable {
  /** The API's address. */
  readonly url: string;
  /** The objects, by their archive paths. */
  readonly objects: Map<string, StoredObject>;
  /** Requests to the API. */
  readonly asked: readonly SeenRequest[];
  /** Requests to the origin of the objects, in the order in which they came. */
  readonly requests: readonly ObjectRequest[];
  /** What the next requests for objects meet, one each. */
  readonly script: Behaviour[];
  /** What the next requests to the API are answered with, one each, instead of the usual. */
  readonly apiScript: Response[];
  /** What requests meet that the script says nothing of. */
  usually: Behaviour;
  /** How often a presigned URL can be used before it has expired. */
  urlUses: number;
  /** Puts an object there. Its ETag is the MD5 unless it is said to be something else. */
  add(path: string, bytes: Uint8Array, etag?: string): void;
  /** Waits until so many requests for objects have come. */
  cameIn(count: number): Promise<void>;
}

/** Random bytes: no two pieces of them are the same. */
export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

export function md5Tag(bytes: Uint8Array): string {
  return `"${createHash("md5").update(bytes).digest("hex")}"`;
}

/** Starts one on free ports. It ends with its `await using`, and fails the test when a credential came to the objects. */
export async function startObjectStore(): Promise<ObjectStore> {
  const objects = new Map<string, StoredObject>();
  const requests: ObjectRequest[] = [];
  const uses = new Map<string, number>();
  const sockets = new Set<Socket>();
  const serving = new Set<Promise<void>>();
  const waiting = new Set<() => void>();
  let urls = 0;

  const serve = async (socket: Socket) => {
    const read = socketReader(socket);
    const head = await read.until("\r\n\r\n");
    const [method = "", target = ""] = (head.split("\r\n")[0] ?? "").split(" ");
    if (target === "") return;
    const headers = new Headers(
      head.split("\r\n").slice(1).filter(Boolean).map((line) => [
        line.slice(0, line.indexOf(":")),
        line.slice(line.indexOf(":") + 1).trim(),
      ]),
    );
    const url = new URL(target, "http://objects");
    const path = decodeURIComponent(url.pathname.slice(1));
    const seen: ObjectRequest = { method, url: target, headers, sent: 0, over: false };
    requests.push(seen);
    for (const look of waiting) look();
    const behaviour = store.script.shift() ?? store.usually;
    const number = url.searchParams.get("n") ?? "";
    uses.set(number, (uses.get(number) ?? 0) + 1);
    const isExpired = (uses.get(number) ?? 0) > store.urlUses;
    try {
      if (method === "PUT") return await take(socket, read, seen, path, behaviour, isExpired);
      const object = objects.get(path);
      const status = behaviour.status ?? (isExpired ? 403 : object === undefined ? 404 : undefined);
      const answer = status === undefined && object ? objectAnswer(object, headers, behaviour) : refusal(status ?? 404);
      await send(socket, answer, behaviour, (bytes) => seen.sent += status === undefined ? bytes : 0);
    } finally {
      seen.over = true;
    }
  };
  const take = async (
    socket: Socket,
    read: SocketReader,
    { headers }: SeenRequest,
    path: string,
    behaviour: Behaviour,
    isExpired: boolean,
  ) => {
    const bytes = await read.exactly(Number(headers.get("content-length")));
    if (bytes === undefined) return;
    if (behaviour.stallAfter !== undefined) return await closed(socket);
    const status = behaviour.status ?? (isExpired ? 403 : undefined);
    if (status !== undefined) return await send(socket, refusal(status), behaviour, () => {});
    const etag = md5Tag(bytes);
    objects.set(archivePath(path), { bytes, etag });
    if (behaviour.loseAnswer) return void socket.resetAndDestroy();
    await send(socket, { status: 200, headers: { etag }, body: new Uint8Array() }, behaviour, () => {});
  };
  const origin = createServer((socket) => {
    sockets.add(socket.on("error", () => {}).once("close", () => sockets.delete(socket)));
    const served = serve(socket).catch(() => void socket.destroy()).finally(() => serving.delete(served));
    serving.add(served);
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  const address = origin.address();
  const port = typeof address === "object" ? address?.port : undefined;

  const api = startServer((request) => {
    const scripted = store.apiScript.shift();
    if (scripted !== undefined) return scripted;
    const path = decodeURIComponent(new URL(request.url).pathname).replace(/^\/(api-key|authorized)(?=\/)/, "");
    const [, route, name = ""] = /^\/(\w+)\/?(.*)$/.exec(path) ?? [];
    const presigned = `http://127.0.0.1:${port}/${name}?X-Amz-Algorithm=AWS4&X-Amz-Signature=s3cret&n=${urls++}`;
    if (route === "query") return Response.json([...objects.keys()].sort().map((file_path) => ({ file_path })));
    if (route === "upload") {
      const isThere = [...objects.keys()].some((path) => path.endsWith(name));
      return isThere ? Response.json(`${name} already exists.`, { status: 409 }) : Response.json(presigned);
    }
    if (!objects.has(name)) return new Response("File not found", { status: 404 });
    return new Response(null, { status: 302, headers: { location: presigned } });
  });

  const store: ObjectStore = {
    url: api.url,
    objects,
    asked: api.requests,
    requests,
    script: [],
    apiScript: [],
    usually: {},
    urlUses: Infinity,
    add: (path, bytes, etag = md5Tag(bytes)) => void objects.set(path, { bytes, etag }),
    cameIn: (count) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = () => requests.length >= count && (waiting.delete(look), resolve());
      waiting.add(look);
      look();
      return promise;
    },
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      const over = new Promise<void>((resolve) => origin.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await Promise.all([over, ...serving]);
      const leaked = requests.filter(({ headers }) => headers.has("x-api-key") || headers.has("authorization"));
      assertEquals(leaked.map(({ url }) => url), [], "a credential came to the origin of the objects");
    },
  };
  return store;
}
