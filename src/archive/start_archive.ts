import { sameSecret } from "./access.ts";
import { type AnswerOptions, createArchiveHandler } from "./api.ts";
import type { Backend, SharedFolder } from "./backend.ts";
import { FolderStore } from "./folder_store.ts";
import { importFolder, type ImportReport, indexFolder, type IndexReport, openStateFolder } from "./folders.ts";
import { type FolderChange, FolderWatch, type WatchTimes } from "./folder_watch.ts";
import {
  type ConnectionLimits,
  type Handler,
  type RunningServer,
  type ServedRequest,
  serveHandler,
  type ServeLog,
} from "./http_server.ts";
import { FileJournal, type Order } from "./orders.ts";
import { createObjectsHandler, UrlSigner } from "./objects.ts";
import { SqliteCatalog, SqliteFiles } from "./sqlite_catalog.ts";
import type { KeyRenewal, StoreCredentials } from "./s3.ts";
import { checkedPath } from "../config.ts";
import { hideSecret, ImapError, InputError, ProtocolError } from "../errors.ts";
import { isJsonObject } from "../protocol/tables.ts";
import { delay } from "@std/async";
import { resolve } from "@std/path";

/** The options for opening an archive. */
export interface OpenArchiveOptions {
  /** The folder that contains `imap/...`; created if it does not exist. */
  readonly root: string;
  /** A folder whose files are copied into the archive. Their names determine their paths there. */
  readonly importFrom?: string | undefined;
  /**
   * Whether files that exist when the archive is first opened, and imported files, are unreleased. Default: false.
   * Uploads are handled as at the SDC: science and quicklook files are not released, all others are.
   */
  readonly unreleased?: boolean | undefined;
  /** The number of processes that answer requests. Default: 1. */
  readonly processes?: number | undefined;
  /** Cancels the opening; files that were already copied are kept. */
  readonly signal?: AbortSignal | undefined;
  /** The clock. Default: the computer's. */
  readonly now?: (() => Date) | undefined;
}

/** An archive in a folder that is ready to be served. */
export interface OpenArchive extends Backend {
  /** The rows of the catalog. */
  readonly files: SqliteFiles;
  /** Signs the URLs of the objects, which are served on a port of their own. */
  readonly signer: UrlSigner;
}

/** Checks that a folder is readable, before anything is written. */
async function checkFolder(folder: string): Promise<void> {
  try {
    if ((await Deno.stat(folder)).isDirectory) return;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const state = error instanceof Deno.errors.NotFound ? "there is no such folder" : reason;
    throw new InputError(`Cannot import "${folder}": it cannot be read: ${state}`, { cause: error });
  }
  throw new InputError(`Cannot import "${folder}": it is not a folder`);
}

/**
 * Opens an archive in a folder: updates the catalog to match the folder, then imports.
 *
 * @throws {InputError} When a folder cannot be used.
 */
export async function openArchive(options: OpenArchiveOptions): Promise<OpenArchive> {
  const { unreleased = false, processes = 1, now = () => new Date(), signal } = options;
  const isShared = processes > 1;
  const given = checkedPath("serve", options.root, "root");
  const importFrom = options.importFrom === undefined ? undefined : checkedPath("import", options.importFrom);
  if (importFrom !== undefined) await checkFolder(importFrom);
  using opening = new DisposableStack();
  const state = opening.adopt(await openStateFolder(resolve(given)), (state) => state.close());
  const root = await Deno.realPath(given);
  const files = opening.adopt(new SqliteFiles(state.catalog, { unreleased, isShared }), (files) => files.close());
  const signer = new UrlSigner(now);
  const store = new FolderStore({ root, incoming: state.incoming, files, signer, now });
  const { folders, skipped } = await indexFolder(root, files, signal);
  const imported = importFrom === undefined
    ? undefined
    : await importFolder(resolve(importFrom), { store, isReleased: !unreleased, signal });
  const indexed = { skipped, files: files.size };
  const opened = opening.move(); // From here on, the caller is responsible for closing it.
  return {
    files,
    catalog: new SqliteCatalog(files),
    store,
    journal: new FileJournal(state.journal, undefined, isShared),
    signer,
    folder: { root, catalog: state.catalog, journal: state.journal, incoming: state.incoming, secret: signer.secret },
    indexed,
    imported,
    watch: (options) => new FolderWatch({ root, files, folders, now, ...options }),
    close: () => Promise.try(() => opened.dispose()),
  };
}

