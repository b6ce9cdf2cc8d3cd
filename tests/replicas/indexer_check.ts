// How the indexers of several replicas treat uploads, and changes of the store by other programs.
import { Indexer, type IndexerOptions, type IndexerTimes, type SweepReport } from "../../src/archive/indexer.ts";
import { catalogEntry } from "../../src/archive/catalog_entry.ts";
import { PostgresCatalog } from "../../src/archive/postgres_catalog.ts";
import { parseStoreUrl, S3Client, type S3ClientOptions } from "../../src/archive/s3.ts";
import { S3Store } from "../../src/archive/s3_store.ts";
import { openReplica } from "../../src/archive/replica.ts";
import type { HttpEvent } from "../../src/http/transport.ts";
import { ImapError, InputError, ResponseError } from "../../src/errors.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { type ArchivePlace, busyFactor, type ReplicaServers, sharedServers, startServers } from "./servers.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async";
import { createHash } from "node:crypto";

/** The path of a file: one of many. A hundred files have the same day: 50 products in two versions. */
function pathOf(number: number): string {
  const day = new Date(Date.UTC(2020, 0, 1 + Math.floor(number / 100))).toISOString().slice(0, 10);
  const [product, version] = [number % 50, 1 + Math.floor(number % 100 / 50)];
  const [year, month, date] = day.split("-");
  return `imap/mag/l1a/${year}/${month}/imap_mag_l1a_norm${product}_${year}${month}${date}_v00${version}.cdf`;
}

/** The parts of one replica. */
interface Replica extends AsyncDisposable {
  readonly catalog: PostgresCatalog;
  readonly client: S3Client;
  readonly indexer: Indexer;
  readonly store: S3Store;
  /** When HEADs were sent, by whether they found an object. */
  readonly looks: { readonly found: number[]; readonly missed: number[] };
  readonly errors: unknown[];
  readonly sweeps: SweepReport[];
  /** Starts the indexer. */
  start(): void;
}

interface ReplicaOptions extends Pick<IndexerOptions, "releasesFoundFiles"> {
  readonly times?: Partial<IndexerTimes>;
  readonly clientOptions?: Partial<S3ClientOptions>;
  /** Makes another client. */
  readonly makeClient?: (options: S3ClientOptions) => S3Client;
}

async function newReplica(
  servers: ReplicaServers,
  place: Pick<ArchivePlace, "database" | "store">,
  { times, clientOptions, makeClient = (options) => new S3Client(options), ...options }: ReplicaOptions = {},
): Promise<Replica> {
  const errors: unknown[] = [];
  const sweeps: SweepReport[] = [];
  const looks: Replica["looks"] = { found: [], missed: [] };
  const onError = (error: unknown) => errors.push(error);
  const catalog = await PostgresCatalog.open(place.database, { onError });
  const client = makeClient({
    location: parseStoreUrl(place.store),
    credentials: {
      accessKeyId: servers.keys.AWS_ACCESS_KEY_ID,
      secretAccessKey: servers.keys.AWS_SECRET_ACCESS_KEY,
    },
    log: (event: HttpEvent) => {
      if (event.type === "request" && event.method === "HEAD") {
        looks[event.status === 404 ? "missed" : "found"].push(performance.now() - event.milliseconds);
      }
    },
    retries: 1,
    ...clientOptions,
  });
  const indexer = new Indexer({
    catalog,
    client,
    times,
    onError,
    ...options,
  });
  const store = new S3Store({ catalog, client, indexer });
  return {
    catalog,
    client,
    indexer,
    store,
    looks,
    errors,
    sweeps,
    start: () => indexer.start((swept) => sweeps.push(swept)),
    async [Symbol.asyncDispose]() {
      await indexer.close();
      client.close();
      await catalog.close();
    },
  };
}

/** Prints figures. */
function report(text: string): void {
  // deno-lint-ignore no-console -- The figures are what these tests are for.
  console.log(text);
}

