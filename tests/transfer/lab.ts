import { type DownloadOptions, ImapClient, type Outcome } from "../../mod.ts";
import type { HttpEvent } from "../../src/http/transport.ts";
import { archivePath } from "../../src/names/file_name.ts";
import { type ByteRange, partialPathOf, type PartialRecord } from "../../src/transfer/partial_file.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { md5Tag, type ObjectStore, randomBytes, startObjectStore } from "../support/object_store.ts";
import { dirname, join } from "@std/path";

/** Settings of a test's client. */
export interface LabOptions {
  readonly retries?: number;
  readonly timeoutMs?: number;
}

/** A valid file name, a different one for each number. */
export function nameOf(number: number): string {
  const date = new Date(Date.UTC(2024, 0, 1 + number)).toISOString().slice(0, 10).replaceAll("-", "");
  return `imap_swe_l0_sci_${date}_v001.pkts`;
}

/** A store, a client of it, and the client's log. */
export interface Lab extends AsyncDisposable {
  readonly store: ObjectStore;
  readonly folder: TestFolder;
  readonly client: ImapClient;
  readonly log: readonly HttpEvent[];
  /** The first object: its bytes, its name, its archive path, and the local paths of the file and its partial file. */
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly path: string;
  readonly finalPath: string;
  readonly partPath: string;
  /** Downloads the first object. */
  one(options?: DownloadOptions): Promise<Outcome>;
  /** The ranges that were requested from the store; `""` for a whole object. */
  ranges(): string[];
  /** Writes a partial file, with a record of this object or of something else. */
  putPart(part: Uint8Array, record?: Partial<PartialRecord> | string | Uint8Array): Promise<void>;
  /** Writes a partial file without some bytes, as a run over several connections leaves it. */
  putSplitPart(missing: readonly ByteRange[], record?: Partial<PartialRecord>): Promise<void>;
  /** The bytes at the final path. */
  read(): Promise<Uint8Array>;
}

/** Starts a store with an object, and makes a client with a key and a data directory. There are no waits before retries. */
export async function openLab({ retries = 3, timeoutMs = 30_000 }: LabOptions = {}): Promise<Lab> {
  const store = await startObjectStore();
  const folder = await testFolder();
  const log: HttpEvent[] = [];
  const settings = { url: store.url, dataDir: folder.path, apiKey: "k3y", retries, timeoutMs };
  // The random part of a wait is all of it: with 0 there is no wait.
  const client = new ImapClient({ ...settings, log: (event) => log.push(event), random: () => 0 });
  const bytes = randomBytes(100_000);
  const [name, path] = [nameOf(0), archivePath(nameOf(0))];
  store.add(path, bytes);
  const finalPath = join(folder.path, path);

  const one = async (options: DownloadOptions = {}) => {
    const report = await client.download([name], options);
    const [outcome] = report.outcomes;
    if (outcome === undefined) throw new Error("there is no outcome");
    return outcome;
  };
  const putPart: Lab["putPart"] = async (part, record = {}) => {
    await Deno.mkdir(dirname(finalPath), { recursive: true });
    await Deno.writeFile(partialPathOf(finalPath), part);
    const etag = md5Tag(bytes);
    const usual = { archivePath: path, size: bytes.length, etag, md5: etag.slice(1, -1) };
    const isText = typeof record === "string" || record instanceof Uint8Array;
    const text = isText ? record : JSON.stringify({ ...usual, missing: null, ...record });
    const json = typeof text === "string" ? new TextEncoder().encode(text) : text;
    await Deno.writeFile(`${partialPathOf(finalPath)}.json`, json);
  };
  return {
    store,
    folder,
    client,
    log,
    bytes,
    name,
    path,
    finalPath,
    partPath: partialPathOf(finalPath),
    one,
    ranges: () => store.requests.map(({ headers }) => headers.get("range") ?? ""),
    putPart,
    async putSplitPart(missing, record = {}) {
      const part = bytes.slice();
      for (const { first, last } of missing) part.fill(0, first, last + 1);
      await putPart(part, { ...record, missing });
    },
    read: () => Deno.readFile(finalPath),
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
