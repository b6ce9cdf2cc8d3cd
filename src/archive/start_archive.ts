import { createArchiveHandler, type UrlLifetimes } from "./api.ts";
import { Catalog } from "./catalog.ts";
import { importFolder, type ImportReport, indexFolder, type IndexReport, openStateFolder } from "./folders.ts";
import { type ConnectionLimits, type Handler, type RunningServer, serveHandler, type ServeLog } from "./http_server.ts";
import { Journal, type Order } from "./journal.ts";
import { ObjectStore } from "./object_store.ts";
import { createObjectsHandler, UrlSigner } from "./objects.ts";
import { ImapError, InputError } from "../errors.ts";
import type { Dialect } from "../protocol/tables.ts";
import { resolve } from "@std/path";

/** How an archive is opened. */
export interface OpenArchiveOptions {
  /** The folder that contains `imap/...`; created when it does not exist. */
  readonly root: string;
  /** A folder whose files are copied into the archive. Their names decide where they go. */
  readonly importFrom?: string | undefined;
  /**
   * Whether files that are present when the archive first opens, and imported files, count as not released. Default: false.
   * Uploads are released as in the SDC: science and quicklook files are not, all others are.
   */
  readonly unreleased?: boolean | undefined;
  /** Cancels the opening; files that were already copied stay. */
  readonly signal?: AbortSignal | undefined;
  /** The clock. Default: the computer's. */
  readonly now?: (() => Date) | undefined;
}

/** An archive that is ready to be served. */
export interface OpenArchive {
  /** What the archive has. */
  readonly catalog: Catalog;
  /** The files. */
  readonly store: ObjectStore;
  /** The orders that it was given. */
  readonly journal: Journal;
  /** What was found in the folder. */
  readonly indexed: IndexReport;
  /** What was imported; undefined without `importFrom`. */
  readonly imported: ImportReport | undefined;
  /** Closes the catalog and unlocks the folder. */
  close(): void;
}

/** Checks that a folder can be read, before anything is written. */
async function checkFolder(folder: string): Promise<void> {
  try {
    if ((await Deno.stat(folder)).isDirectory) return;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(`Cannot import "${folder}": it cannot be read (${reason})`, { cause: error });
  }
  throw new InputError(`Cannot import "${folder}": it is not a folder`);
}

/**
 * Opens an archive: brings the catalog up to date with the folder, then imports.
 *
 * @throws {InputError} When a folder cannot be used.
 */
export async function openArchive(options: OpenArchiveOptions): Promise<OpenArchive> {
  const { importFrom, unreleased = false, now = () => new Date(), signal } = options;
  if (importFrom !== undefined) await checkFolder(importFrom);
  using opening = new DisposableStack();
  const state = opening.adopt(await openStateFolder(resolve(options.root)), (state) => state.close());
  const root = await Deno.realPath(options.root);
  const catalog = opening.adopt(new Catalog(state.catalog, { unreleased }), (catalog) => catalog.close());
  const store = new ObjectStore({ root, incoming: state.incoming, catalog, now });
  const found = await indexFolder(root, catalog, signal);
  const imported = importFrom === undefined
    ? undefined
    : await importFolder(resolve(importFrom), { store, isReleased: !unreleased, signal });
  const indexed = { ...found, files: catalog.size };
  const opened = opening.move(); // From here on the caller closes it.
  return { catalog, store, journal: new Journal(state.journal), indexed, imported, close: () => opened.dispose() };
}

/** Settings of a local archive. */
export interface ArchiveOptions extends OpenArchiveOptions {
  /** The port of the API; 0 for any free port. Default: 0. */
  readonly port?: number | undefined;
  /** The port of the object store, which has another origin as in the SDC. Default: 0. */
  readonly objectsPort?: number | undefined;
  /** The origin of the object store for callers, when it is behind a proxy: `https://objects.example.org`. */
  readonly objectsUrl?: string | undefined;
  /** The name or address to listen on. Default: `127.0.0.1`, which only this computer can reach. */
  readonly host?: string | undefined;
  /** The dialect: that of the SDC today, `now`, or that of `2024`. Default: `now`. */
  readonly as?: Dialect | undefined;
  /**
   * The key that every request needs, on every path: as `x-api-key`, or below `/authorized` as an access token. Default:
   * none, and everybody may do everything.
   */
  readonly apiKey?: string | undefined;
  /**
   * With a key: whether paths without a prefix serve released files to everyone, as the SDC's do. Uploads and orders are
   * below `/api-key` then. Default: false.
   */
  readonly public?: boolean | undefined;
  /** The largest response to a query, in bytes; null for no limit. Default: 6 MiB, as in the SDC. */
  readonly answerLimit?: number | null | undefined;
  /** How long presigned URLs are valid. Default: 86,400 s for downloads, 3,600 s for uploads, as in the SDC. */
  readonly urlLifetimeSeconds?: UrlLifetimes | undefined;
  /** Limits on the callers of each port. */
  readonly limits?: ConnectionLimits | undefined;
  /** Called with each error that callers only see as 500. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Called for each request, on both ports. */
  readonly log?: ServeLog | undefined;
}

