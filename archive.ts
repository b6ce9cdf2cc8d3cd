/**
 * A local archive that speaks the protocol of the Science Data Center (SDC), started from code: with sample files to try
 * things out, or with the files of a folder. The command line starts one with `imap-data-access serve`.
 *
 * @example Try things out without the network
 * ```ts
 * import * as imap from "@imap-sdc/data-access";
 * import { demoArchive } from "@imap-sdc/data-access/archive";
 *
 * const archive = await demoArchive();
 * const files = await imap.query({ instrument: "mag" });
 * await files.show();
 * await archive.close();
 * ```
 *
 * @module
 */
import { configureUntil } from "./src/client/default_client.ts";
import { checkOptions, KINDS } from "./src/client/options.ts";
import { DEMO_UPLOADS, demoUpload, writeDemoFiles } from "./src/demo/demo_files.ts";
import { startArchive as start } from "./src/archive/start_archive.ts";
import { InputError } from "./src/errors.ts";
import { join } from "@std/path";

/**
 * Options of {@linkcode startArchive}.
 *
 * @category Local archive
 */
export interface ArchiveOptions {
  /**
   * The folder with the files in the SDC's layout, `imap/...`, such as a data directory. Created if it does not exist.
   * Required unless the archive is in `database` and `store`.
   */
  root?: string | undefined;
  /**
   * The URL of PostgreSQL, for one of several replicas that share an archive:
   * `postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=verify-full`. Requires `store`.
   */
  database?: string | undefined;
  /**
   * The S3 store of the files that replicas share: `s3://BUCKET/PREFIX?endpoint=https://HOST:PORT&region=REGION`, with
   * `&style=path` or `&style=host` for the place of the bucket's name in URLs. Requires `database`.
   */
  store?: string | undefined;
  /**
   * The keys of the store. Default: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, and `AWS_SESSION_TOKEN` in the
   * environment.
   */
  storeCredentials?: StoreCredentials | undefined;
  /** A file with certificates of authorities, in PEM, for PostgreSQL and the store. Default: only those of the system. */
  caFile?: string | undefined;
  /** The origin of the store for callers, if they reach it by another one than the replicas. Default: the same. */
  objectsUrl?: string | undefined;
  /**
   * The secret of `POST /webhook/SECRET`, with which the store announces new objects: 16 characters or more, letters,
   * digits, `-`, and `_`. Default: there is no such route.
   */
  webhookSecret?: string | undefined;
  /** The port to listen on. Default: any free port. */
  port?: number | undefined;
  /** The name or address to listen on. Default: `127.0.0.1`, which only this machine can reach. */
  host?: string | undefined;
  /** The key that every request needs. Default: none, everyone has full access. */
  apiKey?: string | undefined;
  /** Whether released files are served to everyone, as at the SDC. Requires a key. Default: false. */
  public?: boolean | undefined;
  /** A folder whose files are copied into the archive. Their names determine their paths there. Default: none. */
  importFrom?: string | undefined;
}

/**
 * The keys of an S3 store.
 *
 * @category Local archive
 */
export interface StoreCredentials {
  /** The public part, which every presigned URL contains. */
  accessKeyId: string;
  /** The secret part. */
  secretAccessKey: string;
  /** The session token of temporary keys. Default: none. */
  sessionToken?: string | undefined;
}

/**
 * A running local archive. `await using` closes it at the end of a block.
 *
 * @category Local archive
 */
export interface LocalArchive extends AsyncDisposable {
  /** The URL of the API, such as `http://127.0.0.1:40000`: the `url` of a client. It can be opened in a browser. */
  readonly url: string;
  /** Stops the archive. Its files remain. */
  close(): Promise<void>;
}

const ARCHIVE_KINDS = {
  root: KINDS.text,
  database: KINDS.secret,
  store: KINDS.text,
  storeCredentials: {
    expected: "an object with accessKeyId and secretAccessKey",
    accepts: (value: unknown) => typeof value === "object" && value !== null,
    isSecret: true,
  },
  caFile: KINDS.text,
  objectsUrl: KINDS.text,
  webhookSecret: KINDS.secret,
  port: KINDS.number,
  host: KINDS.text,
  apiKey: KINDS.secret,
  public: KINDS.flag,
  importFrom: KINDS.text,
};

const CREDENTIAL_KINDS = { accessKeyId: KINDS.secret, secretAccessKey: KINDS.secret, sessionToken: KINDS.secret };

/**
 * Starts an archive, as `imap-data-access serve` does: for a folder, or as one of several replicas that share the rows in a
 * PostgreSQL database and the files in an S3 store.
 *
 * @throws {InputError} When the folder cannot be used, options have no meaning together, the key is empty, or `public` is
 *   set without a key. {ImapError} When the port, the database, or the store is not available.
 *
 * @example A folder
 * ```ts
 * import { ImapClient } from "@imap-sdc/data-access";
 * import { startArchive } from "@imap-sdc/data-access/archive";
 *
 * const root = await Deno.makeTempDir();
 * {
 *   await using archive = await startArchive({ root });
 *   const client = new ImapClient({ url: archive.url });
 *   console.log(await client.query({ instrument: "mag" }));
 * }
 * await Deno.remove(root, { recursive: true });
 * ```
 *
 * @example One of several replicas, with the keys of the store in the environment
 * ```ts ignore
 * import { startArchive } from "@imap-sdc/data-access/archive";
 *
 * await startArchive({
 *   database: await Deno.readTextFile("/etc/imap/database"), // postgres://archive:...@db.example.org/imap
 *   store: "s3://imap?endpoint=https://s3.example.org&region=us-east-1",
 *   port: 8000,
 * });
 * ```
 *
 * @category Local archive
 */