/** Opens the backend that the options choose. */
async function openBackend(options: ArchiveOptions): Promise<Backend> {
  const { root, database, store } = options;
  if (database !== undefined && store !== undefined) {
    const { openReplica } = await import("./replica.ts");
    return await openReplica({ ...options, database, store });
  }
  if (root === undefined) {
    throw new InputError("Cannot start an archive: it has neither a folder nor a database and a store");
  }
  return await openArchive({ ...options, root });
}

/**
 * Settings of an archive: one that has everything in the folder `root`, or one of several replicas that share the rows in
 * `database` and the objects in `store`.
 */
export interface ArchiveOptions extends Omit<OpenArchiveOptions, "root">, AnswerOptions {
  /** The folder that contains `imap/...`; created if it does not exist. Only without `database` and `store`. */
  readonly root?: string | undefined;
  /** The URL of PostgreSQL: `postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=verify-full`. Requires `store`. */
  readonly database?: string | undefined;
  /** The S3 store with the objects: `s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION`. Requires `database`. */
  readonly store?: string | undefined;
  /** The keys of the store. Default: those in the environment, as for AWS's own programs. */
  readonly storeCredentials?: StoreCredentials | undefined;
  /** Reads the keys repeatedly: temporary ones are renewed. Default: they are read once. */
  readonly keyRenewal?: KeyRenewal | undefined;
  /** A file with certificates of authorities, in PEM, for PostgreSQL and the store. Default: those of the system. */
  readonly caFile?: string | undefined;
  /** The secret of `POST /webhook/SECRET`, with which the store announces new objects. Default: no such route. */
  readonly webhookSecret?: string | undefined;
  /** The port of the API; 0 for any free port. Default: 0. */
  readonly port?: number | undefined;
  /** The port of the folder's objects, which have a separate origin, as at the SDC; 0 for any free port. Default: 0. */
  readonly objectsPort?: number | undefined;
  /** The public origin of the objects, if callers reach them by another one: `https://objects.example.org`. */
  readonly objectsUrl?: string | undefined;
  /** The name or address to listen on. Default: `127.0.0.1`, which only this machine can reach. */
  readonly host?: string | undefined;
  /** The limits per caller of each port. */
  readonly limits?: ConnectionLimits | undefined;
  /** Called for each request, on both ports. */
  readonly log?: ServeLog | undefined;
  /** Called when a file that others have added, replaced, or removed is noticed. */
  readonly onFolderChange?: ((change: FolderChange) => void) | undefined;
  /** When the folder is looked at. */
  readonly watch?: WatchTimes | undefined;
}

/** A running local archive. */
export interface RunningArchive {
  /** The URL of the API, such as `http://127.0.0.1:40000`: the `url` of a client. */
  readonly url: string;
  /** The URL of the object store. */
  readonly objectsUrl: string;
  /** The result of indexing the folder. */
  readonly indexed: IndexReport;
  /** The result of the import; undefined without `importFrom`. */
  readonly imported: ImportReport | undefined;
  /** The recorded reprocessing and release requests, oldest first. */
  orders(): Promise<Order[]>;
  /** Stops the archive: responses in progress have two seconds to finish, then the catalog is closed. */
  close(): Promise<void>;
}

/**
 * Starts an archive: the API on one port, and the objects of a folder on another. The ports are bound before anything is
 * opened or changed; requests that arrive early wait until the archive is ready.
 *
 * @throws {InputError} When options have no meaning together, the folder cannot be used, the key is empty, or `public` is set
 * without a key. {ImapError} When a port, the database, or the store is not available.
 */