/** Waits until a condition is met, and fails after some seconds. */
async function until(what: string, isSo: () => boolean | Promise<boolean>, seconds = 60): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!await isSo()) {
    if (performance.now() > end) throw new Error(`Not after ${seconds} s: ${what}`);
    await delay(10);
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function md5(bytes: Uint8Array | string): string {
  return createHash("md5").update(bytes).digest("hex");
}

/** Sends bytes to a presigned URL. @returns The status. */
async function put(url: string, text: string): Promise<number> {
  const response = await fetch(url, { method: "PUT", body: text });
  await response.body?.cancel();
  return response.status;
}

function sign({ store }: Replica, path: string, lifetimeSeconds = 3_600): Promise<string> {
  return store.presign({ method: "PUT", path, lifetimeSeconds, origin: "" });
}

/** The MD5 of each file of a catalog, by path. */
async function listed({ catalog }: Replica): Promise<Map<string, string>> {
  const rows = await catalog.rows("SELECT file_path, md5 FROM files ORDER BY file_path LIMIT 1000000");
  return new Map(rows.map(({ file_path, md5 }) => [String(file_path), String(md5)]));
}

/** The most that happened in any second. */
function mostInASecond(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < sorted.length; last++) {
    while ((sorted[last] ?? 0) - (sorted[first] ?? 0) >= 1000) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** The value that a part of the values does not exceed. */
function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

/** Uploads a number of files with several clients. @returns How long after its PUT each file was listed, in milliseconds. */
async function uploadMany(
  replicas: readonly Replica[],
  { first, count, clients, waitMs = () => 0 }: {
    readonly first: number;
    readonly count: number;
    readonly clients: number;
    readonly waitMs?: (number: number) => number;
  },
): Promise<number[]> {
  const finished = new Map<string, number>();
  const lags: number[] = [];
  const numbers = Array.from({ length: count }, (_, index) => first + index).values();
  let isUploading = true;
  const watching = (async () => {
    const [replica] = replicas;
    const end = performance.now() + 90_000;
    while (isUploading || finished.size > 0) {
      if (performance.now() > end) throw new Error(`${finished.size} files are not listed`);
      const paths = [...finished.keys()];
      const asked = performance.now();
      const rows = await replica?.catalog.rows(
        "SELECT file_path FROM files WHERE file_path IN (SELECT json_array_elements_text(CAST(CAST(? AS text) AS json)))",
        [JSON.stringify(paths)],
      );
      for (const { file_path } of rows ?? []) {
        const path = String(file_path);
        lags.push(Math.max(0, asked - (finished.get(path) ?? asked)));
        finished.delete(path);
      }
      await delay(20);
    }
  })();
  await Promise.all(Array.from({ length: clients }, async () => {
    for (const number of numbers) {
      const replica = replicas[number % replicas.length];
      if (replica === undefined) return;
      const url = await sign(replica, pathOf(number));
      await delay(waitMs(number));
      assertEquals(await put(url, `file ${number}`), 200);
      finished.set(pathOf(number), performance.now());
    }
  }));
  isUploading = false;
  await watching;
  return lags;
}

Deno.test("Indexers list 95 % of quick uploads within a second, and slow ones soon", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  await using one = await newReplica(servers, place);
  await using two = await newReplica(servers, place);
  for (const replica of [one, two]) replica.start();
  for (let number = 5_000; number < 5_300; number++) await sign(one, pathOf(number)); // Nobody uses these.
  const lags = await uploadMany([one, two], {
    first: 0,
    count: 300,
    clients: 16,
    waitMs: (number) => number % 5 * 200,
  });
  report(
    `300 uploads within 1 s of signing: listed after ${
      [0.5, 0.95, 1].map((part) => Math.round(quantile(lags, part))).join(", ")
    } ms ` +
      "(50 %, 95 %, all)",
  );
  assert(quantile(lags, 0.95) < 1000 * busyFactor());
  const slow = await uploadMany([one, two], {
    first: 1_000,
    count: 24,
    clients: 24,
    waitMs: (number) => number % 8 * 1000,
  });
  report(`24 uploads within 8 s of signing: the last one is listed after ${Math.round(Math.max(...slow))} ms`);
  assert(Math.max(...slow) < 5_000 * busyFactor()); // The time that it took, at most half of it, and some more.
  const files = await listed(one);
  assertEquals([files.size, files.get(pathOf(7))], [324, md5("file 7")]);
  assertEquals([one.errors, two.errors], [[], []]);
});

Deno.test("10,000 URLs that nobody uses cost at most 200 HEADs a second, and do not delay others", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  await using one = await newReplica(servers, place);
  await using two = await newReplica(servers, place);
  await one.catalog.rows(
    `INSERT INTO pending SELECT 'imap/mag/l1a/2026/01/nothing' || number, 0, 32503680000000, 0, 0, 0
      FROM generate_series(1, 10000) AS numbers (number) RETURNING 1`,
  );
  for (const replica of [one, two]) replica.start();
  const started = performance.now();
  await delay(3_000); // The first looks for all of them come together.
  const lags = await uploadMany([one, two], { first: 0, count: 200, clients: 4, waitMs: () => 50 });
  await until("the time is over", () => performance.now() - started > 10_000, 20);
  const missed = [...one.looks.missed, ...two.looks.missed];
  const [most, seconds] = [mostInASecond(missed), (performance.now() - started) / 1000];
  report(
    `10,000 unused URLs, 200 uploads: ${
      Math.round(missed.length / seconds)
    } HEADs a second without an object, at most ${most} ` +
      `in any second; uploads are listed after ${
        [0.5, 0.95].map((part) => Math.round(quantile(lags, part))).join(", ")
      } ms ` +
      "(50 %, 95 %)",
  );
  assert(most <= 200, `${most}`);
  assert(missed.length / seconds > 120 / busyFactor(), "the test measures nothing");
  assert(quantile(lags, 0.95) < 1000 * busyFactor());
});

