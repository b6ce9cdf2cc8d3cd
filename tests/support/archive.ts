import { type ArchiveHandlerOptions, createArchiveHandler } from "../../src/archive/api.ts";
import { createObjectsHandler } from "../../src/archive/objects.ts";
import type { Backend } from "../../src/archive/backend.ts";
import type { SqliteFiles } from "../../src/archive/sqlite_catalog.ts";
import { openArchive, type OpenArchiveOptions } from "../../src/archive/start_archive.ts";
import { decodeFileRecords, type FileRecord } from "../../src/protocol/tables.ts";
import { type TestFolder, testFolder } from "./folder.ts";
import { delay } from "@std/async";
import { dirname, join } from "@std/path";

/**
 * Whether the archives of tests are in PostgreSQL and S3: the variable IMAP_TEST_BACKEND is `replicas`. What a test writes into
 * the folder before it opens the archive is then in the store.
 */
export const HAS_REPLICAS = Deno.env.get("IMAP_TEST_BACKEND") === "replicas";

/** The settings of a test archive in a temporary folder. */
export interface TestArchiveOptions extends
  Partial<
    Pick<
      ArchiveHandlerOptions,
      "apiKey" | "public" | "as" | "answerLimit" | "hapi" | "hapiLimit" | "urlLifetimeSeconds"
    >
  >,
  Partial<OpenArchiveOptions> {
  /** Files that are in the folder before the archive is opened: their paths and texts. */
  readonly files?: Readonly<Record<string, string>>;
}

/** An archive that a test has opened. */
interface OpenedArchive extends Backend {
  /** The rows of an archive in a folder. */
  readonly files: SqliteFiles;
}

/** An archive without sockets: its handlers are called. The folder is removed when its `await using` ends. */
export interface TestArchive extends AsyncDisposable {
  readonly folder: TestFolder;
  readonly opened: OpenedArchive;
  /** Errors that led to responses with 500. */
  readonly errors: readonly unknown[];
  /** Sends a request to the API; `path` begins with a slash. */
  api(path: string, init?: RequestInit): Promise<Response>;
  /** Sends a request to a URL of the object store. */
  objects(url: string, init?: RequestInit): Promise<Response>;
  /** The rows of a query that must succeed. */
  rows(query: string): Promise<FileRecord[]>;
  /** The presigned URL to PUT a file to, or to GET it from. */
  urlFor(route: "upload" | "download", path: string): Promise<string>;
  /** Uploads a text through both handlers. */
  put(name: string, text: string): Promise<Response>;
  /** Every file below `imap/`, and incoming files. */
  files(): Promise<string[]>;
}

/** Writes files below a folder. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
    await Deno.writeTextFile(join(folder, path), text);
  }
}

/** The request of an upload: a PUT with the length of its body. */
export function putRequest(body: string, headers: Readonly<Record<string, string>> = {}): RequestInit {
  const length = String(new TextEncoder().encode(body).length);
  return { method: "PUT", body, headers: { "content-length": length, ...headers } };
}