export async function startArchive(options: ArchiveOptions): Promise<RunningArchive> {
  const { host = DEFAULT_HOST } = options;
  checkOptions(options);
  const servers = new ArchiveServers(options);
  try {
    const objectsPort = options.store === undefined ? await servers.listen("objects", options.objectsPort) : undefined;
    const port = await servers.listen("api", options.port);
    const archive = await openBackend(options);
    const { indexed, imported, journal } = archive;
    const objectsUrl = archive.objectsUrl ?? options.objectsUrl;
    servers.start(archive, objectsPort);
    const { onFolderChange = () => {}, onError = () => {} } = options;
    const watch = archive.watch({ ...options.watch, onChange: onFolderChange, onError });
    watch.start();
    const readers = new Readers(options);
    let closed: Promise<void> | undefined;
    const close = async () => {
      await watch.close();
      await Promise.all([readers.close(), servers.close()]);
      await archive.close();
    };
    try {
      if (archive.folder !== undefined) await readers.start({ folder: archive.folder, port, objectsPort });
    } catch (error) {
      await close();
      throw error;
    }
    return {
      url: origin(host, port),
      objectsUrl: objectsUrl === undefined ? origin(host, objectsPort ?? port) : originOf(objectsUrl),
      indexed,
      imported,
      orders: () => journal.orders(),
      close: () => closed ??= close(),
    };
  } catch (error) {
    await servers.close();
    throw error;
  }
}

const DEFAULT_HOST = "127.0.0.1";

/** What only an archive in a folder has. */
const FOLDER_OPTIONS = ["root", "objectsPort", "watch", "processes"] as const;
/** What only an archive in PostgreSQL and S3 has. */
const SHARED_OPTIONS = ["storeCredentials", "keyRenewal", "caFile", "webhookSecret"] as const;
/** A shorter secret could be guessed. */
const MIN_WEBHOOK_SECRET_LENGTH = 16;

/** Refuses options that have no meaning together. */
function checkPlaces(options: ArchiveOptions): void {
  const { database, store, webhookSecret } = options;
  const refuse = (one: string, problem: (nameOf: (name: string) => string) => string) => {
    throw new InputError((nameOf) => `Cannot use ${nameOf(one)} ${problem(nameOf)}`, {
      problems: [{ parameter: one, expected: "options of one kind of archive" }],
    });
  };
  if (webhookSecret !== undefined) hideSecret(webhookSecret);
  const isShared = database !== undefined || store !== undefined;
  const foreign = (isShared ? FOLDER_OPTIONS : SHARED_OPTIONS).find((name) => options[name] !== undefined);
  if (foreign !== undefined && isShared) {
    refuse(
      foreign,
      (nameOf) => `together with ${nameOf("database")} and ${nameOf("store")}: the files are in the store`,
    );
  }
  if (foreign !== undefined) {
    refuse(foreign, (nameOf) => `without ${nameOf("database")} and ${nameOf("store")}: the files are in a folder`);
  }
  if (isShared && store === undefined) {
    refuse("database", (nameOf) => `without ${nameOf("store")}: with rows in PostgreSQL, the files are in an S3 store`);
  }
  if (isShared && database === undefined) {
    refuse("store", (nameOf) => `without ${nameOf("database")}: with files in an S3 store, the rows are in PostgreSQL`);
  }
  if (webhookSecret !== undefined && !/^[\w-]*$/.test(webhookSecret)) {
    refuse("webhookSecret", () => "with these characters: it is a part of a URL; use letters, digits, - and _");
  }
  if (webhookSecret !== undefined && webhookSecret.length < MIN_WEBHOOK_SECRET_LENGTH) {
    refuse("webhookSecret", () => `with fewer than ${MIN_WEBHOOK_SECRET_LENGTH} characters: others could guess it`);
  }
}

function checkOptions(options: ArchiveOptions): void {
  const { apiKey, public: isPublic, objectsUrl } = options;
  checkPlaces(options);
  if (apiKey === "") throw new InputError("Cannot use the API key: it is empty");
  if (isPublic && apiKey === undefined) {
    const reason = "without `apiKey` everyone has access to everything";
    throw new InputError(`Cannot open the archive to the public: ${reason}`);
  }
  if (objectsUrl !== undefined) originOf(objectsUrl);
}