Deno.test("After its URL has ended, the catalog has the bytes that were uploaded last", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  await using replica = await newReplica(servers, place, {
    times: { afterEnd: 100, lastTransfer: 500, longestWait: 500 },
  });
  replica.start();
  const url = await sign(replica, pathOf(1), 2);
  assertEquals(await put(url, "the first bytes"), 200);
  await until("it is listed", () => replica.catalog.has(pathOf(1)));
  await replica.catalog.rows("UPDATE files SET released = 1 RETURNING 1");
  assertEquals(await put(url, "others"), 200);
  await until("it has the other MD5", async () => (await listed(replica)).get(pathOf(1)) === md5("others"));
  assertEquals(await put(await sign(replica, pathOf(2), 2), "a file"), 200);
  await until("it is listed", () => replica.catalog.has(pathOf(2)));
  await replica.client.delete(pathOf(2));
  await until("it is no more listed", async () => !await replica.catalog.has(pathOf(2)));
  const [row] = await replica.catalog.rows("SELECT size, released FROM files");
  assertEquals(row, { size: 6, released: 1 });
  await until("no URL is left", async () => (await replica.catalog.rows("SELECT 1 AS one FROM pending")).length === 0);
  assertEquals(replica.errors, []);
});

Deno.test("A transfer that began before the end of its URL, and ends after it, is listed, too", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  const times = { afterEnd: 50, lastTransfer: 5_000, longestWait: 500 };
  await using replica = await newReplica(servers, place, { times });
  replica.start();
  const url = await sign(replica, pathOf(1), 1);
  await delay(1_500);
  assertEquals(await put(url, "late"), 403);
  await replica.client.put(pathOf(1), new Blob(["abc"]).stream(), 3);
  await until("it is listed", () => replica.catalog.has(pathOf(1)), 3 * busyFactor());
});

Deno.test("What is not listed yet is listed when somebody asks for it", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  await using replica = await newReplica(servers, place); // It does not look by itself.
  const url = await sign(replica, pathOf(1));
  assertEquals(await replica.store.has(pathOf(1)), false);
  await put(url, "abc");
  assertEquals(await Promise.all([replica.store.has(pathOf(1)), replica.store.has(pathOf(1))]), [true, true]);
  assertEquals((await listed(replica)).get(pathOf(1)), md5("abc"));
  assertEquals([replica.looks.missed.length, replica.looks.found.length], [1, 1]);
  // However many ask at once, the store is asked twice.
  await Promise.all(Array.from({ length: 50 }, () => replica.indexer.check(pathOf(2))));
  assertEquals(replica.looks.missed.length, 3);
  const object = await replica.store.open(pathOf(1));
  assertEquals([object?.size, await object?.md5()], [3, md5("abc")]);
  assertEquals(new TextDecoder().decode(await object?.read(1, 2)), "bc");
  assertEquals(await new Response(object?.stream(0, 2)).text(), "ab");
  await put(url, "abcd");
  await assertRejects(() => object?.read(0, 3) ?? Promise.resolve(), Error, "the object was replaced");
});

Deno.test("An event of the store makes the indexer look at once", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  const times = { firstWait: 600_000, longestWait: 600_000, sweep: 600_000 };
  await using replica = await newReplica(servers, place, { times });
  replica.start();
  await until("the first sweep is done", () => replica.sweeps.length === 1);
  await put(await sign(replica, pathOf(1)), "abc");
  await replica.client.put(pathOf(2), new Blob(["de"]).stream(), 2);
  const event = (key: string) => ({ Records: [{ eventName: "s3:ObjectCreated:Put", s3: { object: { key } } }] });
  for (
    const nonsense of [
      undefined,
      7,
      { detail: 7 },
      { Records: [null, { s3: 1 }] },
      event("../x"),
      event("imap/nothing"),
    ]
  ) {
    await replica.indexer.wake(nonsense);
  }
  assertEquals((await listed(replica)).size, 0);
  await replica.indexer.wake(event(pathOf(1)));
  await replica.indexer.wake({ "detail-type": "Object Created", detail: { object: { key: pathOf(2) } } });
  await until("both are listed", async () => (await listed(replica)).size === 2);
  assertEquals(replica.errors, []);
});