/** A local archive that is running. */
export interface RunningArchive {
  /** The URL of the API, such as `http://127.0.0.1:40000`: the `url` of a client. */
  readonly url: string;
  /** The URL of the object store. */
  readonly objectsUrl: string;
  /** What was found in the folder. */
  readonly indexed: IndexReport;
  /** What was imported; undefined without `importFrom`. */
  readonly imported: ImportReport | undefined;
  /** The orders that it was given, oldest first. */
  orders(): Order[];
  /** Stops it: responses under way have two seconds to finish, then the catalog is closed. */
  close(): Promise<void>;
}

/**
 * Starts a local SDC for a folder: the API on one port, the object store on another. The ports are taken before the folder
 * is changed; requests that arrive earlier wait until everything is ready.
 *
 * @throws {InputError} When the folder cannot be used, the key is empty, or `public` is set without a key. {ImapError} When a
 * port is not available.
 */
export async function startArchive(options: ArchiveOptions): Promise<RunningArchive> {
  const { host = DEFAULT_HOST } = options;
  checkOptions(options);
  const servers = new ArchiveServers(options);
  try {
    const objectsPort = await servers.listen("objects", options.objectsPort);
    const port = await servers.listen("api", options.port);
    const archive = await openArchive(options);
    const { indexed, imported, journal } = archive;
    servers.start(archive, objectsPort);
    let closed: Promise<void> | undefined;
    const close = async () => {
      await servers.close();
      archive.close();
    };
    return {
      url: origin(host, port),
      objectsUrl: options.objectsUrl === undefined ? origin(host, objectsPort) : originOf(options.objectsUrl),
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

function checkOptions({ apiKey, public: isPublic, objectsUrl }: ArchiveOptions): void {
  if (apiKey === "") throw new InputError("Cannot use the API key: it is empty");
  if (isPublic && apiKey === undefined) {
    const reason = "without `apiKey` everyone has access to everything";
    throw new InputError(`Cannot open the archive to the public: ${reason}`);
  }
  if (objectsUrl !== undefined) originOf(objectsUrl);
}

/** The origin of the objects that was given. */
function originOf(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  throw new InputError(`Cannot use "${text}" for the objects: expected an origin such as https://objects.example.org`);
}

/** `::1` is written `[::1]` in URLs (RFC 3986). */
function origin(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Addresses for listening on all of the computer's addresses. Callers cannot use them. */
const ANY_ADDRESS = ["0.0.0.0", "::"];

/** Whether only this computer can reach a host. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** The handlers of the two ports. */
interface Handlers {
  readonly api: Handler;
  readonly objects: Handler;
}

/** How long responses may take to finish when the archive is closed. */
const GRACE_MS = 2_000;

/** The servers of an archive. Requests that arrive before it is open wait. */
class ArchiveServers {
  readonly #options: ArchiveOptions;
  readonly #handlers = Promise.withResolvers<Handlers>();
  readonly #servers: RunningServer[] = [];

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.#handlers.promise.catch(() => {}); // There may be no request that waits when it fails.
  }

  /** Takes a port; returns which one it is. */
  async listen(which: keyof Handlers, port = 0): Promise<number> {
    const { host = DEFAULT_HOST, limits, log } = this.#options;
    const handler: Handler = async (request) => (await this.#handlers.promise)[which](request);
    const server = await serveHandler({ handler, host, port, limits, log });
    this.#servers.push(server);
    return server.port;
  }

  /** Starts answering requests from an archive. */
  start({ catalog, store, journal }: OpenArchive, objectsPort: number): void {
    const { host = DEFAULT_HOST, objectsUrl, now = () => new Date(), ...options } = this.#options;
    const signer = new UrlSigner(now);
    const shared = { ...options, store, signer };
    this.#handlers.resolve({
      objects: createObjectsHandler(shared),
      api: createArchiveHandler({
        ...shared,
        catalog,
        journal,
        now,
        // On all addresses, the objects have the host that the caller used for the API.
        objectsOrigin: ({ hostname }) =>
          objectsUrl !== undefined
            ? originOf(objectsUrl)
            : ANY_ADDRESS.includes(host)
            ? `http://${hostname}:${objectsPort}`
            : origin(host, objectsPort),
        // Behind a proxy, which also has a name for the objects, callers use its name.
        localHostOnly: options.apiKey === undefined && objectsUrl === undefined && isLoopback(host),
      }),
    });
  }

  /** Stops the servers: responses under way have a moment to finish, and waiting requests are dropped. */
  async close(): Promise<void> {
    this.#handlers.reject(new ImapError("The archive is closed"));
    await Promise.all(this.#servers.map((server) => server.close(GRACE_MS)));
  }
}