/** The configured origin of the objects. */
function originOf(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  throw new InputError(`Cannot use "${text}" for the objects: expected an origin such as https://objects.example.org`);
}

/** `::1` is written `[::1]` in URLs (RFC 3986). */
function origin(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The wildcard addresses, which callers cannot use as a host. */
const ANY_ADDRESS = ["0.0.0.0", "::"];

/** Whether only this machine can reach a host. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** The handlers of the two ports. */
interface Handlers {
  readonly api: Handler;
  readonly objects: Handler;
}

/** How long a load balancer waits for the database. */
const MAX_HEALTH_MS = 2_000;
/** How the path of the store's announcements begins; the secret follows. */
const WEBHOOK_PATH = "/webhook/";

/** The maximum size of an announcement. */
const MAX_EVENT_BYTES = 2 ** 20;

/** Reads the announcement of a store; undefined if it is not JSON, or too large. */
async function readEvent({ body }: Request): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Breaking off cancels the rest of the body.
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_EVENT_BYTES) return undefined;
  }
  try {
    return JSON.parse(await new Blob(chunks.map((chunk) => new Uint8Array(chunk))).text());
  } catch {
    return undefined;
  }
}

function textResponse(text: string, status: number): Response {
  return new Response(text, { status, headers: { "content-type": "text/plain", "cache-control": "no-store" } });
}

/** The part of a backend that answers requests. */
type ServedBackend = Pick<Backend, "catalog" | "store" | "journal" | "signer" | "wake">;

/** The time limit for responses in progress when the archive is closed. */
const GRACE_MS = 2_000;

/** The servers of an archive. Requests that arrive before the archive is open wait. */
class ArchiveServers {
  readonly #options: ArchiveOptions;
  readonly #isReader: boolean;
  readonly #handlers = Promise.withResolvers<Handlers>();
  readonly #servers: RunningServer[] = [];
  #backend: ServedBackend | undefined;

  constructor(options: ArchiveOptions, isReader = false) {
    this.#options = options;
    this.#isReader = isReader;
    this.#handlers.promise.catch(() => {}); // If opening fails, there may be no request that handles the rejection.
  }