Deno.test("An event that a store really sends makes the archive list an object", async () => {
  const events: unknown[] = [];
  const secret = "a-secret-of-the-webhook";
  await using receiver = startServer(async (request) => {
    assertStringIncludes(request.url, secret);
    const event: unknown = await request.json();
    events.push(event);
    await replica?.indexer.wake(event);
    return new Response();
  });
  let replica: Replica | undefined;
  await using servers = await startServers({
    storeArguments: ["--event-webhook-url", `${receiver.url}/webhook/${secret}`],
  });
  const place = await servers.newArchivePlace();
  const times = { firstWait: 600_000, longestWait: 600_000, sweep: 600_000 };
  await using opened = replica = await newReplica(servers, place, { times });
  opened.start();
  await until("the first sweep is done", () => opened.sweeps.length === 1);
  assertEquals(await put(await sign(opened, pathOf(1)), "abc"), 200);
  await until("it is listed", () => opened.catalog.has(pathOf(1)));
  await opened.client.delete(pathOf(1));
  await until("it is no more listed", async () => !await opened.catalog.has(pathOf(1)));
  assert(events.length >= 2);
});

Deno.test("An object that was uploaded in parts has an ETag that is no MD5", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  const parts = `${md5("a part")}-2`;
  await writeObjects(place, [pathOf(1)], parts);
  await using replica = await newReplica(servers, place);
  await replica.indexer.sweepFirst();
  const [row] = await replica.catalog.rows("SELECT md5, etag FROM files");
  assertEquals(row, { md5: null, etag: parts });
  const object = await replica.store.open(pathOf(1));
  assertEquals(await object?.md5(), md5(""));
});

/** A client that does something after the first page of a list. */
class InterruptedClient extends S3Client {
  act = async (): Promise<void> => {};

  override async *list(signal?: AbortSignal): ReturnType<S3Client["list"]> {
    for await (const page of super.list(signal)) {
      yield page;
      await this.act();
      this.act = async () => {};
    }
  }
}

Deno.test("A sweep makes the catalog agree with a store that others have changed", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  let interrupted: InterruptedClient | undefined;
  await using replica = await newReplica(servers, place, {
    makeClient: (options) => interrupted = new InterruptedClient(options),
  });
  const { client, catalog, indexer } = replica;
  const write = (path: string, text: string) => client.put(path, new Blob([text]).stream(), text.length);
  for (let number = 0; number < 5; number++) await write(pathOf(number), `file ${number}`);
  await write("notes.txt", "no file of the SDC");
  await write(`imap/${nameOf(pathOf(9))}`, "in the wrong folder");
  await write("imap/\u00fc.cdf", "no ASCII");
  await client.put("imap/mag/", null, 0); // The mark of a folder.
  const first = await indexer.sweepFirst();
  assertEquals({ ...first, skipped: first?.skipped.map(({ path }) => path).sort() }, {
    objects: 9,
    added: 5,
    updated: 0,
    removed: 0,
    skipped: [`imap/${nameOf(pathOf(9))}`, "imap/\u00fc.cdf", "notes.txt"].sort(),
  });
  assertEquals(await indexer.sweepFirst(), undefined);
  assertEquals((await listed(replica)).get(pathOf(3)), md5("file 3"));
  const rows = () => catalog.rows("SELECT file_path, released, ingestion_date, size FROM files ORDER BY file_path");
  await catalog.rows(
    "UPDATE files SET released = 1, ingestion_date = '2026-02-01 00:00:00' WHERE size = 6 RETURNING 1",
  );
  const before = await rows();

  // Nothing has changed.
  const revision = await catalog.revision();
  assertEquals(await indexer.sweep(), { objects: 9, added: 0, updated: 0, removed: 0, skipped: [] });
  assertEquals([await catalog.revision(), await rows()], [revision, before]);

  // One is added, one is replaced, one is deleted. While the list is read, another one is uploaded and listed.
  await write(pathOf(5), "file 5");
  await Deno.utime(`${place.objects}/${pathOf(5)}`, 1_700_000_000, 1_700_000_000); // Callers have asked for all until today.
  await write(pathOf(1), "longer than before");
  await client.delete(pathOf(2));
  await Deno.utime(`${place.objects}/${pathOf(4)}`, 1_800_000_000, 1_800_000_000); // The same bytes, stored again.
  if (interrupted !== undefined) {
    interrupted.act = async () => {
      await write(pathOf(8), "file 8");
      assertEquals(await replica.store.has(pathOf(8)), true);
    };
  }
  assertEquals(await indexer.sweep(), { objects: 9, added: 1, updated: 2, removed: 1, skipped: [] });
  const files = await listed(replica);
  assertEquals([...files.keys()], [0, 1, 3, 4, 5, 8].map(pathOf));
  assertEquals(files.get(pathOf(1)), md5("longer than before"));
  const after = new Map((await rows()).map((row) => [row.file_path, row]));
  assertEquals([after.get(pathOf(0)), after.get(pathOf(3))], [before[0], before[3]]);
  assertEquals(after.get(pathOf(1))?.released, 1);
  assertEquals(after.get(pathOf(4)), before[4]); // Its date of ingestion stays.
  assertEquals((await catalog.stamp(pathOf(4)))?.mtime, 1_800_000_000_000);
  // Science files that arrive later are not released.
  assertEquals(after.get(pathOf(5))?.released, 0);
  assert(String(after.get(pathOf(5))?.ingestion_date) > "2024", "its date of ingestion is that of its discovery");
});

