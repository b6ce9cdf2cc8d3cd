import { createArchiveHandler, type UrlLifetimes } from "./api.ts";
import { Catalog } from "./catalog.ts";
import { importFolder, type ImportReport, indexFolder, type IndexReport, openStateFolder } from "./folders.ts";
import { type ConnectionLimits, type Handler, type RunningServer, serveHandler, type ServeLog } from "./http_server.ts";
import { Journal, type Order } from "./journal.ts";
import { ObjectStore } from "./object_store.ts";
import { createObjectsHandler, UrlSigner } from "./objects.ts";
import { InputError } from "../errors.ts";
import type { Dialect } from "../protocol/tables.ts";
import { resolve } from "@std/path";

/** What an archive is opened with. */
export interface OpenArchiveOptions {
  /** The folder that holds `imap/...`; made when it is not there. */
  readonly root: string;
  /** A folder whose files are taken in, by their names. */
  readonly importFrom?: string | undefined;
  /** Whether files that are there when the archive first opens, or are imported, count as not released. Default: false. */
  readonly unreleased?: boolean | undefined;
  /** Ends the opening early: what is copied by then stays. */
  readonly signal?: AbortSignal | undefined;
  /** The clock. Default: the computer's. */
  readonly now?: (() => Date) | undefined;
}

/** An archive that is ready to be served: its files, its catalog, and what was found on opening it. */
export interface OpenArchive {
  /** What the archive has. */
  readonly catalog: Catalog;
  /** The files. */
  readonly store: ObjectStore;
  /** What it was asked to do besides. */
  readonly journal: Journal;
  /** What was found in the folder. */
  readonly indexed: IndexReport;
  /** Undefined when nothing was to be imported. */
  readonly imported: ImportReport | undefined;
  /** Closes the catalog and lets another archive have the folder. */
  close(): void;
}

/** Makes sure that a folder can be read, before anything is written. */
async function checkFolder(folder: string): Promise<void> {
  try {
    if ((await Deno.stat(folder)).isDirectory) return;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(`Cannot import "${folder}": it cannot be read (${reason})`, { cause: error });
  }
  throw new InputError(`Cannot import "${folder}": it is no folder`);
}

/**
 * Opens an archive over a folder: makes the catalog agree with the files, then imports.
 *
 * @throws {InputError} When a folder cannot be used.
 */
export async function openArchive(options: OpenArchiveOptions): Promise<OpenArchive> {
  const { importFrom, unreleased = false, now = () => new Date(), signal } = options;
  if (importFrom !== undefined) await checkFolder(importFrom);
  const state = await openStateFolder(resolve(options.root));
  try {
    const root = await Deno.realPath(options.root);
    const catalog = new Catalog(state.catalog, { unreleased });
    try {
      const store = new ObjectStore({ root, incoming: state.incoming, catalog, now });
      const found = await indexFolder(root, catalog, signal);
      const imported = importFrom === undefined
        ? undefined
        : await importFolder(resolve(importFrom), { store, isReleased: !unreleased, signal });
      const indexed = { ...found, files: catalog.size };
      const close = () => {
        catalog.close();
        state.close();
      };
      return { catalog, store, journal: new Journal(state.journal), indexed, imported, close };
    } catch (error) {
      catalog.close();
      throw error;
    }
  } catch (error) {
    state.close();
    throw error;
  }
}

/** Settings of a local archive. */
export interface ArchiveOptions extends OpenArchiveOptions {
  /** The API's port; 0 for any that is free. Default: 0. */
  readonly port?: number | undefined;
  /** The objects' port: another origin, as in the SDC. Default: 0. */
  readonly objectsPort?: number | undefined;
  /** Where callers reach the objects, `https://objects.example.org`, when a proxy stands before the port. */
  readonly objectsUrl?: string | undefined;
  /** The name or address to listen on. Default: `127.0.0.1`, which this computer alone can reach. */
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
  /** The longest answer of a query, in bytes; null for none. Default: 6 MiB, as in the SDC. */
  readonly answerLimit?: number | null | undefined;
  /** How long signed addresses are valid. Default: 86,400 s for downloads, 3,600 s for uploads, as in the SDC. */
  readonly urlLifetimeSeconds?: UrlLifetimes | undefined;
  /** What each of the two ports takes from callers. */
  readonly limits?: ConnectionLimits | undefined;
  /** Told of each error that a caller only sees as 500 or 502. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Told what became of each request, on either port. */
  readonly log?: ServeLog | undefined;
}