  /** Binds a port, and returns it. */
  async listen(which: keyof Handlers, port = 0): Promise<number> {
    const { host = DEFAULT_HOST, limits, log } = this.#options;
    const handler: Handler = async (request) =>
      (which === "api" ? await this.#answerOperator(request) : undefined) ??
        (await this.#handlers.promise)[which](request);
    const isPortShared = which === "api" && (this.#options.processes ?? 1) > 1;
    // The system would let another archive listen on a shared port: this one must be the first.
    if (isPortShared && !this.#isReader) await (await serveHandler({ handler, host, port, limits })).close(0);
    const server = await serveHandler({ handler, host, port, limits, log, isPortShared });
    this.#servers.push(server);
    return server.port;
  }

  /** Answers requests that are not of the SDC's API: those of a load balancer, and of the store. */
  async #answerOperator(request: Request): Promise<Response | undefined> {
    const path = URL.parse(request.url)?.pathname ?? "";
    if (path === "/health" && ["GET", "HEAD"].includes(request.method)) {
      const response = await this.#answerHealth();
      return request.method === "HEAD" ? new Response(null, response) : response;
    }
    const { webhookSecret } = this.#options;
    if (webhookSecret === undefined || request.method !== "POST" || !path.startsWith(WEBHOOK_PATH)) return undefined;
    if (!sameSecret(path.slice(WEBHOOK_PATH.length), webhookSecret)) {
      await request.body?.cancel();
      return textResponse("wrong secret\n", 403);
    }
    try {
      const event = await readEvent(request);
      if (event === undefined) return textResponse(`expected JSON of at most ${MAX_EVENT_BYTES} bytes\n`, 400);
      await this.#backend?.wake?.(event);
      return textResponse("ok\n", 200);
    } catch (error) {
      this.#options.onError?.(error);
      return textResponse("no database\n", 503);
    }
  }

  /** Returns 200 while requests can be answered, and 503 while the archive is being opened or its database is away. */
  async #answerHealth(): Promise<Response> {
    if (this.#backend === undefined) return textResponse("opening\n", 503);
    const waiting = new AbortController();
    const isWell = await Promise.race([
      this.#backend.catalog.revision().then(() => true, () => false),
      delay(MAX_HEALTH_MS, { signal: waiting.signal }).then(() => false, () => false),
    ]);
    waiting.abort();
    return isWell ? textResponse("ok\n", 200) : textResponse("no database\n", 503);
  }

  /** Starts handling requests with an archive. `objectsPort`: undefined if its objects are elsewhere. */
  start(backend: ServedBackend, objectsPort: number | undefined): void {
    const { catalog, store, journal, signer } = backend;
    this.#backend = backend;
    const { host = DEFAULT_HOST, objectsUrl, now = () => new Date(), ...options } = this.#options;
    const shared = { ...options, store };
    this.#handlers.resolve({
      objects: signer === undefined
        ? () => Promise.resolve(textResponse("the objects are elsewhere\n", 404))
        : createObjectsHandler({ ...shared, signer }),
      api: createArchiveHandler({
        ...shared,
        catalog,
        journal,
        now,
        // When listening on all addresses, the objects have the host that the caller used for the API.
        objectsOrigin: ({ hostname }) =>
          objectsUrl !== undefined
            ? originOf(objectsUrl)
            : ANY_ADDRESS.includes(host)
            ? `http://${hostname}:${objectsPort}`
            : origin(host, objectsPort ?? 0),
        // Behind a proxy, which also has a public URL for the objects, callers use the proxy's name. So do they in front of
        // replicas.
        localHostOnly: options.apiKey === undefined && objectsUrl === undefined && options.store === undefined &&
          isLoopback(host),
      }),
    });
  }

  /** Stops the servers: responses in progress have some time to finish, and waiting requests are dropped. */
  async close(): Promise<void> {
    this.#handlers.reject(new ImapError("The archive is closed"));
    await Promise.all(this.#servers.map((server) => server.close(GRACE_MS)));
  }
}

/** The settings of a reader, as one line of JSON on its standard input. */
interface ReaderTask {
  readonly folder: SharedFolder;
  readonly port: number;
  readonly objectsPort: number | undefined;
  readonly options: ReaderOptions;
  readonly isLogged: boolean;
}

/** The settings of an archive by which requests are answered. */
type ReaderOptions =
  & Omit<AnswerOptions, "onError">
  & Pick<ArchiveOptions, "host" | "objectsUrl" | "limits" | "processes">;

/** What a reader says, as lines of JSON on its standard output. */
type ReaderNote = { readonly ready: true } | { readonly served: ServedRequest } | { readonly error: string };

/** The fields of a message between the processes. */
class Message {
  readonly #fields: Readonly<Record<string, unknown>>;

  /** @throws {ProtocolError} When it is not an object. */
  constructor(value: unknown) {
    if (!isJsonObject(value)) throw new ProtocolError("a message between the processes of the archive is no object");
    this.#fields = value;
  }

  /** Parses a line. @throws {ProtocolError} When it is something else. */
  static parse(line: string): Message {
    try {
      return new Message(JSON.parse(line));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new ProtocolError("a message between the processes of the archive is not JSON");
    }
  }

  /** Returns a field of a type; undefined if there is none. @throws {ProtocolError} When it has another type. */
  get<Value>(name: string, isRight: (value: unknown) => value is Value): Value | undefined {
    const value = this.#fields[name];
    if (value === undefined || isRight(value)) return value;
    throw new ProtocolError(`a message between the processes of the archive has a wrong "${name}"`);
  }

  /** Returns a field of a type. @throws {ProtocolError} When there is none, or it has another type. */
  need<Value>(name: string, isRight: (value: unknown) => value is Value): Value {
    const value = this.get(name, isRight);
    if (value !== undefined) return value;
    throw new ProtocolError(`a message between the processes of the archive has no "${name}"`);
  }

  /** Returns what is in a field; undefined if there is none. @throws {ProtocolError} When it is not an object. */
  part(name: string): Message | undefined {
    const value = this.#fields[name];
    return value === undefined ? undefined : new Message(value);
  }
}

const isText = (value: unknown) => typeof value === "string";
const isNumber = (value: unknown) => typeof value === "number";
const isNumberOrNull = (value: unknown) => value === null || typeof value === "number";
const isFlag = (value: unknown) => typeof value === "boolean";
const isDialect = (value: unknown) => value === "now" || value === "2024";

/** Reads what a reader says. @throws {ProtocolError} When it is something else. */
export function readReaderNote(line: string): ReaderNote {
  const note = Message.parse(line);
  const error = note.get("error", isText);
  if (error !== undefined) return { error };
  const served = note.part("served");
  if (served === undefined) return { ready: note.need("ready", (value) => value === true) };
  return {
    served: {
      method: served.get("method", isText),
      path: served.get("path", isText),
      status: served.get("status", isNumberOrNull) ?? null,
      milliseconds: served.need("milliseconds", isNumber),
      dropped: served.get("dropped", isText),
    },
  };
}

/** Reads the task of a reader. @throws {ProtocolError} When it is something else. */
export function readReaderTask(line: string): ReaderTask {
  const task = Message.parse(line);
  const [folder, options] = [task.part("folder"), task.part("options")];
  if (folder === undefined || options === undefined) {
    throw new ProtocolError("the task of a process of the archive has no folder or no options");
  }
  const [lifetimes, limits] = [options.part("urlLifetimeSeconds"), options.part("limits")];
  return {
    folder: {
      root: folder.need("root", isText),
      catalog: folder.need("catalog", isText),
      journal: folder.need("journal", isText),
      incoming: folder.need("incoming", isText),
      secret: folder.need("secret", isText),
    },
    port: task.need("port", isNumber),
    objectsPort: task.get("objectsPort", isNumber),
    options: {
      host: options.get("host", isText),
      objectsUrl: options.get("objectsUrl", isText),
      as: options.get("as", isDialect),
      apiKey: options.get("apiKey", isText),
      public: options.get("public", isFlag),
      answerLimit: options.get("answerLimit", isNumberOrNull),
      hapi: options.get("hapi", isFlag),
      urlLifetimeSeconds: lifetimes &&
        { download: lifetimes.get("download", isNumber), upload: lifetimes.get("upload", isNumber) },
      limits: limits && {
        connections: limits.get("connections", isNumber),
        patienceMs: limits.get("patienceMs", isNumber),
        headMs: limits.get("headMs", isNumber),
      },
      processes: options.need("processes", isNumber),
    },
    isLogged: task.need("isLogged", isFlag),
  };
}

/** How long to wait before a reader that has ended is started again. */
const RESTART_MS = 1_000;
/** How long a reader may take to end. */
const MAX_END_MS = GRACE_MS + 1_000;

/** The further processes of an archive: each listens on the port of the API, and answers all requests from the same folder. */
class Readers {
  readonly #options: ArchiveOptions;
  readonly #closing = new AbortController();
  readonly #runs: Promise<void>[] = [];

  constructor(options: ArchiveOptions) {
    this.#options = options;
  }

  /** Starts them, and waits until they are ready. */
  async start(place: Pick<ReaderTask, "folder" | "port" | "objectsPort">): Promise<void> {
    const { log, host, objectsUrl, as, apiKey, answerLimit, hapi, urlLifetimeSeconds, limits, processes } =
      this.#options;
    const { public: isPublic } = this.#options;
    const options = {
      host,
      objectsUrl,
      as,
      apiKey,
      public: isPublic,
      answerLimit,
      hapi,
      urlLifetimeSeconds,
      limits,
      processes,
    };
    const task: ReaderTask = { ...place, options, isLogged: log !== undefined };
    const ready: Promise<void>[] = [];
    for (let count = 1; count < (processes ?? 1); count++) {
      const isReady = Promise.withResolvers<void>();
      ready.push(isReady.promise);
      this.#runs.push(this.#keepRunning(task, isReady));
    }
    await Promise.all(ready);
  }

  /** Ends them as the archive ends: responses in progress have some time to finish. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#runs);
  }

  async #keepRunning(task: ReaderTask, ready: PromiseWithResolvers<void>): Promise<void> {
    const { signal } = this.#closing;
    let wasReady = false;
    const onReady = () => {
      wasReady = true;
      ready.resolve();
    };
    while (!signal.aborted) {
      try {
        const code = await this.#run(task, onReady);
        if (signal.aborted) return;
        const consequence = wasReady ? ": requests to it failed, and it is started again" : "";
        throw new ImapError(`A process of the archive has ended with the code ${code}${consequence}`);
      } catch (error) {
        // The archive does not start without it.
        if (!wasReady) return ready.reject(error);
        this.#options.onError?.(error);
      }
      await delay(RESTART_MS, { signal }).catch(() => {});
    }
  }

  /**
   * Runs one until it ends; it does so when its standard input ends, and thus with this process, however that ends.
   *
   * @returns Its exit code.
   */
  async #run(task: ReaderTask, onReady: () => void): Promise<number> {
    // It needs no more than this; a thread that looks into a file loads the program again.
    const { root } = task.folder;
    // A comma would divide the path into two.
    const permissions = ["--allow-net", "--allow-read", root.includes(",") ? "--allow-write" : `--allow-write=${root}`];
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", ...permissions, import.meta.url],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const input = child.stdin.getWriter();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = () => {
      input.close().catch(() => {});
      // One that hangs must not keep the archive from closing.
      timer ??= setTimeout(() => child.kill("SIGKILL"), MAX_END_MS);
    };
    const { signal } = this.#closing;
    signal.addEventListener("abort", end);
    try {
      if (signal.aborted) end();
      // If it has ended already, its code says more than this error.
      await input.write(new TextEncoder().encode(`${JSON.stringify(task)}\n`)).catch(() => {});
      for await (const line of linesOf(child.stdout)) this.#take(line, onReady);
      return (await child.status).code;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
    }
  }

