// Archives of tests in PostgreSQL and S3: what is in a folder is in a bucket instead.
import { type ArchivePlace, sharedServers } from "./servers.ts";
import { parseStoreUrl, S3Client, type StoreCredentials } from "../../src/archive/s3.ts";
import { walk } from "@std/fs";
import { join, relative } from "@std/path";

/** The options of an archive in PostgreSQL and S3. */
export interface ReplicaPlace extends Pick<ArchivePlace, "database" | "store" | "bucket"> {
  readonly storeCredentials: StoreCredentials;
  /** The paths of its objects, sorted. */
  objects(): Promise<string[]>;
  /** Sets when an object was last modified. */
  setTime(path: string, time: Date): Promise<void>;
}

/** The places of archives, by the folder that they replace: a test may open its archive several times. */
const places = new Map<string, Promise<ReplicaPlace>>();

/** The number of files that are uploaded at a time. */
const UPLOADS = 8;

/** Uploads the files of a folder, which keep their modification times. */
async function uploadFolder(folder: string, client: S3Client, objects: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for await (const { path, isFile } of walk(folder, { includeSymlinks: false })) {
    const key = relative(folder, path).replaceAll("\\", "/");
    if (isFile && key.startsWith("imap/")) paths.push(key);
  }
  const upload = async () => {
    for (let key = paths.pop(); key !== undefined; key = paths.pop()) {
      const url = client.presign({ method: "PUT", path: key, lifetimeSeconds: 60, isInternal: true });
      const response = await fetch(url, { method: "PUT", body: await Deno.readFile(join(folder, key)) });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`Cannot upload ${key}: ${response.status}`);
      const { atime, mtime } = await Deno.stat(join(folder, key));
      await Deno.utime(join(objects, key), atime ?? new Date(), mtime ?? new Date());
    }
  };
  await Promise.all(Array.from({ length: UPLOADS }, upload));
}

/** The place of the archive that has the files of a folder, as they are when it is asked for first. */
export function replicaPlace(folder: string): Promise<ReplicaPlace> {
  const known = places.get(folder);
  if (known !== undefined) return known;
  const place = newPlace(folder);
  places.set(folder, place);
  return place;
}

async function newPlace(folder: string): Promise<ReplicaPlace> {
  const servers = await sharedServers();
  const { database, store, bucket, objects } = await servers.newArchivePlace();
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = servers.keys;
  const storeCredentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
  const client = new S3Client({ location: parseStoreUrl(store), credentials: storeCredentials });
  try {
    await uploadFolder(folder, client, objects);
  } finally {
    client.close();
  }
  return {
    database,
    store,
    bucket,
    storeCredentials,
    setTime: (path, time) => Deno.utime(join(objects, path), time, time),
    async objects() {
      const paths: string[] = [];
      for await (const { path } of walk(objects, { includeDirs: false })) paths.push(relative(objects, path));
      return paths.sort();
    },
  };
}
