import type { Behavior, Fault, StoredObject } from "./object_answer.ts";
import { API_ROUTE } from "./object_store_api.ts";
import { md5Tag } from "./object_store_bytes.ts";
import { ObjectService } from "./object_store_service.ts";
import type { SeenRequest } from "./server.ts";
import { type SocketRequest, startSocketServer } from "./server_socket.ts";

export { md5Tag, randomBytes } from "./object_store_bytes.ts";

/** A request to the origin of the objects. */
export interface ObjectRequest extends SeenRequest {
  /** How many bytes of the object have been sent in response so far. */
  sent: number;
  /** Whether the response has ended, in whatever way. */
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
  /** Requests to the origin of the objects, in their order. */
  readonly requests: readonly ObjectRequest[];
  /** Requests to a third origin, where redirects may lead; it responds like the other two. */
  readonly elsewhere: readonly SeenRequest[];
  /** The faults of the next requests for objects, one each. */
  readonly script: Array<Behavior | Fault>;
  /** The responses or faults of the next requests to the API, one each. */
  readonly apiScript: Array<Response | Behavior | Fault>;
  /** The fault of all other requests for objects. */
  usually: Behavior | Fault;
  /** The fault of all other requests to the API. */
  apiUsually: Behavior | Fault;
  /** How often a presigned URL can be used before it expires. */
  urlUses: number;
  /** Adds an object. Default of its ETag: the MD5. */
  add(path: string, bytes: Uint8Array, etag?: string): void;
  /** Waits until this many requests for objects have arrived. */
  cameIn(count: number): Promise<void>;
}

/** A test that waits longer than this fails. */
const MAX_WAIT_MS = 60_000;

/** Returns the part of a request that is kept. */
function seen({ method, url, headers }: SocketRequest): SeenRequest {
  return { method, url, headers };
}

/** Starts one on free ports. It ends with its `await using`, and fails the test if a credential was sent to the objects. */
export async function startObjectStore(): Promise<ObjectStore> {
  const service = new ObjectService();
  const asked: SeenRequest[] = [];
  const requests: ObjectRequest[] = [];
  const elsewhere: SeenRequest[] = [];
  const waiting = new Set<() => void>();
  await using started = new AsyncDisposableStack();
  const start = async (role: "api" | "elsewhere", serve: (request: SocketRequest) => Promise<void>) =>
    started.use(await startSocketServer({ role, serve }));

  const origin = await start("elsewhere", async (request) => {
    const { pathname, search } = new URL(request.url);
    const kept: ObjectRequest = { ...seen(request), url: `${pathname}${search}`, sent: 0, over: false };
    requests.push(kept);
    for (const look of waiting) look();
    const behavior = store.script.shift() ?? store.usually;
    await service.serveObject(request, behavior, (bytes) => kept.sent += bytes).finally(() => kept.over = true);
  });
  const third = await start("elsewhere", async (request) => {
    elsewhere.push(seen(request));
    const isApi = API_ROUTE.test(new URL(request.url).pathname);
    await (isApi ? service.serveApi(request, {}) : service.serveObject(request, {}));
  });
  const api = await start("api", async (request) => {
    asked.push(seen(request));
    await service.serveApi(request, store.apiScript.shift() ?? store.apiUsually);
  });
  Object.assign(service, { origin: origin.url, elsewhere: third.url });
  const servers = started.move();

  const store: ObjectStore = {
    url: api.url,
    objects: service.objects,
    asked,
    requests,
    elsewhere,
    script: [],
    apiScript: [],
    usually: {},
    apiUsually: {},
    get urlUses() {
      return service.urlUses;
    },
    set urlUses(uses) {
      service.urlUses = uses;
    },
    add: (path, bytes, etag = md5Tag(bytes)) => void service.objects.set(path, { bytes, etag }),
    cameIn: (count) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(
        () => reject(new Error(`${requests.length} requests came, not ${count}`)),
        MAX_WAIT_MS,
      );
      const look = () => requests.length >= count && (waiting.delete(look), clearTimeout(timer), resolve());
      waiting.add(look);
      look();
      return promise;
    },
    [Symbol.asyncDispose]: () => servers.disposeAsync(),
  };
  return store;
}