  #take(line: string, onReady: () => void): void {
    const { log, onError } = this.#options;
    try {
      const note = readReaderNote(line);
      if ("ready" in note) onReady();
      if ("served" in note) log?.(note.served);
      if ("error" in note) onError?.(new ImapError(note.error));
    } catch (error) {
      // It may answer requests all the same.
      if (!(error instanceof ProtocolError)) throw error;
      onError?.(error);
    }
  }
}

/** Yields the lines of a stream. */
async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** Runs a reader: serves the folder of an archive on its port until the standard input ends. */
async function runReader(): Promise<void> {
  const say = (note: ReaderNote) => {
    try {
      Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(note)}\n`));
    } catch (error) {
      // The first process is gone, and this one ends.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  };
  // Ctrl-C is for the first process, which then ends this one.
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => {});
  let servers: ArchiveServers | undefined;
  for await (const line of linesOf(Deno.stdin.readable)) {
    const { folder, port, objectsPort, options, isLogged } = readReaderTask(line);
    const log: ServeLog | undefined = isLogged ? (served) => say({ served }) : undefined;
    const onError = (error: unknown) => say({ error: error instanceof Error ? error.message : String(error) });
    servers = new ArchiveServers({ ...options, log, onError }, true);
    await servers.listen("api", port);
    servers.start(openShared(folder), objectsPort);
    say({ ready: true });
  }
  await servers?.close();
  Deno.exit();
}

/** Opens the folder that another process has opened. */
function openShared({ root, catalog, journal, incoming, secret }: SharedFolder): ServedBackend {
  const now = () => new Date();
  const files = new SqliteFiles(catalog, { isShared: true });
  const signer = new UrlSigner(now, secret);
  return {
    catalog: new SqliteCatalog(files),
    store: new FolderStore({ root, incoming, files, signer, now }),
    journal: new FileJournal(journal, undefined, true),
    signer,
  };
}

if (import.meta.main) await runReader();
