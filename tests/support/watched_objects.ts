import { type ArchiveOptions, type RunningArchive, startArchive } from "../../src/archive/start_archive.ts";
import { HAS_REPLICAS } from "./archive.ts";
import { CredentialWatch } from "./server_credentials.ts";
import { createServer, request } from "node:http";

/** The origin under which callers see an archive's objects: no credential may be sent there. */
export interface WatchedObjects extends AsyncDisposable {
  /** The address of the objects in the archive's settings. */
  readonly url: string;
  /** Where the archive is to have them. */
  readonly port: number;
}

/** The ports that systems do not give to those who listen on any port (Linux: 32768 and above). */
const UNASSIGNED = { first: 12_000, count: 20_000 };

/** A free port of this machine, which no other test gets until it is used. */
function freePort(): number {
  for (let attempt = 1;; attempt++) {
    const port = UNASSIGNED.first + Math.floor(Math.random() * UNASSIGNED.count);
    try {
      Deno.listen({ port, hostname: "127.0.0.1" }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse) || attempt === 100) throw error;
    }
  }
}

/** Stands before an archive's objects and watches. It ends with its `await using`, and fails the test of a credential. */
export async function watchObjects(): Promise<WatchedObjects> {
  const watch = new CredentialWatch("elsewhere");
  const port = freePort();
  const server = createServer((incoming, outgoing) => {
    const { method = "GET", url: path = "/", headers, headersDistinct } = incoming;
    const seen = new Headers();
    for (const [name, values = []] of Object.entries(headersDistinct)) {
      for (const value of values) seen.append(name, value);
    }
    if (!watch.allows({ method, url: `${url}${path}`, headers: seen })) {
      return void outgoing.writeHead(400).end();
    }
    const onward = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
      // The archive has ended in the middle of it. Deno's `pipeline` throws if the caller is gone (2.9).
      for (const event of ["aborted", "error"]) answer.on(event, () => outgoing.destroy());
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  return {
    url,
    port,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      watch.close();
    },
  };
}

/** Starts an archive of the backend that is tested. The files of one in a store are those that are in its folder now. */
export async function startTestArchive({ root = "", ...options }: ArchiveOptions): Promise<RunningArchive> {
  if (!HAS_REPLICAS) return await startArchive({ ...options, root });
  const { database, store, storeCredentials } = await (await import("../replicas/replica_place.ts")).replicaPlace(root);
  return await startArchive({ ...options, database, store, storeCredentials });
}

/** Starts an archive whose objects are watched. Closing it ends the watch, and fails the test of a credential. */
export async function startWatchedArchive(options: ArchiveOptions): Promise<RunningArchive> {
  // The store of replicas has an address that is not the archive's to choose.
  if (HAS_REPLICAS) return await startTestArchive(options);
  const watched = await watchObjects();
  const archive = await startArchive({ ...options, objectsPort: watched.port, objectsUrl: watched.url });
  const close = async () => {
    await archive.close();
    await watched[Symbol.asyncDispose]();
  };
  return { ...archive, close };
}
