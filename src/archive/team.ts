import type { Backend } from "./backend.ts";
import type { StoreCredentials } from "./s3.ts";
import { ImapError } from "../errors.ts";

/** Where replicas share an archive. */
export interface TeamOptions {
  /** The URL of PostgreSQL: `postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=verify-full`. */
  readonly database: string;
  /** The S3 store: `s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION`. */
  readonly store: string;
  /** The keys of the store. Default: those in the environment, as for AWS's own programs. */
  readonly storeCredentials?: StoreCredentials | undefined;
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

/**
 * Opens an archive whose rows are in PostgreSQL, and whose files are in an S3 store.
 *
 * @throws {InputError} When the options are wrong. {ImapError} When the database or the store cannot be used.
 */
export function openTeamArchive(_options: TeamOptions): Promise<Backend> {
  return Promise.reject(new ImapError("Cannot use a database and a store: this version does not have that yet"));
}