Deno.test("What HAPI has read of a file does not count for another one of the same size and second", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  await using replica = await newReplica(servers, place);
  const { catalog, indexer } = replica;
  const path = pathOf(1);
  const [first, last] = ["2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"];
  const store = async (text: string) => {
    assertEquals(await put(await sign(replica, path), text), 200);
    // Of one second, whatever the machine has to do.
    await Deno.utime(`${place.objects}/${path}`, 1_700_000_000, 1_700_000_000);
    await indexer.list(path, undefined);
  };
  const spans = () =>
    catalog.rows(
      "SELECT time_variable FROM files JOIN time_spans USING (file_path, size, mtime) WHERE time_variable <> '' LIMIT 9",
    );
  for (const text of ["the first one", "the other one", "the third one"]) {
    await store(text);
    assertEquals(await spans(), []);
    const stamp = await catalog.stamp(path);
    assert(stamp !== undefined);
    await catalog.keepTimeSpans(path, stamp, [
      { variable: "Epoch", isMain: true, isSorted: true, first, last, records: 2 },
    ]);
    assertEquals(await spans(), [{ time_variable: "Epoch" }]);
    const { updated, removed, added } = await indexer.sweep() ?? {};
    assertEquals([updated, removed, added], [0, 0, 0]);
    assertEquals(await spans(), [{ time_variable: "Epoch" }]);
  }
});

Deno.test("Only one process sweeps at a time, and a new archive waits for it", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  const entered = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  let interrupted: InterruptedClient | undefined;
  await using one = await newReplica(servers, place, {
    makeClient: (options) => interrupted = new InterruptedClient(options),
  });
  await using two = await newReplica(servers, place);
  await one.client.put(pathOf(1), new Blob(["abc"]).stream(), 3);
  if (interrupted !== undefined) {
    interrupted.act = async () => {
      entered.resolve();
      await leave.promise;
    };
  }
  const sweeping = one.indexer.sweepFirst();
  await entered.promise;
  assertEquals(await two.indexer.sweep(), undefined);
  const waiting = two.indexer.sweepFirst();
  leave.resolve();
  assertEquals([(await sweeping)?.added, await waiting, (await listed(two)).size], [1, undefined, 1]);
});

Deno.test("A sweep removes nothing when the list is not complete, or the store does not say that objects are gone", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  {
    await using replica = await newReplica(servers, place);
    for (let number = 0; number < 3; number++) {
      await replica.client.put(pathOf(number), new Blob(["abc"]).stream(), 3);
    }
    await replica.indexer.sweepFirst();
  }
  const page = (keys: readonly string[], end: string) =>
    `<?xml version="1.0"?><ListBucketResult>${end}${
      keys.map((key) =>
        `<Contents><Key>${key}</Key><LastModified>2026-01-31T12:00:00Z</LastModified><ETag>"x"</ETag><Size>3</Size></Contents>`
      ).join("")
    }</ListBucketResult>`;
  const more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
  const last = "<IsTruncated>false</IsTruncated>";
  const missing = (code: string) => new Response(`<Error><Code>${code}</Code></Error>`, { status: 404 });
  const cases: readonly (readonly [said: string, answer: (url: URL) => Response])[] = [
    [
      "answered 500",
      (url) => url.search.includes("=t&") ? new Response("", { status: 500 }) : new Response(page([], more)),
    ],
    ["sends the same page of the list again", () => new Response(page([], more))],
    ["not complete XML", () => new Response(page([], last).slice(0, -9))],
    [
      "its list is not in order",
      (url) => new Response(page(["imap/b", "imap/a"], url.search.includes("=t&") ? last : more)),
    ],
    [
      "has no bucket",
      (url) => url.search.includes("list-type") ? new Response(page([], last)) : missing("NoSuchBucket"),
    ],
  ];
  for (const [said, answer] of cases) {
    await using server = startServer(({ url, method }) =>
      method === "HEAD" ? new Response(null, { status: 404 }) : answer(new URL(url))
    );
    const store = place.store.replace(/http:[^&]*/, server.url);
    await using replica = await newReplica(servers, { ...place, store }, { clientOptions: { retries: 0 } });
    const { message } = await assertRejects(() => replica.indexer.sweep(), Error);
    assertStringIncludes(message, said);
    assertEquals((await listed(replica)).size, 3);
  }
});

