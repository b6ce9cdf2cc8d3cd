import type { Backend } from "./backend.ts";
import { importFolder } from "./folders.ts";
import { Indexer } from "./indexer.ts";
import { readAuthorities } from "./postgres.ts";
import { PostgresCatalog, PostgresJournal } from "./postgres_catalog.ts";
import { type KeyRenewal, parseStoreUrl, S3Client, type StoreCredentials, type StoreLocation } from "./s3.ts";
import { S3Store } from "./s3_store.ts";
import { storeCredentialsFromEnvironment } from "../config.ts";
import { InputError, shown } from "../errors.ts";
import { resolve } from "@std/path";

/** Where replicas share an archive. */
export interface ReplicaOptions {
  /** The URL of PostgreSQL: `postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=verify-full`. */
  readonly database: string;
  /** The S3 store: `s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION`. */
  readonly store: string;
  /** The keys of the store. Default: those in the environment, as for AWS's own programs. */
  readonly storeCredentials?: StoreCredentials | undefined;
  /** Reads the keys repeatedly: temporary ones are renewed. Default: they are read once. */
  readonly keyRenewal?: KeyRenewal | undefined;
  /** A file with certificates of authorities, in PEM, for both. Default: those of the system. */
  readonly caFile?: string | undefined;
  /** The origin of the store for callers, if they reach it by another one. */
  readonly objectsUrl?: string | undefined;
  /** A folder whose files are copied into the archive. */
  readonly importFrom?: string | undefined;
  /** Whether objects that the first sweep finds, and imported files, are unreleased. Default: false. */
  readonly unreleased?: boolean | undefined;
  /** Cancels the opening. */
  readonly signal?: AbortSignal | undefined;
  /** The clock. Default: the computer's. */
  readonly now?: (() => Date) | undefined;
  /** Called with each error in the background. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Returns the keys of the store. */
function credentialsOf({ storeCredentials }: ReplicaOptions): StoreCredentials {
  const credentials = storeCredentials ?? storeCredentialsFromEnvironment();
  if (credentials !== undefined) return credentials;
  throw new InputError(
    "Cannot use the store: its keys are missing; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a file with them",
  );
}

/** Returns where the store is, with the origin that callers use. */
function locationOf({ store, objectsUrl }: ReplicaOptions): StoreLocation {
  const location = parseStoreUrl(store);
  return objectsUrl === undefined ? location : { ...location, publicEndpoint: new URL(objectsUrl) };
}

/**
 * Checks that the rows of a database are about a store. The first replica notes which one it is.
 *
 * @param store Its bucket and prefix. The endpoint may have several names.
 */
async function checkSamePlace({ database }: PostgresCatalog, store: string): Promise<void> {
  await database.transaction([{ sql: "UPDATE state SET store = ? WHERE store IS NULL", values: [store] }]);
  const [state] = await database.rows("SELECT store FROM state");
  if (state?.store === store) return;
  throw new InputError(
    `Cannot use the store "${store}": the database "${database.text}" has the files of "${shown(state?.store)}"; ` +
      `correct one of the two URLs, or, if the files have moved, run UPDATE state SET store = '${store}'`,
  );
}

/** How long to wait for the store: callers of the archive wait as long. */
const MAX_SILENCE_MS = 10_000;
const RETRIES = 2;

/**
 * Opens an archive whose rows are in PostgreSQL, and whose files are in an S3 store. The first time, the catalog is filled
 * with what is in the store.
 *
 * @throws {InputError} When the options are wrong. {ImapError} When the database or the store cannot be used.
 */
export async function openReplica(options: ReplicaOptions): Promise<Backend> {
  const { caFile, unreleased = false, importFrom, signal, now, onError, keyRenewal } = options;
  const location = locationOf(options);
  const credentials = credentialsOf(options);
  const authorities = caFile === undefined ? undefined : { file: caFile, certificates: await readAuthorities(caFile) };
  await using opening = new AsyncDisposableStack();
  const client = opening.adopt(
    new S3Client({ location, credentials, authorities, timeoutMs: MAX_SILENCE_MS, retries: RETRIES }),
    (client) => client.close(),
  );
  await client.check();
  const catalog = opening.adopt(
    await PostgresCatalog.open(options.database, { caFile, onError }),
    (catalog) => catalog.close(),
  );
  await checkSamePlace(catalog, client.name);
  const indexer = new Indexer({ catalog, client, now, onError, releasesFoundFiles: !unreleased });
  const store = new S3Store({ catalog, client, indexer });
  const swept = await indexer.sweepFirst(signal);
  const imported = importFrom === undefined
    ? undefined
    : await importFolder(resolve(importFrom), { store, isReleased: !unreleased, signal });
  const indexed = { files: await catalog.size(), skipped: swept?.skipped ?? [] };
  const opened = opening.move(); // From here on, the caller is responsible for closing it.
  return {
    catalog,
    store,
    journal: new PostgresJournal(catalog.database),
    signer: undefined,
    objectsUrl: location.publicEndpoint.origin,
    indexed,
    imported,
    wake: (event) => indexer.wake(event),
    watch: ({ onChange }) => {
      const { everyMs = 0 } = keyRenewal ?? {};
      let timer: ReturnType<typeof setInterval> | undefined;
      const renew = async () => {
        try {
          // Some stores answer a look for an upload with wrong keys as if there were no such object.
          if (keyRenewal !== undefined && client.use(await keyRenewal.read())) await client.check();
        } catch (error) {
          onError?.(error);
        }
      };
      return {
        start: () => {
          indexer.start(({ skipped }) => skipped.forEach((file) => onChange({ type: "skipped", ...file })));
          if (keyRenewal !== undefined) timer = setInterval(renew, everyMs);
        },
        close: async () => {
          clearInterval(timer);
          catalog.database.stopWaiting();
          await indexer.close();
        },
      };
    },
    close: () => opened.disposeAsync(),
  };
}