/** A local archive that answers. */
export interface RunningArchive {
  /** The API's address, `http://127.0.0.1:40000`: what a client takes for its `url`. */
  readonly url: string;
  /** The objects' address. */
  readonly objectsUrl: string;
  /** What was found in the folder. */
  readonly indexed: IndexReport;
  /** What was taken in; undefined when nothing was to be. */
  readonly imported: ImportReport | undefined;
  /** What it was asked to do besides, oldest first: it takes note of it and no more. */
  orders(): Order[];
  /** Stops it: answers under way finish, for two seconds at most; then the catalog is closed. */
  close(): Promise<void>;
}

/** How long answers under way have when the archive is closed. */
const GRACE_MS = 2_000;

/** Addresses that mean any of the computer's own: no caller can go to them. */
const ANY_ADDRESS = ["0.0.0.0", "::"];

/** Whether an address is reached from this computer alone. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** `::1` is written `[::1]` in an address (RFC 3986). */
function origin(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Who asks a server that listens everywhere is sent to the objects under the name that it used itself. */
function objectsOriginFor(host: string, port: number): (requested: URL) => string {
  return (requested) => ANY_ADDRESS.includes(host) ? `http://${requested.hostname}:${port}` : origin(host, port);
}

/** The origin of an address that was given. */
function givenOrigin(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  throw new InputError(`Cannot use "${text}" for the objects: expected an origin, such as https://objects.example.org`);
}

/** What answers on the two ports. */
interface Handlers {
  readonly api: Handler;
  readonly objects: Handler;
}

/**
 * Starts a local SDC over a folder: the API on one port, the objects on another. The ports are taken before the folder is
 * touched; requests that come before all is ready wait.
 *
 * @throws {InputError} When the folder cannot be used, or the key is empty. {ImapError} When a port cannot be had.
 */
export async function startArchive(options: ArchiveOptions): Promise<RunningArchive> {
  const { host = "127.0.0.1", now = () => new Date(), onError } = options;
  if (options.apiKey === "") throw new InputError("Cannot use the API key: it is empty");
  if (options.public && options.apiKey === undefined) {
    throw new InputError("Cannot serve released files alone to everyone: an archive without an API key is open");
  }
  const objectsUrl = options.objectsUrl === undefined ? undefined : givenOrigin(options.objectsUrl);
  const ready = Promise.withResolvers<Handlers>();
  // Nobody may be waiting when it fails.
  ready.promise.catch(() => {});
  const servers: RunningServer[] = [];
  const serve = async (which: keyof Handlers, port = 0) => {
    const handler: Handler = async (request) => (await ready.promise)[which](request);
    const server = await serveHandler({ handler, host, port, limits: options.limits, log: options.log });
    servers.push(server);
    return server;
  };
  let archive: OpenArchive | undefined;
  let closed: Promise<void> | undefined;
  const close = async () => {
    await Promise.all(servers.map((server) => server.close(GRACE_MS)));
    archive?.close();
  };
  try {
    const signer = new UrlSigner(now);
    const objects = await serve("objects", options.objectsPort);
    const api = await serve("api", options.port);
    archive = await openArchive(options);
    const { catalog, store, journal, indexed, imported } = archive;
    const { as, apiKey, public: isPublic, answerLimit, urlLifetimeSeconds } = options;
    // Behind a proxy, which has the objects under a name of its own, callers use its name.
    const localHostOnly = apiKey === undefined && objectsUrl === undefined && isLoopback(host);
    const objectsOrigin = objectsUrl === undefined ? objectsOriginFor(host, objects.port) : () => objectsUrl;
    ready.resolve({
      objects: createObjectsHandler({ store, signer, onError }),
      api: createArchiveHandler({
        catalog,
        store,
        journal,
        now,
        signer,
        objectsOrigin,
        as,
        apiKey,
        public: isPublic,
        localHostOnly,
        answerLimit,
        urlLifetimeSeconds,
        onError,
      }),
    });
    return {
      url: origin(host, api.port),
      objectsUrl: objectsUrl ?? origin(host, objects.port),
      indexed,
      imported,
      orders: () => journal.orders(),
      close: () => closed ??= close(),
    };
  } catch (error) {
    ready.reject(error);
    await close();
    throw error;
  }
}