Deno.test("A first sweep that fails is tried again less and less often, and does not delay the end", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  const isAsked = Promise.withResolvers<void>();
  const never = Promise.withResolvers<Response>();
  let lists = 0;
  let isHanging = false;
  await using server = startServer(({ method, url }) => {
    if (method === "HEAD") return new Response(null, { status: 404 });
    if (!url.includes("list-type")) {
      isAsked.resolve();
      return never.promise;
    }
    lists++;
    return isHanging
      ? new Response("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
      : new Response("<Error><Code>AccessDenied</Code></Error>", { status: 403 });
  });
  const store = place.store.replace(/http:[^&]*/, server.url);
  {
    await using replica = await newReplica(servers, { ...place, store }, { times: { failedSweep: 50 } });
    replica.start();
    await until("it was tried several times", () => lists >= 3);
    await delay(1_000);
    assert(lists <= 7, `${lists} lists`);
  }
  isHanging = true;
  {
    await using replica = await newReplica(servers, { ...place, store });
    await replica.catalog.update({
      changed: [{ ...catalogEntry(nameOf(pathOf(1)), { size: 1, mtime: 0, md5: null, ingested: new Date() }) }],
      gone: [],
    });
    replica.start();
    await isAsked.promise; // The store does not say whether the object is gone.
    const started = performance.now();
    await replica.indexer.close();
    assert(performance.now() - started < 2_000 * busyFactor(), "the end waited for the store");
  }
  never.resolve(new Response());
});

Deno.test("While a store fails, the failure is reported once, whatever files it is about", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  let heads = 0;
  await using server = startServer(({ method }) => {
    if (method === "HEAD") heads++;
    return new Response(null, { status: 500 });
  });
  const store = place.store.replace(/http:[^&]*/, server.url);
  await using replica = await newReplica(servers, { ...place, store }, { clientOptions: { retries: 0 } });
  for (let number = 0; number < 40; number++) await sign(replica, pathOf(number));
  replica.start();
  await until("each file was looked for several times", () => heads > 120);
  assertEquals(replica.errors.length, 1);
});

Deno.test("A sweep takes the ETags of encrypted objects for no MD5s, although others of the store are", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  const etag = md5("abc");
  const page = (path: string, end: string) =>
    `<ListBucketResult>${end}<Contents><Key>${path}</Key><LastModified>2026-01-31T12:00:00Z</LastModified>` +
    `<ETag>"${etag}"</ETag><Size>3</Size></Contents></ListBucketResult>`;
  const more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
  await using server = startServer(({ method, url }) => {
    const isLater = method === "HEAD" ? url.includes(pathOf(100)) : url.includes("=t&");
    if (method === "GET") {
      return new Response(isLater ? page(pathOf(100), "<IsTruncated>false</IsTruncated>") : page(pathOf(0), more));
    }
    const headers = { etag: `"${etag}"`, "content-length": "3", "last-modified": "Sat, 31 Jan 2026 12:00:00 GMT" };
    return new Response(null, {
      headers: isLater ? { ...headers, "x-amz-server-side-encryption": "aws:kms" } : headers,
    });
  });
  const store = place.store.replace(/http:[^&]*/, server.url);
  await using replica = await newReplica(servers, { ...place, store });
  await replica.indexer.sweepFirst();
  assertEquals([...(await listed(replica)).values()], [etag, "null"]);
});

