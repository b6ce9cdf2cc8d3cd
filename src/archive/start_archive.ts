import { createArchiveHandler, type UrlLifetimes } from "./api.ts";
import type { Backend } from "./backend.ts";
import { FolderStore } from "./folder_store.ts";
import { importFolder, type ImportReport, indexFolder, type IndexReport, openStateFolder } from "./folders.ts";
import { type FolderChange, FolderWatch, type WatchTimes } from "./folder_watch.ts";
import { type ConnectionLimits, type Handler, type RunningServer, serveHandler, type ServeLog } from "./http_server.ts";
import { FileJournal, type Order } from "./orders.ts";
import { createObjectsHandler, UrlSigner } from "./objects.ts";
import { SqliteCatalog, SqliteFiles } from "./sqlite_catalog.ts";
import { checkedPath } from "../config.ts";
import { ImapError, InputError } from "../errors.ts";
import type { Dialect } from "../protocol/tables.ts";
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
    throw new InputError(`Cannot import "${folder}": it cannot be read (${reason})`, { cause: error });
  }
  throw new InputError(`Cannot import "${folder}": it is not a folder`);
}

/**
 * Opens an archive in a folder: updates the catalog to match the folder, then imports.
 *
 * @throws {InputError} When a folder cannot be used.
 */
export async function openArchive(options: OpenArchiveOptions): Promise<OpenArchive> {
  const { unreleased = false, now = () => new Date(), signal } = options;
  const given = checkedPath("serve", options.root, "root");
  const importFrom = options.importFrom === undefined ? undefined : checkedPath("import", options.importFrom);
  if (importFrom !== undefined) await checkFolder(importFrom);
  using opening = new DisposableStack();
  const state = opening.adopt(await openStateFolder(resolve(given)), (state) => state.close());
  const root = await Deno.realPath(given);
  const files = opening.adopt(new SqliteFiles(state.catalog, { unreleased }), (files) => files.close());
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
    journal: new FileJournal(state.journal),
    signer,
    indexed,
    imported,
    watch: (options) => new FolderWatch({ root, files, folders, now, ...options }),
    close: () => Promise.try(() => opened.dispose()),
  };
}

/** Opens the backend that the options choose. */
async function openBackend(options: ArchiveOptions): Promise<Backend> {
  return await openArchive(options);
}

/** Settings of a local archive. */
export interface ArchiveOptions extends OpenArchiveOptions {
  /** The port of the API; 0 for any free port. Default: 0. */
  readonly port?: number | undefined;
  /** The port of the object store, which has a separate origin, as at the SDC; 0 for any free port. Default: 0. */
  readonly objectsPort?: number | undefined;
  /** The public origin of the object store, if it is behind a proxy: `https://objects.example.org`. */
  readonly objectsUrl?: string | undefined;
  /** The name or address to listen on. Default: `127.0.0.1`, which only this machine can reach. */
  readonly host?: string | undefined;
  /** The dialect: `now` for the SDC of today, or `2024`. Default: `now`. */
  readonly as?: Dialect | undefined;
  /**
   * The key that every request needs, on every path: as `x-api-key`, or below `/authorized` as an access token.
   * Default: none; everyone has full access.
   */
  readonly apiKey?: string | undefined;
  /**
   * Whether paths without a prefix serve released files to everyone, as at the SDC. Requires a key. Uploads,
   * reprocessing, and releases are then below `/api-key`. Default: false.
   */
  readonly public?: boolean | undefined;
  /** The maximum size of a response to a query, in bytes; null for no limit. Default: 6 MiB, as at the SDC. */
  readonly answerLimit?: number | null | undefined;
  /** Whether HAPI is served below `/hapi`: the data of CDF files, variable by variable. Default: true. */
  readonly hapi?: boolean | undefined;
  /** The lifetimes of presigned URLs. Default: 86,400 s for downloads and 3,600 s for uploads, as at the SDC. */
  readonly urlLifetimeSeconds?: UrlLifetimes | undefined;
  /** The limits per caller of each port. */
  readonly limits?: ConnectionLimits | undefined;
  /** Called with each internal error, which callers see only as a 500. */
  readonly onError?: ((error: unknown) => void) | undefined;
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
 * Starts a local archive for a folder: the API on one port, the object store on another. The ports are bound before the
 * folder is changed; requests that arrive early wait until the archive is ready.
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
    const archive = await openBackend(options);
    const { indexed, imported, journal } = archive;
    servers.start(archive, objectsPort);
    const { onFolderChange = () => {}, onError = () => {} } = options;
    const watch = archive.watch({ ...options.watch, onChange: onFolderChange, onError });
    watch.start();
    let closed: Promise<void> | undefined;
    const close = async () => {
      await watch.close();
      await servers.close();
      await archive.close();
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

const NO_OBJECTS = new ImapError("The objects of the archive are elsewhere");

/** The time limit for responses in progress when the archive is closed. */
const GRACE_MS = 2_000;

/** The servers of an archive. Requests that arrive before the archive is open wait. */
class ArchiveServers {
  readonly #options: ArchiveOptions;
  readonly #handlers = Promise.withResolvers<Handlers>();
  readonly #servers: RunningServer[] = [];

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.#handlers.promise.catch(() => {}); // If opening fails, there may be no request that handles the rejection.
  }

  /** Binds a port, and returns it. */
  async listen(which: keyof Handlers, port = 0): Promise<number> {
    const { host = DEFAULT_HOST, limits, log } = this.#options;
    const handler: Handler = async (request) => (await this.#handlers.promise)[which](request);
    const server = await serveHandler({ handler, host, port, limits, log });
    this.#servers.push(server);
    return server.port;
  }

  /** Starts handling requests with an archive. */
  start({ catalog, store, journal, signer }: Backend, objectsPort: number): void {
    const { host = DEFAULT_HOST, objectsUrl, now = () => new Date(), ...options } = this.#options;
    const shared = { ...options, store };
    this.#handlers.resolve({
      objects: signer === undefined ? () => Promise.reject(NO_OBJECTS) : createObjectsHandler({ ...shared, signer }),
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
            : origin(host, objectsPort),
        // Behind a proxy, which also has a public URL for the objects, callers use the proxy's name.
        localHostOnly: options.apiKey === undefined && objectsUrl === undefined && isLoopback(host),
      }),
    });
  }

  /** Stops the servers: responses in progress have some time to finish, and waiting requests are dropped. */
  async close(): Promise<void> {
    this.#handlers.reject(new ImapError("The archive is closed"));
    await Promise.all(this.#servers.map((server) => server.close(GRACE_MS)));
  }
}