/** Opens an archive in a temporary folder. */
export async function openTestArchive(options: TestArchiveOptions = {}): Promise<TestArchive> {
  const folder = await testFolder();
  await writeFiles(folder.path, options.files ?? {});
  const now = options.now ?? (() => new Date());
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const root = options.root ?? folder.path;
  const { opened, objects, objectPaths } = await (HAS_REPLICAS ? openInStore : openInFolder)({
    ...options,
    root,
    now,
    onError,
  });
  const handleApi = createArchiveHandler({
    ...options,
    catalog: opened.catalog,
    store: opened.store,
    journal: opened.journal,
    now,
    onError,
    objectsOrigin: () => "http://objects.test",
  });

  const api = (path: string, init?: RequestInit) => handleApi(new Request(`http://api.test${path}`, init));
  const urlFor = async (route: "upload" | "download", path: string) => {
    const response = await api(`/${route}/${path}`);
    const text = await response.text();
    return response.headers.get("location") ?? String(JSON.parse(text));
  };
  return {
    folder,
    opened,
    errors,
    api,
    objects,
    urlFor,
    rows: async (query) => decodeFileRecords(await (await api(`/query?${query}`)).json()),
    put: async (name, text) => await objects(await urlFor("upload", name), putRequest(text)),
    files: async () =>
      await objectPaths?.() ?? (await folder.files()).filter((path) => /^imap\/|\/incoming\//.test(path)),
    async [Symbol.asyncDispose]() {
      await opened.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** An opened archive, and what its presigned URLs lead to. */
interface Opened {
  readonly opened: OpenedArchive;
  objects(url: string, init?: RequestInit): Promise<Response>;
  /** The objects of a store. */
  objectPaths?(): Promise<string[]>;
}

interface OpenOptions extends OpenArchiveOptions {
  readonly onError: (error: unknown) => void;
}

async function openInFolder(options: OpenOptions): Promise<Opened> {
  const opened = await openArchive(options);
  const { store, signer } = opened;
  const handle = createObjectsHandler({ store, signer, onError: options.onError });
  return { opened, objects: (url, init) => handle(new Request(url, init)) };
}

async function openInStore({ root, onError, ...options }: OpenOptions): Promise<Opened> {
  const { replicaPlace } = await import("../replicas/replica_place.ts");
  const { openReplica } = await import("../../src/archive/replica.ts");
  const place = await replicaPlace(root);
  const archive = await openReplica({ ...options, ...place, onError });
  const { catalog, store } = archive;
  const indexing = archive.watch({ onChange: () => {}, onError });
  /** Waits until the catalog lists what was uploaded, as callers of an archive in a folder may expect. */
  const listed = async (path: string, md5: string) => {
    const isListed = async () => {
      const [row] = await catalog.rows("SELECT md5 FROM files WHERE file_path = ?", [path]);
      return row?.md5 === md5;
    };
    await store.has(path);
    if (await isListed()) return;
    // Another object has taken the place of a listed one.
    indexing.start();
    await until(isListed);
  };
  return {
    opened: {
      ...archive,
      get files(): never {
        throw new Error("Only an archive in a folder has rows in SQLite");
      },
      async close() {
        await indexing.close();
        await archive.close();
      },
    },
    async objects(url, init) {
      const response = await fetch(url, init);
      const md5 = response.headers.get("etag")?.replaceAll('"', "");
      if (init?.method === "PUT" && response.ok && md5 !== undefined) {
        const path = decodeURIComponent(new URL(url).pathname).slice(`/${place.bucket}/`.length);
        // The store does not use the clock of the test.
        if (options.now !== undefined) await place.setTime(path, options.now());
        await listed(path, md5);
      }
      return response;
    },
    objectPaths: place.objects,
  };
}

/** Waits until a condition holds, up to a minute: the machine may be busy. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!await holds()) {
    if (Date.now() > end) throw new Error("Cannot go on: what the test waits for does not come about");
    await delay(5);
  }
}

/** Whether an upload is being written below the root of an archive. */
export function isReceiving(root: string): boolean {
  return [...Deno.readDirSync(join(root, ".imap-archive/incoming"))].length > 0;
}

/** A connection on which a test sends exact bytes. */
export interface RawConnection extends Disposable {
  send(text: string): Promise<void>;
  /** Waits for the first byte of a response, and reads no further. */
  begun(): Promise<void>;
  /** Returns everything that is received until the connection is closed or reset. */
  received(): Promise<string>;
}

/** Connects to the server of a URL. */
export async function connectRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  return {
    async send(text) {
      const bytes = new TextEncoder().encode(text);
      for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
    },
    async begun() {
      if (await connection.read(new Uint8Array(1)) === null) throw new Error("The connection was closed");
    },
    async received() {
      const buffer = new Uint8Array(65_536);
      let text = "";
      try {
        for (let read = await connection.read(buffer); read !== null; read = await connection.read(buffer)) {
          text += new TextDecoder().decode(buffer.subarray(0, read));
        }
      } catch (error) {
        if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
      }
      return text;
    },
    [Symbol.dispose]: () => connection.close(),
  };
}

/** The head of a request to a URL; the server closes the connection after its response. */
export function rawHead(method: string, url: string, headers: readonly string[] = []): string {
  const { host, pathname, search } = new URL(url);
  return [`${method} ${pathname}${search} HTTP/1.1`, `Host: ${host}`, "Connection: close", ...headers, "", ""].join(
    "\r\n",
  );
}
