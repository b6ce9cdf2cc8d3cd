import { createHash } from "node:crypto";
import { archivePath } from "../../mod.ts";
import { API_ROUTE, apiAnswer } from "./object_api.ts";
import {
  answerBy,
  type Behaviour,
  closed,
  type Fault,
  objectAnswer,
  refusal,
  send,
  type StoredObject,
} from "./object_answer.ts";
import type { SeenRequest } from "./server.ts";
import { type SocketRequest, startSocketServer } from "./server_socket.ts";

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
  /** Requests to a third origin, where redirects may lead; it answers as the other two do. */
  readonly elsewhere: readonly SeenRequest[];
  /** What the next requests for objects meet, one each. */
  readonly script: Array<Behaviour | Fault>;
  /** What the next requests to the API are answered with, one each, instead of the usual. */
  readonly apiScript: Array<Response | Behaviour | Fault>;
  /** What requests for objects meet that the script says nothing of. */
  usually: Behaviour | Fault;
  /** What requests to the API meet that its script says nothing of. */
  apiUsually: Behaviour | Fault;
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
  const asked: SeenRequest[] = [];
  const requests: ObjectRequest[] = [];
  const elsewhere: SeenRequest[] = [];
  const uses = new Map<string, number>();
  const waiting = new Set<() => void>();

  /** Answers for an object, and takes one. Without a script of its own it behaves. */
  const serveObject = async (request: SocketRequest, scripted: Behaviour | Fault, seen?: ObjectRequest) => {
    const { method, headers, socket, read } = request;
    const url = new URL(request.url);
    const path = decodeURIComponent(url.pathname.slice(1));
    const number = url.searchParams.get("n") ?? "";
    uses.set(number, (uses.get(number) ?? 0) + 1);
    const isExpired = (uses.get(number) ?? 0) > store.urlUses;
    const behave = (right: Parameters<Fault>[0]) =>
      typeof scripted === "function" ? scripted(right, { url, elsewhere: third.url }) : scripted;
    if (method === "PUT") {
      const bytes = await read.exactly(Number(headers.get("content-length")));
      if (bytes === undefined) return;
      const right = isExpired
        ? refusal(403)
        : { status: 200, headers: { etag: md5Tag(bytes) }, body: new Uint8Array() };
      const behaviour = behave(right);
      if (behaviour.stallAfter !== undefined) return await closed(socket);
      const isTaken = !isExpired && (behaviour.status ?? 200) === 200;
      if (isTaken) objects.set(archivePath(path), { bytes, etag: md5Tag(bytes) });
      if (isTaken && behaviour.loseAnswer) return void socket.resetAndDestroy();
      return await send(socket, answerBy(right, behaviour), behaviour, () => {});
    }
    const object = objects.get(path);
    const usual = typeof scripted === "function" ? {} : scripted;
    const right = isExpired || object === undefined
      ? refusal(isExpired ? 403 : 404)
      : objectAnswer(object, headers, usual);
    const behaviour = behave(right);
    const answer = answerBy(right, behaviour);
    await send(socket, answer, behaviour, (bytes) => {
      if (seen !== undefined && answer === right && right.status < 300) seen.sent += bytes;
    });
  };
  const serveApi = async ({ url, socket }: SocketRequest, scripted: Response | Behaviour | Fault) => {
    const right = scripted instanceof Response
      ? {
        status: scripted.status,
        headers: Object.fromEntries(scripted.headers),
        body: await scripted.bytes(),
      }
      : apiAnswer(new URL(url), objects, origin.url);
    const place = { url: new URL(url), elsewhere: third.url };
    const behaviour = scripted instanceof Response
      ? {}
      : typeof scripted === "function"
      ? scripted(right, place)
      : scripted;
    await send(socket, answerBy(right, behaviour), behaviour, () => {});
  };

  await using started = new AsyncDisposableStack();
  const origin = started.use(
    await startSocketServer({
      role: "elsewhere",
      serve: async (request) => {
        const { method, headers } = request;
        const seen = { method, url: request.url.slice(origin.url.length), headers, sent: 0, over: false };
        requests.push(seen);
        for (const look of waiting) look();
        try {
          await serveObject(request, store.script.shift() ?? store.usually, seen);
        } finally {
          seen.over = true;
        }
      },
    }),
  );
  const third = started.use(
    await startSocketServer({
      role: "elsewhere",
      serve: async (request) => {
        elsewhere.push({ method: request.method, url: request.url, headers: request.headers });
        const isApi = API_ROUTE.test(new URL(request.url).pathname);
        await (isApi ? serveApi(request, {}) : serveObject(request, {}));
      },
    }),
  );
  const api = started.use(
    await startSocketServer({
      role: "api",
      serve: async (request) => {
        asked.push({ method: request.method, url: request.url, headers: request.headers });
        await serveApi(request, store.apiScript.shift() ?? store.apiUsually);
      },
    }),
  );
  const servers = started.move();

  const store: ObjectStore = {
    url: api.url,
    objects,
    asked,
    requests,
    elsewhere,
    script: [],
    apiScript: [],
    usually: {},
    apiUsually: {},
    urlUses: Infinity,
    add: (path, bytes, etag = md5Tag(bytes)) => void objects.set(path, { bytes, etag }),
    cameIn: (count) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = () => requests.length >= count && (waiting.delete(look), resolve());
      waiting.add(look);
      look();
      return promise;
    },
    [Symbol.asyncDispose]: () => servers.disposeAsync(),
  };
  return store;
}