export async function startArchive(options: ArchiveOptions): Promise<LocalArchive> {
  checkOptions("start an archive", ARCHIVE_KINDS, options);
  const { root, database, store, storeCredentials } = options;
  if (storeCredentials !== undefined) checkOptions("use credentials", CREDENTIAL_KINDS, storeCredentials);
  if (root === undefined && database === undefined && store === undefined) {
    throw new InputError('Cannot start an archive: give its folder, for example { root: "/data" }');
  }
  const { url, close } = await start({ ...options, database: database?.trim() });
  return { url, close, [Symbol.asyncDispose]: close };
}

/**
 * Options of {@linkcode demoArchive}.
 *
 * @category Local archive
 */
export interface DemoArchiveOptions {
  /**
   * Whether the functions of the library (`query`, `download`, ...) use the archive and its data directory until it is
   * closed. Otherwise, give its `url` and `dataDir` to a client. Default: true.
   */
  configure?: boolean | undefined;
  /** The port to listen on. Default: any free port. */
  port?: number | undefined;
}

/**
 * A running archive with sample files. `await using` closes it at the end of a block.
 *
 * @category Local archive
 */
export interface DemoArchive extends AsyncDisposable {
  /** The URL of the API, such as `http://127.0.0.1:40000`. It can be opened in a browser. */
  readonly url: string;
  /** An empty data directory, for downloads. */
  readonly dataDir: string;
  /** The paths of sample files that the archive does not have yet, for uploads. */
  readonly uploads: readonly [string, string];
  /** Stops the archive, deletes its files and the data directory, and restores the settings of the default client. */
  close(): Promise<void>;
}

/** The demo archive that the default client uses, if any. */
let current: DemoArchive | undefined;

/** Writes the files to upload into a folder. @returns Their paths. */
async function writeUploads(folder: string): Promise<[string, string]> {
  await Deno.mkdir(folder);
  const [first, second] = DEMO_UPLOADS.map((name) => join(folder, name));
  for (const name of DEMO_UPLOADS) await Deno.writeFile(join(folder, name), demoUpload(name));
  return [first ?? "", second ?? ""];
}

/**
 * Starts a local archive with made-up sample files: about 40 files of CoDICE, GLOWS, and MAG, SPICE kernels, and ancillary
 * files. The functions of the library use it, and an empty data directory, until it is closed. Nothing is sent to the SDC. A
 * second call closes the archive of the first one, unless `configure` is false.
 *
 * @returns The running archive. Close it with `close()`, or start it with `await using`.
 * @throws {ImapError} When the port is not available.
 *
 * @example Until the end of a block
 * ```ts
 * import * as imap from "@imap-sdc/data-access";
 * import { demoArchive } from "@imap-sdc/data-access/archive";
 *
 * {
 *   await using archive = await demoArchive();
 *   await imap.upload(archive.uploads[0]);
 *   console.log(await imap.download("imap_mag_l0_raw_20250502_v001.pkts"));
 * }
 * ```
 *
 * @category Local archive
 */
export async function demoArchive(options: DemoArchiveOptions = {}): Promise<DemoArchive> {
  checkOptions("start a demo archive", { configure: KINDS.flag, port: KINDS.number }, options);
  const { configure = true, port = 0 } = options;
  // A cell that is run again starts a new archive in place of its earlier one.
  if (configure) await current?.close();
  const folder = await Deno.makeTempDir({ prefix: "imap_demo_" });
  const removeAtEnd = () => Deno.removeSync(folder, { recursive: true });
  const remove = async () => {
    removeEventListener("unload", removeAtEnd);
    await Deno.remove(folder, { recursive: true });
  };
  addEventListener("unload", removeAtEnd);
  try {
    const [root, dataDir] = [join(folder, "archive"), join(folder, "data")];
    await Deno.mkdir(dataDir);
    await writeDemoFiles(root);
    const uploads = await writeUploads(join(folder, "uploads"));
    const { url, close: stop } = await start({ root, port });
    const restore = configure ? configureUntil({ url, dataDir }) : () => {};
    let closed: Promise<void> | undefined;
    const close = async () => {
      if (current === archive) current = undefined;
      restore();
      await stop();
      await remove();
    };
    const closeOnce = () => closed ??= close();
    const archive = { url, dataDir, uploads, close: closeOnce, [Symbol.asyncDispose]: closeOnce };
    if (configure) current = archive;
    return archive;
  } catch (error) {
    await remove();
    throw error;
  }
}
