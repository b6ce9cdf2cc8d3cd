import type { PostgresCatalog } from "./postgres_catalog.ts";
import type { Indexer } from "./indexer.ts";
import { isCanonicalPath, type ObjectStore, type PresignedAccess, type StoredObject } from "./object_store.ts";
import type { S3Client } from "./s3.ts";
import { hashChunks } from "../disk.ts";
import { ImapError } from "../errors.ts";

/** The options of an {@linkcode S3Store}. */
interface S3StoreOptions {
  readonly catalog: PostgresCatalog;
  readonly client: S3Client;
  readonly indexer: Indexer;
}

/** The files of an archive in an S3-compatible store, which callers reach by themselves with presigned URLs. */
export class S3Store implements ObjectStore {
  readonly #options: S3StoreOptions;

  /** Creates a store for a bucket. */
  constructor(options: S3StoreOptions) {
    this.#options = options;
  }

  /** Whether an object exists; one that was just uploaded is listed. */
  async has(path: string): Promise<boolean> {
    const { catalog, indexer } = this.#options;
    return await catalog.has(path) || await indexer.check(path);
  }

  /** Opens an object of the catalog. If others replace it, reading fails. */
  async open(path: string): Promise<StoredObject | undefined> {
    const { catalog, client } = this.#options;
    const [row] = await catalog.database.rows("SELECT size, mtime, md5, etag FROM files WHERE file_path = ?", [path]);
    if (row === undefined) return undefined;
    const [size, etag] = [Number(row.size), String(row.etag ?? "")];
    const stream = (position = 0, length = size - position) => {
      const reading = client.stream(path, { position, length, etag });
      return ReadableStream.from(chunksOf(reading));
    };
    return {
      size,
      modified: new Date(Number(row.mtime)),
      md5: async () => typeof row.md5 === "string" ? row.md5 : await hashChunks(stream()),
      read: async (position, length) => await client.read(path, { position, length, etag }),
      stream,
      close: () => {},
    };
  }

  /** The objects are not on this machine. */
  async placeOf(path: string): Promise<"elsewhere" | undefined> {
    return isCanonicalPath(path) && await this.#options.catalog.has(path) ? "elsewhere" : undefined;
  }

  async put(
    path: string,
    body: ReadableStream<Uint8Array> | null,
    length: number,
    isReleased?: boolean,
  ): Promise<string> {
    const { client, indexer } = this.#options;
    const etag = await client.put(path, body, length);
    const facts = await indexer.list(path, isReleased);
    if (facts?.etag !== etag) throw new ImapError(`Cannot write "${path}" to "${client.name}": others replaced it`);
    return facts.md5 ?? await hashChunks(await client.stream(path, { position: 0, length, etag }));
  }

  /** Returns a presigned URL of the store itself. An upload is looked for from now on. */
  async presign({ method, path, lifetimeSeconds, tagging }: PresignedAccess): Promise<string> {
    const { client, indexer } = this.#options;
    if (method === "PUT") await indexer.expect(path, lifetimeSeconds);
    return client.presign({ method, path, lifetimeSeconds, tagging });
  }
}

/** Yields the chunks of a stream that is still being opened. */
async function* chunksOf(
  opening: Promise<ReadableStream<Uint8Array<ArrayBuffer>>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield* await opening;
}
