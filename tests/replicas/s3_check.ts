// The client of a store with versitygw.
import { parseStoreUrl, S3Client, type S3ClientOptions } from "../../src/archive/s3.ts";
import { IncompleteBodyError } from "../../src/archive/object_store.ts";
import { ConnectionError, ImapError } from "../../src/errors.ts";
import { run } from "../python/install.ts";
import { deadUrl } from "../support/server.ts";
import { type ArchivePlace, type ReplicaServers, sharedServers, startServers } from "./servers.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";

/** A client of a place. */
export function clientOf(
  { keys }: ReplicaServers,
  { store }: Pick<ArchivePlace, "store">,
  options: Partial<S3ClientOptions> = {},
): S3Client {
  return new S3Client({ location: parseStoreUrl(store), credentials: credentialsOf(keys), retries: 0, ...options });
}

function credentialsOf(keys: ReplicaServers["keys"]): S3ClientOptions["credentials"] {
  return { accessKeyId: keys.AWS_ACCESS_KEY_ID, secretAccessKey: keys.AWS_SECRET_ACCESS_KEY };
}

function streamOf(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream();
}

/** Keys that need an encoding in a URL, in a signature, or in XML. */
const KEYS = ["imap/a.txt", "x y+z/\u00fc~!'()*$&=@:,;.txt", "tab\there", "%2B", '<&>"', "\u{1f6f0}"];

Deno.test("S3Client stores, finds, reads, lists, and deletes objects under any key", async () => {
  const servers = await sharedServers();
  const place = await servers.newArchivePlace();
  const client = clientOf(servers, { store: place.store.replace("?", "/some/folder?") });
  for (const key of KEYS) {
    const text = `the bytes of ${key}`;
    const { length } = new TextEncoder().encode(text);
    const etag = await client.put(key, streamOf(text), length);
    const facts = await client.head(key);
    assertEquals([facts?.size, facts?.etag, facts?.md5], [length, etag, etag]);
    const bytes = await client.read(key, { position: 4, length: length - 4, etag });
    assertEquals(new TextDecoder().decode(bytes), text.slice(4));
    const url = client.presign({ method: "GET", path: key, lifetimeSeconds: 60 });
    assertEquals(await (await fetch(url)).text(), text);
  }
  const listed = (await Array.fromAsync(client.list())).flat();
  assertEquals(listed.map(({ path }) => path).sort(), [...KEYS].sort());
  assertEquals(listed.find(({ path }) => path === KEYS[0]), {
    path: KEYS[0] ?? "",
    ...await client.head(KEYS[0] ?? ""),
  });
  for (const key of KEYS) await client.delete(key);
  assertEquals(await Array.fromAsync(client.list()), [[]]);
  assertEquals([await client.head("imap/a.txt"), await client.isMissing("imap/a.txt")], [undefined, true]);
});

Deno.test("S3Client stores all bytes or nothing, and empty objects", async () => {
  const servers = await sharedServers();
  const client = clientOf(servers, await servers.newArchivePlace());
  await assertRejects(() => client.put("short", streamOf("abc"), 5), IncompleteBodyError);
  await assertRejects(() => client.put("long", streamOf("abcdef"), 5), IncompleteBodyError);
  assertEquals(await client.put("empty", null, 0), "d41d8cd98f00b204e9800998ecf8427e");
  assertEquals((await Array.fromAsync(client.list())).flat().map(({ path, size }) => [path, size]), [["empty", 0]]);
});

Deno.test("S3Client streams 200 MiB in constant memory", async () => {
  const servers = await sharedServers();
  const client = clientOf(servers, await servers.newArchivePlace());
  const size = 200 * 1024 * 1024;
  let left = size;
  const before = Deno.memoryUsage().rss;
  let most = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      most = Math.max(most, Deno.memoryUsage().rss - before);
      if (left === 0) return controller.close();
      controller.enqueue(new Uint8Array(256 * 1024));
      left -= 256 * 1024;
    },
  }, { highWaterMark: 0 });
  const started = performance.now();
  const etag = await client.put("large", body, size);
  // deno-lint-ignore no-console -- The figures are of interest.
  console.log(
    `PUT of 200 MiB: ${Math.round(performance.now() - started)} ms, ${Math.round(most / 1e6)} MB more memory`,
  );
  assertEquals((await client.head("large"))?.etag, etag);
  assert(most < 120e6, `${most} bytes`);
});