Deno.test("A sweep skips objects that are encrypted with a key of their own, and reports them once", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  // One that is encrypted from the start, one that will be, and one that never is. The first of a list stands for all.
  const paths = [pathOf(0), pathOf(1), pathOf(2)];
  const hidden = new Set([pathOf(0)]);
  const etagOf = (path: string) => md5(`${path} ${hidden.has(path)}`);
  let keys: "valid" | "ending" | "expired" = "valid";
  await using server = startServer(({ method, url }) => {
    if (method === "HEAD" && keys === "ending") keys = "expired";
    if (keys === "expired") {
      const refusal = "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>";
      return new Response(method === "HEAD" ? null : refusal, { status: 400 });
    }
    if (method === "GET") {
      const contents = paths.map((path) =>
        `<Contents><Key>${path}</Key><LastModified>2026-01-31T12:00:00Z</LastModified>` +
        `<ETag>"${etagOf(path)}"</ETag><Size>3</Size></Contents>`
      );
      return new Response(`<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join("")}</ListBucketResult>`);
    }
    const path = paths.find((path) => url.includes(path)) ?? "";
    if (hidden.has(path)) return new Response(null, { status: 400 });
    const headers = { "content-length": "3", "last-modified": "Sat, 31 Jan 2026 12:00:00 GMT" };
    return new Response(null, { headers: { ...headers, etag: `"${etagOf(path)}"` } });
  });
  const store = place.store.replace(/http:[^&]*/, server.url);
  await using replica = await newReplica(servers, { ...place, store });
  const first = new Map(paths.filter((path) => !hidden.has(path)).map((path) => [path, etagOf(path)]));
  const skippedBy = async (sweeping: Promise<SweepReport | undefined>) =>
    (await sweeping)?.skipped.map(({ path }) => path);
  assertEquals(await skippedBy(replica.indexer.sweepFirst()), [pathOf(0)]);
  assertEquals(await listed(replica), first);
  hidden.add(pathOf(1));
  assertEquals(await skippedBy(replica.indexer.sweep()), [pathOf(1)]);
  assertEquals(await skippedBy(replica.indexer.sweep()), []);
  assertEquals(await listed(replica), first);
  // A store refuses keys that have expired with the same status, but it refuses the list, too.
  keys = "ending";
  await assertRejects(() => replica.indexer.sweep(), ResponseError, "expired");
  assertEquals(await listed(replica), first);
});

/** Starts a process with an indexer; tests/replicas/indexer_program.ts. */
async function startIndexer(servers: ReplicaServers, { database, store }: ArchivePlace): Promise<Deno.ChildProcess> {
  const program = new URL("indexer_program.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", program],
    env: { ...servers.keys, DATABASE: database, STORE: store },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read(); // It has started.
  await reader.cancel();
  return child;
}

Deno.test("No upload is lost when indexers are killed at any moment, and each is listed once", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  await using signer = await newReplica(servers, place); // It does not look by itself.
  const children = [await startIndexer(servers, place), await startIndexer(servers, place)];
  const kills: number[] = [];
  let isUploading = true;
  const killing = (async () => {
    for (let turn = 0; isUploading; turn = 1 - turn) {
      const child = children[turn];
      await delay(50 + Math.random() * 300);
      child?.kill("SIGKILL");
      await child?.status;
      kills.push(performance.now());
      children[turn] = await startIndexer(servers, place);
    }
  })();
  try {
    const lags = await uploadMany([signer], { first: 0, count: 400, clients: 8, waitMs: (number) => number % 5 * 100 });
    report(
      `400 uploads while two indexers were killed ${kills.length} times: listed after ${
        [0.5, 0.95, 1].map((part) => Math.round(quantile(lags, part))).join(", ")
      } ms (50 %, 95 %, all)`,
    );
    assert(kills.length > 5, `${kills.length}`);
    assert(quantile(lags, 0.95) < 1000 * busyFactor());
  } finally {
    isUploading = false;
    await killing;
    for (const child of children) {
      child.kill("SIGKILL");
      await child.status;
    }
  }
  const files = await listed(signer);
  assertEquals([...files.keys()], Array.from({ length: 400 }, (_, number) => pathOf(number)).sort());
  for (let number = 0; number < 400; number++) assertEquals(files.get(pathOf(number)), md5(`file ${number}`));
});

/** How many objects are swept. */
const OBJECTS = 200_000;

Deno.test("200,000 objects are swept in 30 s, in little memory", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  await writeObjects(place, Array.from({ length: OBJECTS }, (_, number) => pathOf(number)), md5(""));
  await using replica = await newReplica(servers, place);
  let most = 0;
  const before = Deno.memoryUsage().rss;
  const sampling = setInterval(() => most = Math.max(most, Deno.memoryUsage().rss - before), 100);
  const seconds: number[] = [];
  try {
    for (const added of [OBJECTS, 0]) {
      const started = performance.now();
      const swept = await replica.indexer.sweep();
      seconds.push((performance.now() - started) / 1000);
      assertEquals(swept, { objects: OBJECTS, added, updated: 0, removed: 0, skipped: [] });
    }
  } finally {
    clearInterval(sampling);
  }
  report(
    `${OBJECTS} objects: the first sweep takes ${seconds[0]?.toFixed(1)} s, the next one ${
      seconds[1]?.toFixed(1)
    } s; ` +
      `${Math.round(most / 1e6)} MB more memory`,
  );
  assertEquals(await replica.catalog.size(), OBJECTS);
  assert(Math.max(...seconds) < 30 * busyFactor());
  assert(most < 400e6, `${most} bytes`);
});