Deno.test("A presigned URL allows what it was signed for, and nothing else", async () => {
  const servers = await sharedServers();
  const client = clientOf(servers, await servers.newArchivePlace());
  const access = { method: "PUT", path: "imap/a b+c.txt", lifetimeSeconds: 60 } as const;
  const put = async (url: string, headers: HeadersInit = {}) => {
    const response = await fetch(url, { method: "PUT", body: "x", headers });
    await response.body?.cancel();
    return response.status;
  };
  const tags = { "x-amz-tagging": "manually_reprocessed=true" };
  const tagged = client.presign({ ...access, tagging: "manually_reprocessed=true" });
  const plain = client.presign({ ...access, tagging: "" });
  assertEquals([await put(plain), await put(plain, tags)], [200, 403]);
  assertEquals([await put(tagged), await put(tagged, tags)], [403, 200]);
  assertEquals(await put(client.presign({ ...access, method: "GET" })), 403);
  assertEquals(await put(plain.replace("c.txt", "d.txt")), 403);
  const late = clientOf(servers, { store: `s3://${client.name.slice(5)}?endpoint=${servers.endpoint}` }, {
    now: () => new Date(Date.now() - 61_000),
  });
  assertEquals(await put(late.presign(access)), 403);
});

/** How a client is wrong, and what it says. */
const WRONG: readonly (readonly [
  said: string,
  change: (store: string) => string,
  options: (keys: S3ClientOptions["credentials"]) => Partial<S3ClientOptions>,
])[] = [
  [
    "does not know the access key; check AWS_ACCESS_KEY_ID",
    (store) => store,
    (keys) => ({ credentials: { ...keys, accessKeyId: "OTHER" } }),
  ],
  [
    "has another secret for the access key; check AWS_SECRET_ACCESS_KEY",
    (store) => store,
    (keys) => ({ credentials: { ...keys, secretAccessKey: "a-secret-that-is-wrong" } }),
  ],
  [
    "rejects the session token; check AWS_SESSION_TOKEN",
    (store) => store,
    (keys) => ({ credentials: { ...keys, sessionToken: "a-token-that-is-wrong" } }),
  ],
  ['has no bucket "nothing-here"; create it', (store) => store.replace(/\/\/\w+/, "//nothing-here"), () => ({})],
  [
    "is in the region us-east-1, not in eu-west-1; write region=us-east-1",
    (store) => store.replace("us-east-1", "eu-west-1"),
    () => ({}),
  ],
  [
    "the clock of this machine is 20 minutes behind, compared with that of 127.0.0.1",
    (store) => store,
    () => ({ now: () => new Date(Date.now() - 20 * 60_000) }),
  ],
  [
    "the clock of this machine is 20 minutes ahead, compared with that of 127.0.0.1",
    (store) => store,
    () => ({ now: () => new Date(Date.now() + 20 * 60_000) }),
  ],
  ["does not speak TLS", (store) => store.replace("http:", "https:"), () => ({})],
  [
    "refused the connection; is the server running?",
    (store) => store.replace(/http:[^&]*/, deadUrl()),
    () => ({}),
  ],
];

for (const [said, change, options] of WRONG) {
  Deno.test(`S3Client says in one sentence: ${said}`, async () => {
    const servers = await sharedServers();
    const { store } = await servers.newArchivePlace();
    const client = clientOf(servers, { store: change(store) }, options(credentialsOf(servers.keys)));
    const { message } = await assertRejects(() => client.check(), ImapError);
    assertStringIncludes(message, 'Cannot use the store "s3://');
    assertStringIncludes(message, said);
    for (const secret of [servers.keys.AWS_SECRET_ACCESS_KEY, "-that-is-wrong", "X-Amz"]) {
      assert(!message.includes(secret));
    }
  });
}

Deno.test("S3Client trusts the authorities that it is told to, and no others", async () => {
  await using servers = await startServers({ tls: true });
  const place = await servers.newArchivePlace();
  const client = clientOf(servers, place, {
    authorities: { file: servers.caFile, certificates: await Deno.readTextFile(servers.caFile) },
  });
  await client.check();
  await client.put("a", streamOf("abc"), 3);
  assertEquals((await client.head("a"))?.size, 3);
  client.close();
  const { message } = await assertRejects(() => clientOf(servers, place).check(), ConnectionError);
  assertStringIncludes(
    message,
    "has no trusted TLS certificate: its issuer is unknown; if it is your institute's or your own, set --ca-file (caFile) to",
  );
});

Deno.test("A presigned URL names the bucket in the path or in the host", async () => {
  await using servers = await startServers({ storeArguments: ["--virtual-domain", "store.test"] });
  const { bucket } = await servers.newArchivePlace();
  const { port } = new URL(servers.endpoint);
  for (const [style, host] of [["path", "store.test"], ["host", `${bucket}.store.test`]] as const) {
    const client = clientOf(servers, { store: `s3://${bucket}?endpoint=http://store.test:${port}&style=${style}` });
    // Only curl can be told the address of a name.
    const send = (url: string, ...args: readonly string[]) =>
      run("curl", ["-sS", "-w", " %{http_code}", "--resolve", `${host}:${port}:127.0.0.1`, ...args, url]);
    const access = { path: `${style} +\u00fc.txt`, lifetimeSeconds: 60 };
    const url = client.presign({ method: "PUT", ...access });
    assertEquals(new URL(url).hostname, host);
    assertEquals(await send(url, "-X", "PUT", "--data-binary", `by ${style}`, "-H", "content-type:"), " 200");
    assertEquals(await send(client.presign({ method: "GET", ...access })), `by ${style} 200`);
  }
});