/** Writes empty objects into the folder of the bucket, as versitygw does. Its ETags are in attributes of the files. */
async function writeObjects({ objects }: ArchivePlace, paths: readonly string[], etag: string): Promise<void> {
  const script = `
import os, sys
os.chdir(sys.argv[1])
for path in sys.stdin.read().split():
    os.makedirs(os.path.dirname(path), exist_ok=True)
    file = os.open(path, os.O_CREAT | os.O_WRONLY, 0o644)
    os.setxattr(file, "user.etag", sys.argv[2].encode())
    os.close(file)
`;
  const child = new Deno.Command("python3", { args: ["-c", script, objects, etag], stdin: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(paths.join("\n")));
  await writer.close();
  assertEquals((await child.status).code, 0);
}

Deno.test("A sweep of the wrong bucket or prefix removes nothing", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  await writeObjects(place, Array.from({ length: 150 }, (_, number) => pathOf(number)), md5(""));
  {
    await using right = await newReplica(servers, place);
    await right.indexer.sweepFirst();
  }
  await using wrong = await newReplica(servers, { ...place, store: place.store.replace("?", "/other?") });
  const { message } = await assertRejects(() => wrong.indexer.sweep(), ImapError);
  assertStringIncludes(message, "150 of the 150 files in the catalog are not there");
  assertEquals(await wrong.catalog.size(), 150);
  // Nor does it if the wrong one has more files.
  const other = await servers.newArchivePlace();
  await writeObjects(other, Array.from({ length: 400 }, (_, number) => pathOf(1_000 + number)), md5(""));
  await using larger = await newReplica(servers, { ...place, store: other.store });
  await assertRejects(() => larger.indexer.sweep(), ImapError, "150 of the 150 files in the catalog are not there");
  assertEquals(await larger.catalog.size(), 550);
});

Deno.test("A replica does not start with another store than that of the database", async () => {
  const servers = await sharedServers();
  const [place, other] = [await servers.newArchivePlace(), await servers.newArchivePlace()];
  const { keys } = servers;
  const options = {
    database: place.database,
    storeCredentials: { accessKeyId: keys.AWS_ACCESS_KEY_ID, secretAccessKey: keys.AWS_SECRET_ACCESS_KEY },
  };
  for (let turn = 0; turn < 2; turn++) await (await openReplica({ ...options, store: place.store })).close();
  const said = `has the files of "s3://${place.bucket}"; correct one of the two URLs`;
  for (const store of [other.store, place.store.replace("?", "/folder?")]) {
    await assertRejects(() => openReplica({ ...options, store }), InputError, said);
  }
});

Deno.test("An archive in a store is filled by its first sweep, and by an import", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  await using folder = await testFolder();
  await writeObjects(place, [pathOf(1)], md5(""));
  await Deno.writeTextFile(`${folder.path}/${nameOf(pathOf(1))}`, "another file of that name");
  await Deno.writeTextFile(`${folder.path}/${nameOf(pathOf(2))}`, "imported");
  await Deno.writeTextFile(`${folder.path}/notes.txt`, "no file of the SDC");
  const { keys } = servers;
  const options = {
    database: place.database,
    store: place.store,
    storeCredentials: { accessKeyId: keys.AWS_ACCESS_KEY_ID, secretAccessKey: keys.AWS_SECRET_ACCESS_KEY },
    importFrom: folder.path,
  };
  for (const turn of ["first", "second"]) {
    const archive = await openReplica(options);
    const { copied, present, conflicts, skipped } = archive.imported ?? {};
    assertEquals([copied, present], turn === "first" ? [1, 0] : [0, 1]);
    assertEquals([conflicts, skipped?.map(({ path }) => path)], [[nameOf(pathOf(1))], ["notes.txt"]]);
    assertEquals(archive.indexed.files, 2);
    const rows = await archive.catalog.rows("SELECT md5, released FROM files ORDER BY file_path");
    assertEquals(rows, [{ md5: md5(""), released: 1 }, { md5: md5("imported"), released: 1 }]);
    await archive.close();
  }
});
